"""What the daemon does while its database cannot be written: it says so once, and waits."""

from __future__ import annotations

from tracker.clock import Clock
from tracker.daemon.watchdog import Watchdog
from tracker.domain.events import StoreLost, StoreRecovered, Tell
from tracker.store import StoreUnavailable

_FIRST = 0.25
_LONGEST = 5.0


class WriteBackoff:
    """Waits between two tries of a write; a full disk or a stranger's lock passes."""

    def __init__(self, real: Clock, progress: Watchdog, tell: Tell) -> None:
        """Waits are in real time; loops that wait here do not count as stuck."""
        self._real = real
        self._progress = progress
        self._tell = tell
        self._in_trouble = False

    @property
    def waiting(self) -> bool:
        """Whether a write has failed and none has been made since."""
        return self._in_trouble

    async def wait_out(self, why: StoreUnavailable | None, tries: int) -> None:
        """Wait before the next try; with None for `why`, the write was made after all."""
        if why is None:
            if self._in_trouble:
                self._in_trouble = False
                self._tell(StoreRecovered())
            return
        if not self._in_trouble:
            self._in_trouble = True
            self._tell(StoreLost(str(why)))
        seconds = min(_FIRST * 2.0 ** min(tries - 1, 10), _LONGEST)
        self._progress.excuse(seconds)
        await self._real.sleep(seconds)
