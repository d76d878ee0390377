"""Ours against every baseline, on the same states, game by game."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from tracker.modelling import metrics
from tracker.modelling.games import baselines
from tracker.modelling.games.sample import Sample, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tracker.modelling.games.observe import Looks, Recorded

    Array = NDArray[Any]
    Watchdog = Callable[[str, float], None]


def _final(recorded: Recorded, clocks: Sequence[int]) -> Sample:
    """States whose end is the final score, overtime included."""
    sample = draw(recorded.data, recorded.seconds, recorded.priors, recorded.games, clocks)
    rows = sample.game.astype(int)
    home, away = recorded.data.games.home[rows], recorded.data.games.away[rows]
    return replace(
        sample, end_lead=(home - away).astype(float), end_total=(home + away).astype(float)
    )


def paired(
    train: Recorded,
    test: Recorded,
    clocks: Mapping[str, int],
    found: Mapping[str, Looks],
    progress: Watchdog,
) -> dict[str, Any]:
    """Ours minus each baseline's, game by game: the mean and its bootstrap interval.

    Baselines are fitted on `train` at the `clocks` (seconds left, by the moment's name).
    """
    regulation = float(test.data.league.regulation_seconds)
    fitted = baselines.fit_all(_final(train, list(clocks.values())), regulation)
    result: dict[str, Any] = {}
    for k, (label, model) in enumerate(fitted.items()):
        progress("baselines", k / len(fitted))
        rows = {}
        for name, clock in clocks.items():
            sample = _final(test, [clock])
            rows[name] = _differences(found[name], model(sample), sample)
        result[label] = rows
    return result


def _differences(looks: Looks, said: baselines.Normals, s: Sample) -> dict[str, Any]:
    theirs = baseline_chances(said, s)
    table = {}
    for market, p in theirs.items():
        own, hit = np.array(looks.p[market]), np.array(looks.hit[market])
        gap = (own - hit) ** 2 - (p - hit) ** 2
        table[market] = {"brier": float(np.nanmean((p - hit) ** 2))} | metrics.vars_of(
            metrics.bootstrap(gap, metrics.SEED)
        )
    for name, mean, sd, outcome in (
        ("margin crps", said.margin, said.margin_sd, s.end_lead),
        ("total crps", said.total, said.total_sd, s.end_total),
    ):
        if mean is not None and sd is not None:
            score = metrics.crps_normal(mean, np.maximum(sd, 0.05), outcome)
            own = np.array(looks.crps[name.split()[0]])
            table[name] = {"crps": float(score.mean())} | metrics.vars_of(
                metrics.bootstrap(own - score, metrics.SEED)
            )
    return table


def baseline_chances(said: baselines.Normals, s: Sample) -> dict[str, Array]:
    """What a baseline says of the markets that it knows."""
    line, total = np.round(s.prior_margin * 2) / 2, np.round(s.prior_total * 2) / 2
    team = np.round(s.prior_total + s.prior_margin) / 2
    found: dict[str, Array] = {}
    if said.win is not None:
        found["win"] = said.win
    if said.margin is not None and said.margin_sd is not None:
        sd = np.maximum(said.margin_sd, 0.05)
        found["win"] = ndtr(said.margin / sd)
        found["spread"] = ndtr((said.margin - line) / sd)
    if said.over is not None:
        found["total"] = said.over(total)
    elif said.total is not None and said.total_sd is not None:
        found["total"] = ndtr((said.total - total) / np.maximum(said.total_sd, 0.05))
    if said.margin is not None and said.total is not None:
        sd = np.hypot(said.margin_sd, said.total_sd) / 2  # type: ignore[arg-type]
        mean = (said.margin + said.total) / 2
        found["home total"] = ndtr((mean - team) / np.maximum(sd, 0.05))
        found["parlay"] = found["win"] * found["total"]
    return found
