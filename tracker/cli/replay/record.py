"""`tracker replay record`: recordings out of the raw answers that the database keeps."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, progress, say
from tracker.cli.session import session
from tracker.cli.setup.run import parse_instant
from tracker.domain.errors import Impossible

if TYPE_CHECKING:
    from tracker.replay.recording import Recording

_FIRST, _LAST = "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"


def record(
    context: typer.Context,
    game: Annotated[
        str | None,
        typer.Argument(metavar="GAME", help="LAL@DEN or an id; else every game there is."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Leave out what came before.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Leave out what came after.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to write the files.")
    ] = Path(),
) -> None:
    """Turn the feed's raw answers, which the database keeps, into recordings.

    A recording can be served and run like those that come with the program.
    """
    first = (
        datetime.fromisoformat("1970-01-01T00:00:00Z") if since is None else parse_instant(since)
    )
    last = datetime.fromisoformat("9999-01-01T00:00:00Z") if until is None else parse_instant(until)
    bodies = asyncio.run(_bodies(scope_of(context), first, last))
    from tracker.replay.files import file_name, write_recording
    from tracker.replay.record import recording_from_bodies

    with progress("making recordings"):
        bad: list[str] = []
        made = recording_from_bodies(bodies, lambda problem: bad.append(str(problem)))
        found = [x for x in made if game is None or _called(x, game)]
    for problem in bad if game is None or not found else ():
        note(problem)
    if not found:
        what = "no game" if game is None else f"no game called {game!r}"
        raise Impossible(
            f"{what} can be made out of the {len(bodies)} answers that are kept: "
            "they are dropped after [store] keep_bodies_days"
        )
    out.mkdir(parents=True, exist_ok=True)
    for one in found:
        target = out / file_name(one)
        write_recording(one, target)
        say(f"Wrote {target}")


def _called(recording: Recording, name: str) -> bool:
    return name.upper() in (recording.name, recording.id)


async def _bodies(
    scope: Scope, first: datetime, last: datetime
) -> list[tuple[datetime, str, bytes]]:
    async with session(scope) as at:
        with progress("reading the raw answers"):
            return [x async for x in at.store.bodies(None, first, last)]
