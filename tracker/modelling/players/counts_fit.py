"""How what players add varies about its mean, by likelihood on recorded games."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from tracker.domain.player import Stat
from tracker.forecast.players.counts import BASIC, PLACE, Habits, Remainder
from tracker.forecast.players.figures import GAME_MINUTES
from tracker.modelling.players.known import (
    END,
    Known,
    expected_minutes,
    expected_rates,
    remainders,
)
from tracker.modelling.players.sample import (
    odds_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

SPREADS = (0.3, 5.0)
"""Logs of the shapes of the gamma among which the best is sought."""


SPREAD_AT = ("tip", "half", "end Q3")
"""The moments at which the spread of the rates is fitted."""


SPREAD_ROWS = 30_000
"""Players looked at for ties, at each."""

LIKELIHOOD_ROWS = 2_500
"""Those among them whose likelihood is taken."""


def fit_overtime(known: Known, train: Array, usual: Array) -> list[float]:
    """What share of an overtime a player has, by least squares."""
    rows = known.rows
    moment, end = rows.moments["5:00"], rows.moments[END]
    used = train & (rows.periods[rows.game] == rows.league.periods + 1)
    if used.sum() < 200:  # noqa: PLR2004 - a dozen games
        return [-0.6, 0.6, 0.2, 2.0]
    share = np.clip((rows.minutes - end.minutes)[used] / 5, 0, 1)
    before = np.clip((end.minutes - moment.minutes)[used] / 5, 0, 1)
    odds, starter = odds_of(usual[used] / GAME_MINUTES), rows.starter[used].astype(float)

    def cost(x: Array) -> float:
        told = 1 / (1 + np.exp(-(x[0] + x[1] * odds + x[2] * starter + x[3] * before)))
        return float(((told - share) ** 2).mean())

    found = minimize(cost, np.array([-2.0, 0.5, 0.2, 3.0]), method="Nelder-Mead")
    return [round(float(x), 4) for x in found.x]


@dataclass(frozen=True, eq=False)
class Sight:
    """Players at one moment: the model's chances and means, and what they went on to add."""

    chances: Array
    means: Array
    more: Array


def sights(known: Known, train: Array, document: dict[str, Any]) -> list[Sight]:
    """A few thousand players at each of SPREAD_AT."""
    rows = known.rows
    usual = expected_minutes(known, document["prior"])
    rates = expected_rates(known, document["rates"], usual)
    found = []
    for name in SPREAD_AT:
        moment = rows.moments[name]
        fit = np.flatnonzero(train & (moment.fouls < document["fouls"]))
        which = fit[:: max(fit.size // SPREAD_ROWS, 1)]
        chances, means = remainders(known, document, name, which, usual, rates)
        found.append(Sight(chances, means, rows.final[which] - moment.stats[which]))
    return found


def fit_spread(
    seen: Sequence[Sight], trips: tuple[float, ...], progress: Callable[[float], None]
) -> list[float]:
    """The shape of each figure's gamma, by the likelihood of what was added."""
    none = tuple((0.0,) * len(BASIC) for _ in BASIC)
    found = []
    for i, stat in enumerate(BASIC):
        progress(i / len(BASIC))

        def cost(shape: float, i: int = i, stat: Stat = stat) -> float:
            habits = Habits((math.exp(shape),) * len(BASIC), trips, none)
            return sum(_cost(one, stat, i, habits) for one in seen)

        best = minimize_scalar(
            cost, bounds=SPREADS, method="bounded", options={"xatol": 0.05, "maxiter": 12}
        )
        found.append(round(math.exp(float(best.x)), 3))
    return found


def _cost(one: Sight, stat: Stat, i: int, habits: Habits) -> float:
    """Minus the log-likelihood of a figure at a moment."""
    some = slice(None, None, max(one.more.shape[0] // LIKELIHOOD_ROWS, 1))
    added = Remainder(one.chances[some], one.means[:, some], habits).added(stat)
    count = np.minimum(one.more[some, i], added.shape[1] - 1)
    return -float(np.log(np.maximum(added[np.arange(count.size), count], 1e-9)).sum())


def fit_ties(seen: Sequence[Sight]) -> list[list[float]]:
    """What covariance of two figures the minutes leave over, by moments; none below 0."""
    ties = np.zeros((len(BASIC), len(BASIC)))
    for i, j in combinations(sorted(PLACE[x] for x in Stat.PRA.parts), 2):
        over = whole = 0.0
        for one in seen:
            a, b = one.means[i], one.means[j]
            mean_a, mean_b = ((one.chances * x).sum(axis=1) for x in (a, b))
            told = (one.chances * a * b).sum(axis=1) - mean_a * mean_b
            over += float(((one.more[:, i] - mean_a) * (one.more[:, j] - mean_b) - told).sum())
            whole += float((one.chances * np.sqrt(a * b)).sum())
        ties[i, j] = ties[j, i] = max(over / whole, 0.0)
    return [list(map(float, row)) for row in ties.round(4)]
