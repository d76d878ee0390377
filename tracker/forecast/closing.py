"""The game as the closing lines have it: an outlook with the market's figures in place of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
    Quote,
    from_quote,
    scaled,
)
from tracker.forecast.pricing.markets import chance_of
from tracker.forecast.priors.lines import average_prior, told_margin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.outlook import Outlook

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
            told = chance_of(market, asked)
            if told.win < chance * (told.win + told.lose):
                low = middle
            else:
                high = middle
    return replace(outlook, players=replace(players, known=known))


def _quoted(
    market: PlayerTotal, chance: float, outlook: Outlook, players: PlayerPriors
) -> PlayerPrior:
    """The prior of a player of whom his closing line is all that is known."""
    minutes = outlook.periods.state.game.rules.regulation_seconds / 60
    return from_quote(Quote(market, VIG / chance), players.figures, minutes)
