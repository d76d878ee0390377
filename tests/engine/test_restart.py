"""A restart at any poll changes nothing: what is on disk is all that the engine remembers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.engine.build import EVENTS, GAME, T0, a_game, after, look, off, rng
from tracker.domain.draft import Draft
from tracker.domain.game import GameState
from tracker.domain.policy import parse_rule
from tracker.domain.poll import Poll, Trouble, Unreadable
from tracker.domain.tracking import Change, GameTracking
from tracker.engine.decide.advance import note
from tracker.language import find_in, parse_pick
from tracker.store import Store

RULES = tuple(
    parse_rule(x) for x in (*EVENTS, "p >= 0.60", "p <= 0.40", "p crosses 0.50", "swing 0.10 in 5m")
)
LINES = (
    "DEN ML -110 $20",
    "LAL +2.5 1.91 $10",
    "LAL@DEN over 224.5 -110 $5",
    "Q3 DEN -1.5",
    "2H LAL ML +120 $1",
)
DOWN = Unreadable(Trouble.DOWN, "no answer")


async def register(store: Store) -> GameTracking:
    """The book of the game with a bet for each line."""
    for line in LINES:
        pick = parse_pick(line, find_in("nba"))
        made = Draft(pick, pick.matchup, odds=pick.odds, stake_cents=pick.stake_cents, rules=RULES)
        await store.add(made, game=GAME, defaults=RULES, at=T0)
    [tracking] = await store.trackings(RULES)
    return tracking


def polls(seed: int) -> list[tuple[float, GameState | Unreadable]]:
    """An evening's polls: repeats, old boards, flickers, outages, the end and the later looks."""
    draw = rng(seed)
    found: list[tuple[float, GameState | Unreadable]] = []
    states = list(a_game(draw, step=240))
    for number, state in enumerate(states):
        at = number * 100.0
        found.append((at, state))
        if draw.random() < 0.4:
            found.append((at + 10, states[max(0, number - 1)]))
        if draw.random() < 0.1:
            found += [(at + 20 + x, off()) for x in range(2)]
        if draw.random() < 0.1:
            found += [(at + 30, DOWN), (at + 96, DOWN)]
    end = len(states) * 100.0
    return found + [(end + x, states[-1]) for x in (0, 60, 120, 9000, 9060, 90_000, 90_060)]


def decide(tracking: GameTracking, seconds: float, reading: GameState | Unreadable) -> Change:
    """What a poll changes."""
    if isinstance(reading, Unreadable):
        return note(tracking, reading, after(seconds))
    return look(tracking, reading, seconds)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_restart_after_every_poll_changes_nothing(tmp_path: Path, seed: int) -> None:
    """A program that dies after each poll decides exactly as one that runs on."""
    async with await Store.open(tmp_path / "tracker.db", now=T0, durable=False) as store:
        on = again = await register(store)
        for seconds, reading in polls(seed):
            expected, change = decide(on, seconds, reading), decide(again, seconds, reading)
            assert change == expected
            body = repr((seconds, reading)).encode()
            digest = hashlib.sha256(body).hexdigest()
            poll = Poll("nba", "boxscore", after(seconds), body, digest, reading)
            await store.record(poll, change, ("console",))
            on = expected.tracking
            if on.settled:
                break
            [again] = await store.trackings(RULES)
            assert again == on
        assert on.settled
        shown = await store.alerts_view()
        names = [(x.alert.bet, x.alert.rule, x.alert.episode) for x in shown]
        assert len(names) == len(set(names))
        assert sum(rule == "settled" for _, rule, _ in names) == len(LINES)
