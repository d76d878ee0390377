"""What must hold of every forecast, whatever the state: one promise a test."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forecast.test_forecast import GAME, NBA, PRIOR, live, priors, states
from tracker.domain.game import GameState, Phase, Score, Side
from tracker.domain.market import Direction, Market, Moneyline, Span, Spread, TeamTotal, Total
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast import Outlook, forecast, load_parameters, price
from tracker.forecast.game.lattice import FAR, NO_BOUND, Region
from tracker.forecast.game.parameters import Parameters

FEW = settings(max_examples=60, deadline=None)


def chance(market: Market, outlook: Outlook, state: GameState) -> float:
    """The chance of winning."""
    return price(market, outlook).win


@FEW
@given(states(), priors())
def test_the_moneyline_is_the_chance_of_a_margin_above_0(state: GameState, prior: Prior) -> None:
    """To rounding, and there is no final margin of 0."""
    outlook = forecast(state, prior, NBA)
    margin = outlook.pmf["margin"]
    above = sum(p for value, p in margin.items() if value > 0)
    assert chance(Moneyline(Side.HOME), outlook, state) == pytest.approx(above, abs=3e-7)
    assert margin.get(0, 0.0) == pytest.approx(0, abs=1e-12)


@settings(max_examples=10, deadline=None)
@given(states(), priors())
def test_the_sums_of_the_final_score_are_those_of_its_cells(state: GameState, prior: Prior) -> None:
    """Every part and every region of scores, though most are worked out without the cells."""
    final = forecast(state, prior, NBA).final
    (rows, columns), cells = final.cells.shape, final.cells.ravel()
    home, away = np.indices((rows, columns)).reshape(2, -1)
    home, away = home + final.home0, away + final.away0
    parts = {"margin": home - away, "total": home + away, "home": home, "away": away}
    sums = {}
    for name, values in parts.items():
        middle = round(final.part(name).mean)
        low, high = middle - 3, middle + 4
        for bound in (low, high):
            less = float(cells[values < bound].sum())
            assert final.part(name).less_than(bound) == pytest.approx(less, abs=1e-12)
        sums[name] = [NO_BOUND, (-FAR, high), (low, high)]
    for bounds in product(*sums.values()):
        region = Region(*bounds)
        held = [(x >= a) & (x <= b) for x, (a, b) in zip(parts.values(), bounds, strict=True)]
        wanted = float(cells[np.logical_and.reduce(held)].sum())
        assert final.within(region) == pytest.approx(wanted, abs=1e-12)


@FEW
@given(states(), priors())
def test_the_chance_of_an_over_falls_with_its_line(state: GameState, prior: Prior) -> None:
    """Of totals and team totals; that of a spread falls with the points that are given."""
    outlook = forecast(state, prior, NBA)
    lines = [x / 2 for x in range(160, 560, 9)]
    overs = [chance(Total(Direction.OVER, x), outlook, state) for x in lines]
    own = [x / 2 for x in range(80, 320, 5)]
    teams = [chance(TeamTotal(Side.AWAY, Direction.OVER, x), outlook, state) for x in own]
    spreads = [chance(Spread(Side.HOME, -x), outlook, state) for x in range(-40, 41)]
    for falling in (overs, teams, spreads):
        assert all(a >= b for a, b in pairwise(falling))


@FEW
@given(states(), priors())
def test_expected_points_add_up(state: GameState, prior: Prior) -> None:
    """Both teams' are the total's, their difference is the margin's."""
    outlook = forecast(state, prior, NBA)
    mu, final = outlook.mu, outlook.final
    assert mu.home + mu.away == pytest.approx(mu.total, abs=1e-9)
    assert mu.home - mu.away == pytest.approx(mu.margin, abs=1e-9)
    assert (final.margin.mean, final.total.mean) == pytest.approx((mu.margin, mu.total), abs=1e-6)


@FEW
@given(states(), priors(), st.integers(-30, 30))
def test_complementary_sides_add_up_to_1(state: GameState, prior: Prior, points: int) -> None:
    """What one side wins the other loses, and both push together."""
    outlook = forecast(state, prior, NBA)
    pairs: list[tuple[Market, Market]] = [
        (Moneyline(Side.HOME), Moneyline(Side.AWAY)),
        (Spread(Side.HOME, points / 2), Spread(Side.AWAY, -points / 2)),
        (Total(Direction.OVER, 220 + points / 2), Total(Direction.UNDER, 220 + points / 2)),
    ]
    for one, other in pairs:
        mine, theirs = price(one, outlook), price(other, outlook)
        assert (mine.win, mine.push, mine.lose) == (theirs.lose, theirs.push, theirs.win)
        assert mine.win + mine.push + mine.lose == pytest.approx(1, abs=1e-12)


@FEW
@given(states(), priors())
def test_home_and_away_are_treated_alike(state: GameState, prior: Prior) -> None:
    """A game that is told from the other side gives the mirrored chances."""
    other = replace(
        state,
        score=Score(state.score.away, state.score.home),
        possession=None if state.possession is None else state.possession.other,
        bonus=None if state.bonus is None else state.bonus.__class__(*reversed(_both(state))),
        throws=None if state.throws is None else state.throws.turned,
    )
    there = forecast(state, prior, NBA)
    back = forecast(other, Prior(-prior.margin, prior.total, prior.source), NBA)
    for line in (-7.5, -0.5, 3.0):
        mine = chance(Spread(Side.HOME, line), there, state)
        assert mine == pytest.approx(chance(Spread(Side.AWAY, line), back, other), abs=1e-8)


def _both(state: GameState) -> tuple[bool, bool]:
    assert state.bonus is not None
    return state.bonus.home, state.bonus.away


@FEW
@given(st.integers(90, 120), st.integers(90, 120), priors())
def test_an_over_that_is_reached_stays_won_for_ever(home: int, away: int, prior: Prior) -> None:
    """From the second it is reached to the final, in regulation and overtime."""
    line = home + away - 0.5
    over = Total(Direction.OVER, line)
    course = [live(home, away, 4, clock) for clock in (240.0, 60.0, 4.0, 0.2)]
    course += [live(home, away, 5, 200.0), replace(live(home + 3, away, 5, 0.0), phase=Phase.FINAL)]
    for state in course:
        found = price(over, forecast(state, prior, NBA))
        assert (found.win, found.push, found.lose) == (1.0, 0.0, 0.0)


@FEW
@given(st.integers(1, 30), priors())
def test_sigma_goes_to_0_with_the_clock(lead: int, prior: Prior) -> None:
    """And a lead's chance to 1, though never all the way before the end."""
    last, sigma = 0.0, 99.0
    for clock in (2.0, 0.9, 0.3, 0.0):
        state = live(100 + lead, 100, 4, clock)
        outlook = forecast(state, prior, NBA)
        assert outlook.sigma.margin <= sigma + 1e-9
        win = chance(Moneyline(Side.HOME), outlook, state)
        assert last - 1e-9 <= win < 1
        last, sigma = win, outlook.sigma.margin
    assert last > 0.985


@pytest.mark.parametrize(("league", "period"), [("nba", 4), ("ncaam", 2), ("ncaam", 3)])
def test_nothing_is_added_after_the_last_period(league: str, period: int) -> None:
    """Seen over with a lead, each span is as it stands, though the game is not called final."""
    periods = [Score(20, 20)] * (period - 1) + [Score(21, 20)]
    home, away = (sum(x.of(side) for x in periods) for side in Side)
    state = GameState(
        replace(GAME, league=league), Phase.BREAK, period, 0.0, Score(home, away), tuple(periods)
    )
    outlook = forecast(state, PRIOR, load_parameters(league))
    for span in (Span.GAME, Span.H2):
        assert 1 - 1e-6 < chance(Moneyline(Side.HOME, span), outlook, state) < 1
        under = Total(Direction.UNDER, outlook.of(span).scored[0] * 2.0, span)
        assert 1 - 1e-6 < chance(under, outlook, state) < 1
    assert price(Spread(Side.HOME, -0.5, Span.REGULATION), outlook).decided


@pytest.mark.parametrize("lead", [-12, -4, 0, 5, 15])
@pytest.mark.parametrize("margin", [-6.0, 0.0, 9.0])
def test_a_chance_is_the_mean_of_those_that_may_follow(lead: int, margin: float) -> None:
    """A martingale: over what the third quarter may bring, the chance of winning does not drift.

    The quarter's own figures and those before and after it are fitted apart: to a point and a half.
    """
    prior = Prior(margin, 226.5, PriorSource.LINES)
    half = Score(56 + lead // 2, 56 + lead // 2 - lead)
    quarters = (Score(28, 28), Score(half.home - 28, half.away - 28))
    state = GameState(GAME, Phase.BREAK, 2, 0.0, half, periods=quarters)
    outlook = forecast(state, prior, NBA)
    before = chance(Moneyline(Side.HOME), outlook, state)
    quarter = outlook.of(Span.Q3)
    middle = round(quarter.part("total").mean)
    after = sum(
        p * _after(half, middle, gain, prior, NBA) for gain, p in quarter.part("margin").items()
    )
    assert after == pytest.approx(before, abs=0.016)


def _after(half: Score, total: int, gain: int, prior: Prior, parameters: Parameters) -> float:
    """The chance of winning once the third quarter brought this margin."""
    total += (total + gain) % 2
    score = Score(half.home + (total + gain) // 2, half.away + (total - gain) // 2)
    state = GameState(GAME, Phase.BREAK, 3, 0.0, score)
    return chance(Moneyline(Side.HOME), forecast(state, prior, parameters), state)


@pytest.mark.parametrize("league_prior", [PRIOR, Prior(-9.0, 214.0, PriorSource.LINES)])
def test_no_second_of_a_quiet_clock_makes_a_jump(league_prior: Prior) -> None:
    """While nobody scores, the chance moves by less than a point and a half a second until 0:10."""
    for period, lead in ((1, 3), (2, -8), (3, 12), (4, 4), (4, -1)):
        home, away = 25 * period + max(lead, 0), 25 * period - min(lead, 0)
        seen = []
        for clock in range(720, 9 if period == 4 else 0, -1):
            state = live(home, away, period, float(clock))
            seen.append(chance(Moneyline(Side.HOME), forecast(state, league_prior, NBA), state))
        steps = [abs(b - a) for a, b in pairwise(seen)]
        assert max(steps) < 0.015
