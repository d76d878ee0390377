"""Legs of several spans together: a half and the game, two quarters, any of them.

A span that is still open is tied to the rest of the game by its share of what is to come: given the
final margin and total, its own are normal around a share of them. Legs of the final score are held
cell by cell on the final lattice, and each other span's legs by their chance given the cell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from tracker.domain.market import Span
from tracker.forecast.game.lattice import hankel, toeplitz
from tracker.forecast.pricing.sheet import AWAY, HOME, MARGIN, TOTAL, Question, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.forecast.game.lattice import Points
    from tracker.forecast.game.outlook import Outlook

    Floats = NDArray[np.float64]


def across(asked: Sequence[Question], outlook: Outlook, cells: Floats, *, pushed: bool) -> float:
    """The chance that every leg holds, whatever spans they are about.

    `cells` are those of the final lattice, less where other legs do not hold.
    """
    from tracker.forecast.pricing.markets import held, on_lattice

    final = outlook.final
    rows, columns = cells.shape
    weights = cells
    count = rows + columns - 1
    margins = final.home0 - final.away0 - columns + 1 + np.arange(count, dtype=np.float64)
    totals = final.home0 + final.away0 + np.arange(count, dtype=np.float64)
    own = held([x for x in asked if x.span is Span.GAME], final, pushed=pushed)
    by_margin, by_total = own.get(MARGIN, np.ones(count)), own.get(TOTAL, np.ones(count))
    sides = np.ones((rows, columns))
    for span in dict.fromkeys(x.span for x in asked if x.span is not Span.GAME):
        legs = [x for x in asked if x.span is span]
        points = outlook.of(span)
        odd = [x for x in legs if x.shape is Shape.ODD]
        if odd:
            # Whether a part's points are odd says nothing of the final score.
            weights = weights * on_lattice(odd, points, points.cells, pushed=pushed)
        legs = [x for x in legs if x.shape is not Shape.ODD]
        by_margin = by_margin * _given(legs, MARGIN, points, final, margins, pushed=pushed)
        by_total = by_total * _given(legs, TOTAL, points, final, totals, pushed=pushed)
        for part in (HOME, AWAY):
            if any(x.part == part for x in legs):
                axis = _given(legs, part, points, final, _axis(final, part), pushed=pushed)
                sides = sides * (axis[:, None] if part == HOME else axis)
    weights = weights * toeplitz(by_margin, rows, columns) * hankel(by_total, rows, columns)
    weights *= sides
    by_away = weights @ own.get(AWAY, np.ones(columns))
    return min(float(own.get(HOME, np.ones(rows)) @ by_away), 1.0)


def _axis(final: Points, part: str) -> Floats:
    pmf = final.part(part)
    return pmf.first + np.arange(pmf.chances.size, dtype=np.float64)


def _given(
    legs: Sequence[Question], part: str, points: Points, final: Points, values: Floats,
    *, pushed: bool,
) -> Floats:  # fmt: skip
    """P(the legs on one part of a span hold | that part of the final score is each of `values`)."""
    mine = [x for x in legs if x.part == part]
    if not mine:
        return np.ones(values.size)
    span, whole = points.part(part), final.part(part)
    # What a span shares with the final score: its own variance, for later play is independent.
    share = min(span.sd**2 / max(whole.sd**2, 1e-9), 1.0)
    mean = span.mean + share * (values - whole.mean)
    sd = math.sqrt(max(span.sd**2 * (1 - share), 0.01))
    exact = [x.line for x in mine if x.shape is Shape.EXACT]
    lines = [x for x in mine if x.shape is Shape.LINE]
    low = max((*exact, *(x.line for x in lines if x.above)), default=-math.inf)
    high = min((*exact, *(x.line for x in lines if not x.above)), default=math.inf)
    if pushed:
        low = high = mine[0].line
    top = ndtr((math.floor(high) + 0.5 - mean) / sd) if math.isfinite(high) else 1.0
    bottom = ndtr((math.ceil(low) - 0.5 - mean) / sd) if math.isfinite(low) else 0.0
    chances: Floats = np.maximum(top - bottom, 0.0) * np.ones(values.size)
    return chances
