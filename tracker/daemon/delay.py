"""Holds polls and slates back for a person whose broadcast is late, all by the same delay."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from tracker.clock import Clock
from tracker.daemon.track import PollSource
from tracker.domain.game import GameState
from tracker.domain.poll import GameStanding, Poll
from tracker.feeds.slates import SlateReading

MOST_KEPT = 200
"""Most polls of a game that are held back: nothing is handed on while the disk is full, say."""

ReadSlate = Callable[[], Awaitable[SlateReading]]


class Delayed:
    """Polls a game at its own pace and hands each poll on later.

    All that follows from a poll (chances, alerts, what any command shows) is then late by the same
    time.
    """

    def __init__(
        self, poller: PollSource, seconds: float, clock: Clock, standing: GameStanding
    ) -> None:
        """`seconds` is the delay on `clock`; `standing` is where the game stands at first."""
        self._poller = poller
        self._seconds = seconds
        self._clock = clock
        self._standing = standing
        self._newest: GameState | None = None
        self._kept: deque[tuple[float, Poll]] = deque()
        self._came = asyncio.Event()
        self._room = asyncio.Semaphore(MOST_KEPT)

    async def fill(self) -> None:
        """Poll for ever, at the pace of the game as it really stands, while there is room."""
        while True:
            await self._room.acquire()
            poll = await self._poller.next(self._ahead())
            if isinstance(poll.reading, GameState) and not poll.reading.phase.off:
                self._newest = poll.reading
            self._kept.append((self._clock.monotonic(), poll))
            self._came.set()

    async def next(self, standing: GameStanding) -> Poll:
        """Wait until the oldest poll is as old as the delay, and return it."""
        self._standing = standing
        while not self._kept:
            self._came.clear()
            await self._came.wait()
        heard, poll = self._kept[0]
        await self._clock.sleep(heard + self._seconds - self._clock.monotonic())
        self._kept.popleft()
        self._room.release()
        return poll

    def _ahead(self) -> GameStanding:
        """The standing that decides when to poll next: with the newest state, not yet handed on."""
        if self._newest is None or self._standing.settled:
            return self._standing
        return replace(self._standing, state=self._newest)


class LateSlate:
    """The slate with every game at once, but with game states only after a delay."""

    def __init__(self, read: ReadSlate, seconds: float, clock: Clock) -> None:
        """`seconds` is the delay on `clock`."""
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._kept: deque[tuple[float, tuple[GameState, ...]]] = deque()

    async def read(self) -> SlateReading:
        """Read the slate, and give it the latest states that are as old as the delay."""
        reading = await self._read()
        if self._seconds <= 0:
            return reading
        now = self._clock.monotonic()
        self._kept.append((now, reading.states))
        while len(self._kept) > 1 and now - self._kept[1][0] >= self._seconds:
            self._kept.popleft()
        heard, states = self._kept[0]
        return replace(reading, states=states if now - heard >= self._seconds else ())


@asynccontextmanager
async def delayed(
    poller: PollSource, seconds: float, clock: Clock, standing: GameStanding
) -> AsyncIterator[PollSource]:
    """The poller itself without a delay, else one that is late by it while the block lasts."""
    if seconds <= 0:
        yield poller
        return
    late = Delayed(poller, seconds, clock, standing)
    async with asyncio.TaskGroup() as tasks:
        filling = tasks.create_task(late.fill())
        yield late
        filling.cancel()
