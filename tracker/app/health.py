"""Finds the daemon that runs on a database, what time it has, and whether all is well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.clock import Clock, ScaledClock
from tracker.host import running_instance

if TYPE_CHECKING:
    from tracker.settings import Settings
    from tracker.store import Store
    from tracker.store.views import DaemonView

STUCK_S = 120.0
"""Seconds without a sign of life after which the daemon counts as stuck.

It gives one every ten seconds, and a loop may be a minute late."""

_SILENT = timedelta(minutes=2)
"""How long a live game may go without a poll."""

_WRITTEN_WITHIN = timedelta(seconds=5)
"""Real time within which a poll is recorded, even on a busy machine."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """The daemon that runs (None when none does), and the clock whose time everything shows.

    `silent_s` are real seconds since the daemon last reported that all its loops move.
    """

    daemon: DaemonView | None
    clock: Clock
    silent_s: float = 0.0

    @property
    def stuck(self) -> bool:
        """Whether the daemon runs, but a loop of it has not moved for too long."""
        return self.daemon is not None and self.silent_s > STUCK_S

    @property
    def now(self) -> datetime:
        """The time on the daemon's clock."""
        return self.clock.now()


async def at_work(store: Store, lock: Path, machine: Clock) -> AtWork:
    """Check whether the daemon that last wrote still runs. `lock` is the lock file that it holds.

    A daemon in another container is recognised by its lock alone: its process id means nothing
    here.
    """
    daemon = await store.daemon()
    found = None if daemon is None else running_instance(lock)
    if daemon is None or found is None or found.pid not in (None, daemon.pid):
        return AtWork(None, machine)
    silent, clock = machine.now().timestamp() - found.moved_at, machine
    if daemon.clock_start is not None and daemon.clock_speed is not None:
        clock = ScaledClock(daemon.clock_start, daemon.clock_speed, daemon.clock_anchor)
    return AtWork(replace(daemon, pid=found.pid), clock, silent)


async def unpolled(store: Store, now: datetime) -> tuple[str, ...]:
    """The live games without a recorded poll for two minutes, though their feed answers."""
    whole = await store.status_view()
    live = [x for x in whole.games if x.state is not None and x.state.phase.in_play and not x.stale]
    return tuple(x.game.name for x in live if x.seen_at is None or now - x.seen_at >= _SILENT)


def read_since(daemon: DaemonView | None, now: datetime) -> datetime:
    """The time since which a live game must have been polled; without a poll it is shown as stale.

    This is two minutes ago. On a clock that runs fast it is longer ago, as recording a poll takes
    up to _WRITTEN_WITHIN of real time.
    """
    speed = 1.0 if daemon is None else daemon.clock_speed or 1.0
    return now - max(_SILENT, speed * _WRITTEN_WITHIN)


async def checks(store: Store, settings: Settings, at: AtWork) -> dict[str, bool]:
    """Whether each part of the program is well, by the name of the check.

    `daemon`: it runs. `moves`: it does, and all its loops have moved within two minutes. `polls`:
    every live game whose source answers was polled within two minutes. `backup`: no back-up is
    overdue, where back-ups are enabled: none need have been made yet.
    """
    return {
        "daemon": at.daemon is not None,
        "moves": at.daemon is not None and not at.stuck,
        "polls": not await unpolled(store, at.now),
        "backup": not settings.backup.enabled or await _backed_up(store, settings, at),
    }


async def _backed_up(store: Store, settings: Settings, at: AtWork) -> bool:
    from tracker.app.backups import late, listed, newest_sound

    since = None if at.daemon is None else at.daemon.started_at
    made = listed(settings.backup_folder, await store.upkeep.backups())
    return not late(newest_sound(made, at.now), since, at.now)
