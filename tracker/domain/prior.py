"""Priors: what was believed of a game before tip-off, and the recent form of its teams."""

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

    `total` is points of both teams; moneylines are decimal odds. Any may be None.
    """

    home_spread: float | None = None
    total: float | None = None
    home_ml: float | None = None
    away_ml: float | None = None

    @property
    def empty(self) -> bool:
        """Whether no line is known."""
        return self == NO_LINES

    @property
    def exchanged(self) -> Lines:
        """The same lines where the other team is called home."""
        spread = None if self.home_spread is None else -self.home_spread
        return Lines(spread, self.total, self.away_ml, self.home_ml)


NO_LINES = Lines()

LIKELY_SPREADS, LIKELY_TOTALS = (-60, 60), (80, 400)
"""The least and the largest line on a game that a person can mean, in points."""


@dataclass(frozen=True, slots=True)
class PregameLines:
    """Lines of a game from before its tip-off: `by` names the source, `at` is their time."""

    lines: Lines
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SourcedPrior:
    """The prior that a chance rests on, in points, with the name of its source (`by`).

    `margin` is home minus away, `total` the points of both teams.
    """

    margin: float
    total: float
    by: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What an outlook rests on besides the game state.

    `versions` are those of the model, its features and its calibrations. `players` are the players'
    priors. `out` holds side and name of the players who are out, None while no poll lists the
    players.
    """

    prior: SourcedPrior | None
    versions: tuple[str, str, str]
    players: tuple[object, ...]
    out: frozenset[tuple[str, str]] | None

    def after(self, before: Basis) -> Basis:
        """This basis, with the `out` players of an earlier one where its own are not known."""
        return replace(self, out=before.out) if self.out is None else self

    def renews(self, before: Basis) -> bool:
        """Whether more than the game moved the chances since an earlier basis."""
        if (self.prior, self.versions, self.players) != (
            before.prior,
            before.versions,
            before.players,
        ):
            return True
        return None not in (self.out, before.out) and self.out != before.out


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished game, as the priors of later games use it.

    Points count overtime, `day` is the league's date. `halves` are the points of both teams
    together in the first and in the second half of regulation, None where the points by period are
    not known. `pace` is one team's possessions per regulation length, None without a box score.
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
    the belief about which basket the road team attacks first, from -1 to 1: at 1 it is surely the
    one that brings more points after half-time, at 0 nothing is known (a neutral court). `shift` is
    by how many points the league's figures need margin and total moved to expect what a line says.
    """

    margin: float
    total: float
    source: PriorSource
    margin_sd: float = 0.0
    total_sd: float = 0.0
    ends: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse figures that are not finite or contradict each other."""
        if not all(math.isfinite(x) for x in (self.margin, self.total)):
            raise ValueError("a prior must be finite")
        if self.total <= abs(self.margin):
            raise ValueError(f"a total of {self.total} cannot hold a margin of {self.margin}")
        if self.margin_sd < 0 or self.total_sd < 0:
            raise ValueError("a prior's standard error cannot be negative")
        if not -1 <= self.ends <= 1:
            raise ValueError(f"the ends lean from -1 to 1, not {self.ends}")


LAST = 5
"""How many of a team's last games its form is made of."""


@dataclass(frozen=True, slots=True)
class Form:
    """A team's form on a league's date, from its last games; points are means over `games` games.

    `streak` counts wins in a row, or losses where it is below 0. `rest_days` are full days since
    the last game: 0 on the day after it, which is `back_to_back`. `pace` is the mean of the games'
    pace (as in `Finished`) where it is known, None where no game has one.
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


def form_of(team: str, league: str, day: date, finished: Iterable[Finished]) -> Form | None:
    """A team's form on the morning of a date, from results in order of play; None without games."""
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
