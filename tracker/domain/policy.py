"""What a person wants to be told, how loudly and when: the settled part of every alert's route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from tracker.domain.rule import Event


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

TOPICS = (CHANCE, SWING, MARKET, *(x.value for x in Event), DAEMON)
"""Everything that a level can be set for."""

DEFAULT_LEVELS: Mapping[str, Level] = {
    CHANCE: Level.HIGH,
    SWING: Level.HIGH,
    Event.START: Level.LOW,
    Event.QUARTER: Level.LOW,
    Event.HALFTIME: Level.LOW,
    Event.FEED_DOWN: Level.HIGH,
    Event.FEED_BACK: Level.LOW,
    Event.REGRADED: Level.HIGH,
    Event.OUT: Level.HIGH,
    Event.REVIEW: Level.HIGH,
    DAEMON: Level.LOW,
}
"""The levels of a person who sets none; what is not here has `default`."""


def topic_of(rule: str) -> str:
    """What a rule, by its text, is about: an event, a swing, the market, or the chance."""
    if rule in set(Event):
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


class Scope(StrEnum):
    """What a snooze is about."""

    BET = "bet"
    GAME = "game"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Silence from `since` until `until`. `target` is a bet's number or a game's id; empty for all.

    `id` is the number that it is stored under, 0 before that.
    """

    scope: Scope
    target: str
    since: datetime
    until: datetime
    id: int = 0

    def covers(self, bet: int, games: frozenset[str], now: datetime) -> bool:
        """Whether it silences a bet on these games at this moment."""
        if not self.since <= now < self.until:
            return False
        match self.scope:
            case Scope.ALL:
                return True
            case Scope.BET:
                return self.target == str(bet)
            case Scope.GAME:
                return self.target in games


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was decided on: the game it is about, and when."""

    game: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """All that decides what becomes of a firing, as it stands at one moment.

    `levels` and `says` are by topic. `told` are the messages of the last hour, `lost` the games
    whose feed is away. `budget` bounds the messages an hour, `game_budget` those of one game.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    says: Mapping[str, Say] = field(default_factory=dict)
    quiet: QuietHours | None = None
    snoozes: tuple[Snooze, ...] = ()
    told: tuple[Told, ...] = ()
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
