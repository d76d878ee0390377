"""Alert policy: the rules that a person writes, and how loudly and when their alerts are sent.

This module also parses rules and snoozes from a person's text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import ceil, floor
from typing import assert_never

from tracker.domain import BadRule, BadTime

TOGETHER = timedelta(seconds=3)
"""Alerts of one game within this time go into one message: after a message, an alert that is not
urgent waits this long for more, and a channel joins the alerts that are due."""


class Comparison(StrEnum):
    """How a level rule compares the chance of winning with its level."""

    AT_LEAST = ">="
    AT_MOST = "<="
    CROSSES = "crosses"

    @property
    def upward(self) -> bool | None:
        """Whether the chance rises to the level; None where it may come from either side."""
        return None if self is Comparison.CROSSES else self is Comparison.AT_LEAST


class Fact(StrEnum):
    """Events of a bet or its game that a rule may announce."""

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
class _WordedRule:
    """A rule with its text, which is worked out once, since every poll looks a rule up by it."""

    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    @property
    def _words(self) -> str:
        raise NotImplementedError

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self._words)


def _span(seconds: int) -> str:
    """A time in whole minutes, or in seconds where it is none: `5m`, `90s`."""
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


@dataclass(frozen=True, slots=True)
class LevelRule(_WordedRule):
    """The chance of winning reaches a level, strictly between 0 and 1."""

    comparison: Comparison
    level: float

    @property
    def _words(self) -> str:
        digits = f"{self.level:.4f}".rstrip("0")
        return f"p {self.comparison.value} {digits.ljust(4, '0')}"


@dataclass(frozen=True, slots=True)
class SwingRule(_WordedRule):
    """The chance of winning moves by `size` (0 to 1) within `seconds` of real time."""

    size: float
    seconds: int

    @property
    def _words(self) -> str:
        return f"swing {self.size:g} in {_span(self.seconds)}"


@dataclass(frozen=True, slots=True)
class EventRule(_WordedRule):
    """A fact is announced when it happens."""

    event: Fact

    @property
    def _words(self) -> str:
        return self.event.value


@dataclass(frozen=True, slots=True)
class EdgeRule(_WordedRule):
    """The model's edge at the best available price reaches `level`: 0.05 is 5 % of the stake."""

    level: float

    @property
    def _words(self) -> str:
        return f"edge >= {self.level:g}"


class Moving(StrEnum):
    """The part of the market whose moves a rule may watch."""

    PRICE = "price"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class MoveRule(_WordedRule):
    """The market's fair chance of the bet (`price`), or its line, moves by `size` in `seconds`.

    `size` is 0 to 1 for a price, and in points for a line.
    """

    what: Moving
    size: float
    seconds: int

    @property
    def _words(self) -> str:
        return f"{self.what.value} moves {self.size:g} in {_span(self.seconds)}"


MarketRule = EdgeRule | MoveRule
"""Rules that are stepped by quotes and not by the polls of a game."""

ChanceRule = LevelRule | SwingRule
"""Rules that are stepped by a bet's chance: their alerts can be wrong. An event is a fact."""

Rule = ChanceRule | EventRule | MarketRule

_LEVEL = re.compile(r"p\s*(>=|<=|≥|≤|crosses)\s*(\d*\.?\d+)\s*(%?)")
_SWING = re.compile(r"swing\s+(\d*\.?\d+)\s*(%?)\s+in\s+(\d{1,5})\s*(s|m|min)")
_EDGE = re.compile(r"edge\s*(?:>=|≥)\s*(\d*\.?\d+)\s*(%?)")
_MOVE = re.compile(r"(price|line)\s+moves\s+(\d*\.?\d+)\s*(%?)\s+in\s+(\d{1,5})\s*(s|m|min)")
_LONGEST_SWING = 6 * 3600
_LARGEST_MOVE = 40.0
"""In points: no line moves further before a game."""

_FORMS = (
    "'p >= 0.80', 'p <= 0.30', 'p crosses 0.50', 'swing 0.15 in 5m', 'edge >= 0.05', "
    "'price moves 0.03 in 10m', 'line moves 1.5 in 30m'"
)


def _share(number: str, percent: str, text: str) -> float:
    # A rule is identified by its text, which shows four decimals: no more may be kept.
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

    Raises BadRule, which lists the known forms, when the text is none of them.
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


def parse_rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Read several rules, each once, in their order; the one word `none` is no rule at all.

    Raises BadRule.
    """
    given = [*texts]
    if [x.strip().casefold() for x in given] == ["none"]:
        return ()
    return tuple(dict.fromkeys(map(parse_rule, given)))


class Level(StrEnum):
    """How loud a message is: from one that can wait to one that needs a decision at once."""

    INFO = "info"
    LOW = "low"
    DEFAULT = "default"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """The place among the levels, 0 for the quietest."""
        return tuple(Level).index(self)


class TopicMode(StrEnum):
    """Whether alerts of a topic are sent: with a sound, without one, or not at all."""

    ON = "on"
    SILENT = "silent"
    OFF = "off"


CHANCE, SWING, MARKET, DAEMON = "chance", "swing", "market", "daemon"
"""The topics beside the facts: level rules, swings, market rules, and the program itself."""

TOPICS = (CHANCE, SWING, MARKET, *(x.value for x in Fact), DAEMON)
"""All topics of alerts, for which a level and `TopicMode` can be set."""

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
"""The levels of topics that the person sets none for; a topic that is not here has `default`."""


RESULTS = frozenset(
    x.value for x in (Fact.SETTLED, Fact.REGRADED, Fact.HIT, Fact.DEAD, Fact.OUT, Fact.REVIEW)
)
"""Topics of alerts that are always sent in the end: no budget holds them, and no digest omits
them."""


TONIGHT = "tonight"
"""The kind of notice that gives a night's total."""


def topic_of(rule: str) -> str:
    """The topic of a rule, by its text: a fact, a swing, the market, or the chance."""
    if rule in set(Fact):
        return rule
    if rule.startswith(("edge", "price", "line")):
        return MARKET
    return SWING if rule.startswith("swing") else CHANCE


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on the clock of `zone`, over midnight where `end` is not later.

    A message at least as loud as `through` is sent all the same.
    """

    start: time
    end: time
    zone: tzinfo = UTC
    through: Level = Level.URGENT

    def until(self, now: datetime) -> datetime | None:
        """The first moment, in UTC, at which the clock on the wall has left the quiet hours.

        None where `now` is outside of them. Putting the clock forward or back may end them.
        """
        clock = now.astimezone(self.zone).time().replace(tzinfo=None, fold=0)
        late, early = clock >= self.start, clock < self.end
        if not (late or early if self.end <= self.start else late and early):
            return None
        ends = (now + (_since_midnight(self.end) - _since_midnight(clock)) % _DAY).astimezone(UTC)
        if ends <= now:
            ends += _DAY
        changed = _clock_change(now, ends, self.zone)
        return ends if changed is None else self.until(changed) or changed


_DAY = timedelta(days=1)


def _since_midnight(clock: time) -> timedelta:
    return datetime.combine(date.min, clock) - datetime.combine(date.min, time.min)


def _clock_change(start: datetime, end: datetime, zone: tzinfo) -> datetime | None:
    """The second in which the clock of `zone` is changed between two moments; None without one."""

    def offset(second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, zone).utcoffset()

    before, after = floor(start.timestamp()), ceil(end.timestamp())
    was = offset(before)
    if offset(after) == was:
        return None
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(middle) == was else (before, middle)
    return datetime.fromtimestamp(after, UTC)


class SnoozeScope(StrEnum):
    """What a snooze silences: one bet, one game, or everything."""

    BET = "bet"
    GAME = "game"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Silence from `since` until `until`. `target` is a bet's number or a game's id; empty for all.

    `id` is the number that it is stored under, 0 before it is stored.
    """

    scope: SnoozeScope
    target: str
    since: datetime
    until: datetime
    id: int = 0

    def covers(self, bet: int, games: frozenset[str], now: datetime) -> bool:
        """Whether it silences a bet on these games at `now`."""
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
    """A message that was decided on: the game it is about, and the time of the decision.

    `counted` is whether it counts in the hourly budgets: one with nothing but RESULTS does not.
    """

    game: str
    at: datetime
    counted: bool = True

    def goes_with(self, other: PastMessage) -> bool:
        """Whether both belong in one message: same game, and TOGETHER at most apart.

        Routing delays an alert that can wait by this test, and a channel's sender joins due alerts
        by it.
        """
        return self.game == other.game and abs(self.at - other.at) <= TOGETHER


@dataclass(frozen=True, slots=True)
class Policy:
    """All that decides whether and when an alert is sent, as it stands at one moment.

    `levels` and `modes` are by topic. `recent` holds the messages of the last hour, `lost` the ids
    of games whose feed is lost. `budget` is the most messages an hour, `game_budget` the most about
    one game.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    modes: Mapping[str, TopicMode] = field(default_factory=dict)
    quiet: QuietHours | None = None
    snoozes: tuple[Snooze, ...] = ()
    recent: tuple[PastMessage, ...] = ()
    lost: frozenset[str] = frozenset()
    budget: int = 30
    game_budget: int = 15

    def level(self, topic: str) -> Level:
        """How loud a topic is: the quietest level where it is to make no sound."""
        if self.modes.get(topic) is TopicMode.SILENT:
            return Level.INFO
        return self.levels.get(topic, DEFAULT_LEVELS.get(topic, Level.DEFAULT))

    def switched_off(self, topic: str) -> bool:
        """Whether a topic is switched off."""
        return self.modes.get(topic) is TopicMode.OFF

    def awake(self, at: datetime) -> datetime:
        """The first moment, not before `at`, outside the quiet hours."""
        ends = None if self.quiet is None else self.quiet.until(at)
        return at if ends is None else ends

    def audible_from(self, level: Level, at: datetime) -> datetime:
        """The first moment, not before `at`, at which a message this loud may be sent."""
        loud = self.quiet is not None and level.rank >= self.quiet.through.rank
        return at if loud else self.awake(at)


USUAL = Policy()
"""The default policy: every topic is sent at its default level."""


# ------------------------------------------------------------------------ snoozes in words

LONGEST = timedelta(days=30)
"""The longest snooze. Silence that the person has forgotten looks like a fault of the program."""

FORMS = "'2h', '90m', '1h30m', '1d', or 'until 22:00'"

_SPAN = re.compile(
    r"(?:(\d{1,3})\s*d(?:ays?)?)?\s*(?:(\d{1,4})\s*h(?:ours?|rs?)?)?"
    r"\s*(?:(\d{1,5})\s*m(?:in(?:ute)?s?)?)?"
)
_UNTIL = re.compile(
    r"(?:until|till?|to)?\s*(?:(\d{4}-\d{2}-\d{2})[ t])?\s*"
    r"(?:(\d{1,2})[:.](\d{2})|(1[0-2]|0?[1-9])(?:[:.](\d{2}))?\s*([ap])m)"
)


def parse_until(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The end, in UTC, of a snooze that begins `now`. Times of day are on the clock of `zone`.

    A time of day that has passed today means tomorrow's. Raises BadTime.
    """
    plain = " ".join(text.casefold().removeprefix("for ").split())
    until = _after(plain, now) or _at(plain, now, zone)
    if until is None:
        raise BadTime(f"{text!r} is no time to be silent until: write {FORMS}")
    if until <= now:
        raise BadTime(f"{text!r} has passed: write {FORMS}")
    if until - now > LONGEST:
        raise BadTime(f"{text!r} is further away than {LONGEST.days} days: write {FORMS}")
    return until


def subject(snooze: Snooze, games: Mapping[str, str]) -> str:
    """What a snooze silences, in words: `bet #7`, a game's name, or `everything`.

    `games` maps games' ids to their names.
    """
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
    """The time after a duration such as `1h30m`; None for other text."""
    found = _SPAN.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(x or 0) for x in found.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes)


def _at(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The time that `until 22:00`, with or without a date, means; None for other text."""
    found = _UNTIL.fullmatch(text)
    if found is None:
        return None
    try:
        hour = int(found[2]) if found[2] else int(found[4]) % 12 + 12 * (found[6] == "p")
        clock = time(hour, int(found[3] or found[5] or 0))
        day = None if found[1] is None else datetime.fromisoformat(found[1]).date()
    except ValueError:
        return None
    today = now.astimezone(zone).date()
    days = [today, today + timedelta(days=1)] if day is None else [day]
    try:
        # The hour of the change back comes twice, and `now` may be in its second pass.
        moments = [
            datetime.combine(x, clock.replace(fold=fold), zone).astimezone(UTC)
            for x in days
            for fold in (0, 1)
        ]
    except OverflowError:
        return None
    return next((x for x in moments if x > now), moments[-1])
