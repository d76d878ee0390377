"""Promises of comparing two sources: lag is no contradiction, and no state goes back unnoticed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.poll import behind
from tracker.feeds.disputes import contradict
from tracker.feeds.failover import ahead

GAME = Game("1", "nba", "PHI", "SAC", datetime(2026, 1, 30, tzinfo=UTC))


def at(text: str) -> GameState:
    """A state such as `2 3:37 39-30`, `B2 39-30`, `F4 100-90`, `S` or `P`."""
    if text in ("S", "P"):
        phase = Phase.SCHEDULED if text == "S" else Phase.POSTPONED
        return GameState(GAME, phase, 0, 720.0, Score(0, 0))
    period, *clock, score = text.split()
    home, away = score.split("-")
    phase = {"B": Phase.BREAK, "F": Phase.FINAL}.get(period[0], Phase.LIVE)
    minutes, seconds = clock[0].split(":") if clock else ("0", "0")
    left = int(minutes) * 60 + float(seconds)
    return GameState(GAME, phase, int(period.strip("BF")), left, Score(int(home), int(away)))


@pytest.mark.parametrize(
    ("state", "other", "expected"),
    [
        ("2 3:37 39-30", "2 3:37 39-30", False),
        ("2 3:38 39-30", "2 3:37 39-30", False),
        ("2 3:40 39-30", "2 3:37 39-30", True),
        ("2 3:30 39-28", "2 3:37 39-30", True),
        ("B2 39-30", "2 0:10 39-30", False),
        ("3 12:00 39-30", "B2 39-30", False),
        ("4 0:10 99-90", "F4 100-90", True),
        ("S", "1 12:00 0-0", True),
        ("F4 100-90", "4 0:01 100-90", False),
    ],
)
def test_behind(state: str, other: str, expected: bool) -> None:
    """An earlier moment or fewer points are behind; one second of the clock is not earlier."""
    assert behind(at(state), at(other)) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2 3:37 39-30", "2 3:37 39-30", False),
        ("2 3:37 39-30", "2 3:37 39-28", True),
        ("2 3:37 39-30", "2 3:20 41-30", False),
        ("2 3:37 39-30", "2 3:20 38-35", True),
        ("F4 100-90", "4 0:10 99-90", False),
        ("F4 100-90", "4 0:10 101-90", True),
        ("F4 100-90", "F4 100-91", True),
        ("F4 100-90", "F4 100-90", False),
        ("S", "2 3:37 39-30", False),
        ("P", "2 3:37 39-30", False),
    ],
)
def test_contradictions(one: str, other: str, expected: bool) -> None:
    """More points earlier, other points at one clock, or another final contradict; lag does not."""
    assert contradict(at(one), at(other)) is expected
    assert contradict(at(other), at(one)) is expected


moments = st.builds(
    lambda period, clock, home, away: GameState(
        GAME, Phase.LIVE, period, float(clock), Score(home, away)
    ),
    *(st.integers(1, 4), st.integers(0, 720), st.integers(0, 99), st.integers(0, 99)),
)


@given(moments, moments)
def test_of_two_states_one_at_most_is_ahead(one: GameState, other: GameState) -> None:
    """No two states are ahead of each other, and none is behind or contradicts itself."""
    assert not (ahead(one, other) and ahead(other, one))
    assert not behind(one, one)
    assert not contradict(one, one)
