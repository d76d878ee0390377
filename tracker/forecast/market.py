"""The market's view of a game: an outlook from closing lines alone, and live lines blended in.

How far a live line moves the outlook was measured on in-play moneylines of 2022
(`MARGIN_WEIGHTS`). In the first quarter the closing line and the score predict better than the
quotes, later the quotes do, and a blend of both predicts best. In the last two minutes the quotes
lag, and the model is better by .021 in Brier. Where a half-time total of that season (1,284 games)
differs from the model's, .89 ± .12 of the difference is right: the market has seen the pace, which
points alone do not show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracker.domain.chance import log_odds
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.prior import Lines
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
from tracker.forecast.priors import devig, prior_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.domain.prior import Prior
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.outlook import Outlook


LARGEST_MOVE = 4.0
"""A closing line moves a player's mean by this factor at most: beyond it the line is not his."""

_STEPS = 40


def before_tip(game: Game, players: Iterable[Player] = ()) -> GameState:
    """The state of a game before tip-off, with an empty box line for each of `players`."""
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
    """The outlook at tip-off from the closing lines alone, without calibrations."""
    state = before_tip(game, named)
    # Calibrations correct our own errors, which the market's lines do not have.
    raw = replace(parameters, calibrations=NO_CALIBRATIONS)
    return forecast(state, prior_from(lines, parameters), raw, players=players)


def moved_to(
    outlook: Outlook,
    players: PlayerPriors,
    closed: Mapping[tuple[Player, Stat], tuple[float, float]],
) -> Outlook:
    """The outlook with players' means moved until each closing line has its fair chance.

    `closed` maps a player and a figure to the closing line and to the chance of a value above it,
    pushes left out. The shape of the distribution stays the same.
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
    """A player's prior from his closing line alone."""
    minutes = outlook.periods.state.game.rules.regulation_seconds / 60
    return from_quote(PlayerQuote(market, VIG / chance), players.figures, minutes)


MARGIN_WEIGHTS = (0.0, 0.9, 0.75, 0.9)
"""The weight of the market's margin in each quarter of the game, 0 to 1. Fitted on 3,424 in-play
moneylines of 2022 (every fifth): Brier of model, market and blend are .1910, .1933 and .1910 in the
first quarter, .1707, .1686 and .1685 in the second, .1549, .1537 and .1535 in the third, .1347,
.1314 and .1305 in the fourth before its last two minutes."""

TOTAL_WEIGHT = 0.8
"""The weight of the market's total, 0 to 1: near the lower end of .89 ± .12, above."""

LAST_USE = 120.0
"""Seconds left from which live lines are ignored: measured as above, the quotes lag there."""

NEAR = 4
"""Points: the worth of a point of margin is averaged over the margins from -NEAR to NEAR."""

LARGEST_GAP = 15.0
"""Points: the most that a moneyline can move the margin. A guard against wrong quotes."""

OLDEST = 60.0
"""Seconds: an older line has missed too much of the score and is dropped. Assumed: two to three
possessions."""


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
    """The outlook, moved towards the market's live lines if they are usable.

    The lines move the expected final score and leave its spread alone. Quarters and halves still to
    come stay the model's own.
    """
    own = forecast(state, prior, parameters, players=players)
    shift = shift_of(own, state, live)
    if shift == NO_SHIFT:
        return own
    return forecast(state, prior, parameters, shift=shift, players=players)


NO_SHIFT = (0.0, 0.0)
"""No shift: points of margin and of total."""


def shift_of(own: Outlook, state: GameState, live: LiveLines | None) -> tuple[float, float]:
    """By how many points of margin and total the market's live lines move the model's outlook."""
    if live is None or not usable(live, state):
        return NO_SHIFT
    total, told = 0.0, live.lines.total
    # A line that the score has passed is wrong: no distribution has such a mean.
    if told is not None and told >= state.score.total:
        total = TOTAL_WEIGHT * (told - own.mu.total)
    return margin_weight(state) * margin_gap(own, live.lines), total


def margin_weight(state: GameState) -> float:
    """The weight of the market's margin at this moment of the game, 0 to 1."""
    whole = state.game.rules.regulation_seconds
    played = 1 - min(state.seconds_left, whole) / whole
    return MARGIN_WEIGHTS[min(int(played * len(MARGIN_WEIGHTS)), len(MARGIN_WEIGHTS) - 1)]


def usable(live: LiveLines, state: GameState) -> bool:
    """Whether live lines are fresh enough, and the game far enough from its end, to be used."""
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
    gap = log_odds(devig(lines.home_ml, lines.away_ml)) - log_odds(chance)
    return max(-LARGEST_GAP, min(LARGEST_GAP, gap / max(slope, 1e-3)))
