"""Finds the configuration file and the secrets, and reads them so that they can be relied on."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.settings.models import Settings
from tracker.settings.reading import ConfigError, NotRead, Secret, read_table, told

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_text(path: Path) -> str:
    """The text of a file. FileNotFoundError when there is none; ConfigError when it is no text."""
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
    """Raise ConfigError when anybody but the owner may open a file that holds secrets."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise ConfigError(
            f"{path}: it holds secrets and others on this machine can open it "
            f"(mode {mode:04o}); run: chmod 600 {path}"
        )


FILE_NAME = "tracker.toml"

ETC, SYSTEM_STATE = Path("/etc/tracker"), Path("/var/lib/tracker")
"""Where the system service has its configuration and its database."""


def _xdg(env: Mapping[str, str], variable: str, fallback: str) -> Path:
    # The XDG specification: a path that is not absolute is to be ignored.
    named = Path(env.get(variable, ""))
    return (named if named.is_absolute() else _home(env) / fallback) / "tracker"


def _home(env: Mapping[str, str]) -> Path:
    """The person's home folder; ConfigError where this user has none, as in a container."""
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
    """The file to read, and whether the person named it, so that it has to be there."""
    if path is not None:
        return _expanded(path), True
    if env.get("TRACKER_CONFIG"):
        return _expanded(Path(env["TRACKER_CONFIG"])), True
    if env.get("CONFIGURATION_DIRECTORY"):
        return _first(env["CONFIGURATION_DIRECTORY"]) / FILE_NAME, False
    return _xdg(env, "XDG_CONFIG_HOME", ".config") / FILE_NAME, False


def find_config(path: Path | None = None, env: Mapping[str, str] | None = None) -> Path:
    """Where the configuration is read from, whether or not the file exists.

    In order: `path` (the `--config` option), $TRACKER_CONFIG, systemd's $CONFIGURATION_DIRECTORY,
    the XDG place (`~/.config/tracker/tracker.toml`).
    """
    return _find(path, os.environ if env is None else env)[0]


def default_store(env: Mapping[str, str], source: Path) -> Path:
    """Where the database is when the file does not say.

    The system's configuration has the system service's database, whoever reads it: a shell that
    names the one must not write to another.
    """
    if env.get("STATE_DIRECTORY"):
        return _first(env["STATE_DIRECTORY"]) / "tracker.db"
    if source.parent == ETC:
        return SYSTEM_STATE / "tracker.db"
    return _xdg(env, "XDG_STATE_HOME", ".local/state") / "tracker.db"


def _with_paths(raw: dict[str, Any], env: Mapping[str, str], source: Path) -> dict[str, Any]:
    """The file's tables, with the two paths that depend on the place filled in where missing."""
    defaults = {"store": {"path": ""}, "bets": {"file": "bets.toml"}}
    store = raw.get("store", {})
    if isinstance(store, dict) and "path" not in store:
        # Only where it is needed: not every user has a home.
        defaults["store"]["path"] = str(default_store(env, source.absolute()))
    filled = dict(raw)
    for table, keys in defaults.items():
        given = raw.get(table, {})
        if isinstance(given, dict):
            filled[table] = {**keys, **given}
    return filled


def parse_settings(text: str, source: Path, env: Mapping[str, str] | None = None) -> Settings:
    """Read the text of a configuration file; relative paths are anchored beside `source`.

    Raises ConfigError with every mistake that the text holds.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise ConfigError(
            f"{source}: not valid TOML: {why}; write `key = value` lines, with text in quotes"
        ) from None
    except RecursionError:
        raise ConfigError(f"{source}: nested too deeply; write plain tables") from None
    return settings_of(_with_paths(raw, os.environ if env is None else env, source), source)


def settings_of(rows: Mapping[str, Any], source: Path) -> Settings:
    """The settings that the tables of a file make; `store` and `bets` must be among them."""
    try:
        return read_table(Settings, rows, source.absolute().parent)
    except NotRead as found:
        raise told(found, Settings, source) from None


def load_settings(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """The settings in force, from the place that `find_config` names.

    A missing file means defaults, unless the person named it. Raises ConfigError when the file
    cannot be read or used, or when it holds secrets and others on the machine can read it.
    """
    env = os.environ if env is None else env
    source, named = _find(path, env)
    try:
        text = read_text(source)
    except FileNotFoundError:
        if named:
            raise ConfigError(
                f"{source}: there is no such file; write it with `tracker init`, or name another"
            ) from None
        text = ""
    settings = parse_settings(text, source, env)
    secret = settings.notify.holds_secrets or settings.odds.holds_secrets
    if secret or settings.alerts.heartbeat_url is not None:
        refuse_shared(source)
    return settings


URLS_CREDENTIAL = "notify-urls"
TOKEN_CREDENTIAL = "telegram-token"  # noqa: S105 - the name of a file
ODDS_CREDENTIAL = "odds-api-key"
ODDS_VARIABLE = "TRACKER_ODDS_API_KEY"
URLS_VARIABLE = "TRACKER_NOTIFY_URLS"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets in force: `others` are those of channels that speak for themselves.

    `warnings` are sentences for the person about where they came from.
    """

    urls: tuple[Secret, ...] = ()
    telegram_token: Secret | None = None
    others: tuple[Secret, ...] = ()
    odds_key: Secret | None = None
    warnings: tuple[str, ...] = ()

    def values(self) -> tuple[str, ...]:
        """Every secret in the clear, for the log to mask."""
        alone = [x for x in (self.telegram_token, self.odds_key) if x is not None]
        known = (*self.urls, *alone, *self.others)
        return tuple(secret.get_secret_value() for secret in known)


def _entries(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; write it, or drop [notify] urls_file"
        ) from None
    return [line for line in lines if line and not line.startswith("#")]


def _file(path: Path | None) -> list[str]:
    if path is None:
        return []
    found = _entries(path)
    refuse_shared(path)
    return found


def _credential(name: str, env: Mapping[str, str]) -> list[str]:
    # systemd guards this directory itself, so the mode of the files says nothing.
    folder = env.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, name) if folder else None
    return _entries(path) if path and path.is_file() else []


def _addresses(urls: list[str], place: str) -> tuple[Secret, ...]:
    # An address is a secret, so a bad one is named by its place alone.
    bad = [number for number, url in enumerate(urls, 1) if "://" not in url]
    if bad:
        mistakes = (
            f"{place}: entry {number} is no Apprise address; write one like ntfy://my-topic"
            for number in bad
        )
        raise ConfigError(*mistakes)
    return tuple(Secret(url) for url in urls)


def load_secrets(settings: Settings, env: Mapping[str, str] | None = None) -> Secrets:
    """Take each secret from the first place that has it.

    Addresses: systemd's credential `notify-urls`; the file that `[notify] urls_file` names, which
    only its owner may read; `[notify] urls`; $TRACKER_NOTIFY_URLS, for development. The Telegram
    token: systemd's credential `telegram-token`, then `[notify.telegram] token`. The key of The
    Odds API: the credential `odds-api-key`, `[odds.the_odds_api] key`, $TRACKER_ODDS_API_KEY.
    Raises ConfigError for a file that cannot be read or that others can read, and a bad address.
    """
    env = os.environ if env is None else env
    notify = settings.notify
    file = notify.urls_file
    places = {
        f"the credential {URLS_CREDENTIAL}": _credential(URLS_CREDENTIAL, env),
        str(file): _file(file),
        "[notify] urls": [url.get_secret_value() for url in notify.urls],
        f"${URLS_VARIABLE}": env.get(URLS_VARIABLE, "").split(),
    }
    holding = [place for place, urls in places.items() if urls]
    warnings: list[str] = []
    urls: tuple[Secret, ...] = ()
    if holding:
        urls = _addresses(places[holding[0]], holding[0])
    if len(holding) > 1:
        warnings.append(
            f"Notification addresses are taken from {holding[0]}; those in "
            f"{' and '.join(holding[1:])} are left unused."
        )
    if holding[:1] == [f"${URLS_VARIABLE}"]:
        warnings.append(
            f"Notification addresses come from ${URLS_VARIABLE}, which other programs of yours can "
            "read: put them under [notify] urls in a file of mode 0600."
        )
    token = _credential(TOKEN_CREDENTIAL, env)
    return Secrets(
        urls=urls,
        telegram_token=Secret(token[0]) if token else notify.telegram.token,
        others=tuple(
            x
            for x in (notify.discord.webhook, notify.ntfy.topic, notify.ntfy.token)
            if x is not None
        ),
        odds_key=_odds_key(settings, env),
        warnings=tuple(warnings),
    )


def _odds_key(settings: Settings, env: Mapping[str, str]) -> Secret | None:
    """The key of The Odds API from the first place that has it; None where there is none."""
    kept = _credential(ODDS_CREDENTIAL, env)
    if kept:
        return Secret(kept[0])
    given = env.get(ODDS_VARIABLE, "").strip()
    return settings.odds.the_odds_api.key or (Secret(given) if given else None)
