"""What a player is expected to do before a game: figures fitted on the games before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.players.counts import BASIC
from tracker.modelling.players.known import (
    END,
    Known,
    base_table,
    expected_minutes,
    expected_rates,
    minutes_table,
    stretch,
)
from tracker.modelling.players.sample import (
    MEMORIES,
    RATE_DECAYS,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MEMORY = (50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 450.0, 700.0)
"""Minutes that a prior rate may weigh beside today's own: those that are tried."""


TAUS = (30.0, 50.0, 75.0, 100.0, 150.0, 250.0, 400.0)
"""Minutes of the league's rate that may be added to a player's own: those that are tried."""


FEWEST_MINUTES = 4.0
"""Shorter games say little of a rate."""


def fit_minutes(known: Known, train: Array) -> tuple[dict[str, Any], Array]:
    """The weights of a player's expected minutes, and these minutes of everybody."""
    rows = known.rows
    played = rows.moments[END].minutes * stretch(rows)
    starting = float(played[train & rows.starter].mean())
    bench = float(played[train & ~rows.starter].mean())
    table = minutes_table(known, starting, bench)
    weights = np.linalg.lstsq(table[train], played[train], rcond=None)[0]
    prior = {
        "decays": list(MEMORIES),
        "minutes": weights.round(5).tolist(),
        "starting": round(starting, 3),
        "bench": round(bench, 3),
        "average": round(float(played[train].mean()), 3),
        "starts": round(float(rows.starter[train].mean()), 3),
    }
    return prior, expected_minutes(known, prior)


def fit_rates(known: Known, train: Array, usual: Array) -> tuple[list[dict[str, Any]], Array]:
    """Each figure's memory, by the likelihood of whole games given the minutes."""
    rows = known.rows
    base = base_table(known, usual)
    used = train & (rows.minutes >= FEWEST_MINUTES)
    root = np.sqrt(rows.minutes[used])
    documents = []
    for i in range(len(BASIC)):
        count = rows.final[:, i].astype(float)
        weights = np.linalg.lstsq(
            base[used] * root[:, None], count[used] / rows.minutes[used] * root, rcond=None
        )[0].round(6)
        trials = [
            {"decay": decay, "minutes": tau, "base": weights.tolist()}
            for decay in RATE_DECAYS
            for tau in TAUS
        ]
        league = np.maximum(base @ weights, 1e-4)
        costs = []
        for trial in trials:
            past = known.past.rates[:, RATE_DECAYS.index(trial["decay"])]
            weight = trial["minutes"] / stretch(rows)
            rate = (past[:, 1 + i] + weight * league) / (past[:, 0] + weight)
            mean = rate[used] * rows.minutes[used]
            costs.append(float((mean - count[used] * np.log(mean)).mean()))
        documents.append(trials[int(np.argmin(costs))])
    return documents, expected_rates(known, documents, usual)


def fit_memory(known: Known, train: Array, rates: Array) -> tuple[float, ...]:
    """How many minutes a prior rate weighs beside today's, at half-time."""
    rows = known.rows
    half, end = rows.moments["half"], rows.moments[END]
    left = end.minutes - half.minutes
    used = train & (left > 1)
    found = []
    for i in range(len(BASIC)):
        has, more = half.stats[used, i], end.stats[used, i] - half.stats[used, i]
        costs = []
        for memory in MEMORY:
            rate = (rates[used, i] * memory + has) / (memory + half.minutes[used])
            rate *= more.sum() / (rate * left[used]).sum()
            mean = np.maximum(rate * left[used], 1e-9)
            costs.append(float((mean - more * np.log(mean)).mean()))
        found.append(MEMORY[int(np.argmin(costs))])
    return tuple(found)
