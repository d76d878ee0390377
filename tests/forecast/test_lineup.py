"""What a line-up lacks: who is missing, beside those who usually play with a man."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from tracker.domain.player import PlayerGame, Stat
from tracker.forecast.players.lineup import (
    LARGEST_ALLOWED,
    NO_GAPS,
    NOTHING_ALLOWED,
    Bulk,
    allowed,
    gaps,
    level_of,
    mates_of,
)

START = datetime(2026, 10, 22, 1, tzinfo=UTC)


def games(count: int, minutes: float, points: int, first: int = 0) -> list[PlayerGame]:
    """A player's games, one every second day."""
    stats = ((Stat.PTS, points), (Stat.REB, 5), (Stat.AST, 4))
    return [
        PlayerGame(
            "A Player", "DEN", f"{k}", START + timedelta(days=2 * k), minutes, True, stats, 3
        )
        for k in range(first, first + count)
    ]


def test_a_usual_line_up_lacks_nothing() -> None:
    """Everybody who usually plays is there."""
    mates = mates_of({"a": games(20, 34, 24), "b": games(20, 30, 18), "c": games(20, 26, 12)})
    others = mates["b"].brings.plus(mates["c"].brings)
    found = gaps(mates["a"].usual, others)
    assert abs(found.minutes) < 0.12
    assert max(map(abs, found.figures)) < 0.12


def test_a_missing_scorer_leaves_minutes_and_points() -> None:
    """The log of what is usual over what is left, within bounds."""
    mates = mates_of({"a": games(20, 34, 24), "b": games(20, 30, 25), "c": games(20, 30, 8)})
    found = gaps(mates["a"].usual, mates["c"].brings)
    assert found.minutes == pytest.approx(0.35)
    assert found.figures[0] > 0.1
    assert gaps(mates["c"].usual, mates["a"].brings.plus(mates["b"].brings)).minutes < 0.12


def test_who_hardly_plays_is_missed_by_nobody() -> None:
    """And a man of whom nothing is known lacks nothing."""
    mates = mates_of({"a": games(20, 34, 24), "b": games(20, 5, 2)})
    assert mates["b"].brings == Bulk()
    assert gaps(None, mates["a"].brings) == NO_GAPS
    assert gaps(mates["a"].usual, Bulk()) == NO_GAPS


def test_only_games_together_count() -> None:
    """Who came in January was no team-mate in October."""
    late = {"a": games(10, 34, 24), "b": games(10, 30, 20, first=30)}
    assert mates_of(late)["a"].usual == Bulk()
    assert math.isclose(mates_of(late)["b"].brings.minutes, 30, rel_tol=0.2)


LEVEL = (0.47, 0.18, 0.105)
"""Points, rebounds and assists of the league's players for a minute."""


def opponents(count: int, points: int, rebounds: int, assists: int) -> list[PlayerGame]:
    """What a team's opponents did, five men of 48 minutes a game."""
    stats = ((Stat.PTS, points), (Stat.REB, rebounds), (Stat.AST, assists))
    return [
        PlayerGame("X", "LAL", f"{k}", START + timedelta(days=k), 48.0, True, stats, 0)
        for k in range(count)
        for _ in range(5)
    ]


def test_a_team_allows_what_its_opponents_did_beyond_the_league() -> None:
    """The log of their figures over the league's, drawn to it by eight usual games."""
    usual = [round(48 * x) for x in LEVEL]
    level = tuple(x / 48 for x in usual)
    assert allowed(opponents(30, *usual), level) == pytest.approx(NOTHING_ALLOWED, abs=1e-9)
    points, rebounds, assists = allowed(opponents(30, usual[0] + 3, *usual[1:]), level)
    assert 0.05 < points < math.log((usual[0] + 3) / usual[0])
    assert (rebounds, assists) == pytest.approx((0, 0), abs=1e-9)
    few = allowed(opponents(3, usual[0] + 3, *usual[1:]), level)
    assert 0 < few[0] < points
    assert allowed(opponents(30, 80, *usual[1:]), level)[0] == LARGEST_ALLOWED


def test_of_an_unknown_opponent_or_league_nothing_is_said() -> None:
    """No games, boxes of single men alone, or a league whose level nobody tells."""
    assert allowed((), LEVEL) == pytest.approx(NOTHING_ALLOWED, abs=1e-12)
    assert allowed(games(20, 34, 40), LEVEL) == pytest.approx(NOTHING_ALLOWED, abs=1e-12)
    assert allowed(opponents(30, 40, 9, 5), ()) == NOTHING_ALLOWED
    assert level_of(opponents(39, 24, 9, 5), ()) == ()
    assert level_of(opponents(40, 24, 9, 6), ()) == pytest.approx((0.5, 0.1875, 0.125))
    assert level_of((), LEVEL) == pytest.approx(LEVEL)
