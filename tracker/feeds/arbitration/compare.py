"""What two sources tell of one game: which of them is ahead, and whether both can be right."""

from __future__ import annotations

from tracker.domain.game import GameState, Phase

CLOCK_S = 1.0
"""Game clocks this close are the same moment: one source counts in whole seconds."""


def behind(state: GameState, other: GameState) -> bool:
    """Whether a state is from an earlier moment than the other, or has fewer points."""
    if state.score.home < other.score.home or state.score.away < other.score.away:
        return True
    mine, theirs = _moment(state), _moment(other)
    if mine[:2] != theirs[:2]:
        return mine[:2] < theirs[:2]
    return state.clock > other.clock + CLOCK_S


def ahead(state: GameState, other: GameState) -> bool:
    """Whether a state is from a later moment than the other, or has more points at the same one."""
    return behind(other, state) and not behind(state, other)


def contradict(one: GameState, other: GameState) -> bool:
    """Whether two states cannot both be true, however far one source lags behind the other."""
    if one.phase.off or other.phase.off:
        return False
    if Phase.SCHEDULED in (one.phase, other.phase):
        return False
    mine, theirs = _moment(one), _moment(other)
    if one.phase is Phase.FINAL and other.phase is Phase.FINAL:
        return one.score != other.score
    if mine[:2] == theirs[:2] and abs(one.clock - other.clock) <= CLOCK_S:
        return one.score != other.score
    early, late = (one, other) if _earlier(one, other) else (other, one)
    return early.score.home > late.score.home or early.score.away > late.score.away


def _moment(state: GameState) -> tuple[int, int, float]:
    return state.phase.rank, state.period, -state.clock


def _earlier(one: GameState, other: GameState) -> bool:
    return _moment(one) < _moment(other)
