"""`tracker watch`: tonight's bets on a screen to act in, or the status drawn anew as it changes."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from importlib.util import find_spec
from typing import Annotated

import typer

from tracker.cli.declare import declare
from tracker.cli.screen import note
from tracker.cli.session import Scope, scope_of
from tracker.cli.watch.status import show
from tracker.clock import SystemClock
from tracker.domain.errors import Misused

_LEAST_S = 0.5
_USUAL_S = 2.0
_ROWS = 24

_ALTERNATE, _BACK = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""The terminal's other screen without a cursor, and back: nothing that stood there is lost."""

_TOP, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"

_NO_SCREEN = (
    "The screen to act in needs Textual, which is not installed "
    '(pip install "ingame-tracker[screen]"); this is the plain one.'
)


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, watch, panel)


def watch(
    context: typer.Context,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", help="How often to look; 0.5 at the least.")
    ] = _USUAL_S,
    plain: Annotated[
        bool, typer.Option("--plain", help="`tracker status` drawn in place, nothing to press.")
    ] = False,
) -> None:
    """Show tonight's bets live, and act: add, snooze, withdraw; the chart and why it moved.

    It only reads what the daemon writes down, so looking often costs the feeds nothing. --plain
    shows `tracker status` and keeps it fresh until you press Ctrl-C.
    """
    if not every >= _LEAST_S:
        raise Misused(f"--every {every:g} is too often: {_LEAST_S} seconds is the least")
    if not sys.stdout.isatty():
        raise Misused("there is no terminal to draw on: `tracker status` prints it once")
    if not plain and find_spec("textual") is not None:
        from tracker.cli.watch.interactive import run_screen

        asyncio.run(run_screen(scope_of(context), SystemClock(), every))
        return
    if not plain:
        note(_NO_SCREEN)
    # Ctrl-C is the way to leave it, and no trouble.
    with suppress(KeyboardInterrupt), _other_screen():
        asyncio.run(_plain(scope_of(context), every, "" if plain else _NO_SCREEN))


@contextmanager
def _other_screen() -> Iterator[None]:
    sys.stdout.write(_ALTERNATE)
    try:
        yield
    finally:
        sys.stdout.write(_BACK)
        sys.stdout.flush()


async def _plain(scope: Scope, every: float, head: str) -> None:
    clock = SystemClock()
    while True:
        frame = TerminalFrame(sys.stdout.fileno())
        with redirect_stdout(frame):
            await show(scope)
        # A terminal that does not tell its size has none.
        rows = os.get_terminal_size(sys.stdout.fileno()).lines or _ROWS
        text = f"{head}\n{frame.getvalue()}" if head else frame.getvalue()
        sys.stdout.write(in_place(text, rows))
        sys.stdout.flush()
        await clock.sleep(every)


class TerminalFrame(io.StringIO):
    """What is written for a terminal, before it is drawn: as coloured and as wide."""

    def __init__(self, terminal: int) -> None:
        """`terminal` is the file descriptor of the terminal that it is for."""
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """It is for a terminal."""
        return True

    def fileno(self) -> int:
        """The terminal's, whose width counts."""
        return self._terminal


def in_place(text: str, rows: int) -> str:
    """A text over the one before it: each line in its place, none cleared first, none scrolled."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) > rows:
        hidden = len(lines) - rows + 1
        lines = [*lines[: rows - 1], f"… {hidden} more lines: make the window taller"]
    return _TOP + "\n".join(f"{x}{_REST_OF_LINE}" for x in lines) + _REST
