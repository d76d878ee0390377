"""The loops that run beside the tracks: bets, slate, sources, watchdog, housekeeping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from tracker.app.pricing import Pricing
from tracker.clock import Clock, wait_for_event
from tracker.daemon.watchdog import Watchdog
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.domain.events import LoopsMoving, LoopsStuck, Tell
from tracker.domain.tracking import GameTracking
from tracker.feeds.slates import SlateReading
from tracker.host import SystemdNotifier
from tracker.store import Store

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
        followed.slate_known = True
        slate_changed.set()
        if reading.blind:
            wait, retry = retry, min(retry * 2, SLATE_RETRY[1])
        else:
            wait, retry = (SLATE_SOON if followed.waiting else SLATE_EVERY), SLATE_RETRY[0]
        await clock.sleep(SLATE_RETRY[0])
        await wait_for_event(clock, slate_wanted, wait - SLATE_RETRY[0])


LEARN_EVERY = 600.0
"""Seconds between two looks at the results of games that are over."""


async def learn(store: Store, pricing: Pricing) -> None:
    """Let what prices bets know all that the store has of games before their tip-off."""
    quotes, finished = await store.known.quotes(), await store.known.finished()
    pricing.known = replace(pricing.known, quotes=quotes, finished=finished)


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
    """Drop raw bodies that are older than the person wants to keep."""
    while True:
        await store.prune(clock.now() - keep)
        await clock.sleep(TIDY_EVERY)
