"""Kills the scripted night at its n-th operation, for every n, and prints what is found after.

Run as a program: `python -m tests.promise.deaths FOLDER URL [--full] [--every K]`. Each run of the
program (a life) is a child process, which a death ends without unwinding, as `kill -9` does.
Operations are each poll, the moments before and after each send, and the COMMIT of each transaction
that writes, the migration of the empty file included. A death between two operations leaves the
same on disk as one at the second. `--full` plays more bets, also counts each statement of those
transactions, and kills the second life too, at an operation drawn by a seed. It prints one JSON
object for each n, with the undisturbed night last.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.promise import script
from tracker.daemon import forecaster
from tracker.store import database
from tracker.store.exporting import TABLES

_DIED = 9
_NEVER = -1
_SEED = 20260130
_DECIDED = ("alerts", "snapshots", "settlements", "reviews", "bets")


class Fate:
    """Counts operations, and ends the process at one of them."""

    def __init__(self, die_at: int, *, fine: bool) -> None:
        """The process dies at operation `die_at`, counted from 1; `fine` counts every statement."""
        self.count = 0
        self._die_at = die_at
        self._fine = fine
        self._writing = False

    def step(self, _: str) -> None:
        """Count an operation that is about to be done."""
        self.count += 1
        if self.count == self._die_at:
            os._exit(_DIED)

    def statement(self, sql: str) -> None:
        """Count a statement that is about to be run, unless its transaction only reads."""
        word = sql.lstrip().upper()
        begins, ends = word.startswith("BEGIN IMMEDIATE"), word.startswith(("COMMIT", "ROLLBACK"))
        self._writing = self._writing or begins
        if self._writing and (self._fine or ends):
            self.step(sql)
        self._writing = self._writing and not ends


def watch_statements(fate: Fate) -> None:
    """Make every connection opened from now on report its statements to `fate`."""
    set_up = database._set_up

    def watched(db: sqlite3.Connection, durable: bool) -> None:
        set_up(db, durable=durable)
        db.set_trace_callback(fate.statement)

    database._set_up = watched


def live(folder: Path, url: str, die_at: int, *, full: bool) -> int | None:
    """Run one life in a child process; returns its number of operations, or None for a death."""
    child = os.fork()
    if child == 0:
        fate = Fate(die_at, fine=full)
        watch_statements(fate)
        picks = script.MANY if full else script.FEW
        asyncio.run(script.Life(folder, url, fate.step, picks).run())
        (folder / "count").write_text(str(fate.count), "ascii")
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, _DIED):
        raise SystemExit(f"the life that was to die at {die_at} ended with {status}")
    return int((folder / "count").read_text("ascii")) if status == 0 else None


def found(database: Path) -> dict[str, object]:
    """What the database has at the end: alerts with their ends, results, and decisions."""
    with closing(sqlite3.connect(database)) as db:
        # Alerts that quiet hours held back are sent too, in a digest.
        fired = "SELECT id FROM alert WHERE decision = 'fired' OR text <> ''"
        ends = "SELECT alert, state, told FROM delivery"
        results = (
            "SELECT name, revision, result FROM settlement JOIN bet ON bet.number = settlement.bet"
        )
        return {
            "sound": db.execute("PRAGMA integrity_check").fetchone()[0],
            "fired": [x for (x,) in db.execute(fired)],
            "ends": [list(x) for x in db.execute(ends)],
            "results": [list(x) for x in db.execute(results)],
            "decided": {x: [list(row) for row in db.execute(TABLES[x])] for x in _DECIDED},
        }


def main() -> None:
    """Walk through the night, one death after the other."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("url")
    words.add_argument("--full", action="store_true")
    words.add_argument("--every", type=int, default=1, help="only every k-th operation")
    given = words.parse_args()
    # Everything that all lives need is loaded and worked out once, before the first fork.
    script.warm_up(given.url)
    # No life looks through what they share for garbage, which would copy all of it.
    gc.freeze()
    # On a busy machine, no forecast may be given up because it is late.
    forecaster.BUDGET_SECONDS = 60.0
    again = random.Random(_SEED)  # noqa: S311 - a seed makes it repeatable
    once = partial(live, full=given.full)
    n, lived = 1 - given.every, None
    while lived is None:
        n += given.every
        folder = given.folder / str(n)
        folder.mkdir()
        url = f"{given.url}/{n}"
        lived = once(folder, url, n)
        deaths = int(lived is None)
        if lived is None and given.full:
            deaths += once(folder, url, again.randint(1, 60)) is None
        if lived is None:
            once(folder, url, _NEVER)
        line = json.dumps({"n": n, "deaths": deaths} | found(folder / "tracker.db"))
        print(line, flush=True)  # noqa: T201 - its only output
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
