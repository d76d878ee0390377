"""Modelled prices of a recorded game: what books and exchanges might have asked at an instant.

They are no quotes of anybody. Before tip-off they move by half points from an opening line to the
recorded closing one; in play the chance of winning follows score and clock as a normal variable.
Documents that are made of them carry `"modelled": true`.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.replay.playback import Showing
from tracker.replay.recording import Phase

BOOKS = {
    "draftkings": (0.0, 0.045), "fanduel": (0.004, 0.045), "betmgm": (-0.006, 0.05),
    "williamhill_us": (0.002, 0.048), "betrivers": (-0.003, 0.052), "pinnacle": (0.0, 0.025),
}  # fmt: skip
"""Each book's own opinion, added to the home side's chance, and its margin."""

TITLES = {
    "draftkings": "DraftKings", "fanduel": "FanDuel", "betmgm": "BetMGM",
    "williamhill_us": "Caesars", "betrivers": "BetRivers", "pinnacle": "Pinnacle",
}  # fmt: skip

MOVES = timedelta(minutes=30)
"""How long a line stands before it moves by half a point."""

SETTLED = timedelta(minutes=20)
"""How long before the listed tip-off lines have come to where they close."""

USUAL = (-2.5, 226.5)
"""The home spread and the total of a game whose own lines were not recorded."""

SDS = (12.8, 18.3)
"""Points: how far the final margin and total lie from their closing lines."""


@dataclass(frozen=True, slots=True)
class ModelledPrices:
    """What is for sale at an instant: lines, and chances of the home side and of the over."""

    home_spread: float | None
    total: float | None
    home_chance: float
    live: bool


def prices(showing: Showing, now: datetime) -> ModelledPrices | None:
    """The prices of a game at an instant; None once it is over."""
    recorded = showing.playback.recording.lines
    spread, total = USUAL
    if recorded is not None:
        spread = spread if recorded.home_spread is None else recorded.home_spread
        total = total if recorded.total is None else recorded.total
    view = showing.view(now)
    if view.state.phase is Phase.BEFORE and now < view.starts:
        steps = _steps(showing, now)
        moved = spread + 0.5 * steps
        return ModelledPrices(moved, total - 0.5 * steps, _chance(-moved, 1.0), live=False)
    if now >= showing.ends:
        return None
    left = _left(showing, now)
    margin = view.state.home.score - view.state.away.score - spread * left
    return ModelledPrices(None, None, _chance(margin, left), live=True)


def _steps(showing: Showing, now: datetime) -> int:
    """How many half points a line still lies from its close, either way by the game's own name."""
    name = showing.playback.recording.name.encode()
    way = 1 if hashlib.sha256(name).digest()[0] % 2 else -1
    ahead = showing.tip_off - SETTLED - now
    return way * min(4, max(0, math.ceil(ahead / MOVES)))


def _left(showing: Showing, now: datetime) -> float:
    """The part of the game that is still to be played, by the wall clock."""
    whole = (showing.ends - showing.starts).total_seconds()
    return max(0.002, min(1.0, (showing.ends - now).total_seconds() / whole))


def _chance(margin: float, left: float) -> float:
    z = margin / (SDS[0] * math.sqrt(left))
    return min(max(0.5 * (1 + math.erf(z / math.sqrt(2))), 0.004), 0.996)


def asked(chance: float, margin: float) -> float:
    """Decimal odds of a chance with a book's margin in them, to the cent."""
    return max(1.01, round(1 / (min(chance * (1 + margin), 0.99)), 2))
