"""Results: how each market is settled from a final score, and what it pays."""

from __future__ import annotations

from typing import assert_never

from tracker.domain.bet import Bet, Result
from tracker.domain.game import GameState, Phase, Score, Side
from tracker.domain.market import (
    CATEGORIES,
    CATEGORY_REACHED,
    Direction,
    DoubleDouble,
    GameMarket,
    Moneyline,
    OddEven,
    Parity,
    PlayerMarket,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.money import payout_if_won
from tracker.domain.parlay import Parlay
from tracker.domain.player import box_line, figure


class Unsettleable(Exception):
    """The final state does not say how the bet ended; the text says why, in one sentence."""


def span_score(state: GameState, span: Span) -> Score:
    """The points that count for a span, from a final state; Unsettleable when not known."""
    if span is Span.GAME:
        return state.score
    if state.periods is None:
        raise Unsettleable("the box score gives no points by period that add up to its final score")
    wanted = span.periods(state.game.rules)
    last = len(state.periods) if span.counts_overtime else wanted.stop - 1
    if len(state.periods) < wanted.stop - 1:
        raise Unsettleable("the box score lacks a period that the bet is about")
    counted = state.periods[wanted.start - 1 : last]
    return Score(sum(x.home for x in counted), sum(x.away for x in counted))


def _by_sign(excess: float) -> Result:
    if excess == 0:
        return Result.PUSH
    return Result.WON if excess > 0 else Result.LOST


def _signed(direction: Direction, excess: float) -> Result:
    return _by_sign(excess if direction is Direction.OVER else -excess)


def grade(bet: Bet, state: GameState) -> Result:
    """The result of a bet on a game that is final, postponed or cancelled.

    A game that was not played voids its bets. A tie pushes a moneyline, and a line that is met
    exactly pushes. Raises Unsettleable when the state does not decide the bet.
    """
    if state.phase.off:
        return Result.VOID
    if state.phase is not Phase.FINAL:
        raise Unsettleable("the game is not over")
    market = bet.market
    if isinstance(market, Parlay):
        raise Unsettleable("a parlay is settled leg by leg")
    if isinstance(market, PlayerTotal | DoubleDouble):
        return _grade_player(market, state)
    return _grade_points(market, span_score(state, market.span))


def _grade_points(market: GameMarket, score: Score) -> Result:
    match market:
        case Moneyline():
            sign = 1 if market.side is Side.HOME else -1
            return _by_sign(sign * score.margin)
        case Spread():
            sign = 1 if market.side is Side.HOME else -1
            return _by_sign(sign * score.margin + market.points)
        case Total():
            return _signed(market.direction, score.total - market.points)
        case TeamTotal():
            return _signed(market.direction, score.of(market.side) - market.points)
        case OddEven():
            points = score.total if market.side is None else score.of(market.side)
            return _yes((points % 2 == 1) == (market.parity is Parity.ODD))
        case ThreeWay(side=None):
            return _yes(score.margin == 0)
        case ThreeWay():
            return _yes(score.margin != 0 and (score.margin > 0) == (market.side is Side.HOME))
        case _:
            assert_never(market)


def _yes(holds: bool) -> Result:
    return Result.WON if holds else Result.LOST


def _grade_player(market: PlayerMarket, state: GameState) -> Result:
    line = box_line(state, market.player)
    if line is None:
        raise Unsettleable(f"the box score has no line of {market.player.name}")
    if not line.played:
        return Result.VOID
    match market:
        case PlayerTotal():
            made = figure(line, market.stat)
            if made is None:
                raise Unsettleable(f"the box score lacks {market.stat.value} of {line.name}")
            return _signed(market.direction, made - market.points)
        case DoubleDouble():
            figures = [figure(line, x) for x in CATEGORIES]
            reached = sum(x is not None and x >= CATEGORY_REACHED for x in figures)
            if None in figures and reached < market.categories:
                raise Unsettleable(f"the box score lacks a figure of {line.name}")
            return _yes((reached >= market.categories) == market.happens)
        case _:
            assert_never(market)


def payout(bet: Bet, result: Result) -> int | None:
    """Cents that the bet returns, stake included; None when stake or odds are not known."""
    if bet.stake_cents is None:
        return None
    match result:
        case Result.WON:
            return None if bet.odds is None else payout_if_won(bet.stake_cents, bet.odds)
        case Result.PUSH | Result.VOID:
            return bet.stake_cents
        case Result.LOST:
            return 0
        case _:
            assert_never(result)


def reason_for(bet: Bet, state: GameState, result: Result) -> str:
    """Why the bet ended so, in a few words for the audit row."""
    if result is Result.VOID:
        return f"the game was {state.phase.value}: void, stake returned"
    part = bet.legs[0].market.span
    score = span_score(state, part)
    span = "" if part is Span.GAME else f"{part.value} "
    game = state.game
    return f"{span}{game.away} {score.away}, {game.home} {score.home} ({state.game_clock})"
