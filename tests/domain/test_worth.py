"""Promises of a bet's value: fair value, cash-outs, hedges, edge and the Kelly share."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.build import GAME, T0, bet
from tracker.app.market.value import Quoted, decision
from tracker.app.pricing import Pricing
from tracker.domain.bet import Leg, Parlay
from tracker.domain.chance import LOST, PUSHED, WON, Chance
from tracker.domain.game import GameState, Side
from tracker.domain.market import Spread
from tracker.domain.money import Odds, needed, parse_odds, payout_if_won
from tracker.domain.prior import Lines
from tracker.domain.value import (
    Returns,
    cashout,
    edge,
    fair_value,
    hedge_to_keep_even,
    hedge_to_lock,
    kelly,
    returns_of,
    unhedged,
)
from tracker.forecast.priors import Known

EVEN = parse_odds("+100")


@st.composite
def chances(draw: st.DrawFn) -> Chance:
    """Any chance, with or without a push."""
    win = draw(st.floats(0.01, 0.98))
    push = draw(st.floats(0, 1)) * (0.99 - win)
    return Chance(win, push, 1 - win - push)


prices = st.fractions(Fraction(101, 100), Fraction(20), max_denominator=100).map(
    lambda x: Odds(str(x), x)
)
stakes = st.integers(100, 1_000_000)


def test_the_readme_example() -> None:
    """$20 at -115 returns $37.39; at a chance of 80 % it is worth $29.91."""
    odds = parse_odds("-115")
    assert payout_if_won(2000, odds) == 3739
    assert fair_value(Chance(0.8, 0.0, 0.2), returns_of(2000, odds)) == 2991


def test_a_decided_bet_is_worth_what_it_pays() -> None:
    """A won, pushed or lost bet is worth its payout, its stake or nothing."""
    bet = Returns(won=2500, pushed=1000, own=1000)
    assert [fair_value(x, bet) for x in (WON, PUSHED, LOST)] == [2500, 1000, 0]


def test_an_offer_is_told_with_its_fee_and_its_break_even() -> None:
    """An offer of $25 for a bet worth $30 keeps back a sixth, and breaks even at five eighths."""
    offer = cashout(Chance(0.75, 0.0, 0.25), returns_of(2000, EVEN), 2500)
    assert (offer.fair, offer.offer) == (3000, 2500)
    assert offer.fee == pytest.approx(1 / 6)
    assert offer.break_even == pytest.approx(0.625)


def test_a_lost_bet_has_no_fee() -> None:
    """An offer for a lost bet has no fee, since its fair value is 0."""
    assert cashout(LOST, returns_of(2000, EVEN), 100).fee is None


@given(chances(), stakes, prices)
def test_an_offer_of_the_fair_value_breaks_even_at_the_live_chance(
    chance: Chance, stake: int, odds: Odds
) -> None:
    """A fair offer has no fee and breaks even at the live chance, to the cent's rounding."""
    bet = returns_of(stake, odds)
    fair = fair_value(chance, bet)
    offer = cashout(chance, bet, fair)
    assert offer.fee == pytest.approx(0.0)
    assert offer.break_even == pytest.approx(chance.win, abs=1 / bet.won)


def test_an_offer_above_any_payout_breaks_even_at_no_chance() -> None:
    """An offer above any payout never breaks even; one below a push's return always does."""
    for chance in (Chance(0.5, 0.0, 0.5), Chance(0.5, 0.2, 0.3), PUSHED):
        assert cashout(chance, returns_of(2000, EVEN), 4100).break_even == float("inf")
    assert cashout(Chance(0.5, 0.2, 0.3), returns_of(2000, EVEN), 300).break_even == 0
    nothing = returns_of(1, parse_odds("1.01"), free=True)
    assert nothing.won == 0
    assert cashout(Chance(0.5, 0.0, 0.5), nothing, 1).break_even == float("inf")


@given(chances(), stakes, prices, prices)
def test_a_locked_hedge_brings_the_same_either_way(
    chance: Chance, stake: int, odds: Odds, other: Odds
) -> None:
    """A locking hedge gives the same profit whichever side wins, up to rounding."""
    lock = hedge_to_lock(chance, returns_of(stake, odds), other)
    assert abs(lock.if_wins - lock.if_loses) <= float(other.decimal) / 2 + 1.5


@given(chances(), stakes, prices, prices)
def test_an_even_hedge_never_loses_by_the_first_bet(
    chance: Chance, stake: int, odds: Odds, other: Odds
) -> None:
    """When the first bet loses, both bets together lose nothing, with the smallest such stake."""
    even = hedge_to_keep_even(chance, returns_of(stake, odds), other)
    assert even.if_loses >= 0
    less = even.stake - 1
    assert payout_if_won(less, other) - less - stake <= 0


def test_a_free_bet_risks_nothing_and_brings_its_profit_alone() -> None:
    """A free $12 at +150 is worth its $18 profit times the chance, and loses nothing."""
    free = returns_of(1200, parse_odds("+150"), free=True)
    assert free == Returns(won=1800, pushed=0, own=0)
    chance = Chance(0.408, 0.0, 0.592)
    assert cashout(chance, free, 1000).fair == 734
    assert unhedged(chance, free).if_loses == 0
    assert hedge_to_keep_even(chance, free, EVEN).stake == 0
    lock = hedge_to_lock(chance, free, EVEN)
    assert (lock.stake, lock.if_wins, lock.if_loses) == (900, 900, 900)


def test_a_free_bet_asks_for_no_chance_and_has_no_share_to_stake() -> None:
    """A free bet has no break-even, edge or Kelly share; the same bet with own money has."""
    own = bet(1, "DEN ML")
    free = replace(own, free=True)
    assert own.odds is not None
    assert needed(own.odds, free=False) == own.odds.break_even
    assert needed(own.odds, free=True) is None
    chance = Chance(0.7, 0.0, 0.3)
    paid, given_by_book = (decision(x, chance, "prior", Quoted((), T0)) for x in (own, free))
    assert None not in (paid.break_even, paid.edge, paid.kelly)
    assert (given_by_book.break_even, given_by_book.edge, given_by_book.kelly) == (None,) * 3
    assert given_by_book.chance == chance


@given(chances(), prices)
def test_kelly_bets_only_on_an_edge(chance: Chance, odds: Odds) -> None:
    """The Kelly share is between 0 and 1, and above 0 exactly when the edge is."""
    share = kelly(chance, float(odds.decimal))
    assert 0 <= share < 1
    if abs(edge(chance, float(odds.decimal))) > 1e-9:
        assert (share > 0) == (edge(chance, float(odds.decimal)) > 0)


@given(chances(), prices, st.floats(-0.05, 0.05))
def test_no_other_share_grows_faster(chance: Chance, odds: Odds, step: float) -> None:
    """No other share has a greater mean log growth than the Kelly share."""
    best = kelly(chance, float(odds.decimal))
    profit = float(odds.decimal) - 1

    def growth(share: float) -> float:
        return chance.win * math.log1p(share * profit) + chance.lose * math.log1p(-share)

    other = min(max(best + step, 0.0), 0.999)
    assert growth(best) >= growth(other) - 1e-9


def test_a_parlay_whose_leg_may_push_is_worth_what_it_pays_then() -> None:
    """A leg that pushes takes its own price with it: edge and fair price count it."""
    other = replace(GAME, id="0022600002", home="BOS", away="NYK")
    legs = (
        Leg(GAME, Spread(Side.HOME, -4.0), parse_odds("2.0")),
        Leg(other, Spread(Side.HOME, -6.0)),
    )
    made = replace(bet(1, "DEN -4"), market=Parlay(legs), odds=parse_odds("4.0"))
    states = {x.id: GameState.scheduled(x) for x in (GAME, other)}
    pricing = Pricing(Known(lambda _: Lines(home_spread=-4.0, total=225.0)))
    chance, paid = pricing.worth(made, states)
    assert isinstance(chance, Chance)
    found = decision(made, chance, "", Quoted((), T0), paid)
    alone = []
    for leg in legs:
        seen = pricing.seen(states[leg.game.id], [made])
        alone.append(seen.chance([leg.market]))
    first, second = alone
    # What the slip pays by the results of both legs: a leg without a price goes at its fair one.
    fair = 1 / (second.win / (second.win + second.lose))
    brings = (
        first.win * second.win * 4.0
        + first.push * second.win * 4.0 / 2.0
        + first.win * second.push * 4.0 / fair
        + first.push * second.push * 4.0 / 2.0 / fair
    )
    assert first.push > 0.01 < second.push
    assert found.edge == pytest.approx(brings - 1, abs=1e-6)
    assert found.edge is not None
    assert found.edge < edge(chance, 4.0) - 0.02
    assert found.fair_odds == pytest.approx(4.0 / brings)


def test_a_bet_is_priced_by_the_same_line_whichever_bet_is_asked_about() -> None:
    """Of two lines as near to even odds the first bet's counts, as the daemon has it."""
    lay = replace(bet(1, "DEN -4.5"), odds=parse_odds("-110"))
    take = replace(bet(2, "LAL +6.5"), odds=parse_odds("-110"))
    pricing, states = Pricing(Known(lambda _: None)), {GAME.id: GameState.scheduled(GAME)}
    daemon = pricing.seen(states[GAME.id], [lay, take])
    for one, other in ((lay, take), (take, lay)):
        chance, _ = pricing.worth(one, states, beside=[other])
        assert chance == daemon.chance([one.legs[0].market])
    new = replace(take, number=0)
    assert pricing.worth(new, states, beside=[lay]) == pricing.worth(take, states, beside=[lay])
