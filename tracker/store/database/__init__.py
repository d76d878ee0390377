"""Runs whole functions on the one connection's own thread, so that a transaction is one unit.

A function that is handed over runs from its first statement to its COMMIT without giving way to
another task, and cancelling the task that waits for it neither stops nor halves it. aiosqlite has
the thread and hands it one call at a time; a sequence of single statements would be safe from
neither. So the connection that it is given is one whose `commit` carries out a whole unit.

Every write is made under a file lock, so that no two processes write at once: SQLite 3.7.0 to
3.51.2 can lose pages of a write-ahead log when two connections write or checkpoint at the same
instant. What can be wrong is named by what the caller can do about it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import heapq
import itertools
import os
import sqlite3
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import aiosqlite

from tracker.domain import TrackerError
from tracker.host import EX_UNFIT, NO_LOCKS, NoLocks, os_trouble, own_as


class StoreError(TrackerError):
    """The database cannot be used as asked; the text is one clear sentence."""


class StoreUnavailable(StoreError):
    """Nothing was written, nothing is lost: the same call may succeed later on the same store."""


class StoreBusy(StoreUnavailable):
    """Another program held the database for too long."""


class StoreMissing(StoreError):
    """There is no database yet."""


class StoreTooNew(StoreError):
    """The database was written by a later version of the program."""


class StoreTooOld(StoreError):
    """The database must be brought up to date by a writer before it can be read."""


class StoreBroken(StoreError):
    """The file or the disk is damaged: stop, and do not go on writing."""


class StoreUnfit(StoreError):
    """The file system cannot hold a database: another place must be named."""

    exit_status = EX_UNFIT


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
        wait_out: WaitOut | None = None,
    ) -> None:
        """Made by `open_database`; `lock` is None for a connection that only reads.

        `raw` is what `connection` wraps, and is touched on its thread alone. `wait_out` waits for
        better times where a write would raise.
        """
        self.path = path
        self._connection = connection
        self._raw = raw
        self._lock = lock
        self._turns = _Turns()
        self._wait_out = wait_out
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
                if self._wait_out is None or self._lock is None or self._closing is not None:
                    raise
                tries += 1
                await self._wait_out(why, tries)
            else:
                if tries and self._wait_out is not None:
                    await self._wait_out(None, tries)
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
    """Make the folder (0700) and the file (0600) where they are missing.

    A database that is there is never opened here: closing it would give up the locks that SQLite
    holds on it for this process, and the next to leave it would take the log away under us
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    own_as(path, path.parent)


def _require(path: Path) -> None:
    if not path.is_file():
        raise missing(path)


def missing(path: Path) -> StoreMissing:
    """The error that there is no database, or one that is being made at this moment."""
    return StoreMissing(f"{path}: there is no database yet; add a bet or start the daemon")


def _address(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


async def open_database(
    path: Path, *, readonly: bool, durable: bool = True, wait_out: WaitOut | None = None
) -> Database:
    """Open the file. A writer makes what is missing; a reader raises StoreMissing.

    `durable` is whether a commit waits for the disk (`synchronous=FULL`), and `wait_out` waits
    where a write would raise.
    """
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        raise StoreUnavailable(
            f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or later is needed"
        )
    opening = asyncio.create_task(_open(path, readonly, durable, wait_out))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # Wait for the connection, which would else be left open with its thread.
        with contextlib.suppress(Exception):
            await (await opening).close()
        raise


async def _open(path: Path, readonly: bool, durable: bool, wait_out: WaitOut | None) -> Database:
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
    database = Database(path, connection, raw, lock, wait_out)
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


WAIT_S = 5.0
"""Seconds to wait for another process before giving up."""


_FIRST_WAIT = 0.001


_LONGEST_WAIT = 0.02


class WriterLock:
    """The lock on `<database>.writer`. Held and waited for on the connection's own thread."""

    def __init__(self, database: Path, wait_s: float = WAIT_S) -> None:
        """Open the lock file, which is made with mode 0600; `patience` is in seconds."""
        self.path = database.with_name(database.name + ".writer")
        self._wait_s = wait_s
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        own_as(self.path, database)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; StoreBusy when another process does not let go in time."""
        self._take()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let the lock file go; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _take(self) -> None:
        never = threading.Event()
        waited, pause = 0.0, _FIRST_WAIT
        while not self._taken():
            if waited >= self._wait_s:
                raise StoreBusy(
                    f"{self.path}: another program has been writing for "
                    f"{self._wait_s:g} s; nothing was written, try again"
                )
            never.wait(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_WAIT)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as why:
            if why.errno in NO_LOCKS:
                raise NoLocks(self.path) from None
            raise
        return True


_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


_UNFIT = frozenset(
    {
        sqlite3.SQLITE_IOERR_SHMMAP,
        sqlite3.SQLITE_IOERR_SHMOPEN,
        sqlite3.SQLITE_IOERR_SHMLOCK,
        sqlite3.SQLITE_IOERR_LOCK,
        sqlite3.SQLITE_IOERR_RDLOCK,
        sqlite3.SQLITE_IOERR_UNLOCK,
        sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
    }
)
"""What SQLite says where files cannot be mapped shared, or not be locked."""


_READ_ONLY = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    }
)


_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


_PRIMARY = 0xFF
"""The low byte of an extended result code is its primary code."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the world into ours; those about our own SQL pass as they are."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as why:
        ours = _translate(why, path)
        if ours is None:
            raise
        raise ours from why


def _translate(why: sqlite3.DatabaseError, path: Path) -> StoreError | None:
    extended = getattr(why, "sqlite_errorcode", 0)
    primary = extended & _PRIMARY
    if primary == sqlite3.SQLITE_FULL or extended == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StoreUnavailable(f"{path}: the disk is full; free some space and it goes on")
    if primary in _BUSY:
        return StoreBusy(f"{path}: another program is holding the database; close it")
    if read_only(path) and primary in _READ_ONLY:
        return StoreBroken(
            f"{path}: its file system has become read-only, as a dying disk makes it: look at the "
            "disk (dmesg), then remount it"
        )
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StoreUnavailable(f"{path}: the database may not be written; check its permissions")
    if primary == sqlite3.SQLITE_CANTOPEN:
        return StoreUnavailable(
            f"{path}: the database cannot be opened; check path and permissions"
        )
    if extended in _UNFIT:
        return StoreUnfit(
            f"{path}: its file system cannot hold a database (a network share, say, or one that "
            "cannot map files): name a place on a disk of this machine under [store] path"
        )
    if primary == sqlite3.SQLITE_IOERR:
        return StoreBroken(
            f"{path}: the disk answers with an error ({why}): look at it (dmesg), it may be dying"
        )
    if primary in _DAMAGED:
        return StoreBroken(
            f"{path}: the database is damaged ({why}). A copy that was put in its place by hand "
            "belongs to another -wal file beside it: `tracker restore FILE` puts back-ups in place"
        )
    return None


def read_only(path: Path) -> bool:
    """Whether the file system that a file lies on is mounted for reading only."""
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False
