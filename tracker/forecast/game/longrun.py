"""Regulation's final score seen from before the endgame: the flow, then the landing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tracker.forecast.game.endgame import BEYOND, LARGEST_MARGIN
from tracker.forecast.game.flow import COUNTED, Reach, reach, whole_numbers
from tracker.forecast.game.lattice import Lattice, each_parity, hankel, toeplitz

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.endgame import Landing
    from tracker.forecast.game.flow import Moment
    from tracker.forecast.game.parameters import Parameters

    Floats = NDArray[np.float64]

WIDTH = 4.7
"""Half the window of margins in standard deviations: what lies beyond is below 3e-6."""

TEAM_WIDTH = 4.2
"""The same of either team's points, which bound the lattice: a chance off a narrower one differs
by less than 2e-5 from that off an endless one, and time grows with the square of it."""

LONGEST_LEAD = 60
"""Points: a longer lead changes nothing but the score. The longest that was lost from is 35."""

OVERTIME = (12.0, 9.0)
"""Points of a team in all overtimes together, mean and sd: recorded 12.0 and 5.8, the sd widened so
that a second overtime, one in seven, is inside. It only says how large the lattice is made."""

OVERTIME_WIDTH = 3.6
"""The window of level scores with their overtimes, in standard deviations. With it a chance differs
by less than 7e-5 from that off an endless lattice (600 states, 61 markets each)."""

CLEAR = 8.0
"""Points: an expected margin beyond which a favourite is as clear as can be. Chosen: the tables tie
margin and total by how far the game is expected to be from level, recorded games do not."""

TIE_FADES = (0.25, 300 / 2880)
"""The parts of regulation left between which the tie fades: from 5:00 on margin and total are tied
as the tables tie them. Of three NBA seasons it is .07 to .09 until half-time, .07 at 6:00 of the
third quarter, .06 at its end and .04 at 8:00 of the last (each ± .02)."""

AFTER_LAYER_SD = 6.0
"""Points: the sd of the total in the two minutes after the layer, from above (recorded: 4.6). It
only says how large the lattice is made."""


def regulation(parameters: Parameters, at: Moment) -> Lattice:
    """The score at the end of regulation, level games included."""
    excess = at.lead - min(max(at.lead, -LONGEST_LEAD), LONGEST_LEAD)
    if excess:
        return _beyond(parameters, at, excess)
    landing = parameters.landing
    goal = reach(parameters.flow, parameters.average, at)
    tie = parameters.flow.tie * leaning(goal.margin) * tied_until(at.left / at.regulation)
    if tie:
        # What is tied spreads further; this keeps both spreads as they were.
        narrow = math.sqrt(1 - tie * tie)
        goal = Reach(goal.margin, goal.margin_sd * narrow, goal.total, goal.total_sd * narrow)
    home0, away0, rows, columns = _window(goal, landing, at)
    count = rows + columns - 1
    lowest = home0 - away0 - columns + 1
    margins = _margins(goal, landing, lowest, count)
    by_class = _points(goal, landing, at, home0 + away0, count)
    kinds = landing.class_of[lowest + BEYOND : lowest + BEYOND + count] * count
    where = toeplitz(kinds, rows, columns) + hankel(_STEPS, rows, columns)
    # Clipped where nothing is to be clipped: this spares a look at every place.
    cells = by_class.take(where, mode="clip")
    cells *= toeplitz(margins, rows, columns)
    if tie:
        _tie(cells, goal, tie, (home0, away0), landing.mean_points)
    else:
        cells *= 1.0 / cells.sum()
    return Lattice(home0, away0, cells, (at.home, at.away))


def leaning(margin: float) -> float:
    """How clearly the home team is expected to win, -1 to 1."""
    return min(max(margin / CLEAR, -1.0), 1.0)


def tied_until(part_left: float) -> float:
    """How much of the tie holds: all of it before TIE_FADES, none after."""
    start, end = TIE_FADES
    return min(max((part_left - end) / (start - end), 0.0), 1.0)


_STEPS = np.arange(1024)
"""More than the rows and columns of any lattice together."""


def _tie(cells: Floats, goal: Reach, tie: float, corner: tuple[int, int], to_come: float) -> None:
    """Multiply cells by exp(tie · u · v) of the standardised margin u and total v, in place.

    They then add up to 1.

    (h - a - m) (h + a - t) is (h - (t + m) / 2)² - (a - (t - m) / 2)² and a constant, so that this
    is a factor for each row and one for each column. `corner` are the points of the first cell,
    `to_come` the points expected after the layer.
    """
    scale = tie / (goal.margin_sd * goal.total_sd)
    rows, columns = cells.shape
    total = goal.total + to_come
    home = COUNTED[:rows] - ((total + goal.margin) / 2 - corner[0])
    away = COUNTED[:columns] - ((total - goal.margin) / 2 - corner[1])
    by_home, by_away = np.exp(scale * (home * home)), np.exp(-scale * (away * away))
    by_home *= 1.0 / by_home.dot(cells.dot(by_away))
    cells *= by_home[:, None].dot(by_away[None])


def _beyond(parameters: Parameters, at: Moment, excess: int) -> Lattice:
    """A lead that no game was ever lost with: as the longest one, moved by what is beyond it."""
    home, away = max(excess, 0), max(-excess, 0)
    near = regulation(parameters, replace(at, home=at.home - home, away=at.away - away))
    return near.moved(home, away)


def _margins(goal: Reach, landing: Landing, first: int, count: int) -> Floats:
    """Chances of the margins at the end of regulation from `first` on."""
    half = math.ceil(WIDTH * goal.margin_sd) + 1
    middle = min(max(round(goal.margin), -LARGEST_MARGIN), LARGEST_MARGIN)
    low, high = max(middle - half, -LARGEST_MARGIN), min(middle + half, LARGEST_MARGIN)
    at_layer = whole_numbers(goal.margin, goal.margin_sd, low, high - low + 1)
    rows = landing.margin[low + LARGEST_MARGIN : high + LARGEST_MARGIN + 1]
    columns = slice(max(first + BEYOND, 0), max(first + BEYOND + count, 0))
    margins: Floats = at_layer.dot(rows[:, columns])
    return margins


def _points(goal: Reach, landing: Landing, at: Moment, first: int, count: int) -> Floats:
    """Chances of the totals from `first` on, by class of final margin and given the parity."""
    steps = landing.points.shape[1]
    start = first - steps + 1
    at_layer = whole_numbers(goal.total, goal.total_sd, start, count + steps - 1)
    impossible = at.home + at.away - start
    if impossible > 0:
        at_layer[:impossible] = 0.0
    given = each_parity(at_layer)
    # Row s of the view holds the chances at the layer moved up by s points.
    # Copied, for only what lies row by row is multiplied fast.
    points: Floats = landing.turned.dot(np.ascontiguousarray(hankel(given, steps, count)))
    return points


def _window(goal: Reach, landing: Landing, at: Moment) -> tuple[int, int, int, int]:
    """First home and away points of the lattice, and its numbers of rows and columns."""
    spread = math.hypot(goal.margin_sd, goal.total_sd, AFTER_LAYER_SD) / 2
    mean, sd = OVERTIME
    level = math.hypot(goal.total_sd / 2, AFTER_LAYER_SD / 2, sd)
    above = max(TEAM_WIDTH * spread, mean + OVERTIME_WIDTH * level)
    middle = goal.total / 2 + landing.mean_points / 2
    home, away = middle + goal.margin / 2, middle - goal.margin / 2
    home0 = max(at.home, math.floor(home - TEAM_WIDTH * spread))
    away0 = max(at.away, math.floor(away - TEAM_WIDTH * spread))
    rows, columns = math.ceil(home + above) - home0, math.ceil(away + above) - away0
    return home0, away0, max(rows, 2), max(columns, 2)
