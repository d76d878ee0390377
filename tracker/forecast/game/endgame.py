"""The end of a game: from a clock of five minutes to the buzzer, possession by possession.

The tables are made when fitting, by stepping a chain of possessions back from the buzzer: how long
a possession lasts and what it scores depends on the clock and the lead (a trailing team fouls, a
leading one runs the clock down), all of it counted on recorded games. Here they are only looked up
and tilted: the log-odds of a further point of margin or total shift with the strength of the teams.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.flow import Moment
    from tracker.forecast.game.parameters import Endgame

    Floats = NDArray[np.float64]

TILT_FEATURES = ("prior", "lead", "pace", "bonuses", "one")
"""What tilts the tables. The margin: prior margin / 10 and lead / 10 (neither beyond LONG_TILT).
The total: prior total over the league's / 10, teams in the bonus less one, and 1."""

LONG_TILT = 2.5
"""Tens of points: a prior margin or lead beyond this tilts no further. Chosen where recorded states
become too few to tell; the fit clips at the same place."""

LAST_SECOND = 1.0
"""Seconds below which the clock counts as its square: what is left is no longer in proportion.

What a feed shows there is a stopped clock. In the last 0.3 s of 5,405 NBA games, after the last
event at that clock, a point still fell in 4 of 639 cases; at 0.4 to 0.5 s in 3 of 246, at 0.6 to
1.0 s in 42 of 594. By time alone, shots in the air included, it is two to four times as many."""

SHORTEST_CLOCK = 0.05
"""Seconds, so counted: a game that is not over is never taken as nearer to its end. A tip-in takes
0.3 s, and a clock that reads 0.0 may be set back."""

LARGEST_TILT = 0.5
"""Log-odds: nothing moves those of one further point by more. A guard alone: the fitted tilts stay
below .14 for any prior and lead that was ever recorded."""


@dataclass(frozen=True, slots=True)
class Blend:
    """A clock between two table clocks: the index of the lower, and the weight of the upper."""

    lower: int
    weight: float


def between(clocks: Floats, left: float) -> Blend:
    """Where `left` seconds lie among the tables' clocks."""
    if left < LAST_SECOND:
        left *= left
    left = min(max(left, SHORTEST_CLOCK), float(clocks[-1]))
    k = min(bisect_right(clocks, left) - 1, clocks.size - 2)
    return Blend(k, float((left - clocks[k]) / (clocks[k + 1] - clocks[k])))


def ball_chance(endgame: Endgame, at: Blend, lead: int) -> float:
    """The chance that a team which leads by `lead` has the ball."""
    d = min(max(lead, -endgame.leads), endgame.leads) + endgame.leads
    low, high = endgame.ball[at.lower, d], endgame.ball[at.lower + 1, d]
    return float(low * (1 - at.weight) + high * at.weight)


def _table(endgame: Endgame, k: int, lead: int, home_ball: float) -> Floats:
    """One clock's joint chances of home and away points; `home_ball` is 1, 0 or a chance."""
    limit = endgame.leads
    d = min(max(lead, -limit), limit)
    table = endgame.tables[k]
    with_home: Floats = table[limit + d]
    with_away: Floats = table[limit - d].T
    if home_ball == 1:
        return with_home
    if home_ball == 0:
        return with_away
    return with_home * home_ball + with_away * (1 - home_ball)


def untilted(endgame: Endgame, lead: int, ball: int, left: float) -> Floats:
    """Chances [home points, away points] to the end of the period, of two average teams."""
    at = between(endgame.clocks, left)
    home_ball = ball_chance(endgame, at, lead) if ball == 0 else (ball + 1) / 2
    high = _table(endgame, at.lower + 1, lead, home_ball)
    low = _table(endgame, at.lower, lead, home_ball)
    cells = high * at.weight
    n = low.shape[0]
    cells[:n, :n] += low * (1 - at.weight)
    return cells


def remaining(endgame: Endgame, at: Moment, average_total: float, tempo: float = 0.0) -> Floats:
    """Chances [home points, away points] of what is scored to the end of the period.

    `tempo` is a further tilt of the total: an overtime's.
    """
    cells = untilted(endgame, at.lead, at.ball, at.left)
    blend = between(endgame.clocks, at.left)
    tilt = endgame.tilt[blend.lower] * (1 - blend.weight) + endgame.tilt[blend.lower + 1] * (
        blend.weight
    )
    prior, lead, pace, bonuses, one = tilt.tolist()
    margin = prior * _tens(at.prior_margin) + lead * _tens(at.lead)
    total = tempo + one + pace * (at.prior_total - average_total) / 10
    total += bonuses * (at.bonus_home + at.bonus_away - 1)
    if at.shift_margin or at.shift_total:
        spread_margin, spread_total = _variances(cells)
        margin += at.shift_margin / max(spread_margin, 1.0)
        total += at.shift_total / max(spread_total, 1.0)
    return tilted(cells, margin, total)


def _variances(cells: Floats) -> tuple[float, float]:
    """Variances of the margin and of the total of what is scored."""
    steps = np.arange(cells.shape[0])
    home, away = cells.sum(axis=1), cells.sum(axis=0)
    mean_home, mean_away = float(home @ steps), float(away @ steps)
    both = float(steps @ cells @ steps) - mean_home * mean_away
    squares = float((home + away) @ (steps * steps)) - mean_home**2 - mean_away**2
    return squares - 2 * both, squares + 2 * both


def _tens(points: float) -> float:
    return min(max(points / 10, -LONG_TILT), LONG_TILT)


def tilted(cells: Floats, margin: float, total: float) -> Floats:
    """Multiply each cell by exp(margin · (x - y) + total · (x + y)), and make them add up to 1."""
    margin = math.copysign(min(abs(margin), LARGEST_TILT), margin)
    total = math.copysign(min(abs(total), LARGEST_TILT), total)
    steps = np.arange(cells.shape[0])
    cells = cells * np.exp((total + margin) * steps)[:, None]
    cells *= np.exp((total - margin) * steps)
    cells *= 1.0 / cells.sum()
    return cells
