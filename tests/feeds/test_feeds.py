"""Promises of all feeds together: which hosts are asked, how often, and what is counted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiohttp import web

from tests.doubles.clock import FakeClock
from tests.feeds.espn_pages import board, event
from tests.feeds.serving import Site, board_of, changed, live_game, open_feed, serving
from tracker.clock import ScaledClock
from tracker.domain.events import SystemEvent
from tracker.domain.game import Game, GameState
from tracker.domain.league import LEAGUES
from tracker.domain.poll import Trouble, Unreadable
from tracker.feeds import FeedRefused, nba
from tracker.feeds.espn import HEADERS, SECOND_HEADERS, espn_source
from tracker.feeds.feeds import SOURCES, open_feeds
from tracker.feeds.polling import LookUp
from tracker.replay.espn_site import welcome
from tracker.settings.models import FeedSettings, FeedsSettings

ESPN = "/apis/site/v2/sports/basketball/nba/scoreboard"


def at(site: Site, budget: int = 6000) -> FeedSettings:
    """The settings of a host."""
    return FeedSettings(base_url=site.url, requests_per_minute=budget)


def test_every_league_has_its_sources() -> None:
    """Each source belongs to its league, and the league's own comes first."""
    assert SOURCES.keys() == LEAGUES.keys()
    for league, sources in SOURCES.items():
        assert {x.league for x in sources} == {league}
        assert len({x.label for x in sources}) == len(sources)
    assert [x.label for x in SOURCES["wnba"]] == ["wnba", "espn wnba"]


def test_whose_an_id_is() -> None:
    """The league's ids have ten digits that begin with its number; ESPN's have at most nine."""
    espn = espn_source("nba")
    assert nba.SOURCE.owns("0022500680")
    assert not nba.SOURCE.owns("1022500680")
    assert nba.WNBA_SOURCE.owns("1022500680")
    assert not nba.WNBA_SOURCE.owns("401736228")
    assert espn.owns("401736228")
    assert not espn.owns("0022500680")


async def test_the_wnba_is_asked_by_its_own_headers(clock: FakeClock) -> None:
    """The WNBA gets its own path and Referer; a web page with 200 counts as a refusal."""
    async with serving() as site:
        path = "/static/json/liveData/scoreboard/todaysScoreboard_10.json"
        game = changed(
            live_game(),
            gameId="1022500001",
            home__teamTricode="PHO",
            away__teamTricode="LVA",
            gameClock="PT07M15.00S",
        )
        site.put(path, board_of(game))
        async with open_feed(nba.WNBA_SOURCE, at(site), clock) as feed:
            wanted = Game("1022500001", "wnba", "PHX", "LVA", datetime(2023, 4, 21, 2, tzinfo=UTC))
            answer = await feed.read(wanted, LookUp.BOARD, 5.0)
            assert isinstance(answer.reading, GameState)
            assert answer.reading.game_clock == "Q2 7:15"
            assert site.headers[0]["Referer"] == "https://www.wnba.com/"
            site.put(path, "<!DOCTYPE html><title>WNBA</title>", Content_Type="text/html")
            await clock.advance(10.0)
            answer = await feed.read(wanted, LookUp.BOARD, 5.0)
            assert isinstance(answer.reading, Unreadable)
            assert answer.reading.trouble is Trouble.BLOCKED


def _who_may(site: Site, *beginnings: str) -> None:
    """Answer ESPN's board only to User-Agents with these beginnings."""

    async def page(request: web.Request) -> web.Response:
        agent = request.headers.get("User-Agent", "")
        if not agent.startswith(beginnings or ("nobody",)):
            return web.Response(status=403, text="<html>no</html>", content_type="text/html")
        return web.Response(body=board(event()), content_type="application/json")

    site.pages[ESPN] = page


def test_espn_is_told_who_asks() -> None:
    """Both sets of headers are those of plain clients, which ESPN accepts; a browser's is not."""
    assert "User-Agent" not in HEADERS
    assert welcome(SECOND_HEADERS["User-Agent"])
    assert not welcome("Mozilla/5.0")


@pytest.mark.parametrize(("welcomed", "asked"), [("Python/", 2), ("curl/", 3)])
async def test_espn_is_asked_a_second_way(clock: FakeClock, welcomed: str, asked: int) -> None:
    """After a refusal, another User-Agent is tried once and kept if it is accepted."""
    async with serving() as site:
        _who_may(site, welcomed)
        async with open_feed(espn_source("nba"), at(site), clock) as feed:
            for _ in range(2):
                await feed.fetcher.get(ESPN)
            assert len(site.asked) == asked
            assert feed.fetcher.usage.asked == asked


async def test_refused_both_ways_is_blocked(clock: FakeClock) -> None:
    """Both sets of headers are tried once each, no more."""
    async with serving() as site:
        _who_may(site)
        async with open_feed(espn_source("nba"), at(site), clock) as feed:
            with pytest.raises(FeedRefused):
                await feed.fetcher.get(ESPN)
            assert len(site.asked) == 2


async def test_leagues_of_one_host_share_its_budget(clock: FakeClock) -> None:
    """ESPN has one session and one count of requests for all its leagues."""
    async with serving() as site:
        settings = FeedsSettings(espn=at(site))
        site.put(ESPN, board(event()))
        async with open_feeds(settings, clock) as feeds:
            (_, first), (second,) = feeds.by_league["nba"], feeds.by_league["ncaam"]
            assert first.fetcher is second.fetcher
            await first.board.read(0.0)
            await second.board.read(0.0)
            used = feeds.usage()["espn"]
        assert (used.asked, used.answered, used.last_minute, used.budget) == (3, 1, 3, 6000)
        assert used.size == len(board(event()))
        assert used.troubles == (("blocked", 2),)


async def test_the_busiest_minute_is_kept(clock: FakeClock) -> None:
    """The busiest minute is still reported an hour later."""
    async with serving() as site:
        site.put("/a", b"[]")
        async with open_feed(nba.SOURCE, at(site), clock) as feed:
            for _ in range(5):
                await feed.fetcher.get("/a")
            await clock.advance(3600.0)
            await feed.fetcher.get("/a")
            assert (feed.fetcher.usage.last_minute, feed.fetcher.usage.busiest_minute) == (1, 5)


async def test_on_a_clock_of_its_own_only_this_machine_is_asked() -> None:
    """On a scaled clock other hosts are left out, which is reported once for each."""
    told: list[tuple[str, object]] = []

    def tell(event: SystemEvent) -> None:
        told.append((event.name, event.figures.get("source")))

    async with serving() as site:
        site.board(live_game())
        fast = ScaledClock(datetime(2023, 4, 21, 3, tzinfo=UTC), 600.0)
        async with open_feeds(FeedsSettings(nba=at(site)), fast, tell=tell) as feeds:
            assert [x.source.label for x in feeds.by_league["nba"]] == ["nba"]
            game = nba.SOURCE.parse_board(board_of(live_game())).games[0][0]
            assert isinstance((await feeds.read(game, LookUp.EITHER, 5.0)).reading, GameState)
            other = Game("1", "wnba", "PHX", "LVA", game.start)
            reading = (await feeds.read(other, LookUp.EITHER, 5.0)).reading
            assert isinstance(reading, Unreadable)
            assert "no source of the WNBA may be asked" in reading.why
    assert told == [("feed.left_out", "espn"), ("feed.left_out", "wnba")]
