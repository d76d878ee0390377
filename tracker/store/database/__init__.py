"""One SQLite connection on a thread of its own, on which each transaction runs as one unit.

A function handed to the database runs from its first statement to its COMMIT without interruption
by another task. Cancelling the task that waits for it neither stops it nor leaves half of it.
aiosqlite provides the thread and hands it one call at a time, but a sequence of single statements
would be safe from neither. The wrapped connection therefore has a `commit` that runs a whole
function.

Every write happens under a file lock, so that no two processes write at once: SQLite 3.7.0 to
3.51.2 can lose pages of a write-ahead log when two connections write or checkpoint at the same
instant. Errors are named by what the caller can do about them.
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
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

import aiosqlite

from tracker.domain import TrackerError
from tracker.host import EX_UNFIT, locked, os_trouble, own_as, stamp_of


class StoreError(TrackerError):
    """The database cannot be used as asked. The message is one sentence for a person."""


class StoreUnavailable(StoreError):
    """Nothing was written and nothing is lost.

    The same call may succeed later on the same store.
    """


class StoreBusy(StoreUnavailable):
    """Another program held the database for too long."""


class StoreMissing(StoreError):
    """There is no database yet."""


class StoreTooNew(StoreError):
    """The database was written by a later version of the program."""


class StoreTooOld(StoreError):
    """The database must be upgraded by a writer before it can be read."""


class StoreBroken(StoreError):
    """The file or the disk is damaged. The caller must stop writing."""


class StoreUnfit(StoreError):
    """The file system cannot hold a database. Another place must be named."""

    exit_status = EX_UNFIT


class NotText(TrackerError):
    """A text holds bytes that are none, or half a character, which no database stores."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} holds bytes that are no text: write it in UTF-8")


WaitOut = Callable[[StoreUnavailable | None, int], Awaitable[None]]
"""Called with the trouble of a write that failed, and how often it was tried. It waits before the
next try. It is called with None when the write has succeeded after all."""

T = TypeVar("T")
P = ParamSpec("P")
S = TypeVar("S", bound="Subject")
Work = Callable[[sqlite3.Connection], T]

BUSY_TIMEOUT_MS = 5000
"""Milliseconds that SQLite itself waits for another program, such as a person's `sqlite3` shell."""

_LOG_BYTES = 16 * 1024 * 1024
"""Bytes to which the write-ahead log's file is cut back after a long reader has made it grow."""

_STATEMENTS = 256

_LEAST_SQLITE = (3, 37, 0)
"""The first version of SQLite with STRICT tables."""

_ROWS_AT_ONCE = 64
"""Rows that aiosqlite fetches at a time in its own iterations, which are not used here."""


class Connection(sqlite3.Connection):
    """A connection whose `commit` runs the next of its `units`.

    Each unit begins and ends its own transactions. Whoever calls `commit` adds to `units` first, in
    the same order.
    """

    units: deque[Callable[[], None]]

    def commit(self) -> None:
        """Run the unit that was added first. Raises what the unit raises."""
        self.units.popleft()()


class _Turns:
    """A lock that goes to the most urgent waiter, and among equals to the first."""

    def __init__(self) -> None:
        self._taken = False
        self._order = itertools.count()
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def take(self, *, urgent: bool) -> AsyncIterator[None]:
        """Wait for the lock and hold it until the context ends."""
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
    """One connection, its thread, and the writer lock. Close it in any case."""

    def __init__(
        self,
        path: Path,
        connection: aiosqlite.Connection,
        raw: Connection,
        lock: WriterLock | None,
        wait_out: WaitOut | None = None,
        alone: object = None,
    ) -> None:
        """Use `open_database` to make one. `lock` is None for a connection that only reads.

        `raw` is the connection that `connection` wraps; only its own thread uses it. `wait_out` is
        awaited where a write would raise. `alone` are the files' marks where nobody has it open.
        """
        self._alone = alone
        self.path = path
        self._connection = connection
        self._raw = raw
        self._lock = lock
        self._turns = _Turns()
        self._wait_out = wait_out
        self._closing: asyncio.Task[None] | None = None

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` as one transaction: when this returns, all of it is on disk, else none.

        Among those that wait for the connection, urgent work comes first.

        Raises StoreBusy or StoreUnavailable when nothing was written and the same call may succeed
        later. With a `wait_out`, that is awaited and the write tried again. A cancelled caller does
        not undo a transaction that has begun.
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
        """Run `work` that neither writes nor needs one consistent state."""
        return await self._submit(work, urgent=False)

    async def _run(self, work: Work[T], urgent: bool) -> T:
        lock = self._lock
        if lock is None:
            raise StoreUnavailable(f"{self.path}: opened for reading only")

        def locked(db: sqlite3.Connection) -> T:
            with lock.held():
                return work(db)

        return await self._submit(locked, urgent)

    @property
    def outdated(self) -> bool:
        """Whether it was opened alone, and somebody has written to it since."""
        return self._alone is not None and self._alone != _marks(self.path)

    async def _submit(self, work: Work[T], urgent: bool) -> T:
        if self._closing is not None:
            raise StoreUnavailable(f"{self.path}: the store is closed")
        async with self._turns.take(urgent=urgent):
            found = [] if self.outdated else [await self._hand_over(work)]
        if not found or self.outdated:  # it may have been written while it was read
            raise StoreUnavailable(f"{self.path}: it is written again; read it anew")
        return found[0]

    async def _hand_over(self, work: Work[T]) -> T:
        """Run the work on the connection's thread: all of it or, if it has not begun, nothing."""
        found: list[T] = []

        def unit() -> None:
            with translated(self.path):
                found.append(work(self._raw))

        # No other task runs between these two lines, so both queues keep the same order.
        self._raw.units.append(unit)
        await self._connection.commit()
        return found[0]

    async def close(self) -> None:
        """Let running work finish, then close. A second call, or a cancelled one, is safe."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            # Work that was handed in before comes first.
            async with self._turns.take(urgent=False):
                pass
            with contextlib.suppress(StoreError):
                await self._hand_over(partial(_close_within, lock=self._lock))
        finally:
            await self._connection.close()
            if self._lock is not None:
                self._lock.close()


class Subject:
    """What the store keeps about one subject. Methods of it are made by `reads` and `writes`."""

    def __init__(self, database: Database) -> None:
        self._db = database


def reads(
    work: Callable[Concatenate[S, sqlite3.Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a method that is called without a connection, and reads one consistent state."""

    @wraps(work)
    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.read(lambda db: work(self, db, *args, **kwargs))

    return method


def writes(
    work: Callable[Concatenate[S, sqlite3.Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a method that is called without a connection, and is one transaction.

    It may run again after a trouble: its arguments must not be used up by the first time.
    """

    @wraps(work)
    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.write(lambda db: work(self, db, *args, **kwargs))

    return method


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
    """Roll back, unless SQLite has done so itself, as it does when the disk is full."""
    if db.in_transaction:
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("ROLLBACK")


def make_private(path: Path) -> None:
    """Create the folder (0700) and the file (0600) where they are missing.

    An existing database is never opened here. Closing it would release the locks that SQLite holds
    on it for this process, and the next process to leave would delete the log in use
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
    """The error for a database that does not exist, or is being created at this moment."""
    return StoreMissing(f"{path}: there is no database yet; add a bet or start the daemon")


async def open_database(
    path: Path, *, readonly: bool, durable: bool = True, wait_out: WaitOut | None = None
) -> Database:
    """Open the file. A writer creates what is missing; a reader raises StoreMissing.

    `durable` is whether a commit waits for the disk (`synchronous=FULL`). `wait_out` is awaited
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
        # Wait for the connection: else it would stay open with its thread.
        with contextlib.suppress(Exception):
            await (await opening).close()
        raise


async def _open(
    path: Path, readonly: bool, durable: bool, wait_out: WaitOut | None, alone: object = None
) -> Database:
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
            raw, connection = await _connected(
                path, _ALONE if alone else "ro" if readonly else "rw"
            )
    except BaseException:
        if lock is not None:
            lock.close()
        raise
    database = Database(path, connection, raw, lock, wait_out, alone)
    try:
        await database.bare(partial(_set_up, durable=durable))
    except BaseException as why:
        await database.close()
        unread = isinstance(why, StoreError) and not isinstance(why, StoreBusy)
        if readonly and unread and not alone and not (marks := _marks(path))[0]:
            return await _open(path, readonly, durable, wait_out, marks)
        raise
    return database


_ALONE = "ro&immutable=1"
"""How a database that nobody has open is read on a full disk, where no file can be made."""


def _marks(path: Path) -> tuple[object, ...]:
    """The bytes of the write-ahead log, 0 for none, and what changes with the database itself."""
    log = stamp_of(path.with_name(f"{path.name}-wal"))
    return log[1] if log else 0, stamp_of(path)


async def _connected(path: Path, mode: str) -> tuple[Connection, aiosqlite.Connection]:
    """A connection made on a thread of its own, and the object that hands calls to that thread."""
    made: list[Connection] = []
    refused: list[sqlite3.Error] = []

    def connect() -> sqlite3.Connection:
        # A failure here would leave the thread to answer an event loop that may be closed by then.
        try:
            raw = _opened(f"file:{quote(str(path.absolute()))}?mode={mode}")
        except sqlite3.Error as why:
            refused.append(why)
            raw = _opened("file::memory:")
        raw.units = deque()
        made.append(raw)
        return raw

    async with AsyncExitStack() as opening:
        connection = await opening.enter_async_context(aiosqlite.Connection(connect, _ROWS_AT_ONCE))
        if refused:
            raise refused[0]
        opening.pop_all()
    return made[0], connection


def _opened(address: str) -> Connection:
    return sqlite3.connect(
        address,
        uri=True,
        isolation_level=None,
        cached_statements=_STATEMENTS,
        timeout=BUSY_TIMEOUT_MS / 1000,
        factory=Connection,
    )


def _set_up(db: sqlite3.Connection, durable: bool) -> None:
    db.row_factory = sqlite3.Row
    db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA mmap_size = 0")
    db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    db.execute("PRAGMA schema_version")  # the first that reads the file


WAIT_S = 5.0
"""Seconds to wait for another process's writer lock before giving up."""

_FIRST_WAIT, _LONGEST_WAIT = 0.001, 0.02


class WriterLock:
    """The lock on `<database>.writer`, which only the connection's own thread awaits and holds."""

    def __init__(self, database: Path) -> None:
        """Open the lock file, created with mode 0600."""
        self.path = database.with_name(database.name + ".writer")
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        own_as(self.path, database)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises StoreBusy when another process does not release it in time."""
        self._take()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the lock file. A second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _take(self) -> None:
        never = threading.Event()
        waited, pause = 0.0, _FIRST_WAIT
        while not locked(self._file, self.path):
            if waited >= WAIT_S:
                raise StoreBusy(
                    f"{self.path}: another program has been writing for {WAIT_S:g} s; "
                    "nothing was written, try again"
                )
            never.wait(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_WAIT)


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
"""SQLite's errors on a file system whose files cannot be mapped shared or cannot be locked."""

_READ_ONLY = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

_PRIMARY = 0xFF
"""The low byte of an extended result code is its primary code."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the environment, and about a person's text, into ours.

    Errors in our own SQL pass unchanged.
    """
    try:
        yield
    except UnicodeEncodeError as why:
        raise NotText(why.object) from None
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
    """Whether the file system of a path is mounted read-only."""
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False
