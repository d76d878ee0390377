"""Writes an evaluation as Markdown tables and plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracker.modelling.games.observe import Checkpoint

NAMES = {"win": "moneyline", "spread": "closing spread", "total": "closing total",
         "home total": "home team total", "parlay": "home ML + over"}  # fmt: skip
"""The markets that are judged, as the tables call them."""

SCORES = ("margin", "total", "home", "away")
"""The figures of the final score that are judged."""


def tables(result: dict[str, Any]) -> list[str]:
    """The tables of an evaluation, as lines of Markdown."""
    about = result["parameters"]
    moments: dict[str, Any] = result["moments"]
    return [
        f"# Evaluation of {about['model_version']}",
        "",
        (
            f"Fitted on {', '.join(about['fitted_on'])}; judged on "
            f"{', '.join(about['judged_on'])}, {about['games']} games. Overtime counts. "
            "Brier scores are of bets that did not push."
            + ("" if result["plots"] else " There are no plots: matplotlib is not installed.")
        ),
        "",
        "## Scores",
        "",
        *scores(moments),
        "",
        *_coverage_table(moments, result["overtime"]),
        "",
        *_calibration_table(result),
        "",
        *_counts_table(moments),
        "",
        *_paired_table(result["paired"]),
        "",
        *_hidden_table(moments, result["without possession"]),
    ]


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table, as lines."""
    return [
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def scores(moments: Mapping[str, Any]) -> list[str]:
    """The table of Brier scores and CRPS by moment."""
    rows = [
        [f"{name} Brier", *(f"{x['markets'][market]['brier']:.4f}" for x in moments.values())]
        for market, name in NAMES.items()
    ]
    rows += [
        [f"{score} CRPS", *(f"{x['scores'][score]['crps']:.2f}" for x in moments.values())]
        for score in SCORES
    ]
    return grid(["at", *moments], rows)


def _coverage_table(moments: dict[str, Any], overtime: dict[str, Any]) -> list[str]:
    every = moments | ({"live overtime": overtime} if overtime["scores"] else {})
    rows = []
    for score in SCORES:
        cells = []
        for x in every.values():
            cover = x["scores"][score]["coverage80"]
            cells.append(f"{cover['mean']:.3f} ({cover['low']:.3f}–{cover['high']:.3f})")
        rows.append([score, *cells])
    rows.append(["mean width, margin", *(
        f"{x['scores']['margin']['width80']:.1f}" for x in every.values()
    )])  # fmt: skip
    head = "## How often the 80 % interval holds the outcome (randomised PIT, 95 % interval)"
    return [head, "", *grid(["of", *every], rows)]


def _calibration_table(result: dict[str, Any]) -> list[str]:
    rows = [
        [
            market,
            f"{x['ece']:.4f}",
            f"{x['slope']:.3f} ± {1.96 * x['slope_error']:.3f}",
            f"{x['intercept']:+.3f}",
        ]
        for market, x in result["overall"].items()
    ]
    lines = ["## Calibration over all moments", "",
             *grid(["market", "ECE", "slope", "intercept"], rows), ""]  # fmt: skip
    moments = result["moments"]
    markets = list(result["overall"])
    rows = []
    for market in markets:
        cells = []
        for x in moments.values():
            cell = x["markets"].get(market)
            cells.append(f"{cell['ece']:.3f} / {cell['ece_if_perfect']:.3f}" if cell else "–")
        rows.append([market, *cells])
    lines += ["## ECE by moment / what perfect chances would show in 95 % of samples", "",
              *grid(["market", *moments], rows)]  # fmt: skip
    return lines


def _counts_table(moments: dict[str, Any]) -> list[str]:
    rows = [
        ["overtimes", *(_ratio(x["overtimes"]) for x in moments.values())],
        ["pushes at the score", *(_ratio(x["pushes"]) for x in moments.values())],
        ["parlay log loss, joint", *(
            f"{x['parlay_log_loss']['joint']:.4f}" for x in moments.values()
        )],
        ["… product of its legs", *(
            f"{x['parlay_log_loss']['product']:.4f}" for x in moments.values()
        )],
    ]  # fmt: skip
    return ["## Predicted / observed", "", *grid(["of", *moments], rows)]


def _ratio(counts: dict[str, float]) -> str:
    return f"{counts['predicted']:.0f} / {counts['observed']:.0f}"


def _paired_table(paired: dict[str, Any]) -> list[str]:
    lines = ["## Ours minus each baseline, paired by game (95 % interval; below 0 is better)", ""]
    for label, moments in paired.items():
        markets = sorted({m for x in moments.values() for m in x})
        rows = []
        for market in markets:
            cells = []
            for x in moments.values():
                cell = x.get(market)
                cells.append(
                    f"{cell['mean']:+.4f} ({cell['low']:+.4f}, {cell['high']:+.4f})" if cell else ""
                )
            rows.append([market, *cells])
        lines += [f"### {label}", "", *grid(["market", *moments], rows), ""]
    return lines


def _hidden_table(moments: dict[str, Any], hidden: dict[str, Any]) -> list[str]:
    rows = []
    for market, name in NAMES.items():
        rows.append([name, *(
            f"{moments[k]['markets'][market]['brier']:.4f} / {x['markets'][market]['brier']:.4f}"
            for k, x in hidden.items()
        )])  # fmt: skip
    head = "## Brier with possession and bonus known / unknown"
    return [head, "", *grid(["market", *hidden], rows)]


def plot(found: dict[str, Checkpoint], result: dict[str, Any], out: Path) -> bool:
    """Write plots of reliability, coverage by clock, PIT, and CRPS against the baselines.

    Returns False without matplotlib, and then writes none.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with plt.style.context("default"):
        for name, draw in (("reliability", _reliability), ("pit", _pit)):
            figure, axes = plt.subplots(2, 2, figsize=(9, 8))
            draw(axes.ravel(), found)
            figure.tight_layout()
            figure.savefig(out / f"{name}.png", dpi=90, metadata={"Software": None})
            plt.close(figure)
        for name, draw_one in (("coverage", _cover), ("crps", _crps)):
            figure, axis = plt.subplots(figsize=(9, 5))
            draw_one(axis, result)
            figure.tight_layout()
            figure.savefig(out / f"{name}.png", dpi=90, metadata={"Software": None})
            plt.close(figure)
    return True


def _reliability(axes: Any, found: dict[str, Checkpoint]) -> None:
    for axis, market in zip(axes, ("win", "spread", "total", "parlay"), strict=True):
        p = np.concatenate([np.array(x.p[market]) for x in found.values()])
        hit = np.concatenate([np.array(x.hit[market]) for x in found.values()])
        known = np.isfinite(p)
        parts = np.array_split(np.argsort(p[known], kind="stable"), 20)
        axis.plot([0, 1], [0, 1], color="0.7")
        axis.plot([p[known][x].mean() for x in parts], [hit[known][x].mean() for x in parts], "o-")
        axis.set(title=NAMES[market], xlabel="chance given", ylabel="how often it happened")


def _pit(axes: Any, found: dict[str, Checkpoint]) -> None:
    for axis, score in zip(axes, SCORES, strict=True):
        for name, x in found.items():
            counts, edges = np.histogram(x.pit[score], bins=10, range=(0, 1))
            axis.plot((edges[1:] + edges[:-1]) / 2, counts / counts.mean(), label=name, lw=0.8)
        axis.axhline(1, color="0.7")
        axis.set(title=f"{score}: PIT, flat when calibrated", ylim=(0, 2))
    axes[0].legend(fontsize=6)


def _cover(axis: Any, result: dict[str, Any]) -> None:
    moments = result["moments"]
    for score in SCORES:
        cells = [x["scores"][score]["coverage80"]["mean"] for x in moments.values()]
        axis.plot(list(moments), cells, "o-", label=score)
    axis.axhspan(0.78, 0.82, color="0.9")
    axis.set(title="coverage of the 80 % interval", ylim=(0.7, 0.9))
    axis.tick_params(axis="x", rotation=45)
    axis.legend()


def _crps(axis: Any, result: dict[str, Any]) -> None:
    for label, moments in result["paired"].items():
        names = [k for k, x in moments.items() if "margin crps" in x]
        if not names:
            continue
        ours = [result["moments"][k]["scores"]["margin"]["crps"] for k in names]
        ratio = [
            moments[k]["margin crps"]["crps"] / own for k, own in zip(names, ours, strict=True)
        ]
        axis.plot(names, np.minimum(ratio, 3), "o-", label=label)
    axis.axhline(1, color="0.7")
    axis.set(title="CRPS of the margin, times ours (cut at 3)")
    axis.legend(fontsize=7)
