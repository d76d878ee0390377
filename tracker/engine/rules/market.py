"""Rules on the market: stepped by quotes, each fresh answer one reading, with the same machine.

An edge goes through the machine of a level: it is put on a scale on which the band of a chance is a
point and a half of edge, so that 5 % fires, 3.5 % arms again, and 3 points more break the cooldown.
What moves goes through that of a swing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from tracker.domain.alert import Alert, Decision
from tracker.domain.game import GameState, Score
from tracker.domain.policy import (
    Comparison,
    EdgeRule,
    LevelRule,
    MarketRule,
    MoveRule,
    Moving,
    SwingRule,
)
from tracker.domain.tracking import GameTracking, RuleState, Tracked
from tracker.engine.rules.state_machine import BAND, Reading, Verdict, step
from tracker.engine.rules.stepping import USEFUL_FOR

EDGE_BAND = 0.015
"""How far an edge must fall below its level before it may be told again."""

_SCALE = BAND / EDGE_BAND
_MOST = 60.0


@dataclass(frozen=True, slots=True)
class MarketReading:
    """What the market says of one bet at one moment; what is not known is None.

    `edge` is that of the best price, `price` the fair chance of the bet, `line` the main line of
    its market from its own side. `words` name the best price, for the message.
    """

    at: datetime
    edge: float | None = None
    price: float | None = None
    line: float | None = None
    words: str = ""


def step_market(
    tracked: Tracked, rules: dict[str, RuleState], reading: MarketReading, tracking: GameTracking
) -> tuple[list[RuleState], list[Alert]]:
    """Step the market rules of a bet: the states that changed, and the decisions worth a row.

    `rules` are the states as they stand, by the rule's text.
    """
    changed: list[RuleState] = []
    alerts: list[Alert] = []
    for rule in tracked.bet.rules:
        if not isinstance(rule, EdgeRule | MoveRule):
            continue
        value = _value(rule, reading)
        before = rules.get(rule.text, RuleState(tracked.bet.number, rule.text))
        if value is None:
            continue
        verdict = _step(rule, before, value, reading.at)
        if verdict.state != before:
            changed.append(verdict.state)
        if verdict.fires or verdict.worth_noting(before):
            alerts.append(_decided(tracked, rule, verdict, value, reading, tracking.state))
    return changed, alerts


def _value(rule: MarketRule, reading: MarketReading) -> float | None:
    match rule:
        case EdgeRule():
            return reading.edge
        case MoveRule(Moving.PRICE):
            return reading.price
        case MoveRule(Moving.LINE):
            return reading.line
        case _:
            return None


def _step(rule: MarketRule, state: RuleState, value: float, at: datetime) -> Verdict:
    match rule:
        case EdgeRule():
            level = LevelRule(Comparison.AT_LEAST, _scaled(rule.level))
            return step(level, state, Reading(_scaled(value), at, hurried=False))
        case MoveRule():
            return step(
                SwingRule(rule.size, rule.seconds), state, Reading(value, at, hurried=False)
            )
        case _:
            assert_never(rule)


def _scaled(edge: float) -> float:
    """An edge as a pseudo-chance, on which the machine's band is EDGE_BAND wide."""
    return 1 / (1 + math.exp(-max(-_MOST, min(_MOST, _SCALE * edge))))


def _decided(
    tracked: Tracked,
    rule: MarketRule,
    verdict: Verdict,
    value: float,
    reading: MarketReading,
    state: GameState | None,
) -> Alert:
    return Alert(
        bet=tracked.bet.number,
        rule=rule.text,
        episode=verdict.state.episode + (0 if verdict.fires else 1),
        at=reading.at,
        decision=Decision.FIRED if verdict.fires else Decision.HELD,
        reason=verdict.reason,
        game_clock="Scheduled" if state is None else state.game_clock,
        score=Score(0, 0) if state is None else state.score,
        p=None if tracked.chance is None else tracked.chance.win,
        detail=_words(rule, value, verdict, reading),
        expires_at=reading.at + USEFUL_FOR if verdict.fires else None,
    )


def _words(rule: MarketRule, value: float, verdict: Verdict, reading: MarketReading) -> str:
    """What has happened, as the message says it."""
    match rule:
        case EdgeRule():
            return f"edge {value * 100:+.1f} %, {reading.words}".rstrip(", ")
        case MoveRule(Moving.PRICE):
            was = "" if verdict.was is None else f" from {verdict.was * 100:.1f} %"
            return f"the market moved{was} to {value * 100:.1f} %"
        case MoveRule():
            was = "" if verdict.was is None else f" from {verdict.was:g}"
            return f"the line moved{was} to {value:g}"
        case _:
            assert_never(rule)
