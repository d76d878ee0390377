"""`tracker refresh`, `chores`, `backup` and `restore`: the daemon's daily work, done by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import part, plain
from tracker.cli import CommandEnded, Scope, read_if_any, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.models import known_league, models_of
from tracker.cli.screen import note, progress, say, say_json, table
from tracker.clock import SystemClock
from tracker.domain import Impossible, Misused
from tracker.domain.money import plural
from tracker.store import Store, StoreError, StoreMissing, StoreTooOld
from tracker.store.upkeep import Backup

if TYPE_CHECKING:
    from tracker.app.refresh import Refreshed


_PARTS = ("results", "players", "ratings", "form", "ends", "injuries")
_DEADLINE_S = 75.0

_MB = 1_000_000

_NOTHING = "No back-up yet: `tracker backup --full` makes one, and the daemon one every night."


async def refresh(
    context: typer.Context,
    only: Annotated[
        list[str] | None, typer.Option(metavar="PART", help=f"Only some of: {', '.join(_PARTS)}.")
    ] = None,
    league: Annotated[
        list[str] | None,
        typer.Option(metavar="LEAGUE", help="Only these; else those of your bets, and the NBA."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look up yesterday's results, boxes, ratings, form, ends and injuries, and missed days.

    The daemon does so every morning. Doing it again asks only for what is missing. Exit status 1
    when something could not be had, with what it is.
    """
    from tracker.app.refresh import Part, Refresh
    from tracker.feeds.feeds import open_feeds

    parts = [x for given in only or _PARTS for x in given.split(",")]
    if unknown := [x for x in parts if x not in _PARTS]:
        raise Misused(f"--only {unknown[0]!r} is nothing to look up: use {', '.join(_PARTS)}")
    leagues = [known_league(x) for given in league or () for x in given.split(",")]
    found: list[Refreshed] = []
    async with session(scope_of(context), write=True) as at:
        opening = open_feeds(at.settings.feeds, at.clock, deadline_s=_DEADLINE_S)
        async with opening as feeds:
            work = Refresh(at.store, feeds, at.clock, models_of(at))
            with progress("looking things up"):
                for name in leagues or await work.leagues():
                    found += await work.run(name, [Part(x) for x in parts])
    if as_json:
        say_json([part(x, "part", "league", "text", "whole", "changed") for x in found])
    else:
        for one in found:
            say(f"{one.league} {one.part}: {one.text}")
        if left := [x for x in found if not x.whole]:
            say(f"{len(left)} of {len(found)} lack something; the next round asks for it again.")
    if not all(x.whole for x in found):
        raise CommandEnded


async def chores(
    context: typer.Context,
    most: Annotated[int, typer.Option("--last", metavar="N", min=1, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the daemon's scheduled work: what it did, when it was due, and what it caught up on."""
    scope = scope_of(context)
    zone = scope.settings().zone
    found = await read_if_any(scope, lambda at: at.store.upkeep.chores(most=most), ())
    if as_json:
        names = ("due", "attempt", "began_at", "ended_at", "outcome", "detail")
        say_json([{"chore": x.name, **part(x, *names)} for x in found])
        return
    if not found:
        say("Nothing was done yet at a set time: the daemon does it while it runs.")
        return
    rows = [
        (
            f"{x.due.astimezone(zone):%Y-%m-%d %H:%M}",
            x.name,
            "at work" if x.outcome is None else x.outcome.value,
            x.detail,
        )
        for x in found
    ]
    table(("Due", "Chore", "Outcome", "What came of it"), rows)


async def backup(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to; else beside the database, dated."),
    ] = None,
    *,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="A back-up with settings, bets file and models, as each night."
        ),
    ] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Restore the newest back-up elsewhere and compare.")
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="List the back-ups that were made.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the database to a file (mode 0600) that has passed SQLite's check.

    It may be done at any time: the daemon goes on, and makes a full back-up of its own every night
    (`[backup]`). Before an upgrade too: a database of an older schema is copied as it is, and
    `tracker restore`, which puts a back-up in place, upgrades it.
    """
    if full + drill + listed + (file is not None) > 1:
        raise Misused("--full, --drill, --list and FILE exclude each other: give one of them")
    scope = scope_of(context)
    if listed:
        await _list(scope, as_json)
    elif full:
        await _full(scope, as_json)
    elif drill:
        await _drill(scope, as_json)
    else:
        await _backup(scope, file, as_json)


async def _backup(scope: Scope, file: Path | None, as_json: bool) -> None:
    place, now = scope.settings().store.path, SystemClock().now()
    try:
        async with await Store.open(place, now=now, readonly=True, older=True) as store:
            target = file or place.with_name(f"{place.stem}-{now:%Y%m%dT%H%M%SZ}.bak")
            if not target.parent.is_dir():
                raise Impossible(f"there is no folder {target.parent}: make it first")
            if target.exists():
                raise Impossible(f"{target} is there already: name another file")
            with progress("copying the database"):
                await store.back_up(target)
    except StoreMissing as missing:
        raise Impossible(f"there is nothing to copy yet: {missing}") from None
    size = target.stat().st_size
    if as_json:
        say_json({"file": str(target), "size_bytes": size})
    else:
        say(f"Copied to {target} ({size / _MB:.1f} MB), and checked.")


async def _full(scope: Scope, as_json: bool) -> None:
    from tracker.app.backups import TrackerFiles, back_up

    settings = scope.settings()
    try:
        now = await _now(scope)
        with progress("copying the database"):
            made = await back_up(TrackerFiles.of(settings, scope.config), settings, now)
    except StoreMissing as missing:
        raise Impossible(f"there is nothing to copy yet: {missing}") from None
    if as_json:
        say_json(_backup_json(made.backup) | {"dropped": list(made.dropped)})
        return
    one = made.backup
    size = f"{one.bytes / _MB:.1f} MB, {plural(one.rows, 'row')}"
    say(f"Backed up to {one.path} ({size}), and checked.")
    for name in made.dropped:
        note(f"dropped {name}: newer ones stand for its day and week")
    if not made.current:
        note("The database is of an older schema; the daemon upgrades it when it starts.")


async def _now(scope: Scope) -> datetime:
    """The time by the daemon's clock; of a database of an older schema, by the machine's."""
    try:
        async with session(scope) as at:
            return at.now
    except StoreTooOld:
        return SystemClock().now()


async def _drill(scope: Scope, as_json: bool) -> None:
    from tracker.app.backups import TrackerFiles
    from tracker.app.restoring import drill

    settings = scope.settings()
    async with session(scope) as at:
        now = at.now
    with progress("restoring the newest back-up elsewhere"):
        found = await drill(TrackerFiles.of(settings, scope.config), settings, now)
    if as_json:
        say_json(_backup_json(found))
    else:
        say(f"{found.path} came back as it was: every row, and the same hash.")


async def _list(scope: Scope, as_json: bool) -> None:
    from tracker.app.backups import is_there, listed

    recorded: Sequence[Backup] = ()
    try:
        async with session(scope) as at:
            recorded = await at.store.upkeep.backups()
    except StoreError as why:
        # The list is wanted most when the database is gone or damaged.
        note(str(why))
    settings = scope.settings()
    found, zone = listed(settings.backup_folder, recorded), settings.zone
    if as_json:
        say_json([_backup_json(x) for x in found])
        return
    there = [x for x in found if is_there(x)]
    if not there:
        say(_NOTHING)
        return
    rows = [
        (
            f"{x.at.astimezone(zone):%Y-%m-%d %H:%M}",
            f"{x.bytes / _MB:.1f} MB",
            str(x.rows),
            "" if x.drilled_at is None else f"{x.drilled_at.astimezone(zone):%Y-%m-%d}",
            x.outcome,
            x.path,
        )
        for x in there
    ]
    table(("Made", "Size", "Rows", "Tried out", "Outcome", "Where"), rows, right=(1, 2))


def _backup_json(x: Backup) -> dict[str, object]:
    return {
        **part(x, "at", "path"),
        "size_bytes": x.bytes,
        **part(x, "sha256", "rows", "drilled_at", "outcome"),
    }


async def restore(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A back-up's folder, or a copy of a database.")
    ],
    as_json: AsJson = False,
) -> None:
    """Put a back-up in the place of the database; the old one is kept beside it, with its log.

    Settings, bets file and models are brought where there are none. It is refused while a daemon
    runs, and for a database of a later version of tracker.
    """
    from tracker.app.backups import TrackerFiles
    from tracker.app.restoring import restore as put_back

    scope = scope_of(context)
    place = TrackerFiles.to_restore(file, scope.settings, scope.config)
    with progress("restoring"):
        found = await put_back(file, place, SystemClock().now())
    if as_json:
        say_json(plain(found))
        return
    say(f"Restored {plural(found.rows, 'row')} to {place.database}, and opened them.")
    if found.moved is not None:
        say(f"What was there is kept as {found.moved}.")
    for path in found.brought:
        say(f"Brought {path}.")
    for path in found.kept:
        note(f"{path} was there already and was left alone")
    if found.credentials:
        note(f"secrets are in no back-up; bring yourself: {', '.join(found.credentials)}")
