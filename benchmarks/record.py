"""Measures the recording of one poll, with 1, 15 and 200 bets on its game.

Every poll has a body of its own, a snapshot and a changed rule for each bet, and one alert for two
channels. A warm-up fills the store first, so that its indexes are as deep as after a long evening.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import GameSnapshot, ScoreMoments, Snapshot
from tracker.domain.chance import Chance
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.policy import parse_rule
from tracker.domain.poll import Poll
from tracker.domain.tracking import Change, GameTracking, RuleState
from tracker.language import find_in, parse_pick
from tracker.store import Store

BETS = (1, 15, 200)
WARM_UP = 300
MEASURED = 300
BUDGET_MS = 5.0
"""The most milliseconds that `record()` with 200 bets may take at the median."""

_START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
_GAME = Game("0022600001", "nba", "DEN", "LAL", _START)
_RULES = (parse_rule("p >= 0.80"), parse_rule("p <= 0.30"))
_STATS = (("pts", 12), ("reb", 4), ("ast", 3), ("stl", 1), ("blk", 0), ("3pm", 2), ("to", 1))
_PLAYERS = tuple(
    PlayerLine(str(n), f"Player {n}", Side.HOME if n % 2 else Side.AWAY, _STATS, 21.5)
    for n in range(26)
)


def polls(bets: int, count: int = WARM_UP + MEASURED) -> Iterator[tuple[Poll, Change]]:
    """Polls ten seconds apart, each with a box score of 100 kB that differs from the last."""
    filler = [{"id": n, "description": f"player {n} misses a jumper"} for n in range(1500)]
    for n in range(count):
        at = _START + timedelta(seconds=10 * n)
        state = GameState(
            _GAME, Phase.LIVE, 3, 700.0 - n % 700, Score(50 + n, 48), players=_PLAYERS
        )
        body = json.dumps({"n": n, "actions": filler}).encode()
        digest = hashlib.sha256(body).hexdigest()
        poll = Poll("nba", "boxscore/0022600001", at, body, digest, state)
        yield poll, _change(GameTracking(_GAME, state=state, changed_at=at, seen_at=at), bets, n)


def _change(tracking: GameTracking, bets: int, n: int) -> Change:
    at, state = tracking.seen_at, tracking.state
    assert at is not None
    assert state is not None
    mu, sigma = ScoreMoments(112.1, 108.2, 3.9, 220.3), ScoreMoments(7.0, 7.1, 9.3, 11.2)
    win = 0.5 + (n % 40) / 100
    shared = GameSnapshot(
        at, 3, state.clock, state.game_clock, state.score, mu, sigma, "gauss-6@2026-11", "lines-2"
    )
    snapshots = tuple(
        Snapshot(bet, shared, Chance(win, 0.0, 1 - win), "none") for bet in range(1, bets + 1)
    )
    rules = tuple(RuleState(x.bet, _RULES[0].text, streak=n) for x in snapshots)
    alert = Alert(
        1, "p >= 0.80", n + 1, at, Decision.FIRED, Reason.CROSSED, state.game_clock, state.score,
        p=0.81, text="▲ 81 % DEN -4.5", expires_at=at + timedelta(minutes=10),
    )  # fmt: skip
    return Change(tracking, snapshots=snapshots, rules=rules, alerts=(alert,))


async def measure(bets: int, *, durable: bool) -> list[float]:
    """Milliseconds of each measured `record()`, on a new store."""
    took = []
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        path = Path(folder) / "tracker.db"
        async with await Store.open(path, now=_START, durable=durable) as store:
            for points in range(bets):
                pick = parse_pick(f"LAL@DEN over {180.5 + points / 2}", find_in("nba"))
                draft = Draft(pick, pick.matchup, rules=_RULES)
                await store.add(draft, game=_GAME, defaults=_RULES, at=_START)
            for n, (poll, change) in enumerate(polls(bets)):
                began = time.perf_counter()
                await store.record(poll, change, ("console", "sink"))
                if n >= WARM_UP:
                    took.append(1000 * (time.perf_counter() - began))
    return took


def main() -> None:
    """Print one line for each number of bets and each way of syncing."""
    print(f"record(): milliseconds, {MEASURED} polls after {WARM_UP}; 100 kB bodies")
    print(f"{'bets':>5}  {'synchronous':<11}  {'p50':>6}  {'p99':>6}  {'most':>6}")
    for bets in BETS:
        for durable in (True, False):
            took = sorted(asyncio.run(measure(bets, durable=durable)))
            p50, p99 = statistics.median(took), took[int(0.99 * len(took))]
            word = "FULL" if durable else "NORMAL"
            print(f"{bets:>5}  {word:<11}  {p50:>6.2f}  {p99:>6.2f}  {took[-1]:>6.2f}")
            if durable and bets == max(BETS):
                assert p50 <= BUDGET_MS, f"{p50:.2f} ms is over the budget of {BUDGET_MS} ms"


if __name__ == "__main__":
    main()
