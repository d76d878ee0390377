"""Parlays on disk: each leg's and game's standing, and bets that are in two trackings."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.engine.build import GAME, T0, a_game, after, decide, outlook, rng
from tests.store.values import draft, give, started
from tracker.app.bets import Bets
from tracker.domain.bet import Parlay, Result
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Side
from tracker.domain.market import Direction, DoubleDouble, Moneyline, PlayerTotal
from tracker.domain.money import parse_odds
from tracker.domain.pick import ParlayPick, Pick, PlayerFigure, Tens
from tracker.domain.player import Player, Stat
from tracker.domain.policy import parse_rule
from tracker.domain.poll import Poll
from tracker.domain.tracking import Change, GameTracking
from tracker.intake import Changes
from tracker.language import find_in, parse_pick
from tracker.store import Store

OTHER = Game("0022600002", "nba", "BOS", "NYK", T0 + timedelta(minutes=30))
RULES = tuple(parse_rule(x) for x in ("p >= 0.30", "p <= 0.10", "hit", "dead", "settled"))
JOKIC = Player("Nikola Jokić", Side.HOME)
SINGLES = ("DEN ML -110 $20", "LAL@DEN over 210.5 -110 $5")


def leg(line: str) -> Pick:
    """A leg as it is written."""
    return parse_pick(line, find_in("nba"))


def players(game: Game) -> tuple[Player, ...]:
    """The players of a game."""
    return (JOKIC,) if game.id == GAME.id else ()


def slip(*legs: Pick, odds: str = "+260") -> Draft:
    """A parlay of these legs for ten dollars."""
    text = "parlay: " + "; ".join(x.text for x in legs)
    return Draft(ParlayPick(text, legs), odds=parse_odds(odds), stake_cents=1000)


POINTS = Pick("Jokic over 9.5 pts", PlayerFigure(Stat.PTS, Direction.OVER, 9.5), player="Jokic")
TWICE = Pick("Jokic double-double", Tens(2, happens=True), player="Jokic")
SLIPS = (
    (slip(leg("DEN ML -110"), leg("BOS ML -120")), (GAME, OTHER)),
    (slip(leg("LAL@DEN over 200.5"), POINTS, leg("NYK@BOS 1H over 90.5")), (GAME, GAME, OTHER)),
    (slip(leg("DEN -1.5"), TWICE), (GAME, GAME)),
    (Draft(POINTS, odds=parse_odds("-115"), stake_cents=500), (GAME,)),
)


async def register(store: Store) -> list[GameTracking]:
    """The trackings of both games."""
    for line in SINGLES:
        await store.add(draft(line), game=GAME, defaults=RULES, at=T0)
    for made, games in SLIPS:
        await store.add(made, game=games, defaults=RULES, at=T0, roster_of=players)
    return await store.trackings(RULES)


def boxed(state: GameState, game: Game) -> GameState:
    """The state with a box score in which one player has a fifth of the points."""
    stats = (("pts", state.score.home // 5), ("reb", state.score.home // 12), ("ast", 0))
    figures = (*stats, ("stl", 0), ("blk", 0))
    on = state.phase is not Phase.SCHEDULED
    line = PlayerLine("1", "Nikola Jokić", Side.HOME, figures, 20.0, on_court=on, played=on)
    return replace(state, game=game, players=(line,) if game.id == GAME.id else ())


def evening(seed: int) -> list[tuple[float, GameState]]:
    """The polls of both games by time, some at one moment, up to the last check of the boxes."""
    found: list[tuple[float, int, GameState]] = []
    for number, game in enumerate((GAME, OTHER)):
        states = [boxed(x, game) for x in a_game(rng(seed + 10 * number), step=300)]
        found += [(n * 120.0 + 1800 * number, number, x) for n, x in enumerate(states)]
        end = len(states) * 120.0 + 1800 * number
        found += [(end + x, number, states[-1]) for x in (0, 60, 120, 9000, 9060, 90_000, 90_060)]
    return [(at, state) for at, _, state in sorted(found, key=lambda x: x[:2])]


def a_poll(seconds: float, state: GameState) -> Poll:
    """One board with both games at a moment."""
    body = repr(seconds).encode()
    return Poll("nba", "board", after(seconds), body, hashlib.sha256(body).hexdigest(), state)


def shared(trackings: dict[str, GameTracking], tracking: GameTracking) -> dict[str, GameTracking]:
    """All trackings, after one of them has learnt more about bets on both games."""
    known = {x.bet.number: x for x in tracking.tracked}
    return {
        y.game.id: replace(y, tracked=tuple(known.get(x.bet.number, x) for x in y.tracked))
        for y in (trackings | {tracking.game.id: tracking}).values()
    }


def before_of(trackings: dict[str, GameTracking]) -> dict[tuple[int, int], object]:
    """Each leg's chance at the poll before, which a message may need after a restart."""
    tracked = [one for x in trackings.values() for one in x.tracked]
    return {(y.bet, y.leg): y.was for one in tracked for y in one.legs}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_restart_after_every_poll_of_either_game_changes_nothing(
    tmp_path: Path, seed: int
) -> None:
    """What both games made of parlays and player bets is restored exactly after each poll."""
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0, durable=False) as store:
        on = {x.game.id: x for x in await register(store)}
        for seconds, state in evening(seed):
            tracking = on.get(state.game.id)
            if tracking is None or tracking.settled:
                continue
            change = decide(tracking, state, outlook(state), after(seconds))
            await store.record(a_poll(seconds, state), change, ("console",))
            on = shared(on, change.tracking)
            again = {x.game.id: x for x in await store.trackings(RULES)}
            left = {k: x for k, x in on.items() if not x.settled}
            assert again == left
            assert before_of(again) == before_of(left)
        assert all(x.settled for x in on.values())
        assert await store.trackings(RULES) == []
        views = {x.number: x for x in await store.bets_view()}
        alerts = [x.alert for x in await store.alerts_view()]
    assert {x.status.value for x in views.values()} <= {"official", "needs_review"}
    assert len({(x.bet, x.rule, x.episode) for x in alerts}) == len(alerts)
    settled = [x.bet for x in alerts if x.rule == "settled"]
    assert sorted(settled) == [n for n, x in sorted(views.items()) if x.result is not None]


async def test_every_leg_is_read_back_as_it_was_bound(store: Store) -> None:
    """Markets, games, players and odds of the legs are in the order of the slip."""
    trackings = await register(store)
    bets = {x.bet.number: x.bet for tracking in trackings for x in tracking.tracked}
    first, second, third, single = (bets[n].market for n in (3, 4, 5, 6))
    assert isinstance(first, Parlay)
    assert isinstance(second, Parlay)
    assert isinstance(third, Parlay)
    assert [(x.game, x.market, x.odds) for x in first.legs] == [
        (GAME, Moneyline(Side.HOME), parse_odds("-110")),
        (OTHER, Moneyline(Side.HOME), parse_odds("-120")),
    ]
    assert [x.game.id for x in second.legs] == [GAME.id, GAME.id, OTHER.id]
    assert third.legs[1].market == DoubleDouble(JOKIC)
    assert single == second.legs[1].market == PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 9.5)
    assert [[x.bet.number for x in tracking.tracked] for tracking in trackings] == [
        [1, 2, 3, 4, 5, 6],
        [3, 4],
    ]


async def test_a_poll_that_tells_of_both_games_keeps_both_moments(store: Store) -> None:
    """One board moves a parlay twice; its history has both chances, each with its game."""
    on = {x.game.id: x for x in await register(store)}
    state = boxed(next(x for x in a_game(rng(1)) if x.phase is Phase.LIVE), GAME)
    before = replace(state, phase=Phase.SCHEDULED, period=0, game=OTHER, players=())
    for seconds, seen in ((0.0, replace(before, clock=0.0)), (60.0, state)):
        tracking = on[seen.game.id]
        change = decide(tracking, seen, outlook(seen), after(seconds))
        await store.record(a_poll(seconds, seen), change, ())
        on = shared(on, change.tracking)
    later = replace(state, score=replace(state.score, home=9), periods=None)
    for seen in (replace(later, game=GAME), replace(later, game=OTHER, players=())):
        change = decide(on[seen.game.id], seen, outlook(seen), after(120.0))
        await store.record(a_poll(120.0, seen), change, ())
        on = shared(on, change.tracking)
    shown = await store.show_view(3)
    assert shown is not None
    taken = [(x.poll, x.game) for x in shown.snapshots]
    assert taken[-2:] == [(taken[-1][0], GAME.id), (taken[-1][0], OTHER.id)]
    assert all(x.snapshot.part is not None for x in shown.snapshots)
    # Both games stand at the same minute of play, and that is two moments of the slip.
    await give(store, 3, Result.WON, 3600, after(130.0))
    moments = {
        (x.game, x.snapshot.game.period, int(x.snapshot.game.clock // 60)) for x in shown.snapshots
    }
    assert len({x[1:] for x in moments}) < len(moments)
    assert sum(x.bet == 3 for x in await store.outcomes.predictions()) == len(moments)


async def test_a_parlay_waits_until_every_game_is_known(store: Store) -> None:
    """A slip is bound with all its games, or not at all."""
    made, games = SLIPS[0]
    await store.add(made, game=None, defaults=RULES, at=T0)
    assert await store.unbound() == [(1, made)]
    assert await store.trackings(RULES) == []
    await store.bind_all([(1, games)], T0)
    assert await store.unbound() == []
    assert [x.game.id for x in await store.trackings(RULES)] == [GAME.id, OTHER.id]


async def test_a_withdrawn_parlay_is_in_no_book(store: Store) -> None:
    """Neither of its games is followed because of it."""
    made, games = SLIPS[0]
    await store.add(made, game=games, defaults=RULES, at=T0)
    assert await store.withdraw(1, T0)
    assert await store.trackings(RULES) == []


async def test_a_slip_that_becomes_another_keeps_nothing_of_its_legs(store: Store) -> None:
    """The result of a leg is not that of the leg which takes its place, on disk and in memory."""
    await store.add(slip(leg("DEN 1Q ML"), POINTS), game=(GAME, GAME), defaults=RULES, at=T0,
                    roster_of=players)  # fmt: skip
    [tracking] = await store.trackings(RULES)
    [old] = tracking.tracked
    won = replace(old, legs=(replace(old.legs[0], result=Result.WON, reason="Q1"), old.legs[1]))
    change = Change(replace(tracking, tracked=(won,)), legs=won.legs[:1])
    await store.record(a_poll(1, next(a_game(rng(1)))), change, ())
    bets = Bets(store, RULES, 1000)
    await bets.edit("1", Changes(pick="parlay: DEN -4.5; LAL@DEN under 230.5"), after(5))
    await store.bind_all([(1, (GAME, GAME))], after(6))
    [tracking] = await store.trackings(RULES)
    [new] = tracking.tracked
    assert [x.result for x in new.legs] == [None, None]
    assert won.met_again(new) == new
    assert [x.result for x in won.met_again(replace(won, bet=replace(won.bet))).legs] == [
        Result.WON,
        None,
    ]
