"""Which change of a bet's chance a person means: two places in its history."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.app.axes import game_seconds
from tracker.domain.errors import Misused
from tracker.domain.league import LEAGUES, League
from tracker.store.views import SnapshotView

_GAME_CLOCK = re.compile(
    r"(?:Q([1-4])|([12])H|(\d?)OT)(?:\s+(\d{1,2}):(\d\d(?:\.\d)?))?", re.IGNORECASE
)
_WALL_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_HOW = "write a game clock such as 'Q3 4:11', a time such as 21:14, or a poll of `tracker show`"


def place(text: str, views: Sequence[SnapshotView], league: str, zone: ZoneInfo) -> int:
    """The place of the last snapshot at or before what a person wrote. Raises Misused.

    A number is a poll, as `tracker show --json` gives it.
    """
    words = text.strip()
    shots = [x.snapshot for x in views]
    if words.isdecimal():
        found = [i for i, x in enumerate(views) if x.poll == int(words)]
        if not found:
            raise Misused(f"this bet has no snapshot of poll {words}: {_HOW}")
        return found[0]
    if words.casefold() in ("tip", "tip-off", "start"):
        return 0
    if words.casefold() in ("end", "final"):
        return len(views) - 1
    played = _game_time(words, LEAGUES[league])
    if played is not None:
        at = [game_seconds(LEAGUES[league], x.period, x.clock) for x in shots]
        return _last(text, [x <= played for x in at])
    moment = _instant(words, shots[0].at, zone)
    return _last(text, [x.at <= moment for x in shots])


def _last(text: str, before: Sequence[bool]) -> int:
    if not before[0]:
        raise Misused(f"{text!r} is before this bet's first snapshot: name a later moment")
    return max(i for i, x in enumerate(before) if x)


def _game_time(words: str, league: League) -> float | None:
    """Seconds of game time played; None for what is no game clock."""
    if words.casefold() == "half":
        return league.regulation_seconds / 2
    found = _GAME_CLOCK.fullmatch(words)
    if found is None:
        return None
    quarter, half, extra, minutes, seconds = found.groups()
    period = int(quarter or half or 0) or league.periods + int(extra or 1)
    left = 0.0 if minutes is None else int(minutes) * 60 + float(seconds)
    return game_seconds(league, period, left)


def _instant(words: str, first: datetime, zone: ZoneInfo) -> datetime:
    """A time with its zone, or one of the evening of the game in the person's zone."""
    try:
        if _WALL_CLOCK.fullmatch(words):
            local = first.astimezone(zone)
            found = datetime.combine(local.date(), time.fromisoformat(words.zfill(5)), zone)
            return found if found >= local - timedelta(hours=12) else found + timedelta(days=1)
        found = datetime.fromisoformat(words)
    except ValueError:
        raise Misused(f"{words!r} is no moment of a game: {_HOW}") from None
    if found.tzinfo is None:
        raise Misused(f"{words!r} lacks a time zone: end it with Z for UTC")
    return found
