"""What a believed state makes of each bet: its chance, its snapshot, what its rules decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from tracker.domain.alert import Alert
from tracker.domain.bet import Parlay, Snapshot
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import GameState
from tracker.domain.market import Market
from tracker.domain.tracking import Change, LegStanding, RuleState, Tracked
from tracker.engine.decide.normalising import first_seen
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


@dataclass(frozen=True, slots=True)
class BetUpdate:
    """What became of one bet. `rules` and `legs` are those that changed."""

    tracked: Tracked
    snapshot: Snapshot | None = None
    rules: tuple[RuleState, ...] = ()
    legs: tuple[LegStanding, ...] = ()
    alerts: tuple[Alert, ...] = ()


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
    update = replace(update, state=state)
    concerned = [x for x in tracking.tracked if fresh(x)]
    if not concerned:
        return change
    take = None if outlook is None else _snapshots(state, outlook, update.now)
    updates = {
        x.bet.number: _updated(x, priced, _for_bet(x, update), take)
        for x, priced in zip(concerned, chances(concerned, outlook, state), strict=True)
        if update.news or priced[0] != x or priced[1] not in (x.chance, x.no_chance)
    }
    seen = updates.values()
    return replace(
        change,
        tracking=replace(
            tracking,
            tracked=tuple(
                updates[x.bet.number].tracked if x.bet.number in updates else x
                for x in tracking.tracked
            ),
        ),
        snapshots=(*change.snapshots, *(x.snapshot for x in seen if x.snapshot is not None)),
        rules=(*change.rules, *(rule for x in seen for rule in x.rules)),
        legs=(*change.legs, *(leg for x in seen for leg in x.legs)),
        alerts=(*change.alerts, *(alert for x in seen for alert in x.alerts)),
    )


def _for_bet(tracked: Tracked, update: GameUpdate) -> GameUpdate:
    """The update as it concerns one bet."""
    fresh = not update.renewed and first_seen(tracked, update.before, update.state)
    return replace(update, renewed=True) if fresh else update


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


def _updated(
    old: Tracked,
    priced: Priced,
    update: GameUpdate,
    take: TakeSnapshot | None,
) -> BetUpdate:
    seen, told, raw = priced
    legs = () if seen is old else tuple(x for x in seen.legs if x not in old.legs)
    if seen.groups and seen.settlement is not None:
        return BetUpdate(seen, legs=legs)
    snapshot = chance = None
    if isinstance(told, NoChance):
        seen = seen.without_chance(told)
        known = old.no_chance is told
    else:
        chance, known = told, told is None
        seen = seen if told is None else seen.seen_at(told)
    if take is not None and not known:
        snapshot = take(seen, raw)
    rules, alerts = apply_rules(old, seen, chance, update)
    memory = {x.rule: x for x in old.rules}
    changed = tuple(x for x in rules if x is not memory[x.rule] and x != memory[x.rule])
    return BetUpdate(seen.with_rules(rules) if changed else seen, snapshot, changed, legs, alerts)


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
