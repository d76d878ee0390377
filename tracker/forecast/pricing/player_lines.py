"""The chances of player lines, alone and in parlays with the score and other players.

The lines of one player are tied by his minutes: given these, his figures are independent, except
points and threes. A normal copula ties a player's lines to the points of both teams. Players are
otherwise independent of one another: team-mates share their team's score.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

import numpy as np
from scipy.special import ndtri, owens_t

from tracker.domain.chance import LOST, PUSHED, WON, Chance, LittleKnown, Unpriceable
from tracker.domain.game import Side
from tracker.domain.market import (
    CATEGORIES,
    CATEGORY_REACHED,
    Direction,
    DoubleDouble,
    PlayerMarket,
    PlayerTotal,
)
from tracker.domain.player import Stat
from tracker.forecast.documents import BadParameters
from tracker.forecast.players.model import work_out
from tracker.forecast.pricing import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tracker.domain.player import Player
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.players.model import PlayerOutlook

    Floats = NDArray[np.float64]


def of_player(player: Player, outlook: Outlook) -> PlayerOutlook:
    """The forecast of a player's box line. Raises Unpriceable."""
    try:
        return outlook.player(player)
    except BadParameters as why:
        raise Unpriceable(f"{player.name} has no chance: {why}") from why


def player_chance(market: PlayerMarket, outlook: Outlook) -> Chance:
    """The chance of a player line, computed once an outlook. Raises Unpriceable."""
    known = outlook.player_chances.get(market)
    if known is None:
        seen = of_player(market.player, outlook)
        known = outlook.player_chances[market] = _worked_out(market, seen, over=outlook.over)
    return known


def work_out_figures(asked: Iterable[tuple[Player, Stat]], outlook: Outlook) -> None:
    """Compute and keep the distributions of many players' figures together, where they have one."""
    found: list[tuple[PlayerOutlook, Stat]] = []
    for player, stat in asked:
        try:
            found.append((of_player(player, outlook), stat))
        except Unpriceable:
            continue
    work_out(found)


def _worked_out(market: PlayerMarket, seen: PlayerOutlook, *, over: bool) -> Chance:
    match market:
        case PlayerTotal():
            chance = _of_total(market, seen)
            backed = market.direction is Direction.OVER
        case DoubleDouble():
            chance = _multiple(market.categories, seen, over=over)
            backed = market.happens
        case _:
            assert_never(market)
    return chance if backed else Chance(chance.lose, chance.push, chance.win)


def _of_total(market: PlayerTotal, seen: PlayerOutlook) -> Chance:
    """The chance of the over. A line that he has already passed has won even if he is unknown."""
    try:
        pmf = seen.pmf(market.stat)
    except LittleKnown:
        if seen.has(market.stat) > market.points:
            return WON
        raise
    above, level, below = pmf.split(market.points)
    if pmf.chances.size == 1 or pmf.first > market.points:
        return WON if above == 1 else LOST if below == 1 else PUSHED
    return opened(above, level, below)


def _multiple(categories: int, seen: PlayerOutlook, *, over: bool) -> Chance:
    reached = sum(seen.has(x) >= CATEGORY_REACHED for x in CATEGORIES)
    if reached >= categories:
        return WON
    if over:
        return LOST
    p = seen.reaches(categories)
    return opened(p, 0.0, 1.0 - p)


LEANS = {
    Stat.PTS: (0.21, -0.01),
    Stat.REB: (0.05, -0.11),
    Stat.AST: (0.17, -0.03),
    Stat.THREES: (0.18, -0.03),
    Stat.STL: (0.04, -0.05),
    Stat.BLK: (0.02, -0.04),
    Stat.TO: (-0.05, 0.02),
    Stat.PRA: (0.22, -0.05),
    Stat.PR: (0.20, -0.05),
    Stat.PA: (0.23, -0.02),
    Stat.RA: (0.14, -0.09),
}
"""Slopes of a player's figure on his own team's points and on the opponent's, all as normal scores
about what was expected. Least squares on 69,370 player-games of NBA 2020-24 (players of 18 minutes
and more against their season's mean, teams against their closing lines)."""

MULTIPLE_LEAN = (0.14, -0.07)
"""The same for a double-double: between those of its usual categories."""

POINTS_AND_THREES = 0.66
"""Correlation of a player's points and threes about what was expected, on the same games."""

_NEGLIGIBLE = 1e-9
_EDGE = 1e-12


def by_score(
    legs: Sequence[PlayerMarket], outlook: Outlook, *, pushed: bool
) -> list[tuple[float, Floats]]:
    """For each player, P(his legs hold), and the same given the final score, for each of its cells.

    A leg holds if it does not lose, or with `pushed` if it pushes. Raises Unpriceable.
    """
    final = outlook.final
    found = []
    for player in dict.fromkeys(x.player for x in legs):
        mine = [x for x in legs if x.player == player]
        p = _of_one(mine, outlook, pushed=pushed)
        if pushed or not _EDGE < p < 1 - _EDGE:
            given = np.full(final.cells.shape, p)
        else:
            leaning = final.home_leaning if player.side is Side.HOME else final.away_leaning
            given = leaning.given(p, *_lean_of_all(mine, outlook))
        found.append((p, given))
    return found


def _lean_of_all(legs: Sequence[PlayerMarket], outlook: Outlook) -> tuple[float, float]:
    """The slopes of legs together: each counts as it bounds them, and one that is all but sure not.

    The chance of a leg moves with the score by its slope times the inverse Mills ratio.
    """
    if len(legs) == 1:
        return _lean(legs[0])
    chances = np.array([x.win + x.push for x in (player_chance(leg, outlook) for leg in legs)])
    ratios = np.exp(-(ndtri(chances) ** 2) / 2) / chances
    along, across = (ratios / ratios.sum()) @ np.array([_lean(x) for x in legs])
    return float(along), float(across)


def _lean(leg: PlayerMarket) -> tuple[float, float]:
    match leg:
        case PlayerTotal():
            sign = 1 if leg.direction is Direction.OVER else -1
            own, other = LEANS[leg.stat]
        case DoubleDouble():
            sign = 1 if leg.happens else -1
            own, other = MULTIPLE_LEAN
        case _:
            assert_never(leg)
    return sign * own, sign * other


def _of_one(legs: Sequence[PlayerMarket], outlook: Outlook, *, pushed: bool) -> float:
    """P(every leg on one player holds), within what his single legs leave (Fréchet)."""
    alone = [player_chance(x, outlook) for x in legs]
    chances = [x.push if pushed else x.win + x.push for x in alone]
    if len(legs) == 1:
        return chances[0]
    joint = _together_of_one(legs, of_player(legs[0].player, outlook), pushed=pushed)
    return max(min(joint, *chances), sum(chances) - len(chances) + 1, 0.0)


def _together_of_one(legs: Sequence[PlayerMarket], seen: PlayerOutlook, *, pushed: bool) -> float:
    threes = [x for x in legs if isinstance(x, PlayerTotal) and x.stat is Stat.THREES]
    others = [x for x in legs if x not in threes]
    points = [x for x in others if isinstance(x, PlayerTotal) and Stat.PTS in x.stat.parts]
    if not threes or not points or pushed:
        return _by_minutes(legs, seen, pushed=pushed)
    ways = {x.direction for x in points}, {x.direction for x in threes}
    sign = 0 if any(len(x) > 1 for x in ways) else 1 if ways[0] == ways[1] else -1
    scored = _by_minutes(points, seen, pushed=pushed)
    tied = both(scored, _by_minutes(threes, seen, pushed=pushed), sign * POINTS_AND_THREES)
    if len(points) == len(others):
        return tied
    # His threes are tied to his points alone, not to what else is asked of him.
    joint = _by_minutes(others, seen, pushed=pushed) * tied / max(scored, _EDGE)
    return min(joint, _by_minutes([x for x in legs if x not in points], seen, pushed=pushed))


def both(p: float, q: float, correlation: float) -> float:
    """P(both of two events) by a normal copula (Owen 1956)."""
    if not (_EDGE < p < 1 - _EDGE and _EDGE < q < 1 - _EDGE):
        return p * q
    h, k = float(ndtri(p)), float(ndtri(q))
    # Owen's formula divides by both, so neither may be 0.
    h, k = (x if abs(x) > _NEGLIGIBLE else _NEGLIGIBLE for x in (h, k))
    root = math.sqrt(1 - correlation**2)
    found = (p + q) / 2 - owens_t(h, (k - correlation * h) / (h * root))
    found -= owens_t(k, (h - correlation * k) / (k * root))
    if h * k < 0:
        found -= 0.5
    return min(max(float(found), 0.0, p + q - 1), p, q)


def _by_minutes(legs: Sequence[PlayerMarket], seen: PlayerOutlook, *, pushed: bool) -> float:
    """P(every leg on one player holds), summed over the classes of his minutes."""
    tens = [x for x in legs if isinstance(x, DoubleDouble)]
    if tens and pushed:
        return 0.0
    chances = seen.remainder.chances
    held = np.ones(chances.size)
    # What shares a figure is all made of points, rebounds and assists.
    groups: dict[Stat, list[PlayerTotal]] = {Stat.PRA: []} if tens else {}
    for leg in legs:
        if isinstance(leg, PlayerTotal):
            shared = {*leg.stat.parts} <= {*Stat.PRA.parts}
            groups.setdefault(Stat.PRA if shared else leg.stat, []).append(leg)
    for stat, group in groups.items():
        held *= _together(group, tens if stat is Stat.PRA else (), seen, pushed=pushed)
    return min(max(float(chances @ held), 0.0), 1.0)


def _together(
    legs: Sequence[PlayerTotal], tens: Sequence[DoubleDouble], seen: PlayerOutlook, *, pushed: bool
) -> Floats:
    """P(every total and all of `tens` hold | class of minutes), over all values of the figures."""
    parts = tuple(dict.fromkeys(part for x in legs for part in x.stat.parts)) or Stat.PRA.parts
    rows = [_trimmed(seen.by_class(part)) for part in parts]
    shape = tuple(x.shape[1] for x in rows)
    holds = np.ones(shape)
    steps = np.ix_(*(seen.pmf(x).first + np.arange(n) for x, n in zip(parts, shape, strict=True)))
    for leg in legs:
        value = sum(x for x, part in zip(steps, parts, strict=True) if part in leg.stat.parts)
        above = leg.direction is Direction.OVER
        holds *= value == leg.points if pushed else (
            value >= leg.points if above else value <= leg.points
        )  # fmt: skip
    names = "abc"[: len(parts)]
    terms = ",".join(f"j{x}" for x in names)
    how = f"{terms},{names}->j"
    if not tens:
        found: Floats = np.einsum(how, *rows, holds, optimize=True)
        return found
    reached = sum(x >= CATEGORY_REACHED for x in steps)
    others = seen.tens([x for x in CATEGORIES if x not in parts])
    found = np.zeros(len(others))
    for n in range(len(parts) + 1):
        more = range(others.shape[1])
        enough = [all((n + k >= x.categories) == x.happens for x in tens) for k in more]
        cells = np.einsum(how, *rows, holds * (reached == n), optimize=True)
        found += cells * others[:, enough].sum(axis=1)
    return found


def _trimmed(rows: Floats) -> Floats:
    """Rows cut after the last value with a chance in any class."""
    most = rows.max(axis=0)
    used = np.flatnonzero(most > _NEGLIGIBLE)
    return rows[:, : int(used[-1]) + 1] if used.size else rows
