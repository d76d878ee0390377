"""`tracker model`: the figures that forecasts are made with, which are in use, which are better."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.models.compare import compare
from tracker.cli.models.in_use import DEFAULT_LEAGUE, LeagueOf, is_file_name, known_league
from tracker.cli.screen import note, say, say_json
from tracker.cli.session import scope_of
from tracker.domain.errors import Impossible
from tracker.domain.league import LEAGUES
from tracker.registry import registry_beside

if TYPE_CHECKING:
    from tracker.forecast import Parameters
    from tracker.registry import Entry, Registry

Name = Annotated[
    str, typer.Argument(metavar="MODEL", help="A name that `tracker model list` shows.")
]


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb and its words known."""
    group = typer.Typer(
        name=name,
        help="List, inspect, choose and compare the models that forecast.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    declare(group, "list", listing)
    declare(group, "show", show)
    declare(group, "activate", activate)
    declare(group, "rollback", rollback)
    declare(group, "compare", compare)
    app.add_typer(group, rich_help_panel=panel)


def _registry(context: typer.Context) -> Registry[Parameters]:
    return registry_beside(scope_of(context).basics().store)


def listing(
    context: typer.Context,
    league: Annotated[
        str | None, typer.Option(metavar="LEAGUE", help="Of one league; else of all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the models of every league: those that came with the program, and your own.

    A file whose checksum does not hold is listed with what is wrong with it, and never used.
    """
    registry = _registry(context)
    leagues = [known_league(league)] if league is not None else list(LEAGUES)
    found = [x for one in leagues for x in registry.list(one)]
    used = {one: _used(registry, one) for one in leagues}
    if as_json:
        say_json([_entry_json(x) | {"used": x.name == used[x.league][0]} for x in found])
        return
    rows = [
        (
            x.league,
            x.name,
            "in use" if x.name == used[x.league][0] else x.stage,
            x.model_version,
            x.calibration_id,
            _seasons(x.fitted_on),
            x.checksum[:12],
        )
        for x in found
    ]
    table(("League", "Model", "Stage", "Version", "Calibration", "Fitted on", "SHA-256"), rows)
    for _, faults in used.values():
        for fault in faults:
            note(fault)
    for x in found:
        if x.fault is not None and not any(x.fault in faults for _, faults in used.values()):
            note(x.fault)


def _used(registry: Registry[Parameters], league: str) -> tuple[str, tuple[str, ...]]:
    """The name of the model that forecasts, and what was wrong with those that should have."""
    from tracker.domain.errors import TrackerError
    from tracker.registry import SHIPPED

    faults: list[str] = []
    for name in reversed([SHIPPED, *registry.history(league)]):
        try:
            registry.read(league, name)
        except TrackerError as why:
            faults.append(str(why))
        else:
            told = (f"{x}; {league} forecasts with {name!r} instead" for x in faults)
            return name, tuple(told)
    return "", tuple(faults)


def _entry_json(x: Entry) -> dict[str, Any]:
    return asdict(x) | {"fitted_on": list(x.fitted_on)}


def _seasons(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}" if names else ""


def show(
    context: typer.Context,
    name: Name,
    league: LeagueOf = DEFAULT_LEAGUE,
    as_json: AsJson = False,
) -> None:
    """Show one model: what it was fitted on, its names, and its checksum."""
    registry, wanted = _registry(context), known_league(league)
    entry = registry.show(wanted, name)
    if as_json:
        told = _entry_json(entry)
        if entry.fault is None:
            found = registry.read(wanted, name)
            told |= {
                "feature_version": found.feature_version,
                "transferred": found.transferred,
                "average": asdict(found.average),
            }
        say_json(told)
        return
    if entry.fault is not None:
        raise Impossible(entry.fault)
    found = registry.read(wanted, name)
    say(f"{entry.league} {entry.name}{'  (in use)' if entry.active else ''}")
    say(f"  model         {entry.model_version}, features {found.feature_version}")
    say(f"  calibration   {entry.calibration_id}")
    say(f"  fitted on     {', '.join(entry.fitted_on)}")
    if found.transferred:
        say("  transferred   another league's figures about this league's own level")
    say(f"  average game  {found.average.total:g} points, home by {found.average.margin:g}")
    for line in _about(entry):
        say(line)
    say(f"  sha256        {entry.checksum}")


def _about(entry: Entry) -> list[str]:
    """When a model was fitted, on which games, and what it was worth on an unseen season."""
    told, about = [f"  stage         {entry.stage}"], entry.about
    if about.fitted_at:
        told.append(f"  fitted at     {about.fitted_at}")
    if about.data:
        told.append(f"  games         {about.games}, whose figures are {about.data[:12]}")
    if about.unseen is not None:
        season, games = about.unseen["season"], about.unseen["games"]
        told.append(f"  unseen        {season}, {games} games, by a fit without it")
        for name, scores in about.unseen["moments"].items():
            shown = ", ".join(f"{what} {value:.4f}" for what, value in scores.items())
            told.append(f"    {name:<10}  {shown}")
    return told


def activate(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="MODEL", help="A name, `shipped`, or a file of `tracker fit`.")
    ],
    league: LeagueOf = DEFAULT_LEAGUE,
    as_json: AsJson = False,
) -> None:
    """Put a model in use; a file is copied beside the database first.

    Its checksum has to hold. A daemon that runs forecasts with it from its next poll on.
    """
    registry = _registry(context)
    if is_file_name(name):
        wanted, name = _adopt(registry, Path(name))
    else:
        wanted = known_league(league)
    _say_active(registry.activate(wanted, name), as_json)


def _adopt(registry: Registry[Parameters], file: Path) -> tuple[str, str]:
    """Copy a file of parameters among the models: its league, and its name there."""
    from tracker.forecast.game.parameters import decode

    if not file.is_file():
        raise Impossible(f"there is no file {file}: name one that `tracker fit` wrote")
    text = file.read_text("utf-8", errors="replace")
    found = decode(text, file.name)
    name = file.stem
    home = registry.folder / found.league
    target = home / f"{name}.json"
    if target.exists() and target.read_text("utf-8", errors="replace") != text:
        raise Impossible(f"there is another {found.league} model {name!r}: rename {file}")
    if name in ("active", "shipped"):
        raise Impossible(f"{name!r} cannot be a model's name: rename {file}")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(target)
    return found.league, name


def rollback(
    context: typer.Context,
    league: LeagueOf = DEFAULT_LEAGUE,
    as_json: AsJson = False,
) -> None:
    """Go back to the model that was in use before."""
    _say_active(_registry(context).rollback(known_league(league)), as_json)


def _say_active(entry: Entry, as_json: bool) -> None:
    if as_json:
        say_json(_entry_json(entry))
    elif entry.fault is not None:
        note(f"{entry.fault}; the last good one is used")
    else:
        say(f"{entry.league} forecasts with {entry.name}: {entry.model_version}, "
            f"fitted on {', '.join(entry.fitted_on)} ({entry.checksum[:12]})")  # fmt: skip
