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
    Gaps,
    allowed,
    early_gaps,
    gaps,
    level_of,
    mates_of,
    usual_gaps,
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
    assert found is not None
    assert abs(found.minutes) < 0.12
    assert max(map(abs, found.figures)) < 0.12


def test_a_missing_scorer_leaves_minutes_and_points() -> None:
    """The log of what is usual over what is left, within bounds."""
    mates = mates_of({"a": games(20, 34, 24), "b": games(20, 30, 25), "c": games(20, 30, 8)})
    found = gaps(mates["a"].usual, mates["c"].brings)
    assert found is not None
    assert found.minutes == pytest.approx(0.35)
    assert found.figures[0] > 0.1
    fewer = gaps(mates["c"].usual, mates["a"].brings.plus(mates["b"].brings))
    assert fewer is not None
    assert fewer.minutes < 0.12


def test_who_hardly_plays_is_missed_by_nobody() -> None:
    """And of a man of whom nothing is known it is not known what he lacks."""
    mates = mates_of({"a": games(20, 34, 24), "b": games(20, 5, 2)})
    assert mates["b"].brings == Bulk()
    assert gaps(None, mates["a"].brings) is None
    assert gaps(mates["a"].usual, Bulk()) is None


def test_a_line_up_that_is_not_known_lacks_what_anybodys_does_at_that_minute() -> None:
    """The bench has not been seen yet in the first minutes; before tip-off nobody lacks a thing."""
    assert usual_gaps(0.0) == NO_GAPS
    early = [usual_gaps(x).minutes for x in (0.1, 3.0, 6.0, 9.0, 12.0, 24.0, 48.0, 53.0)]
    assert early == sorted(early, reverse=True)
    assert early[0] == pytest.approx(0.345, abs=1e-3)
    assert usual_gaps(6.5).minutes == pytest.approx((0.310 + 0.267) / 2)


def test_a_team_mate_who_has_not_been_seen_in_the_first_minutes_is_not_out() -> None:
    """What a line-up lacks passes from who may play to who has played while the bench comes in."""
    able, seen = Gaps(0.05, (0.1, 0.0, 0.0)), Gaps(0.35, (-0.1, 0.0, 0.0))
    usual = usual_gaps(2.0)
    assert early_gaps(NO_GAPS, seen, 2.0) == usual
    assert early_gaps(able, seen, 2.0).minutes == pytest.approx(usual.minutes + 0.05)
    half = early_gaps(able, seen, 6.0)
    assert half.minutes == pytest.approx((usual_gaps(6.0).minutes + 0.05) / 2 + 0.35 / 2)
    assert early_gaps(able, seen, 9.0).minutes == pytest.approx(seen.minutes)


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
