"""What was believed of a game before its tip-off, as the daemon would say it."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from tracker.cli.screen import note

if TYPE_CHECKING:
    from tracker.app.pricing import LinesFor
    from tracker.cli.models.in_use import ModelsInUse
    from tracker.cli.scope import Scope
    from tracker.cli.session import Session
    from tracker.domain.game import Game
    from tracker.forecast.priors.belief import Believed, RoadEnds


async def believed(game: Game, at: Session, scope: Scope) -> Believed:
    """The prior of a game, and who tells it."""
    from tracker.app.pricing import bets_before, pricing_of

    views = await at.store.bets_on(game.id, at.basics.rules)
    bets = bets_before(views, game, min(game.start, at.now))
    pricing = await pricing_of(at.store, [game], bets, given_lines(scope), models_of(at))
    return pricing.believed(game, bets)


def given_lines(scope: Scope) -> LinesFor:
    """The closing lines that the configuration gives for a game."""
    from tracker.settings import lines_for

    return partial(lines_for, scope.settings().lines)


def models_of(at: Session) -> ModelsInUse:
    """The models in use beside the database; what cannot be used is told on the screen."""
    from tracker.cli.models.in_use import ModelsInUse
    from tracker.registry import registry_beside

    return ModelsInUse(registry_beside(at.basics.store), note)


def prior_text(found: Believed, game: Game) -> str:
    """The prior in a bettor's words: `DEN −4.5, total 228.5 · lines that you gave`."""
    prior = found.prior
    team = game.home if prior.margin >= 0 else game.away
    spread = f"{team} −{abs(prior.margin):.1f}" if round(prior.margin, 1) else "level"
    return f"{spread}, total {prior.total:.1f} · {found.by}{_ends_text(found.ends)}"


def _ends_text(ends: RoadEnds | None) -> str:
    """Whether the road team's games bring more points late or early, and how sure that is."""
    if ends is None:
        return ""
    late = ends.chance >= 0.5  # noqa: PLR2004 - more likely than not
    sure = round(100 * (ends.chance if late else 1 - ends.chance))
    return f" · ends: {'late' if late else 'early'} {min(sure, 99)}%"


def prior_json(found: Believed) -> dict[str, Any]:
    """The prior as other programs read it: points, the home team's margin."""
    prior = found.prior
    return {
        "margin": round(prior.margin, 3),
        "total": round(prior.total, 3),
        "margin_sd": round(prior.margin_sd, 3),
        "total_sd": round(prior.total_sd, 3),
        "source": prior.source.value,
        "margin_by": found.margin_by,
        "total_by": found.total_by,
        "ends": None if found.ends is None else asdict(found.ends),
    }
