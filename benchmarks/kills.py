"""Kills the daemon again and again while games are played, and counts what was lost or repeated.

The daemon gets `kill -9` at random moments, drawn by a seed. It polls the local feed, and its
webhook answers slowly, so that many kills fall into a send. Most of the daemon's processes are
forked from one that has loaded the program already, so that kills hit its work and not its imports.
Every tenth is started from cold, as by systemd. The time from a kill to the first poll after a cold
start is measured separately. `--write` puts the figures into docs/promise.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.daemon import night
from tests.promise.sink import Message, told
from tracker.cli.demo import Sink, served
from tracker.clock import ScaledClock, SystemClock
from tracker.replay.server import Running

REAL = SystemClock()
GAMES = ("SAC@PHI", "NOP@GSW", "LAC@LAL")
STARTS = night.TIP_OFF + timedelta(minutes=9)
RULES = (
    "p >= 0.80", "p <= 0.20", "p crosses 0.50", "swing 0.10 in 5m", "quarter", "halftime", "hit",
    "dead", "settled",
)  # fmt: skip
COLD_EVERY = 10
"""One start in this many is from cold."""
RECOVERIES = 25
"""Cold starts that are timed."""
LONGEST_START = 60.0
"""The most seconds to wait for the first poll after a cold start."""
SLOWEST_ANSWER = 0.06
"""The longest answer of the webhook, in seconds."""
LIFE = (0.02, 0.7)
"""The shortest and the longest real time, in seconds, between a start and the next kill."""
DRAIN_S = 90.0
"""Real seconds at speed 120 in which the last results and deliveries must end."""
PAGE = Path(__file__).parents[1] / "docs" / "promise.md"
BEGIN, END = "<!-- kills: made by benchmarks/kills.py -->", "<!-- end of kills -->"


@dataclass
class Figures:
    """Counts over all nights; `recoveries` are seconds from a kill to the next poll."""

    nights: int = 0
    kills: int = 0
    alerts: int = 0
    late: int = 0
    lost: int = 0
    flagged: int = 0
    unflagged: int = 0
    bets: int = 0
    wrong: int = 0
    doubled: int = 0
    unsound: int = 0
    unclean: int = 0
    recoveries: list[float] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Add the counts of another night."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, mine + theirs)


# -------------------------------------------------------------------- the process that is forked


def warm_process() -> None:
    """Load the program, then fork a daemon for each line of arguments on standard input.

    Prints the process id of each, and its exit status when it has ended.
    """
    import apprise

    from tracker import __main__ as program
    from tracker.daemon import run as daemon  # noqa: F401 - loaded before the fork
    from tracker.forecast import load_parameters

    apprise.Apprise.instantiate("json://127.0.0.1/")
    load_parameters("nba")
    for line in sys.stdin:
        log, *words = json.loads(line)
        child = os.fork()
        if child == 0:
            out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os._exit(program.run(words))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


@dataclass
class Lives:
    """Starts a daemon, by a fork (warm) or as a new process (cold), and ends it."""

    config: Path
    words: list[str]
    warm_process: asyncio.subprocess.Process
    cold: asyncio.subprocess.Process | None = None
    pid: int = 0

    @classmethod
    def of(cls, config: Path, clock: ScaledClock, warm: asyncio.subprocess.Process) -> Lives:
        """Prepare to start daemons with a configuration, on the feed's clock."""
        words = ["--config", str(config), "run", "--clock-start", clock.start.isoformat()]
        words += ["--clock-speed", str(clock.speed), "--clock-anchor", clock.anchor.isoformat()]
        return cls(config, words, warm)

    @property
    def log(self) -> Path:
        """The file to which every daemon writes its log."""
        return self.config.with_name("daemon.log")

    async def start(self, *, cold: bool) -> None:
        """Start a daemon without waiting for it."""
        self.cold = None
        if cold:
            with self.log.open("ab") as log:
                command = [sys.executable, "-m", "tracker", *self.words]
                self.cold = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
            self.pid = self.cold.pid
            return
        assert self.warm_process.stdin is not None
        assert self.warm_process.stdout is not None
        self.warm_process.stdin.write(json.dumps([str(self.log), *self.words]).encode() + b"\n")
        self.pid = int(await self.warm_process.stdout.readline())

    async def end(self, number: signal.Signals) -> int:
        """Send the daemon a signal, wait for its end, and return its exit status."""
        os.kill(self.pid, number)
        if self.cold is not None:
            return await self.cold.wait()
        assert self.warm_process.stdout is not None
        return int(await self.warm_process.stdout.readline())


# --------------------------------------------------------------------------------------- one night


def write_files(folder: Path, url: str, hook_url: str) -> Path:
    """Write the night's configuration, with rules and limits for as many alerts as possible."""
    config = night.write_files(folder, url, GAMES, [hook_url])
    text = config.read_text("utf-8")
    before, _, _ = text.partition("[rules]")
    free = "[alerts]\nper_hour = 10000\nper_hour_game = 10000\n"
    config.write_text(f"{before}{free}[rules]\ndefault = {json.dumps(RULES)}\n", "utf-8")
    return config


async def next_poll(feed: Running, most: float) -> bool:
    """Wait up to `most` seconds for the feed's next request; returns whether one came."""
    before, began = feed.requests.total(), time.perf_counter()
    while feed.requests.total() == before:
        if time.perf_counter() - began > most:
            return False
        await REAL.sleep(0.003)
    return True


async def recover(folder: Path, times: int, speed: float, warm: Any) -> list[float]:
    """Kill a daemon and start it from cold `times` times.

    Returns the seconds from each kill to the first poll after it.
    """
    clock, took = ScaledClock(STARTS, speed), []
    async with night.feed(GAMES, clock) as feed:
        lives = Lives.of(write_files(folder, feed.url, "json://127.0.0.1:1/"), clock, warm)
        await lives.start(cold=True)
        for _ in range(times):
            await next_poll(feed, LONGEST_START)
            await REAL.sleep(1.0)
            await lives.end(signal.SIGKILL)
            began = time.perf_counter()
            await lives.start(cold=True)
            await next_poll(feed, LONGEST_START)
            took.append(time.perf_counter() - began)
        await lives.end(signal.SIGKILL)
    return took


def open_ends(database: Path) -> int:
    """The number of bets without a result and of deliveries without an end."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        bets = "SELECT count(*) FROM bet WHERE number NOT IN (SELECT bet FROM settlement)"
        due = "SELECT count(*) FROM delivery WHERE coalesce(told, state) NOT IN ('sent', 'refused')"
        return int(db.execute(bets).fetchone()[0] + db.execute(due).fetchone()[0])


@asynccontextmanager
async def slow_webhook(rng: random.Random) -> AsyncIterator[Sink]:
    """Run a webhook that takes every message and answers late; gives the sink that it fills."""
    taking = Sink()

    async def take(request: web.Request) -> web.Response:
        answer = await taking.take(request)
        await REAL.sleep(rng.uniform(0.0, SLOWEST_ANSWER))
        return answer

    app = web.Application()
    app.router.add_post("/", take)
    async with served(app) as port:
        taking.url = f"json://127.0.0.1:{port}/"
        yield taking


async def one_night(
    folder: Path, kills: int, until: float, speed: float, rng: random.Random, warm: Any
) -> Figures:
    """Play a night with at most `kills` kills, let it end undisturbed, and count."""
    clock, found = ScaledClock(STARTS, speed), Figures(nights=1)
    over = night.TIP_OFF + timedelta(hours=2, minutes=35)
    async with night.feed(GAMES, clock) as feed, slow_webhook(rng) as taking:
        config = write_files(folder, feed.url, taking.url)
        lives = Lives.of(config, clock, warm)
        await lives.start(cold=False)
        while found.kills < kills and clock.now() < over and time.monotonic() < until:
            cold = found.kills % COLD_EVERY == COLD_EVERY - 1
            await REAL.sleep(rng.uniform(*LIFE))
            await lives.end(signal.SIGKILL)
            found.kills += 1
            await lives.start(cold=cold)
            await next_poll(feed, LONGEST_START if cold else rng.uniform(*LIFE))
        ends = time.monotonic() + DRAIN_S * 120 / speed
        while time.monotonic() < ends and open_ends(folder / "tracker.db"):
            await REAL.sleep(0.3)
        found.unclean += await lives.end(signal.SIGTERM) != 0
    posted = zip(taking.messages, taking.alerts, strict=True)
    count(folder / "tracker.db", [Message(*x) for x in posted], found)
    return found


def count(database: Path, messages: list[Message], found: Figures) -> None:
    """Count what the database and the messages received say about the promise, into `found`."""
    with closing(sqlite3.connect(database)) as db:
        # The message that the daemon has stopped may be left for its next start.
        fired = {
            x
            for (x,) in db.execute(
                "SELECT id FROM alert WHERE decision = 'fired' AND rule <> 'stopped'"
            )
        }
        ends = dict(db.execute("SELECT alert, coalesce(told, state) FROM delivery"))
        late = {x for (x,) in db.execute("SELECT alert FROM delivery WHERE state = 'expired'")}
        results = list(db.execute("SELECT name, settlement.result FROM bet LEFT JOIN settlement "
                                  "ON settlement.bet = bet.number"))  # fmt: skip
        found.unsound += db.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
    arrived = told(messages)
    heard = {number for number, _ in arrived}
    # A long digest names only its last alerts, so late alerts are not looked for by number.
    missing = {x for x in fired if ends.get(x) not in ("sent", "refused")} | (fired - late - heard)
    found.alerts += len(fired)
    found.late += len(late)
    found.lost += len(missing)
    found.flagged += sum(n for (_, said), n in arrived.items() if said)
    found.unflagged += sum(n - 1 for (_, said), n in arrived.items() if not said)
    found.bets += len({name for name, _ in results})
    found.doubled += len(results) - len({name for name, _ in results})
    found.wrong += sum(x != night.expected(*name.split(" ", 1)) for name, x in results)


# --------------------------------------------------------------------------------------- reporting


def share(values: list[float], part: float) -> str:
    """The quantile `part` of the values, as text in seconds."""
    if not values:
        return "–"
    return f"{sorted(values)[min(len(values) - 1, int(len(values) * part))]:.2f} s"


def table(found: Figures, seed: int, speed: float) -> str:
    """The figures as a Markdown table."""
    per_kill = 1000 * found.flagged / max(found.kills, 1)
    rows = [
        ("random `kill -9`", f"{found.kills:,} in {found.nights} nights of {len(GAMES)} games"),
        ("alerts recorded", f"{found.alerts:,}"),
        ("alerts lost", f"**{found.lost}**"),
        ("alerts that came too late and were told in a digest", f"{found.late:,}"),
        ("flagged repeats", f"{found.flagged:,} ({per_kill:.0f} a thousand kills)"),
        ("unflagged repeats", f"**{found.unflagged}**"),
        ("bets settled", f"{found.bets:,}"),
        ("bets with a wrong result, or none", f"**{found.wrong}**"),
        ("settlements doubled", f"**{found.doubled}**"),
        ("integrity failures", f"**{found.unsound}**"),
        ("stops by SIGTERM that were not clean", f"**{found.unclean}**"),
        (
            f"recovery from cold, kill to first poll, p50 / slowest of {len(found.recoveries)}",
            f"{share(found.recoveries, 0.5)} / {share(found.recoveries, 1.0)}",
        ),
    ]
    lines = ["| figure | value |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)]
    return "\n".join([*lines, "", f"Seed {seed}, clock {speed:g} times as fast."])


def write(text: str) -> None:
    """Replace the table in docs/promise.md."""
    page = PAGE.read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


async def measure(kills: int, minutes: float, seed: int, speed: float) -> Figures:
    """Play nights until there were `kills` kills or the minutes are over; then time recoveries."""
    rng, found = random.Random(seed), Figures()  # noqa: S311 - a seed makes the kills repeatable
    until = time.monotonic() + minutes * 60
    command = [sys.executable, "-m", "benchmarks.kills", "--warm-process"]
    warm = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        while found.kills < kills and time.monotonic() < until:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
                left = kills - found.kills
                found.add(await one_night(Path(name), left, until, speed, rng, warm))
            print(
                f"{found.kills} kills, {found.alerts} alerts: {found.lost} lost, "
                f"{found.unflagged} unflagged and {found.flagged} flagged repeats, "
                f"{found.wrong} wrong, {found.doubled} doubled, {found.unsound} unsound",
                flush=True,
            )
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            found.recoveries = await recover(Path(name), RECOVERIES, 10.0, warm)
    finally:
        warm.kill()
        await warm.wait()
    return found


def main() -> int:
    """Measure and print; returns 1 when the promise was broken."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=60)
    words.add_argument("--minutes", type=float, default=60.0, help="begin no night after this")
    words.add_argument("--seed", type=int, default=20260130)
    words.add_argument("--speed", type=float, default=120.0)
    words.add_argument("--write", action="store_true", help="put the figures into docs/promise.md")
    words.add_argument("--warm-process", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.warm_process:
        warm_process()
        return 0
    found = asyncio.run(measure(given.kills, given.minutes, given.seed, given.speed))
    text = table(found, given.seed, given.speed)
    print(text)
    if given.write:
        write(text)
    broken = (found.lost, found.unflagged, found.wrong, found.doubled, found.unsound, found.unclean)
    return int(any(broken))


if __name__ == "__main__":
    sys.exit(main())
