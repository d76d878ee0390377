"""The joint distribution of both teams' points, and the sums that are read off it.

A lattice holds P(home = home0 + i, away = away0 + j). Margin, total and team points are sums along
its diagonals, rows and columns, so they always agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import numpy as np
from scipy.special import ndtr, ndtri

from tracker.domain import Lazy

T = TypeVar("T", bound=np.generic)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tracker.domain.chance import Unpriceable

    Floats = NDArray[np.float64]


ONES = np.ones(1024)
"""Ones, more than any lattice has rows or columns: a product with them is the fastest sum."""

COUNTED = np.arange(2048.0)
"""0, 1, 2, …, more than any lattice has margins or totals."""

_EDGE = 1e-12
"""The least distance from 0 and 1 of a chance whose normal score is taken."""


@dataclass(frozen=True, eq=False)
class Pmf:
    """The distribution of a whole number X: `chances[i]` is P(X = first + i). They add up to 1."""

    first: int
    chances: Floats

    @staticmethod
    def from_sums(first: int, edges: Floats) -> Pmf:
        """The distribution with these rising values of P(X < first + i), scaled from 0 to 1."""
        sums = edges - edges[0]
        sums *= 1.0 / sums[-1]
        sums[-1] = 1.0
        pmf = Pmf(first, sums[1:] - sums[:-1])
        pmf.__dict__["sums"] = sums
        return pmf

    @staticmethod
    def of_rows(firsts: Sequence[int], rows: Floats) -> list[Pmf]:
        """Many distributions, one a row, with sums, mean and sd of all computed at once."""
        count, size = rows.shape
        sums = np.zeros((count, size + 1))
        rows.cumsum(axis=1, out=sums[:, 1:])
        sums /= sums[:, -1:].copy()
        steps = COUNTED[:size]
        means = rows @ steps
        spread = steps - means[:, None]
        spread *= spread
        spread *= rows
        variances = spread.sum(axis=1)
        found = []
        columns = zip(firsts, rows, sums, means.tolist(), variances.tolist(), strict=True)
        for first, chances, below, mean, variance in columns:
            pmf = Pmf(first, chances)
            pmf.__dict__.update(sums=below, mean=first + mean, sd=math.sqrt(max(0.0, variance)))
            found.append(pmf)
        return found

    @staticmethod
    def joined(first: int, chances: Floats, other: int, added: Floats) -> Pmf:
        """The distribution with these chances from `first` on and those added from `other` on."""
        start, end = min(first, other), max(first + chances.size, other + added.size)
        # A place is left free before the first chance, for the sum of none.
        found = np.zeros(end - start + 1)
        found[first - start + 1 :][: chances.size] = chances
        place = found[other - start + 1 :][: added.size]
        place += added
        sums = found.cumsum()
        # Dividing rising sums by their last keeps them at most 1, and the last exactly 1.
        sums /= sums.item(-1)
        pmf = Pmf(start, found[1:])
        pmf.__dict__["sums"] = sums
        return pmf

    @Lazy
    def sums(self) -> Floats:
        """P(X < first + i) for i = 0 … n; exactly 0 at the start and exactly 1 at the end."""
        sums = np.empty(self.chances.size + 1)
        sums[0] = 0.0
        self.chances.cumsum(out=sums[1:])
        sums /= sums.item(-1)
        return sums

    def moved(self, step: int) -> Pmf:
        """The distribution of X + step."""
        twin = Pmf(self.first + step, self.chances)
        twin.__dict__["sums"] = self.sums
        return twin

    def less_than(self, value: int) -> float:
        """P(X < value)."""
        i, sums = value - self.first, self.sums
        return 0.0 if i <= 0 else 1.0 if i >= sums.size else sums.item(i)

    def window(self, low: int, high: int) -> list[float]:
        """P(X < v) for v = low … high."""
        sums, start, stop = self.sums, low - self.first, high - self.first + 1
        before, after = min(-start, stop - start), min(stop - sums.size, stop - start)
        within: list[float] = sums[max(start, 0) : max(stop, 0)].tolist()
        return [0.0] * before + within + [1.0] * after

    def split(self, line: float) -> tuple[float, float, float]:
        """P(X > line), P(X = line) and P(X < line)."""
        floor = math.floor(line)
        under = self.less_than(floor + 1)
        if floor != line:
            return 1.0 - under, 0.0, under
        below = self.less_than(floor)
        return 1.0 - under, under - below, below

    @Lazy
    def scores(self) -> Floats:
        """The normal score of each value: the normal quantile of P(X < x) + P(X = x) / 2."""
        middle = (self.sums[1:] + self.sums[:-1]) / 2
        scores: Floats = ndtri(np.clip(middle, _EDGE, 1 - _EDGE))
        return scores

    @Lazy
    def mean(self) -> float:
        """The expectation, in points."""
        return self.first + float(COUNTED[: self.chances.size].dot(self.chances))

    @Lazy
    def middle(self) -> float:
        """The line at which both sides are as likely, between whole numbers too."""
        return self.first - 0.5 + float(np.interp(0.5, self.sums, np.arange(self.sums.size)))

    @Lazy
    def sd(self) -> float:
        """The standard deviation, in points."""
        away = COUNTED[: self.chances.size] - (self.mean - self.first)
        away *= away
        return math.sqrt(float(away.dot(self.chances)))

    def quantile(self, level: float) -> int:
        """The smallest value whose cumulative chance reaches `level` (in (0, 1))."""
        return self.first + max(int(self.sums.searchsorted(level - 1e-12)) - 1, 0)

    def items(self) -> Iterator[tuple[int, float]]:
        """Values with a chance above 0 and their chances, in rising order."""
        for i, chance in enumerate(self.chances.tolist()):
            if chance > 0:
                yield self.first + i, chance


def _enough(values: NDArray[T], rows: int, columns: int) -> None:
    """Raise ValueError for a view that would read beyond its values."""
    if values.size < rows + columns - 1:
        raise ValueError(f"{rows} by {columns} cells need more than {values.size} values")


def toeplitz(values: NDArray[T], rows: int, columns: int) -> NDArray[T]:
    """An array with [i, j] = values[i - j + columns - 1]: a function of home minus away."""
    _enough(values, rows, columns)
    step = values.itemsize
    # The values are reversed, so that each row reads memory forwards, which is fastest.
    turned = values[rows + columns - 2 :: -1].copy()
    start = (rows - 1) * step
    return np.ndarray((rows, columns), values.dtype, turned, start, (-step, step))


def hankel(values: NDArray[T], rows: int, columns: int) -> NDArray[T]:
    """A view with [i, j] = values[i + j]: a function of home plus away."""
    _enough(values, rows, columns)
    step = values.itemsize
    return np.ndarray((rows, columns), values.dtype, np.ascontiguousarray(values), 0, (step, step))


def turned(values: Floats, rows: int, columns: int) -> Floats:
    """A view with [i, j] = values[i - j + columns - 1, i + j]: of [margin, total], as scores."""
    size, step = rows + columns - 1, values.itemsize
    if values.shape != (size, size) or not values.flags.c_contiguous:
        raise ValueError(f"{rows} by {columns} cells need {size} by {size} values in one piece")
    start, down, right = (columns - 1) * size * step, (size + 1) * step, (1 - size) * step
    return np.ndarray((rows, columns), np.float64, values, start, (down, right))


class Skewed(NamedTuple):
    """Cells by home points, and by away points, margin and total: 0 where there is no cell.

    All are views of one array, which is written with one row length and read with others. Read with
    rows one cell shorter, the columns are the antidiagonals; read with rows one cell longer, they
    are the diagonals in reverse order. `by_away` and `by_margin` have columns to spare at the end.
    """

    by_away: Floats
    by_margin: Floats
    """The highest margin first."""
    by_total: Floats

    @staticmethod
    def of(cells: Floats) -> Skewed:
        """A copy of the cells."""
        rows, columns = cells.shape
        count = rows + columns - 1
        pitch = count + 1
        sheet = np.zeros(rows - 1 + rows * (pitch + 1))
        by_away = sheet[rows - 1 : rows - 1 + rows * pitch].reshape(rows, pitch)
        by_away[:, :columns] = cells
        by_margin = sheet[: rows * (pitch + 1)].reshape(rows, pitch + 1)
        by_total = sheet[rows - 1 : rows - 1 + rows * count].reshape(rows, count)
        return Skewed(by_away, by_margin, by_total)

    def sums(self) -> tuple[Floats, Floats]:
        """The chances of all margins and of all totals, each from the lowest on."""
        ones = ONES[: len(self.by_total)]
        return ones.dot(self.by_margin)[-3::-1], ones.dot(self.by_total)

    def within(self, region: Region, home0: int, away0: int) -> float:
        """The chance of a score in a region; `home0` and `away0` are the points of the first cell.

        Home points and margin bound a block of cells, in which total and away points rise evenly.
        """
        (bottom, top), (low, high) = region.home_rows, region.margin
        home, highest = max(bottom, home0), home0 + len(self.by_margin) - 1 - away0
        margin = min(high, highest)
        block = self.by_margin[
            home - home0 : max(top - home0 + 1, 0), highest - margin : max(highest - low + 1, 0)
        ]
        rows, columns = block.shape
        if region.away == region.total == NO_BOUND or not block.size:
            return min(float(ONES[:rows].dot(block).dot(ONES[:columns])), 1.0)
        holds = _where(region.total, 2 * home - margin, 2, block.shape)
        if region.away != NO_BOUND:
            holds = holds * _where(region.away, home - margin, 1, block.shape)
        return min(float(np.einsum("ij,ij", block, holds)), 1.0)


def _where(bounds: tuple[int, int], start: int, step: int, shape: tuple[int, int]) -> Floats:
    """1 where start + step · i + j, `[i, j]`, lies within bounds, else 0."""
    rows, columns = shape
    holds = np.zeros(step * (rows - 1) + columns)
    holds[max(bounds[0] - start, 0) : max(bounds[1] - start + 1, 0)] = 1.0
    size = holds.itemsize
    return np.ndarray((rows, columns), np.float64, holds, 0, (step * size, size))


class Points(Protocol):
    """The joint distribution of both teams' points in a span."""

    @property
    def home0(self) -> int:
        """Home points of the first row of `cells`."""

    @property
    def away0(self) -> int:
        """Away points of the first column of `cells`."""

    @property
    def cells(self) -> Floats:
        """P(home = home0 + i, away = away0 + j), all non-negative, adding up to 1."""

    @property
    def sure(self) -> bool:
        """Nothing can change any more."""

    def part(self, name: str) -> Pmf:
        """The chances of `margin`, `total`, `home` or `away`."""

    @property
    def scored(self) -> tuple[int, int]:
        """The points (home, away) so far; the cells may begin above them."""
        ...

    def stands(self, name: str) -> float:
        """The least that a part can still come to: what is scored already."""

    def window(self, name: str, low: int, high: int) -> list[float]:
        """P(part < v) for v = low … high."""
        ...

    def within(self, region: Region) -> float:
        """The chance of a score in a region."""
        ...


def standing(scored: tuple[int, int], name: str) -> float:
    """The least value a part of a score can still end at: minus infinity for a margin."""
    if name == "total":
        return scored[0] + scored[1]
    return -math.inf if name == "margin" else scored[name == "away"]


FAR = 10_000
"""Points beyond every score, and above every margin: no bound of a region."""

NO_BOUND = -FAR, FAR


class Region(NamedTuple):
    """Scores of which margin, total and points of both teams lie between (first, last) each."""

    margin: tuple[int, int]
    total: tuple[int, int]
    home: tuple[int, int]
    away: tuple[int, int]

    def moved(self, home: int, away: int) -> Region:
        """The region with all its scores higher by `home` and `away` points."""
        steps = home - away, home + away, home, away
        bounds = zip(self, steps, strict=True)
        return Region(*(x if x == NO_BOUND else (x[0] + more, x[1] + more) for x, more in bounds))

    @property
    def home_rows(self) -> tuple[int, int]:
        """What is left of `home`: margin and total together bound it too."""
        (low, high), (least, most), (bottom, top), _ = self
        return max(bottom, (low + least + 1) // 2), min(top, (high + most) // 2)


if TYPE_CHECKING:
    _Points = Points
else:
    # The fields of the kinds of lattice would take the properties of Points for their defaults.
    _Points = object


class Lattice(_Points):
    """The joint distribution of both teams' points, of which every sum agrees with every other."""

    if TYPE_CHECKING:

        def _part(self, name: str) -> Pmf: ...

    @Lazy
    def margin(self) -> Pmf:
        """Home points minus away points."""
        return self._part("margin")

    @Lazy
    def total(self) -> Pmf:
        """Points of both teams."""
        return self._part("total")

    @Lazy
    def home(self) -> Pmf:
        """Points of the home team."""
        return self._part("home")

    @Lazy
    def away(self) -> Pmf:
        """Points of the away team."""
        return self._part("away")

    @staticmethod
    def certain(home: int, away: int) -> Lattice:
        """A score that can no longer change."""
        return _CERTAIN.moved(home, away)

    @property
    def sure(self) -> bool:
        """Nothing can change any more."""
        return self.cells.size == 1

    @Lazy
    def home_leaning(self) -> Leaning:
        """How chances of the home team's players depend on the score."""
        return Leaning.of(self, home=True)

    @Lazy
    def away_leaning(self) -> Leaning:
        """How chances of the away team's players depend on the score."""
        return Leaning.of(self, home=False)

    def moved(self, home: int, away: int) -> Lattice:
        """The distribution of a score higher by `home` and `away` points."""
        scored = (self.scored[0] + home, self.scored[1] + away)
        return MovedLattice(self.home0 + home, self.away0 + away, scored, self)

    def plus(self, other: Lattice) -> Lattice:
        """The sum with what is independent of this."""
        (rows, columns), (more, wide) = self.cells.shape, other.cells.shape
        shape = rows + more - 1, columns + wide - 1
        cells = np.fft.irfft2(
            np.fft.rfft2(self.cells, shape) * np.fft.rfft2(other.cells, shape), shape
        )
        scored = self.scored[0] + other.scored[0], self.scored[1] + other.scored[1]
        return Cells(self.home0 + other.home0, self.away0 + other.away0, cells.clip(0.0), scored)

    def mixed(self, other: Lattice, weight: float) -> Lattice:
        """This with a chance of `weight`, else the other."""
        home, away = min(self.home0, other.home0), min(self.away0, other.away0)
        shapes = [(x.home0 - home, x.away0 - away, *x.cells.shape) for x in (self, other)]
        cells = np.zeros((max(i + n for i, _, n, _ in shapes), max(j + n for _, j, _, n in shapes)))
        for x, part, (i, j, rows, columns) in zip(
            (self, other), (weight, 1 - weight), shapes, strict=True
        ):
            cells[i : i + rows, j : j + columns] += part * x.cells
        return Cells(home, away, cells, self.scored)

    def part(self, name: str) -> Pmf:
        """The chances of `margin`, `total`, `home` or `away`."""
        found: Pmf = getattr(self, name)
        return found

    def stands(self, name: str) -> float:
        """The least that a part can still come to: what is scored already."""
        return standing(self.scored, name)

    def window(self, name: str, low: int, high: int) -> list[float]:
        """P(part < v) for v = low … high."""
        return self.part(name).window(low, high)


@dataclass(frozen=True, eq=False)
class Cells(Lattice):
    """A lattice of given cells, whose sums are taken along rows, columns and diagonals."""

    home0: int
    away0: int
    cells: Floats
    scored: tuple[int, int]

    def _part(self, name: str) -> Pmf:
        rows, columns = self.cells.shape
        match name:
            case "home":
                return Pmf(self.home0, self.cells.dot(ONES[:columns]))
            case "away":
                return Pmf(self.away0, ONES[:rows].dot(self.cells))
            case "total":
                return Pmf(self.home0 + self.away0, self._diagonals[1])
            case _:
                return Pmf(self.home0 - self.away0 - columns + 1, self._diagonals[0])

    @Lazy
    def _diagonals(self) -> tuple[Floats, Floats]:
        return self._skewed.sums()

    @Lazy
    def _skewed(self) -> Skewed:
        return Skewed.of(self.cells)

    def within(self, region: Region) -> float:
        """The chance of a score in a region."""
        return self._skewed.within(region, self.home0, self.away0)


@dataclass(frozen=True, eq=False)
class MovedLattice(Lattice):
    """Another lattice with the same points added to each of its scores: its sums serve both."""

    home0: int
    away0: int
    scored: tuple[int, int]
    origin: Lattice

    @property
    def cells(self) -> Floats:
        """P(home = home0 + i, away = away0 + j)."""
        return self.origin.cells

    @property
    def sure(self) -> bool:
        """Nothing can change any more."""
        return self.origin.sure

    def _part(self, name: str) -> Pmf:
        home, away = self.home0 - self.origin.home0, self.away0 - self.origin.away0
        steps = {"home": home, "away": away, "margin": home - away, "total": home + away}
        return self.origin.part(name).moved(steps[name])

    def within(self, region: Region) -> float:
        """The chance of a score in a region."""
        steps = self.origin.home0 - self.home0, self.origin.away0 - self.away0
        return self.origin.within(region.moved(*steps))


_CERTAIN = Cells(0, 0, np.ones((1, 1)), (0, 0))
"""No points, for certain: every certain score is a moved copy, so that its sums are made once."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Regulation that an overtime followed, of which nothing is known but that it was a draw."""

    unknown: Unpriceable
    sure: bool = True
    scored: tuple[int, int] = (0, 0)

    def part(self, name: str) -> Pmf:
        """The margin, which is 0. Raises Unpriceable for any other part."""
        if name != "margin":
            raise self.unknown
        return Lattice.certain(0, 0).margin

    @property
    def home0(self) -> int:
        """Raises Unpriceable."""
        raise self.unknown

    @property
    def away0(self) -> int:
        """Raises Unpriceable."""
        raise self.unknown

    @property
    def cells(self) -> Floats:
        """Raises Unpriceable."""
        raise self.unknown

    def stands(self, name: str) -> float:
        """The least that a part can still come to."""
        return standing(self.scored, name)

    def window(self, name: str, low: int, high: int) -> list[float]:
        """P(part < v) for v = low … high. Raises Unpriceable for all but the margin."""
        return self.part(name).window(low, high)

    def within(self, _: Region) -> float:
        """Raises Unpriceable."""
        raise self.unknown


_COUNT = 12
_FURTHEST = 7.04
"""Above every normal score, since none is taken of a chance nearer to 0 than 1e-12."""

_NODES = _FURTHEST * np.cos((np.arange(_COUNT) + 0.5) * np.pi / _COUNT)
"""Chebyshev's nodes in normal scores of a team's points."""


def _polynomials(scores: Floats) -> Floats:
    """Chebyshev's polynomials at normal scores, `[score, degree]`."""
    found: Floats = np.cos(np.arccos(scores / _FURTHEST)[:, None] * np.arange(_COUNT))
    return found


_FROM_NODES = _polynomials(_NODES).T * (2 / _COUNT)
_FROM_NODES[0] /= 2
"""Turns values at `_NODES` into coefficients of the polynomials."""


@dataclass(frozen=True, eq=False)
class Leaning:
    """How the chance of a player's line depends on both teams' points, by a normal copula.

    It depends on the other team's points so little that it is computed at twelve values of their
    normal score, `_NODES`, and interpolated at all others: the error is below 1e-7.
    """

    home: bool
    own: Floats
    """The normal score of each number of points of the player's own team."""
    between: Floats
    """The weight of each node at each number of points of the other team, `[node, points]`."""
    weights: Floats
    """The lattice's cells summed onto the nodes, `[own points, node]`."""
    squares: tuple[float, float, float]
    """Means of the own normal score squared, of the other's squared, and of their product."""

    @staticmethod
    def of(lattice: Lattice, *, home: bool) -> Leaning:
        """What the lines of all players of the home team, or of the away team, share."""
        own, other = (lattice.home, lattice.away) if home else (lattice.away, lattice.home)
        cells = lattice.cells if home else lattice.cells.T
        between = (_polynomials(other.scores) @ _FROM_NODES).T
        squares = (
            float(own.chances @ own.scores**2),
            float(other.chances @ other.scores**2),
            float(own.scores @ cells @ other.scores),
        )
        return Leaning(home, own.scores, between, cells @ between.T, squares)

    def given(self, p: float, along: float, across: float) -> Floats:
        """A chance given the final score, `[home, away]`, whose mean over the lattice is `p`.

        `along` and `across` are the slopes on the normal scores of the own team's points and of the
        other team's.
        """
        own, other, both_scores = self.squares
        told = along * along * own + across * across * other + 2 * along * across * both_scores
        # The score explains this part of the player's variance.
        rest = 1.0 / math.sqrt(max(1 - told, 0.1))
        index = rest * (float(ndtri(p)) + along * self.own)
        at_nodes = ndtr(index[:, None] + rest * across * _NODES)
        at_nodes *= p / float(np.vdot(self.weights, at_nodes))
        found = at_nodes.dot(self.between) if self.home else self.between.T.dot(at_nodes.T)
        given: Floats = found.clip(0.0, 1.0)
        return given
