"""What a bet is worth, when it was made and by the close: fair value, hedges, edge, Kelly's share.

A bet of stake s at decimal odds d returns s * d when it wins, s when it pushes and nothing when it
loses; of a free bet the stake is the book's, and never part of it. All amounts are cents; chances
are the model's own, and only as good as it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import assert_never

from tracker.domain.bet import Result
from tracker.domain.chance import Chance
from tracker.domain.money import Odds, own_part, payout_if_won
from tracker.domain.quote import Selection


@dataclass(frozen=True, slots=True)
class Cashout:
    """An offer beside what the bet is worth.

    `fair` and `offer` are cents. `fee` is the share of the fair value that the offer keeps back:
    below 0 when it pays more. `break_even` is the chance of winning, given no push, at which the
    offer is exactly fair; above 1 when it pays more than the bet ever can.
    """

    fair: int
    offer: int
    fee: float | None
    break_even: float


@dataclass(frozen=True, slots=True)
class Hedge:
    """A second bet on the other side, and what both together bring, in cents.

    `if_wins` and `if_loses` are the profits of both bets together, by the result of the first.
    `expected` is their mean by the live chance.
    """

    stake: int
    if_wins: int
    if_loses: int
    expected: int


@dataclass(frozen=True, slots=True)
class Returns:
    """What a bet gives back if it wins and where it is returned, in cents.

    `own` is what the person loses with it: of a free bet nothing, and its stake never comes back.
    """

    won: int
    pushed: int
    own: int


def returns_of(stake_cents: int, odds: Odds, *, free: bool = False) -> Returns:
    """What a bet of this stake and price gives back."""
    own = own_part(stake_cents, free=free)
    return Returns(payout_if_won(stake_cents, odds) - stake_cents + own, own, own)


def comes_back(result: Result, stake_cents: int, odds: Odds | None, *, free: bool) -> int | None:
    """Cents that come back of a stake; the stake of a free bet stays with the book.

    None for a win at odds that are not known.
    """
    match result:
        case Result.WON:
            return None if odds is None else returns_of(stake_cents, odds, free=free).won
        case Result.PUSH | Result.VOID:
            return own_part(stake_cents, free=free)
        case Result.LOST:
            return 0
        case _:
            assert_never(result)


def fair_value(chance: Chance, bet: Returns) -> int:
    """Cents that a bet is worth: what it returns on average, its own stake included."""
    return _cents(chance.win * bet.won + chance.push * bet.pushed)


def cashout(chance: Chance, bet: Returns, offer_cents: int) -> Cashout:
    """How an offer to end the bet compares with its fair value."""
    fair = fair_value(chance, bet)
    fee = None if fair <= 0 else 1 - offer_cents / fair
    return Cashout(fair, offer_cents, fee, _break_even(chance, bet, offer_cents))


def _break_even(chance: Chance, bet: Returns, offer: int) -> float:
    """The chance of winning, given no push, at which holding is worth the offer."""
    open_share = 1 - chance.push
    if open_share <= 0:
        return 0.0 if offer <= bet.pushed else float("inf")
    return max(0.0, (offer - chance.push * bet.pushed) / (bet.won * open_share))


def unhedged(chance: Chance, bet: Returns) -> Hedge:
    """The first bet alone."""
    return _hedge(chance, bet, 0, 0)


def hedge_to_lock(chance: Chance, bet: Returns, other: Odds) -> Hedge:
    """The stake at `other` odds on the other side that makes the profit the same either way."""
    stake = _cents(Fraction(bet.won) / other.decimal)
    return _hedge(chance, bet, stake, payout_if_won(stake, other))


def hedge_to_keep_even(chance: Chance, bet: Returns, other: Odds) -> Hedge:
    """The least stake on the other side that loses nothing when the first bet loses."""
    stake = ceil(bet.own / (other.decimal - 1))
    return _hedge(chance, bet, stake, payout_if_won(stake, other))


def _hedge(chance: Chance, bet: Returns, second: int, pays: int) -> Hedge:
    if_wins = bet.won - bet.own - second
    if_loses = pays - second - bet.own
    expected = _cents(chance.win * if_wins + chance.lose * if_loses)
    return Hedge(second, if_wins, if_loses, expected)


def edge(chance: Chance, odds: Odds) -> float:
    """The expected profit of one unit staked at these odds, pushes returned: 0.05 is 5 %."""
    return chance.win * float(odds.decimal) + chance.push - 1


def kelly(chance: Chance, odds: Odds) -> float:
    """The share of a bankroll that makes it grow fastest at these odds; 0 without an edge.

    Kelly 1956 with pushes: f = (p b - q) / (b (p + q)), b the profit of one unit, p and q the
    chances of winning and losing.
    """
    profit = float(odds.decimal) - 1
    decided = chance.win + chance.lose
    if decided <= 0:
        return 0.0
    return max(0.0, (chance.win * profit - chance.lose) / (profit * decided))


def _cents(amount: float | Fraction) -> int:
    """Rounded half up to the cent."""
    return floor(amount + Fraction(1, 2)) if isinstance(amount, Fraction) else floor(amount + 0.5)


MOST_KELLY = 0.25
"""No larger share is ever shown: chances are only as good as the model."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price that can be had, and where."""

    book: str
    odds: float


@dataclass(frozen=True, slots=True)
class BetDecision:
    """What a bet was worth when it was made: our chance beside its price.

    `odds` is the price of the bet as a decimal, None where none was given and of a free bet: where
    nothing is at risk there is no edge and no share to stake. `prior` says who told what was
    believed. `best` is the best price at that moment, `market_at_bet` an exchange's fair chance
    where the bet was placed in play.
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
