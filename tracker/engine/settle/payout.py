"""Payouts: the result of a bet from the results of its legs, and the money that it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor

from tracker.domain.bet import ASK_BOOK, Bet, Parlay, Result, Settlement, joint_result
from tracker.domain.money import Odds, own_part, several
from tracker.domain.tracking import LegStanding
from tracker.domain.value import comes_back
from tracker.engine.settle.grading import Unsettleable

SAME_PRICE = Fraction(1, 50)
"""How far a parlay's price may differ from the product of its legs' prices and still count as that
product, as a share of the product: prices are rounded to few digits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a bet ended. `payout_cents` includes the stake; None when stake or odds are unknown."""

    result: Result
    payout_cents: int | None
    reason: str
    evidence: str

    def settles(self, bet: int, revision: int, at: datetime) -> Settlement:
        """The settlement of a bet that ended so."""
        return Settlement(
            bet, revision, self.result, self.payout_cents, at, self.reason, self.evidence
        )


def outcome(bet: Bet, legs: Sequence[LegStanding]) -> Outcome | None:
    """The outcome of a bet from the results of its legs; None while they leave it open.

    One lost leg loses a parlay at once. Legs that are void or push drop out, and the other legs pay
    by their own prices; where these are not known, the reason asks what the book paid. Raises
    Unsettleable when a leg cannot be settled and no other leg has lost.
    """
    slip = bet.market
    if not isinstance(slip, Parlay):
        (leg,) = legs
        if leg.unclear:
            raise Unsettleable(leg.unclear)
        if leg.result is None:
            return None
        return Outcome(leg.result, payout(bet, leg.result), leg.reason, leg.evidence)
    result = _parlay_result(legs)
    if result is None:
        return None
    evidence = "; ".join(f"leg {x.leg + 1}: {x.evidence}" for x in legs if x.evidence)
    paid = _parlay_pays(bet, slip, legs) if result is Result.WON else payout(bet, result)
    if isinstance(paid, str):
        return Outcome(result, None, f"{_reason(legs, result)}; {paid}", evidence)
    return Outcome(result, paid, _reason(legs, result), evidence)


def _parlay_result(legs: Sequence[LegStanding]) -> Result | None:
    """The result of a parlay from its legs; None while it is open.

    Raises Unsettleable once every leg has a result or is unclear, one is unclear, and none lost.
    """
    result = joint_result([x.result for x in legs])
    if result is Result.LOST or any(x.result is None and not x.unclear for x in legs):
        return result
    for leg in legs:
        if leg.unclear:
            raise Unsettleable(f"leg {leg.leg + 1}: {leg.unclear}")
    return result


def payout(bet: Bet, result: Result) -> int | None:
    """Cents that the bet returns by its odds, the stake included; None when that is not known."""
    if bet.stake_cents is None:
        return None
    return comes_back(result, bet.stake_cents, bet.odds, free=bet.free)


def _parlay_pays(bet: Bet, slip: Parlay, legs: Sequence[LegStanding]) -> int | str | None:
    """Cents that a won parlay returns: by its own price, or by the prices of its remaining legs.

    None where stake or odds are not known. A text, which asks the person, where only the book knows
    the payout.
    """
    if bet.stake_cents is None:
        return None
    price = parlay_price(slip, bet.odds, [x.leg for x in legs if x.dropped])
    if not isinstance(price, Fraction):
        return None if price is None else f"{price}: {ASK_BOOK}"
    won = floor(bet.stake_cents * price + Fraction(1, 2))
    return won - bet.stake_cents + own_part(bet.stake_cents, free=bet.free)


def parlay_price(slip: Parlay, odds: Odds | None, dropped: Sequence[int]) -> Fraction | str | None:
    """The decimal price at which a parlay pays once the legs at these places have dropped out.

    None where no price is known, and why where the book alone knows it: the legs that are left pay
    by their own prices, where these are known and made the price of the whole.
    """
    if odds is not None and not dropped:
        return odds.decimal
    product = slip.product()
    if product is None:
        if odds is None:
            return None
        return f"{_legs(dropped)} dropped out and the legs' own prices are not known"
    if odds is not None and abs(odds.decimal - product) > SAME_PRICE * product:
        return (
            f"{_legs(dropped)} dropped out of a parlay at {odds.text}, which is not the "
            "product of its legs' prices"
        )
    return slip.product(dropped)


def _reason(legs: Sequence[LegStanding], result: Result) -> str:
    """The reason of a parlay's result: the legs that decide it, each with its own reason."""
    deciding = [x for x in legs if result is not Result.LOST or x.result is Result.LOST]
    return "; ".join(
        f"leg {x.leg + 1} {x.result.value}: {x.reason}" for x in deciding if x.result is not None
    )


def _legs(places: Sequence[int]) -> str:
    names = " and ".join(str(i + 1) for i in places)
    return f"{several(len(places), 'leg')} {names}"
