"""The market's view of a game: alone, by the closing lines, and in play as a second opinion.

How far a live line moves the outlook was measured on in-play moneylines of 2022
(`MARGIN_WEIGHTS`): in the first quarter the closing line and the score say more than the quotes,
later the quotes do, and both together say most; inside the last two minutes the quotes lag and the
model is better by .021 in Brier. Of the market's half-time totals of that season (1,284 games)
.89 ± .12 of the difference is right: it has seen the pace that points alone do not show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.prior import Lines, Prior, PriorSource
from tracker.forecast.calibration import NO_CALIBRATIONS
from tracker.forecast.model import forecast
from tracker.forecast.players.priors import (
    VIG,
    PlayerPrior,
    PlayerPriors,
    PlayerQuote,
    from_quote,
    scaled,
)
from tracker.forecast.pricing.markets import chance_of
from tracker.forecast.priors import average_prior, devig, told_margin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.domain.game import GameState
    from tracker.domain.prior import Lines, Prior
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.players.priors import PlayerPriors


LARGEST_MOVE = 4.0
"""No closing line moves a player's mean by more than this factor; beyond it he is another's."""

_STEPS = 40


def closing_prior(lines: Lines, parameters: Parameters) -> Prior:
    """What closing lines say of the final score; what they leave out is the league's average."""
    average = average_prior(parameters)
    margin, total = told_margin(lines), lines.total
    return Prior(
        average.margin if margin is None else margin,
        average.total if total is None else total,
        PriorSource.LINES,
        average.margin_sd if margin is None else 0.0,
        average.total_sd if total is None else 0.0,
    )


def before_tip(game: Game, players: Iterable[Player] = ()) -> GameState:
    """A game before tip-off with the players who are asked about in its box."""
    nothing = tuple((x.value, 0) for x in Stat)
    listed = tuple(PlayerLine(x.key, x.name, x.side, nothing) for x in dict.fromkeys(players))
    clock = float(game.rules.period_seconds)
    return GameState(game, Phase.SCHEDULED, 0, clock, Score(0, 0), periods=(), players=listed)


def closing_outlook(
    game: Game,
    lines: Lines,
    parameters: Parameters,
    players: PlayerPriors | None = None,
    named: Iterable[Player] = (),
) -> Outlook:
    """The outlook at tip-off with the closing lines as its prior."""
    state = before_tip(game, named)
    # What the market says is not corrected by what came of our own chances.
    raw = replace(parameters, calibrations=NO_CALIBRATIONS)
    return forecast(state, closing_prior(lines, parameters), raw, players=players)


def moved_to(
    outlook: Outlook,
    players: PlayerPriors,
    closed: Mapping[tuple[Player, Stat], tuple[float, float]],
) -> Outlook:
    """The outlook with players' means moved until each closing line has its fair chance.

    `closed` holds, for a player's figure, the closing line and the chance of more than it, pushes
    left out. The shape of the distribution stays.
    """
    known = dict(players.known)
    for (player, stat), (points, chance) in closed.items():
        who = player.side, player.key
        market = PlayerTotal(player, stat, Direction.OVER, points)
        start = known.get(who) or _quoted(market, chance, outlook, players)
        low, high = 1 / LARGEST_MOVE, LARGEST_MOVE
        for _ in range(_STEPS):
            middle = (low * high) ** 0.5
            known[who] = scaled(start, stat, middle)
            asked = replace(outlook, players=replace(players, known=known))
            moved = chance_of(market, asked)
            if moved.win < chance * (moved.win + moved.lose):
                low = middle
            else:
                high = middle
    return replace(outlook, players=replace(players, known=known))


def _quoted(
    market: PlayerTotal, chance: float, outlook: Outlook, players: PlayerPriors
) -> PlayerPrior:
    """The prior of a player of whom his closing line is all that is known."""
    minutes = outlook.periods.state.game.rules.regulation_seconds / 60
    return from_quote(PlayerQuote(market, VIG / chance), players.figures, minutes)


MARGIN_WEIGHTS = (0.0, 0.9, 0.75, 0.9)
"""The market's part of the margin, in points, in each quarter of the game. Fitted on 3,424 in-play
moneylines of 2022 (every fifth): Brier of model, market and blend are .1910, .1933 and .1910 in the
first quarter, .1707, .1686 and .1685 in the second, .1549, .1537 and .1535 in the third, .1347,
.1314 and .1305 in the fourth before its last two minutes."""

TOTAL_WEIGHT = 0.8
"""The market's part of the total, in points: the lower end of .89 ± .12, above."""

LAST_USE = 120.0
"""Seconds left at which live lines are no longer looked at: measured as above, quotes lag there."""

NEAR = 4
"""Points: margins up to this count as near 0, where a point of margin is turned into chance."""

LARGEST_GAP = 15.0
"""Points: no moneyline is taken to differ by more from the model. A guard against a wrong quote."""

OLDEST = 60.0
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
    shift = shift_of(own, state, live)
    if shift == NO_SHIFT:
        return own
    return forecast(state, prior, parameters, shift=shift, players=players)


NO_SHIFT = (0.0, 0.0)
"""Nothing is moved: points of margin and of total."""


def shift_of(own: Outlook, state: GameState, live: LiveLines | None) -> tuple[float, float]:
    """By how many points of margin and total the market's live lines move the model's outlook."""
    if live is None or not usable(live, state):
        return NO_SHIFT
    total = 0.0
    if live.lines.total is not None:
        total = TOTAL_WEIGHT * (live.lines.total - own.mu.total)
    return margin_weight(state) * margin_gap(own, live.lines), total


def margin_weight(state: GameState) -> float:
    """The market's part of the margin at this moment of the game."""
    whole = state.game.rules.regulation_seconds
    played = 1 - min(state.seconds_left, whole) / whole
    return MARGIN_WEIGHTS[min(int(played * len(MARGIN_WEIGHTS)), len(MARGIN_WEIGHTS) - 1)]


def usable(live: LiveLines, state: GameState) -> bool:
    """Whether the market's lines are fresh, and early enough to be worth anything."""
    late = state.seconds_left <= LAST_USE or state.overtime > 0 or state.phase is Phase.FINAL
    return not (late or live.lines.empty or live.age > OLDEST)


def margin_gap(own: Outlook, lines: Lines) -> float:
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
