"""What was believed before tip-off: closing lines, a bet's own line, or the league's average."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.special import ndtri

from tracker.domain.game import Side
from tracker.domain.market import Direction, Moneyline, Span, Spread, Total
from tracker.domain.prior import Lines, Prior, PriorSource

if TYPE_CHECKING:
    from tracker.domain.market import Market
    from tracker.forecast.game.parameters import Parameters

MARGIN_OF_CHANCE = (12.80, -0.79)
"""Points: a win chance of Φ(z) goes with a closing spread of 12.80 z - 0.79 z³. Least squares on
4,890 NBA games of 2020-24; what is left has an sd of 0.6 points."""

HALF_MARGIN = 1.019
"""By how much one side's odds overstate its chance: half of a book's margin of 3.8 %, the median of
21,308 pairs of closing NBA moneylines."""

BET_LINE_SD = 2.5
"""Points: how far the line of a single bet may lie from the closing one. Assumed: lines move by 1.6
points (sd) from opening to close, and a bet's may be an alternate one."""

SUREST_MONEYLINE = 0.99
"""No odds are taken to say more than this chance: beyond it they hold little but margin."""


def devig(home: float, away: float) -> float:
    """The home team's chance in decimal odds of both sides, the book's margin taken out.

    By proportion: on 21,302 closing NBA moneylines its chances are calibrated (slope 1.009, log
    loss .58899), while Shin's (.954, .58920) and a power's (.921, .58966) are too sure of
    favourites. Raises ValueError for odds that are not above 1.
    """
    if home <= 1 or away <= 1:
        raise ValueError(f"decimal odds are above 1, not {min(home, away):g}")
    return away / (home + away)


def margin_of(chance: float) -> float:
    """The expected margin, in points, that goes with a chance of winning."""
    z = float(ndtri(min(max(chance, 1 - SUREST_MONEYLINE), SUREST_MONEYLINE)))
    straight, bent = MARGIN_OF_CHANCE
    return straight * z + bent * z**3


def prior_from(
    lines: Lines | None,
    parameters: Parameters,
    bet: tuple[Market, float | None] | None = None,
    rated: Prior | None = None,
) -> Prior:
    """The prior of a game: its lines, completed by a bet's own line, and by ratings or the average.

    `bet` is a market and its decimal odds, evidence where the lines say nothing of the same thing;
    `rated` is what ratings say, else the league's average stands.
    """
    start = rated or average_prior(parameters)
    lines = lines or Lines()
    margin, margin_sd = told_margin(lines), 0.0
    total, total_sd = lines.total, 0.0
    if margin is None and bet is not None:
        margin, margin_sd = margin_of_bet(*bet), min(BET_LINE_SD, start.margin_sd)
    if total is None and bet is not None:
        total, total_sd = total_of_bet(bet[0]), min(BET_LINE_SD, start.total_sd)
    source = start.source if margin is None and total is None else PriorSource.LINES
    if margin is None:
        margin, margin_sd = start.margin, start.margin_sd
    if total is None:
        total, total_sd = start.total, start.total_sd
    return Prior(margin, total, source, margin_sd, total_sd)


def average_prior(parameters: Parameters) -> Prior:
    """What is believed of a game of which nothing is known."""
    average = parameters.average
    return Prior(
        average.margin, average.total, PriorSource.LEAGUE, average.margin_sd, average.total_sd
    )


def told_margin(lines: Lines) -> float | None:
    """The home margin that lines tell of: by the spread, else by both moneylines."""
    if lines.home_spread is not None:
        return -lines.home_spread
    if lines.home_ml is not None and lines.away_ml is not None:
        return margin_of(devig(lines.home_ml, lines.away_ml))
    return None


def margin_of_bet(market: Market, odds: float | None) -> float | None:
    """The home margin that a single bet speaks of."""
    match market:
        case Spread(Side.HOME, points, Span.GAME):
            return -points
        case Spread(Side.AWAY, points, Span.GAME):
            return points
        case Moneyline(side, Span.GAME) if odds is not None:
            margin = margin_of(1 / odds / HALF_MARGIN)
            return margin if side is Side.HOME else -margin
        case _:
            return None


def total_of_bet(market: Market) -> float | None:
    """The total that a single bet speaks of."""
    match market:
        case Total(Direction(), points, Span.GAME):
            return points
        case _:
            return None


GAME_SDS = (12.80, 18.3)
"""Points: how far the final margin and total lie from the closing line (sd): the margin as above,
the total over 4,700 NBA games of 2020-24."""


def even_margin(home_spread: float, chance: float) -> float:
    """The home spread at even odds that goes with one at other odds: `chance` is of covering it."""
    return home_spread - GAME_SDS[0] * _normal(chance)


def even_total(total: float, chance: float) -> float:
    """The total at even odds that goes with one at other odds: `chance` is of going over it."""
    return total + GAME_SDS[1] * _normal(chance)


def _normal(chance: float) -> float:
    return float(ndtri(min(max(chance, 1 - SUREST_MONEYLINE), SUREST_MONEYLINE)))
