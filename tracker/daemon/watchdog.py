"""Whether every loop still moves: what the watchdog is fed by."""

from __future__ import annotations

from tracker.clock import Clock


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
