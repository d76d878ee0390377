"""Promises of retraining and trials at the command line: nothing is put in use by itself."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_model import data
from tests.cli.test_schema import FOLDER, faults
from tests.conftest import made_once
from tests.modelling.props_seasons import write_players
from tracker.cli.app import run
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.player import player_key
from tracker.engine.promotion import LEAST_NIGHTS, LOOKS
from tracker.engine.shadow import MOMENTS
from tracker.store import Store
from tracker.store.trials import Shadow

__all__ = ["data"]

pytestmark = pytest.mark.timeout(240)
"""Two fits are made once, within the time of the first test that needs them."""

Json = dict[str, Any]

SEASONS = ("2020-21", "2021-22")


def holds(name: str, answer: object) -> bool:
    """Whether an answer holds to its schema."""
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return faults(schema, answer, name) == []


@pytest.fixture(scope="module")
def retrained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Json, str]:
    """A candidate from two small seasons: its file, the answer, and the notes.

    It is made once, since its two fits take seconds.
    """

    def make(folder: Path) -> None:
        config = folder / "tracker.toml"
        config.write_text('[store]\npath = "state/tracker.db"\n', "utf-8")
        out, err = io.StringIO(), io.StringIO()
        on = ("model", "retrain", "--on", str(data), "--kind", "both", "--json")
        with redirect_stdout(out), redirect_stderr(err):
            assert run(["-c", str(config), *on]) == 0
        (folder / "answer").write_text(out.getvalue(), "utf-8")
        (folder / "notes").write_text(err.getvalue(), "utf-8")

    folder = made_once(tmp_path_factory, "retrain", make)
    (file,) = (folder / "state" / "models" / "nba").glob("*.json")
    (answer,) = json.loads((folder / "answer").read_text("utf-8"))
    return file, answer, (folder / "notes").read_text("utf-8")


@pytest.fixture
def candidate(retrained: tuple[Path, Json, str], config: Path) -> str:
    """The name of that candidate, in the registry of the configuration."""
    file = retrained[0]
    home = config.parent / "state" / "models" / "nba"
    home.mkdir(parents=True)
    shutil.copy(file, home / file.name)
    return file.stem


def test_a_retrain_keeps_a_candidate_with_its_figures(retrained: tuple[Path, Json, str]) -> None:
    """It has scores on an unseen season, and is not put in use.

    With a dataset without players the player figures stay as they are, and a note says so.
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
    """Each answer holds to its schema, and activating the candidate ends the trial."""
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
    """Stopping again says that no trial is on."""
    assert cli("model", "trial", "start", candidate, "--json").json["challenger"] == candidate
    assert cli("model", "trial", "stop").status == 0
    assert "no trial" in cli("model", "trial", "stop").sentence


SCORER = "Arvid Skytt"


def final(game: Game, points: int) -> GameState:
    """The final state of a game with one player in its box score."""
    stats = (("pts", points), ("reb", 8), ("ast", 4))
    line = PlayerLine("1", SCORER, Side.HOME, stats, 34.0, starter=True, played=True)
    score, periods = Score(110, 101), (Score(28, 25), Score(28, 25), Score(27, 26), Score(27, 25))
    return GameState(game, Phase.FINAL, 4, 0.0, score, periods=periods, players=(line,))


async def season_in_shadow(database: Path) -> None:
    """Store enough games and nights for the gate, on which the challenger is a little better.

    Of five games the player leaves the interval of both in one.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    async with await Store.open(database, now=now) as store:
        (trial,) = await store.trials.list(open_only=True)
        shadows = []
        for n in range(LOOKS[0]):
            start = now - timedelta(days=1 + n % (LEAST_NIGHTS + 1), minutes=n)
            game = Game(f"00225{n:05d}", "nba", "DEN", "LAL", start)
            points = 35 if n % 5 == 0 else (17, 26)[n % 2]
            await store.save_games([(game, final(game, points))], now)
            await store.players.keep_finished(final(game, points))
            sure = 0.6 + n % 3 / 10
            over = {"champion": 0.5, "challenger": sure if points > 21 else 1 - sure}
            said = {
                who: {"pts": {"over": p, "interval": [14, 30, 1.0, 1.0]}} for who, p in over.items()
            }
            shadows += [
                Shadow(trial.id, game.id, moment, player_key(SCORER), start + timedelta(hours=k),
                       {"lines": {"pts": 21.5}} | said)
                for k, moment in enumerate(MOMENTS)
            ]  # fmt: skip
        await store.trials.keep(shadows, ())


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_players_go_from_recorded_games_into_use_and_back(
    config: Path, cli: Cli, tmp_path: Path
) -> None:
    """Player figures pass through retrain, trial, gate, activation and rollback.

    Each by its command; nothing is put in use before the person says so.
    """
    write_players(tmp_path / "data", {"2020-21": (1, 14), "2021-22": (2, 28)})
    ran = cli("model", "retrain", "--on", tmp_path / "data", "--kind", "players", "--json")
    assert ran.status == 0, ran.err
    (made,) = ran.json
    assert holds("candidates", [made])
    name, players = made["name"], ("--kind", "players")
    assert (made["kind"], tuple(made["fitted_on"])) == ("players", SEASONS)
    assert made["unseen"]["season"] == SEASONS[1]
    assert 0 < made["unseen"]["moments"]["half"]["pts Brier"] < 0.35
    assert not made["active"]
    assert "unseen" in cli("model", "show", name, *players).out
    assert "on trial beside shipped" in cli("model", "trial", "start", name, *players).out
    (shown,) = cli("model", "trial", "show", "--json").json
    assert (shown["verdict"], shown["games"]) == ("hold", 0)
    asyncio.run(season_in_shadow(config.parent / "state" / "tracker.db"))
    (judged,) = cli("model", "trial", "judge", "--json").json
    assert judged["verdict"] == "promote", judged["clauses"]
    listed = cli("model", "list", *players, "--league", "nba", "--json").json
    assert {x["name"]: x["used"] for x in listed} == {"shipped": True, name: False}
    assert name in cli("model", "activate", name, *players).out
    (ended,) = cli("model", "trial", "show", "--all", "--json").json
    assert (ended["outcome"], ended["challenger"]) == ("promoted", name)
    used = cli("model", "list", *players, "--league", "nba", "--json").json
    assert [x["name"] for x in used if x["used"]] == [name]
    assert "shipped" in cli("model", "rollback", *players).out
    used = cli("model", "list", *players, "--league", "nba", "--json").json
    assert [x["name"] for x in used if x["used"]] == ["shipped"]


def test_players_of_one_season_stay_as_they_are(cli: Cli, config: Path, tmp_path: Path) -> None:
    """With one season of players their figures stay, games are retrained, and a note says so."""
    write_players(tmp_path, {"2020-21": (1, 3)})
    assert "two seasons" in cli("model", "retrain", "--on", tmp_path, "--kind", "players").sentence
    ran = cli("model", "retrain", "--on", tmp_path, "--kind", "both")
    assert "no players in two seasons" in ran.err
    assert "two seasons" in ran.sentence


def test_what_cannot_be_retrained_is_one_sentence(data: Path, config: Path, cli: Cli) -> None:
    """One season, a missing season, a folder without games and an unknown kind are refused."""
    assert "two seasons" in cli("model", "retrain", "--on", data, "--seasons", "2020-21").sentence
    assert "1999-00" in cli("model", "retrain", "--on", data, "--seasons", "1999-00").sentence
    assert "events.parquet" in cli("model", "retrain").sentence
    assert "--season" in cli("model", "retrain", "--collect").sentence
    assert "choose one of" in cli("model", "retrain", "--kind", "calibration").sentence
    assert "use one of games" in cli("model", "list", "--kind", "cards").sentence
    told = cli("model", "trial", "start", "shipped", "--kind", "calibration").sentence
    assert "nothing to try" in told


def test_a_night_is_told_by_model(cli: Cli, night: Path) -> None:
    """`performance` groups bets by the model that gave their first chance."""
    groups = cli("performance", "--by", "model", "--json").json["groups"]
    assert [x.startswith("flow-and-chain-3-nba-") for x in groups] == [True]
    assert next(iter(groups.values()))["bets"] == 4


def test_a_night_is_too_little_to_learn_from(cli: Cli, night: Path) -> None:
    """Each market shows its number of official results, and none is calibrated."""
    told = cli("model", "calibrate", "--json").json
    assert holds("calibrate", told)
    assert told["candidate"] is None
    bets = {name: x["bets"] for name, x in told["segments"].items()}
    assert bets == {"margin": 2, "total": 1, "team total": 1}
    assert "fewer than 500" in cli("model", "calibrate").out
