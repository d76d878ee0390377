"""Games: what is scheduled, and what we believe of one at a moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from tracker.domain.league import LEAGUES, League, slate_date

T = TypeVar("T")


class Side(StrEnum):
    """One of the two teams of a game."""

    HOME = "home"
    AWAY = "away"

    @property
    def other(self) -> Side:
        """The opponent."""
        return Side.AWAY if self is Side.HOME else Side.HOME


class Phase(StrEnum):
    """Where a game stands. A break is any pause between periods; suspended games may resume."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    BREAK = "break"
    SUSPENDED = "suspended"
    FINAL = "final"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"

    @property
    def in_play(self) -> bool:
        """Tipped off and not over."""
        return self in (Phase.LIVE, Phase.BREAK, Phase.SUSPENDED)

    @property
    def off(self) -> bool:
        """Will not be played as scheduled."""
        return self in (Phase.POSTPONED, Phase.CANCELLED)

    @property
    def rank(self) -> int:
        """How far a game in this phase has come: 0 before tip-off, 1 in play, 2 over."""
        return 2 if self is Phase.FINAL else int(self.in_play)


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """One value for each side."""

    home: T
    away: T

    def of(self, side: Side) -> T:
        """The value of one side."""
        return self.home if side is Side.HOME else self.away


@dataclass(frozen=True, slots=True)
class Score:
    """Points of both teams, each 0 or more."""

    home: int
    away: int

    def __post_init__(self) -> None:
        """Refuse what no scoreboard can show."""
        if self.home < 0 or self.away < 0:
            raise ValueError(f"a score cannot be negative: {self.home}-{self.away}")

    def of(self, side: Side) -> int:
        """Points of one side."""
        return self.home if side is Side.HOME else self.away

    @property
    def text(self) -> str:
        """The points as reasons and log lines have them, the away team's first: `91-98`."""
        return f"{self.away}-{self.home}"

    @property
    def margin(self) -> int:
        """Home points minus away points."""
        return self.home - self.away

    @property
    def total(self) -> int:
        """Points of both teams."""
        return self.home + self.away


@dataclass(frozen=True, slots=True)
class Game:
    """A scheduled game. `id` is the league feed's own; `start` is the aware tip-off time.

    `home` and `away` are team codes. `day` is the league's own date (US Eastern), where a feed
    gives it. `neutral` is whether neither team plays at home.
    """

    id: str
    league: str
    home: str
    away: str
    start: datetime
    day: date | None = field(default=None, compare=False)
    neutral: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a game that could not be matched or timed."""
        if self.start.tzinfo is None:
            raise ValueError(f"game {self.id}: the start needs a time zone")
        if self.league not in LEAGUES:
            raise ValueError(f"game {self.id}: unknown league {self.league!r}")
        if self.home == self.away:
            raise ValueError(f"game {self.id}: {self.home} cannot play itself")

    @property
    def rules(self) -> League:
        """The league's rules of time."""
        return LEAGUES[self.league]

    @property
    def slate(self) -> date:
        """The league's own date of the game."""
        return self.day or slate_date(self.start)

    @property
    def name(self) -> str:
        """The matchup as bettors write it: `LAL@DEN`."""
        return f"{self.away}@{self.home}"

    @property
    def teams(self) -> tuple[tuple[str, str], ...]:
        """League and code of both teams."""
        return (self.league, self.away), (self.league, self.home)

    def code(self, side: Side) -> str:
        """The code of one side's team."""
        return self.home if side is Side.HOME else self.away

    def side_of(self, code: str) -> Side | None:
        """The side on which a team plays, or None when it does not."""
        match code:
            case self.home:
                return Side.HOME
            case self.away:
                return Side.AWAY
            case _:
                return None


SAME_NIGHT = timedelta(hours=12)
"""Two tip-offs that are closer than this are the same game, should the dates differ: no two teams
play each other twice within it."""


def same_teams(one: Game, other: Game) -> bool:
    """Whether two games are between the same teams, whoever is said to be at home."""
    return one.league == other.league and {one.home, one.away} == {other.home, other.away}


def same_meeting(one: Game, other: Game) -> bool:
    """Whether two games, as documents tell them, are one: at a neutral site sides may differ."""
    if not same_teams(one, other):
        return False
    return one.slate == other.slate or abs(one.start - other.start) < SAME_NIGHT


@dataclass(frozen=True, slots=True)
class PlayerLine:
    """A player's box line so far.

    `minutes` is in minutes; `stats` holds pts, reb, ast, stl, blk, 3pm and to. `doubt` says what a
    final box tells otherwise than what was seen of him; the figures are then those that were seen.
    `out` is whether the document says that he does not play tonight: who is merely not seen yet may
    still come in.
    """

    id: str
    name: str
    side: Side
    stats: tuple[tuple[str, int], ...]
    minutes: float = 0.0
    fouls: int = 0
    on_court: bool = False
    starter: bool = False
    played: bool = False
    note: str | None = None
    doubt: str = ""
    out: bool = False
    seen: float | None = None
    """Minutes of the game that were played when he was last known to be on the court."""

    def stat(self, name: str) -> int:
        """One statistic; KeyError when the feed does not give it."""
        return dict(self.stats)[name]


@dataclass(frozen=True, slots=True)
class TeamBox:
    """A team's figures so far: tries from the field and the line, own rebounds, and so on.

    `oreb` leaves out rebounds that no player is given; `fouls` are the players' own.
    """

    fga: int
    fta: int
    oreb: int
    to: int
    fouls: int

    def __post_init__(self) -> None:
        """Refuse what no box can show."""
        if min(self.fga, self.fta, self.oreb, self.to, self.fouls) < 0:
            raise ValueError("a box's figures cannot be negative")

    @property
    def possessions(self) -> float:
        """How often the team has had the ball, as a box tells: .44 of a free throw ends a trip."""
        return self.fga + 0.44 * self.fta - self.oreb + self.to


@dataclass(frozen=True, slots=True)
class Box:
    """Both teams' figures, and how many seconds were left when they were told.

    `left` is as in `GameState.seconds_left`; a box may be a little older than the score beside it.
    """

    home: TeamBox
    away: TeamBox
    left: float

    @property
    def possessions(self) -> float:
        """Possessions of a team: the mean of both."""
        return (self.home.possessions + self.away.possessions) / 2

    @property
    def fouls(self) -> int:
        """Fouls of both teams."""
        return self.home.fouls + self.away.fouls

    @property
    def turned(self) -> Box:
        """The same with the sides exchanged."""
        return Box(self.away, self.home, self.left)


@dataclass(frozen=True, slots=True)
class GameState:
    """What we believe of a game at one moment.

    `period` is 0 before tip-off and counts overtimes above the regulation periods. `clock` is the
    seconds left in the period. `periods` holds each started period's own points and sums to
    `score`, or is None when the feed's figures do not agree. Unknown possession, bonus or
    time-outs are None. `bonus` is whether a side shoots free throws on the next common foul. `box`
    holds both teams' figures and `tip` is the side that had the ball first, where they are told.
    Two states are equal when what happens on the court is: a moved tip-off or a player's line is no
    difference. `doubt` says what another document tells of the end of the game: it is not believed
    while they contradict each other.
    """

    game: Game = field(compare=False)
    phase: Phase
    period: int
    clock: float
    score: Score
    periods: tuple[Score, ...] | None = None
    possession: Side | None = None
    bonus: Pair[bool] | None = None
    timeouts: Pair[int] | None = None
    players: tuple[PlayerLine, ...] = field(default=(), compare=False)
    doubt: str = field(default="", compare=False)
    box: Box | None = field(default=None, compare=False)
    tip: Side | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse a state that no game can be in."""
        if not math.isfinite(self.clock) or self.clock < 0:
            raise ValueError(f"the game clock cannot be {self.clock}")
        if self.period < 0:
            raise ValueError(f"the period cannot be {self.period}")
        if self.clock > self.game.rules.length_of(self.period):
            raise ValueError(f"period {self.period} has no {self.clock:g} seconds left")
        if (self.phase.in_play or self.phase is Phase.FINAL) and self.period < 1:
            raise ValueError(f"a {self.phase.value} game needs a period")
        if self.periods is not None:
            home = sum(x.home for x in self.periods)
            away = sum(x.away for x in self.periods)
            if (home, away) != (self.score.home, self.score.away):
                raise ValueError("the points by period do not add up to the score")

    @property
    def seconds_left(self) -> float:
        """Seconds left in regulation, or in the current overtime once that has begun."""
        rules = self.game.rules
        if self.phase is Phase.FINAL:
            return 0.0
        if self.period == 0:
            return float(rules.regulation_seconds)
        return rules.seconds_left(self.period, self.clock)

    @property
    def overtime(self) -> int:
        """Which overtime is being (or was last) played: 0 in regulation."""
        return max(0, self.period - self.game.rules.periods)

    @property
    def game_clock(self) -> str:
        """The moment as a scoreboard shows it: `Q3 4:11`, `End Q1`, `Half`, `Final/OT`."""
        rules = self.game.rules
        match self.phase:
            case Phase.FINAL:
                name = rules.period_name(self.period)
                return f"Final/{name}" if self.overtime else "Final"
            case Phase.SCHEDULED | Phase.POSTPONED | Phase.CANCELLED | Phase.SUSPENDED:
                return self.phase.value.capitalize()
            case Phase.BREAK | Phase.LIVE:
                if self.phase is Phase.BREAK and self.clock == 0:
                    half = self.period * 2 == rules.periods
                    return "Half" if half else f"End {rules.period_name(self.period)}"
                return f"{rules.period_name(self.period)} {clock_text(self.clock)}"


def halves_of(league: str, periods: Sequence[Score]) -> tuple[int, int] | None:
    """Both teams' points in each half of regulation, from those of its periods.

    None while they are not all known.
    """
    count = LEAGUES[league].periods
    if len(periods) < count:
        return None
    first, second = periods[: count // 2], periods[count // 2 : count]
    return sum(x.total for x in first), sum(x.total for x in second)


def clock_text(seconds: float) -> str:
    """A game clock as it is shown: `4:11`, and with tenths inside the last minute: `0:07.4`."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        tenths = math.floor(seconds * 10 + 1e-6) / 10
        return f"0:{tenths:04.1f}" if tenths % 1 else f"0:{int(tenths):02d}"
    whole = math.ceil(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
