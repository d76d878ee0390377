"""Promises of a person's record: money, hit rates, and whether the chances came true."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import date
from statistics import stdev

import pytest

from tests.store.reckoned import Ended, tally
from tracker.app.report import Report, ReportSpan, summary
from tracker.cli.charts.plot import draw_reliability
from tracker.domain.bet import Result
from tracker.engine.record import NOTHING, Prediction, independent, mean_error, reliability

DAY = date(2026, 11, 20)


def test_bets_that_all_ended_alike_tell_no_error_of_their_return() -> None:
    """Bets that all made the same share of their stakes give no standard error."""
    lost = [Ended(Result.LOST, DAY, 1000 * n, 0, 0.5) for n in (1, 2, 3)]
    won = [Ended(Result.WON, DAY, 1100 * n, 2100 * n, 0.5) for n in (1, 2, 3)]
    pushed = [Ended(Result.PUSH, DAY, 1000, 1000, 0.5)] * 2
    assert [tally(x).roi_se for x in (lost, won, pushed)] == [None] * 3
    assert tally([lost[0], won[0]]).roi_se is not None


def test_the_error_of_a_mean_is_that_of_its_games() -> None:
    """Alone on its game each value counts; the same values twice on each tell no more.

    A return is no surer by a second bet on each game that ends as the first does.
    """
    rng = random.Random(3)  # noqa: S311 - seeded, and no secret
    values = [(str(n), rng.gauss()) for n in range(50)]
    alone = mean_error(values)
    assert alone == pytest.approx(stdev(x for _, x in values) / math.sqrt(50))
    assert mean_error(values * 2) == pytest.approx(alone)
    assert mean_error([("one", x) for _, x in values]) is None
    bets = [
        Ended(result, DAY, 1000, 1900 if result is Result.WON else 0, 0.5, str(n))
        for n, both in enumerate(rng.choices((("WON", "WON"), ("LOST", "LOST")), k=40))
        for result in (Result[x] for x in both)
    ]
    once, twice = tally(bets[::2]).roi_se, tally(bets).roi_se
    assert twice == pytest.approx(once)


def test_chances_that_come_true_fit_and_wrong_ones_do_not() -> None:
    """Of 2,000 bets at 80 %, the bin fits when 80 % are won and not when half are."""
    rng = random.Random(1)  # noqa: S311 - seeded, and no secret
    good = [Prediction(n, 0.8, rng.random() < 0.8) for n in range(2000)]
    bad = [Prediction(n, 0.85, rng.random() < 0.5) for n in range(2000)]
    right, wrong = reliability(good), reliability(bad)
    assert right is not None
    assert wrong is not None
    assert right.bins[0].fits
    assert right.bins[0].came == pytest.approx(0.8, abs=0.03)
    assert not wrong.bins[0].fits
    assert right.brier == pytest.approx(0.16, abs=0.01)


def test_a_bet_that_was_told_often_weighs_no_more_than_another() -> None:
    """A hundred chances of one bet count as one bet."""
    said = [Prediction(1, 0.75, won=True)] * 100 + [Prediction(2, 0.75, won=False)]
    found = reliability(said)
    assert found is not None
    [only] = found.bins
    assert (only.came, only.bets, found.bets) == (0.5, 2, 2)


def test_bets_on_one_game_tell_no_more_than_the_game() -> None:
    """Four bets on each game bound the true share as one bet on each does; twice as many do more.

    Two games of which one has nine bets are less than two.
    """
    alone = [Prediction(n, 0.75, won=n % 4 > 0) for n in range(40)]
    together = [Prediction(n, 0.75, n % 16 > 3, game=f"g{n // 4}") for n in range(160)]
    more = [replace(x, game=f"g{x.bet // 2}") for x in together]
    bounds = []
    for said in (alone, together, more):
        found = reliability(said)
        assert found is not None
        [only] = found.bins
        bounds.append((only.least, only.most))
    assert bounds[0] == bounds[1]
    assert bounds[0][0] < bounds[2][0] < 0.75 < bounds[2][1] < bounds[0][1]
    assert 1 < independent("aaaaaaaaab") < 2


def test_a_bet_counts_with_the_first_chance_that_it_was_given_in_a_range() -> None:
    """A fair random walk is found calibrated in every range, however often it returns there."""
    rng = random.Random(7)  # noqa: S311 - seeded, and no secret
    said = []
    for bet in range(3000):
        path, p = [], 10
        while 0 < p < 20:
            path.append(p)
            p += rng.choice((-1, 1))
        said += [Prediction(bet, x / 20 + 0.001, won=p == 20) for x in path]
    found = reliability(said)
    assert found is not None
    assert all(x.said == pytest.approx(x.came, abs=0.05) for x in found.bins)


def test_certain_chances_are_counted_too() -> None:
    """0 and 1 fall into the outermost bins, and a wrong certainty costs a finite loss."""
    found = reliability(
        [Prediction(1, 1.0, won=True), Prediction(2, 0.0, won=False), Prediction(3, 1.0, won=False)]
    )
    assert found is not None
    assert [(x.low, x.bets) for x in found.bins] == [(0.0, 1), (0.9, 2)]
    assert 4 < found.log_loss < 5


def test_nothing_said_is_no_record() -> None:
    """Without any chance there is no comparison."""
    assert reliability([]) is None


def test_a_report_of_one_bet_is_told_in_the_singular() -> None:
    """One bet with a chance and a close is 1 bet, and two are 2 bets."""
    for count, said in ((1, "over 1 bet"), (2, "over 2 bets")):
        whole = replace(NOTHING, bets=count, won=count)
        told = [Prediction(n, 0.6, won=True) for n in range(count)]
        record = reliability(told)
        assert record is not None
        assert f"  {said.removeprefix('over ')} · " in draw_reliability(record, 72)[0]
        day = date(2026, 11, 20)
        made = Report(
            ReportSpan.WEEK, day, day, whole, {}, reliability(told), (), 0.01, valued=count
        )
        assert [x.endswith(said) for x in summary(made).splitlines()[-2:]] == [True, True]
