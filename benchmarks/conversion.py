"""How good a closing line value is where the line moved: what it said, and what came.

On every recorded game whose spread (or total) moved between the opening and the closing line, a bet
on the opening line is priced with the closing lines as the prior, as the grade `converted` does it,
by a model that was fitted without the game's season. What was said is held against what came,
season by season; and the profit of bets on either side is regressed on their closing line value,
where a slope of 1 says that a value of 2 % is worth 2 %.

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
from tracker.domain.league import season_name
from tracker.domain.market import Direction, Market, Spread, Total
from tracker.forecast.game.parameters import Parameters, decode
from tracker.forecast.market import closing_outlook
from tracker.forecast.pricing.markets import chance_of
from tracker.forecast.shipped import load_parameters
from tracker.modelling.backtest import USUAL, SeasonGame, read_rows
from tracker.modelling.games.fit import fit

FITTED = ("2020-21", "2021-22", "2022-23", "2023-24")
"""The seasons that the shipped model is fitted on."""

BETTER = 0.62
"""How often the made-up bettor takes the side that the line will move to."""

SPREADS, TOTALS = (-30.0, 30.0), (150.0, 280.0)
"""Points: what opening lines of the NBA lie within."""

BINS = (0.0, 0.52, 0.54, 0.56, 0.58, 0.62, 1.0)
TWO = 2.0
SEED = 7

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moved:
    """A bet on the opening line of a game whose line moved.

    `said` is the chance of the side that the line moved to, and `won` what came of it, no pushes;
    `clv` and `profit` are of the side that the made-up bettor took, in units.
    """

    season: str
    market: str
    said: float
    won: float
    clv: float
    profit: float


def models(folder: Path, fits: Path) -> dict[str, Parameters]:
    """For each season of the shipped model one that was fitted on the others."""
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
    """Both markets of every game that has lines of both times."""
    shipped = load_parameters("nba")
    rng = random.Random(SEED)  # noqa: S311 - a made-up bettor
    for row in rows:
        season = season_name("nba", row.game.slate)
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
    """Whether an opening line is one that a book can have had: the table holds a few slips."""
    return points is not None and low <= points <= high and points * 2 == int(points * 2)


def gap(bets: list[Moved]) -> tuple[float, float, float]:
    """What was said, what came, and the standard error of the latter."""
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
    """Print what was found, as rows of Markdown."""
    print("| market | season | n | said | came | in SE |")
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
                _row(market, f"said {low:.2f} to {high:.2f}", part)
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
    """Judge the conversion on a history."""
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
