"""Reading The Odds API's documents: featured markets of many games, or one game's own markets.

A market's outcomes are in alphabetical order and have the teams' full names; a player's name is in
`description`. Prices are decimal if that was asked for; a document with a negative price has
American ones. Times are ISO text, or seconds in older recordings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from tracker.domain.catalog import code_in, teams
from tracker.domain.league import NBA, NCAAM, NCAAW, WNBA
from tracker.domain.market import Span
from tracker.domain.money import decimal_of
from tracker.domain.quote import MONEYLINE, SPREAD, STAT_MARKETS, TEAM_TOTAL, TOTAL, Selection
from tracker.feeds import FeedMalformed
from tracker.feeds.odds import CERTAIN, UNKNOWN_TEAM, UNUSABLE, BookPrice, OfferedGame, Parsed
from tracker.feeds.strict import Strict, number, read_json, read_object

NAME = "the_odds_api"
"""The source's name in the settings and in polls."""

SPORTS = {
    NBA.id: "basketball_nba",
    WNBA.id: "basketball_wnba",
    NCAAM.id: "basketball_ncaab",
    NCAAW.id: "basketball_wncaab",
}
"""Each league's key in the paths."""

_LEAGUES = {sport: league for league, sport in SPORTS.items()} | {
    "basketball_nba_preseason": NBA.id
}
FEATURED = {
    "h2h": MONEYLINE, "spreads": SPREAD, "totals": TOTAL, "team_totals": TEAM_TOTAL,
    "alternate_spreads": f"alternate_{SPREAD}", "alternate_totals": f"alternate_{TOTAL}",
    "alternate_team_totals": f"alternate_{TEAM_TOTAL}",
}  # fmt: skip
_SPELLED = {market: key for key, market in FEATURED.items()}
_SPANS = {"h1": Span.H1, "h2": Span.H2, "q1": Span.Q1, "q2": Span.Q2, "q3": Span.Q3, "q4": Span.Q4}
_TAILS = {span: tail for tail, span in _SPANS.items()}


def market_key(selection: Selection) -> str | None:
    """The source's own name of a selection's market, or None where it has none."""
    key = _SPELLED.get(selection.market, selection.market)
    if selection.span is Span.GAME:
        return key
    tail = _TAILS.get(selection.span)
    return None if tail is None or selection.of_player else f"{key}_{tail}"


class ApiOutcome(Strict):
    """One side of a market."""

    name: str
    price: Any = None
    point: Any = None
    description: Any = None


class ApiMarket(Strict):
    """A market of a book."""

    key: str
    last_update: Any = None
    outcomes: list[Any] = Field(default_factory=list)


class ApiBook(Strict):
    """A book with its markets."""

    key: str
    last_update: Any = None
    markets: list[Any] = Field(default_factory=list)


class ApiEvent(Strict):
    """A game with its books."""

    id: str
    sport_key: str
    commence_time: Any
    home_team: str
    away_team: str
    bookmakers: list[Any] = Field(default_factory=list)


def parse(body: bytes) -> Parsed:
    """The games of an answer with the books' prices. Raises FeedMalformed for what is no answer.

    A game, book or side that cannot be read is counted and left out.
    """
    faults: Counter[str] = Counter()
    entries = _entries(body)
    american = any(price < 0 for x in entries for price in _prices(x))
    events = [event for x in entries if (event := _event(x, american, faults)) is not None]
    return Parsed(tuple(events), faults)


def _entries(body: bytes) -> list[Any]:
    start = body[:64].lstrip()[:1]
    if start == b"[":
        return list(read_json(_Any, b'{"all":' + body + b"}").all)
    found = read_json(_Whole, body)
    data = found.data if found.id is None else read_json(_Raw, b'{"one":' + body + b"}").one
    return data if isinstance(data, list) else [data]


class _Any(Strict):
    all: list[Any]


class _Raw(Strict):
    one: Any


class _Whole(Strict):
    id: Any = None
    data: Any = None


def _prices(value: Any) -> Iterator[float]:
    match value:
        case {"price": int() | float() as price}:
            yield price
        case dict():
            for part in value.values():
                yield from _prices(part)
        case list():
            for part in value:
                yield from _prices(part)


def _event(value: Any, american: bool, faults: Counter[str]) -> OfferedGame | None:
    event = _read(ApiEvent, value, faults)
    if event is None:
        return None
    league = _LEAGUES.get(event.sport_key)
    start = instant(event.commence_time)
    if league is None or start is None:
        faults[UNUSABLE] += 1
        return None
    names = {event.home_team: "home", event.away_team: "away"}
    codes = {side: code_in(league, "", name) for name, side in names.items()}
    if len(names) < len(_SIDES) or not all(x in teams(league) for x in codes.values()):
        faults[UNKNOWN_TEAM] += 1
        return None
    offers = [offer for book in event.bookmakers for offer in _book(book, names, american, faults)]
    return OfferedGame(event.id, league, codes["home"], codes["away"], tuple(offers), start)


_SIDES = ("home", "away")
_WINNER = "h2h"


def _book(
    value: Any, names: dict[str, str], american: bool, faults: Counter[str]
) -> Iterator[BookPrice]:
    book = _read(ApiBook, value, faults)
    for entry in () if book is None else book.markets:
        market = _read(ApiMarket, entry, faults)
        if book is None or market is None:
            continue
        at = instant(market.last_update) or instant(book.last_update)
        read = [_read(ApiOutcome, one, faults) for one in market.outcomes]
        outcomes: list[ApiOutcome] = [x for x in read if x is not None]
        if market.key.startswith(_WINNER) and any(x.name not in names for x in outcomes):
            # With a price of the draw both teams lose a tie, which otherwise returns the stake.
            faults[UNUSABLE] += 1
            continue
        for outcome in outcomes:
            selection, odds = (
                _selection(market.key, outcome, names),
                decimal(outcome.price, american),
            )
            if odds == 1:
                faults[CERTAIN] += 1
            elif selection is None or odds is None:
                faults[UNUSABLE] += 1
            else:
                yield BookPrice(book.key, selection, odds, at)


def _read(model: type[Any], value: Any, faults: Counter[str]) -> Any:
    try:
        return read_object(model, value)
    except FeedMalformed:
        faults[UNUSABLE] += 1
        return None


def _selection(key: str, outcome: ApiOutcome, names: dict[str, str]) -> Selection | None:
    stem, _, tail = key.rpartition("_")
    span = _SPANS.get(tail, Span.GAME)
    market = FEATURED.get(stem if tail in _SPANS else key)
    side = names.get(outcome.name, outcome.name.casefold())
    points = number(outcome.point)
    about = outcome.description if isinstance(outcome.description, str) else ""
    try:
        if market is not None:
            if market.endswith(MONEYLINE):
                points = None
            if market.endswith(TEAM_TOTAL):
                about = names[about]
            elif about:
                return None
            if market.endswith((MONEYLINE, SPREAD)) != (side in _SIDES):
                return None
            return Selection(market, side, points, about, span)
        if key.removesuffix("_alternate") in STAT_MARKETS and about.strip():
            return Selection(key, side, points, about.strip())
    except (KeyError, ValueError):
        return None
    return None


def decimal(price: object, american: bool) -> float | None:
    """Decimal odds of a price, or None for what is none."""
    value = number(price)
    if value is None:
        return None
    if american:
        return decimal_of(value)
    return value if value >= 1 else None


def instant(value: object) -> datetime | None:
    """A time in either form that the source uses, or None for what is none."""
    try:
        if (seconds := number(value)) is not None:
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        pass
    return None
