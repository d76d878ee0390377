"""The line of `status` that says how this night's alerts fared, and when the next poll is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.domain.alert import Decision, Reason

if TYPE_CHECKING:
    from tracker.domain.tracking import GameTracking

_BEGINS = 6
"""The hour, on the person's clock, at which a night is over and another day begins."""

_SHORT = {
    Reason.NOT_REARMED: "band",
    Reason.BEYOND_WHEN_ADDED: "beyond when added",
    Reason.HOLDING: "hold",
    Reason.COOLING_DOWN: "cooldown",
    Reason.OVER_BUDGET: "budget",
    Reason.QUIET: "quiet hours",
}
"""Reasons in a word, where their own name is not the one that people use."""

_NO_HOLD = frozenset({Reason.REARMED.value, Reason.BELOW.value})
"""Rows that hold nothing back: a rule that is ready again, a chance that fell back by itself."""


def evening(now: datetime, zone: ZoneInfo) -> datetime:
    """When the night that `now` lies in began."""
    local = now.astimezone(zone)
    begun = local.replace(hour=_BEGINS, minute=0, second=0, microsecond=0)
    return begun if begun <= local else begun - timedelta(days=1)


def alerts_line(decisions: dict[tuple[str, str], int], wait: float | None) -> str:
    """`Alerts tonight 2 · held back 5 (band 3, cooldown 2) · next poll 4 s`; may be empty."""
    held: Counter[str] = Counter()
    fired = 0
    for (decision, reason), count in decisions.items():
        if decision == Decision.FIRED:
            fired += count
        elif reason not in _NO_HOLD:
            held[_SHORT.get(Reason(reason), reason.replace("_", " "))] += count
    parts = []
    if decisions:
        reasons = ", ".join(f"{reason} {count}" for reason, count in held.most_common(4))
        parts.append(f"Alerts tonight {fired}")
        parts.append(f"held back {held.total()}" + (f" ({reasons})" if reasons else ""))
    if wait is not None:
        parts.append(f"next poll {wait:.0f} s")
    return " · ".join(parts)


def until_next_poll(books: Sequence[GameTracking], now: datetime) -> float | None:
    """Seconds until a game that is played is looked at next; None when none is."""
    from tracker.feeds.polling.cadence import next_wait

    waits = [
        max(0.0, next_wait(x.standing, x.seen_at) - (now - x.seen_at).total_seconds())
        for x in books
        if x.state is not None and x.state.phase.in_play and x.seen_at is not None
    ]
    return min(waits, default=None)
