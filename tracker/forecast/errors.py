"""What can keep a market from being priced."""

from __future__ import annotations

from tracker.domain import TrackerError
from tracker.domain.chance import NoChance


class BadParameters(TrackerError):
    """A parameters file that is damaged or meant for another version of the program."""


class Unpriceable(TrackerError):
    """The state lacks what a market asks about; the text says what is missing.

    What was known of the market before stands, unless `why` says that it has no chance now.
    """

    why: NoChance | None = None


class PlayerOut(Unpriceable):
    """A document says that the player does not play: his lines will be void."""

    why = NoChance.OUT


class LittleKnown(Unpriceable):
    """Nothing is known of a player that his figures could be expected by."""

    why = NoChance.LITTLE_KNOWN


class NotInBox(Unpriceable):
    """The box of a game in play does not have the player."""

    why = NoChance.NOT_IN_BOX
