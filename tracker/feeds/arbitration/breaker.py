"""Whether the primary source is to be relied on: opened by failures, closed by good answers."""

from __future__ import annotations

from tracker.domain.poll import Trouble
from tracker.feeds.http.health import LOST_AFTER
from tracker.feeds.polling.board import SharedBoard

FLAPPING_S = 5 * 60.0
"""A source that fails again within this time of its return is not trusted as quickly."""

TRUSTED_AFTER = 1
"""Good answers in a row after which a source that had failed is used again."""

TRUSTED_AFTER_FLAPPING = 3
"""The same for a source that has failed again soon after its return."""

_AT_ONCE = (Trouble.BLOCKED, Trouble.RATE_LIMITED)


class Breaker:
    """Open while the primary source is lost; what it answers in the meantime are probes.

    One failure alone is a hiccup and opens nothing, but a source that refuses us is left at once.
    """

    def __init__(self) -> None:
        """Closed: the primary source is used."""
        self.open = False
        self._needed = TRUSTED_AFTER
        self._closed_at: float | None = None

    def judge(self, board: SharedBoard, monotonic: float) -> bool:
        """Take note of how the source's board stands; whether that opened or closed the breaker."""
        failure = board.failure
        before = self.open
        if failure is not None:
            lost = failure.failures >= LOST_AFTER or failure.error.trouble in _AT_ONCE
            if lost and not self.open:
                self.open = True
                back = self._closed_at
                again = back is not None and monotonic - back < FLAPPING_S
                self._needed = TRUSTED_AFTER_FLAPPING if again else TRUSTED_AFTER
        elif self.open and board.streak >= self._needed:
            self.open = False
            self._closed_at = monotonic
        return self.open != before
