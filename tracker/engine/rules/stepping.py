"""Steps the rules of a bet by a new game state or new quotes; each decision becomes a row.

`apply_rules` steps the rules on the chance and on facts, `step_market` those on the market. Both
use the state machine. An edge is stepped as a level is, on a scale on which the band of a chance is
EDGE_BAND: a rule at 5 % fires there, arms again at 3.5 %, and fires again only 4.5 points further
out. A price or line that moves is stepped as a swing is. While the data cannot be
trusted no rule fires: `freeze_doubted` and `freeze_pending` make the rows that say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.policy import (
    ChanceRule,
    Comparison,
    EdgeRule,
    EventRule,
    Fact,
    LevelRule,
    MarketRule,
    MoveRule,
    Moving,
    Rule,
    SwingRule,
)
from tracker.domain.poll import goes_back, has_fewer_points
from tracker.domain.tracking import (
    LIKELIEST,
    Change,
    GameTracking,
    IdleRange,
    IdleSpan,
    LegStanding,
    Readings,
    RulePhase,
    RuleState,
    Tracked,
)
from tracker.engine.decide.facts import absentees, fact_alert, facts_of
from tracker.engine.rules.state_machine import (
    BAND,
    RuleReading,
    RuleStep,
    after_correction,
    caught_up,
    idle_range,
    rebase,
    step,
    turned,
    unmoved,
)

USEFUL_FOR = timedelta(minutes=10)
"""How long an alert about a chance is worth sending."""

LEAST_MOVE = 0.005
"""A leg's chance that moves by less is not what moved its parlay."""

_A_GAME = 100
"""How far apart the facts of a parlay's games are numbered: more than the periods of any game."""

_ASLEEP = frozenset({RulePhase.UNARMED, RulePhase.FIRING, RulePhase.DONE})
"""Phases in which a rule would not have acted in any case."""

EDGE_BAND = 0.015
"""How far an edge must fall below its level before its rule can fire again."""

_SCALE = BAND / EDGE_BAND

_MOST = 60.0


@dataclass(frozen=True, slots=True)
class GameUpdate:
    """The change of a game's state at one poll.

    `news` is whether the state is a new one. `renewed` is whether chances moved for another reason
    than the game, such as lines that became known: no rule about a chance fires on that.
    """

    before: GameState | None
    state: GameState
    now: datetime
    news: bool = True
    renewed: bool = False
    facts: frozenset[Fact] = field(init=False)
    """The facts about the game that follow from the change."""
    corrected: bool = field(init=False)
    """Whether points of a team, or any figure of a player, were taken back."""
    hurried: bool = field(init=False)
    """Whether one reading beyond a level is enough: late, and with nothing missing of what came."""
    quiet: bool = field(init=False)
    """Whether rules can act on chances alone: no fact, correction or renewal concerns them."""

    @property
    def playable(self) -> bool:
        """Whether a player can still come in; after the end his absence is part of the result."""
        states = (self.state,) if self.before is None else (self.before, self.state)
        return all(x.phase is not Phase.FINAL for x in states)

    @property
    def unfinished(self) -> bool:
        """Whether points came and it is not known any more who has the ball.

        The board is then a poll ahead of the play-by-play, which may tell of a free throw to come.
        """
        before, state = self.before, self.state
        known = before is not None and before.possession is not None and before.score != state.score
        return known and state.possession is None

    def __post_init__(self) -> None:
        """Compute once, and not for every bet, what follows from the change."""
        back = self.before is not None and _takes_back(self.before, self.state)
        facts = facts_of(self.before, self.state)
        object.__setattr__(self, "facts", facts)
        object.__setattr__(self, "corrected", back)
        object.__setattr__(self, "hurried", _late(self.state) and not self.unfinished)
        object.__setattr__(self, "quiet", not (facts or back or self.renewed))


def _takes_back(before: GameState, after: GameState) -> bool:
    if has_fewer_points(after, before):
        return True
    # A box lists its players in the same order at each poll.
    lines = zip(before.players, after.players, strict=False)
    changed = ((x, y) for x, y in lines if x.stats != y.stats and x.id == y.id)
    return any(v < dict(x.stats).get(k, v) for x, y in changed for k, v in y.stats)


def apply_rules(
    old: Tracked, seen: Tracked, chance: Chance | None, update: GameUpdate
) -> tuple[Tracked, list[RuleState], list[Alert]]:
    """Step every rule of a bet by the new state, and by the bet's chance if it has one.

    Returns the bet with its new rule states, the states that changed, and the rules' decisions.
    Rules about a chance wait while a push is the likeliest end, because the bet is then neither
    winning nor losing.
    """
    facts, absent = update.facts, ""
    if old.out != seen.out and update.playable:
        absent = "; ".join(absentees(old, seen))
        facts |= {Fact.OUT} if absent else set()
    reading = _reading(old, chance, update)
    if reading is None and not facts:
        return seen, [], []
    spans = _spans(seen, reading)
    missed = () if reading is None else seen.readings
    states = caught_up(seen.bet.rules, seen.rules, missed)
    states = _corrected(seen.bet.rules, states, reading if update.corrected else None)
    rules: list[RuleState] = []
    alerts: list[Alert] = []
    for rule, memory, span in zip(seen.bet.rules, states, spans, strict=True):
        after, alert = memory, None
        if facts and isinstance(rule, EventRule):
            if rule.event in facts:
                after, alert = _on_fact(seen, rule, memory, absent, update)
        elif reading is not None and span is None and isinstance(rule, ChanceRule):
            after, alert = _stepped(seen, rule, memory, reading, update)
        rules.append(after)
        if alert is not None:
            alerts.append(alert)
    if alerts:
        rules = _turned(seen.bet.rules, rules, alerts)
    if alerts and seen.legs:
        confirms = reading is not None and not reading.hurried
        game = update.state.game.id
        alerts = [
            with_leg(x, _legs_before(old, x, game) if confirms else old.legs, seen) for x in alerts
        ]
    changed = [x for x, was in zip(rules, seen.rules, strict=True) if x is not was and x != was]
    standing = tuple(rules)
    # While the windows of swings lack readings, the next one steps the rules.
    idle = None if reading is None else idle_range(seen.bet.rules, standing, spans)
    kept = seen.readings if reading is None else ()
    return seen.with_rules(standing, idle, kept), changed, alerts


def _corrected(
    rules: Sequence[Rule], states: tuple[RuleState, ...], reading: RuleReading | None
) -> tuple[RuleState, ...]:
    """The states of a bet's rules after a reading that follows a correction; None for any other."""
    if reading is None:
        return states
    return tuple(
        after_correction(rule, x, reading) if isinstance(rule, ChanceRule) else x
        for rule, x in zip(rules, states, strict=True)
    )


def _spans(seen: Tracked, reading: RuleReading | None) -> Sequence[IdleSpan | None]:
    """For each rule the idle span that holds this reading, else None."""
    idle = seen.idle
    if idle is None or idle.rules is not seen.rules or reading is None:
        return [None] * len(seen.rules)
    p, at = reading.p, reading.at
    return [x if x is not None and x.holds(p, at) else None for x in idle.each]


def _turned(
    rules: Sequence[Rule], states: list[RuleState], alerts: Sequence[Alert]
) -> list[RuleState]:
    """The rules after levels have fired: rules for the other direction may then fire again."""
    levels = {x.text: x for x in rules if isinstance(x, LevelRule)}
    for alert in alerts:
        rule = levels.get(alert.rule)
        if rule is None or alert.p is None or alert.decision is not Decision.FIRED:
            continue
        up = rule.comparison.upward
        up = alert.p >= rule.level if up is None else up
        states = [
            turned(levels[x.rule], x, alert.p, up=up) if x.rule in levels else x for x in states
        ]
    return states


def _reading(old: Tracked, chance: Chance | None, update: GameUpdate) -> RuleReading | None:
    """The reading for rules about a chance; None while these wait."""
    if chance is None or chance.push >= LIKELIEST:
        return None
    before = None if old.chance is None else old.chance.win
    shared = len(old.groups) > 1
    return RuleReading(chance.win, update.now, update.hurried or chance.decided, before, shared)


def idle_after(
    old: Tracked, seen: Tracked, chance: Chance, update: GameUpdate
) -> tuple[IdleRange, Readings] | None:
    """A bet's idle range and readings after a poll that decides nothing; None for any other poll.

    It is the quick way for nearly every bet at nearly every poll: a tenth of the time of stepping.
    """
    idle = old.idle
    if idle is None or idle.rules is not seen.rules or not update.quiet:
        return None
    if chance.push >= LIKELIEST or old.no_chance is not None or (seen.legs and old.out != seen.out):
        return None
    return unmoved(idle, old.readings, chance.win, update.now)


def waits(tracked: Tracked) -> bool:
    """Whether a rule of a bet waits for another reading beyond its level."""
    return any(x.phase is RulePhase.PENDING for x in tracked.rules)


def _stepped(
    seen: Tracked,
    rule: ChanceRule,
    memory: RuleState,
    reading: RuleReading,
    update: GameUpdate,
) -> tuple[RuleState, Alert | None]:
    """A rule about a chance after a reading, and its decision if that is worth a row."""
    verdict = (rebase if update.renewed else step)(rule, memory, reading)
    if not (verdict.fires or verdict.worth_noting(memory)):
        return verdict.state, None
    return verdict.state, _decided(seen, rule, verdict, reading, update.state)


def _on_fact(
    seen: Tracked, rule: EventRule, memory: RuleState, absent: str, update: GameUpdate
) -> tuple[RuleState, Alert | None]:
    """A rule after its fact has happened, and its alert, unless it has been sent before."""
    once = _once(seen.bet, rule.event, update.state)
    if memory.phase is RulePhase.DONE or once in memory.announced:
        return memory, None
    if once is not None:
        memory = replace(memory, announced=(*memory.announced, once))
    memory, alert = fact_alert(seen, memory, rule.event, update.state, update.now)
    return memory, replace(alert, detail=absent if rule.event is Fact.OUT else "")


def _once(bet: Bet, event: Fact, state: GameState) -> int | None:
    """The number of a fact that happens once in a game, or once in a period; None for others.

    It is announced once, even if the feed corrects itself and reports it again.
    """
    if event not in (Fact.START, Fact.HALFTIME, Fact.QUARTER):
        return None
    place = next(i for i, leg in enumerate(bet.legs) if leg.game.id == state.game.id)
    return place * _A_GAME + (state.period if event is Fact.QUARTER else 0)


def _legs_before(old: Tracked, alert: Alert, game: str) -> Sequence[LegStanding]:
    """A parlay's legs as they were before the reading that a poll of `game` has confirmed.

    A leg on another game is taken as of before its last move only if that was most of the parlay's
    move. Otherwise it moved long before, such as a leg whose game is at half-time.
    """
    whole = old.chance.win / alert.was if old.chance is not None and alert.was else 1.0

    def then(leg: LegStanding) -> LegStanding:
        if leg.was is None or leg.chance is None:
            return leg
        mine = old.bet.legs[leg.leg].game.id == game
        alone = leg.chance.win / leg.was.win if leg.was.win else 1.0
        counts = mine or abs(alone - whole) <= abs(whole - 1) / 4
        return replace(leg, chance=leg.was) if counts else leg

    return [then(x) for x in old.legs]


def with_leg(alert: Alert, old: Sequence[LegStanding], seen: Tracked) -> Alert:
    """The alert with the parlay's leg that moved it most, and that leg's chance before.

    A parlay goes with the ratio of its legs' chances. Only legs that moved in the alert's direction
    count, and no leg that is too likely to have taken the parlay down. If none counts, both stay
    None.
    """
    way = None if alert.p is None or alert.was is None else alert.p > alert.was
    fell = 1.0 if way is not False or not alert.was else (alert.p or 0.0) / alert.was
    moves = [
        (_ratio(x.chance.win, y.chance.win), x.leg, y.chance.win)
        for x, y in zip(seen.legs, old, strict=True)
        if x.chance is not None and y.chance is not None and x.result is None
        if way is None or (x.chance.win > y.chance.win) == way
        if abs(x.chance.win - y.chance.win) >= LEAST_MOVE and x.chance.win**2 <= fell
    ]
    if not moves:
        return replace(alert, leg=None, leg_was=None)
    _, leg, was = max(moves)
    return replace(alert, leg=leg, leg_was=was)


def _ratio(one: float, other: float) -> float:
    """How many times one chance is the other, whichever is larger."""
    low, high = sorted((one, other))
    return high / low if low > 0 else math.inf


def _decided(
    seen: Tracked,
    rule: ChanceRule,
    verdict: RuleStep,
    reading: RuleReading,
    state: GameState,
) -> Alert:
    """The row of a decision of a rule about a chance, fired or held."""
    was = reading.before if verdict.was is None else verdict.was
    return _decision(seen, rule, verdict, reading.at, state, was)


def _decision(
    tracked: Tracked,
    rule: Rule,
    verdict: RuleStep,
    at: datetime,
    state: GameState | None,
    was: float | None = None,
) -> Alert:
    """The row of a decision, with the fields that all rules share."""
    return Alert(
        bet=tracked.bet.number,
        rule=rule.text,
        episode=verdict.state.episode + (0 if verdict.fires else 1),
        at=at,
        decision=Decision.FIRED if verdict.fires else Decision.HELD,
        reason=verdict.reason,
        game_clock="Scheduled" if state is None else state.game_clock,
        score=Score(0, 0) if state is None else state.score,
        p=None if tracked.chance is None else tracked.chance.win,
        was=was,
        expires_at=at + USEFUL_FOR if verdict.fires else None,
    )


def _late(state: GameState) -> bool:
    return state.phase.in_play and state.last_two_minutes


Doubted = Callable[[Tracked], Chance | NoChance | None]
"""Gives a bet's chance by a state that is not believed, or why it has none."""


def freeze_doubted(change: Change, state: GameState, doubted: Doubted, now: datetime) -> Change:
    """Add a row for each rule that would have acted on a state that is on hold.

    A rule gets one row; the next is possible after a fresh reading.
    """
    believed = change.tracking.state
    leapt = believed is not None and not goes_back(believed, state)
    why = f"the feed {'leapt' if leapt else 'went back'} to {state.game_clock}"
    for tracked in change.tracking.tracked:
        chance = doubted(tracked) if any(map(_awake, tracked.rules)) else None
        if not isinstance(chance, Chance):
            continue
        rules = {x.text: x for x in tracked.bet.rules if isinstance(x, ChanceRule)}
        reading = RuleReading(chance.win, now, _late(state) or chance.decided, None)
        states = caught_up(tracked.bet.rules, tracked.rules, tracked.readings)
        acting = [
            memory
            for memory, state in zip(tracked.rules, states, strict=True)
            if _awake(memory) and _acts(rules.get(memory.rule), state, reading)
        ]
        change = _frozen(change, tracked, acting, chance.win, now, why)
    return change


def freeze_pending(change: Change, now: datetime, why: str) -> Change:
    """Add a row for each rule that waits for a second reading while no data come."""
    for tracked in change.tracking.tracked:
        waiting = [x for x in tracked.rules if _awake(x) and x.phase is RulePhase.PENDING]
        p = None if tracked.chance is None else tracked.chance.win
        change = _frozen(change, tracked, waiting, p, now, why)
    return change


def _awake(memory: RuleState) -> bool:
    return memory.phase not in _ASLEEP and memory.reason is not Reason.STALE


def _acts(rule: ChanceRule | None, memory: RuleState, reading: RuleReading) -> bool:
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


@dataclass(frozen=True, slots=True)
class MarketReading:
    """The market's figures of one bet at one moment; None for what is not known.

    `edge` is that of the best price, `price` the bet's fair chance by the market, and `line` the
    main line of its market, from the bet's side. `words` name the best price for the message;
    `edge_at` is when that price was read. `price_by` and `line_by` are the books that the other
    figures come from.
    """

    at: datetime
    edge: float | None = None
    price: float | None = None
    line: float | None = None
    words: str = ""
    edge_at: datetime | None = None
    price_by: frozenset[str] = frozenset()
    line_by: frozenset[str] = frozenset()

    def after(self, before: MarketReading | None) -> MarketReading:
        """The reading to compare the next one with: what it lacks is as it was read before."""
        if before is None:
            return self
        return replace(
            self,
            edge_at=self.edge_at or before.edge_at,
            price_by=self.price_by or before.price_by,
            line_by=self.line_by or before.line_by,
        )


def step_market(
    tracked: Tracked,
    rules: dict[str, RuleState],
    reading: MarketReading,
    tracking: GameTracking,
    last: MarketReading | None = None,
) -> tuple[list[RuleState], list[Alert]]:
    """Step the market rules of a bet. Returns the changed states and the decisions worth a row.

    `rules` are the present states by the rule's text. `last` is the reading before this one, where
    it is known: a price that was not read again since confirms no edge, and a figure that other
    books give has not moved.
    """
    changed: list[RuleState] = []
    alerts: list[Alert] = []
    for rule in tracked.bet.rules:
        if not isinstance(rule, EdgeRule | MoveRule):
            continue
        value = _market_value(rule, reading)
        before = rules.get(rule.text, RuleState(tracked.bet.number, rule.text))
        if value is None or not _read_again(rule, reading, last):
            continue
        verdict = _step_market(rule, before, value, reading, last)
        if verdict.state != before:
            changed.append(verdict.state)
        if verdict.fires or verdict.worth_noting(before):
            alerts.append(
                _decided_on_market(tracked, rule, verdict, value, reading, tracking.state)
            )
    return changed, alerts


def _market_value(rule: MarketRule, reading: MarketReading) -> float | None:
    match rule:
        case EdgeRule():
            return reading.edge
        case MoveRule(Moving.PRICE):
            return reading.price
        case MoveRule(Moving.LINE):
            return reading.line
        case _:
            return None


def _read_again(rule: MarketRule, reading: MarketReading, last: MarketReading | None) -> bool:
    """Whether a reading is a new one for a rule: a price that was not read again tells no edge."""
    if last is None or last.edge_at is None or reading.edge_at is None:
        return True
    return not isinstance(rule, EdgeRule) or reading.edge_at > last.edge_at


def _step_market(
    rule: MarketRule,
    state: RuleState,
    value: float,
    reading: MarketReading,
    last: MarketReading | None,
) -> RuleStep:
    match rule:
        case EdgeRule():
            level = LevelRule(Comparison.AT_LEAST, _scaled(rule.level))
            return step(level, state, RuleReading(_scaled(value), reading.at, hurried=False))
        case MoveRule():
            stepped = step if last is None or _same_books(rule, reading, last) else rebase
            swing = SwingRule(rule.size, rule.seconds)
            # A line has no odds, and a price of 50 % would be news no sooner than at 70 %.
            read = RuleReading(value, reading.at, hurried=False, news=rule.size)
            return stepped(swing, state, read)
        case _:
            assert_never(rule)


def _same_books(rule: MoveRule, reading: MarketReading, last: MarketReading) -> bool:
    """Whether a figure comes from the same books as before, or from most of them."""
    of_price = rule.what is Moving.PRICE
    was, now = (x.price_by if of_price else x.line_by for x in (last, reading))
    return not was or 2 * len(was & now) >= min(len(was), len(now))


def _scaled(edge: float) -> float:
    """An edge mapped to (0, 1), so that the state machine's band is EDGE_BAND wide for it."""
    return 1 / (1 + math.exp(-max(-_MOST, min(_MOST, _SCALE * edge))))


def _decided_on_market(
    tracked: Tracked,
    rule: MarketRule,
    verdict: RuleStep,
    value: float,
    reading: MarketReading,
    state: GameState | None,
) -> Alert:
    told = _decision(tracked, rule, verdict, reading.at, state)
    return replace(told, detail=_words(rule, value, verdict, reading))


def _words(rule: MarketRule, value: float, verdict: RuleStep, reading: MarketReading) -> str:
    """The words of the message about a market rule."""
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
