"""Alerts about facts: the start of a game, a break, a decided bet, a lost feed, a result."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Result, Settlement
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.market import PlayerMarket
from tracker.domain.policy import Fact
from tracker.domain.tracking import GameTracking, Review, RulePhase, RuleState, Tracked

_USEFUL_FOR = {
    Fact.HIT: timedelta(hours=12),
    Fact.DEAD: timedelta(hours=12),
    Fact.SETTLED: timedelta(hours=12),
    Fact.REGRADED: timedelta(hours=24),
    Fact.REVIEW: timedelta(hours=24),
    Fact.OUT: timedelta(hours=3),
}
_USEFUL_BY_DEFAULT = timedelta(minutes=10)


_NO_FACTS: frozenset[Fact] = frozenset()


def facts_of(before: GameState | None, after: GameState) -> frozenset[Fact]:
    """The facts about a game that follow from the change of one state to the next."""
    if before is None or (before.phase is after.phase and before.period >= after.period):
        return _NO_FACTS
    facts: set[Fact] = set()
    # A game that was called off before it began may begin after all.
    if before.period == 0 and after.phase.in_play:
        facts.add(Fact.START)
    if after.phase is Phase.BREAK:
        # No quarter at the end of the game: it is chance whether a poll falls before the final.
        ends = after.period >= after.game.rules.periods and after.score.margin != 0
        half = after.period * 2 == after.game.rules.periods
        if not ends:
            facts.add(Fact.HALFTIME if half else Fact.QUARTER)
    return frozenset(facts)


def absentees(old: Tracked, new: Tracked) -> tuple[str, ...]:
    """The players of a bet who have become out, or are no longer out, each once."""
    changed = sorted(set(old.out) ^ set(new.out))
    markets = [new.bet.legs[i].market for i in changed]
    names = [x.player.name for x in markets if isinstance(x, PlayerMarket)]
    return tuple(dict.fromkeys(names))


def review_alert(tracking: GameTracking, review: Review) -> Alert:
    """The alert that a person must decide a result, or that this question is taken back.

    It is sent whatever the bet's rules.
    """
    (tracked,) = [x for x in tracking.tracked if x.bet.number == review.bet]
    clock, score = "", Score(0, 0)
    if tracking.state is not None:
        clock, score = tracking.state.game_clock, tracking.state.score
    memory = RuleState(review.bet, Fact.REVIEW.value, episode=int(review.at.timestamp()))
    alert = _alert(tracked, memory, Fact.REVIEW, review.at, clock, score)
    reason = alert.reason if review.why else Reason.TAKEN_BACK
    return replace(alert, reason=reason, detail=review.why)


def fact_alert(
    tracked: Tracked, memory: RuleState, event: Fact, state: GameState, now: datetime
) -> tuple[RuleState, Alert]:
    """The alert for a fact about one bet, and the rule's state after it."""
    memory = replace(
        memory, episode=memory.episode + 1, reason=Reason.HAPPENED, fired=(*memory.fired, now)[-1:]
    )
    return memory, _alert(tracked, memory, event, now, state.game_clock, state.score)


def announce(
    tracking: GameTracking, event: Fact, now: datetime, *, detail: str
) -> tuple[Alert, ...]:
    """The alerts about a fact of the whole game, for every open bet with a rule for it.

    Their episode is the time of the fact in whole seconds since 1970, so that recording the fact
    again adds no alert.
    """
    state = tracking.state
    if state is None:
        return ()
    episode = int(now.timestamp())
    found = []
    for tracked in tracking.tracked:
        if event in tracked.bet.asked_facts and not tracked.ended:
            memory = RuleState(tracked.bet.number, event.value, episode=episode)
            alert = _alert(tracked, memory, event, now, state.game_clock, state.score)
            found.append(replace(alert, detail=detail))
    return tuple(found)


ANNOUNCED_AS = {Fact.HIT.value: Result.WON, Fact.DEAD.value: Result.LOST}
"""The result that each rule on a certain result announces."""


def settled_alert(
    tracked: Tracked, before: Settlement | None, state: GameState, now: datetime
) -> Alert | None:
    """The alert about a bet's result, or about a correction of it. Its episode is the revision.

    A correction is sent for bets with a rule for either, and a result in any case where `hit` or
    `dead` has told another. `before` is the result that it corrects; a result that was taken back
    does not count.
    """
    settlement = tracked.settlement
    before = None if before is not None and before.taken_back else before
    event = Fact.SETTLED if before is None else Fact.REGRADED
    asked = tracked.bet.asked_facts
    if settlement is None:
        return None
    told = {ANNOUNCED_AS.get(x.rule) for x in tracked.rules if x.reason is Reason.HAPPENED} - {None}
    if not asked & {Fact.SETTLED, event} and told <= {settlement.result}:
        return None
    memory = RuleState(tracked.bet.number, event.value, episode=settlement.revision)
    alert = _alert(tracked, memory, event, now, state.game_clock, state.score)
    return replace(alert, detail="" if before is None else before.result.value)


TAKEN_BACK = "a correction has opened it again"
"""The detail of an alert that takes a `hit`, a `dead` or a lost result back."""


def reopened(
    tracked: Tracked, revision: int, state: GameState, now: datetime
) -> tuple[RuleState, Alert]:
    """The alert that a lost bet is open again, and the state of its rule `dead` after it.

    `revision` numbers the alert of a bet without that rule.
    """
    number, dead = tracked.bet.number, Fact.DEAD.value
    fresh = RuleState(number, dead, episode=revision - 1)
    memory = next((x for x in tracked.rules if x.rule == dead), fresh)
    memory, alert = fact_alert(tracked, memory, Fact.DEAD, state, now)
    memory = replace(memory, phase=RulePhase.ARMED, reason=Reason.TAKEN_BACK)
    return memory, replace(alert, reason=Reason.TAKEN_BACK, detail=TAKEN_BACK)


def _alert(
    tracked: Tracked, memory: RuleState, event: Fact, now: datetime, clock: str, score: Score
) -> Alert:
    return Alert(
        bet=tracked.bet.number,
        rule=event.value,
        episode=memory.episode,
        at=now,
        decision=Decision.FIRED,
        reason=Reason.HAPPENED,
        game_clock=clock,
        score=score,
        p=None if tracked.chance is None else tracked.chance.win,
        expires_at=now + _USEFUL_FOR.get(event, _USEFUL_BY_DEFAULT),
    )
