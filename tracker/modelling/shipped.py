"""Fits all parameters that come with the program, and writes their files.

    python -m tracker.modelling.shipped DATA [--out FOLDER]

DATA is a folder of recorded games, in the format of `docs/model.md`. All figures of a file come
from one fit. A league without recorded games gets the figures of another league, around its own
average level.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracker.clock import SystemClock
from tracker.domain.league import LEAGUES
from tracker.forecast.documents import About, reference, sealed, text_of
from tracker.forecast.game.parameters import decode
from tracker.host import whole_file
from tracker.modelling import Progress
from tracker.modelling.games import fit as games_fit
from tracker.modelling.games import read
from tracker.modelling.games.evaluate import judged
from tracker.modelling.players import fit as players_fit
from tracker.modelling.players.known import know

FOLDER = Path(__file__).parent.parent / "forecast" / "parameters"
"""The folder of the shipped parameters."""


@dataclass(frozen=True, slots=True)
class FitPlan:
    """The seasons that a league is fitted on, and one that a fit on the others is judged on.

    `unseen` is None where the fit is not judged.
    """

    seasons: tuple[str, ...]
    unseen: str | None


PLANS = {
    "nba": FitPlan(("2020-21", "2021-22", "2022-23", "2023-24"), "2023-24"),
    "wnba": FitPlan(("2015", "2016", "2017", "2018", "2019", "2020", "2021", "2022"), "2022"),
    "ncaam": FitPlan(("2024-25",), None),
}
"""The leagues with recorded games. Older seasons differ in their leads and line-ups."""


@dataclass(frozen=True, slots=True)
class LeagueLevel:
    """The level of a league without recorded games, and the league whose figures it takes.

    `margin` is the home edge and `total` the mean total; the `_sd` are the standard deviations of
    single games from them. All are in points.
    """

    like: str
    margin: float
    total: float
    margin_sd: float
    total_sd: float


LEVELS = {
    "gleague": LeagueLevel("nba", margin=2.0, total=228.0, margin_sd=6.5, total_sd=10.0),
    "ncaaw": LeagueLevel("wnba", margin=3.5, total=132.0, margin_sd=16.0, total_sd=11.0),
}
"""The G League plays by NBA clocks at about its own pace; NCAA women play WNBA quarters, score
less, and differ far more in strength. Rounded season averages of both leagues, not fitted."""

PLAYERS = "nba"
"""The league with recorded players; all other leagues take its player figures."""


def ship(data: Path, out: Path, day: str, progress: Progress) -> None:
    """Fit every model and write the files into `out`. Raises BadDataset.

    `day` is the date of the fit, as the files record it.
    """
    out.mkdir(parents=True, exist_ok=True)
    games = {league: _games(data, league, plan, day, progress) for league, plan in PLANS.items()}
    for league, document in games.items():
        _write(out / f"{league}.json", document)
    for league, level in LEVELS.items():
        source = games[level.like]
        _write(out / f"{league}.json", reference(at_level(source, league, level), source))
    parameters = decode(json.dumps(games[PLAYERS]), f"{PLAYERS}.json")
    known = know(data, parameters, progress)
    players = players_fit.fit_players(known, PLANS[PLAYERS].seasons, progress)
    players["about"] |= {"fitted_at": day, "stage": "in use"}
    players = sealed(players, players_fit.MODEL)
    _write(out / f"players-{PLAYERS}.json", players)
    for league in LEAGUES:
        if league != PLAYERS:
            like = players_fit.transferred(players, league)
            _write(out / f"players-{league}.json", reference(like, players))


def _games(data: Path, league: str, plan: FitPlan, day: str, progress: Progress) -> dict[str, Any]:
    """The document of a league's game model, with its judgement on the unseen season."""
    recorded = read(data, league)
    judgement = None
    if plan.unseen is not None:
        judgement = judged(recorded, plan.seasons, plan.unseen, progress)
    about = {"fitted_at": day, "stage": "in use", "unseen": judgement}
    found: dict[str, Any] = json.loads(games_fit.fit_text(recorded, plan.seasons, progress, about))
    return found


def at_level(document: dict[str, Any], league: str, level: LeagueLevel) -> dict[str, Any]:
    """Another league's document, moved to the level of `league`."""
    found = document | {
        "league": league,
        "transferred": True,
        "calibration_id": "transferred",
        "ends": None,
        "flow": document["flow"] | {"box": None},
        "average": document["average"]
        | {x: getattr(level, x) for x in ("margin", "total", "margin_sd", "total_sd")},
        "ratings": document["ratings"]
        | {
            "home_edge": level.margin,
            "mean_total": level.total,
            # A game's variance is the sum of its two teams': each has half of it.
            "margin_spread": round(level.margin_sd / 2**0.5, 3),
            "total_spread": round(level.total_sd / 2**0.5, 3),
        },
        "about": asdict(About(**document["about"])) | {"unseen": None},
    }
    return sealed(found, games_fit.MODEL)


def _write(path: Path, document: dict[str, Any]) -> None:
    with whole_file(path) as file:
        file.write_text(text_of(document), "utf-8")


def each_step_once() -> Progress:
    """A progress report that prints each step once, when it begins."""
    said: list[str] = []

    def progress(step: str, _part: float) -> None:
        if said[-1:] != [step]:
            said.append(step)
            print(step, flush=True)  # noqa: T201 - it is what the command says

    return progress


def main() -> None:
    """Fit every model, and print what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder of recorded games")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the files go")
    given = parser.parse_args()
    ship(given.data, given.out, SystemClock().now().date().isoformat(), each_step_once())
    print(f"Wrote {len(list(given.out.glob('*.json')))} files into {given.out}")  # noqa: T201 - so


if __name__ == "__main__":
    main()
