"""Charts as pictures: the chance above, the forecast and the score below, on one axis."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from tracker.app.course import Course

_BLUE, _ORANGE, _GREEN, _GREY = "#1f6fb4", "#d98200", "#2c8a4b", "#6b7280"
_RED, _PURPLE = "#c0392b", "#7d3c98"
_INK = "#1f2933"
_STYLE: dict[Any, Any] = {
    "font.size": 13,
    "axes.edgecolor": "#c3cad3",
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "svg.hashsalt": "tracker",
    "text.color": _INK,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
}


def write_picture(course: Course, path: Path) -> None:
    """Write the chart of a course as PNG or SVG, by the suffix of `path`."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(12, 10), layout="constrained")
        svg = path.suffix.lower() == ".svg"
        (FigureCanvasSVG if svg else FigureCanvasAgg)(figure)
        panels = figure.subplots(3, 1, sharex=True, height_ratios=(5, 4, 3))
        above, middle, below = panels
        _chance(above, course)
        _forecast(middle, course)
        _score(below, course)
        for axes in panels:
            _periods(axes, course)
        figure.align_ylabels()
        if course.marks:
            signs, rules = above.get_legend_handles_labels()
            figure.legend(signs, rules, loc="upper right", ncols=4, frameon=False, fontsize=13)
        figure.suptitle(course.title, x=0.01, ha="left", fontsize=21, fontweight="bold")
        above.set_title(course.subtitle, fontsize=14, color=_GREY, pad=14)
        # No date, so that the same history gives the same file.
        figure.savefig(path, dpi=130, metadata={"Date": None} if svg else {"Software": None})


def _chance(axes: Axes, course: Course) -> None:
    xs = [p.x for p in course.points]
    wins = [p.win * 100 for p in course.points]
    axes.fill_between(xs, wins, step="post", color=_BLUE, alpha=0.12, linewidth=0)
    axes.step(xs, wins, where="post", color=_BLUE, linewidth=2.6)
    for level in course.levels:
        axes.axhline(level * 100, color=_ORANGE, linestyle=(0, (5, 4)), linewidth=1.4)
        axes.annotate(
            f"{level * 100:g} %",
            (1.0, level * 100),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=_ORANGE,
        )
    _alerts(axes, course)
    last = course.points[-1]
    axes.plot([last.x], [last.win * 100], "o", color=_BLUE, markersize=8, clip_on=False, zorder=5)
    axes.set_ylim(-2, 104)
    axes.set_yticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_ylabel("p(hit)", fontsize=15)
    axes.grid(axis="y", color="#e8ebef")
    axes.set_axisbelow(True)


def _alerts(axes: Axes, course: Course) -> None:
    """A sign for each alert, labelled by its rule."""
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


def _forecast(axes: Axes, course: Course) -> None:
    xs = [p.x for p in course.points]
    mus = [p.mu for p in course.points]
    lows = [p.mu - p.sigma for p in course.points]
    highs = [p.mu + p.sigma for p in course.points]
    axes.fill_between(
        xs, lows, highs, step="post", color=_BLUE, alpha=0.15, linewidth=0, label="mu ± sigma"
    )
    axes.step(xs, mus, where="post", color=_BLUE, linewidth=2.2, label="mu")
    margins = [p.margin for p in course.points if p.margin is not None]
    if margins:
        axes.step(xs, margins, where="post", color=_GREEN, linewidth=1.8, label="margin so far")
    if course.line is not None:
        axes.axhline(course.line, color=_ORANGE, linewidth=1.6, linestyle=(0, (5, 4)))
        axes.annotate(
            f"{course.line:g}",
            (1.0, course.line),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=_ORANGE,
        )
    axes.set_ylabel(course.quantity, fontsize=15)
    axes.grid(axis="y", color="#e8ebef")
    axes.set_axisbelow(True)
    axes.legend(loc="best", frameon=False, ncols=3, fontsize=13)


def _score(axes: Axes, course: Course) -> None:
    xs = [p.x for p in course.points]
    for name, points, colour in (
        (course.home, [p.home for p in course.points], _INK),
        (course.away, [p.away for p in course.points], _GREEN),
    ):
        axes.step(xs, points, where="post", color=colour, linewidth=2, label=name)
    axes.set_ylabel(f"{course.away} – {course.home}", fontsize=15)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#e8ebef")
    axes.set_axisbelow(True)
    axes.legend(loc="upper left", frameon=False, ncols=2, fontsize=13)


def _periods(axes: Axes, course: Course) -> None:
    axes.set_xlim(0, course.end)
    for period in course.periods[1:]:
        axes.axvline(period.begins, color="#c3cad3", linewidth=1)
    names = [
        x.name if x.score is None else f"{x.name}\n{x.score[0]} – {x.score[1]}"
        for x in course.periods
    ]
    middles = [(x.begins + x.ends) / 2 for x in course.periods]
    axes.set_xticks(middles, names, fontsize=13 * min(1.0, 5 / len(names)))
    axes.tick_params(axis="x", length=0)
