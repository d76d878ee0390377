"""Quarters and halves: settled once played, part of the game while they are, one price each way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.domain.chance import LOST, PUSHED, WON, Chance, Unpriceable
from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.league import LEAGUES
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast import (
    Outlook,
    forecast,
    load_parameters,
    parlay,
    price,
    price_all,
)
from tracker.forecast.pricing.markets import WORTH_A_SHEET, own_figure

NBA = load_parameters("nba")
COLLEGE = load_parameters("ncaam")
PRIOR = Prior(4.5, 226.5, PriorSource.LINES)


def state(league: str, period: int, clock: float, *points: tuple[int, int]) -> GameState:
    """A live state with the points of each period."""
    game = Game("1", league, "DEN", "LAL", datetime(2024, 1, 1, tzinfo=UTC))
    periods = tuple(Score(*x) for x in points)
    score = Score(sum(x.home for x in periods), sum(x.away for x in periods))
    return GameState(game, Phase.LIVE, period, clock, score, periods=periods)


def test_a_played_quarter_is_settled() -> None:
    """In the third quarter the first half's bets are won, lost or pushed for good."""
    now = state("nba", 3, 300, (28, 30), (25, 22), (10, 9))
    outlook = forecast(now, PRIOR, NBA)
    assert price(Moneyline(Side.HOME, Span.H1), outlook) == WON
    assert price(Spread(Side.HOME, -1, Span.H1), outlook) == PUSHED
    assert price(Total(Direction.OVER, 52.5, Span.Q1), outlook) == WON
    assert price(TeamTotal(Side.AWAY, Direction.UNDER, 22, Span.Q2), outlook) == PUSHED
    assert price(Moneyline(Side.HOME, Span.Q1), outlook) == LOST


@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_while_nobody_can_score_yet_no_expected_total_moves(period: int) -> None:
    """In the first ten seconds of a period; after them the points that are missing count."""
    before = ((28, 30), (25, 22), (30, 31))[: period - 1]
    spans = (Span.GAME, (Span.Q1, Span.Q2, Span.Q3, Span.Q4)[period - 1])

    def expected(clock: float) -> list[float]:
        outlook = forecast(state("nba", period, clock, *before, (0, 0)), PRIOR, NBA)
        return [outlook.of(x).part("total").mean for x in spans]

    begun = expected(720.0)
    assert expected(714.0) == pytest.approx(begun, abs=0.02)
    assert expected(710.0) == pytest.approx(begun, abs=0.02)
    assert all(late < early - 0.5 for late, early in zip(expected(695.0), begun, strict=True))


def test_a_clear_favourite_brings_a_first_half_points() -> None:
    """At the same total of the game; whoever it is, and not in the second half."""
    game = Game("1", "nba", "DEN", "LAL", datetime(2024, 1, 1, tzinfo=UTC))
    before = GameState(game, Phase.SCHEDULED, 0, 720.0, Score(0, 0))

    def over(margin: float, span: Span) -> float:
        outlook = forecast(before, Prior(margin, 226.5, PriorSource.LINES), NBA)
        return price(Total(Direction.OVER, 113.5, span), outlook).win

    assert over(12.0, Span.H1) == pytest.approx(over(-12.0, Span.H1), abs=1e-9)
    assert over(12.0, Span.H1) > over(0.0, Span.H1) + 0.02
    assert over(12.0, Span.H2) == pytest.approx(over(0.0, Span.H2), abs=0.01)


def test_the_rest_of_the_game_is_its_second_half() -> None:
    """In the fourth quarter a second-half bet and the game's bet are the same question."""
    now = state("nba", 4, 400, (28, 30), (25, 22), (20, 24), (12, 9))
    outlook = forecast(now, PRIOR, NBA)
    half = price(Total(Direction.OVER, 110.5, Span.H2), outlook)
    game = price(Total(Direction.OVER, 215.5), outlook)
    assert half.win == pytest.approx(game.win, abs=1e-9)
    fourth = price(Moneyline(Side.HOME, Span.Q4), outlook)
    regulation = price(Spread(Side.HOME, 3, Span.REGULATION), outlook)
    assert fourth.win == pytest.approx(regulation.win, abs=1e-9)
    assert fourth.push == pytest.approx(regulation.push, abs=1e-9)


@pytest.mark.parametrize(
    ("points", "clock", "span", "other", "before"),
    [
        (((28, 30), (10, 9)), 400.0, Span.H1, Span.Q2, (28, 30)),
        (((28, 30),), 0.0, Span.H1, Span.Q2, (28, 30)),
        (((28, 30), (25, 22)), 0.0, Span.GAME, Span.H2, (53, 52)),
        (((28, 30), (25, 22)), 0.0, Span.REGULATION, Span.H2_REGULATION, (53, 52)),
        (((28, 30), (25, 22), (20, 24)), 0.0, Span.REGULATION, Span.Q4, (73, 76)),
        (((28, 30), (25, 22), (20, 24)), 0.0, Span.H2_REGULATION, Span.Q4, (20, 24)),
    ],
)
def test_one_event_has_one_chance_whatever_span_it_is_told_of(
    points: tuple[tuple[int, int], ...],
    clock: float,
    span: Span,
    other: Span,
    before: tuple[int, int],
) -> None:
    """Where the rest of a span is all of another, their bets are the same bet."""
    now = state("nba", len(points), clock, *points)
    now = now if clock else replace(now, phase=Phase.BREAK)
    outlook = forecast(now, PRIOR, NBA)
    home, away = before
    for line in (-6.5, 0.0, 2.0):
        mine = price(Spread(Side.HOME, line - home + away, span), outlook)
        theirs = price(Spread(Side.HOME, line, other), outlook)
        assert (mine.win, mine.push) == pytest.approx((theirs.win, theirs.push), abs=1e-9)
        total = outlook.of(other).part("total").quantile(0.5) + line
        mine = price(Total(Direction.OVER, total + home + away, span), outlook)
        theirs = price(Total(Direction.OVER, total, other), outlook)
        assert (mine.win, mine.push) == pytest.approx((theirs.win, theirs.push), abs=1e-9)


def test_overtime_counts_where_it_should() -> None:
    """In overtime the fourth quarter is settled and the second half goes on."""
    now = state("nba", 5, 200, (28, 30), (25, 22), (20, 24), (30, 27), (4, 2))
    outlook = forecast(now, PRIOR, NBA)
    assert price(Moneyline(Side.HOME, Span.Q4), outlook) == WON
    assert price(Moneyline(Side.HOME, Span.REGULATION), outlook) == PUSHED
    second = price(Total(Direction.OVER, 115.5, Span.H2), outlook)
    assert not second.decided
    without = price(Total(Direction.OVER, 100.5, Span.H2_REGULATION), outlook)
    assert without == WON


def test_an_overtime_tells_that_regulation_was_drawn() -> None:
    """Also where the points by period are unknown; only its points are then."""
    whole = state("nba", 5, 200, (28, 30), (25, 22), (20, 24), (30, 27), (4, 2))
    now = replace(whole, periods=None)
    outlook = forecast(now, PRIOR, NBA)
    asked: list[tuple[Market, Chance]] = [
        (Moneyline(Side.HOME, Span.REGULATION), PUSHED),
        (ThreeWay(None, Span.REGULATION), WON),
        (Spread(Side.AWAY, -1.5, Span.REGULATION), LOST),
    ]
    for market, chance in asked:
        assert price(market, outlook) == chance
        assert price_all([market] * WORTH_A_SHEET, outlook)[-1] == chance
    legs: list[Market] = [asked[1][0], Moneyline(Side.HOME)]
    assert parlay(legs, outlook) == price(legs[1], outlook)
    with pytest.raises(Unpriceable, match="periods"):
        price(Total(Direction.OVER, 200.5, Span.REGULATION), outlook)


def test_a_second_half_without_overtime_lacks_what_overtime_brings() -> None:
    """Before it begins its points are those of the half less those of overtimes to come."""
    for now in (state("nba", 1, 720), state("nba", 2, 300, (28, 30), (15, 12))):
        outlook = forecast(now, PRIOR, NBA)
        assert outlook.periods is not None
        assert outlook.regulation is not None
        half, level = (outlook.periods.points(x) for x in (Span.H2, Span.H2_REGULATION))
        for name in ("margin", "total"):
            overtime = outlook.final.part(name).mean - outlook.regulation.part(name).mean
            less = half.part(name).mean - level.part(name).mean
            assert less == pytest.approx(overtime, abs=0.02)
        assert level.part("total").sd < half.part("total").sd
    late = state("nba", 4, 400, (28, 30), (25, 22), (20, 24), (12, 9))
    outlook = forecast(late, PRIOR, NBA)
    third = price(Spread(Side.HOME, -3.5, Span.H2_REGULATION), outlook)
    whole = price(Spread(Side.HOME, -4.5, Span.REGULATION), outlook)
    assert third.win == pytest.approx(whole.win, abs=1e-9)


def test_points_by_period_are_asked_for_when_needed() -> None:
    """Without them a played quarter cannot be priced, the game can."""
    whole = state("nba", 3, 300, (28, 30), (25, 22), (10, 9))
    now = GameState(whole.game, Phase.LIVE, 3, 300, whole.score)
    outlook = forecast(now, PRIOR, NBA)
    assert 0 < price(Moneyline(Side.HOME), outlook).win < 1
    with pytest.raises(Unpriceable, match="periods"):
        price(Moneyline(Side.HOME, Span.Q1), outlook)


def test_halves_of_college_games() -> None:
    """A league of two halves has its own figures for each."""
    now = state("ncaam", 1, 600, (18, 20))
    prior = Prior(2, 146, PriorSource.RATINGS, 4, 4)
    outlook = forecast(now, prior, COLLEGE)
    first = price(Total(Direction.OVER, 70.5, Span.H1), outlook)
    second = price(Total(Direction.OVER, 74.5, Span.H2), outlook)
    assert 0.1 < first.win < 0.9
    assert 0.1 < second.win < 0.9


SPANS = st.sampled_from([Span.GAME, Span.REGULATION, Span.H1, Span.H2, Span.Q2, Span.Q4])


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Any market of an NBA game."""
    span, side = draw(SPANS), draw(st.sampled_from(list(Side)))
    direction = draw(st.sampled_from(list(Direction)))
    offered: list[Market] = [
        Moneyline(side, span),
        Spread(side, draw(st.integers(-30, 30)) / 2, span),
        Total(direction, draw(st.integers(60, 480)) / 2, span),
        TeamTotal(side, direction, draw(st.integers(30, 260)) / 2, span),
    ]
    return draw(st.sampled_from(offered))


@st.composite
def states(draw: st.DrawFn) -> GameState:
    """A state of regulation with its points by period."""
    period = draw(st.integers(1, 4))
    points = [(draw(st.integers(15, 40)), draw(st.integers(15, 40))) for _ in range(period)]
    return state("nba", period, draw(st.floats(0.1, 720)), *points)


@settings(max_examples=60, deadline=None)
@given(states(), st.floats(-25, 25))
def test_overtimes_only_add_points(now: GameState, margin: float) -> None:
    """An over is never likelier without overtimes than with them, at any line."""
    outlook = forecast(now, Prior(margin, 226.5, PriorSource.LINES), NBA)
    for without, span in ((Span.REGULATION, Span.GAME), (Span.H2_REGULATION, Span.H2)):
        for part, slack in (("total", 1e-9), ("home", 5e-4), ("away", 5e-4)):
            level, whole = (outlook.of(x).part(part) for x in (without, span))
            for value in range(level.first, level.first + level.chances.size):
                assert whole.less_than(value) <= level.less_than(value) + slack


@settings(max_examples=80, deadline=None)
@given(states(), st.lists(markets(), min_size=1, max_size=8))
def test_a_sheet_prices_as_one_by_one(now: GameState, asked: list[Market]) -> None:
    """Laid out together, markets have the chances that they have alone."""
    outlook = forecast(now, PRIOR, NBA)
    together = price_all(asked * WORTH_A_SHEET, outlook)
    assert None not in together
    found = [(x.win, x.push, x.lose) for x in together if x is not None]
    alone = [price(x, outlook) for x in asked * WORTH_A_SHEET]
    assert np.allclose(found, [(x.win, x.push, x.lose) for x in alone], atol=1e-9)


@settings(max_examples=80, deadline=None)
@given(states(), st.lists(markets(), min_size=2, max_size=4))
def test_a_parlay_is_bounded_by_its_legs(now: GameState, legs: list[Market]) -> None:
    """It loses as often as any leg, and no more often than all of them together."""
    outlook = forecast(now, PRIOR, NBA)
    whole = parlay(legs, outlook)
    lost = [price(x, outlook).lose for x in legs]
    assert max(lost) - 1e-6 <= whole.lose <= sum(lost) + 1e-6
    assert 0 <= whole.win <= 1


@settings(max_examples=80, deadline=None)
@given(states(), st.lists(markets(), min_size=1, max_size=6), st.data())
def test_what_is_decided_stays_decided(
    now: GameState, asked: list[Market], data: st.DataObject
) -> None:
    """A bet that was won, lost or pushed for good is so at every later state of the game."""
    outlook = forecast(now, PRIOR, NBA)
    assert now.periods is not None
    *played, last = ((x.home, x.away) for x in now.periods)
    more = data.draw(st.integers(0, 12)), data.draw(st.integers(0, 12))
    points = [*played, (last[0] + more[0], last[1] + more[1])]
    later = state("nba", now.period, now.clock * data.draw(st.floats(0, 1)), *points)
    then = forecast(later, PRIOR, NBA)
    for market in asked:
        chance = price(market, outlook)
        if chance.decided:
            assert price(market, then) == chance


@pytest.mark.parametrize("clock", [61.0, 75.0, 150.0, 300.0])
@pytest.mark.parametrize("lead", [-3.5, 2.5])
def test_near_the_end_of_a_half_its_markets_agree(clock: float, lead: float) -> None:
    """Margin, total and team points of a half are those of its joint chances up to its end."""
    now = state("nba", 2, clock, (28, 25), (22, 24))
    outlook = forecast(now, PRIOR, NBA)
    legs: list[Market] = [
        Spread(Side.HOME, lead, Span.H1),
        Total(Direction.OVER, 103.5, Span.H1),
    ]
    whole = parlay(legs, outlook)
    assert whole.lose >= max(price(x, outlook).lose for x in legs) - 1e-6
    points = outlook.of(Span.H1)
    means = [points.part(x).mean for x in ("home", "away", "total", "margin")]
    assert means[0] + means[1] == pytest.approx(means[2], abs=1e-3)
    assert means[0] - means[1] == pytest.approx(means[3], abs=1e-3)


def test_a_quarter_runs_out() -> None:
    """With hardly any time left a quarter's line is all but decided, and with some it is not."""
    line = Total(Direction.OVER, 58.5, Span.Q1)
    chances = []
    for clock in (60, 10, 1):
        now = state("nba", 1, clock, (30, 28))
        chances.append(price(line, forecast(now, PRIOR, NBA)).win)
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.9
    assert 0 < chances[2] < 0.2


def test_the_figure_of_a_quarter_is_told_from_the_side_that_is_backed() -> None:
    """What stands and how it is expected to end; nothing stands before it begins."""
    now = state("nba", 3, 300, (28, 30), (25, 22), (10, 14))
    outlook = forecast(now, PRIOR, NBA)
    home = own_figure(Spread(Side.HOME, -1.5, Span.Q3), outlook)
    away = own_figure(Moneyline(Side.AWAY, Span.Q3), outlook)
    total = own_figure(Total(Direction.OVER, 52.5, Span.Q3), outlook)
    later = own_figure(TeamTotal(Side.HOME, Direction.OVER, 25.5, Span.Q4), outlook)
    assert home is not None
    assert away is not None
    assert total is not None
    assert later is not None
    assert (home.now, away.now, total.now, later.now) == (-4, 4, 24, None)
    assert home.mu == pytest.approx(-away.mu)
    assert 30 < total.mu < 60
    assert 15 < later.mu < 40
    assert min(home.sigma, total.sigma, later.sigma) > 1
    assert own_figure(Moneyline(Side.HOME), outlook) is None


def open_lines(league: str, outlook: Outlook) -> list[Market]:
    """Lines on margin, total and home points of all spans that are not over, around their means."""
    quarters = [Span.Q1, Span.Q2, Span.Q3, Span.Q4] if league != "ncaam" else []
    found: list[Market] = []
    for span in (*quarters, Span.H1, Span.H2, Span.H2_REGULATION, Span.GAME):
        points = outlook.of(span)
        if not points.sure:
            for level in (0.2, 0.5, 0.8):
                margin, total, home = (
                    points.part(x).quantile(level) + 0.5 for x in ("margin", "total", "home")
                )
                found += [Spread(Side.HOME, -margin, span), Total(Direction.OVER, total, span)]
                found.append(TeamTotal(Side.HOME, Direction.OVER, home, span))
    return found


@pytest.mark.parametrize("league", ["nba", "wnba", "ncaam"])
@pytest.mark.parametrize("margin", [-9.0, 3.0])
def test_a_break_moves_no_bet_on_what_follows(league: str, margin: float) -> None:
    """Neither the last tenth of a period, nor the break, nor the first moment of the next one."""
    parameters = load_parameters(league)
    prior = Prior(margin, parameters.average.total + 6.0, PriorSource.LINES)
    played = ((28, 30), (27, 16), (20, 28)) if league != "ncaam" else ((41, 30),)
    for count in range(1, len(played) + 1):
        last = state(league, count, 0.1, *played[:count])
        length = float(last.game.rules.period_seconds)
        course = [
            last,
            replace(last, clock=0.0),
            replace(last, clock=0.0, phase=Phase.BREAK),
            state(league, count + 1, length, *played[:count], (0, 0)),
        ]
        outlooks = [forecast(x, prior, parameters) for x in course]
        for market in open_lines(league, outlooks[2]):
            seen = [price(market, x).win for x, now in zip(outlooks, course, strict=True)]
            assert max(seen) - min(seen) < 0.015


@pytest.mark.parametrize("league", ["nba", "wnba", "ncaam"])
@pytest.mark.parametrize("beyond", [-15.0, 15.0])
def test_the_break_before_an_overtime_moves_no_bet(league: str, beyond: float) -> None:
    """Nor does its first moment, whatever points the lines expect."""
    parameters = load_parameters(league)
    prior = Prior(7.0, parameters.average.reference + beyond, PriorSource.LINES)
    count = LEAGUES[league].periods
    played = [(28, 28)] * count
    for period in (count, count + 1):
        break_ = replace(state(league, period, 0.0, *played, (0, 0)), phase=Phase.BREAK)
        seen = [break_, state(league, period + 1, 300.0, *played, (0, 0))]
        same_chances([forecast(x, prior, parameters) for x in seen], within=1e-9)


@pytest.mark.parametrize("league", ["nba", "wnba", "ncaam"])
@pytest.mark.parametrize("lead", [0, -13, 31])
def test_where_the_tables_take_over_from_the_flow_no_chance_leaps(league: str, lead: int) -> None:
    """From 5:00 to 4:00 of the last period."""
    parameters = load_parameters(league)
    prior = Prior(11.0, parameters.average.reference + 9.0, PriorSource.LINES)
    period = LEAGUES[league].periods
    for clock in (300.0, 240.0):
        seen = [state(league, period, clock + x, (60 + lead, 60)) for x in (0.01, -0.01)]
        same_chances([forecast(x, prior, parameters) for x in seen], within=0.001)


def same_chances(seen: list[Outlook], within: float) -> None:
    """Check the chances of all lines between the 1 % and the 99 % of each part of the score."""
    one, other = (x.final for x in seen)
    for name in ("margin", "total", "home", "away"):
        low, high = (one.part(name).quantile(x) for x in (0.01, 0.99))
        wanted = one.part(name).window(low, high)
        assert other.part(name).window(low, high) == pytest.approx(wanted, abs=within)


@pytest.mark.parametrize("league", ["nba", "wnba", "ncaam"])
@pytest.mark.parametrize("clock", [181.0, 180.5, 61.0, 60.5])
def test_no_second_before_the_end_of_a_period_makes_a_leap(league: str, clock: float) -> None:
    """Where its forecast is made in another way: while nobody scores, little changes."""
    parameters = load_parameters(league)
    prior = Prior(7.0, parameters.average.total - 8.0, PriorSource.LINES)
    first = state(league, 1, clock, (24, 17))
    later = replace(first, clock=clock - 1)
    outlooks = [forecast(x, prior, parameters) for x in (first, later)]
    for market in open_lines(league, outlooks[0]):
        before, after = (price(market, x).win for x in outlooks)
        assert abs(after - before) < 0.025


@pytest.mark.parametrize("clock", [720.0, 700.0, 400.0, 100.0, 30.0])
def test_a_first_half_is_its_quarters(clock: float) -> None:
    """Its expected total is that of both together, and its margin but for the lead's reversion."""
    now = state("nba", 1, clock, (14, 9) if clock < 720 else (0, 0))
    outlook = forecast(now, PRIOR, NBA)
    half, first, second = (outlook.of(x) for x in (Span.H1, Span.Q1, Span.Q2))
    for name, slack in (("total", 0.1), ("margin", 1.0)):
        mean = first.part(name).mean + second.part(name).mean
        assert half.part(name).mean == pytest.approx(mean, abs=slack)


def test_the_first_minute_of_a_period_brings_fewer_points() -> None:
    """It begins without a possession under way: the line that was even in the break still is."""
    now = state("nba", 1, 0.0, (28, 30))
    before = forecast(replace(now, phase=Phase.BREAK), PRIOR, NBA).of(Span.Q2).part("total")
    means = []
    for clock in (720.0, 700.0, 660.0):
        begun = state("nba", 2, clock, (28, 30), (0, 0))
        means.append(forecast(begun, PRIOR, NBA).of(Span.Q2).part("total").mean)
    assert means[0] == pytest.approx(before.mean, abs=0.05)
    assert 2.5 < means[0] - means[2] < 4.0, "a minute brings 4.7 points later on"
    assert means[0] > means[1] > means[2]


@pytest.mark.parametrize("league", ["nba", "wnba"])
def test_a_period_ends_without_a_leap_of_its_total(league: str) -> None:
    """From 1:01 to 1:00 of a period, where its end is read off the tables, little changes."""
    parameters = load_parameters(league)
    average = Prior(0.0, parameters.average.reference, PriorSource.LINES)
    means = []
    for clock in (61.0, 60.0):
        now = state(league, 1, clock, (20, 20))
        means.append(forecast(now, average, parameters).periods.points(Span.Q1).part("total").mean)
    assert 0 < means[0] - means[1] < 0.2
