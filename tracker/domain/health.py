"""Whether a player can play, as a source says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Availability(StrEnum):
    """A source's word on a player: `other` is one that is not known here."""

    AVAILABLE = "available"
    PROBABLE = "probable"
    QUESTIONABLE = "questionable"
    DOUBTFUL = "doubtful"
    OUT = "out"
    OTHER = "other"

    @property
    def rules_out(self) -> bool:
        """Whether he will not play."""
        return self is Availability.OUT


@dataclass(frozen=True, slots=True)
class Injury:
    """What a source says of a player: `team` is our code, `detail` its reason and comment.

    `returns` is the date on which he is expected back, where it says one.
    """

    league: str
    team: str
    name: str
    status: Availability
    detail: str
    returns: date | None = None
    source: str = "espn"
