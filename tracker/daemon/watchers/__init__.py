"""The loops that run beside the tracks: bets, slate, learning, watchdog and housekeeping.

And what they share: the watchdog, the backoff of writes, and each source's last word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from tracker.app.pricing import Pricing
from tracker.clock import Clock, wait_for_event
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.domain.events import LoopsMoving, LoopsStuck, StoreLost, StoreRecovered, Tell
from tracker.domain.poll import Usage
from tracker.domain.tracking import GameTracking
from tracker.feeds.health import WELL
from tracker.feeds.slates import SlateReading
from tracker.host import SystemdNotifier, give_back_memory
from tracker.store import Store, StoreUnavailable

BETS_EVERY = 2.0
"""Seconds between two looks at the bets file and at what other processes have written."""

SLATE_EVERY = 600.0
"""Seconds between two looks at the slate while every bet has its game."""

SLATE_SOON = 60.0
"""Seconds until the slate is read again while a bet waits for its game."""

SLATE_RETRY = (10.0, 300.0)
"""First and longest seconds until a slate that could not be read is tried again."""

TIDY_EVERY = 6 * 3600.0
"""Seconds between two rounds of dropping old raw bodies."""

GRACE = 60.0
"""Real seconds that a loop may be late before it counts as stuck."""

LEARN_EVERY = 600.0
"""Seconds between two looks at the results of games that are over."""

KEEP_EVERY = 1.0
"""Least seconds between two writes: so much older than it is may an age be shown."""

_FIRST_WAIT = 0.25

_LONGEST_WAIT = 5.0


class Watchdog:
    """Each loop says by when it will be heard of again; one that is late is stuck."""

    def __init__(self, clock: Clock) -> None:
        """Intervals are measured on `clock`, which must run in real time."""
        self._clock = clock
        self._due: dict[str, float] = {}

    def expect(self, loop: str, within: float) -> None:
        """The loop is alive, and will be heard of again within this many seconds."""
        self._due[loop] = self._clock.monotonic() + within

    def excuse(self, seconds: float) -> None:
        """Nothing can move for this long, and that is known: every loop gets the more time."""
        self._due = {loop: due + seconds for loop, due in self._due.items()}

    def ended(self, loop: str) -> None:
        """The loop has come to its end; nothing more is expected of it."""
        self._due.pop(loop, None)

    def late(self) -> tuple[str, ...]:
        """The loops that should have been heard of by now."""
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
    """Keep what is followed in step with the bets file, other processes and the slate."""
    while True:
        progress.expect("bets", GRACE)
        news = slate_changed.is_set()
        slate_changed.clear()
        trackings = await followed.refresh(slate_changed=news)
        if trackings is not None:
            follow(trackings)
            if followed.waiting and not news:
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
    """Keep the list of games fresh, so that bets find theirs and moved tip-offs are seen."""
    retry = SLATE_RETRY[0]
    while True:
        slate_wanted.clear()
        reading = await read()
        states = {state.game.id: state for state in reading.states}
        games = [(game, states.get(game.id)) for game in reading.games]
        await store.save_games(games, clock.now())
        followed.know_slate()
        slate_changed.set()
        if reading.blind:
            wait, retry = retry, min(retry * 2, SLATE_RETRY[1])
        else:
            wait, retry = (SLATE_SOON if followed.waiting else SLATE_EVERY), SLATE_RETRY[0]
        await clock.sleep(SLATE_RETRY[0])
        await wait_for_event(clock, slate_wanted, wait - SLATE_RETRY[0])


async def learn(store: Store, pricing: Pricing) -> None:
    """Let what prices bets know all that the store has of games before their tip-off."""
    quotes, finished = await store.known.quotes(), await store.known.finished()
    pricing.know(quotes, finished)


async def keep_learning(store: Store, pricing: Pricing, clock: Clock) -> None:
    """Let what prices bets know of games that have ended meanwhile, for ever."""
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
    """Feed the watchdog while every loop moves; a stuck one lets systemd restart the program.

    `moving` says the same to those who watch in systemd's place.
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


async def tidy(store: Store, clock: Clock, keep: timedelta) -> None:
    """Drop raw bodies that are older than the person wants to keep, and free memory from the heap.

    What a busy hour took is given back, some milliseconds' work, and does not add up by the day.
    """
    while True:
        await store.prune(clock.now() - keep)
        give_back_memory()
        await clock.sleep(TIDY_EVERY)


class WriteBackoff:
    """Waits between two tries of a write; a full disk or a stranger's lock passes."""

    def __init__(self, real: Clock, progress: Watchdog) -> None:
        """Waits are in real time; loops that wait here do not count as stuck."""
        self._real = real
        self._progress = progress
        self._tell: Tell | None = None
        self._in_trouble = False

    @property
    def waiting(self) -> bool:
        """Whether a write has failed and none has been made since."""
        return self._in_trouble

    @contextmanager
    def telling(self, tell: Tell) -> Iterator[None]:
        """Wait for as long as this lasts, and tell of it. Before and after, what fails is raised.

        A program that cannot write when it starts ends instead, and says why.
        """
        self._tell = tell
        try:
            yield
        finally:
            self._tell = None

    async def wait_out(self, why: StoreUnavailable | None, tries: int) -> None:
        """Wait before the next try; with None for `why`, the write was made after all."""
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
        seconds = min(_FIRST_WAIT * 2.0 ** min(tries - 1, 10), _LONGEST_WAIT)
        self._progress.excuse(seconds)
        await self._real.sleep(seconds)


class SourceStatus:
    """The last word of each source and of each game, in memory until it is kept."""

    def __init__(self) -> None:
        """Nothing has been heard."""
        self._listeners: list[Callable[[str], None]] = []
        self._heard: dict[str, tuple[datetime, str]] = {}
        self._seen: dict[str, tuple[datetime, bool]] = {}

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call this with a source whenever it is well."""
        self._listeners.append(listener)

    def hear(self, source: str, at: datetime, word: str) -> None:
        """A source has answered: `ok`, or the word of its trouble."""
        self._heard[source] = (at, word)
        if word == WELL:
            for listener in self._listeners:
                listener(source)

    def see(self, tracking: GameTracking) -> None:
        """A game has been looked at and brought nothing that would be recorded."""
        if tracking.seen_at is not None:
            self._seen[tracking.game.id] = (tracking.seen_at, tracking.stale)

    async def keep(
        self, store: Store, clock: Clock, usage: Callable[[], Mapping[str, Usage]]
    ) -> None:
        """Write down what has been heard, for ever; `usage` is what was asked of each host."""
        while True:
            heard, self._heard = self._heard, {}
            seen, self._seen = self._seen, {}
            if heard or seen:
                await store.heard(heard, seen, usage() if heard else {}, clock.now())
            await clock.sleep(KEEP_EVERY)
