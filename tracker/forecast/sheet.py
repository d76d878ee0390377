"""Many bets of one game at once: their markets laid out for one look-up in the outlook's sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

import numpy as np

from tracker.domain.game import Side
from tracker.domain.market import Direction, Market, Moneyline, Span, Spread, TeamTotal, Total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.forecast.outlook import Outlook

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SMALLEST = 1e-7
"""While a result is open, no side of it is given less than this chance, nor more than the rest."""

MARGIN, TOTAL, HOME, AWAY = "margin", "total", "home", "away"


@dataclass(frozen=True, slots=True)
class Question:
    """What a market asks: is `part` of the span above `line`? `above` says which side is backed."""

    span: Span
    part: str
    line: float
    above: bool


def question(market: Market) -> Question:
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
            part = HOME if side is Side.HOME else AWAY
            return Question(span, part, points, direction is Direction.OVER)
        case _:
            assert_never(market)


@dataclass(frozen=True, eq=False)
class Sheet:
    """Markets of one game, laid out. `chances` prices them all against any outlook of it."""

    groups: tuple[tuple[Span, str], ...]
    group: Ints
    line: Floats
    floor: Ints
    whole: Ints
    above: NDArray[np.bool_]

    @staticmethod
    def of(markets: Sequence[Market]) -> Sheet:
        """Lay out markets, in their order."""
        asked = [question(x) for x in markets]
        groups = tuple(dict.fromkeys((x.span, x.part) for x in asked))
        return Sheet(
            groups,
            np.array([groups.index((x.span, x.part)) for x in asked], dtype=np.int64),
            np.array([x.line for x in asked]),
            np.array([math.floor(x.line) for x in asked], dtype=np.int64),
            np.array([math.floor(x.line) == x.line for x in asked], dtype=np.int64),
            np.array([x.above for x in asked], dtype=bool),
        )

    def chances(self, outlook: Outlook) -> Floats:
        """Rows of (win, push, lose), one a market. Raises Unpriceable."""
        firsts, offsets, lasts, stands, sums = [], [], [], [], []
        offset = 0
        for span, part in self.groups:
            points = outlook.of(span)
            pmf = points.part(part)
            sums.append(pmf.sums)
            firsts.append(pmf.first)
            offsets.append(offset)
            lasts.append(pmf.sums.size - 1)
            stands.append(math.inf if points.sure else points.stands(part))
            offset += pmf.sums.size
        flat = np.concatenate(sums)
        group = self.group
        place = self.floor - np.array(firsts)[group] + 1
        top, start = np.array(lasts)[group], np.array(offsets)[group]
        under = flat[start + np.minimum(np.maximum(place, 0), top)]
        below = flat[start + np.minimum(np.maximum(place - self.whole, 0), top)]
        found = np.empty((group.size, 3))
        found[:, 0], found[:, 1], found[:, 2] = 1.0 - under, under - below, below
        free = self.line >= np.array(stands)[group]
        if free.any():
            rows = found[free]
            np.maximum(rows[:, ::2], SMALLEST, out=rows[:, ::2])
            rows /= rows.sum(axis=1)[:, None]
            found[free] = rows
        turned = ~self.above
        found[turned] = found[turned, ::-1]
        return found
