"""States drawn from recorded games, as the figures that the forecast looks at, one array each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tracker.modelling.games.dataset import Dataset
    from tracker.modelling.games.trace import Seconds

    Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Priors:
    """What was believed of each game before tip-off; `use` marks the games that are fitted on."""

    margin: Array
    total: Array
    margin_sd: Array
    total_sd: Array
    use: Array
    ends: Array
    """What was believed of the ends, -1 to 1."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One row a state. Points and seconds; signs are + for the home team."""

    game: Array
    left: Array
    lead: Array
    total: Array
    ball: Array
    bonus_home: Array
    bonus_away: Array
    period_left: Array
    prior_margin: Array
    prior_total: Array
    margin_sd: Array
    total_sd: Array
    end_lead: Array
    """The lead at `until` seconds left."""
    end_total: Array
    ends: Array
    possessions: Array
    """Possessions of a team so far, and fouls of both."""
    fouls: Array
    tip: Array
    half_lead: Array
    """The lead and the total at half-time, or what they were when it was still to come."""
    half_total: Array

    def part(self, rows: Array) -> Sample:
        """Some of the rows."""
        return Sample(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def draw(
    data: Dataset,
    seconds: Seconds,
    priors: Priors,
    games: Array,
    clocks: Iterable[int],
    until: int = 0,
) -> Sample:
    """The states of `games` with each of `clocks` seconds of regulation left."""
    rules = data.league
    regulation = rules.regulation_seconds
    end = regulation - until
    end_home, end_away = (x[games, end].astype(float) for x in (seconds.home, seconds.away))
    parts: list[list[Array]] = []
    ones = np.ones(len(games))
    half = regulation // 2
    for clock in clocks:
        at = regulation - clock
        middle_home, middle_away = (
            x[games, min(at, half)].astype(float) for x in (seconds.home, seconds.away)
        )
        home, away = (x[games, at].astype(float) for x in (seconds.home, seconds.away))
        in_period = clock % rules.period_seconds
        period_left = 1.0 if clock == regulation else in_period / rules.period_seconds
        parts.append([
            games, clock * ones, home - away, home + away,
            seconds.ball[games, at].astype(float),
            seconds.bonus_home[games, at].astype(float),
            seconds.bonus_away[games, at].astype(float),
            period_left * ones,
            priors.margin[games], priors.total[games],
            priors.margin_sd[games], priors.total_sd[games],
            end_home - end_away, end_home + end_away,
            priors.ends[games], seconds.possessions(games, at), seconds.fouls(games, at) * ones,
            seconds.tip[games].astype(float),
            middle_home - middle_away, middle_home + middle_away,
        ])  # fmt: skip
    return Sample(*(np.concatenate(x) for x in zip(*parts, strict=True)))
