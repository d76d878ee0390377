"""Whether a poll is news: newer, the same, older and held, or a correction that has held.

Feeds go back: a cache serves an old board, a score is corrected downwards, a game flickers to
"postponed". What goes back is believed only once several polls in a row agree.
"""

from __future__ import annotations

from tracker.domain.game import GameState, Phase
from tracker.domain.tracking import GameTracking, Held, Ordering

AGREEING_POLLS = 3
"""Consecutive polls that must tell of an older or doubtful state before it is believed."""


def order_key(state: GameState) -> tuple[int, int, float, bool]:
    """How far a game has come: phase, period, the game clock run down, the period called over."""
    over = state.phase is Phase.BREAK and state.clock == 0
    return state.phase.rank, state.period, -state.clock, over


def goes_back(before: GameState, after: GameState) -> bool:
    """Whether `after` cannot follow `before` in a game that is only played forward."""
    if after.phase.off != before.phase.off:
        return True
    if order_key(after) < order_key(before):
        return True
    return after.score.home < before.score.home or after.score.away < before.score.away


def classify(book: GameTracking, state: GameState) -> tuple[Ordering, Held | None]:
    """How `state` stands to what the book believes, and what is to be held from now on."""
    believed = book.state
    if believed is None:
        return Ordering.NEWER, None
    if state == believed:
        return Ordering.SAME, None
    if not goes_back(believed, state):
        return Ordering.NEWER, None
    held = book.held
    agrees = held is not None and not goes_back(held.state, state)
    polls = held.polls + 1 if held is not None and agrees else 1
    if polls >= AGREEING_POLLS:
        return Ordering.CORRECTION, None
    return Ordering.HELD, Held(state, polls)
