"""Why a chance moved between two moments: causes that add up to the change exactly.

The prior and the parameters are exchanged first. What remains is shared among the clock, each
side's points and the ball by Shapley's rule: the mean of what each adds over all orders in which
they could have come. The clock's share is then split by asking the same of a game without lead
reversion and of one without an endgame of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain.game import GameState, Phase, Score
from tracker.forecast.game.model import forecast
from tracker.forecast.pricing.markets import price

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tracker.domain.market import Market
    from tracker.domain.prior import Prior
    from tracker.forecast.game.parameters import Endgame, Parameters

    Floats = NDArray[np.float64]

CAUSES = (
    "home points",
    "away points",
    "clock",
    "lead reversion",
    "fouling",
    "possession",
    "prior",
    "calibration",
)
"""What moves a chance. `possession` holds bonus and time-outs too, `calibration` new parameters."""

_PARTS = ("clock", "home points", "away points", "possession")


@dataclass(frozen=True, slots=True)
class Seen:
    """A moment of a bet: the state, the prior and the parameters of that forecast."""

    state: GameState
    prior: Prior
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Why:
    """The change of p(hit) and its causes: `change` is their sum."""

    before: float
    after: float
    causes: tuple[tuple[str, float], ...]

    @property
    def change(self) -> float:
        """By how much p(hit) moved."""
        return self.after - self.before


def why(market: Market, before: Seen, after: Seen) -> Why:
    """Split the change of a bet's chance of winning. Raises Unpriceable."""
    start = _chance(market, before.state, before.prior, before.parameters)
    with_prior = _chance(market, before.state, after.prior, before.parameters)
    with_model = _chance(market, before.state, after.prior, after.parameters)
    end = _chance(market, after.state, after.prior, after.parameters)

    def shares(parameters: Parameters) -> dict[str, float]:
        def chance(state: GameState) -> float:
            return _chance(market, state, after.prior, parameters)

        return _shapley(before.state, after.state, chance)

    found = shares(after.parameters)
    level = shares(without_reversion(after.parameters))["clock"]
    plain = shares(without_fouling(after.parameters))["clock"]
    clock = found["clock"]
    causes = {
        "home points": found["home points"],
        "away points": found["away points"],
        "clock": level + plain - clock,
        "lead reversion": clock - level,
        "fouling": clock - plain,
        "possession": found["possession"],
        "prior": with_prior - start,
        "calibration": with_model - with_prior,
    }
    return Why(start, end, tuple((name, causes[name]) for name in CAUSES))


def _chance(market: Market, state: GameState, prior: Prior, parameters: Parameters) -> float:
    return price(market, forecast(state, prior, parameters), state).win


def _shapley(
    before: GameState, after: GameState, chance: Callable[[GameState], float]
) -> dict[str, float]:
    """Each part's mean addition over all orders; the additions sum to the whole change."""
    known: dict[frozenset[str], float] = {}

    def at(parts: frozenset[str]) -> float:
        if parts not in known:
            known[parts] = chance(between(before, after, parts))
        return known[parts]

    shares = dict.fromkeys(_PARTS, 0.0)
    for order in permutations(_PARTS):
        done: frozenset[str] = frozenset()
        for part in order:
            shares[part] += at(done | {part}) - at(done)
            done |= {part}
    return {part: share / factorial(len(_PARTS)) for part, share in shares.items()}


def between(before: GameState, after: GameState, parts: frozenset[str]) -> GameState:
    """The earlier state with some parts of the later one."""
    if len(parts) == len(_PARTS):
        return after
    if not parts:
        return before
    when = after if "clock" in parts else before
    home = after if "home points" in parts else before
    away = after if "away points" in parts else before
    ball = after if "possession" in parts else before
    score = Score(home.score.home, away.score.away)
    phase = when.phase
    if phase is Phase.FINAL:
        # With the score of another moment the game might not be over.
        phase = Phase.FINAL if score.margin else Phase.BREAK
    return replace(
        when,
        phase=phase,
        score=score,
        periods=_periods(home, away, when.period),
        possession=ball.possession,
        bonus=ball.bonus,
        timeouts=ball.timeouts,
    )


def _periods(home: GameState, away: GameState, period: int) -> tuple[Score, ...] | None:
    """Points by period put together from two moments; what is beyond `period` falls into it."""
    if home.periods is None or away.periods is None:
        return None
    own = [x.home for x in home.periods]
    other = [x.away for x in away.periods]
    count = max(period, 1)
    for points in (own, other):
        points.extend([0] * (count - len(points)))
        points[count - 1 :] = [sum(points[count - 1 :])]
    return tuple(Score(h, a) for h, a in zip(own, other, strict=True))


def without_reversion(parameters: Parameters) -> Parameters:
    """The same parameters in a game whose leads do not revert."""
    flow = parameters.flow
    margin = flow.margin.copy()
    margin[:, [1, 3]] = 0.0
    tilt = parameters.endgame.tilt.copy()
    tilt[:, 1] = 0.0
    return replace(
        parameters,
        flow=replace(flow, margin=margin),
        endgame=replace(parameters.endgame, tilt=tilt),
    )


def without_fouling(parameters: Parameters) -> Parameters:
    """The same parameters in a game whose score does not change how the end is played.

    Every lead is given the tables of a decided game.
    """
    endgame = parameters.endgame
    tables = tuple(
        np.broadcast_to(_calm(endgame, k), table.shape) for k, table in enumerate(endgame.tables)
    )
    return replace(parameters, endgame=replace(endgame, tables=tables))


def _calm(endgame: Endgame, k: int) -> Floats:
    """The table of a lead of LEADS points, either way, without a preference for either team."""
    calm: Floats = 0.5 * (endgame.tables[k][-1] + endgame.tables[k][0])
    return calm
