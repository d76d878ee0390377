"""Promises of fits: they repeat, use only what they are given, and refuse what they cannot use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.cli.conftest import config, home
from tests.cli.test_model import Fitted, data, fit_once
from tests.cli.test_schema import faults, written
from tracker.forecast.game import whole
from tracker.forecast.teams import GameResult, RatingFigures, rate
from tracker.modelling.games import BadDataset, read, seasons_played
from tracker.modelling.games.endgame_fit import STANDS, seen
from tracker.modelling.games.fit import complete, fit, walk_forward
from tracker.modelling.games.trace import Possessions, trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Seasons = Callable[[Path, dict[str, int]], None]

__all__ = ["config", "data", "fit_once", "home"]

FIGURES = RatingFigures(2.0, 220.0, 13.0, 18.0, 3.5, 5.0, 0.5, 0.6)


def test_the_future_changes_nothing(tmp_path: Path, seasons: Seasons, fit_once: Fitted) -> None:
    """Two fits of one season give the same figures, whatever another season holds.

    The other fit is the command's, whose answer holds to its schema.
    """
    seasons(tmp_path / "two", {"2020-21": 1, "2021-22": 99})
    found = fit(tmp_path / "two", "nba", ["2020-21"], tmp_path / "two.json")
    one, two = (json.loads(x.read_text()) for x in (fit_once.file, tmp_path / "two.json"))
    # The command adds the day, and so the checksum of the whole differs.
    assert one.pop("sha256") != two.pop("sha256")
    assert one.pop("about") | {"fitted_at": "", "unseen": None} == two.pop("about")
    assert json.dumps(one) == json.dumps(two)
    assert found.fitted_on == ("2020-21",)
    assert faults(written("fit"), fit_once.answer) == []
    assert all(np.allclose(whole(x).sum(axis=(1, 2)), 1) for x in found.endgame.tables)


def test_a_season_without_games_is_refused(tmp_path: Path, seasons: Seasons) -> None:
    """The refusal names the season that the dataset does not have."""
    seasons(tmp_path, {"2020-21": 1})
    with pytest.raises(BadDataset, match="1999-00"):
        fit(tmp_path, "nba", ["1999-00"], tmp_path / "out.json")


def test_a_folder_without_events_is_refused(tmp_path: Path) -> None:
    """The refusal names the missing path."""
    with pytest.raises(BadDataset, match=r"events\.parquet"):
        read(tmp_path, "nba")


def test_a_summer_league_plays_one_season_a_year(tmp_path: Path) -> None:
    """Where a dataset names no season, June and September of one year are the same one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    home = tmp_path / "wnba"
    home.mkdir()
    pq.write_table(pa.table({"game_id": ["1", "1", "2"]}), home / "events.parquet")
    days = {"game_id": ["1", "2"], "game_date": ["2021-06-02", "2021-09-12"]}
    pq.write_table(pa.table(days), home / "games.parquet")
    assert seasons_played(tmp_path, "wnba").tolist() == ["2021", "2021"]


def test_ratings_know_only_what_came_before(tmp_path: Path, seasons: Seasons) -> None:
    """A game's walk-forward prior stays the same if all later results are changed."""
    seasons(tmp_path, {"2020-21": 1})
    games = read(tmp_path, "nba").games
    before = walk_forward(games, FIGURES)
    games.home[15:] = games.home[15:][::-1] + 30
    after = walk_forward(games, FIGURES)
    assert np.array_equal(before.margin[:15], after.margin[:15])
    assert not np.array_equal(before.margin[16:], after.margin[16:])


def test_fast_and_plain_ratings_agree(tmp_path: Path, seasons: Seasons) -> None:
    """The ratings of the fit are the ratings that the program computes."""
    seasons(tmp_path, {"2020-21": 1})
    games = read(tmp_path, "nba").games
    fast = walk_forward(games, FIGURES)
    last = len(games.id) - 1
    results = [
        GameResult(str(row[0]), str(row[1]), str(row[2]), int(row[3]), int(row[4]))
        for row in zip(
            games.season, games.home_team, games.away_team, games.home, games.away, strict=True
        )
    ]
    prior = rate(results[:last], FIGURES).prior(
        str(games.home_team[last]), str(games.away_team[last]), "2020-21"
    )
    assert prior.margin == pytest.approx(fast.margin[last])
    assert prior.total_sd == pytest.approx(fast.total_sd[last])


def test_the_ball_is_followed(tmp_path: Path, seasons: Seasons) -> None:
    """After a basket the other side has the ball, and points by second end at the result."""
    seasons(tmp_path, {"2020-21": 1})
    data = read(tmp_path, "nba")
    told = trace(data)
    assert complete(data, told).all()
    level = told.seconds.home[:, -1] != told.seconds.away[:, -1]
    assert np.array_equal(told.seconds.home[level, -1], data.games.home[level])
    assert set(np.unique(told.starts.own)) <= {0, 2, 3}
    assert (told.starts.left >= told.starts.until).all()


def test_a_recording_that_takes_a_period_back_is_no_game_to_fit_on(
    tmp_path: Path, seasons: Seasons
) -> None:
    """Points of a later quarter that stand in the first one would widen it for every game."""
    seasons(tmp_path, {"2020-21": 1})
    data = read(tmp_path, "nba")
    told = trace(data)
    told.seconds.home[0, 720] = told.seconds.home[0, 1440] + 5
    sound = complete(data, told)
    assert not sound[0]
    assert sound[1:].all()


def test_a_possession_of_the_last_minute_is_seen_while_play_stands() -> None:
    """In a close game its start counts longer than a second of play; no other start does."""

    def at(*rows: tuple[float, float]) -> Possessions:
        left, lead = np.array(rows).T
        return Possessions(left, left, left, lead, left, left)

    starts = at((300.0, 0.0), (61.0, 0.0), (60.0, -8.0), (20.0, 9.0), (12.0, 8.0), (0.4, 0.0))
    found = seen(starts, at((12.0, 20.0), (11.0, 0.0)))
    assert found.left.tolist() == [12.0, 11.0, *[60.0] * STANDS, *[12.0] * STANDS]
