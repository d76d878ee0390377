"""The forecast keeps its hard promises: markets agree, sides complement, decided bets are sure."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.domain.chance import LOST, PUSHED, WON
from tracker.domain.game import (
    MOST_FREE_THROWS,
    FreeThrows,
    Game,
    GameState,
    Pair,
    Phase,
    Score,
    Side,
)
from tracker.domain.market import Direction, Moneyline, Spread, TeamTotal, Total
from tracker.domain.prior import Lines, Prior, PriorSource
from tracker.forecast import forecast, load_parameters, price
from tracker.forecast.game.flow import MADE, REBOUNDED, TAKEN_BACK
from tracker.forecast.market import LiveLines, forecast_with

GAME = Game("1", "nba", "DEN", "LAL", datetime(2024, 1, 1, tzinfo=UTC))
PRIOR = Prior(4.5, 226.5, PriorSource.LINES)
NBA = load_parameters("nba")


def live(home: int, away: int, period: int, clock: float, ball: Side | None = None) -> GameState:
    """A state of a game in play."""
    return GameState(GAME, Phase.LIVE, period, clock, Score(home, away), possession=ball)


@st.composite
def states(draw: st.DrawFn) -> GameState:
    """Any state of a game in play, overtime included."""
    period = draw(st.integers(1, 6))
    clock = draw(st.floats(0, 300 if period > 4 else 720))
    played = (min(period, 5) - 1) * 720 + (300 if period > 4 else 720) - clock
    pace = played / 2880 * 112
    home = round(pace * draw(st.floats(0.6, 1.4)))
    away = round(pace * draw(st.floats(0.6, 1.4)))
    ball = draw(st.sampled_from([None, Side.HOME, Side.AWAY]))
    bonus = draw(st.none() | st.builds(Pair, st.booleans(), st.booleans()))
    known = GameState(
        GAME, Phase.LIVE, period, clock, Score(home, away), possession=ball, bonus=bonus
    )
    if ball is None or period < 4 or (period == 4 and clock > 300):
        return known
    return replace(known, throws=draw(st.none() | throws(ball)))


def throws(side: Side) -> st.SearchStrategy[FreeThrows]:
    """Any free throws of a side."""
    kept = st.none() | st.sampled_from(Side)
    return st.builds(FreeThrows, st.just(side), LEFT, st.none(), kept, st.booleans())


LEFT = st.integers(1, MOST_FREE_THROWS)


@st.composite
def priors(draw: st.DrawFn) -> Prior:
    """Any prior that a book could post."""
    return Prior(draw(st.floats(-20, 20)), draw(st.floats(190, 260)), PriorSource.LINES)


@settings(max_examples=150, deadline=None)
@given(states(), priors())
def test_markets_agree(state: GameState, prior: Prior) -> None:
    """Moneyline, means, overs and complementary sides are read off one distribution."""
    outlook = forecast(state, prior, NBA)
    cells = outlook.final.cells
    assert cells.min() >= 0
    assert cells.sum() == pytest.approx(1, abs=1e-9)
    mu = outlook.mu
    assert mu.home + mu.away == pytest.approx(mu.total)
    assert mu.home - mu.away == pytest.approx(mu.margin)
    assert outlook.final.margin.mean == pytest.approx(mu.margin, abs=1e-6)
    assert outlook.final.total.mean == pytest.approx(mu.total, abs=1e-6)
    win = price(Moneyline(Side.HOME), outlook)
    margin = outlook.pmf["margin"]
    assert win.win == pytest.approx(sum(p for m, p in margin.items() if m > 0), abs=3e-7)
    assert margin.get(0, 0.0) == pytest.approx(0, abs=1e-12)
    away = price(Moneyline(Side.AWAY), outlook)
    assert (win.win, win.lose) == (away.lose, away.win)
    last = 1.0
    for line in range(150, 300, 7):
        over = price(Total(Direction.OVER, line), outlook)
        under = price(Total(Direction.UNDER, line), outlook)
        assert over.win <= last
        assert (over.win, over.push, over.lose) == (under.lose, under.push, under.win)
        last = over.win
    for points in (-7, -3.5, 0, 2.5):
        home = price(Spread(Side.HOME, points), outlook)
        other = price(Spread(Side.AWAY, -points), outlook)
        assert (home.win, home.push, home.lose) == (other.lose, other.push, other.win)


@settings(max_examples=80, deadline=None)
@given(states(), priors())
def test_sides_mirror(state: GameState, prior: Prior) -> None:
    """A game told from the other side has the mirrored outlook."""
    flipped = GameState(
        GAME,
        state.phase,
        state.period,
        state.clock,
        Score(state.score.away, state.score.home),
        possession=None if state.possession is None else state.possession.other,
        bonus=None if state.bonus is None else Pair(state.bonus.away, state.bonus.home),
        throws=None if state.throws is None else state.throws.turned,
    )
    there = forecast(state, prior, NBA)
    back = forecast(flipped, Prior(-prior.margin, prior.total, prior.source), NBA)
    assert there.mu.home == pytest.approx(back.mu.away, abs=1e-6)
    assert there.sigma.total == pytest.approx(back.sigma.total, abs=1e-6)
    win = price(Moneyline(Side.HOME), there).win
    assert win == pytest.approx(price(Moneyline(Side.AWAY), back).win, abs=1e-8)


def test_final_is_certain() -> None:
    """A final score settles every market, pushes included, and has no spread left."""
    state = GameState(GAME, Phase.FINAL, 4, 0, Score(110, 104))
    outlook = forecast(state, PRIOR, NBA)
    assert outlook.sigma.margin == 0
    assert price(Moneyline(Side.HOME), outlook) == WON
    assert price(Spread(Side.HOME, -6), outlook) == PUSHED
    assert price(Spread(Side.HOME, -6.5), outlook) == LOST
    assert price(Total(Direction.OVER, 213.5), outlook) == WON


def test_over_already_reached_is_won_while_the_game_goes_on() -> None:
    """Points cannot be taken back: an over that is reached is won, its under lost."""
    state = live(120, 110, 4, 200)
    outlook = forecast(state, PRIOR, NBA)
    assert price(Total(Direction.OVER, 229.5), outlook) == WON
    assert price(TeamTotal(Side.AWAY, Direction.UNDER, 109.5), outlook) == LOST
    assert not price(Total(Direction.OVER, 230), outlook).decided
    assert not price(Total(Direction.OVER, 330.5), outlook).decided
    assert not price(Spread(Side.HOME, -60.5), outlook).decided


def test_uncertainty_vanishes_with_the_clock() -> None:
    """Sigma falls to almost nothing as a decided game runs out."""
    sigmas = [
        forecast(live(110, 95, 4, clock), PRIOR, NBA).sigma.margin
        for clock in (300, 120, 60, 30, 10, 2, 0)
    ]
    assert sigmas == sorted(sigmas, reverse=True)
    assert sigmas[-1] < 0.2


def test_the_ball_matters_late() -> None:
    """At level scores with ten seconds left the ball is worth much, and the same to both."""
    ours = forecast(live(100, 100, 4, 10, Side.HOME), Prior(0, 224, PriorSource.LINES), NBA)
    theirs = forecast(live(100, 100, 4, 10, Side.AWAY), Prior(0, 224, PriorSource.LINES), NBA)
    unknown = forecast(live(100, 100, 4, 10), Prior(0, 224, PriorSource.LINES), NBA)
    win = [price(Moneyline(Side.HOME), x).win for x in (ours, theirs)]
    assert win[0] > 0.6
    assert math.isclose(sum(win), 1, abs_tol=1e-9)
    assert win[1] < price(Moneyline(Side.HOME), unknown).win < win[0]


@pytest.mark.parametrize(
    ("lead", "clock", "ball", "least", "most"),
    [
        (1, 10.0, Side.HOME, 0.05, 0.18),
        (2, 5.0, Side.HOME, 0.04, 0.18),
        (-1, 5.0, Side.HOME, 0.5, 0.7),
        (-2, 1.5, Side.HOME, 0.7, 0.88),
    ],
)
def test_in_the_last_seconds_leaders_are_fouled_and_others_run_out_of_time(
    lead: int, clock: float, ball: Side, least: float, most: float
) -> None:
    """The chance of no further point is near what came right after recorded actions."""
    outlook = forecast(live(100 + lead, 100, 4, clock, ball), PRIOR, NBA)
    under = Total(Direction.UNDER, 200 + lead + 0.5)
    assert least < price(under, outlook).win < most


def test_a_line_that_is_all_but_sure_is_still_open() -> None:
    """Before tip-off nothing is decided, however far away the line is."""
    state = GameState(GAME, Phase.SCHEDULED, 0, 720, Score(0, 0))
    outlook = forecast(state, PRIOR, NBA)
    chance = price(TeamTotal(Side.HOME, Direction.OVER, 20.5), outlook)
    assert not chance.decided
    assert chance.win > 0.9999


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
    st.integers(1, 6),
    st.floats(0, 1),
    st.tuples(st.floats(-0.4, 0.4), st.floats(80, 300), st.floats(0, 25)),
)
def test_no_state_is_too_strange(
    score: tuple[int, int], period: int, part: float, belief: tuple[float, float, float]
) -> None:
    """However odd a score and a prior, the outlook is a distribution that holds the score."""
    state = live(*score, period, part * (300 if period > 4 else 720))
    margin, total, sd = belief
    outlook = forecast(state, Prior(margin * total, total, PriorSource.RATINGS, sd, sd), NBA)
    cells = outlook.final.cells
    assert cells.min() >= 0
    assert cells.sum() == pytest.approx(1, abs=1e-9)
    assert outlook.mu.home >= score[0] - 1e-6
    assert outlook.mu.away >= score[1] - 1e-6
    assert math.isfinite(outlook.sigma.total)


def test_a_clock_in_whole_seconds_may_hide_a_last_shot() -> None:
    """A college game at 0:00 of its feed is less sure than an NBA game at 0.0, as recorded ones."""
    college = Game("1", "ncaam", "UNC", "DUKE", datetime(2025, 1, 1, tzinfo=UTC))
    state = GameState(college, Phase.LIVE, 2, 0.0, Score(71, 70))
    ncaam, even = load_parameters("ncaam"), Prior(0.0, 142.5, PriorSource.LINES)
    ahead = price(Moneyline(Side.HOME), forecast(state, even, ncaam)).win
    assert 0.95 < ahead < 0.98
    state = live(101, 100, 4, 0.0)
    assert price(Moneyline(Side.HOME), forecast(state, PRIOR, NBA)).win > 0.99


def test_a_live_total_that_the_score_has_passed_moves_nothing() -> None:
    """It is wrong: followed, it would leave no score that can still come about."""
    state = live(125, 86, 3, 120.0)
    moved = forecast_with(state, PRIOR, NBA, LiveLines(Lines(total=50.0)))
    assert moved.mu == forecast(state, PRIOR, NBA).mu
    reached = forecast_with(state, PRIOR, NBA, LiveLines(Lines(total=211.0)))
    assert math.isfinite(reached.mu.total)
    assert reached.mu.total < moved.mu.total


SEEN = (
    Moneyline(Side.HOME),
    Spread(Side.HOME, 1.5),
    Spread(Side.AWAY, 2.0),
    Total(Direction.OVER, 222.5),
    TeamTotal(Side.HOME, Direction.OVER, 110.0),
)
"""Markets of a close game with 220 points."""


@pytest.mark.parametrize("kept", list(Side))
def test_the_ball_after_throws_that_keep_it_is_known(kept: Side) -> None:
    """After a flagrant or a technical foul a made and a missed last throw leave the same ball."""
    state = live(109, 111, 4, 27.3, Side.HOME)
    now = forecast(replace(state, throws=FreeThrows(Side.HOME, 1, kept=kept)), PRIOR, NBA)
    made, missed = (forecast(live(x, 111, 4, 27.3, kept), PRIOR, NBA) for x in (110, 109))
    for market in SEEN:
        mean = MADE * price(market, made).win + (1 - MADE) * price(market, missed).win
        assert price(market, now).win == pytest.approx(mean, abs=2e-5)


def test_a_foul_under_review_is_given_or_taken_back() -> None:
    """While a coach challenges it, chances are between those with its throws and a loose ball."""
    state = live(109, 111, 4, 27.3, Side.HOME)
    taken = forecast(replace(state, possession=None), PRIOR, NBA)
    given, reviewed = (
        forecast(replace(state, throws=FreeThrows(Side.HOME, 2, reviewed=x)), PRIOR, NBA)
        for x in (False, True)
    )
    for market in SEEN:
        mean = (1 - TAKEN_BACK) * price(market, given).win + TAKEN_BACK * price(market, taken).win
        assert price(market, reviewed).win == pytest.approx(mean, abs=2e-5)


AT_THE_LINE = pytest.mark.parametrize(
    ("period", "clock", "home", "away", "left"),
    [(4, 27.3, 109, 111, 2), (4, 0.0, 98, 99, 2), (4, 95.0, 120, 101, 1), (5, 4.1, 113, 115, 3)],
)


@AT_THE_LINE
def test_before_free_throws_chances_are_the_mean_of_what_they_bring(
    period: int, clock: float, home: int, away: int, left: int
) -> None:
    """A throw is made or missed; after the last one the other side has the ball, or it is loose."""

    def after(points: int, ball: Side, left: int) -> GameState:
        state = live(home + points, away, period, clock, ball)
        return replace(state, throws=FreeThrows(ball, left)) if left else state

    now = forecast(after(0, Side.HOME, left), PRIOR, NBA)
    rebounded = (1 + REBOUNDED) / 2
    outcomes = [(MADE, after(1, Side.HOME, left - 1)), (1 - MADE, after(0, Side.HOME, left - 1))]
    if left == 1:
        outcomes = [
            (MADE, after(1, Side.AWAY, 0)),
            ((1 - MADE) * rebounded, after(0, Side.HOME, 0)),
            ((1 - MADE) * (1 - rebounded), after(0, Side.AWAY, 0)),
        ]
    then = [(weight, forecast(state, PRIOR, NBA)) for weight, state in outcomes]
    for market in (
        Moneyline(Side.HOME),
        Spread(Side.HOME, 1.5),
        Spread(Side.AWAY, 2.0),
        Total(Direction.OVER, home + away + 2.5),
        TeamTotal(Side.HOME, Direction.OVER, home + 1.0),
    ):
        mean = math.fsum(weight * price(market, x).win for weight, x in then)
        assert price(market, now).win == pytest.approx(mean, abs=2e-5)


def test_with_free_throws_to_come_a_point_more_is_worth_more() -> None:
    """The chance rises with the lead, and with each throw that is to come."""
    leads, last = range(-6, 7), 0.0
    for left in range(MOST_FREE_THROWS + 1):
        throws = FreeThrows(Side.HOME, left) if left else None
        chances = [
            price(
                Moneyline(Side.HOME),
                forecast(replace(live(100 + x, 100, 4, 9.0, Side.HOME), throws=throws), PRIOR, NBA),
            ).win
            for x in leads
        ]
        assert chances == sorted(chances)
        if left > 1:
            assert sum(chances) > last
        last = sum(chances)
