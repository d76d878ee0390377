"""What a player line is worth: the chance off what his box line may come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, assert_never

from tracker.domain.chance import LOST, PUSHED, WON, Chance
from tracker.domain.market import (
    CATEGORIES,
    CATEGORY_REACHED,
    Direction,
    DoubleDouble,
    PlayerMarket,
    PlayerTotal,
)
from tracker.forecast.errors import BadParameters, LittleKnown, Unpriceable
from tracker.forecast.pricing.sheet import SMALLEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tracker.domain.player import Player, Stat
    from tracker.forecast.game.lattice import Pmf
    from tracker.forecast.game.outlook import Outlook

    Floats = NDArray[np.float64]


class ByMinutes(Protocol):
    """What a player may still add, for each class of the minutes that he may still play."""

    @property
    def chances(self) -> Floats:
        """The chance of each class."""
        ...

    def by_class(self, stat: Stat) -> Floats:
        """P(he adds 0, 1, ... to a figure), a row for each class."""
        ...


class PlayerForecast(Protocol):
    """How a player's box line may end."""

    @property
    def remainder(self) -> ByMinutes:
        """What he may still add."""
        ...

    def has(self, stat: Stat) -> int:
        """What he has of a figure. Raises Unpriceable where the box does not tell."""
        ...

    def pmf(self, stat: Stat) -> Pmf:
        """The chances of a final figure, from what he has on; certain once it cannot grow."""
        ...

    def reaches(self, categories: int) -> float:
        """The chance of ten or more in so many categories."""
        ...


def of_player(player: Player, outlook: Outlook) -> PlayerForecast:
    """How the line of a player may end. Raises Unpriceable."""
    try:
        return outlook.player(player)
    except BadParameters as why:
        raise Unpriceable(f"{player.name} has no chance: {why}") from why


def player_chance(market: PlayerMarket, outlook: Outlook) -> Chance:
    """The chance of a player line, worked out once for an outlook. Raises Unpriceable."""
    known = outlook.player_chances.get(market)
    if known is None:
        known = outlook.player_chances[market] = _worked_out(market, outlook)
    return known


def _worked_out(market: PlayerMarket, outlook: Outlook) -> Chance:
    seen = of_player(market.player, outlook)
    match market:
        case PlayerTotal():
            chance = _of_total(market, seen)
            backed = market.direction is Direction.OVER
        case DoubleDouble():
            chance = _multiple(market.categories, seen, over=outlook.over)
            backed = market.happens
        case _:
            assert_never(market)
    return chance if backed else Chance(chance.lose, chance.push, chance.win)


def _of_total(market: PlayerTotal, seen: PlayerForecast) -> Chance:
    """The chance of the over. What he has already is certain, also where little is known of him."""
    try:
        pmf = seen.pmf(market.stat)
    except LittleKnown:
        if seen.has(market.stat) > market.points:
            return WON
        raise
    above, level, below = pmf.split(market.points)
    if pmf.chances.size == 1 or pmf.first > market.points:
        return WON if above == 1 else LOST if below == 1 else PUSHED
    return opened(above, level, below)


def _multiple(categories: int, seen: PlayerForecast, *, over: bool) -> Chance:
    reached = sum(seen.has(x) >= CATEGORY_REACHED for x in CATEGORIES)
    if reached >= categories:
        return WON
    if over:
        return LOST
    p = seen.reaches(categories)
    return opened(p, 0.0, 1.0 - p)


def opened(win: float, push: float, lose: float) -> Chance:
    """A chance of something undecided: both sides get SMALLEST, and share the rest as they did."""
    share = (1 - 2 * SMALLEST) / (win + push + lose)
    return Chance(win * share + SMALLEST, push * share, lose * share + SMALLEST)
