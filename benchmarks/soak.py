"""Runs the daemon for three days of virtual time: games, faults, cuts, a bad channel, all chores.

`python -m benchmarks.soak [--hours 72] [--games 4] [--cuts 60]`; with `--cuts 0` the daemon is
never restarted. Each evening games are played with every fault of the feed at least once. The
daemon is cut off at random moments, drawn by a seed, and started again. Its channel loses answers,
and its chores (refresh, injuries, monitors, back-up, drill) are done when they are due.

At the end every result must agree with the real final, every alert must have an end and every
repeat a flag, the database must be sound, memory and open files must not have grown, and the last
back-up must restore with the same content. A cut here is a cancelled daemon, so that days pass in
minutes; `benchmarks/kills.py` does real `kill -9`.

Memory is that of daemon and feed together, each hour after a garbage collection. It must not be
more than FLAT above that at the end of the first day, by when every part has run once: a night of
games and every daily chore. Both figures are printed, and that of the first hour.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.rehearsal.night import TAKES, Night, memory_mib, write_files
from benchmarks.rehearsal.slate import TIP_OFF, bad_night, games, truth
from tests.doubles.leap import DATABASE, play
from tracker.app.backups import TrackerFiles, back_up
from tracker.app.monitors import watch
from tracker.app.refresh import Part, Refresh
from tracker.app.restoring import drill
from tracker.clock import Clock
from tracker.daemon.bot import CommandRun
from tracker.daemon.run import Setup, run
from tracker.daemon.watchers.chores import Runners
from tracker.domain import TrackerError
from tracker.domain.alert import Failed, Outcome, Sent, Unknown
from tracker.domain.events import SystemEvent
from tracker.feeds.feeds import open_feeds
from tracker.forecast import load_parameters
from tracker.host import give_back_memory
from tracker.notify.channels import Message
from tracker.replay.playback import Playback
from tracker.replay.server import Options, serving
from tracker.settings import Settings, load_settings
from tracker.store import Store

START = TIP_OFF - timedelta(hours=12)
FLAT = 0.05
"""The share by which memory may grow from the end of the first day to the end of the last."""


@dataclass
class Flaky:
    """A channel that loses one answer in ten and refuses one message in twenty.

    It counts the repeats that it gets, flagged and not.
    """

    rng: random.Random
    got: Counter[int] = field(default_factory=Counter)
    unflagged: int = 0
    flagged: int = 0
    name: str = "flaky"

    async def send(self, message: Message) -> Outcome:
        """Take the message, or fail, or lose the answer, at random."""
        draw = self.rng.random()
        if draw < 0.05:
            return Failed("the service is away", 5.0)
        again = [x for x in message.alert_ids if self.got[x]]
        if again and message.possible_repeat:
            self.flagged += 1
        elif again:
            self.unflagged += 1
        self.got.update(message.alert_ids)
        return Unknown("no answer") if draw < 0.15 else Sent()


@dataclass
class Chores:
    """Does the daemon's chores in this process, on the daemon's clock."""

    settings: Settings
    config: Path
    clock: Clock
    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    async def __call__(self, *args: str) -> CommandRun:
        """Do the chore that a command would do, and return its outcome."""
        what = " ".join(args)
        try:
            said = await self._do(args, self.clock.now())
        except TrackerError as why:
            self.failed[what] += 1
            return CommandRun(1, "", f"error: {why}")
        self.done[what] += 1
        return CommandRun(0, said, "")

    async def _do(self, args: tuple[str, ...], now: datetime) -> str:
        place = TrackerFiles.of(self.settings, self.config)
        match args:
            case ("backup", "--full"):
                return str((await back_up(place, self.settings, now)).backup.rows)
            case ("backup", "--drill"):
                return (await drill(place, self.settings, now)).outcome
            case ("monitors", "--update"):
                async with await Store.open(place.database, now=now) as store:
                    await watch(store, ["nba"], load_parameters, now)
                return "watched"
            case _:
                parts = [Part.INJURIES] if "injuries" in args else list(Part)
                return await self._refresh(place, parts)

    async def _refresh(self, place: TrackerFiles, parts: list[Part]) -> str:
        opening = open_feeds(self.settings.feeds, self.clock)
        async with (
            opening as feeds,
            await Store.open(place.database, now=self.clock.now()) as store,
        ):
            found = await Refresh(store, feeds, self.clock, load_parameters).run("nba", parts)
        if gaps := [x.text for x in found if not x.whole]:
            raise TrackerError("; ".join(gaps))
        return found[-1].text


@dataclass
class Seen:
    """What was measured each hour, `(hours, MiB, open files, MB on disk)`, and found at the end."""

    hours: list[tuple[float, float, int, float]] = field(default_factory=list)
    cuts: int = 0
    chores: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    found: dict[str, float | str] = field(default_factory=dict)


def slate(nights: int, count: int, seed: int) -> Night:
    """The plan of `nights` evenings with `count` games each, and every fault on each evening."""
    playbacks: list[Playback] = []
    faults = []
    for night in range(nights):
        by = timedelta(days=night)
        tonight = [
            replace(x, recording=replace(x.recording, id=f"00225{7 + night}{n:04d}"))
            for n, x in enumerate(games(count))
        ]
        faults += [replace(x, start=x.start + by) for x in bad_night(tonight, seed + night)]
        playbacks += [replace(x, tip_off=x.scheduled + by) for x in tonight]
    return Night("soak", playbacks, faults, START, START + timedelta(days=nights), None, seed)


async def soak(night: Night, folder: Path, clock: Clock, hours: int, cuts: int) -> Seen:
    """Run the daemon for `hours`, cut off about `cuts` times, and check everything at the end."""
    seen, rng = Seen(), random.Random(night.seed)  # noqa: S311 - repeatable
    until = night.start + timedelta(hours=hours)
    channel = Flaky(random.Random(night.seed + 1))  # noqa: S311 - repeatable
    options = Options(faults=night.faults, takes=TAKES)
    async with serving(night.playbacks, clock, options=options) as running:
        config = write_files(night, folder, running.url)
        settings = load_settings(config)
        chores = Chores(settings, config, clock)
        looking = asyncio.create_task(_look(seen, night.start, settings.store.path, clock))
        while clock.now() < until:
            left = (until - clock.now()).total_seconds()
            life = min(left, rng.expovariate(cuts / (hours * 3600)) if cuts else left)
            await _life(settings, channel, clock, chores, life, cut=life < left)
            seen.cuts += life < left
            await clock.sleep(rng.uniform(1, 40))
        looking.cancel()
        seen.chores, seen.failed = chores.done, chores.failed
        await _conclude(seen, night, settings, config, channel, clock)
    return seen


async def _life(
    settings: Settings, channel: Flaky, clock: Clock, chores: Chores, lasts: float, *, cut: bool
) -> None:
    stop = asyncio.Event()

    def tell(_: SystemEvent) -> None:
        pass

    daemon = asyncio.create_task(
        run(Setup(settings, [channel], clock, tell, seed=7, runners=Runners(chores, chores)), stop)
    )  # fmt: skip
    await clock.sleep(lasts)
    if cut:
        daemon.cancel()
    stop.set()
    await asyncio.gather(daemon, return_exceptions=True)
    if not cut:
        daemon.result()
    # The end of a process would free this memory.
    del daemon
    gc.collect()
    give_back_memory()


async def _look(seen: Seen, since: datetime, path: Path, clock: Clock) -> None:
    while True:
        await clock.sleep(3600)
        gc.collect()
        hours = (clock.now() - since).total_seconds() / 3600
        seen.hours.append((hours, memory_mib(), *_files_of(path)))
        print(
            f"{hours:5.1f} h {memory_mib():.0f} MiB, {seen.cuts} cuts", file=sys.stderr, flush=True
        )


def _files_of(path: Path) -> tuple[int, float]:
    """The number of open files, and the size of the database in MB."""
    size = sum(x.stat().st_size for x in path.parent.glob(path.name + "*")) / 1e6
    return len(list(Path("/proc/self/fd").iterdir())), size


def lost_alerts(database: Path, channel: Flaky, now: datetime) -> int:
    """The alerts without a delivery, marked as sent but never received, or stuck for an hour."""
    with closing(sqlite3.connect(database)) as db:
        sent = {x for (x,) in db.execute("SELECT alert FROM delivery WHERE state = 'sent'")}
        (without,) = db.execute(
            "SELECT count(*) FROM alert WHERE decision = 'fired'"
            " AND id NOT IN (SELECT alert FROM delivery)"
        ).fetchone()
        due = db.execute("SELECT due_at FROM delivery WHERE state IN ('due', 'sending')").fetchall()
    stuck = sum(datetime.fromisoformat(x) < now - timedelta(hours=1) for (x,) in due)
    return int(without) + len(sent - set(channel.got)) + stuck


async def _conclude(
    seen: Seen, night: Night, settings: Settings, config: Path, channel: Flaky, clock: Clock
) -> None:
    place, now = TrackerFiles.of(settings, config), clock.now()
    async with await Store.open(place.database, now=now) as store:
        bets = await store.bets_view()
        seen.found["integrity"] = await store.check()
    lost = lost_alerts(place.database, channel, now)
    wanted = {
        (x.recording.name, pick): result
        for x in night.playbacks
        for pick, result in truth(x, night.faults).items()
    }
    played = Counter[str]()
    for x in bets:
        told = "" if x.result is None else x.result.value
        name = "" if x.game is None else x.game.name
        played["right" if wanted.get((name, x.draft.pick.text)) == told else told or "open"] += 1
    await back_up(place, settings, now + timedelta(seconds=1))
    tried = await drill(place, settings, now + timedelta(seconds=2))
    seen.found |= {
        "bets": len(bets), "results": str(dict(played)), "alerts delivered": len(channel.got),
        "lost": lost, "flagged repeats": channel.flagged, "unflagged": channel.unflagged,
        "restore drill": tried.outcome,
    }  # fmt: skip


def report(seen: Seen, took: float, hours: int) -> int:
    """Print the figures; returns 1 when a promise was broken."""
    first = [x for x in seen.hours if 20 <= x[0] <= 24] or seen.hours[:1]
    last = seen.hours[-5:]
    before, after = (statistics.median(x[1] for x in part) for part in (first, last))
    handles = [statistics.median(x[2] for x in part) for part in (first, last)]
    print(f"{hours} h in {took / 60:.1f} min: {seen.cuts} cuts")
    print(f"chores done {dict(seen.chores)}, failed and tried again {dict(seen.failed)}")
    print(f"memory {before:.1f} -> {after:.1f} MiB ({after / before - 1:+.1%}), feed included; "
          f"{seen.hours[0][1]:.1f} after the first hour")  # fmt: skip
    print(f"file handles {handles[0]:.0f} -> {handles[1]:.0f}")
    print("database MB at 24 h steps: " + ", ".join(f"{x[3]:.1f}" for x in seen.hours[23::24]))
    for name, value in seen.found.items():
        print(f"{name}: {value}")
    broken = (
        after > before * (1 + FLAT), handles[1] > handles[0] + 2, seen.found["integrity"] != "ok",
        seen.found["lost"], seen.found["unflagged"], seen.found["restore drill"] != "ok",
    )  # fmt: skip
    return int(any(broken))


def main() -> int:
    """Run by the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=72)
    parser.add_argument("--games", type=int, default=4)
    parser.add_argument("--cuts", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    night = slate(-(-given.hours // 24), given.games, given.seed)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        seen = play(
            lambda clock: soak(night, Path(folder), clock, given.hours, given.cuts),
            night.start,
            DATABASE,
        )
    return report(seen, time.monotonic() - begun, given.hours)


if __name__ == "__main__":
    sys.exit(main())
