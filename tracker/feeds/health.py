"""The health of each source, and the count of requests sent to each host."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from tracker.domain.events import FeedBlocked, FeedLost, FeedRecovered, SystemEvent, Tell
from tracker.domain.poll import Trouble, Usage
from tracker.feeds import FeedError

SOURCE_LOST_AFTER = 2
"""Failures in a row after which a source counts as lost, for all its games. One failure alone is an
ordinary hiccup."""

WELL = "ok"
"""The status word of a source that answers. Any other word is the value of a `Trouble`."""

ReportStatus = Callable[[str, datetime, str], None]
"""Called after each request for a board with the source, the time, and the status word. It must not
wait."""


def ignore_status(source: str, at: datetime, word: str) -> None:
    """Do nothing: the default `ReportStatus`."""


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
    """The health of one source, judged by the requests for its board.

    It reports `FeedLost` after `SOURCE_LOST_AFTER` failures in a row, and `FeedBlocked` at the
    first refusal. When the source answers again after either report, it reports `FeedRecovered`
    with the seconds since the first failure.
    """

    def __init__(self, source: str, tell: Tell, report_status: ReportStatus) -> None:
        self._source = source
        self._tell = tell
        self._report_status = report_status
        self._failures = 0
        self._since = 0.0
        self._reported: set[type[SystemEvent]] = set()

    def good(self, at: datetime, monotonic: float) -> None:
        """Take note that the board was read."""
        if self._reported:
            after = round(monotonic - self._since)
            self._tell(FeedRecovered(self._source, after))
        self._failures = 0
        self._reported.clear()
        self._report_status(self._source, at, WELL)

    def bad(self, error: FeedError, at: datetime, monotonic: float) -> None:
        """Take note that the board could not be read."""
        if self._failures == 0:
            self._since = monotonic
        self._failures += 1
        if error.trouble is Trouble.BLOCKED:
            self._once(FeedBlocked(self._source, str(error)))
        elif self._failures >= SOURCE_LOST_AFTER and FeedBlocked not in self._reported:
            self._once(FeedLost(self._source, error.trouble.value, str(error)))
        self._report_status(self._source, at, error.trouble.value)

    def _once(self, event: FeedBlocked | FeedLost) -> None:
        if type(event) not in self._reported:
            self._reported.add(type(event))
            self._tell(event)


_MINUTE_S = 60.0


class Account:
    """Counts the requests to one host, their answers and their failures."""

    def __init__(self, host: str, budget: int) -> None:
        """`budget` is the most requests a minute."""
        self._host = host
        self._budget = budget
        self._asked = 0
        self._answered = 0
        self._size = 0
        self._busiest = 0
        self._recent: deque[float] = deque()
        self._troubles: Counter[Trouble] = Counter()

    def asked(self, monotonic: float) -> None:
        """Count a request that goes out."""
        self._asked += 1
        self._forget(monotonic)
        self._recent.append(monotonic)
        self._busiest = max(self._busiest, len(self._recent))

    def answered(self, size: int) -> None:
        """Count a document of `size` bytes that came."""
        self._answered += 1
        self._size += size

    def failed(self, trouble: Trouble) -> None:
        """Count a request that brought no document."""
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
