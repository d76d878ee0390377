"""Runs whole functions on the one connection's own thread, so that a transaction is one unit.

A function that is handed over runs from its first statement to its COMMIT without giving way to
another task, and cancelling the task that waits for it neither stops nor halves it. aiosqlite has
the thread and hands it one call at a time; a sequence of single statements would be safe from
neither. So the connection that it is given is one whose `commit` carries out a whole unit.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import os
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import aiosqlite

from tracker.host import os_trouble, own_as
from tracker.store.database.errors import StoreError, StoreMissing, StoreUnavailable, translated
from tracker.store.database.lock import WriterLock

WaitOut = Callable[[StoreUnavailable | None, int], Awaitable[None]]
"""Told of a write that cannot be made and how often it was tried; waits before the next try. None
instead of the trouble says that the write was made after all."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

BUSY_TIMEOUT_MS = 5000
"""How long SQLite itself waits for a stranger, such as a person's `sqlite3` shell."""

_LOG_BYTES = 16 * 1024 * 1024
"""What is left of the write-ahead log's file after a long reader has made it grow."""

_STATEMENTS = 256
_LEAST_SQLITE = (3, 37, 0)
"""The first version that knows STRICT tables."""

_ROWS_AT_ONCE = 64
"""What aiosqlite fetches at a time where rows are iterated over, which is never done here."""


class Connection(sqlite3.Connection):
    """A connection that carries out one of its `units` whenever it is told to commit.

    Each unit begins and ends its own transactions; `units` is filled by whoever calls `commit`, in
    the same order.
    """

    units: deque[Callable[[], None]]

    def commit(self) -> None:
        """Carry out the unit that was handed over first; raises what it raises."""
        self.units.popleft()()


class _Turns:
    """Whose turn it is: a lock that hands itself on by urgency, then by order of asking."""

    def __init__(self) -> None:
        self._taken = False
        self._order = itertools.count()
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def take(self, *, urgent: bool) -> AsyncIterator[None]:
        """Wait for a turn; the next one has it when this ends."""
        if self._taken:
            mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (not urgent, next(self._order), mine))
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._hand_on()
                raise
        self._taken = True
        try:
            yield
        finally:
            self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting:
            following = heapq.heappop(self._waiting)[2]
            if not following.done():
                following.set_result(None)
                return
        self._taken = False


class Database:
    """One connection, the thread that it lives on, and the writer lock. Close it in any case."""

    def __init__(
        self,
        path: Path,
        connection: aiosqlite.Connection,
        raw: Connection,
        lock: WriterLock | None,
    ) -> None:
        """Made by `open_database`; `lock` is None for a connection that only reads.

        `raw` is what `connection` wraps, and is touched on its thread alone. `wait_out` may be set
        later, to wait for better times instead of raising.
        """
        self.path = path
        self._connection = connection
        self._raw = raw
        self._lock = lock
        self._turns = _Turns()
        self.wait_out: WaitOut | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def readonly(self) -> bool:
        """Whether it can only be read."""
        return self._lock is None

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` as one transaction: all of it is on disk when this returns, or none of it.

        Of several that wait for the connection, the urgent come first.

        Raises StoreBusy or StoreUnavailable when nothing was written and the same call may succeed
        later; with a `wait_out` that is waited for instead. A cancelled wait does not undo a
        transaction that has begun.
        """
        tries = 0
        while True:
            try:
                found = await self._run(partial(_in_transaction, work=work), urgent)
            except StoreUnavailable as why:
                if self.wait_out is None or self._lock is None or self._closing is not None:
                    raise
                tries += 1
                await self.wait_out(why, tries)
            else:
                if tries and self.wait_out is not None:
                    await self.wait_out(None, tries)
                return found

    async def exclusive(self, work: Work[T]) -> T:
        """Run `work`, which opens its own transactions, under the writer lock."""
        return await self._run(work, urgent=False)

    async def read(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` on one consistent state of the database."""
        return await self._submit(partial(_in_snapshot, work=work), urgent)

    async def bare(self, work: Work[T]) -> T:
        """Run `work`, which neither writes nor needs one consistent state."""
        return await self._submit(work, urgent=False)

    async def _run(self, work: Work[T], urgent: bool) -> T:
        lock = self._lock
        if lock is None:
            raise StoreUnavailable(f"{self.path}: opened for reading only")

        def locked(db: sqlite3.Connection) -> T:
            with lock.held():
                return work(db)

        return await self._submit(locked, urgent)

    async def _submit(self, work: Work[T], urgent: bool) -> T:
        if self._closing is not None:
            raise StoreUnavailable(f"{self.path}: the store is closed")
        async with self._turns.take(urgent=urgent):
            return await self._hand_over(work)

    async def _hand_over(self, work: Work[T]) -> T:
        """Do the work on the connection's thread, all of it or, if it has not begun, nothing."""
        found: list[T] = []

        def unit() -> None:
            with translated(self.path):
                found.append(work(self._raw))

        # Both queues are filled in one step, with no task between, so they keep the same order.
        self._raw.units.append(unit)
        await self._connection.commit()
        return found[0]

    async def close(self) -> None:
        """Let running work finish, then close; calling it twice, or being cancelled, is safe."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            # What has been asked for before comes first.
            async with self._turns.take(urgent=False):
                pass
            with contextlib.suppress(StoreError):
                await self._hand_over(partial(_close_within, lock=self._lock))
        finally:
            await self._connection.close()
            if self._lock is not None:
                self._lock.close()


def _close_within(db: sqlite3.Connection, lock: WriterLock | None) -> None:
    """Close under the writer lock: the last connection to close empties the write-ahead log."""
    with lock.held() if lock is not None else contextlib.nullcontext():
        db.close()


def _in_transaction(db: sqlite3.Connection, work: Work[T]) -> T:
    if db.in_transaction:
        db.execute("ROLLBACK")
    db.execute("BEGIN IMMEDIATE")
    try:
        found = work(db)
        db.execute("COMMIT")
    except BaseException:
        _undo(db)
        raise
    return found


def _in_snapshot(db: sqlite3.Connection, work: Work[T]) -> T:
    db.execute("BEGIN")
    try:
        return work(db)
    finally:
        _undo(db)


def _undo(db: sqlite3.Connection) -> None:
    """Roll back; SQLite has already done so itself when the disk is full."""
    if db.in_transaction:
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("ROLLBACK")


def make_private(path: Path) -> None:
    """Make the folder (0700) and the file (0600) where they are missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    own_as(path, path.parent)


def _require(path: Path) -> None:
    if not path.is_file():
        raise StoreMissing(f"{path}: there is no database yet; add a bet or start the daemon")


def _address(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


async def open_database(path: Path, *, readonly: bool, durable: bool = True) -> Database:
    """Open the file. A writer makes what is missing; a reader raises StoreMissing.

    `durable` is whether a commit waits for the disk (`synchronous=FULL`).
    """
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        raise StoreUnavailable(
            f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or later is needed"
        )
    opening = asyncio.create_task(_open(path, readonly, durable))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # Wait for the connection, which would else be left open with its thread.
        with contextlib.suppress(Exception):
            await (await opening).close()
        raise


async def _open(path: Path, readonly: bool, durable: bool) -> Database:
    lock = None
    if readonly:
        _require(path)
    else:
        try:
            make_private(path)
            lock = WriterLock(path)
        except OSError as why:
            raise StoreUnavailable(os_trouble(why, path)) from None
    try:
        with translated(path):
            raw, connection = await _connected(path, "ro" if readonly else "rw")
    except BaseException:
        if lock is not None:
            lock.close()
        raise
    database = Database(path, connection, raw, lock)
    try:
        setting_up = partial(_set_up, durable=durable)
        await database.bare(setting_up)
    except BaseException:
        await database.close()
        raise
    return database


async def _connected(path: Path, mode: str) -> tuple[Connection, aiosqlite.Connection]:
    """A connection, made on a thread of its own, and what hands calls to that thread."""
    made: list[Connection] = []

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(
            _address(path, mode),
            uri=True,
            isolation_level=None,
            cached_statements=_STATEMENTS,
            timeout=BUSY_TIMEOUT_MS / 1000,
            factory=Connection,
        )
        raw.units = deque()
        made.append(raw)
        return raw

    async with AsyncExitStack() as opening:
        connection = await opening.enter_async_context(aiosqlite.Connection(connect, _ROWS_AT_ONCE))
        opening.pop_all()
    return made[0], connection


def _set_up(db: sqlite3.Connection, durable: bool) -> None:
    db.row_factory = sqlite3.Row
    db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA mmap_size = 0")
    db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
