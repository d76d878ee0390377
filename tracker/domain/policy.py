"""Alert policy: the rules a person writes, and how loudly and when what they decide is told.

Rules and snoozes are read here from a person's words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import assert_never

from tracker.domain import BadRule, BadTime

TOGETHER = timedelta(seconds=3)
"""What one game brings within this time is one message: what is not urgent waits so long after a
message for more, and what waits on a channel is sent together."""


class Comparison(StrEnum):
    """How a level rule compares the chance of winning with its level."""

    AT_LEAST = ">="
    AT_MOST = "<="
    CROSSES = "crosses"


class Fact(StrEnum):
    """Facts that a rule may announce."""

    START = "start"
    QUARTER = "quarter"
    HALFTIME = "halftime"
    HIT = "hit"
    DEAD = "dead"
    OUT = "out"
    REVIEW = "review"
    SETTLED = "settled"
    REGRADED = "regraded"
    FEED_DOWN = "feed_down"
    FEED_BACK = "feed_back"


@dataclass(frozen=True, slots=True)
class LevelRule:
    """The chance of winning reaches a level, strictly between 0 and 1."""

    comparison: Comparison
    level: float
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once: it is known by its text at every poll."""
        digits = f"{self.level:.4f}".rstrip("0")
        object.__setattr__(self, "text", f"p {self.comparison.value} {digits.ljust(4, '0')}")


@dataclass(frozen=True, slots=True)
class SwingRule:
    """The chance of winning moves by `size` (0 to 1) within `seconds` of real time."""

    size: float
    seconds: int
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        span = f"{self.seconds // 60}m" if self.seconds % 60 == 0 else f"{self.seconds}s"
        object.__setattr__(self, "text", f"swing {self.size:g} in {span}")


@dataclass(frozen=True, slots=True)
class EventRule:
    """A fact is announced when it happens."""

    event: Fact
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        object.__setattr__(self, "text", self.event.value)


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """The best price that can be had pays `level` of a unit more than the model says it should."""

    level: float
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        object.__setattr__(self, "text", f"edge >= {self.level:g}")


class Moving(StrEnum):
    """What of the market a rule may watch move."""

    PRICE = "price"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class MoveRule:
    """The market moves within `seconds`: its fair chance of the bet, or its line, by `size`.

    `size` is a part of 1 for a price, and points for a line.
    """

    what: Moving
    size: float
    seconds: int
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        span = f"{self.seconds // 60}m" if self.seconds % 60 == 0 else f"{self.seconds}s"
        object.__setattr__(self, "text", f"{self.what.value} moves {self.size:g} in {span}")


MarketRule = EdgeRule | MoveRule
"""Rules that quotes step, not the polls of a game."""

Rule = LevelRule | SwingRule | EventRule | MarketRule

_LEVEL = re.compile(r"p\s*(>=|<=|≥|≤|crosses)\s*(\d*\.?\d+)\s*(%?)")
_SWING = re.compile(r"swing\s+(\d*\.?\d+)\s*(%?)\s+in\s+(\d{1,5})\s*(s|m|min)")
_EDGE = re.compile(r"edge\s*(?:>=|≥)\s*(\d*\.?\d+)\s*(%?)")
_MOVE = re.compile(r"(price|line)\s+moves\s+(\d*\.?\d+)\s*(%?)\s+in\s+(\d{1,5})\s*(s|m|min)")
_LONGEST_SWING = 6 * 3600
_LARGEST_MOVE = 40.0
"""Points: no line moves further before a game."""

_FORMS = (
    "'p >= 0.80', 'p <= 0.30', 'p crosses 0.50', 'swing 0.15 in 5m', 'edge >= 0.05', "
    "'price moves 0.03 in 10m', 'line moves 1.5 in 30m'"
)


def _share(number: str, percent: str, text: str) -> float:
    # Four decimals are what `text` shows: a rule is known by its text, so it must say all.
    value = round(float(number) / (100 if percent else 1), 4)
    if not 0 < value < 1:
        raise BadRule(
            f"the level in {text!r} must lie between 0 and 1, to four decimals, such as 0.80 or 80%"
        )
    return value


def _seconds(number: str, unit: str, text: str) -> int:
    seconds = int(number) * (1 if unit == "s" else 60)
    if not 0 < seconds <= _LONGEST_SWING:
        raise BadRule(f"the time in {text!r} must be above 0 and at most 360m, such as 5m")
    return seconds


def _move(found: re.Match[str], text: str) -> MoveRule:
    what, seconds = Moving(found[1]), _seconds(found[4], found[5], text)
    if what is Moving.PRICE:
        return MoveRule(what, _share(found[2], found[3], text), seconds)
    points = float(found[2])
    if found[3] or not 0 < points <= _LARGEST_MOVE:
        raise BadRule(f"a line moves by points, above 0 and at most 40, such as 1.5: not {text!r}")
    return MoveRule(what, points, seconds)


def parse_rule(text: str) -> Rule:
    """Read a rule such as `p >= 0.80`, `swing 0.15 in 5m` or `settled`.

    Raises BadRule with the forms that are understood when the text is none of them.
    """
    plain = " ".join(text.casefold().split())
    if found := _LEVEL.fullmatch(plain):
        sign = {"≥": ">=", "≤": "<="}.get(found[1], found[1])
        return LevelRule(Comparison(sign), _share(found[2], found[3], text))
    if found := _SWING.fullmatch(plain):
        return SwingRule(_share(found[1], found[2], text), _seconds(found[3], found[4], text))
    if found := _EDGE.fullmatch(plain):
        return EdgeRule(_share(found[1], found[2], text))
    if found := _MOVE.fullmatch(plain):
        return _move(found, text)
    if plain in set(Fact):
        return EventRule(Fact(plain))
    near = difflib.get_close_matches(plain, [e.value for e in Fact], n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    events = ", ".join(e.value for e in Fact)
    raise BadRule(f"{text!r} is not a rule: {hint}write {_FORMS}, or one of {events}")


class Level(StrEnum):
    """How loud a message is, from what can wait to what asks for a decision at once."""

    INFO = "info"
    LOW = "low"
    DEFAULT = "default"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for the quietest."""
        return tuple(Level).index(self)


class Say(StrEnum):
    """Whether something is told: aloud, without a sound, or not at all."""

    ON = "on"
    SILENT = "silent"
    OFF = "off"


CHANCE, SWING, MARKET, DAEMON = "chance", "swing", "market", "daemon"
"""What levels are set for beside the events: levels of a chance, swings, the program itself."""

TOPICS = (CHANCE, SWING, MARKET, *(x.value for x in Fact), DAEMON)
"""Everything that a level can be set for."""

DEFAULT_LEVELS: Mapping[str, Level] = {
    CHANCE: Level.HIGH,
    SWING: Level.HIGH,
    Fact.START: Level.LOW,
    Fact.QUARTER: Level.LOW,
    Fact.HALFTIME: Level.LOW,
    Fact.FEED_DOWN: Level.HIGH,
    Fact.FEED_BACK: Level.LOW,
    Fact.REGRADED: Level.HIGH,
    Fact.OUT: Level.HIGH,
    Fact.REVIEW: Level.HIGH,
    DAEMON: Level.LOW,
}
"""The levels of a person who sets none; what is not here has `default`."""


def topic_of(rule: str) -> str:
    """What a rule, by its text, is about: an event, a swing, the market, or the chance."""
    if rule in set(Fact):
        return rule
    if rule.startswith(("edge", "price", "line")):
        return MARKET
    return SWING if rule.startswith("swing") else CHANCE


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on the clock of `zone`, over midnight where `end` is the earlier.

    What is at least as loud as `through` is told all the same.
    """

    start: time
    end: time
    zone: tzinfo = UTC
    through: Level = Level.URGENT

    def until(self, now: datetime) -> datetime | None:
        """The end, in UTC, of the quiet hours that `now` lies in; None outside of them.

        It is what the clock on the wall shows that counts, also on the days on which it is put
        forward or back.
        """
        local = now.astimezone(self.zone)
        clock = local.time().replace(tzinfo=None, fold=0)
        wraps = self.end <= self.start
        if wraps and not (clock >= self.start or clock < self.end):
            return None
        if not wraps and not self.start <= clock < self.end:
            return None
        day = local.date() + timedelta(days=int(wraps and clock >= self.start))
        ends = datetime.combine(day, self.end, self.zone)
        if ends.astimezone(UTC) <= now:
            # The hour that is put back comes twice, and this is its second time.
            ends = ends.replace(fold=1)
        return ends.astimezone(UTC)


class SnoozeScope(StrEnum):
    """What a snooze is about."""

    BET = "bet"
    GAME = "game"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Silence from `since` until `until`. `target` is a bet's number or a game's id; empty for all.

    `id` is the number that it is stored under, 0 before that.
    """

    scope: SnoozeScope
    target: str
    since: datetime
    until: datetime
    id: int = 0

    def covers(self, bet: int, games: frozenset[str], now: datetime) -> bool:
        """Whether it silences a bet on these games at this moment."""
        if not self.since <= now < self.until:
            return False
        match self.scope:
            case SnoozeScope.ALL:
                return True
            case SnoozeScope.BET:
                return self.target == str(bet)
            case SnoozeScope.GAME:
                return self.target in games


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A message that was decided on: the game it is about, and when."""

    game: str
    at: datetime

    def goes_with(self, other: PastMessage) -> bool:
        """Whether both belong in one message: they are about one game, and TOGETHER at most apart.

        The rules delay what can wait by this, and a channel's sender joins by it what is due.
        """
        return self.game == other.game and abs(self.at - other.at) <= TOGETHER


@dataclass(frozen=True, slots=True)
class Policy:
    """All that decides what becomes of an alert, as it stands at one moment.

    `levels` and `says` are by topic. `told` are the messages of the last hour, `lost` the games
    whose feed is away. `budget` bounds the messages an hour, `game_budget` those of one game.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    says: Mapping[str, Say] = field(default_factory=dict)
    quiet: QuietHours | None = None
    snoozes: tuple[Snooze, ...] = ()
    recent: tuple[PastMessage, ...] = ()
    lost: frozenset[str] = frozenset()
    budget: int = 30
    game_budget: int = 15

    def level(self, topic: str) -> Level:
        """How loud a topic is; what is told without a sound is the quietest there is."""
        if self.says.get(topic) is Say.SILENT:
            return Level.INFO
        return self.levels.get(topic, DEFAULT_LEVELS.get(topic, Level.DEFAULT))

    def says_nothing_of(self, topic: str) -> bool:
        """Whether a topic is switched off."""
        return self.says.get(topic) is Say.OFF

    def awake(self, at: datetime) -> datetime:
        """The first moment from `at` on that is not in quiet hours."""
        ends = None if self.quiet is None else self.quiet.until(at)
        return at if ends is None else ends


USUAL = Policy()
"""Everything is told, at its usual level."""


# ------------------------------------------------------------------------ snoozes in words

LONGEST = timedelta(days=30)
"""Nothing is silenced for longer: what nobody remembers to have silenced looks like a fault."""

FORMS = "'2h', '90m', '1h30m', '1d', or 'until 22:00'"

_SPAN = re.compile(r"(?:(\d{1,3})\s*d)?\s*(?:(\d{1,4})\s*h)?\s*(?:(\d{1,5})\s*(?:m|min))?")
_UNTIL = re.compile(r"(?:until|till|to)?\s*(?:(\d{4}-\d{2}-\d{2})[ t])?\s*(\d{1,2})[:.](\d{2})")


def parse_until(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The end, in UTC, of a snooze that begins `now`. Times of day are on the clock of `zone`.

    A time of day that has passed today means tomorrow's. Raises BadTime.
    """
    plain = " ".join(text.casefold().removeprefix("for ").split())
    until = _at(plain, now, zone) if (":" in plain or "." in plain) else _after(plain, now)
    if until is None:
        raise BadTime(f"{text!r} is no time to be silent until: write {FORMS}")
    if until <= now:
        raise BadTime(f"{text!r} has passed: write {FORMS}")
    if until - now > LONGEST:
        raise BadTime(f"{text!r} is further away than {LONGEST.days} days: write {FORMS}")
    return until


def subject(snooze: Snooze, games: Mapping[str, str]) -> str:
    """What is silent: a bet by its number, a game by its name among `games`, or everything."""
    match snooze.scope:
        case SnoozeScope.ALL:
            return "everything"
        case SnoozeScope.GAME:
            return games.get(snooze.target, snooze.target)
        case SnoozeScope.BET:
            return f"bet #{snooze.target}"
        case _:
            assert_never(snooze.scope)


def _after(text: str, now: datetime) -> datetime | None:
    found = _SPAN.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(x or 0) for x in found.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes)


def _at(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    found = _UNTIL.fullmatch(text)
    if found is None:
        return None
    try:
        clock = time(int(found[2]), int(found[3]))
        day = None if found[1] is None else datetime.fromisoformat(found[1]).date()
    except ValueError:
        return None
    today = now.astimezone(zone).date()
    if day is not None:
        return datetime.combine(day, clock, zone).astimezone(UTC)
    until = datetime.combine(today, clock, zone).astimezone(UTC)
    if until > now:
        return until
    return datetime.combine(today + timedelta(days=1), clock, zone).astimezone(UTC)
