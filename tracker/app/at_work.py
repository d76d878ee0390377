"""Which daemon works on a database at this moment, and what time it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.clock import Clock, ScaledClock
from tracker.host import running_instance

if TYPE_CHECKING:
    from tracker.store import Store
    from tracker.store.views import DaemonView


@dataclass(frozen=True, slots=True)
class AtWork:
    """The daemon that runs, None when none does, and the clock that everything is told by."""

    daemon: DaemonView | None
    clock: Clock

    @property
    def now(self) -> datetime:
        """The time as the daemon has it."""
        return self.clock.now()


async def at_work(store: Store, lock: Path, machine: Clock) -> AtWork:
    """Look whether the daemon that last wrote still runs. `lock` is the file that it holds.

    One in another container is known by its lock alone: its number means nothing here.
    """
    daemon = await store.daemon()
    found = None if daemon is None else running_instance(lock)
    if daemon is None or found is None or found.pid not in (None, daemon.pid):
        return AtWork(None, machine)
    return AtWork(replace(daemon, pid=found.pid), clock_of(daemon, machine))


def clock_of(daemon: DaemonView, machine: Clock) -> Clock:
    """The clock that a daemon runs on: the machine's own unless it was started on another."""
    if daemon.clock_start is None or daemon.clock_speed is None:
        return machine
    return ScaledClock(daemon.clock_start, daemon.clock_speed, daemon.clock_anchor)
