"""Charts as PNG and SVG files, by matplotlib: of one bet, and of the record of all bets."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tracker.app.course import Course, Lane
from tracker.cli.charts.plot import histogram
from tracker.domain.bet import Result
from tracker.domain.money import plural
from tracker.engine.record import Reliability
from tracker.host import whole_file
from tracker.wording.figures import percent, signed_money

_BLUE, _ORANGE, _GREEN, _GREY = "#1f6fb4", "#b86e00", "#2c8a4b", "#6b7280"
_RED, _PURPLE = "#c0392b", "#7d3c98"
_INK, _RULED = "#1f2933", "#c3cad3"
_STYLE: dict[Any, Any] = {
    "font.size": 13,
    "axes.edgecolor": _RULED,
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "svg.hashsalt": "tracker",
    "text.color": _INK,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
}
_COLOURS = {
    Result.WON: _GREEN,
    Result.LOST: _RED,
    Result.PUSH: _ORANGE,
    Result.VOID: _ORANGE,
    None: _BLUE,
}
_WIDE, _DPI = 12.0, 130
_SUBTITLE = 84
"""Letters in a line of a subtitle: a longer one would leave the picture, and narrow its chart."""

_DASHED = (0, (5, 4))
_LINE_HIGH = 0.055
"""The height of a label as a share of its panel's: closer labels are moved apart."""


def _saved(figure: Figure, path: Path) -> None:
    """Write a figure as PNG or SVG, by the suffix of `path`."""
    svg = path.suffix.lower() == ".svg"
    (FigureCanvasSVG if svg else FigureCanvasAgg)(figure)
    # Without date and version, the same history gives the same file.
    unstamped = {"Date": None} if svg else {"Software": None}
    with whole_file(path) as file:
        figure.savefig(file, dpi=_DPI, metadata=unstamped, format="svg" if svg else "png")


def _headed(figure: Figure, title: str, subtitle: str, *, pad: float) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=21, fontweight="bold")
    figure.axes[0].set_title(subtitle, fontsize=14, color=_GREY, pad=pad)


def _ruled(axes: Axes) -> None:
    axes.grid(axis="y", color="#e8ebef")
    axes.set_axisbelow(True)


# ------------------------------------------------------------------------------------------- a bet


def write_picture(course: Course, path: Path) -> None:
    """Write the chart of a course as PNG or SVG, by the suffix of `path`."""
    curves = [x for x in course.lanes if x.points]
    panels: list[tuple[float, Callable[[Axes], None]]] = [(5.0, partial(_chance, course))]
    if course.quantity:
        panels.append((4.0, partial(_own, course)))
    panels += [(1.6, partial(_curve, lane)) for lane in curves]
    if course.home:
        panels.append((3.0, partial(_score, course)))
    heights = [height for height, _ in panels]
    with mpl.rc_context(_STYLE):
        high = 2.2 + sum(heights) * 0.65 + 0.3 * (len(course.lanes) - len(curves))
        figure = Figure(figsize=(_WIDE, high), layout="constrained")
        made = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
        for (axes,), (_, draw) in zip(made, panels, strict=True):
            draw(axes)
            _ticks(course, axes)
        figure.align_ylabels()
        _headed(figure, course.title, subtitle(course), pad=34)
        _saved(figure, path)


def subtitle(course: Course) -> str:
    """The course's subtitle and, below it, the legs that have no curve of their own."""
    legs = [
        f"{x.name}: {'open' if x.result is None else x.result.value}".replace(" ", "\N{NBSP}")
        for x in course.lanes
        if not x.points
    ]
    lines = [course.subtitle, "  ·  ".join(legs)] if legs else [course.subtitle]
    return "\n".join(textwrap.fill(x, _SUBTITLE) for x in lines)


def _chance(course: Course, axes: Axes) -> None:
    xs = [p.x for p in course.points]
    wins = [p.win * 100 for p in course.points]
    axes.fill_between(xs, wins, step="post", color=_BLUE, alpha=0.12, linewidth=0)
    axes.step(xs, wins, where="post", color=_BLUE, linewidth=2.6)
    for level in course.levels:
        axes.axhline(level * 100, color=_ORANGE, linestyle=_DASHED, linewidth=1.4)
    last = course.ending or course.points[-1]
    word = percent(last.win) if course.ending is None else course.ending.result.value
    colour = _COLOURS[None if course.ending is None else course.ending.result]
    levels = [(level * 100, f"{level * 100:g} %", _ORANGE) for level in course.levels]
    axes.set_ylim(-2, 104)
    _beside(axes, [*levels, (last.win * 100, word, colour)])
    _alerts(axes, course)
    axes.plot([last.x], [last.win * 100], "o", color=colour, markersize=9, clip_on=False, zorder=7)
    axes.set_yticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_ylabel("p(hit)", fontsize=15)
    _ruled(axes)
    if course.marks:
        _legend(axes)


def _beside(axes: Axes, names: Sequence[tuple[float, str, str]]) -> None:
    """Write labels right of a panel at their heights, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    room = (high - low) * _LINE_HIGH
    free = low
    for y, text, colour in sorted(names):
        at = max(y, free)
        free = at + room
        axes.annotate(
            text,
            (1.0, at),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )


def _legend(axes: Axes) -> None:
    """Put the legend above a panel, where it covers no curve."""
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=4, fontsize=13,
        borderaxespad=0.2,
    )  # fmt: skip


def _alerts(axes: Axes, course: Course) -> None:
    """Draw a sign for each alert, with its rule in the legend."""
    signs = {-1: "v", 0: "D", 1: "^"}
    colours = {-1: _RED, 0: _INK, 1: _PURPLE}
    for rule, count in Counter(x.rule for x in course.marks).items():
        marks = [x for x in course.marks if x.rule == rule]
        for way in sorted({x.way for x in marks}, reverse=True):
            here = [x for x in marks if x.way == way]
            axes.plot(
                [x.x for x in here],
                [x.win * 100 for x in here],
                signs[way],
                color=colours[way],
                markersize=13 if way else 9,
                markeredgecolor="white",
                label=f"{rule}  ×{count}" if count > 1 else rule,
                zorder=6,
                clip_on=False,
            )


def _own(course: Course, axes: Axes) -> None:
    """Draw the figure that decides the bet: mu with its sigma, the figure so far, and the line."""
    drawn = [(p.x, p.own) for p in course.points if p.own is not None]
    xs = [x for x, _ in drawn]
    lows = [own.mu - own.sigma for _, own in drawn]
    highs = [own.mu + own.sigma for _, own in drawn]
    axes.fill_between(
        xs, lows, highs, step="post", color=_BLUE, alpha=0.15, linewidth=0, label="mu ± sigma"
    )
    mus = [own.mu for _, own in drawn]
    axes.step(xs, mus, where="post", color=_BLUE, linewidth=2.2, label="mu")
    if course.so_far:
        now = [(x, own.now) for x, own in drawn if own.now is not None]
        xs, figures = [x for x, _ in now], [y for _, y in now]
        axes.step(xs, figures, where="post", color=_GREEN, linewidth=1.8, label="so far")
    if course.line is not None:
        axes.axhline(course.line, color=_ORANGE, linewidth=1.6, linestyle=_DASHED, label="the bet")
        _beside(axes, [(course.line, f"{course.line:g}", _ORANGE)])
    axes.set_ylabel(course.quantity, fontsize=15 if len(course.quantity) < 22 else 12)  # noqa: PLR2004 - what fits
    _ruled(axes)
    _legend(axes)


def _curve(lane: Lane, axes: Axes) -> None:
    """Draw the chance of the legs in one game, under their name."""
    colour = _COLOURS[lane.result]
    xs, wins = zip(*lane.points, strict=True)
    axes.fill_between(xs, [x * 100 for x in wins], step="post", color=colour, alpha=0.15)
    axes.step(xs, [x * 100 for x in wins], where="post", color=colour, linewidth=2)
    axes.set_ylim(-4, 108)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    axes.set_title(lane.name, fontsize=13, pad=6)
    word = percent(wins[-1]) if lane.result is None else lane.result.value
    _beside(axes, [(wins[-1] * 100, word, colour)])
    _ruled(axes)


def _score(course: Course, axes: Axes) -> None:
    xs = [p.x for p in course.points]
    for name, points, colour in (
        (course.away, [p.away for p in course.points], _GREEN),
        (course.home, [p.home for p in course.points], _INK),
    ):
        axes.step(xs, points, where="post", color=colour, linewidth=2, label=name)
    axes.set_ylabel(f"{course.away} – {course.home}", fontsize=15)
    lowest = min(min(p.away, p.home) for p in course.points)
    axes.set_ylim(bottom=max(0, lowest - 5) if lowest else 0)
    _ruled(axes)
    _legend(axes)


def _ticks(course: Course, axes: Axes) -> None:
    axes.set_xlim(0, course.end)
    for tick in course.ticks:
        if tick.line is not None:
            axes.axvline(tick.line, color=_RULED, linewidth=1)
    names = [
        x.name if x.score is None else f"{x.name}\n{x.score[0]} – {x.score[1]}"
        for x in course.ticks
    ]
    size = 13 * min(1.0, 7 / max(1, len(names)))
    axes.set_xticks([x.at for x in course.ticks], names, fontsize=size)
    axes.tick_params(axis="x", length=0)


# ---------------------------------------------------------------------------------------- a record


def _alone(title: str, subtitle: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDE, 7), layout="constrained")
    axes = figure.subplots()
    _headed(figure, title, subtitle, pad=14)
    _ruled(axes)
    return figure, axes


def write_profit(days: Sequence[tuple[str, int]], path: Path) -> None:
    """Write the cumulative profit by night; `days` holds each date and its profit in cents."""
    sums = [0.0, *(x / 100 for x in accumulate(cents for _, cents in days))]
    with mpl.rc_context(_STYLE):
        figure, axes = _alone(
            "Profit", f"{signed_money(round(sums[-1] * 100))} over {plural(len(days), 'night')}"
        )
        axes.axhline(0, color=_ORANGE, linestyle=_DASHED, linewidth=1.4)
        axes.fill_between(range(len(sums)), sums, color=_BLUE, alpha=0.12, linewidth=0)
        axes.plot(sums, color=_BLUE, linewidth=2.4)
        axes.plot([len(days)], sums[-1:], "o", color=_BLUE, markersize=9, clip_on=False)
        axes.yaxis.set_major_formatter(lambda y, _: f"{'-' if y < 0 else ''}${abs(y):,.0f}")
        step = -(-len(days) // 8)
        places = range(1, len(days) + 1, step)
        axes.set_xticks(list(places), [days[x - 1][0] for x in places])
        axes.set_xlim(0, len(days))
        _saved(figure, path)


def write_reliability(found: Reliability, path: Path) -> None:
    """Write the reliability diagram: the frequency of wins by chance, with 95 % bars."""
    with mpl.rc_context(_STYLE):
        figure, axes = _alone(
            "Said and came",
            f"{plural(found.bets, 'bet')}  ·  Brier {found.brier:.4f}  ·  "
            f"log loss {found.log_loss:.4f}",
        )
        axes.plot([0, 100], [0, 100], color=_ORANGE, linestyle=_DASHED, label="as it should be")
        for one in found.bins:
            colour = _BLUE if one.fits else _RED
            range_ = [one.least * 100, one.most * 100]
            axes.plot([one.said * 100] * 2, range_, color=colour, alpha=0.5)
            axes.plot([one.said * 100], [one.came * 100], "o", color=colour, markersize=9)
        shares = [0, 25, 50, 75, 100]
        axes.set_xticks(shares, [f"{x} %" for x in shares])
        axes.set_yticks(shares, [f"{x} %" for x in shares])
        axes.set_xlabel("said")
        axes.set_ylabel("came, with where the truth lies (95 %, by game)")
        _legend(axes)
        _saved(figure, path)


def write_clv(values: Sequence[float], mean: str, path: Path) -> None:
    """Write the histogram of closing line values; `mean` is their mean in words, as the title."""
    with mpl.rc_context(_STYLE):
        figure, axes = _alone("By the close", mean)
        for low, high, count in histogram(values):
            colour = _GREEN if low >= 0 else _RED
            axes.bar((low + high) * 50, count, (high - low) * 92, color=colour, alpha=0.75)
        axes.axvline(0, color=_INK, linewidth=1)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:+g} %" if x else "0 %")
        axes.set_xlabel("expected profit of a unit by the closing line")
        axes.set_ylabel("bets")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        _saved(figure, path)
