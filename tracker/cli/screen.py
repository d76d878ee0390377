"""Output of commands: text, tables, JSON, progress, and the words for a bet and its state.

Colour is used on a terminal only, and output into a pipe is never cut.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import signal
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

from tracker.domain.bet import Leg, Parlay, Result, Status, price_of
from tracker.domain.chance import NoChance
from tracker.domain.market import Total, describe
from tracker.domain.money import Odds, money_text, payout_if_won, plural
from tracker.wording import leg_standing
from tracker.wording.figures import hit_text, money_for, to_decide

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from tracker.store.views import BetView, ShowView


_PIPE_WIDTH = 200
"""Columns of output into a pipe or file: wide enough that nothing is cut."""

_MORNING = 6
"""The hour of the day; a game that tips off before it counts to the evening before."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LABEL = re.compile(r"\s*(?:[A-Z]\w*(?: \d+)?\s{2,}|[✔⚠✘] |error: |\d\d:\d\d:\d\d\s+)?")

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

_SPELT = {
    "✔": "+", "✘": "x", "✓": "+", "⚠": "!", "▲": "^", "▼": "v", "●": "*", "·": "-", "•": "-",
    "–": "-", "—": "-", "…": "...", "→": "->", "←": "<-", "≥": ">=", "≤": "<=", "×": "x", "−": "-",
    "│": "|", "─": "-", "½": "1/2", "±": "+/-", "✅": "+", "❌": "x", "↔": "=",
    "◆": "o", "\u202f": " ", "\u00a0": " ",
}  # fmt: skip
"""What is printed for a sign when the output's encoding lacks it."""

# The curves of a chart, and its levels, which have one dot in a letter.
_SPELT |= {chr(0x2800 + x): "." if x.bit_count() == 1 else "*" for x in range(1, 256)}

_GAP = 2
"""Spaces between two columns."""

RESULT_STYLES = {
    Result.WON: "green",
    Result.LOST: "red",
    Result.PUSH: "yellow",
    Result.VOID: "yellow",
}


def _spell(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: replaces letters that an encoding lacks by ASCII, else by `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = (
        _SPELT.get(x) or unicodedata.normalize("NFKD", x).encode("ascii", "ignore").decode() or "?"
        for x in error.object[error.start : error.end]
    )
    return "".join(found), error.end


def make_printable(*streams: TextIO) -> None:
    """Make streams replace letters that their encoding lacks, so that printing never fails."""
    codecs.register_error("tracker.spell", _spell)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and not _unicode(stream):
            stream.reconfigure(errors="tracker.spell")


def _unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def coloured(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colour, unless NO_COLOR is set (no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in a style, if the stream (else standard output) shows colour."""
    if not coloured(stream or sys.stdout):
        return text
    return f"\x1b[{';'.join(_CODES[x] for x in style.split())}m{text}\x1b[0m"


def label(text: str) -> str:
    """The word before a line's text, as wide as all such words of an answer."""
    return paint(f"{text:<9}", "dim")


def say(text: str = "") -> None:
    """Print a text, of one line or several, to standard output."""
    sys.stdout.write(f"{fitted(text, sys.stdout)}\n")


def complain(text: str) -> None:
    """Print what went wrong to standard error; each line is marked as an error of its own."""
    for line in text.splitlines():
        shown = f"{paint('error:', 'red bold', sys.stderr)} {line}"
        sys.stderr.write(f"{fitted(shown, sys.stderr)}\n")


def note(text: str) -> None:
    """Print a remark that is not part of the result to standard error."""
    sys.stderr.write(f"{fitted(text, sys.stderr)}\n")


def fitted(text: str, stream: TextIO) -> str:
    """The text with long lines broken between words, if the stream is a terminal."""
    if not stream.isatty():
        return text
    try:
        width = int(os.environ.get("COLUMNS", "")) or 0
    except ValueError:
        width = os.get_terminal_size(stream.fileno()).columns
    return "\n".join(broken(line, width) for line in text.split("\n")) if width else text


def broken(line: str, width: int) -> str:
    """A line broken between words into lines of at most `width` columns, colour codes not counted.

    The further lines are indented to the text of the first, past its spaces or its label. A word
    longer than a line is left to the terminal.
    """
    if _columns(line) <= width:
        return line
    label = _LABEL.match(_COLOUR.sub("", line))
    hang = " " * (len(label[0]) if label and len(label[0]) < width // 3 else 0)
    lines, current = [], ""
    for word in re.split(r"(?<=\S) (?=[^\s%])", line):
        longer = f"{current} {word}" if current else word
        # A word longer than a whole line gains nothing from a line of its own.
        if current and _columns(longer) > width >= _columns(hang + word):
            lines.append(current)
            longer = hang + word
        current = longer
    return "\n".join([*lines, current])


def _columns(line: str) -> int:
    """The terminal columns that a line takes, colour codes not counted."""
    plain = _COLOUR.sub("", line)
    return sum(2 if unicodedata.east_asian_width(x) in "WF" else 1 for x in plain)


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        from tracker.app.views import iso

        return iso(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def say_json(value: Any) -> None:
    """Print a value as JSON: indented on a terminal, else on one line."""
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
    """A rich console on standard output or standard error, coloured where `coloured` says so."""
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
    """Show a spinner with the text while the block runs, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(text, spinner="line"):
        yield


@contextmanager
def question() -> Iterator[None]:
    """Let Ctrl-C and Ctrl-D at a question end the command at once: both raise KeyboardInterrupt.

    In a coroutine asyncio takes Ctrl-C for itself, and the question would go on waiting.
    """
    import typer

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except typer.Abort:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, before)


def asks() -> bool:
    """Whether a person can be asked: both standard input and output are a terminal."""
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


Advance = Callable[[str, float], None]
"""Updates a progress bar: takes the name of the present step and its finished part, 0 to 1."""


@contextmanager
def bar() -> Iterator[Advance]:
    """Show a progress bar while the block runs, if standard error is a terminal."""
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


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()
) -> None:
    """Print a table without its empty columns; `right` holds the indexes of right-aligned ones.

    On a terminal too narrow for its words, each row is printed on lines of its own.
    """
    from rich.table import Table
    from rich.text import Text

    rows = [[x.replace(" %", f"{_GLUE}%") for x in row] for row in rows]

    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
    columns = _filled(heads, rows)
    used = list(columns)
    found = column_widths(list(columns.values()), [i in right for i in used], console().width)
    widths = [x for x in found if x is not None]
    if len(widths) < len(used):
        named = 1 if len(used) > 1 and used[1] in right else 2
        _print_rows([heads[i] for i in used], [[row[i] for i in used] for row in rows], named)
        return
    for index, width in zip(used, widths, strict=True):
        grid.add_column(
            heads[index],
            justify="right" if index in right else "left",
            overflow="fold",
            width=width,
        )
    for row in rows:
        cells = (Text.from_ansi(row[index]) for index in used)
        grid.add_row(*(_parted(x, width) for x, width in zip(cells, widths, strict=True)))
    _print(grid)


_GLUE = "\ue000"
"""Stands for the space before a percent sign while lines are broken: rich breaks at any other."""


def _print(what: RenderableType) -> None:
    screen = console()
    with screen.capture() as shown:
        screen.print(what)
    sys.stdout.write(shown.get().replace(_GLUE, " "))


def _print_rows(heads: Sequence[str], rows: Sequence[Sequence[str]], named: int) -> None:
    """Print each row's first cells, and below them its other cells, each after its column's head.

    `named` is the number of first cells. They say what a row is about: a bet's number and text.
    """
    from rich.padding import Padding
    from rich.text import Text

    for row in rows:
        cells = [(head, Text.from_ansi(x)) for head, x in zip(heads, row, strict=True)]
        name = Text("  ").join(x for _, x in cells[:named] if x.plain)
        rest = [
            Text().append(f"{head} ", "dim").append_text(x) for head, x in cells[named:] if x.plain
        ]
        _print(name)
        if rest:
            _print(Padding(Text(" · ").join(rest), (0, 0, 0, 4), expand=False))


def fits(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether every row of a table fits on one line of the terminal."""
    columns = _filled(heads, rows).values()
    return sum(max(map(_columns, x)) + _GAP for x in columns) - _GAP <= console().width


def _filled(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, list[str]]:
    """The texts of each column that is not empty, its head first, by the column's index."""
    from rich.text import Text

    used = [i for i in range(len(heads)) if any(row[i] for row in rows)]
    return {i: [heads[i], *(Text.from_ansi(row[i]).plain for row in rows)] for i in used}


def _parted(cell: Text, width: int) -> Text:
    """A cell with words longer than `width` broken after a hyphen, a dot or the like."""
    breaks, room = [], width
    for word in re.finditer(r"\S+", cell.plain):
        room = width
        for part in _PARTS.finditer(word[0]) if len(word[0]) > width else ():
            if part.start() and len(part[0]) > room:
                breaks.append(word.start() + part.start())
                room = width
            room -= len(part[0])
    for place in reversed(breaks):
        cell = cell[:place].append("\n").append_text(cell[place:])
    return cell


_PARTS = re.compile(r"[^-_./@]*[-_./@]*")
"""The parts into which a long word may be broken: each ends with its hyphens, dots or the like."""

_SHORT_WORDS = 2
"""A cell with at most this many words is kept on one line in a column of figures: `5 min`."""


def _longest(text: str, pattern: re.Pattern[str]) -> int:
    return max((_columns(x) for word in text.split() for x in pattern.findall(word)), default=0)


_WORDS = re.compile(r"\S+")


def _least(texts: Sequence[str], pattern: re.Pattern[str], *, whole: bool) -> int:
    """The least width of a column: its longest unbreakable piece of text by `pattern`.

    With `whole`, cells of few words are not broken at all.
    """
    return max(
        1,
        *(
            _columns(x) if whole and len(x.split()) <= _SHORT_WORDS else _longest(x, pattern)
            for x in texts
        ),
    )


def column_widths(
    columns: Sequence[Sequence[str]], whole: Sequence[bool], room: int
) -> Sequence[int | None]:
    """The width of each column of a table that may take `room` terminal columns.

    At first only cells of columns not in `whole` are broken, between words. If that is too wide,
    cells of more than two words in `whole` are broken too; then long words after their hyphens.
    If the table still does not fit, every width is None.
    """
    most = [max(map(_columns, texts)) for texts in columns]
    ways = (
        [
            wide if kept else _least(texts, _WORDS, whole=False)
            for texts, wide, kept in zip(columns, most, whole, strict=True)
        ],
        *(
            [_least(texts, x, whole=kept) for texts, kept in zip(columns, whole, strict=True)]
            for x in (_WORDS, _PARTS)
        ),
    )
    free = room - _GAP * len(columns)
    least = next((x for x in ways if sum(x) <= free), None)
    if least is None:
        return [None] * len(columns)
    spare = free - sum(least)
    widths = list(least)
    # The columns that need least are served first; the others share what is left.
    by_need = sorted(range(len(columns)), key=lambda i: most[i] - least[i])
    for left, i in zip(range(len(columns), 0, -1), by_need, strict=True):
        given = min(most[i] - least[i], spare // left)
        widths[i] += given
        spare -= given
    return widths


def shown_as(bet: BetView) -> str:
    """A bet's name: its market in our words, else the pick as the person wrote it."""
    if isinstance(bet.market, Parlay):
        return f"Parlay ({len(bet.market.legs)})"
    text = bet.called
    if bet.game is not None and isinstance(bet.market, Total):
        # The table has a column for the game.
        return text.replace(f"{bet.game.name} ", "")
    return text


def named(bet: BetView) -> str:
    """A bet's number or own id, and its name."""
    return f"{paint(f'#{bet.id}', 'bold')} {shown_as(bet)}"


def chance_text(bet: BetView, *, short: bool = False) -> str:
    """The chance of winning at the last snapshot, or why there is none; empty before the first.

    It is also empty for a settled or withdrawn bet, whose last chance would look like a live one. A
    star marks a stale chance. `short` is for a narrow column.
    """
    if bet.result is not None or bet.withdrawn_at is not None:
        return ""
    if bet.chance is None:
        if bet.no_chance is None:
            return ""
        return "unknown" if short and bet.no_chance is not NoChance.OUT else bet.no_chance.text
    return f"{hit_text(bet.chance)}{'*' if bet.stale else ''}"


def needs_decision(waiting: Sequence[BetView]) -> str:
    """A line that names the bets whose result a person must decide; empty without any."""
    return f"{to_decide([x.id for x in waiting])} · tracker review" if waiting else ""


def money_result(bet: BetView) -> str:
    """What a settled bet's stake brought, else what it would win; empty where it is unknown."""
    if bet.draft.stake_cents is None:
        return ""
    if bet.result is not None and bet.payout_cents is not None:
        came = money_for(bet, bet.result, bet.payout_cents)
        return f",{came}" if came else ""
    if bet.dropped and isinstance(bet.market, Parlay):
        return _won_without(bet, bet.market, bet.draft.stake_cents)
    odds = price_of(bet.market, bet.draft.odds)
    if odds is None or bet.dropped:
        return ""
    return (
        f" to win {money_text(payout_if_won(bet.draft.stake_cents, odds) - bet.draft.stake_cents)}"
    )


def _won_without(bet: BetView, slip: Parlay, stake_cents: int) -> str:
    """What a parlay would win without the legs that have dropped out, or why that is not known."""
    from tracker.engine.settle.payout import parlay_price

    if len(bet.dropped) == len(slip.legs):
        return ""
    price = parlay_price(slip, bet.draft.odds, bet.dropped)
    if price is None:
        return ""
    if isinstance(price, str):
        return f" · what it pays only the book knows: {price}"
    won = payout_if_won(stake_cents, Odds("", price)) - stake_cents
    return f" to win {money_text(won)} without {plural(len(bet.dropped), 'leg')} that dropped out"


def status_text(bet: BetView, *, short: bool = False) -> str:
    """A bet's status, or its result and money once settled; `short` is for a narrow column."""
    if bet.result is None:
        return {
            Status.SCHEDULED: "waits for a game" if bet.game is None else "scheduled",
            Status.NEEDS_REVIEW: paint("needs review", "yellow"),
        }.get(bet.status, bet.status.value)
    won = money_for(bet, bet.result, bet.payout_cents)
    result = paint(f"{bet.result.value}{won}", RESULT_STYLES[bet.result], sys.stdout)
    if bet.review is not None:
        # Also of an official result, where only the book knows what it paid.
        return f"{result} ({Status.NEEDS_REVIEW.value.replace('_', ' ')})"
    if bet.status is Status.OFFICIAL:
        return result
    if short and bet.status is Status.PROVISIONAL:
        return f"{result} (prov.)"
    return f"{result} ({bet.status.value.replace('_', ' ')})"


def leg_lines(view: ShowView) -> list[str]:
    """A line for each leg of a parlay with its market, game and standing; none for other bets."""
    slip = view.bet.market
    if not isinstance(slip, Parlay):
        return []
    return [
        " · ".join(x for x in (_leg_text(leg), leg.game.name, leg_standing(known)) if x)
        for leg, known in zip(slip.legs, view.legs, strict=True)
    ]


def _leg_text(leg: Leg) -> str:
    """A leg as it is written: `DEN -4.5 -110`."""
    text = describe(leg.market, leg.game.home, leg.game.away)
    return text if leg.odds is None else f"{text} {leg.odds.text}"
