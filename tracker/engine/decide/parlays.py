"""Parlays: what the legs on one game are worth together, and with those on the other games."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracker.domain.bet import Result
from tracker.domain.chance import LOST, PUSHED, WON, Chance
from tracker.domain.game import GameState
from tracker.domain.parlay import Parlay
from tracker.domain.tracking import Group, LegStanding, Tracked
from tracker.forecast import Outlook, parlay_of, price_all
from tracker.forecast.players.lines import opened


def look_at(tracked: Tracked, slip: Parlay, outlook: Outlook, state: GameState) -> Tracked:
    """A parlay with the standings of its legs on one game, and of their group, by an outlook.

    What cannot be priced keeps its last chance. A leg that has its result is not priced again.
    """
    places = slip.in_game(state.game.id)
    legs = list(tracked.legs)
    markets = [slip.legs[i].market for i in places]
    told = price_all(markets, outlook)
    for i, chance in zip(places, told, strict=True):
        if legs[i].result is None and chance is not None:
            legs[i] = replace(legs[i], chance=chance)
    part = settled_part([legs[i] for i in places])
    if part is None and None not in told:
        part = parlay_of([(x, y) for x, y in zip(markets, told, strict=True) if y], outlook)
    return regrouped(replace(tracked, legs=tuple(legs)), state.game.id, part)


def regrouped(tracked: Tracked, game_id: str, part: Chance | None) -> Tracked:
    """A parlay with another chance of its legs on one game; None leaves the last one."""
    if part is None:
        return tracked
    groups = tuple(Group(x.game, part) if x.game == game_id else x for x in tracked.groups)
    return replace(tracked, groups=groups)


def settled_part(legs: Sequence[LegStanding]) -> Chance | None:
    """The chance of legs of one game by their results; None while these do not decide it."""
    results = {x.result for x in legs}
    if Result.LOST in results:
        return LOST
    if None in results:
        return None
    return WON if Result.WON in results else PUSHED


def part_of(tracked: Tracked, game_id: str) -> Chance | None:
    """The chance of the legs on one game together, as last seen."""
    for group in tracked.groups:
        if group.game == game_id:
            return group.chance
    return None


def combined(groups: Sequence[Group]) -> Chance | None:
    """The chance of a whole parlay: its games are independent. None while one was never seen.

    It loses when a leg does, pushes when every leg drops out, and wins otherwise. What has lost
    in one game is lost, whatever is known of the others.
    """
    parts = [x.chance for x in groups]
    seen = [x for x in parts if x is not None]
    if any(x.lose == 1 for x in seen):
        return LOST
    if len(seen) < len(parts):
        return None
    if len(seen) == 1:
        return seen[0]
    if all(x.decided for x in seen):
        return PUSHED if all(x.push == 1 for x in seen) else WON
    alive = level = 1.0
    for part in seen:
        alive *= 1.0 - part.lose
        level *= part.push
    return opened(alive - level, level, 1.0 - alive)
