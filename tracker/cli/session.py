"""The database as a command uses it, and the time that it is read at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tracker.app.at_work import at_work
from tracker.clock import Clock, SystemClock

if TYPE_CHECKING:
    from tracker.app.bets import Bets
    from tracker.cli.basics import Basics
    from tracker.cli.scope import Scope
    from tracker.store import Store
    from tracker.store.views import BetView, DaemonView


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
