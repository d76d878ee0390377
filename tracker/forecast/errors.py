"""The errors of this room: why a market cannot be priced, or a file not be read."""

from __future__ import annotations

from tracker.domain import TrackerError
from tracker.domain.chance import NoChance


class BadParameters(TrackerError):
    """A parameters file that is damaged or meant for another version of the program."""


class Unpriceable(TrackerError):
    """The state lacks what a market asks about; the text says what is missing.

    The market keeps its last chance, unless `why` says that it now has none.
    """

    why: NoChance | None = None


class PlayerOut(Unpriceable):
    """The box or an injury report lists the player as out: his lines will be void."""

    why = NoChance.OUT


class LittleKnown(Unpriceable):
    """Too few games and no line of the player are known, so nothing can be expected of him."""

    why = NoChance.LITTLE_KNOWN


class NotInBox(Unpriceable):
    """The box score of a game in play does not list the player."""

    why = NoChance.NOT_IN_BOX
