"""A correction of how sure the forecast is, and the gate that it must pass to be used.

Fitted on one season that the parameters have not seen, judged on another: it is activated only if
both the log loss and the calibration error of the markets get better there. Maps of single markets
(Platt, beta, isotonic) are judged beside it for comparison; they are never used, for then the
markets would no longer be read off one distribution.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from tracker.forecast.calibration import CORRECTIONS, NO_CALIBRATION, Calibration
from tracker.forecast.game import parameters as figures
from tracker.forecast.game.model import forecast
from tracker.modelling import metrics
from tracker.modelling.games import observe

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tracker.forecast.game.parameters import Parameters
    from tracker.modelling.games.observe import Looks, Recorded

    Array = NDArray[Any]

FLOW_CLOCKS = (420, 720, 1440, 2160)
"""Seconds left at which the widths of the flow are fitted (those within a shorter game)."""

END_CLOCKS = (10, 30, 60, 120, 240)
"""Seconds left at which the endgame's sharpness is fitted."""

STEPS = tuple(round(0.88 + 0.02 * k, 2) for k in range(13))
"""The corrections that are tried: 0.88 to 1.12."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What came of a calibration: figures before and after, on games it was not fitted on."""

    passed: bool
    log_loss: tuple[float, float]
    ece: tuple[float, float]
    maps: dict[str, float]
    calibration: Calibration

    @property
    def reason(self) -> str:
        """One sentence."""
        verdict = "activated" if self.passed else "not activated"
        return (
            f"{verdict}: log loss {self.log_loss[0]:.5f} → {self.log_loss[1]:.5f}, "
            f"ECE {self.ece[0]:.5f} → {self.ece[1]:.5f} out of sample"
        )


def fit_calibration(recorded: Recorded, parameters: Parameters, name: str) -> Calibration:
    """The widths and sharpness that make the final scores of `recorded` likeliest."""
    regulation = recorded.data.league.regulation_seconds
    flow = [x for x in FLOW_CLOCKS if x < regulation]
    clocks = (*map(float, END_CLOCKS), *map(float, flow))
    ones = (1.0,) * len(clocks)
    margin, total, sharpness = list(ones), list(ones), list(ones)
    for k, clock in enumerate(clocks):
        if clock in END_CLOCKS:
            sharpness[k] = _best(recorded, parameters, clock, "sharpness")
        else:
            margin[k] = _best(recorded, parameters, clock, "margin")
            total[k] = _best(recorded, parameters, clock, "total")
    return Calibration(name, clocks, tuple(margin), tuple(total), tuple(sharpness))


def _best(recorded: Recorded, parameters: Parameters, clock: float, which: str) -> float:
    """The step of one correction with the highest likelihood at one clock."""
    costs = []
    for step in STEPS:
        one = replace(
            NO_CALIBRATION, name="trial", **{which: (step,)},
        )  # fmt: skip
        costs.append(_cost(recorded, replace(parameters, calibration=one), int(clock), which))
    # A parabola through the best step and its neighbours.
    k = int(np.clip(np.argmin(costs), 1, len(STEPS) - 2))
    a, b, c = costs[k - 1 : k + 2]
    bend = a - 2 * b + c
    offset = 0.5 * (a - c) / bend if bend > 0 else 0.0
    return round(STEPS[k] + 0.02 * float(np.clip(offset, -1, 1)), 4)


def _cost(recorded: Recorded, parameters: Parameters, clock: int, which: str) -> float:
    game = observe.game_of(recorded.data.league)
    games = recorded.data.games
    cost = 0.0
    for row in recorded.games.tolist():
        state = observe.state_of(game, recorded.seconds, row, clock)
        final = forecast(state, observe.prior_of(recorded.priors, row), parameters).final
        home, away = int(games.home[row]), int(games.away[row])
        if which in ("margin", "total"):
            part = final.part(which)
            value = home - away if which == "margin" else home + away
            chance = part.split(value)[1]
        else:
            i, j = home - final.home0, away - final.away0
            inside = 0 <= i < final.cells.shape[0] and 0 <= j < final.cells.shape[1]
            chance = float(final.cells[i, j]) if inside else 0.0
        cost -= float(np.log(max(chance, 1e-7)))
    return cost


def judge(recorded: Recorded, parameters: Parameters, fixed: Calibration, held: Recorded) -> Gate:
    """Compare with and without a calibration on games that it was not fitted on.

    `held` are the games that it was fitted on; the maps of single markets are fitted there too.
    """
    clocks = [int(x) for x in fixed.clocks]
    without = [observe.look(recorded, x, parameters, 0) for x in clocks]
    changed = replace(parameters, calibration=fixed)
    with_it = [observe.look(recorded, x, changed, 0) for x in clocks]
    before, after = _figures(without), _figures(with_it)
    passed = after[0] < before[0] and after[1] < before[1]
    fitted_on = [observe.look(held, x, parameters, 0) for x in clocks]
    maps = {
        name: _mapped(name, _pairs(fitted_on, "win"), _pairs(without, "win"))
        for name in ("none", "platt", "beta", "isotonic")
    }
    return Gate(passed, (before[0], after[0]), (before[1], after[1]), maps, fixed)


def _pairs(looks: list[Looks], market: str) -> tuple[Array, Array]:
    p = np.concatenate([np.array(x.p[market]) for x in looks])
    hit = np.concatenate([np.array(x.hit[market]) for x in looks])
    known = np.isfinite(p)
    return p[known], hit[known]


def _figures(looks: list[Looks]) -> tuple[float, float]:
    pairs = [_pairs(looks, market) for market in observe.MARKETS]
    losses = [metrics.log_loss(*x) for x in pairs]
    errors = [metrics.ece(*x) for x in pairs]
    return float(np.mean(losses)), float(np.mean(errors))


def _mapped(name: str, train: tuple[Array, Array], test: tuple[Array, Array]) -> float:
    """The log loss of the win on `test` after a map that was fitted on `train`."""
    p, hit = train
    if name == "none":
        return metrics.log_loss(*test)
    if name == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        curve = IsotonicRegression(y_min=0.001, y_max=0.999, out_of_bounds="clip").fit(p, hit)
        return metrics.log_loss(curve.predict(test[0]), test[1])

    def features(x: Array) -> Array:
        x = np.clip(x, 1e-6, 1 - 1e-6)
        if name == "platt":
            return np.stack([np.log(x) - np.log1p(-x), np.ones_like(x)], axis=1)
        return np.stack([np.log(x), -np.log1p(-x), np.ones_like(x)], axis=1)

    design = features(p)
    start = np.array([1.0] * (design.shape[1] - 1) + [0.0])
    found = minimize(lambda b: metrics.log_loss(expit(design @ b), hit), start, method="BFGS").x
    return metrics.log_loss(expit(features(test[0]) @ found), test[1])


def write_calibrated(source: Path, gate: Gate, out: Path) -> Parameters:
    """Write the parameters of `source` with a calibration that passed. Raises ValueError if not."""
    if not gate.passed:
        raise ValueError(f"this calibration did not improve the forecast: {gate.reason}")
    document: dict[str, Any] = json.loads(source.read_text("utf-8"))
    fixed = gate.calibration
    document["calibration_id"] = fixed.name
    document["calibration"] = {
        name: list(getattr(fixed, name)) for name in ("clocks", *CORRECTIONS)
    }
    form = str(document["model_version"]).split(f"-{document['league']}-")[0]
    document = figures.sealed(document, form)
    out.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n", "utf-8")
    return figures.decode(out.read_text("utf-8"), out.name)
