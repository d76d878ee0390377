"""Credits: what the answers of a source that is paid by the request cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Credit:
    """What one answer of a paid source cost, or why nothing was asked: `refused` says why.

    `planned` is what it was meant to cost; `used` and `remaining` are what the source says of the
    month, where it says anything.
    """

    provider: str
    at: datetime
    purpose: str
    planned: int
    cost: int = 0
    used: int | None = None
    remaining: int | None = None
    path: str = ""
    refused: str | None = None


class Purpose(StrEnum):
    """What a request is bought for, the most needed first.

    `OWN` is for the markets of one game beside the featured ones: players, halves, team totals.
    """

    CLOSE = "close"
    OWN = "own markets"
    AGAIN = "close, as the tip-off slid"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Purchase:
    """A request that is to be bought. `due` is when, where no countdown says better."""

    purpose: Purpose
    league: str
    games: tuple[str, ...]
    names: tuple[str, ...]
    markets: tuple[str, ...]
    planned: int
    due: datetime

    @property
    def what(self) -> str:
        """The request in a few words: `close LAL@DEN, BOS@NYK`."""
        return f"{self.purpose.value} {', '.join(self.names)}"
