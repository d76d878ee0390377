"""Keeps chores by the time they were due, back-ups, and drops raw responses once they are old."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.store.codec.values import moment, moment_or_none, stamp, stamp_or_none
from tracker.store.database.connection import Database

_BEGIN = """
INSERT INTO chore (name, due, attempt, began_at) VALUES (:name, :due, 1, :at)
ON CONFLICT (name, due) DO UPDATE SET
  attempt = attempt + 1, began_at = excluded.began_at, ended_at = NULL, outcome = NULL, detail = ''
WHERE outcome IS NULL OR (outcome = 'failed' AND attempt < :most)
RETURNING attempt
"""

_END = """
UPDATE chore SET ended_at = :at, outcome = :outcome, detail = :detail
WHERE name = :name AND due = :due
"""

_MISS = """
INSERT INTO chore (name, due, attempt, began_at, ended_at, outcome, detail)
VALUES (?, ?, 0, ?, ?, 'missed', ?) ON CONFLICT DO NOTHING
"""

_CHORES = """
SELECT * FROM chore WHERE (:name IS NULL OR name = :name)
ORDER BY due DESC, name LIMIT :most
"""

_KEEP_BACKUP = """
INSERT INTO backup (at, path, bytes, sha256, rows, checked_at, drilled_at, outcome)
VALUES (:at, :path, :bytes, :sha256, :rows, :checked_at, :drilled_at, :outcome)
ON CONFLICT (at) DO UPDATE SET drilled_at = excluded.drilled_at, outcome = excluded.outcome
"""

_BACKUPS = "SELECT * FROM backup ORDER BY at DESC"


class ChoreOutcome(StrEnum):
    """What came of a chore; `missed` is one that was due while nothing ran."""

    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ChoreRun:
    """A chore at one time that it was due; `outcome` is None while it is at work."""

    name: str
    due: datetime
    attempt: int
    began_at: datetime
    ended_at: datetime | None
    outcome: ChoreOutcome | None
    detail: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A back-up: a folder, with the SHA-256 of the database in it and how many rows that holds.

    `outcome` is `ok`, or what was wrong with it when it was made or restored for a trial.
    """

    at: datetime
    path: str
    bytes: int
    sha256: str
    rows: int
    checked_at: datetime
    drilled_at: datetime | None = None
    outcome: str = "ok"


class Upkeep:
    """The chores and back-ups of an open database."""

    def __init__(self, database: Database) -> None:
        """Made by the store."""
        self._db = database

    async def begin(self, name: str, due: datetime, at: datetime, most: int = 1) -> int | None:
        """Take up a chore; the number of the attempt, None when there is nothing to do any more.

        What a dead process began is taken up again, and what failed while fewer than `most`
        attempts were made.
        """
        values = {"name": name, "due": stamp(due), "at": stamp(at), "most": most}

        def work(db: sqlite3.Connection) -> int | None:
            row = db.execute(_BEGIN, values).fetchone()
            return None if row is None else int(row["attempt"])

        return await self._db.write(work)

    async def end(
        self, name: str, due: datetime, at: datetime, outcome: ChoreOutcome, detail: str
    ) -> None:
        """Write down what came of a chore."""
        values = {
            "name": name, "due": stamp(due), "at": stamp(at), "outcome": outcome.value,
            "detail": detail,
        }  # fmt: skip
        await self._db.write(lambda db: db.execute(_END, values))

    async def missed(self, name: str, dues: Iterable[datetime], at: datetime, detail: str) -> None:
        """Write down the times at which a chore was due while nothing ran."""
        rows = [(name, stamp(due), stamp(at), stamp(at), detail) for due in dues]
        await self._db.write(lambda db: db.executemany(_MISS, rows))

    async def chores(self, name: str | None = None, most: int = 200) -> tuple[ChoreRun, ...]:
        """What was done of a chore, or of all, the last due first."""
        values = {"name": name, "most": most}
        return await self._db.read(lambda db: tuple(map(_run, db.execute(_CHORES, values))))

    async def keep_backup(self, made: Backup) -> None:
        """Write down a back-up, or what a trial of it gave."""
        values = {
            "at": stamp(made.at),
            "path": made.path,
            "bytes": made.bytes,
            "sha256": made.sha256,
            "rows": made.rows,
            "checked_at": stamp(made.checked_at),
            "drilled_at": stamp_or_none(made.drilled_at),
            "outcome": made.outcome,
        }
        await self._db.write(lambda db: db.execute(_KEEP_BACKUP, values))

    async def backups(self) -> Sequence[Backup]:
        """The back-ups that were made, newest first; their files may be gone."""
        return await self._db.read(lambda db: tuple(map(_backup, db.execute(_BACKUPS))))


def _run(row: sqlite3.Row) -> ChoreRun:
    return ChoreRun(
        row["name"],
        moment(row["due"]),
        row["attempt"],
        moment(row["began_at"]),
        moment_or_none(row["ended_at"]),
        None if row["outcome"] is None else ChoreOutcome(row["outcome"]),
        row["detail"],
    )


def _backup(row: sqlite3.Row) -> Backup:
    return Backup(
        moment(row["at"]),
        row["path"],
        row["bytes"],
        row["sha256"],
        row["rows"],
        moment(row["checked_at"]),
        moment_or_none(row["drilled_at"]),
        row["outcome"],
    )


BATCH = 200
"""Bodies dropped in one transaction, so that a poll never waits long for the writer."""

_PAGE = 32
"""Bodies read at once: a few megabytes."""

_BODIES = """
SELECT poll.id, poll.at, poll.path, body.packed FROM poll JOIN body USING (digest)
WHERE (:source IS NULL OR poll.source = :source)
  AND (poll.at, poll.id) > (:after, :after_id) AND poll.at < :until
ORDER BY poll.at, poll.id LIMIT :limit
"""

_DROP_BODIES = """
DELETE FROM body WHERE digest IN (
  SELECT digest FROM body
  WHERE digest NOT IN (SELECT digest FROM kept_body)
  AND NOT EXISTS (SELECT 1 FROM poll WHERE poll.digest = body.digest AND poll.at >= :before)
  LIMIT :limit
)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader of bodies has come: the time and id of the last poll that was read."""

    at: str
    poll: int


def first_place(since: datetime) -> Place:
    """Before every poll at `since` or later."""
    return Place(stamp(since), 0)


def read_page(
    db: sqlite3.Connection, source: str | None, after: Place, until: datetime
) -> tuple[list[tuple[datetime, str, bytes]], Place | None]:
    """The next bodies as (at, path, body), and where to go on; None at the end."""
    values = {
        "source": source,
        "after": after.at,
        "after_id": after.poll,
        "until": stamp(until),
        "limit": _PAGE,
    }
    rows = db.execute(_BODIES, values).fetchall()
    found = [(moment(x["at"]), x["path"], zlib.decompress(x["packed"])) for x in rows]
    return found, Place(rows[-1]["at"], rows[-1]["id"]) if len(rows) == _PAGE else None


def drop_batch(db: sqlite3.Connection, before: datetime) -> int:
    """Drop some bodies that no poll at `before` or later brought; returns how many."""
    return db.execute(_DROP_BODIES, {"before": stamp(before), "limit": BATCH}).rowcount
