"""One scoreboard for everybody: many games ask, one request answers them all."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from tracker.clock import Clock
from tracker.feeds.errors import FeedError, FeedMalformed, FeedNotPublished, FeedUnavailable
from tracker.feeds.http.fetch import Fetched, Fetcher
from tracker.feeds.http.health import Health
from tracker.feeds.polling.cadence import backoff
from tracker.feeds.source import Board, Source

LARGE = 1 << 18
"""Bytes from which a board is read off the event loop: a full college day has millions."""


@dataclass(frozen=True, slots=True)
class BoardReading:
    """A board and the document that it was read from."""

    fetched: Fetched
    board: Board


@dataclass(frozen=True, slots=True)
class BoardFailure:
    """A board that could not be read: asked for and given up at two monotonic times of the clock.

    `failures` counts those in a row. `fetched` is the document when one came that could not be
    believed.
    """

    error: FeedError
    asked: float
    heard: float
    failures: int
    fetched: Fetched | None = None

    def retry_at(self, *, urgent: bool) -> float:
        """Until when, in monotonic seconds, the source is left alone.

        The time that it let us wait for nothing counts where a game is near or in play.
        """
        error = self.error
        pause = backoff(self.failures, trouble=error.trouble, urgent=urgent)
        return max(
            self.heard + backoff(0, error.retry_after),
            (self.asked if urgent else self.heard) + pause,
        )


KEPT_READINGS = 6
"""Boards that are kept for games whose turn has not come since: no state that came is missed."""


class SharedBoard:
    """A board of a source, fetched once for all who ask within the same moment.

    A failure is shared too, for as long as the source is to be left alone. A caller that is
    cancelled leaves the request running for the others; `aclose` ends it.
    """

    def __init__(
        self, source: Source, path: str, fetcher: Fetcher, clock: Clock, health: Health
    ) -> None:
        """Nothing is asked until somebody reads."""
        self.path = path
        self.streak = 0
        """Good answers in a row."""
        self._source = source
        self._fetcher = fetcher
        self._clock = clock
        self._health = health
        self._last: BoardReading | None = None
        self._recent: deque[BoardReading] = deque(maxlen=KEPT_READINGS)
        self._failure: BoardFailure | None = None
        self._running: asyncio.Task[BoardReading | BoardFailure] | None = None

    @property
    def failure(self) -> BoardFailure | None:
        """How the last request failed; None when it did not."""
        return self._failure

    @property
    def idle(self) -> bool:
        """Whether no request is running."""
        return self._running is None

    async def read(self, max_age: float, *, urgent: bool = False) -> BoardReading | BoardFailure:
        """The board, no older than `max_age` seconds, or why it cannot be had.

        `urgent` is whether a game is near or in play: a source that fails is then asked again
        sooner.
        """
        known = self._known(max_age, urgent=urgent)
        return known if known is not None else await asyncio.shield(self._start())

    def since(self, heard: float) -> tuple[BoardReading, ...]:
        """What was read after a moment of the monotonic clock, oldest first, as far as kept."""
        return tuple(x for x in self._recent if x.fetched.heard > heard)

    def poke(self, max_age: float, *, urgent: bool = False) -> None:
        """Have the board read for whoever asks next, without waiting for it."""
        if self._known(max_age, urgent=urgent) is None:
            self._start()

    def known(self, max_age: float) -> BoardReading | None:
        """The board as it was last read, if that is no older than `max_age` seconds."""
        found = self._known(max_age, urgent=False)
        return found if isinstance(found, BoardReading) else None

    def _known(self, max_age: float, *, urgent: bool) -> BoardReading | BoardFailure | None:
        now = self._clock.monotonic()
        if self._failure is not None:
            return self._failure if now < self._failure.retry_at(urgent=urgent) else None
        fresh = self._last is not None and now - self._last.fetched.heard <= max_age
        return self._last if fresh else None

    def _start(self) -> asyncio.Task[BoardReading | BoardFailure]:
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._ask(), name="board")
            self._running.add_done_callback(self._ended)
        return self._running

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
        asked = self._clock.monotonic()
        try:
            fetched = await self._fetcher.get(self.path, self._source.board_cap)
            reading = BoardReading(fetched, await self._parsed(fetched))
        except FeedNotPublished as missing:
            return self._failed(FeedUnavailable(f"{missing}: check base_url"), asked, None)
        except FeedMalformed as wrong:
            return self._failed(wrong, asked, fetched)
        except FeedError as error:
            return self._failed(error, asked, None)
        self._last, self._failure = reading, None
        if not self._recent or self._recent[-1].fetched.digest != fetched.digest:
            self._recent.append(reading)
        self.streak += 1
        self._health.good(fetched.at, fetched.heard)
        return reading

    async def _parsed(self, fetched: Fetched) -> Board:
        if self._last is not None and self._last.fetched.digest == fetched.digest:
            return self._last.board
        if len(fetched.body) > LARGE:
            return await asyncio.to_thread(self._source.parse_board, fetched.body)
        return self._source.parse_board(fetched.body)

    def _failed(self, error: FeedError, asked: float, fetched: Fetched | None) -> BoardFailure:
        heard = self._clock.monotonic()
        failures = 1 if self._failure is None else self._failure.failures + 1
        self._failure = BoardFailure(error, asked, heard, failures, fetched)
        self.streak = 0
        self._health.bad(error, self._clock.now(), heard)
        return self._failure
