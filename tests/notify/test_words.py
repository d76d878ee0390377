"""Promises of the figures in messages: none claims more than is known."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracker
from tests.notify.values import GAME, NOW, bet, state
from tests.store.values import snapshot
from tracker.domain.bet import Result
from tracker.domain.catalog.books import HouseRules
from tracker.domain.chance import LOST, PUSHED, WON, Chance
from tracker.domain.game import GameState, Phase, Side
from tracker.domain.market import Direction, Market, Moneyline, Span, Spread, TeamTotal, Total
from tracker.engine.settle.grading import judge
from tracker.wording import needs, short
from tracker.wording.figures import (
    cause_text,
    clock_text,
    hit_text,
    percent,
    percent_change,
    span_text,
)

halves = st.integers(-40, 40).map(lambda n: n / 2)
points = st.integers(60, 150)
sides = st.sampled_from(Side)


def graded(market: Market, home: int, away: int) -> Result:
    """The result of a bet on this market at this score."""
    return judge(market, state("Q4 0:00", home, away, phase=Phase.FINAL), HouseRules()).result


def test_a_certain_push_is_called_one_and_no_chance_of_nothing() -> None:
    """A certain push is called a push, as 0 % would read as lost."""
    told = [hit_text(x) for x in (PUSHED, LOST, WON, Chance(0.0, 0.9, 0.1))]
    assert told == ["push", "0 %", "100 %", "0 %"]


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (1.0, "100 %"),
        (0.9999, ">99 %"),
        (0.997, ">99 %"),
        (0.99, "99 %"),
        (0.8, "80 %"),
        (0.01, "1 %"),
        (0.004, "<1 %"),
        (1e-12, "<1 %"),
        (0.0, "0 %"),
    ],
)
def test_only_what_is_decided_shows_as_certain(p: float, shown: str) -> None:
    """99.7 % is not shown as 100 %, nor a small chance as 0 %."""
    assert percent(p) == shown


@given(st.floats(0, 1), st.sampled_from([0, 1]))
def test_a_percentage_is_certain_only_when_the_chance_is(p: float, digits: int) -> None:
    """At either precision, only a certain chance is shown as 0 % or 100 %."""
    shown = percent(p, digits)
    number = float(shown.rstrip(" %").lstrip("<>"))
    assert (number == 0) == (p == 0)
    assert (number == 100) == (p == 1)
    assert abs(number - p * 100) <= 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_two_chances_are_told_apart_or_only_one_is_shown(p: float, was: float) -> None:
    """A message never says that 80 % was 80 %, nor that 81 % was 80 % before a level of 80 %."""
    shown, before = percent_change(p, was)
    assert shown != before
    shown, before = percent_change(p, was, 0.8)
    assert shown != before
    near = was != 0.8 and abs(p - was) < 0.03
    assert before is None or not near or before not in ("80 %", "80.0 %")
    assert percent_change(0.81, 0.797, 0.8) == ("81.0 %", "79.7 %")


def test_a_chance_that_moved_far_is_told_in_whole_per_cents() -> None:
    """A person needs decimals only where two chances, or a chance and its level, look alike."""
    assert percent_change(0.887, 0.7999, 0.8) == ("89 %", "80 %")
    assert percent_change(0.2, 0.302, 0.3) == ("20 %", "30 %")
    assert percent_change(0.997, 0.951, 0.95) == (">99 %", "95 %")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (3780, "1 h 3 min")],
)
def test_a_wait_is_told_in_its_largest_units(seconds: float, shown: str) -> None:
    """A time span has its two largest units at most."""
    assert span_text(seconds) == shown


def test_a_time_of_the_hour_that_comes_twice_names_its_zone() -> None:
    """On the night on which the clock is put back, `until 01:02` may be half an hour from now."""
    now, zone = datetime(2026, 11, 1, 4, 32, tzinfo=UTC), ZoneInfo("America/New_York")
    told = [clock_text(now + timedelta(minutes=x), now, zone) for x in (30, 90, 24 * 60)]
    assert told == ["01:02", "01:02 EST", "23:32 EST"]


def test_time_that_did_not_pass_is_no_cause_over_a_break() -> None:
    """From the half to the third quarter the clock is the same: what moved is who plays on."""
    half = snapshot(12, NOW, 0.1)
    later = replace(half, game=replace(half.game, period=half.game.period + 1))
    text = cause_text("clock", half, later, GAME)
    assert text == "less time is left, or a break is over"
    assert cause_text("clock", half, half, GAME) == "less time is left"


def test_the_age_of_what_lies_ahead_of_the_clock_is_not_known() -> None:
    """After the clock was set back nothing is `0 s` old; a step of a second or two is none."""
    assert span_text(-2.0) == "0 s"
    assert span_text(-3600.0) == "an unknown time"


@pytest.mark.parametrize(
    ("pick", "shown"),
    [
        ("LAL@DEN over 224.5", "LAL@DEN o224.5"),
        ("DEN under 28", "DEN u28"),
        ("DEN pk", "DEN PK"),
        ("1H DEN ML", "1H DEN ML"),
    ],
)
def test_a_bets_short_name_is_how_bettors_write_it(pick: str, shown: str) -> None:
    """A bet's short name is what bettors write, and fits a lock screen."""
    assert short(bet(pick)) == shown


@given(sides, halves, st.integers(-30, 30))
def test_the_margin_that_is_needed_is_the_least_that_wins(
    side: Side, line: float, margin: int
) -> None:
    """`needs to win by N` and `may lose by up to N` agree with how the bet settles."""
    market = Spread(side, line)
    text = needs(market, state())
    if found := re.match(r"may lose by up to (\d+)", text):
        least = -int(found[1])
    elif found := re.match(r"needs to win by (\d+)", text):
        least = int(found[1])
    else:
        # A whole game has no tie, so winning at all is the least margin above 0.
        least = 1
    if margin:
        own = margin if side is Side.HOME else -margin
        assert (graded(market, 100 + margin, 100) is Result.WON) == (own >= least)
        pushes = graded(market, 100 + margin, 100) is Result.PUSH
        assert not pushes or f"{abs(own)} pushes" in text


@given(st.sampled_from(Direction), st.integers(120, 500).map(lambda n: n / 2), points, points)
def test_the_points_that_are_needed_are_the_least_that_win(
    direction: Direction, line: float, home: int, away: int
) -> None:
    """`needs N more` and `has room for N more` agree with how the bet settles."""
    for market in (Total(direction, line), TeamTotal(Side.HOME, direction, line)):
        text = needs(market, state("Q4 7:02", home, away))
        if found := re.match(r"needs (\d+) more", text):
            more = int(found[1])
            assert graded(market, home + more, away) is Result.WON
            assert graded(market, home + more - 1, away) is not Result.WON
        elif found := re.match(r"has room for (\d+) more", text):
            more = int(found[1])
            assert graded(market, home + more, away) is Result.WON
            assert graded(market, home + more + 1, away) is not Result.WON
        else:
            assert graded(market, home, away) is not Result.WON or direction is Direction.OVER


@pytest.mark.parametrize(
    "found",
    [state("Q4 0:00", 114, 105, phase=Phase.FINAL), state("-", 0, 0, phase=Phase.POSTPONED)],
)
def test_a_game_that_is_over_needs_nothing(found: GameState) -> None:
    """A bet on a finished game has no need."""
    for market in (Moneyline(Side.HOME), Moneyline(Side.AWAY, Span.H1)):
        assert needs(market, found) == ""


def test_a_percentage_is_written_in_one_way() -> None:
    """`18.1 %`, wherever a person reads it; the marks of a chart's axis alone are `25%`."""
    root = Path(tracker.__file__).parent
    found = [
        f"{file.relative_to(root)}: {line.strip()}"
        for file in sorted(root.rglob("*.py"))
        for line in file.read_text("utf-8").splitlines()
        if re.search(r":[+]?[.]?[0-9]*%[}]|[0-9]}%[}]", line)
    ]
    assert [x for x in found if not re.match(r"(wording/figures|web/charts)[.]py", x)] == []
    assert all("axis" in x for x in found if x.startswith("web/charts.py"))
