"""Promises of the configuration: where it is found, what it means, how mistakes are reported."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.domain.game import Game
from tracker.domain.prior import Lines
from tracker.settings import (
    ConfigError,
    Settings,
    feeds_are_local,
    find_config,
    lines_for,
    load_settings,
    parse_settings,
)
from tracker.settings.reading import all_keys

SOURCE = Path("/etc/tracker/tracker.toml")
HOME = {"HOME": "/home/ann"}


def settings(text: str) -> Settings:
    """Settings of a file with this text."""
    return parse_settings(text, SOURCE, HOME)


def mistakes(text: str) -> list[str]:
    """The errors in a file with this text, without the name of the file."""
    with pytest.raises(ConfigError) as caught:
        settings(text)
    assert all(x.startswith(f"{SOURCE}: ") for x in caught.value.mistakes)
    return [x.removeprefix(f"{SOURCE}: ") for x in caught.value.mistakes]


def test_no_file_means_defaults(tmp_path: Path) -> None:
    """Without a file the feeds are the real ones, and alerts go to the console."""
    found = load_settings(env={"HOME": str(tmp_path)})
    assert found.feeds.nba.base_url == "https://cdn.nba.com"
    assert found.feeds.espn.base_url == "https://site.api.espn.com"
    assert found.notify.console
    assert found.rules.default == ("p >= 0.80", "p <= 0.30", "hit", "dead", "out", "settled")
    assert found.store.path == tmp_path / ".local/state/tracker/tracker.db"
    assert found.bets.file == tmp_path / ".config/tracker/bets.toml"


def test_order_of_places(tmp_path: Path) -> None:
    """--config beats TRACKER_CONFIG, which beats systemd's folder, which beats the XDG place."""
    env = {
        "HOME": "/home/ann",
        "XDG_CONFIG_HOME": "/home/ann/cfg",
        "CONFIGURATION_DIRECTORY": "/etc/tracker:/etc/other",
        "TRACKER_CONFIG": "/srv/a.toml",
    }
    assert find_config(tmp_path / "b.toml", env) == tmp_path / "b.toml"
    assert find_config(env=env) == Path("/srv/a.toml")
    del env["TRACKER_CONFIG"]
    assert find_config(env=env) == Path("/etc/tracker/tracker.toml")
    del env["CONFIGURATION_DIRECTORY"]
    assert find_config(env=env) == Path("/home/ann/cfg/tracker/tracker.toml")
    del env["XDG_CONFIG_HOME"]
    assert find_config(env=env) == Path("/home/ann/.config/tracker/tracker.toml")


@pytest.mark.parametrize("named", ["option", "variable"])
def test_a_named_file_must_exist(tmp_path: Path, named: str) -> None:
    """A named file that does not exist is an error that says what to do."""
    path = tmp_path / "none.toml"
    option, env = (path, {}) if named == "option" else (None, {"TRACKER_CONFIG": str(path)})
    with pytest.raises(ConfigError, match="no such file; write it with `tracker init`"):
        load_settings(option, env=env)


def test_an_empty_file_is_no_choice_of_the_defaults(tmp_path: Path) -> None:
    """A file without a character, as a full disk leaves one, is refused: no alert would come."""
    path = tmp_path / "tracker.toml"
    path.write_text(" \n", "utf-8")
    with pytest.raises(ConfigError, match="is empty; write it anew with `tracker init --force`"):
        load_settings(path, env={})
    path.write_text("# as it comes\n", "utf-8")
    usual = load_settings(path, env={}).alerts
    assert load_settings(Path("/dev/null"), env={}).alerts == usual


def test_systemd_state_directory() -> None:
    """Under systemd the database is in the service's own state folder."""
    found = parse_settings("", SOURCE, {"STATE_DIRECTORY": "/var/lib/tracker"})
    assert found.store.path == Path("/var/lib/tracker/tracker.db")
    assert found.store.lock == Path("/var/lib/tracker/tracker.db.lock")


def test_the_settings_of_a_system_service_mean_its_database() -> None:
    """A shell that reads /etc/tracker, or one person's folder in it, sees that service's bets."""
    for folder in ("", "/ann"):
        found = parse_settings("", Path(f"/etc/tracker{folder}/tracker.toml"), {"HOME": "/root"})
        assert found.store.path == Path(f"/var/lib/tracker{folder}/tracker.db")


def test_relative_paths_are_beside_the_file() -> None:
    """Relative paths start at the configuration file, not at the working directory."""
    found = settings('[store]\npath = "../data/x.db"\n[bets]\nfile = "mine.toml"')
    assert found.store.path == Path("/etc/tracker/../data/x.db")
    assert found.bets.file == Path("/etc/tracker/mine.toml")


def test_money_becomes_cents() -> None:
    """Money is exact: 0.29 is 29 cents."""
    assert settings("stake_unit = 0.29").stake_unit_cents == 29
    assert settings("stake_unit = 25").stake_unit_cents == 2500
    assert mistakes("stake_unit = 0.295")[0].startswith("stake_unit: '0.295' is not an amount")
    assert mistakes("stake_unit = 0")[0] == "stake_unit: must be above 0, such as 10.00"


def test_a_part_of_a_feed_keeps_the_rest() -> None:
    """Changing one key of a feed leaves its others at their defaults."""
    nba = settings('[feeds.nba]\nheaders = { Referer = "https://example.org/" }').feeds.nba
    assert nba.base_url == "https://cdn.nba.com"
    assert nba.requests_per_minute == 120
    assert nba.headers == {"Referer": "https://example.org/"}


def test_base_url_is_scheme_and_host() -> None:
    """A base URL with a path would move the feed's own paths, so it is refused."""
    assert settings('[feeds.nba]\nbase_url = "http://127.0.0.1:8001/"').feeds.nba.base_url == (
        "http://127.0.0.1:8001"
    )
    for bad in ("https://cdn.nba.com/static", "https://a@b.c", "https://:a@b.c", "https://b.c?x=1"):
        assert mistakes(f'[feeds.nba]\nbase_url = "{bad}"') == [
            "[feeds.nba] base_url: must end after the host, as in https://cdn.nba.com"
        ]
    for bad in (
        "cdn.nba.com",
        "ftp://cdn.nba.com",
        "http://",
        "http://x:9999999",
        "http://[::1",
        "http://a b",
    ):
        assert mistakes(f'[feeds.nba]\nbase_url = "{bad}"') == [
            "[feeds.nba] base_url: must be a scheme and a host, such as https://cdn.nba.com"
        ]


@pytest.mark.parametrize(
    ("nba", "espn", "loopback"),
    [
        ("http://127.0.0.1:1", "http://localhost:2", True),
        ("http://[::1]:1", "http://127.9.9.9", True),
        ("http://127.0.0.1:1", "https://site.api.espn.com", False),
        ("http://127.0.0.1.example.org", "http://127.0.0.1", False),
        ("http://0.0.0.0", "http://127.0.0.1", False),
    ],
)
def test_loopback(nba: str, espn: str, loopback: bool) -> None:
    """A scaled clock is allowed only when every configured feed is on this machine."""
    text = f'[feeds.nba]\nbase_url = "{nba}"\n[feeds.espn]\nbase_url = "{espn}"'
    assert feeds_are_local(settings(text)) is loopback
    assert feeds_are_local(settings(f'[feeds.nba]\nbase_url = "{nba}"')) is nba.startswith(
        ("http://127.0.0.1:", "http://[::1]")
    )


def test_every_mistake_is_told_at_once() -> None:
    """All mistakes of a file are reported together, each with its place and what is wanted."""
    found = mistakes("""
        timezone = "Mars/Olympus"
        odds_format = "roman"
        stake_unit = "lots"
        [store]
        keep_bodies_days = 0
        [feeds.nba]
        base_urll = "http://x"
        requests_per_minute = "many"
        [notify]
        console = "yes"
        urls = "ntfy://x"
        [rules]
        default = ["p > 0.8", "hit", "sometimes"]
        """)
    assert [x.split(":")[0] for x in found] == [
        "timezone",
        "odds_format",
        "stake_unit",
        "[store] keep_bodies_days",
        "[feeds.nba] requests_per_minute",
        "[feeds.nba] base_urll",
        "[notify] urls",
        "[notify] console",
        "[rules] default, entry 1",
        "[rules] default, entry 3",
    ]
    told = "\n".join(found)
    assert "write one like America/New_York" in told
    assert "must be one of 'as-written', 'american', 'decimal' or 'fractional'" in told
    assert "must be 1 or more" in told
    assert "did you mean base_url?" in told
    assert "must be a whole number, without quotes" in told
    assert "must be true or false" in told
    assert "must be a list, in square brackets" in told
    assert "'p > 0.8' is not a rule" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timezome = 'UTC'", "timezome: is not a known key; did you mean timezone?"),
        (
            "token = '1:x'",
            "token: is not known here; move it under [notify.telegram] or [notify.ntfy]",
        ),
        ("base_url = 'http://x'", "base_url: is not known here; move it under [feeds.nba]"),
        ("[Store]\npath = 'x.db'", "Store: is not a known key; did you mean store?"),
        (
            "[alerts]\nDIGEST_AT = '9:00'",
            "[alerts] DIGEST_AT: is not a known key; did you mean dig",
        ),
        (
            "[odds]\nq = 1",
            "[odds] q: is not a known key; known here: anchors, edge_min, kalshi, mine",
        ),
        ("[web]\nenabled = true", "[web] enabled: is not a known key; known here: host, hosts"),
        ("[store]\ntimezone = 'UTC'", "[store] timezone: is not known here; move it to the top"),
        ("[store]\nq = 1", "[store] q: is not a known key; known here: keep_bodies_days, path"),
        ("store = 3", "store: must be a table"),
        ("[store]\npath = 3", '[store] path: must be a path in quotes, such as "bets.toml"'),
        (
            '[store]\npath = "a\\tb"',
            r"[store] path: 'a\tb' has a character that cannot be printed: in single quotes",
        ),
        ("[notify.telegram]\nchat_id = 1.5", "[notify.telegram] chat_id: must be a whole number"),
        ('[web]\ntrusted_proxy = "nginx"', "[web] trusted_proxy: must be an IP address"),
        ("stake_unit = nan", "stake_unit: 'nan' is not an amount"),
        (
            '[store]\npath = "~nobody-here/x"',
            "[store] path: starts at the home of nobody known here",
        ),
        ("[feeds.nba]\nheaders = { A = 'b\tc' }", "[feeds.nba] headers: 'A' makes no header"),
    ],
)
def test_a_mistake_says_what_to_do(text: str, said: str) -> None:
    """Each mistake is one sentence that ends with what to do."""
    assert mistakes(text)[0].startswith(said)


def test_broken_toml_names_the_line() -> None:
    """A file that is not TOML is reported with the line at which reading stopped."""
    (said,) = mistakes('timezone = "UTC"\nodds_format = american\n')
    assert said.startswith("not valid TOML:")
    assert "line 2" in said


def test_a_folder_or_bytes_are_no_configuration(tmp_path: Path) -> None:
    """A folder, or a file that is not text, is reported as such."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, env={})
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        load_settings(bad, env={})


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    """A byte order mark at the start of a file, as some editors write it, is accepted."""
    path = tmp_path / "tracker.toml"
    path.write_bytes(b"\xef\xbb\xbftimezone = 'UTC'")
    assert load_settings(path, env={}).timezone == "UTC"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("[notify]\nurls = ['ntfy://a-topic-of-mine']", True),
        ("[notify.telegram]\ntoken = '1:x'", True),
        ("[notify]\nconsole = false", False),
    ],
)
def test_secrets_need_a_private_file(tmp_path: Path, text: str, secret: bool) -> None:
    """A file with secrets that others can read is refused with the command that mends it."""
    path = tmp_path / "tracker.toml"
    path.write_text(text)
    for mode in (0o644, 0o640, 0o604):
        path.chmod(mode)
        if secret:
            with pytest.raises(ConfigError, match=f"mode {mode:04o}.*run: chmod 600 {path}"):
                load_settings(path, env={})
        else:
            load_settings(path, env={})
    path.chmod(0o600)
    load_settings(path, env={})


def test_secrets_never_show_in_settings_or_mistakes() -> None:
    """Neither the settings' repr nor an error beside a secret repeats the secret."""
    text = "[notify]\nurls = ['ntfy://hush', 5]\n[notify.telegram]\ntoken = '1:hush'\nq = 1"
    assert "hush" not in "\n".join(mistakes(text))
    assert "hush" not in repr(settings(text.replace(", 5", "").replace("q = 1", "")))


def test_known_lines_find_their_game() -> None:
    """Closing lines match their game by teams and date; a dated entry beats an undated one."""
    known = settings("""
        [[lines]]
        game = "Lakers @ Nuggets"
        total = 220
        [[lines]]
        game = "LAL@DEN 2026-11-20"
        home_spread = -4.5
        total = 228.5
        home_ml = -200
        away_ml = 150
        """).lines
    tonight = Game("1", "nba", "DEN", "LAL", datetime(2026, 11, 21, 3, tzinfo=UTC))
    later = Game("2", "nba", "DEN", "LAL", datetime(2026, 12, 21, 3, tzinfo=UTC))
    other = Game("3", "nba", "LAL", "DEN", datetime(2026, 11, 21, 3, tzinfo=UTC))
    assert lines_for(known, tonight) == Lines(-4.5, 228.5, 1.5, 2.5)
    assert lines_for(known, later) == Lines(total=220)
    assert lines_for(known, other).empty


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("game = 'LAL'", "[[lines]] number 1 game: 'LAL' is not a game; write LAL@DEN"),
        ("game = 'LAL@XXX'", "[[lines]] number 1 game: 'XXX' names no known team"),
        ("game = 'LAL@DEN 2026-13-01'", "[[lines]] number 1 game: 2026-13-01 is not a date"),
        ("game = 'LAL@DEN'", "[[lines]] number 1: gives no line; add home_spread"),
        ("game = 'LAL@DEN'\nhome_ml = 120", "[[lines]] number 1: gives one moneyline"),
        ("game = 'LAL@DEN'\ntotal = inf", "[[lines]] number 1 total: must be a number"),
        ("game = 'LAL@DEN'\ntotal = 22", "[[lines]] number 1 total: must be 80 or more"),
        ("game = 'LAL@DEN'\nhome_ml = 0.5", "[[lines]] number 1 home_ml: odds of 0.5"),
    ],
)
def test_lines_that_make_no_sense(text: str, said: str) -> None:
    """A closing line that cannot be used is reported by its number and key."""
    assert mistakes(f"[[lines]]\n{text}")[0].startswith(said)


def test_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If no environment is passed, the process's own is used."""
    for name in ("TRACKER_CONFIG", "CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings().bets.file == tmp_path / ".config/tracker/bets.toml"


def answer(text: str) -> tuple[str, ...]:
    """The mistakes in a file with this text; none when it makes settings."""
    try:
        settings(text)
    except ConfigError as error:
        return error.mistakes
    return ()


_VALUES = st.recursive(
    st.text(max_size=12)
    | st.sampled_from(["~nobody-here/x", "http://a b", "p >= 0.8", "LAL@DEN", "America", "\x00"])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(all_keys(Settings)), _VALUES, max_size=6))
def test_whatever_a_key_holds_the_answer_is_clear(given_: dict[str, object]) -> None:
    """Any value of any key gives settings, or errors of one line each."""
    tables: dict[str, list[str]] = {"": []}
    for key, value in given_.items():
        table, _, leaf = key.rpartition(".")
        head = {"": "", "lines": "[[lines]]"}.get(table, f"[{table}]")
        tables.setdefault(head, []).append(f"{leaf} = {json.dumps(value, ensure_ascii=False)}")
    text = "\n".join(line for head, lines in tables.items() for line in (head, *lines))
    assert all(x.startswith(f"{SOURCE}: ") and "\n" not in x for x in answer(text))


@given(st.text())
@example('[store]\npath = "~nobody-here/x"')
@example('[store]\npath = "a\\u0000b"')
@example('"a\\nb" = 1')
@example("a = " + "[" * 5000)
def test_whatever_a_file_holds_the_answer_is_clear(text: str) -> None:
    """Any text at all gives settings, or errors of one line each."""
    assert all(x.startswith(f"{SOURCE}: ") and "\n" not in x for x in answer(text))


WRONG = (
    "timezone = 3", 'timezone = "Mars/Base"', "stake_unit = 0", "stake_unit = true",
    "stake_unit = nan", 'stake_unit = "x"', 'odds_format = "roman"', "what = 1",
    "store = 3", "[store]\npath = ''", "[store]\npath = 3", "[store]\nkeep_bodies_days = 0",
    "[store]\nkeep_bodies_days = true", "[store]\nwhat = 1", "[bets]\nfile = ''",
    "[rules]\ndefault = 'hit'", "[rules]\ndefault = ['hit', 'p > 2']", "[rules]\ndefault = [1]",
    "[notify]\nurls = 'x'", "[notify]\nconsole = 1", "[notify]\nurls = ['ntfy://secret']",
    "[notify.telegram]\ntoken = '1:secret'", "[notify.telegram]\nchat_id = 'me'",
    "[notify.telegram]\napi_url = 'x'", "[feeds.nba]\nbase_url = 'cdn.nba.com'",
    "[feeds.nba]\nbase_url = 'http://x/y'", "[feeds.nba]\nbase_url = 'http://x:0'",
    "[feeds.nba]\nbase_url = 'http://x:99999'", "[feeds.nba]\nrequests_per_minute = 0",
    "[feeds.nba]\nheaders = { a = 1 }", "[feeds.abc]\nx = 1", "[[lines]]\ngame = 'LAL'",
)  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_refused(tmp_path: Path, text: str) -> None:
    """A wrong value, an unknown key and a secret that others can read are each reported."""
    file = tmp_path / "tracker.toml"
    file.write_text(text, "utf-8")
    file.chmod(0o644)
    with pytest.raises(ConfigError):
        load_settings(file)
