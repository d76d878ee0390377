"""What can keep a market from being priced."""

from __future__ import annotations

from tracker.domain.errors import TrackerError


class BadParameters(TrackerError):
    """A parameters file that is damaged or meant for another version of the program."""


class Unpriceable(TrackerError):
    """The state lacks what a market asks about; the text says what is missing."""
