"""Made-up games, bets and alerts for the tests of messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tracker.domain.alert import Alert, Decision, Delivery, Reason
from tracker.domain.bet import Bet, Result, Settlement
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.money import parse_odds
from tracker.domain.policy import Level, Rule, parse_rule
from tracker.domain.tracking import GameTracking, Tracked
from tracker.language import find_in_game, parse_pick

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
GAME = Game("0022600201", "nba", "DEN", "LAL", datetime(2026, 11, 21, 2, tzinfo=UTC))
RULES: tuple[Rule, ...] = tuple(map(parse_rule, ("p >= 0.80", "settled")))


def bet(pick: str, number: int = 12, *, staked: bool = True) -> Bet:
    """A bet on LAL@DEN as a person would write it."""
    market = parse_pick(pick, find_in_game(GAME)).market_for(GAME)
    price = parse_odds("-115") if staked else None
    stake = 2000 if staked else None
    return Bet(number, pick, market, GAME, RULES, NOW, price, stake)


def state(
    clock: str = "Q4 7:02",
    home: int = 98,
    away: int = 91,
    *,
    phase: Phase = Phase.LIVE,
    periods: tuple[Score, ...] | None = None,
) -> GameState:
    """A state of LAL@DEN; `clock` is the period and the time left of it."""
    name, _, left = clock.partition(" ")
    period = 0 if name == "-" else 5 if name == "OT" else int(name[1])
    minutes, _, seconds = (left or "0:00").partition(":")
    clock_seconds = int(minutes) * 60 + float(seconds)
    return GameState(GAME, phase, period, clock_seconds, Score(home, away), periods)


def tracking(found: GameState | None, *, age: float = 5.0, stale: bool = False) -> GameTracking:
    """The tracking of the game, last polled `age` seconds ago."""
    return GameTracking(GAME, state=found, seen_at=NOW - timedelta(seconds=age), stale=stale)


def alert(rule: str, found: GameState, p: float | None = 0.80, was: float | None = None) -> Alert:
    """A firing of a rule of bet 12 at NOW."""
    return Alert(
        bet=12,
        rule=rule,
        episode=1,
        at=NOW,
        decision=Decision.FIRED,
        reason=Reason.HAPPENED,
        game_clock=found.game_clock,
        score=found.score,
        p=p,
        was=was,
    )


def settled(pick: str, result: Result, payout_cents: int | None, revision: int = 1) -> Tracked:
    """A settled bet with a course."""
    done = Settlement(12, revision, result, payout_cents, NOW, "LAL 105, DEN 114 (Final)")
    tracked = Tracked.fresh(bet(pick, staked=payout_cents is not None))
    return replace(tracked, chance=Chance(1.0, 0.0, 0.0), peak=0.96, low=0.48, settlement=done)


def delivery(
    alert_id: int, *, repeat: bool = False, attempts: int = 1, game: str | None = None
) -> Delivery:
    """The delivery of an alert of NOW on the channel `test`."""
    return Delivery(
        alert_id=alert_id,
        channel="test",
        text=f"alert text {alert_id}",
        level=Level.DEFAULT,
        created_at=NOW,
        attempts=attempts,
        possible_repeat=repeat,
        rule="p >= 0.80",
        game=game,
    )
