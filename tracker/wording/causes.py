"""Why a chance moved, in words: the causes of a change and their shares of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracker.domain.bet import Snapshot
from tracker.domain.game import Game


def tenths(shares: Sequence[float], change: float) -> list[int]:
    """Shares in tenths of a percentage point, rounded so that they add up to the rounded change."""
    exact = [x * 1000 for x in shares]
    whole = [math.floor(x) for x in exact]
    missing = round(change * 1000) - sum(whole)
    order = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for i in order[: max(missing, 0)]:
        whole[i] += 1
    return whole


def cause_text(name: str, first: Snapshot, last: Snapshot, game: Game) -> str:
    """What a cause of a change stands for, between two moments of a game."""
    home = last.score.home - first.score.home
    away = last.score.away - first.score.away
    played = {
        "home points": f"{game.home} scored {home}",
        "away points": f"{game.away} scored {away}",
        "clock": "less time is left",
        "lead reversion": "leads tend to shrink",
        "fouling": "how trailing teams play the end",
        "possession": "who has the ball, the bonus",
        "player": "what the bet's players did, their minutes and fouls",
        "prior": "what was believed before tip-off",
        "calibration": "another model",
        "ends": f"which end {game.away} attacks first",
        "pace": "possessions and fouls so far",
        "live line": "what the market quotes meanwhile",
        "not known": "the model or the lines of that time are no longer kept",
    }
    return played.get(name, "what happened in that game")
