"""Evaluates the forecast on recorded games: every metric by clock, against every baseline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tracker.forecast import Parameters
from tracker.forecast.game.parameters import decode
from tracker.modelling import Array, Progress, metrics, silent
from tracker.modelling.games import Dataset, observe, read
from tracker.modelling.games.baselines import paired
from tracker.modelling.games.fit import complete, fit_text, priors_of
from tracker.modelling.games.observe import Checkpoint, Recorded
from tracker.modelling.games.report import plot, tables
from tracker.modelling.games.trace import trace

EARLY = {"tip": 1.0, "end Q1": 0.75, "half": 0.5, "end Q3": 0.25}
"""Early moments, by the part of regulation that is left: a model file holds its form's scores at
these."""

LATE = {"5:00": 300, "2:00": 120, "1:00": 60, "0:30": 30, "0:10": 10}
"""Late moments, by the seconds of regulation left."""

INSIDE = {"6:00 Q1": 2520, "6:00 Q2": 1800, "3:00 Q2": 1620, "6:00 Q3": 1080, "1:00 Q3": 780}
"""Moments inside NBA quarters, by the seconds left; no baseline is compared at these."""


@dataclass(frozen=True, eq=False)
class TrainTestSplit:
    """The games to fit baselines on (`train`), those to judge on (`test`), and the moments."""

    train: Recorded
    test: Recorded
    parameters: Parameters
    checkpoints: dict[str, int]

    @property
    def clocks(self) -> dict[str, int]:
        """The moments of comparison with baselines; at tip-off none knows more than the line."""
        return {x: y for x, y in self.checkpoints.items() if x in EARLY | LATE and x != "tip"}


def evaluate(
    folder: Path,
    parameters: Parameters,
    fitted: Sequence[str],
    judged: Sequence[str],
    out: Path,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Judge parameters on seasons; writes `evaluation.json`, `evaluation.md` and plots to `out`.

    `fitted` are the seasons that baselines are fitted on; none may be among `judged`. Raises
    BadDataset, and ValueError when the seasons overlap.
    """
    if set(fitted) & set(judged):
        raise ValueError("a season cannot be both fitted on and judged: name others")
    progress("reading", 0.0)
    data = read(folder, parameters.league)
    season = data.games.season
    rows = np.isin(season, list(fitted)), np.isin(season, list(judged))
    return evaluate_games(data, parameters, rows, out, progress)


def judged(
    data: Dataset, seasons: Sequence[str], unseen: str, progress: Progress
) -> dict[str, Any]:
    """The scores of a fit without the season `unseen` on that season: Brier and CRPS by moment.

    Raises BadDataset when the other seasons have too few games to fit on.
    """
    rest = [x for x in seasons if x != unseen]
    parameters = decode(fit_text(data, rest, progress), "the fit without that season")
    return scored(data, parameters, unseen)


def scored(
    data: Dataset, parameters: Parameters, unseen: str, beside: Parameters | None = None
) -> dict[str, Any]:
    """The scores of parameters on the season `unseen`: Brier and CRPS by moment.

    Where the dataset has no lines, totals are bet on at those of the ratings of `beside`, the model
    that they are compared with.
    """
    none = np.zeros(data.games.season.size, dtype=bool)
    given = _given(data, parameters, (none, data.games.season == unseen), beside)
    found: dict[str, dict[str, float]] = {}
    for name, part in EARLY.items():
        left = round(part * data.league.regulation_seconds)
        checkpoint = observe.checkpoint(given.test, left, parameters, metrics.SEED)
        figures = {f"{x} Brier": metrics.brier(*_values(checkpoint, x)) for x in ("win", "total")}
        figures |= {f"{x} CRPS": float(np.mean(checkpoint.crps[x])) for x in ("margin", "total")}
        found[name] = {x: round(y, 4) for x, y in figures.items()}
    return {"season": unseen, "games": len(given.test.games), "moments": found}


def evaluate_games(
    data: Dataset, parameters: Parameters, rows: tuple[Array, Array], out: Path, progress: Progress
) -> dict[str, Any]:
    """Judge parameters on games of a dataset; writes the same files to `out` as `evaluate`.

    `rows` are two masks: the games to fit baselines on, and those to judge on.
    """
    given = _given(data, parameters, rows)
    found = _checkpoints(given, progress)
    overtime = observe.overtime_checkpoint(given.test, parameters, metrics.SEED)
    hidden = {
        name: observe.checkpoint(
            given.test, given.checkpoints[name], parameters, metrics.SEED, ball=False
        )
        for name in LATE
    }
    progress("baselines", 0.0)
    result = summary(found) | {
        "parameters": {
            "league": parameters.league,
            "model_version": parameters.model_version,
            "calibration_id": parameters.calibration_id,
            "fitted_on": list(parameters.fitted_on),
            "judged_on": sorted(set(data.games.season[given.test.games].tolist())),
            "games": len(given.test.games),
        },
        "overtime": _scores(overtime),
        "without possession": {name: _scores(x) for name, x in hidden.items()},
        "paired": paired(given.train, given.test, given.clocks, found, progress),
    }
    out.mkdir(parents=True, exist_ok=True)
    result["plots"] = plot(found, result, out)
    (out / "evaluation.json").write_text(
        json.dumps(result, indent=1, sort_keys=True) + "\n", "utf-8"
    )
    (out / "evaluation.md").write_text("\n".join(tables(result)) + "\n", "utf-8")
    progress("done", 1.0)
    return result


def judged_alone(
    data: Dataset, parameters: Parameters, rows: tuple[Array, Array], progress: Progress
) -> dict[str, Any]:
    """The figures of `evaluate_games` without baselines and plots; nothing is written."""
    return summary(_checkpoints(_given(data, parameters, rows), progress))


def _checkpoints(given: TrainTestSplit, progress: Progress) -> dict[str, Checkpoint]:
    """Forecast the test games at every moment."""
    found: dict[str, Checkpoint] = {}
    for k, (name, left) in enumerate(given.checkpoints.items()):
        progress("forecasts", k / len(given.checkpoints))
        found[name] = observe.checkpoint(given.test, left, given.parameters, metrics.SEED)
    return found


def _given(
    data: Dataset,
    parameters: Parameters,
    rows: tuple[Array, Array],
    beside: Parameters | None = None,
) -> TrainTestSplit:
    traced = trace(data)
    rules = data.league
    priors, lines = (priors_of(data.games, x.ratings) for x in (parameters, beside or parameters))

    regulation = rules.regulation_seconds
    points = {name: round(part * regulation) for name, part in EARLY.items()} | LATE
    if rules.periods == 2:  # noqa: PLR2004 - halves have no quarter ends, but the same clocks
        points = {"tip": regulation, "10:00": 1800, "half": 1200, "10:00 left": 600} | LATE
    elif regulation == 2880:  # noqa: PLR2004 - NBA quarters
        points |= INSIDE
    points = dict(sorted(points.items(), key=lambda x: -x[1]))
    home, away = traced.seconds.home, traced.seconds.away
    whole = complete(data, traced) & observe.in_order(rules, home, away, points.values())

    def recorded(chosen: Array) -> Recorded:
        games = np.flatnonzero(chosen & whole & priors.use)
        return observe.Recorded(data, traced.seconds, priors, games, lines)

    return TrainTestSplit(recorded(rows[0]), recorded(rows[1]), parameters, points)


def _values(checkpoint: Checkpoint, market: str) -> tuple[Array, Array]:
    p, hit = np.array(checkpoint.p[market]), np.array(checkpoint.hit[market])
    known = np.isfinite(p)
    return p[known], hit[known]


def _games(checkpoint: Checkpoint, market: str) -> Array:
    """The game of each known row of a market; every game has the same number of rows."""
    p, games = np.array(checkpoint.p[market]), len(checkpoint.p["win"])
    rows: Array = np.repeat(np.arange(games), p.size // games)[np.isfinite(p)]
    return rows


def _scores(checkpoint: Checkpoint) -> dict[str, Any]:
    """All figures of one moment, as JSON."""
    markets = {}
    for market in checkpoint.p:
        p, hit = _values(checkpoint, market)
        if p.size == 0:
            continue
        steep, shift = metrics.slope(p, hit)
        markets[market] = {
            "brier": metrics.brier(p, hit),
            "log_loss": metrics.log_loss(p, hit),
            "ece": metrics.ece(p, hit),
            "ece_if_perfect": metrics.ece_of_perfect(p, metrics.SEED),
            "slope": steep,
            "intercept": shift,
            "count": int(p.size),
        }
    figures: dict[str, Any] = {"left": checkpoint.left, "markets": markets}
    figures["scores"] = {
        name: {
            "crps": float(np.mean(checkpoint.crps[name])),
            "coverage80": asdict(metrics.coverage(np.array(checkpoint.pit[name]))),
            "width80": float(np.mean(checkpoint.width[name])),
        }
        for name in checkpoint.crps
    }
    for name, pairs in (("overtimes", checkpoint.overtime), ("pushes", checkpoint.pushes)):
        if pairs:
            figures[name] = _counts(*np.array(pairs).T)
    if checkpoint.apart:
        p, hit = _values(checkpoint, "parlay")
        apart = np.array(checkpoint.apart)[np.isfinite(checkpoint.p["parlay"])]
        figures["parlay_log_loss"] = {
            "joint": metrics.log_loss(p, hit),
            "product": metrics.log_loss(apart, hit),
            "difference": asdict(metrics.bootstrap(joint_gain(checkpoint), metrics.SEED)),
        }
    return figures


def _counts(predicted: Array, observed: Array) -> dict[str, float]:
    """Predicted and observed counts of an event, and the sd of the observed one by chance."""
    return {
        "predicted": float(predicted.sum()),
        "observed": float(observed.sum()),
        "spread": float(np.sqrt((predicted * (1 - predicted)).sum())),
        "lines": int(observed.size),
    }


def joint_gain(checkpoint: Checkpoint) -> Array:
    """Log loss of each game's parlay by the joint distribution, less that of its legs' product."""
    p, apart, hit = (
        np.array(x) for x in (checkpoint.p["parlay"], checkpoint.apart, checkpoint.hit["parlay"])
    )
    p, apart = (np.clip(x, metrics.CLIP, 1 - metrics.CLIP) for x in (p, apart))
    gain: Array = np.where(hit > 0, np.log(apart / p), np.log((1 - apart) / (1 - p)))
    return gain


def summary(found: dict[str, Checkpoint]) -> dict[str, Any]:
    """Figures by moment, and calibration over all moments together."""
    overall = {}
    for market in observe.MARKETS:
        pairs = [_values(x, market) for x in found.values() if market in x.p]
        if not pairs:
            continue
        p, hit = (np.concatenate(x) for x in zip(*pairs, strict=True))
        steep, shift = metrics.slope(p, hit)
        game = np.concatenate([_games(x, market) for x in found.values() if market in x.p])
        overall[market] = {
            "ece": metrics.ece(p, hit),
            "slope": steep,
            "slope_error": metrics.slope_error(p, hit, game),
            "intercept": shift,
        }
    gain = np.mean([joint_gain(x) for x in found.values() if x.apart], axis=0)
    return {
        "parlay_log_loss": asdict(metrics.bootstrap(gain, metrics.SEED)),
        "moments": {name: _scores(x) for name, x in found.items()},
        "overall": overall,
        "martingale": martingale(found),
    }


def martingale(found: dict[str, Checkpoint]) -> dict[str, Any]:
    """Figures that test whether the chance of a win is a martingale, up to the result.

    `drift` holds the mean change from each moment to the next with its interval, which should
    include 0. `squares` is the mean sum of squared changes, which should be `expected`, the mean of
    p (1 - p) at the first moment.
    """
    named = [(name, np.array(x.p["win"])) for name, x in found.items()]
    result = np.array(next(iter(found.values())).hit["win"])
    drift, squares = {}, np.zeros_like(result)
    for (name, p), (_, later) in pairwise([*named, ("result", result)]):
        drift[name] = asdict(metrics.bootstrap(later - p, metrics.SEED))
        squares += (later - p) ** 2
    first = named[0][1]
    return {
        "drift": drift,
        "squares": asdict(metrics.bootstrap(squares, metrics.SEED)),
        "expected": float(np.mean(first * (1 - first))),
    }
