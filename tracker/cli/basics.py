"""What most commands need of the configuration, read in a few milliseconds.

The full check builds models that take longer than the rest of `tracker add`. A file that holds
nothing but keys and values that are plainly right is read here; any other is left to
`tracker.settings`, whose verdict then counts, so that the two can never disagree about a file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tracker.domain.errors import TrackerError
from tracker.domain.money import parse_money
from tracker.domain.policy import Rule, parse_rule

DEFAULT_RULES = ("p >= 0.80", "p <= 0.30", "hit", "dead", "out", "settled")

_ODDS_FORMATS = ("as-written", "american", "decimal", "fractional")
_ODDS_SOURCES = ("espn", "nba", "kalshi", "polymarket", "the_odds_api")
_URL = re.compile(r"https?://[a-z0-9.-]+(:[1-9]\d{0,3})?", re.IGNORECASE)
_SHARED = 0o077
_HARMLESS = re.compile(r"\w+://(localhost|127\.0\.0\.1)(:\d+)?(/[^@]*)?")
"""An address that leads to this machine: it opens nothing to whoever else reads it."""


@dataclass(frozen=True, slots=True)
class Basics:
    """The part of the configuration that commands go by. `source` need not exist.

    `delay` is by how many seconds all that is shown lies behind.
    """

    source: Path
    store: Path
    bets_file: Path
    timezone: str
    odds_format: str
    stake_unit_cents: int
    rules: tuple[Rule, ...]
    delay: float = 0.0

    @property
    def zone(self) -> ZoneInfo:
        """The person's own time zone."""
        return ZoneInfo(self.timezone)

    @property
    def lock(self) -> Path:
        """The file whose lock says that a daemon works on the database."""
        return self.store.with_name(self.store.name + ".lock")


_SECRETS = frozenset(
    (
        "notify.telegram.token",
        "notify.discord.webhook",
        "notify.ntfy.topic",
        "notify.ntfy.token",
        "odds.the_odds_api.key",
    )
)


class _NotPlain(Exception):
    """The file holds something that only the full check can judge."""


def read_basics(config: Path | None, env: Mapping[str, str] | None = None) -> Basics:
    """The basics of the configuration in force; raises ConfigError for one that cannot be used."""
    env = os.environ if env is None else env
    try:
        return _plain(_source(config, env), env)
    except (_NotPlain, OSError, ValueError, KeyError, RuntimeError, TrackerError):
        return _checked(config, env)


def _checked(config: Path | None, env: Mapping[str, str]) -> Basics:
    from tracker.settings import find_config, load_settings

    settings = load_settings(config, env)
    return Basics(
        source=find_config(config, env),
        store=settings.store.path,
        bets_file=settings.bets.file,
        timezone=settings.timezone,
        odds_format=settings.odds_format,
        stake_unit_cents=settings.stake_unit_cents,
        rules=tuple(parse_rule(x) for x in settings.rules.default),
        delay=settings.alerts.delay,
    )


def _source(config: Path | None, env: Mapping[str, str]) -> Path:
    named = config or env.get("TRACKER_CONFIG")
    if named:
        found = Path(named).expanduser().absolute()
        # The system's own files have places of their own.
        return Path(_sure(found, not found.is_relative_to("/etc")))
    if env.get("CONFIGURATION_DIRECTORY") or env.get("STATE_DIRECTORY"):
        raise _NotPlain
    return _xdg(env, "XDG_CONFIG_HOME", ".config") / "tracker.toml"


def _xdg(env: Mapping[str, str], variable: str, fallback: str) -> Path:
    named, home = Path(env.get(variable, "")), env.get("HOME")
    if not home:
        raise _NotPlain
    return (named if named.is_absolute() else Path(home, fallback)) / "tracker"


def _plain(source: Path, env: Mapping[str, str]) -> Basics:
    raw = tomllib.loads(source.read_text("utf-8-sig"))
    folder = source.parent
    found = _Plain(raw, folder)
    for table, keys in _KEYS.items():
        found.check(table, keys)
    found.end()
    if found.secret and source.stat().st_mode & _SHARED:
        raise _NotPlain
    got = found.values
    return Basics(
        source=source,
        store=got.get("store.path") or _xdg(env, "XDG_STATE_HOME", ".local/state") / "tracker.db",
        bets_file=got.get("bets.file") or folder / "bets.toml",
        timezone=got.get("timezone", "UTC"),
        odds_format=got.get("odds_format", _ODDS_FORMATS[0]),
        stake_unit_cents=got.get("stake_unit", 1000),
        rules=got.get("rules.default", tuple(parse_rule(x) for x in DEFAULT_RULES)),
    )


class _Plain:
    """The tables of a file, emptied key by key as they prove to be plain."""

    def __init__(self, raw: dict[str, Any], folder: Path) -> None:
        self._raw = raw
        self._folder = folder
        self.values: dict[str, Any] = {}

    @property
    def secret(self) -> bool:
        """The file may hold what others must not read."""
        urls = self.values.get("notify.urls", ())
        told = not _SECRETS.isdisjoint(self.values)
        return told or not all(map(_HARMLESS.fullmatch, urls))

    def check(self, table: str, keys: Mapping[str, Callable[[Any, Path], Any]]) -> None:
        """Read the keys of one table; _NotPlain for what is not surely right."""
        rows: Any = self._raw
        for part in table.split(".") if table else ():
            rows = rows.get(part, {})
            if not isinstance(rows, dict):
                raise _NotPlain
        for key in [x for x in rows if x in keys]:
            name = f"{table}.{key}" if table else key
            self.values[name] = keys[key](rows.pop(key), self._folder)

    def end(self) -> None:
        """_NotPlain when anything is left that was not read."""
        if _leftover(self._raw):
            raise _NotPlain


def _leftover(value: Any) -> bool:
    return any(map(_leftover, value.values())) if isinstance(value, dict) else True


def _sure(value: Any, good: bool) -> Any:
    if not good:
        raise _NotPlain
    return value


def _text(value: Any, _: Path) -> Any:
    return _sure(value, isinstance(value, str) and value != "")


def _zone(value: Any, _: Path) -> Any:
    # What is no plain name of a place may be a word for one, or has to be asked about.
    ZoneInfo(_sure(_text(value, _), value == "UTC" or "/" in value))
    return value


def _path(value: Any, folder: Path) -> Path:
    _sure(value, isinstance(value, str) and value != "" and value.isprintable())
    return folder / Path(value).expanduser()


def _money(value: Any, _: Path) -> int:
    _sure(value, isinstance(value, int | float) and not isinstance(value, bool))
    cents = parse_money(str(value))
    return int(_sure(cents, cents > 0))


def _truth(value: Any, _: Path) -> Any:
    return _sure(value, isinstance(value, bool))


def _whole(low: int, high: int) -> Callable[[Any, Path], Any]:
    return lambda value, _: _sure(value, type(value) is int and low <= value <= high)


def _url(value: Any, _: Path) -> Any:
    return _sure(value, isinstance(value, str) and bool(_URL.fullmatch(value)))


def _texts(value: Any, _: Path) -> tuple[str, ...]:
    _sure(value, isinstance(value, list) and all(isinstance(x, str) for x in value))
    return tuple(value)


def _among(known: tuple[str, ...]) -> Callable[[Any, Path], Any]:
    return lambda value, _: _sure(value, bool(value) and set(_texts(value, _)) <= set(known))


def _rules(value: Any, folder: Path) -> tuple[Rule, ...]:
    return tuple(parse_rule(x) for x in _texts(value, folder))


_FEED = {"base_url": _url, "requests_per_minute": _whole(1, 6000)}
_KEYS: dict[str, dict[str, Callable[[Any, Path], Any]]] = {
    "": {
        "timezone": _zone,
        "odds_format": lambda value, _: _sure(value, value in _ODDS_FORMATS),
        "stake_unit": _money,
    },
    "store": {"path": _path, "keep_bodies_days": _whole(1, 36500)},
    "bets": {"file": _path},
    "rules": {"default": _rules},
    "notify": {
        "urls": _texts,
        "console": _truth,
    },
    "notify.telegram": {
        "token": _text,
        "chat_id": _whole(-(2**60), 2**60),
        "topic_id": _whole(1, 2**60),
        "api_url": _url,
        "cards": _truth,
        "commands": _truth,
    },
    "notify.discord": {"webhook": _text, "cards": _truth},
    "notify.ntfy": {"topic": _text, "token": _text, "api_url": _url, "cards": _truth},
    "feeds.nba": _FEED,
    "feeds.wnba": _FEED,
    "feeds.espn": _FEED,
    "odds": {"sources": _among(_ODDS_SOURCES), "mine": _texts, "anchors": _texts},
    "odds.the_odds_api": {
        "key": _text,
        "base_url": _url,
        "monthly_credits": _whole(1, 100_000_000),
        "markets": _among(("h2h", "spreads", "totals")),
    },
    "odds.kalshi": {"base_url": _url},
    "odds.polymarket": {"base_url": _url, "clob_url": _url},
}
