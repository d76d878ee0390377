"""The store: all that the program remembers, in one SQLite file behind one object.

Each method that writes is one transaction. It raises StoreBusy or StoreUnavailable when nothing was
written and the same call may succeed later; the store stays usable. The store writes what others
decided and decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tracker.domain import BadBet
from tracker.domain.policy import Rule
from tracker.store import auditing, outcomes
from tracker.store.alerting import Alerting, Cards, Outbox
from tracker.store.auditing import ByHand
from tracker.store.bets import Added, BetRegister, Registration
from tracker.store.database import (
    Database,
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreMissing,
    StoreTooNew,
    StoreTooOld,
    StoreUnavailable,
    WaitOut,
    migrate,
    open_database,
    writes,
)
from tracker.store.database.migrate import finish_replacing, prepare, require_current
from tracker.store.players import Players
from tracker.store.quotes import Quotes
from tracker.store.reading import Reading
from tracker.store.recording import RecordedPolls

if TYPE_CHECKING:
    from tracker.store.access import Pairing, WebAccess
    from tracker.store.exporting import Exports
    from tracker.store.known import KnownGames, Seasons
    from tracker.store.trials import Trials
    from tracker.store.upkeep import Monitoring, Upkeep

__all__ = [
    "Store",
    "StoreBroken",
    "StoreBusy",
    "StoreError",
    "StoreMissing",
    "StoreTooNew",
    "StoreTooOld",
    "StoreUnavailable",
]


class Store(RecordedPolls, BetRegister, Reading, Outbox):
    """One open database file. Use `Store.open` to make it, and close it in any case.

    Its own methods record polls, keep and read bets, and serve the queue of deliveries. Other
    subjects have objects of their own here: alerts and snoozes, changes by hand, live cards,
    outcomes, players, quotes, past games, paired chats, web access, trials of models, monitors,
    exports, and chores with back-ups.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.alerting = Alerting(database)
        self.by_hand = ByHand(database)
        self.cards = Cards(database)
        self.outcomes = outcomes.Outcomes(database)
        self.players = Players(database)
        self.quotes = Quotes(database)

    # These are imported when first used: few commands need them, and imports cost start-up time.

    @cached_property
    def monitoring(self) -> Monitoring:
        """Daily figures, states of the monitors, and counts of requests to hosts."""
        from tracker.store.upkeep import Monitoring

        return Monitoring(self._db)

    @cached_property
    def known(self) -> KnownGames:
        """Pregame lines and results of games."""
        from tracker.store.known import KnownGames

        return KnownGames(self._db)

    @cached_property
    def seasons(self) -> Seasons:
        """Dates that were checked, teams' form, and injuries."""
        from tracker.store.known import Seasons

        return Seasons(self._db)

    @cached_property
    def pairing(self) -> Pairing:
        """The paired chats."""
        from tracker.store.access import Pairing

        return Pairing(self._db)

    @cached_property
    def web(self) -> WebAccess:
        """The API keys, one-time links and browsers that may use the web pages."""
        from tracker.store.access import WebAccess

        return WebAccess(self._db)

    @cached_property
    def trials(self) -> Trials:
        """The trials of models."""
        from tracker.store.trials import Trials

        return Trials(self._db)

    @cached_property
    def exports(self) -> Exports:
        """The database as text."""
        from tracker.store.exporting import Exports

        return Exports(self._db)

    @cached_property
    def upkeep(self) -> Upkeep:
        """The chores, back-ups and raw responses."""
        from tracker.store.upkeep import Upkeep

        return Upkeep(self._db)

    # ----------------------------------------------------------------------------------- opening

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        now: datetime,
        readonly: bool = False,
        older: bool = False,
        durable: bool = True,
        wait_out: WaitOut | None = None,
    ) -> Self:
        """Open the database at `path` and bring its schema up to date.

        A writer creates a missing folder (0700) and file (0600). With `readonly`, a missing or
        outdated database is refused; with `older` too, an outdated one is opened as it is, which
        serves only to copy it. Raises StoreMissing, StoreTooOld, StoreTooNew, StoreBroken,
        StoreBusy or StoreUnavailable. With `durable=False` a power cut may lose the last commits;
        this is for rehearsals. `wait_out` is awaited where a write would raise: it returns after a
        wait for the full disk or the lock, and the write is tried again, or it raises the error.
        """
        finish_replacing(path)
        database = await open_database(path, readonly=readonly, durable=durable, wait_out=wait_out)
        try:
            if readonly:
                await database.bare(partial(require_current, path=path, older=older))
            else:
                await database.exclusive(partial(prepare, path=path, now=now))
                await database.write(outcomes.fill)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    @property
    def outdated(self) -> bool:
        """Whether it must be opened anew: it was read on a full disk, and is written again."""
        return self._db.outdated

    async def close(self) -> None:
        """Let running transactions finish, then close. A second call does nothing."""
        await self._db.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # ------------------------------------------------------------------------------------- bets

    @writes
    def register(
        self,
        db: Connection,
        wanted: Sequence[Registration],
        defaults: tuple[Rule, ...],
        at: datetime,
    ) -> list[Added | BadBet]:
        """Register many bets in one transaction.

        A bet that is there already, settled and now with another price, is paid anew. A bad bet's
        error stands in its place in the result.
        """
        return auditing.register(db, wanted, defaults, at)

    @writes
    def withdraw(self, db: Connection, number: int, at: datetime, who: str = "cli") -> bool:
        """Stop following a bet. Returns False when it has a result or was withdrawn already."""
        return auditing.withdrawn(db, number, who, at)

    # ---------------------------------------------------------------------------------- upkeep

    async def data_version(self) -> int:
        """A number that changes when another process has written. It costs a few microseconds."""
        return await self._db.bare(lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]))

    async def back_up(self, target: Path) -> None:
        """Write a checked copy of the database to `target`, while others may write."""
        await self._db.bare(lambda db: migrate.back_up(db, target))

    async def check(self) -> str:
        """The result of SQLite's quick check: `ok`, or the first fault."""
        return await self._db.bare(
            lambda db: str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        )
