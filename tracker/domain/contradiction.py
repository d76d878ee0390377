"""Legs that exclude each other: no end of a game lets them win together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import combinations, product
from typing import assert_never

from tracker.domain.game import Game, Side
from tracker.domain.league import NBA
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    GameMarket,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.parlay import Leg

_MOST_POINTS = 200
"""No team has scored as much in a game."""

_LIKELY = (0, 25, 26, 55, 56, 90, 105, 110, 111, 115, 120, 135, 160)
"""Scores that are tried first: nearly all legs that can win together do so at one of them."""


def excluding(legs: Sequence[Leg]) -> tuple[int, ...]:
    """The places of legs that cannot win together, two of them where two do; else none."""
    for places in _groups(legs):
        for pair in combinations(places, 2):
            if not _possible([legs[i] for i in pair]):
                return pair
        if len(places) > 2 and not _possible([legs[i] for i in places]):  # noqa: PLR2004 - a pair
            return places
    return ()


@lru_cache(maxsize=1024)
def exclusive(markets: tuple[Market, ...]) -> bool:
    """Whether markets of one game exclude each other."""
    nowhere = Game("", NBA.id, "HOME", "AWAY", datetime.min.replace(tzinfo=UTC))
    return bool(excluding([Leg(nowhere, x) for x in markets]))


def _groups(legs: Sequence[Leg]) -> list[tuple[int, ...]]:
    """The places of legs that are decided by the same points, or by one player's box line."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, leg in enumerate(legs):
        market = leg.market
        about: object = market.span
        if isinstance(market, PlayerTotal | DoubleDouble):
            about = market.player.side, market.player.key
        found[leg.game.id, about].append(place)
    return [tuple(x) for x in found.values() if len(x) > 1]


def _possible(legs: Sequence[Leg]) -> bool:
    if all(isinstance(x.market, PlayerTotal | DoubleDouble) for x in legs):
        return _possible_for_a_player(legs)
    markets = [x.market for x in legs if not isinstance(x.market, PlayerTotal | DoubleDouble)]
    tie = markets[0].span is not Span.GAME
    likely = product(_LIKELY, _LIKELY)
    every = product(range(_MOST_POINTS + 1), repeat=2)
    return any(_win_at(markets, h, a) for h, a in likely if tie or h != a) or any(
        _win_at(markets, h, a) for h, a in every if tie or h != a
    )


def _win_at(markets: Iterable[GameMarket], home: int, away: int) -> bool:
    found = [_excess(x, home, away) for x in markets]
    return min(found) >= 0 and max(found) > 0


def _excess(market: GameMarket, home: int, away: int) -> float:
    """By how much a market wins at a score: below 0 it loses, at 0 it pushes."""
    lead = home - away
    match market:
        case Moneyline(side):
            return lead if side is Side.HOME else -lead
        case Spread(side, points):
            return (lead if side is Side.HOME else -lead) + points
        case Total(direction, points):
            return _over(direction, home + away, points)
        case TeamTotal(side, direction, points):
            return _over(direction, home if side is Side.HOME else away, points)
        case OddEven(parity, side):
            counted = home + away if side is None else home if side is Side.HOME else away
            return 1 if (counted % 2 == 1) == (parity is Parity.ODD) else -1
        case ThreeWay(side):
            if side is None:
                return 1 if lead == 0 else -1
            return 1 if (lead if side is Side.HOME else -lead) > 0 else -1
        case _:
            assert_never(market)


def _over(direction: Direction, made: int, points: float) -> float:
    return made - points if direction is Direction.OVER else points - made


def _possible_for_a_player(legs: Sequence[Leg]) -> bool:
    totals = [x.market for x in legs if isinstance(x.market, PlayerTotal)]
    tens = [x.market for x in legs if isinstance(x.market, DoubleDouble)]
    overs = [x for x in totals if x.direction is Direction.OVER]
    unders = [x for x in totals if x.direction is Direction.UNDER]
    too_much = any(
        math.floor(over.points) + 1 > math.ceil(under.points) - 1
        for over in overs
        for under in unders
        if set(over.stat.parts) <= set(under.stat.parts)
    )
    reached = max((x.categories for x in tens if x.happens), default=0)
    missed = min((x.categories for x in tens if not x.happens), default=9)
    return not too_much and reached < missed
