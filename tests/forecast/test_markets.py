"""Odd or even, 3-way results and player lines: sums over the same chances as all else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from tests.engine.finals import boxes, final_of
from tests.forecast.test_spans import NBA, PRIOR, state, states
from tracker.domain.chance import LOST, PUSHED, WON, Unpriceable
from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
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
from tracker.domain.player import Player, Stat
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast import (
    Outlook,
    forecast,
    own_figures,
    parlay,
    price,
    price_all,
)
from tracker.forecast.pricing.markets import WORTH_A_SHEET, own_figure

OPEN = state("nba", 3, 300, (28, 30), (25, 22), (10, 9))
SPANS = (Span.GAME, Span.REGULATION, Span.H1, Span.H2, Span.Q3, Span.Q4)


def mass(outlook: Outlook, span: Span, holds: str) -> float:
    """The chance of what `holds` says of home and away points, cell by cell."""
    points = outlook.of(span)
    home = points.home0 + np.arange(points.cells.shape[0])[:, None]
    away = points.away0 + np.arange(points.cells.shape[1])
    found = {
        "odd": (home + away) % 2 == 1,
        "home odd": home % 2 + 0 * away == 1,
        "tie": home == away,
        "home": home > away,
    }[holds]
    return float(points.cells[found].sum())


@pytest.mark.parametrize("span", SPANS)
def test_they_are_sums_over_the_cells(span: Span) -> None:
    """Parity and ties are those of the joint distribution, but for its far edges."""
    outlook = forecast(OPEN, PRIOR, NBA)
    asked: list[tuple[Market, Market, str]] = [
        (OddEven(Parity.ODD, None, span), OddEven(Parity.EVEN, None, span), "odd"),
        (
            OddEven(Parity.ODD, Side.HOME, span),
            OddEven(Parity.EVEN, Side.HOME, span),
            "home odd",
        ),
    ]
    for yes, no, holds in asked:
        chance = price(yes, outlook)
        assert chance.win == pytest.approx(mass(outlook, span, holds), abs=1e-4)
        assert chance.push == 0
        assert price(no, outlook).win == pytest.approx(chance.lose)
    if span is not Span.GAME:
        ways = [price(ThreeWay(x, span), outlook) for x in (Side.HOME, None, Side.AWAY)]
        assert ways[0].win == pytest.approx(mass(outlook, span, "home"), abs=1e-4)
        assert ways[1].win == pytest.approx(mass(outlook, span, "tie"), abs=1e-4)
        assert sum(x.win for x in ways) == pytest.approx(1, abs=1e-5)
        two_way = price(Moneyline(Side.HOME, span), outlook)
        assert two_way.push == pytest.approx(ways[1].win, abs=1e-5)


def test_a_played_part_is_decided() -> None:
    """Its points are odd or even for good, and it was tied or not."""
    outlook = forecast(OPEN, PRIOR, NBA)
    assert price(OddEven(Parity.EVEN, None, Span.Q1), outlook) == WON
    assert price(OddEven(Parity.ODD, Side.HOME, Span.Q2), outlook) == WON
    assert price(ThreeWay(None, Span.Q1), outlook) == LOST
    assert price(ThreeWay(Side.HOME, Span.H1), outlook) == WON


def test_a_game_has_no_three_ways() -> None:
    """It is played until somebody wins."""
    with pytest.raises(ValueError, match="cannot end tied"):
        ThreeWay(Side.HOME, Span.GAME)


@settings(max_examples=40, deadline=None)
@given(states(), st.lists(st.sampled_from(SPANS), min_size=1, max_size=4))
def test_a_sheet_holds_them_beside_the_others(now: GameState, spans: list[Span]) -> None:
    """In their places among markets with lines."""
    outlook = forecast(now, PRIOR, NBA)
    asked: list[Market] = []
    for span in spans:
        asked += [OddEven(Parity.ODD, None, span), Total(Direction.OVER, 110.0, span)]
        asked += [] if span is Span.GAME else [ThreeWay(None, span), ThreeWay(Side.AWAY, span)]
    together = price_all(asked * WORTH_A_SHEET, outlook)
    assert None not in together
    found = [(x.win, x.push, x.lose) for x in together if x is not None]
    alone = [price(x, outlook) for x in asked * WORTH_A_SHEET]
    assert np.allclose(found, [(x.win, x.push, x.lose) for x in alone], atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(states(), st.booleans())
def test_many_bets_are_priced_as_each_alone(now: GameState, periods: bool) -> None:
    """Also where some have no chance: a player who is not in the box, a part that is not told."""
    now = now if periods else replace(now, periods=None)
    outlook = forecast(now, PRIOR, NBA)
    nobody = Player("Nobody Atall", Side.HOME)
    asked: list[Market] = [PlayerTotal(nobody, Stat.PTS, Direction.OVER, 9.5)]
    for span in SPANS:
        asked += [Moneyline(Side.AWAY, span), Total(Direction.UNDER, 110.5, span)]
        asked += [OddEven(Parity.ODD, None, span), TeamTotal(Side.HOME, Direction.OVER, 55.0, span)]
        asked += [Spread(Side.HOME, -2.5, span), Total(Direction.OVER, 99.5, span)]
    assert own_figures(asked, outlook) == [own_figure(x, outlook) for x in asked]
    for market, chance in zip(asked, price_all(asked, outlook), strict=True):
        if chance is None:
            assert has_none_alone(market, outlook, now)
        else:
            alone = price(market, outlook)
            assert (chance.win, chance.push) == pytest.approx((alone.win, alone.push), abs=1e-9)


def has_none_alone(market: Market, outlook: Outlook, now: GameState) -> bool:
    """Whether a market has no chance alone either."""
    with pytest.raises(Unpriceable):
        price(market, outlook)
    return True


def test_a_parlay_of_one_span_is_exact() -> None:
    """An odd total and a home win: the cells in which both hold."""
    outlook = forecast(OPEN, PRIOR, NBA)
    points = outlook.of(Span.Q4)
    home = points.home0 + np.arange(points.cells.shape[0])[:, None]
    away = points.away0 + np.arange(points.cells.shape[1])
    holds = ((home + away) % 2 == 1) & (home > away)
    legs: list[Market] = [OddEven(Parity.ODD, None, Span.Q4), ThreeWay(Side.HOME, Span.Q4)]
    assert parlay(legs, outlook).win == pytest.approx(float(points.cells[holds].sum()), abs=1e-4)
    never: list[Market] = [OddEven(Parity.ODD, None, Span.Q4), ThreeWay(None, Span.Q4)]
    assert parlay(never, outlook).win < 1e-5, "a tie makes an even total"


def test_legs_of_one_span_hold_in_the_cells_in_which_each_does() -> None:
    """On either team's points, on both and on their difference, two or three at a time."""
    outlook = forecast(OPEN, PRIOR, NBA)
    points = outlook.of(Span.Q4)
    home = points.home0 + np.arange(points.cells.shape[0])[:, None]
    away = points.away0 + np.arange(points.cells.shape[1])
    h, a = (outlook.of(Span.Q4).part(x).quantile(0.5) for x in ("home", "away"))
    legs: list[tuple[Market, object]] = [
        (TeamTotal(Side.HOME, Direction.OVER, h - 2.5, Span.Q4), (home > h - 2.5) & (away >= 0)),
        (TeamTotal(Side.AWAY, Direction.UNDER, a + 1.5, Span.Q4), (away < a + 1.5) & (home >= 0)),
        (TeamTotal(Side.HOME, Direction.UNDER, h + 4.5, Span.Q4), (home < h + 4.5) & (away >= 0)),
        (TeamTotal(Side.AWAY, Direction.OVER, a - 5.5, Span.Q4), (away > a - 5.5) & (home >= 0)),
        (Spread(Side.HOME, -1.5, Span.Q4), home - away > 1.5),
        (Total(Direction.UNDER, h + a + 3.5, Span.Q4), home + away < h + a + 3.5),
    ]
    for some in (*combinations(legs, 2), *combinations(legs, 3)):
        cells = np.logical_and.reduce(np.array([holds for _, holds in some]))
        found = parlay([leg for leg, _ in some], outlook).win
        assert found == pytest.approx(float(points.cells[cells].sum()), abs=1e-4)


@pytest.mark.parametrize(("home", "side"), [(56, None), (57, None), (57, Side.HOME)])
def test_odd_points_of_the_second_half_are_those_of_the_game_beside_the_first(
    home: int, side: Side | None
) -> None:
    """At half-time an odd game is an odd second half after even points, else an even one."""
    outlook = forecast(state("nba", 3, 720.0, (home, 56)), PRIOR, NBA)
    game = OddEven(Parity.ODD, side)
    so_far = home if side else home + 56
    same, other = (Parity.ODD, Parity.EVEN) if so_far % 2 == 0 else (Parity.EVEN, Parity.ODD)
    joint = [parlay([game, OddEven(x, side, Span.H2)], outlook).win for x in (same, other)]
    assert joint == pytest.approx([price(game, outlook).win, 0.0], abs=1e-5)


def over(span: Span, points: float) -> Total:
    """An over of a part of the game."""
    return Total(Direction.OVER, points, span)


@pytest.mark.parametrize("clock", [720.0, 300.0, 45.0])
def test_parts_that_hold_one_another_are_tied_by_what_they_share(clock: float) -> None:
    """A first quarter's points are in the half's, those of two quarters have nothing in common."""
    now = state("nba", 1, clock, (8, 9) if clock < 720 else (0, 0))
    outlook = forecast(now, PRIOR, NBA)

    def near(span: Span) -> Total:
        return over(span, outlook.of(span).part("total").quantile(0.5) + 0.5)

    first, second, half = near(Span.Q1), near(Span.Q2), near(Span.H1)
    chances = {x: price(x, outlook).win for x in (first, second, half)}
    apart = parlay((first, second), outlook).win
    assert apart == pytest.approx(chances[first] * chances[second], abs=0.002)
    shared = outlook.of(Span.Q1).part("total").sd / outlook.of(Span.H1).part("total").sd
    nested = parlay((first, half), outlook).win
    ends = ndtri([chances[first], chances[half]])
    wanted = multivariate_normal.cdf(ends, cov=[[1, shared], [shared, 1]])
    assert nested == pytest.approx(wanted, abs=0.012)
    assert parlay((first, half, near(Span.GAME)), outlook).win < nested
    assert parlay((first, half, over(Span.GAME, 120.5)), outlook).win == pytest.approx(
        nested, abs=0.002
    )
    odd = OddEven(Parity.ODD, None, Span.Q1)
    halved = parlay((odd, near(Span.GAME)), outlook).win / price(odd, outlook).win
    assert halved == pytest.approx(price(near(Span.GAME), outlook).win, abs=0.002)


@pytest.mark.parametrize("clock", [400.0, 60.0, 1.0])
def test_what_may_happen_to_legs_on_parts_of_a_half_adds_up_to_1(clock: float) -> None:
    """Whichever figures they are on: each leg holds or its other side does."""
    now = state("nba", 1, clock, (25, 19))
    outlook = forecast(now, PRIOR, NBA)
    half, quarter = outlook.of(Span.H1), outlook.of(Span.Q2)
    lead, own = half.part("margin").quantile(0.5) + 0.5, quarter.part("home").quantile(0.5) + 0.5
    total = outlook.of(Span.Q1).part("total").quantile(0.5) + 0.5
    sides: list[tuple[Market, Market]] = [
        (Spread(Side.HOME, -lead, Span.H1), Spread(Side.AWAY, lead, Span.H1)),
        (
            TeamTotal(Side.HOME, Direction.OVER, own, Span.Q2),
            TeamTotal(Side.HOME, Direction.UNDER, own, Span.Q2),
        ),
        (over(Span.Q1, total), Total(Direction.UNDER, total, Span.Q1)),
    ]
    for count, slack in ((2, 1e-5), (3, 1e-4)):
        every = [parlay(legs, outlook).win for legs in product(*sides[:count])]
        assert sum(every) == pytest.approx(1, abs=slack)


def test_legs_on_a_half_and_its_last_quarter_go_together_as_in_the_break() -> None:
    """A second before the first quarter ends, a half is its second quarter and what stands."""
    last = state("nba", 1, 0.1, (28, 30))
    rest = replace(last, clock=0.0, phase=Phase.BREAK)
    before, after = (forecast(x, PRIOR, NBA) for x in (last, rest))
    own = after.of(Span.Q2).part("home").quantile(0.5) + 0.5
    for first in (Moneyline(Side.HOME, Span.H1), over(Span.H1, 113.5)):
        legs: list[Market] = [first, TeamTotal(Side.HOME, Direction.OVER, own, Span.Q2)]
        chances = parlay(legs, before).win, parlay(legs, after).win
        assert chances[0] == pytest.approx(chances[1], abs=0.01)
        assert chances[1] > 1.3 * price(first, after).win * price(legs[1], after).win


def test_periods_that_follow_on_one_another_are_independent() -> None:
    """Also for legs on different figures of them."""
    now = state("nba", 1, 300, (15, 12))
    outlook = forecast(now, PRIOR, NBA)
    legs: list[Market] = [over(Span.Q2, 55.5), TeamTotal(Side.HOME, Direction.OVER, 28.5, Span.Q1)]
    apart = price(legs[0], outlook).win * price(legs[1], outlook).win
    assert parlay(legs, outlook).win == pytest.approx(apart, abs=1e-6)


@pytest.mark.parametrize("known", [True, False])
def test_a_second_before_a_period_the_rest_of_the_game_is_all_but_known(known: bool) -> None:
    """The last quarter and the game are nearly one, also where points by period are unknown."""
    now = state("nba", 3, 1.0, (28, 30), (27, 24), (25, 29))
    now = now if known else replace(now, periods=None)
    outlook = forecast(now, PRIOR, NBA)
    quarter: list[Market] = [over(Span.Q4, 55.5), Spread(Side.HOME, -1.5, Span.Q4)]
    game: list[Market] = [over(Span.GAME, 218.5), Spread(Side.HOME, 1.5)]
    for legs in zip(quarter, game, strict=True):
        least = min(price(x, outlook).win for x in legs)
        assert parlay(legs, outlook).win == pytest.approx(least, abs=0.025)


def test_what_only_overtime_tells_apart_goes_together() -> None:
    """Regulation and the game, and a second half with and without overtimes."""
    now = state("nba", 2, 300, (28, 30), (15, 12))
    outlook = forecast(now, PRIOR, NBA)

    def joint(*legs: Market) -> float:
        return parlay(legs, outlook).win

    home, level = Moneyline(Side.HOME), ThreeWay(None, Span.REGULATION)
    ahead = ThreeWay(Side.HOME, Span.REGULATION)
    first = price(ahead, outlook).win
    assert joint(ahead, home) == pytest.approx(first, abs=1e-6)
    assert joint(ahead, Moneyline(Side.AWAY)) < 1e-6, "who is ahead after regulation has won"
    tied = joint(level, home)
    assert first + tied == pytest.approx(price(home, outlook).win, abs=1e-4)
    assert joint(over(Span.H2_REGULATION, 110.5), Total(Direction.UNDER, 108.5, Span.H2)) < 1e-6
    alone = price(over(Span.H2_REGULATION, 110.5), outlook).win
    assert joint(over(Span.H2_REGULATION, 110.5), over(Span.H2, 110.5)) > 0.93 * alone


@pytest.mark.parametrize("span", [Span.Q3, Span.GAME])
def test_legs_that_can_all_push_do_not_exclude_each_other(span: Span) -> None:
    """A tie returns the stake of both sides; what can only lose has lost."""
    outlook = forecast(OPEN, PRIOR, NBA)
    sides: list[Market] = [Total(x, 55.0, span) for x in Direction]
    whole = parlay(sides, outlook)
    assert whole.win < 1e-6
    assert whole.push == pytest.approx(price(sides[0], outlook).push, abs=1e-4)
    assert parlay([*sides, over(span, 60.5)], outlook).win < 1e-6
    for low, high in ((54.5, 55.5), (44.0, 66.0)):
        apart: list[Market] = [Total(Direction.UNDER, low, span), over(span, high)]
        assert parlay(apart, outlook) == LOST


def test_a_score_beyond_200_can_be_won_at() -> None:
    """As in an all-star game of 211 to 186."""
    now = state("nba", 4, 120.0, (53, 47), (51, 42), (56, 47), (45, 45))
    outlook = forecast(now, Prior(0.0, 330.0, PriorSource.LINES), NBA)
    legs: list[Market] = [over(Span.GAME, 391.5), Spread(Side.HOME, -18.5)]
    assert parlay(legs, outlook).win > 0.4


BOX = final_of(boxes()[0])
STAR = max(BOX.players, key=lambda x: dict(x.stats)["pts"])
PLAYER = Player(STAR.name, STAR.side)


def halved(line: PlayerLine) -> PlayerLine:
    """A line at half-time of what became of it."""
    stats = tuple((name, value // 2) for name, value in line.stats)
    return replace(line, minutes=line.minutes / 2, stats=stats)


def at_half() -> GameState:
    """The recorded game at half-time, as far as its final box tells."""
    assert BOX.periods is not None
    played = BOX.periods[:2]
    score = Score(sum(x.home for x in played), sum(x.away for x in played))
    players = tuple(map(halved, BOX.players))
    return GameState(BOX.game, Phase.BREAK, 2, 0.0, score, played, players=players)


HALF = at_half()
SEEN = forecast(HALF, PRIOR, NBA)
NOW = halved(STAR)


def line(stat: Stat, points: float, direction: Direction = Direction.OVER) -> PlayerTotal:
    """A line on the best scorer."""
    return PlayerTotal(PLAYER, stat, direction, points)


@pytest.mark.parametrize("share", [0.6, 1.0, 1.4])
def test_a_players_legs_are_bounded_by_one_another(share: float) -> None:
    """A parlay on one player is no likelier than any part of it, and loses no more than its sum."""
    for seen in SEEN.periods.state.players:
        who = Player(seen.name, seen.side)

        def near(stat: Stat, way: Direction, who: Player = who) -> PlayerTotal:
            mean = SEEN.player(who).pmf(stat).mean
            return PlayerTotal(who, stat, way, int(mean * share) + 0.5)

        try:
            legs: list[Market] = [
                near(Stat.THREES, Direction.UNDER),
                near(Stat.AST, Direction.OVER),
                near(Stat.PTS, Direction.UNDER),
            ]
            lost = [price(x, SEEN).lose for x in legs]
        except Unpriceable:
            continue
        before = 0.0
        for count in (2, 3):
            whole = parlay(legs[:count], SEEN)
            assert whole.lose >= before - 1e-6
            before = whole.lose
            assert max(lost[:count]) - 1e-6 <= whole.lose <= sum(lost[:count]) + 1e-6


@pytest.mark.parametrize("further", [Stat.STL, Stat.BLK, Stat.TO])
def test_a_further_leg_on_a_player_makes_a_parlay_no_likelier(further: Stat) -> None:
    """Whether it is on a figure of its own, or one that hardly can lose."""
    total = int(SEEN.player(PLAYER).pmf(Stat.PRA).mean)
    tight: list[Market] = [
        line(Stat.PRA, total - 5.5, Direction.UNDER),
        line(Stat.PTS, total - 8.5),
    ]
    fewer = parlay(tight, SEEN).lose
    assert parlay([*tight, line(further, 0.5, Direction.UNDER)], SEEN).lose >= fewer
    away = Spread(Side.AWAY if PLAYER.side is Side.HOME else Side.HOME, -9.5)
    apart: list[Market] = [line(Stat.PTS, total - 8.5), away]
    sure = line(further, 15.5, Direction.UNDER)
    assert parlay([*apart, sure], SEEN).lose >= parlay(apart, SEEN).lose - 1e-6


def test_what_a_player_has_is_safe() -> None:
    """A line that he is above has won, and its under has lost."""
    has = dict(NOW.stats)["pts"]
    assert price(line(Stat.PTS, has - 0.5), SEEN) == WON
    assert price(line(Stat.PTS, has - 0.5, Direction.UNDER), SEEN) == LOST
    ahead = price(line(Stat.PTS, has + 4.0), SEEN)
    assert 0 < ahead.push < ahead.win < 1
    assert not ahead.decided


def test_the_end_decides() -> None:
    """With the final box each line has the result that it gets."""
    over = forecast(BOX, PRIOR, NBA)
    made = dict(STAR.stats)["pts"]
    assert price(line(Stat.PTS, float(made)), over) == PUSHED
    assert price(line(Stat.PTS, made - 0.5), over) == WON
    assert price(line(Stat.PTS, made + 0.5), over) == LOST
    tens = sum(dict(STAR.stats)[x] >= 10 for x in ("pts", "reb", "ast", "stl", "blk"))
    assert price(DoubleDouble(PLAYER), over) == (WON if tens >= 2 else LOST)
    assert price(DoubleDouble(PLAYER, happens=False), over) == (LOST if tens >= 2 else WON)


@pytest.mark.parametrize(
    "legs",
    [
        [Spread(Side.AWAY, -3.0, Span.Q4), Spread(Side.AWAY, -6.0, Span.Q4)],
        [Total(Direction.OVER, 50.0, Span.Q4), Total(Direction.OVER, 52.0, Span.Q4)],
        [TeamTotal(Side.HOME, Direction.OVER, x, Span.H2) for x in (40.0, 75.0)],
    ],
    ids=["spreads", "totals", "team totals"],
)
def test_legs_on_two_lines_of_one_figure_cannot_all_push(legs: list[Market]) -> None:
    """With a leg on the whole game too: a figure ends on one line at most."""
    outlook = forecast(OPEN, PRIOR, NBA)
    found = parlay([*legs, Total(Direction.OVER, 206.0)], outlook)
    assert found.push == 0
    assert found.win > 0


def test_a_player_who_is_not_in_the_box_has_no_chance() -> None:
    """It is said so, not guessed."""
    with pytest.raises(Unpriceable):
        price(PlayerTotal(Player("Nobody", Side.HOME), Stat.PTS, Direction.OVER, 5.5), SEEN)


def test_lines_of_one_player_go_together() -> None:
    """What implies another line adds nothing; minutes tie the rest."""
    has = dict(NOW.stats)["pts"]
    points = line(Stat.PTS, has + 6.5)
    alone = price(points, SEEN).win
    implied = line(Stat.PRA, has + 6.5)
    assert parlay([points, implied], SEEN).win == pytest.approx(alone, rel=0.02)
    boards = line(Stat.REB, dict(NOW.stats)["reb"] + 2.5)
    product = alone * price(boards, SEEN).win
    assert parlay([points, boards], SEEN).win > product
    threes = line(Stat.THREES, dict(NOW.stats)["3pm"] + 1.5)
    product = alone * price(threes, SEEN).win
    assert parlay([points, threes], SEEN).win > 1.1 * product
    neither = parlay([points, line(Stat.PTS, has + 6.5, Direction.UNDER)], SEEN)
    assert neither.win < 1e-6


@pytest.mark.parametrize("more", [1, 2, 3])
def test_a_three_is_three_points(more: int) -> None:
    """So many threes more are three times as many points, and what goes with points adds up."""
    now = dict(NOW.stats)
    threes = line(Stat.THREES, now["3pm"] + more - 0.5)
    alone = price(threes, SEEN).win
    implied = now["pts"] + 3 * more - 0.5
    assert parlay([threes, line(Stat.PTS, implied)], SEEN).win == pytest.approx(alone, abs=2e-3)
    assert parlay([threes, line(Stat.PTS, implied, Direction.UNDER)], SEEN).win < 2e-3
    boards = line(Stat.PR, now["pts"] + now["reb"] + 9.5)
    assert parlay([threes, boards], SEEN).win > alone * price(boards, SEEN).win
    sides = [boards, replace(boards, direction=Direction.UNDER)]
    assert sum(parlay([threes, x], SEEN).win for x in sides) == pytest.approx(alone, abs=1e-3)


@pytest.mark.parametrize("stat", [Stat.PR, Stat.RA, Stat.PRA])
def test_what_ties_the_parts_of_a_sum_ties_them_in_a_parlay(stat: Stat) -> None:
    """A sum is as likely by the values of its parts as it is alone."""
    has = sum(dict(NOW.stats)[x.value] for x in stat.parts)
    for more in (4.5, 9.5, 14.5):
        over = line(stat, has + more)
        both = parlay([over, line(stat, has + more - 1)], SEEN)
        assert both.win == pytest.approx(price(over, SEEN).win, abs=2e-4)


def test_a_player_goes_with_his_team() -> None:
    """His points and his team's are likelier together than apart."""
    points = line(Stat.PTS, dict(NOW.stats)["pts"] + 6.5)
    team = HALF.score.of(PLAYER.side)
    over = TeamTotal(PLAYER.side, Direction.OVER, team + 55.5)
    under = TeamTotal(PLAYER.side, Direction.UNDER, team + 55.5)
    mine = price(points, SEEN).win
    with_over = parlay([points, over], SEEN).win
    with_under = parlay([points, under], SEEN).win
    assert with_over > 1.1 * mine * price(over, SEEN).win
    assert with_over + with_under == pytest.approx(mine, abs=2e-3)


@pytest.mark.parametrize(("side", "least"), [(PLAYER.side, 1.03), (PLAYER.side.other, 1.0)])
def test_players_go_together_by_their_teams_alone(side: Side, least: float) -> None:
    """Two players of one team are a little likelier together, and two of different teams hardly."""
    mate = next(x for x in HALF.players if x.side is side and x.name != PLAYER.name and x.played)
    his = PlayerTotal(Player(mate.name, side), Stat.PTS, Direction.OVER, 9.5)
    mine = line(Stat.PTS, dict(NOW.stats)["pts"] + 6.5)
    apart = price(mine, SEEN).win * price(his, SEEN).win
    assert least * apart < parlay([mine, his], SEEN).win < 1.1 * apart


def test_what_is_certain_changes_nothing_in_a_parlay() -> None:
    """A leg that has won leaves the others as they are; one that has lost ends it."""
    has = dict(NOW.stats)["pts"]
    sure, gone = line(Stat.PTS, has - 0.5), line(Stat.PTS, has - 0.5, Direction.UNDER)
    other = Moneyline(Side.HOME)
    assert parlay([sure, other], SEEN).win == pytest.approx(price(other, SEEN).win)
    assert parlay([gone, other], SEEN) == LOST
    assert parlay([sure, line(Stat.REB, dict(NOW.stats)["reb"] - 0.5)], SEEN) == WON
    half = HALF.score
    level: list[Market] = [
        Total(Direction.OVER, half.total, Span.H1), Spread(Side.AWAY, half.margin, Span.H1)
    ]  # fmt: skip
    assert (parlay(level, SEEN), parlay([*level, sure], SEEN)) == (PUSHED, WON)


def test_whole_lines_of_players_push_together() -> None:
    """A parlay pushes when every leg does."""
    legs = [
        line(Stat.PTS, dict(NOW.stats)["pts"] + 4.0),
        line(Stat.REB, dict(NOW.stats)["reb"] + 2.0),
    ]
    chance = parlay(legs, SEEN)
    product = price(legs[0], SEEN).push * price(legs[1], SEEN).push
    assert chance.push == pytest.approx(product, rel=0.5)
    assert chance.win + chance.push + chance.lose == pytest.approx(1)


@given(
    states(), st.sampled_from(Side), st.floats(1e-9, 1 - 1e-9), st.floats(-1, 1), st.floats(-1, 1)
)
@settings(max_examples=60)
def test_a_players_chance_given_the_score_is_that_of_the_copula_cell_by_cell(
    seen: GameState, side: Side, p: float, along: float, across: float
) -> None:
    """Whatever he leans on, up to a quarter and an eighth, and by the score's chances it is `p`."""
    final = forecast(seen, PRIOR, NBA).final
    along, across = along * 0.25, across * 0.13
    own, other = (final.home, final.away) if side is Side.HOME else (final.away, final.home)
    cells = final.cells if side is Side.HOME else final.cells.T
    index = along * own.scores[:, None] + across * other.scores
    rest = np.sqrt(1 - (cells * index**2).sum())
    whole = ndtr((ndtri(p) + index) / rest)
    whole *= p / (cells * whole).sum()
    leaning = final.home_leaning if side is Side.HOME else final.away_leaning
    found = leaning.given(p, along, across)
    assert np.abs((found if side is Side.HOME else found.T) - np.minimum(whole, 1)).max() < 1e-7
    assert (final.cells * found).sum() == pytest.approx(p, abs=1e-7)
