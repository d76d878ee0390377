"""`tracker chart`: how a bet's chance went over the game, on the terminal or as a picture."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.course import Course, course_of
from tracker.cli.charts.plot import Canvas
from tracker.cli.declare import Reference, declare
from tracker.cli.look import shown_as, status_text
from tracker.cli.screen import paint, progress, say
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.errors import Impossible, Misused

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.cli.basics import Basics
    from tracker.store.views import BetView, ShowView

_FORMS = (".png", ".svg")
_MARGIN = 7
_WIDEST = 120
_NARROWEST = 40


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, chart, panel)


def chart(
    context: typer.Context,
    bet: Reference,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write a picture: FILE.png or FILE.svg."),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(metavar="N", min=40, help="Columns on the terminal; else as wide as it is."),
    ] = None,
) -> None:
    """Draw a bet's p(hit) over the game, and the forecast's mean and spread beside the score.

    The axis is game time, with the periods marked. Dotted lines are the levels of the bet's rules,
    ▲ and ▼ are alerts.
    """
    if out is not None and out.suffix.lower() not in _FORMS:
        raise Misused(f"{out}: a picture is written as .png or .svg: name the file so")
    scope = scope_of(context)
    view, now = asyncio.run(_view(scope, bet))
    empty = _why_empty(view)
    if empty is not None:
        say(f"#{view.bet.id} {shown_as(view.bet)} has no history yet: {empty}.")
        return
    course = course_of(view, _title(view.bet), _subtitle(view.bet, now, scope.basics()))
    if out is None:
        for line in draw(course, width or _columns()):
            say(line)
        return
    with progress("drawing"):
        try:
            from tracker.cli.charts.picture import write_picture
        except ImportError:
            raise Impossible(
                "pictures need matplotlib, which is not installed: "
                'pip install "ingame-tracker[charts]"'
            ) from None
        write_picture(course, out)
    say(f"Wrote {out}")


def _why_empty(view: ShowView) -> str | None:
    if view.bet.game is None:
        return "its game is not known"
    return None if view.snapshots else "it begins when the daemon first sees the game"


async def _view(scope: Scope, reference: str) -> tuple[ShowView, datetime]:
    async with session(scope) as at:
        view = await at.store.show_view(await at.number(reference), at.basics.rules)
        if view is None:
            raise RuntimeError("a bet that was just found is gone")
        return view, at.now


def _title(bet: BetView) -> str:
    return f"#{bet.id}  {shown_as(bet)}"


def _subtitle(bet: BetView, now: datetime, basics: Basics) -> str:
    from tracker.cli.screen import when
    from tracker.wording.figures import score_text

    game, state = bet.game, bet.state
    if game is None:
        return ""
    parts = [when(game.start, now, basics.zone)]
    parts[:0] = [game.name]
    if state is not None and state.period > 0:
        parts += [score_text(game, state.score), state.game_clock]
    return "  ·  ".join((*parts, _plain(status_text(bet))))


def _plain(text: str) -> str:
    from rich.text import Text

    return Text.from_ansi(text).plain


def _columns() -> int:
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS"):
        return 100
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size().columns))


def _ink(text: str, style: str) -> str:
    return paint(text, style) if style else text


def draw(course: Course, columns: int, *, points: bool = True) -> list[str]:
    """The chart as lines of text, no wider than `columns`; with the points, or the chance alone."""
    width = columns - _MARGIN - 1
    last = course.points[-1]
    lines = [paint(course.title, "bold"), paint(course.subtitle, "dim"), ""]
    lines.append(f"p(hit)  {paint(_percent(last.win), 'cyan bold')}")
    lines += _chance_panel(course, width)
    if not points:
        return lines
    lines.append("")
    sigma = f" ± {last.sigma:.1f}" if last.sigma else ""
    parts = [f"{course.quantity}: {paint('mu', 'cyan bold')} {last.mu:.1f}{sigma}"]
    if last.margin is not None:
        parts.append(f"{paint('so far', 'green')} {last.margin:+g}")
    if course.line is not None:
        parts.append(f"{paint('the bet', 'yellow')} {course.line:g}")
    lines += _joined(parts, columns)
    lines += _points_panel(course, width)
    return lines


def _joined(parts: Sequence[str], columns: int) -> list[str]:
    """The parts in one line, or where that is too long each in its own."""
    from rich.text import Text

    line = " · ".join(parts)
    return [line] if len(Text.from_ansi(line)) <= columns else list(parts)


def _percent(p: float) -> str:
    from tracker.wording.figures import percent

    return percent(p)


def _canvas(course: Course, width: int, height: int, low: float, high: float) -> Canvas:
    return Canvas(width, height, 0.0, course.end, low, high)


def _chance_panel(course: Course, width: int) -> list[str]:
    canvas = _canvas(course, width, 12, 0.0, 1.0)
    canvas.steps([(p.x, p.win) for p in course.points], "cyan")
    for level in course.levels:
        canvas.level(level, "yellow")
    for mark in course.marks:
        canvas.sign(mark.x, mark.win, {-1: "▼", 0: "◆", 1: "▲"}[mark.way], "red bold")
    for period in course.periods[1:]:
        canvas.upright(period.begins, "dim")
    shown = {0.0: "0 %", 0.5: "50 %", 1.0: "100 %"}
    room = 1 / canvas.height
    shown = {y: text for y, text in shown.items() if all(abs(y - z) > room for z in course.levels)}
    shown |= {level: f"{level:.0%}".replace("%", " %") for level in course.levels}
    return _framed(canvas, shown, course)


def _points_panel(course: Course, width: int) -> list[str]:
    values = [p.mu + p.sigma for p in course.points] + [p.mu - p.sigma for p in course.points]
    margins = [(p.x, p.margin) for p in course.points if p.margin is not None]
    values += [y for _, y in margins]
    values += [] if course.line is None else [course.line]
    low, high = min(values), max(values)
    room = max(2.0, (high - low) * 0.05)
    low, high = low - room, high + room
    canvas = _canvas(course, width, 10, low, high)
    canvas.steps([(p.x, p.mu + p.sigma) for p in course.points], "dim")
    canvas.steps([(p.x, p.mu - p.sigma) for p in course.points], "dim")
    canvas.steps(margins, "green")
    canvas.steps([(p.x, p.mu) for p in course.points], "cyan")
    shown = {high - room: f"{high - room:.0f}", low + room: f"{low + room:.0f}"}
    if course.line is not None:
        canvas.level(course.line, "yellow")
        near = (high - low) * 0.12
        shown = {y: text for y, text in shown.items() if abs(y - course.line) > near}
        shown[course.line] = f"{course.line:g}"
    for period in course.periods[1:]:
        canvas.upright(period.begins, "dim")
    return [*_framed(canvas, shown, course), _scores(course, canvas)]


def _framed(canvas: Canvas, shown: dict[float, str], course: Course) -> list[str]:
    """The rows with their figures on the left, and the periods below."""
    figures = {canvas.row_of(y): text for y, text in shown.items()}
    rows = [
        f"{paint(f'{figures.get(row, str()):>{_MARGIN - 1}} ', 'dim')}{line}"
        for row, line in enumerate(canvas.lines(_ink))
    ]
    names = _axis(canvas, [(x.begins, x.ends, x.name) for x in course.periods])
    return [*rows, paint(" " * _MARGIN + names, "dim")]


def _axis(canvas: Canvas, spans: Sequence[tuple[float, float, str]]) -> str:
    """A text in the middle of each span; where two would touch, the later one stands alone."""
    row = [" "] * canvas.width
    free = canvas.width + 1
    for begins, ends, name in reversed(spans):
        middle = canvas.column_of((begins + ends) / 2) - len(name) // 2
        at = max(0, min(middle, canvas.width - len(name)))
        if at + len(name) < free:
            row[at : at + len(name)] = name
            free = at
    return "".join(row).rstrip()


def _scores(course: Course, canvas: Canvas) -> str:
    """The score at the end of each period."""
    spans = [(x.begins, x.ends, f"{x.score[0]}–{x.score[1]}") for x in course.periods if x.score]
    return paint("score".ljust(_MARGIN) + _axis(canvas, spans), "dim")
