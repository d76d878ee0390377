"""Measures the daemon with 15 live games and 500 bets: memory, event loop, and time to hand-over.

The feed, a webhook and a Bot API run in a process of their own. The whole daemon runs in another,
with the real Apprise and python-telegram-bot, on a scaled clock, so that it is loaded harder than
in a real night. No budget of messages holds alerts back. Figures hold for one machine only: compare
them with each other, and run it twice. With `--quotes` it is measured from five minutes before
tip-off on, once without and once with quotes of The Odds API, Kalshi, Polymarket and ESPN on all
fifteen games.
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
from typing import TYPE_CHECKING, Any

from tracker.clock import ScaledClock, SystemClock
from tracker.domain.alert import Outcome
from tracker.domain.catalog import teams
from tracker.domain.events import tell_nobody
from tracker.notify.channels import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tracker.replay.playback import Playback

GAMES, BETS = 15, 500
TIP_OFF = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
STARTS = TIP_OFF + timedelta(minutes=8)
BEFORE = TIP_OFF - timedelta(minutes=5)
"""The start of a run with quotes: early enough that closing quotes are bought and taken."""

KEY = "a-key-of-no-worth-0123456789"
HEARTBEAT_S = 0.05
"""Real seconds between two heartbeats of the event loop."""

WARM_UP_S = 10.0
"""Real seconds at the start that are not counted: bets, parameters and channels are loaded."""

RULES = ("p >= 0.80", "p <= 0.30", "settled")
"""The default rules."""


def playbacks() -> list[Playback]:
    """Fifteen games at the same time: shipped recordings under the codes of other teams."""
    from tracker.replay import shipped
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
    """The bets file: bets of every market, spread over the games."""
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


def odds_toml(url: str, quotes: str) -> str:
    """The configuration of quotes: `all` providers on the local server, `none`, or the defaults."""
    if quotes == "none":
        return "[odds]\nsources = []\n"
    if quotes != "all":
        return ""
    return (
        '[odds]\nsources = ["espn", "kalshi", "polymarket", "the_odds_api"]\n'
        f'[odds.the_odds_api]\nkey = "{KEY}"\nbase_url = "{url}"\n'
        f'[odds.kalshi]\nbase_url = "{url}"\n'
        f'[odds.polymarket]\nbase_url = "{url}"\nclob_url = "{url}"\n'
    )


def write_files(folder: Path, url: str, quotes: str) -> Path:
    """Write the configuration and the bets file; returns the configuration's path."""
    config = folder / "tracker.toml"
    config.touch(mode=0o600)
    feeds = f'[feeds.nba]\nbase_url = "{url}"\n[feeds.espn]\nbase_url = "{url}"\n'
    free = "[alerts]\nper_hour = 10000\nper_hour_game = 10000\n"
    free += f"[rules]\ndefault = {json.dumps(RULES)}\n"
    told = f'[store]\npath = "t.db"\n{feeds}{free}{odds_toml(url, quotes)}'
    config.write_text(told, "utf-8")
    (folder / "bets.toml").write_text(bets_toml(), "utf-8")
    return config


@dataclass(slots=True)
class Stopwatch:
    """Records when a channel was handed each alert, and when the answer came."""

    name: str
    clock: ScaledClock
    handed: dict[int, datetime] = field(default_factory=dict)
    answered: dict[int, datetime] = field(default_factory=dict)

    def on(self, channel: Any) -> Any:
        """Replace the channel's `send` by one that is timed; returns the channel."""
        send = channel.send

        async def timed(message: Message) -> Outcome:
            now = self.clock.now()
            for number in message.alert_ids:
                self.handed.setdefault(number, now)
            outcome: Outcome = await send(message)
            self.answered.update(dict.fromkeys(message.alert_ids, self.clock.now()))
            return outcome

        channel.send = timed
        return channel


async def beat(late: list[float]) -> None:
    """Add to `late` the seconds by which each heartbeat of the event loop comes late."""
    real = SystemClock()
    while True:
        due = time.perf_counter() + HEARTBEAT_S
        await real.sleep(HEARTBEAT_S)
        late.append(time.perf_counter() - due)


def share(values: list[float], part: float) -> float:
    """The quantile `part` of the values."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def latencies(
    database: Path, speed: float, ends: dict[int, datetime], starts: datetime
) -> list[float]:
    """Real seconds from each poll to the times `ends` of its alerts, without the warm-up."""
    with sqlite3.connect(database) as db:
        rows = db.execute("SELECT a.id, p.at FROM alert a JOIN poll p ON p.id = a.poll")
        arrived = {alert: datetime.fromisoformat(at) for alert, at in rows}
    return [
        (end - arrived[alert]).total_seconds() / speed
        for alert, end in ends.items()
        if alert in arrived and arrived[alert] - starts > timedelta(seconds=WARM_UP_S * speed)
    ]


async def work(
    config: Path, addresses: list[str], speed: float, seconds: float, starts: datetime
) -> None:
    """Run the daemon in this process for `seconds`, and print the figures."""
    from tracker.daemon.run import Setup, run
    from tracker.notify.channels.apprise import AppriseChannel, check_urls
    from tracker.notify.channels.telegram import ChatPlace
    from tracker.notify.channels.telegram.channel import TelegramChannel
    from tracker.notify.channels.telegram.connection import TelegramConnection
    from tracker.settings import Secret, load_secrets, load_settings

    settings = load_settings(config)
    clock = ScaledClock(starts, speed)
    stop = asyncio.Event()
    late: list[float] = []
    hook, bot, token, chat = addresses
    check_urls([hook])
    watches = [Stopwatch("Apprise", clock), Stopwatch("Telegram", clock)]
    line = TelegramConnection(Secret(token), ChatPlace(int(chat)), api_url=bot)
    telegram = TelegramChannel(line)
    channels = [watches[0].on(AppriseChannel(hook)), watches[1].on(telegram)]
    heart = asyncio.create_task(beat(late))
    daemon = asyncio.create_task(
        run(
            Setup(
                settings,
                channels,
                clock,
                tell_nobody,
                seed=1,
                odds_key=load_secrets(settings).odds_key,
            ),
            stop,
        )
    )
    await SystemClock().sleep(seconds)
    memory = _rss_mb()
    stop.set()
    await daemon
    heart.cancel()
    warm = late[int(WARM_UP_S / HEARTBEAT_S) :]
    with sqlite3.connect(settings.store.path) as db:
        snapshots = db.execute("SELECT count(*) FROM snapshot").fetchone()[0]
        polls = db.execute("SELECT count(*) FROM poll").fetchone()[0]
        quotes, closes = (
            db.execute(f"SELECT count(*) FROM {x}").fetchone()[0]  # noqa: S608 - our names
            for x in ("quote", "closing")
        )
    print(f"{GAMES} live games, {BETS} bets, {speed:g} times as fast, for {seconds:g} s")
    print(f"  polls kept {polls}, snapshots {snapshots}, alerts {len(watches[0].handed)}")
    print(f"  quotes kept {quotes}, closes {closes}")
    print(f"  memory, end / peak           {memory:5.0f} / {_peak_mb():.0f} MB")
    print(
        f"  event loop late, p99 / max   {share(warm, 0.99) * 1e3:5.1f} / {max(warm) * 1e3:.1f} ms"
    )
    for watch in watches:
        for what, ends in (("hand-over", watch.handed), ("answer", watch.answered)):
            took = latencies(settings.store.path, speed, ends, starts)
            if took:
                print(
                    f"  poll to {watch.name}'s {what}, p50 / p99 {share(took, 0.5) * 1e3:5.1f} / "
                    f"{share(took, 0.99) * 1e3:.1f} ms"
                )
    await telegram.aclose()


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def serve(speed: float, starts: datetime) -> None:
    """Serve the feed and the channels' servers until killed; prints their addresses as JSON."""
    from tests.doubles.bot_api import CHAT, TOKEN, BotApi
    from tracker.cli.demo import webhook
    from tracker.replay.server import serving

    feed = serving(playbacks(), ScaledClock(starts, speed))
    async with feed as server, webhook() as hook, BotApi() as bot:
        print(json.dumps([server.url, hook.url, bot.url, TOKEN, str(CHAT)]), flush=True)
        await asyncio.Event().wait()


async def measure(
    speed: float,
    seconds: float,
    starts: datetime,
    quotes: str,
    beside: Callable[[Path], Coroutine[None, None, None]] | None = None,
) -> None:
    """Start the feed's process and the daemon's, and run `beside` until the daemon ends."""
    this = [sys.executable, "-m", "benchmarks.daemon", "--speed", str(speed)]
    this += ["--starts", starts.isoformat()]
    feed = await asyncio.create_subprocess_exec(*this, "--serve", stdout=asyncio.subprocess.PIPE)
    assert feed.stdout is not None
    try:
        url, *others = json.loads(await feed.stdout.readline())
        with tempfile.TemporaryDirectory() as name:
            config = write_files(Path(name), url, quotes)
            words = ["--seconds", str(seconds), "--daemon", str(config), *others]
            daemon = await asyncio.create_subprocess_exec(*this, *words)
            other = None
            if beside is not None:
                while not (Path(name) / "t.db").exists():
                    await SystemClock().sleep(0.2)
                other = asyncio.create_task(beside(config))
            await daemon.wait()
            if other is not None:
                other.cancel()
                await asyncio.wait([other])
    finally:
        feed.terminate()
        await feed.wait()


def main() -> None:
    """Measure, or run as one of the two processes."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--speed", type=float, default=10.0)
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    words.add_argument("--daemon", nargs="+", help=argparse.SUPPRESS)
    words.add_argument("--quotes", action="store_true", help="without and with quotes")
    words.add_argument("--starts", default=STARTS.isoformat(), help=argparse.SUPPRESS)
    given = words.parse_args()
    starts = datetime.fromisoformat(given.starts)
    if given.serve:
        asyncio.run(serve(given.speed, starts))
    elif given.daemon is not None:
        config, *addresses = given.daemon
        asyncio.run(work(Path(config), addresses, given.speed, given.seconds, starts))
    elif given.quotes:
        for quotes in ("none", "all"):
            print(f"quotes of {quotes}:", flush=True)
            asyncio.run(measure(given.speed, given.seconds, BEFORE, quotes))
    else:
        asyncio.run(measure(given.speed, given.seconds, starts, "default"))


if __name__ == "__main__":
    main()
