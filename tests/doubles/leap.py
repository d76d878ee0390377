"""An event loop in virtual time: its clock leaps to the next timer, so a night takes minutes.

Sockets, files and threads are real, but nothing waits: where no work is left at a moment, the
loop's time moves to its next timer. So a timer takes exactly its virtual time, however fast or busy
the machine is.
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

import aiosqlite

T = TypeVar("T")

_LOOKS = 3
"""Checks in a row that must find nothing before time moves on: data sent over loopback arrive at
once."""

_IN_THREAD_S = 0.05
"""Longest real seconds between two checks of a thread that is at work."""

Method = tuple[type, str]
"""A coroutine method that waits for a thread of its own."""

DATABASE: Sequence[Method] = [(aiosqlite.Connection, name) for name in ("_connect", "_execute")]
"""The methods of a database connection that do."""


class _Leaping(selectors.DefaultSelector):
    """A selector that waits only for threads; in place of other waits it moves the loop's time."""

    loop: LeapingLoop

    def select(self, timeout: float | None = None) -> Any:
        """The ready events; time moves on by the whole of `timeout` where there are none."""
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
        """Begin at 0 seconds."""
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
        """Stop time inside the block: something is at work that the loop does not see."""
        self.at_work += 1
        try:
            yield
        finally:
            self.at_work -= 1

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run a call as usual, with time stopped until it ends."""
        future = super().run_in_executor(executor, func, *args)
        self.at_work += 1
        # A context manager of its own, so that a cancelled call is counted down too.
        future.add_done_callback(self._done, context=contextvars.Context())
        return future

    def _done(self, _: object) -> None:
        self.at_work -= 1

    async def shutdown_default_executor(self, *_: object) -> None:
        """Join the threads of calls, with time stopped: from Python 3.12 on it has a deadline."""
        with self.working():
            await super().shutdown_default_executor()


class LeapingLoopClock:
    """The clock of a leaping loop: at `start` when the loop begins."""

    speed = math.inf

    def __init__(self, start: datetime, loop: LeapingLoop) -> None:
        """`start` is aware."""
        self._start = start
        self._loop = loop

    def now(self) -> datetime:
        """The wall-clock time."""
        return self._start + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._loop.time()

    def uptime(self) -> float:
        """Seconds since the start."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time, which takes no real time."""
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
    """Run a program from `start` on in virtual time; returns its result.

    `threads` are coroutine methods that pass work to a thread of their own unknown to the loop,
    such as those of a database connection: time waits for them too.
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
