"""Promises of the commands on models: damage is reported, and no score flatters."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.conftest import made_once
from tests.modelling.conftest import write_seasons
from tracker.cli.app import run
from tracker.cli.models import ModelsInUse
from tracker.forecast import load_parameters
from tracker.registry import registry_beside

SEASONS = {"2020-21": 1, "2021-22": 2}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated seasons, made once for all modules."""
    return made_once(tmp_path_factory, "data", lambda folder: write_seasons(folder, SEASONS))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model of the first season, and what was said when it was fitted."""

    file: Path
    answer: dict[str, Any]
    notes: str


@pytest.fixture
def fit_once(data: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """It is fitted by the command, once for all modules: a fit takes seconds."""

    def make(folder: Path) -> None:
        out, err, file = io.StringIO(), io.StringIO(), str(folder / "mine.json")
        with redirect_stdout(out), redirect_stderr(err):
            asked = ["fit", str(data), "--seasons", "2020-21", "--out", file, "--json"]
            assert run(asked) == 0
        (folder / "answer").write_text(out.getvalue(), "utf-8")
        (folder / "notes").write_text(err.getvalue(), "utf-8")

    at = made_once(tmp_path_factory, "fit", make)
    answer = json.loads((at / "answer").read_text("utf-8"))
    return Fitted(at / "mine.json", answer, (at / "notes").read_text("utf-8"))


@pytest.fixture
def fitted(fit_once: Fitted) -> Path:
    """The file of that model."""
    return fit_once.file


@pytest.fixture
def models(config: Path) -> Path:
    """The folder of the configuration's models."""
    return config.parent / "state" / "models" / "nba"


def damage(file: Path) -> None:
    """Change a figure in a file, so that its checksum is wrong."""
    document = json.loads(file.read_text("utf-8"))
    document["average"]["total"] += 1
    file.write_text(json.dumps(document), "utf-8")


def test_a_fit_tells_what_it_rests_on(fit_once: Fitted) -> None:
    """The answer names the seasons, a note warns of few games, and the file has its day."""
    assert fit_once.answer["fitted_on"] == ["2020-21"]
    assert "30 games are few" in fit_once.notes
    about = json.loads(fit_once.file.read_text("utf-8"))["about"]
    assert date.fromisoformat(about["fitted_at"]).year >= 2024


def test_a_fit_of_what_is_not_there_is_one_sentence(data: Path, tmp_path: Path, cli: Cli) -> None:
    """An unknown league, season or folder gives one sentence."""
    assert "1999-00" in cli("fit", data, "--seasons", "1999-00").sentence
    assert cli("fit", data, "--league", "nbl").status == 2
    assert "events.parquet" in cli("fit", tmp_path).sentence


def test_a_handful_of_games_is_never_made_a_model(cli: Cli, tmp_path: Path) -> None:
    """Too few games give one sentence and no file."""
    write_seasons(tmp_path, {"2020-21": 1}, games=2)
    out = tmp_path / "few.json"
    assert "too few" in cli("fit", tmp_path, "--out", out).sentence
    assert not out.exists()


def test_a_missing_package_is_named_with_its_command(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the sentence has the command that installs it."""
    monkeypatch.setattr("tracker.cli.models.find_spec", lambda _: None)
    assert 'pip install ".[modelling]"' in cli("fit", data).sentence


def test_a_season_that_was_seen_is_never_judged(
    data: Path, fitted: Path, tmp_path: Path, cli: Cli, config: Path
) -> None:
    """A season that was fitted on is refused, whether by `--fitted` or in the model's file."""
    out = ("--out", tmp_path / "judged")
    same = cli("evaluate", data, "--fitted", "2020-21", "--seasons", "2020-21", *out)
    assert same.status == 2
    assert "2020-21" in same.sentence
    seen = cli("evaluate", data, "--model", fitted, "--seasons", "2020-21", *out)
    assert seen.status == 2
    assert cli("evaluate", data, "--seasons", "2021-22", *out).status == 2
    compared = cli("model", "compare", fitted, "shipped", "--on", data, "--seasons", "2021-22")
    assert compared.status == 2


def test_a_model_is_taken_up_listed_and_given_back(fitted: Path, models: Path, cli: Cli) -> None:
    """A model is activated from a file, then by name, and rolled back to the shipped one."""
    assert cli("model", "activate", fitted, "--json").json["active"]
    assert (models / "mine.json").read_bytes() == fitted.read_bytes()
    used = {x["name"]: x["used"] for x in cli("model", "list", "--league", "nba", "--json").json}
    assert used == {"shipped": False, "mine": True}
    assert cli("model", "show", "mine", "--json").json["fitted_on"] == ["2020-21"]
    assert "shipped" in cli("model", "rollback").out
    assert cli("model", "rollback").status == 1
    assert "shipped, mine" in cli("model", "activate", "nobody").sentence


def test_a_damaged_file_is_refused_and_the_last_good_one_used(
    fitted: Path, models: Path, cli: Cli, tmp_path: Path
) -> None:
    """A damaged model is reported when it is activated, and when it is already in use."""
    bad = tmp_path / "bad.json"
    bad.write_bytes(fitted.read_bytes())
    damage(bad)
    assert "damaged" in cli("model", "activate", bad).sentence
    assert cli("model", "activate", fitted).status == 0
    damage(models / "mine.json")
    listed = cli("model", "list", "--league", "nba")
    assert listed.status == 0
    assert "mine.json is damaged" in listed.err
    assert "'shipped'" in listed.err
    used = {x["name"]: x["used"] for x in cli("model", "list", "--league", "nba", "--json").json}
    assert used == {"shipped": True, "mine": False}


def test_the_daemon_forecasts_with_the_model_in_use(
    fitted: Path, models: Path, cli: Cli, config: Path
) -> None:
    """A new model is used from the next forecast; a damaged one is reported once."""
    said: list[str] = []
    load = ModelsInUse(registry_beside(config.parent / "state" / "tracker.db"), said.append)
    shipped = load_parameters("nba").checksum
    assert load("nba").checksum == shipped
    cli("model", "activate", fitted)
    assert load("nba").fitted_on == ("2020-21",)
    cli("model", "rollback")
    assert load("nba").checksum == shipped
    damage(models / "mine.json")
    registry = registry_beside(config.parent / "state" / "tracker.db")
    (models / "active.json").write_text('["shipped", "mine"]', "utf-8")
    assert registry.history("nba") == ("shipped", "mine")
    assert [load("nba").checksum, load("nba").checksum] == [shipped, shipped]
    assert len(said) == 1
    assert "mine.json is damaged" in said[0]
    (models / "active.json").write_text("{", "utf-8")
    assert load("nba").checksum == shipped
    assert "active.json cannot be read" in said[1]


def test_two_models_are_compared_on_states_and_on_games(
    data: Path, fitted: Path, cli: Cli, config: Path, tmp_path: Path
) -> None:
    """A model compared with itself has no difference."""
    assert "fitted on 2020-21" in cli("model", "compare", fitted, "shipped").out
    told = cli(
        "model", "compare", fitted, fitted, "--on", data, "--seasons", "2021-22", "--json"
    ).json
    assert told["rows"]
    assert all(x["difference"] == 0 for x in told["rows"])


def test_a_back_test_says_where_its_model_was_fitted_on_the_season(
    data: Path, fitted: Path, config: Path, cli: Cli
) -> None:
    """The shipped model was fitted on 2021-22, and a model of 2020-21 alone was not.

    Without `--data`, the games are those that `tracker history` has collected.
    """
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[models]\nhistory = "{data}"\n')
    strategy = Path(__file__).parents[2] / "config" / "strategies" / "likely.toml"
    asked = ("backtest", str(strategy), "--season", "2021-22")
    known = "it was fitted on that season too"
    assert known in cli(*asked, "--json").json["source"]
    assert cli("model", "activate", str(fitted)).status == 0
    assert known not in cli(*asked, "--json").json["source"]
