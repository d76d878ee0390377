"""The command line: arguments, output and exit status; every decision is made elsewhere.

What every command is given, and how it ends: the open database, the time, an exit status.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.app.health import at_work
from tracker.cli.screen import complain
from tracker.clock import Clock, SystemClock
from tracker.domain import BadBet, BadRule, BadTime, TrackerError
from tracker.host import os_trouble

if TYPE_CHECKING:
    import typer

    from tracker.app.bets import Bets
    from tracker.domain.policy import Rule
    from tracker.settings import Settings
    from tracker.store import Store
    from tracker.store.views import BetView, DaemonView


FAILED = 1
"""Exit status of a command that could not do what was asked."""

USAGE = 2
"""Exit status of a command that was asked in a way that it cannot understand."""

_INTERRUPTED = 130
"""What a shell reports of a program that was interrupted (128 + SIGINT)."""

_NOBODY_READS = 141
"""What a shell reports of a program that a closed pipe ended (128 + SIGPIPE)."""


@dataclass(frozen=True, slots=True)
class Basics:
    """The part of the configuration that most commands go by. `source` need not exist.

    `delay` is by how many seconds all that is shown lies behind.
    """

    source: Path
    store: Path
    lock: Path
    bets_file: Path
    zone: ZoneInfo
    odds_format: str
    stake_unit_cents: int
    rules: tuple[Rule, ...]
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Session:
    """An open database. `daemon` is the one that works on it at this moment.

    `clock` is the daemon's, which may be scaled, so that every age is told as it would tell it.
    """

    store: Store
    basics: Basics
    clock: Clock
    daemon: DaemonView | None

    @property
    def bets(self) -> Bets:
        """What a person at the command line does with bets."""
        from tracker.app.bets import Bets

        return Bets(self.store, self.basics.rules, self.basics.stake_unit_cents)

    @property
    def now(self) -> datetime:
        """The time as the daemon has it."""
        return self.clock.now()

    async def number(self, reference: str) -> int:
        """The number of the bet that a person means; BadBet when there is none."""
        return await self.bets.number(reference)

    async def bet(self, reference: str) -> BetView:
        """The bet that a person means, as it stands; BadBet when there is none."""
        return await self.bets.bet(reference)


@asynccontextmanager
async def session(scope: Scope, *, write: bool = False) -> AsyncIterator[Session]:
    """Open the configured database, for reading unless `write`, and close it in any case.

    Raises ConfigError, and StoreError (StoreMissing for a reader when there is none yet).
    """
    from tracker.store import Store

    basics = scope.basics()
    machine = SystemClock()
    async with await Store.open(basics.store, now=machine.now(), readonly=not write) as store:
        found = await at_work(store, basics.lock, machine)
        yield Session(store, basics, found.clock, found.daemon)


@dataclass(frozen=True, slots=True)
class Scope:
    """The options that stand before the verb. `config` is the file, where one was named."""

    config: Path | None = None

    def basics(self) -> Basics:
        """What most commands need of the configuration. Raises ConfigError."""
        from tracker.settings import find_config

        found = self.settings()
        return Basics(
            source=find_config(self.config),
            store=found.store.path,
            lock=found.store.lock,
            bets_file=found.bets.file,
            zone=found.zone,
            odds_format=found.odds_format,
            stake_unit_cents=found.stake_unit_cents,
            rules=found.default_rules,
            delay=found.alerts.delay,
        )

    def settings(self) -> Settings:
        """The whole configuration. Raises ConfigError."""
        from tracker.settings import load_settings

        return load_settings(self.config)

    def settings_checked(self) -> Settings:
        """The same. Raises ConfigError, with what is wrong of the channels besides."""
        from tracker.settings import ConfigError

        try:
            return self.settings()
        except ConfigError as wrong:
            from tracker.app.channels import all_mistakes

            raise all_mistakes(wrong, self.config) from None


def scope_of(context: typer.Context) -> Scope:
    """The scope that the options before the verb have made."""
    found = context.obj
    return found if isinstance(found, Scope) else Scope()


class CommandEnded(Exception):
    """The command is over with an exit status; everything has been said."""

    def __init__(self, status: int = FAILED) -> None:
        """`status` is what the process ends with."""
        super().__init__(status)
        self.status = status


def outcome(work: Callable[[], object]) -> int:
    """Do the work of a command; its exit status. No mistake of a person's shows a traceback."""
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
        # Whoever read the output has left; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    except OSError as wrong:
        complain(os_trouble(wrong))
        return FAILED
    return status if isinstance(status, int) else 0


def _status_of(wrong: TrackerError) -> int:
    """The exit status that goes with an error."""
    if isinstance(wrong, BadBet | BadRule | BadTime):
        return USAGE
    return int(getattr(wrong, "exit_status", FAILED))
