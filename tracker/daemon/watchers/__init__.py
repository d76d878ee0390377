"""The daemon's loops beside the tracks: bets, slate, learning, signs of life, housekeeping.

Also what several loops share: the watchdog of late loops, the backoff of failed writes, and the
status of each source.
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

from tracker.app.pricing import Pricing
from tracker.clock import Clock, growing_wait, wait_for_event
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.domain.alert import Failed, Refused, Unknown
from tracker.domain.events import (
    HeartbeatFailing,
    HeartbeatRecovered,
    LoopsMoving,
    LoopsStuck,
    ModelRefused,
    StoreLost,
    StoreOpening,
    StoreRecovered,
    Tell,
)
from tracker.domain.poll import Usage
from tracker.domain.tracking import GameTracking
from tracker.feeds.health import WELL
from tracker.feeds.slates import SlateReading
from tracker.host import SystemdNotifier, give_back_memory
from tracker.notify.channels.web_service import ServiceReply, WebService
from tracker.store import Store, StoreUnavailable

BETS_EVERY = 2.0
"""Seconds between two checks of the bets file and of what other processes have written."""

SLATE_EVERY = 600.0
"""Most seconds between two readings of the slate."""

SLATE_SOON = 60.0
"""Seconds until the slate is read again while a bet waits for its game. Each reading that answers
and does not bring it doubles them, up to `SLATE_EVERY`: its league may be out of season."""

SLATE_RETRY = (10.0, 300.0)
"""Shortest and longest seconds until a slate that could not be read is tried again."""

TIDY_EVERY = 6 * 3600.0
"""Seconds between two deletions of old raw bodies."""

LARGE_KEPT = timedelta(days=3)
"""Longest time for which large raw bodies are kept: a Saturday of college boards has about a GB."""

FREE_EVERY = 600.0
"""Seconds between two returns of unused memory."""

GRACE = 60.0
"""Real seconds that a loop may be late before it counts as stuck."""

LONGEST_START = 3600.0
"""Most seconds for which systemd is asked to wait for the database to be opened."""

LEARN_EVERY = 600.0
"""Seconds between two readings of the results of finished games."""

KEEP_EVERY = 1.0
"""Seconds between two writes of the sources' status: an age that is shown may be this much too
high."""

HEARTBEAT_EVERY = 60.0
"""Seconds between two heartbeats while all is well."""

HEARTBEAT_LIMIT = 10.0
"""Seconds that the heartbeat's address has to answer."""

REDIRECTS = 3
"""Redirects of a heartbeat that are followed, within the host of its address."""

_MOVED = (301, 302, 303, 307, 308)

_FIRST_WAIT, _LONGEST_WAIT = 0.25, 5.0
"""Shortest and longest real seconds between two tries of a write that failed."""


class Watchdog:
    """Knows which loops are stuck: each loop says by when it will report again."""

    def __init__(self, clock: Clock) -> None:
        """Intervals are measured on `clock`, which must run in real time."""
        self._clock = clock
        self._due: dict[str, float] = {}

    def expect(self, loop: str, within: float) -> None:
        """Note that a loop is alive and will report again within this many seconds."""
        self._due[loop] = self._clock.monotonic() + within

    def excuse(self, seconds: float) -> None:
        """Give every loop this many seconds more, as nothing can move for a known reason."""
        self._due = {loop: due + seconds for loop, due in self._due.items()}

    def ended(self, loop: str) -> None:
        """Note that a loop has ended: no report is expected of it any more."""
        self._due.pop(loop, None)

    def late(self) -> tuple[str, ...]:
        """The loops that should have reported by now, sorted."""
        now = self._clock.monotonic()
        return tuple(sorted(loop for loop, due in self._due.items() if due < now))


async def tend_bets(
    followed: FollowedBets,
    slate_changed: asyncio.Event,
    slate_wanted: asyncio.Event,
    follow: Callable[[tuple[GameTracking, ...]], None],
    clock: Clock,
    progress: Watchdog,
) -> None:
    """Keep the followed games in step with the bets file, other processes and the slate."""
    while True:
        progress.expect("bets", GRACE)
        news, asked = slate_changed.is_set(), followed.leagues()
        slate_changed.clear()
        trackings = await followed.refresh(slate_changed=news)
        if trackings is not None:
            follow(trackings)
            # A slate that was just read has the games of the leagues that were known of then.
            if followed.waiting and not (news and followed.leagues() <= asked):
                slate_wanted.set()
        await wait_for_event(clock, slate_changed, BETS_EVERY)


async def watch_slate(
    read: Callable[[], Awaitable[SlateReading]],
    store: Store,
    followed: FollowedBets,
    slate_changed: asyncio.Event,
    slate_wanted: asyncio.Event,
    clock: Clock,
) -> None:
    """Keep the list of games fresh, for ever: bets find theirs, moved tip-offs are seen."""
    retry, soon = SLATE_RETRY[0], SLATE_SOON
    while True:
        if slate_wanted.is_set():
            soon = SLATE_SOON
        slate_wanted.clear()
        reading = await read()
        states = {state.game.id: state for state in reading.states}
        games = [(game, states.get(game.id)) for game in reading.games]
        await store.save_games(games, clock.now())
        followed.know_slate()
        slate_changed.set()
        wait = soon if followed.waiting else SLATE_EVERY
        soon = min(2 * soon, SLATE_EVERY) if reading.answered else SLATE_SOON
        if reading.blind:
            wait, retry = min(wait, retry), min(retry * 2, SLATE_RETRY[1])
        else:
            retry = SLATE_RETRY[0]
        await clock.sleep(SLATE_RETRY[0])
        await wait_for_event(clock, slate_wanted, wait - SLATE_RETRY[0])


async def learn(store: Store, pricing: Pricing) -> None:
    """Give the pricing every quote and result that the store has of earlier games."""
    quotes, finished = await store.known.quotes(), await store.known.finished()
    pricing.know(quotes, finished)


async def keep_learning(store: Store, pricing: Pricing, clock: Clock) -> None:
    """Give the pricing the games that have ended meanwhile, for ever."""
    while True:
        await clock.sleep(LEARN_EVERY)
        await learn(store, pricing)


async def keep_alive(
    notifier: SystemdNotifier,
    progress: Watchdog,
    status: Callable[[], str],
    moving: Callable[[], None],
    real: Clock,
    tell: Tell,
) -> None:
    """Feed systemd's watchdog while every loop moves; without it systemd restarts the program.

    `moving` reports the same to a supervisor that stands in for systemd.
    """
    interval = notifier.watchdog_interval()
    stuck: tuple[str, ...] = ()
    while True:
        late = progress.late()
        if late != stuck:
            stuck = late
            tell(LoopsStuck(", ".join(late)) if late else LoopsMoving())
        if not late:
            notifier.watchdog()
            moving()
        notifier.status(status())
        await real.sleep(min(10.0, interval / 3) if interval else 10.0)


@asynccontextmanager
async def time_to_start(notifier: SystemdNotifier, real: Clock, tell: Tell) -> AsyncIterator[None]:
    """Ask systemd for more time while the block lasts: to upgrade a large database takes minutes.

    Without it the upgrade would be ended after a minute and begun anew, for ever. `tell` takes the
    event that it takes long.
    """

    async def ask() -> None:
        begun = real.monotonic()
        while (since := real.monotonic() - begun) < LONGEST_START:
            if since >= 1:
                tell(StoreOpening(round(since)))
            notifier.starting("opening the database", GRACE)
            await real.sleep(GRACE / 6)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        # Not waited for: nothing may come between what was opened and its use.
        asking.cancel()


async def tidy(store: Store, clock: Clock, keep: timedelta) -> None:
    """Delete raw bodies that are older than the person wants to keep, for ever."""
    while True:
        now = clock.now()
        await store.upkeep.prune(now - keep, now - min(keep, LARGE_KEPT))
        await clock.sleep(TIDY_EVERY)


async def free_memory(clock: Clock) -> None:
    """Return the memory that ended games and a busy hour took to the machine, for ever.

    Otherwise a night of many games costs more than a night of few until the program is restarted.
    Errors of a bad hour hold the responses that they came with in reference cycles, and the seldom
    collections leave those for hours (`memory_settled`): all of it takes about 15 ms.
    """
    while True:
        gc.collect()
        give_back_memory()
        await clock.sleep(FREE_EVERY)


async def report_faults(faults: deque[str], clock: Clock, tell: Tell) -> None:
    """Report the models that could not be used, for ever; other threads add to `faults`."""
    while True:
        while faults:
            tell(ModelRefused(faults.popleft()))
        await clock.sleep(BETS_EVERY)


async def beat(url: str, well: Callable[[], bool], real: Clock, tell: Tell) -> None:
    """Request the heartbeat's address every minute while `well` holds, for ever."""
    failing = False
    async with WebService("the heartbeat's address", limit=HEARTBEAT_LIMIT) as service:
        while True:
            await real.sleep(HEARTBEAT_EVERY)
            if not well():
                continue
            why = await _ask(service, url)
            if bool(why) != failing:
                failing = bool(why)
                tell(HeartbeatFailing(why) if why else HeartbeatRecovered())


async def _ask(service: WebService, url: str) -> str:
    """Why the heartbeat was not taken; empty when it was. The address is a secret.

    A redirect is followed only within the host. Another host is whatever stands between, such as a
    hotel's sign-in page, and its good answer means nothing.
    """
    for _ in range(REDIRECTS + 1):
        match await service.ask("GET", url):
            case ServiceReply() as answer if answer.good:
                return ""
            case ServiceReply(status, headers) if "Location" in headers and status in _MOVED:
                led = _led_to(url, headers["Location"])
                if led is None:
                    return "it leads to another host: does the network want a sign-in?"
                url = led
            case ServiceReply(status):
                return f"status {status}"
            case Refused(why) | Failed(why) | Unknown(why):
                return why
    return "it redirects in circles"


def _led_to(url: str, location: str) -> str | None:
    """Where a redirect leads; None for another host, and for what is no address."""
    try:
        found = urljoin(url, location)
        same = urlsplit(found).hostname == urlsplit(url).hostname
    except ValueError:
        return None
    return found if same else None


class WriteBackoff:
    """Waits between two tries of a failed write: a full disk or another's lock may pass."""

    def __init__(self, real: Clock, progress: Watchdog) -> None:
        """Waits are in real time; the loops that wait here do not count as stuck."""
        self._real = real
        self._progress = progress
        self._tell: Tell | None = None
        self._in_trouble = False

    @property
    def waiting(self) -> bool:
        """Whether a write has failed and none has succeeded since."""
        return self._in_trouble

    @contextmanager
    def telling(self, tell: Tell) -> Iterator[None]:
        """Wait out failed writes and report them while the block lasts; outside it they are raised.

        So a program that cannot write when it starts ends with the reason instead of waiting.
        """
        self._tell = tell
        try:
            yield
        finally:
            self._tell = None

    async def wait_out(self, why: StoreUnavailable | None, tries: int) -> None:
        """Wait before the next try; None for `why` means that the write has succeeded."""
        if why is None:
            if self._in_trouble and self._tell is not None:
                self._in_trouble = False
                self._tell(StoreRecovered())
            return
        if self._tell is None:
            raise why
        if not self._in_trouble:
            self._in_trouble = True
            self._tell(StoreLost(str(why)))
        seconds = growing_wait(tries, _FIRST_WAIT, _LONGEST_WAIT)
        self._progress.excuse(seconds)
        await self._real.sleep(seconds)


class SourceStatus:
    """The last status of each source and of each game, in memory until the next write."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []
        self._heard: dict[str, tuple[datetime, str]] = {}
        self._seen: dict[str, tuple[datetime, bool]] = {}

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call this with the source's name whenever a source answers well."""
        self._listeners.append(listener)

    def hear(self, source: str, at: datetime, word: str) -> None:
        """Take a source's status: `ok`, or the word of its trouble."""
        self._heard[source] = (at, word)
        if word == WELL:
            for listener in self._listeners:
                listener(source)

    def see(self, tracking: GameTracking) -> None:
        """Take a game after a poll that brought nothing to record."""
        if tracking.seen_at is not None:
            self._seen[tracking.game.id] = (tracking.seen_at, tracking.stale)

    async def keep(
        self, store: Store, clock: Clock, usage: Callable[[], Mapping[str, Usage]]
    ) -> None:
        """Write the status of sources and games to the store, for ever.

        `usage` gives the requests that were made to each host.
        """
        while True:
            heard, self._heard = self._heard, {}
            seen, self._seen = self._seen, {}
            if heard or seen:
                await store.keep_answers(heard, seen, usage() if heard else {}, clock.now())
            await clock.sleep(KEEP_EVERY)
