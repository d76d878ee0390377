"""The loop that keeps what is known of games before tip-off: quoted lines and earlier results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tracker.app.pricing import Pricing
from tracker.clock import Clock
from tracker.domain.game import Game
from tracker.domain.prior import Quote
from tracker.store import Store

LINES_EVERY = 600.0
"""Seconds between two looks at the lines of games that are still far off."""

LINES_NEAR = 120.0
"""Seconds between two looks while a game is about to begin: its last line is the closing one."""

STEP = 30.0
"""Seconds until a game that has just been bet on is noticed."""

NEAR = timedelta(minutes=30)
"""How long before tip-off a game is about to begin."""

AHEAD = timedelta(hours=36)
"""Games further off have no line yet that would last."""

Read = Callable[[Iterable[Game]], Awaitable[dict[str, Quote]]]


async def learn(store: Store, pricing: Pricing) -> None:
    """Let what prices bets know all that the store has of games before their tip-off."""
    quotes, finished = await store.known.quotes(), await store.known.finished()
    pricing.known = replace(pricing.known, quotes=quotes, finished=finished)


async def watch_lines(
    read: Read,
    store: Store,
    pricing: Pricing,
    awaited: Callable[[], Iterable[Game]],
    clock: Clock,
) -> None:
    """Keep lines and results fresh: a line is asked for until its game begins, and then kept.

    `awaited` tells the games that are bet on.
    """
    asked: frozenset[str] = frozenset()
    due = clock.monotonic()
    while True:
        soon = [x for x in awaited() if clock.now() < x.start <= clock.now() + AHEAD]
        games = frozenset(x.id for x in soon)
        if clock.monotonic() >= due or games - asked:
            if soon:
                await store.known.keep_quotes(await read(soon))
            await learn(store, pricing)
            asked, due = games, clock.monotonic() + _wait(soon, clock.now())
        await clock.sleep(STEP)


def _wait(soon: Iterable[Game], now: datetime) -> float:
    near = any(x.start - now <= NEAR for x in soon)
    return LINES_NEAR if near else LINES_EVERY
