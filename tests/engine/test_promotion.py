"""Promises of the gate: it promotes a better challenger, and no lucky or failing one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks.promotion import decided, trial
from tracker.engine.promotion import (
    LEAST_BETS,
    LOOKS,
    ClauseState,
    Estimate,
    Evidence,
    GateVerdict,
    Loss,
    gap_of,
    judge,
    judge_segment,
    passed,
)


def answers(evidence: Evidence) -> dict[str, ClauseState]:
    """How each clause stands, by its name."""
    return {x.name: x.answer for x in judge(evidence).clauses}


def test_a_better_challenger_is_promoted() -> None:
    """Most challengers that are better by about 2 % are promoted within a season."""
    found = [judge(trial(LOOKS[-1], 2.3, 1.0, seed)) for seed in range(6)]
    promoted = [x for x in found if x.verdict is GateVerdict.PROMOTE]
    assert len(promoted) >= 4
    assert all(x.answer is ClauseState.MET for x in promoted[0].clauses)


def test_a_lucky_challenger_is_not_promoted() -> None:
    """Equally good challengers are all rejected after the last look."""
    found = [decided(trial(LOOKS[-1], 2.0, 2.0, seed))[0] for seed in range(8)]
    assert set(found) == {GateVerdict.REJECT}


def test_a_run_of_luck_in_few_games_is_held() -> None:
    """A hundred games are too few, however well they went."""
    few = trial(100, 12.0, 0.5)
    assert judge(few).verdict is GateVerdict.HOLD
    assert answers(few)["games"] is ClauseState.WAITING
    assert judge(few).more == LOOKS[0] - 100


def test_between_looks_nothing_is_decided_anew() -> None:
    """Between two looks the gate judges by the games of the last look."""
    more = trial(340, 3.0, 1.0)
    first = set(more.games[:300])
    then = replace(more, losses=[x for x in more.losses if x.game in first])
    after, before = ([x for x in judge(y).clauses if x.name != "games"] for y in (more, then))
    assert after == before
    assert judge(more).more == LOOKS[1] - 340


def without(measure: str, moment: str, x: Loss) -> Loss:
    """The loss with an error of the challenger at one moment."""
    bad = x.measure == measure and x.moment == moment
    return replace(x, challenger=x.challenger + 0.05) if bad else x


def spoilt(evidence: Evidence) -> Evidence:
    """Evidence of a challenger that is better overall and bad at one moment."""
    return replace(evidence, losses=[without("win", "2:00", x) for x in evidence.losses])


@pytest.mark.parametrize(
    ("clause", "spoil"),
    [
        ("failures", lambda x: replace(x, failures=1)),
        ("recorded games", lambda x: replace(x, replays="it is sure of an end that is open")),
        ("margin within 80 %", lambda x: replace(x, covered={"margin": [1.0, 0.0] * 150})),
        ("worse", spoilt),
    ],
)
def test_each_clause_can_reject(clause: str, spoil: Callable[[Evidence], Evidence]) -> None:
    """Each clause alone can reject a challenger that is otherwise better."""
    spoilt = spoil(trial(LOOKS[1], 4.0, 0.5))
    assert judge(spoilt).verdict is GateVerdict.REJECT
    assert [k for k, x in answers(spoilt).items() if x is ClauseState.FAILED] == [clause]


def test_a_trial_is_decided_at_its_last_look() -> None:
    """One that is better in one measure and may be worse at a moment is held only until then."""
    for look, verdict in ((LOOKS[1], GateVerdict.HOLD), (LOOKS[2], GateVerdict.REJECT)):
        good = trial(look, 4.0, 0.5)
        there = [x.gap for x in good.losses if (x.measure, x.moment) == ("win", "2:00")]
        found = gap_of(there)
        shift = 1.5 * found.error - found.mean
        doubtful = [
            replace(x, challenger=x.challenger + shift)
            if (x.measure, x.moment) == ("win", "2:00")
            else x
            for x in good.losses
        ]
        assert judge(replace(good, losses=doubtful)).verdict is verdict


def test_one_that_raises_is_rejected_at_once() -> None:
    """A challenger that fails on a state is rejected without waiting for games."""
    assert judge(Evidence((), 0, {}, failures=1)).verdict is GateVerdict.REJECT
    assert judge(Evidence((), 0, {})).verdict is GateVerdict.HOLD


def test_too_few_nights_are_waited_for() -> None:
    """Games of too few nights are not enough, since they may all be of one kind."""
    hurried = replace(trial(LOOKS[0], 6.0, 0.5), nights=5)
    assert judge(hurried).verdict is GateVerdict.HOLD
    assert answers(hurried)["nights"] is ClauseState.WAITING


GOOD = Estimate(0.60, 0.59, -0.02, -0.005)


@pytest.mark.parametrize(
    ("bets", "log_loss", "ece", "good"),
    [
        (LEAST_BETS, GOOD, GOOD, True),
        (LEAST_BETS - 1, GOOD, GOOD, False),
        (5000, replace(GOOD, high=0.001), GOOD, False),
        (5000, GOOD, replace(GOOD, high=0.001), False),
    ],
)
def test_a_calibration_has_to_be_better_beyond_doubt(
    bets: int, log_loss: Estimate, ece: Estimate, good: bool
) -> None:
    """A calibration passes only with better log loss and ECE on enough official results."""
    assert passed(judge_segment(bets, log_loss, ece)) is good


def test_the_names_of_the_measures_are_told() -> None:
    """A clause names the measure and the moment of its figure."""
    told = {x.name: x.detail for x in judge(trial(LOOKS[0], 4.0, 1.0)).clauses}
    assert told["better"].split()[0] in ("win", "spread", "total")
    assert " at " in told["worse"]
