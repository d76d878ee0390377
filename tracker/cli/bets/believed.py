"""What was believed of a game before its tip-off, as the daemon would say it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tracker.cli.screen import note

if TYPE_CHECKING:
    from tracker.app.pricing import LinesFor
    from tracker.cli.models.in_use import ModelsInUse
    from tracker.cli.scope import Scope
    from tracker.cli.session import Session
    from tracker.domain.game import Game
    from tracker.forecast.priors.belief import Believed


async def believed(game: Game, at: Session, scope: Scope) -> Believed:
    """The prior of a game, and who tells it."""
    from tracker.app.pricing import believed_of

    given = given_lines(scope)
    return await believed_of(at.store, game, at.basics.rules, given, models_of(at), at.now)


def given_lines(scope: Scope) -> LinesFor:
    """The closing lines that the configuration gives for a game."""
    from tracker.settings import lines_for

    return partial(lines_for, scope.settings().lines)


def models_of(at: Session) -> ModelsInUse:
    """The models in use beside the database; what cannot be used is told on the screen."""
    from tracker.cli.models.in_use import ModelsInUse
    from tracker.registry import registry_beside

    return ModelsInUse(registry_beside(at.basics.store), note)
