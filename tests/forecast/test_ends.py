"""What is believed of the end that a road team attacks first, and what it does to the halves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.market import Direction, Moneyline, Span, Total
from tracker.domain.prior import NO_LINES, Finished, Lines, Prior, PriorSource
from tracker.forecast import forecast, load_parameters, price
from tracker.forecast.priors import Known
from tracker.forecast.teams import FIGURES, EndsBelief, TeamEnds, read_ends, write_ends

NBA = load_parameters("nba")
GAME = Game("0022600001", "nba", "DEN", "LAL", datetime(2026, 11, 21, 1, tzinfo=UTC))
FRESH = EndsBelief(FIGURES["nba"], "2026-08-01", {})
EARLY, LATE = (Prior(3.0, 226.0, PriorSource.LINES, ends=x) for x in (-1.0, 1.0))


def no_lines(_: Game) -> Lines:
    """A configuration without lines."""
    return NO_LINES


def road_games(swings: list[int], team: str = "LAL") -> list[Finished]:
    """Games of a team on the road, whose second halves had so many points more."""
    first = date(2026, 10, 22)
    return [
        Finished("nba", first + timedelta(days=k), "BOS", team, 110, 104, (107, 107 + swing))
        for k, swing in enumerate(swings)
    ]


def over(span: Span, prior: Prior, points: float, state: GameState) -> float:
    """The chance of an over."""
    outlook = forecast(state, prior, NBA)
    return price(Total(Direction.OVER, points, span), outlook).win


def test_late_points_on_the_road_tell_the_minoritys_kind() -> None:
    """Game by game, and the same at home tells nothing."""
    late = FRESH.after(road_games([12, 20, 9, 15]))
    early = FRESH.after(road_games([-12, -20, -9, -15]))
    assert early.chance("LAL", "2026-27") < 0.1
    assert late.chance("LAL", "2026-27") > 0.7
    assert late.chance("BOS", "2026-27") == FIGURES["nba"].base


def test_the_filter_gives_the_figures_of_bayes_rule() -> None:
    """One game with D = 10 from the base, worked out by hand."""
    found = FRESH.after(road_games([10])).teams["LAL"].chance
    odds = 2.718281828459045 ** (2 * 5.44 * 10 / 15.96**2)
    assert found == pytest.approx(0.248 * odds / (0.248 * odds + 0.752))


def test_a_new_season_brings_a_team_back_towards_all_others() -> None:
    """A team may change its mind, most of all over a summer."""
    known = replace(FRESH, teams={"LAL": TeamEnds("2025-26", 0.95)})
    within, after = known.chance("LAL", "2025-26"), known.chance("LAL", "2026-27")
    assert 0.248 < after < within < 0.95


def test_games_that_are_in_a_belief_or_tell_no_halves_teach_nothing() -> None:
    """Reading all results again changes nothing, and its name says that it is the same."""
    games = road_games([12, 20])
    known = FRESH.after(games)
    silent = replace(games[0], day=date(2026, 12, 1), halves=None)
    again = known.after([*games, silent])
    assert again.version == known.version != FRESH.version
    assert FRESH.after(games, before=games[1].day).version == FRESH.after(games[:1]).version


def test_a_belief_is_read_as_it_was_written() -> None:
    """To four places; a league without one has none."""
    known = FRESH.after(road_games([12, -3]))
    found = read_ends(write_ends(known))
    assert found is not None
    assert found.until == known.until
    assert found.teams["LAL"].chance == pytest.approx(known.teams["LAL"].chance, abs=5e-5)
    assert read_ends(write_ends(None)) is None
    assert load_parameters("ncaam").ends is None


def test_results_move_what_is_believed_before_a_game() -> None:
    """Of earlier days alone, of the road team alone, and not on a neutral court."""
    told = Known(no_lines, finished=road_games([25] * 12)).before(GAME, [], NBA)
    assert told.ends is not None
    assert told.ends.team == "LAL"
    assert told.prior.ends == pytest.approx(2 * told.ends.chance - 1)
    assert told.ends.chance > 0.9 > (Known(no_lines).before(GAME, [], NBA).prior.ends + 1) / 2
    elsewhere = replace(GAME, neutral=True)
    neutral = Known(no_lines, finished=road_games([25] * 12)).before(elsewhere, [], NBA)
    assert (neutral.ends, neutral.prior.ends) == (None, 0.0)


def test_nobody_is_at_home_on_a_neutral_court() -> None:
    """Ratings and the league's average give its home team no edge; a line stands as it is."""
    elsewhere = replace(GAME, neutral=True)
    for known, edge in (
        (Known(no_lines), NBA.average.margin),
        (Known(no_lines, finished=road_games([25] * 12)), NBA.ratings.home_edge),
    ):
        home, neutral = (known.before(x, [], NBA).prior for x in (GAME, elsewhere))
        assert home.margin - neutral.margin == pytest.approx(edge)
        assert home.total == neutral.total
    given = Known(lambda _: Lines(home_spread=-3.5))
    assert given.before(elsewhere, [], NBA).prior.margin == 3.5


def test_the_ends_move_points_between_the_halves_and_not_the_winner() -> None:
    """Late teams' games have less before half-time, more after it, and as much in all."""
    tip = GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0))
    assert over(Span.H1, LATE, 113.5, tip) < over(Span.H1, EARLY, 113.5, tip) - 0.1
    assert over(Span.Q3, LATE, 56.5, tip) > over(Span.Q3, EARLY, 56.5, tip) + 0.05
    assert over(Span.GAME, LATE, 226.5, tip) == pytest.approx(
        over(Span.GAME, EARLY, 226.5, tip), abs=0.02
    )
    half = GameState(
        GAME, Phase.BREAK, 2, 0.0, Score(58, 55), periods=(Score(30, 28), Score(28, 27))
    )
    assert over(Span.GAME, LATE, 226.5, half) > over(Span.GAME, EARLY, 226.5, half) + 0.1
    wins = [price(Moneyline(Side.HOME), forecast(half, x, NBA)).win for x in (EARLY, LATE)]
    assert wins[0] == pytest.approx(wins[1], abs=0.004)


def test_in_the_last_five_minutes_and_overtime_the_ends_say_nothing() -> None:
    """They fade from 8:00 on."""
    late = GameState(GAME, Phase.LIVE, 4, 300.0, Score(100, 98))
    extra = GameState(GAME, Phase.LIVE, 5, 200.0, Score(112, 110))
    for state in (late, extra):
        found = [over(Span.GAME, x, 226.5, state) for x in (EARLY, LATE)]
        assert found[0] == found[1]


@pytest.mark.parametrize("league", ["nba", "ncaam", "gleague"])
def test_without_a_belief_nothing_changes_with_the_road_team(league: str) -> None:
    """A league in which the ends say nothing has none to tell."""
    parameters = load_parameters(league)
    game = replace(GAME, league=league)
    found = Known(no_lines).before(game, [], parameters)
    assert (found.ends is None) == (parameters.ends is None)
