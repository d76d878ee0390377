"""What the rules of a bet make of a new state: each is stepped, and each decision is a row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker.domain.alert import Alert, Decision
from tracker.domain.chance import Chance
from tracker.domain.game import GameState
from tracker.domain.policy import Event, EventRule, LevelRule, SwingRule
from tracker.domain.tracking import RulePhase, RuleState, Tracked
from tracker.engine.decide.facts import absentees, between, facts_of
from tracker.engine.rules.state_machine import Reading, Verdict, rebase, step

HURRIED_SECONDS = 120
"""In the last two minutes of regulation, and in overtime, one poll beyond a level is enough."""

USEFUL_FOR = timedelta(minutes=10)
"""How long an alert about a chance is worth sending."""

LIKELIEST = 0.5
"""A push that is as likely as this is the likeliest end of a bet."""

LEAST_MOVE = 0.005
"""A leg's chance that moves by less is not what moved its parlay."""

_ONCE = frozenset({Event.START, Event.HALFTIME})
"""What happens once in a game, also when the feed corrects itself and tells it again."""


@dataclass(frozen=True, slots=True)
class GameUpdate:
    """A look at a game: what was believed before and is now, and what kind of news that is.

    `news` is whether the state is another one; `renewed` whether chances moved by more than the
    game, as by lines that became known: no rule about a chance fires on that.
    """

    before: GameState | None
    state: GameState
    now: datetime
    news: bool = True
    renewed: bool = False


def apply_rules(
    old: Tracked, seen: Tracked, chance: Chance | None, update: GameUpdate
) -> tuple[tuple[RuleState, ...], tuple[Alert, ...]]:
    """Step every rule of a bet over the state, and over its chance where that is known.

    Rules about a chance stand still while a push is the likeliest end: it is neither won nor lost.
    """
    state, now = update.state, update.now
    facts = facts_of(update.before, state)
    leg, leg_was = moved_leg(old, seen) if seen.legs else (None, None)
    absent = "" if old.out == seen.out else "; ".join(absentees(old, seen))
    if absent:
        facts |= {Event.OUT}
    reading = None
    if chance is not None and chance.push < LIKELIEST:
        reading = Reading(chance.win, now, hurried(state, chance), _win(old.chance))
    rules: list[RuleState] = []
    alerts: list[Alert] = []
    remembered = {x.rule: x for x in seen.rules}
    for rule in seen.bet.rules:
        memory = remembered[rule.text]
        match rule:
            case EventRule() if facts and rule.event in facts:
                repeated = rule.event in _ONCE and memory.episode > 0
                if memory.phase is not RulePhase.DONE and not repeated:
                    memory, alert = between(seen, memory, rule.event, state, now)
                    detail = absent if rule.event is Event.OUT else ""
                    alerts.append(replace(alert, detail=detail, leg=leg, leg_was=leg_was))
            case LevelRule() | SwingRule() if reading is not None:
                verdict = (rebase if update.renewed else step)(rule, memory, reading)
                if verdict.fires or verdict.worth_noting(memory):
                    alert = _decided(seen, rule, verdict, reading, state)
                    alerts.append(replace(alert, leg=leg, leg_was=leg_was))
                memory = verdict.state
            case _:
                pass
        rules.append(memory)
    return tuple(rules), tuple(alerts)


def moved_leg(old: Tracked, seen: Tracked) -> tuple[int | None, float | None]:
    """The place of the leg of a parlay that moved most, and its chance before; None without any."""
    moves = [
        (abs(x.chance.win - y.chance.win), x.leg, y.chance.win)
        for x, y in zip(seen.legs, old.legs, strict=True)
        if x.chance is not None and y.chance is not None and x.result is None
    ]
    size, leg, was = max(moves, default=(0.0, 0, 0.0))
    return (leg, was) if size >= LEAST_MOVE else (None, None)


def _decided(
    seen: Tracked,
    rule: LevelRule | SwingRule,
    verdict: Verdict,
    reading: Reading,
    state: GameState,
) -> Alert:
    """A decision of a rule about a chance, fired or held."""
    return Alert(
        bet=seen.bet.number,
        rule=rule.text,
        episode=verdict.state.episode + (0 if verdict.fires else 1),
        at=reading.at,
        decision=Decision.FIRED if verdict.fires else Decision.HELD,
        reason=verdict.reason,
        game_clock=state.game_clock,
        score=state.score,
        p=reading.p,
        was=reading.before if verdict.was is None else verdict.was,
        expires_at=reading.at + USEFUL_FOR if verdict.fires else None,
    )


def _win(chance: Chance | None) -> float | None:
    return None if chance is None else chance.win


def hurried(state: GameState, chance: Chance) -> bool:
    """Whether one reading beyond a level is enough: near the end, or for a bet that is decided."""
    if chance.decided or state.period < state.game.rules.periods:
        return chance.decided
    late = state.overtime > 0 or state.seconds_left <= HURRIED_SECONDS
    return state.phase.in_play and late
