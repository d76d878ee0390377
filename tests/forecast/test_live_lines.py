"""A live market as a second opinion: which of its quotes count, and by how much they move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.prior import Prior, PriorSource
from tracker.domain.quote import MONEYLINE, TOTAL, Selection, TwoSided
from tracker.forecast import forecast, load_parameters
from tracker.forecast.priors.fusion import OLDEST, forecast_with, live_lines, shift_of

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
NBA = load_parameters("nba")
GAME = Game("0022600001", "nba", "DEN", "LAL", NOW - timedelta(hours=1))
PRIOR = Prior(3.0, 226.0, PriorSource.LINES)


def line(market: str, odds: float, other: float, age: float = 5.0, book: str = "a") -> TwoSided:
    """Both sides of a moneyline, or of a total of 230.5."""
    side, points = ("home", None) if market == MONEYLINE else ("over", 230.5)
    at = NOW - timedelta(seconds=age)
    return TwoSided(book, Selection(market, side, points), odds, other, at, at)


def state(period: int, clock: float) -> GameState:
    """A level game."""
    return GameState(GAME, Phase.LIVE, period, clock, Score(56, 56))


def test_fresh_quotes_are_lines_and_old_ones_are_none() -> None:
    """The median of the books counts, a line that is far from even says nothing of the total."""
    told = live_lines(
        [
            line(MONEYLINE, 1.8, 2.0), line(MONEYLINE, 1.7, 2.1, book="b"),
            line(MONEYLINE, 1.6, 2.3, book="c"), line(TOTAL, 1.9, 1.9),
            line(TOTAL, 3.0, 1.3, book="b"),
        ],
        NOW,
    )  # fmt: skip
    assert told is not None
    assert told.lines.home_ml == pytest.approx((1.7 + 2.1) / 2.1)
    assert told.lines.total == 230.5
    assert told.age == 5.0
    assert live_lines([line(MONEYLINE, 1.8, 2.0, age=OLDEST + 1)], NOW) is None
    assert live_lines([], NOW) is None


def test_the_forecast_goes_part_of_the_way() -> None:
    """Towards what the market says, until two minutes before the end."""
    told = live_lines([line(MONEYLINE, 1.3, 3.6), line(TOTAL, 1.9, 1.9)], NOW)
    third, late = state(3, 300.0), state(4, 110.0)
    own = forecast(third, PRIOR, NBA)
    moved = forecast_with(third, PRIOR, NBA, told)
    assert own.mu.margin < moved.mu.margin
    assert abs(moved.mu.total - 230.5) < abs(own.mu.total - 230.5)
    assert shift_of(told, forecast(late, PRIOR, NBA), late) == (0.0, 0.0)
    assert shift_of(None, own, third) == (0.0, 0.0)
