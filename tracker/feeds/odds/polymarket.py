"""Reading Polymarket's events, with the order books and prices of their tokens.

An event is found by its slug, which names both teams and the day. A market's outcomes, prices and
tokens are lists written as text and matched by position. An order book may show .01 and .99 while
the price is right, so both are requested, and a market on which they differ is dropped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from tracker.domain.catalog import code_in
from tracker.domain.game import Game
from tracker.domain.league import NBA, WNBA
from tracker.domain.quote import MONEYLINE, SPREAD, TOTAL, Selection, after_fee
from tracker.feeds import FeedMalformed
from tracker.feeds.odds import CLOSED, THIN, UNUSABLE, WIDEST, BookPrice, OfferedGame, Parsed
from tracker.feeds.strict import (
    Strict,
    instant,
    number,
    number_in,
    read_any,
    read_json,
    read_object,
)

NAME = "polymarket"
"""The source's name in the settings and in polls, and the name of its book."""

LEAGUES = (NBA.id, WNBA.id)

MARKETS = {"moneyline": MONEYLINE, "spreads": SPREAD, "totals": TOTAL}
"""The kinds of market that are read, by the source's own names."""

DISAGREE = 0.03
"""Most dollars by which the order book and the price may differ."""

OUT_OF_STEP = "a book that differs from its price"
"""A fault that is counted besides those that all exchanges share."""


class PolymarketEvent(Strict):
    """The fields of an event of the gamma API that are used."""

    slug: str
    closed: bool = False
    ended: Any = None
    startTime: Any = None  # noqa: N815 - as the document names it
    markets: list[Any] = Field(default_factory=list)


class PolymarketAnswer(Strict):
    """All documents about one game in one, as they are stored; books and prices go by token.

    `game` is our own id of the game that was asked about; `league`, `home` and `away` are its
    league and teams.
    """

    game: str
    league: str
    home: str
    away: str
    start: str
    events: list[Any]
    books: dict[str, Any] = Field(default_factory=dict)
    prices: dict[str, dict[str, Any]] = Field(default_factory=dict)


def event_path(game: Game) -> str:
    """The path of a game's event. Its slug is the league, away, home and the Eastern date."""
    slug = f"{game.league}-{game.away}-{game.home}-{game.slate}".casefold()
    return f"/events?slug={slug}"


def book_path(token: str) -> str:
    """The path of a token's order book."""
    return f"/book?token_id={token}"


def price_path(token: str, side: str) -> str:
    """The path of a token's price. `side` is BUY or SELL."""
    return f"/price?token_id={token}&side={side}"


def tokens(events: bytes) -> tuple[str, ...]:
    """The tokens whose order books are to be requested: the first one of each open market.

    Raises FeedMalformed.
    """
    found = [
        ids[0]
        for event in _events(read_any(events))
        for market, _, ids in _markets(event, Counter())
        if market.get("acceptingOrders", True)
    ]
    return tuple(dict.fromkeys(found))


def one_document(game: Game, events: bytes, books: dict[str, Any], prices: dict[str, Any]) -> bytes:
    """One document made of all answers about a game, which can be stored and parsed again."""
    quoted = {
        "game": game.id, "league": game.league, "home": game.home, "away": game.away,
        "start": game.start.isoformat(), "events": read_any(events), "books": books,
        "prices": prices,
    }  # fmt: skip
    return json.dumps(quoted, separators=(",", ":"), sort_keys=True).encode()


def parse(body: bytes) -> Parsed:
    """The prices of a game's markets, from what `one_document` made. Raises FeedMalformed."""
    answer, faults = read_json(PolymarketAnswer, body), Counter[str]()
    offers = [
        offer
        for event in _events(answer.events)
        for market, outcomes, ids in _markets(event, faults)
        for offer in _offers(market, outcomes, ids[0], answer, faults)
    ]
    start = instant(answer.start, "start")
    event = OfferedGame(answer.game, answer.league, answer.home, answer.away, tuple(offers), start)
    return Parsed((event,), faults)


def _events(value: Any) -> Iterator[PolymarketEvent]:
    for entry in value if isinstance(value, list) else ():
        try:
            event = read_object(PolymarketEvent, entry)
        except FeedMalformed:
            continue
        if not event.closed and event.ended is not True:
            yield event


def _markets(
    event: PolymarketEvent, faults: Counter[str]
) -> Iterator[tuple[dict[str, Any], list[str], list[str]]]:
    """The event's markets of the kinds that are read, each with its outcomes and its tokens."""
    for market in event.markets:
        kind = market.get("sportsMarketType") if isinstance(market, dict) else None
        if not isinstance(kind, str) or kind not in MARKETS:
            continue
        if market.get("closed") is True or market.get("acceptingOrders") is False:
            faults[CLOSED] += 1
            continue
        outcomes, ids = _texts(market.get("outcomes")), _texts(market.get("clobTokenIds"))
        if len(outcomes) != len(ids) or len(ids) != 2:  # noqa: PLR2004 - two sides
            faults[UNUSABLE] += 1
            continue
        yield market, outcomes, ids


def _texts(value: object) -> list[str]:
    """A list of strings that is written as text, or is a list already; empty for anything else."""
    try:
        found = read_any(value) if isinstance(value, str) else value
    except FeedMalformed:
        return []
    if not isinstance(found, list) or not all(isinstance(x, str) for x in found):
        return []
    return found


def _offers(
    market: dict[str, Any],
    outcomes: list[str],
    token: str,
    answer: PolymarketAnswer,
    faults: Counter[str],
) -> Iterator[BookPrice]:
    selection = _selection(market, outcomes, answer)
    if selection is None:
        faults[UNUSABLE] += 1
        return
    book, price = _book(answer.books.get(token)), answer.prices.get(token, {})
    if book is None:
        faults[THIN] += 1
        return
    (bid, bids), (ask, asks) = book
    quoted = sorted(x for x in map(number_in, price.values()) if x is not None)
    if not quoted or abs(quoted[0] - bid) > DISAGREE or abs(quoted[-1] - ask) > DISAGREE:
        faults[OUT_OF_STEP] += 1
        return
    if not 0 < bid < ask < 1 or ask - bid > WIDEST + 1e-9:
        faults[THIN] += 1
        return
    yield BookPrice(NAME, selection, after_fee(NAME, ask), size=asks)
    # To sell one side is to buy the other: the two sides' order books mirror each other.
    yield BookPrice(NAME, selection.opposite, after_fee(NAME, 1 - bid), size=bids)


def _selection(
    market: dict[str, Any], outcomes: list[str], answer: PolymarketAnswer
) -> Selection | None:
    """The selection that a market's first token is a bet on; None where that cannot be read."""
    kind, first = MARKETS[market["sportsMarketType"]], outcomes[0].casefold()
    line = number(market.get("line"))
    if kind == TOTAL:
        if first not in ("over", "under") or line is None:
            return None
        return Selection(TOTAL, first, line)
    sides = {answer.home: "home", answer.away: "away"}
    codes = [code_in(answer.league, "", x) or code_in(answer.league, x) for x in outcomes]
    named = [
        sides.get(x) or sides.get(code_in(answer.league, y))
        for x, y in zip(codes, outcomes, strict=True)
    ]
    if set(named) != {"home", "away"} or named[0] is None:
        return None
    if kind == MONEYLINE:
        return Selection(MONEYLINE, named[0])
    return None if line is None else Selection(SPREAD, named[0], line)


def _book(value: Any) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The best bid and the best ask of an order book, each with its size.

    Levels may be in any order.
    """
    if not isinstance(value, dict):
        return None
    bids, asks = (_levels(value.get(x)) for x in ("bids", "asks"))
    return (max(bids), min(asks)) if bids and asks else None


def _levels(value: Any) -> list[tuple[float, float]]:
    found = []
    for level in value if isinstance(value, list) else ():
        price = number_in(level.get("price")) if isinstance(level, dict) else None
        size = number_in(level.get("size")) if isinstance(level, dict) else None
        if price is not None and size is not None and size > 0:
            found.append((price, size))
    return found
