"""A hard budget of requests a minute, on the clock that the polling runs on."""

from __future__ import annotations

from asyncio_throttle.throttler import Throttler

from tracker.clock import Clock

MINUTE_S = 60.0

_LOOK_EVERY_S = 0.05


class Budget(Throttler):
    """Lets so many through in any minute of the clock; the next one waits for room.

    Use it as an async context manager around each request. The throttler that it is built on goes
    by the machine's own time, which a night at another speed does not.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        """Nothing has been let through."""
        super().__init__(per_minute, MINUTE_S, _LOOK_EVERY_S)
        self._clock = clock

    def flush(self) -> None:
        """Forget those of more than a minute ago."""
        oldest = self._clock.monotonic() - self.period
        while self._task_logs and self._task_logs[0] < oldest:
            self._task_logs.popleft()

    async def acquire(self) -> None:
        """Wait until there is room, and take it."""
        self.flush()
        while len(self._task_logs) >= self.rate_limit:
            left = self._task_logs[0] + self.period - self._clock.monotonic()
            await self._clock.sleep(max(left, self.retry_interval))
            self.flush()
        self._task_logs.append(self._clock.monotonic())
