"""A bar on the terminal for work of several steps that takes more than a moment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tracker.cli.screen import console

Advance = Callable[[str, float], None]
"""Told the name of the step that is being done, and the part of it that is done, 0 to 1."""


@contextmanager
def bar() -> Iterator[Advance]:
    """Show how far work has come, on standard error; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _step, _part: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(40), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=1.0)

        def advance(step: str, part: float) -> None:
            shown.update(task, description=step, completed=part)

        yield advance
