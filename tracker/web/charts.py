"""Charts as inline SVG, made on the server without scripts; every text is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape
from itertools import accumulate

from markupsafe import Markup

from tracker.app.course import Course, Lane
from tracker.engine.record import Reliability
from tracker.wording.closes import share_text
from tracker.wording.figures import percent, span_text

_WIDE, _HIGH = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 20, 14, 30
_WIDE_MOVE = 0.05
"""The range of a chance from which on its axis is labelled in whole per cent."""

_LOW = 120
"""The height of a small chart."""


def _x(part: float) -> float:
    return round(_LEFT + part * (_WIDE - _LEFT - _RIGHT), 1)


def _y(part: float, high: int = _HIGH) -> float:
    return round(high - _BOTTOM - part * (high - _TOP - _BOTTOM), 1)


def _svg(title: str, inside: Sequence[str], high: int = _HIGH) -> Markup:
    name = escape(title)
    body = "".join(inside)
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<svg class="chart" viewBox="0 0 {_WIDE} {high}" role="img" aria-label="{name}">'
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
    """Horizontal lines at 0, 25, 50, 75 and 100 %, with their labels."""
    found = []
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        found.append(_line("grid", _x(0), _y(part), _x(1), _y(part)))
        found.append(_text("axis end", _LEFT - 6, _y(part) + 4, f"{part:.0%}"))
    return found


def of_course(course: Course) -> Markup:
    """The chart of a bet's chance over its game, with its rules' levels, alerts and result."""
    end = course.end or 1.0
    inside = _shares()
    for level in course.levels:
        inside.append(_line("level", _x(0), _y(level), _x(1), _y(level)))
    inside += _ticks(course)
    inside.append(_path("curve", [(_x(p.x / end), _y(p.win)) for p in course.points]))
    inside += [_dot(_x(m.x / end), _y(m.win), m.rule) for m in course.marks]
    if course.ending is not None:
        ended = course.ending
        words = f"{ended.result.value} here"
        inside.append(_dot(_x(ended.x / end), _y(ended.win), words, f"end {ended.result.value}"))
    return _svg(f"Chance of winning: {course.title}", inside)


def of_own(course: Course) -> Markup:
    """The chart of the figure that decides a bet: mu ± sigma, the line, and the figure so far.

    The course must have a `quantity`.
    """
    end = course.end or 1.0
    figures = [(p.x, p.own) for p in course.points if p.own is not None]
    by_then = [(x, own.now) for x, own in figures if course.so_far and own.now is not None]
    values = [v for _, own in figures for v in (own.mu - own.sigma, own.mu + own.sigma)]
    values += [now for _, now in by_then]
    values += [] if course.line is None else [course.line]
    low, high = min(values), max(values)
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return _y((value - low) / span)

    upper = [(_x(x / end), y(own.mu + own.sigma)) for x, own in figures]
    lower = [(_x(x / end), y(own.mu - own.sigma)) for x, own in reversed(figures)]
    inside = [*_ticks(course), _path("band", [*upper, *lower])]
    if course.line is not None:
        inside.append(_line("level", _x(0), y(course.line), _x(1), y(course.line)))
        inside.append(_text("axis end", _x(1), y(course.line) - 4, f"line {course.line:g}"))
    inside.append(_path("curve", [(_x(x / end), y(own.mu)) for x, own in figures]))
    if by_then:
        inside.append(_path("played", [(_x(x / end), y(now)) for x, now in by_then]))
    inside += [_text("axis end", _LEFT - 6, y(v) + 4, f"{v:.0f}") for v in (low, high)]
    return _svg(f"What was expected: {course.quantity}: {course.title}", inside)


def of_lane(course: Course, lane: Lane) -> Markup:
    """The chart of the chance of a parlay's legs in one game, on the time axis of the parlay."""
    end = course.end or 1.0
    inside = [
        *(_line("grid", _x(0), _y(part, _LOW), _x(1), _y(part, _LOW)) for part in (0.0, 0.5, 1.0)),
        *(_text("axis end", _LEFT - 6, _y(part, _LOW) + 4, f"{part:.0%}") for part in (0.0, 1.0)),
        _path("curve", [(_x(x / end), _y(win, _LOW)) for x, win in lane.points]),
    ]
    return _svg(f"Chance of the leg: {lane.name}", inside, _LOW)


def _ticks(course: Course) -> list[str]:
    end, found = course.end or 1.0, []
    for tick in course.ticks:
        if tick.line is not None:
            inside = _x(tick.line / end)
            found.append(_line("grid", inside, _y(0), inside, _y(1)))
        found.append(_text("axis middle", _x(tick.at / end), _HIGH - 8, tick.name))
    return found


def _dot(x: float, y: float, words: str, kind: str = "mark") -> str:
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="4"><title>{escape(words)}</title></circle>'


def of_path(name: str, steps: Sequence[tuple[datetime, float]], until: datetime) -> Markup:
    """The chart of a main line's value over time, from its first step to `until`."""
    begin, values = steps[0][0], [v for _, v in steps]
    length = (until - begin).total_seconds() or 1.0
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    digits = 0 if span >= _WIDE_MOVE else 1
    form = f"{{:.{digits}%}}" if all(0 <= v <= 1 for v in values) else "{:g}"
    points: list[tuple[float, float]] = []
    for at, value in steps:
        x = _x((at - begin).total_seconds() / length)
        if points:
            points.append((x, points[-1][1]))
        points.append((x, _y((value - low) / span, _LOW)))
    points.append((_x(1), points[-1][1]))
    inside = [
        _path("curve", points),
        *(
            _text("axis end", _LEFT - 6, _y((v - low) / span, _LOW) + 4, form.format(v))
            for v in dict.fromkeys((low, high))
        ),
        _text("axis", _x(0), _LOW - 8, f"{span_text(length)} ago"),
        _text("axis end", _x(1), _LOW - 8, "now"),
    ]
    return _svg(f"The path of the {name}", inside, _LOW)


def _ends(days: Sequence[str], high: int) -> list[str]:
    """The first and the last day below a chart; a single day once."""
    last = _text("axis end", _x(1), high - 8, days[-1])
    return [last] if len(days) == 1 else [_text("axis", _x(0), high - 8, days[0]), last]


def of_games(title: str, values: Sequence[tuple[str, int]], line: float | None) -> Markup:
    """Bars of a figure by game, with a betting line across if there is one.

    `values` holds a date and a value for each game, oldest first.
    """
    most = max([1.0, *(float(v) for _, v in values), *([] if line is None else [line])])
    width = 1 / len(values)
    inside = [_line("grid", _x(0), _y(0, _LOW), _x(1), _y(0, _LOW))]
    for n, (day, value) in enumerate(values):
        left, top = _x(n * width) + 1, _y(value / most, _LOW)
        inside.append(
            f'<rect class="block" x="{left}" y="{top}" width="{_x(width) - _x(0) - 2:.1f}" '
            f'height="{_y(0, _LOW) - top:.1f}"><title>{escape(day)}: {value}</title></rect>'
        )
    if line is not None:
        y = _y(line / most, _LOW)
        inside.append(_line("level", _x(0), y, _x(1), y))
        inside.append(_text("axis end", _LEFT - 6, y + 4, f"{line:g}"))
    else:
        inside.append(_text("axis end", _LEFT - 6, _y(1, _LOW) + 4, f"{most:g}"))
    inside += _ends([day for day, _ in values], _LOW)
    return _svg(title, inside, _LOW)


CLV_BIN = 0.02
"""The width of a bar in the histogram of closing line values, as a share of the stake."""

_MOST_CLV = 10
"""Bars on each side of 0; values beyond them are counted in the outermost bar."""


def of_clv(bins: Sequence[tuple[int, int]]) -> Markup:
    """The histogram of closing line values; `bins` holds each bar's place and count.

    Place 0 is the bar from 0 to CLV_BIN.
    """
    counts: Counter[int] = Counter()
    for place, n in bins:
        counts[min(max(place, -_MOST_CLV), _MOST_CLV - 1)] += n
    most, width = max(counts.values()), 1 / (2 * _MOST_CLV)
    inside = [_line("level", _x(0.5), _y(0), _x(0.5), _y(1))]
    for place, n in sorted(counts.items()):
        left, top = _x((place + _MOST_CLV) * width) + 1, _y(n / most)
        low, high = (share_text(x * CLV_BIN, 0) for x in (place, place + 1))
        among = f"from {low}" if place == _MOST_CLV - 1 else f"from {low} to {high}"
        among = f"below {high}" if place == -_MOST_CLV else among
        inside.append(
            f'<rect class="block" x="{left}" y="{top}" width="{_x(width) - _x(0) - 2:.1f}" '
            f'height="{_y(0) - top:.1f}">'
            f"<title>{n} {among}</title></rect>"
        )
    inside += [
        _text("axis middle", _x(part), _HIGH - 8, f"{(part - 0.5) * 2 * _MOST_CLV * CLV_BIN:+.0%}")
        for part in (0.1, 0.3, 0.7, 0.9)
    ]
    inside.append(_text("axis middle", _x(0.5), _HIGH - 8, "0 %"))
    inside.append(_text("axis end", _LEFT - 6, _y(1) + 4, str(most)))
    return _svg("Worth by the closing line, as a share of the stake: how many bets", inside)


def of_reliability(found: Reliability, title: str = "What was told") -> Markup:
    """The reliability diagram: frequency of wins by chance, with 95 % bars.

    The diagonal is perfect calibration. `title` names the chances.
    """
    inside = [*_shares(), _line("level", _x(0), _y(0), _x(1), _y(1))]
    for one in found.bins:
        x = _x(one.said)
        inside.append(_line("bar", x, _y(one.least), x, _y(one.most)))
        words = f"said {percent(one.said)}, came {percent(one.came)} of {one.bets}"
        inside.append(_dot(x, _y(one.came), words))
    inside += [
        _text("axis middle", _x(part), _HIGH - 8, f"said {part:.0%}") for part in (0.25, 0.5, 0.75)
    ]
    return _svg(f"{title} beside what came", inside)


def _short_money(cents: int) -> str:
    """A sum in at most five signs, for which there is room beside a chart."""
    whole = f"{cents / 100:z.0f}"
    return whole if len(whole) <= _MOST_SIGNS else f"{cents / 100_000:.0f}k"


_MOST_SIGNS = 5


def of_profit(days: Sequence[tuple[str, int]]) -> Markup:
    """The chart of the cumulative profit; `days` holds each date and its profit in cents."""
    sums = [0, *accumulate(cents for _, cents in days)]
    low, high = min(sums), max(sums)
    span = (high - low) or 1
    step = max(1, len(sums) - 1)
    points = [(_x(i / step), _y((x - low) / span)) for i, x in enumerate(sums)]
    zero = _y((0 - low) / span)
    inside = [
        _line("level", _x(0), zero, _x(1), zero),
        _path("curve", points),
        _text("axis end", _LEFT - 6, _y(1) + 4, _short_money(high)),
        _text("axis end", _LEFT - 6, _y(0) + 4, _short_money(low)),
        *_ends([day for day, _ in days], _HIGH),
    ]
    return _svg("Profit, night by night", inside)
