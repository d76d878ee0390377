"""Upgrades a database to this program's schema, copies one to a checked file, and replaces one.

Schemas only go forward, all steps in one transaction. An existing database is backed up before and
checked after them. A copy is opened, checked and synced before it gets its name. A replacement
leaves a database at whatever instant the program dies.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from functools import cache
from itertools import zip_longest
from pathlib import Path

from tracker.host import held_elsewhere, os_trouble, own_as
from tracker.store.database import (
    StoreBroken,
    StoreTooNew,
    StoreTooOld,
    StoreUnavailable,
    WriterLock,
    missing,
)

_MB = 1_000_000

_STAYS = "_stays"
"""The ending of the names of triggers that forbid deleting a table's rows; the table's name stands
before it."""


def back_up(db: sqlite3.Connection, target: Path) -> None:
    """Write a checked copy of the open database to `target` (mode 0600), replacing an earlier file.

    The connection may be a reading one while others write. Raises StoreBroken, and leaves no file
    behind, when the copy does not pass its check.
    """
    partial = target.with_name(target.name + ".partial")
    _discard(partial)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        _check_room(db, target.parent)
        before, seen = _version_of_copy(db), rows_in(db)
        _vacuum_into(db, partial)
        _check_copy(db, partial, seen, whole=_version_of_copy(db) == before)
        sync(partial)
        own_as(partial, target.parent)
        partial.replace(target)
    finally:
        _discard(partial)
    sync(target.parent)


def _check_room(db: sqlite3.Connection, folder: Path) -> None:
    """Refuse a copy that a disk has no room for: whoever else writes to it would suffer."""
    pages, unused, size = (
        int(db.execute(f"PRAGMA {x}").fetchone()[0])
        for x in ("page_count", "freelist_count", "page_size")
    )
    wanted, free = (pages - unused) * size, shutil.disk_usage(folder).free
    if free < wanted:
        raise StoreUnavailable(
            f"{folder}: a copy of the database takes {wanted / _MB:.1f} MB, and "
            f"{free / _MB:.1f} MB are free; free some space"
        )


def _vacuum_into(db: sqlite3.Connection, partial: Path) -> None:
    try:
        db.execute("VACUUM INTO ?", (str(partial),))
    except sqlite3.OperationalError as why:
        if why.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        # It is the copy that does not fit, mostly on another disk than the database.
        full = OSError(errno.ENOSPC, "")
        raise StoreUnavailable(os_trouble(full, partial.parent)) from None


def _discard(partial: Path) -> None:
    """Remove a copy that was not finished, with the journal that SQLite leaves beside it."""
    for end in ("", "-journal"):
        partial.with_name(partial.name + end).unlink(missing_ok=True)


def rows_in(db: sqlite3.Connection) -> Mapping[str, int]:
    """The number of rows in each table."""
    names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return {
        name: int(db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - no value comes from outside
        for (name,) in names.fetchall()
    }


def _version_of_copy(db: sqlite3.Connection) -> int:
    """A number that changes when another connection has written."""
    return int(db.execute("PRAGMA data_version").fetchone()[0])


def _check_copy(
    db: sqlite3.Connection, copy: Path, seen: Mapping[str, int], *, whole: bool
) -> None:
    """Check that the copy is sound and lacks no row of `seen`.

    Where another connection has written meanwhile (not `whole`), only tables whose rows are never
    deleted can be checked.
    """
    with closing(sqlite3.connect(copy)) as opened:
        if opened.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise StoreBroken(f"{copy}: the backup did not pass its check")
        found = rows_in(opened)
    for_ever = _added_to(db)
    for table, count in seen.items():
        lost = found.get(table, -1) < count
        if lost if table in for_ever else whole and found.get(table) != count:
            raise StoreBroken(f"{copy}: the backup lacks rows of {table}")


def _added_to(db: sqlite3.Connection) -> set[str]:
    """The tables whose rows are only ever added."""
    triggers = db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    return {x[0].removesuffix(_STAYS) for x in triggers if x[0].endswith(_STAYS)}


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_ENDINGS = ("", "-wal", "-shm")
"""What a database's files add to its name: itself, its write-ahead log and the log's index."""


def replace_by(fresh: Path, database: Path, stamp: str) -> Path | None:
    """Put `fresh`, which has no log, in the place of the database. Hold the writer lock.

    Once it has the name `<database>.new-STAMP`, it is the one that counts: where a program dies
    before the rest is done, `finish_replacing` does it. `stamp` is like 20261128T100000Z. Returns
    where the old one is kept, `<database>.before-STAMP`, or None if there was none.
    """
    _finish(database)
    sync(fresh)
    fresh.replace(database.with_name(f"{database.name}.new-{stamp}"))
    sync(database.parent)
    return _finish(database)


def _unfinished(database: Path) -> Path | None:
    """The database that has yet to take the place of this one, None mostly."""
    name = re.compile(re.escape(database.name) + r"\.new-\d{8}T\d{6}Z")
    try:
        return next((x for x in database.parent.iterdir() if name.fullmatch(x.name)), None)
    except OSError:
        return None


def _finish(database: Path) -> Path | None:
    """Move the old database away with its log, which would be taken for that of the new one."""
    new = _unfinished(database)
    if new is None:
        return None
    stamp = new.name.removeprefix(f"{database.name}.new-")
    kept = database.with_name(f"{database.name}.before-{stamp}")
    for end in _ENDINGS:
        with contextlib.suppress(FileNotFoundError):
            database.with_name(database.name + end).replace(kept.with_name(kept.name + end))
    new.replace(database)
    sync(database.parent)
    return kept if kept.exists() else None


def finish_replacing(database: Path) -> None:
    """Finish the replacement of a database at which a program died, if there is one."""
    if _unfinished(database) is None:
        return
    try:
        with closing(WriterLock(database)) as lock, lock.held():
            _finish(database)
    except OSError as why:
        raise StoreUnavailable(os_trouble(why, database)) from None


APPLICATION_ID = 0x74726B72
"""Marks the file as ours: `trkr` in ASCII."""

_NAME = re.compile(r"(\d{4})_\w+\.sql")


@cache
def migrations() -> tuple[str, ...]:
    """The text of every migration. The first brings an empty file to version 1."""
    folder = Path(__file__).parents[1] / "migrations"
    found = {
        int(name[1]): item.read_text("utf-8")
        for item in folder.iterdir()
        if (name := _NAME.fullmatch(item.name))
    }
    return tuple(found[version] for version in range(1, len(found) + 1))


def version_of(db: sqlite3.Connection) -> int:
    """The schema version of an open database; 0 when it is empty."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def require_current(db: sqlite3.Connection, path: Path, *, older: bool = False) -> None:
    """Refuse a database that this program cannot read as it is.

    With `older`, one of an older schema is taken, to be copied.
    """
    version, known = _checked_version(db, path), len(migrations())
    if version == 0:
        raise missing(path)
    if version < known and not older:
        raise _too_old(path, version)


def _too_old(path: Path, version: int, *, writer: bool = False) -> StoreTooOld:
    """Why an older database cannot be used yet; a `writer` itself holds the writer lock."""
    told = f"{path}: the database has schema {version} and this program has {len(migrations())}"
    if not writer and held_elsewhere(path.with_name(f"{path.name}.writer")):
        return StoreTooOld(f"{told}; it is being brought up to date: try again in a minute")
    if held_elsewhere(path.with_name(f"{path.name}.lock")):
        return StoreTooOld(
            f"{told}, but the daemon that runs is of the earlier version; restart it, which "
            "upgrades the database"
        )
    return StoreTooOld(f"{told}; start the daemon of this program, which brings it up to date")


def prepare(db: sqlite3.Connection, path: Path, now: datetime) -> None:
    """Turn on the write-ahead log and take every missing step. It runs under the writer lock.

    Raises StoreTooOld while a daemon that this process is not holds an older database.
    """
    version, steps = _checked_version(db, path), migrations()
    db.execute("PRAGMA journal_mode = WAL")
    if version == len(steps):
        return
    if version > 0:
        if held_elsewhere(path.with_name(f"{path.name}.lock")):
            raise _too_old(path, version, writer=True)
        name = f"{path.name}.schema{version}"
        if not any(_holds_all(x, db) for x in path.parent.glob(f"{name}-*.bak")):
            back_up(db, path.with_name(f"{name}-{now:%Y%m%dT%H%M%SZ}.bak"))
    # With foreign keys on, a step that rebuilds a table would fail on the rows that refer to it.
    db.execute("PRAGMA foreign_keys = OFF")
    try:
        # A reader never finds half of it, and an upgrade that is cut short has changed nothing.
        _take(db, len(steps), "\n".join(steps[version:]))
    finally:
        db.execute("PRAGMA foreign_keys = ON")
    if version > 0:
        _check(db, path)


def _holds_all(copy: Path, db: sqlite3.Connection) -> bool:
    """Whether a copy has every row: an upgrade that was cut short need not copy it again.

    Of a table whose rows are only ever added, their number tells it.
    """
    address = f"{copy.resolve().as_uri()}?immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as other:
            other.row_factory = db.row_factory
            counts, added = rows_in(db), _added_to(db)
            both = (
                (x.execute(f'SELECT * FROM "{table}"') for x in (db, other))  # noqa: S608 - no value comes from outside
                for table in counts.keys() - added
            )
            same = rows_in(other) == counts
            return same and all(one == two for rows in both for one, two in zip_longest(*rows))
    except sqlite3.DatabaseError:
        return False


def _checked_version(db: sqlite3.Connection, path: Path) -> int:
    version = version_of(db)
    if version > len(migrations()):
        raise StoreTooNew(
            f"{path}: the database has schema {version}, written by a later version of tracker "
            f"(this one knows {len(migrations())}); upgrade tracker, or name another [store] path"
        )
    mark = int(db.execute("PRAGMA application_id").fetchone()[0])
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if mark != APPLICATION_ID and (version or mark or tables):
        raise StoreBroken(
            f"{path}: this is some other program's database; name another [store] path"
        )
    return version


def _take(db: sqlite3.Connection, number: int, script: str) -> None:
    try:
        db.executescript(
            f"BEGIN IMMEDIATE;\n{script}\n"
            f"PRAGMA application_id = {APPLICATION_ID};\n"
            f"PRAGMA user_version = {number};\nCOMMIT;"
        )
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _check(db: sqlite3.Connection, path: Path) -> None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    loose = db.execute("PRAGMA foreign_key_check").fetchone()
    if found != "ok" or loose is not None:
        raise StoreBroken(
            f"{path}: the database did not pass its check after the upgrade; "
            "restore the .bak file beside it"
        )
