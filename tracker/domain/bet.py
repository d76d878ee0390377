"""Bets as a person registers them, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.domain.chance import Chance
from tracker.domain.game import Game, Score
from tracker.domain.market import Market
from tracker.domain.money import Odds
from tracker.domain.prior import NO_LINES, Lines
from tracker.domain.rule import Rule


class Result(StrEnum):
    """How a bet ended."""

    WON = "won"
    LOST = "lost"
    PUSH = "push"
    VOID = "void"


class Status(StrEnum):
    """Where a bet stands."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    PROVISIONAL = "provisional"
    OFFICIAL = "official"
    WITHDRAWN = "withdrawn"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class Bet:
    """A registered bet whose game is known.

    `number` is the short id that people type; `name` is their own id, where they gave one. `pick`
    is the text as written. `odds` and `stake_cents` may be unknown: the bet is then only watched.
    A rule that is given twice is kept once.
    """

    number: int
    pick: str
    market: Market
    game: Game
    rules: tuple[Rule, ...]
    added_at: datetime
    odds: Odds | None = None
    stake_cents: int | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    book: str | None = None
    lines: Lines = NO_LINES

    def __post_init__(self) -> None:
        """Drop repeated rules: a firing is known by the text of its rule."""
        rules = tuple({x.text: x for x in self.rules}.values())
        object.__setattr__(self, "rules", rules)

    @property
    def id(self) -> int | str:
        """The person's own id, else the number."""
        return self.number if self.name is None else self.name


@dataclass(frozen=True, slots=True)
class Moments:
    """mu or sigma (points) of the final score's home and away points, margin and total."""

    home: float
    away: float
    margin: float
    total: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A bet's chance at one moment, with the state and the forecast that gave it."""

    bet: int
    at: datetime
    period: int
    clock: float
    game_clock: str
    score: Score
    mu: Moments
    sigma: Moments
    chance: Chance
    model_version: str
    feature_version: str
    calibration_id: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """A result of a bet. Revision 1 is the first; a corrected box score makes the next."""

    bet: int
    revision: int
    result: Result
    payout_cents: int | None
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The box score, read again later, agrees with this revision: it is official."""

    bet: int
    revision: int
    at: datetime
