"""Promises of certain results: two polls announce them, once, and a correction takes them back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.engine.build import (
    BOARD,
    BOX,
    EVENTS,
    GAME,
    T0,
    a_book,
    a_game,
    after,
    bet,
    decide,
    final,
    live,
    look,
    market,
    outlook,
    rng,
)
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import ASK_BOOK, Bet, Leg, Parlay, Result
from tracker.domain.catalog.books import HouseRules, house_of
from tracker.domain.chance import WON, Unpriceable
from tracker.domain.game import TWO_TECHNICALS, Game, GameState, Phase, PlayerLine, Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
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
from tracker.domain.policy import Policy, parse_rule
from tracker.domain.tracking import Change, GameTracking, Ordering, Tracked
from tracker.engine.rules.routing import route
from tracker.engine.settle.certainty import rules_as_added
from tracker.engine.settle.grading import certain
from tracker.forecast.pricing.markets import decided_chance
from tracker.wording import plays_no_more, resting
from tracker.wording.alerts import compose

RULES = tuple(parse_rule(x) for x in ("hit", "dead", "settled", "regraded"))


RULED, STARTERS = HouseRules(), HouseRules("starters", must_start=True)


def told(change: Change) -> list[Alert]:
    """The alerts of a change that fire under the default policy."""
    return [x for x in route(change, Policy(), after(0)).alerts if x.decision is Decision.FIRED]


def names(change: Change) -> list[str]:
    """The rules that fire."""
    return [x.rule for x in told(change)]


def test_a_line_that_is_passed_is_told_once_and_its_end_not_again() -> None:
    """`hit` fires at the second poll, and the final holds `settled` back with its reason."""
    tracking = a_book(bet(1, "LAL@DEN over 100", *EVENTS))
    tracking = look(tracking, live(3, 300, (30, 30), (30, 9), (1, 0)), 0).tracking
    first = look(tracking, live(3, 290, (30, 30), (30, 9), (3, 0)), 10)
    assert "hit" not in names(first)
    second = look(first.tracking, live(3, 280, (30, 30), (30, 9), (3, 2)), 20)
    assert "hit" in names(second)
    tracking = second.tracking
    end = final((30, 30), (30, 9), (30, 20), (30, 20))
    changes = [look(tracking, end, 3000)]
    changes.append(look(changes[0].tracking, end, 3060))
    assert changes[1].settlements[0].result is Result.WON
    assert [x for x in map(names, changes) if x] == []
    held = [x for x in route(changes[1], Policy(), after(0)).alerts if x.rule == "settled"]
    assert [x.reason for x in held] == [Reason.TOLD]


@pytest.mark.parametrize("runs", [20, 0])
@pytest.mark.parametrize("fewer", [0, 10])
def test_nothing_is_certain_by_points_that_a_later_box_does_not_have(fewer: int, runs: int) -> None:
    """A board with ten points too many fires no `hit` while the box in between has them not.

    The clock may run or stand.
    """
    tracking = a_book(bet(1, "LAL@DEN over 100", *EVENTS))
    said = []
    for n in range(1, 7):
        board, box = ((30, 30), (30, 9), (9, n)), ((30, 30), (30, 9), (9 - fewer, n))
        if fewer:
            box = (*box[:2], (0, n))
        for state, at, origin in (
            (live(3, 310 - runs * n, *board), 20 * n, BOARD),
            (live(3, 310 - runs * n - runs / 2, *box), 20 * n + 10, BOX),
        ):
            change = look(tracking, state, at, origin)
            tracking = change.tracking
            said += names(change)
    assert ("hit" in said) is not fewer


@pytest.mark.parametrize("period", [3, 4])
def test_a_box_that_calls_the_game_over_by_mistake_withholds_no_hit(period: int) -> None:
    """The points that were made since are not in doubt because such an end lacks them."""
    tracking = a_book(bet(1, "LAL@DEN over 100", *EVENTS))
    end = final(*((30, 30), (30, 9), (0, 0), (1, 0))[:period])
    said = []
    for n in range(1, 5):
        board = live(3, 310 - 20 * n, (30, 30), (30, 9), (9, n))
        for state, at, origin in ((board, 20 * n, BOARD), (end, 20 * n + 10, BOX)):
            change = look(tracking, state, at, origin)
            tracking = change.tracking
            said += names(change)
    assert "hit" in said


def test_what_the_answer_to_add_said_is_not_sent_but_its_result_is() -> None:
    """Nothing of it but the result is sent; what else the first poll finds certain is."""
    over = Leg(GAME, market("LAL@DEN over 100"))
    slip = Parlay((over, Leg(GAME, market("DEN ML"))))
    picks = "LAL@DEN over 100", "LAL@DEN under 100", "DEN ML", "LAL@DEN over 101", "DEN ML"
    bets = [bet(n, x, *EVENTS) for n, x in enumerate(picks, 1)]
    bets[2], bets[4] = replace(bets[2], market=slip), replace(bets[4], market=slip)
    said: dict[int, list[Result | None]] = {
        1: [Result.WON], 2: [Result.LOST], 3: [Result.WON, None]
    }  # fmt: skip
    tracking = a_book(*bets)
    for x in tracking.tracked:
        states = {y.rule: y for y in rules_as_added(said.get(x.bet.number, [None]))}
        rules = (replace(states.get(y.rule, y), bet=x.bet.number) for y in x.rules)
        tracking = tracking.with_tracked(x.with_rules(tuple(rules)))
    sent: list[tuple[int, str]] = []
    for n in range(4):
        change = look(tracking, live(3, 300 - 10 * n, (30, 30), (30, 9), (3, 0)), 10 * n)
        tracking, sent = change.tracking, sent + [(x.bet, x.rule) for x in told(change)]
    assert sent == [(4, "hit"), (5, "hit")]
    for n in range(2):
        change = look(tracking, final((30, 30), (30, 9), (3, 3), (30, 0)), 1200 + 60 * n)
        tracking, sent = change.tracking, sent + [(x.bet, x.rule) for x in told(change)]
    assert {(1, "settled"), (2, "settled"), (3, "settled")} <= set(sent)


def test_a_correction_takes_back_what_was_told_and_it_is_told_again() -> None:
    """A correction takes `hit` back in plain words, and passing the line again fires it again."""
    tracking = a_book(bet(1, "LAL@DEN over 100", "hit"))
    passed = live(3, 280, (30, 30), (30, 9), (3, 0))
    back = live(3, 270, (30, 30), (30, 9), (1, 0))
    rows: list[Alert] = []
    polls = [live(3, 300, (30, 30), (30, 9), (0, 0)), passed, passed, *[back] * 5]
    polls += [live(3, x, (30, 30), (30, 9), (5, 0)) for x in (200, 190)]
    for n, state in enumerate(polls):
        change = look(tracking, state, n * 10)
        tracking = change.tracking
        rows += told(change)
    assert [(x.rule, x.reason) for x in rows] == [
        ("hit", Reason.HAPPENED),
        ("hit", Reason.TAKEN_BACK),
        ("hit", Reason.HAPPENED),
    ]
    text = compose(rows[1], tracking.tracked[0], tracking)
    assert text.startswith("↻ ")
    assert "open again, not HIT" in text


def test_a_correction_takes_back_what_was_told_of_a_leg() -> None:
    """A leg that was told as won is told as open again, and as won when it passes its line anew."""
    slip = Parlay(tuple(Leg(GAME, market(x)) for x in ("LAL@DEN over 100", "DEN ML")))
    tracking = a_book(replace(bet(1, "DEN ML", "hit"), market=slip))
    texts: list[str] = []
    for n, points in enumerate((0, 3, 3, 1, 1, 1, 1, 1, 5, 5)):
        change = look(tracking, live(3, 300 - 10 * n, (30, 30), (30, 9), (points, 0)), n * 10)
        tracking = change.tracking
        texts += [compose(x, tracking.tracked[0], tracking) for x in told(change)]
    leg = "Parlay (2): leg 1 of 2"
    assert [x.partition(",")[0] for x in texts] == [
        f"✔ {leg} won",
        f"↻ {leg} is open again",
        f"✔ {leg} won",
    ]


def test_a_correction_of_a_parlay_that_was_told_as_hit_is_told_once() -> None:
    """The parlay is told as open again, and not its leg beside it."""
    slip = Parlay(tuple(Leg(GAME, market(x)) for x in ("DEN over 60.5", "LAL over 42.5")))
    tracking = a_book(replace(bet(1, "DEN ML", "hit"), market=slip))
    seen: list[tuple[int | None, Reason]] = []
    course = (0, 0), *[(3, 0)] * 2, *[(3, 4)] * 2, *[(0, 4)] * 4, *[(5, 4)] * 2
    for n, points in enumerate(course):
        change = look(tracking, live(3, 300 - 10 * n, (30, 30), (30, 9), points), n * 10)
        tracking = change.tracking
        seen += [(x.leg, x.reason) for x in told(change)]
    won, back = Reason.HAPPENED, Reason.TAKEN_BACK
    assert seen == [(0, won), (None, won), (None, back), (None, won)]


@pytest.mark.parametrize("other", ["DEN ML", "DEN over 10.5"])
def test_a_correction_takes_back_what_was_told_of_a_parlay(other: str) -> None:
    """A parlay whose lost leg is corrected is no longer dead, whatever its other leg does."""
    slip = Parlay(tuple(Leg(GAME, market(x)) for x in ("LAL@DEN under 100", other)))
    tracking = a_book(replace(bet(1, "DEN ML", "dead"), market=slip))
    passed = live(3, 280, (30, 30), (30, 9), (3, 0))
    back = live(3, 270, (30, 30), (30, 9), (0, 0))
    rows: list[Alert] = []
    for n, state in enumerate([passed, passed, *[back] * 5]):
        change = look(tracking, state, n * 10)
        tracking = change.tracking
        rows += told(change)
    assert [(x.rule, x.reason) for x in rows] == [
        ("dead", Reason.HAPPENED),
        ("dead", Reason.TAKEN_BACK),
    ]


def test_a_result_that_ends_otherwise_is_told_after_all() -> None:
    """A final that contradicts an announced `hit` is sent, also where no rule asks for results."""
    for rules in (("hit", "settled"), ("hit",)):
        tracking = a_book(bet(1, "LAL@DEN over 100", *rules))
        passed = live(4, 10, (30, 30), (30, 5), (3, 0), (3, 0))
        first = look(tracking, passed, 0)
        change = look(first.tracking, passed, 10)
        tracking = change.tracking
        assert names(change) == ["hit"]
        end = final((30, 30), (30, 5), (3, 0), (1, 0))
        seen: list[str] = []
        for seconds in range(60, 400, 60):
            change = look(tracking, end, seconds)
            tracking, seen = change.tracking, [*seen, *names(change)]
        assert seen == ["settled"]


def star(points: int, period: int = 3) -> GameState:
    """A game in play with one player's points."""
    line = PlayerLine("7", "Big Man", Side.HOME, (("pts", points), ("reb", 4)), 20.0, played=True)
    state = live(period, 300, *[(30, 25)] * (period - 1), (points, 0))
    return replace(state, players=(line,))


@pytest.mark.parametrize(
    ("end", "why"), [({"note": "ejected"}, "ejected"), ({"fouls": 6}, "6 fouls")]
)
def test_that_a_player_plays_no_more_is_told_by_the_chance(end: dict[str, Any], why: str) -> None:
    """No `dead` comes of it before the end: fouls and figures may be corrected."""
    over = PlayerTotal(Player("Big Man", Side.HOME), Stat.PTS, Direction.OVER, 20.5)
    rules = tuple(parse_rule(x) for x in ("p <= 0.20", "hit", "dead", "settled"))
    alone = Bet(1, "x", over, GAME, rules, T0)
    slip = Parlay((Leg(GAME, over), Leg(GAME, market("DEN ML"))))
    both = alone, replace(alone, number=2, market=slip)
    tracking, texts = GameTracking(GAME, tuple(map(Tracked.fresh, both))), list[str]()
    state = star(19)
    (line,) = state.players
    for n in range(4):
        players = (replace(line, **(end if n > 1 else {})),)
        change = look(tracking, replace(state, clock=300.0 - 10 * n, players=players), 10 * n)
        tracking = change.tracking
        texts += [compose(x, tracking.tracked[x.bet - 1], tracking) for x in told(change)]
    assert [x[:6] for x in texts] == ["▼ 0 % "] * 2
    assert f" · {why} · " in texts[0]
    passed = replace(state, players=(replace(line, stats=(("pts", 21),), fouls=5),))
    assert not plays_no_more(over, passed), "his figure has decided it"
    perhaps = replace(state, players=(replace(line, note=TWO_TECHNICALS),))
    assert resting(over, perhaps) == TWO_TECHNICALS


def test_a_player_who_has_passed_his_line_is_hit_and_the_under_dead() -> None:
    """A player's passed line fires `hit` and `dead`, even while the score stays the same."""
    line = PlayerTotal(Player("Big Man", Side.HOME), Stat.PTS, Direction.OVER, 20.5)
    under = replace(line, direction=Direction.UNDER)
    bets = tuple(
        Tracked.fresh(Bet(n, "x", x, GAME, RULES, T0)) for n, x in enumerate((line, under), 1)
    )
    tracking = GameTracking(GAME, bets)
    rows: list[Alert] = []
    for n, points in enumerate((20, 21, 21)):
        change = decide(tracking, star(points), None, after(n * 15))
        tracking = change.tracking
        rows += told(change)
    assert [(x.bet, x.rule) for x in rows] == [(1, "hit"), (2, "dead")]


@pytest.mark.parametrize(
    ("points", "house", "sure"), [(9, RULED, False), (10, RULED, True), (10, STARTERS, False)]
)
def test_ten_in_two_categories_are_certain_once_they_are_made(
    points: int, house: HouseRules, sure: bool
) -> None:
    """A double-double is certain at ten and ten, for a book by whose rules the line counts."""
    state = star(points)
    (line,) = state.players
    state = replace(state, players=(replace(line, stats=(("pts", points), ("reb", 10))),))
    yes = DoubleDouble(Player("Big Man", Side.HOME))
    found = [certain(x, state, house) for x in (yes, replace(yes, happens=False))]
    ends = [Result.WON, Result.LOST] if sure else [None, None]
    assert [x and x.result for x in found] == ends
    assert certain(replace(yes, categories=3), state, house) is None


def test_a_figure_counts_twice_only_when_two_boxes_show_it() -> None:
    """A board between two boxes confirms no player's figure, and a late box no score."""
    line = PlayerTotal(Player("Big Man", Side.HOME), Stat.PTS, Direction.OVER, 20.5)
    markets: tuple[Market, ...] = (line, Total(Direction.OVER, 130.5))
    bets = tuple(Tracked.fresh(Bet(n, "x", x, GAME, RULES, T0)) for n, x in enumerate(markets, 1))
    tracking = GameTracking(GAME, bets)
    seen: list[object] = []
    for n, (state, origin) in enumerate(
        (
            (star(20), BOX),
            (star(21), BOX),
            (replace(star(21), players=(), clock=280.0), BOARD),
            (replace(star(21), clock=290.0), BOX),
        )
    ):
        change = decide(tracking, state, None, after(n * 10), origin)
        tracking = change.tracking
        seen.append((change.ordering, [(x.bet, x.rule) for x in told(change)]))
    assert seen == [
        (Ordering.NEWER, []),
        (Ordering.NEWER, []),
        (Ordering.NEWER, [(2, "hit")]),
        (Ordering.BEHIND, [(1, "hit")]),
    ]


def test_a_box_of_before_neither_bears_a_figure_out_nor_takes_it_back() -> None:
    """A passed line is told by the second box that shows it, whatever older ones come between."""
    market = PlayerTotal(Player("Big Man", Side.HOME), Stat.PTS, Direction.OVER, 20.5)
    tracking = a_book(replace(bet(1, "DEN ML", "hit"), market=market))
    (line,) = star(19).players
    before = replace(star(19), clock=420.0, players=(replace(line, minutes=18.0),))
    after_it = replace(star(21), players=(), clock=280.0)
    seen: list[str] = []
    for n, (state, origin) in enumerate(
        [
            (star(21), BOX),
            (after_it, BOARD),
            (before, BOX),
            (before, BOX),
            (star(21), BOX),
            (before, BOX),
            (before, BOX),
        ]
    ):
        change = look(tracking, state, n * 10, origin)
        tracking, seen = change.tracking, [*seen, f"{n} {','.join(names(change))}"]
    assert [x for x in seen if x[2:]] == ["4 hit"]


@pytest.mark.parametrize(("way", "boxed"), [(Direction.OVER, True), (Direction.UNDER, False)])
def test_a_player_whom_no_box_lists_keeps_no_parlay_dead(way: Direction, boxed: bool) -> None:
    """A total that was passed by mistake is taken back, beside a leg that cannot have lost."""
    other = PlayerTotal(Player("Other Man", Side.HOME), Stat.PTS, way, 20.5)
    slip = Parlay((Leg(GAME, other), Leg(GAME, Total(Direction.UNDER, 127.5))))
    tracking, seen = a_book(Bet(1, "x", slip, GAME, RULES, T0)), list[str]()
    for n, points in enumerate((21, 21, 15, 15, 15, 15)):
        state = replace(star(points), clock=300.0 - n)
        change = look(tracking, state if boxed else replace(state, players=()), n * 10)
        tracking = change.tracking
        seen += [x.reason.value for x in told(change)]
    assert seen == ["happened", "taken_back"]


def test_a_player_who_is_missing_from_boxes_takes_no_figure_of_his_back() -> None:
    """Nor does it open a parlay, or its leg, again; a box with a lower figure does."""
    line = PlayerTotal(Player("Big Man", Side.HOME), Stat.PTS, Direction.OVER, 20.5)
    leg, (man,) = Leg(GAME, line), star(21).players
    mate = PlayerLine("8", "A Mate", Side.HOME, (("pts", 0),), 21.0, played=True)
    whole = Parlay((leg, Leg(GAME, Total(Direction.OVER, 20.5))))
    part = Parlay((leg, Leg(GAME, Moneyline(Side.HOME))))
    markets: tuple[Market | Parlay, ...] = (line, whole, part)
    bets = [Bet(n, "x", x, GAME, RULES, T0) for n, x in enumerate(markets, 1)]
    tracking, seen = a_book(*bets), list[list[str]]()
    for n, points in enumerate((21, 21, None, None, None, 21, 18, 18)):
        own = (("pts", points or 0),)
        alone = () if points is None else (replace(man, stats=own, minutes=0.5),)
        state = replace(star(21), players=(*alone, mate), clock=300.0 - n)
        change = look(tracking, state, n * 10, BOX)
        tracking = change.tracking
        seen.append([f"{x.bet} {x.reason.value}" for x in told(change)])
    back = ["1 taken_back", "2 taken_back", "3 taken_back"]
    assert [sorted(x) for x in seen[1:]] == [
        ["1 happened", "2 happened", "3 happened"], [], [], [], [], [], back
    ]  # fmt: skip


OTHER = Game("0022600002", "nba", "BOS", "NYK", T0)


def slip(*legs: Leg, odds: str | None = "+260") -> GameTracking:
    """A tracking of the first game with a parlay."""
    price = None if odds is None else parse_odds(odds)
    made = Bet(1, "a parlay", Parlay(legs), GAME, RULES, T0, odds=price, stake_cents=1000)
    return GameTracking(GAME, (Tracked.fresh(made),))


def test_a_dead_leg_makes_the_parlay_dead() -> None:
    """One certain loss makes the parlay `dead`, whatever its other game does."""
    under = Leg(GAME, Total(Direction.UNDER, 99.5))
    tracking = slip(under, Leg(OTHER, Moneyline(Side.HOME)))
    rows: list[str] = []
    for n, points in enumerate((38, 41, 41)):
        change = look(tracking, live(3, 300 - n, (30, 10), (10, 10), (points, 0)), n * 10)
        tracking, rows = change.tracking, [*rows, *names(change)]
    assert rows == ["dead"]


def test_a_parlay_with_a_void_leg_is_won_and_asks_what_it_paid() -> None:
    """Without the legs' prices its chance is 1, and the person is asked for the payout."""
    nobody = Leg(GAME, PlayerTotal(Player("Big Man", Side.HOME), Stat.PTS, Direction.OVER, 20.5))
    tracking = slip(Leg(GAME, Moneyline(Side.HOME)), nobody)
    absent = PlayerLine("7", "Big Man", Side.HOME, (("pts", 0),))
    rest = PlayerLine("8", "A Mate", Side.HOME, (("pts", 120),), 40.0, played=True)
    end = replace(final((30, 20), (30, 20), (30, 20), (30, 20)), players=(absent, rest))
    first = decide(tracking, end, None, after(0))
    change = decide(first.tracking, end, None, after(60))
    tracking = change.tracking
    done = tracking.tracked[0].settlement
    assert done is not None
    assert (done.result, done.payout_cents) == (Result.WON, None)
    assert done.reason.endswith(ASK_BOOK)
    assert tracking.tracked[0].chance == WON
    [alert] = told(change)
    assert "What did the book pay? tracker settle 1 won --payout" in compose(
        alert, tracking.tracked[0], tracking
    )


def test_a_live_score_at_zero_is_not_over() -> None:
    """A live quarter at 0:00 is not over until it is called over: a last shot may count."""
    tracking = a_book(bet(1, "Q1 DEN ML", "hit"))
    for seconds in (0, 10):
        tracking = look(tracking, live(1, 0, (30, 29)), seconds).tracking
    assert tracking.tracked[0].settlement is None
    change = Change(tracking)
    for seconds in (20, 35):
        change = look(change.tracking, live(1, 0, (30, 29), phase=Phase.BREAK), seconds)
    assert "hit" in names(change)


def any_markets(points: int) -> list[Market]:
    """A market of every kind on every part of the game, with lines near a number of points."""
    parts = list(Span)
    found: list[Market] = [Moneyline(Side.HOME, x) for x in parts]
    found += [ThreeWay(None, x) for x in parts if x is not Span.GAME]
    found += [Spread(Side.AWAY, 3.0, x) for x in parts]
    found += [OddEven(Parity.ODD, Side.HOME, x) for x in parts]
    found += [Total(Direction.OVER, points - 0.5, x) for x in parts]
    return found + [TeamTotal(Side.AWAY, Direction.UNDER, points // 2, x) for x in parts]


ENDS = (Result.WON, Result.PUSH, Result.LOST)
"""The results in the order of the parts of a chance."""


def test_what_is_certain_has_a_decided_chance_and_the_reverse() -> None:
    """In every part of a game, also where the points by period are not known."""
    draw, house, seen = rng(7), house_of(None), set()
    states = [x for _ in range(12) for x in a_game(draw, step=300) if x.phase.in_play]
    for state in (x for one in states for x in (one, replace(one, periods=None))):
        ahead = outlook(state)
        near = min(350, max(2, state.score.total - draw.randrange(40)))
        for asked in any_markets(near):
            sure = certain(asked, state, house)
            try:
                chance = decided_chance(asked, ahead)
            except Unpriceable:
                assert sure is None
                continue
            parts = () if chance is None else (chance.win, chance.push, chance.lose)
            told = ENDS[parts.index(1.0)] if parts else None
            assert told is (None if sure is None else sure.result), (asked, state)
            seen.add((state.periods is None, told))
    assert {(x, y) for x in (True, False) for y in (None, Result.WON, Result.LOST)} <= seen
