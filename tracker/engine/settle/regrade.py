"""A bet graded once more from what is known of its games, because a person asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tracker.domain.catalog.books import house_of
from tracker.domain.game import GameState, Phase
from tracker.domain.market import Market
from tracker.domain.tracking import LegStanding, Tracked
from tracker.engine.settle.grading import Unsettleable, judge
from tracker.engine.settle.payout import Outcome, outcome


def regrade(
    tracked: Tracked, states: Mapping[str, GameState]
) -> tuple[Outcome, tuple[LegStanding, ...]]:
    """How a bet ended by the last states of its games, by their ids, and how each leg did.

    Raises Unsettleable with the reason where that cannot be said.
    """
    bet = tracked.bet
    known = tracked.legs or (LegStanding(bet.number, 0),)
    legs = tuple(
        _again(leg.market, standing, states.get(leg.game.id), bet.book)
        for leg, standing in zip(bet.legs, known, strict=True)
    )
    ended = outcome(bet, legs)
    if ended is None:
        raise Unsettleable("a game that it is about is not over")
    return ended, legs


def _again(
    market: Market, known: LegStanding, state: GameState | None, book: str | None
) -> LegStanding:
    if state is None:
        return replace(known, result=None, unclear="")
    try:
        verdict = judge(market, state, house_of(book))
    except Unsettleable as why:
        over = state.phase.off or state.phase is Phase.FINAL
        return replace(known, result=None, unclear=str(why) if over else "")
    same = known.result is verdict.result
    return replace(
        known,
        result=verdict.result,
        reason=verdict.reason,
        evidence=verdict.evidence,
        official=known.official and same,
        unclear="",
    )
