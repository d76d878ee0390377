"""Trying each source once: does it answer, how quickly, and what can a person do if it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from tracker.clock import Clock
from tracker.domain.poll import Trouble
from tracker.feeds.feeds import Feeds
from tracker.feeds.http.health import advice
from tracker.feeds.polling.board import BoardReading
from tracker.feeds.polling.feed import Feed


@dataclass(frozen=True, slots=True)
class Probe:
    """How a source answered. `games` are on its board of today; `took_s` is in clock seconds.

    `stands_in` is whether another source comes first in its league. `trouble`, `why` and `advice`
    are None for a source that is well. `budget` is the most requests a minute to its host.
    """

    source: str
    league: str
    stands_in: bool
    games: int
    took_s: float
    budget: int
    trouble: Trouble | None = None
    why: str | None = None
    advice: str | None = None


async def probe(feeds: Feeds, leagues: Iterable[str], clock: Clock) -> tuple[Probe, ...]:
    """Every source of the leagues, all asked at once for their boards of today."""
    asked = [
        (feed, place > 0)
        for league in leagues
        for place, feed in enumerate(feeds.by_league.get(league, ()))
    ]
    return tuple(await asyncio.gather(*(_tried(feed, late, clock) for feed, late in asked)))


async def _tried(feed: Feed, stands_in: bool, clock: Clock) -> Probe:
    began = clock.monotonic()
    board = await feed.board.read(0.0)
    took = clock.monotonic() - began
    label, league = feed.source.label, feed.source.league
    budget = feed.fetcher.usage.budget
    if isinstance(board, BoardReading):
        return Probe(label, league, stands_in, len(board.board.games), took, budget)
    error = board.error
    found = advice(error.trouble)
    return Probe(label, league, stands_in, 0, took, budget, error.trouble, str(error), found)
