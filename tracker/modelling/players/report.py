"""An evaluation of player lines as a page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker.modelling.games.report import grid

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = ("pts", "reb", "ast", "3pm", "pra")
"""The figures whose coverage and rivals are shown; the others are in the JSON beside it."""

GROUPS = {
    "all": "all with ten games",
    "regulars": "15 minutes and more",
    "stars": "stars: 30 minutes and more",
    "blowouts": "games decided by 20 or more",
    "stars in blowouts": "stars in these",
}


def write(result: dict[str, Any], path: Path) -> None:
    """The Markdown tables of an evaluation."""
    path.write_text("\n".join(tables(result)) + "\n", "utf-8")


def tables(result: dict[str, Any]) -> list[str]:
    """All tables, as lines of Markdown."""
    about = result["parameters"]
    return [
        f"# Evaluation of {about['model_version']}",
        "",
        (
            f"Fitted on {', '.join(about['fitted_on'])}; judged on "
            f"{', '.join(about['judged_on'])}, {about['games']} games. Each player's line is his "
            "own average of the season so far, for players with ten earlier games in it."
        ),
        "",
        *sections(result, "##"),
    ]


def sections(result: dict[str, Any], head: str) -> list[str]:
    """The tables, under headings of the level `head`."""
    moments = result["moments"]
    return [
        f"{head} Brier scores",
        "",
        *_scores(moments),
        "",
        f"{head} How often the 80 % interval holds the outcome (randomised PIT)",
        "",
        *_coverage(moments),
        "",
        f"{head} Calibration",
        "",
        *_calibration(result),
        "",
        f"{head} Beside the others, paired by game",
        "",
        (
            "Brier scores; below each the model's less it, × 10,000 (\\*: the 95 % interval "
            "holds 0). All spread a season's average over the time left; today's pace carries on "
            "what he has (at half-time, twice the half)."
        ),
        "",
        *_rivals(moments),
        "",
        f"{head} Same-game parlays with player lines",
        "",
        "Of the best scorers of either side by their averages, both legs over.",
        "",
        *_parlays(result["parlays"]),
    ]


def _scores(moments: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for group, name in GROUPS.items():
        first = next(iter(next(iter(moments.values()))["stats"].values()))
        if group not in first:
            continue
        rows = [
            [stat, *(f"{x['stats'][stat][group]['brier']:.4f}" for x in moments.values())]
            for stat in next(iter(moments.values()))["stats"]
        ]
        counts = [f"{x['stats']['pts'][group]['players']:,}" for x in moments.values()]
        lines += [f"**{name}**", "", *grid(["", *moments], [["players", *counts], *rows]), ""]
    return lines[:-1]


def _coverage(moments: dict[str, Any]) -> list[str]:
    rows = []
    for stat in next(iter(moments.values()))["stats"]:
        cells = []
        for x in moments.values():
            cover = x["stats"][stat]["all"]["coverage80"]
            cells.append(f"{cover['mean']:.3f} ({cover['low']:.3f}–{cover['high']:.3f})")
        rows.append([stat, *cells])
    lines = grid(["of", *moments], rows)
    rows = []
    for stat in SHOWN:
        cells = [f"{x['stats'][stat]['stars']['coverage80']['mean']:.3f}" for x in moments.values()]
        rows.append([stat, *cells])
    return [*lines, "", "Stars alone:", "", *grid(["of", *moments], rows)]


def _calibration(result: dict[str, Any]) -> list[str]:
    moments = result["moments"]
    rows = [
        [stat, f"{x['ece']:.4f}", f"{x['slope']:.3f}", f"{x['intercept']:+.3f}"]
        for stat, x in result["overall"].items()
    ]
    lines = [
        "Over all moments:",
        "",
        *grid(["", "ECE", "slope", "intercept"], rows),
        "",
        "By moment, with what perfect chances would show in 95 % of samples:",
        "",
    ]
    rows = []
    for stat in result["overall"]:
        told = [x["stats"][stat]["all"] for x in moments.values()]
        rows.append([stat, *(f"{x['ece']:.4f} / {x['ece_if_perfect']:.4f}" for x in told)])
    return [*lines, *grid(["ECE of", *moments], rows)]


def _rivals(moments: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for stat in SHOWN:
        names = list(moments["half"]["stats"][stat]["all"]["baselines"])
        own = [f"{x['stats'][stat]['all']['brier']:.4f}" for x in moments.values()]
        rows = [["the model", *own]]
        for name in names:
            scores, gaps = [], []
            for x in moments.values():
                other = x["stats"][stat]["all"]["baselines"].get(name)
                scores.append("–" if other is None else f"{other['brier']:.4f}")
                gaps.append("–" if other is None else _gap(other))
            rows += [[name, *scores], ["", *gaps]]
        lines += [f"**{stat}**", "", *grid(["", *moments], rows), ""]
    return lines[:-1]


def _gap(other: dict[str, float]) -> str:
    star = "\\*" if other["low"] <= 0 <= other["high"] else ""
    return f"{other['difference'] * 10_000:+.0f}{star}"


def _parlays(told: dict[str, Any]) -> list[str]:
    rows = []
    for name, x in told.items():
        kind, moment = name.split("|")
        interval = f"{x['difference']:+.4f} ({x['low']:+.4f} to {x['high']:+.4f})"
        rows.append(
            [kind, moment, f"{x['parlays']:,}", f"{x['hit']:.3f}", f"{x['joint']:.3f}",
             f"{x['product']:.3f}", interval]
        )  # fmt: skip
    head = ["both over", "at", "parlays", "won", "joint", "product", "log loss, joint less product"]
    return grid(head, sorted(rows))
