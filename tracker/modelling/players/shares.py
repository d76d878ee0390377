"""The ordered logistic model of how much a player plays of what is left, by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

from tracker.forecast.players.minutes import EDGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

RIDGE = 1.0
"""A player of evidence that each weight is 0: keeps those that the games say nothing of there."""

WIDEST = 4.0
"""Logs: no width is further from 1, however few games there are."""

START_DONE = -5.0
"""Log-odds of being done for the night from which the search begins."""

_FAR = 40.0
"""Log-odds beyond which a chance is 0 or 1."""

_ROUNDS = 300
_CLOSE = 1e-7


@dataclass(frozen=True, eq=False)
class Ordered:
    """Bounds, and weights of the location and of the log width; `done` is as in Shares."""

    done: float
    bounds: Array
    weights: Array
    widths: Array

    def chances(self, location: Array, width: Array) -> Array:
        """The chance of each class, one row a player."""
        scaled = (self.bounds - (location @ self.weights)[:, None]) * np.exp(
            -(width @ self.widths)
        )[:, None]
        sums = np.zeros((location.shape[0], self.bounds.size + 2))
        sums[:, 1:-1], sums[:, -1] = expit(scaled), 1.0
        found: Array = np.diff(sums, axis=1) * (1 - self.done)
        found[:, 0] += self.done
        return found

    def rounded(self) -> Ordered:
        """The figures as they will be read."""
        return Ordered(
            round(self.done, 5), self.bounds.round(5), self.weights.round(5), self.widths.round(5)
        )


def classes(share: Array) -> Array:
    """The class of each share, 0 for none of it."""
    found: Array = np.searchsorted(EDGES, share, side="left")
    return found


def fit_ordered(location: Array, width: Array, which: Array, like: Ordered | None) -> Ordered:
    """The figures under which the classes are likeliest, sought from those of a moment nearby."""
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
    told = model.read(found.x)
    return replace(
        told,
        weights=solve_triangular(by_location.T, told.weights),
        widths=solve_triangular(by_width.T, told.widths),
    )


def _level(columns: Array) -> Array:
    """The lower root of the columns' mean products: by it they are made level and uncorrelated."""
    products = columns.T @ columns / columns.shape[0]
    found: Array = np.linalg.cholesky(products + 1e-4 * np.eye(columns.shape[1]))
    return found


@dataclass(frozen=True, eq=False)
class _Likelihood:
    """Minus the mean log-likelihood and its gradient; bounds are kept apart by logs of steps."""

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
        told, last = self.read(x), self.count - 1
        rows = self.which.size
        narrow = np.exp(np.clip(-(self.width @ told.widths), -WIDEST, WIDEST))
        middle = self.location @ told.weights
        bounds = np.concatenate([[0.0], told.bounds, [0.0]])
        above = (bounds[self.which + 1] - middle) * narrow
        below = (bounds[self.which] - middle) * narrow
        above[self.which == last] = _FAR
        below[self.which == 0] = -_FAR
        top, bottom = expit(above), expit(below)
        plain, none = top - bottom, self.which == 0
        chance = np.maximum(plain * (1 - told.done) + told.done * none, 1e-12)
        part = (1 - told.done) / chance / rows
        by_top, by_bottom = top * (1 - top) * part, bottom * (1 - bottom) * part
        by_done = float(((plain - none) / chance).mean()) * told.done * (1 - told.done)
        small = RIDGE / rows
        ridge = small * (told.weights @ told.weights + told.widths @ told.widths)
        slope_bounds = np.bincount(self.which + 1, -by_top * narrow, self.count + 1)
        slope_bounds += np.bincount(self.which, by_bottom * narrow, self.count + 1)
        inner = np.cumsum(slope_bounds[1 : self.count][::-1])[::-1]
        slope = np.concatenate(
            [
                inner[:1],
                inner[1:] * np.exp(np.minimum(x[1:last], WIDEST)),
                self.location.T @ ((by_top - by_bottom) * narrow) + 2 * small * told.weights,
                self.width.T @ (by_top * above - by_bottom * below) + 2 * small * told.widths,
                [by_done],
            ]
        )
        return float(ridge - np.log(chance).mean()), slope
