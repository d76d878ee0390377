"""Clocks: one that stands still until it is moved, one that runs faster, and waiting on either."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.clock import FakeClock
from tracker.clock import Clock, ScaledClock, SystemClock, WallSteps, wait_for_event

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


async def nap(clock: FakeClock, seconds: float, woken: list[tuple[float, float]]) -> None:
    """Sleep, and note for how long and at which moment one woke."""
    await clock.sleep(seconds)
    woken.append((seconds, clock.monotonic()))


@given(st.lists(st.integers(1, 3600), min_size=1, max_size=12), st.integers(1, 7))
def test_sleepers_wake_in_order_and_at_their_own_moment(naps: list[int], strides: int) -> None:
    """However the hour is cut into strides, everyone wakes when their own time has come."""

    async def play() -> list[tuple[float, float]]:
        clock, woken = FakeClock(START), list[tuple[float, float]]()
        async with asyncio.TaskGroup() as group:
            for seconds in naps:
                group.create_task(nap(clock, seconds, woken))
            for _ in range(strides):
                await clock.advance(3600 / strides)
            await clock.advance(1)
        return woken

    woken = asyncio.run(play())
    assert [x for x, _ in woken] == sorted(naps)
    assert all(at == pytest.approx(seconds) for seconds, at in woken)


async def test_a_sleeper_that_sleeps_again_wakes_within_the_same_stride() -> None:
    """An hour in one stride plays a loop that waits ten minutes six times."""
    clock, seen = FakeClock(START), list[datetime]()

    async def loop() -> None:
        while True:
            await clock.sleep(600)
            seen.append(clock.now())

    task = asyncio.create_task(loop())
    await clock.advance(3600)
    task.cancel()
    assert seen == [START + timedelta(minutes=10 * x) for x in range(1, 7)]
    assert clock.now() == START + timedelta(hours=1)


async def test_those_who_gave_up_waiting_disturb_nobody() -> None:
    """A cancelled sleeper is passed over."""
    clock, woken = FakeClock(START), list[tuple[float, float]]()
    given_up = asyncio.create_task(nap(clock, 10, woken))
    waiting = asyncio.create_task(nap(clock, 20, woken))
    await clock.advance(1)
    given_up.cancel()
    await clock.advance(30)
    await waiting
    assert woken == [(20, 20)]


async def test_no_wait_is_no_wait() -> None:
    """Zero or less returns at once, on every clock."""
    clocks: tuple[Clock, ...] = (FakeClock(START), SystemClock(), ScaledClock(START, 60))
    for clock in clocks:
        await asyncio.wait_for(clock.sleep(-5), 1)
        await asyncio.wait_for(clock.sleep(0), 1)


async def test_intervals_do_not_see_a_wall_clock_that_is_set() -> None:
    """An operator's step moves `now`, never `monotonic`, and wakes nobody."""
    clock, woken = FakeClock(START), list[tuple[float, float]]()
    task = asyncio.create_task(nap(clock, 100, woken))
    await clock.advance(10)
    clock.step_wall(-86_400)
    assert (clock.monotonic(), clock.now()) == (10, START + timedelta(seconds=10, days=-1))
    await clock.advance(89)
    assert not woken
    await clock.advance(1)
    await task
    assert woken == [(100, 100)]


def test_a_fake_clock_is_set_forward_only() -> None:
    """A replay that drives the clock cannot turn it back."""
    clock = FakeClock(START)
    clock.set(START + timedelta(seconds=30))
    assert clock.monotonic() == 30
    with pytest.raises(ValueError, match="forward"):
        clock.set(START)


def test_two_scaled_clocks_with_one_anchor_agree() -> None:
    """Two processes with the same three values show the same time, to a few real milliseconds."""
    anchor = datetime.now(UTC) - timedelta(seconds=100)
    one, other = (ScaledClock(START, 60, anchor) for _ in range(2))
    assert abs((one.now() - other.now()).total_seconds()) < 60 * 0.05
    assert timedelta(seconds=6000) <= one.now() - START < timedelta(seconds=6600)
    assert one.monotonic() <= one.monotonic()


def test_a_scaled_clock_shows_utc() -> None:
    """Whatever zone the start was given in."""
    eastern = START.astimezone(timezone(timedelta(hours=-5)))
    assert ScaledClock(eastern, 1).now().tzinfo is UTC
    assert ScaledClock(eastern, 1).start == FakeClock(eastern).now() == START


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_goes_nowhere_is_refused(speed: float) -> None:
    """Above 0, or no clock; and a start without a zone is none."""
    with pytest.raises(ValueError, match="above 0"):
        ScaledClock(START, speed)
    for make in (FakeClock, lambda start: ScaledClock(start, 1)):
        with pytest.raises(ValueError, match="zone"):
            make(START.replace(tzinfo=None))


async def test_an_event_or_the_time_ends_the_wait() -> None:
    """Whichever comes first; nothing of the wait is left behind."""
    clock, event = FakeClock(START), asyncio.Event()
    waiting = asyncio.create_task(wait_for_event(clock, event, 60))
    await clock.advance(59)
    assert not waiting.done()
    await clock.advance(1)
    assert await waiting is False
    waiting = asyncio.create_task(wait_for_event(clock, event, 60))
    await clock.advance(1)
    event.set()
    assert await waiting is True
    assert await wait_for_event(clock, event, 60) is True
    assert len(asyncio.all_tasks()) == 1


def test_the_machines_clock_is_aware_and_never_goes_back() -> None:
    """UTC for the wall, seconds for intervals."""
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


async def test_a_wall_clock_that_is_set_is_told_from_time_that_passes() -> None:
    """By how much, once; small corrections and hours that pass are none."""
    clock = FakeClock(datetime(2026, 11, 21, tzinfo=UTC))
    steps = WallSteps(clock)
    await clock.advance(7200)
    clock.step_wall(0.5)
    assert steps.taken() == 0.0
    clock.step_wall(-3600)
    await clock.advance(10)
    assert steps.taken() == pytest.approx(-3600)
    assert steps.taken() == 0.0
