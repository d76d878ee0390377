"""The league CDN's small texts: clocks in three notations, and what a status text adds to them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from tracker.domain.game import Phase
from tracker.domain.league import League
from tracker.feeds.errors import FeedMalformed

_ISO = re.compile(r"PT(?=\d)(?:(\d{1,3})M)?(?:(\d{1,2}(?:\.\d{1,9})?)S)?", re.ASCII)
_PLAIN = re.compile(r"(\d{0,3}):(\d{2}(?:\.\d{1,3})?)|(\d{1,2}(?:\.\d{1,3})?)", re.ASCII)
_IN_TEXT = re.compile(r"(?:q\d|ot\d?)\s+(\d{1,2}:\d{2}|\d{1,2}\.\d)", re.ASCII)
_END = re.compile(r"end\b.*?(ot|\d)", re.ASCII)
_EARLIEST, _LATEST = 2000, 2100
_LONGEST_NAME = 80


def squeezed(text: str | None) -> str:
    """A status text as it is compared: lower case, single blanks, no padding."""
    return " ".join((text or "").casefold().split())


def printable(text: str | None) -> str:
    """A name or a note, safe to print: no control characters, no padding, not endless."""
    kept = "".join(x if x.isprintable() else " " for x in text or "")
    return " ".join(kept.split())[:_LONGEST_NAME]


def seconds(text: str | None, field: str) -> float | None:
    """Seconds of `PT07M15.00S`, `7:15 ` or `:12.3`; None when blank, FeedMalformed when neither."""
    plain = (text or "").strip()
    if not plain:
        return None
    if found := _ISO.fullmatch(plain):
        return int(found[1] or 0) * 60 + float(found[2] or 0)
    if found := _PLAIN.fullmatch(plain):
        return int(found[1] or 0) * 60 + float(found[2] or found[3])
    raise FeedMalformed(field, "is no clock")


def clock_in(text: str) -> float | None:
    """The clock that a squeezed status text shows, as in `q2 07:15`; None when it shows none."""
    found = _IN_TEXT.fullmatch(text)
    return seconds(found[1], "gameStatusText") if found else None


def off(text: str) -> Phase | None:
    """Whether a squeezed status text calls the game off. The status number does not tell."""
    if text.startswith(("ppd", "postponed")):
        return Phase.POSTPONED
    return Phase.CANCELLED if text.startswith("cancel") else None


def interrupted(text: str) -> bool:
    """Whether a squeezed status text says that play has been stopped."""
    return text.startswith(("suspended", "delayed"))


def ended(text: str, period: int, rules: League) -> bool:
    """Whether a squeezed status text says that this very period is over: `half`, `end q3`."""
    if text in ("half", "halftime"):
        return period * 2 == rules.periods
    found = _END.match(text)
    if not found:
        return False
    if found[1] == "ot":
        return period > rules.periods
    return period == int(found[1])


def instant(text: str, field: str) -> datetime:
    """An instant such as `2023-04-21T02:00:00Z`, in UTC; FeedMalformed when it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FeedMalformed(field, "is no instant") from None
    if found.tzinfo is None or not _EARLIEST <= found.year <= _LATEST:
        raise FeedMalformed(field, "is no instant of this century with a time zone")
    return found.astimezone(UTC)


def day(text: str, field: str) -> date:
    """A date such as `2023-04-20`; FeedMalformed when it is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise FeedMalformed(field, "is no date") from None
    if not _EARLIEST <= found.year <= _LATEST:
        raise FeedMalformed(field, "is no date of this century")
    return found


def day_of_code(code: str | None) -> date | None:
    """The league's own date in a game code such as `20230420/SACGSW`; None when it has none."""
    try:
        return day((code or "")[:8], "gameCode")
    except FeedMalformed:
        return None
