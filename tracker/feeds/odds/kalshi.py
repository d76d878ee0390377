"""Reading Kalshi's markets: contracts on the winner, the margin and the total of a game.

Every market has two sides, YES and NO, in one order book: an offer to sell YES is a dollar less a
bid for NO. The game and the line are read from the ticker and the strike, since titles change. A
settled or thin market shows bids of 0 and asks of 1, which mean nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tracker.domain.catalog import code_in, teams
from tracker.domain.league import NBA, WNBA
from tracker.domain.quote import MONEYLINE, SPREAD, TOTAL, Selection, after_fee
from tracker.feeds.odds import (
    CLOSED,
    THIN,
    UNKNOWN_TEAM,
    UNUSABLE,
    WIDEST,
    BookPrice,
    OfferedGame,
    Parsed,
)
from tracker.feeds.strict import Strict, number, number_in, read_json

NAME = "kalshi"
"""The source's name in the settings and in polls, and the name of its book."""

SERIES = {
    NBA.id: ("KXNBAGAME", "KXNBASPREAD", "KXNBATOTAL"),
    WNBA.id: ("KXWNBAGAME", "KXWNBASPREAD", "KXWNBATOTAL"),
}
"""The series of each league: winner, margin and total."""

REQUESTS_PER_MINUTE = 20
"""Our own limit. The exchange's limit is lower without a key than with one."""

LEAST_SIZE = 50.0
"""Fewest contracts that must be offered on either side."""

_TICKER = re.compile(
    r"KX(W?NBA)(GAME|SPREAD|TOTAL)-(\d{2})([A-Z]{3})(\d{2})([A-Z]{4,8})-([A-Z]+)?(\d+)?"
)
_MONTHS = {
    x: i for i, x in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}  # fmt: skip


class MarketsDocument(Strict):
    """A page of markets."""

    markets: list[Any]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class _Ticker:
    """What a ticker encodes: the game, the kind of market and the team that YES is about."""

    league: str
    kind: str
    day: date
    home: str
    away: str
    team: str | None


def markets_path(series: str) -> str:
    """The path of a series' open markets."""
    return f"/trade-api/v2/markets?series_ticker={series}&status=open&limit=1000"


def parse(body: bytes) -> Parsed:
    """The games of a page of markets with their prices after the fee. Raises FeedMalformed."""
    faults: Counter[str] = Counter()
    found: dict[_Ticker, list[BookPrice]] = defaultdict(list)
    for market in read_json(MarketsDocument, body).markets:
        if not isinstance(market, dict):
            faults[UNUSABLE] += 1
            continue
        ticker = _ticker(market.get("ticker"), faults)
        if ticker is not None:
            found[replace(ticker, team=None)] += _offers(market, ticker, faults)
    events: dict[tuple[str, date, str, str], list[BookPrice]] = defaultdict(list)
    for ticker, offers in found.items():
        key = (ticker.league, ticker.day, ticker.home, ticker.away)
        events[key] += _main_first(_best(offers))
    return Parsed(
        tuple(
            OfferedGame(f"{away}@{home} {day}", league, home, away, tuple(offers), day=day)
            for (league, day, home, away), offers in events.items()
        ),
        faults,
    )


def _ticker(value: object, faults: Counter[str]) -> _Ticker | None:
    read = _TICKER.fullmatch(value) if isinstance(value, str) else None
    if read is None or read[4] not in _MONTHS:
        faults[UNUSABLE] += 1
        return None
    league = read[1].casefold()
    try:
        day = date(2000 + int(read[3]), _MONTHS[read[4]], int(read[5]))
    except ValueError:
        faults[UNUSABLE] += 1
        return None
    sides = [
        (away, home)
        for cut in range(2, len(read[6]) - 1)
        if (away := _code(league, read[6][:cut])) and (home := _code(league, read[6][cut:]))
    ]
    team = _code(league, read[7]) if read[7] else None
    if len(sides) != 1 or (read[2] != "TOTAL" and team not in sides[0]):
        faults[UNKNOWN_TEAM] += 1
        return None
    return _Ticker(league, read[2], day, sides[0][1], sides[0][0], team)


def _code(league: str, written: str) -> str | None:
    code = code_in(league, written)
    return code if code in teams(league) else None


def _offers(market: dict[str, Any], ticker: _Ticker, faults: Counter[str]) -> list[BookPrice]:
    if market.get("status") != "active" or market.get("result"):
        faults[CLOSED] += 1
        return []
    bid, ask = _dollars(market.get("yes_bid_dollars")), _dollars(market.get("yes_ask_dollars"))
    bids, asks = _dollars(market.get("yes_bid_size_fp")), _dollars(market.get("yes_ask_size_fp"))
    if bid is None or ask is None or bids is None or asks is None:
        faults[UNUSABLE] += 1
        return []
    if not 0 < bid < ask < 1 or ask - bid > WIDEST + 1e-9 or min(bids, asks) < LEAST_SIZE:
        faults[THIN] += 1
        return []
    selection = _selection(market, ticker)
    if selection is None:
        faults[UNUSABLE] += 1
        return []
    return [
        BookPrice(NAME, selection, after_fee(NAME, ask), size=asks),
        BookPrice(NAME, selection.opposite, after_fee(NAME, 1 - bid), size=bids),
    ]


def _selection(market: dict[str, Any], ticker: _Ticker) -> Selection | None:
    side = "home" if ticker.team == ticker.home else "away"
    if ticker.kind == "GAME":
        return Selection(MONEYLINE, side)
    strike = number(market.get("floor_strike"))
    if strike is None or not 0 < strike < 1000:  # noqa: PLR2004 - no game has so many points
        return None
    # `More than 4` and `more than 4.5` are the same contract: both need at least five.
    points = strike if strike % 1 else strike + 0.5
    if ticker.kind == "SPREAD":
        return Selection(f"alternate_{SPREAD}", side, -points)
    return Selection(f"alternate_{TOTAL}", "over", points)


def _dollars(value: object) -> float | None:
    found = number_in(value) if isinstance(value, str) else None
    return found if found is not None and found >= 0 else None


def _best(offers: Iterable[BookPrice]) -> list[BookPrice]:
    """Of the two markets on one game, one for each team, the better price of each side."""
    best: dict[Selection, BookPrice] = {}
    for offer in offers:
        known = best.get(offer.selection)
        if known is None or offer.odds > known.odds:
            best[offer.selection] = offer
    return list(best.values())


def _main_first(offers: list[BookPrice]) -> list[BookPrice]:
    """The offers, with the line whose odds are nearest to even as the main one of its market."""
    plain: dict[str, list[BookPrice]] = defaultdict(list)
    for offer in offers:
        plain[offer.selection.plain].append(offer)
    found = []
    for listed in plain.values():
        even = min(listed, key=lambda x: abs(x.odds - 2))
        main = {even.selection.main, even.selection.opposite.main}
        found += [
            replace(x, selection=x.selection.main) if x.selection.main in main else x
            for x in listed
        ]
    return found
