"""Writes all that is remembered into one text file, and restores it exactly from there.

The file is JSON Lines: a head that names the schema, then one row a line with its table. Raw
responses of the feeds, and what is only about this machine's daemon, stay out of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from typing import Any, TextIO

from tracker.domain.errors import TrackerError
from tracker.store.database.migrate import migrations, version_of

MARK = "tracker archive"
"""What the head of such a file says that it is."""

_LEFT_OUT = frozenset({"body", "daemon", "pulse", "meta"})


class BadArchive(TrackerError):
    """The file cannot be restored; the text says where it is wrong, and what to do."""


def write(db: sqlite3.Connection, to: TextIO) -> int:
    """Write every row, in an order that does not depend on when it was written; how many."""
    to.write(_line({"file": MARK, "schema": version_of(db)}))
    count = 0
    for table in _tables(db):
        columns = _columns(db, table)
        order = ", ".join(f'"{x}"' for x in _key(db, table) or columns)
        for row in db.execute(f'SELECT * FROM "{table}" ORDER BY {order}'):  # noqa: S608 - ours
            to.write(_line([table, dict(zip(columns, row, strict=True))]))
            count += 1
    return count


def restore(db: sqlite3.Connection, lines: Iterable[str]) -> int:
    """Write the rows of an archive into an empty database; how many. Raises BadArchive."""
    if any(db.execute(f"SELECT EXISTS (SELECT 1 FROM {x})").fetchone()[0] for x in ("bet", "poll")):  # noqa: S608
        raise BadArchive(
            "the database has bets or polls already, and an archive is restored into an empty one: "
            "name another [store] path, or move the database away first"
        )
    rows = iter(_rows(lines))
    _check_head(next(rows, (0, None))[1])
    known = {table: frozenset(_columns(db, table)) for table in _tables(db)}
    # A slate may have been read into the new database; the archive's games take its place.
    db.execute("DELETE FROM game")
    count = 0
    for number, found in rows:
        table, row = _checked(number, found, known)
        names = ", ".join(f'"{x}"' for x in row)
        places = ", ".join("?" * len(row))
        try:
            db.execute(f'INSERT INTO "{table}" ({names}) VALUES ({places})', tuple(row.values()))  # noqa: S608
        except sqlite3.IntegrityError as why:
            raise BadArchive(f"line {number} does not fit the rest: {why}") from None
        count += 1
    return count


def is_archive(first: str) -> bool:
    """Whether a file that begins with this line is one."""
    return MARK in first


def _tables(db: sqlite3.Connection) -> tuple[str, ...]:
    """The tables that are archived, each after those that it refers to."""
    names = [
        row[0]
        for row in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        if row[0] not in _LEFT_OUT
    ]
    needs = {
        name: {
            row[2]
            for row in db.execute("SELECT * FROM pragma_foreign_key_list(?)", (name,))
            if row[2] != name
        }
        for name in sorted(names)
    }
    return tuple(TopologicalSorter(needs).static_order())


def _columns(db: sqlite3.Connection, table: str) -> tuple[str, ...]:
    return tuple(x[0] for x in db.execute("SELECT name FROM pragma_table_info(?)", (table,)))


def _key(db: sqlite3.Connection, table: str) -> tuple[str, ...]:
    rows = db.execute("SELECT name, pk FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,))
    return tuple(x[0] for x in rows)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                raise BadArchive(
                    f"line {number} is not whole: the file was cut or changed; export it again"
                ) from None


def _check_head(head: Any) -> None:
    if not isinstance(head, dict) or head.get("file") != MARK:
        raise BadArchive(f"this is no archive: its first line does not say {MARK!r}")
    if head.get("schema") != len(migrations()):
        raise BadArchive(
            f"the archive has schema {head.get('schema')} and this program {len(migrations())}: "
            "restore it with the version of tracker that wrote it, and upgrade then"
        )


def _checked(
    number: int, found: Any, known: dict[str, frozenset[str]]
) -> tuple[str, dict[str, Any]]:
    match found:
        case [str(table), dict(row)] if table in known and row.keys() <= known[table] and row:
            return table, row
        case _:
            raise BadArchive(f"line {number} names a table or a column that is not known here")
