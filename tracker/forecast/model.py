"""State to outlook: the one function that says how a game may end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tracker.domain.game import Phase, Side
from tracker.forecast.game import endgame, longrun
from tracker.forecast.game.endgame import play_on
from tracker.forecast.game.flow import FADING, Moment, sharpened, usual_bonus
from tracker.forecast.game.lattice import Lattice
from tracker.forecast.game.spans import Periods
from tracker.forecast.outlook import Outlook

if TYPE_CHECKING:
    from tracker.domain.game import GameState
    from tracker.domain.prior import Prior
    from tracker.forecast.game.figures import Flow
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.players.priors import PlayerPriors


LARGEST_PRIOR = 45.0
"""Points: no team is expected to win by more, whatever a line or a long lead says. A guard: college
ratings reach 40 when a season begins, no closing line in any data here is above it."""


def forecast(
    state: GameState,
    prior: Prior,
    parameters: Parameters,
    shift: tuple[float, float] = (0.0, 0.0),
    players: PlayerPriors | None = None,
) -> Outlook:
    """The joint distribution of how a game ends, given all that is known of it.

    Pure: the same arguments give the same outlook. A game that is final gives a certain one, a game
    that has not begun the prior's own. `shift` moves the expected margin and total at the end, in
    points: what another source, such as a live line, knows beyond the state. `players` is what was
    believed of the players; it moves player lines alone.
    """
    at = moment(state, prior, parameters.flow)
    if (at.possessions or at.fouls) and not state.overtime:
        at = replace(at, shift_total=late_shift(parameters, at))
    if shift != (0.0, 0.0):
        at = replace(at, shift_margin=shift[0], shift_total=at.shift_total + shift[1])
    final, regulation = _lattices(state, prior, parameters, at)
    return Outlook(
        final=final,
        regulation=regulation,
        over=state.phase is Phase.FINAL,
        model_version=parameters.model_version,
        feature_version=parameters.feature_version,
        calibrations=parameters.calibrations,
        periods=Periods(state, at, parameters, final, regulation),
        players=players,
        figures=parameters.players,
    )


def _lattices(
    state: GameState, prior: Prior, parameters: Parameters, at: Moment
) -> tuple[Lattice, Lattice | None]:
    """The final score, and the score after regulation where it is known."""
    now = Lattice.certain(state.score.home, state.score.away)
    if state.phase is Phase.FINAL:
        return now, now if state.overtime == 0 else _regulation_score(state)
    if state.overtime:
        if _whistled(state):
            return play_on(now, parameters.overtime, prior.margin), _regulation_score(state)
        level = _endgame(at, parameters, overtime=True)
        return play_on(level, parameters.overtime, prior.margin), _regulation_score(state)
    if state.period == state.game.rules.periods and _whistled(state):
        return play_on(now, parameters.overtime, prior.margin), now
    if at.left <= parameters.endgame.clocks[-1]:
        level = _endgame(at, parameters, overtime=False)
        return play_on(level, parameters.overtime, prior.margin), level
    level = longrun.regulation(parameters, at)
    return play_on(level, parameters.overtime, prior.margin, room=0), level


def _whistled(state: GameState) -> bool:
    """The period is over with the score level: an overtime must follow."""
    return state.phase is not Phase.LIVE and state.clock == 0 and state.score.margin == 0


def _endgame(at: Moment, parameters: Parameters, *, overtime: bool) -> Lattice:
    tempo = parameters.overtime.tempo if overtime else 0.0
    cells = endgame.remaining(parameters.endgame, at, parameters.average.reference, tempo)
    return Lattice(at.home, at.away, cells, (at.home, at.away))


def _regulation_score(state: GameState) -> Lattice | None:
    """The score after regulation, known in overtime from the points by period."""
    count = state.game.rules.periods
    if state.periods is None or len(state.periods) < count:
        return None
    played = state.periods[:count]
    return Lattice.certain(sum(x.home for x in played), sum(x.away for x in played))


def moment(state: GameState, prior: Prior, flow: Flow) -> Moment:
    """The figures of a state that the model looks at, the prior as the score so far corrects it."""
    rules = state.game.rules
    score = state.score
    played = 1 - state.seconds_left / rules.regulation_seconds if state.overtime == 0 else 1.0
    margin, margin_sd = sharpened(
        prior.margin, prior.margin_sd, float(score.margin), played, flow.margin_noise
    )
    total, total_sd = sharpened(
        prior.total, prior.total_sd, float(score.total), played, flow.total_noise
    )
    before = state.period == 0
    period_left = 1.0 if before else state.clock / rules.length_of(state.period)
    possessions, fouls = surprise(state, prior, flow)
    unknown = usual_bonus(period_left)
    known = state.bonus
    bonus = (unknown, unknown) if known is None else (float(known.home), float(known.away))
    return Moment(
        home=state.score.home,
        away=state.score.away,
        left=state.seconds_left,
        regulation=float(rules.regulation_seconds),
        period_left=period_left,
        ball={Side.HOME: 1, Side.AWAY: -1, None: 0}[state.possession],
        bonus_home=bonus[0],
        bonus_away=bonus[1],
        prior_margin=min(max(margin, -LARGEST_PRIOR), LARGEST_PRIOR),
        prior_total=total,
        margin_sd=margin_sd,
        total_sd=total_sd,
        ends=prior.ends,
        possessions=possessions,
        fouls=fouls,
        tip={Side.HOME: 1, Side.AWAY: -1, None: 0}[state.tip],
    )


def surprise(state: GameState, prior: Prior, flow: Flow) -> tuple[float, float]:
    """Possessions of a team, and fouls of both, beyond the expected; 0 where no box tells them."""
    box = state.box
    if box is None or flow.box is None or state.overtime or state.period == 0:
        return 0.0, 0.0
    played = 1 - box.left / state.game.rules.regulation_seconds
    possessions, fouls = flow.box.expected(played, prior.total, prior.ends)
    return box.possessions - possessions, box.fouls - fouls


def late_shift(parameters: Parameters, at: Moment) -> float:
    """Points of total that possessions and fouls still add in the last five minutes.

    Before, the flow has them among its features.
    """
    if at.left > parameters.endgame.clocks[-1] or at.left <= FADING[1]:
        return 0.0
    weights = parameters.flow.total[0, -2:]
    told = at.total_features(parameters.average)[-2:]
    return float(weights @ told)
