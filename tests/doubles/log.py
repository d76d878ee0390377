"""What a log would write of an event."""

from __future__ import annotations

from tracker.domain.events import SystemEvent

Line = tuple[str, dict[str, str]]
"""The word for an event, and its figures."""


def log_line(event: SystemEvent) -> Line:
    """The event as a line of the log has it."""
    return event.name, event.figures
