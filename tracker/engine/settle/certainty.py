"""Results told when they are certain, before the game is over: `hit`, `dead`, and their withdrawal.

A result counts once two polls in a row agree on it, as a final score does. What a correction takes
back is said as plainly as it was told.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tracker.domain.alert import Alert, Reason
from tracker.domain.bet import Parlay, Result
from tracker.domain.catalog.books import house_of
from tracker.domain.game import GameState
from tracker.domain.policy import Fact
from tracker.domain.tracking import Change, Gathering, LegStanding, RulePhase, RuleState, Tracked
from tracker.engine.decide.facts import between
from tracker.engine.settle.grading import LastTwo, Sure, Unsettleable, agreed
from tracker.engine.settle.payout import together

_TOLD_AS = {Fact.HIT.value: Result.WON, Fact.DEAD.value: Result.LOST}

TAKEN_BACK = "a correction has opened it again"
"""What a `hit` or `dead` says that a correction has undone."""


def tell_certain(change: Change, polls: LastTwo | None, now: datetime) -> Change:
    """Add what has become certain of the bets on a game in play, and what is so no longer.

    `polls` are what was believed until this poll and what is believed now.
    """
    if polls is None or not polls[1].state.phase.in_play:
        return change
    (was, sure), state = polls, polls[1].state
    found = Gathering(change)
    for tracked in change.tracking.tracked:
        asked = [x for x in tracked.rules if x.rule in _TOLD_AS]
        if asked and tracked.settlement is None:
            told = any(x.phase is RulePhase.FIRING for x in asked)
            result = _result(tracked, was, sure)
            if told or result is not None:
                ever = _possible(tracked, was, sure) if told else frozenset()
                _step(found, tracked, result, ever, state, now)
    return found.change


def _step(
    found: Gathering,
    tracked: Tracked,
    now_sure: Result | None,
    ever: frozenset[Result],
    state: GameState,
    now: datetime,
) -> None:
    """Tell a result that is certain now, and take back what is none that `ever` has."""
    rules: list[RuleState] = []
    alerts: list[Alert] = []
    for memory in tracked.rules:
        means = _TOLD_AS.get(memory.rule)
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
        memory, alert = between(tracked, memory, Fact(memory.rule), state, now)  # noqa: PLW2901
        rules.append(replace(memory, phase=phase, reason=reason))
        alerts.append(replace(alert, reason=reason, detail=detail))
    if alerts:
        found.put(tracked.with_rules(tuple(rules)))
        found.rules += [x for x in rules if x not in tracked.rules]
        found.alerts += alerts


def _result(tracked: Tracked, before: Sure, sure: Sure) -> Result | None:
    """What has become certain of a bet by two polls; None while it is open."""
    house = house_of(tracked.bet.book)
    slip = tracked.bet.market
    if not isinstance(slip, Parlay):
        verdict = agreed(slip, before, sure, house)
        return None if verdict is None else verdict.result
    legs, here = list(tracked.legs), slip.in_game(sure.state.game.id)
    for i in here:
        verdict = agreed(slip.legs[i].market, before, sure, house)
        if legs[i].result is None and verdict is not None:
            legs[i] = replace(legs[i], result=verdict.result)
    return _whole([x if x.leg in here else _elsewhere(x) for x in legs])


def _elsewhere(leg: LegStanding) -> LegStanding:
    """A leg on another game, which won by what was last seen there if it could not lose."""
    return replace(leg, result=Result.WON) if leg.result is None and leg.hit else leg


def _whole(legs: list[LegStanding]) -> Result | None:
    try:
        return together(legs)
    except Unsettleable:
        return None


def _possible(tracked: Tracked, before: Sure, sure: Sure) -> frozenset[Result]:
    """The results that either of the last two polls calls certain."""
    house = house_of(tracked.bet.book)
    slip = tracked.bet.market
    if not isinstance(slip, Parlay):
        told = [x.verdict(slip, house) for x in (before, sure)]
        return frozenset(x.result for x in told if x is not None)
    found = {_result(tracked, x, x) for x in (before, sure)}
    if any(x.lost for x in tracked.legs):
        found.add(Result.LOST)
    return frozenset(x for x in found if x is not None)


def tell_legs(change: Change, polls: LastTwo | None, now: datetime) -> Change:
    """Add the word on each leg of a parlay that has won while others are open, each once."""
    if polls is None:
        return change
    (was, sure), state = polls, polls[1].state
    found = Gathering(change)
    for tracked in change.tracking.tracked:
        if not tracked.legs:
            continue
        memory = next((x for x in tracked.rules if x.rule == Fact.HIT.value), None)
        if memory is None or memory.phase in (RulePhase.DONE, RulePhase.FIRING):
            continue
        fresh = [i for i in _won(tracked, was, sure) if i not in memory.told]
        if not fresh or any(x.lost for x in tracked.legs):
            continue
        told = replace(memory, episode=memory.episode + 1, told=(*memory.told, *fresh))
        _, alert = between(tracked, memory, Fact.HIT, state, now)
        rules = tuple(told if x is memory else x for x in tracked.rules)
        found.put(tracked.with_rules(rules))
        found.rules.append(told)
        found.alerts.append(replace(alert, leg=fresh[-1]))
    return found.change


def _won(tracked: Tracked, before: Sure, sure: Sure) -> list[int]:
    """The legs of an open parlay on a game that have won for sure, by two polls."""
    slip, house = tracked.bet.market, house_of(tracked.bet.book)
    if not isinstance(slip, Parlay) or tracked.settlement is not None or tracked.review is not None:
        return []
    found = []
    for i in slip.in_game(sure.state.game.id):
        result = tracked.legs[i].result
        if result is None and sure.state.phase.in_play:
            verdict = agreed(slip.legs[i].market, before, sure, house)
            result = None if verdict is None else verdict.result
        if result is Result.WON:
            found.append(i)
    return found


def told_as(tracked: Tracked, result: Result) -> Fact | None:
    """As what a result was told when it became certain; None where nothing stands told of it."""
    for memory in tracked.rules:
        if _TOLD_AS.get(memory.rule) is result and memory.reason is Reason.HAPPENED:
            return Fact(memory.rule)
    return None
