"""Builders of games, states, bets and polls for the engine's tests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tracker.domain.bet import Bet
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.market import Market
from tracker.domain.money import parse_odds
from tracker.domain.policy import Fact, Rule, SwingRule, parse_rule
from tracker.domain.poll import Origin
from tracker.domain.prior import Prior, PriorSource
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.engine.decide.advance import advance
from tracker.engine.decide.belief import JudgedPoll, judge_poll
from tracker.engine.rules.state_machine import caught_up
from tracker.forecast import Outlook, forecast, load_parameters
from tracker.language import find_in_game, parse_pick

T0 = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", T0)
PRIOR = Prior(4.5, 226.5, PriorSource.LINES)
EVENTS = tuple(x.value for x in Fact)


def rng(seed: int) -> random.Random:
    """A random generator that draws the same numbers on every run."""
    return random.Random(seed)  # noqa: S311 - examples, no secrets


def after(seconds: float) -> datetime:
    """The time `seconds` after tip-off."""
    return T0 + timedelta(seconds=seconds)


def market(text: str) -> Market:
    """A market of LAL@DEN."""
    return parse_pick(text, find_in_game(GAME)).market_for(GAME)


def bet(
    number: int, pick: str, *rules: str, odds: str | None = "-110", stake: int | None = 2000
) -> Bet:
    """A bet on LAL@DEN with its own rules."""
    return Bet(
        number=number,
        pick=pick,
        market=market(pick),
        game=GAME,
        rules=tuple(parse_rule(x) for x in rules),
        added_at=T0,
        odds=None if odds is None else parse_odds(odds),
        stake_cents=stake,
    )


def a_book(*bets: Bet) -> GameTracking:
    """A game tracking with these bets, of which no poll has been read."""
    return GameTracking(GAME, tuple(Tracked.fresh(x) for x in bets))


def stepped(tracking: GameTracking) -> GameTracking:
    """The tracking as if each of its rules had been stepped by every reading of a chance."""
    return replace(tracking, tracked=tuple(map(_stepped, tracking.tracked)))


def _stepped(one: Tracked) -> Tracked:
    states = caught_up(one.bet.rules, one.rules, one.readings)
    rules = tuple(
        x.with_window(tuple(y for y in x.window if y[0] >= x.window[-1][0] - _reach(rule)))
        for rule, x in zip(one.bet.rules, states, strict=True)
    )
    return replace(one, rules=rules, readings=())


def _reach(rule: Rule) -> timedelta:
    return timedelta(seconds=rule.seconds) if isinstance(rule, SwingRule) else timedelta(days=1000)


def decided(change: Change, before: GameTracking) -> Change:
    """What a change decides, wherever it keeps the readings that swings are measured from."""
    was = {y.with_window(()) for x in before.tracked for y in x.rules}
    rules = tuple(y for x in change.rules if (y := x.with_window(())) not in was)
    return replace(change, tracking=stepped(change.tracking), rules=rules)


def summed(periods: tuple[Score, ...]) -> Score:
    """The score that the points by period add up to."""
    return Score(sum(x.home for x in periods), sum(x.away for x in periods))


def live(
    period: int, clock: float, *points: tuple[int, int], phase: Phase = Phase.LIVE
) -> GameState:
    """A state of the game, with each period's points as (home, away)."""
    periods = tuple(Score(*x) for x in points)
    return GameState(GAME, phase, period, clock, summed(periods), periods)


def final(*points: tuple[int, int]) -> GameState:
    """The final state of a game, with each period's points as (home, away)."""
    return live(len(points), 0, *points, phase=Phase.FINAL)


def off(phase: Phase = Phase.POSTPONED) -> GameState:
    """A state of the game in which it is not played."""
    return GameState(GAME, phase, 0, 0, Score(0, 0))


SCHEDULED = GameState(GAME, Phase.SCHEDULED, 0, 0, Score(0, 0))


def outlook(state: GameState) -> Outlook:
    """The real forecast of a state."""
    return forecast(state, PRIOR, load_parameters("nba"))


BOARD, BOX, ESPN = Origin("nba", "board"), Origin("nba", "box"), Origin("espn", "board")


def decide(
    tracking: GameTracking,
    state: GameState,
    seen: Outlook | None,
    at: datetime,
    origin: Origin = BOARD,
) -> Change:
    """The change that a poll of this state makes, given its outlook."""
    return stored(tracking, advance(tracking, judged(tracking, state, origin, at), seen, at))


def judged(tracking: GameTracking, state: GameState, origin: Origin, at: datetime) -> JudgedPoll:
    """A poll of this state as the tracking takes it, whatever time of play it has left out."""
    return judge_poll(_whenever(tracking), state, origin, at)


def stored(before: GameTracking, change: Change) -> Change:
    """The change, which has a row for each rule, leg and result that it leaves otherwise."""
    was = {x.bet.number: x for x in before.tracked}
    rules, legs = (
        {(x.bet, x.rule): x for x in change.rules},
        {(x.bet, x.leg): x for x in change.legs},
    )
    results = {x.bet: x for x in change.settlements}
    assert not {*change.rules} & {y for x in before.tracked for y in x.rules}
    known = {(y, y.was) for x in before.tracked for y in x.legs}
    assert not {(x, x.was) for x in change.legs} & known
    for now in change.tracking.tracked:
        old, bet = was[now.bet.number], now.bet.number
        assert now.rules == tuple(rules.get((bet, x.rule), x) for x in old.rules)
        assert now.legs == tuple(legs.get((bet, x.leg), x) for x in old.legs)
        assert now.settlement == results.get(bet, old.settlement)
    return change


def _whenever(tracking: GameTracking) -> GameTracking:
    """The tracking as if its state were of no known time, so that a test may leave play out."""
    long_ago = replace(tracking.game, start=tracking.game.start - timedelta(days=1))
    return replace(tracking, changed_at=None, game=long_ago)


def look(
    tracking: GameTracking, state: GameState, seconds: float, origin: Origin = BOARD
) -> Change:
    """The change that a poll of this state makes, `seconds` after tip-off, with its forecast."""
    poll = judged(tracking, state, origin, after(seconds))
    return stored(tracking, advance(tracking, poll, outlook(poll.state), after(seconds)))


def a_game(draw: random.Random, step: float = 60.0) -> Iterator[GameState]:
    """The states of a random game, from before tip-off to the end, overtimes included."""
    yield SCHEDULED
    done: tuple[Score, ...] = ()
    while len(done) < 4 or summed(done).margin == 0:
        period = len(done) + 1
        clock = 720.0 if period <= 4 else 300.0
        home = away = 0
        while clock > 0:
            yield live(period, clock, *((x.home, x.away) for x in (*done, Score(home, away))))
            clock = max(0.0, clock - draw.uniform(step / 2, step * 1.5))
            home += draw.randint(0, max(1, round(step / 10)))
            away += draw.randint(0, max(1, round(step / 10)))
        done = (*done, Score(home, away))
        over = period >= 4 and summed(done).margin != 0
        phase = Phase.FINAL if over else Phase.BREAK
        yield live(period, 0, *((x.home, x.away) for x in done), phase=phase)
