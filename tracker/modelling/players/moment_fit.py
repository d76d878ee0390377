"""Fits the player figures of one moment: the share of the time left that players play, and rates.

The share is an ordered logistic model, fitted by maximum likelihood. The rates given the expected
minutes are fitted by Poisson quasi-likelihood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

from tracker.forecast.players.remainder import EDGES
from tracker.modelling import Array
from tracker.modelling.players.known import END, Expected, Inputs, Ordered, PlayerSeasons
from tracker.modelling.players.sample import team_to_come

RIDGE = 1.0
"""The ridge on the weights: a prior worth one player that each is 0, for weights without data."""

WIDEST = 4.0
"""The largest absolute log of a width, which few games could make extreme."""

START_DONE = -5.0
"""The log-odds of playing no more with which the search begins."""

_FAR = 40.0
"""Log-odds beyond which a chance is 0 or 1."""

_ROUNDS = 300
"""The most iterations of the search."""

_CLOSE = 1e-7
"""The relative change of the likelihood at which the search ends."""


def classes(share: Array) -> Array:
    """The class of each share by EDGES; class 0 is a share of 0."""
    found: Array = np.searchsorted(EDGES, share, side="left")
    return found


def fit_ordered(location: Array, width: Array, which: Array, like: Ordered | None) -> Ordered:
    """The ordered model with the highest likelihood of the classes `which`.

    The search begins at `like`, the model of a moment nearby, if there is one.
    """
    by_location, by_width = _level(location), _level(width)
    if like is not None:
        like = replace(like, weights=by_location.T @ like.weights, widths=by_width.T @ like.widths)
    model = _Likelihood(
        solve_triangular(by_location, location.T, lower=True).T,
        solve_triangular(by_width, width.T, lower=True).T,
        which,
        len(EDGES) + 1,
    )
    found = minimize(
        model.cost,
        model.start(like),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ROUNDS, "ftol": _CLOSE},
    )
    read = model.read(found.x)
    return replace(
        read,
        weights=solve_triangular(by_location.T, read.weights),
        widths=solve_triangular(by_width.T, read.widths),
    )


def _level(columns: Array) -> Array:
    """The Cholesky root of the columns' mean products, by which they are made uncorrelated."""
    products = columns.T @ columns / columns.shape[0]
    found: Array = np.linalg.cholesky(products + 1e-4 * np.eye(columns.shape[1]))
    return found


@dataclass(frozen=True, eq=False)
class _Likelihood:
    """Minus the mean log-likelihood of an ordered model, with its gradient.

    The bounds are parametrised by logs of their steps, so that they stay in order.
    """

    location: Array
    width: Array
    which: Array
    count: int

    def start(self, like: Ordered | None) -> Array:
        seen = np.bincount(self.which, minlength=self.count) + 1.0
        sums = np.cumsum(seen)[:-1] / seen.sum()
        odds = np.log(sums / (1 - sums))
        steps = np.log(np.maximum(np.diff(odds), 1e-3))
        rest = np.zeros(self.location.shape[1] + self.width.shape[1])
        if like is not None:
            rest = np.concatenate([like.weights, like.widths])
        return np.concatenate([odds[:1], steps, rest, [START_DONE]])

    def read(self, x: Array) -> Ordered:
        last, middle = self.count - 1, self.location.shape[1]
        bounds = x[0] + np.concatenate([[0.0], np.cumsum(np.exp(np.minimum(x[1:last], WIDEST)))])
        done = float(expit(x[-1]))
        return Ordered(done, bounds, x[last : last + middle], x[last + middle : -1])

    def cost(self, x: Array) -> tuple[float, Array]:
        read, last = self.read(x), self.count - 1
        rows = self.which.size
        narrow = np.exp(np.clip(-(self.width @ read.widths), -WIDEST, WIDEST))
        middle = self.location @ read.weights
        bounds = np.concatenate([[0.0], read.bounds, [0.0]])
        above = (bounds[self.which + 1] - middle) * narrow
        below = (bounds[self.which] - middle) * narrow
        above[self.which == last] = _FAR
        below[self.which == 0] = -_FAR
        top, bottom = expit(above), expit(below)
        plain, none = top - bottom, self.which == 0
        chance = np.maximum(plain * (1 - read.done) + read.done * none, 1e-12)
        part = (1 - read.done) / chance / rows
        by_top, by_bottom = top * (1 - top) * part, bottom * (1 - bottom) * part
        by_done = float(((plain - none) / chance).mean()) * read.done * (1 - read.done)
        small = RIDGE / rows
        ridge = small * (read.weights @ read.weights + read.widths @ read.widths)
        slope_bounds = np.bincount(self.which + 1, -by_top * narrow, self.count + 1)
        slope_bounds += np.bincount(self.which, by_bottom * narrow, self.count + 1)
        inner = np.cumsum(slope_bounds[1 : self.count][::-1])[::-1]
        slope = np.concatenate(
            [
                inner[:1],
                inner[1:] * np.exp(np.minimum(x[1:last], WIDEST)),
                self.location.T @ ((by_top - by_bottom) * narrow) + 2 * small * read.weights,
                self.width.T @ (by_top * above - by_bottom * below) + 2 * small * read.widths,
                [by_done],
            ]
        )
        return float(ridge - np.log(chance).mean()), slope


_STEPS = 12


@dataclass(frozen=True, eq=False)
class Given:
    """Shared by the fits of all moments: `train` is a mask of the player-games to fit on."""

    known: PlayerSeasons
    train: Array
    expected: Expected
    fouls: int


def fit_moment(given: Given, name: str, like: Ordered | None) -> tuple[dict[str, Any], Ordered]:
    """The figures of one moment, as a part of a document, and its ordered model.

    `like` is the model of a moment nearby, with which the search begins.
    """
    known, train = given.known, given.train
    inputs = Inputs.at(known, name, given.expected, given.fouls)
    moment, end, left = inputs.moment, known.rows.moments[END], inputs.minutes_left
    share = np.clip((end.minutes - moment.minutes) / left, 0, 1)
    location, width = inputs.of_shares()
    used = train & (moment.fouls < given.fouls)
    which = classes(share)
    ordered = fit_ordered(location[used], width[used], which[used], like).rounded()
    shares = _class_shares(share[used], which[used])
    chances = ordered.chances(location, width)
    minutes = chances @ shares * left
    whole = known.average / 2
    part = float(team_to_come(known.rows, inputs.scenes)[train].mean()) / whole
    weights, powers = [], []
    longer = _longer(share * left, minutes, used)
    for i, (now, features) in enumerate(inputs.of_rates(part * whole)):
        more = end.stats[:, i] - moment.stats[:, i]
        weights.append(_poisson(features[used], (now * minutes)[used], more[used]))
        mean = now * np.exp(features @ weights[-1]) * share * left
        powers.append(_poisson(longer[used], mean[used], more[used])[1])
    document = {
        "at": round(moment.at, 6),
        "done": ordered.done,
        "bounds": ordered.bounds.tolist(),
        "shares": shares.tolist(),
        "weights": ordered.weights.tolist(),
        "widths": ordered.widths.tolist(),
        "usual": round(part, 5),
        "rates": np.stack(weights).round(5).tolist(),
        "powers": np.round(powers, 4).tolist(),
    }
    return document, ordered


LONGER = 3.0
"""The ratio of played to expected minutes is cut at this and at its inverse."""


def _longer(played: Array, expected: Array, used: Array) -> Array:
    """Two columns: 1, and the log of played over expected minutes (0 for a player without any)."""
    with np.errstate(divide="ignore"):
        ratio = np.log(played / np.maximum(expected, 1e-6))
    ratio = np.clip(ratio, -math.log(LONGER), math.log(LONGER))
    found: Array = np.stack([np.ones(used.size), np.where(played > 0, ratio, 0.0)], axis=1)
    return found


def _class_shares(share: Array, which: Array) -> Array:
    """The mean share of each class; for a class without players its middle."""
    edges = np.r_[0.0, EDGES, 1.0]
    found = np.array(
        [
            share[which == k].mean() if (which == k).any() else (edges[k] + edges[k + 1]) / 2
            for k in range(len(EDGES) + 1)
        ]
    )
    found[0] = 0.0
    return found.round(5)


def _poisson(features: Array, mean: Array, count: Array) -> Array:
    """The weights of a log factor of the mean, by Poisson quasi-likelihood."""
    weights = np.zeros(features.shape[1])
    ridge = 1e-3 * np.eye(features.shape[1])
    for _ in range(_STEPS):
        fitted = mean * np.exp(np.clip(features @ weights, -3, 3))
        bend = (features * fitted[:, None]).T @ features + ridge
        weights = weights + np.linalg.solve(bend, features.T @ (count - fitted) - 1e-3 * weights)
    return weights
