"""The long part of a game: from a moment to the endgame layer, two minutes before the end.

Margin and total at the layer are independent normal variables, rounded to whole numbers of one
parity. Their means are linear in the features of the state, and their variances grow with the time
to the layer. On recorded games the residuals of both are normal (kurtosis 2.9 to 3.3) and
uncorrelated (below .04 throughout). The ties, fouling and overtimes that a normal curve gets wrong
come after the layer, where the endgame's tables take over.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from operator import mul
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtr

from tracker.forecast.game.lattice import COUNTED, ONES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game import Average, Flow

    Floats = NDArray[np.float64]

Value = TypeVar("Value", float, "Floats")

MARGIN_FEATURES = ("prior", "lead", "prior_far", "lead_far", "prior_cubed", "ball", "bonus", "tip")
"""The features of the expected margin: the prior's margin and the lead (points), both again times
min(|lead|, 30) / 10 (in a blowout the favourite stops and the lead lasts), (prior margin / 10)³,
the ball (+1 home, -1 away), the bonus (+1 home, -1 away) by the part of the period left, and the
first ball of the periods to come (COMING_BALLS, + where the winner of the tip is at home)."""

TOTAL_FEATURES = (
    "one", "prior", "pace", "favourite", "lead", "lead_squared", "bonus", "swell", "turn",
    "ends", "possessions", "fouls",
)  # fmt: skip
"""The features of the expected points still to come: the prior's total over the league's, points so
far over the prior's share, |prior margin| / 10, min(|lead|, 30) / 10, min(|lead|, 30)² / 100, and
the number of teams in the bonus by the part of the period left. Scoring swells within a period:
x (1 - x) and x (1 - x) (1 - 2 x) of the part x that is left, both 0 at a break. `ends` is the
belief of `teams.py` by `ends_course`; the last two are possessions and fouls so far beyond the
expected, by `lasting` and FADING."""

MARGIN_PART = ("prior", "lead", "ball", "bonus", "tip")
TOTAL_PART = ("one", "prior", "lead", "bonuses", "ends", "possessions", "favourite")
SPAN_FEATURES = (*MARGIN_PART, *TOTAL_PART)
"""The features of a span's points. Of the margin: prior margin and lead, both times the part of the
span that is left, the ball, the bonus (home minus away, times the part of the period left), and the
first ball of its periods to come. Of the total: 1, prior total over the league's and
min(|lead|, 30) / 10, all times the part left; the teams in the bonus times the part of the period
left; the belief of the ends times the part left; the flow's possessions by the span's part of what
is to come; and, for spans of a first half, |prior margin| / 10 times the part left."""

COMING_BALLS = {2: -0.53, 3: -0.53, 4: 0.14}
"""Points of margin that the first possession of a quarter is worth to the winner of the tip. The
loser of the tip starts the second and third quarter with the ball, the winner the fourth. Means of
four NBA seasons (± .12, .12, .11), scaled by a fitted weight; games of two halves have none."""

LASTING = (105.0, 70.0)
"""How surprises in possessions, and in fouls, carry on: after t of 48 minutes each is shrunk by
t / (t + these minutes), and then lasts to the end. Fitted at eight clocks of four NBA seasons."""

FADING = (480.0, 120.0)
"""Seconds left between which the weight of possessions and fouls falls from 1 to 0; later they
predict nothing. At 5:00 half is left: the whole weight helped totals in two seasons of four and
hurt last-quarter totals in one."""

ENDS_FADING = (480.0, 300.0)
"""Seconds left between which the weight of the ends falls from 1 to 0: the endgame's tables have no
such feature."""

LONG_LEAD = 30
"""Points: the longest lead that counts as a feature. Chosen, not fitted: of states every 30 s of
four NBA seasons 1.7 % lie beyond, too few for a weight of their own."""

LARGEST_PRIOR = 20
"""Points: the largest prior margin that is cubed. Chosen: no closing NBA line was higher than 23,
and a cube must not be extrapolated."""

BONUS_BEND = 2.9
"""How late in a period a team's foul count is full: the power in `usual_bonus`. It gives .02 at
9:00 of a quarter, .21 at 5:00, .43 at 3:00, where NBA games of 2020-24 show .02, .24 and .41."""


MADE = 0.785
"""The chance of a free throw: of 20,641 in the last two minutes and in overtimes of the NBA .785
were made, of 12,484 in the WNBA .792."""

REBOUNDED = 2 * 0.165 - 1
"""Who has the ball after a last free throw is missed, as `Moment.ball` for the side that shot: it
rebounds 16.5 % of them (358 of 2,163 in the NBA, last two minutes)."""

TAKEN_BACK = 0.5
"""The chance that a foul which a coach has challenged is taken back: 53 % of those of the NBA in
2023-24, fewer late in a game."""


IDLE = 10.0
"""Seconds of a period in which nobody scores yet: in 19,476 quarters of four NBA seasons .05 points
fell in the first ten seconds, and .76 in each ten from the twentieth on."""


def opened(gone: float, caught_up: float) -> float:
    """How far a period is by its points after `gone` seconds: as far as its clock later on."""
    return max(gone - IDLE, 0.0) * caught_up / (caught_up - IDLE) if gone < caught_up else gone


class Moment(NamedTuple):
    """The inputs of the model from one state: points, seconds, and signs that are + for home."""

    home: int
    away: int
    left: float
    """Seconds left in regulation, or in the overtime being played."""
    regulation: float
    """Seconds of a whole regulation game."""
    period_left: float
    """The part of the current period that is left, 0 to 1."""
    ball: float
    """Who has the ball: 1 home, -1 away, 0 unknown; in between, how much likelier home has it."""
    bonus_home: float
    """Whether the home team shoots on the next foul: 1, 0, or the chance of it when unknown."""
    bonus_away: float
    prior_margin: float
    prior_total: float
    margin_sd: float = 0.0
    """The standard error of the prior's margin, in points; 0 for closing lines."""
    total_sd: float = 0.0
    shift_margin: float = 0.0
    """Points added to the expected final margin, from a live line."""
    shift_total: float = 0.0
    ends: float = 0.0
    """The belief about the road team's ends, -1 to 1 (`teams.lean`)."""
    possessions: float = 0.0
    """Possessions of a team so far beyond the expected; 0 where no box tells them."""
    fouls: float = 0.0
    """Fouls of both teams so far beyond the expected."""
    tip: int = 0
    """Who won the tip: 1 home, -1 away, 0 unknown."""
    throws: int = 0
    """Free throws still to come: + for the home team's, - for the away team's."""
    kept: int = 0
    """Who has the ball after the last of them: 1 home, -1 away, 0 where play goes on from it."""
    reviewed: bool = False
    """Whether the foul that gave them may be taken back."""

    def after_throw(self, points: int) -> Moment:
        """The moment after the next free throw, made (`points` 1) or missed (0)."""
        side = 1 if self.throws > 0 else -1
        left = self.throws - side
        ball = side if left else self.kept or side * (-1.0 if points else REBOUNDED)
        scored = (points, 0) if side > 0 else (0, points)
        return self._replace(
            home=self.home + scored[0], away=self.away + scored[1], ball=ball, throws=left
        )

    @property
    def lead(self) -> int:
        """Home points minus away points."""
        return self.home - self.away

    def margin_features(self) -> tuple[float, ...]:
        """The values of MARGIN_FEATURES."""
        lead = self.lead
        tilt = (self.bonus_home - self.bonus_away) * self.period_left
        far = min(abs(lead), LONG_LEAD) / 10
        prior = self.prior_margin
        cubed = (min(max(prior, -LARGEST_PRIOR), LARGEST_PRIOR) / 10) ** 3
        balls = self.tip and self.tip * coming_balls(self.left, self.regulation)
        return (prior, lead, prior * far, lead * far, cubed, self.ball, tilt, balls)

    def total_features(self, average: Average) -> tuple[float, ...]:
        """The values of TOTAL_FEATURES."""
        played = 1 - self.left / self.regulation
        long = min(abs(self.lead), LONG_LEAD) / 10
        late = fading(self.left, FADING)
        return (
            1.0,
            self.prior_total - average.reference,
            self.home + self.away - self.prior_total * played,
            abs(self.prior_margin) / 10,
            long,
            long * long,
            (self.bonus_home + self.bonus_away) * self.period_left,
            *swell(self.period_left),
            self.ends and self.ends * ends_course(played) * fading(self.left, ENDS_FADING),
            self.possessions and self.possessions * lasting(played, LASTING[0]) * late,
            self.fouls and self.fouls * lasting(played, LASTING[1]) * late,
        )


def span_features(
    at: Moment,
    part: float,
    average_total: float,
    covered: tuple[int, int],
    length: float,
    *,
    begun: bool,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The values of MARGIN_PART and of TOTAL_PART.

    `part` is the part of the span that is left, `length` its seconds, `covered` its first and last
    period, and `begun` whether it is being played.
    """
    first, last = covered
    prior, lead, regulation = at.prior_margin, at.home - at.away, at.regulation
    early = last * length * 2 <= regulation * (last - first + 1)
    ball, bonus = (float(at.ball), at.period_left) if begun else (0.0, 0.0)
    balls = at.tip and at.tip * coming_balls(at.left, regulation, range(first, last + 1))
    possessions = at.possessions
    if possessions:
        share = part * length / max(at.left, 1.0)
        possessions *= lasting(1 - at.left / regulation, LASTING[0]) * share
    return (
        prior * part, lead * part, ball, (at.bonus_home - at.bonus_away) * bonus, balls,
    ), (
        part,
        (at.prior_total - average_total) * part,
        min(abs(lead), LONG_LEAD) / 10 * part,
        (at.bonus_home + at.bonus_away) * bonus,
        at.ends * part,
        possessions,
        abs(prior) / 10 * part if early else 0.0,
    )  # fmt: skip


def fading(left: float, between: tuple[float, float]) -> float:
    """1 before the first of two clocks, 0 after the second, and in proportion in between."""
    start, end = between
    return min(max((left - end) / (start - end), 0.0), 1.0)


def ends_course(played: Value) -> Value:
    """The weight of the ends for the points to come: 1 at half-time, 0 at the tip and the end."""
    return 1 - abs(2 * played - 1)


def lasting(played: Value, minutes: float) -> Value:
    """The part of a surprise that is expected again until the end; `minutes` as in LASTING."""
    return 48 * (1 - played) / (48 * played + minutes)


def coming_balls(left: Value, regulation: float, periods: range = range(2, 5)) -> Value:
    """The sum of COMING_BALLS over those of `periods` that have not begun."""
    found = 0.0 * left
    for k in periods:
        found = found + COMING_BALLS.get(k, 0.0) * (left >= (5 - k) * regulation / 4)
    return found


def swell(period_left: Value) -> tuple[Value, Value]:
    """The features `swell` and `turn` of TOTAL_FEATURES."""
    bump = period_left * (1 - period_left)
    return bump, bump * (1 - 2 * period_left)


def usual_bonus(period_left: float) -> float:
    """The chance that a team is in the bonus with this part (0 to 1) of a period left."""
    return float((1 - period_left) ** BONUS_BEND)


class Reach(NamedTuple):
    """Margin and total at the layer: means and standard deviations, in points."""

    margin: float
    margin_sd: float
    total: float
    total_sd: float


def reach(flow: Flow, average: Average, at: Moment) -> Reach:
    """The distribution of margin and total at the layer, seen from an earlier moment.

    After the last knot, what is expected until the layer shrinks with the time to it.
    """
    knots, left = flow.clocks, at.left
    k = min(max(bisect_right(knots, left) - 1, 0), len(knots) - 2)
    w = min(max((left - knots[k]) / (knots[k + 1] - knots[k]), 0.0), 1.0)
    v = 1 - w
    low, high = flow.knot_rows[k : k + 2]
    seconds = left - flow.layer
    share = min(seconds / (knots[0] - flow.layer), 1.0)
    features = at.margin_features()
    gain = v * sum(map(mul, low.margin, features)) + w * sum(map(mul, high.margin, features))
    features = at.total_features(average)
    points = v * sum(map(mul, low.total, features)) + w * sum(map(mul, high.total, features))
    pace = (at.prior_total / average.reference) ** flow.total_pace
    margin_var = (low.margin_rate * v + high.margin_rate * w) * seconds
    total_var = (low.total_rate * v + high.total_rate * w) * seconds * pace
    if at.margin_sd:
        far = min(abs(at.lead), LONG_LEAD) / 10
        by_prior = (low.margin[0] + low.margin[2] * far) * v
        by_prior += (high.margin[0] + high.margin[2] * far) * w
        margin_var += (share * by_prior * at.margin_sd) ** 2
    if at.total_sd:
        total_var += (share * (low.total[1] * v + high.total[1] * w) * at.total_sd) ** 2
    return Reach(
        margin=at.home - at.away + at.shift_margin + share * gain,
        margin_sd=math.sqrt(margin_var),
        total=at.home + at.away + at.shift_total + share * points,
        total_sd=math.sqrt(total_var),
    )


def sharpened(
    prior: Value, sd: Value, so_far: Value, played: Value, noise: float
) -> tuple[Value, Value]:
    """A prior and its standard error, updated with the score so far.

    `played` is the part of the game that is over; `noise` the sd, in points, of a whole game about
    a prior without error. Such a prior is not moved.
    """
    variance = sd * sd
    gain = variance / (played * variance + noise**2)
    return prior + gain * (so_far - played * prior), noise * (gain**0.5)


def whole_numbers(mean: float, sd: float, first: int, count: int) -> Floats:
    """Chances of `first` … `first + count - 1` for a normal variable rounded to whole numbers."""
    edges = ndtr((COUNTED[: count + 1] - (0.5 + mean - first)) / sd)
    chances: Floats = edges[1:] - edges[:-1]
    return chances


def each_parity(chances: Floats) -> Floats:
    """Chances given the parity of the index: even places add up to 1, and odd places too."""
    pairs = np.zeros(((chances.size + 1) // 2, 2))
    given = pairs.ravel()[: chances.size]
    given[:] = chances
    whole = ONES[: len(pairs)].dot(pairs)
    # A parity whose chances are all 0 stays 0 instead of becoming NaN.
    pairs /= whole + (whole == 0)
    return given
