"""Notices of the program about itself: started, stopped, games without data, a channel refused.

`SystemNotices` sends them while the daemon runs. `FailureNotice` reports the end of a program that
has failed.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from tracker import __version__
from tracker.clock import Clock
from tracker.daemon.alert_policy import AlertPolicy
from tracker.domain.alert import Notice
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
    GameUnfinished,
    ModelRefused,
    StoreLost,
    StoreRecovered,
    SystemEvent,
    Tell,
)
from tracker.domain.policy import Level
from tracker.domain.poll import LOST_STILL_AFTER, STOOD_STILL, still_since
from tracker.domain.tracking import GameTracking
from tracker.engine.decide.advance import GAME_LOST_AFTER
from tracker.notify.channels import Channel, Message
from tracker.store import Store
from tracker.wording.alerts import data_back, no_data

STARTED, STOPPED = "started", "stopped"

MISTAKE = "bets_mistake"

MISTAKES_TOLD_EVERY = timedelta(days=1)
"""Time before the same mistake in the bets, or fault of a model, is reported again, however often
the program starts."""

NO_DATA, DATA_BACK = "feed_lost", "feed_found"

LOOK_UPS = frozenset({"refresh", "injuries", "monitors"})
LOOK_UPS_TOLD_EVERY = timedelta(days=7)
"""The chores that look things up, and the time before a failure that goes on is reported again: a
box score that never comes is missed each morning for a week."""

STARTS_TOLD_EVERY = timedelta(hours=1)
"""A start within this time of one that was reported is not reported: a crash loop must not cause a
storm of messages."""

GATHER_S = 20.0
"""Seconds from the first game without data to the message, so that it names all games affected."""

STOPPING_S = 1.5
"""Real seconds that the channels have to send what is waiting when the program stops."""

TOLD_EVERY = timedelta(hours=1)
"""Time before the same kind of end is reported again: a service may be started every few
seconds."""

LIMIT = 10.0
"""Real seconds that the channels have to send a failure notice."""

ENDED, NOT_STARTED, RECOVERED = "ended", "not-started", "runs"

STEADY_S, STEADIER_S = 60.0, 600.0
"""Real seconds that a program must run before it reports that it runs again after a failure. The
longer one applies for an hour after such a report, so that a program which dies every minute does
not cause a storm."""

_HOUR_S = TOLD_EVERY.total_seconds()


@dataclass(frozen=True, slots=True)
class _Pending:
    """A notice to send on every channel except the one named `but`.

    One that is `kept_back` is not sent where the same was said within MISTAKES_TOLD_EVERY, and one
    that comes `seldom` not where one of its kind was within that time.
    """

    kind: str
    text: str
    level: Level
    but: str = ""
    kept_back: bool = False
    seldom: timedelta | None = None


class _Outage(NamedTuple):
    """A game without data: why, and since when in monotonic seconds."""

    trouble: str
    since: float


class SystemNotices:
    """Turns events of the program into notices, sent through the same outbox as alerts.

    A notice that the database cannot be written is sent past the outbox, straight to the channels.
    """

    def __init__(
        self,
        store: Store,
        alert_policy: AlertPolicy,
        clock: Clock,
        channels: Sequence[Channel],
        wake_channels: Callable[[], None],
    ) -> None:
        """`wake_channels` is called once a notice is on disk."""
        self._store = store
        self._alert_policy = alert_policy
        self._clock = clock
        self._channels = channels
        self._wake_channels = wake_channels
        self._pending: asyncio.Queue[_Pending] = asyncio.Queue()
        self._urgent: asyncio.Queue[str] = asyncio.Queue()
        self._refusing: set[str] = set()
        self._without_data: dict[str, _Outage] = {}
        self._reported: set[str] = set()
        self._returned: dict[str, tuple[str, float]] = {}
        """What the trouble was with games that have their data back, and its seconds."""
        self._outage = asyncio.Event()

    @property
    def has_outage(self) -> bool:
        """Whether any followed game is without data."""
        return bool(self._without_data)

    def hearing(self, tell: Tell) -> Tell:
        """Wrap `tell`: events go to it, and those worth a message become notices too."""

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
                self._urgent.put_nowait(
                    f"⚠ tracker cannot write its database: {event.why}\n"
                    "Nothing new is decided until it can; what was decided is safe."
                )
            case StoreRecovered():
                self._say("store_back", "✓ tracker can write its database again", Level.DEFAULT)
            case BetsMistake() | ModelRefused():
                self._pending.put_nowait(_fault(event))
            case BetRewritten():
                self._say("bet_rewritten", f"✎ {event.what}", Level.DEFAULT)
            case ChoreFailed():
                text = f"⚠ The {event.chore} of today failed: {event.detail}\nSee tracker chores."
                goes_on = event.again and event.chore in LOOK_UPS
                kind, seldom = f"chore_{event.chore}", LOOK_UPS_TOLD_EVERY if goes_on else None
                self._pending.put_nowait(_Pending(kind, text, Level.DEFAULT, seldom=seldom))
            case GameLost():
                self._lost(event.game, event.what)
            case GameBack() | GameLeft() | GameUnfinished():
                self._found(event)

    def _refused(self, channel: str, why: str) -> None:
        if channel in self._refusing:
            return
        self._refusing.add(channel)
        text = f"⚠ {channel} refuses messages: {why}\nTry it with tracker test-alert once mended."
        self._say("channel_refused", text, Level.URGENT, but=channel)

    def _lost(self, game: str, trouble: str) -> None:
        """Note a game without data, since the last good poll of it."""
        _, away = self._returned.pop(game, ("", _lost_after(trouble).total_seconds()))
        self._without_data[game] = _Outage(trouble, self._clock.monotonic() - away)
        self._outage.set()

    def _found(self, event: GameBack | GameLeft | GameUnfinished) -> None:
        """Note that a game's data are back, or that nobody waits for them: a person was asked."""
        game = event.game
        found = self._without_data.pop(game, None)
        if not isinstance(event, GameBack):
            self._returned.pop(game, None)
            self._reported.discard(game)
        elif found is not None and game in self._reported:
            self._returned[game] = found.trouble, self._clock.monotonic() - found.since
            self._outage.set()
            if self._reported <= self._returned.keys():
                self._say_back()

    def _say_back(self) -> None:
        """Report the games whose data are back."""
        if self._returned:
            self._reported.difference_update(self._returned)
            self._say(DATA_BACK, data_back(self._returned), Level.LOW)
            self._returned = {}

    async def recall(self, trackings: Sequence[GameTracking]) -> None:
        """After a restart, load which games are without data, and whether that was reported."""
        awaited = [x for x in trackings if any(y.asks is None for y in x.tracked)]
        lost = [x for x in awaited if x.lost and not x.settled]
        if not lost:
            return
        now, last = self._clock.now(), await self._store.alerting.last_notice((NO_DATA,))
        for x in lost:
            still = still_since(x.state, x.changed_at, x.seen_at)
            trouble = "" if still is None else STOOD_STILL
            waited = _lost_after(trouble)
            since = still or x.seen_at or now - waited
            away = max(now - since, waited).total_seconds()
            self._without_data[x.game.title] = _Outage(trouble, self._clock.monotonic() - away)
            if last is not None and last[1] >= since + waited:
                self._reported.add(x.game.title)
        self._outage.set()

    def jobs(self) -> tuple[Coroutine[None, None, None], ...]:
        """The loops to run."""
        return self.run(), self.send_urgent(), self.watch_outages()

    async def watch_outages(self) -> None:
        """Report games that lose their data or have them back, for ever.

        One message for all games that one fault affects.
        """
        while True:
            await self._outage.wait()
            self._outage.clear()
            await self._clock.sleep(GATHER_S)
            self._say_back()
            without_data = self._without_data.items()
            lost = {game: x.trouble for game, x in without_data if game not in self._reported}
            if lost:
                self._reported.update(lost)
                self._say(NO_DATA, no_data(lost), Level.DEFAULT)

    def _say(self, kind: str, text: str, level: Level, *, but: str = "") -> None:
        self._pending.put_nowait(_Pending(kind, text, level, but))

    async def run(self) -> None:
        """Put notices into the outbox, for ever."""
        while True:
            await self._keep(await self._pending.get())

    async def send_urgent(self) -> None:
        """Send what the database cannot take straight to every channel, for ever."""
        while True:
            message = Message(await self._urgent.get(), (), Level.URGENT)
            await asyncio.gather(*(x.send(message) for x in self._channels))

    async def report_recovery(
        self, ends: ReportedEnds, real: Clock, follows: Callable[[], str]
    ) -> None:
        """Report that the program runs again, once it has run for a while after a reported end."""
        if not ends.unrecovered():
            return
        await real.sleep(ends.steady_s)
        if not ends.unrecovered():
            return
        ends.mark_recovered()
        text = f"✓ tracker runs again, {follows()}"
        self._say(STARTED, text, Level.DEFAULT)

    async def started(self, follows: str, ends: ReportedEnds | None = None) -> None:
        """Send the notice of the start, which says whether the program had died before.

        `follows` says what it follows, once its bets have been read: `following 2 games`. Where the
        notice is sent, it also answers an earlier report of the program's end.
        """
        now = self._clock.now()
        last = await self._store.alerting.last_notice((STARTED, STOPPED))
        if last is not None and last[0] == STARTED and abs(now - last[1]) < STARTS_TOLD_EVERY:
            return
        died = last is not None and last[0] == STARTED
        how = " again; it had not been stopped" if died else ""
        level = Level.DEFAULT if died else Level.INFO
        await self._keep(
            _Pending(STARTED, f"tracker {__version__} has started{how}, {follows}", level)
        )
        if ends is not None and ends.unrecovered():
            ends.mark_recovered()

    async def send_stopped(self, real: Clock) -> None:
        """Send the notice of the stop, and give the channels a moment to deliver it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPPING_S):
                await self.stopped()
                while any([await self._waits(x.name) for x in self._channels]):
                    await real.sleep(STOPPING_S / 20)

    async def _waits(self, channel: str) -> bool:
        due = await self._store.next_due(channel)
        return due is not None and due <= self._clock.now()

    async def stopped(self) -> None:
        """Put the notices that still wait into the outbox, then the one of the stop."""
        while not self._pending.empty():
            await self._keep(self._pending.get_nowait())
        await self._keep(_Pending(STOPPED, "tracker was stopped: nothing is watched", Level.INFO))

    async def tell(self, notice: Notice) -> None:
        """Put a notice that was made elsewhere into the outbox, as loud as the settings say."""
        level = self._alert_policy.loudness(notice.level)
        if level is None:
            return
        names = [x.name for x in self._channels]
        if await self._store.alerting.notice(replace(notice, level=level), names):
            self._wake_channels()

    async def _keep(self, pending: _Pending) -> None:
        if pending.seldom is not None:
            last = await self._store.alerting.last_notice((pending.kind,))
            if last is not None and abs(self._clock.now() - last[1]) < pending.seldom:
                return
        if pending.kept_back and await self._store.alerting.said_since(
            pending.kind, pending.text, self._clock.now() - MISTAKES_TOLD_EVERY
        ):
            return
        notice = self._alert_policy.notice(
            pending.kind, pending.text, self._clock.now(), pending.level
        )
        names = [x.name for x in self._channels if x.name != pending.but]
        if notice is None:
            return
        # A kind may have several notices in one second, by which they are told apart.
        while not await self._store.alerting.notice(notice, names):
            notice = replace(notice, episode=notice.episode + 1)
        self._wake_channels()


def _fault(event: BetsMistake | ModelRefused) -> _Pending:
    """The notice of what a person has to mend; the same comes once a day, unless it was mended."""
    if isinstance(event, BetsMistake):
        return _Pending(MISTAKE, f"⚠ {event.what}", Level.DEFAULT, kept_back=not event.again)
    text = f"⚠ {event.why}\nSee tracker model list."
    return _Pending("model", text, Level.DEFAULT, kept_back=True)


def _lost_after(trouble: str) -> timedelta:
    """How long a trouble lasts before it is reported."""
    return LOST_STILL_AFTER if trouble == STOOD_STILL else GAME_LOST_AFTER


class ReportedEnds:
    """Remembers which ends of the program were reported, outside a database that may be broken."""

    def __init__(self, store: Path, real: Clock, folder: Path | None = None) -> None:
        """`store` is the database's path, which tells apart the programs of one machine.

        `folder` is where the marks are kept; by default it is the first writable one of the
        machine's places for run-time files.
        """
        self._name = hashlib.sha256(str(store).encode()).hexdigest()[:12]
        self._real = real
        self._folders = _places() if folder is None else [folder]

    def unrecovered(self) -> bool:
        """Whether an end was reported, and not yet that the program runs again."""
        times = [x for x in map(self._marked_at, (ENDED, NOT_STARTED)) if x is not None]
        return bool(times) and max(times) > (self._marked_at(RECOVERED) or 0.0)

    @property
    def steady_s(self) -> float:
        """Real seconds that the program must run before it reports that it runs again."""
        return STEADIER_S if self._within_hour(self._marked_at(RECOVERED)) else STEADY_S

    def first(self, kind: str) -> bool:
        """Whether to report this kind of end, which then counts as reported.

        False where it was reported within the hour and no report that the program runs again
        followed.
        """
        before = self._marked_at(kind)
        if self._within_hour(before) and (before or 0.0) > (self._marked_at(RECOVERED) or 0.0):
            return False
        self._mark(kind)
        # Where no mark can be written, a report too many is better than none.
        return True

    def mark_recovered(self) -> None:
        """Remember that the program was reported to run again."""
        self._mark(RECOVERED)

    def _within_hour(self, at: float | None) -> bool:
        return at is not None and 0 <= self._real.now().timestamp() - at < _HOUR_S

    def _marks(self, kind: str) -> list[Path]:
        return [x / f"tracker-{os.geteuid()}-{self._name}.{kind}" for x in self._folders]

    def _marked_at(self, kind: str) -> float | None:
        """When this kind was last reported, in seconds since 1970; None if it never was."""
        for mark in self._marks(kind):
            with suppress(OSError):
                handle = os.open(mark, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                with os.fdopen(handle) as file:
                    return _number(file.read(32))
        return None

    def _mark(self, kind: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        for mark in self._marks(kind):
            with suppress(OSError):
                with os.fdopen(os.open(mark, flags, 0o600), "w") as file:
                    file.write(str(self._real.now().timestamp()))
                return


class FailureNotice:
    """Sends every channel a message that the program has failed."""

    def __init__(self, channels: Sequence[Channel], ends: ReportedEnds) -> None:
        self._channels = channels
        self._ends = ends

    async def send(self, why: str, *, running: bool) -> None:
        """Send the message, unless one was sent lately.

        `why` is the cause in words; `running` is whether the program had started.
        """
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
    """Folders for what must outlast the program but not a restart of the machine."""
    named = [os.environ.get("RUNTIME_DIRECTORY", ""), os.environ.get("XDG_RUNTIME_DIR", "")]
    found = [Path(x) for x in named if x]
    return [*found, Path("/dev/shm"), Path(tempfile.gettempdir())]  # noqa: S108 - cleared at boot
