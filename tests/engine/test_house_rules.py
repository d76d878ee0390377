"""Promises of house rules: which bets stand, are void or wait when a game is off or cut short."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.build import T0, a_book, after, bet, decide, final, live, market, off
from tracker.domain.bet import Result
from tracker.domain.catalog.books import HouseRules
from tracker.domain.game import GameState, Phase, Score, Side
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.poll import Trouble, Unreadable
from tracker.domain.tracking import GameTracking
from tracker.engine.decide.advance import note
from tracker.engine.decide.belief import filled
from tracker.engine.settle.grading import Unsettleable, judge
from tracker.engine.settle.settlement import may_settle

RULES = HouseRules()


def stopped(period: int, clock: float, *points: tuple[int, int]) -> GameState:
    """A game that was cancelled while it was in play."""
    return live(period, clock, *points, phase=Phase.CANCELLED)


@pytest.mark.parametrize(("left", "result"), [(301, Result.VOID), (300, Result.WON)])
def test_a_game_stands_after_43_minutes(left: float, result: Result) -> None:
    """A game stands with five minutes left, and is void with more, cancelled or final."""
    points = ((30, 25), (30, 25), (30, 25), (10, 5))
    for phase in (Phase.CANCELLED, Phase.FINAL):
        state = live(4, left, *points, phase=phase)
        assert judge(market("DEN ML"), state, RULES).result is result
    told = judge(market("DEN ML"), stopped(3, 0, *points[:3]), RULES)
    assert told.reason == "the game ended after 36 of 48 minutes: void, stake returned"


def test_what_was_played_out_stands() -> None:
    """Finished parts of a cut game stand, unless the house says otherwise."""
    state = stopped(3, 400, (30, 25), (30, 25), (5, 9))
    assert judge(market("1H DEN ML"), state, RULES).result is Result.WON
    assert judge(market("Q2 LAL@DEN over 54.5"), state, RULES).result is Result.WON
    assert judge(market("Q3 DEN ML"), state, RULES).result is Result.VOID
    strict = HouseRules(finished_parts=False)
    assert judge(market("1H DEN ML"), state, strict).result is Result.VOID


def test_a_player_line_falls_with_a_short_game() -> None:
    """A player line is void in a game that was cut too short."""
    line = PlayerTotal(Player("Anyone", Side.HOME), Stat.PTS, Direction.OVER, 1.5)
    assert judge(line, stopped(3, 400, (30, 25), (30, 25), (5, 9)), RULES).result is Result.VOID


def test_a_postponed_game_waits_as_long_as_the_house_does() -> None:
    """A postponed game waits for the house's hours from its scheduled start, by default 0."""
    (tracked,) = a_book(bet(1, "DEN ML")).tracked
    assert may_settle(tracked, off(), RULES, T0)
    patient = HouseRules(postponed_hours=24)
    assert not may_settle(tracked, off(), patient, T0 + timedelta(hours=23))
    assert may_settle(tracked, off(), patient, T0 + timedelta(hours=24))
    assert may_settle(tracked, final((30, 25), (30, 25), (30, 25), (30, 25)), patient, T0)


def test_a_game_that_left_the_board_is_void_in_the_end() -> None:
    """A game that was off and then left the board for an hour is void."""
    tracking = decide(a_book(bet(1, "DEN ML", "settled")), off(), None, after(0)).tracking
    silence = Unreadable(Trouble.ABSENT, "the board does not list the game")
    for minutes in (20, 40, 59):
        tracking = note(tracking, silence, after(minutes * 60)).tracking
        assert tracking.tracked[0].settlement is None
    done = note(tracking, silence, after(3600)).tracking.tracked[0].settlement
    assert done is not None
    assert done.result is Result.VOID


def test_overtime_counts_as_the_house_says() -> None:
    """Without overtime, a second half is its two quarters."""
    played = final((25, 25), (25, 25), (20, 25), (30, 25), (2, 12))
    assert judge(market("2H DEN ML"), played, RULES).result is Result.LOST
    plain = HouseRules(overtime=False)
    assert judge(market("2H DEN ML"), played, plain).result is Result.PUSH
    assert judge(market("DEN ML"), played, plain).result is Result.PUSH


def blind(state: GameState) -> GameState:
    """The state without points by period."""
    return replace(state, periods=None)


def test_periods_that_were_seen_fill_a_final_without_them() -> None:
    """Periods of earlier polls settle bets when the final lacks them."""
    tracking = a_book(bet(1, "1H DEN ML"), bet(2, "Q4 DEN ML"))
    seen = live(4, 60, (30, 25), (20, 25), (30, 20), (10, 15))
    over = blind(final((30, 25), (20, 25), (30, 20), (14, 19)))
    tracking = decide(tracking, seen, None, after(0)).tracking
    for seconds in (60, 120):
        tracking = decide(tracking, over, None, after(seconds)).tracking
    results = [x.settlement and x.settlement.result for x in tracking.tracked]
    assert results == [Result.PUSH, Result.LOST]
    assert tracking.state is not None
    assert tracking.state.periods == (Score(30, 25), Score(20, 25), Score(30, 20), Score(14, 19))


def test_periods_that_were_not_seen_are_not_made_up() -> None:
    """A period whose end no poll showed is not filled in."""
    over = blind(final((30, 25), (20, 25), (30, 20), (14, 19)))
    assert filled(over, live(3, 60, (30, 25), (20, 25), (28, 20))) == over
    assert filled(over, None) == over
    at_end = live(3, 0, (30, 25), (20, 25), (30, 20), phase=Phase.BREAK)
    assert filled(over, at_end).periods is not None
    less = live(4, 60, (30, 25), (20, 25), (60, 20), (1, 1))
    assert filled(over, less) == over, "the score cannot be lower than what was seen"


def test_a_bet_on_a_part_that_was_never_told_is_for_a_person() -> None:
    """A bet on a part without points goes to a person with the reason."""
    tracking: GameTracking = a_book(bet(1, "Q1 DEN ML"))
    over = blind(final((30, 25), (20, 25), (30, 20), (14, 19)))
    for seconds in (0, 60):
        tracking = decide(tracking, over, None, after(seconds)).tracking
    assert tracking.tracked[0].review is not None
    assert "points by period" in tracking.tracked[0].review
    with pytest.raises(Unsettleable):
        judge(market("Q1 DEN ML"), over, RULES)
