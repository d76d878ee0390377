"""The fitted figures of the game's forecast: the meaning, unit and shape of each.

All are maximum-likelihood or least-squares fits on recorded games. `parameters` reads them from a
file.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from tracker.domain import Lazy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Average:
    """The prior of a game of which nothing is known, in points.

    `margin` is the home edge and `total` the mean total. The `_sd` are the standard deviations of
    the closing lines (or ratings) of single games about these. `reference` is the total from which
    the other figures count a prior's total: the league's own, or that of the league from which the
    figures are transferred.
    """

    margin: float
    total: float
    margin_sd: float
    total_sd: float
    reference: float


@dataclass(frozen=True, eq=False)
class BoxFigures:
    """The expected team box at each part of regulation played, interpolated between rows.

    A row of `possessions` holds the weights of (1, prior total over `reference`, ends) for the
    possessions of one team, a row of `fouls` those of (1, ends) for the fouls of both.
    """

    played: tuple[float, ...]
    possessions: tuple[tuple[float, float, float], ...]
    fouls: tuple[tuple[float, float], ...]
    reference: float

    def expected(self, played: float, prior_total: float, ends: float) -> tuple[float, float]:
        """Expected possessions of a team, and fouls of both, with `played` of regulation over."""
        k = min(max(bisect_right(self.played, played) - 1, 0), len(self.played) - 2)
        start, end = self.played[k], self.played[k + 1]
        w = min(max((played - start) / (end - start), 0.0), 1.0)
        beyond = prior_total - self.reference

        def at(row: int) -> tuple[float, float]:
            one, by_total, by_ends = self.possessions[row]
            fouls, fouls_by_ends = self.fouls[row]
            return one + by_total * beyond + by_ends * ends, fouls + fouls_by_ends * ends

        (low, low_fouls), (high, high_fouls) = at(k), at(k + 1)
        return low * (1 - w) + high * w, low_fouls * (1 - w) + high_fouls * w


@dataclass(frozen=True, eq=False)
class Flow:
    """Means and variances of the points scored from a moment to the endgame layer.

    `layer` and `knots` are seconds left in regulation; coefficients between knots are interpolated
    linearly. `margin[k, f]` and `total[k, f]` are least-squares weights of the features listed in
    `flow.MARGIN_FEATURES` and `flow.TOTAL_FEATURES`. `margin_rate` and `total_rate` are variances
    per second to the layer (points² / s). `total_pace` is the power with which the variance of the
    total follows the prior's total over the league's. The `_noise` are standard deviations, in
    points, of a whole game about a prior that is known for sure.
    """

    layer: float
    knots: Floats
    margin: Floats
    total: Floats
    margin_rate: Floats
    total_rate: Floats
    total_pace: float
    margin_noise: float
    total_noise: float
    box: BoxFigures | None = None
    """The expected team box; None in leagues whose boxes do not improve the forecast."""
    tie: float = 0.0
    """The correlation of margin and total that is added for a clear favourite, until
    `model.TIE_FADES`."""

    @Lazy
    def clocks(self) -> list[float]:
        """The knots as plain numbers."""
        return [float(x) for x in self.knots]

    @Lazy
    def knot_rows(self) -> list[Knot]:
        """All interpolated figures as plain numbers, by knot."""
        rates = self.margin_rate.tolist(), self.total_rate.tolist()
        rows = zip(self.margin.tolist(), self.total.tolist(), *rates, strict=True)
        return [Knot(*x) for x in rows]


class Knot(NamedTuple):
    """The figures of the flow at one knot."""

    margin: list[float]
    total: list[float]
    margin_rate: float
    total_rate: float


class Table(Protocol):
    """Chances `[lead, own points, other points]` at one clock, read one lead at a time."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of leads, own points and other points."""
        ...

    def __getitem__(self, lead: int, /) -> Floats:
        """The chances of one lead, by its index."""
        ...


@dataclass(frozen=True, eq=False)
class PackedTable:
    """A table kept as in the file, at a quarter of its size, and unpacked a lead at a time.

    `cells` are 16-bit integers; divided by the sum of their lead in `sums` they are chances.
    """

    cells: NDArray[np.uint16]
    sums: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of leads, own points and other points."""
        return self.cells.shape

    def __getitem__(self, lead: int, /) -> Floats:
        """The chances of one lead, which add up to 1."""
        chances: Floats = self.cells[lead].astype(np.float64) / self.sums[lead]
        return chances


def whole(table: Table) -> Floats:
    """A table unpacked as one array."""
    return np.stack([table[lead] for lead in range(table.shape[0])])


@dataclass(frozen=True, eq=False)
class Endgame:
    """Joint chances of both teams' points from a clock to the end of the last period.

    `tables[k][d + leads]` belongs to `clocks[k]` seconds left and to the team with the ball leading
    by d; its cell [x, y] is the chance that this team scores x and the other y. They come from a
    chain of possessions fitted to recorded ones. `ball[k, d + leads]` is the chance that a team
    which leads by d has the ball, for states whose possession is unknown. `tilt[k]` holds the
    weights of `endgame.TILT_FEATURES` by which the log-odds of a further point shift.
    """

    clocks: Floats
    leads: int
    tables: tuple[Table, ...]
    ball: Floats
    tilt: Floats


@dataclass(frozen=True, eq=False)
class Overtime:
    """An overtime from its start, where neither team is in the bonus.

    `table` holds the joint chances of both teams' points by two average teams. `edge` and `pace`
    are the log-odds that a point of prior margin adds to a point of its margin, and a point of
    prior total to a point of its total; `slow` those of any further point over the table's. `tempo`
    are those over the tilted tables of the same clock in regulation.
    """

    table: Floats
    edge: float
    pace: float
    slow: float
    tempo: float

    @staticmethod
    def of(endgame: Endgame, tempo: float) -> Overtime:
        """The overtime that begins as the endgame's tables do at a tied score."""
        table = endgame.tables[-1][endgame.leads]
        edge, _, pace, bonuses, one = endgame.tilt[-1].tolist()
        return Overtime(0.5 * (table + table.T), edge / 10, pace / 10, tempo + one - bonuses, tempo)


@dataclass(frozen=True, eq=False)
class SpanFigures:
    """Points of one quarter or half: least-squares weights and variances.

    `inside` holds for a moment within the span, `ahead` for one before it. Both are weights of
    `flow.SPAN_FEATURES`, those of the margin and then those of the total. The variances, points²,
    are (whatever little is left, a whole span) for the margin and then for the total; a moment
    within the span has the first plus the second times the part of the span that is left.
    """

    inside: tuple[float, ...]
    ahead: tuple[float, ...]
    inside_variance: tuple[float, float, float, float]
    ahead_variance: tuple[float, float, float, float]
