"""The chances of player lines, alone and in parlays with the score and other players.

The lines of one player are sums over the same values of his points, rebounds, assists and threes:
these are tied by his minutes, points hold his threes, and points and assists go a little with
rebounds. A normal copula ties a player's lines to the points of both teams. Players are otherwise
independent of one another: team-mates share their team's score.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, assert_never

import numpy as np
from scipy.special import ndtri

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
from tracker.forecast.players.remainder import PLACE, amounts_of
from tracker.forecast.pricing import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tracker.domain.player import Player
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.players.model import PlayerOutlook
    from tracker.forecast.players.remainder import Remainder

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
            chance = _multiple(market, seen, over=over)
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


def _multiple(market: DoubleDouble, seen: PlayerOutlook, *, over: bool) -> Chance:
    reached = sum(seen.has(x) >= CATEGORY_REACHED for x in CATEGORIES)
    if reached >= market.categories:
        return WON
    if over or seen.over:
        return LOST
    seen.ask(Stat.PRA.parts)
    p = _together([replace(market, happens=True)], seen, pushed=False)
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
    joint = _together(legs, of_player(legs[0].player, outlook), pushed=pushed)
    return max(min(joint, *chances), sum(chances) - len(chances) + 1, 0.0)


def _together(legs: Sequence[PlayerMarket], seen: PlayerOutlook, *, pushed: bool) -> float:
    """P(every leg on one player holds), summed over the classes of his minutes."""
    tens = [x for x in legs if isinstance(x, DoubleDouble)]
    if tens and pushed:
        return 0.0
    totals = [x for x in legs if isinstance(x, PlayerTotal)]
    scored = tens or any(Stat.PTS in x.stat.parts for x in totals)
    held = np.ones(seen.remainder.chances.size)
    # What shares a figure is all made of points, which hold the threes, rebounds and assists.
    groups: dict[Stat, list[PlayerTotal]] = {Stat.PRA: []} if tens else {}
    for leg in totals:
        shared = {*leg.stat.parts} <= {*Stat.PRA.parts} or (leg.stat is Stat.THREES and scored)
        groups.setdefault(Stat.PRA if shared else leg.stat, []).append(leg)
    for stat, group in groups.items():
        if stat is Stat.PRA:
            held *= _of_parts(group, tens, seen, pushed=pushed)
        else:
            chances = seen.by_class(stat)
            held *= chances @ _held(group, seen.has(stat) + _count(chances), pushed=pushed)
    return min(max(float(seen.remainder.chances @ held), 0.0), 1.0)


def _count(chances: Floats) -> Floats:
    return np.arange(float(chances.shape[-1]))


def _held(legs: Iterable[PlayerTotal], values: Floats, *, pushed: bool) -> Floats:
    """1 for each of the values at which every leg holds."""
    holds = np.ones(values.shape)
    for leg in legs:
        over = leg.direction is Direction.OVER
        holds *= values == leg.points if pushed else (
            values >= leg.points if over else values <= leg.points
        )  # fmt: skip
    return holds


def _of_parts(
    legs: Sequence[PlayerTotal], tens: Sequence[DoubleDouble], seen: PlayerOutlook, *, pushed: bool
) -> Floats:
    """P(totals of points, rebounds, assists and threes and all of `tens` hold | class of minutes).

    They are added up over the values of points, rebounds and assists. The threes tell only how
    likely each number of points is. Of what no total asks for it counts only whether it is ten.
    """
    threes = [x for x in legs if x.stat is Stat.THREES]
    asked = {part for x in legs for part in x.stat.parts} | ({Stat.PTS} if threes else set())
    parts = [x for x in Stat.PRA.parts if tens or x in asked]
    rows, steps, reached = [], [], []
    for axis, part in enumerate(parts):
        chances = seen.remainder.by_class(part)
        both = np.stack([chances, _leaning(part, chances, seen.remainder)])
        if part is Stat.PTS and threes:
            both *= _share_of_points(threes, chances, seen, pushed=pushed)
        both = seen.with_throws(part, both)
        values = seen.has(part) + _count(both)
        ten = values >= CATEGORY_REACHED
        if part not in asked:
            both = np.stack([both[..., ~ten].sum(axis=-1), both[..., ten].sum(axis=-1)], axis=-1)
            values, ten = np.zeros(2), np.array([False, True])
        used = slice(int(np.flatnonzero(both[0].max(axis=0) > _NEGLIGIBLE).max(initial=0)) + 1)
        around = [1] * len(parts)
        around[axis] = -1
        rows.append(both[..., used])
        steps.append(values[used].reshape(around))
        reached.append(ten[used].reshape(around))
    holds = np.ones([x.shape[-1] for x in rows])
    for leg in (x for x in legs if x.stat is not Stat.THREES):
        value = sum(x for x, part in zip(steps, parts, strict=True) if part in leg.stat.parts)
        holds *= _held([leg], np.asarray(value), pushed=pushed)
    made = sum(x.astype(int) for x in reached)
    by_tens = [holds * (made == n) for n in range(len(parts) + 1)] if tens else [holds]
    # A product of matrices for the longest figure, points, then sums of few numbers.
    every = np.tensordot(by_tens, rows[0], (1, 2))
    for row in rows[1:]:
        every = np.einsum("na...j,sja->n...sj", every, row)
    every = np.moveaxis(every, 0, -2)
    found: Floats = every[(0,) * len(parts)]
    for pair in combinations(range(len(parts)), 2):
        tie = seen.remainder.habits.ties[PLACE[parts[pair[0]]]][PLACE[parts[pair[1]]]]
        found = found + tie * every[tuple(int(x in pair) for x in range(len(parts)))]
    if not tens:
        first: Floats = found[0]
        return first
    others = seen.tens([x for x in CATEGORIES if x not in parts])
    enough = np.array([
        [all((n + k >= x.categories) == x.happens for x in tens) for k in range(others.shape[1])]
        for n in range(len(found))
    ])  # fmt: skip
    summed: Floats = np.einsum("nj,jk,nk->j", found, others, enough)
    return summed


def _amounts(part: Stat, left: Remainder) -> Floats:
    """The expected events worth one, threes and trips that add to a figure, `[class, kind]`."""
    means, points = left.means, [0] if part is Stat.PTS else []
    trips = left.habits.trips
    rows = means[PLACE[part], None], means[PLACE[Stat.THREES], None]
    found: Floats = amounts_of(*rows, points, trips)[0]
    return found


def _leaning(part: Stat, chances: Floats, left: Remainder) -> Floats:
    """How the chances of a figure move with the number of events that add to it.

    A row a class of minutes, in standard deviations. What ties a pair of figures adds the product
    of theirs to their joint chances, which leaves the chances of each alone.
    """
    amounts = _amounts(part, left)
    worth = amounts @ np.array([[1, 0, 0], [0, 0, 1], left.habits.trips])
    moved = chances * worth.sum(axis=1)[:, None]
    for points in (1, 2, 3):
        moved[:, points:] -= chances[:, :-points] * worth[:, points - 1, None]
    means = left.means[PLACE[part]][:, None]
    found: Floats = moved / np.sqrt(np.maximum(means, _EDGE))
    return found


def _share_of_points(
    threes: Sequence[PlayerTotal], points: Floats, seen: PlayerOutlook, *, pushed: bool
) -> Floats:
    """P(legs on his threes hold | points, class of minutes)."""
    made = seen.by_class(Stat.THREES)
    both = _points_by_threes(seen, made.shape[1], points.shape[1])
    for _ in range(_ROUNDS):
        # As many threes as are said alone, then as many points.
        for axis, said in ((2, made), (1, points)):
            both *= np.expand_dims(said / np.maximum(both.sum(axis=axis), _EDGE), axis)
    holds = _held(threes, seen.has(Stat.THREES) + _count(made), pushed=pushed)
    share: Floats = holds @ both / np.maximum(points, _EDGE)
    return share


_ROUNDS = 4
"""Rounds in which points and threes together get the chances that each has alone."""


def _points_by_threes(seen: PlayerOutlook, threes: int, points: int) -> Floats:
    """The chance of each number of threes with each of points, `[class, threes, points]`.

    The generating function of `_logs` in `players.remainder` is (base + a (1 - u)) ** -shape, where
    `a` is that of a three and `u` counts threes: this is its series in `u`.
    """
    habits, amounts = seen.remainder.habits, _amounts(Stat.PTS, seen.remainder)
    shape = habits.spread[PLACE[Stat.PTS]]
    if shape < 0:
        shape = min(shape, -3 * float(amounts.sum(axis=1).max()))
    z = np.exp(-2j * np.pi * np.arange(points // 2 + 1) / points)
    trip = sum(p * z ** (n + 1) for n, p in enumerate(habits.trips))
    by_three, by_trip = amounts[:, 1, None] / shape, amounts[:, 2, None] / shape
    base = 1 + by_three + by_trip * (1 - trip)
    k = np.arange(1, threes)
    steps = ((shape + k - 1) / k * by_three)[..., None] * (z**3 / base)[:, None]
    terms = np.concatenate([(base**-shape)[:, None], steps], axis=1).cumprod(axis=1)
    return np.maximum(np.fft.irfft(terms, points), 0.0)
