"""The NBA's own list of books' odds on today's games: spreads and moneylines, no totals.

The list has one book twice, one with home and away swapped, and one on an alternate line. Each book
is counted once here; those far from the others do not count in the market's median.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from tracker.domain.league import NBA
from tracker.domain.quote import MONEYLINE, SPREAD, UNSTAMPED, Selection
from tracker.feeds.odds import UNUSABLE, BookPrice, OfferedGame, Parsed
from tracker.feeds.odds.espn import LARGEST_SPREAD
from tracker.feeds.strict import Strict, Text, number_in, read_json

NAME = "nba"
"""The source's name in the settings and in polls."""

PATH = "/static/json/liveData/odds/odds_todaysGames.json"
"""The list's path on the league's host."""

_MOST_ODDS = 101.0


class ListedSide(Strict):
    """One side's price. Numbers come as text."""

    type: Text
    odds: Any = None
    spread: Any = None


class ListedBook(Strict):
    """A book with its prices."""

    id: Text
    name: Text = ""
    outcomes: list[ListedSide]


class ListedMarket(Strict):
    """A market with its books. `2way` is the moneyline."""

    name: Text
    books: list[ListedBook] = Field(default_factory=list)


class ListedGame(Strict):
    """A game with its markets."""

    id: Text = Field(alias="gameId")
    markets: list[ListedMarket] = Field(default_factory=list)


class OddsBody(Strict):
    """The whole list."""

    games: list[ListedGame]


def parse(body: bytes) -> Parsed:
    """The books' prices on each game, under the league's own game id. Raises FeedMalformed."""
    faults: Counter[str] = Counter()
    events = []
    for game in read_json(OddsBody, body).games:
        offers = [
            *(x for book in _books(game, "2way") for x in _money_offers(book, faults)),
            *(x for book in _books(game, "spread") for x in _spread_offers(book, faults)),
        ]
        events.append(OfferedGame(game.id, NBA.id, "", "", tuple(offers)))
    return Parsed(tuple(events), faults)


def _money_offers(book: ListedBook, faults: Counter[str]) -> list[BookPrice]:
    prices = _prices(book)
    if prices is None:
        faults[UNUSABLE] += 1
        return []
    home = Selection(MONEYLINE, "home")
    return _pair(book, home, prices)


def _spread_offers(book: ListedBook, faults: Counter[str]) -> list[BookPrice]:
    prices, sides = _prices(book), {x.type: _number(x.spread, signed=True) for x in book.outcomes}
    home, away = sides.get("home"), sides.get("away")
    if prices is None or home is None or away is None or home != -away:
        faults[UNUSABLE] += 1
        return []
    return _pair(book, Selection(SPREAD, "home", home), prices)


def _prices(book: ListedBook) -> tuple[float, float] | None:
    sides = {x.type: _number(x.odds) for x in book.outcomes}
    home, away = sides.get("home"), sides.get("away")
    return (home, away) if home is not None and away is not None and min(home, away) > 1 else None


def _pair(book: ListedBook, selection: Selection, prices: tuple[float, float]) -> list[BookPrice]:
    name = f"{UNSTAMPED}{re.sub(r'[^a-z0-9]+', '_', (book.name or book.id).casefold()).strip('_')}"
    return [BookPrice(name, selection, prices[0]), BookPrice(name, selection.opposite, prices[1])]


def _books(game: ListedGame, market: str) -> Iterable[ListedBook]:
    """The books of a market. A book that is listed for several countries counts once."""
    listed = [book for x in game.markets if x.name == market for book in x.books]
    return {book.id: book for book in listed}.values()


def _number(value: object, *, signed: bool = False) -> float | None:
    found, low = number_in(value), -LARGEST_SPREAD if signed else 0.0
    return found if found is not None and low <= found <= _MOST_ODDS else None
