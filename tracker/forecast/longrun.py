"""Regulation's final score seen from before the endgame: the flow, then the landing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tracker.forecast.flow import reach, whole_numbers
from tracker.forecast.landing import LARGEST_MARGIN
from tracker.forecast.lattice import Lattice, hankel, toeplitz
from tracker.forecast.overtime import each_parity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.flow import Moment, Reach
    from tracker.forecast.landing import Landing
    from tracker.forecast.parameters import Parameters

    Floats = NDArray[np.float64]

WIDTH = 4.7
"""Half the window of a lattice in standard deviations: what lies beyond is below 3e-6."""

OVERTIME_ROOM = 30
"""Points above the middle that a window holds at least, beyond 2.5 standard deviations."""


def regulation(parameters: Parameters, at: Moment) -> Lattice:
    """The score at the end of regulation, level games included."""
    landing = parameters.landing
    goal = reach(parameters.flow, parameters.average, at)
    first, margins = _margins(goal, landing)
    start, by_class = _points(goal, landing, at)
    home0, away0, rows, columns = _window(goal, landing, at)
    # Chances of the margins that the window holds, and the row of `by_class` that each one uses.
    lowest = home0 - away0 - columns + 1
    count = rows + columns - 1
    chances = _cut(margins, lowest - first, count)
    kinds = landing.class_of[
        np.clip(np.arange(lowest, lowest + count) + LARGEST_MARGIN, 0, 2 * LARGEST_MARGIN)
    ]
    width = by_class.shape[1]
    totals = np.arange(home0 + away0 - start, home0 + away0 - start + count)
    np.clip(totals, 0, width - 1, out=totals)
    where = toeplitz(kinds * width, rows, columns) + hankel(totals, rows, columns)
    cells = by_class.ravel().take(where)
    cells *= toeplitz(chances, rows, columns)
    cells *= 1.0 / cells.sum()
    return Lattice(home0, away0, cells)


def _margins(goal: Reach, landing: Landing) -> tuple[int, Floats]:
    """The margin at the end of regulation: its first value, and chances."""
    half = math.ceil(WIDTH * goal.margin_sd) + 1
    middle = round(goal.margin)
    low = max(middle - half, -LARGEST_MARGIN)
    high = max(min(middle + half, LARGEST_MARGIN), low)
    at_layer = whole_numbers(goal.margin, goal.margin_sd, low, high - low + 1)
    rows = landing.margin[low + LARGEST_MARGIN : high + LARGEST_MARGIN + 1]
    return -LARGEST_MARGIN, at_layer @ rows


def _points(goal: Reach, landing: Landing, at: Moment) -> tuple[int, Floats]:
    """The total at the end of regulation by class of final margin, given the total's parity.

    The first and last columns are zero: what a window holds beyond them has no chance.
    """
    half = math.ceil(WIDTH * goal.total_sd) + 1
    low = max(round(goal.total) - half, at.home + at.away)
    count = max(round(goal.total) + half - low, 1)
    at_layer = each_parity(whole_numbers(goal.total, goal.total_sd, low, count), low)
    steps = landing.points.shape[1]
    padded = np.zeros(count + 2 * (steps - 1))
    padded[steps - 1 : steps - 1 + count] = at_layer
    # Row s holds the chances at the layer moved up by s points.
    moved = hankel(padded[::-1], steps, count + steps - 1)[:, ::-1]
    by_class = np.zeros((landing.points.shape[0], count + steps + 1))
    by_class[:, 1:-1] = landing.points @ moved
    return low - 1, by_class


def _window(goal: Reach, landing: Landing, at: Moment) -> tuple[int, int, int, int]:
    """First home and away points of the lattice, and its numbers of rows and columns."""
    later = float(landing.points[-1] @ np.arange(landing.points.shape[1])) / 2
    spread = math.hypot(goal.margin_sd, goal.total_sd, 6.0) / 2
    above = max(WIDTH * spread, 2.5 * spread + OVERTIME_ROOM)
    home, away = ((goal.total + sign * goal.margin) / 2 + later for sign in (1, -1))
    home0 = max(at.home, math.floor(home - WIDTH * spread))
    away0 = max(at.away, math.floor(away - WIDTH * spread))
    rows, columns = math.ceil(home + above) - home0, math.ceil(away + above) - away0
    return home0, away0, max(rows, 2), max(columns, 2)


def _cut(values: Floats, start: int, count: int) -> Floats:
    """`values[start : start + count]`, with zeros where there are none."""
    out = np.zeros(count)
    low, high = max(start, 0), min(start + count, values.size)
    if high > low:
        out[low - start : high - start] = values[low:high]
    return out
