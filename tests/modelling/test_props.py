"""Promises of player figures: read exactly, fitted repeatably, judged without the future."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tests.cli import test_schema
from tests.conftest import made_once
from tracker.cli.app import run
from tracker.domain.player import PlayerGame
from tracker.forecast import load_parameters
from tracker.forecast.documents import text_of
from tracker.forecast.players import decode_players, load_player_figures
from tracker.forecast.players.lineup import allowed
from tracker.forecast.players.priors import player_prior
from tracker.forecast.players.remainder import BASIC
from tracker.modelling.games import BadDataset, read
from tracker.modelling.players import COLUMNS, PlayerRows, read_players
from tracker.modelling.players.evaluate import evaluate_players, judge_parlays, season_averages
from tracker.modelling.players.fit import fit_players, transferred
from tracker.modelling.players.known import PlayerSeasons, expected_of, know
from tracker.modelling.players.report import card, tables
from tracker.modelling.players.sample import opponents
from tracker.modelling.retrain import candidate_players

pytest.importorskip("pyarrow")

pytestmark = pytest.mark.timeout(240)
"""Two fits are made once, within the time of the first test that needs them."""

TRAIN, JUDGED = "2020-21", "2021-22"


def _made_up() -> ModuleType:
    file = Path(__file__).with_name("props_seasons.py")
    spec = importlib.util.spec_from_file_location("props_seasons", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated seasons."""
    seasons = {TRAIN: (1, 12), JUDGED: (2, 28)}
    return made_once(
        tmp_path_factory, "players", lambda found: _made_up().write_players(found, seasons)
    )


@pytest.fixture(scope="module")
def known(folder: Path) -> PlayerSeasons:
    """The seasons as the fit reads them."""
    return know(folder, load_parameters("nba"), lambda _step, _part: None)


@pytest.fixture(scope="module")
def document(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Figures fitted on the first season, as `tracker fit --props` writes them."""
    asked = ("fit", str(folder), "--props", "--seasons", TRAIN, "--out")

    def make(at: Path) -> None:
        assert run([*asked, str(at / "players.json")]) == 0

    file = made_once(tmp_path_factory, "figures", make) / "players.json"
    found: dict[str, object] = json.loads(file.read_text("utf-8"))
    return found


def test_every_figure_adds_up(folder: Path) -> None:
    """Events add up to the box score, and minutes to the time on the court."""
    rows = read_players(folder, "nba")
    end = rows.moments["end"]
    regulation = rows.periods[rows.game] == 4
    assert regulation.any()
    assert np.array_equal(end.stats[regulation], rows.final[regulation])
    assert np.allclose(end.minutes[regulation], rows.minutes[regulation])
    assert (end.stats <= rows.final).all()
    names = [x for x in rows.moments if x != "end"]
    for early, later in pairwise(names):
        a, b = rows.moments[early], rows.moments[later]
        assert (a.stats <= b.stats).all()
        assert (a.minutes <= b.minutes + 1e-9).all()


def test_ten_are_on_the_court(folder: Path) -> None:
    """At every moment in play each game has ten players, and five of each side started."""
    rows = read_players(folder, "nba")
    for moment in rows.moments.values():
        if moment.live:
            assert (np.bincount(rows.game, moment.on) == 10).all()
    assert (np.bincount(rows.game, rows.starter) == 10).all()


def test_averages_know_only_what_came_before(folder: Path) -> None:
    """A player's line is the mean of his earlier games of the season."""
    rows = read_players(folder, "nba")
    averages = season_averages(rows)
    i = int(np.argmax(averages.games))
    same = (rows.person == rows.person[i]) & (rows.season == rows.season[i])
    before = same & (rows.date < rows.date[i])
    assert averages.games[i] == before.sum()
    assert np.allclose(averages.stats[i], rows.final[before].mean(axis=0))
    assert averages.minutes[i] == pytest.approx(rows.minutes[before].mean())


def _games_before(rows: PlayerRows, i: int) -> list[PlayerGame]:
    earlier = np.flatnonzero((rows.person == rows.person[i]) & (rows.date < rows.date[i]))
    return _as_games(rows, earlier.tolist())


def _as_games(rows: PlayerRows, which: list[int]) -> list[PlayerGame]:
    day = datetime(2020, 1, 1, tzinfo=UTC)
    return [
        PlayerGame(
            "A", "B", str(rows.games[rows.game[k]]),
            day + timedelta(days=int(str(rows.date[k]).replace("-", "")) - 20_200_000),
            float(rows.minutes[k]), bool(rows.starter[k]),
            tuple((stat, int(n)) for stat, n in zip(BASIC, rows.final[k], strict=True)), 0,
        )
        for k in which
    ]  # fmt: skip


def test_the_product_knows_an_opponent_as_the_fit_does(known: PlayerSeasons, folder: Path) -> None:
    """The program and the fit find the same of what a team allowed in its earlier games."""
    rows, games = known.rows, read(folder, "nba").games
    at = {str(x): i for i, x in enumerate(games.id)}
    whom = [(games.home_team[at[str(x)]], games.away_team[at[str(x)]]) for x in rows.games]
    assert np.abs(known.opponents.logs).max() > 0
    for i in np.linspace(rows.person.size // 2, rows.person.size - 1, 5).astype(int).tolist():
        opponent = whom[rows.game[i]][int(rows.home[i])]
        earlier = np.flatnonzero(rows.date < rows.date[i])
        against = [k for k in earlier.tolist() if whom[rows.game[k]][int(rows.home[k])] == opponent]
        told = allowed(_as_games(rows, against), tuple(known.opponents.levels[i]))
        assert told == pytest.approx(tuple(known.opponents.logs[i]), abs=1e-9)


def test_teams_that_nobody_names_are_not_one_team(known: PlayerSeasons) -> None:
    """Games without team names count for the league, and for no opponent."""
    unnamed = opponents(known.rows, np.full((len(known.rows.games), 2), ""))
    assert np.abs(unnamed.logs).max() < 1e-12
    assert np.array_equal(unnamed.levels, known.opponents.levels)


def test_the_product_remembers_as_the_fit_does(
    known: PlayerSeasons, document: dict[str, object]
) -> None:
    """A player's prior from recent games is the same in the program and in the fit."""
    text = text_of(document)
    figures, read = decode_players(text, "made up"), json.loads(text)
    expected = expected_of(known, read)
    rows = known.rows
    for i in (3, 100, 200, rows.person.size - 1):
        prior = player_prior(_games_before(rows, i), figures)
        assert prior.minutes(bool(rows.starter[i])) == pytest.approx(expected.usual[i], rel=1e-6)
        # The league's part of a rate is by the role in the game in the fit, by the usual one here.
        assert np.allclose(prior.rates, expected.rates[i], rtol=0.35, atol=0.02)


def test_in_the_playoffs_regulars_play_more_and_others_less(
    known: PlayerSeasons, document: dict[str, object]
) -> None:
    """Minutes and rates of the play-offs are the same in the program and in the evaluation."""
    text = text_of(document)
    figures, read = decode_players(text, "made up"), json.loads(text)
    rows = replace(
        known.rows, games=np.array([f"004230{i:04d}" for i in range(len(known.rows.games))])
    )
    late, plain = expected_of(replace(known, rows=rows), read), expected_of(known, read)
    for i in (3, 100, 200, rows.person.size - 1):
        games, starter = _games_before(rows, i), bool(rows.starter[i])
        prior, usual = (player_prior(games, figures, playoffs=x) for x in (True, False))
        assert prior.minutes(starter) == pytest.approx(late.usual[i], rel=1e-6)
        grows = (late.usual[i] > plain.usual[i]) == (plain.usual[i] > 24)
        assert grows
        assert np.allclose(late.rates[i] / plain.rates[i], np.divide(prior.rates, usual.rates))


def test_fits_repeat_and_do_not_look_ahead(
    tmp_path: Path, known: PlayerSeasons, document: dict[str, object]
) -> None:
    """Two fits of one season give the same bytes, whatever another season holds.

    They are made on one core whatever there are: sums on several would end the search elsewhere.
    """
    _made_up().write_players(tmp_path, {TRAIN: (1, 12), JUDGED: (99, 3)})
    other = know(tmp_path, load_parameters("nba"), lambda _step, _part: None)
    cores: set[int] = set()
    with threadpool_limits(2):
        again = fit_players(
            other, [TRAIN], lambda *_: cores.update(x["num_threads"] for x in threadpool_info())
        )
    assert cores == {1}
    assert text_of(again) == text_of(document)
    assert not np.array_equal(other.rows.final, known.rows.final)


def test_seasons_that_are_not_there_are_named(
    known: PlayerSeasons, document: dict[str, object]
) -> None:
    """Fits and evaluations refuse a season without players by name."""
    with pytest.raises(BadDataset, match="1999-00"):
        fit_players(known, ["1999-00"], lambda _step, _part: None)
    with pytest.raises(BadDataset, match="1999-00"):
        evaluate_players(known, document, ["1999-00"])


def test_a_folder_without_players_is_refused(tmp_path: Path, folder: Path) -> None:
    """The refusal names the missing file or column."""
    with pytest.raises(BadDataset, match=r"events\.parquet"):
        read_players(tmp_path, "nba")
    (tmp_path / "nba").mkdir()
    (tmp_path / "nba" / "events.parquet").write_bytes(
        (folder / "nba" / "player_games.parquet").read_bytes()
    )
    with pytest.raises(BadDataset, match="no column 'period'"):
        read_players(tmp_path, "nba")


def test_an_evaluation_is_told_in_tables(
    folder: Path, known: PlayerSeasons, document: dict[str, object]
) -> None:
    """Every statistic is judged, the model beats a season's average, and tables show it."""
    result = evaluate_players(known, document, [JUDGED])
    result["parlays"] = judge_parlays(folder, known, document, load_parameters("nba"), [JUDGED])
    assert test_schema.faults(test_schema.written("evaluate"), json.loads(json.dumps(result))) == []
    half = result["moments"]["half"]["stats"]
    assert set(half) == {"pts", "reb", "ast", "stl", "blk", "to", "3pm", "pra", "pr", "pa", "ra"}
    points = half["pts"]["all"]
    assert points["players"] > 5
    assert points["brier"] < points["baselines"]["season average"]["brier"]
    assert "today's pace" in points["baselines"]
    page = "\n".join(tables(result))
    for words in ("## Brier scores", "## Calibration", "points of two team-mates"):
        assert words in page
    assert card(result).startswith("# Player card")


def test_other_leagues_get_the_same_figures() -> None:
    """A transferred document is marked as one, and can be read again."""
    made = transferred(json.loads(text_of(_shipped())), "ncaam")
    figures = decode_players(text_of(made), "ncaam")
    assert figures.transferred
    assert (figures.league, figures.fouls) == ("ncaam", 5)
    assert "-ncaam-" in figures.model_version


def _shipped() -> dict[str, object]:
    from importlib import resources

    file = resources.files("tracker.forecast").joinpath("parameters/players-nba.json")
    found: dict[str, object] = json.loads(file.read_text("utf-8"))
    return found


def test_the_shipped_figures_are_whole() -> None:
    """The shipped figures cover every moment, in order of the clock."""
    figures = load_player_figures("nba")
    for told in (figures.live, figures.breaks):
        assert (np.diff(told.at) > 0).all()
        assert (np.diff(told.bounds, axis=1) > 0).all()
        assert told.rates.shape == (told.at.size, len(BASIC), 19)
        assert ((told.done >= 0) & (told.done < 0.05)).all()
    assert len(COLUMNS) == len(figures.rates) == len(figures.spread) == len(figures.memory)


def test_commands_ask_for_what_they_need(tmp_path: Path, folder: Path) -> None:
    """Without seasons, or on fitted ones, player lines are neither fitted nor judged."""
    out = ["--out", str(tmp_path / "x")]
    assert run(["fit", str(folder), "--props", *out]) == 2
    unseen = ["--seasons", TRAIN, "--unseen", TRAIN]
    assert run(["fit", str(folder), "--props", *unseen, *out]) == 2
    bare = ["evaluate", str(folder), "--props", "--seasons", JUDGED, *out]
    assert run(bare) == 2
    assert run([*bare, "--fitted", JUDGED]) == 2


def test_a_candidate_tells_what_its_form_was_worth(
    known: PlayerSeasons, document: dict[str, Any]
) -> None:
    """It has the day, the data, and Brier scores on an unseen season."""
    judged = evaluate_players(known, document, [JUDGED])
    found = decode_players(candidate_players(document, judged, "2026-11-24"), "candidate")
    assert found.model_version == document["model_version"]
    assert found.about.fitted_at == "2026-11-24"
    assert found.about.data == document["about"]["data"]
    assert found.about.unseen is not None
    assert found.about.unseen["season"] == JUDGED
    assert "pts Brier" in found.about.unseen["moments"]["half"]
