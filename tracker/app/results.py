"""Results of games that are over, kept for the beliefs before later ones: ratings, and the ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tracker.domain.game import Phase, halves_of
from tracker.domain.prior import Finished

if TYPE_CHECKING:
    from tracker.domain.game import GameState
    from tracker.store.store import Store

_OWN_ID = 10
"""Digits of a league's own id of a game; the third tells its kind."""

_OUTSIDE = "13"
"""Kinds of game that say nothing of a team: preseason and All-Star."""


def finished_of(state: GameState) -> Finished | None:
    """What a final state teaches; None while a game is not over, or if it rates nobody."""
    game = state.game
    if state.phase is not Phase.FINAL or (len(game.id) == _OWN_ID and game.id[2] in _OUTSIDE):
        return None
    halves = None if game.neutral else halves_of(game.league, state.periods or ())
    score = state.score
    return Finished(game.league, game.slate, game.home, game.away, score.home, score.away, halves)


async def keep_results(store: Store, states: Iterable[GameState]) -> int:
    """Keep the results among some states; how many there were.

    Results that a slate brought are known already, and kept once.
    """
    found = [x for x in map(finished_of, states) if x is not None]
    await store.known.keep_finished(found)
    return len(found)
