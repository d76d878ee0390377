"""What was last told of a game, and whether it has stood still for longer than games do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.game import GameState, Phase
from tracker.feeds.polling.cadence import OVERDUE_AFTER_S

FROZEN_S = 90.0
"""A live game that has not changed for so long is looked up elsewhere: a time-out has 75 s."""

FROZEN_BREAK_S = 20 * 60.0
"""The same for a break: halftime has fifteen minutes."""

OVERDUE_S = 15 * 60.0
"""The same for a game that should have begun: real tip-offs are about ten minutes late."""


@dataclass(slots=True)
class Told:
    """What was last told of a game, by which document, and since when nothing has changed."""

    state: GameState
    document: tuple[str, str]
    since: float
    doubted: float = -math.inf
    frozen: bool = False
    stood_still: tuple[str, str] | None = None
    lagging: float | None = None


def stands_still(state: GameState, stood: float, now: datetime) -> bool:
    """Whether a game that has not changed for `stood` seconds should have."""
    match state.phase:
        case Phase.LIVE:
            return stood >= FROZEN_S
        case Phase.BREAK:
            return stood >= FROZEN_BREAK_S
        case Phase.SCHEDULED:
            late = (now - state.game.start).total_seconds()
            return OVERDUE_S <= late < OVERDUE_AFTER_S
        case _:
            return False
