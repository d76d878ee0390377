"""How wide the endgame's tables must be: the chain's spread, corrected to what was recorded.

Stepped back from the buzzer, possessions are independent given clock and lead. Real ones are not:
over minutes the points of both teams vary less than the chain says, and their difference a little
more. From a minute before the end on nothing can be told from 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.game.endgame import LONG_TILT
from tracker.modelling.games.tilt_fit import moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.parameters import Endgame
    from tracker.modelling.games.sample import Sample

    Array = NDArray[Any]

KNOTS = np.array([60.0, 120.0, 300.0])
"""Seconds left between which the widths are interpolated; at and below the first they are 1."""

STEADY = 100.0
"""States' worth of belief, at each knot, that the chain's own spread is right."""

WIDEST = 1.4
"""No variance is corrected by a greater factor, up or down."""


def fit_widths(endgame: Endgame, sample: Sample, average_total: float) -> Array:
    """By [table clock, (margin, total)]: recorded variance over that of the tilted tables."""
    told = moments(endgame, sample)
    tilt = np.stack([np.interp(sample.left, endgame.clocks, x) for x in endgame.tilt.T], axis=1)
    prior = np.clip(sample.prior_margin / 10, -LONG_TILT, LONG_TILT)
    lead = np.clip(sample.lead / 10, -LONG_TILT, LONG_TILT)
    pace = (sample.prior_total - average_total) / 10
    by_margin = tilt[:, 0] * prior + tilt[:, 1] * lead
    by_total = tilt[:, 2] * pace + tilt[:, 3] * (sample.bonus_home + sample.bonus_away - 1)
    by_total += tilt[:, 4]
    mean_margin = told[:, 0] + by_margin * told[:, 2] + by_total * told[:, 4]
    mean_total = told[:, 1] + by_total * told[:, 3] + by_margin * told[:, 4]
    later = sample.left > KNOTS[0]
    margin = (sample.end_lead - sample.lead - mean_margin)[later] ** 2 / told[later, 2] - 1
    total = (sample.end_total - sample.total - mean_total)[later] ** 2 / told[later, 3] - 1
    left = sample.left[later]
    basis = np.stack([np.interp(left, KNOTS, x) for x in np.eye(KNOTS.size)], axis=1)[:, 1:]
    square = basis.T @ basis + STEADY * np.eye(KNOTS.size - 1)
    found = [np.linalg.solve(square, basis.T @ x) for x in (margin, total)]
    widths = [1 + np.interp(endgame.clocks, KNOTS, [0, *x]) for x in found]
    clipped: Array = np.clip(np.stack(widths, axis=1), 1 / WIDEST, WIDEST)
    return clipped


def widened(endgame: Endgame, widths: Array) -> Endgame:
    """The same tables with their variances of margin and total multiplied by `widths`."""
    tables = [_widened(x, *w) for x, w in zip(endgame.tables, widths.tolist(), strict=True)]
    return replace(endgame, tables=tuple(tables))


def _widened(table: Array, margin: float, total: float) -> Array:
    """One clock's tables: the log of a cell shifts with the square of its distance from the mean.

    On a normal of variance V the factor exp(b x²) gives V / (1 - 2 b V): b is what asks for.
    """
    if margin == total == 1:
        return table
    steps = np.arange(table.shape[1])
    both, gain = np.add.outer(steps, steps), np.subtract.outer(steps, steps)
    log = np.zeros_like(table)
    for values, wanted in ((both, total), (gain, margin)):
        mean = (table * values).sum(axis=(1, 2))[:, None, None]
        variance = (table * (values - mean) ** 2).sum(axis=(1, 2))[:, None, None]
        log += (1 - 1 / wanted) / (2 * variance) * (values - mean) ** 2
    found = table * np.exp(log)
    whole: Array = found / found.sum(axis=(1, 2), keepdims=True)
    return whole
