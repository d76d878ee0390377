"""`tracker backup`: a checked copy of the database, while the daemon runs or not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import progress, say, say_json
from tracker.cli.session import session
from tracker.domain.errors import Impossible

_MB = 1_000_000


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, backup, panel)


def backup(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to; else beside the database, dated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database to a file (mode 0600) that has passed SQLite's check.

    It may be done at any time: the daemon goes on. To restore one, stop the daemon and put the
    file in the database's place.
    """
    asyncio.run(_backup(scope_of(context), file, as_json))


async def _backup(scope: Scope, file: Path | None, as_json: bool) -> None:
    from tracker.store import StoreMissing

    try:
        # Opened for reading first: a copy of what is not there would be an empty database.
        async with session(scope):
            pass
    except StoreMissing as missing:
        raise Impossible(f"there is nothing to copy yet: {missing}") from None
    async with session(scope, write=True) as at:
        target = file or at.basics.store.with_name(
            f"{at.basics.store.stem}-{at.now:%Y%m%dT%H%M%SZ}.bak"
        )
        if not target.parent.is_dir():
            raise Impossible(f"there is no folder {target.parent}: make it first")
        if target.exists():
            raise Impossible(f"{target} is there already: name another file")
        with progress("copying the database"):
            await at.store.back_up(target)
    size = target.stat().st_size
    if as_json:
        say_json({"file": str(target), "size_bytes": size})
    else:
        say(f"Copied to {target} ({size / _MB:.1f} MB), and checked.")
