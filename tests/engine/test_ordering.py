"""Promises of belief: a feed that goes back is believed only when several polls agree."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.build import (
    BOARD,
    BOX,
    ESPN,
    GAME,
    SCHEDULED,
    a_book,
    a_game,
    after,
    final,
    live,
    off,
    rng,
)
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.poll import AGREEING_POLLS, DOCUMENT_HELD, SOURCE_HELD, Origin, goes_back
from tracker.domain.tracking import GameTracking, Ordering
from tracker.engine.decide.belief import judge_poll, with_poll

Q1 = live(1, 300, (20, 18))
LATER = live(1, 290, (22, 18))


def follow(
    states: list[GameState], believed: GameState | None = None
) -> tuple[GameTracking, list[str]]:
    """The tracking after these polls, and how each of them was judged."""
    tracking, taken = GameTracking(GAME, state=believed, told_by=BOARD), []
    for number, state in enumerate(states):
        tracking, ordering = judged(tracking, Told(10.0 * number, BOARD, state))
        taken.append(ordering.value)
    return tracking, taken


class Told(NamedTuple):
    """A state that a document reports, `at` seconds after tip-off."""

    at: float
    origin: Origin
    state: GameState


def judged(tracking: GameTracking, told: Told) -> tuple[GameTracking, Ordering]:
    """The tracking after another poll, and how that poll was judged."""
    found = judge_poll(tracking, told.state, told.origin, after(told.at))
    if found.ordering in (Ordering.NEWER, Ordering.CORRECTION):
        return GameTracking(GAME, state=found.state, told_by=told.origin), found.ordering
    return replace(tracking, held=found.held), found.ordering


@pytest.mark.parametrize(
    ("before", "after", "back"),
    [
        (SCHEDULED, Q1, False),
        (Q1, LATER, False),
        (LATER, Q1, True),
        (Q1, live(1, 300, (22, 18)), False),
        (Q1, live(1, 290, (19, 18)), True),  # a basket taken back
        (Q1, live(2, 720, (20, 18), (0, 0)), False),
        (live(2, 720, (20, 18), (0, 0)), Q1, True),
        (live(1, 0, (20, 18)), live(1, 0, (20, 18), phase=Phase.BREAK), False),
        (live(1, 0, (20, 18), phase=Phase.BREAK), live(1, 0, (20, 18)), True),
        (live(1, 0, (20, 18), phase=Phase.BREAK), live(2, 720, (20, 18), (0, 0)), False),
        (Q1, live(1, 300, (20, 18), phase=Phase.SUSPENDED), False),
        (live(1, 300, (20, 18), phase=Phase.SUSPENDED), Q1, False),
        (LATER, final((25, 25), (25, 25), (25, 25), (25, 24)), False),
        (final((25, 25), (25, 25), (25, 25), (25, 24)), LATER, True),
        (SCHEDULED, off(), True),
        (off(), SCHEDULED, True),
        (off(), off(Phase.CANCELLED), False),
        (LATER, off(), True),
    ],
)
def test_a_game_is_only_played_forward(before: GameState, after: GameState, back: bool) -> None:
    """Phase, period, clock and points only go forward; a change to or from off goes back."""
    assert goes_back(before, after) is back


def test_newer_same_and_older_are_told_apart() -> None:
    """A first state is newer, a repeated one the same, and an older one is held."""
    _, taken = follow([Q1, Q1, LATER, Q1, LATER])
    assert taken == ["newer", "same", "newer", "held", "same"]


def test_a_correction_is_believed_when_three_polls_agree() -> None:
    """Three consecutive polls make a correction; one that contradicts them starts again."""
    lower = live(1, 280, (19, 18))
    tracking, taken = follow([lower, lower], LATER)
    assert (tracking.state, taken) == (LATER, ["held", "held"])
    tracking, taken = follow([lower, lower, live(1, 270, (19, 20))], LATER)
    assert taken == ["held", "held", "correction"]
    assert tracking.state == live(1, 270, (19, 20))
    assert AGREEING_POLLS == 3
    _, taken = follow([lower, live(1, 500, (8, 8)), lower], LATER)
    assert taken == ["held", "held", "held"]
    _, taken = follow([lower, LATER, lower, lower], LATER)
    assert taken == ["held", "same", "held", "held"]


@given(st.integers(2, 30), st.booleans())
def test_two_alternating_caches_never_flap(times: int, start: bool) -> None:
    """An old state that alternates with the new one is never believed."""
    pairs = [
        (Q1, LATER),
        (live(1, 0, (20, 18)), live(1, 0, (20, 18), phase=Phase.BREAK)),
        (live(4, 5, (90, 88)), final((30, 20), (20, 20), (20, 24), (20, 24))),
        (off(), Q1),
    ]
    for old, new in pairs:
        polls = list(itertools.islice(itertools.cycle([old, new][:: 1 if start else -1]), times))
        tracking, taken = follow(polls, new)
        assert tracking.state == new
        assert set(taken) <= {"held", "same"}


def test_a_score_that_loses_a_digit_is_believed_only_when_that_lasts() -> None:
    """Points taken back by the dozen are held for a minute, as points that leap ahead are."""
    seen = live(3, 400, (28, 25), (30, 30), (43, 27))
    lost = live(3, 390, (9, 25), (1, 30), (0, 27))
    tracking, taken = follow([lost] * 6, seen)
    assert (tracking.state, set(taken)) == (seen, {"held"})
    assert follow([lost] * 7, seen)[1][-1] == "correction"
    # What goes back with its clock is an old copy, or a game that was ahead by mistake.
    assert follow([live(1, 300, (15, 10))] * 3, seen)[1][-1] == "correction"


def test_a_flicker_of_postponed_is_not_believed() -> None:
    """A board that says postponed for some minutes, in a game or before it, changes nothing."""
    tracking, taken = follow([off(), off(), LATER], Q1)
    assert (tracking.state, taken) == (LATER, ["held", "held", "newer"])
    tracking, taken = follow([off()] * 31, SCHEDULED)
    assert taken == [*["held"] * 30, "correction"]
    assert tracking.state == off()


def test_a_game_that_has_begun_gets_no_other_opponent_and_no_other_date() -> None:
    """Its id may name another meeting for half an hour, or for ever once it is over.

    Before the tip it is off.
    """
    other = replace(off(Phase.CANCELLED), doubt="its id now names BOS@DEN of 2026-11-20")
    tracking, taken = follow([*[other] * 180, LATER], Q1)
    assert (tracking.state, set(taken[:-1]), taken[-1]) == (LATER, {"held"}, "newer")
    end = final((25, 25), (25, 25), (25, 25), (25, 24))
    assert follow([other] * 31, end)[0].state == end
    assert follow([other] * 31, SCHEDULED)[0].state == other


@pytest.mark.parametrize("moves", [False, True])
def test_a_box_that_stands_still_keeps_no_game_that_is_off_in_play(moves: bool) -> None:
    """Board and box are read in turn: one that is written anew tells of play, old bytes do not."""
    tracking = with_poll(
        GameTracking(GAME, state=Q1, told_by=BOX), judge_poll(tracked(Q1), Q1, BOX, after(0), "0")
    )
    for at in range(10, 330, 20):
        tracking = with_poll(tracking, judge_poll(tracking, off(), BOARD, after(at), "off"))
        bytes_of = str(at) if moves else "0"
        tracking = with_poll(tracking, judge_poll(tracking, Q1, BOX, after(at + 10), bytes_of))
    assert tracking.state is not None
    assert tracking.state.phase.off is not moves


@pytest.mark.parametrize("moves", [False, True])
def test_a_box_that_stands_still_keeps_no_mistake_in_doubt(moves: bool) -> None:
    """The board's final takes points of the last box back: that box's old bytes hold nothing up."""
    end = final((25, 25), (25, 25), (25, 25), (25, 24))
    wrong = live(4, 5, (25, 25), (25, 25), (25, 25), (25, 29))
    tracking = with_poll(
        GameTracking(GAME, state=wrong, told_by=BOX, changed_at=after(0)),
        judge_poll(tracked(wrong), wrong, BOX, after(0), "0"),
    )
    for at in range(10, 350, 20):
        tracking = with_poll(tracking, judge_poll(tracking, end, BOARD, after(at), "end"))
        bytes_of = str(at) if moves else "0"
        tracking = with_poll(tracking, judge_poll(tracking, wrong, BOX, after(at + 10), bytes_of))
    assert tracking.state is not None
    assert (tracking.state.phase is Phase.FINAL) is not moves


def test_a_clock_that_is_set_back_makes_no_doubt_longer() -> None:
    """A final that takes points back counts after five minutes, also of a clock an hour late."""
    end = final((25, 25), (25, 25), (25, 25), (25, 24))
    wrong = live(4, 5, (25, 25), (25, 25), (25, 25), (25, 29))
    tracking = GameTracking(GAME, state=wrong, told_by=BOARD, changed_at=after(3600))
    for at in (3610, *range(20, 381, 60)):
        tracking = with_poll(tracking, judge_poll(tracking, end, BOARD, after(at), "end"))
    assert tracking.state == end


@given(st.integers(0, 10_000))
def test_a_game_as_played_is_never_held(seed: int) -> None:
    """Every state of a game in order is newer, and the same when it is polled again."""
    states = list(a_game(rng(seed)))
    _, taken = follow([x for x in states for _ in range(2)])
    assert set(zip(taken[::2], taken[1::2], strict=True)) == {("newer", "same")}


@given(st.integers(0, 10_000), st.lists(st.integers(0, 80), min_size=1, max_size=12))
def test_belief_goes_back_only_after_agreement(seed: int, picks: list[int]) -> None:
    """In any mix of states, a correction comes only after three in a row that go back."""
    states = list(a_game(rng(seed), step=200))
    tracking = GameTracking(GAME)
    older = 0
    for number, pick in enumerate(picks):
        state = states[min(pick, len(states) - 1)]
        before = tracking.state
        tracking, ordering = judged(tracking, Told(10.0 * number, BOARD, state))
        back = before is not None and state != before and goes_back(before, state)
        older = older + 1 if back else 0
        if ordering is Ordering.CORRECTION:
            assert older >= AGREEING_POLLS


FOURTH = live(4, 5, (30, 20), (30, 20), (30, 20), (30, 20))
END = final((30, 20), (30, 20), (30, 20), (33, 20))


@pytest.mark.parametrize(("origin", "wait"), [(BOX, DOCUMENT_HELD), (ESPN, SOURCE_HELD)])
def test_another_document_is_given_the_time_to_catch_up(origin: Origin, wait: timedelta) -> None:
    """Another document's older state is believed only after it has stayed so for its time.

    The time and the count of agreeing polls run together, not one after the other.
    """
    lower = live(1, 280, (19, 18))
    tracking, taken = GameTracking(GAME, state=LATER, told_by=BOARD), []
    until = int(wait.total_seconds())
    for at in range(0, until + 1, 10):
        assert tracking.state == LATER
        tracking, ordering = judged(tracking, Told(float(at), origin, lower))
        taken.append(ordering)
    assert taken == [Ordering.BEHIND] * (until // 10) + [Ordering.CORRECTION]
    assert (tracking.state, tracking.told_by) == (lower, origin)


@pytest.mark.parametrize("stands", [SCHEDULED, Q1, live(2, 0, (9, 9), (9, 9), phase=Phase.BREAK)])
def test_a_stand_in_that_has_stopped_takes_no_game_back(stands: GameState) -> None:
    """An earlier moment is believed only from a source that goes on from there."""
    seen = live(3, 300, (28, 25), (30, 30), (21, 27))
    tracking = GameTracking(GAME, state=seen, told_by=BOARD)
    for at in range(0, 7200, 60):
        tracking, ordering = judged(tracking, Told(float(at), ESPN, stands))
        assert ordering is Ordering.BEHIND
    assert tracking.state == seen
    goes_on = live(3, 400, (28, 25), (30, 30), (18, 22))
    tracking, ordering = judged(tracking, Told(7200.0, ESPN, goes_on))
    assert (ordering, tracking.state) == (Ordering.CORRECTION, goes_on)


@pytest.mark.parametrize("seen", [live(3, 300, (28, 25), (30, 30), (21, 27)), None])
def test_a_source_whose_two_documents_have_stopped_takes_no_game_back(
    seen: GameState | None,
) -> None:
    """That its box stands a little after its board does not show that it goes on."""
    board, box = (live(2, x, (28, 25), (10, 12)) for x in (400, 380))
    tracking = GameTracking(GAME, state=seen, told_by=BOARD)
    for at in range(0, 3600, 60):
        told = [(x, ESPN, board) for x in (0, 15, 30)] + [(45, Origin("espn", "box"), box)]
        for late, origin, stands in told:
            tracking, ordering = judged(tracking, Told(float(at + late), origin, stands))
            assert ordering is not Ordering.CORRECTION
    assert tracking.state == (seen or box)


def test_a_game_with_points_has_not_un_begun_within_minutes() -> None:
    """A board that says again that it is scheduled is believed after five minutes."""
    tracking, taken = follow([SCHEDULED] * 30, Q1)
    assert (tracking.state, set(taken)) == (Q1, {"held"})
    assert follow([SCHEDULED] * 31, Q1)[0].state == SCHEDULED


def test_a_source_that_catches_up_is_believed_at_once() -> None:
    """A source that catches up is believed at once, and its held state is dropped."""
    tracking = GameTracking(GAME, state=LATER, told_by=BOARD)
    for at in range(3):
        tracking, ordering = judged(tracking, Told(10.0 * at, ESPN, live(1, 300 - at, (20, 18))))
        assert ordering is Ordering.BEHIND
    tracking, ordering = judged(tracking, Told(30.0, ESPN, live(1, 280, (22, 18))))
    assert (ordering, tracking.held) == (Ordering.NEWER, None)


def test_the_same_moment_on_a_clock_of_whole_seconds_is_nothing_new() -> None:
    """Sources that differ by a second of the game clock never correct each other."""
    tracking = GameTracking(GAME, state=live(1, 289.4, (22, 18)), told_by=BOARD)
    for at in range(20):
        tracking, ordering = judged(tracking, Told(10.0 * at, ESPN, LATER))
        assert ordering is Ordering.SAME


def test_an_end_is_not_taken_back_by_a_box_that_is_late_with_it() -> None:
    """A late box never takes back the end of its board; the board itself can."""
    tracking = GameTracking(GAME, state=END, told_by=BOARD)
    for at in range(100):
        tracking, ordering = judged(tracking, Told(10.0 * at, BOX, FOURTH))
        assert ordering is Ordering.BEHIND
    taken = []
    for at in range(100, 106):
        # The polls of the box in between do not contradict the board.
        tracking, ordering = judged(tracking, Told(10.0 * at, (BOARD, BOX)[at % 2], FOURTH))
        taken.append(ordering)
    assert taken[:5] == [Ordering.HELD, Ordering.BEHIND] * 2 + [Ordering.CORRECTION]


@pytest.mark.parametrize("told", [off(), off(Phase.CANCELLED), SCHEDULED])
def test_a_game_that_was_played_to_its_end_is_not_called_off(told: GameState) -> None:
    """A board that says so for a quarter of an hour after the final takes nothing back."""
    over = GameTracking(GAME, state=END, told_by=BOARD, changed_at=after(0), final_at=after(0))
    for at in range(0, 900, 30):
        over = with_poll(over, judge_poll(over, told, BOARD, after(60 + at)))
        assert over.state == END


def test_what_was_seen_of_a_game_outlives_that_it_is_called_off() -> None:
    """No fourth quarter with a leader at its end is called off; an end of other points is none."""
    points = (30, 20), (30, 20), (30, 20), (33, 20)
    done = live(4, 0, *points, phase=Phase.BREAK)
    tracking, taken = follow([off()] * 60, done)
    assert (tracking.state, set(taken)) == (done, {"held"})
    seen = live(3, 200, *points[:2], (20, 10))
    tracking, _ = follow([off()] * 31, seen)
    other = judge_poll(tracking, final((20, 19), (22, 24), (9, 9), (20, 20)), BOARD, after(9000))
    assert "was seen" in other.contrary
    assert judge_poll(tracking, END, BOARD, after(9000)).contrary == ""


def test_points_after_the_end_take_an_end_back_that_a_box_told_too_early() -> None:
    """A board that goes on with more points is not late; one that stands still is."""
    tracking = GameTracking(GAME, state=END, told_by=BOX)
    more = live(4, 2, (30, 20), (30, 20), (30, 20), (36, 20))
    taken = []
    for at in range(0, 160, 40):
        tracking, ordering = judged(tracking, Told(float(at), BOARD, more))
        taken.append(ordering.value)
    assert taken[:3] == ["behind", "behind", "correction"]
    assert tracking.state == more


def test_hours_after_the_end_a_copy_from_play_takes_nothing_back() -> None:
    """A document that stands still in play is an old copy; one that moves is a game played on."""
    over = GameTracking(GAME, state=END, told_by=BOX, final_at=after(0))
    tracking, taken = over, set()
    for copy, at in itertools.product((SCHEDULED, FOURTH), range(0, 600, 60)):
        tracking = tracking if at else over
        found = judge_poll(tracking, copy, BOX, after(8100 + at))
        tracking = with_poll(tracking, found)
        taken.add(found.ordering)
    assert (tracking.state, taken) == (END, {Ordering.BEHIND})
    tracking, told = over, []
    for clock in (5, 4, 3):
        found = judge_poll(tracking, replace(FOURTH, clock=clock), BOX, after(8400 - 60 * clock))
        tracking = with_poll(tracking, found)
        told.append(found.ordering)
    assert told[-1] is Ordering.CORRECTION


def test_a_clock_too_far_back_for_the_points_is_not_believed_at_once() -> None:
    """Four minutes of a quarter's points at its first second change nothing that is believed."""
    seen = live(3, 261, (28, 25), (30, 30), (21, 27))
    back = live(3, 719, (28, 25), (30, 30), (21, 27))
    tracking, taken = follow([back] * 20, seen)
    assert (tracking.state, set(taken)) == (seen, {"held"})
    tracking, taken = follow([back] * 31, seen)
    assert tracking.state == back
    near = live(3, 300, (28, 25), (30, 30), (21, 27))
    assert follow([near] * 3, seen)[1] == ["held", "held", "correction"]


@pytest.mark.parametrize(("lasts", "believed"), [(290, False), (300, True)])
def test_teams_that_are_exchanged_are_believed_only_when_that_lasts(
    lasts: int, believed: bool
) -> None:
    """A feed that swaps the teams' points tells nothing by that for five minutes."""
    seen = live(2, 600, (28, 25), (5, 4))
    tracking = GameTracking(GAME, state=seen, told_by=BOARD)
    swapped = [live(2, 590 - x, (25, 28), (4, 5 + x // 5)) for x in range(0, lasts + 1, 10)]
    taken = []
    for number, state in enumerate(swapped):
        tracking, ordering = judged(tracking, Told(10.0 * number, BOARD, state))
        taken.append(ordering)
    assert set(taken[:-1]) == {Ordering.HELD}
    assert (tracking.state == swapped[-1]) is believed
    tracking, ordering = judged(tracking, Told(lasts + 10.0, BOARD, live(2, 200, (28, 25), (9, 9))))
    assert ordering is (Ordering.HELD if believed else Ordering.NEWER)


def test_teams_that_are_exchanged_in_the_first_quarter_are_no_news_either() -> None:
    """The points alone tell it there; a smaller correction is believed as usual."""
    seen = live(1, 200, (15, 23))
    swapped = live(1, 190, (23, 17))
    tracking, taken = follow([swapped] * 30, seen)
    assert (tracking.state, set(taken)) == (seen, {"held"})
    assert follow([swapped] * 31, seen)[0].state == swapped
    moved = live(1, 190, (18, 20))
    assert follow([moved] * 3, seen)[1] == ["held", "held", "correction"]
    # What a cache served again is of an earlier moment.
    assert follow([live(1, 400, (9, 8))] * 3, seen)[1][-1] == "correction"


def test_a_correction_that_box_and_board_tell_in_turn_gets_through() -> None:
    """A correction is believed when box and board agree on it, each at its own clock."""
    tracking = GameTracking(GAME, state=LATER, told_by=BOARD)
    clocks, seen = [288, 286, 270, 276, 250, 256], []
    for at, clock in enumerate(clocks):
        told = Told(10.0 * at, (BOX, BOARD)[at % 2], live(1, clock, (19, 18)))
        tracking, ordering = judged(tracking, told)
        seen.append(ordering)
    assert Ordering.CORRECTION in seen[:4]
    assert tracking.state == live(1, 250, (19, 18))


def test_a_clock_that_is_put_back_keeps_nothing_waiting() -> None:
    """A wall clock that is put back an hour does not delay a correction."""
    tracking = GameTracking(GAME, state=LATER, told_by=BOARD)
    lower, taken = live(1, 280, (19, 18)), []
    for at in (7200.0, *(3600.0 + 10 * x for x in range(10))):
        tracking, ordering = judged(tracking, Told(at, ESPN, lower))
        taken.append(ordering)
    assert taken[-1] is Ordering.CORRECTION


class Late(NamedTuple):
    """A poll of one of three documents that is `behind` states late, `after` seconds later."""

    source: int
    behind: int
    after: float


looks = st.lists(
    st.builds(Late, st.integers(0, 2), st.integers(0, 9), st.sampled_from([0.0, 5.0, 15.0, 60.0])),
    min_size=1,
    max_size=60,
)


@given(st.integers(0, 10_000), looks)
def test_however_stale_and_fresh_answers_of_sources_mix_belief_goes_only_forward(
    seed: int, asked: list[Late]
) -> None:
    """Belief goes back only after enough agreeing polls and time, in any mix of sources."""
    states = list(a_game(rng(seed), step=150))
    tracking, now, at = GameTracking(GAME), 0.0, 0
    back: list[float] = []
    for source, late, wait in asked:
        now, at = now + wait, min(at + 1, len(states) - 1)
        told = Told(now, (BOARD, BOX, ESPN)[source], states[max(0, at - late)])
        before = tracking
        tracking, ordering = judged(before, told)
        assert tracking.state is not None
        older = before.state is not None and goes_back(before.state, told.state)
        if ordering in (Ordering.NEWER, Ordering.SAME) and tracking.held is None:
            back = []
        elif older and ordering is not Ordering.SAME:
            again = tracking.held is None or tracking.held.polls > 1
            back = [*back, now] if again else [now]
        if ordering is Ordering.CORRECTION:
            assert len(back) >= AGREEING_POLLS
            if before.told_by is not None and before.told_by.source != told.origin.source:
                assert now - back[0] >= SOURCE_HELD.total_seconds()
            back = []
        elif before.state is not None:
            assert not goes_back(before.state, tracking.state)


def test_a_moved_tip_off_is_no_news() -> None:
    """A state with another tip-off time is the same state."""
    assert follow([GameState(GAME, Phase.SCHEDULED, 0, 0, Score(0, 0))], SCHEDULED)[1] == ["same"]
    assert a_book().settled is False


def tracked(state: GameState, at: float = 0.0) -> GameTracking:
    """The tracking of a game whose believed state last changed `at` seconds after tip-off."""
    return GameTracking(GAME, state=state, told_by=BOARD, changed_at=after(at))


def believed_at(tracking: GameTracking, state: GameState, *times: float) -> float | None:
    """When a state that is reported again and again is believed; None if it is not."""
    for at in times:
        found = judge_poll(tracking, state, BOARD, after(at))
        if found.ordering is not Ordering.HELD:
            assert found.ordering is Ordering.NEWER
            return at
        tracking = with_poll(tracking, found)
    return None


Q2 = live(2, 254, (28, 25), (23, 19))


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(live(2, 254, (28, 25), (123, 19)), id="a digit too many"),
        pytest.param(live(4, 30, (28, 25), (23, 19), (0, 0), (0, 0)), id="another period"),
        pytest.param(live(2, 54, (28, 25), (23, 19)), id="more than three minutes at once"),
    ],
)
def test_a_state_that_no_game_can_have_reached_yet_is_not_believed_for_a_minute(
    state: GameState,
) -> None:
    """A typing error that lasts for one poll, or for three, moves no chance and fires nothing."""
    every_ten = range(10, 200, 10)
    assert believed_at(tracked(Q2), state, *every_ten) == 70


HALF = live(2, 0, (28, 25), (23, 19), phase=Phase.BREAK)


@pytest.mark.parametrize(
    ("state", "believed"),
    [
        pytest.param(
            live(2, 0, (28, 25), (123, 19), phase=Phase.BREAK), 2070, id="points at halftime"
        ),
        pytest.param(
            live(2, 0, (28, 25), (33, 19), phase=Phase.BREAK), 2070, id="a few points at halftime"
        ),
        pytest.param(
            live(4, 0, (28, 25), (23, 19), (0, 0), (0, 0), phase=Phase.FINAL),
            None,
            id="quarters without a point",
        ),
        pytest.param(live(3, 100, (28, 25), (23, 19), (25, 22)), 2010, id="a feed that was away"),
    ],
)
def test_a_break_of_half_an_hour_makes_no_impossible_state_possible(
    state: GameState, believed: float | None
) -> None:
    """However long a game has stood still, nobody scores while its clock stands, or stops scoring.

    What a game can have reached by then is believed at once.
    """
    assert believed_at(tracked(HALF), state, *range(2010, 2400, 10)) == believed


def test_the_truth_in_between_ends_a_leap() -> None:
    """Two mistakes with the truth between them are not one state that lasts."""
    wrong = live(4, 30, (28, 25), (23, 19), (0, 0), (0, 0))
    tracking, taken = tracked(Q2), []
    for at, state in ((10, wrong), (40, wrong), (60, Q2), (80, wrong), (90, wrong)):
        found = judge_poll(tracking, state, BOARD, after(at))
        tracking = with_poll(tracking, found)
        taken.append(found.ordering.value)
    assert taken == ["held", "held", "same", "held", "held"]


def test_an_end_is_believed_once_there_has_been_time_for_it() -> None:
    """A `Final` with six minutes on the clock settles nothing while they cannot have passed.

    That takes longer where no point was made than where some were.
    """
    points = (28, 25), (23, 19), (25, 31), (20, 20)
    before, end = live(4, 360, *points), final(*points)
    assert believed_at(tracked(before), end, *range(10, 800, 10)) == 540
    on = final(*points[:3], (29, 31))
    assert believed_at(tracked(before), on, *range(10, 400, 10)) == 270
    assert believed_at(tracked(live(4, 60, *points)), end, 10) == 10
    # Some feeds keep no clock: their end is believed all the same.
    assert believed_at(tracked(live(4, 720, *points)), end, *range(10, 800, 10)) == 310


def test_after_an_end_points_are_only_corrected() -> None:
    """A three-pointer that was missing is believed at once, more points only where they last."""
    points = (28, 25), (23, 19), (25, 31)
    end = tracked(final(*points, (20, 20)))
    assert believed_at(end, final(*points, (23, 20)), 60) == 60
    assert believed_at(end, final(*points, (20, 24)), *range(60, 800, 60)) == 360


def test_no_game_is_over_before_it_can_have_been_played() -> None:
    """Another day's final under its id settles nothing before the tip-off, or soon after it.

    It may be the first that is heard of the game.
    """
    waits = GameTracking(GAME, state=SCHEDULED, told_by=BOARD, changed_at=after(-9000))
    other = final((28, 25), (23, 19), (25, 31), (20, 20))
    for tracking in (waits, GameTracking(GAME)):
        assert believed_at(tracking, other, *range(-1800, 4000, 60)) == 48 * 60


def test_a_clock_that_is_stuck_at_zero_ends_no_period() -> None:
    """With six minutes to play it is not believed before they can have passed, however often told.

    A clock that runs down is believed at each poll.
    """
    points = (28, 25), (23, 19), (25, 31)
    tracking, taken = tracked(live(4, 360, *points, (8, 9))), []
    for at in range(10, 620, 10):
        found = judge_poll(tracking, live(4, 0, *points, (8 + at // 60, 9)), BOARD, after(at))
        tracking = with_poll(tracking, found)
        taken.append(found.ordering)
    assert set(taken) == {Ordering.HELD}
    assert (
        believed_at(tracked(live(4, 12, *points, (20, 20))), live(4, 0, *points, (20, 20)), 9) == 9
    )


def test_a_feed_that_was_away_may_be_far_on() -> None:
    """The first answer after ten minutes is believed at once, however far the game has come."""
    later = live(3, 500, (28, 25), (33, 30), (9, 12))
    assert believed_at(tracked(Q2), later, 600) == 600


def test_a_clock_that_was_put_back_makes_no_leap() -> None:
    """Where the time since the last change is not known, a state is believed as it is."""
    later = live(4, 30, (28, 25), (33, 30), (9, 12), (20, 20))
    assert believed_at(tracked(Q2, at=3600), later, 10) == 10
