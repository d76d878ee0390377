"""A person's record worked out bet by bet, to compare with what the database adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tracker.domain.bet import Result
from tracker.engine.record import Tally, roi_error


@dataclass(frozen=True, slots=True)
class Ended:
    """A settled bet for the record. Amounts are cents; `break_even` is a chance, by its price.

    `day` is the league's date of the game. A bet whose stake or payout is None, which is unknown,
    counts in the record and not in the money.
    """

    result: Result
    day: date
    stake: int | None = None
    payout: int | None = None
    break_even: float | None = None


def tally(ended: Iterable[Ended]) -> Tally:
    """Work out the tally of some bets."""
    bets = list(ended)
    count = {result: sum(x.result is result for x in bets) for result in Result}
    money = [
        (x.stake, x.payout)
        for x in bets
        if x.stake is not None and x.payout is not None and x.result is not Result.VOID
    ]
    asked = [
        x.break_even
        for x in bets
        if x.break_even is not None and x.result in (Result.WON, Result.LOST)
    ]
    return Tally(
        bets=len(bets),
        won=count[Result.WON],
        lost=count[Result.LOST],
        pushed=count[Result.PUSH],
        voided=count[Result.VOID],
        staked=sum(stake for stake, _ in money),
        profit=sum(payout - stake for stake, payout in money),
        asked=sum(asked) / len(asked) if asked else None,
        roi_se=roi_error(
            len(money),
            sum(stake for stake, _ in money),
            sum(payout - stake for stake, payout in money),
            (
                sum(stake * stake for stake, _ in money),
                sum(stake * (payout - stake) for stake, payout in money),
                sum((payout - stake) ** 2 for stake, payout in money),
            ),
        ),
        counted=len(money),
    )
