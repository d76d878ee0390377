"""A feed that goes back is believed only when several polls in a row agree."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.build import GAME, SCHEDULED, a_book, a_game, final, live, off, rng
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.poll import AGREEING_POLLS, goes_back
from tracker.domain.tracking import GameTracking, Ordering
from tracker.engine.decide.advance import classify

Q1 = live(1, 300, (20, 18))
LATER = live(1, 290, (22, 18))


def follow(
    states: list[GameState], believed: GameState | None = None
) -> tuple[GameTracking, list[str]]:
    """What is believed after these polls, and how each of them was taken."""
    tracking, taken = GameTracking(GAME, state=believed), []
    for state in states:
        ordering, held = classify(tracking, state)
        believes = ordering in (Ordering.NEWER, Ordering.CORRECTION)
        tracking = GameTracking(GAME, state=state if believes else tracking.state, held=held)
        taken.append(ordering.value)
    return tracking, taken


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
    """Phase, period, clock and points go one way; being called off is always doubted."""
    assert goes_back(before, after) is back


def test_newer_same_and_older_are_told_apart() -> None:
    """The first state is news, a repeated one nothing, an older one is held."""
    _, taken = follow([Q1, Q1, LATER, Q1, LATER])
    assert taken == ["newer", "same", "newer", "held", "same"]


def test_a_correction_is_believed_when_three_polls_agree() -> None:
    """Two are not enough, and one that contradicts them starts the count again."""
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
    """However often an old board alternates with the new one, the new one stays."""
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


def test_a_flicker_of_postponed_is_not_believed() -> None:
    """A board that says postponed once or twice during a game changes nothing."""
    tracking, taken = follow([off(), off(), LATER], Q1)
    assert (tracking.state, taken) == (LATER, ["held", "held", "newer"])
    tracking, taken = follow([off(), off(), off()], SCHEDULED)
    assert taken == ["held", "held", "correction"]
    assert tracking.state == off()


@given(st.integers(0, 10_000))
def test_a_game_as_played_is_never_held(seed: int) -> None:
    """Every state of a game told in order is news, and told again it is nothing."""
    states = list(a_game(rng(seed)))
    _, taken = follow([x for x in states for _ in range(2)])
    assert set(zip(taken[::2], taken[1::2], strict=True)) == {("newer", "same")}


@given(st.integers(0, 10_000), st.lists(st.integers(0, 80), min_size=1, max_size=12))
def test_belief_goes_back_only_after_agreement(seed: int, picks: list[int]) -> None:
    """In any order of old and new states, three in a row that go back come before a correction."""
    states = list(a_game(rng(seed), step=200))
    tracking = GameTracking(GAME)
    behind = 0
    for pick in picks:
        state = states[min(pick, len(states) - 1)]
        before = tracking.state
        ordering, held = classify(tracking, state)
        older = before is not None and state != before and goes_back(before, state)
        behind = behind + 1 if older else 0
        if ordering is Ordering.CORRECTION:
            assert behind >= AGREEING_POLLS
        believes = ordering in (Ordering.NEWER, Ordering.CORRECTION)
        tracking = GameTracking(GAME, state=state if believes else before, held=held)


def test_a_moved_tip_off_is_no_news() -> None:
    """What is not on the court does not make a state another one."""
    assert follow([GameState(GAME, Phase.SCHEDULED, 0, 0, Score(0, 0))], SCHEDULED)[1] == ["same"]
    assert a_book().settled is False
