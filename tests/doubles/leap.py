"""Plays a night in no time: an event loop whose clock leaps to whatever is due next.

Real sockets, real files and real threads, but no waiting: where nothing is left to do at a moment,
the loop's time moves to its next timer. What takes a second of the clock takes exactly that,
however fast or busy the machine is, and a night of seventeen hours passes in minutes.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import selectors
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

_LOOKS = 3
"""Looks in a row that must find nothing before time moves on: what is sent over loopback is there
at once."""

_IN_THREAD_S = 0.05
"""Longest real seconds between two looks at a thread that is at work."""

Method = tuple[type, str]
"""A coroutine method that waits for a thread of its own."""


class _Leaping(selectors.DefaultSelector):
    """Waits for nothing but threads: instead it moves the loop's time."""

    loop: LeapingLoop

    def select(self, timeout: float | None = None) -> Any:
        """What is ready; time moves on by the whole of `timeout` where nothing is."""
        if timeout is not None and timeout <= 0:
            return super().select(0)
        for _ in range(_LOOKS):
            if found := super().select(0):
                return found
        if timeout is None or self.loop.at_work:
            return super().select(_IN_THREAD_S)
        self.loop.leap(timeout)
        return []


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time. Time stands still while threads are at work."""

    def __init__(self) -> None:
        """At 0 seconds."""
        self._virtual = 0.0
        self.at_work = 0
        """Calls that run in threads."""
        selector = _Leaping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._virtual

    def leap(self, seconds: float) -> None:
        """Move time on."""
        self._virtual += seconds

    @contextmanager
    def working(self) -> Iterator[None]:
        """Time stands still inside: something is at work that the loop does not see."""
        self.at_work += 1
        try:
            yield
        finally:
            self.at_work -= 1

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """As ever; time waits for it."""
        future = super().run_in_executor(executor, func, *args)
        self.at_work += 1
        # A context of its own: a call that is cancelled is still counted down.
        future.add_done_callback(self._done, context=contextvars.Context())
        return future

    def _done(self, _: object) -> None:
        self.at_work -= 1


class LeapingLoopClock:
    """The clock of a leaping loop: at `start` when the loop begins."""

    speed = math.inf

    def __init__(self, start: datetime, loop: LeapingLoop) -> None:
        """`start` is aware."""
        self._start = start
        self._loop = loop

    def now(self) -> datetime:
        """The wall time."""
        return self._start + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._loop.time()

    def uptime(self) -> float:
        """The same."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait, which takes no real time."""
        done: asyncio.Future[None] = self._loop.create_future()
        timer = self._loop.call_later(max(0.0, seconds), _wake, done)
        try:
            await done
        finally:
            timer.cancel()


def _wake(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def play(
    main: Callable[[LeapingLoopClock], Awaitable[T]],
    start: datetime,
    threads: Sequence[Method] = (),
) -> T:
    """Run a program from `start` on in virtual time, and give what it gives.

    `threads` are coroutine methods that hand work to a thread of their own without the loop's
    knowledge, such as those of a database connection: time waits for them too.
    """
    loop = LeapingLoop()
    clock = LeapingLoopClock(start, loop)

    async def whole() -> T:
        return await main(clock)

    with _watched(loop, threads), asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(whole())


@contextmanager
def _watched(loop: LeapingLoop, threads: Sequence[Method]) -> Iterator[None]:
    methods = [(owner, name, getattr(owner, name)) for owner, name in threads]
    for owner, name, method in methods:
        setattr(owner, name, _counted(loop, method))
    try:
        yield
    finally:
        for owner, name, method in methods:
            setattr(owner, name, method)


def _counted(
    loop: LeapingLoop, method: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    async def counted(*args: Any, **kwargs: Any) -> Any:
        with loop.working():
            return await method(*args, **kwargs)

    return counted
