"""The chance of parlays: of the legs on one game together, and of the whole over all games."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tracker.domain.bet import Parlay, joint_result, result_chance
from tracker.domain.chance import LOST, PUSHED, WON, Chance, NoChance
from tracker.domain.game import GameState
from tracker.domain.market import Market
from tracker.domain.tracking import GameTracking, Group, LegStanding, Tracked
from tracker.forecast import Outlook, parlay_of, price_all, why_none
from tracker.forecast.pricing import opened


def to_presume(tracking: GameTracking, now: datetime) -> GameState | None:
    """The state of a game before tip-off, if a parlay over several games waits for it."""
    if tracking.state is not None or now >= tracking.game.start:
        return None
    if not any(_waits(x, tracking.game.id) for x in tracking.tracked):
        return None
    return GameState.scheduled(tracking.game)


def presume(tracking: GameTracking, state: GameState, outlook: Outlook) -> GameTracking:
    """The tracking with the chances of these parlays' legs, by the outlook before tip-off.

    The game's state stays unknown, and no snapshot is taken: the parlay's other games take them.
    """
    for tracked in tracking.tracked:
        slip = tracked.bet.market
        if isinstance(slip, Parlay) and _waits(tracked, tracking.game.id):
            raw = price_all(markets_on([tracked], state.game.id), outlook)
            tracking = tracking.with_tracked(
                priced_parlay(tracked, slip, state.game.id, raw, outlook)
            )
    return tracking


def _waits(tracked: Tracked, game_id: str) -> bool:
    return len(tracked.groups) > 1 and part_of(tracked, game_id) is None


def markets_on(tracked: Iterable[Tracked], game_id: str) -> list[Market]:
    """The markets of bets that are on a game: their own, or those of a parlay's legs in order."""
    found: list[Market] = []
    for one in tracked:
        slip = one.bet.market
        if isinstance(slip, Parlay):
            found += [slip.legs[i].market for i in slip.in_game(game_id)]
        else:
            found.append(slip)
    return found


def priced_parlay(
    tracked: Tracked, slip: Parlay, game_id: str, raw: Sequence[Chance | None], outlook: Outlook
) -> Tracked:
    """A parlay with new chances of its legs on the outlook's game, and of these together.

    `raw` are the chances of `markets_on` it, not calibrated; None keeps a leg's last chance, unless
    the leg is known to have none. A leg with a result is not priced again. A leg whose player is
    out will be void, so it drops out.
    """
    places = slip.in_game(game_id)
    legs = list(tracked.legs)
    markets = [slip.legs[i].market for i in places]
    leg_chances = calibrated_all(markets, raw, outlook)
    for i, market, chance in zip(places, markets, leg_chances, strict=True):
        if legs[i].result is None:
            legs[i] = _seen(legs[i], market, chance, outlook)
    standing = [legs[i] for i in places]
    part: Chance | NoChance | None = settled_part(standing)
    if part is None:
        left = [x for x in zip(markets, leg_chances, standing, strict=True) if not x[2].out]
        unknown = next((x.no_chance for _, _, x in left if x.no_chance is not None), None)
        known = [(market, chance) for market, chance, _ in left if chance is not None]
        if any(chance == LOST for _, chance in known):
            # A lost leg loses the parlay, whatever the other legs do.
            part = LOST
        elif unknown is not None:
            part = unknown
        elif len(known) == len(left):
            part = parlay_of(known, outlook) if known else PUSHED
    return tracked.with_legs(tuple(legs), _grouped(tracked, game_id, part))


def calibrated_all(
    markets: Sequence[Market], raw: Sequence[Chance | None], outlook: Outlook
) -> Sequence[Chance | None]:
    """The chances of a parlay's legs on a game; only a single leg is calibrated.

    Several legs keep the outlook's chances: corrected one by one they would no longer agree.
    """
    chance = raw[0] if len(raw) == 1 else None
    return raw if chance is None else [outlook.calibrations.applied(markets[0], chance)]


def _seen(leg: LegStanding, market: Market, chance: Chance | None, outlook: Outlook) -> LegStanding:
    why = None if chance is not None else why_none(market, outlook)
    if chance is None and why is None:
        return leg
    why = None if why is None else why.after(leg.no_chance)
    if leg.chance == chance == leg.was and leg.no_chance is why:
        return leg
    return leg.seen_at(chance, why)


def regrouped(tracked: Tracked, game_id: str, part: Chance | NoChance | None) -> Tracked:
    """A parlay with a new joint chance of its legs on one game; None keeps the last one."""
    return tracked.with_legs(tracked.legs, _grouped(tracked, game_id, part))


def _grouped(tracked: Tracked, game_id: str, part: Chance | NoChance | None) -> tuple[Group, ...]:
    if part is None:
        return tracked.groups
    chance = None if isinstance(part, NoChance) else part
    return tuple(Group(x.game, chance) if x.game == game_id else x for x in tracked.groups)


def parlay_chance(tracked: Tracked) -> Chance | NoChance | None:
    """The chance of a whole parlay, or why it has none; None until every game has a chance."""
    if tracked.out and all(x.dropped for x in tracked.legs):
        return NoChance.OUT
    whole = combined(tracked.groups)
    if whole is not None:
        return whole
    return next((x.no_chance for x in tracked.legs if x.no_chance and not x.out), None)


def settled_part(legs: Sequence[LegStanding]) -> Chance | None:
    """The chance of the legs on one game by their results; None until these decide it."""
    result = joint_result([x.result for x in legs if not x.out])
    return None if result is None else result_chance(result)


def part_of(tracked: Tracked, game_id: str) -> Chance | None:
    """The last joint chance of the legs on one game."""
    for group in tracked.groups:
        if group.game == game_id:
            return group.chance
    return None


def combined(groups: Sequence[Group]) -> Chance | None:
    """The chance of a whole parlay, whose games are independent; None until each has a chance.

    The parlay loses if a leg loses, pushes if every leg drops out, and wins otherwise. If it has
    lost in one game it is lost, even if the chance of another game is not known.
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
