"""`tracker price`: what-if, and the stable batch interface. JSON lines in, JSON lines out."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from tracker.cli.declare import declare
from tracker.cli.screen import bar, note
from tracker.cli.session import CommandEnded, Scope, scope_of
from tracker.domain.errors import TrackerError
from tracker.domain.money import plural

if TYPE_CHECKING:
    from tracker.cli.screen import Advance
    from tracker.forecast import Parameters

_TOLD_EVERY = 256
"""Answers after which a bar on the terminal moves on."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, price, panel)


def price(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="States, one in a line; else standard input."),
    ] = None,
    pmf: Annotated[
        bool,
        typer.Option("--pmf", help="Also the chance of every final margin, total and score."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="A name or a file; else the model in use."),
    ] = None,
) -> None:
    """Price bets in given game states, without a daemon: JSON lines in, JSON lines out.

    A state is {"id":"x","league":"nba","home":"DEN","away":"LAL","period":3,"clock":"04:11",
    "score":{"home":61,"away":58},"lines":{"home_spread":-4.5,"total":228.5},"bets":["DEN -4.5"]}.
    A line that is wrong gives {"id","error":{"field","message"}} in its place, the rest go on, and
    the exit status is 1 at the end.
    """
    load = _loader(scope_of(context), model)
    if file is None and sys.stdin.isatty():
        note("Reading states from the terminal, one JSON object a line; end with Ctrl-D.")
    from tracker.app.price_batch import price_lines

    wrong = 0
    with _lines(file) as lines, _bar(lines) as advance:
        # Whoever writes line by line waits for each answer; a file does not.
        at_once = not _on_disk(lines)
        for number, (answer, good) in enumerate(price_lines(lines, pmf=pmf, load=load), 1):
            sys.stdout.write(f"{answer}\n")
            if at_once:
                sys.stdout.flush()
            wrong += not good
            if number % _TOLD_EVERY == 0:
                advance(f"{plural(number, 'state')}", _part(lines))
    if wrong:
        note(f"{wrong} {'line' if wrong == 1 else 'lines'} could not be priced: see `error`")
        raise CommandEnded


def _loader(scope: Scope, model: str | None) -> Callable[[str], Parameters]:
    """What gives the parameters of a league: the model that is named, else the one in use."""
    from tracker.cli.models.in_use import ModelsInUse, named_model
    from tracker.registry import registry_beside

    registry = registry_beside(scope.basics().store)
    in_use = ModelsInUse(registry, note)
    kept: dict[str, Parameters | TrackerError] = {}

    def load(league: str) -> Parameters:
        if league not in kept:
            try:
                kept[league] = named_model(registry, league, model) if model else in_use(league)
            except TrackerError as why:
                # Thousands of lines may ask for what cannot be had.
                kept[league] = why
        found = kept[league]
        if isinstance(found, TrackerError):
            raise found
        return found

    return load


@contextmanager
def _lines(file: Path | None) -> Iterator[TextIO]:
    if file is None or str(file) == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield sys.stdin
    else:
        with file.open(encoding="utf-8", errors="replace") as opened:
            yield opened


@contextmanager
def _bar(lines: TextIO) -> Iterator[Advance]:
    """A bar while answers go elsewhere; none between answers on the terminal."""
    if sys.stdout.isatty() or not _on_disk(lines):
        yield lambda _step, _part: None
        return
    with bar() as advance:
        yield advance


def _on_disk(lines: TextIO) -> bool:
    """Whether all that is to be read is there already."""
    try:
        return stat.S_ISREG(os.fstat(lines.fileno()).st_mode)
    except OSError:
        return False


def _part(lines: TextIO) -> float:
    """How much of a file has been read, 0 to 1: its own place, whatever is still in the buffer."""
    number = lines.fileno()
    size = os.fstat(number).st_size
    try:
        return os.lseek(number, 0, os.SEEK_CUR) / size if size else 1.0
    except OSError:
        return 0.0
