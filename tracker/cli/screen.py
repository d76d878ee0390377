"""What is written to the terminal: plain text, colour only where somebody sees it, and JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 200
"""Columns for output that is not read on a terminal: wide enough that nothing is cut."""

_MORNING = 6
"""A game that tips off before this hour belongs to the evening before."""

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def coloured(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose person wants colour (NO_COLOR, no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in a colour, where the stream (standard output) shows colours."""
    if not coloured(stream or sys.stdout):
        return text
    return f"\x1b[{';'.join(_CODES[x] for x in style.split())}m{text}\x1b[0m"


def say(text: str = "") -> None:
    """One line, or several, on standard output."""
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    """What went wrong, on standard error: every line a sentence of its own."""
    for line in text.splitlines():
        sys.stderr.write(f"{paint('error:', 'red bold', sys.stderr)} {line}\n")


def note(text: str) -> None:
    """Something worth knowing that is no result, on standard error."""
    sys.stderr.write(f"{text}\n")


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        from tracker.app.views import iso

        return iso(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def say_json(value: Any) -> None:
    """A value as JSON: indented for a person on a terminal, else one line."""
    indent = 2 if sys.stdout.isatty() else None
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, default=_json_value, indent=indent
    )
    say(text)


def console(stderr: bool = False) -> Console:
    """A rich console with colours as `coloured` says."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None
    if not stream.isatty() and not os.environ.get("COLUMNS"):
        width = _PIPE_WIDTH
    return Console(
        file=stream, no_color=not coloured(stream), highlight=False, width=width, markup=False
    )


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Say on the terminal what takes time, while it does; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(text, spinner="line"):
        yield


def asks() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def when(at: datetime, now: datetime, zone: ZoneInfo, *, short: bool = False) -> str:
    """A time in the person's zone: `tonight 22:00 EST`, `Sat 19:30 EST`; `short` has no zone."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    days = (local.date() - today.date()).days
    clock = local.strftime("%H:%M" if short else "%H:%M %Z")
    evening = 17
    late = local.hour < _MORNING and today.hour >= evening
    match days:
        case 0:
            day = "tonight" if local.hour >= evening else "today"
        case 1 if late:
            day = "tonight"
        case 1:
            day = "tomorrow"
        case -1:
            day = "yesterday"
        case _ if 1 < days < 7:  # noqa: PLR2004 - a week
            day = local.strftime("%a")
        case _:
            day = local.strftime("%Y-%m-%d")
            clock = "" if short else clock
    return f"{day} {clock}".rstrip()


def wait_text(seconds: float) -> str:
    """How long until something: `3 h 12 m`, `4 m`, `30 s`; days from two on."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{hours // 24} d"
    if hours:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    return f"{minutes} m" if minutes else f"{whole} s"
