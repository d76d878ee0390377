"""Snoozes in a person's words: until when, as `2h`, `90 min`, `until 22:00`, and about what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import assert_never

from tracker.domain.errors import BadTime
from tracker.domain.policy import Snooze, SnoozeScope

LONGEST = timedelta(days=30)
"""Nothing is silenced for longer: what nobody remembers to have silenced looks like a fault."""

FORMS = "'2h', '90m', '1h30m', '1d', or 'until 22:00'"

_SPAN = re.compile(r"(?:(\d{1,3})\s*d)?\s*(?:(\d{1,4})\s*h)?\s*(?:(\d{1,5})\s*(?:m|min))?")
_UNTIL = re.compile(r"(?:until|till|to)?\s*(?:(\d{4}-\d{2}-\d{2})[ t])?\s*(\d{1,2})[:.](\d{2})")


def parse_until(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The end, in UTC, of a snooze that begins `now`. Times of day are on the clock of `zone`.

    A time of day that has passed today means tomorrow's. Raises BadTime.
    """
    plain = " ".join(text.casefold().removeprefix("for ").split())
    until = _at(plain, now, zone) if (":" in plain or "." in plain) else _after(plain, now)
    if until is None:
        raise BadTime(f"{text!r} is no time to be silent until: write {FORMS}")
    if until <= now:
        raise BadTime(f"{text!r} has passed: write {FORMS}")
    if until - now > LONGEST:
        raise BadTime(f"{text!r} is further away than {LONGEST.days} days: write {FORMS}")
    return until


def subject(snooze: Snooze, games: Mapping[str, str]) -> str:
    """What is silent: a bet by its number, a game by its name among `games`, or everything."""
    match snooze.scope:
        case SnoozeScope.ALL:
            return "everything"
        case SnoozeScope.GAME:
            return games.get(snooze.target, snooze.target)
        case SnoozeScope.BET:
            return f"bet #{snooze.target}"
        case _:
            assert_never(snooze.scope)


def _after(text: str, now: datetime) -> datetime | None:
    found = _SPAN.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(x or 0) for x in found.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes)


def _at(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    found = _UNTIL.fullmatch(text)
    if found is None:
        return None
    try:
        clock = time(int(found[2]), int(found[3]))
        day = None if found[1] is None else datetime.fromisoformat(found[1]).date()
    except ValueError:
        return None
    today = now.astimezone(zone).date()
    if day is not None:
        return datetime.combine(day, clock, zone).astimezone(UTC)
    until = datetime.combine(today, clock, zone).astimezone(UTC)
    if until > now:
        return until
    return datetime.combine(today + timedelta(days=1), clock, zone).astimezone(UTC)
