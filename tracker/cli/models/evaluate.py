"""`tracker evaluate`: how good a model is on seasons that it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.models.in_use import (
    DEFAULT_LEAGUE,
    Folder,
    LeagueOf,
    known_league,
    named_model,
    need_modelling,
    seasons_of,
    unseen,
)
from tracker.cli.screen import bar, say, say_json
from tracker.cli.session import Scope, scope_of
from tracker.domain.errors import Misused
from tracker.registry import registry_beside

if TYPE_CHECKING:
    from tracker.forecast import Parameters


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, evaluate, panel)


def evaluate(
    context: typer.Context,
    folder: Folder,
    *,
    seasons: Annotated[list[str], typer.Option(metavar="SEASONS", help="The seasons to judge on.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where tables and plots go.")
    ],
    league: LeagueOf = DEFAULT_LEAGUE,
    fitted: Annotated[
        list[str] | None,
        typer.Option(metavar="SEASONS", help="The seasons that are fitted on; none is judged."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="A name or a file; else one is fitted on --fitted."),
    ] = None,
    props: Annotated[
        bool, typer.Option("--props", help="Judge player lines: fitted on --fitted, games too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge a model on whole seasons: every metric by clock, beside every baseline.

    Baselines are fitted on the same seasons as the model, and differences are paired by game.
    Writes evaluation.json, evaluation.md and plots. A season that the model has seen is refused.
    With --props the lines are of players, against their own season's average.
    """
    wanted, judged, train = known_league(league), seasons_of(seasons), seasons_of(fitted)
    if not judged:
        raise Misused("--seasons names no season: give some such as 2023-24")
    if props:
        _props(folder, wanted, judged, train, out, as_json=as_json)
        return
    if model is None and not train:
        raise Misused("name a --model to judge, or with --fitted the seasons to fit one on")
    unseen(judged, train)
    need_modelling("an evaluation")
    with bar() as advance:
        if model is None:
            from tracker.modelling.games.fit import fit

            parameters = fit(folder, wanted, train, out / "parameters.json", advance)
        else:
            parameters = _named(scope_of(context), wanted, model)
        if not parameters.transferred:
            unseen(judged, parameters.fitted_on)
        from tracker.modelling.games import evaluate as judging

        baselines = train or parameters.fitted_on
        result = judging.evaluate(folder, parameters, baselines, judged, out, advance)
    if as_json:
        say_json(result)
        return
    _tell(result, out)


def _props(
    folder: Path, league: str, judged: tuple[str, ...], train: tuple[str, ...], out: Path, *,
    as_json: bool,
) -> None:  # fmt: skip
    if not train:
        raise Misused("--props needs --fitted: name the seasons to fit player lines on")
    unseen(judged, train)
    need_modelling("an evaluation")
    from tracker.modelling.players import report

    with bar() as advance:
        result = report.judge(folder, league, train, judged, out, advance)
    if as_json:
        say_json(result)
        return
    about = result["parameters"]
    say(f"{about['model_version']} on {about['games']} games of {', '.join(about['judged_on'])}")
    say(f"fitted on {', '.join(about['fitted_on'])}\n")
    rows = [
        (stat, *(f"{x['stats'][stat]['all']['brier']:.4f}" for x in result["moments"].values()))
        for stat in next(iter(result["moments"].values()))["stats"]
    ]
    table(("Brier at", *result["moments"]), rows, right=range(1, len(result["moments"]) + 1))
    say(f"\nTables are in {out}")


def _named(scope: Scope, league: str, model: str) -> Parameters:
    found = named_model(registry_beside(scope.basics().store), league, model)
    if found.league != league:
        raise Misused(f"{model} is for {found.league}: add --league {found.league}")
    return found


def _tell(result: dict[str, Any], out: Path) -> None:
    about = result["parameters"]
    say(f"{about['model_version']} on {about['games']} games of {', '.join(about['judged_on'])}")
    say(f"fitted on {', '.join(about['fitted_on'])}\n")
    markets = {"win": "ML", "spread": "spread", "total": "total", "home total": "team total",
               "parlay": "ML + over"}  # fmt: skip
    rows = []
    for name, moment in result["moments"].items():
        told = moment["markets"]
        cells = [f"{told[x]['brier']:.4f}" if x in told else "" for x in markets]
        covered = moment["scores"]["margin"]["coverage80"]["mean"]
        rows.append((name, *cells, f"{moment['scores']['margin']['crps']:.2f}", f"{covered:.3f}"))
    heads = ("Brier at", *markets.values(), "CRPS", "80 % covers")
    table(heads, rows, right=range(1, len(heads)))
    say(f"\nTables and plots are in {out}")
