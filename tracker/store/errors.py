"""What can be wrong with the database, named by what the caller can do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.domain.errors import TrackerError


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


_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR})
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
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StoreUnavailable(f"{path}: the database may not be written; check its permissions")
    if primary == sqlite3.SQLITE_CANTOPEN:
        return StoreUnavailable(
            f"{path}: the database cannot be opened; check path and permissions"
        )
    if primary in _BROKEN:
        return StoreBroken(
            f"{path}: the database or its disk is damaged ({why}); restore a backup of it"
        )
    return None
