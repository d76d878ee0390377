"""Promises of retraining and trials at the command line: nothing is put in use by itself."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_model import data
from tests.cli.test_schema import FOLDER, faults
from tracker.cli.app import run

__all__ = ["data"]

pytestmark = pytest.mark.timeout(240)
"""Two fits are made once, in the time of the test that asks first."""

Json = dict[str, Any]

SEASONS = ("2020-21", "2021-22")


def holds(name: str, answer: object) -> bool:
    """Whether an answer holds to its schema."""
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return faults(schema, answer, name) == []


@pytest.fixture(scope="module")
def retrained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Json, str]:
    """The file of a candidate out of two small seasons, the answer, and what else was said.

    Two fits take seconds: they are made once.
    """
    folder = tmp_path_factory.mktemp("retrain")
    config = folder / "tracker.toml"
    config.write_text('[store]\npath = "state/tracker.db"\n', "utf-8")
    out, err = io.StringIO(), io.StringIO()
    given = ["-c", str(config), "model", "retrain", "--on", str(data), "--kind", "both", "--json"]
    with redirect_stdout(out), redirect_stderr(err):
        assert run(given) == 0
    (file,) = (folder / "state" / "models" / "nba").glob("*.json")
    (answer,) = json.loads(out.getvalue())
    return file, answer, err.getvalue()


@pytest.fixture
def candidate(retrained: tuple[Path, Json, str], config: Path) -> str:
    """The name of that candidate, among the models of the configuration."""
    file = retrained[0]
    home = config.parent / "state" / "models" / "nba"
    home.mkdir(parents=True)
    shutil.copy(file, home / file.name)
    return file.stem


def test_a_retrain_keeps_a_candidate_with_its_figures(retrained: tuple[Path, Json, str]) -> None:
    """On a season that it has not seen; it is not put in use.

    A dataset without players leaves their figures as they are, and that is said.
    """
    file, made, said = retrained
    assert holds("candidates", [made])
    assert tuple(made["fitted_on"]) == SEASONS
    assert made["unseen"]["season"] == SEASONS[1]
    assert "in_use" not in made["unseen"], "the shipped model has seen it"
    assert made["data"]
    assert not made["active"]
    assert not (file.parent / "active.json").exists()
    assert "tells of no players" in said


def test_a_candidate_is_tried_judged_and_put_in_use_by_the_person(candidate: str, cli: Cli) -> None:
    """Step by step; each answer holds to its schema, and activating ends the trial."""
    listed = cli("model", "list", "--league", "nba", "--json").json
    assert holds("models", listed)
    assert {x["name"]: x["stage"] for x in listed} == {"shipped": "in use", candidate: "candidate"}
    assert "on trial beside shipped" in cli("model", "trial", "start", candidate).out
    assert "tracker model trial stop" in cli("model", "trial", "start", candidate).sentence
    (shown,) = cli("model", "trial", "show", "--json").json
    assert holds("trials", [shown])
    assert (shown["verdict"], shown["games"], shown["more"]) == ("hold", 0, 300)
    told = cli("model", "trial", "show").out
    assert "Verdict: hold, by 0 games" in told
    assert cli("model", "trial", "judge").status == 0
    assert cli("model", "list", "--league", "nba", "--json").json[0]["used"]
    assert candidate in cli("model", "activate", candidate).out
    assert "No model is on trial" in cli("model", "trial", "show").out
    (ended,) = cli("model", "trial", "show", "--all", "--json").json
    assert (ended["outcome"], ended["challenger"]) == ("promoted", candidate)
    assert "shipped" in cli("model", "rollback").out


def test_a_trial_is_stopped(candidate: str, cli: Cli) -> None:
    """And a second stop says that none is on."""
    assert cli("model", "trial", "start", candidate, "--json").json["challenger"] == candidate
    assert cli("model", "trial", "stop").status == 0
    assert "no trial" in cli("model", "trial", "stop").sentence


def test_what_cannot_be_retrained_is_one_sentence(data: Path, config: Path, cli: Cli) -> None:
    """One season, a season that is not there, a folder without games, an unknown kind."""
    assert "two seasons" in cli("model", "retrain", "--on", data, "--seasons", "2020-21").sentence
    assert "1999-00" in cli("model", "retrain", "--on", data, "--seasons", "1999-00").sentence
    assert "events.parquet" in cli("model", "retrain").sentence
    assert "--season" in cli("model", "retrain", "--collect").sentence
    assert "choose one of" in cli("model", "retrain", "--kind", "calibration").sentence
    assert "use one of games" in cli("model", "list", "--kind", "cards").sentence
    told = cli("model", "trial", "start", "shipped", "--kind", "calibration").sentence
    assert "nothing to try" in told


def test_a_night_is_told_by_model(cli: Cli, night: Path) -> None:
    """What gave each bet its first chance."""
    groups = cli("performance", "--by", "model", "--json").json["groups"]
    assert [x.startswith("flow-and-chain-3-nba-") for x in groups] == [True]
    assert next(iter(groups.values()))["bets"] == 4


def test_a_night_is_too_little_to_learn_from(cli: Cli, night: Path) -> None:
    """Each market says how many official results it has, and none is corrected."""
    told = cli("model", "calibrate", "--json").json
    assert holds("calibrate", told)
    assert told["candidate"] is None
    bets = {name: x["bets"] for name, x in told["segments"].items()}
    assert bets == {"margin": 2, "total": 1, "team total": 1}
    assert "fewer than 500" in cli("model", "calibrate").out
