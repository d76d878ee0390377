"""Parlays: several legs that are won together, of one game or of several."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.domain.game import Game
from tracker.domain.market import Market
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
