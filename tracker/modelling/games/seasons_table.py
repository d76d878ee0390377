"""Several seasons beside one another: what of an evaluation is the season's, not the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracker.modelling.games.report import NAMES, grid

Results = Sequence[tuple[str, Mapping[str, Any]]]
"""Evaluations, each with its heading."""

_SCORES = ("margin", "total", "home", "away")


def beside_one_another(seasons: Results) -> list[str]:
    """What differs from season to season though the model is the same: each is left out in turn."""
    names = ("win", "spread", "total", "home total", "parlay")
    rows = []
    for heading, result in seasons:
        overall, moments = result["overall"], result["moments"]
        errors = [overall[x]["ece"] for x in names]
        cells = [x for moment in moments.values() for x in moment["markets"].values()]
        above = sum(x["ece"] > x["ece_if_perfect"] for x in cells)
        covered = [x["scores"][s]["coverage80"]["mean"] for x in moments.values() for s in _SCORES]
        rows.append([
            heading,
            *(f"{overall[x]['slope']:.2f} ± {1.96 * overall[x]['slope_error']:.2f}" for x in names),
            f"{min(errors):.4f}–{max(errors):.4f}",
            f"{above} of {len(cells)}",
            f"{min(covered):.3f}–{max(covered):.3f}",
            _ratio([moments["half"]["overtimes"]]),
            *(_ratio([moments[x]["pushes"]]) for x in ("2:00", "0:30", "0:10")),
        ])  # fmt: skip
    every = [x["moments"] for _, x in seasons]
    pooled = [_pooled(seasons, x) for x in names]
    rows.append([
        "together", *pooled, "", "", "", _ratio([x["half"]["overtimes"] for x in every]),
        *(_ratio([x[at]["pushes"] for x in every]) for at in ("2:00", "0:30", "0:10")),
    ])  # fmt: skip
    head = [
        "season", *(f"slope, {NAMES[x]}" for x in names), "ECE", "cells above the 95th percentile",
        "coverage, least and most", "overtimes, predicted over observed", "pushes at 2:00",
        "0:30", "0:10",
    ]  # fmt: skip
    return [
        (
            "The same model, fitted each time without the season that it is judged on. Slopes are "
            "over all moments, with their 95 % interval by game: what is above 1 in one season is "
            "below it in another."
        ),
        "",
        *grid(head, rows),
    ]


def _ratio(counts: Sequence[Mapping[str, float]]) -> str:
    predicted, observed = (sum(x[k] for x in counts) for k in ("predicted", "observed"))
    spread = sum(x["spread"] ** 2 for x in counts) ** 0.5
    return f"{predicted / observed:.2f} ± {1.96 * spread / observed:.2f}" if observed else "–"


def _pooled(seasons: Results, market: str) -> str:
    """The mean slope, each season weighing by what it tells."""
    told = [x["overall"][market] for _, x in seasons]
    weights = [x["slope_error"] ** -2 for x in told]
    mean = sum(w * x["slope"] for w, x in zip(weights, told, strict=True)) / sum(weights)
    return f"{mean:.2f} ± {1.96 * sum(weights) ** -0.5:.2f}"
