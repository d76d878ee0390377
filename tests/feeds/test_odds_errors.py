"""Promises of The Odds API's errors: each is one sentence, without the key in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from tests.doubles.clock import FakeClock
from tests.feeds.odds_pages import GAME
from tests.feeds.serving import Site, document, encoded
from tracker.domain.poll import Purchase, Purpose
from tracker.feeds import FeedError
from tracker.feeds.feeds import Feeds, open_feeds
from tracker.feeds.odds import kalshi, polymarket
from tracker.feeds.odds.asking import OddsSources, open_odds
from tracker.settings import Secret
from tracker.settings.models import (
    FeedSettings,
    FeedsSettings,
    KalshiSettings,
    OddsSettings,
    PolymarketSettings,
    TheOddsApiSettings,
)

KEY = "a-key-that-must-not-show-0123456789"
PATH = "/v4/sports/basketball_nba/odds"
CLOSE = Purchase(
    Purpose.CLOSE, "nba", ("1",), ("LAL@DEN",), ("h2h", "spreads", "totals"), 3,
    datetime(2026, 11, 21, tzinfo=UTC),
)  # fmt: skip


@pytest.fixture
async def feeds(site: Site, clock: FakeClock) -> AsyncIterator[Feeds]:
    """Feeds that are never asked in these tests."""
    nba = FeedSettings(base_url=site.url, requests_per_minute=6000)
    async with open_feeds(FeedsSettings(nba=nba, espn=nba), clock) as opened:
        yield opened


@pytest.fixture
async def paid(site: Site, feeds: Feeds, clock: FakeClock) -> AsyncIterator[OddsSources]:
    """The Odds API on the test's own server."""
    settings = OddsSettings(
        sources=("the_odds_api",), the_odds_api=TheOddsApiSettings(base_url=site.url)
    )
    async with open_odds(settings, Secret(KEY), feeds, clock, deadline_s=2.0) as opened:
        yield opened


@pytest.mark.parametrize(
    ("status", "code", "said", "fatal"),
    [
        (401, "OUT_OF_USAGE_CREDITS", "the credits are used up", True),
        (429, "OUT_OF_USAGE_CREDITS", "the credits are used up", True),
        (401, "INVALID_KEY", "the key is not accepted: check [odds.the_odds_api] key", True),
        (401, "MISSING_KEY", "the key is not accepted: check [odds.the_odds_api] key", True),
        (401, "DEACTIVATED_KEY", "the key is not accepted: check [odds.the_odds_api] key", True),
        (404, "EVENT_NOT_FOUND", "the source has closed the event", False),
        (404, "UNKNOWN_SPORT", "UNKNOWN_SPORT", False),
        (422, "INVALID_MARKET", "INVALID_MARKET", False),
        (422, "INVALID_REGION", "INVALID_REGION", False),
        (500, "", "500", False),
    ],
)
async def test_an_error_of_the_odds_api_is_told_by_its_code(
    site: Site, paid: OddsSources, status: int, code: str, said: str, fatal: bool
) -> None:
    """Errors differ by code, since one status means several things; nothing is charged."""
    told = {"message": f"wrong: apiKey={KEY}", "error_code": code, "details_url": "x"}
    site.put(PATH, json.dumps(told), status, x_requests_remaining="17", x_requests_used="483")
    bought = await paid.buy(CLOSE)
    assert bought.asked is None
    assert bought.fatal is fatal
    assert bought.passing is (status == 500)
    assert bought.credit.refused is not None
    assert said in bought.credit.refused
    assert "\n" not in bought.credit.refused
    assert KEY not in repr(bought)
    assert bought.credit.cost == 0


async def test_an_answer_that_says_nothing_of_credits_costs_what_was_planned(
    site: Site, paid: OddsSources
) -> None:
    """Without the headers of credits, the planned cost is recorded."""
    site.put(PATH, encoded([]))
    bought = await paid.buy(CLOSE)
    assert (bought.credit.cost, bought.credit.remaining) == (3, None)


@pytest.mark.parametrize("body", ["[", "7", '{"message": 1}'])
async def test_a_paid_answer_that_is_none_is_a_cost_and_no_quote(
    site: Site, paid: OddsSources, body: str
) -> None:
    """A malformed paid answer is recorded with its cost and gives no quotes."""
    site.put(PATH, body, x_requests_last="3", x_requests_remaining="400")
    bought = await paid.buy(CLOSE)
    assert bought.credit.remaining == 400
    assert bought.credit.cost == 3
    if bought.asked is None:
        assert bought.credit.refused is not None
        assert bought.credit.refused.startswith("the answer cannot be read: ")
    else:
        assert bought.asked.parsed.events == ()


async def test_a_game_without_books_is_known_by_its_id_and_has_no_quotes(
    site: Site, paid: OddsSources
) -> None:
    """A game whose books are gone for some minutes keeps its id and has no quotes."""
    told = document("odds_api_odds")
    for entry in told:
        entry["bookmakers"] = []  # type: ignore[index]
    site.put(PATH, encoded(told))
    bought = await paid.buy(CLOSE)
    assert bought.asked is not None
    assert all(x.id and not x.offers for x in bought.asked.parsed.events)


async def test_one_page_that_is_missing_does_not_cost_the_others(
    site: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """A game or a market that a free source cannot give leaves the rest of its answers."""
    market = {
        "sportsMarketType": "moneyline", "outcomes": json.dumps(["Lakers", "Nuggets"]),
        "outcomePrices": json.dumps(["0.2", "0.8"]), "clobTokenIds": json.dumps(["1", "2"]),
        "closed": False, "acceptingOrders": True,
    }  # fmt: skip
    other = market | {"clobTokenIds": json.dumps(["8", "9"])}
    games = [replace(GAME, away=x) for x in ("BOS", "LAL", "UTA")]
    pages = {
        polymarket.event_path(games[0]): "{",
        polymarket.event_path(games[1]): json.dumps([{"slug": "x", "markets": [other, market]}]),
        polymarket.book_path("1"): '{"bids": [], "asks": []}',
        polymarket.price_path("1", "BUY"): '{"price": "0.2"}',
        polymarket.price_path("1", "SELL"): '{"price": "0.2"}',
        kalshi.markets_path("KXWNBAGAME"): encoded(document("kalshi_markets")).decode(),
    }

    async def page(request: web.Request) -> web.Response:
        text = pages.get(request.path_qs)
        return web.Response(text=text or "", status=404 if text is None else 200,
                            content_type="application/json")  # fmt: skip

    site.pages |= {x.partition("?")[0]: page for x in pages}
    settings = OddsSettings(
        sources=("kalshi", "polymarket"),
        kalshi=KalshiSettings(base_url=site.url),
        polymarket=PolymarketSettings(base_url=site.url, clob_url=site.url),
    )
    async with open_odds(settings, None, feeds, clock, deadline_s=2.0) as opened:
        (of_game,) = (await opened.ask("polymarket", games)).found
        assert set(json.loads(of_game.document.body)["books"]) == {"1"}
        part = await opened.ask("kalshi", games)
        assert len(part.found) == 1
        assert part.failure is not None, "the other series' prices are not confirmed by it"
        pages[polymarket.event_path(games[1])] = "[]"
        (emptied,) = (await opened.ask("polymarket", games)).found
        assert emptied.scope == of_game.scope, "so its earlier prices are gone"
        with pytest.raises(FeedError):
            await opened.ask("polymarket", games[:1])
