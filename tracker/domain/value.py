"""The value of a bet: fair value, cash-outs, hedges, edge, the Kelly share, closing line value.

A bet of stake s at decimal odds d returns s * d when it wins, s when it pushes and nothing when it
loses; the stake of a free bet is the book's and is never returned. All amounts are cents. Chances
are the model's, and only as good as the model.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    """A cash-out offer compared with the bet's fair value.

    `fair` and `offer` are cents. `fee` is the share of the fair value that the offer keeps back:
    below 0 when the offer is above the fair value, None when the fair value is 0. `break_even` is
    the chance of winning at which the offer is exactly fair, with the chance of a push unchanged;
    infinite when the offer is more than the bet can return.
    """

    fair: int
    offer: int
    fee: float | None
    break_even: float


@dataclass(frozen=True, slots=True)
class Hedge:
    """A second bet on the other side, and the profit of both bets together, in cents.

    `if_wins` and `if_loses` are that profit when the first bet wins and when it loses. `expected`
    is its mean by the live chance.
    """

    stake: int
    if_wins: int
    if_loses: int
    expected: int


@dataclass(frozen=True, slots=True)
class Returns:
    """What a bet pays back when it wins and when it pushes, in cents.

    `own` is the person's money that is lost when it loses: 0 of a free bet, whose stake never comes
    back.
    """

    won: int
    pushed: int
    own: int


def returns_of(stake_cents: int, odds: Odds, *, free: bool = False) -> Returns:
    """The returns of a bet of this stake and price."""
    own = own_part(stake_cents, free=free)
    return Returns(payout_if_won(stake_cents, odds) - stake_cents + own, own, own)


def comes_back(result: Result, stake_cents: int, odds: Odds | None, *, free: bool) -> int | None:
    """Cents that a bet pays back by its result; the stake of a free bet stays with the book.

    None for a win at unknown odds.
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
    """The fair value in cents: what the bet returns on average, the person's stake included."""
    return _cents(chance.win * bet.won + chance.push * bet.pushed)


def cashout(chance: Chance, bet: Returns, offer_cents: int) -> Cashout:
    """Compare an offer to cash the bet out with its fair value."""
    fair = fair_value(chance, bet)
    fee = None if fair <= 0 else 1 - offer_cents / fair
    return Cashout(fair, offer_cents, fee, _break_even(chance, bet, offer_cents))


def _break_even(chance: Chance, bet: Returns, offer: int) -> float:
    """The chance of winning at which holding is worth the offer, at an unchanged push chance."""
    if bet.won == 0:
        return float("inf")
    wanted = (offer - chance.push * bet.pushed) / bet.won
    cent = 1 / bet.won  # Fair values are rounded to whole cents.
    return max(0.0, wanted) if wanted <= 1 - chance.push + cent else float("inf")


@dataclass(frozen=True, slots=True)
class Hedges:
    """What a bet brings without a second bet on the other side, and with either of two.

    `lock` makes the profit the same whichever side wins, `even` just covers the first stake.
    """

    none: Hedge
    lock: Hedge
    even: Hedge


def hedges_of(chance: Chance, bet: Returns, other: Odds) -> Hedges:
    """The hedges of a bet at `other` odds."""
    return Hedges(
        unhedged(chance, bet),
        hedge_to_lock(chance, bet, other),
        hedge_to_keep_even(chance, bet, other),
    )


def unhedged(chance: Chance, bet: Returns) -> Hedge:
    """The first bet alone, as a hedge of stake 0."""
    return _hedge(chance, bet, 0, 0)


def hedge_to_lock(chance: Chance, bet: Returns, other: Odds) -> Hedge:
    """The hedge at `other` odds that makes the profit the same whichever side wins."""
    stake = _cents(Fraction(bet.won) / other.decimal)
    return _hedge(chance, bet, stake, payout_if_won(stake, other))


def hedge_to_keep_even(chance: Chance, bet: Returns, other: Odds) -> Hedge:
    """The smallest hedge at `other` odds that loses nothing when the first bet loses."""
    stake = ceil(bet.own / (other.decimal - 1))
    return _hedge(chance, bet, stake, payout_if_won(stake, other))


def _hedge(chance: Chance, bet: Returns, second: int, pays: int) -> Hedge:
    if_wins = bet.won - bet.own - second
    if_loses = pays - second - bet.own
    expected = _cents(chance.win * if_wins + chance.lose * if_loses)
    return Hedge(second, if_wins, if_loses, expected)


def edge(chance: Chance, odds: float) -> float:
    """The expected profit of one unit staked at decimal odds (0.05 is 5 %); a push returns it."""
    return chance.win * odds + chance.push - 1


def kelly(chance: Chance, odds: float) -> float:
    """The Kelly share at decimal odds: the part of a bankroll whose staking makes it grow fastest.

    It is 0 without an edge. Kelly 1956 with pushes: f = (p b - q) / (b (p + q)), where b is the
    profit of one unit and p and q are the chances of winning and losing.
    """
    profit, decided = odds - 1, chance.win + chance.lose
    if decided <= 0:
        return 0.0
    return max(0.0, (chance.win * profit - chance.lose) / (profit * decided))


def part_paid(legs: Iterable[tuple[Odds | None, Chance]]) -> float:
    """The part of its price that a parlay pays on average, given that none of its legs loses.

    `legs` are the legs' own prices and chances. A leg that pushes drops out, and its own price with
    it, or its fair one where it has none.
    """
    paid = 1.0
    for odds, x in legs:
        if 0 < x.push < 1:
            less = x.win / (x.win + x.lose) if odds is None else float(1 / odds.decimal)
            paid *= (x.win + x.push * less) / (x.win + x.push)
    return paid


def as_paid(chance: Chance, paid: float) -> Chance:
    """A chance in which a win counts as far as it is paid: `paid` is what `part_paid` gives."""
    win = (chance.win + chance.push) * paid
    return Chance(win, 0.0, 1.0 - win) if paid < 1 else chance


def _cents(amount: float | Fraction) -> int:
    """Round half up to the cent."""
    return floor(amount + Fraction(1, 2)) if isinstance(amount, Fraction) else floor(amount + 0.5)


MOST_KELLY = 0.25
"""The largest Kelly share that is ever shown: chances are only as good as the model."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price that can be taken, in decimal odds, and the book that offers it."""

    book: str
    odds: float


@dataclass(frozen=True, slots=True)
class BetDecision:
    """What a bet was worth when it was made: the model's chance and the price.

    `odds` is the price of the bet, None when it has none and for a free bet: where nothing is at
    risk there is no edge and no Kelly share. `prior` names the source of the prior. `best` is the
    best price at that moment. `market_at_bet` is an exchange's fair chance, for a bet that was
    placed in play. `paid` is the part of its price that a parlay pays on average when it wins,
    below 1 where a leg may push.
    """

    bet: int
    at: datetime
    chance: Chance
    odds: Odds | None
    prior: str
    best: Price | None = None
    market_at_bet: float | None = None
    paid: float = 1.0

    @property
    def worth(self) -> Chance:
        """The chance, with a win counted as far as it is paid."""
        return as_paid(self.chance, self.paid)

    @property
    def fair_odds(self) -> float | None:
        """Decimal odds at which the bet has no edge; None when it cannot win."""
        return self.worth.fair_odds

    @property
    def break_even(self) -> float | None:
        """The break-even chance of the price."""
        return None if self.odds is None else self.odds.break_even

    @property
    def edge(self) -> float | None:
        """The expected profit of one unit staked; None without a price."""
        return None if self.odds is None else edge(self.worth, float(self.odds.decimal))

    @property
    def kelly(self) -> float | None:
        """The Kelly share, at most MOST_KELLY; None without a price."""
        if self.odds is None:
            return None
        return min(kelly(self.worth, float(self.odds.decimal)), MOST_KELLY)


class Grade(StrEnum):
    """How a closing line value was found, best first."""

    QUOTED = "quoted"
    CONVERTED = "converted"
    MODEL = "model"
    MISSING = "missing"

    @property
    def by_quotes(self) -> bool:
        """Whether the value rests on quotes of the bet's market, not on our own model."""
        return self in (Grade.QUOTED, Grade.CONVERTED)


@dataclass(frozen=True, slots=True)
class ClosingValue:
    """Closing line value: `value` is the expected profit of one unit at the close (0.05 is 5 %).

    `chance` is the chance of exactly this bet by the closing lines; `points` is the closing line of
    its market, None where the market has no line. `reason` says in a few words why the value is
    missing, or who quoted the close.
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
    """A row of a list of edges as it was shown: a quote, and the model's chance of it (`p`).

    `edge` counts the chance of a push, in which the stake returns.
    """

    at: datetime
    game: str
    selection: Selection
    p: float
    odds: float
    book: str
    edge: float
    prior: str
    poll: int | None = None

    @property
    def decided_p(self) -> float:
        """The model's chance that it wins, given no push."""
        push = self.edge + 1 - self.p * self.odds
        return self.p / (1 - push)
