"""Models are put in use and taken back by name, and a damaged one is never used."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from tracker.forecast.calibration import (
    NO_CALIBRATIONS,
    ChanceMap,
    Family,
    Method,
    document_of,
)
from tracker.forecast.documents import About, BadParameters, sealed
from tracker.registry import CALIBRATION, GAMES, PLAYERS, SHIPPED, NoSuchModel, Registry, in_use

if TYPE_CHECKING:
    from pathlib import Path

    from tracker.forecast import Parameters


@pytest.fixture
def registry(tmp_path: Path) -> Registry[Parameters]:
    """Two models of the NBA beside the shipped one."""
    home = tmp_path / "nba"
    home.mkdir()
    with resources.as_file(
        resources.files("tracker.forecast").joinpath("parameters/nba.json")
    ) as file:
        for name in ("first", "second"):
            shutil.copy(file, home / f"{name}.json")
    return Registry(tmp_path, GAMES)


def test_a_model_is_activated_and_rolled_back(registry: Registry[Parameters]) -> None:
    """The last one activated is in use; rolling back returns to the one before."""
    assert registry.load("nba")[0].checksum
    registry.activate("nba", "first")
    assert registry.activate("nba", "second").active
    assert registry.rollback("nba").name == "first"
    assert registry.rollback("nba").name == SHIPPED
    with pytest.raises(NoSuchModel):
        registry.rollback("nba")


def test_a_damaged_model_is_refused_and_the_last_good_one_used(
    registry: Registry[Parameters],
) -> None:
    """One changed figure breaks the checksum: the model before it is used, and it is said so."""
    registry.activate("nba", "first")
    registry.activate("nba", "second")
    path = registry.folder / "nba" / "second.json"
    path.write_text(path.read_text().replace('"leads":20', '"leads":21'))
    found, faults = registry.load("nba")
    assert found.league == "nba"
    assert len(faults) == 1
    assert "second.json" in faults[0]
    assert "checksum" in faults[0]
    with pytest.raises(BadParameters):
        registry.activate("nba", "second")
    assert [x.name for x in registry.list("nba") if x.fault] == ["second"]


@pytest.mark.parametrize("text", ["", "{", '{"name": "first"}', "[1]", "null"])
def test_a_choice_that_cannot_be_read_is_told_and_the_last_one_stands(
    registry: Registry[Parameters], text: str
) -> None:
    """It is kept twice; without the copy the shipped model is used, and that is said as well."""
    registry.activate("nba", "first")
    registry.activate("nba", "second")
    (registry.folder / "nba" / "active.json").write_text(text)
    _, faults = registry.load("nba")
    assert ["active.json" in x for x in faults] == [True]
    assert [x.name for x in registry.list("nba") if x.active] == ["second"]
    assert registry.rollback("nba").name == "first"
    assert registry.load("nba")[1] == ()
    for name in ("active.json", "active.copy"):
        (registry.folder / "nba" / name).write_text(text)
    found, faults = registry.load("nba")
    assert found.model_version
    assert len(faults) == 1
    assert [x.name for x in registry.list("nba") if x.active] == [SHIPPED]


def test_names_cannot_leave_the_folder(registry: Registry[Parameters]) -> None:
    """A name is a name, not a path, and one that is not there lists those that are."""
    with pytest.raises(NoSuchModel):
        registry.activate("nba", "../../etc/passwd")
    with pytest.raises(NoSuchModel, match="first"):
        registry.activate("nba", "third")


def test_a_model_of_another_league_is_refused(registry: Registry[Parameters]) -> None:
    """NBA figures do not become WNBA ones by being copied there."""
    home = registry.folder / "wnba"
    home.mkdir()
    shutil.copy(registry.folder / "nba" / "first.json", home / "first.json")
    with pytest.raises(BadParameters, match="nba"):
        registry.activate("wnba", "first")


def test_players_and_calibrations_are_models_like_those_of_games(tmp_path: Path) -> None:
    """Each kind is put in use and taken back by itself; all of them make up what forecasts."""
    games = Registry(tmp_path, GAMES)
    players, calibration = games.of(PLAYERS), games.of(CALIBRATION)
    text = resources.files("tracker.forecast").joinpath("parameters/players-nba.json")
    document = json.loads(text.read_text("utf-8"))
    document["prior"]["bench"] += 1.0
    other = json.dumps(sealed(document, "minutes-and-counts-2"))
    players.keep("nba", "mine", other)
    made = document_of("nba", {Family.TOTAL: ChanceMap(Method.PLATT, (1.1, 0.0))}, {}, About())
    calibration.keep("nba", "learnt", json.dumps(made))
    assert in_use(games, "nba")[0].players is None
    players.activate("nba", "mine")
    calibration.activate("nba", "learnt")
    found, faults = in_use(games, "nba")
    assert faults == ()
    assert found.players is not None
    assert found.players.prior.bench == document["prior"]["bench"]
    assert found.calibration_id == made["model_version"]
    assert players.rollback("nba").name == calibration.rollback("nba").name == SHIPPED
    assert in_use(games, "nba")[0].calibrations is NO_CALIBRATIONS
    assert games.history("nba") == ()


def test_a_damaged_calibration_is_told_and_nothing_is_corrected(tmp_path: Path) -> None:
    """Chances are told as the forecast has them, and why."""
    games = Registry(tmp_path, GAMES)
    made = document_of("nba", {Family.TOTAL: ChanceMap(Method.PLATT, (1.1, 0.0))}, {}, About())
    kept = games.of(CALIBRATION)
    kept.keep("nba", "learnt", json.dumps(made))
    kept.activate("nba", "learnt")
    path = kept.home("nba") / "learnt.json"
    path.write_text(path.read_text("utf-8").replace("1.1", "1.9"), "utf-8")
    found, (fault,) = in_use(games, "nba")
    assert found.calibration_id == "none"
    assert "learnt.json is damaged" in fault


def test_a_model_that_is_kept_is_never_written_over(tmp_path: Path) -> None:
    """Another one of the name is refused; the same again is no fault."""
    kept = Registry(tmp_path, GAMES).of(CALIBRATION)
    maps = ({Family.TOTAL: ChanceMap(Method.PLATT, (x, 0.0))} for x in (1.1, 1.2))
    first, other = (json.dumps(document_of("nba", x, {}, About())) for x in maps)
    kept.keep("nba", "learnt", first)
    kept.keep("nba", "learnt", first)
    with pytest.raises(NoSuchModel, match="another"):
        kept.keep("nba", "learnt", other)
    with pytest.raises(BadParameters):
        kept.keep("nba", "bad", "{}")
    assert not (kept.home("nba") / "bad.json").exists()


def test_a_model_under_the_name_of_a_deleted_one_is_not_in_use(
    registry: Registry[Parameters], tmp_path: Path
) -> None:
    """A model that is kept waits to be put in use, also where its name was in use before."""
    registry.activate("nba", "first")
    registry.activate("nba", "second")
    path = tmp_path / "nba" / "second.json"
    text = path.read_text("utf-8")
    path.unlink()
    assert not registry.keep("nba", "second", text).active
    assert registry.history("nba") == ("first",)
    assert registry.activate("nba", "second").active
