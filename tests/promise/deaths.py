"""Ends the scripted night at its n-th operation, for every n, and prints what is found after.

Run as a program: `python -m tests.promise.deaths FOLDER URL [--full] [--every K]`. Each run of the
program (a life) is a child process. The first plays the whole night; at its n-th operation its
files are copied as they are, which is all that `kill -9` would leave, and a second life goes on
with the copy. Operations are each poll, the moments before and after each send, and the COMMIT of
each transaction that writes, the migration of the empty file included. A death between two
operations leaves the same on disk as one at the second. `--full` plays more bets, also counts each
statement of those transactions, and kills the second life, at an operation drawn by a seed. It
prints one JSON object for each n, with the undisturbed night last, as n = 0.
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
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from tests.promise import script
from tracker.daemon import forecaster
from tracker.store import database
from tracker.store.exporting import TABLES

_DIED = 9
_SEED = 20260130
_DECIDED = ("alerts", "snapshots", "settlements", "reviews", "bets")

At = Callable[[int], None]
"""Called with the number of each operation, counted from 1, just before it."""


def die_at(last: int) -> At:
    """End the process at operation `last`, without unwinding, as `kill -9` does."""
    return lambda n: os._exit(_DIED) if n == last else None


class Fate:
    """Counts operations, and calls `at` before each."""

    def __init__(self, at: At, *, fine: bool) -> None:
        """`fine` counts every statement."""
        self.count = 0
        self._at = at
        self._fine = fine
        self._writing = False

    def step(self, _: str) -> None:
        """Count an operation that is about to be done."""
        self.count += 1
        self._at(self.count)

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


def live(folder: Path, url: str, at: At, *, full: bool) -> int | None:
    """Run one life in a child process; returns its number of operations, or None for a death."""
    child = os.fork()
    if child == 0:
        fate = Fate(at, fine=full)
        watch_statements(fate)
        picks = script.MANY if full else script.FEW
        asyncio.run(script.Life(folder, url, fate.step, picks).run())
        (folder / "count").write_text(str(fate.count), "ascii")
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, _DIED):
        raise SystemExit(f"a life in {folder.name} ended with {status}")
    return int((folder / "count").read_text("ascii")) if status == 0 else None


def keep(night: Path, url: str, n: int) -> None:
    """Copy the files of a night, and let the webhook store what it has taken, for a death at n.

    The copies close the locks that this process has on the files; no other process uses them.
    """
    copy = night.with_name(str(n))
    copy.mkdir()
    for file in [*night.glob("tracker.db*"), *night.glob("step")]:
        shutil.copyfile(file, copy / file.name)
    with closing(HTTPConnection(url.removeprefix("json://"))) as webhook:
        webhook.request("PUT", f"/{n}")
        webhook.getresponse().read()


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
    night = given.folder / "0"
    night.mkdir()
    kept = partial(keep, night, given.url)
    count = once(night, f"{given.url}/0", lambda n: None if (n - 1) % given.every else kept(n))
    for n in [*range(1, (count or 0) + 1, given.every), 0]:
        folder, url = given.folder / str(n), f"{given.url}/{n}"
        deaths = int(n > 0)
        if n and given.full:
            deaths += once(folder, url, die_at(again.randint(1, 60))) is None
        if n:
            once(folder, url, die_at(0))
        line = json.dumps({"n": n, "deaths": deaths} | found(folder / "tracker.db"))
        print(line, flush=True)  # noqa: T201 - its only output
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
