"""Promises about secrets: where they are looked for, in which order, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.settings import (
    SYSTEM_STATE,
    ConfigError,
    Secrets,
    Settings,
    credentials_folder,
    credentials_given,
    load_secrets,
    parse_settings,
)


def settings(folder: Path, text: str = "") -> Settings:
    """Settings of a file in `folder`."""
    return parse_settings(text, folder / "tracker.toml", {})


def shown(secrets: Secrets) -> list[str]:
    """The addresses in clear text."""
    return [url.get_secret_value() for url in secrets.urls]


def test_order_of_places(tmp_path: Path) -> None:
    """A systemd credential beats a file, which beats the configuration, which beats a variable.

    The secrets of all places are masked, those that are not used too.
    """
    (tmp_path / "notify-urls").write_text("# mine\nntfy://credential\n\nntfy://second\n")
    (tmp_path / "telegram-token").write_text("1:credential\n")
    own = tmp_path / "own"
    own.write_text("ntfy://file")
    own.chmod(0o600)
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path), "TRACKER_NOTIFY_URLS": "ntfy://env json://two"}
    text = "[notify]\nurls = ['ntfy://inline']\n[notify.telegram]\ntoken = '1:inline'\n"
    full = settings(tmp_path, text.replace("urls =", "urls_file = 'own'\nurls ="))

    first = load_secrets(full, env)
    assert shown(first) == ["ntfy://credential", "ntfy://second"]
    unused = ("ntfy://inline", "1:inline", "ntfy://file", "ntfy://env", "json://two")
    assert first.values() == ("ntfy://credential", "ntfy://second", "1:credential", *unused)
    assert len(first.warnings) == 1
    assert "left unused" in first.warnings[0]

    del env["CREDENTIALS_DIRECTORY"]
    assert shown(load_secrets(full, env)) == ["ntfy://file"]
    inline = load_secrets(settings(tmp_path, text), env)
    assert shown(inline) == ["ntfy://inline"]
    assert inline.values()[:2] == ("ntfy://inline", "1:inline")
    last = load_secrets(settings(tmp_path), env)
    assert shown(last) == ["ntfy://env", "json://two"]
    assert "mode 0600" in last.warnings[0]
    assert load_secrets(settings(tmp_path), {}) == Secrets()


def test_the_heartbeat_and_the_odds_key_are_passed_by_systemd_too(tmp_path: Path) -> None:
    """A service whose settings others can read needs no secret in them, and its log masks each."""
    (tmp_path / "heartbeat-url").write_text("https://example.org/credential\n")
    (tmp_path / "odds-api-key").write_text("a-key\n")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    text = "[alerts]\nheartbeat_url = 'https://example.org/inline'"
    assert load_secrets(settings(tmp_path), env).values() == (
        "a-key",
        "https://example.org/credential",
    )
    assert load_secrets(settings(tmp_path, text), {}).values() == ("https://example.org/inline",)
    (tmp_path / "heartbeat-url").write_text("hush\n")
    with pytest.raises(ConfigError, match=r"^the credential heartbeat-url: must be an address"):
        load_secrets(settings(tmp_path), env)


def test_only_credentials_that_hold_something_are_given(tmp_path: Path) -> None:
    """What the unit passes for a missing file is no secret to bring to another machine."""
    (tmp_path / "notify-urls").write_text("#none")
    (tmp_path / "odds-api-key").write_text("a-key\n")
    place = tmp_path / "tracker.db"
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert credentials_given(env, place) == ("odds-api-key",)
    assert credentials_given({}, place) == ()


def test_a_command_on_the_services_database_uses_the_services_secrets(tmp_path: Path) -> None:
    """Root's `doctor`, `test-alert` and `backup` see the channels that the system's service has."""
    of = {"tracker.db": "/etc/tracker", "ann/tracker.db": "/etc/tracker/ann"}
    for file, folder in of.items():
        assert credentials_folder({}, SYSTEM_STATE / file) == Path(folder)
    given = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert credentials_folder(given, SYSTEM_STATE / "tracker.db") == tmp_path
    assert credentials_folder({}, tmp_path / "tracker.db") is None


def test_an_empty_credential_is_none(tmp_path: Path) -> None:
    """An empty credential, which the unit passes for a missing file, counts as none."""
    (tmp_path / "notify-urls").write_text("")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    found = load_secrets(settings(tmp_path, "[notify]\nurls = ['ntfy://inline']"), env)
    assert shown(found) == ["ntfy://inline"]
    assert found.warnings == ()


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """The refusal has the command that makes the file private."""
    path = tmp_path / "urls"
    path.write_text("ntfy://file")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=f"mode 0644.*run: chmod 600 {path}"):
        load_secrets(settings(tmp_path, "[notify]\nurls_file = 'urls'"), {})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A missing file of secrets is an error."""
    with pytest.raises(ConfigError, match=r"urls: there is no such file; write it, or drop"):
        load_secrets(settings(tmp_path, "[notify]\nurls_file = 'urls'"), {})


def test_a_bad_address_is_named_by_its_place(tmp_path: Path) -> None:
    """A bad address may be a secret, so it is named only by its number."""
    with pytest.raises(ConfigError) as caught:
        load_secrets(settings(tmp_path, "[notify]\nurls = ['ntfy://a', 'hush']"), {})
    assert caught.value.mistakes == (
        "[notify] urls: entry 2 is no Apprise address; write one like ntfy://my-topic",
    )


def test_secrets_do_not_show_themselves() -> None:
    """The repr of secrets shows none of them."""
    found = load_secrets(settings(Path("/")), {"TRACKER_NOTIFY_URLS": "ntfy://hush"})
    assert "hush" not in repr(found)
    assert "hush" not in str(found)
