"""Whether a source is well, and what has been asked of a host, to see that a budget is kept."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from tracker.domain.events import FeedBlocked, FeedLost, FeedRecovered, SystemEvent, Tell
from tracker.domain.poll import Trouble, Usage
from tracker.feeds import FeedError

SOURCE_LOST_AFTER = 2
"""Failures in a row after which a source counts as lost, whatever its games: one alone is an
ordinary hiccup."""

WELL = "ok"
"""The word of a source that answers; any other is that of a `Trouble`."""


ReportStatus = Callable[[str, datetime, str], None]
"""Told of each answer of a board: the source, when, and its word. It must not wait."""


def ignore_status(source: str, at: datetime, word: str) -> None:
    """A `ReportStatus` for whoever does not care."""


def advice(trouble: Trouble) -> str:
    """What a person can do about a trouble, in one sentence."""
    match trouble:
        case Trouble.DOWN:
            return "check the network; if other sites answer, the source is down: wait"
        case Trouble.BLOCKED:
            return "sign in to the network, leave a VPN, or check the feed's headers"
        case Trouble.RATE_LIMITED:
            return "stop other programs that ask from this address, or raise requests_per_minute"
        case Trouble.NOT_PUBLISHED:
            return "nothing: it appears around tip-off"
        case Trouble.MALFORMED:
            return "if it lasts, the format has changed: report the field that is named"
        case Trouble.ABSENT:
            return "check the date: the board shows the league's current day alone"
        case Trouble.UNPRICED:
            return "see `tracker monitors`, or go back: tracker model rollback"
        case _:
            assert_never(trouble)


class SourceHealth:
    """The health of one source, judged by its board.

    It tells `FeedLost` after `SOURCE_LOST_AFTER` failures in a row, `FeedBlocked` at once when it
    begins to refuse us, and `FeedRecovered`, counted from the first failure, if either was told.
    """

    def __init__(self, source: str, tell: Tell, report_status: ReportStatus) -> None:
        """Well until told otherwise."""
        self._source = source
        self._tell = tell
        self._report_status = report_status
        self._failures = 0
        self._since = 0.0
        self._told: set[type[SystemEvent]] = set()

    def good(self, at: datetime, monotonic: float) -> None:
        """The board was read."""
        if self._told:
            after = round(monotonic - self._since)
            self._tell(FeedRecovered(self._source, after))
        self._failures = 0
        self._told.clear()
        self._report_status(self._source, at, WELL)

    def bad(self, error: FeedError, at: datetime, monotonic: float) -> None:
        """The board was not read."""
        if self._failures == 0:
            self._since = monotonic
        self._failures += 1
        if error.trouble is Trouble.BLOCKED:
            self._once(FeedBlocked(self._source, str(error)))
        elif self._failures >= SOURCE_LOST_AFTER and FeedBlocked not in self._told:
            self._once(FeedLost(self._source, error.trouble.value, str(error)))
        self._report_status(self._source, at, error.trouble.value)

    def _once(self, event: FeedBlocked | FeedLost) -> None:
        if type(event) not in self._told:
            self._told.add(type(event))
            self._tell(event)


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
