"""`tracker study`: every season judged by a fit on the others, on all cores or on a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.models.in_use import (
    DEFAULT_LEAGUE,
    Folder,
    known_league,
    need_modelling,
    seasons_of,
)
from tracker.cli.screen import note, say, say_json
from tracker.domain.errors import Impossible

if TYPE_CHECKING:
    from tracker.modelling.study import Finding


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, study, panel)


def study(
    folder: Folder,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where models and figures go.")
    ],
    leagues: Annotated[
        list[str] | None,
        typer.Option("--league", metavar="LEAGUE", help="One or several; else the NBA."),
    ] = None,
    seasons: Annotated[
        list[str] | None,
        typer.Option(metavar="SEASONS", help="Such as 2021-22,2022-23; else all that are there."),
    ] = None,
    strategy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Back-test each season with this strategy too."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(metavar="N", help="How many at once on this machine; -1 is one a core.")
    ] = -1,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://10.0.0.5:8786."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge every season of every league by a fit on the others, and back-test it if wanted.

    Each season is a piece of its own: they run side by side on this machine's cores, or with
    --cluster on a Dask cluster whose workers see the same folder. The same games give the same
    files wherever they run.
    """
    need_modelling("a study", "pyarrow", "sklearn")
    from tracker.cli.market.backtest import read_strategy
    from tracker.modelling import study as work
    from tracker.modelling.games.dataset import BadDataset

    names = [known_league(x) for given in leagues or [DEFAULT_LEAGUE] for x in given.split(",")]
    tried = None if strategy is None else read_strategy(strategy)
    try:
        pieces = work.pieces_of(folder.absolute(), names, seasons_of(seasons), tried)
        out.mkdir(parents=True, exist_ok=True)
        note(f"{len(pieces)} seasons, each judged by a fit on the others of its league.")
        found = work.run(
            work.work_out, pieces, jobs=jobs, cluster=cluster, done=lambda x: _write(x, out)
        )
    except BadDataset as why:
        raise Impossible(str(why)) from None
    if as_json:
        say_json([json.loads(x.document) for x in found])
        return
    _tell(found)
    say(f"Models and figures are in {out}")


def _write(x: Finding, out: Path) -> None:
    home = out / x.league
    home.mkdir(exist_ok=True)
    (home / f"{x.season}.json").write_text(x.document, "utf-8")
    (home / f"without-{x.season}.json").write_text(x.parameters, "utf-8")


def _tell(found: list[Finding]) -> None:
    rows = []
    for x in found:
        half = x.judged["moments"]["half"]
        roi = "" if x.backtest is None or not x.backtest["n"] else f"{x.backtest['roi']:+.1%}"
        rows.append(
            (
                x.league,
                x.season,
                str(x.judged["games"]),
                *(f"{half[name]:.4f}" for name in ("win Brier", "total Brier")),
                roi.replace("%", " %"),
            )
        )
    heads = ("League", "Unseen season", "Games", "Win Brier", "Total Brier", "Return")
    table(heads, rows, right=range(2, len(heads)))
