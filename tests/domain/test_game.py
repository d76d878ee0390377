"""Promises of game states: an impossible state is refused, and the clock reads as a scoreboard."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side, clock_text
from tracker.domain.league import LEAGUES, NBA, NCAAM, NCAAW, WNBA, slate_date
from tracker.domain.poll import GameStanding, check_times, next_check

TIP = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
GAME = Game("1", "nba", "DEN", "LAL", TIP)


def state(
    phase: Phase, period: int, clock: float, home: int = 0, away: int = 0, game: Game = GAME
) -> GameState:
    """A state with only a score and a clock."""
    return GameState(game, phase, period, clock, Score(home, away))


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2026-11-21T00:00:00+00:00", "2026-11-20"),
        ("2026-11-21T03:30:00+00:00", "2026-11-20"),
        ("2026-11-21T10:59:00+00:00", "2026-11-20"),  # 05:59 Eastern
        ("2026-11-21T17:00:00+00:00", "2026-11-21"),
        ("2026-11-21T05:30:00+00:00", "2026-11-20"),  # 00:30 Eastern
        ("2026-10-31T23:30:00+00:00", "2026-10-31"),  # summer time
        ("2026-11-01T05:30:00+00:00", "2026-10-31"),  # 01:30 EDT
        ("2026-11-01T06:30:00+00:00", "2026-10-31"),  # 01:30 EST, an hour later
        ("2026-11-01T11:30:00+00:00", "2026-11-01"),
        ("2026-03-08T06:59:00+00:00", "2026-03-07"),  # the minute before spring forward
        ("2026-03-08T07:01:00+00:00", "2026-03-07"),
        ("2028-02-29T23:00:00+00:00", "2028-02-29"),
    ],
)
def test_a_slate_is_the_evening_in_the_east(start: str, day: str) -> None:
    """A late tip-off belongs to the evening before, also on days when the clocks change."""
    assert slate_date(datetime.fromisoformat(start)) == date.fromisoformat(day)


def test_the_feeds_own_date_comes_first() -> None:
    """The slate is the feed's own date of the game where it gives one."""
    moved = Game("1", "nba", "DEN", "LAL", TIP, day=date(2026, 12, 1))
    assert moved.slate == date(2026, 12, 1)
    assert moved == GAME


def test_leagues_know_their_lengths() -> None:
    """Quarters and halves have their own lengths and names; an overtime has five minutes."""
    assert [x.regulation_seconds for x in (NBA, WNBA, NCAAM, NCAAW)] == [2880, 2400, 2400, 2400]
    assert [NBA.period_name(x) for x in (1, 4, 5, 6)] == ["Q1", "Q4", "OT", "2OT"]
    assert [NCAAM.period_name(x) for x in (1, 2, 3, 4)] == ["1H", "2H", "OT", "2OT"]
    assert all(x.length_of(x.periods + 1) == 300 for x in LEAGUES.values())


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (720, "12:00"),
        (719.5, "12:00"),
        (251, "4:11"),
        (60.4, "1:01"),
        (60, "1:00"),
        (59.96, "0:59.9"),
        (59, "0:59"),
        (7.4, "0:07.4"),
        (0.3, "0:00.3"),
        (0, "0:00"),
    ],
)
def test_the_clock_reads_as_on_the_board(seconds: float, shown: str) -> None:
    """The clock shows minutes and seconds, and tenths inside the last minute."""
    assert clock_text(seconds) == shown


@given(st.integers(0, 7200))
def test_a_clock_never_shows_more_than_a_tenth_less(tenths: int) -> None:
    """The shown clock is within a second of the real one, in the last minute within a tenth."""
    shown = clock_text(tenths / 10)
    minutes, seconds = shown.split(":")
    value = int(minutes) * 60 + float(seconds)
    assert value == pytest.approx(tenths / 10 if tenths < 600 else math.ceil(tenths / 10))


@pytest.mark.parametrize(
    ("phase", "period", "clock", "shown"),
    [
        (Phase.SCHEDULED, 0, 720, "Scheduled"),
        (Phase.LIVE, 3, 251, "Q3 4:11"),
        (Phase.BREAK, 1, 0, "End Q1"),
        (Phase.BREAK, 2, 0, "Half"),
        (Phase.BREAK, 2, 720, "Q2 12:00"),
        (Phase.BREAK, 5, 0, "End OT"),
        (Phase.LIVE, 6, 12.5, "2OT 0:12.5"),
        (Phase.FINAL, 4, 0, "Final"),
        (Phase.FINAL, 5, 0, "Final/OT"),
        (Phase.FINAL, 6, 0, "Final/2OT"),
        (Phase.POSTPONED, 0, 0, "Postponed"),
    ],
)
def test_a_moment_reads_as_on_the_board(
    phase: Phase, period: int, clock: float, shown: str
) -> None:
    """Each phase of a game is shown in a scoreboard's words."""
    assert state(phase, period, clock).game_clock == shown


def test_half_time_of_a_league_of_halves_is_after_its_first_period() -> None:
    """In a league of halves, halftime comes after the first period."""
    game = Game("1", "ncaam", "A", "B", TIP)
    assert state(Phase.BREAK, 1, 0, game=game).game_clock == "Half"
    assert state(Phase.LIVE, 2, 61, game=game).game_clock == "2H 1:01"


def test_seconds_left_count_down_over_the_whole_game() -> None:
    """All of regulation is left before tip-off, an overtime's clock in overtime, 0 at the end."""
    assert state(Phase.SCHEDULED, 0, 0).seconds_left == 2880
    assert state(Phase.LIVE, 1, 720).seconds_left == 2880
    assert state(Phase.BREAK, 2, 0).seconds_left == 1440
    assert state(Phase.LIVE, 4, 30).seconds_left == 30
    assert state(Phase.LIVE, 5, 200).seconds_left == 200
    assert state(Phase.FINAL, 4, 0).seconds_left == 0
    assert state(Phase.LIVE, 6, 1).overtime == 2


@pytest.mark.parametrize(
    ("phase", "period", "clock"),
    [
        (Phase.LIVE, 1, -1),
        (Phase.LIVE, 1, math.nan),
        (Phase.LIVE, 1, math.inf),
        (Phase.LIVE, 1, 721),
        (Phase.LIVE, 5, 301),
        (Phase.LIVE, -1, 0),
        (Phase.LIVE, 0, 100),
        (Phase.FINAL, 0, 0),
    ],
)
def test_a_state_that_no_game_can_be_in_is_refused(phase: Phase, period: int, clock: float) -> None:
    """A clock outside its period and a game in play without a period are refused."""
    with pytest.raises(ValueError, match=r"clock|period|seconds"):
        state(phase, period, clock)


def test_points_by_period_add_up_or_are_not_known() -> None:
    """Periods that do not add up to the score are refused."""
    periods = (Score(20, 22), Score(30, 28))
    good = GameState(GAME, Phase.LIVE, 2, 0, Score(50, 50), periods)
    assert good.periods == periods
    with pytest.raises(ValueError, match="add up"):
        GameState(GAME, Phase.LIVE, 2, 0, Score(51, 50), periods)


def test_scores_and_games_that_cannot_be_are_refused() -> None:
    """Negative points, a team against itself, unknown leagues and naive times are refused."""
    with pytest.raises(ValueError, match="negative"):
        Score(-1, 0)
    for league, home, away, start in (
        ("nba", "DEN", "DEN", TIP),
        ("cricket", "DEN", "LAL", TIP),
        ("nba", "DEN", "LAL", TIP.replace(tzinfo=None)),
    ):
        with pytest.raises(ValueError, match="game 1"):
            Game("1", league, home, away, start)


def test_states_are_equal_when_the_court_is() -> None:
    """States with another tip-off time or other players are equal; another possession differs."""
    here = state(Phase.LIVE, 1, 600, 10, 8)
    later = Game("1", "nba", "DEN", "LAL", TIP + timedelta(minutes=10))
    line = PlayerLine("7", "Jokić", Side.HOME, (("pts", 9),))
    assert here == GameState(later, Phase.LIVE, 1, 600, Score(10, 8), players=(line,))
    assert here != GameState(GAME, Phase.LIVE, 1, 600, Score(10, 8), possession=Side.HOME)


def test_sides() -> None:
    """Each side has its own code and opponent."""
    assert [GAME.code(x) for x in Side] == ["DEN", "LAL"]
    assert [x.other for x in Side] == [Side.AWAY, Side.HOME]
    assert (GAME.side_of("DEN"), GAME.side_of("LAL"), GAME.side_of("BOS")) == (*Side, None)
    assert GAME.name == "LAL@DEN"


@pytest.mark.parametrize("parts", [(0.5, 0.5, 0.5), (-0.1, 0.1, 1.0), (math.nan, 0.0, 1.0)])
def test_a_chance_adds_up_to_one(parts: tuple[float, float, float]) -> None:
    """A chance has three parts between 0 and 1 that add up to 1; anything else is refused."""
    with pytest.raises(ValueError, match="chance"):
        Chance(*parts)
    assert Chance(0.5, 0.1, 0.4).fair_odds == pytest.approx(1.8)
    assert Chance(0.0, 0.0, 1.0).fair_odds is None
    assert Chance(0.0, 1.0, 0.0).decided


@pytest.mark.parametrize(
    ("final_at", "checks"),
    [
        # 21:40 Eastern: 2 h 15 min later, then past noon of the next day.
        ("2026-11-21T02:40:00+00:00", ("2026-11-21T04:55:00+00:00", "2026-11-21T17:10:00+00:00")),
        # 00:50 Eastern: the same day's noon.
        ("2026-11-21T05:50:00+00:00", ("2026-11-21T08:05:00+00:00", "2026-11-21T17:10:00+00:00")),
        # 11:30 Eastern: the rewrite comes after noon.
        ("2026-11-21T16:30:00+00:00", ("2026-11-21T18:45:00+00:00", "2026-11-21T18:45:00+00:00")),
        # The night on which the clocks go back, and that on which they go forward.
        ("2026-11-01T04:30:00+00:00", ("2026-11-01T06:45:00+00:00", "2026-11-01T17:10:00+00:00")),
        ("2026-03-08T03:30:00+00:00", ("2026-03-08T05:45:00+00:00", "2026-03-08T16:10:00+00:00")),
    ],
)
def test_the_box_is_read_again_twice(final_at: str, checks: tuple[str, str]) -> None:
    """A box is due after the league's rewrite and after noon Eastern, also on clock changes."""
    ended = datetime.fromisoformat(final_at)
    first, last = (datetime.fromisoformat(x) for x in checks)
    assert check_times(ended) == (first, last)
    assert next_check(GameStanding(GAME, final_at=ended)) == first
    assert next_check(GameStanding(GAME, final_at=ended, checks=1)) == last
    assert next_check(GameStanding(GAME, final_at=ended, checks=2)) is None
    assert next_check(GameStanding(GAME)) is None
