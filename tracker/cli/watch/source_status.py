"""How the sources of games stand, as a person is told: who tells of a game, and who does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracker.cli.screen import paint

if TYPE_CHECKING:
    from tracker.store.views import SourceStatusView

_WELL = "ok"

_RECENT = timedelta(minutes=30)
"""A source that nobody has had to ask for so long is not worth a word."""


def source_of(league: str, pulses: Sequence[SourceStatusView]) -> str:
    """The source that told of a league last; empty before any has."""
    told = [
        (x.last_ok_at, x.source)
        for x in pulses
        if x.last_ok_at is not None and x.source.rpartition(" ")[2] == league
    ]
    return max(told)[1].partition(" ")[0] if told else ""


def feeds_line(pulses: Sequence[SourceStatusView], now: datetime) -> str | None:
    """One line over all sources that were asked lately: `Feeds: nba ok 4 s ago · espn nba blocked`.

    None when none was.
    """
    parts = [_part(x, now) for x in pulses if now - x.last_try_at <= _RECENT]
    return f"Feeds: {' · '.join(parts)}" if parts else None


def _part(pulse: SourceStatusView, now: datetime) -> str:
    from tracker.wording.figures import span_text

    ago = "" if pulse.last_ok_at is None else span_text((now - pulse.last_ok_at).total_seconds())
    if pulse.word == _WELL:
        return f"{pulse.source} {_WELL} {ago} ago"
    word = pulse.word.replace("_", " ")
    since = f", last answer {ago} ago" if ago else ", no answer yet"
    return paint(f"{pulse.source} {word}{since}", "yellow")
