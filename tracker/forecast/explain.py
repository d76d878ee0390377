"""Why a chance moved between two moments: causes that add up to the change exactly.

What the live line, the box and the ends add to the chance is set aside first: by how much more each
of them adds at the later moment is its share. Then the prior and the parameters are exchanged. What
remains is shared among the clock, each side's points, the ball and, where players are asked about,
their own lines, by Shapley's rule: the mean of what each adds over all orders in which they could
have come. The clock's share is then split by asking the same of a game without lead
reversion and of one without an endgame of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain.game import GameState, Phase, Score
from tracker.domain.market import DoubleDouble, PlayerTotal
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
"""What moves a chance. `possession` holds bonus, time-outs and the tip too, `player` what the bet's
players did, `calibration` new parameters, `pace` the possessions and fouls of the box."""

_PARTS = ("clock", "home points", "away points", "possession", "player")

Whole = Callable[["Chance"], float]
"""The chance of winning of a whole bet by that of its legs on one game."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A moment of a bet: the state, the prior and the parameters of that forecast.

    `shift` is what a live line moved it by: points of margin and total. `players` are the priors of
    the players whom bets are about.
    """

    state: GameState
    prior: Prior
    parameters: Parameters
    shift: tuple[float, float] = (0.0, 0.0)
    players: PlayerPriors | None = None

    def outlook(self) -> Outlook:
        """How the game may end, as the forecast has it."""
        return forecast(self.state, self.prior, self.parameters, self.shift, self.players)

    def chance(self, markets: Sequence[Market]) -> Chance:
        """The chance of a bet's legs on this game together. Raises Unpriceable."""
        return parlay(markets, self.outlook(), self.state)


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


def won(part: Chance) -> float:
    """The chance of winning of a bet on one game alone."""
    return part.win


def why(markets: Sequence[Market], before: Seen, after: Seen, whole: Whole = won) -> Why:
    """Split the change of a bet's chance of winning. Raises Unpriceable.

    `markets` are its legs on the game, `whole` what their chance makes of the bet's.
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
    """What moves the chance of such legs; without a line on a player, no player's line does."""
    asked = any(isinstance(x, PlayerTotal | DoubleDouble) for x in markets)
    return _PARTS if asked else _PARTS[:-1]


_SET_ASIDE: Mapping[str, Callable[[Seen], Seen]] = {
    "live line": lambda x: replace(x, shift=(0.0, 0.0)),
    "pace": lambda x: replace(x, state=replace(x.state, box=None)),
    "ends": lambda x: replace(x, prior=replace(x.prior, ends=0.0)),
}
"""What adds to a chance beside all else, in the order in which it is taken away."""


def _rest(
    chance: Callable[[Seen], float], before: Seen, after: Seen, parts: tuple[str, ...]
) -> dict[str, float]:
    """The causes of what moves without the live line, the box and the ends."""
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
    """Each part's mean addition over all orders; the additions sum to the whole change."""
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
    """The earlier state with some parts of the later one."""
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
        tip=ball.tip,
        players=box.players,
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
