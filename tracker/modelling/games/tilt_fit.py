"""How strength, tempo, the lead and the bonus tilt the endgame's tables.

The tilt's likelihood is nearly quadratic for the small tilts there are: its maximum is one linear
solve of the tables' means and variances against what was scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.game.endgame import LONG_TILT, untilted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.parameters import Endgame
    from tracker.modelling.games.sample import Sample

    Array = NDArray[Any]

CLOCKS = (5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150, 180, 210, 240, 270, 300)
"""Seconds left at which states are drawn."""

KNOTS = np.array([30.0, 120.0, 300.0])
"""Seconds left between which the weights are interpolated, constant below the first."""

STEADY = 40.0
"""Prior games' worth of belief that a weight is 0, so that what is not there is not found."""


def moments(endgame: Endgame, sample: Sample) -> Array:
    """Mean gain of lead and total, their variances and covariance, one row a state."""
    keys = np.stack([sample.left, np.clip(sample.lead, -25, 25), sample.ball], axis=1).astype(int)
    states, index = np.unique(keys, axis=0, return_inverse=True)
    rows = []
    for left, lead, ball in states.tolist():
        cells = untilted(endgame, lead, ball, left)
        steps = np.arange(cells.shape[0])
        home, away = cells.sum(axis=1), cells.sum(axis=0)
        mh, ma = home @ steps, away @ steps
        vh, va = home @ steps**2 - mh**2, away @ steps**2 - ma**2
        both = steps @ cells @ steps - mh * ma
        rows.append((mh - ma, mh + ma, vh + va - 2 * both, vh + va + 2 * both, vh - va))
    found: Array = np.array(rows)[index.ravel()]
    return found


def fit_tilt(endgame: Endgame, sample: Sample, average_total: float) -> Array:
    """Weights of TILT_FEATURES, [table clock, feature]."""
    told = moments(endgame, sample)
    gain_lead = sample.end_lead - sample.lead - told[:, 0]
    gain_total = sample.end_total - sample.total - told[:, 1]
    basis = np.stack([np.interp(sample.left, KNOTS, x) for x in np.eye(KNOTS.size)], axis=1)
    lead = np.clip(sample.lead / 10, -LONG_TILT, LONG_TILT)
    prior = np.clip(sample.prior_margin / 10, -LONG_TILT, LONG_TILT)
    pace = (sample.prior_total - average_total) / 10
    bonuses = sample.bonus_home + sample.bonus_away - 1
    x = np.concatenate([basis * f[:, None] for f in (prior, lead)], axis=1)
    ones = np.ones_like(pace)
    y = np.concatenate([basis * f[:, None] for f in (pace, bonuses, ones)], axis=1)
    vm, vt, vc = told[:, 2:3], told[:, 3:4], told[:, 4:5]
    square = np.block([[x.T @ (x * vm), x.T @ (y * vc)], [y.T @ (x * vc), y.T @ (y * vt)]])
    right = np.concatenate([x.T @ gain_lead, y.T @ gain_total])
    found = np.linalg.solve(square + STEADY * np.eye(right.size), right).reshape(5, KNOTS.size)
    return np.stack([np.interp(endgame.clocks, KNOTS, w) for w in found], axis=1)
