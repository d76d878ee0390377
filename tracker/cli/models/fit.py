"""`tracker fit`, `model retrain` and `model calibrate`: fits models and calibrations.

A fit writes a file, with the same figures for the same games. A retrain also judges its fit and
adds it to the registry as a candidate. A calibration is learnt from the official results of bets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from tracker.app.views import part
from tracker.cli import Scope, read_if_any, scope_of
from tracker.cli.app import AsJson
from tracker.cli.models import (
    DEFAULT_LEAGUE,
    Folder,
    LeagueOf,
    Seasons,
    known_league,
    need_modelling,
    seasons_in,
    seasons_of,
)
from tracker.cli.screen import Advance, bar, note, say, say_json, table
from tracker.clock import SystemClock
from tracker.domain import Impossible, Misused, TrackerError
from tracker.domain.league import slate_date
from tracker.domain.money import plural
from tracker.forecast import Parameters, load_parameters
from tracker.forecast.game.parameters import decode
from tracker.host import return_large_blocks, whole_file
from tracker.registry import CALIBRATION, GAMES, PLAYERS, Entry, Kind, Registry, in_use

if TYPE_CHECKING:
    from tracker.forecast.players import PlayerFigures
    from tracker.modelling.calibration import MadeCalibration


_FEW = 400
"""A fit on fewer games than this gets a warning: a third of an NBA season."""

_BOTH = "both"

_OVERLAP = timedelta(days=2)
"""Collecting starts this long before the latest stored game: while the feed failed, a game of those
days may have been left out."""

_MOMENTS = ("tip", "6:00 Q1", "end Q1", "6:00 Q2", "half", "6:00 Q3", "end Q3", "6:00", "5:00")
"""The moments of an evaluation in the order of a game, to sort a model file's scores by."""


def fit(  # noqa: PLR0917 - the verb's options
    folder: Folder,
    league: LeagueOf = DEFAULT_LEAGUE,
    seasons: Seasons = None,
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
    if props and unseen is not None:
        raise Misused("--unseen judges models of games: judge player lines by `evaluate --props`")
    if props:
        need_modelling("fitting", "pyarrow", "sklearn")
        _props(folder, wanted, named, target, as_json=as_json)
        return
    need_modelling("fitting", "pyarrow")
    with bar() as advance:
        found, games = _fit(folder, wanted, named, target, advance, unseen=unseen)
    if games < _FEW:
        note(f"{games} games are few: forecasts of this model are coarse, judge it before its use.")
    then = f"Judge it with `tracker evaluate`; use it with `tracker model activate {target}`."
    _say_written(target, found, then, as_json=as_json)


def _props(folder: Path, league: str, named: tuple[str, ...], out: Path, *, as_json: bool) -> None:
    """Fit player figures, with the league's shipped game model, and write them to `out`."""
    from tracker.modelling.players.fit import fit as fit_props

    if not named:
        raise Misused("--props needs --seasons: name the seasons to fit player lines on")
    with bar() as advance:
        found = fit_props(folder, load_parameters(league), named, out, advance)
    then = "Judge player lines with `tracker evaluate --props`."
    _say_written(out, found, then, as_json=as_json)


def _say_written(
    file: Path, found: Parameters | PlayerFigures, then: str, *, as_json: bool
) -> None:
    """Say what was fitted and written to a file, and in words what to do `then`."""
    if as_json:
        say_json(
            {
                "file": str(file),
                **part(found, "league", "model_version", "fitted_on"),
                "sha256": found.checksum,
            }
        )
        return
    say(f"Wrote {file}: {found.model_version}, fitted on {', '.join(found.fitted_on)}")
    say(f"sha256 {found.checksum}")
    say(then)


def _fit(
    folder: Path,
    league: str,
    named: tuple[str, ...],
    out: Path,
    advance: Advance,
    *,
    unseen: str | None,
) -> tuple[Parameters, int]:
    """Fit a game model and write it to `out`; returns it with the number of games fitted on.

    `named` are the seasons to fit, all when empty; a first fit is judged on `unseen`, if given.
    """
    from tracker.modelling.games import BadDataset, read
    from tracker.modelling.games.evaluate import judged
    from tracker.modelling.games.fit import fit_text

    advance("reading", 0.0)
    data = read(folder, league)
    seasons = named or seasons_in(data)
    if unseen is not None and unseen not in seasons:
        raise Misused(f"--unseen names one of the seasons that are fitted: {', '.join(seasons)}")
    day = SystemClock().now().date().isoformat()
    try:
        judgement = None if unseen is None else judged(data, seasons, unseen, advance)
        text = fit_text(data, seasons, advance, {"fitted_at": day, "unseen": judgement})
    except BadDataset as why:
        raise Impossible(str(why)) from why
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as file:
        file.write_text(text, "utf-8")
    return decode(text, out.name), int(np.isin(data.games.season, list(seasons)).sum())


def retrain(
    context: typer.Context,
    *,
    folder: Annotated[
        Path | None,
        typer.Option("--on", metavar="FOLDER", help="Recorded games; else `models.history`."),
    ] = None,
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="games, players or both.")
    ] = GAMES.name,
    seasons: Annotated[
        list[str] | None,
        typer.Option(metavar="SEASONS", help="Such as 2024-25,2025-26; else all that are there."),
    ] = None,
    collect: Annotated[
        bool, typer.Option("--collect", help="Collect the games played since the last one first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fit on recorded games, judge the fit on a season that it has not seen, keep a candidate.

    It is never put in use by itself: try it with `tracker model trial start`, or look at it with
    `tracker model show` and put it in use with `tracker model activate`.
    """
    scope, wanted = scope_of(context), known_league(league)
    kinds = _wanted(kind)
    need_modelling("a retrain", "pyarrow", "sklearn")
    return_large_blocks()
    place = folder or scope.settings().history_folder
    if collect:
        _collect(scope, wanted, place)
    if kind == _BOTH and _seasons_of_players(place, wanted) < 2:  # noqa: PLR2004 - one to judge on
        note(f"{place / wanted} tells of no players in two seasons: their figures stay")
        kinds = (GAMES,)
    found = [_retrained(scope, wanted, x, place, seasons_of(seasons)) for x in kinds]
    if as_json:
        from tracker.app.models import model_json

        say_json([model_json(x) for x in found])
        return
    for entry in found:
        _tell_kept(entry)


def _seasons_of_players(folder: Path, league: str) -> int:
    """The number of seasons with player figures in a folder; 0 without the file."""
    if not (folder / league / "player_games.parquet").is_file():
        return 0
    from tracker.modelling.players import seasons_with_players

    return len(set(seasons_with_players(folder, league).tolist()))


def _wanted(kind: str) -> tuple[Kind[Any], ...]:
    known: dict[str, tuple[Kind[Any], ...]] = {
        GAMES.name: (GAMES,), PLAYERS.name: (PLAYERS,), _BOTH: (GAMES, PLAYERS),
    }  # fmt: skip
    if kind not in known:
        raise Impossible(f"a {kind!r} is not retrained: choose one of {', '.join(known)}")
    return known[kind]


def _collect(scope: Scope, league: str, folder: Path) -> None:
    """Add the games played since the last recorded one to a folder; prints what was added."""
    from tracker.cli.models.history import collect_days
    from tracker.modelling.history import HistoryFolder

    latest = HistoryFolder(folder, league).latest
    if latest is None:
        raise Impossible(
            f"{folder / league} holds no games yet: collect seasons with `tracker history --season`"
        )
    days = latest - _OVERLAP, slate_date(SystemClock().now())
    try:
        added = collect_days(scope, league, days, folder)
    except TrackerError as why:
        note(f"nothing was collected: {why}")
    else:
        note(f"{plural(added, 'game')} collected")


def _retrained(
    scope: Scope, league: str, kind: Kind[Any], folder: Path, seasons: Sequence[str]
) -> Entry:
    from tracker.modelling.games import BadDataset
    from tracker.modelling.retrain import retrained_games, retrained_players

    registry = scope.registry()
    champion, _ = in_use(registry, league)
    day = SystemClock().now().date().isoformat()
    work = retrained_games if kind is GAMES else retrained_players
    try:
        with bar() as advance:
            text = work(folder, champion, seasons, day, advance)
    except BadDataset as why:
        raise Impossible(str(why)) from why
    except MemoryError as why:
        raise Impossible(
            f"the games of {folder / league} need more memory than there is: "
            "keep fewer seasons in the folder"
        ) from why
    return _kept(registry, league, kind, f"retrained-{day}", text)


def _kept(
    registry: Registry[Parameters], league: str, kind: Kind[Any], name: str, text: str
) -> Entry:
    """Add a candidate to the registry; a different one of the same name gets a number added."""
    kept = registry.of(kind)
    known = {x.name for x in kept.list(league)}
    names = [name, *(f"{name}.{n}" for n in range(2, len(known) + 3))]
    for one in names:
        path = kept.home(league) / f"{one}.json"
        if one not in known or path.read_text("utf-8", errors="replace") == text:
            return kept.keep(league, one, text)
    raise Impossible(f"{names[-1]} is there already: delete what is not needed")


def _tell_kept(entry: Entry) -> None:
    say(f"{entry.league} {entry.kind}: candidate {entry.name}, {entry.model_version}")
    say(f"  fitted on     {', '.join(entry.fitted_on)}, {entry.about.games} games")
    unseen = entry.about.unseen
    if unseen is not None:
        say(f"  unseen        {unseen['season']}, {unseen['games']} games, by a fit without it")
        mine, other = unseen["moments"], unseen.get("in_use", {})
        names = list(next(iter(mine.values())))
        rows = [
            (at, *(_beside(scores[x], other.get(at, {}).get(x)) for x in names))
            for at, scores in sorted(mine.items(), key=_order)
        ]
        heads = (x + (" (in use)" if other else "") for x in names)
        table(("At", *heads), rows, right=range(1, len(names) + 1))
    note(f"It is not in use. Try it: tracker model trial start {entry.name}"
         + ("" if entry.kind == GAMES.name else f" --kind {entry.kind}"))  # fmt: skip


def _order(x: tuple[str, object]) -> int:
    return _MOMENTS.index(x[0]) if x[0] in _MOMENTS else len(_MOMENTS)


def _beside(mine: float, other: float | None) -> str:
    return f"{mine:.4f}" if other is None else f"{mine:.4f} ({other:.4f})"


async def calibrate(
    context: typer.Context, league: LeagueOf = DEFAULT_LEAGUE, as_json: AsJson = False
) -> None:
    """Learn from your own official results how chances should be corrected, market by market.

    Nothing is learnt from fewer than 500 results of a market, and no correction is kept that is not
    better on later bets, by log loss and by ECE, with the whole 95 % interval of the difference.
    What passes is kept as a candidate; `tracker model activate --kind calibration` puts it in use.
    """
    from tracker.modelling.calibration import calibrated

    scope, wanted = scope_of(context), known_league(league)
    day, entry = SystemClock().now().date().isoformat(), None
    rows = await read_if_any(scope, lambda at: at.store.outcomes.official_chances(wanted), ())
    made = await asyncio.to_thread(calibrated, wanted, rows, day)
    if made.text is not None:
        entry = _kept(scope.registry(), wanted, CALIBRATION, f"calibrated-{day}", made.text)
    if as_json:
        from tracker.app.models import model_json

        document = None if entry is None else model_json(entry)
        say_json({"league": wanted, "candidate": document, "segments": dict(made.evidence)})
        return
    if not made.evidence:
        say(f"No {wanted} bet has an official result that can teach anything yet.")
        return
    _tell_segments(made)
    if entry is None:
        say("Nothing is corrected: no market passes.")
        return
    say(f"Candidate {entry.name}: {entry.model_version}")
    note(f"tracker model activate {entry.name} --kind calibration --league {wanted}")


def _tell_segments(made: MadeCalibration) -> None:
    rows = []
    for name, x in made.evidence.items():
        if x["method"] is None:
            rows.append((name, str(x["bets"]), "", "", "", x["why"]))
            continue
        verdict = "passes" if x["used"] else "does not pass"
        rows.append((
            name, str(x["bets"]), x["method"], _change(x["log_loss"]), _change(x["ece"]), verdict,
        ))  # fmt: skip
    heads = ("Market", "Bets", "Map", "Log loss (95 % of change)", "ECE (95 % of change)", "")
    table(heads, rows, right=(1,))


def _change(x: dict[str, float]) -> str:
    return f"{x['raw']:.4f} → {x['calibrated']:.4f} ({x['low']:+.4f} … {x['high']:+.4f})"
