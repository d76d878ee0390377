"""How often each host has been asked, kept so that `doctor` can hold it to its budget."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from tracker.domain.poll import Usage
from tracker.store import queries as q
from tracker.store.codec.values import moment, stamp

_NAME = "usage"

Kept = tuple[datetime, Mapping[str, Usage]]
"""When it was counted, and the counts by the name of the host's settings."""


def keep(db: sqlite3.Connection, usages: Mapping[str, Usage], at: datetime) -> None:
    """Write the counts down over those of before."""
    text = json.dumps({"at": stamp(at), "hosts": {x: asdict(usages[x]) for x in sorted(usages)}})
    db.execute(q.KEEP_META, (_NAME, text))


def last(db: sqlite3.Connection) -> Kept | None:
    """The counts as they were written down last; None before the first time."""
    row = db.execute(q.META, (_NAME,)).fetchone()
    if row is None:
        return None
    told = json.loads(row["value"])
    hosts = {
        name: Usage(**{**x, "troubles": tuple((word, n) for word, n in x["troubles"])})
        for name, x in told["hosts"].items()
    }
    return moment(told["at"]), hosts
