"""Finding the configuration file, and reading it into settings that can be relied on."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tracker.settings.files import read_text, refuse_shared
from tracker.settings.mistakes import ConfigError, told
from tracker.settings.models import Settings

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
    filled = _with_paths(raw, os.environ if env is None else env, source)
    try:
        return Settings.model_validate(filled, context=source.absolute().parent)
    except ValidationError as found:
        raise told(found, source) from None


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
