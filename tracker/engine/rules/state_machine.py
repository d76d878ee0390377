"""Alert rules as a state machine: one reading in, the next rule state and a decision out.

    unarmed -> armed -> pending -> firing -> cooling -> armed ...  and done at the end

A rule arms only on a reading on its safe side, fires when the chance has stood beyond the level for
enough fresh polls, and arms again only once the chance has cleared a band in log-odds and the
cooldown has passed.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, assert_never

from tracker.domain.alert import Reason
from tracker.domain.policy import Comparison, LevelRule, Rule, SwingRule
from tracker.domain.tracking import IdleRange, IdleSpan, RulePhase, RuleState

BAND = math.log(0.80 / 0.20) - math.log(0.75 / 0.25)
"""How far, in log-odds, a chance must clear a level before it may fire again: .80 at .75."""

HOLD_POLLS = 2
"""Consecutive fresh polls beyond the level before it fires, outside the last two minutes."""

APART = timedelta(seconds=8)
"""Least time between the readings of a bet over several games that count as two of them: its games
are polled one after another within seconds, and only a later poll of the same game confirms it."""

COOLDOWN = timedelta(minutes=5)
"""Least time between two firings of one rule, unless it has become much worse or better yet."""

FURTHER = 2 * BAND
"""How much further out than what was told, in log-odds, breaks the cooldown: 80 %, then 88 %."""

NEWS = 3 * BAND
"""How much further out than all that was told, in log-odds, a second crossing is told: at 80 %,
then at 90 %. Chosen on 160 games of NBA 2023-24 so that a game brings at most 60 % of the alerts
that came without this, at the same share that held."""

BUDGET = 4
"""Most firings of one rule in an hour; beyond it the rule stays silent."""

BUDGET_SPAN = timedelta(hours=1)

_EDGE = 1e-9


class RuleReading(NamedTuple):
    """One fresh reading of a bet's chance of winning.

    `hurried` is whether one poll is enough: the last two minutes, overtime, or a decided bet.
    `before` is the chance of the reading before, where there was one. `shared` is whether polls of
    several games bring readings of the bet.
    """

    p: float
    at: datetime
    hurried: bool
    before: float | None = None
    shared: bool = False

    def confirms(self, since: datetime | None) -> bool:
        """Whether it is of another poll of the same game than a reading at `since`."""
        return not self.shared or since is None or not timedelta(0) <= self.at - since < APART


class RuleStep(NamedTuple):
    """What a reading made of a rule. `fires` asks for an alert; `worth_noting` for a held row."""

    state: RuleState
    reason: Reason
    fires: bool = False
    was: float | None = None

    def worth_noting(self, before: RuleState) -> bool:
        """Whether a decision that held back tells something that the last one did not."""
        quiet = self.reason is Reason.BELOW and before.phase is not RulePhase.PENDING
        return not self.fires and not quiet and self.reason is not before.reason


@lru_cache(maxsize=4096)
def log_odds(p: float) -> float:
    """The log-odds of a chance, finite also at 0 and 1."""
    kept = min(max(p, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


def step(rule: LevelRule | SwingRule, state: RuleState, reading: RuleReading) -> RuleStep:
    """The rule's next state after a fresh reading, and whether it fires."""
    match rule:
        case LevelRule():
            return _level(rule, state, reading)
        case SwingRule():
            return _swing(rule, state, reading)
        case _:
            assert_never(rule)


CLEAR = 1e-6
"""A chance that lies this far from a level is on its side of it, however either is rounded."""

_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

_ALWAYS = IdleSpan(-math.inf, math.inf, *_EVER)


def idle_range(
    rules: Sequence[Rule], states: tuple[RuleState, ...], known: Sequence[IdleSpan | None] = ()
) -> IdleRange:
    """Which next readings leave each rule of a bet as it is, and which all of them.

    `states` are in the order of the rules, and so are the spans that are `known` already.
    """
    low, high, (after, until), size = -math.inf, math.inf, _EVER, 1.0
    each = list(known) or [None] * len(states)
    swings = []
    for place, (rule, state) in enumerate(zip(rules, states, strict=True)):
        span = each[place] or _idle_span(rule, state)
        if span is None:
            low = math.inf
        elif span is not _ALWAYS:
            low, high = max(low, span.low), min(high, span.high)
            after, until = max(after, span.after), min(until, span.until)
            if isinstance(rule, SwingRule):
                swings.append((place, timedelta(seconds=rule.seconds)))
                size, span = min(size, rule.size), None
        each[place] = span
    return IdleRange(states, low, high, after, until, tuple(each), tuple(swings), size)


def _idle_span(rule: Rule, state: RuleState) -> IdleSpan | None:
    """Which next readings leave a rule as it is; None where it is about to change."""
    if not isinstance(rule, LevelRule | SwingRule) or state.phase is RulePhase.DONE:
        return _ALWAYS
    return _level_idle(rule, state) if isinstance(rule, LevelRule) else _swing_idle(rule, state)


_STANDING_BEYOND = (
    (RulePhase.UNARMED, Reason.BEYOND_WHEN_ADDED),
    (RulePhase.FIRING, Reason.NOT_REARMED),
)
"""Where a level rule waits for the chance to clear the band."""


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
    times, seen = [x for x, _ in state.window], [x for _, x in state.window]
    if state.streak or not seen or times != sorted(times):
        return None
    most, least = max(seen), min(seen)
    low, high = most - rule.size, least + rule.size
    if (state.phase, state.reason) == (RulePhase.ARMED, Reason.BELOW):
        return IdleSpan(low + CLEAR, high - CLEAR, times[-1], _EVER[1])
    if (state.phase, state.reason) != (RulePhase.COOLING, Reason.COOLING_DOWN):
        return None
    # It has swung, and is silent: as long as what it came from counts, and the cooldown lasts.
    down = seen[-1] < low
    began = times[seen.index(most if down else least)]
    until = min(began + timedelta(seconds=rule.seconds), state.fired[-1] + COOLDOWN)
    after = max(times[-1], state.fired[-1])
    side = (-math.inf, low - CLEAR) if down else (high + CLEAR, math.inf)
    return IdleSpan(*side, after, until)


def unmoved(idle: IdleRange, p: float, at: datetime) -> IdleRange | None:
    """The rules after a reading that decides nothing, and their range; None for any other reading.

    The range only gets closer: that what a swing is measured against grows old widens it again once
    the rules have been stepped.
    """
    if not (idle.low < p < idle.high and idle.after <= at < idle.until):
        return None
    if not idle.swings:
        return idle
    rules, reading = list(idle.rules), (at, p)
    for place, span in idle.swings:
        window = rules[place].window
        kept = window[bisect_left(window, (at - span,)) :]
        rules[place] = rules[place].with_window((*kept, reading))
    room = idle.size - CLEAR
    low, high = max(idle.low, p - room), min(idle.high, p + room)
    until, each, swings, size = idle.until, idle.each, idle.swings, idle.size
    return IdleRange(tuple(rules), low, high, at, until, each, swings, size)


def _beyond(rule: LevelRule, state: RuleState, p: float) -> float:
    """How far, in log-odds, a chance lies beyond the level; negative on the safe side."""
    excess = log_odds(p) - log_odds(rule.level)
    match rule.comparison:
        case Comparison.AT_LEAST:
            return excess
        case Comparison.AT_MOST:
            return -excess
        case Comparison.CROSSES:
            return -excess if state.flipped else excess
        case _:
            assert_never(rule.comparison)


def _level(rule: LevelRule, state: RuleState, reading: RuleReading) -> RuleStep:
    state, rearmed = _rearm(rule, state, reading)
    beyond = _beyond(rule, state, reading.p)
    outside = beyond >= -1e-12  # noqa: PLR2004 - rounding of a chance that lies on the level
    match state.phase:
        case RulePhase.DONE:
            return RuleStep(state, state.reason or Reason.BELOW)
        case RulePhase.UNARMED if outside or (state.reason is not None and beyond > -BAND):
            if rule.comparison is Comparison.CROSSES and state.reason is None:
                return _to(replace(state, flipped=True), RulePhase.ARMED, Reason.BELOW)
            return _to(state, RulePhase.UNARMED, Reason.BEYOND_WHEN_ADDED)
        case RulePhase.FIRING:
            return _to(state, RulePhase.FIRING, Reason.NOT_REARMED)
        case RulePhase.COOLING if not (outside and _worse(rule, state, reading.p)):
            return _to(state, RulePhase.COOLING, Reason.COOLING_DOWN if outside else Reason.BELOW)
        case RulePhase.COOLING:
            return _cross(rule, state.with_window(()), reading)
        case RulePhase.UNARMED | RulePhase.ARMED | RulePhase.PENDING:
            if outside:
                return _cross(rule, state, reading)
            # What broke the cooldown and did not last has not shortened it.
            phase = RulePhase.COOLING if _cooling(state, reading.at) else RulePhase.ARMED
            reason = Reason.REARMED if rearmed else Reason.BELOW
            return _to(state.with_window(()) if state.window else state, phase, reason)
        case _:
            assert_never(state.phase)


def _cross(rule: LevelRule, state: RuleState, reading: RuleReading) -> RuleStep:
    """A reading beyond a level. What is told is the step from the last reading on its safe side."""
    safe = state.window
    if not safe and reading.before is not None:
        safe = ((reading.at, reading.before),)
    since = safe[0][0] if safe else None
    state = state.with_window(safe)
    verdict = _press(state, reading, since, Reason.CROSSED, up=_upward(rule, state))
    if not verdict.fires:
        return verdict
    crossed = verdict.state.with_window(((reading.at, reading.p),))
    return verdict._replace(state=crossed, was=safe[0][1] if safe else None)


def _upward(rule: LevelRule, state: RuleState) -> bool:
    """Whether a crossing that the rule waits for goes up."""
    match rule.comparison:
        case Comparison.AT_LEAST:
            return True
        case Comparison.AT_MOST:
            return False
        case Comparison.CROSSES:
            return not state.flipped
        case _:
            assert_never(rule.comparison)


def _worse(rule: LevelRule, state: RuleState, p: float) -> bool:
    """Whether a chance lies much further beyond the level than the one that was told."""
    if rule.comparison is Comparison.CROSSES or not state.window:
        return False
    reference = state.window[-1][1]
    return _beyond(rule, state, p) - _beyond(rule, state, reference) >= FURTHER


def _rearm(rule: LevelRule, state: RuleState, reading: RuleReading) -> tuple[RuleState, bool]:
    """Leave `firing` once the band is cleared, and `cooling` once the time is over."""
    if state.phase is RulePhase.FIRING:
        beyond = _beyond(rule, state, reading.p)
        both_ways = rule.comparison is Comparison.CROSSES
        if (abs(beyond) if both_ways else -beyond) >= BAND:
            # A crossing was told: what is worth telling next is the way back.
            flipped = state.flipped != both_ways
            state = replace(state, phase=RulePhase.COOLING, flipped=flipped)
    if state.phase is RulePhase.COOLING and not _cooling(state, reading.at):
        return replace(state, phase=RulePhase.ARMED, streak=0, window=()), True
    return state, False


def _cooling(state: RuleState, at: datetime) -> bool:
    """Whether the last firing is too recent; a clock that was set back does not prolong that."""
    return bool(state.fired) and timedelta(0) <= at - state.fired[-1] < COOLDOWN


def _to(state: RuleState, phase: RulePhase, reason: Reason) -> RuleStep:
    # Most readings change nothing, and a state is costly to build: hundreds may be stepped a poll.
    if state.phase is phase and state.reason is reason and not state.streak:
        return RuleStep(state, reason)
    return RuleStep(state.moved(phase, reason), reason)


def _press(
    state: RuleState, reading: RuleReading, since: datetime | None, why: Reason, *, up: bool
) -> RuleStep:
    """A reading beyond the level: hold for another poll, or fire where that is news.

    `since` is when the reading that is to be confirmed was taken.

    A level that was told is told again only if it is crossed further out: a chance that merely
    comes back is no news, and the rule stands as if it had fired.
    """
    streak = min(state.streak + 1, HOLD_POLLS)
    if not (reading.hurried or (streak == HOLD_POLLS and reading.confirms(since))):
        held = state.moved(RulePhase.PENDING, Reason.HOLDING, HOLD_POLLS - 1)
        return RuleStep(held, Reason.HOLDING)
    if not _is_news(state, reading.p, up=up):
        return _to(state, RulePhase.FIRING, Reason.TOLD_BEFORE)
    recent = tuple(t for t in state.fired if reading.at - t < BUDGET_SPAN)
    if len(recent) >= BUDGET:
        spent = state.moved(RulePhase.PENDING, Reason.OVER_BUDGET, streak)
        return RuleStep(spent, Reason.OVER_BUDGET)
    fired = replace(
        state,
        phase=RulePhase.FIRING,
        episode=state.episode + 1,
        streak=0,
        reason=why,
        fired=(*recent, reading.at),
        notified=_with_notified(state.notified, up=up, p=reading.p),
    )
    return RuleStep(fired, why, fires=True)


def _is_news(state: RuleState, p: float, *, up: bool) -> bool:
    """Whether a chance lies a further band out than any that was told on that side."""
    low, high = state.notified or _NEVER
    if (high == 0) if up else (low == 1):
        return True
    further = log_odds(p) - log_odds(high) if up else log_odds(low) - log_odds(p)
    return further >= NEWS


def _with_notified(notified: tuple[float, ...], p: float, *, up: bool) -> tuple[float, ...]:
    """What was told, with one more: the lowest on the way down, the highest on the way up."""
    low, high = notified or _NEVER
    return (low, max(high, p)) if up else (min(low, p), high)


def turned(rule: LevelRule, state: RuleState, told: float, *, up: bool) -> RuleState:
    """A level rule after another rule of its bet told that the chance went to `told` instead.

    Once that lies far enough on the other side of its level, what it told before is no longer what
    was heard last, and crossing it again is news.
    """
    other_way = rule.comparison is (Comparison.AT_MOST if up else Comparison.AT_LEAST)
    if not (state.notified and other_way and -_beyond(rule, state, told) >= NEWS):
        return state
    return replace(state, notified=())


_NEVER = (1.0, 0.0)
"""The lowest and highest that was told, before anything was."""


def rebase(rule: LevelRule | SwingRule, state: RuleState, reading: RuleReading) -> RuleStep:
    """The rule after a chance that was renewed: what moved it is no news of the game.

    A swing is measured from here. A level that is passed by it is as one of a bet that was added
    beyond it: it arms once the chance has come back.
    """
    if state.phase in (RulePhase.DONE, RulePhase.FIRING, RulePhase.COOLING):
        if isinstance(rule, SwingRule) and state.phase is not RulePhase.DONE:
            state = state.with_window(((reading.at, reading.p),))
        return RuleStep(state, state.reason or Reason.BELOW)
    if isinstance(rule, SwingRule):
        fresh = state.with_window(((reading.at, reading.p),))
        return _to(fresh, RulePhase.ARMED, Reason.BELOW)
    if rule.comparison is Comparison.CROSSES:
        state = replace(state, flipped=reading.p >= rule.level, window=())
        return _to(state, RulePhase.ARMED, Reason.BELOW)
    outside = _beyond(rule, state, reading.p) >= -1e-12  # noqa: PLR2004 - as in `_level`
    if outside and state.phase is not RulePhase.UNARMED:
        return _to(state.with_window(()), RulePhase.UNARMED, Reason.RENEWED)
    return _level(rule, state, reading)


def _swing(rule: SwingRule, state: RuleState, reading: RuleReading) -> RuleStep:
    if state.phase is RulePhase.DONE:
        return RuleStep(state, state.reason or Reason.BELOW)
    since = reading.at - timedelta(seconds=rule.seconds)
    window = [x for x in state.window if x[0] >= since]
    state = state.with_window((*window, (reading.at, reading.p)))
    seen = [p for _, p in state.window]
    if max(max(seen) - reading.p, reading.p - min(seen)) < rule.size - _EDGE:
        return _to(state, RulePhase.ARMED, Reason.BELOW)
    if _cooling(state, reading.at):
        return _to(state, RulePhase.COOLING, Reason.COOLING_DOWN)
    _, was = max(window, key=lambda x: abs(x[1] - reading.p))
    here = ((reading.at, reading.p),)
    if not _is_news(state, reading.p, up=reading.p > was):
        # Within what was told before: the next swing is measured from here.
        return _to(state.with_window(here), RulePhase.ARMED, Reason.TOLD_BEFORE)
    verdict = _press(state, reading, window[-1][0], Reason.SWUNG, up=reading.p > was)
    if not verdict.fires:
        return verdict
    # Where it came from has been told as well.
    notified = _with_notified(verdict.state.notified, was, up=reading.p < was)
    kept = replace(verdict.state, phase=RulePhase.ARMED, window=here, notified=notified)
    return verdict._replace(state=kept, was=was)
