"""One scoreboard for everybody: many games ask, one request answers them all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tracker.clock import Clock
from tracker.feeds.cadence import backoff
from tracker.feeds.errors import FeedError, FeedMalformed, FeedNotPublished, FeedUnavailable
from tracker.feeds.fetch import Fetched, Fetcher
from tracker.feeds.health import Health
from tracker.feeds.source import Board, Source


@dataclass(frozen=True, slots=True)
class BoardReading:
    """A board and the document that it was read from."""

    fetched: Fetched
    board: Board


@dataclass(frozen=True, slots=True)
class BoardFailure:
    """A board that could not be read, until `retry_at` in the clock's monotonic seconds.

    `fetched` is the document when one came that could not be believed.
    """

    error: FeedError
    retry_at: float
    fetched: Fetched | None = None


class SharedBoard:
    """The board of a source, fetched once for all who ask within the same moment.

    A failure is shared too, for as long as the source is to be left alone. A caller that is
    cancelled leaves the request running for the others; `aclose` ends it.
    """

    def __init__(self, source: Source, fetcher: Fetcher, clock: Clock, health: Health) -> None:
        """Nothing is asked until somebody reads."""
        self._source = source
        self._fetcher = fetcher
        self._clock = clock
        self._health = health
        self._last: BoardReading | None = None
        self._failure: BoardFailure | None = None
        self._failures = 0
        self._running: asyncio.Task[BoardReading | BoardFailure] | None = None

    async def read(self, max_age: float) -> BoardReading | BoardFailure:
        """The board, no older than `max_age` seconds, or why it cannot be had until when."""
        now = self._clock.monotonic()
        if self._failure is not None and now < self._failure.retry_at:
            return self._failure
        if self._failure is None and self._last and now - self._last.fetched.heard <= max_age:
            return self._last
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._ask(), name="board")
            self._running.add_done_callback(self._ended)
        return await asyncio.shield(self._running)

    async def aclose(self) -> None:
        """End a request that is still running."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def _ended(self, task: asyncio.Task[BoardReading | BoardFailure]) -> None:
        if self._running is task:
            self._running = None

    async def _ask(self) -> BoardReading | BoardFailure:
        fetched: Fetched | None = None
        try:
            fetched = await self._fetcher.get(self._source.board_path())
            reading = BoardReading(fetched, self._parsed(fetched))
        except FeedNotPublished as missing:
            return self._failed(FeedUnavailable(f"{missing}: check base_url"), None)
        except FeedMalformed as wrong:
            return self._failed(wrong, fetched)
        except FeedError as error:
            return self._failed(error, None)
        self._last, self._failure, self._failures = reading, None, 0
        self._health.good(fetched.at, fetched.heard)
        return reading

    def _parsed(self, fetched: Fetched) -> Board:
        if self._last is not None and self._last.fetched.digest == fetched.digest:
            return self._last.board
        return self._source.parse_board(fetched.body)

    def _failed(self, error: FeedError, fetched: Fetched | None) -> BoardFailure:
        heard = self._clock.monotonic()
        self._failures += 1
        retry_at = heard + backoff(self._failures, error.retry_after)
        self._failure = BoardFailure(error, retry_at, fetched)
        self._health.bad(error, self._clock.now(), heard)
        return self._failure
