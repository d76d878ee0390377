"""Games: a scheduled game, and the state that the program believes it is in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from tracker.domain.chance import maker
from tracker.domain.league import LEAGUES, NBA, NCAAW, League, slate_date

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
    """Where a game stands. `BREAK` is any pause between periods; a suspended game may resume."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    BREAK = "break"
    SUSPENDED = "suspended"
    FINAL = "final"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"

    @property
    def in_play(self) -> bool:
        """Whether the game has tipped off and is not over."""
        return self in (Phase.LIVE, Phase.BREAK, Phase.SUSPENDED)

    @property
    def off(self) -> bool:
        """Whether the game will not be played as scheduled."""
        return self in (Phase.POSTPONED, Phase.CANCELLED)

    @property
    def over(self) -> bool:
        """Whether nothing more is played: the game has ended, or is off."""
        return self is Phase.FINAL or self.off

    @property
    def rank(self) -> int:
        """How far a game in this phase has come: 0 before tip-off, 1 in play, 2 over."""
        return 2 if self is Phase.FINAL else int(self.in_play)


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """One value for each side."""

    home: T
    away: T


@dataclass(frozen=True, slots=True)
class Score:
    """Points of both teams, each 0 or more."""

    home: int
    away: int

    def __post_init__(self) -> None:
        """Refuse negative points."""
        if self.home < 0 or self.away < 0:
            raise ValueError(f"a score cannot be negative: {self.home}-{self.away}")

    def of(self, side: Side) -> int:
        """Points of one side."""
        return self.home if side is Side.HOME else self.away

    @property
    def text(self) -> str:
        """The score as reasons and log lines show it, away points first: `91-98`."""
        return f"{self.away}-{self.home}"

    @property
    def margin(self) -> int:
        """Home points minus away points."""
        return self.home - self.away

    @property
    def total(self) -> int:
        """Points of both teams."""
        return self.home + self.away


OWN_DIGITS = 10
"""The digits of a game's id where the NBA, the WNBA or the G League gives it."""

UNCOUNTED = "1", "3"
"""The third digit of such an id of a preseason game and of an All-Star game. They rate no team, and
nobody plays in a season as in them."""


UNDECIDED = "TBD"
"""Stands for a team that a bracket does not have yet."""


def id_of_playoffs(game_id: str) -> bool:
    """Whether an id is that of a game of the play-offs; False for another source's id."""
    return len(game_id) == OWN_DIGITS and game_id[2] == "4"


@dataclass(frozen=True, slots=True)
class Game:
    """A scheduled game. `id` is the league feed's own; `start` is the aware tip-off time.

    `home` and `away` are team codes. `day` is the league's own date (US Eastern), None when no feed
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
        """Refuse a naive start, an unknown league, and a team that plays itself."""
        if self.start.tzinfo is None:
            raise ValueError(f"game {self.id}: the start needs a time zone")
        if self.league not in LEAGUES:
            raise ValueError(f"game {self.id}: unknown league {self.league!r}")
        if self.home == self.away:
            raise ValueError(f"game {self.id}: {self.home} cannot play itself")

    @property
    def rules(self) -> League:
        """The league with its rules of time."""
        return LEAGUES[self.league]

    @property
    def slate(self) -> date:
        """The league's own date of the game, worked out from the start where no feed gives it."""
        return self.day or slate_date(self.start)

    @property
    def name(self) -> str:
        """The matchup as bettors write it: `LAL@DEN`."""
        return f"{self.away}@{self.home}"

    @property
    def full(self) -> str:
        """The matchup and, outside the NBA, its league: `LSU @ SC (NCAA women)`."""
        return f"{self.away} @ {self.home}{self.of_league}"

    @property
    def title(self) -> str:
        """The matchup and, outside the NBA, its league: of one day, no other game has it."""
        return self.name + self.of_league

    @property
    def of_league(self) -> str:
        """The league in brackets, since a school has two teams; empty for the NBA."""
        return "" if self.league == NBA.id else f" ({self.rules.name})"

    @property
    def of_women(self) -> str:
        """` (W)` behind a college's women, whose men may play the same opponent that day."""
        return " (W)" if self.league == NCAAW.id else ""

    @property
    def counts(self) -> bool:
        """Whether the game is of a season: no preseason or All-Star game by its id."""
        return not (len(self.id) == OWN_DIGITS and self.id[2] in UNCOUNTED)

    @property
    def undecided(self) -> bool:
        """Whether one of its teams is not known yet: no bet can be on it before."""
        return UNDECIDED in (self.home, self.away)

    @property
    def playoffs(self) -> bool:
        """Whether it is a game of the play-offs, by its id; False where another source names it."""
        return id_of_playoffs(self.id)

    @property
    def teams(self) -> tuple[tuple[str, str], ...]:
        """League and code of both teams."""
        return (self.league, self.away), (self.league, self.home)

    def code(self, side: Side) -> str:
        """The code of one side's team."""
        return self.home if side is Side.HOME else self.away

    def side_of(self, code: str) -> Side | None:
        """The side of a team; None when it does not play in this game."""
        match code:
            case self.home:
                return Side.HOME
            case self.away:
                return Side.AWAY
            case _:
                return None


SAME_NIGHT = timedelta(hours=12)
"""Two tip-offs of the same teams that are closer than this are one game, even if its dates differ:
no two teams play each other twice within that time."""


def same_teams(one: Game, other: Game) -> bool:
    """Whether two games are between the same teams, whichever is at home."""
    return one.league == other.league and {one.home, one.away} == {other.home, other.away}


def same_meeting(one: Game, other: Game) -> bool:
    """Whether two sources' games are one game. At a neutral site their sides may differ."""
    if not same_teams(one, other):
        return False
    return one.slate == other.slate or abs(one.start - other.start) < SAME_NIGHT


@dataclass(frozen=True, slots=True)
class PlayerLine:
    """A player's figures in a box score so far.

    `minutes` is in minutes; `stats` holds pts, reb, ast, stl, blk, 3pm and to. `doubt` says in what
    a final box contradicts earlier polls; the figures are then those of the earlier polls. `out` is
    whether the source says that he does not play tonight: a player who has only not played yet may
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
    """Minutes of the game that had been played when he was last seen on the court."""

    @property
    def perhaps_ejected(self) -> bool:
        """Whether his technical fouls may have ended his game."""
        return self.note == TWO_TECHNICALS

    def seen_at(self, minute: float | None) -> PlayerLine:
        """The line of a player who was last seen on the court at another minute."""
        return _PLAYER_LINE(
            self.id, self.name, self.side, self.stats, self.minutes, self.fouls, self.on_court,
            self.starter, self.played, self.note, self.doubt, self.out, minute,
        )  # fmt: skip


_PLAYER_LINE = maker(PlayerLine)

TWO_TECHNICALS = "two technical fouls"
"""The note of a player who has two and is off the court. Mostly he was ejected; but one for a flop
or for hanging on the rim ejects nobody, and the league's box does not tell them apart."""

LAST_TWO_MINUTES = 120.0
"""Seconds of regulation in which one shot decides most: polls come faster, and one reading is
enough for an alert."""

LAST_FIVE_MINUTES = 300.0
"""Seconds of regulation in which the play-by-play is asked who has the ball. With the ball and free
throws known from 5:00 to 2:00 the Brier score of 600 NBA games is better by .0006 ± .0001 (win),
.0015 ± .0002 (margin) and .0005 ± .0003 (total)."""

MOST_FREE_THROWS = 3
"""The most free throws that a foul gives."""


@dataclass(frozen=True, slots=True)
class FreeThrows:
    """Free throws that are still to come: the side at the line, and how many (1 to 3).

    `shooter` is the id of the player who shoots them, None where it is unknown. `kept` is the side
    that has the ball after the last one, as after a flagrant or a technical foul; None where play
    goes on from it. `reviewed` is whether a coach has challenged the foul that gave them.
    """

    side: Side
    left: int
    shooter: str | None = None
    kept: Side | None = None
    reviewed: bool = False

    def __post_init__(self) -> None:
        """Refuse a number of free throws that no foul gives."""
        if not 1 <= self.left <= MOST_FREE_THROWS:
            raise ValueError(f"free throws are 1 to {MOST_FREE_THROWS}, not {self.left}")

    @property
    def turned(self) -> FreeThrows:
        """The free throws of the other side."""
        kept = None if self.kept is None else self.kept.other
        return replace(self, side=self.side.other, kept=kept)


ENDING_FREE_THROWS = 0.44
"""The part of free throws attempted that end a possession: the usual estimate."""


@dataclass(frozen=True, slots=True)
class TeamBox:
    """A team's figures in the box score so far: attempts, turnovers, rebounds and fouls.

    `fga` and `fta` are field goals and free throws attempted. `oreb` are the offensive rebounds
    that players are credited with, `to` the turnovers, `fouls` the players' fouls.
    """

    fga: int
    fta: int
    oreb: int
    to: int
    fouls: int

    def __post_init__(self) -> None:
        """Refuse negative figures."""
        if min(self.fga, self.fta, self.oreb, self.to, self.fouls) < 0:
            raise ValueError("a box's figures cannot be negative")

    @property
    def possessions(self) -> float:
        """The team's possessions, estimated from the box."""
        return self.fga + ENDING_FREE_THROWS * self.fta - self.oreb + self.to


@dataclass(frozen=True, slots=True)
class Box:
    """Both teams' figures. `left` is how many seconds were left when the box was written.

    `left` counts as `GameState.seconds_left` does; a box may be a little older than the score of
    the same state.
    """

    home: TeamBox
    away: TeamBox
    left: float

    @property
    def possessions(self) -> float:
        """Possessions of one team: the mean of both teams."""
        return (self.home.possessions + self.away.possessions) / 2

    @property
    def fouls(self) -> int:
        """Fouls of both teams."""
        return self.home.fouls + self.away.fouls

    @property
    def turned(self) -> Box:
        """The box with home and away exchanged."""
        return Box(self.away, self.home, self.left)


@dataclass(frozen=True, slots=True)
class GameState:
    """The state of a game at one moment, as a poll reports it or as the program believes it.

    `period` is 0 before tip-off and counts overtimes above the regulation periods. `clock` is the
    seconds left in the period. `periods` holds each started period's own points and sums to
    `score`, or is None when the feed's figures do not agree. Possession, bonus and time-outs are
    None where unknown. `bonus` is whether a side shoots free throws on the next common foul, and
    `throws` are those that a foul has given and that are to come, None where none are known. `box`
    holds both teams' figures and `tip` is the side that had the ball first; each is None where the
    feed does not give it. `doubt` says how another document, or its own id, contradicts this end of
    the game: it is not believed while they contradict each other.

    Two states are equal when the game on the court is the same: the tip-off time, the players, the
    box, `tip` and `doubt` are not compared.
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
    throws: FreeThrows | None = None

    def __post_init__(self) -> None:
        """Refuse an impossible clock or period, and periods that do not add up to the score."""
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

    @classmethod
    def scheduled(cls, game: Game) -> GameState:
        """The state of a game of which nothing is known but that it is to be played."""
        return cls(game, Phase.SCHEDULED, 0, 0.0, Score(0, 0))

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
        """The number of the current or last overtime; 0 in regulation."""
        return max(0, self.period - self.game.rules.periods)

    @property
    def played_out(self) -> bool:
        """Whether the last period, or an overtime, is over: only a tie brings another."""
        ended = self.phase is not Phase.LIVE and self.clock == 0
        return ended and self.period >= self.game.rules.periods

    @property
    def drawn(self) -> bool:
        """Whether the game is level where it would be over, so that an overtime is to come."""
        return self.played_out and self.score.margin == 0

    @property
    def last_two_minutes(self) -> bool:
        """Whether these are the last two minutes of regulation, or an overtime."""
        return self._ends_within(LAST_TWO_MINUTES)

    @property
    def last_five_minutes(self) -> bool:
        """Whether these are the last five minutes of regulation, or an overtime."""
        return self._ends_within(LAST_FIVE_MINUTES)

    def _ends_within(self, seconds: float) -> bool:
        last = self.period == self.game.rules.periods
        return self.overtime > 0 or (last and self.clock <= seconds)

    def points_in(self, first: int, last: int | None) -> Score | None:
        """The points so far of some periods, to the end of overtime where `last` is None.

        None where they are not known. The points by period are needed only where another period
        than these has begun.
        """
        if first == 1 and (last is None or last >= self.period):
            return self.score
        if self.periods is None:
            return None
        counted = self.periods[first - 1 : last]
        return Score(sum(x.home for x in counted), sum(x.away for x in counted))

    @property
    def game_clock(self) -> str:
        """The game clock as a scoreboard shows it: `Q3 4:11`, `End Q1`, `Half`, `Final/OT`."""
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


Listing = tuple[Game, GameState | None]
"""A game of a slate, with its state where one is known."""


def halves_of(league: str, periods: Sequence[Score]) -> tuple[int, int] | None:
    """The points of both teams together in each half of regulation, from the points by period.

    None while a regulation period is missing.
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
