"""Chores: commands that the daemon runs by itself at set times, with a row for each due time.

The row is the lock, the log and the catch-up in one. A due time that has a row is not done again,
whatever the clock does. Times that were missed while nothing ran are made up for once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

from tracker.clock import Clock
from tracker.daemon.bot import Verbs
from tracker.domain.events import ChoreDone, ChoreFailed, ChoreRetried, Tell
from tracker.domain.league import LEAGUE_ZONE
from tracker.settings.models import Settings
from tracker.store import Store
from tracker.store.upkeep import WRONG_CLOCK, ChoreOutcome, ChoreRun
from tracker.wording.figures import rough_span

STEP = 60.0
"""Seconds between two checks of what is due."""

ATTEMPTS = 3
"""How often a chore is tried in all before it counts as failed."""

AGAIN = timedelta(minutes=10)
"""How long after a failure a chore is tried again."""

ON_TIME = timedelta(minutes=5)
"""A chore that begins later than this after its due time is recorded as late."""

LIGHT_LIMIT = 300.0
"""Real seconds that a light chore may take."""

HEAVY_LIMIT = 1800.0
"""Real seconds that a heavy chore may take."""

REMEMBERED = timedelta(days=14)
"""How far back missed times are recorded."""

RETRAIN_AT = time(4)
"""When models are retrained, on Tuesdays: after the week's games and before its first."""

_WEEK = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Chore:
    """A command of this program, run at times of day in `zone` on weekdays (Monday is 0).

    `catch_up` is how late the chore is still worth doing. `heavy` chores run one at a time, in a
    process of lowest priority. `wanted` says at the due time whether there is anything to do; None
    for always. `after` names a heavy chore whose work it needs: it waits while that is to be tried
    again.
    """

    name: str
    command: tuple[str, ...]
    times: tuple[time, ...]
    zone: tzinfo
    weekdays: frozenset[int] = _WEEK
    catch_up: timedelta = timedelta(hours=24)
    heavy: bool = False
    wanted: Callable[[], bool] | None = field(default=None, compare=False)
    after: str = ""


def dues(chore: Chore, since: datetime, until: datetime) -> list[datetime]:
    """The moments after `since` and up to `until` at which a chore is due, in UTC and in order.

    A time of day that the change to summer time skips is due as much later; one that comes twice is
    due at the first.
    """
    day = since.astimezone(chore.zone).date() - timedelta(days=1)
    last = until.astimezone(chore.zone).date()
    found = set()
    while day <= last:
        if day.weekday() in chore.weekdays:
            found |= {datetime.combine(day, x, chore.zone).astimezone(UTC) for x in chore.times}
        day += timedelta(days=1)
    return sorted(x for x in found if since < x <= until)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about a chore at one moment: `due` is the time to run it for, None for nothing.

    `missed` are times that passed while nothing ran, which this run makes up for. `cut` are times
    at which the program ended in the middle of the chore and which are not tried again. `again` is
    whether the last run failed and is to be tried again.
    """

    due: datetime | None
    missed: tuple[datetime, ...] = ()
    cut: tuple[datetime, ...] = ()
    again: bool = False


def plan(chore: Chore, known: Mapping[datetime, ChoreRun], now: datetime, *, fresh: bool) -> Plan:
    """Decide what to do about a chore, given its rows by due time in `known`.

    `fresh` is whether the daemon has just started. On the very first start nothing is made up for:
    the last due time is recorded as missed, and later ones count from there.
    """
    times = dues(chore, now - REMEMBERED, now)
    if not times:
        return Plan(None)
    latest = times[-1]
    if not known:
        return Plan(None, (latest,)) if fresh else Plan(latest)
    # A time before the last recorded one that has no row was none when it passed.
    recorded = max((x for x in known if x <= now), default=min(known))
    missing = [x for x in times if x > recorded]
    useful = now - latest <= chore.catch_up and (latest in known or latest > recorded)
    left = tuple(x for x in missing if x != latest or not useful)
    last = known.get(latest)
    due = latest if useful and _open(last, now, fresh=fresh) else None
    begun = (x for x, seen in known.items() if seen.outcome is None and x != due)
    again = useful and last is not None and _failed(last)
    return Plan(due, left, tuple(sorted(begun)) if fresh else (), again)


def _open(seen: ChoreRun | None, now: datetime, *, fresh: bool) -> bool:
    """Whether a chore is still to be done: not begun, cut off by a stop, or due for a retry."""
    if seen is None:
        return True
    if seen.outcome is None:
        return fresh
    rested = seen.ended_at is None or not timedelta() <= now - seen.ended_at < AGAIN
    return _failed(seen) and rested


def _failed(seen: ChoreRun) -> bool:
    """Whether a run has failed and may be tried again."""
    return seen.outcome is ChoreOutcome.FAILED and seen.attempt < ATTEMPTS


@dataclass(frozen=True, slots=True)
class _Loop:
    """Runs chores one after the other: `run` runs their commands, `report` takes how each went."""

    store: Store
    clock: Clock
    run: Verbs
    report: Tell

    async def tend(self, chores: Sequence[Chore]) -> None:
        """Run each of some chores when it is due, for ever."""
        fresh = {x.name for x in chores}
        while True:
            unfinished: set[str] = set()
            for chore in chores:
                if chore.after in unfinished:
                    continue
                if await self._tend(chore, fresh=chore.name in fresh):
                    unfinished.add(chore.name)
                fresh.discard(chore.name)
            await self.clock.sleep(STEP)

    async def _tend(self, chore: Chore, *, fresh: bool) -> bool:
        """Run a chore if it is due. Returns whether it is to be tried again."""
        now, upkeep = self.clock.now(), self.store.upkeep
        written = await upkeep.chores(chore.name)
        known = {x.due: x for x in written if x.began_at - now <= WRONG_CLOCK}
        found = plan(chore, known, now, fresh=fresh)
        if found.missed:
            why = "before the first start" if not known else "nothing ran"
            await upkeep.missed(chore.name, found.missed, now, why)
        for due in found.cut:
            why = "the program was ended while it was at work"
            await upkeep.end(chore.name, due, now, ChoreOutcome.FAILED, why)
        if found.due is None:
            return found.again
        before = {x: seen.outcome for x, seen in known.items() if x != found.due}
        again = bool(before) and before[max(before)] is ChoreOutcome.FAILED
        tried = await self._do(chore, found.due, len(found.missed), again=again)
        return found.again if tried is None else tried

    async def _do(self, chore: Chore, due: datetime, missed: int, *, again: bool) -> bool | None:
        """Run a chore for its due time and those that were missed; None where nothing was to do.

        `again` is whether it failed the time before. Returns whether it is to be tried once more.
        """
        began = self.clock.now()
        attempt = await self.store.upkeep.begin(chore.name, due, began, ATTEMPTS)
        if attempt is None:
            return None
        if chore.wanted is not None and not chore.wanted():
            done = ChoreOutcome.DONE
            await self.store.upkeep.end(chore.name, due, began, done, "nothing to look at")
            return None
        ran = await self.run(*chore.command)
        outcome = ChoreOutcome.DONE if ran.status == 0 else ChoreOutcome.FAILED
        waited = began - due
        late = f"late by {rough_span(waited.total_seconds())}" if waited > ON_TIME else ""
        made_up = f"makes up for {missed} missed" if missed else ""
        said = next((x for x in reversed(ran.out.splitlines()) if x.strip()), "")
        wrong = "" if ran.status == 0 else ran.complaint
        detail = "; ".join(x for x in (made_up, late, said, wrong) if x)
        await self.store.upkeep.end(chore.name, due, self.clock.now(), outcome, detail)
        if ran.status == 0:
            self.report(ChoreDone(chore.name, detail))
        elif attempt < ATTEMPTS:
            self.report(ChoreRetried(chore.name, detail))
        else:
            self.report(ChoreFailed(chore.name, detail, again=again))
        return ran.status != 0 and attempt < ATTEMPTS


def usual_chores(settings: Settings, played_today: Callable[[], bool]) -> Sequence[Chore]:
    """The chores of every daemon; `played_today` says whether any bet is on a game of today."""
    zone, backup = settings.zone, settings.backup
    found = []
    if settings.refresh.enabled:
        later = (time(11), *(time(x) for x in range(15, 24)))
        found += [
            Chore("refresh", ("refresh",), (settings.refresh.at,), LEAGUE_ZONE, heavy=True),
            Chore(
                "injuries",
                ("refresh", "--only", "injuries"),
                later,
                LEAGUE_ZONE,
                catch_up=timedelta(hours=1),
                wanted=played_today,
            ),
        ]
        watch = (settings.refresh.at.replace(hour=(settings.refresh.at.hour + 1) % 24),)
        update = "monitors", "--update"
        found.append(Chore("monitors", update, watch, LEAGUE_ZONE, heavy=True, after="refresh"))
    found += [
        Chore(
            f"retrain {league}",
            ("model", "retrain", "--collect", "--kind", "both", "--league", league),
            (RETRAIN_AT,),
            LEAGUE_ZONE,
            frozenset({1}),
            timedelta(days=6),
            heavy=True,
        )
        for league in settings.models.retrain
    ]
    if backup.enabled:
        monday, whole = frozenset({0}), ("backup", "--full")
        week = timedelta(days=6)
        found += [
            Chore("backup", whole, (backup.at,), zone, heavy=True),
            Chore("drill", ("backup", "--drill"), (backup.at,), zone, monday, week, heavy=True),
        ]
    return found


@dataclass(frozen=True, slots=True)
class Runners:
    """What runs the commands, each one at a time: `light` never waits behind a heavy chore."""

    light: Verbs
    heavy: Verbs


async def do_chores(
    chores: Sequence[Chore], store: Store, clock: Clock, runners: Runners, report: Tell
) -> None:
    """Run all chores when they are due, for ever; `report` takes how each run went.

    Heavy chores that are due at once, as after a sleep, run in their order: the monitors look at
    what was looked up. If one loop fails, all of them end.
    """
    async with asyncio.TaskGroup() as tasks:
        heavy = _Loop(store, clock, runners.heavy, report)
        tasks.create_task(heavy.tend([x for x in chores if x.heavy]))
        light = _Loop(store, clock, runners.light, report)
        for chore in (x for x in chores if not x.heavy):
            tasks.create_task(light.tend([chore]))
