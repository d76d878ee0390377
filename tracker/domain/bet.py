"""Bets as a person registers them, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from tracker.domain.chance import LOST, PUSHED, WON, Chance, NoChance
from tracker.domain.game import Game, Score
from tracker.domain.money import Odds
from tracker.domain.parlay import Leg, Parlay, Wager
from tracker.domain.prior import NO_LINES, Lines, PriorTold
from tracker.domain.rule import Rule

ASK_BOOK = "what did the book pay?"
"""Ends the reason of a bet that is won and whose payout only the book knows."""


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

    `market` is what it is on: one market of `game`, or a parlay; `game` is then the first of its
    games to tip off. `odds` are those of the whole.

    `number` is the short id that people type; `name` is their own id, where they gave one. `pick`
    is the text as written. `odds` and `stake_cents` may be unknown: the bet is then only watched.
    A rule that is given twice is kept once. The stake of a `free` bet is the book's. `placed_at` is
    when it was placed, where the person says so.
    """

    number: int
    pick: str
    market: Wager
    game: Game
    rules: tuple[Rule, ...]
    added_at: datetime
    odds: Odds | None = None
    stake_cents: int | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    book: str | None = None
    lines: Lines = NO_LINES
    placed_at: datetime | None = None
    free: bool = False
    legs: tuple[Leg, ...] = field(init=False, repr=False, compare=False)
    """What must come true: the legs of a parlay in their order, or the one market."""

    def __post_init__(self) -> None:
        """Drop repeated rules: a firing is known by the text of its rule."""
        if isinstance(self.market, Parlay) and self.game.id != self.market.games[0].id:
            raise ValueError(f"bet {self.number}: a parlay goes by the first of its games")
        rules = tuple({x.text: x for x in self.rules}.values())
        object.__setattr__(self, "rules", rules)
        if isinstance(self.market, Parlay):
            legs = self.market.legs
        else:
            legs = (Leg(self.game, self.market, self.odds),)
        object.__setattr__(self, "legs", legs)

    @property
    def id(self) -> int | str:
        """The person's own id, else the number."""
        return self.number if self.name is None else self.name

    @property
    def made_at(self) -> datetime:
        """When it was placed, as far as that is known."""
        return self.placed_at or self.added_at

    @property
    def own_cents(self) -> int | None:
        """What of the stake is the person's money; None where the stake is not known."""
        return 0 if self.free and self.stake_cents is not None else self.stake_cents

    @property
    def games(self) -> tuple[Game, ...]:
        """The games that it is about, each once, by tip-off."""
        return self.market.games if isinstance(self.market, Parlay) else (self.game,)


@dataclass(frozen=True, slots=True)
class Moments:
    """mu or sigma (points) of the final score's home and away points, margin and total."""

    home: float
    away: float
    margin: float
    total: float


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """The figure that decides a bet where the final score does not tell it.

    That is a player's figure, or of a quarter or half its margin (of the side that is backed), its
    total or one team's points. `now` is what counts so far, None before its span begins; `mu` and
    `sigma` are the mean and the standard deviation of what it ends with.
    """

    now: float | None
    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A bet's chance at one moment, with the state and the forecast that gave it.

    `chance` is None from where it is no longer known; `no_chance` then says why. `part` is the
    chance of those legs of a parlay that are about the game of the state, together. `prior` is what
    was believed before tip-off; None in what an earlier version wrote. `own` is the figure that
    decides the bet; None where `mu` and `sigma` tell it, and where it is not known.
    """

    bet: int
    at: datetime
    period: int
    clock: float
    game_clock: str
    score: Score
    mu: Moments
    sigma: Moments
    chance: Chance | None
    model_version: str
    feature_version: str
    calibration_id: str
    part: Chance | None = None
    no_chance: NoChance | None = None
    prior: PriorTold | None = None
    own: OwnFigure | None = None

    @property
    def known(self) -> Chance:
        """The chance, for whoever left out the moments at which there was none."""
        assert self.chance is not None  # noqa: S101 - as is promised
        return self.chance


@dataclass(frozen=True, slots=True)
class Settlement:
    """A result of a bet. Revision 1 is the first; a corrected box score makes the next.

    `reason` says in a few words why; `evidence` are the figures of the box and the rules that it
    rests on. A result that a person gave `by_hand` is not changed by any box score.
    """

    bet: int
    revision: int
    result: Result
    payout_cents: int | None
    at: datetime
    reason: str
    evidence: str = ""
    by_hand: bool = False


def chance_of(result: Result) -> Chance:
    """The chance of a bet that has its result: what is void comes back, as a push does."""
    match result:
        case Result.WON:
            return WON
        case Result.LOST:
            return LOST
        case Result.PUSH | Result.VOID:
            return PUSHED
        case _:
            assert_never(result)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The box score, read again later, agrees with this revision: it is official.

    `why` says what it rests on where the box could not be read again.
    """

    bet: int
    revision: int
    at: datetime
    why: str = ""
