"""Routing: whether a fired alert is sent. Each step can hold it, with a reason.

    switched off -> announced before -> dead parlay -> announced as certain -> just announced
    -> feed away -> announced for all -> snoozed -> budget -> quiet -> sent

A rule whose alert is held has fired all the same, and arms again as usual. The steps are pure: they
use only the change and the policy, which is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Parlay, Result
from tracker.domain.chance import log_odds
from tracker.domain.game import GameState, Phase
from tracker.domain.market import Market
from tracker.domain.money import plural
from tracker.domain.policy import (
    CHANCE,
    DAEMON,
    MARKET,
    RESULTS,
    SWING,
    TOGETHER,
    ChanceRule,
    Fact,
    Level,
    LevelRule,
    PastMessage,
    Policy,
    parse_rule,
    topic_of,
)
from tracker.domain.tracking import Change, RuleState, Tracked
from tracker.engine.rules.state_machine import COOLDOWN, NEWS
from tracker.engine.settle.certainty import announced_as, surely

BUDGET_SPAN = timedelta(hours=1)
"""The time over which both budgets count messages."""


@dataclass(frozen=True, slots=True)
class AlertContext:
    """A fired alert with its bet and the game whose poll fired it."""

    alert: Alert
    tracked: Tracked
    game: str
    topic: str
    state: GameState | None = None

    @property
    def ends(self) -> bool:
        """Whether the clock of the game has run out, or the game has ended."""
        state = self.state
        if state is None or state.phase is Phase.FINAL:
            return state is not None
        stopped = state.phase in (Phase.LIVE, Phase.BREAK) and state.clock == 0
        return stopped and state.period >= state.game.rules.periods and state.score.margin != 0

    @property
    def played_out(self) -> bool:
        """Whether the bet's only game ends."""
        return self.ends and self.games == {self.game}

    @property
    def announced_otherwise(self) -> bool:
        """Whether `hit`, `dead` or the result announces the end of a decided bet, or has done so.

        Where a player has fouled out or was ejected, only the result at the end does.
        """
        announced = any(announced_as(self.tracked, x) for x in (Result.WON, Result.LOST))
        if announced or self.ends or self.state is None:
            return True
        return surely(self.tracked, self.state) is not None

    @property
    def games(self) -> frozenset[str]:
        """The ids of the bet's games."""
        parlay = _parlay(self.tracked.bet.market)
        legs = () if parlay is None else parlay.games
        return frozenset({self.game, self.tracked.bet.game.id, *(x.id for x in legs)})


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an alert is not sent now, and when it is sent in a digest, if it is."""

    reason: Reason
    detail: str = ""
    due_at: datetime | None = None


Step = Callable[[AlertContext, Policy, datetime], Hold | None]
"""A step of the pipeline; None lets the alert pass."""


def switched_off(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:  # noqa: ARG001 - a Step
    """Hold alerts of a kind that the person has switched off."""
    return Hold(Reason.OFF) if policy.switched_off(context.topic) else None


def announced_before(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:  # noqa: ARG001 - a Step
    """Hold a result that was sent when it became certain, unless it asks for the payout.

    The end of a later quarter is not sent for such a bet either.
    """
    done = context.tracked.settlement
    if context.topic in (Fact.QUARTER, Fact.HALFTIME):
        results: tuple[Result, ...] = (Result.WON, Result.LOST)
    elif context.topic != Fact.SETTLED or done is None or done.asks_payout:
        return None
    else:
        results = (done.result,)
    events = {announced_as(context.tracked, x) for x in results}
    sent = any(x is not None and not policy.switched_off(x.value) for x in events)
    return Hold(Reason.TOLD) if sent else None


def dead_parlay(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:  # noqa: ARG001 - a Step
    """Hold everything about a parlay that can no longer win, except its result.

    The alert that its chance fell to 0 passes where no `dead` alert says the same.
    """
    tracked = context.tracked
    dead = tracked.chance is not None and tracked.chance.win == 0
    ends = RESULTS - {Fact.HIT.value}
    if not dead or context.topic in ends or _parlay(tracked.bet.market) is None:
        return None
    asked = Fact.DEAD in context.tracked.bet.asked_facts and not policy.switched_off(
        Fact.DEAD.value
    )
    news = context.topic in (CHANCE, SWING) and not (asked and context.announced_otherwise)
    return None if news else Hold(Reason.PARLAY_DEAD)


def _parlay(wager: Market | Parlay) -> Parlay | None:
    return wager if isinstance(wager, Parlay) else None


def announced_as_certain(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:  # noqa: ARG001 - a Step
    """Hold an alert about a chance that `hit`, `dead` or the result will report instead.

    A bet that has just been decided is announced as `hit` or `dead` once two polls agree, or as its
    result if the game ends before, provided that its rules ask for these. A bet that is decided
    because its player can play no more has neither before the end, so its alert passes. A chance at
    the end of the game is announced as the result.
    """
    chance = context.tracked.chance
    if context.topic not in (CHANCE, SWING) or chance is None:
        return None
    asked = context.tracked.bet.asked_facts
    if context.played_out and Fact.SETTLED in asked:
        silent = policy.switched_off(Fact.SETTLED.value)
        return None if silent else Hold(Reason.TOLD, "told as the result")
    if not chance.decided:
        return None
    sure = Fact.HIT if chance.win == 1 else Fact.DEAD
    if not {sure, Fact.SETTLED} <= asked or not context.announced_otherwise:
        return None
    if policy.switched_off(sure.value) or policy.switched_off(Fact.SETTLED.value):
        return None
    return Hold(Reason.TOLD, f"told as {sure.value} once two polls agree")


def just_announced(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:
    """Hold a chance shortly after an alert of another rule of the bet that is at least as loud.

    It passes if it has crossed its rule's level since then, or has moved by NEWS, or by the size of
    its swing.
    """
    alert, rule, level = context.alert, parse_rule(context.alert.rule), policy.level(context.topic)
    sent = [
        (x.fired[-1], x.rule, p)
        for x in context.tracked.rules
        if x.rule != alert.rule and (topic := topic_of(x.rule)) in (CHANCE, SWING)
        if policy.level(topic).rank >= level.rank
        if (p := x.sent_within(COOLDOWN, now)) is not None
    ]
    if not sent or alert.p is None or not isinstance(rule, ChanceRule):
        return None
    _, by, last = max(sent)
    if isinstance(rule, LevelRule):
        anew = (last < rule.level) != (alert.p < rule.level)
    else:
        anew = abs(last - alert.p) >= rule.size
    if anew or abs(log_odds(last) - log_odds(alert.p)) >= NEWS:
        return None
    return Hold(Reason.TOLD, f"told by {by}")


def feed_away(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:  # noqa: ARG001 - a Step
    """Hold an alert about a chance while the feed of one of its games is away."""
    if context.topic in (CHANCE, SWING) and context.games & policy.lost:
        return Hold(Reason.FEED_DOWN)
    return None


def announced_for_all(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:  # noqa: ARG001 - a Step
    """Hold alerts about a lost or returned feed: the program sends one message for all games.

    Otherwise one fault of a source would send a message for every bet. If messages about the
    program are switched off, the alerts pass.
    """
    outage = context.topic in (Fact.FEED_DOWN, Fact.FEED_BACK)
    if outage and not policy.switched_off(DAEMON):
        return Hold(Reason.FEED_DOWN, "said once for all games")
    return None


def snoozed(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:
    """Hold alerts during a snooze. Results are sent when it is over."""
    ends = [x.until for x in policy.snoozes if x.covers(context.alert.bet, context.games, now)]
    if not ends:
        return None
    audible = policy.audible_from(policy.level(context.topic), max(ends))
    return Hold(Reason.SNOOZED, due_at=audible if context.topic in RESULTS else None)


def over_budget(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:
    """Hold alerts beyond the hourly budgets. Those of one poll of one game count as one message."""
    if context.topic in RESULTS:
        return None
    recent = {
        x
        for x in policy.recent
        if x.counted
        and timedelta(0) <= now - x.at < BUDGET_SPAN
        and (x.game, x.at) != (context.game, now)
    }
    of_game = {x for x in recent if x.game == context.game}
    if len(of_game) >= policy.game_budget:
        why = f"{plural(len(of_game), 'message')} on this game within the hour"
        return Hold(Reason.OVER_BUDGET, why, _room(of_game, context, policy))
    if len(recent) >= policy.budget:
        why = f"{plural(len(recent), 'message')} within the hour"
        return Hold(Reason.OVER_BUDGET, why, _room(recent, context, policy))
    return None


def _room(recent: set[PastMessage], context: AlertContext, policy: Policy) -> datetime:
    """When the budget has room again, at which time the held alerts are sent in one digest."""
    room = min(x.at for x in recent) + BUDGET_SPAN
    return policy.audible_from(policy.level(context.topic), room)


def quiet(context: AlertContext, policy: Policy, now: datetime) -> Hold | None:
    """Hold alerts in quiet hours unless they are loud enough; the rest comes in one digest."""
    until = policy.audible_from(policy.level(context.topic), now)
    return Hold(Reason.QUIET, due_at=until) if until > now else None


STEPS: tuple[Step, ...] = (
    switched_off,
    announced_before,
    dead_parlay,
    announced_as_certain,
    just_announced,
    feed_away,
    announced_for_all,
    snoozed,
    over_budget,
    quiet,
)
"""The steps in order; the first that holds an alert gives the reason."""


def route(change: Change, policy: Policy, now: datetime) -> Change:
    """The change with every fired alert given its level and time, or held with a reason."""
    if not any(x.decision is Decision.FIRED for x in change.alerts):
        return change
    tracked = {x.bet.number: x for x in change.tracking.tracked}
    game, state = change.tracking.game.id, change.tracking.state
    routed = tuple(
        _routed(AlertContext(x, tracked[x.bet], game, topic_of(x.rule), state), policy, now)
        if x.decision is Decision.FIRED
        else x
        for x in change.alerts
    )
    unsent = {
        (x.bet, x.rule)
        for x, after in zip(change.alerts, routed, strict=True)
        if x.decision is Decision.FIRED and not after.notifies and topic_of(x.rule) in _MOVES
    }
    return _forgotten(replace(change, alerts=_each_once(routed)), unsent)


_MOVES = (CHANCE, SWING, MARKET)
"""The topics of rules that fire again only further out than they have fired before."""


def _forgotten(change: Change, unsent: set[tuple[int, str]]) -> Change:
    """The change with rules that forget what they fired at if nobody is told.

    Such a rule alerts again when the same chance is reached once more.
    """
    if not unsent:
        return change

    def forgotten(x: RuleState) -> RuleState:
        return replace(x, extremes=None) if (x.bet, x.rule) in unsent else x

    bets = {bet for bet, _ in unsent}
    changed = {
        x.bet.number: x.with_rules(tuple(map(forgotten, x.rules)))
        for x in change.tracking.tracked
        if x.bet.number in bets
    }
    tracking = change.tracking.with_all(changed)
    return replace(change, tracking=tracking, rules=tuple(map(forgotten, change.rules)))


def _each_once(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """Keep one alert about its chance for a bet of which several rules fired: the loudest.

    An alert that is sent now is preferred to one for a digest. The alert of a quarter's end, which
    shows the chance too, is dropped beside it.
    """
    kept: dict[int, Alert] = {}
    for x in alerts:
        if _tells_chance(x):
            best = kept.get(x.bet)
            if best is None or _weight(x) > _weight(best):
                kept[x.bet] = x

    def again(x: Alert) -> bool:
        best = kept.get(x.bet, x)
        quarter = x.notifies and x.rule == Fact.QUARTER and best.decision is x.decision
        return best is not x and (quarter or _tells_chance(x))

    return tuple(
        _held(x, Hold(Reason.TOLD, f"told by {kept[x.bet].rule}"), x.level) if again(x) else x
        for x in alerts
    )


def _tells_chance(alert: Alert) -> bool:
    return alert.notifies and topic_of(alert.rule) in (CHANCE, SWING)


def _weight(alert: Alert) -> tuple[bool, int]:
    return alert.decision is Decision.FIRED, alert.level.rank


def _routed(context: AlertContext, policy: Policy, now: datetime) -> Alert:
    level = policy.level(context.topic)
    for step in STEPS:
        hold = step(context, policy, now)
        if hold is not None:
            return _held(context.alert, hold, level)
    return replace(context.alert, level=level, due_at=_grouped(context, policy, level, now))


def _held(alert: Alert, hold: Hold, level: Level) -> Alert:
    return replace(
        alert,
        decision=Decision.HELD,
        reason=hold.reason,
        detail=alert.detail if hold.due_at else hold.detail,
        level=level,
        due_at=hold.due_at,
        expires_at=None,
    )


def _grouped(context: AlertContext, policy: Policy, level: Level, now: datetime) -> datetime | None:
    """When to send a message: at once, or later with others if one on the game was just sent."""
    if level.rank >= Level.HIGH.rank:
        return None
    this = PastMessage(context.game, now)
    just_left = [x.at for x in policy.recent if x.at < now and x.goes_with(this)]
    return max(just_left) + TOGETHER if just_left else None
