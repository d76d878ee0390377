"""Overtime: what becomes of the part of a distribution that is level at the end of a period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tracker.forecast.game.lattice import Lattice, hankel, toeplitz

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.parameters import Overtime

    Floats = NDArray[np.float64]

ROOM = 40
"""Points a team may add in all overtimes together before its chances are cut off (below 1e-4)."""


def play_on(level: Lattice, overtime: Overtime, prior_margin: float, room: int = ROOM) -> Lattice:
    """Replace every tie of `level` by the outcomes of its overtimes.

    `room` is how many rows and columns to add for points scored in overtime.
    """
    rows, columns = level.cells.shape
    if room:
        cells = np.zeros((rows + room, columns + room))
        cells[:rows, :columns] = level.cells
    else:
        cells = level.cells.copy()
    offset = level.home0 - level.away0
    ties = level.cells.diagonal(offset)
    if ties.size and ties.any():
        first = max(level.home0, level.away0)
        i, j = first - level.home0, first - level.away0
        steps = np.arange(ties.size)
        cells[i + steps, j + steps] = 0.0
        _add(cells, offset, i + j, ties, overtime, prior_margin)
    cells *= 1.0 / cells.sum()
    return Lattice(level.home0, level.away0, cells, level.scored)


def _add(
    cells: Floats, offset: int, start: int, ties: Floats, overtime: Overtime, prior_margin: float
) -> None:
    """Add the overtimes of `ties`, the first of which lies on the `start`-th antidiagonal."""
    rows, columns = cells.shape
    reach = overtime.margin.size // 2
    gain = overtime.margin * np.exp(overtime.edge * prior_margin * overtime.margins)
    gain *= 1.0 / gain.sum()
    by_margin = np.zeros(rows + columns - 1)
    # Entry q of `by_margin` belongs to a margin of q - (columns - 1) + offset.
    low = columns - 1 - offset - reach
    q = slice(max(low, 0), min(low + gain.size, by_margin.size))
    by_margin[q] = gain[q.start - low : q.stop - low]
    spread = np.zeros(2 * ties.size - 1)
    spread[::2] = ties
    points = np.convolve(spread, overtime.total_given_parity)
    by_total = np.zeros(rows + columns - 1)
    stop = min(start + points.size, by_total.size)
    by_total[start:stop] = points[: stop - start]
    cells += toeplitz(by_margin, rows, columns) * hankel(by_total, rows, columns)
