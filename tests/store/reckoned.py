"""A person's record worked out bet by bet, to compare with what the database adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tracker.domain.bet import Result
from tracker.engine.record import Tally, ratio_error


@dataclass(frozen=True, slots=True)
class Ended:
    """A settled bet for the record. Amounts are cents; `break_even` is a chance, by its price.

    `day` is the league's date of the game. A bet whose stake or payout is None, which is unknown,
    counts in the record and not in the money. Bets on one `game` are one observation; without a
    game each is its own.
    """

    result: Result
    day: date
    stake: int | None = None
    payout: int | None = None
    break_even: float | None = None
    game: str | None = None


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
        roi_se=_error(bets),
        counted=len(money),
    )


def _error(bets: list[Ended]) -> float | None:
    games: dict[str, tuple[int, int]] = {}
    for n, x in enumerate(bets):
        if x.stake is not None and x.payout is not None and x.result is not Result.VOID:
            stake, profit = games.get(x.game or str(n), (0, 0))
            games[x.game or str(n)] = stake + x.stake, profit + x.payout - x.stake
    sums = games.values()
    return ratio_error(
        len(sums),
        sum(stake for stake, _ in sums),
        sum(profit for _, profit in sums),
        (
            sum(stake * stake for stake, _ in sums),
            sum(stake * profit for stake, profit in sums),
            sum(profit * profit for _, profit in sums),
        ),
    )
