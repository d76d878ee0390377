"""Parlays: several legs that are won together, of one game or of several."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

from tracker.domain.game import Game
from tracker.domain.market import Market, describe, kind
from tracker.domain.money import Odds


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of a parlay: a market of a game, and its own price where the slip shows one."""

    game: Game
    market: Market
    odds: Odds | None = None


@dataclass(frozen=True, slots=True)
class Parlay:
    """Two legs or more, in the order of the slip. It wins when none loses and one at least wins."""

    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        """Refuse what is no parlay."""
        if len(self.legs) < 2:  # noqa: PLR2004 - one leg is a single bet
            raise ValueError("a parlay needs two legs or more")
        if len({(x.game.id, x.market) for x in self.legs}) < len(self.legs):
            raise ValueError("a parlay cannot hold the same leg twice")

    @property
    def games(self) -> tuple[Game, ...]:
        """The games that it is about, each once, by tip-off."""
        found = {leg.game.id: leg.game for leg in self.legs}
        return tuple(sorted(found.values(), key=lambda x: (x.start, x.id)))

    def in_game(self, game_id: str) -> tuple[int, ...]:
        """The places of its legs on one game."""
        return tuple(i for i, leg in enumerate(self.legs) if leg.game.id == game_id)

    @property
    def product(self) -> Fraction | None:
        """What the legs' own prices come to together; None when one of them has none."""
        prices = [leg.odds.decimal for leg in self.legs if leg.odds is not None]
        return prod(prices, start=Fraction(1)) if len(prices) == len(self.legs) else None

    @property
    def price(self) -> Odds | None:
        """The product of the legs' prices, as a price of the whole; None as above."""
        product = self.product
        return None if product is None else Odds(f"{float(product):.2f}", product)


Wager = Market | Parlay
"""What a bet is on: one market of a game, or several legs together."""


def price_of(wager: Wager | None, odds: Odds | None) -> Odds | None:
    """The price of a bet: its odds, else the product of those of a parlay's legs, if known."""
    if odds is None and isinstance(wager, Parlay):
        return wager.price
    return odds


def wager_kind(wager: Wager) -> str:
    """The name in the JSON contracts: the market's own, or `parlay`."""
    return "parlay" if isinstance(wager, Parlay) else kind(wager)


def wager_text(wager: Wager, game: Game) -> str:
    """The wager in a bettor's words: `DEN -4.5`, `parlay: DEN ML; LAL@DEN over 224.5`.

    `game` is that of a single market.
    """
    if not isinstance(wager, Parlay):
        return describe(wager, game.home, game.away)
    return "parlay: " + "; ".join(
        describe(leg.market, leg.game.home, leg.game.away)
        + ("" if leg.odds is None else f" {leg.odds.text}")
        for leg in wager.legs
    )
