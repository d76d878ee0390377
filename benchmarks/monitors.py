"""Runs the drift monitors over sixteen real seasons, as they were and with drifts added.

`python -m benchmarks.monitors [games.parquet]`. Every season is watched with the mean and standard
deviation of the season before. It fails on any false alarm, and when a large drift is missed.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from tracker.app.monitors import Surprise, by_ratings
from tracker.engine.monitors import Standardised, State, Sums, of_mean, of_spread, standard
from tracker.forecast import load_parameters
from tracker.forecast.teams import GameResult

LARGE = (("5 points off", "mean"), ("sd 30 % too small", "spread"))
"""Added drifts, and the monitor that must detect each in every season."""

GAMES = Path("games.parquet")

Watch = Callable[[Sequence[float]], Sums]
Change = Callable[[float, Standardised], float]
Told = tuple[int, int, float | None]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The games of a file, in order of play."""
    import pyarrow.parquet as pq

    columns = ["season", "game_date", "game_id", "pts_home", "pts_road", "close_total", "lines_ok",
               "close_spread_home", "team_abbreviation_home", "team_abbreviation_road"]  # fmt: skip
    rows: list[dict[str, Any]] = pq.read_table(path, columns=columns).to_pylist()
    return sorted(rows, key=lambda x: (x["season"], x["game_date"], x["game_id"]))


def by_lines(rows: list[dict[str, Any]]) -> list[Surprise]:
    """The surprise of each game against its closing lines, if these can be trusted."""
    return [
        Surprise(
            x["season"],
            x["pts_home"] - x["pts_road"] + x["close_spread_home"],
            x["pts_home"] + x["pts_road"] - x["close_total"],
        )
        for x in rows
        if x["lines_ok"] and x["close_total"] is not None and x["close_spread_home"] is not None
    ]


def rated(rows: list[dict[str, Any]]) -> list[Surprise]:
    """The surprise of each game against ratings from the games before it."""
    home, away = "team_abbreviation_home", "team_abbreviation_road"
    results = (
        GameResult(x["season"], x[home], x[away], x["pts_home"], x["pts_road"]) for x in rows
    )
    return by_ratings(results, load_parameters("nba"))


def judged(surprises: list[Surprise], what: str, watch: Watch, change: Change) -> Told:
    """The number of seasons with a reported drift, of all seasons, and the median games to it."""
    found: dict[str, list[float]] = {}
    for x in surprises:
        found.setdefault(x.season, []).append(getattr(x, what))
    told, count = [], 0
    for before, season in pairwise(found.values()):
        by = standard(before)
        if by is None:
            continue
        count += 1
        zs = [change(by.z(x), by) for x in season]
        looks = range(25, len(zs) + 1, 25)
        first = next((n for n in looks if watch(zs[:n]).state is State.DRIFTING), None)
        told += [] if first is None else [first]
    return len(told), count, statistics.median(told) if told else None


def main() -> int:
    """Print a table; returns 1 for a false alarm or a missed large drift, 2 without the file."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else GAMES
    if not path.is_file():
        print(f"there is no {path}: name the file of games")
        return 2
    bad = False
    print(f"{'stream':18} {'drift':20} {'monitor':8} {'told':>7} {'games':>7}")
    plants: dict[str, Change] = {
        "none": lambda z, _: z,
        "3 points off": lambda z, by: z + 3 / by.sd,
        "5 points off": lambda z, by: z + 5 / by.sd,
        "sd 15 % too small": lambda z, _: z / 0.85,
        "sd 30 % too small": lambda z, _: z / 0.70,
    }
    rows = rows_of(path)
    for by, surprises in (("close", by_lines(rows)), ("ratings", rated(rows))):
        for what in ("total", "margin"):
            for name, plant in plants.items():
                for kind, watch in (("mean", of_mean), ("spread", of_spread)):
                    one = partial(watch, by=by, what=what)
                    told, count, games = judged(surprises, what, one, plant)
                    stream = f"{what} by {by}"
                    print(f"{stream:18} {name:20} {kind:8} {told:3}/{count:<3} {games or '':>7}")
                    large = (name, kind) in LARGE
                    bad |= (name == "none" and told > 0) or (large and told < count)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
