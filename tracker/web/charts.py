"""Charts as inline SVG, made on the server: no script, and text that stays text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.app.course import Course
    from tracker.engine.record import Reliability

_WIDE, _HIGH = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 12, 28


def _x(part: float) -> float:
    return round(_LEFT + part * (_WIDE - _LEFT - _RIGHT), 1)


def _y(part: float) -> float:
    return round(_HIGH - _BOTTOM - part * (_HIGH - _TOP - _BOTTOM), 1)


def _svg(title: str, inside: Sequence[str]) -> str:
    name = escape(title)
    body = "".join(inside)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{name}">'
        f"<title>{name}</title>{body}</svg>"
    )


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _text(kind: str, x: float, y: float, words: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>'


def _path(kind: str, points: Sequence[tuple[float, float]]) -> str:
    joined = "L".join(f"{x} {y}" for x, y in points)
    return f'<path class="{kind}" d="M{joined}"/>'


def _shares() -> list[str]:
    """Lines across at the quarters of a share, with their names."""
    found = []
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        found.append(_line("grid", _x(0), _y(part), _x(1), _y(part)))
        found.append(_text("axis end", _LEFT - 6, _y(part) + 4, f"{part:.0%}"))
    return found


def of_course(course: Course) -> str:
    """The chance of a bet over its game, with the levels of its rules and what was said of it."""
    end = course.end or 1.0
    inside = _shares()
    for level in course.levels:
        inside.append(_line("level", _x(0), _y(level), _x(1), _y(level)))
    for tick in course.ticks:
        if tick.line is not None:
            inside.append(_line("grid", _x(tick.line / end), _y(0), _x(tick.line / end), _y(1)))
        inside.append(_text("axis middle", _x(tick.at / end), _HIGH - 8, tick.name))
    inside.append(_path("curve", [(_x(p.x / end), _y(p.win)) for p in course.points]))
    inside += [
        f'<circle class="mark" cx="{_x(m.x / end)}" cy="{_y(m.win)}" r="4">'
        f"<title>{escape(m.rule)}</title></circle>"
        for m in course.marks
    ]
    return _svg(f"Chance of winning over the game: {course.title}", inside)


def of_reliability(found: Reliability) -> str:
    """What was told beside what came, each range with its 95 % bar; the diagonal is perfect."""
    inside = [*_shares(), _line("level", _x(0), _y(0), _x(1), _y(1))]
    for one in found.bins:
        x = _x(one.said)
        inside.append(_line("bar", x, _y(one.least), x, _y(one.most)))
        inside.append(
            f'<circle class="mark" cx="{x}" cy="{_y(one.came)}" r="4"><title>'
            f"said {one.said:.0%}, came {one.came:.0%} of {one.bets}</title></circle>"
        )
    inside += [
        _text("axis middle", _x(part), _HIGH - 8, f"said {part:.0%}") for part in (0.25, 0.5, 0.75)
    ]
    return _svg("What was told beside what came", inside)


def of_profit(days: Sequence[tuple[str, int]]) -> str:
    """The profit as it grew, night by night; `days` are a date and the cents won or lost on it."""
    total, sums = 0, [0]
    for _, cents in days:
        total += cents
        sums.append(total)
    low, high = min(sums), max(sums)
    span = (high - low) or 1
    step = max(1, len(sums) - 1)
    points = [(_x(i / step), _y((x - low) / span)) for i, x in enumerate(sums)]
    zero = _y((0 - low) / span)
    inside = [
        _line("level", _x(0), zero, _x(1), zero),
        _path("curve", points),
        _text("axis end", _LEFT - 6, _y(1) + 4, f"{high / 100:.0f}"),
        _text("axis end", _LEFT - 6, _y(0) + 4, f"{low / 100:.0f}"),
        _text("axis", _x(0), _HIGH - 8, days[0][0]),
        _text("axis end", _x(1), _HIGH - 8, days[-1][0]),
    ]
    return _svg("Profit, night by night", inside)
