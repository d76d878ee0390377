"""When sources and games were last heard of, kept on disk so that `status` can tell an age."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from tracker.clock import Clock
from tracker.domain.poll import Usage
from tracker.domain.tracking import GameTracking
from tracker.feeds.http.health import WELL
from tracker.store import Store

KEEP_EVERY = 1.0
"""Least seconds between two writes: so much older than it is may an age be shown."""


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
