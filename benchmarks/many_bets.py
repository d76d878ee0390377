"""Measures a database of 500 to 100,000 bets: its size, and the reads of commands and pages.

`python -m benchmarks.many_bets [COUNT ...]`. All bets have results and alerts, but for the open
bets on the last 15 games, 15 on each. With `--followed` all bets are open, on 15 games in play, and
loading them and deciding a poll is measured.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from tracker.daemon.forecaster import Forecaster
from tracker.daemon.track import worded
from tracker.domain.alert import PLAIN
from tracker.domain.catalog import teams
from tracker.domain.draft import Draft
from tracker.domain.events import tell_nobody
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.policy import USUAL, parse_rule
from tracker.domain.poll import Origin, Poll
from tracker.engine.decide.advance import advance
from tracker.engine.decide.belief import judge_poll
from tracker.engine.record import Grouping
from tracker.engine.rules.routing import route
from tracker.language import find_in, parse_pick
from tracker.store import Store
from tracker.store.bets import Registration

COUNTS = (500, 5_000, 20_000)
BUDGET_MS = 100.0
"""The most milliseconds of CPU for a read over 20,000 bets."""

_A_GAME, _OPEN_GAMES, _REPEATS = 15, 15, 5
_NOW = datetime(2026, 11, 28, 2, tzinfo=UTC)
_RULES = (parse_rule("p >= 0.80"), parse_rule("p <= 0.30"))
_TEAMS = ("DEN", "LAL", "BOS", "MIA", "PHI", "SAC", "GSW", "NYK", "DAL", "HOU")
_FIND = find_in("nba")
_BOOKS = ("DraftKings", "FanDuel", None)
_SETTLE = """
INSERT INTO settlement (bet, revision, result, payout_cents, settled_at, reason)
SELECT number, 1, CASE number % 20 WHEN 0 THEN 'push' WHEN 1 THEN 'void' ELSE
  iif(number % 2, 'won', 'lost') END, iif(number % 2, 3800, 0), added_at, 'by the final score'
FROM bet WHERE number <= ?
"""
_ALERTS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4)
INSERT INTO alert (bet, leg, game, rule, episode, at, decision, reason, level, game_clock, home,
  away, p, was, detail, text, expires_at, poll)
SELECT number, i, game_id, 'p >= 0.80', i, added_at, iif(i = 1, 'fired', 'held'),
  iif(i = 1, 'crossed', 'holding'), 'high', 'Q4 4:11', 90, 88, 0.81, 0.7, '',
  iif(i = 1, 'told', ''), NULL, 1 FROM bet, n
"""


def _games(count: int) -> list[Game]:
    found = []
    for n in range(count):
        home, away = _TEAMS[n % 10], _TEAMS[(n + 1 + n // 10) % 10]
        start = _NOW - timedelta(days=(count - 1 - n) // 5, hours=n % 5)
        found.append(Game(f"00226{n:05d}", "nba", home, away if away != home else "ORL", start))
    return found


async def fill(path: Path, count: int) -> None:
    """Make a database with `count` bets, all but the last games' settled."""
    games = _games(max(_OPEN_GAMES + 1, count // _A_GAME))
    async with await Store.open(path, now=_NOW, durable=False) as store:
        await store.save_games([(x, None) for x in games], _NOW)
        drafts = []
        for n in range(count):
            game = games[min(n // _A_GAME, len(games) - 1)]
            text = f"{game.home} -{n % 15}.5 -110"
            drafts.append((_draft(text, n), game))
        await store.register([Registration(x, game) for x, game in drafts], _RULES, _NOW)
    with closing(sqlite3.connect(path)) as db:
        settled = count - _A_GAME * _OPEN_GAMES
        db.execute(_SETTLE, (max(settled, 0),))
        db.execute(
            "INSERT INTO confirmation (bet, revision, at) SELECT bet, revision, settled_at "
            "FROM settlement"
        )
        db.execute("INSERT INTO poll (id, source, path, at, digest) VALUES (1, 'nba', '/', '', '')")
        db.execute(_ALERTS)
        db.execute(
            "INSERT INTO delivery (alert, channel, state, attempts, due_at, updated_at) "
            "SELECT id, 'ntfy', 'sent', 1, at, at FROM alert WHERE decision = 'fired'"
        )
        db.execute("INSERT INTO latest SELECT number, added_at, .6, 0, .4, .9, .1 FROM bet")
        db.execute("DELETE FROM meta WHERE name = 'outcomes'")
        db.execute(
            "UPDATE game SET checks = 9 WHERE id IN "
            "(SELECT game_id FROM bet JOIN settlement ON settlement.bet = bet.number)"
        )
        db.commit()


def _draft(text: str, n: int) -> Draft:
    tags = ("props",) if n % 3 else ()
    pick = parse_pick(text, _FIND)
    return Draft(pick, name=f"b{n}", stake_cents=2000, tags=tags, book=_BOOKS[n % 3])


async def measure(path: Path) -> dict[str, float]:
    """Milliseconds of CPU of opening the database, and of each read as a median of five."""
    begun = time.process_time()
    async with await Store.open(path, now=_NOW) as store:
        found = {"open, outcomes filled": (time.process_time() - begun) * 1000}
        reads: dict[str, Callable[[], Awaitable[object]]] = {
            "all trackings": lambda: store.trackings(_RULES),
            "list (open)": lambda: store.open_bets(_RULES),
            "list (a page)": lambda: store.bets_page(100, 0, _RULES),
            "status": lambda: store.status_view(_RULES),
            "performance": lambda: store.outcomes.tallies(Grouping.MARKET),
            "performance by tag": lambda: store.outcomes.tallies(Grouping.TAG),
            "profit by month": lambda: store.outcomes.tallies(Grouping.MONTH),
        }
        for name, read in reads.items():
            times = []
            for _ in range(_REPEATS):
                begun = time.process_time()
                await read()
                times.append((time.process_time() - begun) * 1000)
            found[name] = sorted(times)[_REPEATS // 2]
    return found


# ----------------------------------------------------------------------------------- all followed

POLLS = 8
"""Polls of one game that are measured; the first, which arms every rule, is not counted."""

_KINDS = ("{home} -{n}.5 -110", "{away}@{home} over {m}.5 -110", "{home} ML -120",
          "{away}@{home} 1H over {h}.5", "{home} over {t}.5 -115")  # fmt: skip
_TIP = datetime(2026, 11, 28, 0, tzinfo=UTC)


def _slate() -> list[Game]:
    codes = sorted(teams("nba"))
    return [
        Game(f"00226{n:05d}", "nba", codes[2 * n], codes[2 * n + 1], _TIP)
        for n in range(_OPEN_GAMES)
    ]


async def fill_followed(path: Path, count: int) -> None:
    """Make a database with `count` open bets on fifteen games of one night."""
    games = _slate()
    async with await Store.open(path, now=_TIP, durable=False) as store:
        await store.save_games([(x, None) for x in games], _TIP)
        rows = []
        for n in range(count):
            game, k = games[n % len(games)], n // len(games)
            text = _KINDS[k % len(_KINDS)].format(
                home=game.home, away=game.away, n=k % 14, m=205 + k % 40, h=100 + k % 25,
                t=100 + k % 25,
            )  # fmt: skip
            rows.append(Registration(_draft(text, n), game))
        await store.register(rows, _RULES, _TIP - timedelta(hours=3))


def _live(game: Game, poll: int) -> GameState:
    home, away = 60 + 2 * ((poll + 1) // 2), 55 + 2 * (poll // 2)
    periods = (Score(30, 28), Score(28, 25), Score(home - 58, away - 53))
    score = Score(home, away)
    return GameState(game, Phase.LIVE, 3, 700.0 - 12 * poll, score, periods=periods)


async def follow(path: Path) -> dict[str, float]:
    """Seconds to load all bets, memory in MB, and median milliseconds of a poll of one game."""
    before, begun = _resident_mb(), time.process_time()
    async with await Store.open(path, now=_NOW) as store:
        trackings = await store.trackings(_RULES)
        found = {"load s": time.process_time() - begun}
        gc.collect()
        found["held MB"] = _resident_mb() - before
        found["daemon MB"] = _resident_mb()
        forecaster, tracking = Forecaster(lambda _: None, tell_nobody), trackings[0]
        took: dict[str, list[float]] = {"forecast": [], "decide": [], "record": []}
        for n in range(POLLS):
            state, at = _live(tracking.game, n), _TIP + timedelta(hours=1, seconds=10 * n)
            marks = [time.process_time()]
            outlook = forecaster.outlook(tracking, state)
            marks.append(time.process_time())
            judged = judge_poll(tracking, state, Origin("nba", "/board"), at)
            change = worded(route(advance(tracking, judged, outlook, at), USUAL, at), PLAIN)
            marks.append(time.process_time())
            poll = Poll("nba", "/board", at, str(n).encode(), f"{n:064d}", state)
            await store.record(poll, change, ("ntfy",))
            marks.append(time.process_time())
            for name, (a, b) in zip(took, pairwise(marks), strict=True):
                took[name].append((b - a) * 1000)
            tracking = change.tracking
    return found | {name: sorted(x[1:])[len(x) // 2 - 1] for name, x in took.items()}


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def followed(counts: list[int]) -> int:
    """Print the table of open bets; each count runs in its own process, to measure memory."""
    print("| bets | load s | held MB | daemon MB | forecast ms | decide ms | record ms | core |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for count in counts:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.many_bets", "--one", str(count)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        x = json.loads(done.stdout)
        share = _OPEN_GAMES * (x["forecast"] + x["decide"] + x["record"]) / 10_000
        figures = " | ".join(f"{v:.1f}" for v in x.values())
        print(f"| {count:,} | {figures} | {share:.0%} |", flush=True)
    return 0


def _one(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tracker.db")
        filler = multiprocessing.get_context("spawn").Process(target=_fill_one, args=(path, count))
        filler.start()
        filler.join()
        print(json.dumps(asyncio.run(follow(path))))
    return 0


def _fill_one(path: Path, count: int) -> None:
    asyncio.run(fill_followed(path, count))


def main() -> int:
    """Measure and print; returns 1 when a read over at most 20,000 bets is too slow."""
    if sys.argv[1:2] == ["--one"]:
        return _one(int(sys.argv[2]))
    if sys.argv[1:2] == ["--followed"]:
        return followed([int(x) for x in sys.argv[2:]] or [500, 5_000, 50_000, 100_000])
    slow = False
    for count in [int(x) for x in sys.argv[1:]] or COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "tracker.db")
            asyncio.run(fill(path, count))
            found = asyncio.run(measure(path))
            size = path.stat().st_size / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"\n{count} bets: {size:.1f} MB on disk, {peak:.0f} MB at most in memory")
        for name, took in found.items():
            print(f"  {name:24} {took:9.1f} ms")
            slow |= took > BUDGET_MS and count <= COUNTS[-1] and "filled" not in name
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
