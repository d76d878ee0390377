"""The model card and the player card, made anew by one command.

    python -m tracker.modelling.cards DATA [--out docs] [--fits FOLDER] [--only games|players]

Every season is judged by a fit that has not seen it. Fits are kept in FOLDER, and taken from there
when they are asked for again: remove it after a change of the model.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.game.parameters import Parameters, decode
from tracker.modelling.games import card
from tracker.modelling.games.dataset import Dataset, read
from tracker.modelling.games.evaluate import evaluate_games, judged_alone
from tracker.modelling.games.fit import fit_text, only
from tracker.modelling.players import report
from tracker.modelling.shipped import PLANS, PLAYERS, Progress, each_step_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEFORE = "2025-02"
"""The one season of NCAA men is fitted on its games before this month and judged on the others."""

_BESIDE = re.compile(r"## Beside the release before\n.*?(?=^## )", re.DOTALL | re.MULTILINE)
"""What a person writes of a release: it stays as it stands."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the cards are made on: recorded games, where fits are kept, and who is told of it."""

    data: Path
    fits: Path
    progress: Progress

    def kept(self, name: str, make: Callable[[], str]) -> str:
        """The text of a fit, made where it is not there."""
        path = self.fits / f"{name}.json"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(), "utf-8")
        return path.read_text("utf-8")

    def without(self, data: Dataset, season: str) -> Parameters:
        """The games of a league fitted without one of its seasons."""
        league = data.league.id
        rest = [x for x in PLANS[league].seasons if x != season]
        name = f"{league}-without-{season}"
        return decode(self.kept(name, lambda: fit_text(data, rest, self.progress)), name)


def games_card(bench: Bench, out: Path) -> None:
    """Write the model card. Raises BadDataset."""
    nba = read(bench.data, "nba")
    sections, seasons = [], []
    for season in PLANS["nba"].seasons:
        parameters = bench.without(nba, season)
        rows = _rows(nba, "nba", nba.games.season == season)
        if season == PLANS["nba"].unseen:
            told = _whole(bench, nba, parameters, rows, f"nba-{season}")
            sections.append((f"NBA {season}", told))
        else:
            told = judged_alone(nba, parameters, rows, bench.progress)
        seasons.append((season, told))
    sections += [_wnba(bench), _ncaa(bench)]
    path = out / "model-card.md"
    said = _BESIDE.search(path.read_text("utf-8")) if path.is_file() else None
    card.write_card(sections, path, seasons)
    if said is not None:
        text = path.read_text("utf-8")
        path.write_text(text.replace("## Data\n", f"{said.group()}## Data\n", 1), "utf-8")


def _wnba(bench: Bench) -> tuple[str, dict[str, Any]]:
    data, season = read(bench.data, "wnba"), PLANS["wnba"].unseen
    assert season is not None  # noqa: S101 - the plan says so
    rows = _rows(data, "wnba", data.games.season == season)
    told = _whole(bench, data, bench.without(data, season), rows, f"wnba-{season}")
    return f"WNBA {season}, ratings as priors", told


def _ncaa(bench: Bench) -> tuple[str, dict[str, Any]]:
    data, seasons = read(bench.data, "ncaam"), PLANS["ncaam"].seasons
    early = data.games.date < BEFORE
    name = f"ncaam-before-{BEFORE}"
    text = bench.kept(name, lambda: fit_text(only(data, early), seasons, bench.progress))
    told = _whole(bench, data, decode(text, name), (early, ~early), name)
    heading = "NCAA men, February to April 2025, fitted on the months before, ratings as priors"
    return heading, told


def _rows(
    data: Dataset, league: str, judged: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Games that baselines are fitted on, and those that are judged."""
    used = np.isin(data.games.season, PLANS[league].seasons)
    return used & ~judged, judged


def _whole(
    bench: Bench,
    data: Dataset,
    parameters: Parameters,
    rows: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    name: str,
) -> dict[str, Any]:
    return evaluate_games(data, parameters, rows, bench.fits / name, bench.progress)


def players_card(bench: Bench, out: Path) -> None:
    """Write the player card. Raises BadDataset."""
    plan = PLANS[PLAYERS]
    assert plan.unseen is not None  # noqa: S101 - the plan says so
    fitted = [x for x in plan.seasons if x != plan.unseen]
    parameters = bench.without(read(bench.data, PLAYERS), plan.unseen)
    folder = bench.fits / f"players-without-{plan.unseen}"
    report.judge_with(bench.data, parameters, fitted, [plan.unseen], folder, bench.progress)
    (out / "player-card.md").write_text((folder / "player-card.md").read_text("utf-8"), "utf-8")


def main() -> None:
    """Make the cards, and say what is being done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder of recorded games")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="where the cards go")
    parser.add_argument("--fits", type=Path, default=Path("fits"), help="where fits are kept")
    parser.add_argument("--only", choices=("games", "players"), help="one of the two cards")
    given = parser.parse_args()
    bench = Bench(given.data, given.fits, each_step_once())
    if given.only != "players":
        games_card(bench, given.out)
    if given.only != "games":
        players_card(bench, given.out)


if __name__ == "__main__":
    main()
