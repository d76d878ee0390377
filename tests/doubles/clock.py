"""A clock for tests that moves only when a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import datetime, timedelta

from tracker.clock import LeapingClock

_SETTLE_ROUNDS = 12
"""Turns of the event loop that `FakeClock.advance` gives to the tasks that it has woken."""


class FakeClock(LeapingClock):
    """A clock that stands still until it is moved, and wakes each sleeper as it passes its time."""

    speed = 1.0

    def __init__(self, start: datetime) -> None:
        """Stand at `start` (aware)."""
        super().__init__(start)
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._suspended = 0.0

    def uptime(self) -> float:
        """Seconds since the start, with those of `suspend`."""
        return self._elapsed + self._suspended

    @property
    def sleeping(self) -> int:
        """How many sleepers wait for this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock forward or back, as NTP would; monotonic time is not changed."""
        self._wall += timedelta(seconds=seconds)

    def suspend(self, seconds: float) -> None:
        """Let the machine sleep: wall time goes on, but nothing that a task waits for."""
        self.step_wall(seconds)
        self._suspended += seconds

    def set(self, instant: datetime) -> None:
        """Move forward to `instant` without waking sleepers, for a replay that drives the clock."""
        gap = (instant - self._wall).total_seconds()
        if gap < 0:
            raise ValueError("a fake clock is only ever set forward")
        self._move(gap)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced far enough."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move time on, waking each sleeper at its own moment and letting it run."""
        await self._settle()
        target = self._elapsed + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, future = heapq.heappop(self._sleepers)
            self._move(max(0.0, due - self._elapsed))
            if not future.done():
                future.set_result(None)
            await self._settle()
        self._move(target - self._elapsed)
        await self._settle()

    def _move(self, seconds: float) -> None:
        self._wall += timedelta(seconds=seconds)
        self._elapsed += seconds

    @staticmethod
    async def _settle() -> None:
        for _ in range(_SETTLE_ROUNDS):
            await asyncio.sleep(0)
