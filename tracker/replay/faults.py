"""What can go wrong with a feed, on purpose: which path, from when, for how long."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultKind(StrEnum):
    """What a fault does to an answer."""

    STATUS = "status"
    """Answer `status` with an empty body, and `Retry-After` where `retry_after` is given."""
    HTML = "html"
    """Answer `status` (200 is what some blocks do) with a page for people."""
    HANG = "hang"
    """Answer nothing until the fault is over."""
    DRIP = "drip"
    """Send the document in pieces, over `seconds`."""
    TRUNCATED = "truncated"
    """Send the first half of the document as if it were all."""
    NAN = "nan"
    """Put NaN in the place of every score."""
    BLANK = "blank"
    """Leave every game clock blank, as has been seen between periods."""
    HUGE = "huge"
    """Send `size` bytes that begin like a document."""
    EMPTY = "empty"
    """Answer 200 with nothing."""
    STALE = "stale"
    """Go on sending the document as it was when the fault began."""
    REGRESS = "regress"
    """Send the document as it was `seconds` earlier."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `path` is a pattern as of a shell (`*scoreboard*`); `start` is aware, and the fault `lasts` from
    then on. The other figures are read by the kinds that name them.
    """

    kind: FaultKind
    start: datetime
    lasts: timedelta
    path: str = "*"
    status: int = 503
    retry_after: int | None = None
    seconds: float = 300.0
    size: int = 50_000_000

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("the start of a fault needs a time zone")

    @property
    def end(self) -> datetime:
        """The first instant at which all is well again."""
        return self.start + self.lasts

    def hits(self, path: str, now: datetime) -> bool:
        """Whether a request for `path` at `now` meets this fault."""
        return self.start <= now < self.end and fnmatchcase(path, self.path)

    def seen_at(self, now: datetime) -> datetime:
        """The instant whose document is sent for a request at `now`."""
        if self.kind is FaultKind.STALE:
            return self.start
        if self.kind is FaultKind.REGRESS:
            return now - timedelta(seconds=self.seconds)
        return now


def fault_at(faults: Iterable[Fault], path: str, now: datetime) -> Fault | None:
    """The first fault of the list that a request meets."""
    return next((fault for fault in faults if fault.hits(path, now)), None)
