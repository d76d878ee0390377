"""Copies a database to a file that has been opened, checked and synced before it gets its name."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tracker.store.errors import StoreBroken

_STAYS = "_stays"
"""How the trigger that keeps a table's rows for ever is called: the table, and this."""


def back_up(db: sqlite3.Connection, target: Path) -> None:
    """Write a checked copy of the open database to `target` (mode 0600), replacing what is there.

    The connection may be one that only reads, while others write. Raises StoreBroken, and leaves no
    file behind, when the copy does not pass its check.
    """
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        before, seen = _version(db), rows_in(db)
        db.execute("VACUUM INTO ?", (str(partial),))
        _check(db, partial, seen, whole=_version(db) == before)
        _sync(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    _sync(target.parent)


def rows_in(db: sqlite3.Connection) -> Mapping[str, int]:
    """How many rows each table has."""
    names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return {
        name: int(db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - ours
        for (name,) in names.fetchall()
    }


def _version(db: sqlite3.Connection) -> int:
    """Changes when another connection has written."""
    return int(db.execute("PRAGMA data_version").fetchone()[0])


def _check(db: sqlite3.Connection, copy: Path, seen: Mapping[str, int], *, whole: bool) -> None:
    """Look at the copy: sound, and no row of `seen` lost.

    Where somebody has written meanwhile (not `whole`), only what is never deleted can be counted.
    """
    with closing(sqlite3.connect(copy)) as opened:
        if opened.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise StoreBroken(f"{copy}: the backup did not pass its check")
        found = rows_in(opened)
    triggers = db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    for_ever = {name.removesuffix(_STAYS) for (name,) in triggers if name.endswith(_STAYS)}
    for table, count in seen.items():
        lost = found.get(table, -1) < count
        if lost if table in for_ever else whole and found.get(table) != count:
            raise StoreBroken(f"{copy}: the backup lacks rows of {table}")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
