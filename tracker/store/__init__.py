"""The store: all that the program remembers, in one SQLite file behind one object.

Each method that writes is one transaction. It raises StoreBusy or StoreUnavailable when nothing was
written and the same call may succeed later; the store stays usable. The store writes what others
decided and decides nothing itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from tracker.domain import BadBet
from tracker.domain.policy import Rule
from tracker.domain.poll import Document, Poll, Usage
from tracker.domain.tracking import Change
from tracker.store import auditing, outcomes, recording
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
    reads,
    writes,
)
from tracker.store.database.migrate import finish_replacing, prepare, require_current
from tracker.store.players import Players
from tracker.store.quotes import Quotes
from tracker.store.reading import Reading
from tracker.store.views import DaemonView

if TYPE_CHECKING:
    from tracker.store.access import Pairing, WebAccess
    from tracker.store.known import KnownGames, Seasons
    from tracker.store.trials import Trials
    from tracker.store.upkeep import KeptUsage, Monitoring, Upkeep

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


class Store(BetRegister, Reading, Outbox):
    """One open database file. Use `Store.open` to make it, and close it in any case.

    Its own methods record polls, keep and read bets, and serve the queue of deliveries. Other
    subjects have objects of their own here: alerts and snoozes, changes by hand, live cards,
    outcomes, players, quotes, past games, paired chats, web access, trials of models, monitors, and
    chores with back-ups.
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
    def upkeep(self) -> Upkeep:
        """The chores and back-ups."""
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

    # --------------------------------------------------------------------------------- recording

    async def record(self, poll: Poll, change: Change, channels: Sequence[str]) -> int:
        """Write one poll with all that it changed, deliveries included. Returns the poll's id.

        Recording the same poll again adds nothing, so a call whose answer was lost may be repeated.
        A change with an alert to send goes before other waiting work.
        """
        return (await self.record_all([(poll, change)], channels))[0]

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> list[int]:
        """Write several polls with their changes in one transaction, in the order of decision.

        Returns the polls' ids.
        """
        urgent = any(x.notifies for _, change in decided for x in change.alerts)

        def work(db: Connection) -> list[int]:
            return [recording.record(db, poll, change, channels) for poll, change in decided]

        return await self._db.write(work, urgent=urgent)

    @writes
    def keep_answers(
        self,
        db: Connection,
        answers: Mapping[str, tuple[datetime, str]],
        looks: Mapping[str, tuple[datetime, bool]],
        usages: Mapping[str, Usage],
        at: datetime,
    ) -> None:
        """Write down, in one transaction, the answers of sources that changed no game.

        `answers` has each source's last answer: its time, and `ok` or the trouble. `looks` has, by
        game id, when the game was last reported and whether it is stale. `usages` has the requests
        sent to each host up to `at`, by the name of its settings; when empty, the last counts stay.
        """
        from tracker.store import upkeep

        recording.keep_answers(db, answers)
        recording.keep_looks(db, looks)
        if usages:
            upkeep.keep_usage(db, usages, at)

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

    # ----------------------------------------------------------------------------------- archives

    @reads
    def export(self, db: Connection, table: str) -> list[dict[str, Any]]:
        """The rows of one of `exporting.TABLES` in a fixed order, without row ids."""
        from tracker.store import exporting

        return exporting.export(db, table)

    @reads
    def export_hash(self, db: Connection) -> str:
        """SHA-256 in hex over the exported tables. Equal runs give equal hashes."""
        from tracker.store import exporting

        return exporting.export_hash(db)

    @reads
    def write_archive(self, db: Connection, to: TextIO) -> int:
        """Write all that is remembered as text that `restore` can read. Returns the number of rows.

        Raw responses of the feeds are left out.
        """
        from tracker.store import exporting

        return exporting.write(db, to)

    @writes
    def restore(self, db: Connection, lines: Collection[str]) -> int:
        """Write an archive's rows into this empty database.

        Returns their number. Raises BadArchive.
        """
        from tracker.store import exporting

        return exporting.restore(db, lines)

    async def bodies(
        self, source: str | None, since: datetime, until: datetime
    ) -> AsyncIterator[Document]:
        """The raw responses of a source (or of all) in [since, until), in order."""
        from tracker.store import upkeep

        place: upkeep.Place | None = upkeep.first_place(since)
        while place is not None:
            page = partial(upkeep.read_page, source=source, after=place, until=until)
            found, place = await self._db.read(page)
            for item in found:
                yield item

    # ---------------------------------------------------------------------------------- upkeep

    @writes
    def keep_daemon(self, db: Connection, daemon: DaemonView) -> None:
        """Write down which daemon works on this database, and on which clock."""
        recording.keep_daemon(db, daemon)

    @reads
    def usage(self, db: Connection) -> KeptUsage | None:
        """The last stored counts of requests to each host, with their time; None before any."""
        from tracker.store import upkeep

        return upkeep.last_usage(db)

    async def data_version(self) -> int:
        """A number that changes when another process has written. It costs a few microseconds."""
        return await self._db.bare(lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]))

    async def prune(self, before: datetime, large_before: datetime | None = None) -> int:
        """Drop raw responses that only polls before this time brought. Returns their number.

        Large ones, the boards of a full college day, may have a later time of their own.
        """
        from tracker.store import upkeep

        drop = partial(upkeep.drop_batch, before=before, large_before=large_before or before)
        row: int | None = 0
        dropped = 0
        while row is not None:
            found, row = await self._db.write(partial(drop, after=row))
            dropped += found
        return dropped

    async def back_up(self, target: Path) -> None:
        """Write a checked copy of the database to `target`, while others may write."""
        await self._db.bare(lambda db: migrate.back_up(db, target))

    async def check(self) -> str:
        """The result of SQLite's quick check: `ok`, or the first fault."""
        return await self._db.bare(
            lambda db: str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        )
