"""Team ratings from recorded results: their figures, and what they knew before each game."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize

from tracker.forecast.ratings import LEVEL_GAMES, RatingFigures
from tracker.modelling.games.trace import Priors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tracker.modelling.games.dataset import Games

    Array = NDArray[Any]


def walk_forward(games: Games, figures: RatingFigures) -> Priors:
    """Priors of all games from the results before each: what ratings knew at its tip-off."""
    order = np.lexsort((games.id, games.date, games.season))
    told = _run(games, order, figures)
    out = np.zeros((len(order), 4))
    out[order] = told
    usable = np.ones(len(order), bool)
    return Priors(
        out[:, 0], np.maximum(out[:, 2], np.abs(out[:, 0]) + 1),
        np.sqrt(out[:, 1]), np.sqrt(out[:, 3]), usable, games.ends,
    )  # fmt: skip


def fit_ratings(games: Games, rows: Array, progress: Callable[[float], None]) -> RatingFigures:
    """Figures that make each result likeliest before it is known, over `rows` of the games."""
    order = rows[np.lexsort((games.id[rows], games.date[rows], games.season[rows]))]
    margin = (games.home - games.away)[order].astype(float)
    total = (games.home + games.away)[order].astype(float)
    start = np.array([2.5, total.mean(), *np.log([12.0, 16.0, 6.0, 6.0, 0.4]), 0.5])
    calls = 0

    def cost(x: Array) -> float:
        nonlocal calls
        calls += 1
        if calls % 20 == 0:
            progress(min(calls / 400, 1.0))
        figures = _figures(x)
        told = _run(games, order, figures)
        by_margin = told[:, 1] + figures.margin_noise**2
        by_total = told[:, 3] + figures.total_noise**2
        each = np.log(by_margin) + (margin - told[:, 0]) ** 2 / by_margin
        each += np.log(by_total) + (total - told[:, 2]) ** 2 / by_total
        return float(each.mean() / 2)

    found = minimize(
        cost, start, method="Nelder-Mead", options={"maxfev": 400, "xatol": 0.01, "fatol": 1e-4}
    )
    return _figures(found.x)


def _figures(x: Array) -> RatingFigures:
    sds = np.exp(x[2:7])
    return RatingFigures(
        home_edge=round(float(x[0]), 4),
        mean_total=round(float(x[1]), 3),
        margin_noise=round(float(sds[0]), 4),
        total_noise=round(float(sds[1]), 4),
        margin_spread=round(float(sds[2]), 4),
        total_spread=round(float(sds[3]), 4),
        drift=round(float(sds[4]), 4),
        carry=round(1 / (1 + math.exp(-float(x[7]))), 4),
    )


def _run(games: Games, order: Array, f: RatingFigures) -> Array:
    """Expected margin and its variance, total and its variance, before each game of `order`.

    The same steps as `tracker.forecast.ratings`, on bare numbers for speed.
    """
    strong, fast, drift, keep = f.margin_spread**2, f.total_spread**2, f.drift**2, f.carry
    new = 1 - keep * keep
    teams: dict[str, tuple[str, float, float, float, float]] = {}
    mean = f.mean_total
    out = np.zeros((len(order), 4))
    seasons, homes, aways = (
        x[order].tolist() for x in (games.season, games.home_team, games.away_team)
    )
    points = list(zip(games.home[order].tolist(), games.away[order].tolist(), strict=True))

    def of(team: str, season: str) -> tuple[float, float, float, float]:
        known = teams.get(team)
        if known is None:
            return 0.0, strong, 0.0, fast
        if known[0] == season:
            return known[1:]
        _, s, vs, t, vt = known
        return s * keep, vs * keep * keep + strong * new, t * keep, vt * keep * keep + fast * new

    for k, season in enumerate(seasons):
        sa, va, ta, wa = of(homes[k], season)
        sb, vb, tb, wb = of(aways[k], season)
        out[k] = (f.home_edge + sa - sb, va + vb, mean + ta + tb, wa + wb)
        home, away = points[k]
        margin, total = home - away - out[k, 0], home + away - out[k, 2]
        by_margin, by_total = va + vb + f.margin_noise**2, wa + wb + f.total_noise**2
        for team, s, v, t, w, sign in (
            (homes[k], sa, va, ta, wa, 1), (aways[k], sb, vb, tb, wb, -1),
        ):  # fmt: skip
            gain, pull = v / by_margin, w / by_total
            teams[team] = (
                season,
                s + sign * gain * margin, v * (1 - gain) + drift,
                t + pull * total, w * (1 - pull) + drift,
            )  # fmt: skip
        mean += total / LEVEL_GAMES
    return out


def figures_of(figures: RatingFigures) -> Mapping[str, float]:
    """The figures as they are written to a parameters file."""
    return {name: getattr(figures, name) for name in RatingFigures.__dataclass_fields__}
