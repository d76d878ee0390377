"""What is believed before tip-off of the players whom bets are about: games, lines, averages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tracker.domain.bet import Bet
from tracker.domain.game import Game, Side
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.player import Player, PlayerGame
from tracker.engine.book import Book

if TYPE_CHECKING:
    from tracker.forecast.player_priors import PlayerPrior, PlayerPriors, Quote

Who = tuple[str, str]
"""A league and a player's key."""

_KEPT = 256
"""Priors that are kept: working one out from a line takes as long as some forecasts."""

_Key = tuple[str, Side, str, tuple[PlayerGame, ...], tuple[object, ...]]


class PlayerBeliefs:
    """Priors of players, worked out once for as long as what they rest on stays the same."""

    def __init__(self) -> None:
        """Nothing is known of anybody."""
        self.recent: Mapping[Who, tuple[PlayerGame, ...]] = {}
        """The last games of players; whoever reads more of them puts them here."""
        self._known: dict[_Key, PlayerPrior] = {}

    def priors(self, book: Book) -> PlayerPriors | None:
        """What is believed of the players in the bets of a book; None where there are none."""
        bets = [x.bet for x in book.tracked]
        wanted = {(x.side, x.key): x for x in players_in(bets, book.game)}
        if not wanted:
            return None
        from tracker.forecast.player_priors import PlayerPriors
        from tracker.forecast.shipped import load_player_figures

        figures = load_player_figures(book.game.league)
        return PlayerPriors(
            figures, {who: self._prior(x, book.game, bets) for who, x in wanted.items()}
        )

    def _prior(self, player: Player, game: Game, bets: list[Bet]) -> PlayerPrior:
        games = tuple(
            x for x in self.recent.get((game.league, player.key), ()) if x.start < game.start
        )
        quotes = quotes_of(player, game, bets)
        key = (game.league, player.side, player.key, games, quotes)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known = {}
            found = self._known[key] = _worked_out(game, games, quotes)
        return found


def players_in(bets: Iterable[Bet], game: Game) -> tuple[Player, ...]:
    """The players of a game whom bets are about, each once."""
    legs = (leg.market for bet in bets for leg in bet.legs if leg.game.id == game.id)
    found = {
        (x.player.side, x.player.key): x.player
        for x in legs
        if isinstance(x, PlayerTotal | DoubleDouble)
    }
    return tuple(found.values())


def quotes_of(player: Player, game: Game, bets: Iterable[Bet]) -> tuple[Quote, ...]:
    """The lines with odds that bets from before tip-off give on a player: the evenest of each stat.

    A line that is far from even says little of where his figure will lie.
    """
    from tracker.forecast.player_priors import Quote

    found: dict[str, Quote] = {}
    for bet in bets:
        if bet.added_at > game.start:
            continue
        for leg in bet.legs:
            market, odds = leg.market, leg.odds
            if odds is None or leg.game.id != game.id or not isinstance(market, PlayerTotal):
                continue
            if (market.player.side, market.player.key) != (player.side, player.key):
                continue
            quote, known = Quote(market, float(odds.decimal)), found.get(market.stat.value)
            if known is None or abs(quote.odds - 2) < abs(known.odds - 2):
                found[market.stat.value] = quote
    return tuple(found[x] for x in sorted(found))


def _worked_out(
    game: Game, games: tuple[PlayerGame, ...], quotes: tuple[Quote, ...]
) -> PlayerPrior:
    from tracker.forecast.player_priors import player_prior, with_quote
    from tracker.forecast.shipped import load_player_figures

    figures = load_player_figures(game.league)
    minutes = game.rules.regulation_seconds / 60
    prior = player_prior(games, figures, regulation=minutes)
    for quote in quotes:
        prior = with_quote(prior, quote, figures, minutes)
    return prior
