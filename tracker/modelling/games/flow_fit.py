"""Fits the points to come by weighted least squares: up to the endgame, and of quarters and halves.

An overtime is the endgame's table at a tied score, slowed to the points of recorded ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.domain.league import League
from tracker.domain.market import Span
from tracker.forecast.game import BoxFigures, Endgame, Overtime
from tracker.forecast.game.endgame import tilted
from tracker.forecast.game.flow import (
    LARGEST_PRIOR,
    LASTING,
    LONG_LEAD,
    MARGIN_PART,
    coming_balls,
    ends_course,
    lasting,
    sharpened,
    swell,
)
from tracker.forecast.game.lattice import Pmf, Skewed
from tracker.modelling import Array
from tracker.modelling.games import Dataset
from tracker.modelling.games.endgame_fit import hats
from tracker.modelling.games.trace import Priors, Sample, Seconds

LAYER = 120
"""Seconds left at which the endgame's tables follow on the flow."""

CLOCKS_EVERY = 30
"""Seconds between the states of a game that are fitted on."""

ROUGHNESS = 3.0
"""The penalty on bends of the margin's weights between knots, relative to the weight of the data.

A bend is a second difference over hundreds of seconds. Chosen by leaving out each season of
2020-23: the log score of a game's margin gets better by .0003 in each; more costs at 5:00."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The expected change after the layer, by the tilt of the tables.

    `prior`, `lead` and `total` are factors of the prior margin, the lead and the tempo; `points`
    is added to the total.
    """

    prior: float
    lead: float
    total: float
    points: float


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviations, in points, of a game's margin and total from an exact prior."""

    margin: float
    total: float


BOXED = ("nba",)
"""Leagues whose box scores were found to help to predict the total; the others do not use them."""

BOX_ROWS = (0, 6, 12, 18, 24, 30, 36, 40, 43, 46)
"""Minutes of a 48-minute game at which the usual possessions and fouls are fitted."""


def fit_box(sample: Sample, rules: League, average_total: float) -> BoxFigures | None:
    """The usual possessions and fouls at each of `BOX_ROWS`, from a sample with states at each.

    None for a league that does not use box scores.
    """
    if rules.id not in BOXED:
        return None
    played = 1 - sample.left / rules.regulation_seconds
    possessions, fouls = [(0.0, 0.0, 0.0)], [(0.0, 0.0)]
    for minute in BOX_ROWS[1:]:
        here = np.abs(played - minute / 48) < 1e-6  # noqa: PLR2004 - rounding
        ones, ends = np.ones(int(here.sum())), sample.ends[here]
        x = np.stack([ones, sample.prior_total[here] - average_total, ends], axis=1)
        a, b, c = np.linalg.lstsq(x, sample.possessions[here], rcond=None)[0].round(5).tolist()
        d, e = np.linalg.lstsq(x[:, ::2], sample.fouls[here], rcond=None)[0].round(5).tolist()
        possessions.append((a, b, c))
        fouls.append((d, e))
    rows = tuple(minute / 48 for minute in BOX_ROWS)
    return BoxFigures(rows, tuple(possessions), tuple(fouls), average_total)


def surprises(
    box: BoxFigures | None,
    known: tuple[Array, Array, Array],
    ends: Array,
    seen: tuple[Array, Array],
) -> tuple[Array, Array]:
    """Possessions and fouls beyond the usual ones, computed as in `forecast.model.surprise`.

    `known` holds the part played, the prior total, and whether the game has begun; `seen` holds the
    possessions and fouls of the box. Zeros without a box.
    """
    played, prior_total, begun = known
    if box is None:
        return np.zeros_like(played), np.zeros_like(played)

    def at(column: Sequence[float]) -> Array:
        found: Array = np.interp(played, box.played, column)
        return found

    a, b, c = (at(x) for x in zip(*box.possessions, strict=True))
    d, e = (at(x) for x in zip(*box.fouls, strict=True))
    possessions = seen[0] - a - b * (prior_total - box.reference) - c * ends
    return possessions * begun, (seen[1] - d - e * ends) * begun


def knots_of(rules: League) -> Array:
    """The knots in seconds left, closer together where the game changes fast."""
    scale = rules.regulation_seconds / 2880
    early = [720, 1080, 1440, 1800, 2160, 2520, 2880]
    return np.array([300.0, 390, 480, 600, *(x * scale for x in early if x * scale > 660)])  # noqa: PLR2004 - past the last fixed knot


def bends(knots: Array) -> Array:
    """The quadratic form of second differences along the knots, over hundreds of seconds."""
    rows = np.zeros((knots.size - 2, knots.size))
    gaps = np.diff(knots) / 100
    for k in range(knots.size - 2):
        rows[k, k : k + 3] = 1 / gaps[k], -1 / gaps[k] - 1 / gaps[k + 1], 1 / gaps[k + 1]
    found: Array = rows.T @ rows
    return found


@dataclass(frozen=True, eq=False)
class FlowFit:
    """Coefficients as in `tracker.forecast.game.Flow`."""

    knots: Array
    margin: Array
    total: Array
    margin_rate: Array
    total_rate: Array
    total_pace: float


def fit_flow(
    sample: Sample,
    rules: League,
    average_total: float,
    drift: Drift,
    noise: Noise,
    box: BoxFigures | None,
) -> FlowFit:
    """Fit margins and totals at the layer on a sample drawn with `until=LAYER`."""
    knots = knots_of(rules)
    basis = hats(knots, sample.left)
    played = 1 - sample.left / rules.regulation_seconds
    prior_m, sd_m = sharpened(
        sample.prior_margin, sample.margin_sd, sample.lead, played, noise.margin
    )
    prior_t, sd_t = sharpened(
        sample.prior_total, sample.total_sd, sample.total, played, noise.total
    )
    weight = 1 / np.sqrt(sample.left - LAYER)
    margin_goal = sample.end_lead * (1 + drift.lead) + drift.prior * prior_m - sample.lead
    total_goal = (
        sample.end_total - sample.total + drift.points + drift.total * (prior_t - average_total)
    )
    by_knot, fixed = _margin_columns(sample, prior_m, rules)
    bend = ROUGHNESS * bends(knots)
    margin, margin_rest = _solve(basis, by_knot, fixed, margin_goal, weight, bend)
    del by_knot, fixed  # as all of them together are the most memory that a fit takes
    seen = sample.possessions, sample.fouls
    beyond = surprises(box, (played, sample.prior_total, played > 0), sample.ends, seen)
    by_knot, fixed = _total_columns(sample, prior_t, average_total, played)
    # These weights are for the whole rest of the game, but the goal ends at the layer: only the
    # part before it counts.
    layer = 1 - LAYER / rules.regulation_seconds
    before = (layer - played) / (1 - played)
    fixed += [
        sample.ends * (ends_course(played) - ends_course(layer)),
        *(
            x * lasting(played, minutes) * before
            for x, minutes in zip(beyond, LASTING, strict=True)
        ),
    ]
    total, total_rest = _solve(basis, by_knot, fixed, total_goal, weight)
    del by_knot, fixed
    seconds = sample.left - LAYER
    far = np.minimum(np.abs(sample.lead), LONG_LEAD) / 10
    known_m = ((basis @ margin[:, 0] + basis @ margin[:, 2] * far) * sd_m) ** 2
    known_t = ((basis @ total[:, 1]) * sd_t) ** 2
    total_rate = _rates(basis, (total_rest**2 - known_t) / seconds, trust(sample.total_sd))
    ratio = (total_rest**2 - known_t) / seconds / (basis @ total_rate) - 1
    pace = np.log(prior_t / average_total)
    return FlowFit(
        knots,
        margin,
        total,
        _rates(basis, (margin_rest**2 - known_m) / seconds, trust(sample.margin_sd)),
        total_rate,
        float(np.clip(ratio @ pace / (pace @ pace + 1e-6), 0.0, 2.0)),
    )


def _margin_columns(sample: Sample, prior: Array, rules: League) -> tuple[list[Array], list[Array]]:
    lead = sample.lead
    far = np.minimum(np.abs(lead), LONG_LEAD) / 10
    cubed = (np.clip(prior, -LARGEST_PRIOR, LARGEST_PRIOR) / 10) ** 3
    bonus = (sample.bonus_home - sample.bonus_away) * sample.period_left
    balls = coming_of(sample.left, rules) * sample.tip * (sample.left < rules.regulation_seconds)
    return [prior, lead, prior * far, lead * far, cubed], [sample.ball, bonus, balls]


def coming_of(left: Array, rules: League, periods: range = range(2, 5)) -> Array:
    """`coming_balls` at many clocks; 0 in a league of halves."""
    if rules.periods != 4:  # noqa: PLR2004 - quarters
        return np.zeros_like(left, dtype=float)
    return coming_balls(left, float(rules.regulation_seconds), periods)


def _total_columns(
    sample: Sample, prior: Array, average_total: float, played: Array
) -> tuple[list[Array], list[Array]]:
    far = np.minimum(np.abs(sample.lead), LONG_LEAD) / 10
    bonus = (sample.bonus_home + sample.bonus_away) * sample.period_left
    by_knot = [
        np.ones_like(far), prior - average_total, sample.total - prior * played,
        np.abs(sample.prior_margin) / 10, far, far * far,
    ]  # fmt: skip
    return by_knot, [bonus, *swell(sample.period_left)]


def _solve(
    basis: Array,
    by_knot: list[Array],
    fixed: list[Array],
    goal: Array,
    weight: Array,
    bend: Array | None = None,
) -> tuple[Array, Array]:
    """Coefficients [knot, feature] and residuals; features of `fixed` have one for all knots.

    `bend` is a penalty on a feature's coefficients along the knots, scaled to the feature's data.
    """
    knots = basis.shape[1]
    size = len(by_knot) * knots + len(fixed)
    square, right = np.zeros((size, size)), np.zeros(size)
    # In blocks, since all columns of a league's seasons together are half a gigabyte.
    blocks = [slice(x, x + _BLOCK) for x in range(0, goal.size, _BLOCK)]
    for rows in blocks:
        design = _design(basis, by_knot, fixed, rows) * weight[rows, None]
        square += design.T @ design
        right += design.T @ (goal[rows] * weight[rows])
    # A tiny ridge keeps coefficients without data (a lead before tip-off) at 0.
    square += 1e-6 * np.eye(size)
    if bend is not None:
        for k in range(len(by_knot)):
            part = slice(k * knots, (k + 1) * knots)
            square[part, part] += np.trace(square[part, part]) / knots * bend
    found = np.linalg.solve(square, right)
    rest = [goal[rows] - _design(basis, by_knot, fixed, rows) @ found for rows in blocks]
    whole = [found[k * knots : (k + 1) * knots] for k in range(len(by_knot))]
    whole += [np.full(knots, x) for x in found[len(by_knot) * knots :]]
    return np.stack(whole, axis=1), np.concatenate(rest)


_BLOCK = 1 << 14
"""States in one block."""


def _design(basis: Array, by_knot: list[Array], fixed: list[Array], rows: slice) -> Array:
    """The design matrix of some states: `by_knot` features at each knot, then `fixed` features."""
    here = basis[rows]
    columns = [here * x[rows, None] for x in by_knot] + [x[rows, None] for x in fixed]
    return np.concatenate(columns, axis=1)


def trust(sd: Array) -> Array:
    """The weight of a game in a fit of noise: 1 with an exact prior, less with a vague one."""
    weight: Array = 1 / (1 + (sd / 6) ** 2) ** 2
    return weight


def _rates(basis: Array, values: Array, weight: Array) -> Array:
    weighted = basis * weight[:, None]
    rates: Array = np.linalg.solve(weighted.T @ basis, weighted.T @ values)
    return np.maximum(rates, 1e-3)


def overtime_points(data: Dataset) -> Array:
    """The points of both teams in each recorded overtime period."""
    events, periods = data.events, data.league.periods
    total = events.home + events.away
    ends = np.flatnonzero(np.r_[np.diff(events.period) != 0, True])
    found = [
        total[row] - total[ends[k - 1]]
        for k, row in enumerate(ends.tolist())
        if events.period[row] > periods and k
    ]
    return np.array(found, dtype=np.float64)


def fit_tempo(endgame: Endgame, points: Array) -> float:
    """The tilt of the total over that of the same clock in regulation, for an overtime's start.

    It gives the table of five minutes at a tied score the mean of `points`, those of recorded
    overtimes, which are slower than the end of regulation (Newton's method).
    """
    start = Overtime.of(endgame, 0.0)
    slow = 0.0
    for _ in range(6 if points.size else 0):
        total = Pmf(0, Skewed.of(tilted(start.table, 0.0, slow)).sums()[1])
        slow += (float(points.mean()) - total.mean) / total.sd**2
    # Without a tempo an overtime has the tilt `start.slow`.
    return round(slow - start.slow, 5)


HALVES = (Span.H1, Span.H2)
QUARTERS = (Span.Q1, Span.Q2, Span.Q3, Span.Q4)

MARGINS = len(MARGIN_PART)
"""The number of features of a span's margin, which come before those of its total."""

EVERY = 20
"""Seconds between the states within a span that are fitted on."""


@dataclass(frozen=True, eq=False)
class SpanData:
    """Games to fit spans on: `average` is the league's mean total."""

    data: Dataset
    seconds: Seconds
    priors: Priors
    games: Array
    average: float
    noise: Noise
    box: BoxFigures | None
    tip: float
    """The flow's weight of opening possessions to come; spans alone have too few data to fit it."""


def fit_spans(given: SpanData) -> dict[str, dict[str, list[float]]]:
    """Weights and variances of every quarter and half."""
    rules = given.data.league
    period, found = rules.period_seconds, {}
    for span in (*(QUARTERS if rules.periods == len(QUARTERS) else ()), *HALVES):
        covered = span.periods(rules)
        start, end = (covered.start - 1) * period, (covered.stop - 1) * period
        inside = [_state(given, at, span, begun=True) for at in range(start, end, EVERY)]
        before = [_state(given, at, span, begun=False) for at in range(0, start + 1, period // 2)]
        found[span.value] = {
            **_fit_part("inside", inside, given.tip, floor=True),
            **_fit_part("ahead", before, given.tip, floor=False),
        }
    return found


def _state(given: SpanData, at: int, span: Span, *, begun: bool) -> tuple[Array, ...]:
    """The columns of a span's fit at second `at`.

    They are the features, the margin and the total still to come in the span, the part of it that
    is left, and the prior's standard errors of margin and total.
    """
    rules, games, noise = given.data.league, given.games, given.noise
    covered = span.periods(rules)
    start, end = ((x - 1) * rules.period_seconds for x in (covered.start, covered.stop))
    regulation, period = rules.regulation_seconds, rules.period_seconds
    home, away = given.seconds.home[games], given.seconds.away[games]
    lead = (home[:, at] - away[:, at]).astype(float)
    total = (home[:, at] + away[:, at]).astype(float)
    priors = given.priors
    played = np.full(len(games), at / regulation)
    margin, margin_sd = sharpened(
        priors.margin[games], priors.margin_sd[games], lead, played, noise.margin
    )
    prior_total, total_sd = sharpened(
        priors.total[games], priors.total_sd[games], total, played, noise.total
    )
    part = (end - at) / (end - start) if begun else 1.0
    left_in_period = (period - at % period) / period if begun else 0.0
    last_home, last_away = home[:, end], away[:, end]
    if span.counts_overtime:
        last_home, last_away = given.data.games.home[games], given.data.games.away[games]
    since = max(at, start)
    own, other = last_home - home[:, since], last_away - away[:, since]
    bonus_home, bonus_away = (
        x[games, at].astype(float) for x in (given.seconds.bonus_home, given.seconds.bonus_away)
    )
    parts = np.full(len(games), part)
    seen = given.seconds.possessions(games, at), given.seconds.fouls(games, at)
    ends = priors.ends[games]
    possessions, _ = surprises(given.box, (played, priors.total[games], played > 0), ends, seen)
    share = part * (end - start) / max(regulation - at, 1)
    left = np.full(len(games), float(regulation - at))
    balls = coming_of(left, rules, covered) * (at > 0)
    features = np.stack(
        [
            margin * part,
            lead * part,
            given.seconds.ball[games, at] * float(begun),
            (bonus_home - bonus_away) * left_in_period,
            balls * given.seconds.tip[games],
            parts,
            (prior_total - given.average) * part,
            np.minimum(np.abs(lead), LONG_LEAD) / 10 * part,
            (bonus_home + bonus_away) * left_in_period,
            ends * part,
            possessions * lasting(played, LASTING[0]) * share,
            np.abs(margin) / 10 * part * float(end * 2 <= regulation),
        ],
        axis=1,
    )
    goals = (own - other).astype(float), (own + other).astype(float)
    return features, *goals, parts, margin_sd * part, total_sd * part


def _fit_part(
    name: str, states: list[tuple[Array, ...]], tip: float, *, floor: bool
) -> dict[str, list[float]]:
    x, margin, total, part, margin_sd, total_sd = (
        np.concatenate(column) for column in zip(*states, strict=True)
    )
    weight = 1 / np.sqrt(part + 0.02)[:, None]
    margin = margin - tip * x[:, MARGINS - 1]
    x[:, MARGINS - 1] = 0.0
    weights: list[float] = []
    variances: list[float] = []
    for columns, goal, sd, prior in (
        (x[:, :MARGINS], margin, margin_sd, 0), (x[:, MARGINS:], total, total_sd, 1),
    ):  # fmt: skip
        scaled = columns * weight
        square = scaled.T @ scaled + 1e-6 * np.eye(columns.shape[1])
        found = np.linalg.solve(square, scaled.T @ (goal * weight[:, 0]))
        rest = (goal - columns @ found) ** 2 - (found[prior] * sd) ** 2
        design = np.stack([np.ones_like(part), part], axis=1) / (part + 0.05)[:, None]
        if floor:
            base, slope = np.linalg.lstsq(design, rest / (part + 0.05), rcond=None)[0]
        else:
            base, slope = 0.0, float(rest.mean())
        weights += found.round(5).tolist()
        if prior == 0:
            weights[-1] = tip
        variances += [round(max(float(base), 0.3 if floor else 0.0), 4), round(float(slope), 4)]
    return {name: weights, f"{name}_variance": variances}
