"""The log line of an event, for tests."""

from __future__ import annotations

from tracker.domain.events import SystemEvent

Line = tuple[str, dict[str, str]]
"""The event's name in the log, and its figures."""


def log_line(event: SystemEvent) -> Line:
    """The event as the log writes it."""
    return event.name, event.figures
