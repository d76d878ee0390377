"""Promises of chores: each runs once for each due time, whatever the clock and the machine do."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.doubles.clock import FakeClock
from tests.doubles.log import log_line
from tracker.daemon.bot import Bounds, CommandRun, Commands
from tracker.daemon.watchers.chores import (
    Chore,
    Plan,
    Runners,
    do_chores,
    dues,
    plan,
    usual_chores,
)
from tracker.domain.events import SystemEvent
from tracker.settings import parse_settings
from tracker.store import Store
from tracker.store.upkeep import ChoreOutcome, ChoreRun

NEW_YORK = ZoneInfo("America/New_York")
STEP = 600.0
"""Seconds by which virtual time moves at a time."""

T0 = datetime(2026, 10, 25, 16, tzinfo=UTC)
"""A week before the clocks go back."""

NIGHTLY = Chore("backup", ("backup",), (time(5),), NEW_YORK)


class Machine:
    """A machine with one daemon, which can be killed, put to sleep, and started again."""

    def __init__(self, path: Path, chores: Iterable[Chore], start: datetime = T0) -> None:
        self.clock = FakeClock(start)
        self.chores = tuple(chores)
        self.ran: list[tuple[str, ...]] = []
        self.told: list[tuple[str, dict[str, str]]] = []
        self.fails: set[str] = set()
        self.hangs = False
        self.hung = 0
        self._path = path
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, *args: str) -> CommandRun:
        """Run a command, as far as a chore can see."""
        self.ran.append(args)
        if self.hangs:
            self.hung += 1
            await asyncio.get_running_loop().create_future()
        wrong = args[0] in self.fails
        return CommandRun(int(wrong), "" if wrong else "done", "error: no feed" if wrong else "")

    async def _live(self) -> None:
        async with await Store.open(self._path, now=self.clock.now(), durable=False) as store:
            runners = Runners(self, self)
            await do_chores(self.chores, store, self.clock, runners, self._hear)

    def _hear(self, event: SystemEvent) -> None:
        self.told.append(log_line(event))

    async def start(self) -> None:
        """Start the daemon."""
        self._task = asyncio.create_task(self._live())
        await self.wait(timedelta(minutes=2))

    async def kill(self) -> None:
        """End the daemon in the middle of whatever it does."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task, self.hung = None, 0

    async def wait(self, span: timedelta) -> None:
        """Let time pass with the machine awake, in steps of ten minutes at most."""
        left = span.total_seconds()
        while left > 0:
            await self.clock.advance(min(left, STEP))
            left -= STEP
            await self._at_rest()

    async def _at_rest(self) -> None:
        """Wait until every loop has finished its work: the store works in a thread of its own."""
        loops = 1 + sum(not x.heavy for x in self.chores)
        while self.clock.sleeping + self.hung < loops:  # noqa: ASYNC110 - a thread
            await asyncio.sleep(0)

    async def sleep(self, span: timedelta) -> None:
        """Put the machine to sleep: the wall clock goes on, no task does."""
        self.clock.step_wall(span.total_seconds())
        await self.wait(timedelta(minutes=3))

    async def rows(self) -> tuple[ChoreRun, ...]:
        """The recorded runs, the first due first."""
        async with await Store.open(self._path, now=self.clock.now(), durable=False) as store:
            return tuple(reversed(await store.upkeep.chores(most=2000)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the database."""
    return tmp_path / "tracker.db"


async def test_a_chore_is_done_once_a_day_and_not_for_the_time_before_the_first_start(
    path: Path,
) -> None:
    """A chore runs once a day; a time before the first start is recorded as missed, not run."""
    machine = Machine(path, [NIGHTLY])
    await machine.start()
    await machine.wait(timedelta(hours=18))
    await machine.kill()
    first, second = await machine.rows()
    assert (first.outcome, first.detail) == (ChoreOutcome.MISSED, "before the first start")
    assert second.outcome is ChoreOutcome.DONE
    assert second.due == datetime(2026, 10, 26, 9, tzinfo=UTC)
    assert len(machine.ran) == 1


async def test_what_was_slept_through_is_made_up_for_once(path: Path) -> None:
    """After a week asleep one run makes up for it, with a row for each night that was missed."""
    machine = Machine(path, [NIGHTLY])
    await machine.start()
    await machine.sleep(timedelta(days=7, hours=20))
    await machine.kill()
    done = [x for x in await machine.rows() if x.outcome is ChoreOutcome.DONE]
    assert len(machine.ran) == len(done) == 1
    assert done[0].detail.startswith("makes up for 7 missed; late by")
    assert len(await machine.rows()) == 9


async def test_a_chore_that_was_killed_is_done_by_the_next_start(path: Path) -> None:
    """A chore that was killed is done once by the next start, with the attempt counted."""
    machine = Machine(path, [NIGHTLY])
    await machine.start()
    machine.hangs = True
    await machine.wait(timedelta(hours=18))
    await machine.kill()
    machine.hangs = False
    await machine.start()
    await machine.wait(timedelta(hours=1))
    await machine.kill()
    (row,) = [x for x in await machine.rows() if x.outcome is ChoreOutcome.DONE]
    assert row.attempt == 2
    assert len(machine.ran) == 2


async def test_what_fails_is_tried_again_and_then_told(path: Path) -> None:
    """A failing chore is tried three times, ten minutes apart, and its failure is reported once."""
    machine = Machine(path, [NIGHTLY])
    machine.fails = {"backup"}
    await machine.start()
    await machine.wait(timedelta(hours=18))
    await machine.kill()
    assert len(machine.ran) == 3
    assert [x for x, _ in machine.told] == ["chore.retried", "chore.retried", "chore.failed"]
    assert machine.told[-1][1]["chore"] == "backup"
    # How late the last try is depends on how fast the store answers between two clock steps.
    assert re.fullmatch(r"late by \d\d min; no feed", machine.told[-1][1]["detail"])
    assert machine.told[-1][1]["again"] == "False"


async def test_a_failure_says_whether_it_goes_on(path: Path) -> None:
    """A chore that fails two mornings in a row says so of the second."""
    machine = Machine(path, [NIGHTLY])
    machine.fails = {"backup"}
    await machine.start()
    await machine.wait(timedelta(hours=42))
    await machine.kill()
    failed = [x for name, x in machine.told if name == "chore.failed"]
    assert [x["again"] for x in failed] == ["False", "True"]


async def test_a_clock_that_is_set_back_does_nothing_twice(path: Path) -> None:
    """A chore does not run again when the clock is set back six hours after it."""
    machine = Machine(path, [NIGHTLY])
    await machine.start()
    await machine.wait(timedelta(hours=18))
    machine.clock.step_wall(-6 * 3600)
    await machine.wait(timedelta(hours=8))
    await machine.kill()
    assert len(machine.ran) == 1


@pytest.mark.parametrize("killed", [False, True])
async def test_a_clock_that_was_days_ahead_keeps_nothing_from_being_done(
    path: Path, killed: bool
) -> None:
    """What a wrong clock wrote down of days to come is done when they come."""
    machine = Machine(path, [NIGHTLY])
    await machine.start()
    await machine.wait(timedelta(hours=18))
    machine.clock.step_wall(10 * 86_400)
    await machine.wait(timedelta(minutes=10))
    machine.clock.step_wall(-10 * 86_400)
    assert len(machine.ran) == 2
    if killed:
        await machine.kill()
        machine.clock.step_wall(86_400)
        await machine.start()
    await machine.wait(timedelta(days=2))
    end = machine.clock.now()
    await machine.kill()
    assert len(machine.ran) == (5 if killed else 4)
    for x in await machine.rows():
        assert x.due > end or x.began_at - x.due < timedelta(days=2)


@pytest.mark.parametrize(("month", "day"), [(3, 14), (11, 1)])
@pytest.mark.parametrize("at", [time(1, 30), time(2, 30), time(5)])
def test_every_date_has_one_due_over_a_change_of_the_clocks(month: int, day: int, at: time) -> None:
    """A skipped time of day is due as much later, and one that comes twice is due at the first."""
    middle = datetime(2026, month, day, 12, tzinfo=NEW_YORK)
    chore = Chore("x", (), (at,), NEW_YORK)
    found = dues(chore, middle - timedelta(days=3), middle + timedelta(days=3))
    dates = Counter(x.astimezone(NEW_YORK).date() for x in found)
    assert set(dates.values()) == {1}
    assert len(dates) >= 6


def test_another_time_zone_or_hour_makes_no_missed_times() -> None:
    """Times at which nothing was due then are not recorded as missed, and nothing runs twice."""
    now = datetime(2026, 11, 20, 20, tzinfo=UTC)
    ran = {
        x: ChoreRun("backup", x, 1, x, x, ChoreOutcome.DONE, "")
        for x in dues(NIGHTLY, now - timedelta(days=20), now)
    }
    earlier = replace(NIGHTLY, zone=ZoneInfo("Europe/Berlin"))
    assert plan(earlier, ran, now, fresh=True) == Plan(None)
    later = replace(NIGHTLY, times=(time(14),))
    assert plan(later, ran, now, fresh=True) == Plan(datetime(2026, 11, 20, 19, tzinfo=UTC))


async def test_the_monitors_wait_for_what_is_looked_up(path: Path) -> None:
    """After a night asleep the look-up comes first, and the monitors wait while it fails."""
    settings = parse_settings('[store]\npath = "x.db"\n', path)
    chores = [x for x in usual_chores(settings, lambda: True) if x.heavy]
    machine = Machine(path, chores)
    await machine.start()
    machine.fails = {"refresh"}
    await machine.sleep(timedelta(hours=23))
    tried = [x for x, *_ in machine.ran]
    assert tried[0] == "refresh"
    assert "monitors" not in tried
    machine.fails = set()
    await machine.wait(timedelta(minutes=15))
    await machine.kill()
    assert [x for x, *_ in machine.ran if x != "backup"] == ["refresh", "refresh", "monitors"]


async def test_a_chore_that_was_killed_and_then_waits_for_another_is_closed(path: Path) -> None:
    """A time at which a chore was killed is closed, though the next start had it wait first."""
    first = Chore("look", ("look",), (time(13),), NEW_YORK, heavy=True)
    second = Chore("watch", ("watch",), (time(13, 30),), NEW_YORK, heavy=True, after="look")
    machine = Machine(path, [first, second])
    await machine.start()
    await machine.wait(timedelta(hours=1, minutes=10))
    machine.hangs = True
    await machine.wait(timedelta(minutes=30))
    await machine.kill()
    machine.hangs, machine.fails = False, {"look"}
    machine.clock.step_wall(timedelta(days=1).total_seconds())
    await machine.start()
    machine.fails = set()
    await machine.wait(timedelta(minutes=15))
    await machine.kill()
    rows = [x for x in await machine.rows() if x.name == "watch"]
    assert [x.outcome for x in rows[-2:]] == [ChoreOutcome.FAILED, ChoreOutcome.DONE]


async def test_a_fortnight_with_kills_sleep_and_a_change_of_the_clocks(path: Path) -> None:
    """Through kills, sleep and a clock change, no chore runs twice for a time or leaves no row."""
    settings = parse_settings('timezone = "America/New_York"\n[store]\npath = "x.db"\n', path)
    chores = usual_chores(settings, lambda: True)
    machine = Machine(path, chores)
    await machine.start()
    for day in range(14):
        await machine.wait(timedelta(hours=3))
        if day in (2, 5):
            await machine.kill()
            machine.clock.step_wall(3 * 3600)
            await machine.start()
        if day in (3, 8):
            await machine.sleep(timedelta(hours=11))
        machine.clock.step_wall(20 * 3600)
        await machine.wait(timedelta(minutes=3))
    end = machine.clock.now()
    await machine.kill()
    rows = await machine.rows()
    assert len({(x.name, x.due) for x in rows}) == len(rows)
    for chore in chores:
        mine = [x for x in rows if x.name == chore.name]
        since = min(x.due for x in mine) - timedelta(seconds=1)
        wanted = dues(chore, since, end)
        assert [x.due for x in mine] == wanted, chore.name
        assert all(x.outcome is not None for x in mine)
    assert len(machine.ran) == sum(x.outcome is ChoreOutcome.DONE for x in rows)


async def test_a_heavy_command_gives_way_and_is_bounded(tmp_path: Path) -> None:
    """A heavy command has the given niceness and memory limit, and ends at its time limit."""
    config = tmp_path / "tracker.toml"
    config.write_text('[store]\npath = "t.db"\n', "utf-8")
    run = Commands(config, limit=0.01, bounds=Bounds())
    assert "longer than" in (await run("--version")).complaint
    ran = await Commands(config, bounds=Bounds(memory=1 << 20))("status")
    assert ran.status != 0


def test_models_are_retrained_only_where_the_person_says_so(path: Path) -> None:
    """Models are retrained on Tuesdays if the settings say so, and never put in use by that."""
    base = 'timezone = "America/New_York"\n[store]\npath = "x.db"\n'
    usual = usual_chores(parse_settings(base, path), lambda: True)
    assert not [x for x in usual if "retrain" in x.name]
    asked = parse_settings(f'{base}[models]\nretrain = ["nba"]\n', path)
    (found,) = [x for x in usual_chores(asked, lambda: True) if "retrain" in x.name]
    assert found.heavy
    assert found.weekdays == frozenset({1})
    assert found.command[:2] == ("model", "retrain")
    assert "activate" not in found.command
