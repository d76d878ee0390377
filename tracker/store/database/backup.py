"""Copies a database to a file that has been opened, checked and synced before it gets its name."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tracker.store.errors import StoreBroken


def back_up(db: sqlite3.Connection, target: Path) -> None:
    """Write a checked copy of the open database to `target` (mode 0600), replacing what is there.

    Raises StoreBroken, and leaves no file behind, when the copy does not pass its check.
    """
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        db.execute("VACUUM INTO ?", (str(partial),))
        _check(db, partial)
        _sync(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    _sync(target.parent)


def _check(db: sqlite3.Connection, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as opened:
        if opened.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise StoreBroken(f"{copy}: the backup did not pass its check")
        for (table,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
        ).fetchall():
            count = f'SELECT count(*) FROM "{table}"'  # noqa: S608 - a name out of the schema
            if opened.execute(count).fetchone()[0] != db.execute(count).fetchone()[0]:
                raise StoreBroken(f"{copy}: the backup lacks rows of {table}")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
