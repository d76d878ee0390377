"""What has been asked of a host, counted, so that a budget can be seen to be kept."""

from __future__ import annotations

from collections import Counter, deque

from tracker.domain.poll import Trouble, Usage

_MINUTE_S = 60.0


class Account:
    """Counts for one host."""

    def __init__(self, host: str, budget: int) -> None:
        """Nothing has been asked."""
        self._host = host
        self._budget = budget
        self._asked = 0
        self._answered = 0
        self._size = 0
        self._busiest = 0
        self._recent: deque[float] = deque()
        self._troubles: Counter[Trouble] = Counter()

    def asked(self, monotonic: float) -> None:
        """A request goes out."""
        self._asked += 1
        self._forget(monotonic)
        self._recent.append(monotonic)
        self._busiest = max(self._busiest, len(self._recent))

    def answered(self, size: int) -> None:
        """A document of this many bytes came."""
        self._answered += 1
        self._size += size

    def failed(self, trouble: Trouble) -> None:
        """None came."""
        self._troubles[trouble] += 1

    def usage(self, monotonic: float) -> Usage:
        """The counts so far."""
        self._forget(monotonic)
        return Usage(
            host=self._host,
            budget=self._budget,
            asked=self._asked,
            answered=self._answered,
            last_minute=len(self._recent),
            busiest_minute=self._busiest,
            size=self._size,
            troubles=tuple(sorted((x.value, n) for x, n in self._troubles.items())),
        )

    def _forget(self, monotonic: float) -> None:
        while self._recent and self._recent[0] <= monotonic - _MINUTE_S:
            self._recent.popleft()
