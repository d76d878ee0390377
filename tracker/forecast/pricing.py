"""Outlook to chance: every market is a sum over the same joint distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import numpy as np

from tracker.domain.chance import LOST, PUSHED, WON, Chance
from tracker.domain.game import Side
from tracker.domain.market import Direction, Market, Moneyline, Spread, TeamTotal, Total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.domain.game import GameState
    from tracker.forecast.lattice import Lattice
    from tracker.forecast.outlook import Outlook

SMALLEST = 1e-7
"""While a result is open, no side of it is given less than this chance, nor more than the rest."""


def price(market: Market, outlook: Outlook, state: GameState) -> Chance:
    """The chance of one bet. Raises Unpriceable when the state lacks what the market asks about.

    A bet that nothing can change any more has a chance of exactly 0 or 1; any other has neither.
    """
    del state
    lattice = outlook.of(market.span)
    match market:
        case Moneyline(side):
            parts = lattice.margin.split(0)
            backed = side is Side.HOME
        case Spread(side, points):
            backed = side is Side.HOME
            parts = lattice.margin.split(-points if backed else points)
        case Total(direction, points):
            parts = lattice.total.split(points)
            backed = direction is Direction.OVER
        case TeamTotal(side, direction, points):
            team = lattice.home if side is Side.HOME else lattice.away
            parts = team.split(points)
            backed = direction is Direction.OVER
        case _:
            assert_never(market)
    chance = _chance(*parts, settled=_settled(market, lattice))
    return chance if backed else Chance(chance.lose, chance.push, chance.win)


def _settled(market: Market, lattice: Lattice) -> bool:
    """Nothing that can still happen changes the result."""
    if lattice.sure:
        return True
    match market:
        case Moneyline() | Spread():
            return False
        case Total(_, points):
            return points < sum(lattice.scored)
        case TeamTotal(side, _, points):
            return points < lattice.scored[0 if side is Side.HOME else 1]
        case _:
            assert_never(market)


def _chance(win: float, push: float, lose: float, *, settled: bool) -> Chance:
    if settled:
        return WON if win == 1 else LOST if lose == 1 else PUSHED
    win, lose = max(win, SMALLEST), max(lose, SMALLEST)
    whole = win + push + lose
    return Chance(win / whole, push / whole, lose / whole)


def parlay(legs: Sequence[Market], outlook: Outlook, state: GameState) -> Chance:
    """The chance of several legs of one game together, off the joint distribution.

    It wins when no leg loses and one at least wins, for a leg that pushes drops out; it pushes when
    every leg does. Raises Unpriceable, and ValueError for no legs at all.
    """
    if not legs:
        raise ValueError("a parlay needs a leg")
    if len(legs) == 1:
        return price(legs[0], outlook, state)
    singles = [price(leg, outlook, state) for leg in legs]
    if LOST in singles:
        return LOST
    open_legs = [x for x, chance in zip(legs, singles, strict=True) if not chance.decided]
    won = WON in singles
    if len(open_legs) <= 1:
        only = price(open_legs[0], outlook, state) if open_legs else (WON if won else PUSHED)
        return Chance(only.win + only.push, 0.0, only.lose) if won else only
    alive, level = _together(open_legs, outlook)
    if won:
        level = 0.0
    return _chance(alive - level, level, 1.0 - alive, settled=False)


def _together(legs: Sequence[Market], outlook: Outlook) -> tuple[float, float]:
    """P(no leg loses) and P(every leg pushes)."""
    spans = {leg.span for leg in legs}
    alive = level = 1.0
    for span in spans:
        lattice = outlook.of(span)
        lives, pushes = np.ones_like(lattice.cells), np.ones_like(lattice.cells)
        for leg in legs:
            if leg.span is span:
                edge = edges(leg, lattice)
                lives *= edge >= 0
                pushes *= edge == 0
        alive *= float((lattice.cells * lives).sum())
        level *= float((lattice.cells * pushes).sum())
    return alive, level


def edges(market: Market, lattice: Lattice) -> NDArray[np.float64]:
    """By how many points the bet is won (+), pushed (0) or lost (-), cell by cell."""
    rows, columns = lattice.cells.shape
    home = (lattice.home0 + np.arange(rows, dtype=np.float64))[:, None]
    away = lattice.away0 + np.arange(columns, dtype=np.float64)
    match market:
        case Moneyline(side):
            edge = home - away if side is Side.HOME else away - home
        case Spread(side, points):
            edge = (home - away if side is Side.HOME else away - home) + points
        case Total(direction, points):
            edge = home + away - points
            edge = edge if direction is Direction.OVER else -edge
        case TeamTotal(side, direction, points):
            own = home if side is Side.HOME else away
            edge = np.broadcast_to(own - points, (rows, columns))
            edge = edge if direction is Direction.OVER else -edge
        case _:
            assert_never(market)
    return edge
