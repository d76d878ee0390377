"""What a status text of the league CDN adds to status number, period and clock."""

from __future__ import annotations

import re
from datetime import date

from tracker.domain.game import Phase
from tracker.domain.league import League
from tracker.feeds.errors import FeedMalformed
from tracker.feeds.strict import day, seconds

_IN_TEXT = re.compile(r"(?:q\d|ot\d?)\s+(\d{0,2}:\d{2}(?:\.\d)?|\d{1,2}\.\d)", re.ASCII)
_OVERTIME = re.compile(r"\b(\d?)ot(\d?)\b", re.ASCII)
_PERIOD = re.compile(r"q(\d)\b", re.ASCII)
_END = re.compile(r"end\b.*?(ot|\d)", re.ASCII)


def clock_in(text: str) -> float | None:
    """The clock that a squeezed status text shows, as in `q2 07:15`; None when it shows none."""
    found = _IN_TEXT.fullmatch(text)
    return seconds(found[1], "gameStatusText") if found else None


def overtime_in(text: str) -> int | None:
    """Which overtime a squeezed status text names: 1 for `ot 03:00`, 2 for `final/ot2`, `2ot`."""
    found = _OVERTIME.search(text)
    return int(found[1] or found[2] or 1) if found else None


def period_in(text: str) -> int | None:
    """Which quarter or half a squeezed status text names beside a clock: 3 for `q3 07:15`."""
    found = _PERIOD.match(text)
    return int(found[1]) if found else None


def forfeited(text: str) -> bool:
    """Whether a squeezed status text says that a side gave the game up."""
    return "forfeit" in text


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


def day_of_code(code: str | None) -> date | None:
    """The league's own date in a game code such as `20230420/SACGSW`; None when it has none."""
    try:
        return day((code or "")[:8], "gameCode")
    except FeedMalformed:
        return None
