"""What the daemon costs with 15 live games and 200 bets: memory, event loop, time to hand-over.

The feed runs in a process of its own; the daemon runs here, whole, on a clock that is many times
as fast, so it is polled that much harder than a real night would. Figures are of this machine:
compare them with each other, and run it twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.clock import ScaledClock, SystemClock
from tracker.domain.delivery import Outcome, Sent
from tracker.domain.team import teams
from tracker.notify.channel import Message

if TYPE_CHECKING:
    from tracker.replay.playback import Playback

GAMES, BETS = 15, 200
TIP_OFF = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
STARTS = TIP_OFF + timedelta(minutes=8)
HEARTBEAT_S = 0.05


def playbacks() -> list[Playback]:
    """Fifteen games at once: shipped recordings under the names of other teams."""
    from tracker.replay.files import shipped
    from tracker.replay.playback import Playback

    codes = sorted(teams("nba"))
    recordings = [x for x in shipped() if x.league == "nba"]
    found = []
    for index in range(GAMES):
        recording = recordings[index % len(recordings)]
        home = replace(recording.home, tricode=codes[2 * index])
        away = replace(recording.away, tricode=codes[2 * index + 1])
        played = replace(recording, id=f"00225009{index:02d}", home=home, away=away)
        found.append(Playback(played, TIP_OFF))
    return found


def bets_toml() -> str:
    """Two hundred bets over the games, of every market."""
    rows = []
    played = [x.recording for x in playbacks()]
    for index in range(BETS):
        recording = played[index % GAMES]
        home, away = recording.home.tricode, recording.away.tricode
        step = index // GAMES
        pick = (
            f"{home} ML", f"{away} ML", f"over {205.5 + step}", f"under {225.5 + step}",
            f"{home} {-6.5 + step:+g}", f"{away} {6.5 - step:+g}", f"{home} over {105.5 + step}",
        )[step % 7]  # fmt: skip
        rows.append(f'[[bet]]\nid = "b{index}"\npick = "{pick}"\ngame = "{away}@{home}"\n')
    return "\n".join(rows)


def write_files(folder: Path, url: str) -> Path:
    """The configuration and the bets; returns the configuration's path."""
    config = folder / "tracker.toml"
    feeds = f'[feeds.nba]\nbase_url = "{url}"\n[feeds.espn]\nbase_url = "{url}"\n'
    config.write_text(f'[store]\npath = "t.db"\n{feeds}', "utf-8")
    (folder / "bets.toml").write_text(bets_toml(), "utf-8")
    return config


@dataclass(slots=True)
class Stopwatch:
    """A channel that only notes when it was handed each alert."""

    clock: ScaledClock
    handed: dict[int, datetime] = field(default_factory=dict)
    name: str = "stopwatch"

    async def send(self, message: Message) -> Outcome:
        """Note the time."""
        now = self.clock.now()
        self.handed.update(dict.fromkeys(message.alert_ids, now))
        return Sent()


async def beat(late: list[float]) -> None:
    """How late a heartbeat of the event loop comes, again and again."""
    real = SystemClock()
    while True:
        due = time.perf_counter() + HEARTBEAT_S
        await real.sleep(HEARTBEAT_S)
        late.append(time.perf_counter() - due)


def share(values: list[float], part: float) -> float:
    """A quantile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def latencies(database: Path, watch: Stopwatch) -> list[float]:
    """Real seconds from the arrival of a poll to the hand-over of the alerts that it caused."""
    with sqlite3.connect(database) as db:
        rows = db.execute("SELECT a.id, p.at FROM alert a JOIN poll p ON p.id = a.poll")
        arrived = {alert: datetime.fromisoformat(at) for alert, at in rows}
    return [
        (handed - arrived[alert]).total_seconds() / watch.clock.speed
        for alert, handed in watch.handed.items()
    ]


async def work(config: Path, speed: float, seconds: float) -> None:
    """The daemon, as a process of its own; prints what it cost."""
    from tracker.daemon.run import run
    from tracker.settings import load_settings

    settings = load_settings(config)
    clock = ScaledClock(STARTS, speed)
    stop, late = asyncio.Event(), []
    watch = Stopwatch(clock)
    heart = asyncio.create_task(beat(late))
    daemon = asyncio.create_task(
        run(settings, [watch], clock, tell=lambda *_: None, stop=stop, seed=1)
    )
    await SystemClock().sleep(seconds)
    memory = _rss_mb()
    stop.set()
    await daemon
    heart.cancel()
    # The first seconds load 200 bets and the forecast's parameters.
    warm = late[int(5 / HEARTBEAT_S) :]
    took = latencies(settings.store.path, watch)
    with sqlite3.connect(settings.store.path) as db:
        snapshots = db.execute("SELECT count(*) FROM snapshot").fetchone()[0]
        polls = db.execute("SELECT count(*) FROM poll").fetchone()[0]
    print(f"{GAMES} live games, {BETS} bets, {speed:g} times as fast, for {seconds:g} s")
    print(f"  polls kept {polls}, snapshots {snapshots}, alerts {len(took)}")
    print(f"  memory, end / peak           {memory:5.0f} / {_peak_mb():.0f} MB")
    print(
        f"  event loop late, p99 / max   {share(warm, 0.99) * 1e3:5.1f} / {max(warm) * 1e3:.1f} ms"
    )
    if took:
        print(
            f"  poll to hand-over, p50 / p99 {share(took, 0.5) * 1e3:5.1f} / "
            f"{share(took, 0.99) * 1e3:.1f} ms"
        )


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def serve(speed: float) -> None:
    """The feed, as a process of its own; says its address on a line."""
    from tracker.replay.server import serving

    async with serving(playbacks(), ScaledClock(STARTS, speed)) as server:
        print(json.dumps(server.url), flush=True)
        await asyncio.Event().wait()


async def measure(speed: float, seconds: float) -> None:
    """Start the feed, then the daemon beside it."""
    this = [sys.executable, "-m", "benchmarks.daemon", "--speed", str(speed)]
    feed = await asyncio.create_subprocess_exec(*this, "--serve", stdout=asyncio.subprocess.PIPE)
    assert feed.stdout is not None
    try:
        url = json.loads(await feed.stdout.readline())
        with tempfile.TemporaryDirectory() as name:
            config = write_files(Path(name), url)
            words = ["--seconds", str(seconds), "--daemon", str(config)]
            daemon = await asyncio.create_subprocess_exec(*this, *words)
            await daemon.wait()
    finally:
        feed.terminate()
        await feed.wait()


def main() -> None:
    """Measure, or be one of the two processes."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--speed", type=float, default=10.0)
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    words.add_argument("--daemon", type=Path, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.serve:
        asyncio.run(serve(given.speed))
    elif given.daemon is not None:
        asyncio.run(work(given.daemon, given.speed, given.seconds))
    else:
        asyncio.run(measure(given.speed, given.seconds))


if __name__ == "__main__":
    main()
