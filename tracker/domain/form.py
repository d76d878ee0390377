"""How a team has fared lately, from results alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tracker.domain.prior import Finished

LAST = 5
"""Games that form is made of."""


@dataclass(frozen=True, slots=True)
class Form:
    """A team's last games before a league's date; points are means over `games` of them.

    `streak` counts wins in a row, below 0 losses. `rest_days` are full days since the last game, 0
    the day after one, which is `back_to_back`.
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
        )
        for x in finished
        if team in (x.home, x.away) and x.day < day and x.league == league
    ]
    if not mine:
        return None
    last = mine[-LAST:]
    rest = (day - mine[-1][0]).days - 1
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
    )


def _streak(won: list[bool]) -> int:
    count = 0
    for one in reversed(won):
        if one is not won[-1]:
            break
        count += 1
    return count if won[-1] else -count
