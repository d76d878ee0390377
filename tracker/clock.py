"""Clocks: the only module that reads the time or waits for it to pass.

A `Clock` gives the wall time (aware UTC), a monotonic time in seconds for intervals, and a way to
wait. The daemon runs on `SystemClock`, rehearsals on `ScaledClock`, replays on `LeapingClock`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """What the rest of the program may ask of a clock: read the time, and wait."""

    @property
    def speed(self) -> float:
        """Seconds of this clock in each real one; infinite where its waits take no real time."""
        ...

    def now(self) -> datetime:
        """The wall time as an aware UTC datetime. It may jump when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment. It never goes back: use it for every interval."""
        ...

    def uptime(self) -> float:
        """Monotonic seconds that also count while the machine sleeps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait this many seconds of this clock; a negative number means no wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    speed = 1.0

    def now(self) -> datetime:
        """The machine's wall time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The machine's monotonic seconds."""
        return time.monotonic()

    def uptime(self) -> float:
        """Seconds since the machine was started, including the time that it was suspended."""
        boot_time = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(max(0.0, seconds))


class ScaledClock:
    """A clock that starts at a chosen instant and runs `speed` times as fast as the machine's.

    `anchor` is the machine's wall time at which this clock showed `start`; two processes that are
    given the same three values agree on the time.
    """

    def __init__(self, start: datetime, speed: float, anchor: datetime | None = None) -> None:
        """Start at `start` (aware); `speed` is in clock seconds for each real second, above 0."""
        if start.tzinfo is None:
            raise ValueError("the start of a scaled clock needs a time zone")
        if not speed > 0:
            raise ValueError("the speed of a scaled clock must be above 0")
        self.speed = speed
        self.start = start.astimezone(UTC)
        self.anchor = anchor or datetime.now(UTC)
        lead = (datetime.now(UTC) - self.anchor).total_seconds()
        self._origin = time.monotonic() - lead

    def now(self) -> datetime:
        """The scaled wall time, in UTC."""
        return self.start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Scaled seconds since the start."""
        return (time.monotonic() - self._origin) * self.speed

    def uptime(self) -> float:
        """Scaled seconds since the start: a suspend stops this clock, its wall time included."""
        return self.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock, which is `seconds / speed` of real time."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)


class LeapingClock:
    """A clock on which a wait takes no real time: the clock jumps to the end of the wait.

    It is for replays in virtual time, where one task after another drives the clock.
    """

    speed = math.inf

    def __init__(self, start: datetime) -> None:
        """Begin at `start` (aware)."""
        if start.tzinfo is None:
            raise ValueError("the start of a clock needs a time zone")
        self._wall = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The virtual wall time, in UTC."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds waited so far."""
        return self._elapsed

    def uptime(self) -> float:
        """Seconds waited so far: a virtual clock is never suspended."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Let other tasks run, then move the clock to the end of the wait."""
        await asyncio.sleep(0)
        if seconds > 0:
            # A wait shorter than the wall clock's resolution would not move it, and a loop that
            # waits for a time would never end.
            leap = max(timedelta(seconds=seconds), timedelta.resolution)
            self._wall += leap
            self._elapsed += leap.total_seconds()


STEP_S = 2.0
"""Seconds that the wall clock must jump to count as set; NTP corrects less than this gradually."""


class WallSteps:
    """Notices when a person or NTP sets the wall clock: when it moves more than time passed."""

    def __init__(self, clock: Clock) -> None:
        """Measure from the clock's present time."""
        self._clock = clock
        self._lead = self._now()
        self._looked = clock.uptime()
        self.apart = 0.0
        """Seconds between the last two calls of `taken`."""

    def taken(self) -> float:
        """Seconds by which the wall clock was set since the last call.

        Positive is forward and negative back; 0 when it was not set.
        """
        before, self._lead = self._lead, self._now()
        last, self._looked = self._looked, self._clock.uptime()
        self.apart = self._looked - last
        step = self._lead - before
        return step if abs(step) >= STEP_S else 0.0

    def _now(self) -> float:
        """Seconds by which the wall time is ahead of the uptime; constant unless it is set."""
        return self._clock.now().timestamp() - self._clock.uptime()


async def wait_for_event(clock: Clock, event: asyncio.Event, seconds: float) -> bool:
    """Wait until the event is set or `seconds` of the clock have passed.

    Returns whether the event was set.
    """
    if event.is_set():
        return True
    waiters = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(seconds))]
    try:
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
        await asyncio.gather(*waiters, return_exceptions=True)
    return event.is_set()


STOP_GRACE = 4.5
"""Real seconds that a request in progress is given when the program stops: longer than a server
usually takes to answer, and short enough for the whole program to end within 5."""


async def run_out(turn: Coroutine[Any, Any, T], stop: Callable[[], None] = lambda: None) -> T:
    """Run one turn of a loop to its end. Cancelled, it goes on for STOP_GRACE before it is ended.

    `stop` is called when it is cancelled.
    """
    task = asyncio.ensure_future(turn)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait({task}, timeout=STOP_GRACE)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


_MOST_DOUBLINGS = 32


def growing_wait(failures: int, first: float, longest: float) -> float:
    """Seconds to wait after this many failures: `first`, twice as long each time, to `longest`."""
    return min(first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), longest)
