"""`tracker watch`: the status, drawn anew as it changes."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from tracker.cli.declare import declare
from tracker.cli.session import Scope, scope_of
from tracker.cli.watch.status import show
from tracker.clock import SystemClock
from tracker.domain.errors import Misused

_CLEAR = "\x1b[H\x1b[2J\x1b[3J"
_LEAST_S = 0.5


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, watch, panel)


def watch(
    context: typer.Context,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", help="How often to look; 0.5 at the least.")
    ] = 2.0,
) -> None:
    """Show `tracker status` and keep it fresh until you press Ctrl-C.

    It only reads what the daemon writes down, so looking often costs the feeds nothing.
    """
    if not every >= _LEAST_S:
        raise Misused(f"--every {every:g} is too often: {_LEAST_S} seconds is the least")
    if not sys.stdout.isatty():
        raise Misused("there is no terminal to draw on: `tracker status` prints it once")
    asyncio.run(_watch(scope_of(context), every))


async def _watch(scope: Scope, every: float) -> None:
    clock = SystemClock()
    while True:
        await show(scope, before=_CLEAR)
        await clock.sleep(every)
