"""Fixtures of modelling: small simulated seasons in the format of a dataset."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytest.importorskip("pyarrow")

Rows = dict[str, list[Any]]


def play(game: str, rng: random.Random) -> Rows:
    """One simulated game: possessions of 8 to 22 seconds, with a little less than a point each."""
    rows: Rows = {
        name: []
        for name in (
            "game_id", "period", "clock_s", "home_score", "away_score", "action", "made", "side",
        )
    }  # fmt: skip
    score = {"home": 0, "away": 0}
    side = rng.choice(["home", "away"])
    period = 0
    while period < 4 or score["home"] == score["away"]:
        period += 1
        clock = 720.0 if period <= 4 else 300.0
        while True:
            clock -= rng.randint(8, 22)
            if clock <= 0:
                break
            points = rng.choice([0, 0, 0, 2, 2, 3])
            score[side] += points
            other = "away" if side == "home" else "home"
            shot = "3pt" if points == 3 else "2pt"
            told = [(clock, shot, points > 0, side)]
            if rng.random() < 0.2:
                told.append((clock, "foul", False, side))
            if points == 0:
                told.append((max(clock - 1, 0.0), "rebound", False, other))
            for at, action, made, who in told:
                values = (game, period, at, score["home"], score["away"], action, made, who)
                for column, value in zip(rows.values(), values, strict=True):
                    column.append(value)
            side = other
    return rows


def write_seasons(folder: Path, seeds: dict[str, int], games: int = 30) -> None:
    """Write a season for each name; its games are drawn from the season's own seed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    events: Rows = {}
    listed: Rows = {
        name: []
        for name in (
            "game_id", "season", "game_date", "team_id_home", "team_id_road", "close_total",
            "close_spread_home", "lines_ok", "team_abbreviation_home", "team_abbreviation_road",
            "pts_home", "pts_road", "ml_home", "ml_away", "open_total", "open_spread_home",
            "game_type",
        )
    }  # fmt: skip
    for season, seed in seeds.items():
        rng = random.Random(seed)  # noqa: S311 - made-up games
        for k in range(games):
            game = f"{season}-{k:03d}"
            told = play(game, rng)
            for name, column in told.items():
                events.setdefault(name, []).extend(column)
            teams = rng.sample(["A", "B", "C", "D", "E", "F"], 2)
            spread = -float(rng.randint(-6, 8))
            points = told["home_score"][-1], told["away_score"][-1]
            row = (game, season, f"{season[:4]}-11-{1 + k // 2:02d}", *teams, 224.5, spread, True,
                   *teams, *points, -130.0, 110.0, 224.5, spread, "regular")  # fmt: skip
            for column, value in zip(listed.values(), row, strict=True):
                column.append(value)
    home = folder / "nba"
    home.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(events), home / "events.parquet")
    pq.write_table(pa.table(listed), home / "games.parquet")


@pytest.fixture(scope="session")
def seasons() -> Callable[[Path, dict[str, int]], None]:
    """Writes simulated seasons into a folder."""
    return write_seasons
