"""Whether a player can play, as a source says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tracker.domain.game import Game
from tracker.domain.league import slate_date

BOX = "box"
"""The source of a word that a box score gave; it is about the game of that box alone."""

AHEAD = timedelta(days=1)
"""A list tells of the games of its own date and of the next: beyond that much may change."""


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

    `returns` is the date on which he is expected back, where it says one. A list may say `out` of a
    player whom it expects back tonight: he is then only out until tonight.
    """

    league: str
    team: str
    name: str
    status: Availability
    detail: str
    returns: date | None = None
    source: str = "espn"

    def keeps_out_on(self, slate: date, read_on: date) -> bool:
        """Whether he will not play on a league's date, by a list that was read on another.

        Without a date of return a word is about the next game, and says nothing of later ones.
        """
        if not self.status.rules_out:
            return False
        return slate < self.returns if self.returns is not None else slate <= read_on + AHEAD


@dataclass(frozen=True, slots=True)
class Absences:
    """What is said of a league's players, by team code and player's key, as last read.

    `read_at` is when the list was read.
    """

    read_at: datetime
    words: Mapping[tuple[str, str], tuple[Injury, ...]]

    def tells_of(self, game: Game) -> bool:
        """Whether the list is of about the game's date, so that who is not on it may play."""
        return game.slate <= slate_date(self.read_at) + AHEAD

    def out_of(self, game: Game, team: str) -> dict[str, Injury]:
        """Who of a team will not play in a game, by his key, with what is said of him."""
        read_on = slate_date(self.read_at)
        found = {}
        for (code, key), words in self.words.items():
            out = [x for x in words if x.keeps_out_on(game.slate, read_on)]
            if code == team and out:
                found[key] = out[0]
        return found
