"""A night of recorded games for tests: the local feed, the files, and the expected results."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tracker.app.views import bet_json
from tracker.clock import Clock, ScaledClock, SystemClock
from tracker.replay import find_recording
from tracker.replay.playback import Playback
from tracker.replay.server import Options, Running, serving
from tracker.store import Store, StoreMissing, StoreTooOld

TIP_OFF = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
STARTS = TIP_OFF - timedelta(minutes=3)

REAL = SystemClock()

LONGEST_S = 180.0
"""Real seconds to wait for what a daemon does: a machine with much else to do is no fault of it."""

Bets = list[dict[str, Any]]

FINALS = {"LAC@LAL": (125, 130), "SAC@PHI": (111, 113), "HOU@ATL": (104, 86), "NOP@GSW": (114, 109)}
"""The real final scores, away and home."""

RECORDINGS = {
    "LAC@LAL": "LAC@LAL 2023-11-01",
    "SAC@PHI": "SAC@PHI 2026-01-29",
    "HOU@ATL": "HOU@ATL 2026-01-29",
    "NOP@GSW": "NOP@GSW 2024-04-12",
}


def expected(game: str, pick: str) -> str:
    """The result of a plain pick, worked out from the final score alone."""
    away, home = FINALS[game]
    away_code, home_code = game.split("@")
    word, *rest = pick.split()
    if word in ("over", "under"):
        excess = away + home - float(rest[0])
        excess = excess if word == "over" else -excess
    elif rest[0] in ("over", "under"):
        points = away if word == away_code else home
        excess = (points - float(rest[1])) * (1 if rest[0] == "over" else -1)
    else:
        assert word in (away_code, home_code)
        lead = home - away if word == home_code else away - home
        excess = lead + (0.0 if rest[0] == "ML" else float(rest[0]))
    return "push" if excess == 0 else "won" if excess > 0 else "lost"


def picks_for(game: str) -> list[str]:
    """A range of picks on a game, pushes among them."""
    away_code, home_code = game.split("@")
    away, home = FINALS[game]
    return [
        f"{home_code} ML",
        f"{away_code} ML",
        f"{home_code} {away - home:+d}" if away != home else f"{home_code} PK",
        f"{away_code} +4.5",
        f"over {away + home}",
        "under 223.5",
        f"{home_code} over 112.5",
        f"{away_code} under {away}",
    ]


@asynccontextmanager
async def feed(
    games: Sequence[str], clock: Clock, options: Options | None = None
) -> AsyncIterator[Running]:
    """The local feed playing these games, all from TIP_OFF."""
    playing = [Playback(find_recording(RECORDINGS[g]), TIP_OFF) for g in games]
    async with serving(playing, clock, options=options) as running:
        yield running


def write_files(folder: Path, base_url: str, games: Sequence[str], urls: Sequence[str]) -> Path:
    """A configuration and a bets file with every pick on every game."""
    rows = [
        f'[[bet]]\nid = "{game} {pick}"\npick = "{pick}"\ngame = "{game}"\n'
        "odds = -110\nstake = 11.0\n"
        for game in games
        for pick in picks_for(game)
    ]
    (folder / "bets.toml").write_text("\n".join(rows), "utf-8")
    config = folder / "tracker.toml"
    config.write_text(
        f"""timezone = "America/New_York"
[store]
path = "tracker.db"
[feeds.nba]
base_url = "{base_url}"
[feeds.espn]
base_url = "{base_url}"
[notify]
console = false
urls = {json.dumps(list(urls))}
[rules]
default = ["p >= 0.80", "p <= 0.20", "settled"]
""",
        "utf-8",
    )
    return config


async def tracker(config: Path, *words: str) -> tuple[int, str, str]:
    """Run one command of the program: its exit status, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tracker", "--config", str(config), *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


STARTED: list[asyncio.subprocess.Process] = []
"""The daemons of the running test, which must not outlive it."""


async def start_daemon(config: Path, clock: ScaledClock) -> asyncio.subprocess.Process:
    """Start the daemon as a process of its own, on the feed's clock."""
    with config.with_name("daemon.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tracker", "--config", str(config), "run",
            "--clock-start", clock.start.isoformat(),
            "--clock-speed", str(clock.speed),
            "--clock-anchor", clock.anchor.isoformat(),
            stdout=log, stderr=log,
        )  # fmt: skip
    STARTED.append(process)
    return process


async def bets(config: Path) -> Bets:
    """What `tracker bets --json` answers, read here: a process for each look would cost most."""
    database, now = config.with_name("tracker.db"), REAL.now()
    try:
        async with await Store.open(database, now=now, readonly=True) as store:
            return [bet_json(x) for x in await store.bets_view()]
    except (StoreMissing, StoreTooOld):  # it is not made yet
        return []


async def until(holds: Callable[[Bets], bool], config: Path) -> Bets:
    """The bets once a condition holds of them; fails when that takes too long."""
    ends = time.monotonic() + LONGEST_S
    while time.monotonic() < ends:
        found = await bets(config)
        if holds(found):
            return found
        await REAL.sleep(0.5)
    raise AssertionError(f"not so in time; the log ends with {log_of(config)[-2000:]}")


async def until_seen(seen: Callable[[], object], config: Path) -> None:
    """Wait until something is to be seen; fails with the log when that takes too long."""
    ends = time.monotonic() + LONGEST_S
    while not seen():
        assert time.monotonic() < ends, log_of(config)
        await REAL.sleep(0.1)


async def until_logged(text: str, config: Path) -> None:
    """Wait until the daemon's log has a text."""
    await until_seen(lambda: text in log_of(config), config)


def log_of(config: Path) -> str:
    """What the daemons of a configuration have logged."""
    return config.with_name("daemon.log").read_text("utf-8")
