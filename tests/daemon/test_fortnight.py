"""A fortnight in virtual time: five leagues play, and all chores are really done.

The machine is killed, sleeps, is away for a week, and the clocks go back. The daemon's own loop
says when a chore is due; its work is the use case itself, against a server that plays a season.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

import pytest

from tests.daemon.test_chores import NEW_YORK, Machine
from tests.doubles.clock import FakeClock
from tracker.app.backups import TrackerFiles, back_up
from tracker.app.monitors import watch
from tracker.app.refresh import Part, Refresh
from tracker.app.restoring import drill
from tracker.daemon.bot import CommandRun
from tracker.daemon.watchers.chores import dues, usual_chores
from tracker.domain import TrackerError
from tracker.domain.league import slate_date
from tracker.feeds.feeds import Feeds, open_feeds
from tracker.forecast import load_parameters
from tracker.replay import Recording, find_recording
from tracker.replay.playback import Playback
from tracker.replay.server import Running, serving
from tracker.settings import Settings, parse_settings
from tracker.settings.models import FeedSettings, FeedsSettings
from tracker.store import Store
from tracker.store.upkeep import ChoreOutcome

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

League = Literal["nba", "wnba", "ncaam", "ncaaw", "gleague"]

T0 = datetime(2026, 10, 25, 16, tzinfo=UTC)
"""A week before the clocks go back."""

DAYS = 14
AWAY = (4, 12)
"""The days on which the machine is closed and opened again: more than a week apart."""

LEAGUES: dict[League, tuple[str, str]] = {
    "nba": ("SAC@PHI 2026-01-29", "0022600{:03d}"),
    "wnba": ("CHA@DAL 2026-01-29", "1022600{:03d}"),
    "ncaam": ("UCF@VILL 2025-04-05", "401900{:03d}"),
    "ncaaw": ("LVA@SEA 2022-09-04", "401800{:03d}"),
    "gleague": ("MIL@WAS 2026-01-29", "401700{:03d}"),
}
"""The recording that is played as each league's game, and the form of the game's ids."""


def season() -> list[Playback]:
    """A game of each league every evening, from the day before the first to the last."""
    found = []
    for league, (name, form) in LEAGUES.items():
        recording: Recording = find_recording(name)
        if league == "wnba":
            # The recorded game of this league has no players, which would be a gap.
            home, away = (
                replace(recording.home, tricode="SEA"),
                replace(recording.away, tricode="LVA"),
            )
            recording = replace(recording, home=home, away=away)
        for n in range(DAYS + 2):
            day = T0.astimezone(NEW_YORK).date() + timedelta(days=n - 1)
            tip = datetime.combine(day, time(19, 30), NEW_YORK).astimezone(UTC)
            found.append(Playback(replace(recording, id=form.format(n), league=league), tip))
    return found


class Household(Machine):
    """A machine whose chores are really done. `done` counts the commands that were run."""

    def __init__(self, path: Path, settings: Settings, feeds: Feeds, clock: FakeClock) -> None:
        super().__init__(path, usual_chores(settings, lambda: True), T0)
        self.clock, self.feeds, self.settings = clock, feeds, settings
        self.place = TrackerFiles(path, path.with_name("tracker.toml"), path.with_name("bets.toml"))
        self.done: Counter[tuple[str, ...]] = Counter()
        self.working = 0
        self.idle = asyncio.Event()

    async def __call__(self, *args: str) -> CommandRun:
        """Do a chore in this process; the output's last line is what it would print."""
        if self.hangs:
            return await super().__call__(*args)
        self.ran.append(args)
        self.working += 1
        self.idle.clear()
        try:
            said = await self._do(args)
        except TrackerError as why:
            return CommandRun(1, "", f"error: {why}")
        finally:
            self.working -= 1
            if not self.working:
                self.idle.set()
        self.done[args] += 1
        return CommandRun(0, said, "")

    async def _at_rest(self) -> None:
        """Wait until no command is running: some of them wait on the clock themselves."""
        await super()._at_rest()
        while self.working:
            await self.idle.wait()
        await super()._at_rest()

    async def _do(self, args: Sequence[str]) -> str:
        now = self.clock.now()
        match args:
            case ["backup", "--full"]:
                made = await back_up(self.place, self.settings, now)
                return f"{made.backup.rows} rows"
            case ["backup", "--drill"]:
                return (await drill(self.place, self.settings, now)).outcome
            case ["monitors", "--update"]:
                async with await Store.open(self._path, now=now, durable=False) as store:
                    await watch(store, LEAGUES, load_parameters, now)
                return "watched"
            case ["refresh", "--only", "injuries"]:
                return await self.refresh([Part.INJURIES])
            case ["refresh"]:
                return await self.refresh(list(Part))
            case _:
                raise AssertionError(args)

    async def refresh(self, parts: Sequence[Part]) -> str:
        """Refresh every league; raises TrackerError when something is missing."""
        async with await Store.open(self._path, now=self.clock.now(), durable=False) as store:
            work = Refresh(store, self.feeds, self.clock, load_parameters)
            found = [x for league in LEAGUES for x in await work.run(league, parts)]
        gaps = [f"{x.league} {x.text}" for x in found if not x.whole]
        if gaps:
            raise TrackerError("; ".join(gaps))
        return f"{sum(x.changed for x in found)} changes"


@asynccontextmanager
async def household(folder: Path) -> AsyncIterator[tuple[Household, Running]]:
    """An empty machine, and a server that plays the fortnight."""
    clock, path = FakeClock(T0), folder / "tracker.db"
    text = f'timezone = "America/New_York"\n[store]\npath = "{path}"\n'
    settings = parse_settings(text, folder / "tracker.toml")
    async with serving(season(), clock) as server:
        own = FeedSettings(base_url=server.url, requests_per_minute=6000)
        feeds = FeedsSettings(nba=own, wnba=own, espn=own)
        async with open_feeds(feeds, clock) as opened:
            yield Household(path, settings, opened, clock), server


async def fortnight(folder: Path) -> tuple[list[tuple[str, str, str]], str]:
    """Play the fortnight and check it; the chores' rows, and the hash of the content."""
    async with household(folder) as (home, server):
        await home.start()
        day = 0
        while day < DAYS:
            if day == AWAY[0]:
                await home.sleep(timedelta(days=AWAY[1] - AWAY[0]))
                day = AWAY[1]
                continue
            if day == 2:
                home.hangs = True
                await home.wait(timedelta(hours=20))
                await home.kill()
                home.hangs = False
                await home.start()
                await home.wait(timedelta(hours=4))
            elif day == 3:
                # At half past no chore is due: the moment of the kill decides nothing.
                await home.wait(timedelta(hours=7, minutes=30))
                await home.sleep(timedelta(hours=16, minutes=30))
            else:
                await home.wait(timedelta(hours=24))
            day += 1
        await home.kill()
        rows = await home.rows()
        await holds(home, server)
    # How many minutes late a chore was depends on the real machine.
    done = [(x.name, x.due.isoformat(), str(x.outcome)) for x in rows]
    return done, await content(folder)


async def content(folder: Path) -> str:
    """The hash of all that is stored."""
    async with await Store.open(folder / "tracker.db", now=T0, readonly=True) as store:
        return await store.exports.hash()


async def holds(home: Household, server: Running) -> None:
    """Check that each chore has one row for each due time, and that a refresh finds no gap."""
    rows, end = await home.rows(), home.clock.now()
    assert len({(x.name, x.due) for x in rows}) == len(rows)
    for chore in home.chores:
        mine = [x for x in rows if x.name == chore.name]
        since = min(x.due for x in mine) - timedelta(seconds=1)
        assert [x.due for x in mine] == dues(chore, since, end), chore.name
        assert None not in {x.outcome for x in mine}, chore.name
        assert any("makes up for" in x.detail or "late by" in x.detail for x in mine), chore.name
    assert home.done.total() == sum(x.outcome is ChoreOutcome.DONE for x in rows)
    assert not [x for x in home.told if x[0] == "chore.failed"]
    cut = [x for x in rows if x.outcome is ChoreOutcome.FAILED]
    assert {x.detail for x in cut} == {"the program was ended while it was at work"}
    assert len({x.name for x in cut}) == len(cut)
    async with await Store.open(home._path, now=end, readonly=True) as store:
        checks = await store.seasons.checks(date(2026, 10, 1))
        first, last = T0.astimezone(NEW_YORK).date(), slate_date(end)
        wanted = {
            (league, first + timedelta(days=n))
            for league in LEAGUES
            for n in range((last - first).days)
        }
        assert {(x.league, x.day) for x in checks if x.games == x.finals == 1} >= wanted
        assert all(x.whole for x in checks)
        assert await store.check() == "ok"
    before, asked = await content(home._path.parent), server.requests.total()
    games = [x for x in Part if x is not Part.INJURIES]
    assert await home.refresh(games) == "0 changes"
    assert (await content(home._path.parent), server.requests.total()) == (before, asked)


async def test_every_chore_is_done_once_and_the_same_fortnight_gives_the_same_rows(
    tmp_path: Path,
) -> None:
    """Two runs of the fortnight, with a kill, a sleep and a week away, do each chore once alike."""
    lives = []
    for name in ("one", "two"):
        (folder := tmp_path / name).mkdir()
        lives.append(await fortnight(folder))
    first, second = lives
    assert first == second
    assert asyncio.all_tasks() == {asyncio.current_task()}
