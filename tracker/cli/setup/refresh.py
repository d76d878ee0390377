"""`tracker refresh` and `tracker chores`: what is looked up every day, and what was done when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import iso
from tracker.cli.declare import AsJson, declare
from tracker.cli.ending import Ended
from tracker.cli.look import table
from tracker.cli.models.in_use import ModelsInUse, known_league
from tracker.cli.screen import note, progress, say, say_json
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.errors import Misused
from tracker.registry import registry_beside

if TYPE_CHECKING:
    from tracker.app.refresh import Refreshed

_PARTS = ("results", "players", "ratings", "form", "ends", "injuries")
_DEADLINE_S = 75.0


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make one of the verbs known."""
    verbs: dict[str, Callable[..., None]] = {"refresh": refresh, "chores": chores}
    declare(app, name, verbs[name], panel)


def refresh(
    context: typer.Context,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help=f"Only some of: {', '.join(_PARTS)}."),
    ] = None,
    league: Annotated[
        list[str] | None,
        typer.Option(metavar="LEAGUE", help="Only these; else those of your bets, and the NBA."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look up yesterday's results, boxes, ratings, form, ends and injuries, and missed days.

    The daemon does so every morning. Doing it again asks for nothing that is there. Exit status 1
    when something is missing, which is said.
    """
    parts = [x for given in only or _PARTS for x in given.split(",")]
    if unknown := [x for x in parts if x not in _PARTS]:
        raise Misused(f"--only {unknown[0]!r} is nothing to look up: use {', '.join(_PARTS)}")
    leagues = [known_league(x) for given in league or () for x in given.split(",")]
    found = asyncio.run(_refresh(scope_of(context), parts, leagues))
    if as_json:
        say_json([_json(x) for x in found])
    else:
        for one in found:
            say(f"{one.league} {one.part}: {one.text}")
        if left := [x for x in found if not x.whole]:
            say(f"{len(left)} of {len(found)} lack something; the next round asks for it again.")
    if not all(x.whole for x in found):
        raise Ended


async def _refresh(scope: Scope, parts: list[str], leagues: list[str]) -> tuple[Refreshed, ...]:
    from tracker.app.refresh import Part, Refresh
    from tracker.feeds.feeds import open_feeds

    settings = scope.settings()
    found: tuple[Refreshed, ...] = ()
    wanted = [Part(x) for x in parts]
    async with session(scope, write=True) as at:
        load = ModelsInUse(registry_beside(settings.store.path), note)
        opening = open_feeds(settings.feeds, at.clock, deadline_s=_DEADLINE_S)
        async with opening as feeds:
            work = Refresh(at.store, feeds, at.clock, load)
            with progress("looking things up"):
                for name in leagues or await work.leagues():
                    found += await work.run(name, wanted)
    return found


def _json(x: Refreshed) -> dict[str, object]:
    return {
        "part": x.part.value,
        "league": x.league,
        "text": x.text,
        "whole": x.whole,
        "changed": x.changed,
    }


def chores(
    context: typer.Context,
    most: Annotated[int, typer.Option("--last", metavar="N", min=1, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what the daemon did by itself at set times, and what it had to make up for."""
    asyncio.run(_chores(scope_of(context), most, as_json))


async def _chores(scope: Scope, most: int, as_json: bool) -> None:
    from tracker.store import StoreMissing

    try:
        async with session(scope) as at:
            found, zone = await at.store.upkeep.chores(most=most), at.basics.zone
    except StoreMissing:
        found, zone = (), scope.basics().zone
    if as_json:
        say_json(
            [
                {
                    "chore": x.name,
                    "due": iso(x.due),
                    "attempt": x.attempt,
                    "began_at": iso(x.began_at),
                    "ended_at": None if x.ended_at is None else iso(x.ended_at),
                    "outcome": None if x.outcome is None else x.outcome.value,
                    "detail": x.detail,
                }
                for x in found
            ]
        )
        return
    if not found:
        say("Nothing was done yet: the daemon does it, or `tracker refresh` and `tracker backup`.")
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
