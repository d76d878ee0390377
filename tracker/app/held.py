"""A bet that is still open, with all that its worth at this moment rests on."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tracker.app.pricing import bet_of, price_now
from tracker.app.views import iso
from tracker.domain.bet import Status, price_of
from tracker.domain.chance import Chance
from tracker.domain.errors import TrackerError
from tracker.domain.value import cashout, hedge_to_keep_even, hedge_to_lock

if TYPE_CHECKING:
    from tracker.app.bets import Bets
    from tracker.app.explain import Explainer
    from tracker.domain.money import Odds
    from tracker.store.views import BetView


class NotHeld(TrackerError):
    """What a bet is worth cannot be told; the text says why."""


@dataclass(frozen=True, slots=True)
class Held:
    """A bet whose worth can be told. `at` is when its chance was seen."""

    bet: BetView
    chance: Chance
    stake: int
    odds: Odds
    at: datetime
    now: datetime


async def held(bets: Bets, reference: str, explainer: Explainer, now: datetime) -> Held:
    """The bet that a person means, by the chance that was seen last, else by one of this moment.

    Raises NotHeld, and BadBet when there is no such bet.
    """
    bet = await bets.bet(reference)
    odds = price_of(bet.market, bet.odds)
    if bet.stake_cents is None or odds is None:
        raise NotHeld(
            f"bet {bet.id} has no {'stake' if bet.stake_cents is None else 'odds'}: add the bet "
            "again with them, such as -110 $20"
        )
    if bet.result is not None or bet.status is Status.WITHDRAWN:
        raise NotHeld(f"bet {bet.id} is over: `tracker show {bet.id}` says how it ended")
    if bet.out or bet.no_chance is not None:
        why = "a player is out" if bet.no_chance is None else bet.no_chance.text
        raise NotHeld(
            f"what bet {bet.id} is worth is not known ({why}): see `tracker show {bet.id}`"
        )
    if bet.chance is not None and bet.chance_at is not None:
        return Held(bet, bet.chance, bet.stake_cents, odds, bet.chance_at, now)
    asked = bet_of(bet)
    found = None
    if asked is not None:
        found = await price_now(explainer.store, asked, explainer.given, explainer.in_use, now)
    if found is None or not isinstance(getattr(found, "chance", None), Chance):
        raise NotHeld(f"bet {bet.id} has no chance yet: it gets one when the daemon sees its game")
    return Held(bet, found.chance, bet.stake_cents, odds, now, now)  # type: ignore[union-attr]


def cashout_json(x: Held, offer_cents: int) -> dict[str, object]:
    """An offer beside what the bet is worth, as `tracker cashout --json` gives it."""
    found = cashout(x.chance, x.stake, x.odds, offer_cents)
    return _held_json(x) | {
        "offer_cents": found.offer,
        "fair_cents": found.fair,
        "fee": found.fee,
        "break_even": found.break_even if math.isfinite(found.break_even) else None,
    }


def hedge_json(x: Held, against: Odds) -> dict[str, object]:
    """A second bet on the other side, as `tracker hedge --json` gives it."""
    lock = hedge_to_lock(x.chance, x.stake, x.odds, against)
    even = hedge_to_keep_even(x.chance, x.stake, x.odds, against)
    told = {"against": against.text, "lock": asdict(lock), "even": asdict(even)}
    return _held_json(x) | told


def _held_json(x: Held) -> dict[str, object]:
    return {
        "id": x.bet.id,
        "number": x.bet.number,
        "chance": asdict(x.chance),
        "chance_at": iso(x.at),
        "stake_cents": x.stake,
        "odds": x.odds.text,
    }
