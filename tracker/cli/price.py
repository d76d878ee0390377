"""`tracker price`: what-if, and the stable batch interface. JSON lines in, JSON lines out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer

from tracker.cli.declare import declare
from tracker.cli.ending import Ended
from tracker.cli.screen import note


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, price, panel)


def price(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="States, one in a line; else standard input."),
    ] = None,
    pmf: Annotated[
        bool,
        typer.Option("--pmf", help="Also the chance of every final margin, total and score."),
    ] = False,
) -> None:
    """Price bets in given game states, without a daemon: JSON lines in, JSON lines out.

    A state is {"id":"x","league":"nba","home":"DEN","away":"LAL","period":3,"clock":"04:11",
    "score":{"home":61,"away":58},"lines":{"home_spread":-4.5,"total":228.5},"bets":["DEN -4.5"]}.
    A line that is wrong gives {"id","error":{"field","message"}} in its place, the rest go on, and
    the exit status is 1 at the end.
    """
    if file is None and sys.stdin.isatty():
        note("Reading states from the terminal, one JSON object a line; end with Ctrl-D.")
    from tracker.forecast.batch import price_lines

    wrong = 0
    with _lines(file) as lines:
        for answer, good in price_lines(lines, pmf=pmf):
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()
            wrong += not good
    if wrong:
        note(f"{wrong} {'line' if wrong == 1 else 'lines'} could not be priced: see `error`")
        raise Ended


@contextmanager
def _lines(file: Path | None) -> Iterator[TextIO]:
    if file is None or str(file) == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield sys.stdin
    else:
        with file.open(encoding="utf-8", errors="replace") as opened:
            yield opened
