"""What a believed state makes of each bet: its chance, its snapshot, what its rules decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from tracker.domain.bet import Parlay, Snapshot
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import GameState
from tracker.domain.market import Market
from tracker.domain.tracking import Change, Gathering, Tracked
from tracker.engine.decide.normalising import first_seen, players_of
from tracker.engine.decide.parlays import chance_of, look_at, part_of
from tracker.engine.rules.stepping import GameUpdate, apply_rules
from tracker.forecast import Outlook, own_figure, price_all, why_none
from tracker.forecast.calibration import UNCALIBRATED, Calibrations

TakeSnapshot = Callable[[Tracked, Chance | None], Snapshot]
"""Takes the snapshot of a bet as it has been seen, with its raw chance where that is another."""


class Priced(NamedTuple):
    """A bet with what an outlook says of its legs, and its chance or why it has none.

    None where that cannot be told: the last chance stands. `raw` is the chance as the outlook has
    it, where a calibration has moved it.
    """

    tracked: Tracked
    told: Chance | NoChance | None
    raw: Chance | None = None


def see(
    change: Change,
    fresh: Callable[[Tracked], bool],
    update: GameUpdate,
    outlook: Outlook | None,
) -> Change:
    """Add the snapshots, rule decisions and facts of the bets that have `fresh` news.

    A bet that cannot be priced, for lack of the points by period, keeps its last chance; its rules
    about chances stand still. Where the state is no news, a chance that stands leaves no trace.
    """
    tracking = change.tracking
    state = tracking.state
    assert state is not None  # noqa: S101 - a state has just been believed
    concerned = [x for x in tracking.tracked if fresh(x)]
    if not concerned:
        return change
    update = replace(update, state=state)
    renewed = replace(update, renewed=True)
    entered = frozenset() if update.renewed else first_seen(update.before, state)
    take = None if outlook is None else _snapshots(state, outlook, update.now)

    def about(one: Tracked) -> bool:
        return any((x.side, x.key) in entered for x in players_of(one, state.game.id))

    found = Gathering(change)
    for one, priced in zip(concerned, chances(concerned, outlook, state), strict=True):
        if update.news or priced[0] != one or priced[1] not in (one.chance, one.no_chance):
            _see_one(found, one, priced, renewed if entered and about(one) else update, take)
    return found.change


def chances(tracked: list[Tracked], outlook: Outlook | None, state: GameState) -> list[Priced]:
    """Each bet with what an outlook says of its legs, and its chance."""
    if outlook is None:
        return [Priced(x, None) for x in tracked]
    singles: list[Market] = [x.bet.market for x in tracked if not isinstance(x.bet.market, Parlay)]
    told = iter(price_all(singles, outlook))
    found: list[Priced] = []
    for one in tracked:
        market = one.bet.market
        if isinstance(market, Parlay):
            seen = look_at(one, market, outlook, state)
            found.append(Priced(seen, chance_of(seen)))
        else:
            found.append(_single(one, market, next(told), outlook))
    return found


def _single(one: Tracked, market: Market, told: Chance | None, outlook: Outlook) -> Priced:
    if told is None:
        return Priced(one, why_none(market, outlook))
    chance = outlook.calibrations.applied(market, told)
    return Priced(one, chance, None if chance is told else told)


def _see_one(
    found: Gathering, old: Tracked, priced: Priced, update: GameUpdate, take: TakeSnapshot | None
) -> None:
    """Add what becomes of one bet."""
    seen, told, raw = priced
    if seen is not old:
        found.legs += [x for x in seen.legs if x not in old.legs]
    if seen.groups and seen.settlement is not None:
        found.put(seen)
        return
    chance = None
    if isinstance(told, NoChance):
        seen = seen.without_chance(told)
        known = old.no_chance is told
    else:
        chance, known = told, told is None
        seen = seen if told is None else seen.seen_at(told)
    if take is not None and not known:
        found.snapshots.append(take(seen, raw))
    seen, rules, alerts = apply_rules(old, seen, chance, update)
    found.put(seen)
    found.rules += rules
    found.alerts += alerts


def _snapshots(state: GameState, outlook: Outlook, now: datetime) -> TakeSnapshot:
    """What takes the snapshot of a bet at a state: all but its chance is the same for every bet."""
    shared = (now, state.period, state.clock, state.game_clock, state.score)
    forecast = (outlook.mu, outlook.sigma)
    versions = (outlook.model_version, outlook.feature_version)
    game, calibrations = state.game.id, outlook.calibrations

    def take(seen: Tracked, raw: Chance | None) -> Snapshot:
        part = part_of(seen, game)
        market = seen.bet.market
        own = None if isinstance(market, Parlay) else own_figure(market, outlook)
        by = calibrations.name if not calibrations.maps else _corrected_by(seen, game, calibrations)
        return Snapshot(
            seen.bet.number, *shared, *forecast, seen.chance, *versions, by, part, seen.no_chance,
            outlook.told, raw, own,
        )  # fmt: skip

    return take


def _corrected_by(seen: Tracked, game: str, calibrations: Calibrations) -> str:
    """The name of what corrects a bet's chance: only a leg that is alone on its game is."""
    legs = [x.market for x in seen.bet.legs if x.game.id == game]
    return calibrations.id_for(legs[0]) if len(legs) == 1 else UNCALIBRATED
