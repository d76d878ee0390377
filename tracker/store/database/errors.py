"""What can be wrong with the database, named by what the caller can do about it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.domain.errors import TrackerError
from tracker.host import EX_UNFIT


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
