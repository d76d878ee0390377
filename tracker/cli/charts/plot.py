"""Charts in the terminal, drawn with braille dots, eight to a character."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tracker.app.course import Course
from tracker.cli.screen import RESULT_STYLES, paint
from tracker.domain.bet import Result
from tracker.domain.money import plural
from tracker.engine.record import Reliability
from tracker.wording.figures import percent, ranged, signed_money

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille character, by row and column (Unicode block U+2800)."""

_ACROSS, _DOWN = 2, 4

_MARGIN = 7
"""Columns left of a curve, for the labels of its axis."""

_ROWS, _OWN_ROWS, _LANE_ROWS, _RECORD_ROWS = 12, 10, 3, 14
"""Rows of a panel: of a bet's chance, of the figure that decides it, of a leg, of a record."""

_SIGNS = {Result.WON: "✔", Result.LOST: "✘", Result.PUSH: "↔", Result.VOID: "⊘"}


# -------------------------------------------------------------------------------------- the canvas


@dataclass(slots=True)
class Canvas:
    """A grid of characters to draw on by x and y values.

    x runs from `left` to `right`, y upwards from `low` to `high`.
    """

    width: int
    height: int
    left: float
    right: float
    low: float
    high: float
    _bits: dict[tuple[int, int], int] = field(default_factory=dict)
    _ink: dict[tuple[int, int], str] = field(default_factory=dict)
    _signs: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)

    def _dot(self, x: float, y: float) -> tuple[int, int]:
        across = (x - self.left) / (self.right - self.left) * (self.width * _ACROSS - 1)
        down = (self.high - y) / (self.high - self.low) * (self.height * _DOWN - 1)
        return round(across), round(down)

    def _set(self, column: int, row: int, style: str) -> None:
        if 0 <= column < self.width * _ACROSS and 0 <= row < self.height * _DOWN:
            cell = column // _ACROSS, row // _DOWN
            bit = _DOTS[row % _DOWN][column % _ACROSS]
            self._bits[cell] = self._bits.get(cell, 0) | bit
            self._ink[cell] = style

    def steps(self, points: Sequence[tuple[float, float]], style: str) -> None:
        """Draw a step curve: each point's value holds until the next point."""
        before: tuple[int, int] | None = None
        for x, y in points:
            column, row = self._dot(x, y)
            if before is not None:
                for between in range(before[0], column + 1):
                    self._set(between, before[1], style)
                for between in range(min(before[1], row), max(before[1], row) + 1):
                    self._set(column, between, style)
            self._set(column, row, style)
            before = column, row

    def level(self, y: float, style: str) -> None:
        """Draw a dotted horizontal line, which leaves characters with a curve alone."""
        _, row = self._dot(self.left, y)
        for column in range(0, self.width * _ACROSS, 4):
            if (column // _ACROSS, row // _DOWN) not in self._bits:
                self._set(column, row, style)

    def slope(self, style: str) -> None:
        """Draw a dotted line from the lower left to the upper right."""
        for column in range(0, self.width * _ACROSS, 3):
            part = column / (self.width * _ACROSS - 1)
            self._set(column, round((1 - part) * (self.height * _DOWN - 1)), style)

    def bar(self, x: float, low: float, high: float, style: str) -> None:
        """Draw a vertical line at `x` from `low` to `high`."""
        column, bottom = self._dot(x, low)
        for row in range(self._dot(x, high)[1], bottom + 1):
            self._set(column, row, style)

    def upright(self, x: float, style: str) -> None:
        """Draw a thin vertical line in the characters that are still empty."""
        column = self.column_of(x)
        for row in range(self.height):
            if (column, row) not in self._bits and (column, row) not in self._signs:
                self._signs[column, row] = ("│", style)

    def sign(self, x: float, y: float, sign: str, style: str) -> None:
        """Put one character at a point, in front of every curve."""
        column, row = self._dot(x, y)
        self._signs[column // _ACROSS, row // _DOWN] = (sign, style)

    def column_of(self, x: float) -> int:
        """The character column of an x value."""
        return self._dot(x, self.low)[0] // _ACROSS

    def row_of(self, y: float) -> int:
        """The character row of a y value."""
        return self._dot(self.left, y)[1] // _DOWN

    def lines(self, ink: Callable[[str, str], str]) -> list[str]:
        """The rows of text from the top; `ink` applies a style to a run of characters."""
        return [self._row(row, ink) for row in range(self.height)]

    def _row(self, row: int, ink: Callable[[str, str], str]) -> str:
        runs: list[tuple[str, str]] = []
        for column in range(self.width):
            text, style = self._cell((column, row))
            if runs and (runs[-1][1] == style or text == " "):
                runs[-1] = (runs[-1][0] + text, runs[-1][1])
            else:
                runs.append((text, style))
        if runs:
            runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
        return "".join(ink(text, style) if style and text else text for text, style in runs)

    def _cell(self, cell: tuple[int, int]) -> tuple[str, str]:
        if cell in self._signs:
            return self._signs[cell]
        if cell in self._bits:
            return chr(0x2800 + self._bits[cell]), self._ink[cell]
        return " ", ""


def axis(canvas: Canvas, names: Sequence[tuple[float, str]]) -> str:
    """A row of labels, each centred below its x value; of two that would touch, the right one."""
    row = [" "] * canvas.width
    free = canvas.width + 1
    for place, name in reversed(names):
        middle = canvas.column_of(place) - len(name) // 2
        at = max(0, min(middle, canvas.width - len(name)))
        if at + len(name) < free:
            row[at : at + len(name)] = name
            free = at
    return "".join(row).rstrip()


def _framed(
    canvas: Canvas, shown: dict[float, str], names: Sequence[tuple[float, str]]
) -> list[str]:
    """The canvas's rows with the labels `shown` at their y values, and the x axis's names below."""
    figures = {canvas.row_of(y): text for y, text in shown.items()}
    rows = [
        f"{paint(f'{figures.get(row, str()):>{_MARGIN - 1}} ', 'dim')}{line}"
        for row, line in enumerate(canvas.lines(paint))
    ]
    below = axis(canvas, names)
    return [*rows, paint(" " * _MARGIN + below, "dim")] if below else rows


# ------------------------------------------------------------------------------------ a bet's chart


def draw(course: Course, columns: int, *, whole: bool = True) -> list[str]:
    """The chart of a bet as lines of text, no wider than `columns`.

    `whole` adds the figure that decides the bet, and the legs.
    """
    subtitle = _joined(course.subtitle.split("  ·  "), columns, "  ·  ")
    lines = [paint(course.title, "bold"), *(paint(x, "dim") for x in subtitle), ""]
    lines += chance_panel(course, columns, _ROWS)
    if whole:
        lines += _own_panel(course, columns) if course.quantity else []
        lines += _legs(course, columns)
    return lines


def _joined(parts: Sequence[str], columns: int, by: str = " · ") -> list[str]:
    """The parts joined into as few lines of at most `columns` as possible; no part is broken."""
    from rich.text import Text

    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}{by}{part}" if lines else part
        if lines and len(Text.from_ansi(longer).plain) <= columns:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def chance_panel(course: Course, columns: int, rows: int) -> list[str]:
    """A line with the present chance, then its curve in `rows` rows, then the axis."""
    canvas = _canvas(course, columns, rows, 0.0, 1.0)
    canvas.steps([(p.x, p.win) for p in course.points], "cyan")
    for level in course.levels:
        canvas.level(level, "yellow")
    end = course.ending
    if end is not None:
        canvas.sign(end.x, end.win, _SIGNS[end.result], f"{RESULT_STYLES[end.result]} bold")
    # The line above tells the result: an alert of the last seconds stands in front of its sign.
    for mark in course.marks:
        canvas.sign(mark.x, mark.win, {-1: "▼", 0: "◆", 1: "▲"}[mark.way], "red bold")
    _uprights(course, canvas)
    shown = {0.0: "0 %", 0.5: "50 %", 1.0: "100 %"}
    room = 1 / canvas.height
    shown = {y: text for y, text in shown.items() if all(abs(y - z) > room for z in course.levels)}
    shown |= {level: percent(level) for level in course.levels}
    return [_standing(course), *_framed(canvas, shown, _names(course))]


def _standing(course: Course) -> str:
    last, end = course.points[-1].win, course.ending
    now = paint(percent(last), "cyan bold")
    if end is not None:
        now = paint(end.result.value, f"{RESULT_STYLES[end.result]} bold")
    low, peak = course.ranged or (None, None)
    return f"p(hit)  {now}{paint(f' · {ranged(peak, low)}', 'dim')}"


def _canvas(course: Course, columns: int, height: int, low: float, high: float) -> Canvas:
    return Canvas(columns - _MARGIN - 1, height, 0.0, course.end, low, high)


def _uprights(course: Course, canvas: Canvas) -> None:
    for tick in course.ticks:
        if tick.line is not None:
            canvas.upright(tick.line, "dim")


def _names(course: Course) -> list[tuple[float, str]]:
    return [(x.at, x.name) for x in course.ticks]


def _own_panel(course: Course, columns: int) -> list[str]:
    """The panel of the figure that decides the bet: mu ± sigma, the figure so far, and the line."""
    figures = [(p.x, p.own) for p in course.points if p.own is not None]
    mus = [(x, own.mu) for x, own in figures]
    edges = [[(x, own.mu + k * own.sigma) for x, own in figures] for k in (1, -1)]
    now = [(x, own.now) for x, own in figures if own.now is not None] if course.so_far else []
    values = [y for part in (*edges, now) for _, y in part]
    values += [] if course.line is None else [course.line]
    low, high = min(values), max(values)
    room = max(1.0, (high - low) * 0.05)
    canvas = _canvas(course, columns, _OWN_ROWS, low - room, high + room)
    for edge in edges:
        canvas.steps(edge, "dim")
    canvas.steps(now, "green")
    canvas.steps(mus, "cyan")
    shown = {high: f"{high:.0f}", low: f"{low:.0f}"}
    if course.line is not None:
        canvas.level(course.line, "yellow")
        near = (canvas.high - canvas.low) / canvas.height
        shown = {y: text for y, text in shown.items() if abs(y - course.line) > near}
        shown[course.line] = f"{course.line:g}"
    _uprights(course, canvas)
    scores = [(x.at, f"{x.score[0]}–{x.score[1]}") for x in course.ticks if x.score]
    score = paint("score".ljust(_MARGIN) + axis(canvas, scores), "dim") if scores else ""
    panel = _framed(canvas, shown, _names(course))
    return ["", *_joined(_own_now(course), columns), *panel, *([score] if score else [])]


def _own_now(course: Course) -> list[str]:
    """The figure in words: `final margin of DEN: mu 4.2 ± 3.1`, `so far +2`, `the bet 4.5`."""
    own = [x.own for x in course.points if x.own is not None][-1]
    spread = f" ± {own.sigma:.1f}" if own.sigma else ""
    parts = [f"{course.quantity}: {paint('mu', 'cyan bold')} {own.mu:.1f}{spread}"]
    if own.now is not None:
        parts.append(f"{paint('so far', 'green')} {own.now:g}")
    if course.line is not None:
        parts.append(f"{paint('the bet', 'yellow')} {course.line:g}")
    return parts


def _legs(course: Course, columns: int) -> list[str]:
    """A line for each leg with its result or chance, and its curve where it has one."""
    lines: list[str] = []
    for lane in course.lanes:
        sign, style = "●", "cyan"
        if lane.result is not None:
            sign, style = _SIGNS[lane.result], RESULT_STYLES[lane.result]
        word = "open" if lane.result is None else lane.result.value
        if lane.result is None and lane.points:
            word = percent(lane.points[-1][1])
        lines.append(f"{paint(sign, style)} {lane.name}  {paint(word, style)}")
        if lane.points:
            canvas = _canvas(course, columns, _LANE_ROWS, 0.0, 1.0)
            canvas.steps(lane.points, style)
            _uprights(course, canvas)
            lines += _framed(canvas, {0.0: "0 %", 1.0: "100 %"}, ())
    return ["", *lines] if lines else []


# ------------------------------------------------------------------------------- a record's charts


def draw_profit(days: Sequence[tuple[str, int]], columns: int) -> list[str]:
    """The chart of the cumulative profit; `days` holds each date and its profit in cents."""
    sums = [0, *accumulate(cents for _, cents in days)]
    low, high = min(sums), max(sums)
    room = max(100, (high - low) // 20)
    canvas = Canvas(columns - 11, _RECORD_ROWS, 0, len(days), low - room, high + room)
    canvas.steps(list(enumerate(sums)), "cyan")
    canvas.level(0, "yellow")
    canvas.sign(len(days), sums[-1], "●", "cyan bold")
    figures = {canvas.row_of(y): f"{y / 100:+z,.0f}" for y in (low, high)} | {canvas.row_of(0): "0"}
    lines = [
        f"{paint(f'{figures.get(row, str()):>9} ', 'dim')}{line}"
        for row, line in enumerate(canvas.lines(paint))
    ]
    last = (float(len(days)), days[-1][0])
    ends = [(0.0, days[0][0]), last] if len(days) > 1 else [last]
    title = f"{paint('Profit', 'bold')}  {signed_money(sums[-1])} over {plural(len(days), 'night')}"
    return [title, *lines, paint(" " * 10 + axis(canvas, ends), "dim")]


def draw_reliability(found: Reliability, columns: int) -> list[str]:
    """The reliability diagram: chances across, frequency of wins up, with 95 % bars.

    The dotted diagonal is perfect calibration.
    """
    width = min(columns, 72)
    canvas = Canvas(width - _MARGIN - 1, _RECORD_ROWS, 0.0, 1.0, 0.0, 1.0)
    canvas.slope("yellow")
    for one in found.bins:
        canvas.bar(one.said, one.least, one.most, "dim")
    for one in found.bins:
        canvas.sign(one.said, one.came, "●", "cyan bold" if one.fits else "red bold")
    shown = {y: percent(y) for y in (0.0, 0.5, 1.0)}
    across = [(x, percent(x)) for x in (0.25, 0.5, 0.75)]
    misses = sum(not x.fits for x in found.bins)
    fits = "every range fits" if not misses else f"{misses} of {len(found.bins)} ranges do not fit"
    title = f"{paint('Said (across) and came (up)', 'bold')}  {plural(found.bets, 'bet')} · {fits}"
    return [title, *_framed(canvas, shown, across)]


def draw_clv(values: Sequence[float], mean: str, columns: int) -> list[str]:
    """The histogram of closing line values; `mean` is their mean in words."""
    bins = histogram(values)
    most = max(count for _, _, count in bins)
    widest = max(len(str(count)) for _, _, count in bins)
    room = max(8, min(columns, 100) - 20 - widest)
    lines = []
    for low, high, count in bins:
        style = "green" if low >= 0 else "red"
        bar = "█" * -(-count * room // most)
        name = f"{_signed(low)} to {_signed(high)} %"
        lines.append(f"{paint(f'{name:>14}', 'dim')} {paint(bar, style)} {count or ''}".rstrip())
    return [f"{paint('By the close', 'bold')}  {mean}", *lines]


def _signed(share: float) -> str:
    points = round(share * 100)
    return f"{points:+d}" if points else "0"


_BIN_STEPS = (0.01, 0.02, 0.05, 0.10, 0.20, 0.50, 1.0)
_MOST_BINS = 14


def histogram(values: Iterable[float]) -> list[tuple[float, float, int]]:
    """Values in bins of equal width with an edge at 0: low edge, high edge and count of each."""
    found = sorted(values)
    span = found[-1] - found[0]
    step = next((x for x in _BIN_STEPS if span / x <= _MOST_BINS - 2), _BIN_STEPS[-1])
    # A value on an edge counts to the bin above it, even if rounding puts it just below.
    places = [int((x / step + 1e-9) // 1) for x in found]
    return [
        (place * step, (place + 1) * step, places.count(place))
        for place in range(places[0], places[-1] + 1)
    ]
