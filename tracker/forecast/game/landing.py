"""From the endgame layer to the end of regulation, summed once when the parameters are read.

A game seen from long before the end reaches the layer at many leads. What the endgame's tables do
to each of them is summed here into two arrays: where a lead at the layer leads to, and how many
points a game that ends with a given margin still scores. The second hardly depends on the lead at
the layer, and is kept by classes of the final margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tracker.forecast.game.endgame import untilted
from tracker.forecast.game.lazy import Lazy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.parameters import Endgame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

LARGEST_MARGIN = 110
"""Points: margins at the layer are followed this far; the largest final margin recorded is 73."""

BEYOND = 600
"""Points: margins at the end of regulation are listed this far, most of them without a chance."""

_CLASSES = (0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16)
"""The lowest |final margin| of each class: single points where fouling and ties matter."""


@dataclass(frozen=True, eq=False)
class Landing:
    """`margin[i, j]`: P(final margin = j - BEYOND | margin at the layer = i - LARGEST_MARGIN).

    `points[c, t]`: P(t points of both teams after the layer | class c of the final margin).
    `class_of[j]` is the class of final margin j - BEYOND, `mean_points` the mean of `points`.
    """

    margin: Floats
    points: Floats
    class_of: Ints
    mean_points: float

    @Lazy
    def turned(self) -> Floats:
        """`points` from the last to the first, as a convolution wants them."""
        return np.ascontiguousarray(self.points[:, ::-1])


def land(endgame: Endgame, layer: float) -> Landing:
    """Sum the tables at `layer` seconds over who has the ball and over the leads."""
    finals = np.arange(-BEYOND, BEYOND + 1)
    margin = np.zeros((2 * LARGEST_MARGIN + 1, finals.size))
    class_of = np.searchsorted(_CLASSES, np.abs(finals), side="right") - 1
    n = untilted(endgame, 0, 0, layer).shape[0]
    points = np.zeros((len(_CLASSES), 2 * n - 1))
    gain = np.subtract.outer(np.arange(n), np.arange(n))
    both = np.add.outer(np.arange(n), np.arange(n))
    for lead in range(-LARGEST_MARGIN, LARGEST_MARGIN + 1):
        cells = untilted(endgame, lead, 0, layer)
        end = lead + gain + BEYOND
        np.add.at(margin[lead + LARGEST_MARGIN], end, cells)
        if abs(lead) <= endgame.leads + n:
            np.add.at(points, (class_of[end], both), cells)
    margin /= margin.sum(axis=1, keepdims=True)
    points /= points.sum(axis=1, keepdims=True)
    mean = float(points.mean(axis=0) @ np.arange(points.shape[1]))
    return Landing(margin, points, class_of.astype(np.intp), mean)
