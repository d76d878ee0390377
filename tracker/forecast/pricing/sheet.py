"""Many bets of one game at once: their markets laid out for one look-up in the outlook's sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

import numpy as np

from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    GameMarket,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.forecast.game.lattice import Pmf
    from tracker.forecast.game.outlook import Outlook

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SMALLEST = 1e-7
"""While a result is open, no side of it is given less than this chance, nor more than the rest."""

MARGIN, TOTAL, HOME, AWAY = "margin", "total", "home", "away"


class Shape(Enum):
    """What is asked of a figure: to lie beyond a line, to be exactly it, or to be odd."""

    LINE = "line"
    EXACT = "exact"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Question:
    """What a market asks: is `part` of the span above `line`? `above` says which side is backed.

    An exact question asks whether the part is `line`, an odd one whether it is odd; these have no
    push, and `above` is whether the yes is backed.
    """

    span: Span
    part: str
    line: float
    above: bool
    shape: Shape = Shape.LINE

    @property
    def can_push(self) -> bool:
        """Whether the part can come to lie on the line."""
        return self.shape is Shape.LINE and self.line == math.floor(self.line)

    def decided(self, stands: float) -> bool:
        """Whether a part that can only grow from `stands` answers the question already."""
        return self.shape is Shape.LINE and stands > self.line

    def split(self, pmf: Pmf) -> tuple[float, float, float]:
        """The chances of yes, of neither and of no."""
        match self.shape:
            case Shape.LINE:
                return pmf.split(self.line)
            case Shape.EXACT:
                _, level, _ = pmf.split(self.line)
                return level, 0.0, 1.0 - level
            case Shape.ODD:
                odd = min(float(pmf.chances[1 - pmf.first % 2 :: 2].sum()), 1.0)
                return odd, 0.0, 1.0 - odd
            case _:
                assert_never(self.shape)


@lru_cache(maxsize=4096)
def question(market: GameMarket) -> Question:
    """The question behind a market, told from the home team's side and from above the line."""
    match market:
        case Moneyline(side, span):
            return Question(span, MARGIN, 0.0, side is Side.HOME)
        case Spread(side, points, span):
            home = side is Side.HOME
            return Question(span, MARGIN, -points if home else points, home)
        case Total(direction, points, span):
            return Question(span, TOTAL, points, direction is Direction.OVER)
        case TeamTotal(side, direction, points, span):
            return Question(span, _part_of(side), points, direction is Direction.OVER)
        case OddEven(parity, maybe_side, span):
            return Question(span, _part_of(maybe_side), 0.0, parity is Parity.ODD, Shape.ODD)
        case ThreeWay(None, span):
            return Question(span, MARGIN, 0.0, True, Shape.EXACT)
        case ThreeWay(maybe_side, span):
            home = maybe_side is Side.HOME
            return Question(span, MARGIN, 0.5 if home else -0.5, home)
        case _:
            assert_never(market)


def _part_of(side: Side | None) -> str:
    return TOTAL if side is None else HOME if side is Side.HOME else AWAY


@dataclass(frozen=True, eq=False)
class Sheet:
    """Markets of one game, laid out. `chances` prices them all against any outlook of it.

    `lined` are the places of the markets that a line decides: the arrays hold these alone. The
    `others` are priced one by one.
    """

    lined: Ints
    others: tuple[tuple[int, Market], ...]
    groups: tuple[tuple[Span, str, int, int], ...]
    """Of each part that is asked about the lowest and highest value whose sum is needed."""
    group: Ints
    line: Floats
    under: Ints
    below: Ints
    """Where the chance of less than the next whole value, and of less than the line, stands."""
    turned: NDArray[np.bool_]
    """Whether the side below the line is backed."""

    @staticmethod
    def of(markets: Sequence[Market]) -> Sheet:
        """Lay out markets, in their order."""
        asked: list[Question] = []
        lined: list[int] = []
        others: list[tuple[int, Market]] = []
        for place, market in enumerate(markets):
            if isinstance(market, OddEven | PlayerTotal | DoubleDouble) or (
                isinstance(market, ThreeWay) and market.side is None
            ):
                others.append((place, market))
            else:
                asked.append(question(market))
                lined.append(place)
        places = {kind: i for i, kind in enumerate(dict.fromkeys((x.span, x.part) for x in asked))}
        kinds = list(places)
        group = [places[x.span, x.part] for x in asked]
        floors = [math.floor(x.line) for x in asked]
        members = [
            [f for f, g in zip(floors, group, strict=True) if g == k] for k in range(len(kinds))
        ]
        lows, highs = [min(x) for x in members], [max(x) + 1 for x in members]
        starts = np.cumsum([0, *(b - a + 1 for a, b in zip(lows, highs, strict=True))])
        under = [int(starts[g]) + f + 1 - lows[g] for f, g in zip(floors, group, strict=True)]
        whole = [f == x.line for f, x in zip(floors, asked, strict=True)]
        return Sheet(
            np.array(lined, dtype=np.int64),
            tuple(others),
            tuple((*kinds[k], lows[k], highs[k]) for k in range(len(kinds))),
            np.array(group, dtype=np.int64),
            np.array([x.line for x in asked]),
            np.array(under, dtype=np.int64),
            np.array(under, dtype=np.int64) - np.array(whole, dtype=np.int64),
            np.array([not x.above for x in asked], dtype=bool),
        )

    def chances(self, outlook: Outlook) -> Floats:
        """Rows of (win, push, lose), one a market. Raises Unpriceable."""
        if not self.others:
            return self._by_line(outlook)
        from tracker.forecast.pricing.markets import chance_of

        found = np.empty((self.lined.size + len(self.others), 3))
        if self.lined.size:
            found[self.lined] = self._by_line(outlook)
        for place, market in self.others:
            chance = chance_of(market, outlook)
            found[place] = chance.win, chance.push, chance.lose
        return found

    def _by_line(self, outlook: Outlook) -> Floats:
        sums, stands = [], []
        for span, part, low, high in self.groups:
            points = outlook.of(span)
            sums.append(points.window(part, low, high))
            stands.append(math.inf if points.sure else points.stands(part))
        flat = np.concatenate(sums)
        under, below = flat[self.under], flat[self.below]
        found = np.empty((self.group.size, 3))
        found[:, 0], found[:, 1], found[:, 2] = 1.0 - under, under - below, below
        free = self.line >= np.array(stands)[self.group]
        if free.all():
            _open(found)
        elif free.any():
            rows = found[free]
            _open(rows)
            found[free] = rows
        if self.turned.any():
            found[self.turned] = found[self.turned, ::-1]
        return found


_KEPT = 128
"""Lists of markets that stay laid out."""

_laid: dict[tuple[int, ...], tuple[tuple[Market, ...], Sheet]] = {}
"""By the identity of each market, which a list's own keeps from being given to another: markets
are equal by what they say, but to hash that takes longer than to price them."""


def laid_out(markets: tuple[Market, ...]) -> Sheet:
    """Markets laid out once: from poll to poll the bets on a game stay the same."""
    key = tuple(map(id, markets))
    known = _laid.get(key)
    if known is None:
        if len(_laid) >= _KEPT:
            _laid.clear()
        known = _laid[key] = markets, Sheet.of(markets)
    return known[1]


def _open(rows: Floats) -> None:
    """Give both sides of what is undecided SMALLEST, and share the rest as they did."""
    rows *= 1 - 2 * SMALLEST
    rows[:, ::2] += SMALLEST
