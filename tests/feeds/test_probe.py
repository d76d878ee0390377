"""Promises of probing the sources: each once, with advice for a person."""

from __future__ import annotations

from tests.doubles.clock import FakeClock
from tests.feeds.espn_pages import board, event
from tests.feeds.serving import Site, live_game, serving
from tests.feeds.test_failover import AT_ESPN, BOARD
from tracker.domain.poll import Trouble
from tracker.feeds.feeds import open_feeds, probe
from tracker.settings.models import FeedSettings, FeedsSettings


async def test_each_source_is_tried_once(site: Site, clock: FakeClock) -> None:
    """A good source is shown with its games, a failing one with the reason and what to do."""
    async with serving() as espn:
        settings = FeedsSettings(
            nba=FeedSettings(base_url=site.url, requests_per_minute=120),
            espn=FeedSettings(base_url=espn.url, requests_per_minute=60),
        )
        site.board(live_game())
        async with open_feeds(settings, clock, deadline_s=2.0) as feeds:
            first, second = await probe(feeds, ["nba"], clock)
        assert (first.source, first.games, first.trouble, first.stands_in) == (
            "nba",
            1,
            None,
            False,
        )
        assert (first.budget, second.budget) == (120, 60)
        assert (second.source, second.trouble, second.stands_in) == (
            "espn nba",
            Trouble.BLOCKED,
            True,
        )
        assert second.advice
        assert second.why
        assert "403" in second.why
        assert site.asked == [BOARD]
        assert len(espn.asked) == 2
        espn.put(AT_ESPN, board(event()))
        async with open_feeds(settings, clock, deadline_s=2.0) as feeds:
            _, second = await probe(feeds, ["nba"], clock)
        assert (second.trouble, second.games, second.advice) == (None, 1, None)
