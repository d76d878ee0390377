"""Boards: channels that can keep a card, one message that is edited in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tracker.domain.alert import Failed, Refused, Sent, Unknown
from tracker.wording.cards import Card


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a board may be written to, in seconds.

    `each` lies between two edits of one card, `between` between any two requests, so that alerts
    find room beside them. A live card without news is edited after `idle` all the same: its time
    shows that it is alive.
    """

    each: float
    between: float
    idle: float


@dataclass(frozen=True, slots=True)
class Shown:
    """The card stands in the chat. `message` is the channel's own name of it."""

    message: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing was edited, and nothing ever will be: somebody has deleted the card."""

    why: str


Posted = Shown | Refused | Failed | Unknown
Edited = Sent | Gone | Refused | Failed | Unknown


class Board(Protocol):
    """One place where cards are kept up to date. Its loop makes one request at a time."""

    @property
    def name(self) -> str:
        """What the cards are stored under: the name of the channel that alerts go through."""
        ...

    @property
    def pace(self) -> Pace:
        """How often it may be written to."""
        ...

    @property
    def same_name(self) -> bool:
        """Whether a card that is posted again takes the place of the first one."""
        ...

    async def post(self, card: Card, number: int, game: str) -> Posted:
        """Post a card without a sound, within a limit of its own.

        `number` is what buttons name it by, `game` the id of its game. Only what certainly did not
        arrive has `Failed`.
        """
        ...

    async def edit(self, message: str, card: Card, number: int) -> Edited:
        """Make a card that was posted show this; a card that shows it already counts as edited."""
        ...
