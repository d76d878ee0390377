"""The end of a game: from a clock of five minutes to the buzzer, possession by possession.

The tables are made when fitting, by stepping a chain of possessions back from the buzzer: how long
a possession lasts and what it scores depends on the clock and the lead (a trailing team fouls, a
leading one runs the clock down), all of it counted on recorded games. Here they are only looked up
and tilted: the log-odds of a further point of margin or total shift with the strength of the teams.

Seen from earlier, a game can reach the layer, two minutes before the end, at many leads. The tables
are summed over these once, when the parameters are read, into two arrays: the chances of the final
margin given the lead at the layer, and those of the points still scored given the final margin. The
second hardly depends on the lead at the layer, and is kept by classes of the final margin.

Ties at the end of regulation are replaced by the outcomes of their overtimes.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain import Lazy
from tracker.forecast.game.lattice import (
    FAR,
    NO_BOUND,
    ONES,
    Cells,
    Lattice,
    Pmf,
    Region,
    Skewed,
    hankel,
    toeplitz,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.domain.league import League
    from tracker.forecast.game import Endgame, Overtime
    from tracker.forecast.game.flow import Moment

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]


TILT_FEATURES = ("prior", "lead", "pace", "bonuses", "one")
"""The features of the tilts. Of the margin: prior margin / 10 and lead / 10, neither beyond
LONG_TILT. Of the total: (prior total - the league's) / 10, teams in the bonus less one, and 1."""

LONG_TILT = 2.5
"""Tens of points: the longest prior margin or lead that counts. Chosen where recorded states become
too few; the fit clips at the same place."""

LEAST_TENTHS = 0.05
"""Seconds that a game in play has left at 0.0, where feeds show tenths: the clock may be set back,
and free throws or a last shot may still count. A point fell after 5 of the 855 actions at 0.0 of
5,108 NBA games."""

LEAST_SECONDS = 0.5
"""The same at 0:00 where feeds show whole seconds, which is any clock below one second. In 5,996
college games a leader by one, two or three points then failed to win in 3.3, 1.6 and .8 % of the
states after an action; this gives 3.2, 1.5 and 1.0 %. Of shorter ones .3 s is a little better for
the winner and much worse for totals, longer ones are worse for the winner."""

LAST_MINUTE = 60.0
"""Seconds left of a span from which its end is read off the tables of possessions."""

LARGEST_TILT = 0.5
"""The largest tilt, in log-odds of one further point. A guard: the fitted tilts stay below .14 for
every prior and lead on record."""


@dataclass(frozen=True, slots=True)
class Blend:
    """A clock between two tables: the index of the lower, and the weight of the upper (0 to 1)."""

    lower: int
    weight: float


def in_play(left: float, rules: League) -> float:
    """The seconds that a period in play has left, by the `left` that a feed shows."""
    return max(left, LEAST_TENTHS if rules.tenths else LEAST_SECONDS)


def between(clocks: Floats, left: float) -> Blend:
    """The two tables around `left` seconds, and their weights."""
    left = min(left, float(clocks[-1]))
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


def untilted(endgame: Endgame, lead: int, ball: float, left: float) -> Floats:
    """Chances [home points, away points] scored to the end of a period by two average teams."""
    at = between(endgame.clocks, left)
    home_ball = ball_chance(endgame, at, lead) if ball == 0 else (ball + 1) / 2
    high = _table(endgame, at.lower + 1, lead, home_ball)
    low = _table(endgame, at.lower, lead, home_ball)
    cells = high * at.weight
    n = low.shape[0]
    cells[:n, :n] += low * (1 - at.weight)
    return cells


def remaining(endgame: Endgame, at: Moment, average_total: float, tempo: float = 0.0) -> Floats:
    """Chances [home points, away points] scored to the end of the last period, or of an overtime.

    `tempo` tilts the total further, as an overtime needs.
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
    """Variances of the margin and of the total of the points in `cells`."""
    steps = np.arange(cells.shape[0])
    home, away = cells.sum(axis=1), cells.sum(axis=0)
    mean_home, mean_away = float(home @ steps), float(away @ steps)
    both = float(steps @ cells @ steps) - mean_home * mean_away
    squares = float((home + away) @ (steps * steps)) - mean_home**2 - mean_away**2
    return squares - 2 * both, squares + 2 * both


TABLES_MARGIN, TABLES_TOTAL = 1.05, 0.19
"""Possessions are not independent, as the tables of a period's last minute take them to be: the
variance of the margin is larger by this factor, and that of the total smaller by this part at 1:00,
which falls with the root of the clock. Recorded are 1.07 in four NBA seasons and in college and
1.02 in the WNBA; of the total .19, .22 and .16 at 1:00, .15, .16 and .10 at 0:30, .05, .07 and 0 at
0:10."""

_FEW_SHOTS = 3.0
"""Points²: the variance of a margin or a total below which it is far from normal: a few shots."""


def ending(breaks: Endgame, ball: float, left: float) -> Floats:
    """Chances [home points, away points] of the rest of an earlier period that ends in a minute.

    Each cell of the table is multiplied by exp(b x²), x being its distance from the mean of margin
    or total, which gives a normal of variance V the variance V / (1 - 2 b V). The mean is kept.
    """
    cells = untilted(breaks, 0, ball, left)
    steps = np.arange(cells.shape[0], dtype=np.float64)
    gain, both = np.subtract.outer(steps, steps), np.add.outer(steps, steps)
    means = float(np.vdot(cells, gain)), float(np.vdot(cells, both))
    factors = TABLES_MARGIN, 1 - TABLES_TOTAL * math.sqrt(left / LAST_MINUTE)
    log = np.zeros_like(cells)
    for values, mean, factor, variance in zip(
        (gain, both), means, factors, _variances(cells), strict=True
    ):
        log += (values - mean) ** 2 * ((1 - 1 / factor) / (2 * max(variance, _FEW_SHOTS)))
    cells = cells * np.exp(log)
    cells *= 1.0 / cells.sum()
    back = (
        (mean - float(np.vdot(cells, values))) / max(variance, _FEW_SHOTS)
        for values, mean, variance in zip((gain, both), means, _variances(cells), strict=True)
    )
    return tilted(cells, *back)


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


LARGEST_MARGIN = 110
"""Points: the largest margin at the layer; the largest final margin on record is 73."""

BEYOND = 600
"""Points: the largest margin at the end of regulation with a place in the arrays."""

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
        """`points` in reverse order, as a convolution needs them."""
        return np.ascontiguousarray(self.points[:, ::-1])


def land(endgame: Endgame, layer: float) -> Landing:
    """Sum the tables at `layer` seconds over possession and over the leads."""
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


ROOM = 56
"""The most points of a team in all overtimes together. Given a tie, more has a chance of 2e-4 in
the NBA, of 4e-4 at a total of 35 above its average."""

_APART = 24
"""The largest margin of an overtime: a larger one has a chance below 1e-6."""

_MARGINS = np.arange(-_APART, _APART + 1)[:, None]
_HOME, _AWAY = (np.maximum(x, 0) + np.arange(ROOM) for x in (_MARGINS, -_MARGINS))
_ADDED = {"total": _HOME + _AWAY, "home": _HOME, "away": _AWAY}
"""What the outcomes of `Overtimes.chances` add to each part of the score."""

Lean = tuple[float, float]
"""The prior's margin, and its total over the league's, by which overtimes lean."""


@dataclass(frozen=True, eq=False)
class Overtimes:
    """All overtimes of a tie: P(home wins them by d - _APART, the loser scores u), `[d, u]`.

    What the room cuts off counts for the others, so that they add up to 1.
    """

    chances: Floats

    @Lazy
    def points(self) -> Lattice:
        """The same by the points of both teams."""
        size = ROOM + 1
        return Cells(0, 0, self.after(ONES[:1], (size, size), (0, 0)).copy(), (0, 0))

    def after(self, ties: Floats, shape: tuple[int, int], corner: tuple[int, int]) -> Floats:
        """The cells of the scores that follow ties, the first of which lies at `corner`."""
        (rows, columns), (i, j) = shape, corner
        count = min(ties.size + ROOM - 1, rows - i, columns - j)
        low = np.zeros(count + ROOM - 1)
        low[ROOM - 1 : ROOM - 1 + ties.size] = ties[:count]
        # The lower score is that of the tie and what the loser adds to it.
        sums = toeplitz(low, count, ROOM).dot(self.chances.T)
        # Beyond the shape there is room for a winner's points, which all have the chance 0 there.
        wide = columns + _APART
        sheet = np.zeros((rows + _APART, wide))
        step = sheet.itemsize
        start, down = (i * wide + j) * step, (wide + 1) * step
        home = np.ndarray((count, _APART + 1), np.float64, sheet, start, (down, wide * step))
        home += sums[:, _APART:]
        away = np.ndarray((count, _APART + 1), np.float64, sheet, start, (down, step))
        away += sums[:, _APART::-1]
        return sheet[:rows, :columns]

    @Lazy
    def margins(self) -> Floats:
        """Chances of the margins -_APART … _APART."""
        margins: Floats = self.chances.sum(axis=1)
        return margins

    @Lazy
    def kernels(self) -> Floats:
        """Chances of home points, away points, even and odd totals, a row each, highest first."""
        kernels = np.zeros((4, ROOM + 1))
        total = self.points.total.chances
        kernels[0], kernels[1] = self.points.home.chances, self.points.away.chances
        kernels[2], kernels[3, :-1] = total[::2], total[1::2]
        return np.ascontiguousarray(kernels[:, ::-1])

    def below(self, name: str, margin: tuple[int, int]) -> Floats:
        """P(part < x, margin within bounds) for x = 0, 1, … up to more than it can be."""
        found = self._known.get((name, margin))
        if found is None:
            rows = slice(max(margin[0] + _APART, 0), max(margin[1] + _APART + 1, 0))
            added, chances = _ADDED[name][rows].ravel(), self.chances[rows].ravel()
            sums = np.bincount(added, chances, 2 * ROOM + 1).cumsum()
            found = self._known[name, margin] = np.concatenate((_NOTHING, sums))
        return found

    @Lazy
    def _known(self) -> dict[tuple[str, tuple[int, int]], Floats]:
        return {}


def play_on(level: Lattice, overtime: Overtime, lean: Lean) -> Lattice:
    """The final score: every tie of `level` is replaced by the outcomes of its overtimes."""
    ties = level.cells.diagonal(level.home0 - level.away0)
    tie = float(ties.dot(ONES[: ties.size]))
    return PlayedOn(level, ties, tie, overtimes(overtime, lean)) if tie else level


@dataclass(frozen=True, eq=False)
class PlayedOn(Lattice):
    """The final score where overtimes follow the `ties` of `level`, from the lowest on.

    Sums are those of the scores decided in regulation and, on their own, of the overtimes: the
    cells are made only where they are asked for, as by parlays. `tie` is the chance of any tie.
    """

    level: Lattice
    ties: Floats
    tie: float
    overtimes: Overtimes
    sure: bool = False

    @property
    def home0(self) -> int:
        """Home points of the first row of `cells`."""
        return self.level.home0

    @property
    def away0(self) -> int:
        """Away points of the first column of `cells`."""
        return self.level.away0

    @property
    def scored(self) -> tuple[int, int]:
        """The points (home, away) so far."""
        return self.level.scored

    @Lazy
    def cells(self) -> Floats:
        """P(home = home0 + i, away = away0 + j)."""
        return self.after(self.level.cells)

    def after(self, cells: Floats) -> Floats:
        """The cells of the final score that follow from `cells` of the score at `level`."""
        rows, columns = cells.shape
        i, j = corner = self._tied - self.home0, self._tied - self.away0
        most = self.ties.size + ROOM
        shape = max(rows, i + most), max(columns, j + most)
        found = self.overtimes.after(cells[i:, j:].diagonal(), shape, corner).copy()
        found[:rows, :columns] += self._emptied(cells).by_away[:, :columns]
        return found

    def _part(self, name: str) -> Pmf:
        return self._parts[name]

    @Lazy
    def _parts(self) -> dict[str, Pmf]:
        """Margin, total and points of both teams, which share the sums over ties."""
        rows, columns = self.level.cells.shape
        after = self.ties.size + ROOM
        low = np.zeros(after + ROOM)
        low[ROOM:after] = self.ties
        played = self.overtimes.kernels.dot(hankel(low, ROOM + 1, after))
        cells, tied = self._decided.by_away[:, :columns], self._tied
        home, away, (margin, total) = self.home0, self.away0, self._decided.sums()
        margin_after, total_after = self.tie * self.overtimes.margins, played[2:].ravel("F")
        return {
            "margin": Pmf.joined(home - away - columns + 1, margin, -_APART, margin_after),
            "total": Pmf.joined(home + away, total, 2 * tied, total_after),
            "home": Pmf.joined(home, cells.dot(ONES[:columns]), tied, played[0]),
            "away": Pmf.joined(away, ONES[:rows].dot(cells), tied, played[1]),
        }

    def within(self, region: Region) -> float:
        """The chance of a score in a region."""
        bounded = [x for x, y in zip(_ADDED, region[1:], strict=True) if y != NO_BOUND]
        if len(bounded) > 1:
            return self._whole.within(region)
        decided = self._decided.within(region, self.home0, self.away0)
        name = bounded[0] if bounded else "total"
        below, (start, stop) = self.overtimes.below(name, region.margin), getattr(region, name)
        # What a tie has counts already: its total is twice the points of a team.
        step = 2 if name == "total" else 1
        has, first = _STEPS[step][: self.ties.size], step * self._tied
        most = self.tie * below.item(-1)
        if stop < FAR:
            most = self.ties.dot(below.take(stop + 1 - first - has, mode="clip"))
        if start > -FAR:
            most -= self.ties.dot(below.take(start - first - has, mode="clip"))
        # Below 0 where a part's bounds are crossed, or by rounding.
        return max(min(decided + float(most), 1.0), 0.0)

    @property
    def _tied(self) -> int:
        """Points of a team in the lowest tie."""
        return max(self.home0, self.away0)

    @Lazy
    def _decided(self) -> Skewed:
        """The scores without overtime."""
        return self._emptied(self.level.cells)

    def _emptied(self, cells: Floats) -> Skewed:
        """The cells of `level` but for its ties."""
        found = Skewed.of(cells)
        pitch = found.by_away.shape[1]
        first = (self._tied - self.home0) * pitch + self._tied - self.away0
        found.by_away.ravel()[first :: pitch + 1][: self.ties.size] = 0.0
        return found

    @Lazy
    def _whole(self) -> Cells:
        return Cells(self.home0, self.away0, self.cells, self.scored)


_STEPS = {step: step * np.arange(1024) for step in (1, 2)}
"""What ties have more than the lowest: points of a team, and of both."""

_NOTHING = np.zeros(1)

_REPEATED = 5
"""The most overtimes that follow the first. Given a tie, more have a chance of 1e-5 to 3e-5."""


@lru_cache(maxsize=64)
def overtimes(overtime: Overtime, lean: Lean) -> Overtimes:
    """All overtimes of a tie. Kept: a prior lasts from poll to poll."""
    margin, pace = lean
    cells = tilted(
        overtime.table, overtime.edge * 10 * _tens(margin), overtime.slow + overtime.pace * pace
    )
    sheet = np.pad(cells, (0, ROOM + _APART - len(cells)))
    once = sheet[_HOME, _AWAY]
    level = once[_APART].copy()
    once[_APART] = 0.0
    # One that ends level is followed by another.
    before = again = np.eye(1, ROOM)[0]
    for _ in range(_REPEATED):
        again = np.convolve(again, level)[:ROOM]
        before = before + again
    found = once @ toeplitz(np.concatenate((np.zeros(ROOM - 1), before)), ROOM, ROOM).T
    found[np.maximum(_HOME, _AWAY) > ROOM] = 0.0
    found *= 1.0 / found.sum()
    return Overtimes(found)


_USUAL = 40
"""The most points of a team in the overtimes that the weights of a second half were fitted with."""


@lru_cache(maxsize=64)
def short_and_long(overtime: Overtime, lean: Lean) -> tuple[int, int]:
    """The mean points of the shorter half of all overtimes and of the longer, whole numbers."""
    cells = overtimes(overtime, lean).points.cells[: _USUAL + 1, : _USUAL + 1]
    total = Cells(0, 0, cells, (0, 0)).total
    sums = 2 * total.sums
    points = np.arange(total.chances.size)
    short, long = (round(float(np.diff(sums.clip(k, k + 1)) @ points)) for k in range(2))
    return short, long
