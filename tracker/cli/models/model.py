"""`tracker model`: lists, shows, activates and rolls back the models that forecast."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tracker.app.models import activate as put_in_use
from tracker.app.models import kind_named
from tracker.app.views import part, plain
from tracker.cli import scope_of, session
from tracker.cli.app import AsJson, declare_group
from tracker.cli.models import DEFAULT_LEAGUE, LeagueOf, ModelName, is_file_name, known_league
from tracker.cli.models.evaluate import compare
from tracker.cli.models.fit import calibrate, retrain
from tracker.cli.models.trial import attach_trial
from tracker.cli.screen import note, say, say_json, table
from tracker.clock import SystemClock
from tracker.domain import Impossible, TrackerError
from tracker.domain.league import LEAGUES
from tracker.forecast import Parameters
from tracker.registry import CALIBRATION, GAMES, KINDS, PLAYERS, SHIPPED, Entry, Kind, Registry

_KINDS = ", ".join(x.name for x in KINDS)

KindOf = Annotated[str, typer.Option("--kind", metavar="KIND", help=f"One of {_KINDS}.")]
"""The option that names a kind of model; games unless it is given."""

_FORMATS: dict[str, Kind[Any]] = {
    "format": GAMES,
    "player_format": PLAYERS,
    "calibration_format": CALIBRATION,
}
"""The key in a model's file by which its kind is recognised."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb and its sub-commands."""
    attach_trial(
        declare_group(
            app,
            name,
            "List, choose, compare, retrain and try the models that forecast.",
            {
                "list": listing,
                "show": show,
                "activate": activate,
                "rollback": rollback,
                "compare": compare,
                "retrain": retrain,
                "calibrate": calibrate,
            },
            panel,
        )
    )


def listing(
    context: typer.Context,
    league: Annotated[
        str | None, typer.Option(metavar="LEAGUE", help="Of one league; else of all.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help=f"One of {_KINDS}, or all.")
    ] = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """List the models of every league: those that came with the program, and your own.

    A file whose checksum does not hold is listed with what is wrong with it, and never used.
    Figures of players and calibrations are other kinds: --kind all lists them too.
    """
    leagues = [known_league(league)] if league is not None else list(LEAGUES)
    wanted = KINDS if kind == "all" else (kind_named(kind),)
    registries = [scope_of(context).registry().of(x) for x in wanted]
    found = [x for one in leagues for r in registries for x in r.list(one)]
    used = {(one, r.kind.name): _used(r, one) for one in leagues for r in registries}

    def is_used(x: Entry) -> bool:
        return x.name == used[x.league, x.kind][0]

    if as_json:
        say_json([plain(x) | {"used": is_used(x)} for x in found])
        return
    rows = [
        (
            x.league,
            *((x.kind,) if len(wanted) > 1 else ()),
            x.name,
            "in use" if is_used(x) else x.stage,
            x.model_version,
            x.calibration_id,
            _seasons(x.fitted_on),
            x.checksum[:12],
        )
        for x in found
    ]
    heads = ("Model", "Stage", "Version", "Calibration", "Fitted on", "SHA-256")
    table(("League", *(("Kind",) if len(wanted) > 1 else ()), *heads), rows)
    warnings = [fault for _, faults in used.values() for fault in faults]
    for fault in warnings:
        note(fault)
    for x in found:
        if x.fault is not None and not any(x.fault in y for y in warnings):
            note(x.fault)


def _used(registry: Registry[Any], league: str) -> tuple[str, tuple[str, ...]]:
    """The name of the model that forecasts, and why each newer choice could not be used."""
    faults: list[str] = []
    for name in reversed([SHIPPED, *registry.history(league)]):
        try:
            registry.read(league, name)
        except TrackerError as why:
            faults.append(str(why))
        else:
            warnings = (f"{x}; {league} forecasts with {name!r} instead" for x in faults)
            return name, tuple(warnings)
    return "", tuple(faults)


def _seasons(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}" if names else ""


def show(
    context: typer.Context,
    name: ModelName,
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: KindOf = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """Show one model: what it was fitted on, its names, its checksum, and what it was worth."""
    registry, wanted = scope_of(context).registry().of(kind_named(kind)), known_league(league)
    entry = registry.show(wanted, name)
    if as_json:
        say_json(plain(entry) | _more(registry, entry))
        return
    if entry.fault is not None:
        raise Impossible(entry.fault)
    found = registry.read(wanted, name)
    say(f"{entry.league} {entry.name}{'  (in use)' if entry.active else ''}")
    if entry.kind == GAMES.name:
        say(f"  model         {entry.model_version}, features {found.feature_version}")
        say(f"  calibration   {entry.calibration_id}")
    else:
        say(f"  {entry.kind:<12}  {entry.model_version}")
    if entry.fitted_on:
        say(f"  fitted on     {', '.join(entry.fitted_on)}")
    if getattr(found, "transferred", False):
        say("  transferred   another league's figures about this league's own level")
    if entry.kind == GAMES.name:
        average = found.average
        say(f"  average game  {average.total:g} points, home by {average.margin:g}")
    for line in (*_about(entry), *_evidence(found)):
        say(line)
    say(f"  sha256        {entry.checksum}")


def _more(registry: Registry[Any], entry: Entry) -> dict[str, Any]:
    """The keys of one model's JSON beyond those of its row in the list."""
    if entry.fault is not None:
        return {}
    found = registry.read(entry.league, entry.name)
    if entry.kind == CALIBRATION.name:
        return {"evidence": dict(found.evidence)}
    if entry.kind == PLAYERS.name:
        return part(found, "transferred")
    return part(found, "feature_version", "transferred", "average")


def _about(entry: Entry) -> list[str]:
    """Lines on a model's stage, when and on what it was fitted, and its scores on unseen games."""
    lines, about = [f"  stage         {entry.stage}"], entry.about
    if about.fitted_at:
        lines.append(f"  fitted at     {about.fitted_at}")
    if about.data:
        lines.append(f"  games         {about.games}, whose figures are {about.data[:12]}")
    if (unseen := about.unseen_by_clock) is not None:
        season, games = unseen["season"], unseen["games"]
        lines.append(f"  unseen        {season}, {games} games, by a fit without it")
        for name, scores in unseen["moments"].items():
            shown = ", ".join(f"{what} {value:.4f}" for what, value in scores.items())
            lines.append(f"    {name:<10}  {shown}")
    return lines


def _evidence(found: Any) -> list[str]:
    """Lines on a calibration's evidence, one for each segment; none for other models."""
    return [
        f"  {name:<12}  {x['method']} of {x['bets']} bets: log loss {x['log_loss']['raw']:.4f} to "
        f"{x['log_loss']['calibrated']:.4f}, ECE {x['ece']['raw']:.4f} to "
        f"{x['ece']['calibrated']:.4f}{'' if x['used'] else ', not used'}"
        for name, x in getattr(found, "evidence", {}).items()
    ]


async def activate(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="MODEL", help="A name, `shipped`, or a file of `tracker fit`.")
    ],
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: KindOf = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """Put a model in use; a file is copied beside the database first.

    Its checksum must be right. A running daemon uses it from the next poll on. A trial of its
    league and kind ends.
    """
    scope = scope_of(context)
    registry = scope.registry()
    wanted, chosen = known_league(league), kind_named(kind)
    if is_file_name(name):
        wanted, name, chosen = _adopt(registry, Path(name))
    if scope.settings().store.path.exists():
        async with session(scope, write=True) as at:
            entry = await put_in_use(at.store, registry, wanted, chosen, name, at.now)
    else:
        entry = await put_in_use(None, registry, wanted, chosen, name, SystemClock().now())
    _say_active(entry, as_json)


def _adopt(registry: Registry[Parameters], file: Path) -> tuple[str, str, Kind[Any]]:
    """Copy a model's file into the registry; returns its league, its name there and its kind."""
    if not file.is_file():
        raise Impossible(f"there is no file {file}: name one that `tracker fit` wrote")
    text = file.read_text("utf-8", errors="replace")
    kind = _kind_of(text)
    league, name = kind.decode(text, file.name).league, file.stem
    target = registry.of(kind).home(league) / f"{name}.json"
    if target.exists() and target.read_text("utf-8", errors="replace") != text:
        raise Impossible(f"there is another {league} model {name!r}: rename {file}")
    if name in ("active", SHIPPED):
        raise Impossible(f"{name!r} cannot be a model's name: rename {file}")
    registry.of(kind).keep(league, name, text)
    return league, name, kind


def _kind_of(text: str) -> Kind[Any]:
    """The kind of model that a file's text holds; games when it names none."""
    try:
        document = json.loads(text)
    except ValueError:
        return GAMES
    known = document if isinstance(document, dict) else {}
    return next((kind for key, kind in _FORMATS.items() if key in known), GAMES)


def rollback(
    context: typer.Context,
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: KindOf = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """Go back to the model that was in use before."""
    registry = scope_of(context).registry().of(kind_named(kind))
    _say_active(registry.rollback(known_league(league)), as_json)


def _say_active(entry: Entry, as_json: bool) -> None:
    if as_json:
        say_json(plain(entry))
    elif entry.fault is not None:
        note(f"{entry.fault}; the last good one is used")
    elif entry.kind == CALIBRATION.name:
        say(f"{entry.league} chances are calibrated by {entry.name}: {entry.model_version}")
    else:
        what = "" if entry.kind == GAMES.name else f"{entry.kind} "
        say(f"{entry.league} {what}forecasts with {entry.name}: {entry.model_version}, "
            f"fitted on {', '.join(entry.fitted_on)} ({entry.checksum[:12]})")  # fmt: skip
