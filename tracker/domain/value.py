"""What a bet was worth when it was made, and what it was worth by the close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.domain.chance import Chance
from tracker.domain.money import Odds
from tracker.domain.quote import Selection
from tracker.domain.worth import edge, kelly

MOST_KELLY = 0.25
"""No larger share is ever shown: chances are only as good as the model."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price that can be had, and where."""

    book: str
    odds: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What a bet was worth when it was made: our chance beside its price.

    `odds` is the price of the bet as a decimal, None where none was given. `prior` says who told
    what was believed. `best` is the best price at that moment, `market_at_bet` an exchange's fair
    chance where the bet was placed in play.
    """

    bet: int
    at: datetime
    chance: Chance
    odds: Odds | None
    prior: str
    best: Price | None = None
    market_at_bet: float | None = None

    @property
    def break_even(self) -> float | None:
        """The chance of winning that the price asks for."""
        return None if self.odds is None else self.odds.break_even

    @property
    def edge(self) -> float | None:
        """The expected profit of one unit staked."""
        return None if self.odds is None else edge(self.chance, self.odds)

    @property
    def kelly(self) -> float | None:
        """The share of a bankroll that would make it grow fastest, a quarter at most."""
        return None if self.odds is None else min(kelly(self.chance, self.odds), MOST_KELLY)


class Grade(StrEnum):
    """How a closing line value was found, best first."""

    QUOTED = "quoted"
    CONVERTED = "converted"
    MODEL = "model"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ClosingValue:
    """What a bet was worth by the close: `value` is the expected profit of one unit, 0.05 is 5 %.

    `chance` is that of the very bet by the closing lines, `points` the line that closed where the
    market has one. `reason` says in a few words why it is missing, or who told the close.
    """

    bet: int
    revision: int
    grade: Grade
    at: datetime
    chance: Chance | None = None
    value: float | None = None
    points: float | None = None
    reason: str = ""
    closing_revision: int | None = None

    def __post_init__(self) -> None:
        """Refuse a value without a chance, and a missing one with a value."""
        if (self.grade is Grade.MISSING) != (self.value is None):
            raise ValueError(f"bet {self.bet}: a {self.grade.value} value is {self.value}")


@dataclass(frozen=True, slots=True)
class EdgeSeen:
    """A row that a list of edges showed: what was for sale, and what the model said of it."""

    at: datetime
    game: str
    selection: Selection
    p: float
    odds: float
    book: str
    edge: float
    prior: str
    poll: int | None = None
