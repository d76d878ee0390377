"""Settings: the person's TOML file and the machine's credentials, found, read and checked once."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

from tracker.settings.alerting import checked_address
from tracker.settings.models import FeedSettings, LineSettings, Settings, feeds_are_local, lines_for
from tracker.settings.reading import (
    EX_CONFIG,
    ConfigError,
    NotRead,
    Place,
    Secret,
    error_of,
    read_table,
    secrets_in,
    toml_fault,
)

__all__ = [
    "ETC",
    "EX_CONFIG",
    "ODDS_VARIABLE",
    "SYSTEM_STATE",
    "URLS_VARIABLE",
    "ConfigError",
    "FeedSettings",
    "LineSettings",
    "Secret",
    "Secrets",
    "Settings",
    "credentials_folder",
    "credentials_given",
    "default_config_toml",
    "default_store",
    "feeds_are_local",
    "find_config",
    "is_of_system_service",
    "lines_for",
    "load_secrets",
    "load_settings",
    "parse_settings",
    "read_text",
    "service_folder",
    "settings_of",
    "sound_settings",
]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_text(path: Path) -> str:
    """Read a file's text. Raises FileNotFoundError without a file, else ConfigError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not text in UTF-8; save it as UTF-8") from None
    except OSError as why:
        raise ConfigError(
            f"{path}: cannot be read ({why.strerror}); check that it is a file of yours"
        ) from None


def refuse_shared(path: Path) -> None:
    """Raise ConfigError when others than the owner may open a file that holds secrets."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise ConfigError(
            f"{path}: it holds secrets and others on this machine can open it "
            f"(mode {mode:04o}); run: chmod 600 {path}"
        )


FILE_NAME = "tracker.toml"

ETC, SYSTEM_STATE = Path("/etc/tracker"), Path("/var/lib/tracker")
"""The folders of the system service: its configuration and its database."""


def _xdg(env: Mapping[str, str], variable: str, fallback: str) -> Path:
    # The XDG specification: a path that is not absolute is to be ignored.
    named = Path(env.get(variable, ""))
    return (named if named.is_absolute() else _home(env) / fallback) / "tracker"


def _home(env: Mapping[str, str]) -> Path:
    """The user's home folder. Raises ConfigError where the user has none, as in a container."""
    try:
        return Path(env["HOME"]) if env.get("HOME") else Path.home()
    except RuntimeError:
        raise ConfigError(
            "this user has no home folder: set HOME, or name the file with --config and the "
            "database in it with [store] path"
        ) from None


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ConfigError(f"{path}: nobody has that home folder here; write it in full") from None


def _first(paths: str) -> Path:
    # systemd joins several directories with a colon.
    return Path(paths.split(":", maxsplit=1)[0])


def _find(path: Path | None, env: Mapping[str, str]) -> tuple[Path, bool]:
    """The file to read, and whether the person named it, so that it must exist."""
    if path is not None:
        return _expanded(path), True
    if env.get("TRACKER_CONFIG"):
        return _expanded(Path(env["TRACKER_CONFIG"])), True
    if env.get("CONFIGURATION_DIRECTORY"):
        return _first(env["CONFIGURATION_DIRECTORY"]) / FILE_NAME, False
    return _xdg(env, "XDG_CONFIG_HOME", ".config") / FILE_NAME, False


def find_config(path: Path | None = None, env: Mapping[str, str] = os.environ) -> Path:
    """The path of the configuration file, whether or not the file exists.

    It is the first of: `path` (the `--config` option), $TRACKER_CONFIG, the file in systemd's
    $CONFIGURATION_DIRECTORY, the file in the XDG folder (`~/.config/tracker/tracker.toml`).
    """
    return _find(path, env)[0]


def is_of_system_service(source: Path) -> bool:
    """Whether a configuration file is a system service's: in /etc/tracker, or in /etc/tracker/NAME.

    The last is that of one of several.
    """
    return ETC in (source.parent, source.parent.parent)


def default_store(env: Mapping[str, str], source: Path) -> Path:
    """The path of the database when the configuration file does not name it.

    The configuration file of a system service means that service's database, whoever reads it: a
    shell that uses that file must not write to another database.
    """
    if env.get("STATE_DIRECTORY"):
        return _first(env["STATE_DIRECTORY"]) / "tracker.db"
    if is_of_system_service(source):
        return SYSTEM_STATE / source.parent.relative_to(ETC) / "tracker.db"
    return _xdg(env, "XDG_STATE_HOME", ".local/state") / "tracker.db"


def _with_paths(raw: dict[str, Any], env: Mapping[str, str], source: Path) -> dict[str, Any]:
    """The file's tables, with the paths of the database and the bets file filled in if missing."""
    defaults = {"store": {"path": ""}, "bets": {"file": "bets.toml"}}
    store = raw.get("store", {})
    if isinstance(store, dict) and "path" not in store:
        # Only when it is needed, because not every user has a home folder.
        defaults["store"]["path"] = str(default_store(env, source.absolute()))
    filled = dict(raw)
    for table, keys in defaults.items():
        given = raw.get(table, {})
        if isinstance(given, dict):
            filled[table] = {**keys, **given}
    return filled


def parse_settings(text: str, source: Path, env: Mapping[str, str] = os.environ) -> Settings:
    """Read the text of a configuration file; relative paths start at the folder of `source`.

    Raises ConfigError with every mistake in the text.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise ConfigError(f"{source}: {toml_fault(text, why)}") from None
    except RecursionError:
        raise ConfigError(f"{source}: nested too deeply; write plain tables") from None
    return settings_of(_with_paths(raw, env, source), source)


def settings_of(rows: Mapping[str, Any], source: Path) -> Settings:
    """Make settings of a file's tables, which must include `store` and `bets`."""
    try:
        return read_table(Settings, rows, source.absolute().parent)
    except NotRead as found:
        raise error_of(found, Settings, source) from None


def load_settings(path: Path | None = None, env: Mapping[str, str] = os.environ) -> Settings:
    """Load the settings from the file that `find_config` names.

    A missing file means the defaults, unless the person named it. Raises ConfigError when the file
    cannot be read or used, is empty, or holds secrets and others on the machine can read it.
    """
    source, named = _find(path, env)
    try:
        text = read_text(source)
    except FileNotFoundError:
        if named:
            raise ConfigError(
                f"{source}: there is no such file; write it with `tracker init`, or name another"
            ) from None
        text = ""
    else:
        if not text.strip() and source.is_file():  # /dev/null asks for the defaults
            # As a full disk leaves it: by the defaults no alert would reach the person.
            raise ConfigError(
                f"{source}: is empty; write it anew with `tracker init --force`, bring it back "
                "from a back-up, or delete it to use the defaults"
            )
    settings = parse_settings(text, source, env)
    secret = settings.notify.holds_secrets or settings.odds.holds_secrets
    if secret or settings.alerts.heartbeat_url is not None:
        refuse_shared(source)
    return settings


def sound_settings(path: Path | None = None) -> Settings | None:
    """The settings of a file without its wrong keys; None where that still makes no settings.

    They are only for finding other mistakes in the file.
    """
    source = find_config(path)
    try:
        rows = _with_paths(tomllib.loads(read_text(source)), os.environ, source)
    except (ConfigError, FileNotFoundError, tomllib.TOMLDecodeError, RecursionError):
        return None
    folder = source.absolute().parent
    try:
        return read_table(Settings, rows, folder)
    except NotRead as found:
        for place, _ in found.mistakes:
            _leave_out(rows, place)
    try:
        return read_table(Settings, rows, folder)
    except NotRead:
        return None


def _leave_out(rows: dict[str, Any], place: Place) -> None:
    """Remove the key at a place from its table; a list with a wrong entry is removed whole."""
    table: Any = rows
    for part, following in pairwise((*place, None)):
        if not isinstance(table, dict):
            return
        inner = table.get(part)
        if not isinstance(inner, dict) or following is None:
            table.pop(part, None)
            return
        table = inner


URLS_CREDENTIAL = "notify-urls"
TOKEN_CREDENTIAL = "telegram-token"  # noqa: S105 - the name of a file
ODDS_CREDENTIAL = "odds-api-key"
HEARTBEAT_CREDENTIAL = "heartbeat-url"
ODDS_VARIABLE = "TRACKER_ODDS_API_KEY"
URLS_VARIABLE = "TRACKER_NOTIFY_URLS"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets in use. `urls` are Apprise addresses.

    `others` are all others that are known: of other channels, of the headers with which feeds are
    asked, and those that stand somewhere without being used because another place comes first.
    `heartbeat_url` is the address that is requested while all is well.
    `warnings` are sentences for the person about where the secrets came from.
    """

    urls: tuple[Secret, ...] = ()
    telegram_token: Secret | None = None
    others: tuple[Secret, ...] = ()
    odds_key: Secret | None = None
    heartbeat_url: Secret | None = None
    warnings: tuple[str, ...] = ()

    def values(self) -> tuple[str, ...]:
        """Every secret in the clear, each once, so that it can be masked."""
        alone = (self.telegram_token, self.odds_key, self.heartbeat_url)
        known = (*self.urls, *alone, *self.others)
        return tuple({x.get_secret_value(): None for x in known if x is not None})


def _entries(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; write it, or drop [notify] urls_file"
        ) from None
    return [line for line in lines if line and not line.startswith("#")]


def service_folder(store: Path) -> Path | None:
    """The folder of a system service's settings and secrets, by its database; else None."""
    state = store.parent
    is_service = SYSTEM_STATE in (state, state.parent)
    return ETC / state.relative_to(SYSTEM_STATE) if is_service else None


def credentials_folder(env: Mapping[str, str], store: Path) -> Path | None:
    """The folder of systemd's credentials.

    For a command on a system service's database that is where the unit takes them from.
    """
    given = env.get("CREDENTIALS_DIRECTORY")
    return Path(given) if given else service_folder(store)


def _credential(name: str, env: Mapping[str, str], store: Path) -> list[str]:
    # systemd protects this directory itself, so the mode of its files does not matter.
    folder = credentials_folder(env, store)
    path = None if folder is None else folder / name
    return _entries(path) if path and os.access(path, os.R_OK) else []


def credentials_given(env: Mapping[str, str], store: Path) -> tuple[str, ...]:
    """The names of systemd's credentials that hold a secret; `store` is the database's path."""
    names = (URLS_CREDENTIAL, TOKEN_CREDENTIAL, ODDS_CREDENTIAL, HEARTBEAT_CREDENTIAL)
    return tuple(name for name in names if _credential(name, env, store))


def _addresses(urls: list[str], place: str) -> tuple[Secret, ...]:
    # An address is a secret, so the error names only its place.
    bad = [number for number, url in enumerate(urls, 1) if "://" not in url]
    if bad:
        mistakes = (
            f"{place}: entry {number} is no Apprise address; write one like ntfy://my-topic"
            for number in bad
        )
        raise ConfigError(*mistakes)
    return tuple(Secret(url) for url in urls)


def load_secrets(settings: Settings, env: Mapping[str, str] = os.environ) -> Secrets:
    """Load each secret from the first place that has it.

    Addresses: systemd's credential `notify-urls`; the file that `[notify] urls_file` names, which
    only its owner may read; `[notify] urls`; $TRACKER_NOTIFY_URLS, for development. The Telegram
    token: systemd's credential `telegram-token`, then `[notify.telegram] token`. The key of The
    Odds API: the credential `odds-api-key`, `[odds.the_odds_api] key`, $TRACKER_ODDS_API_KEY. The
    heartbeat's address: the credential `heartbeat-url`, then `[alerts] heartbeat_url`.

    Raises ConfigError for a file that cannot be read or that others can read, and for a bad
    address.
    """
    urls, unused, warnings = _urls(settings, env)
    token = _credential(TOKEN_CREDENTIAL, env, settings.store.path)
    headers = (x for feed in settings.feeds.by_name.values() for x in feed.secret_headers.values())
    return Secrets(
        urls=urls,
        telegram_token=Secret(token[0]) if token else settings.notify.telegram.token,
        others=(*secrets_in(settings), *map(Secret, headers), *unused),
        odds_key=_odds_key(settings, env),
        heartbeat_url=_heartbeat(settings, env),
        warnings=warnings,
    )


def _urls(
    settings: Settings, env: Mapping[str, str]
) -> tuple[tuple[Secret, ...], tuple[Secret, ...], tuple[str, ...]]:
    """The addresses for notifications that are in force, those that are not, and warnings."""
    file, listed = settings.notify.urls_file, []
    if file is not None:
        listed = _entries(file)
        refuse_shared(file)
    places = {
        f"the credential {URLS_CREDENTIAL}": _credential(URLS_CREDENTIAL, env, settings.store.path),
        str(file): listed,
        "[notify] urls": [url.get_secret_value() for url in settings.notify.urls],
        f"${URLS_VARIABLE}": env.get(URLS_VARIABLE, "").split(),
    }
    holding = [place for place, urls in places.items() if urls]
    if not holding:
        return (), (), ()
    first, *others = holding
    warnings = []
    if others:
        warnings.append(
            f"Notification addresses are taken from {first}; those in "
            f"{' and '.join(others)} are left unused."
        )
    if first == f"${URLS_VARIABLE}":
        warnings.append(
            f"Notification addresses come from ${URLS_VARIABLE}, which other programs of yours can "
            "read: put them under [notify] urls in a file of mode 0600."
        )
    unused = tuple(Secret(url) for place in others for url in places[place])
    return _addresses(places[first], first), unused, tuple(warnings)


def _odds_key(settings: Settings, env: Mapping[str, str]) -> Secret | None:
    """The key of The Odds API from the first place that has it; None without one."""
    kept = _credential(ODDS_CREDENTIAL, env, settings.store.path)
    if kept:
        return Secret(kept[0])
    given = env.get(ODDS_VARIABLE, "").strip()
    return settings.odds.the_odds_api.key or (Secret(given) if given else None)


def _heartbeat(settings: Settings, env: Mapping[str, str]) -> Secret | None:
    """The heartbeat's address from the first place that has it; None without one."""
    kept = _credential(HEARTBEAT_CREDENTIAL, env, settings.store.path)
    if not kept:
        return settings.alerts.heartbeat_url
    try:
        return checked_address(Secret(kept[0]))
    except ValueError as why:
        raise ConfigError(f"the credential {HEARTBEAT_CREDENTIAL}: {why}") from None


def default_config_toml(
    *,
    timezone: str = "UTC",
    stake_unit_cents: int = 1000,
    url: str | None = None,
    telegram_token: str | None = None,
    ntfy_topic: str | None = None,
) -> str:
    """Make the text of a `tracker.toml`. Keys that keep their default are written as comments.

    `url` is an Apprise address. It is written in the clear, like a bot's token and a topic: the
    file then needs mode 0600.
    """
    unit = f"{stake_unit_cents // 100}.{stake_unit_cents % 100:02d}"
    lines = {
        'timezone = "UTC"': f"timezone = {_toml(timezone)}",
        "stake_unit = 10.00": f"stake_unit = {unit}",
    }
    if url is not None:
        lines['# urls = ["ntfy://a-topic-that-nobody-guesses"]'] = f"urls = {_toml([url])}"
    if telegram_token is not None:
        lines['# token = "123456:the-token-of-your-bot"'] = f"token = {_toml(telegram_token)}"
    if ntfy_topic is not None:
        lines['# topic = "a-topic-that-nobody-guesses"'] = f"topic = {_toml(ntfy_topic)}"
    text = resources.files("tracker.settings").joinpath("tracker.toml").read_text("utf-8")
    for example, line in lines.items():
        text = text.replace(f"\n{example}\n", f"\n{line}\n")
    return text


def _toml(value: str | list[str]) -> str:
    # Strings and lists of them are written alike in JSON and TOML.
    return json.dumps(value, ensure_ascii=False)
