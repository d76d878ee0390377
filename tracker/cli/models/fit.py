"""`tracker fit`: a model's figures out of recorded seasons, the same bytes every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.models.in_use import (
    DEFAULT_LEAGUE,
    Folder,
    LeagueOf,
    known_league,
    need_modelling,
    seasons_in,
    seasons_of,
)
from tracker.cli.screen import bar, note, say, say_json
from tracker.domain.errors import Impossible, Misused

if TYPE_CHECKING:
    from tracker.cli.screen import Advance
    from tracker.forecast import Parameters


_FEW = 400
"""Games below which a fit is told to be coarse: a third of an NBA season."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, fit, panel)


def fit(  # noqa: PLR0917 - the verb's options
    folder: Folder,
    league: LeagueOf = DEFAULT_LEAGUE,
    seasons: Annotated[
        list[str] | None,
        typer.Option(metavar="SEASONS", help="Such as 2021-22,2022-23; else all that are there."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The parameters file; else LEAGUE.json."),
    ] = None,
    props: Annotated[
        bool, typer.Option("--props", help="Fit the figures of player lines, not those of games.")
    ] = False,
    unseen: Annotated[
        str | None,
        typer.Option(
            metavar="SEASON",
            help="Fit without this season first, and write down how good that fit is on it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit the forecast to recorded seasons, and write its figures to one file.

    The same games give the same figures. Other seasons of the folder are not looked at, but that
    results of earlier ones tell which end a road team attacks first. `tracker model activate FILE`
    puts a model of games in use; player lines use the shipped figures.
    """
    wanted, named = known_league(league), seasons_of(seasons)
    target = Path(f"players-{wanted}.json" if props else f"{wanted}.json") if out is None else out
    if target.is_dir():
        raise Misused(f"{target} is a folder: name a file to write")
    if props:
        need_modelling("fitting", "pyarrow")
        _props(folder, wanted, named, target, as_json=as_json)
        return
    need_modelling("fitting", "pyarrow")
    with bar() as advance:
        found, games = _fit(folder, wanted, (named, unseen), target, advance)
    if games < _FEW:
        note(f"{games} games are few: forecasts of this model are coarse, judge it before its use.")
    if as_json:
        say_json(
            {
                "file": str(target),
                "league": found.league,
                "model_version": found.model_version,
                "fitted_on": list(found.fitted_on),
                "sha256": found.checksum,
            }
        )
        return
    say(f"Wrote {target}: {found.model_version}, fitted on {', '.join(found.fitted_on)}")
    say(f"sha256 {found.checksum}")
    say(f"Judge it with `tracker evaluate`; use it with `tracker model activate {target}`.")


def _props(folder: Path, league: str, named: tuple[str, ...], out: Path, *, as_json: bool) -> None:
    """Fit player lines, by the league's shipped model of games."""
    from tracker.forecast import load_parameters
    from tracker.modelling.players.fit import fit as fit_props

    if not named:
        raise Misused("--props needs --seasons: name the seasons to fit player lines on")
    with bar() as advance:
        found = fit_props(folder, load_parameters(league), named, out, advance)
    if as_json:
        say_json(
            {
                "file": str(out),
                "league": found.league,
                "model_version": found.model_version,
                "fitted_on": list(found.fitted_on),
                "sha256": found.checksum,
            }
        )
        return
    say(f"Wrote {out}: {found.model_version}, fitted on {', '.join(found.fitted_on)}")
    say(f"sha256 {found.checksum}")
    say("Judge player lines with `tracker evaluate --props`.")


def _fit(
    folder: Path,
    league: str,
    wanted: tuple[tuple[str, ...], str | None],
    out: Path,
    advance: Advance,
) -> tuple[Parameters, int]:
    """The model, which is written to `out`, and how many games it was fitted on."""
    import numpy as np

    from tracker.clock import SystemClock
    from tracker.forecast.game.parameters import decode
    from tracker.modelling.games.dataset import BadDataset, read
    from tracker.modelling.games.evaluate import judged
    from tracker.modelling.games.fit import fit_text

    advance("reading", 0.0)
    data = read(folder, league)
    named, unseen = wanted
    seasons = named or seasons_in(data)
    if unseen is not None and unseen not in seasons:
        raise Misused(f"--unseen names one of the seasons that are fitted: {', '.join(seasons)}")
    day = SystemClock().now().date().isoformat()
    try:
        told = None if unseen is None else judged(data, seasons, unseen, advance)
        text = fit_text(data, seasons, advance, {"fitted_at": day, "unseen": told})
    except BadDataset as why:
        raise Impossible(str(why)) from why
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f"{out.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(out)
    return decode(text, out.name), int(np.isin(data.games.season, list(seasons)).sum())
