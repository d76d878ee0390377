"""Player lines in a person's words: what a player has, and what he needs."""

from __future__ import annotations

from math import ceil, floor
from typing import assert_never

from tracker.domain.game import GameState, Phase
from tracker.domain.market import (
    CATEGORIES,
    CATEGORY_REACHED,
    Direction,
    DoubleDouble,
    PlayerMarket,
    PlayerTotal,
)
from tracker.domain.player import box_line, figure


def player_standing(market: PlayerMarket, state: GameState) -> str:
    """What a player has: `24 now`, `12 pts 9 reb now`; empty when the box does not tell."""
    line = box_line(state, market.player)
    if line is None or not (state.phase.in_play or state.phase is Phase.FINAL):
        return ""
    if not line.played:
        return "did not play" if state.phase is Phase.FINAL else "has not played yet"
    match market:
        case PlayerTotal():
            made = figure(line, market.stat)
            return "" if made is None else f"{made} now"
        case DoubleDouble():
            best = _best(market, state)
            return f"{' '.join(f'{made} {name}' for made, name in best)} now" if best else ""
        case _:
            assert_never(market)


def player_needs(market: PlayerMarket, state: GameState) -> str:
    """What a player line needs from here: `needs 7 more`, `needs 1 reb more`."""
    line = box_line(state, market.player)
    match market:
        case PlayerTotal():
            begun = state.phase.in_play
            made = figure(line, market.stat) if line is not None else None if begun else 0
            return "" if made is None else points_needed(market.direction, market.points, made)
        case DoubleDouble():
            best = _best(market, state)
            missing = [(CATEGORY_REACHED - made, name) for made, name in best]
            short = " and ".join(f"{left} {name}" for left, name in missing if left > 0)
            if not best:
                return ""
            if not market.happens:
                return "holds until then" if short else "has happened"
            return f"needs {short} more" if short else "has it"
        case _:
            assert_never(market)


def _best(market: DoubleDouble, state: GameState) -> list[tuple[int, str]]:
    """The figures of a player that are nearest to ten, as many as the market asks for."""
    line = box_line(state, market.player)
    if line is None:
        return []
    known = [(made, x.value) for x in CATEGORIES if (made := figure(line, x)) is not None]
    return sorted(known, key=lambda x: -x[0])[: market.categories]


def points_needed(direction: Direction, points: float, now: int) -> str:
    """What is wanted of a count that stands at `now`: `needs 36 more`, `has room for 3 more`."""
    whole = points == int(points)
    match direction:
        case Direction.OVER:
            more = floor(points) + 1 - now
            if more <= 0:
                return "is over the line"
            tail = "" if not whole else f", {more - 1} pushes" if more > 1 else ", else pushes"
            return f"needs {more} more{tail}"
        case Direction.UNDER:
            room = ceil(points) - 1 - now
            if room < 0:
                return "pushes at best" if now == points else "is over the line"
            return f"has room for {room} more" + (f", {room + 1} pushes" if whole else "")
        case _:
            assert_never(direction)
