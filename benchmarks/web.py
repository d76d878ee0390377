"""Measures the web server, and whether the daemon is slower beside it.

`python -m benchmarks.web` measures the pages over 20,000 bets, some of them open on 15 games. With
`--daemon` the real daemon is measured as in `benchmarks.daemon`: alone, with eight clients at the
page, with a flood of requests, with a page that hangs, and with one that is killed. Figures hold
for one machine only: compare them with each other.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import resource
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks import daemon as alone
from benchmarks.many_bets import fill
from tracker.clock import SystemClock
from tracker.store import Store
from tracker.store.access import KeyScope

BETS = 20_000
PORT = 8391
CLIENTS = 8
STREAMS, DEAF = 50, 200
KEYS = 60
"""Keys of the API that are used in turn, since each may ask 120 times a minute."""

STATE: dict[str, Any] = {
    "id": "x", "league": "nba", "home": "DEN", "away": "LAL", "period": 3, "clock": "04:11",
    "score": {"home": 61, "away": 58}, "lines": {"home_spread": -4.5, "total": 228.5},
    "bets": ["DEN -4.5", "over 224.5"],
}  # fmt: skip
FIRST_LOAD = ("/", "/static/style.css", "/static/live.js", "/static/icon.svg")


@dataclass(frozen=True, slots=True)
class Page:
    """A running web server: its process id, its URL, and keys with every scope."""

    pid: int
    url: str
    keys: tuple[str, ...]

    @property
    def cpu_s(self) -> float:
        """The seconds of CPU that the server has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss_mb(self) -> float:
        """The server's memory in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
        return pages * resource.getpagesize() / 2**20

    def client(self, key: int = 0) -> httpx.AsyncClient:
        """An HTTP client that sends a key."""
        headers = {"Authorization": f"Bearer {self.keys[key % len(self.keys)]}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)


@asynccontextmanager
async def served(config: Path, database: Path) -> AsyncIterator[Page]:
    """Run `tracker web` in a process of its own; gives it once it answers."""
    now = SystemClock().now()
    async with await Store.open(database, now=now) as store:
        known = len(await store.web.keys())
        names = [f"k{known + n}" for n in range(KEYS)]
        keys = [await store.web.add_key(x, frozenset(KeyScope), now) for x in names]
    words = ["-m", "tracker", "--config", str(config), "web", "--no-link", "--port", str(PORT)]
    process = await asyncio.create_subprocess_exec(sys.executable, *words)
    page = Page(process.pid, f"http://127.0.0.1:{PORT}", tuple(keys))
    try:
        async with page.client() as client:
            for _ in range(600):
                with suppress(httpx.HTTPError):
                    await client.get("/in")
                    break
                await SystemClock().sleep(0.1)
        yield page
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


# --------------------------------------------------------------------------- the page itself


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


async def timed(page: Page, path: str, count: int = 40, body: Any = None) -> tuple[float, float]:
    """The 95th percentile of an answer's wall time, and its mean CPU time, in milliseconds."""
    async with page.client(hash(path)) as client:
        await _ask(client, path, body)
        took, before = [], page.cpu_s
        for _ in range(count):
            begun = time.perf_counter()
            await _ask(client, path, body)
            took.append((time.perf_counter() - begun) * 1000)
        cpu = (page.cpu_s - before) * 1000 / count
    return p95(took), cpu


async def _ask(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    if body is None:
        answer = await client.get(path)
    elif isinstance(body, str):
        answer = await client.post(path, content=body)
    else:
        answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer


async def doorbell(page: Page, database: Path) -> list[float]:
    """Milliseconds from a commit in the database to its text at a client of the stream."""
    took = []
    async with page.client(5) as client, client.stream("GET", "/api/v1/events") as stream:
        lines = stream.aiter_lines()
        await _data(lines)
        for n in range(20):
            with sqlite3.connect(database) as db:
                chance = 0.3 + n / 100
                db.execute("UPDATE latest SET win = ?, push = 0, lose = 1 - ?", (chance, chance))
                db.commit()
            begun = time.perf_counter()
            await _data(lines)
            took.append((time.perf_counter() - begun) * 1000)
            await SystemClock().sleep(0.3)
    return took


async def _data(lines: AsyncIterator[str]) -> None:
    """Wait for the next event with a bet's chance; heartbeats and the time alone do not count."""
    async for line in lines:
        if line.startswith("data:") and '.p"' in line:
            return


async def many_streams(page: Page) -> float:
    """The MB by which STREAMS streams and DEAF clients that never read increase memory."""
    before = page.rss_mb
    writers = [await _deaf(page, n) for n in range(STREAMS + DEAF)]
    await SystemClock().sleep(3)
    grown = page.rss_mb - before
    for writer in writers:
        writer.close()
    return grown


async def _deaf(page: Page, n: int) -> asyncio.StreamWriter:
    """A connection that requests a stream or a page and never reads the answer."""
    _, writer = await asyncio.open_connection("127.0.0.1", PORT)
    path = "/api/v1/events" if n < STREAMS else "/"
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    writer.write(f"{head}Authorization: Bearer {page.keys[n % KEYS]}\r\n\r\n".encode())
    await writer.drain()
    return writer


async def first_load(page: Page) -> float:
    """The kB of a first visit, compressed as a proxy would."""
    async with page.client(7) as client:
        parts = [(await client.get(path)).content for path in FIRST_LOAD]
    return sum(len(gzip.compress(x)) for x in parts) / 1024


async def figures() -> None:
    """Measure the server over a large database, and print each figure beside its target."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database, config = folder / "tracker.db", folder / "tracker.toml"
        await fill(database, BETS)
        config.write_text('[store]\npath = "tracker.db"\n', "utf-8")
        config.chmod(0o600)
        async with served(config, database) as page:
            await _tell(page, database)


async def one_series() -> None:
    """Measure the series of a bet over a whole recorded game, and its page."""
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "tracker.toml"
        config.write_text('[store]\npath = "tracker.db"\n', "utf-8")
        config.chmod(0o600)
        words = ["-m", "tracker", "--config", str(config), "replay", "run", "SAC@PHI"]
        words += ["--bet", "PHI ML -140 $20", "--keep", str(Path(name) / "tracker.db")]
        played = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=asyncio.subprocess.DEVNULL
        )
        await played.wait()
        async with served(config, Path(name) / "tracker.db") as page:
            path = "/api/v1/bets/1/series?points=400"
            async with page.client() as client:
                size = len(gzip.compress((await client.get(path)).content)) / 1024
            wall, cpu = await timed(page, path)
            say("series of a bet", f"{wall:.1f} / {cpu:.1f} ms", "<= 20")
            say("its size", f"{size:.1f} kB gz", "<= 5")
            wall, cpu = await timed(page, "/bets/1")
            say("/bets/1", f"{wall:.1f} / {cpu:.1f} ms", "")


def say(what: str, value: str, target: str) -> None:
    """Print a figure beside its target."""
    print(f"  {what:40} {value:>18}   {target}", flush=True)


async def _tell(page: Page, database: Path) -> None:
    print(f"{BETS} bets, {CLIENTS} clients; wall p95, and CPU of the server an answer")
    async with page.client() as client:
        await client.get("/")
    say("memory, the night shown", f"{page.rss_mb:.0f} MB", "<= 60")
    for path, target in (
        ("/", "5 ms CPU, p95 50"), ("/history", "<= 100"), ("/api/v1/bets?limit=50", "<= 100"),
        ("/api/v1/status", "<= 100"), ("/api/v1/performance?by=market", "<= 100"),
        ("/health", "<= 100"),
    ):  # fmt: skip
        wall, cpu = await timed(page, path)
        say(path, f"{wall:.1f} / {cpu:.1f} ms", target)
    took = await doorbell(page, database)
    say("commit to text", f"p95 {p95(took):.0f} ms", "<= 400")
    say("bytes of the first load", f"{await first_load(page):.1f} kB gz", "<= 40")
    wall, cpu = await timed(page, "/api/v1/price", body=STATE)
    say("/price", f"{wall:.1f} / {cpu:.1f} ms", "p95 20")
    batch = "\n".join(json.dumps(STATE | {"id": n}) for n in range(1000))
    wall, cpu = await timed(page, "/api/v1/price/batch", 3, batch)
    say("batch of 1,000", f"{wall:.0f} / {cpu:.0f} ms", "<= 1000")
    say("memory, with /price", f"{page.rss_mb:.0f} MB", "<= 100")
    say(f"{STREAMS} streams, {DEAF} deaf", f"+{await many_streams(page):.1f} MB", "<= 5")


# ----------------------------------------------------------------------- beside the daemon


Beside = Callable[[Path], Coroutine[None, None, None]]


async def eight_clients(config: Path) -> None:
    """Let CLIENTS clients request pages and the API, four times a second each."""
    async with served(config, config.parent / "t.db") as page:
        await asyncio.gather(*(_look(page, n) for n in range(CLIENTS)))


async def _look(page: Page, n: int) -> None:
    paths = ("/", "/bets/1", "/api/v1/bets", "/history", "/api/v1/bets/2/series", "/odds")
    async with page.client(n) as client:
        while True:
            for path in paths:
                with suppress(httpx.HTTPError):
                    await client.get(path)
                await SystemClock().sleep(0.25)


async def flood(config: Path) -> None:
    """Let CLIENTS clients request as fast as they can, beside streams that nobody reads."""
    async with served(config, config.parent / "t.db") as page:
        kept = [await _deaf(page, n) for n in range(STREAMS)]
        await asyncio.gather(*(_hammer(page, n) for n in range(CLIENTS)))
        assert kept


async def _hammer(page: Page, n: int) -> None:
    turn = n
    while True:
        async with page.client(turn) as client:
            for _ in range(100):
                with suppress(httpx.HTTPError):
                    await client.get("/bets/1" if turn % 2 else "/api/v1/status")
        turn += CLIENTS


async def hang(config: Path) -> None:
    """Stop a server's process (SIGSTOP) while it has its database open."""
    async with served(config, config.parent / "t.db") as page:
        async with page.client() as client:
            await client.get("/")
        os.kill(page.pid, signal.SIGSTOP)
        await asyncio.Event().wait()


async def crash(config: Path) -> None:
    """Kill a server and start it again, every five seconds."""
    while True:
        async with served(config, config.parent / "t.db") as page, page.client() as client:
            with suppress(httpx.HTTPError):
                await client.get("/")
            await SystemClock().sleep(timedelta(seconds=5).total_seconds())


KINDS: dict[str, Beside | None] = {
    "alone": None, "eight clients": eight_clients, "a flood": flood, "a page that hangs": hang,
    "a page that is killed": crash, "alone, again": None,
}  # fmt: skip


async def beside_the_daemon(speed: float, seconds: float) -> None:
    """Measure the daemon without the web server, and beside it in each of KINDS."""
    for name, beside in KINDS.items():
        print(f"\n{name}:", flush=True)
        await alone.measure(speed, seconds, alone.STARTS, "none", beside)


def main() -> None:
    """Measure by the arguments of the command line."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--daemon", action="store_true", help="the daemon beside each kind of page")
    words.add_argument("--speed", type=float, default=5.0)
    words.add_argument("--seconds", type=float, default=40.0)
    given = words.parse_args()
    if given.daemon:
        asyncio.run(beside_the_daemon(given.speed, given.seconds))
    else:
        asyncio.run(figures())
        asyncio.run(one_series())


if __name__ == "__main__":
    main()
