"""What the program says of itself: started, stopped, a feed lost, a channel refused, its end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tracker import __version__
from tracker.clock import Clock
from tracker.daemon.track import AlertPolicy
from tracker.domain.events import (
    AlertRefused,
    AlertSent,
    BetRewritten,
    BetsMistake,
    ChoreFailed,
    DigestRefused,
    DigestSent,
    GameBack,
    GameLeft,
    GameLost,
    StoreLost,
    StoreRecovered,
    SystemEvent,
    Tell,
)
from tracker.domain.money import plural
from tracker.domain.policy import Level
from tracker.domain.tracking import GameTracking
from tracker.engine.decide.advance import GAME_LOST_AFTER
from tracker.notify.channels import Channel, Message
from tracker.store import Store
from tracker.wording.alerts import data_back, no_data

STARTED, STOPPED = "started", "stopped"

MISTAKE = "bets_mistake"

MISTAKES_TOLD_EVERY = timedelta(days=1)
"""The same mistake in the bets is told no more often, however often the program is started."""

NO_DATA, DATA_BACK = "feed_lost", "feed_found"

STARTS_TOLD_EVERY = timedelta(hours=1)
"""Starts within this time of one that was told are not told: a crash loop must not be a storm."""

GATHER_S = 20.0
"""Seconds from the first game without data to the message, so that it names all that are hit."""

LAST_WORDS = 1.5
"""Most real seconds that the channels are given to carry what is waiting when the program stops."""

TOLD_EVERY = timedelta(hours=1)
"""The same kind of end is told no more often: a service may be started every few seconds."""

LIMIT = 10.0
"""Real seconds that the channels are given."""

ENDED, NOT_STARTED, TAKEN_BACK = "ended", "not-started", "runs"

STEADY_S, STEADIER_S = 60.0, 600.0
"""Real seconds that a program has to run before it takes back that it had ended; the longer ones
after a first time within the hour, so that one which dies every minute is no storm."""

_HOUR_S = TOLD_EVERY.total_seconds()


@dataclass(frozen=True, slots=True)
class _Word:
    """Something to be said, on every channel but one."""

    kind: str
    text: str
    level: Level
    but: str = ""


class SystemNotices:
    """Turns what happens to the program into messages, through the same outbox as alerts.

    What the database itself cannot take is sent past it.
    """

    def __init__(
        self,
        store: Store,
        alert_policy: AlertPolicy,
        clock: Clock,
        channels: Sequence[Channel],
        ring: Callable[[], None],
    ) -> None:
        """`ring` wakes the channels once something is on disk."""
        self._store = store
        self._alert_policy = alert_policy
        self._clock = clock
        self._channels = channels
        self._ring = ring
        self._words: asyncio.Queue[_Word] = asyncio.Queue()
        self._cries: asyncio.Queue[str] = asyncio.Queue()
        self._refusing: set[str] = set()
        self._away: dict[str, None] = {}
        self._hit: dict[str, None] = {}
        self._dark = asyncio.Event()
        self._dark_since = 0.0
        self._trouble = ""
        self._told_dark = False

    @property
    def blind(self) -> bool:
        """Whether the data of any game that is played are away."""
        return bool(self._away)

    def hearing(self, tell: Tell) -> Tell:
        """The log's ear, with this one beside it: some events are worth a message."""

        def both(event: SystemEvent) -> None:
            tell(event)
            self._hear(event)

        return both

    def _hear(self, event: SystemEvent) -> None:
        match event:
            case AlertRefused() | DigestRefused():
                self._refused(event.channel, event.why)
            case AlertSent() | DigestSent():
                self._refusing.discard(event.channel)
            case StoreLost():
                self._cries.put_nowait(
                    f"⚠ tracker cannot write its database: {event.why}\n"
                    "Nothing new is decided until it can; what was decided is safe."
                )
            case StoreRecovered():
                self._say("store_back", "✓ tracker can write its database again", Level.DEFAULT)
            case BetsMistake():
                self._say(MISTAKE, f"⚠ {event.what}", Level.DEFAULT)
            case BetRewritten():
                self._say("bet_rewritten", f"✎ {event.what}", Level.DEFAULT)
            case ChoreFailed():
                text = f"⚠ The {event.chore} of today failed: {event.detail}\nSee tracker chores."
                self._say(f"chore_{event.chore}", text, Level.DEFAULT)
            case GameLost():
                self._lost(event.game, event.what)
            case GameBack() | GameLeft():
                self._back(event.game)
            case _:
                pass

    def _refused(self, channel: str, why: str) -> None:
        if channel in self._refusing:
            return
        self._refusing.add(channel)
        text = f"⚠ {channel} refuses messages: {why}\nTry it with tracker test-alert once mended."
        self._say("channel_refused", text, Level.URGENT, but=channel)

    def _lost(self, game: str, trouble: str) -> None:
        if not self._away:
            self._dark_since, self._trouble = self._clock.monotonic(), trouble
            self._dark.set()
        self._away[game] = None
        self._hit[game] = None

    def _back(self, game: str) -> None:
        if self._away.pop(game, game) is None and not self._away:
            if self._told_dark:
                away = self._clock.monotonic() - self._dark_since + GAME_LOST_AFTER.total_seconds()
                text = data_back(tuple(self._hit), away, self._trouble)
                self._say(DATA_BACK, text, Level.LOW)
            self._told_dark = False
            self._hit.clear()

    async def recall(self, trackings: Sequence[GameTracking]) -> None:
        """Take up which games are without data, and whether that was told before a restart."""
        lost = [x for x in trackings if x.lost and x.tracked and not x.settled]
        if not lost:
            return
        now = self._clock.now()
        since = min(x.seen_at or now for x in lost)
        known = (now - since - GAME_LOST_AFTER).total_seconds()
        self._dark_since = self._clock.monotonic() - max(0.0, known)
        self._away = dict.fromkeys(x.game.name for x in lost)
        self._hit = dict(self._away)
        last = await self._store.alerting.last_notice((NO_DATA, DATA_BACK))
        self._told_dark = last is not None and last[0] == NO_DATA and last[1] >= since
        if not self._told_dark:
            self._dark.set()

    def jobs(self) -> tuple[Coroutine[None, None, None], ...]:
        """The loops to run."""
        return self.run(), self.cry(), self.watch_outages()

    async def watch_outages(self) -> None:
        """Tell, for ever, when games are without data: once for all that one fault hits."""
        while True:
            await self._dark.wait()
            self._dark.clear()
            await self._clock.sleep(GATHER_S)
            if self._away and not self._told_dark:
                self._told_dark = True
                text = no_data(tuple(self._hit), self._trouble)
                self._say(NO_DATA, text, Level.DEFAULT)

    def _say(self, kind: str, text: str, level: Level, *, but: str = "") -> None:
        self._words.put_nowait(_Word(kind, text, level, but))

    async def run(self) -> None:
        """Put what is to be said into the outbox, for ever."""
        while True:
            await self._keep(await self._words.get())

    async def cry(self) -> None:
        """Send what cannot be written down straight to every channel, for ever."""
        while True:
            message = Message(await self._cries.get(), (), Level.URGENT)
            await asyncio.gather(*(x.send(message) for x in self._channels))

    async def take_back(self, ends: EndsTold, real: Clock, games: Callable[[], int]) -> None:
        """Say that the program runs, once it has for a while, where its end was told before."""
        if not ends.stand():
            return
        await real.sleep(ends.steady_s)
        if not ends.stand():
            return
        ends.take_back()
        text = f"✓ tracker runs again, following {plural(games(), 'game')}"
        self._say(STARTED, text, Level.DEFAULT)

    async def started(self, games: int, ends: EndsTold | None = None) -> None:
        """Say that the program is there, and whether it had been stopped or had died.

        Where that is told, it takes back an end that was told before.
        """
        now = self._clock.now()
        last = await self._store.alerting.last_notice((STARTED, STOPPED))
        if last is not None and last[0] == STARTED and abs(now - last[1]) < STARTS_TOLD_EVERY:
            return
        died = last is not None and last[0] == STARTED
        how = " again; it had not been stopped" if died else ""
        follows = f"following {plural(games, 'game')}"
        level = Level.DEFAULT if died else Level.INFO
        await self._keep(
            _Word(STARTED, f"tracker {__version__} has started{how}, {follows}", level)
        )
        if ends is not None and ends.stand():
            ends.take_back()

    async def farewell(self, real: Clock) -> None:
        """Say that this is the end, and give the channels a moment to carry it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self.stopped()
                while any([await self._waits(x.name) for x in self._channels]):
                    await real.sleep(LAST_WORDS / 20)

    async def _waits(self, channel: str) -> bool:
        due = await self._store.next_due(channel)
        return due is not None and due <= self._clock.now()

    async def stopped(self) -> None:
        """Say that the program was asked to stop, and write down what was still to be said."""
        while not self._words.empty():
            await self._keep(self._words.get_nowait())
        await self._keep(_Word(STOPPED, "tracker was stopped: nothing is watched", Level.INFO))

    async def _keep(self, word: _Word) -> None:
        if word.kind == MISTAKE and await self._store.alerting.said_since(
            word.kind, word.text, self._clock.now() - MISTAKES_TOLD_EVERY
        ):
            return
        notice = self._alert_policy.notice(word.kind, word.text, self._clock.now(), word.level)
        names = [x.name for x in self._channels if x.name != word.but]
        if notice is not None and await self._store.alerting.notice(notice, names):
            self._ring()


class EndsTold:
    """Remembers, beside a database that may be broken, which ends of the program were told."""

    def __init__(self, store: Path, real: Clock, folder: Path | None = None) -> None:
        """`store` is the database's path, which tells programs of one machine apart.

        `folder` is where it is remembered what was told; else the first of the machine's places
        for such things that can be written.
        """
        self._name = hashlib.sha256(str(store).encode()).hexdigest()[:12]
        self._real = real
        self._folders = _places() if folder is None else [folder]

    def stand(self) -> bool:
        """Whether an end was told, and not yet that the program runs again."""
        times = [x for x in map(self._told, (ENDED, NOT_STARTED)) if x is not None]
        return bool(times) and max(times) > (self._told(TAKEN_BACK) or 0.0)

    @property
    def steady_s(self) -> float:
        """Real seconds of running after which the end is taken back."""
        return STEADIER_S if self._lately(self._told(TAKEN_BACK)) else STEADY_S

    def first(self, kind: str) -> bool:
        """Whether to tell this kind of end, which then counts as told.

        Not where it was told within the hour and still stands.
        """
        before = self._told(kind)
        if self._lately(before) and (before or 0.0) > (self._told(TAKEN_BACK) or 0.0):
            return False
        self._tell(kind)
        # Where nothing can be remembered, once too often is better than never.
        return True

    def take_back(self) -> None:
        """Remember that the program runs again, and that this was said."""
        self._tell(TAKEN_BACK)

    def _lately(self, at: float | None) -> bool:
        return at is not None and 0 <= self._real.now().timestamp() - at < _HOUR_S

    def _marks(self, kind: str) -> list[Path]:
        return [x / f"tracker-{os.geteuid()}-{self._name}.{kind}" for x in self._folders]

    def _told(self, kind: str) -> float | None:
        """When this was told last, in seconds since 1970."""
        for mark in self._marks(kind):
            with suppress(OSError):
                handle = os.open(mark, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                with os.fdopen(handle) as file:
                    return _number(file.read(32))
        return None

    def _tell(self, kind: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        for mark in self._marks(kind):
            with suppress(OSError):
                with os.fdopen(os.open(mark, flags, 0o600), "w") as file:
                    file.write(str(self._real.now().timestamp()))
                return


class FailureNotice:
    """Tells every channel that the program is at its end."""

    def __init__(self, channels: Sequence[Channel], ends: EndsTold) -> None:
        """`ends` is what was told before."""
        self._channels = channels
        self._ends = ends

    async def send(self, why: str, *, running: bool) -> None:
        """Send it, unless that was done lately. `running` is whether the program had started."""
        if not self._ends.first(ENDED if running else NOT_STARTED):
            return
        text = (
            f"⚠ tracker has ended: {why}\nNothing is watched until it runs again."
            if running
            else f"⚠ tracker cannot start: {why}\nNothing is watched until it can."
        )
        message = Message(text, (), Level.URGENT)
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT):
                sending = (channel.send(message) for channel in self._channels)
                await asyncio.gather(*sending, return_exceptions=True)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _places() -> list[Path]:
    """Where something may be remembered over a restart of the program, but not of the machine."""
    named = [os.environ.get("RUNTIME_DIRECTORY", ""), os.environ.get("XDG_RUNTIME_DIR", "")]
    found = [Path(x) for x in named if x]
    return [*found, Path("/dev/shm"), Path(tempfile.gettempdir())]  # noqa: S108 - cleared at boot
