"""Fixtures of the feeds' tests: a clock that stands still, a server, and a feed that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.doubles.clock import FakeClock
from tests.doubles.log import log_line
from tests.feeds.serving import Site, open_feed, serving
from tracker.domain.events import SystemEvent
from tracker.feeds import nba
from tracker.feeds.feeds import Feeds, open_feeds
from tracker.feeds.polling import Feed
from tracker.settings.models import FeedSettings, FeedsSettings


@pytest.fixture
def clock() -> FakeClock:
    """An evening with games on: 10:55 p.m. Eastern."""
    return FakeClock(datetime(2023, 4, 21, 2, 55, tzinfo=UTC))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A server without pages."""
    async with serving() as running:
        yield running


@pytest.fixture
async def espn() -> AsyncIterator[Site]:
    """ESPN's server, without pages."""
    async with serving() as running:
        yield running


@pytest.fixture
async def feeds(site: Site, espn: Site, clock: FakeClock) -> AsyncIterator[Feeds]:
    """The league's source with ESPN behind it."""
    settings = FeedsSettings(
        nba=FeedSettings(base_url=site.url, requests_per_minute=6000),
        espn=FeedSettings(base_url=espn.url, requests_per_minute=6000),
    )
    async with open_feeds(settings, clock, deadline_s=2.0) as opened:
        yield opened


@pytest.fixture
def events() -> list[tuple[str, dict[str, str]]]:
    """The events that the feed has reported, in order."""
    return []


@pytest.fixture
def pulses() -> list[str]:
    """The status words of the feed's board, in order."""
    return []


@pytest.fixture
async def feed(
    site: Site,
    clock: FakeClock,
    events: list[tuple[str, dict[str, str]]],
    pulses: list[str],
) -> AsyncIterator[Feed]:
    """The NBA's feed, asking the test's own server."""

    def tell(event: SystemEvent) -> None:
        events.append(log_line(event))

    def report_status(source: str, at: datetime, word: str) -> None:
        pulses.append(word)

    settings = FeedSettings(base_url=site.url, requests_per_minute=6000)
    async with open_feed(
        nba.SOURCE, settings, clock, tell=tell, report_status=report_status, deadline_s=2.0
    ) as opened:
        yield opened
