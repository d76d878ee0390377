"""Alert rules as a state machine: one reading in, the next rule state and a decision out.

    unarmed -> armed -> pending -> firing -> cooling -> armed ...  and done at the end

A rule arms only on a reading on its safe side, fires when the chance has stood beyond the level for
enough fresh polls, and arms again only once the chance has cleared a band in log-odds and the
cooldown has passed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, assert_never

from tracker.domain.alert import Reason
from tracker.domain.chance import log_odds
from tracker.domain.policy import ChanceRule, Comparison, LevelRule, Rule, SwingRule
from tracker.domain.tracking import IdleRange, IdleSpan, Readings, RulePhase, RuleState

BAND = math.log(0.80 / 0.20) - math.log(0.75 / 0.25)
"""How far, in log-odds, a chance must clear a level before it may fire again: .80 at .75."""

HOLD_POLLS = 2
"""Consecutive fresh polls beyond the level before it fires, outside the last two minutes."""

APART = timedelta(seconds=8)
"""The least time between two readings of a bet over several games that count as two readings. Its
games are polled within seconds of each other, and only a later poll of the same game confirms."""

COOLDOWN = timedelta(minutes=5)
"""The least time between two firings of a rule, unless the chance lies NEWS further beyond."""

NEWS = 3 * BAND
"""How far beyond all fired chances, in log-odds, a second crossing must go to fire: 80 %, then
90 %. Chosen on 160 games of NBA 2023-24: a game has at most 60 % of the alerts without this
limit, and the same share of them hold."""

BUDGET = 4
"""The most firings of one rule in an hour."""

BUDGET_SPAN = timedelta(hours=1)

_NONE_FIRED = (1.0, 0.0)
"""The extremes of a rule that has fired in neither direction."""

_EDGE = 1e-9
"""By how much rounding may put a move below the size of a swing."""

_ROUNDING = 1e-12
"""How far, in log-odds, rounding may put a chance that lies on a level to one side of it."""


class RuleReading(NamedTuple):
    """One fresh reading of a bet's chance of winning, or of another figure that may swing.

    `hurried` is whether one poll is enough to fire: in the last two minutes, in overtime, or for a
    decided bet. `before` is the chance of the reading before, None for the first. `shared` is
    whether the bet is read at polls of several games. `news` is how far beyond all that has fired
    the figure must go to fire again, in its own unit; None for a chance: NEWS, in log-odds.
    """

    p: float
    at: datetime
    hurried: bool
    before: float | None = None
    shared: bool = False
    news: float | None = None

    def confirms(self, since: datetime | None) -> bool:
        """Whether it counts as a second reading after one at `since`."""
        return not self.shared or since is None or not _within(APART, since, self.at)


class RuleStep(NamedTuple):
    """A rule after a reading: its state and the reason, and whether it fires an alert."""

    state: RuleState
    reason: Reason
    fires: bool = False
    was: float | None = None

    def worth_noting(self, before: RuleState) -> bool:
        """Whether a decision not to fire is worth a row, because its reason is a new one."""
        quiet = self.reason is Reason.BELOW and before.phase is not RulePhase.PENDING
        return not self.fires and not quiet and self.reason is not before.reason


def step(rule: ChanceRule, state: RuleState, reading: RuleReading) -> RuleStep:
    """The rule's next state after a fresh reading, and whether it fires."""
    match rule:
        case LevelRule():
            return _level(rule, state, reading)
        case SwingRule():
            return _swing(rule, state, reading)
        case _:
            assert_never(rule)


CLEAR = 1e-6
"""The distance from a level at which rounding cannot put a chance on the wrong side of it."""

_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

_ALWAYS = IdleSpan(-math.inf, math.inf, *_EVER)


def idle_range(
    rules: Sequence[Rule], states: tuple[RuleState, ...], known: Sequence[IdleSpan | None] = ()
) -> IdleRange:
    """The readings that leave each rule of a bet as it is, and those that leave all of them.

    `states` and the spans that are `known` already are in the order of the rules.
    """
    low, high, (after, until), size = -math.inf, math.inf, _EVER, 1.0
    each = list(known) or [None] * len(states)
    reach = None
    for place, (rule, state) in enumerate(zip(rules, states, strict=True)):
        span = each[place] or _idle_span(rule, state)
        if span is None:
            low = math.inf
        elif span is not _ALWAYS:
            low, high = max(low, span.low), min(high, span.high)
            after, until = max(after, span.after), min(until, span.until)
            if isinstance(rule, SwingRule):
                reach, span = max(reach or timedelta(0), timedelta(seconds=rule.seconds)), None
                if state.phase is RulePhase.ARMED:
                    size = min(size, rule.size)
        each[place] = span
    return IdleRange(states, low, high, after, until, tuple(each), size, reach)


def _idle_span(rule: Rule, state: RuleState) -> IdleSpan | None:
    """The readings that leave a rule as it is; None if it is about to change."""
    if not isinstance(rule, ChanceRule) or state.phase is RulePhase.DONE:
        return _ALWAYS
    return _level_idle(rule, state) if isinstance(rule, LevelRule) else _swing_idle(rule, state)


_STANDING_BEYOND = (
    (RulePhase.UNARMED, Reason.BEYOND_WHEN_ADDED),
    (RulePhase.FIRING, Reason.NOT_REARMED),
)
"""Phases and reasons with which a level rule waits for the chance to clear the band."""


def _level_idle(rule: LevelRule, state: RuleState) -> IdleSpan | None:
    if state.streak:
        return None
    up, both_ways = _upward(rule, state), rule.comparison is Comparison.CROSSES
    if (state.phase, state.reason) in _STANDING_BEYOND:
        here = log_odds(rule.level)
        low, high = _chance(here - BAND) + CLEAR, _chance(here + BAND) - CLEAR
        if both_ways:
            return None if state.phase is RulePhase.UNARMED else IdleSpan(low, high, *_EVER)
        return IdleSpan(low, math.inf, *_EVER) if up else IdleSpan(-math.inf, high, *_EVER)
    if state.reason is not Reason.BELOW:
        return None
    low, high = (-math.inf, rule.level - CLEAR) if up else (rule.level + CLEAR, math.inf)
    fired_at = state.fired[-1] if state.fired else None
    if state.phase is RulePhase.COOLING:
        return None if fired_at is None else IdleSpan(low, high, fired_at, fired_at + COOLDOWN)
    if state.phase is not RulePhase.ARMED or state.window:
        return None
    return IdleSpan(low, high, _EVER[0] if fired_at is None else fired_at + COOLDOWN, _EVER[1])


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _swing_idle(rule: SwingRule, state: RuleState) -> IdleSpan | None:
    if not state.window:
        return None
    last, p = state.window[-1]
    seen = [x for _, x in state.window]
    low, high = min(seen), max(seen)
    match state.phase, state.reason:
        case RulePhase.ARMED, Reason.BELOW:
            return IdleSpan(high - rule.size + CLEAR, low + rule.size - CLEAR, last, _EVER[1])
        case RulePhase.COOLING, Reason.COOLING_DOWN if state.fired:
            # As long as it is a swing away from a reading that is not too old.
            up = p - low > high - p
            since = max(t for t, x in state.window if x == (low if up else high))
            until = min(state.fired[-1] + COOLDOWN, since + timedelta(seconds=rule.seconds))
            if up:
                return IdleSpan(low + rule.size + CLEAR, math.inf, last, until)
            return IdleSpan(-math.inf, high - rule.size - CLEAR, last, until)
        case _:
            return None


def unmoved(
    idle: IdleRange, readings: Readings, p: float, at: datetime
) -> tuple[IdleRange, Readings] | None:
    """The idle range and the bet's readings after one within it; None for any other reading.

    The range only gets narrower here. Stepping the rules makes it anew, when the readings that a
    swing is measured from have become too old.
    """
    if not (idle.low < p < idle.high and idle.after <= at < idle.until):
        return None
    if idle.reach is None:
        return idle, readings
    if readings and at < readings[-1][0]:
        return None
    since, gone = at - idle.reach, 0
    # A poll makes a reading or two too old.
    while gone < len(readings) and readings[gone][0] < since:
        gone += 1
    low, high = p - idle.size + CLEAR, p + idle.size - CLEAR
    if low > idle.low or high < idle.high:
        rules, was_low, was_high, after, until, each, size, reach = idle
        low, high = max(low, was_low), min(high, was_high)
        idle = IdleRange(rules, low, high, after, until, each, size, reach)
    return idle, (*readings[gone:], (at, p))


def caught_up(
    rules: Sequence[Rule], states: tuple[RuleState, ...], readings: Readings
) -> tuple[RuleState, ...]:
    """The states of a bet's rules, the windows of its swing rules with the readings they lack."""
    if not readings:
        return states
    return tuple(
        x.with_window(x.window + readings) if isinstance(rule, SwingRule) and x.window else x
        for rule, x in zip(rules, states, strict=True)
    )


def _beyond(rule: LevelRule, state: RuleState, p: float) -> float:
    """How far, in log-odds, a chance lies beyond the level; negative on the safe side."""
    excess = log_odds(p) - log_odds(rule.level)
    return excess if _upward(rule, state) else -excess


_IN_COOLDOWN = (RulePhase.COOLING, RulePhase.PENDING)
"""Phases in which a level rule's cooldown may last; a pending one has broken it."""


def _level(rule: LevelRule, state: RuleState, reading: RuleReading) -> RuleStep:
    state, rearmed = _rearm(rule, state, reading)
    beyond = _beyond(rule, state, reading.p)
    # A chance on the level has reached it, and has not passed it on the way back.
    outside = beyond >= (_ROUNDING if state.flipped else -_ROUNDING)
    waits = state.phase in _IN_COOLDOWN and _cooling(state, reading.at)
    if waits and not (outside and _worse(rule, state, reading.p)):
        # A chance that broke the cooldown but did not last has not shortened it.
        last = _last_fired(state)
        state = state if state.window == last else state.with_window(last)
        return _to(state, RulePhase.COOLING, Reason.COOLING_DOWN if outside else Reason.BELOW)
    match state.phase:
        case RulePhase.DONE:
            return _unchanged(state)
        case RulePhase.UNARMED if outside or (state.reason is not None and beyond > -BAND):
            if rule.comparison is Comparison.CROSSES and state.reason is None:
                return _to(replace(state, flipped=True), RulePhase.ARMED, Reason.BELOW)
            return _to(state, RulePhase.UNARMED, Reason.BEYOND_WHEN_ADDED)
        case RulePhase.FIRING:
            return _to(state, RulePhase.FIRING, Reason.NOT_REARMED)
        case RulePhase.UNARMED | RulePhase.ARMED | RulePhase.PENDING | RulePhase.COOLING:
            if outside:
                return _cross(rule, state, reading)
            phase = RulePhase.COOLING if _cooling(state, reading.at) else RulePhase.ARMED
            reason = Reason.REARMED if rearmed else Reason.BELOW
            return _to(state.with_window(()) if state.window else state, phase, reason)
        case _:
            assert_never(state.phase)


def _cross(rule: LevelRule, state: RuleState, reading: RuleReading) -> RuleStep:
    """Step a rule by a reading beyond its level; the alert's `was` is the last safe reading.

    Where the chance passed the level during the cooldown, `was` is the chance that fired last.
    """
    last = _last_fired(state)
    safe = state.window[len(last) :]
    if not safe and reading.before is not None:
        passed = _beyond(rule, state, reading.before) >= 0
        safe = ((reading.at, last[0][1] if passed and last else reading.before),)
    since = safe[0][0] if safe else None
    state = state.with_window((*last, *safe))
    verdict = _press(state, reading, since, Reason.CROSSED, up=_upward(rule, state))
    if not verdict.fires:
        return verdict
    crossed = verdict.state.with_window(((reading.at, reading.p),))
    return verdict._replace(state=crossed, was=safe[0][1] if safe else None)


def _last_fired(state: RuleState) -> tuple[tuple[datetime, float], ...]:
    """The reading that a level rule fired at last, which its window begins with; () without it."""
    first = state.window[:1]
    return first if first and state.fired and first[0][0] == state.fired[-1] else ()


def _upward(rule: LevelRule, state: RuleState) -> bool:
    """Whether the crossing that the rule waits for is upward."""
    up = rule.comparison.upward
    return not state.flipped if up is None else up


def _worse(rule: LevelRule, state: RuleState, p: float) -> bool:
    """Whether a chance lies NEWS further beyond the level than the one that fired."""
    last = _last_fired(state)
    if rule.comparison is Comparison.CROSSES or not last:
        return False
    return _beyond(rule, state, p) - _beyond(rule, state, last[0][1]) >= NEWS


def _rearm(rule: LevelRule, state: RuleState, reading: RuleReading) -> tuple[RuleState, bool]:
    """Leave `firing` once the band is cleared, and `cooling` once the cooldown is over."""
    if state.phase is RulePhase.FIRING:
        beyond = _beyond(rule, state, reading.p)
        both_ways = rule.comparison is Comparison.CROSSES
        if (abs(beyond) if both_ways else -beyond) >= BAND:
            # After a crossing, the rule waits for the way back.
            flipped = state.flipped != both_ways
            state = replace(state, phase=RulePhase.COOLING, flipped=flipped)
    if state.phase is RulePhase.COOLING and not _cooling(state, reading.at):
        return state, True
    return state, False


def _cooling(state: RuleState, at: datetime) -> bool:
    return bool(state.fired) and _within(COOLDOWN, state.fired[-1], at)


def _within(span: timedelta, then: datetime, at: datetime) -> bool:
    """Whether a time is less than a span ago; never where the clock was set back since."""
    return timedelta(0) <= at - then < span


def _unchanged(state: RuleState) -> RuleStep:
    return RuleStep(state, state.reason or Reason.BELOW)


def _to(state: RuleState, phase: RulePhase, reason: Reason) -> RuleStep:
    # Most readings change nothing, and building a state is slow when a poll steps hundreds.
    if state.phase is phase and state.reason is reason and not state.streak:
        return RuleStep(state, reason)
    return RuleStep(state.moved(phase, reason), reason)


def _press(
    state: RuleState, reading: RuleReading, since: datetime | None, why: Reason, *, up: bool
) -> RuleStep:
    """Step a rule by a reading beyond its level: hold for another poll, or fire if it is news.

    `since` is the time of the reading that this one is to confirm. A level that has fired fires
    again only if it is crossed further out. If the chance merely came back, the rule goes on as if
    it had fired.
    """
    streak = min(state.streak + 1, HOLD_POLLS)
    if not (reading.hurried or (streak == HOLD_POLLS and reading.confirms(since))):
        held = state.moved(RulePhase.PENDING, Reason.HOLDING, HOLD_POLLS - 1)
        return RuleStep(held, Reason.HOLDING)
    if not _is_news(state, reading, up=up):
        return _to(state, RulePhase.FIRING, Reason.TOLD_BEFORE)
    recent = tuple(t for t in state.fired if _within(BUDGET_SPAN, t, reading.at))
    if len(recent) >= BUDGET:
        spent = state.moved(RulePhase.PENDING, Reason.OVER_BUDGET, streak)
        return RuleStep(spent, Reason.OVER_BUDGET)
    low, high = state.extremes or _NONE_FIRED
    fired = replace(
        state,
        phase=RulePhase.FIRING,
        episode=state.episode + 1,
        streak=0,
        reason=why,
        fired=(*recent, reading.at),
        extremes=(low, max(high, reading.p)) if up else (min(low, reading.p), high),
    )
    return RuleStep(fired, why, fires=True)


def _is_news(state: RuleState, reading: RuleReading, *, up: bool) -> bool:
    """Whether a reading lies far enough beyond all that has fired in its direction."""
    if state.extremes is None:
        return True
    (low, high), p = state.extremes, reading.p
    if reading.news is not None:
        return (p - high if up else low - p) >= reading.news
    return (log_odds(p) - log_odds(high) if up else log_odds(low) - log_odds(p)) >= NEWS


def turned(rule: LevelRule, state: RuleState, p: float, *, up: bool) -> RuleState:
    """A level rule after a rule of its bet fired at the chance `p`, on the way up or down.

    If `p` is far enough beyond this rule's level, the person knows that the chance is there, and a
    crossing in the other direction is news again, however far out the rule fired there before.
    """
    above = log_odds(p) - log_odds(rule.level)
    if state.extremes is None or (above if up else -above) < NEWS:
        return state
    low, high = state.extremes
    return replace(state, extremes=(1.0, high) if up else (low, 0.0))


def after_correction(rule: ChanceRule, state: RuleState, reading: RuleReading) -> RuleState:
    """A rule after a correction: it forgets that it has just fired where that was a mistake.

    It fires again once the chance does cross the level, or swing so far.
    """
    if not (state.extremes and _cooling(state, reading.at)):
        return state
    if isinstance(rule, LevelRule):
        untrue = any((p >= rule.level) != (reading.p >= rule.level) for _, p in _last_fired(state))
    else:
        before = reading.p if reading.before is None else reading.before
        untrue = abs(reading.p - before) >= rule.size - _EDGE
    return replace(state, extremes=None) if untrue else state


def rebase(rule: ChanceRule, state: RuleState, reading: RuleReading) -> RuleStep:
    """The rule after a chance that moved for another reason than the game; it does not fire.

    A swing is measured anew from this chance. A level that the chance has passed is treated as that
    of a bet which was added beyond it: the rule arms once the chance has come back.
    """
    if state.phase is RulePhase.DONE:
        return _unchanged(state)
    if isinstance(rule, SwingRule):
        state = state.with_window(((reading.at, reading.p),))
        return _to(state, RulePhase.ARMED, Reason.BELOW)
    if state.phase is RulePhase.FIRING:
        return _unchanged(state)
    if rule.comparison is Comparison.CROSSES:
        phase = RulePhase.COOLING if _cooling(state, reading.at) else RulePhase.ARMED
        state = replace(state, flipped=reading.p >= rule.level, window=())
        return _to(state, phase, Reason.BELOW)
    outside = _beyond(rule, state, reading.p) >= -_ROUNDING
    if outside and state.phase is not RulePhase.UNARMED:
        return _to(state.with_window(()), RulePhase.UNARMED, Reason.RENEWED)
    return _level(rule, state, reading)


def _swing(rule: SwingRule, state: RuleState, reading: RuleReading) -> RuleStep:
    if state.phase is RulePhase.DONE:
        return _unchanged(state)
    since = reading.at - timedelta(seconds=rule.seconds)
    # Readings of before the clock was set back are of no known age.
    window = [x for x in state.window if since <= x[0] <= reading.at]
    if state.phase is RulePhase.PENDING and state.streak < HOLD_POLLS:
        lasting = _lasting(window, rule.size, reading.p)
        if len(lasting) < len(window) or not window:
            window, state = lasting, replace(state, streak=0)
    state = state.with_window((*window, (reading.at, reading.p)))
    seen = [p for _, p in state.window]
    if max(max(seen) - reading.p, reading.p - min(seen)) < rule.size - _EDGE:
        return _to(state, RulePhase.ARMED, Reason.BELOW)
    if _cooling(state, reading.at):
        return _to(state, RulePhase.COOLING, Reason.COOLING_DOWN)
    was = _farthest(window, reading.p)
    here = ((reading.at, reading.p),)
    if not _is_news(state, reading, up=reading.p > was):
        # No further out than has fired before: the next swing is measured from here.
        return _to(state.with_window(here), RulePhase.ARMED, Reason.TOLD_BEFORE)
    since = _swung_since(window, was, rule.size)
    verdict = _press(state, reading, since, Reason.SWUNG, up=reading.p > was)
    if not verdict.fires:
        return verdict
    # The message names the chance that it came from too.
    fired_at = (*(state.extremes or ()), was, reading.p)
    extremes = (min(fired_at), max(fired_at))
    kept = replace(verdict.state, phase=RulePhase.ARMED, window=here, extremes=extremes)
    return verdict._replace(state=kept, was=was)


def _lasting(
    window: list[tuple[datetime, float]], size: float, p: float
) -> list[tuple[datetime, float]]:
    """The readings without the swing at their end, if the next chance `p` does not confirm it.

    Otherwise the way back from a single wrong reading would be a swing too.
    """
    if not window:
        return window
    last = window[-1][1]
    was = _farthest(window, last)
    if (p - was if last > was else was - p) >= size - _EDGE:
        return window
    since = _swung_since(window, was, size)
    return [x for x in window if x[0] < since]


def _farthest(window: Sequence[tuple[datetime, float]], p: float) -> float:
    """The chance of the readings that lies furthest from `p`."""
    return max((x for _, x in window), key=lambda x: abs(x - p))


def _swung_since(window: Sequence[tuple[datetime, float]], was: float, size: float) -> datetime:
    """Since when all readings have been a swing away from `was`; the last one where none is."""
    since = window[-1][0]
    for at, p in reversed(window):
        if abs(p - was) < size - _EDGE:
            break
        since = at
    return since
