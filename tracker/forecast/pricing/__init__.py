"""Pricing: a market as a question about one figure of a span, and the chance of its answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

import numpy as np

from tracker.domain.chance import Chance, chances_of
from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    GameMarket,
    Moneyline,
    OddEven,
    Parity,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.lattice import Pmf

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


SMALLEST = 1e-7
"""The least chance of either side while a result is open, so that none is ever 0 or 1."""

MARGIN, TOTAL, HOME, AWAY = "margin", "total", "home", "away"


class Shape(Enum):
    """The kind of question: whether a figure is above a line, exactly a value, or odd."""

    LINE = "line"
    EXACT = "exact"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Question:
    """The question of a market: is `part` of the span above `line`? The bet backs `above` or not.

    An exact question asks whether the part equals `line`, an odd one whether it is odd. These have
    no push, and `above` is whether the bet backs the yes.
    """

    span: Span
    part: str
    line: float
    above: bool
    shape: Shape = Shape.LINE

    @property
    def can_push(self) -> bool:
        """Whether the part can end on the line."""
        return self.shape is Shape.LINE and self.line == math.floor(self.line)

    def decided(self, stands: float) -> bool:
        """Whether a part that can only grow from `stands` has already decided the question."""
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
    """The question of a market, with margins counted from the home team's side."""
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


def opened(win: float, push: float, lose: float) -> Chance:
    """The chance of an open result: both sides get SMALLEST, and the rest is shared as given."""
    share = (1 - 2 * SMALLEST) / (win + push + lose)
    return chances_of(((win * share + SMALLEST, push * share, lose * share + SMALLEST),))[0]
