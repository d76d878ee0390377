"""What a parlay's legs are worth in a game that no source tells of yet: tomorrow's, for one."""

from __future__ import annotations

from datetime import datetime

from tracker.domain.bet import Parlay
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.tracking import GameTracking, Tracked
from tracker.engine.decide.parlays import look_at, part_of
from tracker.forecast import Outlook


def to_presume(book: GameTracking, now: datetime) -> GameState | None:
    """The game before its tip-off, where a parlay over several games waits to hear of it."""
    if book.state is not None or now >= book.game.start:
        return None
    if not any(_waits(x, book.game.id) for x in book.tracked):
        return None
    return GameState(book.game, Phase.SCHEDULED, 0, 0.0, Score(0, 0))


def presume(book: GameTracking, state: GameState, outlook: Outlook) -> GameTracking:
    """The book with the chance of those parlays' legs, by the outlook before tip-off.

    Nothing is believed of the game by that, and no snapshot is due: the parlay's other games give
    them.
    """
    for tracked in book.tracked:
        slip = tracked.bet.market
        if isinstance(slip, Parlay) and _waits(tracked, book.game.id):
            book = book.with_tracked(look_at(tracked, slip, outlook, state))
    return book


def _waits(tracked: Tracked, game_id: str) -> bool:
    return len(tracked.groups) > 1 and part_of(tracked, game_id) is None
