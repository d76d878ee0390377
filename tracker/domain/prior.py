"""Priors: what was believed of a game before tip-off, and how its teams have fared lately."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum


class PriorSource(StrEnum):
    """Where a prior comes from, best first."""

    LINES = "lines"
    RATINGS = "ratings"
    LEAGUE = "league"


@dataclass(frozen=True, slots=True)
class Lines:
    """Closing lines as a person gives them. `home_spread` is negative when home is favoured.

    `total` is points of both teams; moneylines are decimal odds. All may be missing.
    """

    home_spread: float | None = None
    total: float | None = None
    home_ml: float | None = None
    away_ml: float | None = None

    @property
    def empty(self) -> bool:
        """Nothing is known."""
        return self == NO_LINES


NO_LINES = Lines()


@dataclass(frozen=True, slots=True)
class PregameLines:
    """Lines of a game that somebody told of before its tip-off: `by` names them, `at` is when."""

    lines: Lines
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SourcedPrior:
    """The prior that a chance rests on, in points, home minus away and together; `by` tells it."""

    margin: float
    total: float
    by: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What an outlook rests on beside the state: the prior, the model, players and line-ups.

    `out` are the players who are out, None while no box tells.
    """

    prior: SourcedPrior | None
    versions: tuple[str, str, str]
    players: tuple[object, ...]
    out: frozenset[tuple[str, str]] | None

    def after(self, before: Basis) -> Basis:
        """This, with the line-up of an earlier one where no box tells of it now."""
        return replace(self, out=before.out) if self.out is None else self

    def renews(self, before: Basis) -> bool:
        """Whether chances have changed by more than the game since an earlier one."""
        if (self.prior, self.versions, self.players) != (
            before.prior,
            before.versions,
            before.players,
        ):
            return True
        return None not in (self.out, before.out) and self.out != before.out


@dataclass(frozen=True, slots=True)
class Finished:
    """A game that is over, as beliefs before later games look at it.

    Points count overtime, `day` is the league's date. `halves` are both teams' points together in
    the first and in the second half of regulation, where the points by period are known. `pace` is
    the possessions of a side in as many minutes as regulation has, where a box told.
    """

    league: str
    day: date
    home: str
    away: str
    home_points: int
    away_points: int
    halves: tuple[int, int] | None = None
    pace: float | None = None


@dataclass(frozen=True, slots=True)
class Prior:
    """The expected final margin (home minus away) and total, in points, overtime included.

    `margin_sd` and `total_sd` are the prior's own standard errors in points, beyond the game's
    natural spread: 0 for closing lines, larger for ratings and for the league's average. `ends` is
    what is believed of the end that the road team attacks first, -1 to 1: 1 is the kind whose games
    bring more points after half-time, 0 knows nothing (a neutral court).
    """

    margin: float
    total: float
    source: PriorSource
    margin_sd: float = 0.0
    total_sd: float = 0.0
    ends: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no game can be expected to give."""
        if not all(math.isfinite(x) for x in (self.margin, self.total)):
            raise ValueError("a prior must be finite")
        if self.total <= abs(self.margin):
            raise ValueError(f"a total of {self.total} cannot hold a margin of {self.margin}")
        if self.margin_sd < 0 or self.total_sd < 0:
            raise ValueError("a prior's standard error cannot be negative")
        if not -1 <= self.ends <= 1:
            raise ValueError(f"the ends lean from -1 to 1, not {self.ends}")


LAST = 5
"""Games that form is made of."""


@dataclass(frozen=True, slots=True)
class Form:
    """A team's last games before a league's date; points are means over `games` of them.

    `streak` counts wins in a row, below 0 losses. `rest_days` are full days since the last game, 0
    the day after one, which is `back_to_back`. `pace` is the mean possessions of a side in a game's
    regulation, of those games whose box told; None where none did.
    """

    league: str
    team: str
    day: date
    games: int
    points_for: float
    points_against: float
    streak: int
    rest_days: int
    back_to_back: bool
    pace: float | None = None

    @property
    def margin(self) -> float:
        """Mean points by which the team was ahead at the end."""
        return self.points_for - self.points_against


def form_of(team: str, league: str, day: date, finished: Iterable[Finished]) -> Form | None:
    """A team's form on the morning of a date, from results in order of play; None without any."""
    mine = [
        (
            x.day,
            *((x.home_points, x.away_points) if x.home == team else (x.away_points, x.home_points)),
            x.pace,
        )
        for x in finished
        if team in (x.home, x.away) and x.day < day and x.league == league
    ]
    if not mine:
        return None
    last = mine[-LAST:]
    rest = (day - mine[-1][0]).days - 1
    paces = [x[3] for x in last if x[3] is not None]
    return Form(
        league=league,
        team=team,
        day=day,
        games=len(last),
        points_for=sum(x[1] for x in last) / len(last),
        points_against=sum(x[2] for x in last) / len(last),
        streak=_streak([x[1] > x[2] for x in mine]),
        rest_days=rest,
        back_to_back=rest == 0,
        pace=sum(paces) / len(paces) if paces else None,
    )


def _streak(won: list[bool]) -> int:
    count = 0
    for one in reversed(won):
        if one is not won[-1]:
            break
        count += 1
    return count if won[-1] else -count
