"""What was believed before tip-off: closing lines, a bet's own line, or the league's average."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.special import ndtri

from tracker.domain.game import Side
from tracker.domain.market import Direction, Moneyline, Span, Spread, Total
from tracker.domain.prior import Lines, Prior, PriorSource

if TYPE_CHECKING:
    from tracker.domain.market import Market
    from tracker.forecast.parameters import Parameters

MONEYLINE_SD = 12.6
"""Points: margin = MONEYLINE_SD · Φ⁻¹(chance) turns a de-vigged moneyline into a margin."""

BET_LINE_SD = 2.5
"""Points: how far the line of a single bet may lie from the closing one (it may be alternate)."""


def devig(home: float, away: float) -> float:
    """The home team's chance in decimal odds of both sides, the margin taken out by a power.

    The power k with home^-k + away^-k = 1 is found by bisection; raises ValueError for odds <= 1.
    """
    if home <= 1 or away <= 1:
        raise ValueError(f"decimal odds are above 1, not {min(home, away):g}")
    low, high = 0.2, 5.0
    for _ in range(60):
        k = (low + high) / 2
        if home**-k + away**-k > 1:
            low = k
        else:
            high = k
    return float(home**-low)


def prior_from(
    lines: Lines | None, parameters: Parameters, bet: tuple[Market, float | None] | None = None
) -> Prior:
    """The prior of a game: its lines, completed by a bet's own line and by the league's average.

    `bet` is a market and its decimal odds, evidence where the lines say nothing of the same thing.
    """
    average = parameters.average
    lines = lines or Lines()
    margin, margin_sd, total, total_sd = (
        average.margin,
        average.margin_sd,
        average.total,
        average.total_sd,
    )
    known = False
    if lines.home_spread is not None:
        margin, margin_sd, known = -lines.home_spread, 0.0, True
    elif lines.home_ml is not None and lines.away_ml is not None:
        margin = MONEYLINE_SD * float(ndtri(devig(lines.home_ml, lines.away_ml)))
        margin_sd, known = 0.0, True
    elif bet is not None and (seen := _margin_of(*bet)) is not None:
        margin, margin_sd, known = seen, min(BET_LINE_SD, margin_sd), True
    if lines.total is not None:
        total, total_sd, known = lines.total, 0.0, True
    elif bet is not None and (seen := _total_of(bet[0])) is not None:
        total, total_sd, known = seen, min(BET_LINE_SD, total_sd), True
    source = PriorSource.LINES if known else PriorSource.LEAGUE
    return Prior(margin, total, source, margin_sd, total_sd)


def _margin_of(market: Market, odds: float | None) -> float | None:
    """The home margin that a single bet speaks of."""
    match market:
        case Spread(Side.HOME, points, Span.GAME):
            return -points
        case Spread(Side.AWAY, points, Span.GAME):
            return points
        case Moneyline(side, Span.GAME) if odds is not None:
            # One side's odds hold about half of the book's margin of 4.5 %.
            chance = min(max(1 / odds / 1.0225, 0.01), 0.99)
            margin = MONEYLINE_SD * float(ndtri(chance))
            return margin if side is Side.HOME else -margin
        case _:
            return None


def _total_of(market: Market) -> float | None:
    """The total that a single bet speaks of."""
    match market:
        case Total(Direction(), points, Span.GAME):
            return points
        case _:
            return None
