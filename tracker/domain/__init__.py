"""The program's vocabulary as frozen values: games, bets, chances, alerts and results.

This file holds the errors that a person can act on. Each says what is wrong, where, and what to do.
"""

from __future__ import annotations


class TrackerError(Exception):
    """An error that is shown to a person; its text is one clear sentence."""


class BadBet(TrackerError):
    """A bet that cannot be understood. `at` is the offset of the wrong text, None if not known."""

    def __init__(self, message: str, at: int | None = None) -> None:
        """`message` is one sentence; `at` counts characters from the start of the line."""
        super().__init__(message)
        self.at = at


class BadRule(TrackerError):
    """An alert rule that cannot be understood."""


class BadTime(TrackerError):
    """A time that cannot be understood, or that cannot be the end of a snooze."""


class Misused(TrackerError):
    """The arguments contradict each other; the text says which to change."""

    exit_status = 2


class Impossible(TrackerError):
    """What was asked for cannot be done; the text says what to do instead."""
