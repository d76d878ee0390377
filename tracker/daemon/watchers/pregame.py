"""What is known of games before tip-off: the market's lines, and earlier results."""

from __future__ import annotations

from dataclasses import replace

from tracker.app.pricing import Pricing
from tracker.clock import Clock
from tracker.store import Store

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
