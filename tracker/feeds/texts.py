"""The small texts of every source: clocks, instants, names. Read strictly, or refused by field."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from tracker.feeds.errors import FeedMalformed

_ISO = re.compile(r"PT(?=\d)(?:(\d{1,3})M)?(?:(\d{1,2}(?:\.\d{1,9})?)S)?", re.ASCII)
_PLAIN = re.compile(r"(\d{0,3}):(\d{2}(?:\.\d{1,3})?)|(\d{1,2}(?:\.\d{1,3})?)", re.ASCII)
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
