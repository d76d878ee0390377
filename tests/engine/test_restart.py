"""Promises of a restart: the engine remembers nothing that is not stored."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engine.build import (
    BOARD,
    BOX,
    ESPN,
    EVENTS,
    GAME,
    T0,
    a_game,
    after,
    decided,
    live,
    look,
    off,
    rng,
    stepped,
)
from tests.store.values import started
from tracker.daemon.track import worth_recording
from tracker.domain.alert import Decision
from tracker.domain.draft import Draft
from tracker.domain.game import GameState, PlayerLine, Side
from tracker.domain.player import Player
from tracker.domain.policy import parse_rule
from tracker.domain.poll import Origin, Poll, Trouble, Unreadable
from tracker.domain.tracking import Change, GameTracking, Ordering
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
OF_A_PLAYER = "Jokic over 25.5 pts"
JOKIC = Player("Nikola Jokić", Side.HOME)
DOWN = Unreadable(Trouble.DOWN, "no answer")


async def register(store: Store, *more: str) -> GameTracking:
    """The tracking of the game, with a stored bet for each line."""
    for line in (*LINES, *more):
        pick = parse_pick(line, find_in("nba"))
        made = Draft(pick, pick.matchup, odds=pick.odds, stake_cents=pick.stake_cents, rules=RULES)
        await store.add(made, game=GAME, defaults=RULES, at=T0, roster_of=lambda _: (JOKIC,))
    [tracking] = await store.trackings(RULES)
    return tracking


def boxed(state: GameState) -> GameState:
    """The state with a player who has a third of the home points, as a box gives it."""
    stats = (("pts", state.score.home // 3),)
    minutes = (2880.0 - min(state.seconds_left, 2880.0)) / 60
    line = PlayerLine("1", JOKIC.name, JOKIC.side, stats, minutes, played=state.period > 0)
    return replace(state, players=(line,))


class Answer(NamedTuple):
    """A document's state or trouble, `seconds` after tip-off."""

    seconds: float
    reading: GameState | Unreadable
    origin: Origin = BOARD

    @property
    def poll(self) -> Poll:
        """The answer as a poll with a body of its own."""
        body = repr((self.seconds, self.reading)).encode()
        digest = hashlib.sha256(body).hexdigest()
        source, path = self.origin.source, self.origin.path
        return Poll(source, path, after(self.seconds), body, digest, self.reading)


def polls(seed: int) -> list[Answer]:
    """A random evening's polls: repeats, old boards, flickers, outages, the end, the checks.

    Some are of a box or another source's board, which may be late by any time.
    """
    draw = rng(seed)
    found: list[Answer] = []
    states = list(a_game(draw, step=240))
    for number, state in enumerate(states):
        at = number * 100.0
        found.append(Answer(at, state, draw.choice((BOARD, BOX, ESPN))))
        if draw.random() < 0.4:
            found.append(Answer(at + 10, states[max(0, number - 1)]))
        if draw.random() < 0.3:
            late = states[max(0, number - draw.randint(1, 3))]
            times, of = draw.randint(1, 5), draw.choice((BOARD, BOX, ESPN))
            found += [Answer(at + 12 + x * 16, late, of) for x in range(times)]
        if draw.random() < 0.1:
            found += [Answer(at + 92 + x, off()) for x in range(2)]
        if draw.random() < 0.1:
            found += [Answer(at + 95, DOWN), Answer(at + 98, DOWN)]
    end = len(states) * 100.0
    return found + [Answer(end + x, states[-1]) for x in (0, 60, 120, 9000, 9060, 90_000, 90_060)]


def decide(tracking: GameTracking, answer: Answer) -> Change:
    """The change that an answer makes."""
    if isinstance(answer.reading, Unreadable):
        return note(tracking, answer.reading, after(answer.seconds))
    return look(tracking, answer.reading, answer.seconds, answer.origin)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_restart_after_every_poll_changes_nothing(tmp_path: Path, seed: int) -> None:
    """A program that restarts after every poll decides exactly as one that runs on."""
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0, durable=False) as store:
        on = again = await register(store)
        for answer in polls(seed):
            expected, change = decide(on, answer), decide(again, answer)
            assert decided(change, again) == decided(expected, on)
            await store.record(answer.poll, expected, ("console",))
            on = expected.tracking
            if on.settled:
                break
            [again] = await store.trackings(RULES)
            assert stepped(again) == stepped(on)
        assert on.settled
        shown = await store.alerts_view()
        names = [(x.alert.bet, x.alert.rule, x.alert.episode) for x in shown]
        assert len(names) == len(set(names))
        assert sum(rule == "settled" for _, rule, _ in names) == len(LINES)


@pytest.mark.parametrize("seed", range(10, 18))
async def test_what_is_recorded_is_all_that_beliefs_rest_on(tmp_path: Path, seed: int) -> None:
    """A restart believes the same although only the polls worth it are stored."""
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0, durable=False) as store:
        on = again = await register(store, OF_A_PLAYER)
        held = set()
        for told in polls(seed):
            answer = told
            if told.origin == BOX and isinstance(told.reading, GameState):
                answer = told._replace(reading=boxed(told.reading))
            change = decide(on, answer)
            assert decide(again, answer).ordering is change.ordering
            if worth_recording(answer.poll, change, on):
                await store.record(answer.poll, change, ("console",))
            held.add(change.ordering)
            on = change.tracking
            found = await store.trackings(RULES)
            if not found:
                break
            [again] = found
            assert (again.state, again.told_by, again.held) == (on.state, on.told_by, on.held)
            assert again.still_until == on.still_until
            assert players(again) == players(on)
        assert {Ordering.BEHIND, Ordering.HELD} <= held


async def test_a_restart_brings_no_reading_back_of_before_the_clock_was_set(tmp_path: Path) -> None:
    """A swing is measured from the polls after the clock was set back, also after a restart."""
    pick = parse_pick("DEN ML", find_in("nba"))
    made = Draft(pick, game_text="LAL@DEN", rules=(parse_rule("swing 0.15 in 5m"),))
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0, durable=False) as store:
        await store.add(made, game=GAME, defaults=(), at=T0)
        [on] = await store.trackings(())
        for n, seconds in enumerate((100, 112, 124, 94, 106, 118)):
            answer = Answer(seconds, live(3, 700 - 12 * n, (25, 25), (25, 25), (n, n)))
            change = decide(on, answer)
            await store.record(answer.poll, change, ())
            on = change.tracking
            [again] = await store.trackings(())
            assert stepped(again) == stepped(on)
        assert [at for at, _ in stepped(on).tracked[0].rules[0].window] == [
            after(x) for x in (94, 106, 118)
        ]


@pytest.mark.parametrize("how", ["rules", "withdrawn", "added"])
async def test_what_was_passed_while_a_rule_was_away_is_no_news(tmp_path: Path, how: str) -> None:
    """A rule that comes back past its level is armed like one of a bet that is added there."""
    rule = parse_rule("p >= 0.80")
    pick = parse_pick("DEN ML", find_in("nba"))
    made = Draft(pick, game_text="LAL@DEN", rules=(rule,))
    points = [(25, 25), (50, 25), (52, 25), (52, 52), (80, 52), (82, 52)]
    states = [live(3, 700 - 100.0 * n, (25, 25), x) for n, x in enumerate(points)]
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0, durable=False) as store:

        async def fired(state: GameState, seconds: float) -> bool:
            [tracking] = await store.trackings(())
            change = look(tracking, state, seconds)
            await store.record(Answer(seconds, state).poll, change, ())
            return any(x.decision is Decision.FIRED for x in change.alerts)

        await store.add(made, game=GAME, defaults=(), at=T0)
        assert not await fired(states[0], 10)
        match how:
            case "rules":
                await store.by_hand.watch_for(1, (), "cli", after(20))
                await store.by_hand.watch_for(1, (rule,), "cli", after(900))
            case "withdrawn":
                await store.withdraw(1, after(20))
                await store.by_hand.take_up(1, "cli", after(900))
            case _:
                await store.withdraw(1, after(20))
                await store.add(made, game=GAME, defaults=(), at=after(900))
        found = [await fired(x, 910 + 10 * n) for n, x in enumerate(states[1:])]
        assert found == [False, False, False, False, True]


def players(tracking: GameTracking) -> tuple[PlayerLine, ...]:
    """The players of the believed state."""
    return () if tracking.state is None else tracking.state.players
