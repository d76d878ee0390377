"""Answers of odds providers, built for tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tracker.domain.game import Game
from tracker.feeds.odds import polymarket

START = datetime(2026, 7, 10, 0, 0, tzinfo=UTC)
GAME = Game("1022600200", "wnba", "ATL", "SEA", START)
"""Seattle at Atlanta."""


def polymarket_answer(**book: object) -> bytes:
    """The answers about one game together: its event, and its token's order book and price."""
    market = {
        "sportsMarketType": "moneyline", "outcomes": '["Storm", "Dream"]',
        "outcomePrices": '["0.2", "0.8"]', "clobTokenIds": '["111", "222"]', "bestBid": None,
    }  # fmt: skip
    events = json.dumps([{"slug": "wnba-sea-atl-2026-07-09", "markets": [market]}]).encode()
    assert polymarket.tokens(events) == ("111",)
    told = {
        "bids": [{"price": "0.15", "size": "90"}, {"price": "0.19", "size": "40"}],
        "asks": [{"price": "0.30", "size": "90"}, {"price": "0.21", "size": "60"}],
    } | book  # fmt: skip
    prices = {"111": {"BUY": "0.19", "SELL": "0.21"}}
    return polymarket.one_document(GAME, events, {"111": told}, prices)
