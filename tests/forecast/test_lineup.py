"""What a line-up lacks: who is missing, beside those who usually play with a man."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from tracker.domain.player import PlayerGame, Stat
from tracker.forecast.players.lineup import NO_GAPS, Bulk, gaps, mates_of

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
