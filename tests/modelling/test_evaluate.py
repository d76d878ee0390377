"""Promises of evaluation: only unseen seasons are judged, and metrics are what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.cli.test_schema import faults, written
from tracker.domain.league import WNBA
from tracker.forecast import load_parameters
from tracker.modelling import metrics
from tracker.modelling.cards import MODEL_CARD, write_card
from tracker.modelling.games import read
from tracker.modelling.games.evaluate import evaluate, scored
from tracker.modelling.games.observe import in_order
from tracker.modelling.players.report import PLAYER_CARD
from tracker.modelling.retrain import seasons_to_fit

if TYPE_CHECKING:
    from collections.abc import Callable

    Seasons = Callable[[Path, dict[str, int], int], None]

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="needs scikit-learn")
pq = pytest.importorskip("pyarrow.parquet")


def test_a_season_is_judged_and_written_down(tmp_path: Path, seasons: Seasons) -> None:
    """Every metric by clock and every baseline is in JSON, in Markdown and in a card."""
    seasons(tmp_path, {"2020-21": 1, "2021-22": 2}, 14)
    out = tmp_path / "out"
    result = evaluate(tmp_path, load_parameters("nba"), ["2020-21"], ["2021-22"], out)
    assert json.loads((out / "evaluation.json").read_text())["parameters"]["games"] == 14
    assert faults(written("evaluate"), json.loads((out / "evaluation.json").read_text())) == []
    text = (out / "evaluation.md").read_text()
    for baseline in ("Stern with the line", "logistic", "boosted trees", "gamma process"):
        assert baseline in text
    half = result["moments"]["half"]
    assert 0 < half["markets"]["win"]["brier"] < 0.4
    assert half["scores"]["margin"]["crps"] > 0
    assert set(result["paired"]["Stern"]["half"]) >= {"win", "spread", "total", "margin crps"}
    write_card([("Made up", result)], out / "card.md")
    assert "## Limits" in (out / "card.md").read_text()


def test_cards_are_made_under_the_names_of_the_documents() -> None:
    """Making the cards replaces those in docs, and writes no file of another name."""
    docs = Path(__file__).resolve().parents[2] / "docs"
    assert {MODEL_CARD, PLAYER_CARD} == {x.name for x in docs.glob("*-card.md")}


def test_a_season_is_not_judged_by_what_saw_it(tmp_path: Path) -> None:
    """Overlapping seasons are refused before anything is read."""
    with pytest.raises(ValueError, match="both"):
        evaluate(tmp_path, load_parameters("nba"), ["2020-21"], ["2020-21"], tmp_path)


def test_a_fit_is_judged_after_the_season_before_the_one_left_out() -> None:
    """A season that has only begun is fitted on, but it gives no ratings to the one before it."""
    played = np.repeat(["2022-23", "2023-24", "2024-25"], [100, 100, 5])
    chosen = seasons_to_fit(played)
    assert chosen.unseen == "2023-24"
    assert chosen.judged == ("2022-23", "2023-24")
    assert seasons_to_fit(played, ("2023-24", "2024-25")).judged == ("2023-24",)


def test_a_recording_whose_events_are_out_of_order_is_not_judged() -> None:
    """A score that falls back below that of a period's beginning has no state to forecast."""
    seconds = np.arange(WNBA.regulation_seconds + 1)
    home = np.stack([seconds // 30] * 3)
    home[1, 700:] -= 25
    home[2, 700:710] -= 25
    assert in_order(WNBA, home, home, [600, 300]).tolist() == [True, False, True]


def test_two_models_are_judged_on_the_same_lines(tmp_path: Path, seasons: Seasons) -> None:
    """Without closing lines totals are bet on at one model's: a prior far off is seen to be worse.

    On its own lines, which the score soon passes, it would seem to be as good.
    """
    seasons(tmp_path, {"2020-21": 1}, 14)
    listed = pq.read_table(tmp_path / "nba" / "games.parquet").drop_columns(["lines_ok"])
    pq.write_table(listed, tmp_path / "nba" / "games.parquet")
    data, good = read(tmp_path, "nba"), load_parameters("nba")
    far = replace(good.ratings, mean_total=good.ratings.mean_total + 60)
    bad = replace(good, ratings=far)
    one, other = (
        scored(data, x, "2020-21", good)["moments"]["tip"]["total Brier"] for x in (good, bad)
    )
    assert other > one + 0.1
    assert scored(data, bad, "2020-21")["moments"]["tip"]["total Brier"] < one + 0.1


def test_calibrated_chances_pass_and_overconfident_ones_do_not() -> None:
    """ECE, slope and coverage tell calibrated chances from others."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, 20_000)
    hit = (rng.random(p.size) < p).astype(float)
    assert metrics.ece(p, hit) < metrics.ece_of_perfect(p, 1)
    assert metrics.slope(p, hit)[0] == pytest.approx(1, abs=0.05)
    sure = p**2 / (p**2 + (1 - p) ** 2)
    assert metrics.ece(sure, hit) > 0.05
    assert metrics.slope(sure, hit)[0] == pytest.approx(0.5, abs=0.05)
    assert metrics.coverage(rng.random(5000)).mean == pytest.approx(0.8, abs=0.02)


def test_what_is_told_twice_of_a_game_makes_no_interval_narrower() -> None:
    """The interval of a mean is over games: every value ten times over leaves it as it is."""
    rng = np.random.default_rng(0)
    values, game = rng.normal(size=400), np.arange(400)
    once = metrics.clustered(values, game, 1)
    tenfold = metrics.clustered(np.repeat(values, 10), np.repeat(game, 10), 1)
    found, wanted = ((x.mean, x.low, x.high) for x in (tenfold, once))
    assert found == pytest.approx(wanted)
    assert once.high - once.low == pytest.approx(2 * 1.96 / 20, rel=0.1)


def test_crps_of_a_lattice_is_that_of_its_normal() -> None:
    """Whole-number chances of a wide normal have the normal's own score."""
    values = np.arange(-80, 81)
    chances = np.exp(-0.5 * (values / 12.0) ** 2)
    chances /= chances.sum()
    mean, sd, outcome = np.zeros(1), np.full(1, 12.0), np.full(1, 9.0)
    plain = metrics.crps_normal(mean, sd, outcome)[0]
    assert metrics.crps_lattice(-80, chances, 9) == pytest.approx(plain, abs=0.05)
