"""Why a chance moved between two moments: a list of causes that add up to the change exactly.

The live line, the box and the ends come first. Each is removed from both moments, and its share is
how much more it added at the later one. The prior and the parameters are exchanged next. The rest
is shared among the clock, each team's points, the ball and, for player bets, the players' box lines
by Shapley's rule: a part's share is the mean of what it adds over all orders in which the parts can
change. The clock's share is then split: the same is computed for a game without lead reversion and
for one whose end is played like any other part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain.game import GameState, Phase, Score
from tracker.domain.market import PlayerMarket
from tracker.forecast.model import forecast
from tracker.forecast.pricing.markets import parlay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.domain.chance import Chance
    from tracker.domain.market import Market
    from tracker.domain.prior import Prior
    from tracker.forecast.game import Endgame
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.players.priors import PlayerPriors

    Floats = NDArray[np.float64]

CAUSES = (
    "home points",
    "away points",
    "clock",
    "lead reversion",
    "fouling",
    "possession",
    "player",
    "prior",
    "calibration",
    "ends",
    "pace",
    "live line",
)
"""The causes, in the order in which they are shown. `possession` includes free throws to come, the
bonus, time-outs and the tip, `player` is what the bet's players did, `calibration` a change of
parameters, and `pace` the possessions and fouls in the box."""

_PARTS = ("clock", "home points", "away points", "possession", "player")

Whole = Callable[["Chance"], float]
"""Turns the chance of a bet's legs on one game into p(hit) of the whole bet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a bet was forecast from at one moment: the state, the prior and the parameters.

    `shift` is how far a live line moved the expected margin and total, in points. `players` are the
    priors of the players in the game's bets.
    """

    state: GameState
    prior: Prior
    parameters: Parameters
    shift: tuple[float, float] = (0.0, 0.0)
    players: PlayerPriors | None = None

    def outlook(self) -> Outlook:
        """The outlook of that moment, computed again."""
        return forecast(self.state, self.prior, self.parameters, self.shift, self.players)

    def chance(self, markets: Sequence[Market]) -> Chance:
        """The chance of a bet's legs on this game together. Raises Unpriceable."""
        return parlay(markets, self.outlook())


@dataclass(frozen=True, slots=True)
class Why:
    """A change of p(hit) and its causes, whose shares add up to it."""

    before: float
    after: float
    causes: tuple[tuple[str, float], ...]


def won(part: Chance) -> float:
    """p(hit) of a bet on one game alone."""
    return part.win


def why(markets: Sequence[Market], before: Seen, after: Seen, whole: Whole = won) -> Why:
    """Split the change of a bet's p(hit) into causes. Raises Unpriceable.

    `markets` are the bet's legs on the game. `whole` turns their chance into that of the bet.
    """

    def chance(seen: Seen) -> float:
        return whole(seen.chance(markets))

    first, last = chance(before), chance(after)
    added: dict[str, float] = {}
    for name, less in _SET_ASIDE.items():
        was, now = chance(before), chance(after)
        before, after = less(before), less(after)
        added[name] = (now - chance(after)) - (was - chance(before))
    causes = _rest(chance, before, after, _parts(markets)) | added
    return Why(first, last, tuple((name, causes.get(name, 0.0)) for name in CAUSES))


def _parts(markets: Sequence[Market]) -> tuple[str, ...]:
    """The parts that can move these legs: box lines of players only for bets on players."""
    asked = any(isinstance(x, PlayerMarket) for x in markets)
    return _PARTS if asked else _PARTS[:-1]


_SET_ASIDE: Mapping[str, Callable[[Seen], Seen]] = {
    "live line": lambda x: replace(x, shift=(0.0, 0.0)),
    "pace": lambda x: replace(x, state=replace(x.state, box=None)),
    "ends": lambda x: replace(x, prior=replace(x.prior, ends=0.0)),
}
"""Removes one cause from a moment; the causes in the order in which they are removed."""


def _rest(
    chance: Callable[[Seen], float], before: Seen, after: Seen, parts: tuple[str, ...]
) -> dict[str, float]:
    """The shares of all other causes, once live line, box and ends are removed."""
    start = chance(before)
    with_prior = chance(replace(before, prior=after.prior, players=after.players))
    with_model = chance(replace(after, state=before.state))

    def shares(parameters: Parameters) -> dict[str, float]:
        def at(state: GameState) -> float:
            return chance(replace(after, state=state, parameters=parameters))

        return _shapley(before.state, after.state, at, parts)

    found = shares(after.parameters)
    level = shares(without_reversion(after.parameters))["clock"]
    plain = shares(without_fouling(after.parameters))["clock"]
    clock = found["clock"]
    return found | {
        "clock": level + plain - clock,
        "lead reversion": clock - level,
        "fouling": clock - plain,
        "prior": with_prior - start,
        "calibration": with_model - with_prior,
    }


def _shapley(
    before: GameState,
    after: GameState,
    chance: Callable[[GameState], float],
    parts: tuple[str, ...],
) -> dict[str, float]:
    """Each part's mean addition over all orders of the parts. They add up to the whole change."""
    known: dict[frozenset[str], float] = {}

    def at(given: frozenset[str]) -> float:
        if given not in known:
            whole = (
                given | {"player"} if "player" not in parts and len(given) == len(parts) else given
            )
            known[given] = chance(between(before, after, whole))
        return known[given]

    shares = dict.fromkeys(parts, 0.0)
    for order in permutations(parts):
        done: frozenset[str] = frozenset()
        for part in order:
            shares[part] += at(done | {part}) - at(done)
            done |= {part}
    return {part: share / factorial(len(parts)) for part, share in shares.items()}


def between(before: GameState, after: GameState, parts: frozenset[str]) -> GameState:
    """The earlier state with the named parts of the later one."""
    if len(parts) == len(_PARTS):
        return after
    if not parts:
        return before
    when = after if "clock" in parts else before
    home = after if "home points" in parts else before
    away = after if "away points" in parts else before
    ball = after if "possession" in parts else before
    box = after if "player" in parts else before
    score = Score(home.score.home, away.score.away)
    phase = when.phase
    if phase is Phase.FINAL:
        # A tied score, put together from two moments, cannot be final.
        phase = Phase.FINAL if score.margin else Phase.BREAK
    return replace(
        when,
        phase=phase,
        score=score,
        periods=_periods(home, away, when.period),
        possession=ball.possession,
        bonus=ball.bonus,
        timeouts=ball.timeouts,
        tip=ball.tip,
        throws=ball.throws,
        players=box.players,
    )


def _periods(home: GameState, away: GameState, period: int) -> tuple[Score, ...] | None:
    """Points by period, each team's from another moment. Later points count as of `period`."""
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
    """The parameters of a game in which leads do not shrink."""
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
    """The parameters of a game whose end is played alike at every score: nobody fouls to catch up.

    Every lead gets the endgame tables of a decided game.
    """
    endgame = parameters.endgame
    tables = tuple(
        np.broadcast_to(_calm(endgame, k), table.shape) for k, table in enumerate(endgame.tables)
    )
    return replace(parameters, endgame=replace(endgame, tables=tables))


def _calm(endgame: Endgame, k: int) -> Floats:
    """The mean of the tables of the longest lead and the longest deficit."""
    calm: Floats = 0.5 * (endgame.tables[k][-1] + endgame.tables[k][0])
    return calm
