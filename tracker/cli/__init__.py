"""The command line: parses arguments, calls a use case, words the answer, sets the exit status.

This module holds what every command shares: the configuration, the open database with the daemon's
clock, and the exit status of each error.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tracker.app.health import at_work
from tracker.cli.screen import complain
from tracker.clock import Clock, SystemClock
from tracker.domain import BadBet, BadRule, BadTime, Misused, TrackerError
from tracker.domain.catalog import Team
from tracker.host import os_trouble

if TYPE_CHECKING:
    import typer

    from tracker.app.bets import Bets
    from tracker.forecast import Parameters
    from tracker.registry import Registry
    from tracker.settings import Settings
    from tracker.store import Store
    from tracker.store.views import DaemonView


T = TypeVar("T")
D = TypeVar("D")

FAILED = 1
"""Exit status of a command that could not do what was asked."""

USAGE = 2
"""Exit status of a command with wrong arguments."""

_INTERRUPTED = 130
"""Exit status of an interrupted program, as a shell gives it (128 + SIGINT)."""

_CLOSED_PIPE = 141
"""Exit status of a program that a closed pipe ended, as a shell gives it (128 + SIGPIPE)."""


@dataclass(frozen=True, slots=True)
class Session:
    """An open database with its configuration, and the daemon that runs on it, None without one.

    `clock` is the daemon's, which may be scaled, so that ages agree with the daemon's own.
    """

    store: Store
    settings: Settings
    clock: Clock
    daemon: DaemonView | None

    @property
    def bets(self) -> Bets:
        """The use cases of bets, for this database and configuration."""
        from tracker.app.bets import Bets

        return Bets(self.store, self.settings.default_rules, self.settings.stake_unit_cents)

    @property
    def registry(self) -> Registry[Parameters]:
        """The models beside the database."""
        from tracker.registry import registry_beside

        return registry_beside(self.settings.store.path)

    @property
    def now(self) -> datetime:
        """The time by the daemon's clock."""
        return self.clock.now()


@asynccontextmanager
async def session(scope: Scope, *, write: bool = False) -> AsyncIterator[Session]:
    """Open the configured database for the block, read-only unless `write`.

    Raises ConfigError and StoreError; without a database a reader gets StoreMissing.
    """
    from tracker.store import Store

    settings, machine = scope.settings(), SystemClock()
    place, now = settings.store.path, machine.now()
    async with await Store.open(place, now=now, readonly=not write) as store:
        found = await at_work(store, settings.store.lock, machine)
        yield Session(store, settings, found.clock, found.daemon)


async def read_if_any(scope: Scope, read: Callable[[Session], Awaitable[T]], without: D) -> T | D:
    """What `read` finds in the database; `without` where there is no database yet."""
    from tracker.store import StoreMissing

    try:
        async with session(scope) as at:
            return await read(at)
    except StoreMissing:
        return without


async def guests(scope: Scope) -> tuple[Team, ...]:
    """The teams of the slate that are in no catalog; none where there is no database to read."""
    from tracker.store import StoreError

    try:
        async with session(scope) as at:
            return await at.bets.guests()
    except StoreError:
        return ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The options before the verb. `config` is the configuration file, None for the usual one."""

    config: Path | None = None

    def settings(self) -> Settings:
        """The whole configuration. Raises ConfigError."""
        from tracker.settings import load_settings

        return load_settings(self.config)

    def registry(self) -> Registry[Parameters]:
        """The models beside the database, which need not exist. Raises ConfigError."""
        from tracker.registry import registry_beside

        return registry_beside(self.settings().store.path)

    def settings_checked(self) -> Settings:
        """The whole configuration. Raises ConfigError, which also names mistakes of channels."""
        from tracker.settings import ConfigError

        try:
            return self.settings()
        except ConfigError as wrong:
            from tracker.app.channels import all_mistakes

            raise all_mistakes(wrong, self.config) from None


def scope_of(context: typer.Context) -> Scope:
    """The scope that `_options` of the application stored; an empty one without it."""
    found = context.obj
    return found if isinstance(found, Scope) else Scope()


class CommandEnded(Exception):
    """Ends a command that has printed its answer, with an exit status."""

    def __init__(self, status: int = FAILED) -> None:
        """`status` is the exit status of the process."""
        super().__init__(status)
        self.status = status


def outcome(work: Callable[[], object]) -> int:
    """Run a command and return its exit status; a person's mistake never shows a traceback."""
    try:
        status = work()
        sys.stdout.flush()
    except CommandEnded as end:
        return end.status
    except TrackerError as wrong:
        complain(str(wrong))
        return _status_of(wrong)
    except KeyboardInterrupt:
        complain("stopped; nothing more was done")
        return _INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return _CLOSED_PIPE
    except OSError as wrong:
        complain(os_trouble(wrong))
        _drop_output()
        return FAILED
    return status if isinstance(status, int) else 0


def _drop_output() -> None:
    """Drop what standard output does not take, or Python fails again when it flushes at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def date_of(text: str | None, option: str) -> date | None:
    """The date that an option gives; None without one. Raises Misused."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misused(f"{option} {text!r} is not a date: write one such as 2026-11-20") from None


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, as `asyncio.run` gives it.

    When `asyncio.run` looks up the handler of Ctrl-C, Python writes out its task and all that the
    task returned: seconds and hundreds of megabytes for a season of bets. This task returns None.
    """
    found: list[T] = []

    async def kept() -> None:
        found.append(await work)

    asyncio.run(kept())
    return found[0]


def _status_of(wrong: TrackerError) -> int:
    """The exit status that goes with an error."""
    if isinstance(wrong, BadBet | BadRule | BadTime):
        return USAGE
    return int(getattr(wrong, "exit_status", FAILED))
