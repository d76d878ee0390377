"""What every command is given: the configuration, the open database, and the time it goes by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.app.health import at_work
from tracker.clock import Clock, SystemClock

if TYPE_CHECKING:
    import typer

    from tracker.app.bets import Bets
    from tracker.domain.policy import Rule
    from tracker.settings import Settings
    from tracker.store import Store
    from tracker.store.views import BetView, DaemonView


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


def scope_of(context: typer.Context) -> Scope:
    """The scope that the options before the verb have made."""
    found = context.obj
    return found if isinstance(found, Scope) else Scope()
