"""`tracker evaluate` and `model compare`: judges one model, or two against each other.

Models are judged on seasons that they were not fitted on. Without recorded games, a comparison
shows what two models say of the same typical states.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from tracker.app.views import part
from tracker.cli import Scope, scope_of
from tracker.cli.app import AsJson
from tracker.cli.models import (
    DEFAULT_LEAGUE,
    Folder,
    LeagueOf,
    known_league,
    named_model,
    need_modelling,
    seasons_of,
    unseen,
)
from tracker.cli.screen import Advance, bar, say, say_json, table
from tracker.domain import Impossible, Misused
from tracker.domain.game import GameState, Phase, Score, Side
from tracker.domain.league import LEAGUES
from tracker.domain.market import Moneyline
from tracker.forecast import Parameters, forecast, price

if TYPE_CHECKING:
    from tracker.modelling.games import Dataset
    from tracker.modelling.games.observe import Recorded

_SEED = 7
"""The bootstrap's seed. It is fixed, so that the same games give the same intervals."""

_LATE = (300, 120, 60, 30, 10)
"""Seconds left at the late moments that are judged, after the ends of the quarters."""

_LEADS = ((0.5, 0), (0.5, 8), (0.25, -5), (0.1, 4), (0.04, -3), (0.01, 2))
"""Typical states: the part of regulation that is left, and the home team's lead in points."""


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
    _tell_about(result["parameters"])
    rows = [
        (stat, *(f"{x['stats'][stat]['all']['brier']:.4f}" for x in result["moments"].values()))
        for stat in next(iter(result["moments"].values()))["stats"]
    ]
    table(("Brier at", *result["moments"]), rows, right=range(1, len(result["moments"]) + 1))
    say(f"\nTables are in {out}")


def _named(scope: Scope, league: str, model: str) -> Parameters:
    found = named_model(scope.registry(), league, model)
    if found.league != league:
        raise Misused(f"{model} is for {found.league}: add --league {found.league}")
    return found


def _tell_about(judged: dict[str, Any]) -> None:
    say(f"{judged['model_version']} on {judged['games']} games of {', '.join(judged['judged_on'])}")
    say(f"fitted on {', '.join(judged['fitted_on'])}\n")


def _tell(result: dict[str, Any], out: Path) -> None:
    _tell_about(result["parameters"])
    markets = {"win": "ML", "spread": "spread", "total": "total", "home total": "team total",
               "parlay": "ML + over"}  # fmt: skip
    rows = []
    for name, moment in result["moments"].items():
        by_market = moment["markets"]
        cells = [f"{by_market[x]['brier']:.4f}" if x in by_market else "" for x in markets]
        covered = moment["scores"]["margin"]["coverage80"]["mean"]
        rows.append((name, *cells, f"{moment['scores']['margin']['crps']:.2f}", f"{covered:.3f}"))
    heads = ("Brier at", *markets.values(), "CRPS", "80 % covers")
    table(heads, rows, right=range(1, len(heads)))
    say(f"\nTables and plots are in {out}")


def compare(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="MODEL", help="A name or a file.")],
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another one.")],
    *,
    folder: Annotated[
        Path | None, typer.Option("--on", metavar="FOLDER", help="Recorded games to judge on.")
    ] = None,
    seasons: Annotated[
        list[str] | None,
        typer.Option(metavar="SEASONS", help="Those to judge on; neither may have seen them."),
    ] = None,
    league: LeagueOf = DEFAULT_LEAGUE,
    as_json: AsJson = False,
) -> None:
    """Compare two models: what they say of typical states, or how right they were on games.

    With --on and --seasons, Brier scores of both and the mean difference game by game with its
    95 % interval: below 0 the first one is better.
    """
    registry, wanted = scope_of(context).registry(), known_league(league)
    models = [named_model(registry, wanted, x) for x in (first, second)]
    if models[0].league != models[1].league:
        raise Misused(f"one is for {models[0].league}, the other for {models[1].league}")
    judged = seasons_of(seasons)
    if (folder is None) != (not judged):
        raise Misused("to judge on recorded games give both --on FOLDER and --seasons")
    names = (Path(first).stem, Path(second).stem)
    if folder is None:
        _beside(names, models, as_json)
        return
    need_modelling("comparing on recorded games", "pyarrow")
    for one in models:
        if not one.transferred:
            unseen(judged, one.fitted_on)
    with bar() as advance:
        rows = _judged(models, folder, judged, advance)
    if as_json:
        say_json({"models": list(names), "seasons": list(judged), "rows": rows})
        return
    cells = [
        (x["at"], x["market"], f"{x['brier'][0]:.4f}", f"{x['brier'][1]:.4f}",
         f"{x['difference']:+.4f}", f"{x['low']:+.4f} … {x['high']:+.4f}")
        for x in rows
    ]  # fmt: skip
    table(("At", "Market", *names, "Difference", "95 %"), cells, right=(2, 3, 4))
    say("\nBrier scores, paired by game: below 0 the first one is better.")


def _beside(names: tuple[str, str], models: Sequence[Parameters], as_json: bool) -> None:
    """Print what both models say of typical states, each with its average game as the prior."""
    rows = [_typical(models, left, lead) for left, lead in _LEADS]
    if as_json:
        about = [
            {
                "model": name,
                **part(x, "model_version", "calibration_id", "fitted_on"),
                "sha256": x.checksum,
            }
            for name, x in zip(names, models, strict=True)
        ]
        say_json({"models": about, "states": rows})
        return
    for name, x in zip(names, models, strict=True):
        seasons = ", ".join(x.fitted_on)
        say(f"{name}: {x.model_version}, calibration {x.calibration_id}, fitted on {seasons}")
    say("")
    cells = [
        (x["state"], *(f"{p * 100:.1f} %" for p in x["home_win"]),
         *(f"{m:.1f} ± {s:.1f}" for m, s in x["total"]))
        for x in rows
    ]  # fmt: skip
    heads = ("State", *(f"home wins, {x}" for x in names), *(f"total, {x}" for x in names))
    table(heads, cells, right=range(1, 5))


def _typical(models: Sequence[Parameters], left: float, lead: int) -> dict[str, Any]:
    from tracker.forecast.priors import average_prior
    from tracker.modelling.games.observe import game_of

    rules = LEAGUES[models[0].league]
    period, before = rules.periods, round(left * rules.regulation_seconds)
    while before > rules.period_seconds:
        period, before = period - 1, before - rules.period_seconds
    prior = average_prior(models[0])
    scored = round(prior.total * (1 - left))
    scored += (scored - lead) % 2
    score = Score((scored + lead) // 2, (scored - lead) // 2)
    state = GameState(game_of(rules), Phase.LIVE, period, float(before), score, periods=None)
    outlooks = [forecast(state, average_prior(x), x) for x in models]
    side = "level" if lead == 0 else f"home {'leads' if lead > 0 else 'trails'} by {abs(lead)}"
    return {
        "state": f"{state.game_clock}, {side}",
        "home_win": [price(Moneyline(Side.HOME), x).win for x in outlooks],
        "total": [(x.mu.total, x.sigma.total) for x in outlooks],
    }


def _judged(
    models: Sequence[Parameters], folder: Path, seasons: Sequence[str], advance: Advance
) -> list[dict[str, Any]]:
    from tracker.modelling import metrics
    from tracker.modelling.games import observe, read

    advance("reading", 0.0)
    data = read(folder, models[0].league)
    recorded = _recorded(data, models, seasons)
    if not len(recorded[0].games):
        raise Impossible(f"the dataset has no whole games of {', '.join(seasons)}: name others")
    regulation = data.league.regulation_seconds
    clocks = [regulation * 3 // 4, regulation // 2, regulation // 4, *_LATE]
    rows = []
    for k, clock in enumerate(clocks):
        advance("judging", k / len(clocks))
        looks = [
            observe.checkpoint(x, clock, one, _SEED)
            for x, one in zip(recorded, models, strict=True)
        ]
        for market in observe.MARKETS:
            losses = [(np.array(x.p[market]) - np.array(x.hit[market])) ** 2 for x in looks]
            gap = metrics.bootstrap(losses[0] - losses[1], _SEED)
            rows.append(
                {
                    "at": f"{clock // 60}:{clock % 60:02d} left",
                    "market": market,
                    "brier": [float(np.nanmean(x)) for x in losses],
                    "difference": gap.mean,
                    "low": gap.low,
                    "high": gap.high,
                }
            )
    return rows


def _recorded(
    data: Dataset, models: Sequence[Parameters], seasons: Sequence[str]
) -> list[Recorded]:
    """The complete games of the seasons for each model, with the priors of its own ratings.

    Both are judged on the lines of the first.
    """
    from tracker.modelling.games.fit import complete, priors_of
    from tracker.modelling.games.observe import Recorded
    from tracker.modelling.games.trace import trace

    traced = trace(data)
    chosen = np.isin(data.games.season, list(seasons)) & complete(data, traced)
    priors = [priors_of(data.games, x.ratings) for x in models]
    return [
        Recorded(data, traced.seconds, x, np.flatnonzero(chosen & x.use), priors[0]) for x in priors
    ]
