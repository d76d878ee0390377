"""Alerts on results that are certain before the game is over: `hit`, `dead`, and their withdrawal.

A result counts as certain once two polls in a row agree on it, as a final score does. When a
correction opens the bet again, another alert takes the first one back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from tracker.domain.alert import Alert, Reason
from tracker.domain.bet import Leg, Parlay, Result, joint_result
from tracker.domain.catalog.books import house_of
from tracker.domain.chance import NoChance
from tracker.domain.game import GameState
from tracker.domain.market import Direction, DoubleDouble, Market, PlayerTotal
from tracker.domain.policy import Fact
from tracker.domain.tracking import Change, Gathering, LegStanding, RulePhase, RuleState, Tracked
from tracker.engine.decide.facts import ANNOUNCED_AS, TAKEN_BACK, fact_alert
from tracker.engine.settle.grading import LastTwo, Sure

_DROPPED = 1000
"""Added to the index of a leg that has dropped out: more than the legs of a slip."""


class LegEnd(NamedTuple):
    """That the leg with this index has won, or that it has dropped out: a void or a push."""

    leg: int
    dropped: bool = False

    @classmethod
    def of(cls, number: int) -> LegEnd:
        """The end of a leg by its number in the memory of a `hit` rule."""
        dropped, leg = divmod(number, _DROPPED)
        return cls(leg, bool(dropped))

    @property
    def number(self) -> int:
        """Its number in the memory of a `hit` rule, which keeps what was announced."""
        return self.leg + _DROPPED * self.dropped


_FIRING = RulePhase.FIRING
"""Looked up once: getting an enumeration's member takes longer than the comparison itself."""


def rules_as_added(results: Sequence[Result | None]) -> tuple[RuleState, ...]:
    """The states of `hit` and `dead` of a new bet, of which some legs are already certain.

    `results` are those of its legs, None for an open one. The person who adds the bet is told them
    at once, so these rules do not announce them again. The states lack the bet's number.
    """
    ended = joint_result(results)
    for rule, means in ANNOUNCED_AS.items():
        if ended is means:
            return (RuleState(0, rule, _FIRING, reason=Reason.BEYOND_WHEN_ADDED),)
    legs = [LegEnd(i, x is not Result.WON) for i, x in enumerate(results) if x is not None]
    announced = tuple(x.number for x in legs)
    hit = RuleState(0, Fact.HIT.value, RulePhase.ARMED, announced=announced)
    return (hit,) if announced and ended is None else ()


def announce_certain(change: Change, polls: LastTwo | None, now: datetime) -> Change:
    """Add alerts for bets of a game in play whose result became certain, or is no longer certain.

    `polls` are the believed states before this poll and after it.
    """
    if polls is None or not polls.now.state.phase.in_play:
        return change
    state = polls.now.state
    found = Gathering(change)
    for tracked in change.tracking.tracked:
        slip, result = tracked.bet.market, polls.results.get(tracked.bet.number)
        announced = _announced(tracked)
        if not (result or announced or tracked.legs) or tracked.ended:
            # Most bets at most polls: nothing is certain, and nothing was.
            continue
        if isinstance(slip, Parlay):
            result = _parlay_result(tracked, slip, polls)
        elif not polls.covers(slip):
            continue
        if announced != ([] if result is None else [result]):
            ever = _possible(tracked, polls) if announced else frozenset()
            _step(found, tracked, result, ever, state, now)
    return found.change


def _announced(tracked: Tracked) -> list[Result]:
    """The results of the whole bet by which `hit` or `dead` has fired."""
    return [
        ANNOUNCED_AS[x.rule] for x in tracked.rules if x.phase is _FIRING and x.rule in ANNOUNCED_AS
    ]


def _step(
    found: Gathering,
    tracked: Tracked,
    now_sure: Result | None,
    ever: frozenset[Result],
    state: GameState,
    now: datetime,
) -> None:
    """Fire the rule of a result that is certain now; take back one whose result is not in `ever`.

    `ever` holds the results that either of the last two polls calls certain.
    """
    rules: list[RuleState] = []
    alerts: list[Alert] = []
    for memory in tracked.rules:
        means = ANNOUNCED_AS.get(memory.rule)
        firing = memory.phase is RulePhase.FIRING
        detail, phase, reason = "", RulePhase.FIRING, Reason.HAPPENED
        if means is None or memory.phase is RulePhase.DONE:
            rules.append(memory)
            continue
        if firing and means not in ever:
            detail, phase, reason = TAKEN_BACK, RulePhase.ARMED, Reason.TAKEN_BACK
        elif firing or now_sure is not means:
            rules.append(memory)
            continue
        stepped, alert = fact_alert(tracked, memory, Fact(memory.rule), state, now)
        rules.append(replace(stepped, phase=phase, reason=reason))
        alerts.append(replace(alert, reason=reason, detail=detail))
    if alerts:
        found.put(tracked.with_rules(tuple(rules)))
        found.rules += [x for x in rules if x not in tracked.rules]
        found.alerts += alerts


def _parlay_result(tracked: Tracked, slip: Parlay, polls: LastTwo) -> Result | None:
    """The result of a parlay that two polls make certain; None while it is open."""
    house = house_of(tracked.bet.book)
    game, won = polls.now.state.game.id, _announced_won(tracked)
    announced = _announced(tracked) if polls.now.state.players else []

    def here(leg: Leg) -> Result | None:
        """That a box lacks a player takes back nothing that his figures may have decided."""
        early = None if polls.lists(leg.market) else _early(leg.market)
        return early if early in announced else polls.agreed(leg.market, house)

    results = [
        known.result or here(leg) if leg.game.id == game else _elsewhere(known, won)
        for leg, known in zip(slip.legs, tracked.legs, strict=True)
    ]
    if Result.LOST not in results and any(x.unclear for x in tracked.legs):
        return None
    return joint_result(results)


def _early(market: Market) -> Result | None:
    """The only result that a player's figures can make certain before the end."""
    match market:
        case PlayerTotal():
            holds = market.direction is Direction.OVER
        case DoubleDouble():
            holds = market.happens
        case _:
            return None
    return Result.WON if holds else Result.LOST


def _hit_rule(tracked: Tracked) -> RuleState | None:
    """The memory of the bet's `hit` rule; None where it has none."""
    return next((x for x in tracked.rules if x.rule == Fact.HIT.value), None)


def _announced_won(tracked: Tracked) -> Collection[int]:
    """The indices of the legs that two polls of their own games have called won."""
    memory = _hit_rule(tracked)
    if memory is None or memory.phase is RulePhase.FIRING:
        # Once the whole is announced, what the games show now decides whether it still stands.
        return range(len(tracked.legs))
    return [x.leg for x in map(LegEnd.of, memory.announced) if not x.dropped]


def _elsewhere(known: LegStanding, won: Collection[int]) -> Result | None:
    """The result of a leg on another game: it has won if it could not lose when last seen."""
    sure = known.result is None and known.hit and known.leg in won
    return Result.WON if sure else known.result


def _possible(tracked: Tracked, polls: LastTwo) -> frozenset[Result]:
    """The results of a bet that at least one of the last two polls calls certain."""
    found = {_by_one(tracked, x) for x in (polls.before, polls.now)}
    if any(x.lost for x in tracked.legs):
        found.add(Result.LOST)
    return frozenset(x for x in found if x is not None)


def surely(tracked: Tracked, state: GameState) -> Result | None:
    """The result of a bet that a state of one of its games makes certain; None while it is open.

    A player's game may be over before that, by his fouls or an ejection.
    """
    return _by_one(tracked, Sure(state))


def _by_one(tracked: Tracked, sure: Sure) -> Result | None:
    """The result of a bet that one state alone makes certain; None while it is open."""
    slip = tracked.bet.market
    if isinstance(slip, Parlay):
        return _parlay_result(tracked, slip, LastTwo(sure, sure, scored=True, boxed=True))
    return sure.result(slip, house_of(tracked.bet.book))


def announce_legs(change: Change, polls: LastTwo | None, now: datetime) -> Change:
    """Add an alert for a leg of a parlay that has won or dropped out while others are open.

    It is sent once for each leg, and taken back where a correction opens the leg again. Neither is
    sent beside the alert that takes back the parlay's own `hit`, which counts its legs. `polls` are
    the believed states before this poll and after it.
    """
    if polls is None:
        return change
    state = polls.now.state
    found = Gathering(change)
    opened = {x.bet for x in change.alerts if (x.rule, x.reason) == (Fact.HIT, Reason.TAKEN_BACK)}
    for tracked in [x for x in change.tracking.tracked if x.legs]:
        slip = tracked.bet.market
        if not isinstance(slip, Parlay) or tracked.ended or tracked.review is not None:
            continue
        memory = _hit_rule(tracked)
        if memory is None or memory.phase in (RulePhase.DONE, RulePhase.FIRING):
            continue
        news = (*_dropped(tracked, slip, polls), *_won(tracked, slip, polls))
        known = {LegEnd.of(x) for x in memory.announced}
        fresh = [x for x in news if x not in known]
        back = [x for x in sorted(known) if _reopened(tracked, slip, x, polls)]
        if not (fresh or back) or any(x.lost for x in tracked.legs):
            continue
        last = memory
        for x in (*fresh, *back):
            _, alert = fact_alert(tracked, last, Fact.HIT, state, now)
            announced = (*last.announced, x.number)
            if x in known:
                alert = replace(alert, reason=Reason.TAKEN_BACK, detail=TAKEN_BACK)
                announced = tuple(y for y in last.announced if y != x.number)
            found.alerts += [] if tracked.bet.number in opened else [replace(alert, leg=x.leg)]
            last = replace(last, episode=last.episode + 1, announced=announced)
        rules = tuple(last if x is memory else x for x in tracked.rules)
        found.put(tracked.with_rules(rules))
        found.rules.append(last)
    return found.change


def _dropped(tracked: Tracked, slip: Parlay, polls: LastTwo) -> list[LegEnd]:
    """The legs of an open parlay on this game that are void or a push.

    A leg whose player was out is left out where the bet's `out` rule has announced that.
    """
    asks = any(x.rule == Fact.OUT.value for x in tracked.rules)
    mine = (tracked.legs[i] for i in slip.in_game(polls.now.state.game.id))
    return [
        LegEnd(x.leg, dropped=True)
        for x in mine
        if x.result in (Result.VOID, Result.PUSH) and not (asks and x.no_chance is NoChance.OUT)
    ]


def _won(tracked: Tracked, slip: Parlay, polls: LastTwo) -> list[LegEnd]:
    """The legs of an open parlay on this game that both polls call won."""
    found = []
    state, house = polls.now.state, house_of(tracked.bet.book)
    for i in slip.in_game(state.game.id):
        result = tracked.legs[i].result
        if result is None and state.phase.in_play:
            result = polls.agreed(slip.legs[i].market, house)
        if result is Result.WON:
            found.append(LegEnd(i))
    return found


def _reopened(tracked: Tracked, slip: Parlay, won: LegEnd, polls: LastTwo) -> bool:
    """Whether neither of the two polls calls a leg on this game won that was announced so."""
    leg, state, house = slip.legs[won.leg], polls.now.state, house_of(tracked.bet.book)
    if won.dropped or leg.game.id != state.game.id or tracked.legs[won.leg].result is not None:
        return False
    sure = {x.result(leg.market, house) for x in (polls.before, polls.now)}
    return state.phase.in_play and polls.covers(leg.market) and Result.WON not in sure


def announced_as(tracked: Tracked, result: Result) -> Fact | None:
    """The fact (`hit` or `dead`) by which a result has been announced already; None without one."""
    for memory in tracked.rules:
        if ANNOUNCED_AS.get(memory.rule) is result and memory.reason is Reason.HAPPENED:
            return Fact(memory.rule)
    return None
