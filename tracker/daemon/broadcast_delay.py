"""Holds back what the feeds say, so that nothing shows here before the person's broadcast does."""

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

ReadSlate = Callable[[], Awaitable[SlateReading]]


class Delayed:
    """A poller that goes on at its own pace while each of its polls is handed on later.

    All that follows from a poll (chances, alerts, what any command shows) then lies as far behind.
    """

    def __init__(
        self, poller: PollSource, seconds: float, clock: Clock, standing: GameStanding
    ) -> None:
        """`seconds` are of the clock; `standing` is where the game stands at first."""
        self._poller = poller
        self._seconds = seconds
        self._clock = clock
        self._standing = standing
        self._newest: GameState | None = None
        self._kept: deque[tuple[float, Poll]] = deque()
        self._came = asyncio.Event()

    async def fill(self) -> None:
        """Poll for ever, as the game really stands."""
        while True:
            poll = await self._poller.next(self._ahead())
            if isinstance(poll.reading, GameState) and not poll.reading.phase.off:
                self._newest = poll.reading
            self._kept.append((self._clock.monotonic(), poll))
            self._came.set()

    async def next(self, standing: GameStanding) -> Poll:
        """The next poll, once it is old enough."""
        self._standing = standing
        while not self._kept:
            self._came.clear()
            await self._came.wait()
        heard, poll = self._kept[0]
        await self._clock.sleep(heard + self._seconds - self._clock.monotonic())
        self._kept.popleft()
        return poll

    def _ahead(self) -> GameStanding:
        """What the next poll is chosen by: the newest state, though nobody has been told of it."""
        if self._newest is None or self._standing.settled:
            return self._standing
        return replace(self._standing, state=self._newest)


class LateSlate:
    """Tells at once what games there are, and how they stand only as it was a while ago."""

    def __init__(self, read: ReadSlate, seconds: float, clock: Clock) -> None:
        """`seconds` are of the clock."""
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._kept: deque[tuple[float, tuple[GameState, ...]]] = deque()

    async def read(self) -> SlateReading:
        """The slate with the latest states that are old enough."""
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
    """The poller itself without a delay, else one that is behind it as long as this lasts."""
    if seconds <= 0:
        yield poller
        return
    late = Delayed(poller, seconds, clock, standing)
    async with asyncio.TaskGroup() as tasks:
        filling = tasks.create_task(late.fill())
        yield late
        filling.cancel()
