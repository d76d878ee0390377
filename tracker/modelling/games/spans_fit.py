"""The smaller figures: overtime, quarters and halves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.game.endgame import tilted
from tracker.forecast.game.flow import LASTING, LONG_LEAD, lasting, sharpened
from tracker.forecast.game.lattice import Pmf, antidiagonals
from tracker.forecast.game.spans import MARGIN_PART
from tracker.modelling.games.endgame_fit import SPAN
from tracker.modelling.games.flow_fit import coming_of, surprises

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.figures import BoxFigures, Endgame
    from tracker.modelling.games.dataset import Dataset
    from tracker.modelling.games.flow_fit import Noise
    from tracker.modelling.games.trace import Priors, Seconds

    Array = NDArray[Any]

OVERTIME_POINTS = 90
"""Points of both teams, in all overtimes together, that are kept."""
OVERTIME_MARGIN = 24


def overtime_points(data: Dataset) -> Array:
    """Points of both teams in every single overtime that was played."""
    events, periods = data.events, data.league.periods
    total = events.home + events.away
    ends = np.flatnonzero(np.r_[np.diff(events.period) != 0, True])
    found = [
        total[row] - total[ends[k - 1]]
        for k, row in enumerate(ends.tolist())
        if events.period[row] > periods and k
    ]
    return np.array(found, dtype=np.float64)


def overtime_tempo(table: Array, points: Array) -> float:
    """The tilt of the total that gives a table the mean of recorded overtimes (Newton's steps)."""
    if points.size == 0:
        return 0.0
    tempo = 0.0
    for _ in range(6):
        total = Pmf(0, antidiagonals(tilted(table, 0.0, tempo)))
        tempo += (float(points.mean()) - total.mean) / total.sd**2
    return round(tempo, 5)


def fit_overtime(endgame: Endgame, edge: float, points: Array) -> dict[str, Any]:
    """All overtimes together, from the endgame's table of five minutes at a level score.

    An overtime that ends level is followed by another of the same kind. `points` are those of
    recorded overtimes, which are slower than the end of regulation.
    """
    table = endgame.tables[int(np.searchsorted(endgame.clocks, SPAN))][endgame.leads]
    tempo = overtime_tempo(table, points)
    *_, bonuses, one = endgame.tilt[int(np.searchsorted(endgame.clocks, SPAN))].tolist()
    table = tilted(table, 0.0, tempo)
    once = 0.5 * (table + table.T)
    size = once.shape[0]
    margin = np.zeros(2 * OVERTIME_MARGIN + 1)
    total = np.zeros(OVERTIME_POINTS)
    level = np.zeros(OVERTIME_POINTS)
    for own in range(size):
        for other in range(size):
            chance = once[own, other]
            if own == other:
                level[min(own + other, OVERTIME_POINTS - 1)] += chance
            else:
                margin[int(np.clip(own - other, -24, 24)) + OVERTIME_MARGIN] += chance
                total[min(own + other, OVERTIME_POINTS - 1)] += chance
    added, again = total.copy(), level.copy()
    for _ in range(5):
        added += np.convolve(again, total)[:OVERTIME_POINTS]
        again = np.convolve(again, level)[:OVERTIME_POINTS]
    return {
        "margin": (margin / margin.sum()).round(7).tolist(),
        "total": (added / added.sum()).round(7).tolist(),
        "edge": round(edge, 5),
        # At an overtime's start no team is in the bonus: what the tilt says of that is in `tempo`.
        "tempo": round(tempo - one + bonuses, 5),
    }


SPANS = {4: {"Q1": (0, 1), "Q2": (1, 2), "Q3": (2, 3), "Q4": (3, 4), "1H": (0, 2), "2H": (2, 4)},
         2: {"1H": (0, 1), "2H": (1, 2)}}  # fmt: skip
"""Spans by name: how many periods are over at their beginning and at their end."""

MARGINS = len(MARGIN_PART)
"""Features of a span's margin; those of its total follow them."""

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
    """The flow's weight of the balls to come: a quarter's own games tell too little of it."""


def fit_spans(given: SpanData) -> dict[str, dict[str, list[float]]]:
    """Weights and variances of every quarter and half."""
    period = given.data.league.period_seconds
    found = {}
    for name, (first, last) in SPANS[given.data.league.periods].items():
        start, end = first * period, last * period
        covered = first + 1, last
        inside = [_state(given, at, covered, begun=True) for at in range(start, end, EVERY)]
        before = [
            _state(given, at, covered, begun=False) for at in range(0, start + 1, period // 2)
        ]
        found[name] = {
            **_fit_part("inside", inside, given.tip, floor=True),
            **_fit_part("ahead", before, given.tip, floor=False),
        }
    return found


def _state(given: SpanData, at: int, covered: tuple[int, int], *, begun: bool) -> tuple[Array, ...]:
    """Features, what the span still brings (margin, total), and the prior's error, at a second."""
    rules, games, noise = given.data.league, given.games, given.noise
    start, end = ((x * rules.period_seconds) for x in (covered[0] - 1, covered[1]))
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
    if end == regulation and (end - start) * 2 == regulation:
        # A second half counts overtime.
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
    balls = coming_of(left, rules, range(covered[0], covered[1] + 1)) * (at > 0)
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
