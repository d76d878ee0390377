"""How each source answered last, kept on disk so that `tracker status` can tell the data's age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tracker.clock import Clock
from tracker.store import Store

KEEP_EVERY = 5.0
"""Seconds between two writes, however often the source is asked."""


class Pulses:
    """The last word of each source, in memory until it is kept."""

    def __init__(self) -> None:
        """Nothing has been heard; `on_answer` is called whenever something is."""
        self.on_answer: Callable[[], None] = lambda: None
        self._heard: dict[str, tuple[datetime, str]] = {}

    def hear(self, source: str, at: datetime, word: str) -> None:
        """A source has answered: `ok`, or the word of its trouble."""
        self._heard[source] = (at, word)
        self.on_answer()

    async def keep(self, store: Store, clock: Clock) -> None:
        """Write down what has been heard, for ever."""
        while True:
            heard, self._heard = self._heard, {}
            for source, (at, word) in heard.items():
                await store.saw(source, at, word)
            await clock.sleep(KEEP_EVERY)
