"""What is written to the terminal: plain text, colour only where somebody sees it, and JSON."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
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

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LABEL = re.compile(r"\s*(?:[A-Z]\w*(?: \d+)?\s{2,}|[✔⚠✘] |error: |\d\d:\d\d:\d\d\s+)?")

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


_SPELT = {
    "✔": "+", "✘": "x", "✓": "+", "⚠": "!", "▲": "^", "▼": "v", "●": "*", "·": "-", "•": "-",
    "–": "-", "—": "-", "…": "...", "→": "->", "←": "<-", "≥": ">=", "≤": "<=", "×": "x", "−": "-",
    "│": "|", "─": "-", "½": "1/2", "\u202f": " ", "\u00a0": " ",
}  # fmt: skip
"""What stands for a sign where a terminal has plain letters only."""


def _spell(error: UnicodeError) -> tuple[str, int]:
    """How to write what an encoding lacks: a sign that stands for it, a plain letter, or `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = (
        _SPELT.get(x) or unicodedata.normalize("NFKD", x).encode("ascii", "ignore").decode() or "?"
        for x in error.object[error.start : error.end]
    )
    return "".join(found), error.end


def make_printable(*streams: TextIO) -> None:
    """Let no stream refuse a letter that its encoding lacks, after the work was done."""
    codecs.register_error("tracker.spell", _spell)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and not _unicode(stream):
            stream.reconfigure(errors="tracker.spell")


def _unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


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
    sys.stdout.write(f"{fitted(text, sys.stdout)}\n")


def complain(text: str) -> None:
    """What went wrong, on standard error: every line a sentence of its own."""
    for line in text.splitlines():
        told = f"{paint('error:', 'red bold', sys.stderr)} {line}"
        sys.stderr.write(f"{fitted(told, sys.stderr)}\n")


def note(text: str) -> None:
    """Something worth knowing that is no result, on standard error."""
    sys.stderr.write(f"{fitted(text, sys.stderr)}\n")


def fitted(text: str, stream: TextIO) -> str:
    """The text with its lines broken between words, where a terminal would break within them."""
    if not stream.isatty():
        return text
    try:
        width = int(os.environ.get("COLUMNS", "")) or 0
    except ValueError:
        width = os.get_terminal_size(stream.fileno()).columns
    return "\n".join(broken(line, width) for line in text.split("\n")) if width else text


def broken(line: str, width: int) -> str:
    """A line as several of at most `width` columns, as far as words allow; colours do not count.

    What follows stands under the text of the first, behind its spaces or its label.
    """
    if _columns(line) <= width:
        return line
    label = _LABEL.match(_COLOUR.sub("", line))
    hang = " " * (len(label[0]) if label and len(label[0]) < width // 3 else 0)
    lines, current = [], ""
    for word in re.split(r"(?<=\S) (?=\S)", line):
        longer = f"{current} {word}" if current else word
        # A word that no line has room for is the terminal's own to break.
        if current and _columns(longer) > width >= _columns(hang + word):
            lines.append(current)
            longer = hang + word
        current = longer
    return "\n".join([*lines, current])


def _columns(line: str) -> int:
    """The columns that a line takes."""
    plain = _COLOUR.sub("", line)
    return sum(2 if unicodedata.east_asian_width(x) in "WF" else 1 for x in plain)


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        from tracker.app.views import iso

        return iso(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def say_json(value: Any) -> None:
    """A value as JSON: indented for a person on a terminal, else one line."""
    indent = 2 if sys.stdout.isatty() else None
    text = json.dumps(
        value,
        ensure_ascii=not _unicode(sys.stdout),
        allow_nan=False,
        default=_json_value,
        indent=indent,
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
