"""From a game's state and prior to its outlook.

Until five minutes before the end, regulation's final score is built in two steps: the flow gives
the score at the layer, two minutes before the end, and the landing what is added from there. Later
the endgame's tables give it directly.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.league import LEAGUES, NBA
from tracker.forecast.game import endgame
from tracker.forecast.game.endgame import BEYOND, LARGEST_MARGIN, Lean, play_on
from tracker.forecast.game.flow import (
    FADING,
    MADE,
    TAKEN_BACK,
    Moment,
    Reach,
    each_parity,
    opened,
    reach,
    sharpened,
    usual_bonus,
    whole_numbers,
)
from tracker.forecast.game.lattice import (
    COUNTED,
    Cells,
    Lattice,
    hankel,
    toeplitz,
    turned,
)
from tracker.forecast.game.spans import Periods
from tracker.forecast.outlook import Outlook

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tracker.domain.prior import Prior
    from tracker.forecast.game import Flow
    from tracker.forecast.game.endgame import Landing
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.players.priors import PlayerPriors

    Floats = NDArray[np.float64]


TAKEOVER = 60.0
"""Seconds from five minutes before the end in which the endgame's tables take over from the flow.
At 5:00 neither is better, at 4:00 the tables are."""

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
    """The joint distribution of how a game ends, from its state and prior.

    Pure: the same arguments give the same outlook. A final game gives a certain outlook, a game
    before tip-off one from the prior alone. `shift` moves the expected final margin and total by so
    many points, as a live line does. `players` are the priors of players and affect player lines
    alone.
    """
    at = moment(_opened(state), prior, parameters.flow)
    if (at.possessions or at.fouls) and not state.overtime:
        at = at._replace(shift_total=late_shift(parameters, at))
    if shift != (0.0, 0.0):
        at = at._replace(shift_margin=shift[0], shift_total=at.shift_total + shift[1])
    lean = at.prior_margin, at.prior_total - parameters.average.reference
    final, level = _lattices(state, parameters, at, lean)
    return Outlook(
        final=final,
        regulation=level,
        over=state.phase is Phase.FINAL,
        model_version=parameters.model_version,
        feature_version=parameters.feature_version,
        calibrations=parameters.calibrations,
        periods=Periods(state, at, parameters, final, level, lean, partial(regulation, parameters)),
        players=players,
        figures=parameters.players,
    )


CAUGHT_UP = 180.0
"""Seconds of a period from which the flow's points are as far as its clock."""


def _opened(state: GameState) -> GameState:
    """The state with a clock as the flow knows it, for which points fall from the first second."""
    length = float(state.game.rules.period_seconds)
    gone = length - state.clock
    if state.phase is not Phase.LIVE or state.overtime or not state.period or gone >= CAUGHT_UP:
        return state
    return replace(state, clock=length - opened(gone, CAUGHT_UP))


def _lattices(
    state: GameState, parameters: Parameters, at: Moment, lean: Lean
) -> tuple[Lattice, Lattice | None]:
    """The lattices of the final score, and of the score after regulation where it is known."""
    overtime = parameters.overtime
    if state.phase is Phase.FINAL:
        return Lattice.certain(state.score.home, state.score.away), _regulation_score(state)
    if state.played_out and not state.drawn:
        # Only that it is final is not said yet.
        score = state.score.home, state.score.away
        return Cells(*score, _STANDS, score), _regulation_score(state)
    if state.overtime or state.drawn:
        if state.drawn:
            length = float(state.game.rules.overtime_seconds)
            at = at._replace(left=length, ball=0, bonus_home=0.0, bonus_away=0.0, throws=0)
        level = _over_throws(at, partial(_endgame, parameters, overtime=True))
        return play_on(level, overtime, lean), _regulation_score(state)
    level = _over_throws(at, partial(_regulation_end, parameters))
    return play_on(level, overtime, lean), level


_STANDS = np.array([[1.0, 0.0], [0.0, 0.0]])
"""The cells of a score to which nothing is added, while it is not certain."""


def _over_throws(at: Moment, level: Callable[[Moment], Lattice]) -> Lattice:
    """`level` of a moment: with free throws to come, that of each made and of each missed.

    Where a foul that may be taken back has given them, also that without them and with a loose
    ball.
    """
    if not at.throws:
        return level(at)
    if at.reviewed:
        off = level(at._replace(throws=0, ball=0))
        return off.mixed(_over_throws(at._replace(reviewed=False), level), TAKEN_BACK)
    missed, made = (_over_throws(at.after_throw(points), level) for points in (0, 1))
    return missed.mixed(made, 1 - MADE)


def _regulation_end(parameters: Parameters, at: Moment) -> Lattice:
    """The score at the end of regulation, from the flow, the endgame's tables or both."""
    tables = parameters.endgame.clocks[-1]
    if at.left >= tables:
        return regulation(parameters, at)
    level = _endgame(parameters, at, overtime=False)
    early = 1 - (tables - at.left) / TAKEOVER
    if early > 0:
        before = regulation(parameters, at._replace(possessions=0.0, fouls=0.0))
        level = before.mixed(level, early)
    return level


def _endgame(parameters: Parameters, at: Moment, *, overtime: bool) -> Lattice:
    tempo = parameters.overtime.tempo if overtime else 0.0
    cells = endgame.remaining(parameters.endgame, at, parameters.average.reference, tempo)
    return Cells(at.home, at.away, cells, (at.home, at.away))


def _regulation_score(state: GameState) -> Lattice | None:
    """The score after regulation, which is over: in overtime, known from the points by period."""
    score = state.points_in(1, state.game.rules.periods)
    return None if score is None else Lattice.certain(score.home, score.away)


ON_LINES = frozenset({NBA.id})
"""Leagues whose figures were fitted with closing lines as priors, and so take a line as it is."""

SHIFT_STEPS = 6
"""Each step leaves a small part of the distance."""


def on_lines(prior: Prior, parameters: Parameters, *, margin: bool, total: bool) -> Prior:
    """A prior whose margin or total is a line, with its shift.

    At tip-off the expected margin is then the line's, and both sides of the total are as likely.
    Figures that were fitted with ratings expect less of a large margin, because a large rating is
    mostly too large; those of another league, fewer or more points.
    """
    if parameters.league in ON_LINES or not (margin or total):
        return prior
    return replace(prior, shift=_shift(parameters, replace(prior, ends=0.0), margin, total))


@lru_cache(maxsize=1024)
def _shift(parameters: Parameters, prior: Prior, margin: bool, total: bool) -> tuple[float, float]:
    rules = LEAGUES[parameters.league]
    game = Game("", rules.id, "HOME", "AWAY", datetime.min.replace(tzinfo=UTC))
    start = GameState(game, Phase.SCHEDULED, 0, float(rules.period_seconds), Score(0, 0))
    for _ in range(SHIFT_STEPS):
        final = forecast(start, prior, parameters).final
        prior = replace(
            prior,
            shift=(
                prior.shift[0] + margin * (prior.margin - final.margin.mean),
                prior.shift[1] + total * (prior.total - final.total.middle),
            ),
        )
    return prior.shift


def moment(state: GameState, prior: Prior, flow: Flow) -> Moment:
    """The inputs of the model from a state; the score so far corrects an uncertain prior."""
    rules, score, left = state.game.rules, state.score, state.seconds_left
    whole = float(rules.regulation_seconds)
    played = 1.0 if state.period > rules.periods else 1 - left / whole
    margin, margin_sd = sharpened(
        prior.margin + prior.shift[0],
        prior.margin_sd,
        float(score.home - score.away),
        played,
        flow.margin_noise,
    )
    total, total_sd = sharpened(
        prior.total + prior.shift[1],
        prior.total_sd,
        float(score.home + score.away),
        played,
        flow.total_noise,
    )
    period_left = 1.0 if state.period == 0 else state.clock / rules.length_of(state.period)
    possessions, fouls = surprise(state, prior, flow)
    unknown = usual_bonus(period_left)
    known, throws = state.bonus, state.throws
    bonus = (unknown, unknown) if known is None else (float(known.home), float(known.away))
    return Moment(
        score.home,
        score.away,
        endgame.in_play(left, rules),
        whole,
        period_left,
        _SIGNS[state.possession],
        *bonus,
        min(max(margin, -LARGEST_PRIOR), LARGEST_PRIOR),
        total,
        margin_sd,
        total_sd,
        0.0,  # no shift
        0.0,
        prior.ends,
        possessions,
        fouls,
        _SIGNS[state.tip],
        0 if throws is None else throws.left * _SIGNS[throws.side],
        0 if throws is None else _SIGNS[throws.kept],
        throws is not None and throws.reviewed,
    )


_SIGNS: dict[Side | None, int] = {Side.HOME: 1, Side.AWAY: -1, None: 0}
"""The sign by which the model knows a side."""


def surprise(state: GameState, prior: Prior, flow: Flow) -> tuple[float, float]:
    """Possessions of a team, and fouls of both, beyond the expected; 0 without team boxes."""
    box = state.box
    if box is None or flow.box is None or state.overtime or state.period == 0:
        return 0.0, 0.0
    played = 1 - box.left / state.game.rules.regulation_seconds
    possessions, fouls = flow.box.expected(played, prior.total, prior.ends)
    return box.possessions - possessions, box.fouls - fouls


def late_shift(parameters: Parameters, at: Moment) -> float:
    """Points of total that possessions and fouls still add in the last five minutes.

    Before that, they are features of the flow.
    """
    if at.left >= parameters.endgame.clocks[-1] or at.left <= FADING[1]:
        return 0.0
    weights = parameters.flow.total[0, -2:]
    features = at.total_features(parameters.average)[-2:]
    return float(weights @ features)


# ---------------------------------------------- regulation seen from before the endgame

WIDTH = 4.7
"""Half the window of margins in standard deviations: what lies beyond is below 3e-6."""

TEAM_WIDTH = 4.3
"""Half the window of either team's points in standard deviations. It bounds the lattice: a chance
differs by less than 5e-5 from that on an unbounded one, the bounds of overtimes included (700
states, every line of margin, total and teams), unless a tie is likely: then `ROOM` says by how
much. Time grows with its square."""

LONGEST_LEAD = 60
"""Points: a longer lead changes nothing but the score. The longest that was lost from is 35."""

CLEAR = 8.0
"""Points: the expected margin from which the tie of margin and total acts in full. Chosen: the
tables tie the two by how far the game is expected to be from level, recorded games do not."""

TIE_FADES = (0.25, 300 / 2880)
"""The parts of regulation left between which the tie fades: from 5:00 on margin and total are tied
as the tables tie them. Of three NBA seasons it is .07 to .09 until half-time, .07 at 6:00 of the
third quarter, .06 at its end and .04 at 8:00 of the last (each ± .02)."""

AFTER_LAYER_SD = 6.0
"""Points: an upper bound of the sd of the total in the two minutes after the layer (recorded: 4.6).
Used only to size the lattice."""


def regulation(parameters: Parameters, at: Moment) -> Lattice:
    """The lattice of the score at the end of regulation, ties included."""
    excess = at.lead - min(max(at.lead, -LONGEST_LEAD), LONGEST_LEAD)
    if excess:
        return _beyond(parameters, at, excess)
    landing = parameters.landing
    goal = reach(parameters.flow, parameters.average, at)
    tie = parameters.flow.tie * leaning(goal.margin) * tied_until(at.left / at.regulation)
    if tie:
        # The tie widens both spreads by this factor; they are narrowed first to stay as fitted.
        narrow = math.sqrt(1 - tie * tie)
        goal = Reach(goal.margin, goal.margin_sd * narrow, goal.total, goal.total_sd * narrow)
    home0, away0, rows, columns = _window(goal, landing, at)
    count = rows + columns - 1
    lowest = home0 - away0 - columns + 1
    margins = _margins(goal, landing, lowest, count)
    by_class = _points(goal, landing, at, home0 + away0, count)
    # All classes are valid; `clip` is the mode that does not check each of them.
    kinds = landing.class_of[lowest + BEYOND : lowest + BEYOND + count]
    by_margin = by_class.take(kinds, axis=0, mode="clip")
    cells = turned(by_margin, rows, columns) * toeplitz(margins, rows, columns)
    if tie:
        _tie(cells, goal, tie, (home0, away0), landing.mean_points)
    else:
        cells *= 1.0 / cells.sum()
    return Cells(home0, away0, cells, (at.home, at.away))


def leaning(margin: float) -> float:
    """How clearly the home team is the favourite, -1 to 1."""
    return min(max(margin / CLEAR, -1.0), 1.0)


def tied_until(part_left: float) -> float:
    """The part of the tie that still acts, 1 before TIE_FADES and 0 after."""
    start, end = TIE_FADES
    return min(max((part_left - end) / (start - end), 0.0), 1.0)


def _tie(cells: Floats, goal: Reach, tie: float, corner: tuple[int, int], to_come: float) -> None:
    """Multiply cells by exp(tie · u · v) of the standardised margin u and total v, in place.

    They then add up to 1.

    (h - a - m) (h + a - t) is (h - (t + m) / 2)² - (a - (t - m) / 2)² and a constant, so that this
    is a factor for each row and one for each column. `corner` are the points of the first cell,
    `to_come` the points expected after the layer.
    """
    scale = tie / (goal.margin_sd * goal.total_sd)
    rows, columns = cells.shape
    total = goal.total + to_come
    home = COUNTED[:rows] - ((total + goal.margin) / 2 - corner[0])
    away = COUNTED[:columns] - ((total - goal.margin) / 2 - corner[1])
    by_home, by_away = np.exp(scale * (home * home)), np.exp(-scale * (away * away))
    by_home *= 1.0 / by_home.dot(cells.dot(by_away))
    cells *= by_home[:, None].dot(by_away[None])


def _beyond(parameters: Parameters, at: Moment, excess: int) -> Lattice:
    """A lead beyond LONGEST_LEAD: the lattice of LONGEST_LEAD, moved by the points beyond it."""
    home, away = max(excess, 0), max(-excess, 0)
    near = regulation(parameters, at._replace(home=at.home - home, away=at.away - away))
    return near.moved(home, away)


def _margins(goal: Reach, landing: Landing, first: int, count: int) -> Floats:
    """Chances of the margins `first`, `first` + 1, … at the end of regulation."""
    half = math.ceil(WIDTH * goal.margin_sd) + 1
    middle = min(max(round(goal.margin), -LARGEST_MARGIN), LARGEST_MARGIN)
    low, high = max(middle - half, -LARGEST_MARGIN), min(middle + half, LARGEST_MARGIN)
    at_layer = whole_numbers(goal.margin, goal.margin_sd, low, high - low + 1)
    rows = landing.margin[low + LARGEST_MARGIN : high + LARGEST_MARGIN + 1]
    columns = slice(max(first + BEYOND, 0), max(first + BEYOND + count, 0))
    margins: Floats = at_layer.dot(rows[:, columns])
    return margins


def _points(goal: Reach, landing: Landing, at: Moment, first: int, count: int) -> Floats:
    """Chances of the totals `first`, `first` + 1, … given their parity, a row a class of margin.

    They may be lower by one factor: a normal's even and odd values are as likely, unless it is cut.
    """
    steps = landing.points.shape[1]
    start = first - steps + 1
    at_layer = whole_numbers(goal.total, goal.total_sd, start, count + steps - 1)
    impossible = at.home + at.away - start
    if impossible > 0:
        at_layer[:impossible] = 0.0
        at_layer = each_parity(at_layer)
    # Row s of the view holds the chances at the layer moved up by s points. It is copied, because
    # a contiguous array is multiplied much faster.
    points: Floats = landing.turned.dot(np.ascontiguousarray(hankel(at_layer, steps, count)))
    return points


def _window(goal: Reach, landing: Landing, at: Moment) -> tuple[int, int, int, int]:
    """First home and away points of the lattice, and its numbers of rows and columns."""
    half = TEAM_WIDTH * math.hypot(goal.margin_sd, goal.total_sd, AFTER_LAYER_SD) / 2
    middle = goal.total / 2 + landing.mean_points / 2
    home, away = middle + goal.margin / 2, middle - goal.margin / 2
    home0 = max(at.home, math.floor(home - half))
    away0 = max(at.away, math.floor(away - half))
    rows, columns = math.ceil(home + half) - home0, math.ceil(away + half) - away0
    return home0, away0, max(rows, 2), max(columns, 2)
