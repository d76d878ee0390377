"""What rules would have done on data that are not to be trusted: nothing, and that is a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import GameState
from tracker.domain.policy import LevelRule, SwingRule
from tracker.domain.tracking import Change, RulePhase, RuleState, Tracked
from tracker.engine.rules.state_machine import Reading, step
from tracker.engine.rules.stepping import hurried

_ASLEEP = frozenset({RulePhase.UNARMED, RulePhase.FIRING, RulePhase.DONE})
"""Where a rule stands that would not have done anything anyway."""

Doubted = Callable[[Tracked], Chance | NoChance | None]
"""The chance of a bet by a state that is not believed, or why it has none."""


def freeze_doubted(change: Change, state: GameState, doubted: Doubted, now: datetime) -> Change:
    """Add a row for each rule that would have acted on a state that is held back.

    Once for a freeze: a rule that has its row gets none until a fresh reading has come.
    """
    why = f"the feed went back to {state.game_clock}"
    for tracked in change.tracking.tracked:
        chance = doubted(tracked) if any(map(_awake, tracked.rules)) else None
        if not isinstance(chance, Chance):
            continue
        rules = {x.text: x for x in tracked.bet.rules if isinstance(x, LevelRule | SwingRule)}
        reading = Reading(chance.win, now, hurried(state, chance), None)
        acting = [
            memory
            for memory in tracked.rules
            if _awake(memory) and _acts(rules.get(memory.rule), memory, reading)
        ]
        change = _frozen(change, tracked, acting, chance.win, now, why)
    return change


def freeze_pending(change: Change, now: datetime, why: str) -> Change:
    """Add a row for each rule that waits for another reading while none comes."""
    for tracked in change.tracking.tracked:
        waiting = [x for x in tracked.rules if _awake(x) and x.phase is RulePhase.PENDING]
        p = None if tracked.chance is None else tracked.chance.win
        change = _frozen(change, tracked, waiting, p, now, why)
    return change


def _awake(memory: RuleState) -> bool:
    return memory.phase not in _ASLEEP and memory.reason is not Reason.STALE


def _acts(rule: LevelRule | SwingRule | None, memory: RuleState, reading: Reading) -> bool:
    if rule is None:
        return False
    verdict = step(rule, memory, reading)
    return verdict.fires or verdict.state.phase is RulePhase.PENDING


def _frozen(
    change: Change,
    tracked: Tracked,
    acting: list[RuleState],
    p: float | None,
    now: datetime,
    why: str,
) -> Change:
    tracking = change.tracking
    if not acting or tracking.state is None:
        return change
    marked = tuple(replace(x, reason=Reason.STALE) if x in acting else x for x in tracked.rules)
    rows = tuple(
        Alert(
            bet=tracked.bet.number,
            rule=memory.rule,
            episode=memory.episode + 1,
            at=now,
            decision=Decision.HELD,
            reason=Reason.STALE,
            game_clock=tracking.state.game_clock,
            score=tracking.state.score,
            p=p,
            detail=why,
        )
        for memory in acting
    )
    return replace(
        change,
        tracking=tracking.with_tracked(replace(tracked, rules=marked)),
        rules=change.rules + tuple(x for x in marked if x not in tracked.rules),
        alerts=change.alerts + rows,
    )
