"""Outlook to chance: every market is a sum over the same joint distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain.bet import OwnFigure
from tracker.domain.chance import LOST, PUSHED, WON, Chance, NoChance, chances_of
from tracker.domain.contradiction import exclusive
from tracker.domain.market import DoubleDouble, PlayerTotal, Span
from tracker.forecast.errors import Unpriceable
from tracker.forecast.game.lattice import hankel, toeplitz
from tracker.forecast.players.lines import of_player, opened, player_chance
from tracker.forecast.pricing.sheet import (
    AWAY,
    HOME,
    MARGIN,
    TOTAL,
    Question,
    Shape,
    laid_out,
    question,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.domain.game import GameState
    from tracker.domain.market import GameMarket, Market, PlayerMarket
    from tracker.forecast.game.lattice import Points
    from tracker.forecast.game.outlook import Outlook

    Floats = NDArray[np.float64]


WORTH_A_SHEET = 12
"""From so many bets on it costs less to lay them out together."""


def price(market: Market, outlook: Outlook, state: GameState) -> Chance:
    """The chance of one bet. Raises Unpriceable when the state lacks what the market asks about.

    A bet that nothing can change any more has a chance of exactly 0 or 1; any other has neither.
    """
    del state
    return chance_of(market, outlook)


def price_all(markets: Sequence[Market], outlook: Outlook) -> list[Chance | None]:
    """The chances of many bets of one game; None for one that cannot be priced."""
    if len(markets) >= WORTH_A_SHEET:
        try:
            return [*chances_of(laid_out(tuple(markets)).chances(outlook).tolist())]
        except Unpriceable:
            pass
    return [_chance_or_none(x, outlook) for x in markets]


def _chance_or_none(market: Market, outlook: Outlook) -> Chance | None:
    try:
        return chance_of(market, outlook)
    except Unpriceable:
        return None


def own_figure(market: Market, outlook: Outlook) -> OwnFigure | None:
    """The figure that decides a bet, where the final score does not tell it.

    None for a market of the final score, for one without a single figure, and where the state does
    not tell what stands.
    """
    if isinstance(market, DoubleDouble) or (
        not isinstance(market, PlayerTotal) and market.span is Span.GAME
    ):
        return None
    try:
        return _figure(market, outlook)
    except Unpriceable:
        return None


def _figure(market: PlayerTotal | GameMarket, outlook: Outlook) -> OwnFigure:
    if isinstance(market, PlayerTotal):
        seen = of_player(market.player, outlook)
        pmf = seen.pmf(market.stat)
        return OwnFigure(seen.has(market.stat), pmf.mean, pmf.sd)
    asked = question(market)
    points = outlook.of(asked.span)
    pmf = points.part(asked.part)
    home, away = points.scored
    stands = {MARGIN: home - away, TOTAL: home + away, HOME: home, AWAY: away}[asked.part]
    state = outlook.periods.state
    begun = state.period >= asked.span.periods(state.game.rules).start
    # A margin is told from the home team's side, and drawn from the one that is backed.
    away_backed = asked.part == MARGIN and not asked.above
    sign = -1 if away_backed else 1
    return OwnFigure(sign * stands if begun else None, sign * pmf.mean, pmf.sd)


def why_none(market: Market, outlook: Outlook) -> NoChance | None:
    """Why a market has no chance; None where it has one, or where the last one stands."""
    try:
        chance_of(market, outlook)
    except Unpriceable as wrong:
        return wrong.why
    return None


def chance_of(market: Market, outlook: Outlook) -> Chance:
    """The chance of one bet, off the outlook alone. Raises Unpriceable."""
    if isinstance(market, PlayerTotal | DoubleDouble):
        return player_chance(market, outlook)
    asked = question(market)
    points = outlook.of(asked.span)
    above, level, below = asked.split(points.part(asked.part))
    if points.sure or asked.decided(points.stands(asked.part)):
        chance = WON if above == 1 else LOST if below == 1 else PUSHED
    else:
        chance = opened(above, level, below)
    return chance if asked.above else Chance(chance.lose, chance.push, chance.win)


def parlay(legs: Sequence[Market], outlook: Outlook, state: GameState) -> Chance:
    """The chance of several legs of one game together, off the joint distribution.

    It wins when no leg loses and one at least wins, for a leg that pushes drops out; it pushes when
    every leg does. Raises Unpriceable, and ValueError for no legs at all.
    """
    del state
    return parlay_of([(x, chance_of(x, outlook)) for x in legs], outlook)


def parlay_of(legs: Sequence[tuple[Market, Chance]], outlook: Outlook) -> Chance:
    """The same for legs whose own chances are known already."""
    if not legs:
        raise ValueError("a parlay needs a leg")
    if len(legs) == 1:
        return legs[0][1]
    open_legs: list[Market] = []
    won, only = False, legs[0][1]
    for leg, chance in legs:
        if chance == LOST:
            return LOST
        if chance.decided:
            won = won or chance == WON
        else:
            open_legs.append(leg)
            only = chance
    if not open_legs:
        return WON if won else PUSHED
    if len(open_legs) == 1:
        return Chance(only.win + only.push, 0.0, only.lose) if won else only
    if exclusive(tuple(open_legs)):
        return LOST
    alive = together(open_legs, outlook, pushed=False)
    level = 0.0
    if not won and all(_can_push(x) for x in open_legs):
        level = together(open_legs, outlook, pushed=True)
    return opened(alive - level, level, 1.0 - alive)


def _can_push(market: Market) -> bool:
    match market:
        case PlayerTotal():
            return market.points == math.floor(market.points)
        case DoubleDouble():
            return False
        case _:
            return question(market).can_push


def together(legs: Sequence[Market], outlook: Outlook, *, pushed: bool) -> float:
    """P(no leg loses), or with `pushed` P(every leg pushes), of legs that are still open.

    Legs of one span are summed on its lattice. Legs of several spans are joined by the links
    between a span's points and the final score, as player lines are.
    """
    from tracker.forecast.pricing.joint import across

    asked: list[Question] = []
    players: list[PlayerMarket] = []
    for leg in legs:
        if isinstance(leg, PlayerTotal | DoubleDouble):
            players.append(leg)
        else:
            asked.append(question(leg))
    if not players:
        spans = tuple(dict.fromkeys(x.span for x in asked))
        if len(spans) == 1:
            points = outlook.of(spans[0])
            return on_lattice(asked, points, points.cells, pushed=pushed)
        return across(asked, outlook, outlook.final.cells, pushed=pushed)
    from tracker.forecast.players.legs import by_score

    cells = outlook.final.cells * by_score(players, outlook, pushed=pushed)
    return across(asked, outlook, cells, pushed=pushed) if asked else min(float(cells.sum()), 1.0)


def on_lattice(asked: Sequence[Question], points: Points, cells: Floats, *, pushed: bool) -> float:
    """The mass of those `cells` on the lattice of `points` in which every leg holds."""
    rows, columns = cells.shape
    if any(x.shape is Shape.ODD for x in asked):
        vectors = held(asked, points, pushed=pushed)
        for name, view in ((MARGIN, toeplitz), (TOTAL, hankel)):
            if name in vectors:
                cells = cells * view(vectors[name], rows, columns)
        sides = cells @ vectors.get(AWAY, np.ones(columns))
        return min(float(vectors.get(HOME, np.ones(rows)) @ sides), 1.0)
    return min(_in_bounds(_bounds(asked, points, pushed=pushed), cells), 1.0)


def _bounds(
    asked: Sequence[Question], points: Points, *, pushed: bool
) -> dict[str, tuple[int, int]]:
    """The first and last place of each part at which the legs hold.

    A place counts from the lattice's corner: the margin is row - column, the total row + column.
    """
    corner = {
        MARGIN: points.home0 - points.away0,
        TOTAL: points.home0 + points.away0,
        HOME: points.home0,
        AWAY: points.away0,
    }
    rows, columns = points.cells.shape
    found = {
        MARGIN: (1 - columns, rows - 1),
        TOTAL: (0, rows + columns - 2),
        HOME: (0, rows - 1),
        AWAY: (0, columns - 1),
    }
    for one in asked:
        low, high = found[one.part]
        exact = one.shape is Shape.EXACT or pushed
        if one.above or exact:
            low = max(low, math.ceil(one.line) - corner[one.part])
        if not one.above or exact:
            high = min(high, math.floor(one.line) - corner[one.part])
        found[one.part] = low, high
    return found


def _in_bounds(bounds: dict[str, tuple[int, int]], cells: Floats) -> float:
    """The mass within bounds on all four parts: most of a lattice need not be looked at."""
    (low, high), (least, most) = bounds[MARGIN], bounds[TOTAL]
    (top, bottom), (left, right) = bounds[HOME], bounds[AWAY]
    top, bottom = max(top, (low + least + 1) // 2), min(bottom, (high + most) // 2)
    left, right = max(left, (least - high + 1) // 2), min(right, (most - low) // 2)
    if top > bottom or left > right or low > high or least > most:
        return 0.0
    part = cells[top : bottom + 1, left : right + 1]
    rows, columns = part.shape
    first, last = top - right, bottom - left
    if low > first or high < last:
        holds = np.zeros(rows + columns - 1)
        holds[max(low - first, 0) : max(high - first + 1, 0)] = 1.0
        part = part * toeplitz(holds, rows, columns)
    first, last = top + left, bottom + right
    if least > first or most < last:
        holds = np.zeros(rows + columns - 1)
        holds[max(least - first, 0) : max(most - first + 1, 0)] = 1.0
        part = part * hankel(holds, rows, columns)
    return float(part.sum())


def held(asked: Sequence[Question], points: Points, *, pushed: bool) -> dict[str, Floats]:
    """For each part that is asked about, 1 for every value at which all of its legs hold."""
    rows, columns = points.cells.shape
    first = {
        MARGIN: (points.home0 - points.away0 - columns + 1, rows + columns - 1),
        TOTAL: (points.home0 + points.away0, rows + columns - 1),
        HOME: (points.home0, rows),
        AWAY: (points.away0, columns),
    }
    found: dict[str, Floats] = {}
    for one in asked:
        start, count = first[one.part]
        holds = np.zeros(count)
        low, high = math.ceil(one.line) - start, math.floor(one.line) - start
        if one.shape is Shape.ODD:
            holds[(start + int(one.above)) % 2 :: 2] = 1.0
        elif one.shape is Shape.EXACT or pushed:
            holds[max(low, 0) : max(high + 1, 0)] = 1.0
        elif one.above:
            holds[max(low, 0) :] = 1.0
        else:
            holds[: max(high + 1, 0)] = 1.0
        known = found.get(one.part)
        found[one.part] = holds if known is None else known * holds
    return found
