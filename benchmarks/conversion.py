"""Measures how good a closing line value is when the line moved: said chances against results.

On every recorded game whose spread (or total) moved between the opening and the closing line, a bet
on the opening line is priced with the closing lines as the prior, as for the grade `converted`, by
a model fitted without the game's season. The chances are compared with the results by season. The
profit of bets on either side is regressed on their closing line value; a slope of 1 says that a
value of 2 % is worth 2 %.

    python -m benchmarks.conversion --history FOLDER [--fits FOLDER]

FOLDER is one that `tracker fit` reads. A model without a season is fitted once, into `--fits`.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.domain.game import Side
from tracker.domain.market import Direction, Market, Spread, Total
from tracker.forecast.game.parameters import Parameters, decode, load_parameters
from tracker.forecast.market import closing_outlook
from tracker.forecast.pricing.markets import chance_of
from tracker.modelling.backtest import USUAL, SeasonGame, read_rows
from tracker.modelling.games.fit import fit

FITTED = ("2020-21", "2021-22", "2022-23", "2023-24")
"""The seasons that the shipped model is fitted on."""

BETTER = 0.62
"""The share of bets in which the simulated bettor takes the side that the line will move to."""

SPREADS, TOTALS = (-30.0, 30.0), (150.0, 280.0)
"""The range of plausible NBA opening lines, in points; lines outside it are errors in the data."""

BINS = (0.0, 0.52, 0.54, 0.56, 0.58, 0.62, 1.0)
TWO = 2.0
SEED = 7

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moved:
    """A bet on the opening line of a game whose line moved.

    `said` is the chance of the side that the line moved to, without pushes, and `won` its result.
    `clv` and `profit`, in units, are those of the side that the simulated bettor took.
    """

    season: str
    market: str
    said: float
    won: float
    clv: float
    profit: float


def models(folder: Path, fits: Path) -> dict[str, Parameters]:
    """A model for each of the first two fitted seasons, fitted on the other seasons."""
    found = {}
    for season in FITTED[:2]:
        file = fits / f"nba-without-{season}.json"
        if not file.is_file():
            print(f"fitting without {season}", flush=True)
            fits.mkdir(parents=True, exist_ok=True)
            fit(folder, "nba", [x for x in FITTED if x != season], file)
        found[season] = decode(file.read_text("utf-8"), file.name)
        assert season not in found[season].fitted_on
    return found


def moved(rows: list[SeasonGame], unseen: dict[str, Parameters]) -> Iterator[Moved]:
    """The bets on spread and total of every game whose line moved, pushes left out."""
    shipped = load_parameters("nba")
    rng = random.Random(SEED)  # noqa: S311 - a made-up bettor
    for row in rows:
        season = row.season
        model = unseen.get(season, shipped)
        spread, total = row.opening.home_spread, row.opening.total
        closed = row.closing
        if closed.home_spread is None or closed.total is None:
            continue
        outlook = closing_outlook(row.game, closed, model)
        margin, points = row.home_points - row.away_points, row.home_points + row.away_points
        listed: list[tuple[str, list[Market], float]] = []
        if spread is not None and spread != closed.home_spread and _line(spread, *SPREADS):
            sides: list[Market] = [Spread(Side.HOME, spread), Spread(Side.AWAY, -spread or 0.0)]
            listed.append(("spread", sides, margin + spread))
        if total is not None and total != closed.total and _line(total, *TOTALS):
            sides = [Total(Direction.OVER, total), Total(Direction.UNDER, total)]
            listed.append(("total", sides, points - total))
        for name, markets, excess in listed:
            chances = [chance_of(x, outlook) for x in markets]
            better = int(chances[1].win > chances[0].win)
            mine = better if rng.random() < BETTER else 1 - better
            if excess == 0:
                continue
            results = (float(excess > 0), float(excess < 0))
            said = chances[better].win / (chances[better].win + chances[better].lose)
            clv = chances[mine].win * USUAL + chances[mine].push - 1
            yield Moved(season, name, said, results[better], clv, results[mine] * USUAL - 1)


def _line(points: float | None, low: float, high: float) -> bool:
    """Whether a line is plausible: in range and in half points. The table has a few mistakes."""
    return points is not None and low <= points <= high and points * 2 == int(points * 2)


def gap(bets: list[Moved]) -> tuple[float, float, float]:
    """The mean chance, the share won, and the standard error of that share."""
    said = float(np.mean([x.said for x in bets]))
    spread = float(np.sum([x.said * (1 - x.said) for x in bets])) ** 0.5
    return said, float(np.mean([x.won for x in bets])), spread / len(bets)


def slope(bets: list[Moved]) -> tuple[float, float]:
    """The slope of profit on closing line value, and its standard error."""
    x: Floats = np.array([b.clv for b in bets])
    y: Floats = np.array([b.profit for b in bets])
    centred = x - x.mean()
    steep = float(centred @ (y - y.mean()) / (centred @ centred))
    rest = y - y.mean() - steep * centred
    return steep, float((rest @ rest / (len(bets) - 2) / (centred @ centred)) ** 0.5)


def table(bets: list[Moved]) -> None:
    """Print the results as Markdown."""
    print("| market | season | n | forecast | result | in SE |")
    print("| --- | --- | --- | --- | --- | --- |")
    for market in ("spread", "total"):
        own = [x for x in bets if x.market == market]
        within = 0
        seasons = sorted({x.season for x in own})
        for season in seasons:
            within += _row(market, season, [x for x in own if x.season == season])
        _row(market, "all", own)
        for low, high in pairwise(BINS):
            part = [x for x in own if low <= x.said < high]
            if part:
                _row(market, f"forecast {low:.2f} to {high:.2f}", part)
        steep, error = slope(own)
        inside = "within" if abs(steep - 1) <= TWO * error else "outside of"
        print(
            f"\n{market}: {within} of {len(seasons)} seasons within two standard errors; slope of"
        )
        print(f"profit on value {steep:.2f} ± {error:.2f}: 1 is {inside} two standard errors\n")


def _row(market: str, name: str, bets: list[Moved]) -> bool:
    said, came, error = gap(bets)
    off = (came - said) / error
    print(
        f"| {market} | {name} | {len(bets)} | {said:.4f} | {came:.4f} ± {error:.4f} | {off:+.1f} |"
    )
    return abs(off) <= TWO


def main() -> None:
    """Measure on the history that the command line names."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--history", type=Path)
    words.add_argument("--fits", type=Path, default=Path("fits"))
    asked = words.parse_args()
    if asked.history is None:
        print("name a history: python -m benchmarks.conversion --history FOLDER")
        return
    table(list(moved(read_rows(asked.history / "nba"), models(asked.history, asked.fits))))


if __name__ == "__main__":
    main()
