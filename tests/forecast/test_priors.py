"""Priors take the best evidence there is, and say how vague it is."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.league import LEAGUES
from tracker.domain.market import Moneyline
from tracker.domain.prior import NO_LINES, Finished, Lines, PregameLines, PriorSource
from tracker.forecast import forecast, load_parameters
from tracker.forecast.game.flow import sharpened
from tracker.forecast.priors import Known, devig, margin_of_bet, prior_from
from tracker.forecast.teams import GameResult, RatingFigures, rate

NBA = load_parameters("nba")


def test_lines_are_taken_as_they_are() -> None:
    """A closing line is sure; where there is none the league's average takes its place."""
    prior = prior_from(Lines(-4.5, 228.5), NBA)
    assert (prior.margin, prior.total, prior.source) == (4.5, 228.5, PriorSource.LINES)
    assert prior.margin_sd == prior.total_sd == 0
    total = prior_from(Lines(total=241.5), NBA)
    assert (total.total, total.margin) == (241.5, NBA.average.margin)
    assert 0 == total.total_sd < total.margin_sd == NBA.average.margin_sd


@pytest.mark.parametrize("league", ["wnba", "ncaam", "ncaaw", "gleague"])
def test_a_line_is_what_is_expected_at_tip_off(league: str) -> None:
    """Where figures were fitted with ratings, a line is moved so that the outlook agrees with it.

    Without it an underdog of 24.5 would have 58 % to cover in college games.
    """
    used = load_parameters(league)
    rules = LEAGUES[league]
    game = Game("1", league, "DEN", "LAL", datetime(2026, 12, 1, tzinfo=UTC))
    start = GameState(game, Phase.SCHEDULED, 0, float(rules.period_seconds), Score(0, 0))
    for spread in (-24.5, -5.5, 9.5):
        total = round(used.average.total) + 3.5
        prior = prior_from(Lines(spread, total), used)
        assert (prior.margin, prior.total) == (-spread, total)
        final = forecast(start, prior, used).final
        assert final.margin.mean == pytest.approx(-spread, abs=0.05)
        assert final.total.split(total)[0] == pytest.approx(0.5, abs=0.005)
        # So it is where nothing is known of the margin.
        final = forecast(start, prior_from(Lines(total=total), used), used).final
        assert final.total.split(total)[0] == pytest.approx(0.5, abs=0.005)
    for spread, total in ((60.0, 80.0), (-60.0, 400.0), (0.0, 400.0)):
        shift = prior_from(Lines(spread, total), used).shift
        assert all(math.isfinite(x) for x in shift)
    assert prior_from(Lines(-24.5, 228.5), NBA).shift == (0, 0)
    assert prior_from(NO_LINES, used).shift == (0, 0)


def test_moneylines_give_a_margin() -> None:
    """A favourite's moneyline gives about the spread that books post with it."""
    assert devig(1.909, 1.909) == 0.5
    prior = prior_from(Lines(home_ml=1.5, away_ml=2.7), NBA)
    assert prior.margin == pytest.approx(4.6, abs=0.6)
    assert margin_of_bet(Moneyline(Side.AWAY), 2.7) == pytest.approx(prior.margin, abs=1)
    with pytest.raises(ValueError, match="above 1"):
        devig(0.9, 2.0)


def test_nothing_known_is_the_average_game() -> None:
    """The league's average carries the spread of games about it."""
    prior = prior_from(NO_LINES, NBA)
    assert prior.source is PriorSource.LEAGUE
    assert prior.margin_sd == NBA.average.margin_sd


@given(st.floats(-20, 20), st.floats(0, 12), st.floats(-40, 40), st.floats(0, 1))
def test_a_score_sharpens_a_vague_prior(
    prior: float, sd: float, lead: float, played: float
) -> None:
    """A sure prior does not move; a vague one moves towards the score and gets surer."""
    mean, left = sharpened(prior, sd, lead, played, 13.0)
    assert left <= sd + 1e-9
    surprise = lead - played * prior
    assert (mean - prior) * surprise >= -1e-9
    if sd == 0:
        assert mean == prior


def test_winners_are_rated_higher() -> None:
    """Results move ratings, and doubt shrinks with every game."""
    figures = RatingFigures(2.0, 220.0, 13.0, 18.0, 3.5, 5.0, 0.0, 0.6)
    games = [GameResult("1", "A", "B", 120, 100), GameResult("1", "B", "A", 100, 120)]
    ratings = rate(games, figures)
    prior = ratings.prior("A", "B", "1")
    assert prior.source is PriorSource.RATINGS
    assert prior.margin > 4
    assert prior.margin_sd < rate([], figures).prior("A", "B", "1").margin_sd


def test_a_new_line_leaves_the_ratings_as_they_are() -> None:
    """Ratings of thousands of results are made anew for another result, not for another line."""
    day = datetime(2026, 12, 1, 20, tzinfo=UTC)
    over = Finished("nba", day.date() - timedelta(days=1), "DEN", "LAL", 120, 100)
    game = Game("1", "nba", "DEN", "LAL", day)
    known = Known(lambda _: None).learnt({}, (over,))
    rated, _ = known.rated(game, NBA)
    quote = PregameLines(Lines(-4.5, 228.5), "espn", day)
    same = known.learnt({"1": quote}, (replace(over),))
    assert same.rated(game, NBA)[0] == rated
    assert same._ratings == known._ratings != {}
    assert same.before(game, (), NBA).prior.margin == 4.5
    assert known.learnt({}, (over, over)).rated(game, NBA)[0] != rated
