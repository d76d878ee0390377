"""Fits the endgame's tables: a chain of possessions, counted on recorded games.

The duration and points of possessions are counted by clock and lead, and smoothed with normal
kernels: `CLOCK_WIDTH` of the clock, and `LEAD_WIDTH` on a scale of leads that separates small leads
and merges blowouts. The tables are then computed backwards from the buzzer: f(clock, lead) is the
sum, over what the next possession may do, of f(clock after it, the opponent's lead). A table begins
with a possession under way.

Much of the last minute of a close game is seen while play stands, with a possession that is yet to
begin: its start counts for more than a second (`seen`).

Next the tables are tilted by strength, tempo, the lead and the bonus. For small tilts the
likelihood is nearly quadratic, so its maximum is one linear solve of the tables' means and
variances against the points scored.

Last the tables are widened. In the chain possessions are independent given clock and lead, and real
ones are not: over minutes the points of both teams vary less than the chain says, and their
difference a little more. In the last minute no correction could be told from none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tracker.forecast.game import Endgame, whole
from tracker.forecast.game.endgame import LONG_TILT, untilted
from tracker.modelling import Array
from tracker.modelling.games import rows_of
from tracker.modelling.games.trace import Possessions, Sample

LEADS = 20
"""The largest lead, in points, that the tables have; larger ones are taken as this."""
LONGEST = 60
"""The longest possession in seconds; longer ones count as this long."""
SPAN = 300
"""Seconds before the end at which the tables begin."""
CLOCK_WIDTH = 0.18
"""The kernel's standard deviation as a part of the clock, but at least `LEAST_CLOCK_WIDTH` s."""
LEAST_CLOCK_WIDTH = 0.6
OUTCOMES = (
    (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (0, 1), (0, 2), (0, 3),
    (1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2),
)  # fmt: skip
"""Points (own, other) of a possession; any other pair counts as the nearest of these."""
SIZE = 38
"""The most points of one team in five minutes, plus one."""


def table_clocks() -> list[int]:
    """The clocks of the tables, in seconds left: closer together near the end."""
    return [*range(25), *range(26, 61, 2), *range(65, 121, 5), *range(130, SPAN + 1, 10)]


LAST_STARTS = (0.5, 60.0)
"""Seconds left between which the start of a possession is seen longer than it lasts."""

CLOSE = 8
"""Points: the largest lead with which it is; beyond, the clock is let run, and starts are few."""

STANDS = 5
"""Seconds for which such a start is seen besides those that play goes on: baskets, fouls, free
throws and time-outs stop the clock. Chosen of 0, 3, 5 and 8 on four NBA seasons, each by tables
without it: more is better right after an action, and from 8 on worse while the clock runs."""


def seen(starts: Possessions, glances: Possessions) -> Possessions:
    """The moments in which a live game is seen: every second, and starts while play stands."""
    first, last = LAST_STARTS
    late = (starts.left > first) & (starts.left <= last) & (np.abs(starts.lead) <= CLOSE)
    standing = rows_of(starts, late)
    return type(glances)(
        *(
            np.concatenate([getattr(glances, x), np.repeat(getattr(standing, x), STANDS)])
            for x in glances.__dataclass_fields__
        )
    )


def hats(knots: Array, at: Array) -> Array:
    """Weights [row, knot] of linear interpolation between knots."""
    found = np.empty((at.size, knots.size))
    for k, one in enumerate(np.eye(knots.size)):
        found[:, k] = np.interp(at, knots, one)
    return found


def lead_scale(lead: Array) -> Array:
    """Leads on a scale that spreads small leads and compresses large ones."""
    scaled: Array = np.sign(lead) * np.log1p(1.5 * np.abs(lead))
    return scaled


def _outcome_index() -> Array:
    place = {pair: i for i, pair in enumerate(OUTCOMES)}
    table = np.zeros((10, 10), dtype=np.int16)
    for own in range(10):
        for other in range(10):
            near = (min(own, 3), min(other, 2)) if other else (min(own, 5), 0)
            table[own, other] = place.get((own, other), place.get(near, place[3, 2]))
    return table


def count(rows: Possessions) -> Array:
    """Possessions by [clock, lead, seconds used, outcome]; LONGEST + 1 means to the buzzer."""
    clock = np.clip(np.rint(rows.left), 1, SPAN).astype(np.int16)
    used = np.clip(np.rint(rows.left - rows.until), 0, LONGEST).astype(np.int16)
    used = np.where((rows.last > 0) | (np.rint(rows.until) <= 0), LONGEST + 1, used)
    lead = np.clip(rows.lead, -LEADS, LEADS).astype(np.int16) + LEADS
    own, other = (np.clip(x, 0, 9).astype(np.int16) for x in (rows.own, rows.other))
    counts = np.zeros((SPAN + 1, 2 * LEADS + 1, LONGEST + 2, len(OUTCOMES)), np.float32)
    np.add.at(counts, (clock, lead, used, _outcome_index()[own, other]), 1)
    return counts


def smooth(counts: Array, lead_width: float) -> Array:
    """Turn counts into chances of (seconds used, outcome) for each clock and lead, in place."""
    clocks = np.arange(1, SPAN + 1)
    width = np.maximum(CLOCK_WIDTH * clocks, LEAST_CLOCK_WIDTH)[:, None]
    by_clock = np.exp(-0.5 * ((clocks[:, None] - clocks) / width) ** 2).astype(np.float32)
    scale = lead_scale(np.arange(-LEADS, LEADS + 1))
    by_lead = np.exp(-0.5 * ((scale[:, None] - scale) / lead_width) ** 2).astype(np.float32)
    # Only two blocks of memory are used in turn: each further copy would take 46 MB.
    leads, block = scale.size, counts[1:]
    mixed = by_clock @ block.reshape(SPAN, -1)
    turned = block.reshape(leads, SPAN, -1)
    turned[:] = mixed.reshape(SPAN, leads, -1).transpose(1, 0, 2)
    np.dot(by_lead, turned.reshape(leads, -1), out=mixed.reshape(leads, -1))
    block.reshape(SPAN, leads, -1)[:] = mixed.reshape(leads, SPAN, -1).transpose(1, 0, 2)
    del mixed
    chances = counts
    chances[0] = 0
    chances[1:] /= chances[1:].sum(axis=(2, 3), keepdims=True)
    for clock in range(1, SPAN + 1):
        _trim(chances[clock], clock)
    return chances


def _trim(chances: Array, clock: int) -> None:
    """Make possessions that outlast the clock end with it, and all others take at least 1 s."""
    if clock <= LONGEST:
        chances[:, LONGEST + 1] += chances[:, clock : LONGEST + 1].sum(axis=1)
        chances[:, clock : LONGEST + 1] = 0
    to = 1 if clock > 1 else LONGEST + 1
    chances[:, to] += chances[:, 0]
    chances[:, 0] = 0


_MOST = 5
"""Points of the largest outcome of a possession."""


def step(chances: Array, later: Array, clock: int) -> Array:
    """Chances [lead, own points, other points] at `clock`, from those with less time left.

    `later` has a row for each clock, or for the last LONGEST + 1 of them in turn.
    """
    whole = later.shape[2]
    size = min(table_size(clock), whole)
    leads = later.shape[1]
    found = np.zeros((leads, whole, whole), np.float32)
    possible = chances[:, : min(LONGEST, clock - 1) + 1].max(axis=0) > 1e-6  # noqa: PLR2004 - nothing
    possible[0] = False
    # Afterwards the other team has the ball, so that its lead is the negative of this one's.
    taken = np.flatnonzero(possible.any(axis=1))
    theirs = np.clip(np.arange(leads + _MOST, -_MOST - 1, -1) - 1, 0, leads - 1)
    small = later[:, :, :size, :size][np.ix_((clock - taken) % later.shape[0], theirs)]
    for o, (own, other) in enumerate(OUTCOMES):
        used = possible[taken, o]
        part = np.zeros((leads, size, size), np.float32)
        if used.any():
            rest = small[:, _MOST + own - other :][:, :leads]
            rest = rest if used.all() else rest[used]
            part = np.einsum("dk,kdxy->dyx", chances[:, taken[used], o], rest)
        part[:, 0, 0] += chances[:, LONGEST + 1, o]
        room_own, room_other = min(size, whole - own), min(size, whole - other)
        found[:, own : own + room_own, other : other + room_other] += part[
            :, :room_own, :room_other
        ]
    return found


def fit_tables(
    starts: Possessions, glances: Possessions, lead_width: float, progress: Callable[[float], None]
) -> tuple[Array, ...]:
    """The tables at `table_clocks`, each [lead, own points, other points], with sum 1 by lead."""
    wanted = table_clocks()
    # Only these clocks are kept: the chances at all of them take 46 MB.
    under_way = smooth(count(rows_of(glances, glances.left <= SPAN)), lead_width)[wanted]
    fresh = smooth(count(rows_of(starts, starts.left <= SPAN)), lead_width)
    # A possession takes LONGEST seconds at most: earlier chances are overwritten.
    later = np.zeros((LONGEST + 1, 2 * LEADS + 1, SIZE, SIZE), np.float32)
    later[0, :, 0, 0] = 1
    tables: list[Array] = []
    for clock in range(SPAN + 1):
        if clock in wanted:
            begun = under_way[len(tables)]
            whole = later[0] if clock == 0 else step(begun, later, clock)
            size = table_size(clock)
            table = whole[:, :size, :size].astype(np.float64)
            tables.append(table / table.sum(axis=(1, 2), keepdims=True))
        if clock:
            later[clock % (LONGEST + 1)] = step(fresh[clock], later, clock)
        if clock % 30 == 0:
            progress(clock / SPAN)
    return tuple(tables)


def table_size(clock: float) -> int:
    """Rows of a clock's table: one more than the points that a team exceeds once in 10,000."""
    late = clock <= 120  # noqa: PLR2004 - two minutes
    return min(SIZE, int(10 + 0.1 * clock) if late else int(22 + 0.085 * (clock - 120)))


def fit_ball(glances: Possessions, lead_width: float) -> Array:
    """The chance that a team with a lead has the ball, [table clock, lead]."""
    counts = np.zeros((SPAN + 1, 2 * LEADS + 1))
    inside = rows_of(glances, glances.left <= SPAN)
    lead = np.clip(inside.lead, -LEADS, LEADS).astype(int) + LEADS
    np.add.at(counts, (np.rint(inside.left).astype(int), lead), 1)
    scale = lead_scale(np.arange(-LEADS, LEADS + 1))
    by_lead = np.exp(-0.5 * ((scale[:, None] - scale) / (2 * lead_width)) ** 2)
    clocks = np.arange(SPAN + 1)
    rows = []
    for clock in table_clocks():
        by_clock = np.exp(-0.5 * ((clocks - max(clock, 1)) / max(0.08 * clock, 1)) ** 2)
        by_clock[0] = 0
        seen = by_lead @ (by_clock @ counts)
        rows.append(seen / (seen + seen[::-1]))
    return np.array(rows)


BREAK_CLOCKS = (*range(25), *range(26, 61, 2))
"""Clocks, in seconds left of the period, of the tables for the ends of earlier periods."""


def fit_breaks(starts: Possessions, glances: Possessions) -> tuple[Array, ...]:
    """The tables at BREAK_CLOCKS, each [1, own points, other points], the same for every lead.

    At the end of an earlier period teams do not foul on purpose, so the lead does not matter.
    """
    longest = BREAK_CLOCKS[-1]
    level = [replace(x, lead=np.zeros_like(x.lead)) for x in (starts, glances)]
    fresh, under_way = (
        smooth(count(rows_of(x, x.left <= SPAN)), 1000.0)[: longest + 1, LEADS : LEADS + 1].copy()
        for x in level
    )
    later = np.zeros((longest + 1, 1, SIZE, SIZE), np.float32)
    later[0, :, 0, 0] = 1
    for clock in range(1, longest + 1):
        later[clock] = step(fresh[clock], later, clock)
    tables = []
    for clock in BREAK_CLOCKS:
        whole = later[0] if clock == 0 else step(under_way[clock], later, clock)
        size = table_size(clock)
        table = whole[:, :size, :size].astype(np.float64)
        tables.append(table / table.sum(axis=(1, 2), keepdims=True))
    return tuple(tables)


TILT_CLOCKS = (5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150, 180, 210, 240, 270, 300)
"""Seconds left at which states are drawn."""

TILT_KNOTS = np.array([30.0, 120.0, 300.0])
"""Seconds left between which the weights are interpolated; they are constant below the first."""

TILT_STEADY = 40.0
"""The ridge on the weights: a prior worth this many games that each weight is 0, against noise."""


def moments(endgame: Endgame, sample: Sample) -> Array:
    """Mean gain of lead and total, their variances and covariance, a row for each state."""
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
    """The weights of the tilt, [table clock, feature]: prior, lead, tempo, bonuses and constant."""
    observed = moments(endgame, sample)
    gain_lead = sample.end_lead - sample.lead - observed[:, 0]
    gain_total = sample.end_total - sample.total - observed[:, 1]
    basis = hats(TILT_KNOTS, sample.left)
    prior, lead, pace, bonuses = _tilt_features(sample, average_total)
    x = np.concatenate([basis * f[:, None] for f in (prior, lead)], axis=1)
    ones = np.ones_like(pace)
    y = np.concatenate([basis * f[:, None] for f in (pace, bonuses, ones)], axis=1)
    vm, vt, vc = observed[:, 2:3], observed[:, 3:4], observed[:, 4:5]
    square = np.block([[x.T @ (x * vm), x.T @ (y * vc)], [y.T @ (x * vc), y.T @ (y * vt)]])
    right = np.concatenate([x.T @ gain_lead, y.T @ gain_total])
    found = np.linalg.solve(square + TILT_STEADY * np.eye(right.size), right).reshape(
        5, TILT_KNOTS.size
    )
    return np.stack([np.interp(endgame.clocks, TILT_KNOTS, w) for w in found], axis=1)


def _tilt_features(sample: Sample, average_total: float) -> tuple[Array, Array, Array, Array]:
    """The features of the tilt but for the constant: prior, lead, tempo and bonuses."""
    prior, lead = (
        np.clip(x / 10, -LONG_TILT, LONG_TILT) for x in (sample.prior_margin, sample.lead)
    )
    pace = (sample.prior_total - average_total) / 10
    return prior, lead, pace, sample.bonus_home + sample.bonus_away - 1


WIDTH_KNOTS = np.array([60.0, 120.0, 300.0])
"""Seconds left between which the widths are interpolated; from the first on they are 1."""

WIDTH_STEADY = 100.0
"""The ridge on the widths: a prior worth this many states, at each knot, that the width is 1."""

WIDEST = 1.4
"""The largest factor by which a variance is corrected, up or down."""


def fit_widths(endgame: Endgame, sample: Sample, average_total: float) -> Array:
    """Recorded variance over that of the tilted tables, [table clock, (margin, total)]."""
    observed = moments(endgame, sample)
    tilt = np.stack([np.interp(sample.left, endgame.clocks, x) for x in endgame.tilt.T], axis=1)
    prior, lead, pace, bonuses = _tilt_features(sample, average_total)
    by_margin = tilt[:, 0] * prior + tilt[:, 1] * lead
    by_total = tilt[:, 2] * pace + tilt[:, 3] * bonuses + tilt[:, 4]
    mean_margin = observed[:, 0] + by_margin * observed[:, 2] + by_total * observed[:, 4]
    mean_total = observed[:, 1] + by_total * observed[:, 3] + by_margin * observed[:, 4]
    later = sample.left > WIDTH_KNOTS[0]
    margin = (sample.end_lead - sample.lead - mean_margin)[later] ** 2 / observed[later, 2] - 1
    total = (sample.end_total - sample.total - mean_total)[later] ** 2 / observed[later, 3] - 1
    basis = hats(WIDTH_KNOTS, sample.left[later])[:, 1:]
    square = basis.T @ basis + WIDTH_STEADY * np.eye(WIDTH_KNOTS.size - 1)
    found = [np.linalg.solve(square, basis.T @ x) for x in (margin, total)]
    widths = [1 + np.interp(endgame.clocks, WIDTH_KNOTS, [0, *x]) for x in found]
    clipped: Array = np.clip(np.stack(widths, axis=1), 1 / WIDEST, WIDEST)
    return clipped


def widened(endgame: Endgame, widths: Array) -> Endgame:
    """An endgame whose tables have their variances of margin and total multiplied by `widths`."""
    tables = [_widened(whole(x), *w) for x, w in zip(endgame.tables, widths.tolist(), strict=True)]
    return replace(endgame, tables=tuple(tables))


def _widened(table: Array, margin: float, total: float) -> Array:
    """One clock's tables, with their variances multiplied by `margin` and `total`.

    Each cell is multiplied by exp(b x²), x being its distance from the mean. On a normal of
    variance V this gives the variance V / (1 - 2 b V), from which b follows.
    """
    if margin == total == 1:
        return table
    steps = np.arange(table.shape[1])
    both, gain = np.add.outer(steps, steps), np.subtract.outer(steps, steps)
    log = np.zeros_like(table)
    for values, wanted in ((both, total), (gain, margin)):
        mean = (table * values).sum(axis=(1, 2))[:, None, None]
        variance = (table * (values - mean) ** 2).sum(axis=(1, 2))[:, None, None]
        log += (1 - 1 / wanted) / (2 * variance) * (values - mean) ** 2
    found = table * np.exp(log)
    whole: Array = found / found.sum(axis=(1, 2), keepdims=True)
    return whole
