"""The causes of a change add up to it, and each has the sign that a fan would expect."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.domain.game import Box, Game, GameState, Phase, Score, Side, TeamBox
from tracker.domain.market import Direction, Market, Moneyline, Span, Spread, Total
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast import load_parameters
from tracker.forecast.explain import CAUSES, Seen, why

GAME = Game("1", "nba", "DEN", "LAL", datetime(2024, 1, 1, tzinfo=UTC))
NBA = load_parameters("nba")
PRIOR = Prior(3.0, 226.0, PriorSource.LINES)
MARKETS: tuple[Market, ...] = (
    Moneyline(Side.HOME),
    Spread(Side.AWAY, 4.5),
    Total(Direction.OVER, 224.5),
    Total(Direction.UNDER, 112.5, Span.H2),
)


def state(period: int, clock: float, home: int, away: int, ball: Side | None = None) -> GameState:
    """A state whose points by period are spread evenly, the rest in the last one."""
    each = [Score(home // period, away // period)] * (period - 1)
    rest = Score(home - sum(x.home for x in each), away - sum(x.away for x in each))
    return GameState(
        GAME, Phase.LIVE, period, clock, Score(home, away), periods=(*each, rest), possession=ball
    )


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 3),
    st.floats(1, 700),
    st.floats(0, 1),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_causes_add_up(market: int, clock: float, part: float, ours: int, theirs: int) -> None:
    """The sum of all causes is the change, to rounding."""
    before = Seen(state(3, clock, 70, 68), PRIOR, NBA)
    later = state(4, 720 * part, 70 + ours, 68 + theirs, Side.HOME)
    told = why([MARKETS[market]], before, Seen(later, replace(PRIOR, margin=5.0), NBA))
    assert [name for name, _ in told.causes] == list(CAUSES)
    assert sum(share for _, share in told.causes) == pytest.approx(
        told.after - told.before, abs=1e-9
    )


def test_ends_pace_and_a_live_line_are_causes_of_their_own() -> None:
    """Each is by how much more it adds later; all of them still add up to the change."""
    over = Total(Direction.OVER, 224.5)
    slow, fast = TeamBox(21, 5, 2, 3, 4), TeamBox(47, 10, 4, 6, 9)
    start = replace(state(2, 700, 30, 28), box=Box(slow, slow, 700 + 1440))
    middle = replace(state(2, 10, 58, 55), box=Box(fast, fast, 10 + 1440), tip=Side.HOME)
    leaning = replace(PRIOR, ends=0.9)
    told = why([over], Seen(start, leaning, NBA), Seen(middle, leaning, NBA, shift=(0.0, 3.0)))
    causes = dict(told.causes)
    assert sum(causes.values()) == pytest.approx(told.after - told.before, abs=1e-9)
    assert min(causes["ends"], causes["pace"], causes["live line"]) > 0
    still = dict(why([over], Seen(start, leaning, NBA), Seen(start, leaning, NBA)).causes)
    assert all(abs(x) < 1e-12 for x in still.values())


def test_points_and_clock_have_their_signs() -> None:
    """Own points help and the other's hurt; time helps the one who leads."""
    before = Seen(state(4, 400, 80, 76), PRIOR, NBA)
    told = dict(why([MARKETS[0]], before, Seen(state(4, 320, 85, 78), PRIOR, NBA)).causes)
    assert told["home points"] > 0 > told["away points"]
    assert told["clock"] > 0
    assert told["prior"] == told["calibration"] == 0
