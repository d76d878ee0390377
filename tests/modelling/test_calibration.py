"""Promises of calibration: it is learnt where chances are off, and only beyond doubt."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from tracker.domain.game import Side
from tracker.domain.market import Direction, Market, Moneyline, Span, Total
from tracker.forecast.calibration import Family, Method, decode_calibrations
from tracker.modelling.calibration import (
    Observed,
    calibrated,
    fit_map,
    learn,
    observed,
    segments_of,
)
from tracker.store.outcomes import OfficialChance


def bets(count: int, sharp: float = 1.0, shift: float = 0.0, seed: int = 1) -> Observed:
    """Bets with three chances each, whose log-odds are scaled by `sharp` and shifted."""
    rng = np.random.default_rng(seed)
    true = rng.beta(2, 2, count)
    hit = rng.random(count) < true
    rows = []
    for n in range(count):
        said = expit(sharp * logit(true[n]) + shift)
        rows += [(said, bool(hit[n]), n, n // 2)] * 3
    return observed(rows)


@pytest.mark.parametrize("method", Method)
def test_each_form_finds_back_what_was_done_to_the_chances(method: Method) -> None:
    """Chances twice too extreme are moved to the outcomes, within the noise of 20,000 bets."""
    found = fit_map(bets(20_000, sharp=2.0), method)
    assert found is not None
    for p in (0.1, 0.3, 0.5, 0.7, 0.9):
        assert found(p) == pytest.approx(expit(logit(p) / 2), abs=0.03)


def test_chances_that_are_too_sure_are_corrected() -> None:
    """The map is used, and the evidence has the intervals that justify it."""
    found = learn(bets(1500, sharp=2.0))
    assert found.chosen is not None
    evidence = found.evidence
    assert evidence["used"]
    assert evidence["log_loss"]["high"] < 0 > evidence["ece"]["high"]
    assert set(evidence["tried"]) == {x.value for x in Method}
    assert evidence["judged_on"] < evidence["bets"] == 1500


@pytest.mark.parametrize("seed", range(4))
def test_chances_that_are_right_are_left_alone(seed: int) -> None:
    """No map of right chances is better beyond doubt."""
    found = learn(bets(1500, seed=seed))
    assert found.chosen is None
    assert not found.evidence["used"]


def test_few_results_teach_nothing() -> None:
    """Few results give no map, however wrong the chances were."""
    found = learn(bets(499, sharp=3.0))
    assert found.chosen is None
    assert found.evidence["why"] == "fewer than 500 official results"


def row(n: int, market: Market, p: float, won: bool) -> OfficialChance:
    """A chance of a bet on a game of its own."""
    return OfficialChance(n, f"g{n}", market, p, won)


def test_both_sides_of_a_line_teach_the_same() -> None:
    """An under counts as its over; bets on parts of a game do not count."""
    over, under = (Total(x, 220.5) for x in Direction)
    found = segments_of([
        row(1, over, 0.7, True), row(2, under, 0.3, False),
        row(3, Moneyline(Side.AWAY), 0.4, True), row(4, Moneyline(Side.HOME, Span.Q1), 0.5, True),
    ])  # fmt: skip
    assert set(found) == {Family.TOTAL, Family.MARGIN}
    assert found[Family.TOTAL].p.tolist() == pytest.approx([0.7, 0.7])
    assert found[Family.TOTAL].hit.tolist() == [1, 1]
    assert (found[Family.MARGIN].p[0], found[Family.MARGIN].hit[0]) == (0.6, 0)


def test_the_same_results_give_the_same_file() -> None:
    """Only the market that passes is calibrated, and the file has the evidence of both."""
    rng = np.random.default_rng(5)
    rows = []
    for n, true in enumerate(rng.beta(2, 2, 1500)):
        market = Total(Direction.OVER, 220.5) if n % 2 else Moneyline(Side.HOME)
        said = expit(2.5 * logit(true)) if n % 2 else true
        rows.append(row(n, market, float(said), bool(rng.random() < true)))
    first, second = (calibrated("nba", rows, "2026-11-24") for _ in range(2))
    assert first == second
    assert first.text is not None
    found = decode_calibrations(first.text, "made")
    assert set(found.maps) == {Family.TOTAL}
    assert {k: x["used"] for k, x in found.evidence.items()} == {"total": True, "margin": False}
    assert found.about.games == 1500
