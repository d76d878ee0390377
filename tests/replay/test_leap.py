"""Promises of virtual time: hours pass at once, exactly, and wait for real work."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import aiohttp

from tests.doubles.leap import play
from tracker.clock import Clock
from tracker.replay import find_recording
from tracker.replay.nba_site import SCOREBOARD
from tracker.replay.playback import Playback
from tracker.replay.server import Options, serving

REFERER = {"Referer": "https://www.nba.com/"}
START = datetime(2026, 1, 30, 1, 0, tzinfo=UTC)


def test_every_wait_takes_exactly_its_time() -> None:
    """Two sleepers wake in order at their times, and a deadline cuts a third wait off."""

    async def night(clock: Clock) -> list[tuple[str, float]]:
        told = []

        async def sleeper(name: str, seconds: float) -> None:
            await clock.sleep(seconds)
            told.append((name, (clock.now() - START).total_seconds()))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sleeper("late", 36_000.0))
            tasks.create_task(sleeper("early", 0.25))
        try:
            async with asyncio.timeout(8.0):
                await clock.sleep(3600.0)
        except TimeoutError:
            told.append(("cut off", clock.monotonic()))
        return told

    assert play(night, START) == [("early", 0.25), ("late", 36_000.0), ("cut off", 36_008.0)]


def test_time_stands_still_while_a_thread_works() -> None:
    """A thread's work takes no time of the clock, however long it lasts."""
    gate = threading.Event()

    async def night(clock: Clock) -> float:
        asyncio.get_running_loop().call_later(60.0, gate.set)
        await asyncio.to_thread(gate.wait, 0.2)
        return clock.monotonic()

    assert play(night, START) == 0.0


class Slow:
    """Hands work to a thread without the loop's knowledge."""

    async def work(self) -> str:
        """The answer of a thread."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()
        threading.Timer(0.1, loop.call_soon_threadsafe, (done.set_result, "done")).start()
        return await done


def test_threads_of_others_are_waited_for_when_they_are_named() -> None:
    """Named, their work takes no time; the class is as it was afterwards."""
    method = Slow.work

    async def night(clock: Clock) -> tuple[str, float]:
        asyncio.get_running_loop().call_later(60.0, lambda: None)
        return await Slow().work(), clock.monotonic()

    assert play(night, START, [(Slow, "work")]) == ("done", 0.0)
    assert Slow.work is method


def test_a_real_server_in_virtual_time() -> None:
    """An answer takes as long as the server was told, and shows the game at that moment."""
    playback = Playback(find_recording("SAC@PHI"))

    async def night(clock: Clock) -> tuple[float, bool]:
        options = Options(takes=timedelta(seconds=1.5))
        async with (
            serving([playback], clock, options=options) as running,
            aiohttp.ClientSession() as session,
        ):
            await clock.sleep(1800.0)
            begun = clock.monotonic()
            async with session.get(running.url + SCOREBOARD, headers=REFERER) as answer:
                shown = b'"gameStatus":2' in await answer.read()
            return clock.monotonic() - begun, shown

    assert play(night, START) == (1.5, True)
