"""Brings a database to this program's schema: forward only, each step one transaction.

An existing database is backed up before its first step and checked after its last.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

from tracker.store.database.backup import back_up
from tracker.store.errors import StoreBroken, StoreTooNew, StoreTooOld

APPLICATION_ID = 0x74726B72
"""Marks the file as ours: `trkr` in ASCII."""

_NAME = re.compile(r"(\d{4})_\w+\.sql")


@cache
def migrations() -> tuple[str, ...]:
    """The text of every migration; the first brings an empty file to version 1."""
    folder = resources.files("tracker.store").joinpath("migrations")
    found = {
        int(name[1]): item.read_text("utf-8")
        for item in folder.iterdir()
        if (name := _NAME.fullmatch(item.name))
    }
    return tuple(found[version] for version in range(1, len(found) + 1))


def version_of(db: sqlite3.Connection) -> int:
    """The schema version of an open database; 0 when it is empty."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def require_current(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that this program cannot read as it is."""
    version, known = _checked_version(db, path), len(migrations())
    if version < known:
        raise StoreTooOld(
            f"{path}: the database has schema {version} and this program reads {known}; "
            "start the daemon once to bring it up to date"
        )


def prepare(db: sqlite3.Connection, path: Path, now: datetime) -> None:
    """Turn on the write-ahead log and take every missing step. Runs under the writer lock."""
    version, steps = _checked_version(db, path), migrations()
    db.execute("PRAGMA journal_mode = WAL")
    if version == len(steps):
        return
    if version > 0:
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        back_up(db, path.with_name(f"{path.name}.schema{version}-{stamp}.bak"))
    # A table that is built anew would else take the rows that refer to it along.
    db.execute("PRAGMA foreign_keys = OFF")
    try:
        for number, script in enumerate(steps[version:], start=version + 1):
            _take(db, number, script)
    finally:
        db.execute("PRAGMA foreign_keys = ON")
    if version > 0:
        _check(db, path)


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
