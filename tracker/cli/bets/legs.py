"""How the legs of a parlay are shown: in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.domain.bet import Leg, Parlay
from tracker.domain.market import describe

if TYPE_CHECKING:
    from tracker.domain.tracking import LegStanding
    from tracker.store.views import ShowView


def leg_lines(view: ShowView) -> list[str]:
    """A line for each leg of a parlay: what it is, and where it stands; none for other bets."""
    slip = view.bet.market
    if not isinstance(slip, Parlay):
        return []
    return [
        " · ".join(x for x in (leg_text(leg), leg.game.name, _stands(known)) if x)
        for leg, known in zip(slip.legs, view.legs, strict=True)
    ]


def leg_text(leg: Leg) -> str:
    """A leg as it is written: `DEN -4.5 -110`."""
    text = describe(leg.market, leg.game.home, leg.game.away)
    return text if leg.odds is None else f"{text} {leg.odds.text}"


def _stands(known: LegStanding) -> str:
    from tracker.wording.figures import percent

    if known.result is not None:
        return f"{known.result.value} ({known.reason})" if known.reason else known.result.value
    if known.unclear:
        return f"cannot be told: {known.unclear}"
    if known.hit or known.lost:
        return "hit" if known.hit else "lost"
    if known.no_chance is not None:
        return "out: will be void" if known.out else known.no_chance.text
    return "not seen yet" if known.chance is None else percent(known.chance.win)
