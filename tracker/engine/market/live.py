"""What an exchange says of a game that is being played."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tracker.domain.prior import Lines
from tracker.domain.quote import EXCHANGES, MONEYLINE, TwoSided
from tracker.engine.market.closing import standing
from tracker.forecast.priors.fusion import LiveLines

AT_BET = timedelta(seconds=60)
"""How far an exchange's price may lie from the moment that it is to speak of."""


def exchange_lines(lines: Sequence[TwoSided], at: datetime) -> LiveLines | None:
    """An exchange's moneyline at a time as a live line, no older than a minute then."""
    fresh = [
        x for x in standing(lines, at, AT_BET).values()
        if x.book in EXCHANGES and x.selection.plain == MONEYLINE and x.selection.span == "game"
    ]  # fmt: skip
    for name in EXCHANGES:
        for line in fresh:
            if line.book == name:
                home = line.chance if line.selection.side == "home" else 1 - line.chance
                lines_told = Lines(home_ml=1 / home, away_ml=1 / (1 - home))
                return LiveLines(lines_told, max(0.0, (at - line.stood_at).total_seconds()))
    return None
