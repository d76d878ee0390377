"""What can go wrong with a feed, on purpose: what, where, from when, for how long."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

SOURCES = ("nba", "wnba", "espn")
"""Whose answers a fault can break: cdn.nba.com, cdn.wnba.com and ESPN's site API."""


class FaultKind(StrEnum):
    """What a fault does to an answer; its value is its name in a script."""

    BLOCKED = "blocked"
    """Answer 403 with the page of a guard at the door."""
    NO_BOX = "no-box"
    """The same for boxes alone: not published, or withdrawn."""
    HTML = "web-page"
    """Answer `status` (200 unless another is given) with a page for people."""
    STATUS = "status"
    """Answer `status` with an empty body, and `Retry-After` where `retry_after` is given."""
    BUSY = "busy"
    """The same with 429."""
    BAD_REQUEST = "bad-request"
    """Answer 400 with the sentence that ESPN has for a range of dates."""
    REDIRECT = "redirect"
    """Send the client to `text`: another address, or the same one for ever."""
    RESET = "reset"
    """Reset the connection instead of answering."""
    HANG = "hang"
    """Answer nothing until the fault is over."""
    DRIP = "drip"
    """Send the document in pieces, over `seconds`."""
    TRUNCATED = "truncated"
    """Send the first half of the document as if it were all."""
    EMPTY = "nothing"
    """Answer 200 with nothing."""
    HUGE = "huge"
    """Send `size` bytes that begin like a document."""
    BOMB = "bomb"
    """The same, gzip'ed to a thousandth."""
    STALE = "stale"
    """Go on sending the document, or one game of it, as it was when the fault began."""
    REGRESS = "regress"
    """Send the document, or one game of it, as it was `seconds` earlier."""
    NAN = "nan"
    """Put NaN in the place of every score."""
    NO_SCORE = "no-score"
    """Leave out every score."""
    BLANK = "blank-clock"
    """Put `text` in the place of every game clock; blanks, unless another text is given."""
    COUNTDOWN = "countdown"
    """Count down to tip-off in the game clock, on the board too, in a game that has not begun."""
    PADDED = "padded"
    """Pad every status text with blanks, as has been seen on finals."""
    POSTPONED = "postponed"
    """Call games off, in the words of the source."""
    CORRECTED = "corrected"
    """Change the `points` of a `side`, or another figure of its first player, by `by`."""
    NO_GAMES = "empty-board"
    """Send a scoreboard without games."""
    NEXT_DAY = "next-day"
    """Send the scoreboard of the day after, as at noon Eastern: without tonight's games."""
    FEW_EVENTS = "few-events"
    """Send no more than the first 25 games, and no word about the rest (ESPN)."""


WHOLE = frozenset(
    {
        FaultKind.BLOCKED, FaultKind.NO_BOX, FaultKind.HTML, FaultKind.STATUS, FaultKind.BUSY,
        FaultKind.BAD_REQUEST, FaultKind.REDIRECT, FaultKind.RESET, FaultKind.HANG, FaultKind.DRIP,
        FaultKind.TRUNCATED, FaultKind.EMPTY, FaultKind.HUGE, FaultKind.BOMB,
    }
)  # fmt: skip
"""Faults that take the place of the whole answer; the others change what is in the document."""

EARLIER = frozenset({FaultKind.STALE, FaultKind.REGRESS})
"""Faults that show what once was true."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `start` is aware, and the fault `lasts` from then on. It befalls the answers of `source` (one of
    `SOURCES`, or all) at paths that fit `path`, a pattern as of a shell (`*scoreboard*`), and with
    `game`, the id of a recording, that game alone: its own documents, and its part of others where
    the fault is one of what is in a document. The other figures are read by the kinds that name
    them. Raises `ValueError` for what could befall nothing.
    """

    kind: FaultKind
    start: datetime
    lasts: timedelta
    path: str = "*"
    source: str | None = None
    game: str | None = None
    status: int | None = None
    retry_after: int | None = None
    seconds: float = 300.0
    size: int = 50_000_000
    text: str | None = None
    side: str = "home"
    stat: str = "points"
    by: int = -2

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("the start of a fault needs a time zone")
        if self.source not in (None, *SOURCES):
            raise ValueError(f"there is no source {self.source!r}: {', '.join(SOURCES)}")
        if self.side not in ("home", "away"):
            raise ValueError(f"a side is home or away, not {self.side!r}")

    @property
    def end(self) -> datetime:
        """The first instant at which all is well again."""
        return self.start + self.lasts

    @property
    def whole(self) -> bool:
        """Whether it takes the place of the whole answer."""
        return self.kind in WHOLE

    @property
    def name(self) -> str:
        """What it does, and to which game where it leaves the others of a document alone."""
        alone = self.game is not None and not self.whole
        return f"{self.kind.value}:{self.game}" if alone else self.kind.value

    def hits(self, path: str, now: datetime, source: str = "nba") -> bool:
        """Whether a request for `path` of a source at `now` meets this fault."""
        if not self.start <= now < self.end or not fnmatchcase(path, self.path):
            return False
        if self.kind is FaultKind.NO_BOX and "boxscore" not in path and "/summary" not in path:
            return False
        return self.source in (None, source)

    def seen_at(self, now: datetime) -> datetime:
        """The instant whose document is sent for a request at `now`."""
        if self.kind is FaultKind.STALE:
            return self.start
        if self.kind is FaultKind.REGRESS:
            return now - timedelta(seconds=self.seconds)
        return now


def faults_at(faults: Iterable[Fault], path: str, now: datetime, source: str) -> tuple[Fault, ...]:
    """The faults of the list that a request meets, in their order."""
    return tuple(fault for fault in faults if fault.hits(path, now, source))
