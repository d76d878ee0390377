"""A live line as a second opinion: how far the market's view moves the outlook.

Measured on 17,000 in-play moneylines of 156 games of 2022 whose season was not fitted on: the
model and the de-vigged market are equally good before the last two minutes (Brier .1552 and .1548),
their mean in log-odds better than either (.1544); inside two minutes the quotes lag and the model
is better by .015. Of the market's half-time totals of that season (1,284 games) .89 ± .12 of the
difference is right: it has seen the pace that points alone do not show.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from tracker.domain.game import Phase
from tracker.domain.market import Span
from tracker.domain.prior import Lines
from tracker.domain.quote import MONEYLINE, TOTAL, TwoSided
from tracker.forecast.game.model import forecast
from tracker.forecast.priors.lines import devig

if TYPE_CHECKING:
    from tracker.domain.game import GameState
    from tracker.domain.prior import Prior
    from tracker.forecast.game.outlook import Outlook
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.players.priors import PlayerPriors

MARGIN_WEIGHT = 0.5
"""The market's part of the margin, in points, and of the win, in log-odds. Fitted as above: between
.4 and .6 the blend's Brier is the same to .0001."""

TOTAL_WEIGHT = 0.8
"""The market's part of the total, in points: the lower end of .89 ± .12, above."""

LAST_USE = 120.0
"""Seconds left at which live lines are no longer looked at: measured as above, quotes lag there."""

NEAR = 4
"""Points: margins up to this count as near 0, where a point of margin is turned into chance."""

LARGEST_GAP = 15.0
"""Points: no moneyline is taken to differ by more from the model. A guard against a wrong quote."""

OLDEST = 45.0
"""Seconds: a line that was posted longer ago knows less than the score and is dropped. Assumed: two
to three possessions."""


@dataclass(frozen=True, slots=True)
class LiveLines:
    """The market's lines of this moment. `age` is how many seconds ago they were posted."""

    lines: Lines
    age: float = 0.0


def forecast_with(
    state: GameState,
    prior: Prior,
    parameters: Parameters,
    live: LiveLines | None,
    players: PlayerPriors | None = None,
) -> Outlook:
    """The outlook, moved towards the market's live lines where they can be believed.

    The lines move where the final score is expected, not how far it may lie from there; quarters
    and halves ahead stay the model's own.
    """
    own = forecast(state, prior, parameters, players=players)
    shift = shift_of(live, own, state)
    if shift == (0.0, 0.0):
        return own
    return forecast(state, prior, parameters, shift=shift, players=players)


def shift_of(live: LiveLines | None, own: Outlook, state: GameState) -> tuple[float, float]:
    """The points of margin and total by which live lines move an outlook without them."""
    if live is None or not usable(live, state):
        return 0.0, 0.0
    margin = MARGIN_WEIGHT * _margin_gap(own, live.lines)
    total = 0.0
    if live.lines.total is not None:
        total = TOTAL_WEIGHT * (live.lines.total - own.mu.total)
    return margin, total


def live_lines(standing: Iterable[TwoSided], now: datetime) -> LiveLines | None:
    """The market's lines of this moment, from both sides of lines that can still be had.

    Of the moneylines it is the median chance, of the totals the median of those that are nearest to
    even at each book; lines older than OLDEST are passed over. None where nothing is fresh.
    """
    oldest = now - timedelta(seconds=OLDEST)
    fresh = [x for x in standing if x.selection.span is Span.GAME and x.stood_at >= oldest]
    wins = [x.chance for x in fresh if x.selection.plain == MONEYLINE]
    nearest: dict[str, TwoSided] = {}
    for x in fresh:
        if x.selection.plain == TOTAL:
            known = nearest.get(x.book)
            if known is None or _uneven(x) < _uneven(known):
                nearest[x.book] = x
    totals = [
        x.selection.points
        for x in nearest.values()
        if x.selection.points is not None and _uneven(x) <= EVEN
    ]
    if not wins and not totals:
        return None
    used = [x for x in fresh if x.selection.plain == MONEYLINE or x in nearest.values()]
    age = max((now - x.stood_at).total_seconds() for x in used)
    home = min(max(median(wins), SUREST), 1 - SUREST) if wins else None
    lines = Lines(
        total=median(totals) if totals else None,
        home_ml=None if home is None else 1 / home,
        away_ml=None if home is None else 1 / (1 - home),
    )
    return LiveLines(lines, max(age, 0.0))


EVEN = 0.06
"""A total whose over is further from even than this says little of where the middle lies."""

SUREST = 0.01
"""No live moneyline is taken to be surer than this: the rest is margin."""


def _uneven(line: TwoSided) -> float:
    return abs(line.chance - 0.5)


def usable(live: LiveLines, state: GameState) -> bool:
    """Whether the market's lines are fresh, and early enough to be worth anything."""
    late = state.seconds_left <= LAST_USE or state.overtime > 0 or state.phase is Phase.FINAL
    return not (late or live.lines.empty or live.age > OLDEST)


def _margin_gap(own: Outlook, lines: Lines) -> float:
    """How many points of margin lie between the market and the model."""
    if lines.home_spread is not None:
        return -lines.home_spread - own.mu.margin
    if lines.home_ml is None or lines.away_ml is None:
        return 0.0
    margin = own.final.margin
    chance = min(max(1.0 - margin.less_than(1), 0.001), 0.999)
    # A point of expected margin moves the win by the density of margins near 0.
    near = (margin.less_than(NEAR + 1) - margin.less_than(-NEAR)) / (2 * NEAR + 1)
    slope = near / (chance * (1 - chance))
    gap = _logit(devig(lines.home_ml, lines.away_ml)) - _logit(chance)
    return max(-LARGEST_GAP, min(LARGEST_GAP, gap / max(slope, 1e-3)))


def _logit(p: float) -> float:
    return math.log(p / (1 - p))
