"""What was believed of a game before its tip-off, as the daemon would say it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.cli.scope import Scope
    from tracker.cli.session import Session
    from tracker.domain.game import Game
    from tracker.forecast.belief import Known


async def known_of(game: Game, at: Session, scope: Scope) -> Known:
    """The configuration's lines, those that a source quoted, and results for ratings."""
    from tracker.forecast.belief import Known
    from tracker.settings import lines_for

    quotes = await at.store.known.quotes(game.id)
    finished = await at.store.known.finished(game.league)
    return Known(partial(lines_for, scope.settings().lines), quotes, finished)
