"""Measures what an in-play price adds to the forecast: Brier of model, market and their blend.

At every in-play moneyline of 2022 the market is compared with a model fitted without that season,
with the blend by the shipped weights, and with blends whose weights were chosen on other games.
Three forms of weights are tried: one for each quarter; none in the first quarter and one after it;
one for all quarters. In the last two minutes the blend is the model.

    python -m benchmarks.blend --history FOLDER --model FILE
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.domain.game import GameState, Phase, Score
from tracker.domain.prior import Lines
from tracker.forecast import forecast
from tracker.forecast.game.parameters import Parameters, decode
from tracker.forecast.market import LAST_USE, MARGIN_WEIGHTS, margin_gap
from tracker.forecast.priors import prior_from
from tracker.modelling.backtest import SeasonGame, read_rows

WEIGHTS = tuple(k / 10 for k in range(11))
QUARTERS = (1, 2, 3, 4)
FOLDS = (2, 10)
DRAWS = 5
"""Random splits of the games into folds, over which a cross-fitted Brier score is averaged."""

SEED = 11

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Quotes:
    """Quotes in play, one entry each; `blends` has a column for each of `WEIGHTS`.

    `market` is the market's chance of the home win, and `won` whether the home team won.
    """

    game: NDArray[np.int64]
    quarter: NDArray[np.int64]
    late: Flags
    market: Floats
    won: Floats
    blends: Floats

    @property
    def model(self) -> Floats:
        """The model's own chance: the blend with weight 0."""
        return self.blends[:, 0]


def read(folder: Path, parameters: Parameters) -> Quotes:
    """The quotes in a history folder, with the model's chance and its blends at each."""
    import pyarrow.parquet as pq

    rows = {x.game.id: x for x in read_rows(folder)}
    table = pq.read_table(folder / "live_moneylines_2022.parquet").to_pylist()
    found = [y for x in table if (y := _one(x, rows, parameters)) is not None]
    game, quarter, late, market, won, blends = zip(*found, strict=True)
    return Quotes(
        np.array(game), np.array(quarter), np.array(late), np.array(market), np.array(won),
        np.array(blends),
    )  # fmt: skip


def _one(x: dict[str, Any], rows: dict[str, SeasonGame], parameters: Parameters) -> Any:
    row, clock, quarter = rows.get(x["game_id"]), x["clock_s"], x["q"]
    if row is None or row.closing.empty or clock is None or quarter not in QUARTERS:
        return None
    score = Score(int(x["home_score"]), int(x["vis_score"]))
    state = GameState(row.game, Phase.LIVE, int(quarter), float(clock), score, periods=None)
    prior = prior_from(row.closing, parameters)
    own = forecast(state, prior, parameters)
    home = min(max(x["ph"], 0.001), 0.999)
    late = state.seconds_left <= LAST_USE
    gap = margin_gap(own, Lines(home_ml=1 / home, away_ml=1 / (1 - home)))
    chances = [1 - own.final.margin.less_than(1)]
    for weight in WEIGHTS[1:]:
        moved = own if late else forecast(state, prior, parameters, shift=(weight * gap, 0.0))
        chances.append(1 - moved.final.margin.less_than(1))
    return int(x["game_id"]), int(quarter), late, x["ph"], float(x["win"]), chances


def chosen(quotes: Quotes, train: Flags, form: str) -> dict[int, int]:
    """The column of the best weight for each quarter, by Brier score on the quotes in `train`."""
    costs = (quotes.blends - quotes.won[:, None]) ** 2

    def best(quarters: tuple[int, ...]) -> int:
        here = train & np.isin(quotes.quarter, quarters) & ~quotes.late
        return int(costs[here].mean(axis=0).argmin())

    match form:
        case "each quarter":
            return {x: best((x,)) for x in QUARTERS}
        case "after the first":
            return dict.fromkeys(QUARTERS, best(QUARTERS[1:])) | {1: 0}
        case _:
            return dict.fromkeys(QUARTERS, best(QUARTERS))


def blended(quotes: Quotes, columns: dict[int, int]) -> Floats:
    """The blended chance of each quote, by the column chosen for its quarter."""
    picked = np.array([columns[int(x)] for x in quotes.quarter])
    found: Floats = quotes.blends[np.arange(len(picked)), picked]
    return found


def cross_fitted(quotes: Quotes, form: str, folds: int) -> list[Floats]:
    """For each of DRAWS splits, the blends with weights chosen on the other folds' games."""
    games = np.unique(quotes.game)
    rng = np.random.default_rng(SEED)
    told = []
    for _ in range(DRAWS):
        order = rng.permutation(games)
        found = np.empty(len(quotes.game))
        for fold in range(folds):
            test = np.isin(quotes.game, order[fold::folds])
            found[test] = blended(quotes, chosen(quotes, ~test, form))[test]
        told.append(found)
    return told


def main() -> None:
    """Print the Brier scores by quarter."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--history", type=Path)
    words.add_argument("--model", type=Path)
    asked = words.parse_args()
    if asked.history is None or asked.model is None:
        print("name a history: python -m benchmarks.blend --history FOLDER --model FILE")
        return
    quotes = read(asked.history / "nba", decode(asked.model.read_text("utf-8"), asked.model.name))
    print(f"{len(quotes.game)} quotes of {len(np.unique(quotes.game))} games")
    print("| | Q1 | Q2 | Q3 | Q4 | all |")
    print("| --- | --- | --- | --- | --- | --- |")
    _row(quotes, "model", [quotes.model])
    _row(quotes, "market", [quotes.market])
    shipped = {x: round(MARGIN_WEIGHTS[x - 1] * 10) for x in QUARTERS}
    _row(quotes, "blend as shipped", [blended(quotes, shipped)])
    for form in ("each quarter", "after the first", "one weight"):
        for folds in FOLDS:
            _row(quotes, f"{form}, {folds} folds", cross_fitted(quotes, form, folds))
        print(f"{form}: {chosen(quotes, np.ones_like(quotes.late), form)} tenths by all games")


def _row(quotes: Quotes, name: str, told: list[Floats]) -> None:
    def brier(here: Flags) -> float:
        return float(np.mean([((x - quotes.won)[here] ** 2).mean() for x in told]))

    cells = [f"{brier(quotes.quarter == x):.5f}" for x in QUARTERS]
    print(f"| {name} | {' | '.join(cells)} | {brier(np.ones_like(quotes.late)):.5f} |")


if __name__ == "__main__":
    main()
