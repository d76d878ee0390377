"""Promises of a course: it covers the bet's part of the game, and ends as the bet ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from tests.store.values import GAME, OTHER, T0, after, settlement, snapshot
from tracker.app.bets import Bets
from tracker.app.choose_game import Choice
from tracker.app.course import RETURNED, Course, course_of
from tracker.domain.bet import OwnFigure, Result, Snapshot
from tracker.domain.chance import LOST, PUSHED, WON, Chance
from tracker.domain.game import Game, Score
from tracker.intake import Beside, draft_of
from tracker.store import Store
from tracker.store.views import SettlementView, ShowView, SnapshotView

QUARTER = 720.0


async def a_bet(store: Store, line: str, *games: Game) -> ShowView:
    """A bet that has just been registered."""
    await store.save_games([(x, None) for x in (GAME, OTHER)], T0)
    made = await Bets(store, (), 1000).add(draft_of(line, Beside(), 1000), Choice(games), T0)
    view = await store.show_view(made.added.number, ())
    assert view is not None
    return view


def at(period: int, clock: float, chance: Chance, seconds: float = 0.0) -> Snapshot:
    """A moment of the game with its chance; the home team leads by ten."""
    shot = snapshot(1, after(seconds or period * 1000 - clock), 0.5)
    score = Score(period * 25 + 10, period * 25)
    game = replace(shot.game, period=period, clock=clock, score=score)
    return replace(shot, game=game, chance=chance)


def even(win: float) -> Chance:
    """An open chance without a push."""
    return Chance(win, 0.0, 1.0 - win)


def drawn(view: ShowView, shots: Sequence[Snapshot], result: Result | None = None) -> Course:
    """The course of a bet on one game with this history."""
    seen = tuple(SnapshotView(x, i, GAME.id) for i, x in enumerate(shots, 1))
    bet = replace(view.bet, result=result)
    return course_of(replace(view, bet=bet, snapshots=seen), "", "", UTC)


async def test_a_bet_ends_where_it_ended(store: Store) -> None:
    """A won or lost bet ends at 1 or 0, a push in the middle without its curve dropping to 0."""
    view = await a_bet(store, "DEN ML", GAME)
    for result, chance, height in (
        (Result.WON, WON, 1.0), (Result.LOST, LOST, 0.0), (Result.PUSH, PUSHED, RETURNED),
    ):  # fmt: skip
        course = drawn(
            view, [at(1, 300, even(0.6)), at(4, 10, even(0.7)), at(4, 0, chance)], result
        )
        assert course.ending is not None
        assert (course.ending.x, course.ending.win) == (4 * QUARTER, height)
        last = course.points[-1].win
        assert last == (0.7 if result is Result.PUSH else height)


async def test_a_result_that_was_decided_by_hand_is_drawn(store: Store) -> None:
    """A result by hand ends an open curve, and also one that was decided the other way."""
    view = await a_bet(store, "DEN ML", GAME)
    for last in (even(0.7), LOST):
        course = drawn(view, [at(1, 300, even(0.6)), at(4, 0, last)], Result.WON)
        assert course.ending is not None
        assert course.ending.win == course.points[-1].win == 1.0
        assert course.ending.x == 4 * QUARTER


async def test_a_quarters_bet_is_drawn_over_its_quarter(store: Store) -> None:
    """A quarter's bet is drawn with that quarter's clock, figure and scores only."""
    view = await a_bet(store, "Q3 DEN -1.5", GAME)
    own = OwnFigure(4.0, 3.0, 2.0)
    shots = [at(1, 300, even(0.5)), at(2, 100, even(0.6)), at(3, 540, even(0.4)), at(4, 700, LOST)]
    course = drawn(view, [replace(x, own=own) for x in shots])
    assert course.end == QUARTER
    assert [x.x for x in course.points] == [0.0, 180.0, QUARTER]
    assert [x.name for x in course.ticks] == ["Q3", "9:00", "6:00", "3:00", "0:00"]
    assert {(x.home, x.away) for x in course.points} == {(85, 75)}
    assert (course.quantity, course.line, course.so_far) == ("Q3 margin of DEN", 1.5, True)


async def test_before_its_quarter_the_whole_game_is_drawn(store: Store) -> None:
    """Until its quarter begins, a bet is drawn over the whole game."""
    view = await a_bet(store, "Q3 DEN -1.5", GAME)
    course = drawn(view, [at(1, 300, even(0.5)), at(2, 100, even(0.6))])
    assert course.end == 4 * QUARTER
    assert [x.name for x in course.ticks] == ["Q1", "Q2", "Q3", "Q4"]
    assert course.quantity == ""


async def test_the_figure_of_a_whole_game_is_read_off_its_score(store: Store) -> None:
    """A whole game's figure comes from the score, from the backed side; a total has none so far."""
    view = await a_bet(store, "LAL +4.5", GAME)
    course = drawn(view, [at(2, 100, even(0.6))])
    assert course.points[0].own == OwnFigure(-10, -4.25, 9.3)
    assert (course.quantity, course.line, course.so_far) == ("final margin of LAL", -4.5, True)
    view = await a_bet(store, "LAL@DEN over 220.5", GAME)
    course = drawn(view, [at(2, 100, even(0.6))])
    assert course.points[0].own == OwnFigure(110, 220.75, 11.2)
    assert (course.quantity, course.line, course.so_far) == ("final total", 220.5, False)


async def test_a_clock_that_is_corrected_does_not_turn_the_curve_back(store: Store) -> None:
    """A corrected game clock does not make the curve go back in time."""
    view = await a_bet(store, "DEN ML", GAME)
    course = drawn(
        view, [at(2, x, even(0.6), 10.0 + i) for i, x in enumerate((300, 280, 283, 270))]
    )
    xs = [x.x for x in course.points]
    assert xs == sorted(xs)


async def a_parlay(store: Store, result: Result | None) -> Course:
    """A parlay of two games whose polls alternate."""
    view = await a_bet(store, "parlay: DEN ML; BOS ML +260 $10", GAME, OTHER)
    told = ((GAME, 0.5, 0.2), (OTHER, 0.4, 0.2), (GAME, 1.0, 0.4), (OTHER, 0.9, 0.9))
    seen = tuple(
        SnapshotView(replace(snapshot(1, after(i * 1800), win), part=even(part)), i, game.id)
        for i, (game, part, win) in enumerate(told)
    )
    ended = settlement(view.bet.number, after(4 * 1800))
    settled = () if result is None else (SettlementView(ended, None, None),)
    bet = replace(view.bet, result=result)
    view = replace(view, bet=bet, snapshots=seen[::-1], settlements=settled)
    return course_of(view, "", "", UTC)


async def test_a_parlay_over_several_games_is_drawn_on_real_time(store: Store) -> None:
    """A parlay over several games is drawn in wall-clock time, with a lane for each game's legs."""
    course = await a_parlay(store, None)
    begin = T0 if GAME.start - timedelta(minutes=10) < T0 else GAME.start
    assert begin == T0
    assert [x.x for x in course.points] == [0.0, 1800.0, 3600.0, 5400.0]
    assert [x.name for x in course.ticks] == ["03:15", "03:30", "03:45", "04:00", "04:15", "04:30"]
    assert [x.name for x in course.lanes] == ["DEN ML (LAL@DEN)", "BOS ML (NYK@BOS)"]
    assert course.lanes[0].points == ((0.0, 0.5), (3600.0, 1.0), (5400.0, 1.0))
    assert course.quantity == course.home == ""


@pytest.mark.parametrize("result", [Result.WON, Result.LOST])
async def test_a_parlay_over_several_games_ends_when_it_was_settled(
    store: Store, result: Result
) -> None:
    """A parlay's course ends at its settlement, even after its last snapshot."""
    course = await a_parlay(store, result)
    assert course.ending is not None
    height = 1.0 if result is Result.WON else 0.0
    assert (course.ending.x, course.ending.win) == (7200.0, height)
    assert course.points[-1].win == height
    assert course.end == 7200.0
