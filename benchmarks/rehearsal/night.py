"""Plays one night of a rehearsal with the real daemon and the replay feed, and measures it.

In virtual time both run in one process, and every figure in seconds is exact. In real time the feed
runs in a process of its own, so that this one has only the daemon's load. Run as a program, this
file is that other process: the server, or a probe that measures how late the machine wakes it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import pickle
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.rehearsal.slate import RULES, Wager, wagers
from tests.doubles.leap import DATABASE
from tests.doubles.leap import play as play_leaping
from tracker.clock import Clock, ScaledClock
from tracker.daemon.run import Setup, run
from tracker.domain.alert import Alert, Outcome, Sent
from tracker.domain.events import SystemEvent
from tracker.notify.channels import Message
from tracker.replay.faults import Fault
from tracker.replay.playback import Playback
from tracker.replay.server import Answer, Options, serving
from tracker.settings import load_settings
from tracker.store import Store

HEARTBEAT_S = 0.02
"""Real seconds between two beats of the probes."""

SAMPLE_S = 20.0
"""Clock seconds between two samples of what `tracker status` would show."""

TAKES = timedelta(milliseconds=200)
"""The time that an answer takes in virtual time."""


@dataclass(frozen=True, slots=True)
class Night:
    """The plan of a night, from `start` to `until`.

    `speed` is that of real time, None for virtual time.
    """

    name: str
    playbacks: Sequence[Playback]
    faults: Sequence[Fault]
    start: datetime
    until: datetime
    speed: float | None = None
    seed: int = 1


@dataclass(slots=True)
class Course:
    """Everything that was measured of a night.

    `late` holds the real seconds by which each heartbeat of the event loop was late, and `busy` the
    CPU seconds that the loop used meanwhile. `rss` is memory in MiB.
    """

    night: Night
    events: list[tuple[datetime, str, dict[str, str]]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    results: dict[tuple[str, str], tuple[str | None, int, bool]] = field(default_factory=dict)
    alerts: list[tuple[str, str, Alert]] = field(default_factory=list)
    chances: dict[tuple[str, str], list[tuple[datetime, float]]] = field(default_factory=dict)
    ages: list[tuple[datetime, str, datetime, str]] = field(default_factory=list)
    answered: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    machine_late: list[float] = field(default_factory=list)
    rss: list[tuple[datetime, float]] = field(default_factory=list)
    cpu_s: float = 0.0
    real_s: float = 0.0


class Quiet:
    """A channel that accepts every message at once."""

    name = "quiet"

    async def send(self, message: Message) -> Outcome:
        """Accept the message."""
        del message
        return Sent()


def play(night: Night, folder: Path) -> Course:
    """Play a whole night on a new database, and return what was measured."""
    began, cpu = time.monotonic(), time.process_time()
    if night.speed is None:
        course = play_leaping(lambda clock: _leaping(night, folder, clock), night.start, DATABASE)
    else:
        course = asyncio.run(_in_real_time(night, folder))
    course.cpu_s, course.real_s = time.process_time() - cpu, time.monotonic() - began
    return course


def play_alone(night: Night) -> Course:
    """Play a whole night in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        course = play(night, Path(folder))
    gc.collect()
    return course


def in_processes_of_their_own(*nights: Night) -> list[Course]:
    """Play nights in parallel, each in a new interpreter, so that its memory is its own."""
    names = " and ".join(night.name for night in nights)
    print(f"playing {names}", file=sys.stderr, flush=True)
    with multiprocessing.get_context("spawn").Pool(len(nights), maxtasksperchild=1) as pool:
        return pool.map(play_alone, nights, chunksize=1)


async def _leaping(night: Night, folder: Path, clock: Clock) -> Course:
    course = Course(night)
    options = Options(faults=night.faults, takes=TAKES)
    async with serving(night.playbacks, clock, options=options) as running:
        await _daemon(course, clock, write_files(night, folder, running.url))
        course.answers = list(running.answers)
    await _read(course, folder / "tracker.db")
    return course


async def _in_real_time(night: Night, folder: Path) -> Course:
    course = Course(night)
    async with _beside("probe") as probe:
        async with _server(night, folder) as (clock, url):
            await _daemon(course, clock, write_files(night, folder, url))
        answers = await asyncio.to_thread((folder / "answers").read_bytes)
        course.answers = pickle.loads(answers)  # noqa: S301 - our own
        probe.terminate()
        said, _ = await probe.communicate()
        course.machine_late = json.loads(said)
    await _read(course, folder / "tracker.db")
    return course


async def _daemon(course: Course, clock: Clock, config: Path) -> None:
    settings = load_settings(config)
    stop = asyncio.Event()
    night = course.night

    def tell(event: SystemEvent) -> None:
        course.events.append((clock.now(), event.name, event.figures))

    async with asyncio.TaskGroup() as tasks:
        probes = [tasks.create_task(_watch(course, settings.store.path, clock))]
        if night.speed is not None:
            probes.append(tasks.create_task(_heart(course)))
        tasks.create_task(run(Setup(settings, [Quiet()], clock, tell, seed=night.seed), stop))
        await clock.sleep((night.until - clock.now()).total_seconds())
        for probe in probes:
            probe.cancel()
        stop.set()


async def _heart(course: Course) -> None:
    while True:
        due, busy = time.monotonic() + HEARTBEAT_S, time.thread_time()
        await asyncio.sleep(HEARTBEAT_S)
        course.late.append(time.monotonic() - due)
        course.busy.append(time.thread_time() - busy)


async def _watch(course: Course, path: Path, clock: Clock) -> None:
    """Sample what `tracker status` would show, and the memory in use, until cancelled."""
    while not await asyncio.to_thread(path.exists):
        await clock.sleep(5)
    await clock.sleep(30)
    async with await Store.open(path, now=clock.now(), readonly=True) as store:
        while True:
            now = clock.now()
            view = await store.status_view()
            for game in view.games:
                if game.state is not None and game.state.phase.in_play and game.seen_at:
                    phase = game.state.phase.value
                    course.ages.append((now, game.game.id, game.seen_at, phase))
            for source in view.sources:
                if source.source == "nba":
                    course.answered.append((now, source.last_ok_at))
            course.rss.append((now, memory_mib()))
            await clock.sleep(SAMPLE_S)


def memory_mib() -> float:
    """The memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _read(course: Course, path: Path) -> None:
    async with await Store.open(path, now=course.night.until, readonly=True) as store:
        for bet in await store.bets_view():
            view = await store.show_view(bet.number)
            name = "" if bet.game is None else bet.game.name
            official = bool(view and view.settlements and view.settlements[-1].official_at)
            result = None if bet.result is None else bet.result.value
            course.results[name, bet.draft.pick.text] = (result, bet.revision, official)
            seen = [(x.snapshot.game.at, x.snapshot.chance) for x in view.snapshots] if view else []
            course.chances[name, bet.draft.pick.text] = [
                (at, p.win) for at, p in seen if p is not None
            ]
            fired = [x.alert for x in view.alerts] if view else []
            course.alerts += [
                (name, bet.draft.pick.text, x) for x in fired if x.decision.value == "fired"
            ]


def write_files(night: Night, folder: Path, url: str) -> Path:
    """Write a night's bets and a configuration on the feed at `url`; returns the latter."""
    rows = [
        _row(bet, (playback.scheduled - timedelta(hours=11)).date().isoformat())
        for playback in night.playbacks
        for bet in wagers(playback)
    ]
    (folder / "bets.toml").write_text("\n".join(rows), "utf-8")
    config = folder / "tracker.toml"
    rules = ", ".join(f'"{rule}"' for rule in RULES)
    config.write_text(
        f'[store]\npath = "tracker.db"\n[bets]\nfile = "bets.toml"\n'
        f'[feeds.nba]\nbase_url = "{url}"\n[feeds.espn]\nbase_url = "{url}"\n'
        f"[notify]\nconsole = false\n[rules]\ndefault = [{rules}]\n",
        "utf-8",
    )
    return config


def _row(bet: Wager, day: str) -> str:
    return f'[[bet]]\npick = "{bet.pick}"\ngame = "{bet.game} {day}"\nodds = -110\nstake = 11.0\n'


@asynccontextmanager
async def _beside(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.rehearsal.night", *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def _server(night: Night, folder: Path) -> AsyncIterator[tuple[ScaledClock, str]]:
    """Run the feed in another process, which writes its answers to a file at the end.

    Both run on one clock, which starts when the feed is ready, so that no night loses its
    beginning.
    """
    plan = folder / "plan"
    plan.write_bytes(pickle.dumps(night))
    async with _beside("serve", str(plan), str(folder / "answers")) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        await process.stdout.readline()
        clock = ScaledClock(night.start, night.speed or 1.0)
        process.stdin.write(f"{clock.anchor.isoformat()}\n".encode())
        yield clock, (await process.stdout.readline()).decode().strip()
        process.stdin.close()
        await process.wait()


async def serve(plan: Path, answers: Path) -> None:
    """Serve the feed of a night until standard input ends, then write its answers to a file."""
    night: Night = pickle.loads(await asyncio.to_thread(plan.read_bytes))  # noqa: S301 - our own
    print("ready", flush=True)
    anchor = datetime.fromisoformat((await asyncio.to_thread(sys.stdin.readline)).strip())
    clock = ScaledClock(night.start, night.speed or 1.0, anchor)
    options = Options(faults=night.faults)
    async with serving(night.playbacks, clock, options=options) as running:
        print(running.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        done = pickle.dumps(list(running.answers))
        await asyncio.to_thread(answers.write_bytes, done)


def _probe() -> None:
    """Measure how late the machine wakes an idle process, a bound for every other program."""
    import signal

    late: list[float] = []

    def done(*_: object) -> None:
        print(json.dumps(sorted(late)[-20_000:]), flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, done)
    while True:
        due = time.monotonic() + HEARTBEAT_S
        time.sleep(HEARTBEAT_S)
        late.append(time.monotonic() - due)


if __name__ == "__main__":
    # The pickled classes belong to the module by its name, not to `__main__`.
    from benchmarks.rehearsal import night

    if sys.argv[1] == "probe":
        _probe()
    else:
        asyncio.run(night.serve(Path(sys.argv[2]), Path(sys.argv[3])))
