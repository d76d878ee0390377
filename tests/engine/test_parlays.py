"""Promises of parlays: legs of one game are joint, games are independent, void legs drop out."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.build import (
    GAME,
    PRIOR,
    SCHEDULED,
    T0,
    a_game,
    after,
    final,
    live,
    outlook,
    rng,
    summed,
)
from tests.engine.finals import Slate
from tracker.domain import BadBet
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import ASK_BOOK, Bet, Leg, Parlay, Result, Settlement, Status, wager_text
from tracker.domain.chance import LOST, PUSHED, WON, Chance, NoChance
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, Stat
from tracker.domain.policy import Fact, parse_rule
from tracker.domain.poll import Trouble, Unreadable
from tracker.domain.tracking import Group, LegStanding, Tracked
from tracker.engine.decide.advance import note
from tracker.engine.decide.parlays import combined
from tracker.engine.rules.stepping import with_leg
from tracker.engine.settle.by_hand import Case, graded_again, paid_anew
from tracker.engine.settle.by_hand import given as given_by_hand
from tracker.engine.settle.certainty import announced_as
from tracker.engine.settle.grading import Unsettleable
from tracker.engine.settle.payout import outcome
from tracker.forecast import forecast, load_parameters, parlay, price
from tracker.wording.alerts import compose

OTHER = Game("0022600002", "nba", "BOS", "NYK", T0 + timedelta(minutes=30))
THIRD = Game("0022600003", "nba", "OKC", "DAL", T0 + timedelta(hours=1))
OVER = Total(Direction.OVER, 224.5)
RULES = tuple(parse_rule(x.value) for x in (Fact.HIT, Fact.DEAD, Fact.SETTLED, Fact.REGRADED))


def elsewhere(state: GameState, game: Game) -> GameState:
    """The same state in another game."""
    return replace(state, game=game)


def slip(*legs: tuple[Game, Market], odds: str | None = None, each: str | None = "-110") -> Bet:
    """A parlay of $10 whose legs all have the price `each`."""
    price_of = None if each is None else parse_odds(each)
    wager = Parlay(tuple(Leg(game, market, price_of) for game, market in legs))
    return Bet(
        number=1,
        pick="a parlay",
        market=wager,
        game=wager.games[0],
        rules=RULES,
        added_at=T0,
        odds=None if odds is None else parse_odds(odds),
        stake_cents=1000,
    )


BOTH = slip((GAME, Moneyline(Side.HOME)), (OTHER, Moneyline(Side.HOME)))
"""A parlay on the home teams of two games."""


def poll(slate: Slate, state: GameState, seconds: float) -> None:
    """Poll one game with its forecast."""
    seen = None if state.phase.off else forecast(state, PRIOR, load_parameters("nba"))
    slate.poll(state, after(seconds), seen)


def one(slate: Slate) -> Tracked:
    """The parlay as it stands."""
    return slate.tracked()[1]


WIN = final((30, 25), (30, 25), (30, 25), (30, 25))
LOSS = final((25, 30), (25, 30), (25, 30), (25, 30))
HALF = live(2, 0, (30, 25), (30, 25), phase=Phase.BREAK)


def test_games_are_independent() -> None:
    """A parlay's chance over several games is the product of the games' chances."""
    slate = Slate.of([GAME, OTHER], [slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))])
    poll(slate, HALF, 10)
    assert one(slate).chance is None, "nothing is known of the other game yet"
    poll(slate, elsewhere(HALF, OTHER), 20)
    home = price(Moneyline(Side.HOME), outlook(HALF))
    over = price(OVER, outlook(HALF))
    chance = one(slate).chance
    assert chance is not None
    assert chance.win == pytest.approx(home.win * over.win, abs=1e-6)
    assert [x.chance for x in one(slate).legs] == [home, over]
    assert {x.game: x.chance for x in one(slate).groups} == {GAME.id: home, OTHER.id: over}


def test_an_alert_names_a_leg_that_went_its_own_way() -> None:
    """An alert names the leg that moved only when it moved in the parlay's direction."""
    slate = Slate.of([GAME, OTHER], [slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))])
    poll(slate, HALF, 10)
    old = one(slate)
    before, after = (
        replace(old, legs=tuple(replace(x, chance=Chance(p, 0.0, 1 - p)) for x in old.legs[:1]))
        for p in (0.84, 0.80)
    )
    risen = Alert(
        1, "p >= 0.80", 1, T0, Decision.FIRED, Reason.CROSSED, "Q4 5:40", Score(0, 0),
        p=0.80, was=0.78,
    )  # fmt: skip
    assert with_leg(risen, before.legs, after).leg is None
    assert with_leg(replace(risen, p=0.20, was=0.25), before.legs, after).leg == 0


@pytest.mark.parametrize(
    ("was", "now", "named"),
    [
        ((0.99, 0.245), (0.97, 0.24), 1),
        ((0.99, 0.24), (0.97, 0.24), None),
        ((0.99, 0.2), (0.97, 0.0), 1),
    ],
)
def test_an_alert_names_no_leg_that_cannot_have_moved_it(
    was: tuple[float, float], now: tuple[float, float], named: int | None
) -> None:
    """A leg at 97 % has not taken a parlay from 33 % to 23 %; one that halved may have."""
    slate = Slate.of([GAME, OTHER], [slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))])
    poll(slate, HALF, 10)
    poll(slate, elsewhere(HALF, OTHER), 20)
    old = one(slate)
    before, after = (
        replace(
            old,
            legs=tuple(
                replace(x, chance=Chance(p, 0.0, 1 - p))
                for x, p in zip(old.legs, chances, strict=True)
            ),
        )
        for chances in (was, now)
    )
    fallen = Alert(
        1, "p <= 0.30", 1, T0, Decision.FIRED, Reason.CROSSED, "Q4 8:40", Score(0, 0),
        p=0.23, was=0.33,
    )  # fmt: skip
    assert with_leg(fallen, before.legs, after).leg == named


def test_an_alert_that_was_held_names_the_leg_that_moved_first() -> None:
    """The second reading, which only confirms, does not give another leg as the reason."""
    bet = slip((GAME, Moneyline(Side.HOME)), (GAME, replace(OVER, points=200.5)))
    slate = Slate.of([GAME], [replace(bet, rules=(parse_rule("p <= 0.40"),))])
    for seconds, clock, away in ((10, 500, 20), (20, 490, 20), (30, 480, 34), (40, 470, 34)):
        poll(slate, live(4, clock, (30, 25), (30, 25), (25, 25), (20, away)), seconds)
    (fired,) = (x for x in slate.alerts if x.decision is Decision.FIRED)
    assert fired.leg == 0


@pytest.mark.parametrize("last", [GAME, OTHER])
def test_an_alert_over_several_games_names_the_leg_that_moved(last: Game) -> None:
    """Whichever game's poll confirms it, the leg that fell is named, with its clock or none."""
    slate = Slate.of([GAME, OTHER], [replace(BOTH, rules=(parse_rule("p <= 0.20"),))])
    polls = [(GAME, 20, 0), (OTHER, 20, 4), (GAME, 20, 10), (OTHER, 20, 14), (GAME, 36, 20)]
    for game, away, seconds in [*polls, (last, 36 if last is GAME else 20, 30)]:
        state = live(4, 400 - seconds, (30, 25), (30, 30), (25, 25), (20, away))
        poll(slate, elsewhere(state, game), seconds)
    (fired,) = (x for x in slate.alerts if x.decision is Decision.FIRED)
    first = compose(fired, one(slate), slate.trackings[last.id]).splitlines()[0]
    assert "Parlay (2): leg 1 DEN ML down to " in first
    assert ("Q4 6:10" in first) == (last is GAME)


def test_a_leg_that_moved_before_its_half_time_explains_no_later_alert() -> None:
    """A slow fall of one game names its own leg, not the last move of one that stands still."""
    slate = Slate.of([GAME, OTHER], [replace(BOTH, rules=(parse_rule("p <= 0.35"),))])
    for seconds, away in ((0, 20), (10, 28)):
        half = live(2, 0, (30, 25), (29, away), phase=Phase.BREAK)
        poll(slate, elsewhere(half, OTHER), seconds)
    for seconds in range(20, 80, 10):
        poll(slate, live(4, 320 - seconds, (30, 25), (30, 30), (25, 25), (20, 26)), seconds)
    (fired,) = (x for x in slate.alerts if x.decision is Decision.FIRED)
    assert fired.leg == 0


def test_a_leg_that_was_hit_minutes_ago_explains_no_later_alert() -> None:
    """A leg at 100 % stands still: the alert names the one that rises beside it."""
    rebounds = PlayerTotal(Player("Big Man", Side.HOME), Stat.REB, Direction.OVER, 9.5)
    bet = slip((GAME, Moneyline(Side.HOME)), (GAME, rebounds))
    slate = Slate.of([GAME], [replace(bet, rules=(parse_rule("p >= 0.70"),))])
    line = PlayerLine("7", "Big Man", Side.HOME, (), 20.0, played=True)
    for n, home in enumerate((20, 20, 20, 20, 24, 24)):
        stats = (("pts", 10), ("reb", 9 if n < 1 else 10))
        state = live(4, 340 - 10 * n, (30, 25), (30, 30), (25, 30), (home, 20))
        poll(slate, replace(state, players=(replace(line, stats=stats),)), 10 * n)
    (fired,) = (x for x in slate.alerts if x.decision is Decision.FIRED)
    assert fired.leg == 0


def test_legs_of_one_game_go_together() -> None:
    """A same-game parlay is priced by the joint distribution, not by the product."""
    legs = (Moneyline(Side.HOME), TeamTotal(Side.HOME, Direction.OVER, 114.5))
    slate = Slate.of([GAME], [slip(*((GAME, x) for x in legs))])
    poll(slate, HALF, 10)
    chance = one(slate).chance
    assert chance == parlay(legs, outlook(HALF))
    assert chance.win > 1.05 * price(legs[0], outlook(HALF)).win * (
        price(legs[1], outlook(HALF)).win
    )


def test_a_snapshot_tells_the_part_of_its_game() -> None:
    """A snapshot holds the chance of its game's legs, so that a restart knows it."""
    slate = Slate.of([GAME, OTHER], [slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))])
    poll(slate, elsewhere(HALF, OTHER), 10)
    poll(slate, HALF, 20)
    change = slate.last
    assert change is not None
    (snapshot,) = change.snapshots
    assert snapshot.part == price(Moneyline(Side.HOME), outlook(HALF))
    assert snapshot.chance == one(slate).chance
    assert [x.leg for x in change.legs] == [0]


def test_a_lost_leg_loses_the_parlay_at_once() -> None:
    """A leg that two polls call lost loses the parlay, whatever the other games do."""
    slate = Slate.of([GAME, OTHER], [slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))])
    poll(slate, elsewhere(HALF, OTHER), 10)
    poll(slate, LOSS, 20)
    assert one(slate).settlement is None
    poll(slate, LOSS, 90)
    done = one(slate).settlement
    assert done is not None
    assert (done.result, done.payout_cents) == (Result.LOST, 0)
    assert done.reason == "leg 1 lost: LAL 120, DEN 100 (Final)"
    assert one(slate).legs[0].lost
    assert one(slate).legs[1].alive
    poll(slate, elsewhere(WIN, OTHER), 300)
    assert slate.last is not None
    assert slate.last.snapshots == ()
    poll(slate, elsewhere(WIN, OTHER), 400)
    assert one(slate).settlement == done
    assert one(slate).legs[1].result is Result.LOST, "a total of 220"


def test_a_parlay_is_hit_and_dead_as_a_whole() -> None:
    """A parlay is `hit` when no leg can lose any more, and `dead` with the leg that has lost."""
    hit = slip((GAME, Total(Direction.OVER, 99.5)), (OTHER, Total(Direction.OVER, 98.5)))
    slate = Slate.of([GAME, OTHER], [hit])
    for seconds, game in ((10, GAME), (20, OTHER)):
        poll(slate, elsewhere(live(1, 600, (3, 2)), game), seconds)
    poll(slate, HALF, 30)
    assert (one(slate).legs[0].hit, one(slate).legs[1].hit) == (True, False)
    for seconds in (40, 50):
        poll(slate, elsewhere(HALF, OTHER), seconds)
        assert one(slate).chance == WON
    assert [x.leg for x in slate.fired(Fact.HIT)] == [1], "one poll of the first game is too few"
    for seconds in (60, 70):
        poll(slate, HALF, seconds)
    assert [x.leg for x in slate.fired(Fact.HIT)] == [1, None]
    dead = slip((GAME, Total(Direction.UNDER, 99.5)), (OTHER, OVER))
    slate = Slate.of([GAME, OTHER], [dead])
    for seconds, game in ((10, GAME), (20, OTHER)):
        poll(slate, elsewhere(live(1, 600, (3, 2)), game), seconds)
    poll(slate, HALF, 30)
    assert one(slate).chance == LOST
    poll(slate, HALF, 40)
    (alert,) = slate.fired(Fact.DEAD)
    first = compose(alert, one(slate), slate.trackings[GAME.id]).splitlines()[0]
    assert first == "✘ Parlay (2) DEAD: leg 1 of 2 lost, LAL@DEN u99.5 · 1 lost, 1 alive, Half"


def test_no_leg_of_a_parlay_that_is_lost_is_told_as_won() -> None:
    """A leg that is won by the poll that loses another is no news."""
    legs = [(GAME, Total(x, 99.5)) for x in Direction]
    slate = Slate.of([GAME, OTHER], [slip(*legs, (OTHER, OVER))])
    for seconds, state in ((10, live(1, 600, (3, 2))), (30, HALF), (40, HALF)):
        poll(slate, state, seconds)
    assert (len(slate.fired(Fact.DEAD)), slate.fired(Fact.HIT)) == (1, [])


@pytest.mark.parametrize(
    ("first", "second", "result", "cents"),
    [
        ("won", "won", Result.WON, 3645),
        ("won", "void", Result.WON, 1909),
        ("won", "push", Result.WON, 1909),
        ("push", "void", Result.PUSH, 1000),
        ("push", "push", Result.PUSH, 1000),
        ("void", "void", Result.VOID, 1000),
        ("lost", "void", Result.LOST, 0),
    ],
)
def test_legs_that_drop_out_leave_the_rest(
    first: str, second: str, result: Result, cents: int
) -> None:
    """Void and pushed legs drop out, and the payout is that of the other legs."""
    bet = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))
    legs = [
        LegStanding(1, i, result=Result(x), reason=f"by {i}", evidence=f"box {i}")
        for i, x in enumerate((first, second))
    ]
    ended = outcome(bet, legs)
    assert ended is not None
    assert (ended.result, ended.payout_cents) == (result, cents)
    both = f"leg 1 {first}: by 0; leg 2 {second}: by 1"
    assert ended.reason == (both if result is not Result.LOST else "leg 1 lost: by 0")
    assert ended.evidence == "leg 1: box 0; leg 2: box 1"
    watched = outcome(replace(bet, stake_cents=None), legs)
    assert watched is not None
    assert watched.payout_cents is None


def standings(*results: str) -> list[LegStanding]:
    """Legs with these results; `?` is a leg that cannot be settled."""
    return [
        LegStanding(1, i, unclear="no box")
        if x == "?"
        else LegStanding(1, i, result=Result(x) if x else None)
        for i, x in enumerate(results)
    ]


def test_what_the_rest_pays_is_never_guessed() -> None:
    """With unknown or boosted prices, a parlay with a dropped leg asks what the book paid."""
    whole = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER), odds="+260", each=None)
    ended = outcome(whole, standings("won", "won"))
    assert ended is not None
    assert ended.payout_cents == 3600
    ended = outcome(whole, standings("won", "void"))
    assert ended is not None
    assert (ended.result, ended.payout_cents) == (Result.WON, None)
    assert "leg 2 dropped out and the legs' own prices are not known" in ended.reason
    assert ended.reason.endswith(ASK_BOOK)
    boosted = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER), odds="+450")
    ended = outcome(boosted, standings("won", "void"))
    assert ended is not None
    assert (ended.result, ended.payout_cents) == (Result.WON, None)
    assert "parlay at +450, which is not the product" in ended.reason
    assert ended.reason.endswith(ASK_BOOK)
    plain = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER), odds="+264")
    ended = outcome(plain, standings("won", "void"))
    assert ended is not None
    assert ended.payout_cents == 1909
    watched = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER), each=None)
    ended = outcome(watched, standings("won", "void"))
    assert ended is not None
    assert ended.payout_cents is None


def test_a_leg_that_cannot_be_told_waits_for_the_others() -> None:
    """An unclear leg asks a person only when all other legs are known and none lost."""
    bet = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))
    assert outcome(bet, standings("?", "")) is None
    lost = outcome(bet, standings("?", "lost"))
    assert lost is not None
    assert lost.result is Result.LOST
    with pytest.raises(Unsettleable, match="leg 1: no box"):
        outcome(bet, standings("?", "won"))


def test_a_postponed_game_drops_its_legs() -> None:
    """The legs of a postponed game drop out, and the other game's legs decide."""
    off = GameState(GAME, Phase.POSTPONED, 0, 0, Score(0, 0))
    slate = Slate.of([GAME, OTHER], [BOTH])
    for seconds in (10, 80):
        poll(slate, off, seconds)
    assert [x.chance for x in one(slate).groups] == [PUSHED, None]
    poll(slate, elsewhere(HALF, OTHER), 90)
    chance = one(slate).chance
    assert chance is not None
    assert chance.win == pytest.approx(price(Moneyline(Side.HOME), outlook(HALF)).win)
    for seconds in (200, 300):
        poll(slate, elsewhere(WIN, OTHER), seconds)
    done = one(slate).settlement
    assert done is not None
    assert (done.result, done.payout_cents) == (Result.WON, 1909)


@pytest.mark.parametrize(
    ("end", "market", "told"),
    [
        (GameState(GAME, Phase.POSTPONED, 0, 0, Score(0, 0)), Moneyline(Side.HOME), "⊘ void ML"),
        (WIN, Total(Direction.OVER, 220.0), "↔ push o220"),
    ],
)
def test_a_leg_that_drops_out_is_told_once(end: GameState, market: Market, told: str) -> None:
    """A void or pushed leg of an open parlay changes what it pays: the person is told which."""
    slate = Slate.of([GAME, OTHER], [slip((GAME, market), (OTHER, OVER))])
    for seconds in (10, 80, 150, 220):
        poll(slate, end, seconds)
    poll(slate, elsewhere(HALF, OTHER), 230)
    (alert,) = slate.fired(Fact.HIT)
    mark, why, name = told.split()
    first, second = compose(alert, one(slate), slate.trackings[GAME.id]).splitlines()
    assert second.startswith("LAL@DEN · " if end.phase.off else "LAL 100 – 120 DEN · ")
    assert first.startswith(f"{mark} Parlay (2): leg 1 of 2 drops out ({why}), ")
    assert f"{name} · 1 alive, 1 dropped, " in first


def test_a_leg_that_wins_with_its_game_is_told_with_its_result() -> None:
    """Two polls of a final are a result a minute apart, and no sooner."""
    last = Moneyline(Side.HOME, Span.Q4)
    slate = Slate.of([GAME, OTHER], [slip((GAME, last), (OTHER, OVER))])
    poll(slate, elsewhere(HALF, OTHER), 10)
    told = []
    for seconds in (20, 30, 90):
        poll(slate, WIN, seconds)
        told.append([x.leg for x in slate.fired(Fact.HIT)])
    assert told == [[], [], [0]]


def test_legs_that_end_at_once_are_each_told() -> None:
    """One poll may end several legs of a parlay: the pushed one is told beside the won one."""
    legs = (Moneyline(Side.HOME), Total(Direction.OVER, 220.0))
    slate = Slate.of([GAME, OTHER], [slip(*((GAME, x) for x in legs), (OTHER, OVER))])
    for seconds in (10, 80, 150):
        poll(slate, WIN, seconds)
    told = slate.fired(Fact.HIT)
    assert {(x.leg, x.episode) for x in told} == {(1, 1), (0, 2)}
    texts = " ".join(compose(x, one(slate), slate.trackings[GAME.id]) for x in told)
    assert "leg 1 of 3 won" in texts
    assert "leg 2 of 3 drops out (push)" in texts


@pytest.mark.parametrize(("rules", "legs"), [((Fact.HIT,), [0]), ((Fact.HIT, Fact.OUT), [])])
def test_a_leg_of_a_player_who_is_out_is_told_once(
    rules: tuple[Fact, ...], legs: list[int]
) -> None:
    """It is told when he is known to be out, or else, without that rule, when it drops out."""
    who = Player("Big Man", Side.HOME)
    line = PlayerTotal(who, Stat.PTS, Direction.OVER, 20.5)
    bet = slip((GAME, line), (OTHER, OVER))
    slate = Slate.of([GAME, OTHER], [replace(bet, rules=tuple(parse_rule(x.value) for x in rules))])
    absent = PlayerLine("1", who.name, who.side, (("pts", 0),), out=True)
    rest = PlayerLine("2", "A Mate", who.side, (("pts", 120),), 40.0, played=True)
    for seconds, state in ((10, HALF), (80, WIN), (150, WIN)):
        poll(slate, replace(state, players=(absent, rest)), seconds)
    assert (one(slate).legs[0].result, one(slate).legs[0].no_chance) == (Result.VOID, NoChance.OUT)
    assert len(slate.fired(Fact.OUT)) == len(rules) - 1
    assert [x.leg for x in slate.fired(Fact.HIT)] == legs


@pytest.mark.parametrize(
    ("line", "revised"), [(219.5, (2, Result.LOST, 0)), (214, (2, Result.WON, 1909))]
)
def test_a_corrected_box_revises_the_parlay(line: float, revised: object) -> None:
    """A regraded leg makes a new revision of the parlay, also where only the payout changes."""
    bet = slip((GAME, Moneyline(Side.HOME)), (OTHER, Total(Direction.OVER, line)))
    slate = Slate.of([GAME, OTHER], [bet])
    for seconds in (0, 60):
        poll(slate, WIN, seconds)
        poll(slate, elsewhere(WIN, OTHER), seconds + 5)
    done = one(slate).settlement
    assert done is not None
    assert done.result is Result.WON
    less = elsewhere(final((30, 25), (30, 25), (30, 25), (29, 20)), OTHER)
    for seconds in (120, 180, 240, 300):
        poll(slate, less, seconds)
    done = one(slate).settlement
    assert done is not None
    assert (done.revision, done.result, done.payout_cents) == revised


def test_a_parlay_is_official_with_the_games_that_decide_it() -> None:
    """A lost parlay is official with the game that lost it, a won one with its last game."""
    losing = replace(slip((GAME, Moneyline(Side.AWAY)), (OTHER, Moneyline(Side.HOME))), number=2)
    slate = Slate.of([GAME, OTHER], [BOTH, losing])
    for seconds in (0, 60, 3 * 3600):
        poll(slate, WIN, seconds)
        if seconds < 3600:
            poll(slate, elsewhere(WIN, OTHER), seconds + 5)
    assert [x.official for x in slate.tracked()[1].legs] == [True, False]
    assert slate.tracked()[2].official
    assert not slate.tracked()[1].official
    poll(slate, elsewhere(WIN, OTHER), 3 * 3600 + 5)
    assert slate.tracked()[1].official
    assert slate.tracked()[1].status(WIN) is Status.OFFICIAL


def test_a_result_given_by_hand_is_kept_and_told_to_nobody() -> None:
    """No box changes a result given by hand, and no alert announces it."""
    slate = Slate.of([GAME, OTHER], [BOTH])
    poll(slate, HALF, 0)
    given = Settlement(1, 1, Result.VOID, 1000, after(30), "by hand: cashed out", by_hand=True)
    tracking = slate.trackings[GAME.id]
    stored = replace(Tracked.fresh(BOTH), settlement=given, official=True)
    slate.trackings[GAME.id] = tracking.with_bets((stored,))
    poll(slate, HALF, 40)
    for seconds in (100, 200, 4 * 3600):
        poll(slate, LOSS, seconds)
    assert one(slate).settlement == given
    assert slate.fired(Fact.SETTLED) == []
    assert slate.trackings[GAME.id].standing.settled


def test_a_question_about_another_game_stays_when_this_one_goes_on() -> None:
    """A parlay stays with the person for what the silent game has left open."""
    bet = slip((GAME, Moneyline(Side.HOME, Span.H1)), (OTHER, Moneyline(Side.HOME)))
    slate = Slate.of([GAME, OTHER], [bet])
    for seconds in (0, 20):
        poll(slate, HALF, seconds)
    shared = slate.trackings[OTHER.id].with_tracked(one(slate))
    silent = note(shared, Unreadable(Trouble.DOWN, "no answer"), after(48_000))
    (asked,) = silent.tracking.tracked
    assert asked.review == "leg 2: no source has told that it was played"
    slate.trackings[OTHER.id] = silent.tracking
    slate.trackings[GAME.id] = slate.trackings[GAME.id].with_tracked(asked)
    poll(slate, live(3, 700, (30, 25), (30, 25), (2, 0)), 48_010)
    assert slate.last is not None
    assert (one(slate).review, slate.last.reviews) == (asked.review, ())


LATER = elsewhere(SCHEDULED, OTHER)


@pytest.mark.parametrize(
    ("states", "result", "refused"),
    [
        ((), Result.LOST, "has not begun"),
        ((SCHEDULED, LATER), Result.LOST, "has not begun"),
        ((HALF, LATER), Result.WON, "has not begun"),
        ((HALF, LATER), Result.LOST, ""),
        ((SCHEDULED, LATER), Result.VOID, ""),
        ((HALF, elsewhere(HALF, OTHER)), Result.WON, ""),
    ],
)
def test_a_parlay_may_be_lost_by_hand_once_one_of_its_games_has_begun(
    states: tuple[GameState, ...], result: Result, refused: str
) -> None:
    """It may be won only once all have, and void at any time."""
    known = {x.game.id: x for x in states}
    case = Case(1, Tracked.fresh(BOTH), known, False, None, False, 1000, BOTH.odds, False)
    if refused:
        with pytest.raises(BadBet, match=refused):
            given_by_hand(case, result, None, "a slip", after(-60))
    else:
        ruling = given_by_hand(case, result, None, "a slip", after(-60))
        assert (ruling.settlement.result, ruling.official) == (result, True)


@pytest.mark.parametrize(("result", "paid"), [(Result.LOST, 0), (Result.PUSH, 1000)])
def test_what_only_the_book_knows_is_asked_of_a_win_alone(result: Result, paid: int) -> None:
    """A loss or a push by hand needs neither odds nor what the book paid for the rest."""
    bet = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER), each=None)
    asks = Settlement(1, 1, Result.WON, None, after(5), f"leg 2 dropped out: {ASK_BOOK}")
    states = {x.game.id: x for x in (WIN, elsewhere(WIN, OTHER))}
    for odds, before in ((None, None), (parse_odds("+260"), asks)):
        case = Case(1, Tracked.fresh(bet), states, False, before, False, 1000, odds, False)
        with pytest.raises(BadBet, match="say it with the result"):
            given_by_hand(case, Result.WON, None, "a slip", after(9000))
        ruling = given_by_hand(case, result, None, "a slip", after(9000))
        assert ruling.settlement.payout_cents == paid
        watched = replace(case, stake_cents=None, settlement=ruling.settlement)
        assert paid_anew(watched, after(9000)) is None


def regraded(slate: Slate, seconds: float, **states: GameState) -> Settlement:
    """Grade the parlay again as a person asks, and store what that decides beside the memory."""
    tracked = one(slate)
    case = Case(
        1, tracked, {x.game.id: x for x in states.values()}, False, tracked.settlement, False,
        1000, tracked.bet.odds, False,
    )  # fmt: skip
    ruling = graded_again(case, after(seconds))
    stored = replace(
        Tracked.fresh(tracked.bet), settlement=ruling.settlement, legs=ruling.legs or tracked.legs
    )
    for game, tracking in slate.trackings.items():
        slate.trackings[game] = tracking.with_bets((stored,))
    return ruling.settlement


def voided_by_mistake() -> Slate:
    """A slate on which a person voids the parlay at half-time; it stands while games end."""
    slate = Slate.of([GAME, OTHER], [BOTH])
    poll(slate, HALF, 0)
    poll(slate, elsewhere(HALF, OTHER), 5)
    given = Settlement(1, 1, Result.VOID, 1000, after(30), "by hand: a slip", by_hand=True)
    # The store gives a bet of its own.
    stored = replace(one(slate), bet=replace(BOTH), settlement=given, official=True)
    for game, tracking in slate.trackings.items():
        slate.trackings[game] = tracking.with_bets((stored,))
    return slate


def test_a_parlay_that_was_graded_again_is_not_opened_by_a_later_poll() -> None:
    """Its legs are those of the grade, although no poll graded them while the mistake stood."""
    slate = voided_by_mistake()
    for seconds in (100, 200):
        poll(slate, WIN, seconds)
        poll(slate, elsewhere(WIN, OTHER), seconds + 5)
    assert [x.result for x in one(slate).legs] == [None, None]
    done = regraded(slate, 300, home=WIN, away=elsewhere(WIN, OTHER))
    assert done.result is Result.WON
    poll(slate, WIN, 4 * 3600)
    assert one(slate).settlement == done
    assert slate.fired(Fact.REGRADED) == []


def test_a_parlay_that_was_opened_again_ends_with_the_game_that_was_not_over() -> None:
    """A leg on a game that ended while the mistake stood is graded when that is taken back."""
    slate = voided_by_mistake()
    for seconds in (100, 200):
        poll(slate, WIN, seconds)
    assert regraded(slate, 300, home=WIN, away=elsewhere(HALF, OTHER)).taken_back
    for seconds in (400, 500):
        poll(slate, elsewhere(WIN, OTHER), seconds)
    done = one(slate).settlement
    assert done is not None
    assert (done.result, done.payout_cents, done.by_hand) == (Result.WON, 3645, False)


def test_what_was_seen_of_a_bet_outlives_a_copy_that_is_read_anew() -> None:
    """An older copy from the database does not change the legs and chances in memory."""
    bet = slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER))
    slate = Slate.of([GAME, OTHER], [bet])
    poll(slate, HALF, 0)
    first = one(slate)
    poll(slate, elsewhere(HALF, OTHER), 10)
    second = one(slate)
    again = replace(bet)
    for older in (Tracked.fresh(again), replace(first, bet=again)):
        met = second.met_again(older)
        assert (met.groups, met.legs, met.chance) == (second.groups, second.legs, second.chance)


def test_a_parlay_is_written_leg_by_leg() -> None:
    """A parlay is written as `tracker add` takes it."""
    bet = slip((GAME, Moneyline(Side.HOME)), (OTHER, OddEven(Parity.ODD)), each=None)
    assert wager_text(bet.market, bet.game) == "parlay: DEN ML; NYK@BOS odd"


MARKETS: tuple[Market, ...] = (
    Moneyline(Side.HOME),
    Moneyline(Side.AWAY, Span.Q3),
    Spread(Side.HOME, -4.0),
    Spread(Side.AWAY, 2.5, Span.H1),
    Total(Direction.OVER, 220.0),
    Total(Direction.UNDER, 56.5, Span.Q4),
    TeamTotal(Side.AWAY, Direction.OVER, 110.5),
    OddEven(Parity.EVEN),
    OddEven(Parity.ODD, Side.HOME, Span.Q2),
    ThreeWay(Side.HOME, Span.REGULATION),
    ThreeWay(None, Span.Q1),
)


@cache
def course(seed: int) -> tuple[GameState, ...]:
    """A random game in a few steps, with its end twice."""
    states = [x for x in a_game(rng(seed), step=400) if x.periods is not None or x.period == 0]
    return (*states, states[-1])


@st.composite
def slips(draw: st.DrawFn) -> Bet:
    """A parlay of two to five legs over up to three games."""
    legs = draw(
        st.lists(
            st.tuples(st.sampled_from((GAME, OTHER, THIRD)), st.sampled_from(MARKETS)),
            min_size=2, max_size=5, unique=True,
        )
    )  # fmt: skip
    return slip(*legs)


@settings(max_examples=25, deadline=None)
@given(slips(), st.integers(0, 5), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_order_of_the_games_polls_does_not_matter(
    bet: Bet, seed: int, one_order: int, another: int
) -> None:
    """Any order of the games' polls gives a parlay the same result and payout."""

    def played(order: int) -> Tracked:
        draw = random.Random(order)  # noqa: S311 - examples, no secrets
        slate = Slate.of(list(bet.games), [bet])
        waiting = {x.id: list(course(seed + i)) for i, x in enumerate(bet.games)}
        step = 0
        while any(waiting.values()):
            game = draw.choice([x for x in bet.games if waiting[x.id]])
            poll(slate, elsewhere(waiting[game.id].pop(0), game), step * 60.0)
            step += 1
        return one(slate)

    first, second = played(one_order), played(another)
    assert first.settlement is not None
    assert second.settlement is not None
    assert [x.result for x in first.legs] == [x.result for x in second.legs]
    assert first.settlement.result is second.settlement.result
    assert first.settlement.payout_cents == second.settlement.payout_cents
    assert first.groups == second.groups


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(MARKETS), min_size=2, max_size=4, unique=True),
    st.integers(0, 5),
    st.integers(0, 12),
)
def test_a_parlay_of_one_game_is_coherent(legs: list[Market], seed: int, step: int) -> None:
    """Its chance lies between the bounds that the chances of its legs set (Fréchet)."""
    states = course(seed)
    state = states[min(step, len(states) - 1)]
    seen = forecast(state, PRIOR, load_parameters("nba"))
    alone = [price(x, seen) for x in legs]
    whole = parlay(legs, seen)
    assert whole.win + whole.push + whole.lose == pytest.approx(1)
    alive = whole.win + whole.push
    assert alive <= min(x.win + x.push for x in alone) + 1e-5
    assert alive >= 1 - sum(x.lose for x in alone) - 1e-5
    shuffled = parlay(list(reversed(legs)), seen)
    assert shuffled.win == pytest.approx(whole.win, abs=1e-9)
    if all(x.decided for x in alone):
        assert whole.decided


chances = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(
    lambda x: Chance(x[0] * (1 - x[1] / 2), x[1] / 2, 1 - x[0] * (1 - x[1] / 2) - x[1] / 2)
)


@given(st.lists(chances | st.sampled_from((WON, LOST, PUSHED)), min_size=1, max_size=6))
def test_games_combine_coherently(parts: list[Chance]) -> None:
    """The order of games does not matter; a void or certain game changes nothing."""
    groups = [Group(str(i), x) for i, x in enumerate(parts)]
    whole = combined(groups)
    assert whole is not None
    again = combined(list(reversed(groups)))
    assert again is not None
    assert again.win == pytest.approx(whole.win, abs=1e-9)
    assert whole.win + whole.push <= min(1 - x.lose for x in parts) + 1e-6
    without = combined([*groups, Group("void", PUSHED)])
    assert without is not None
    assert (without.win, without.lose) == pytest.approx((whole.win, whole.lose), abs=1e-6)
    certain = combined([*groups, Group("won", WON)])
    assert certain is not None
    assert certain.win == pytest.approx(whole.win + whole.push, abs=1e-6)
    if any(x.lose == 1 for x in parts):
        assert combined([*groups, Group("unseen")]) == LOST
    else:
        assert combined([*groups, Group("unseen")]) is None


def test_made_up_courses_end() -> None:
    """The random games of these tests end with a winner."""
    for seed in range(8):
        last = course(seed)[-1]
        assert last.phase is Phase.FINAL
        assert last.periods is not None
        assert summed(last.periods).margin != 0


def test_a_poll_of_another_game_confirms_no_reading() -> None:
    """A level is held until the same game is polled again, not another game of the parlay."""
    legs = ((GAME, Moneyline(Side.HOME)), (OTHER, Moneyline(Side.HOME)))
    bet = replace(slip(*legs), rules=(parse_rule("p <= 0.30"),))
    slate = Slate.of([GAME, OTHER], [bet])

    def fired() -> int:
        return sum(x.decision is Decision.FIRED for x in slate.alerts)

    even, behind = ((30, 25), (25, 25), (0, 0)), ((30, 25), (25, 25), (0, 25))
    for game in (GAME, OTHER):
        poll(slate, elsewhere(live(3, 700, *even), game), 10)
    for second, clock in ((20, 690), (30, 680)):
        poll(slate, live(3, clock, *behind), second)
        assert fired() == (second == 30)
        for game, later in ((OTHER, 1), (OTHER, 2)):
            poll(slate, elsewhere(live(3, clock - later, *even), game), second + later)
            assert fired() == (second == 30)


def test_a_lost_parlay_is_open_again_once_its_lost_leg_is_corrected() -> None:
    """The person is told, it is followed again with its rules, and its end is told as a result."""
    legs = ((GAME, Total(Direction.UNDER, 219.5)), (OTHER, Moneyline(Side.HOME)))
    bet = replace(slip(*legs), rules=(*RULES, parse_rule("p >= 0.80")))
    slate = Slate.of([GAME, OTHER], [bet])
    poll(slate, elsewhere(HALF, OTHER), 0)
    for seconds in (10, 70):
        poll(slate, WIN, seconds)
    assert one(slate).ended
    less = final((30, 25), (30, 25), (30, 25), (28, 25))
    for seconds in (130, 190, 250, 310):
        poll(slate, less, seconds)
    (back,) = slate.fired(Fact.DEAD)
    assert (back.reason, one(slate).ended) == (Reason.TAKEN_BACK, False)
    assert announced_as(one(slate), Result.LOST) is None
    assert one(slate).legs[0].result is Result.WON
    assert one(slate).status(less) is Status.LIVE
    whole, open_leg = one(slate).chance, price(Moneyline(Side.HOME), outlook(HALF))
    assert whole is not None
    assert whole.win == pytest.approx(open_leg.win, abs=1e-6)
    late = live(4, 200, (30, 25), (30, 25), (30, 25), (20, 10))
    for seconds in (320, 330):
        poll(slate, elsewhere(live(3, 700, (30, 25), (30, 25), (0, 5)), OTHER), seconds)
        poll(slate, elsewhere(late, OTHER), seconds + 20)
    for seconds in (400, 460):
        poll(slate, elsewhere(WIN, OTHER), seconds)
    done = one(slate).settlement
    assert done is not None
    assert (done.revision, done.result) == (3, Result.WON)
    assert [x.rule for x in slate.alerts if x.decision is Decision.FIRED] == [
        "settled", "dead", "hit", "p >= 0.80", "settled"
    ]  # fmt: skip


def test_what_happens_in_each_game_of_a_parlay_is_told_of_each() -> None:
    """A start, a half and a quarter of one game are told although another had them before."""
    rules = tuple(parse_rule(x) for x in ("start", "quarter", "halftime"))
    bet = replace(slip((GAME, Moneyline(Side.HOME)), (OTHER, OVER)), rules=rules)
    slate = Slate.of([GAME, OTHER], [bet])
    course = (
        (SCHEDULED, 0), (live(1, 700, (2, 0)), 100),
        (live(1, 0, (30, 25), phase=Phase.BREAK), 2000), (live(2, 700, (30, 25), (0, 0)), 2200),
        (HALF, 4000), (live(3, 700, (30, 25), (30, 25), (0, 0)), 5000), (HALF, 5010),
        (HALF, 5020), (HALF, 5100),
    )  # fmt: skip
    told = []
    for game, late in ((GAME, 0), (OTHER, 10_000)):
        for state, seconds in course:
            before = len(slate.alerts)
            poll(slate, elsewhere(state, game), seconds + late)
            told += [(game.name, x.rule) for x in slate.alerts[before:]]
    each = ["start", "quarter", "halftime"]
    assert told == [(x.name, rule) for x in (GAME, OTHER) for rule in each]
