"""Measures back-ups of a 300 MB database with 500 followed bets: delay of alerts, time to restore.

A poll with 34 bets and an alert for two channels is recorded every 20 ms, as fifteen games would
bring them at their busiest. What an alert waits for is timed: `record()` and the claim of its
deliveries. Each round times this alone, and then while `tracker backup --full` runs in a process of
its own, niced like the daemon's chore. The delay by a back-up is the median, over the rounds, of
the difference between the two worst times. At the end the back-up is restored elsewhere, and its
rows and content are compared with the original's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.record import _GAME, _RULES, _START, polls
from tracker.app.backups import DATABASE, TrackerFiles, sets
from tracker.app.restoring import restore
from tracker.clock import SystemClock
from tracker.domain.draft import Draft
from tracker.language import find_in, parse_pick
from tracker.settings import load_settings
from tracker.store import Store

BETS, BUSY, EVERY_S = 500, 34, 0.02
LONGEST_RESTORE_S, MOST_DELAY_MS = 10.0, 100.0
_CHUNK = 200_000


async def fill(path: Path, megabytes: int) -> None:
    """Make a database with 500 bets on a game and `megabytes` of raw bodies."""
    async with await Store.open(path, now=_START, durable=False) as store:
        for n in range(BETS):
            text = f"LAL@DEN {'over' if n % 2 else 'under'} {100.5 + n // 2}"
            pick = parse_pick(text, find_in("nba"))
            draft = Draft(pick, pick.matchup, rules=_RULES, name=f"b{n}")
            await store.add(draft, game=_GAME, defaults=_RULES, at=_START)
    rng = random.Random(1)  # noqa: S311 - filler
    with closing(sqlite3.connect(path)) as db:
        for n in range(megabytes * 1_000_000 // _CHUNK):
            row = (f"{n:064x}", _CHUNK, rng.randbytes(_CHUNK))
            db.execute("INSERT INTO body (digest, size, packed) VALUES (?, ?, ?)", row)
        db.commit()


async def follow(path: Path, until: asyncio.Event, least: int) -> list[float]:
    """Record polls until `until` is set, at least `least` of them.

    Returns the milliseconds from each poll to the claim of its alert.
    """
    real, took = SystemClock(), list[float]()
    source = polls(BUSY, 1_000_000)
    async with await Store.open(path, now=_START) as store:
        while not until.is_set() or len(took) < least:
            poll, change = next(source)
            begun = time.perf_counter()
            await store.record(poll, change, ("console", "sink"))
            for channel in ("console", "sink"):
                await store.claim(channel, poll.at, 10)
            took.append(1000 * (time.perf_counter() - begun))
            await real.sleep(EVERY_S)
    return took


def _nice() -> None:
    os.nice(19)


async def beside(path: Path, config: Path) -> tuple[list[float], list[float], float]:
    """The milliseconds of `follow` alone and during a back-up, and the back-up's seconds."""
    quiet = asyncio.Event()
    quiet.set()
    alone = await follow(path, quiet, 600)
    over = asyncio.Event()

    async def make() -> float:
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tracker", "--config", str(config), "backup", "--full",
            preexec_fn=_nice, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await process.wait() == 0
        over.set()
        return time.perf_counter() - begun

    took, made = await asyncio.gather(follow(path, over, 600), make())
    return alone, took, made


async def main_async(megabytes: int, rounds: int) -> int:
    """Measure and print; returns 1 when something takes too long or is lost."""
    with tempfile.TemporaryDirectory(prefix="backups-") as name:
        folder = Path(name)
        config, path = folder / "tracker.toml", folder / "tracker.db"
        config.write_text('[store]\npath = "tracker.db"\n', "utf-8")
        await fill(path, megabytes)
        measured = [await beside(path, config) for _ in range(rounds)]
        size = path.stat().st_size / 1e6
        settings = load_settings(config)
        newest = next(iter(sets(settings.backup_folder).values()))
        async with await Store.open(newest / DATABASE, now=_START, readonly=True) as store:
            content = await store.exports.hash()
        rows = _rows(newest / DATABASE)
        home = folder / "other"
        place = TrackerFiles(home / "tracker.db", home / "tracker.toml", home / "bets.toml")
        begun = time.perf_counter()
        back = await restore(newest, place, datetime.now(UTC) + timedelta(seconds=1))
        restored = time.perf_counter() - begun
        lost = rows - _rows(place.database)
    for alone, took, made in measured:
        for words, values in (("by itself", alone), ("beside a back-up", took)):
            p50, p99 = (statistics.quantiles(values, n=100)[x] for x in (49, 98))
            told = f"n {len(values):4} p50 {p50:6.1f} p99 {p99:6.1f} max {max(values):6.1f} ms"
            print(f"poll to claimed alert {words:17} {told}")
        print(f"back-up of {size:.0f} MB, niced: {made:.1f} s")
    delay = statistics.median(max(took) - max(alone) for alone, took, _ in measured)
    print(f"a back-up delays an alert by {delay:.0f} ms, the median of {rounds} rounds")
    print(f"restore: {restored:.1f} s, {lost} rows lost, same content: {back.hash == content}")
    failed = restored > LONGEST_RESTORE_S or lost != 0 or back.hash != content
    return int(failed or delay > MOST_DELAY_MS)


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        names = [
            x[0] for x in db.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
        ]  # fmt: skip
        counts = (db.execute(f'SELECT count(*) FROM "{x}"').fetchone()[0] for x in names)  # noqa: S608
        return sum(counts)


def main() -> int:
    """Measure by the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    return asyncio.run(main_async(given.megabytes, given.rounds))


if __name__ == "__main__":
    sys.exit(main())
