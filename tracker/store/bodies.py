"""Raw responses: read back in order for a recording, and dropped once they are old."""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass
from datetime import datetime

from tracker.store.codec.values import moment, stamp

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
