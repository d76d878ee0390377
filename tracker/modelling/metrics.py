"""Scores of chances against outcomes, and the intervals of these scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, ndtr

from tracker.engine.record import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


SEED = 7
"""The seed of bootstrap, randomised PIT and simulations: the same data give the same card."""

BINS = 10
"""Bins of the expected calibration error."""
DRAWS = 1000
"""Resamples of the games in a bootstrap."""
PERFECT_DRAWS = 200
"""Simulated sets of outcomes, for the ECE of perfect chances."""
CLIP = 1e-6
"""Before a logarithm, chances are clipped to be this far from 0 and 1."""


def brier(p: Array, hit: Array) -> float:
    """Mean squared error of chances, from 0 to 1; lower is better."""
    return float(np.mean((p - hit) ** 2))


def log_losses(p: Array, hit: Array) -> Array:
    """-log of the chance that was given to each outcome; lower is better."""
    p = np.clip(p, CLIP, 1 - CLIP)
    losses: Array = -np.where(hit > 0, np.log(p), np.log1p(-p))
    return losses


def log_loss(p: Array, hit: Array) -> float:
    """The mean of `log_losses`."""
    return float(np.mean(log_losses(p, hit)))


def _log_odds(p: Array) -> Array:
    p = np.clip(p, CLIP, 1 - CLIP)
    odds: Array = np.log(p) - np.log1p(-p)
    return odds


def ece(p: Array, hit: Array) -> float:
    """Expected calibration error over bins of equal size, less the sampling noise of each bin."""
    order = np.argsort(p, kind="stable")
    return float(_gaps(p[order], hit[order][None, :])[0])


def _gaps(p: Array, hits: Array) -> Array:
    """The ECE of each row of outcomes `hits`, for the sorted chances `p`."""
    count = min(BINS, p.size)
    sizes = np.full(count, p.size // count) + (np.arange(count) < p.size % count)
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    mean = np.add.reduceat(p, starts) / sizes
    noise = np.add.reduceat(p * (1 - p), starts) / sizes**2
    seen = np.add.reduceat(hits, starts, axis=1) / sizes
    gaps = np.sqrt(np.maximum((mean - seen) ** 2 - noise, 0.0))
    errors: Array = gaps @ sizes / p.size
    return errors


def ece_of_perfect(p: Array, seed: int) -> float:
    """The 95th percentile of `ece` when every chance is exactly right, by simulation."""
    p = np.sort(p)
    draws = np.random.default_rng(seed).random((PERFECT_DRAWS, p.size))
    return float(np.quantile(_gaps(p, (draws < p).astype(np.float64)), 0.95))


def slope(p: Array, hit: Array) -> tuple[float, float]:
    """Slope and intercept of the outcomes' log-odds on the chances' (1 and 0 when calibrated)."""
    x = _log_odds(p)
    beta = np.array([0.0, 1.0])
    design = np.stack([np.ones_like(x), x], axis=1)
    for _ in range(25):
        fitted = expit(design @ beta)
        weight = np.maximum(fitted * (1 - fitted), 1e-9)
        beta += np.linalg.solve(
            (design * weight[:, None]).T @ design + 1e-9 * np.eye(2), design.T @ (hit - fitted)
        )
    return float(beta[1]), float(beta[0])


def slope_error(p: Array, hit: Array, game: Array) -> float:
    """The standard error of `slope`, clustered by game.

    `game` is the number of each row's game. It is the sandwich estimator, with the scores of each
    game's rows added up first.
    """
    x = _log_odds(p)
    steep, shift = slope(p, hit)
    fitted = expit(shift + steep * x)
    design = np.stack([np.ones_like(x), x], axis=1)
    # As in `slope`: fitted chances of few games may reach 0 or 1, and their weights 0.
    weight = np.maximum(fitted * (1 - fitted), 1e-9)
    bread = np.linalg.inv((design * weight[:, None]).T @ design + 1e-9 * np.eye(2))
    scores = design * (hit - fitted)[:, None]
    _, place = np.unique(game, return_inverse=True)
    by_game = np.zeros((place.max() + 1, 2))
    np.add.at(by_game, place.ravel(), scores)
    return float(np.sqrt((bread @ (by_game.T @ by_game) @ bread)[1, 1]))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


@lru_cache(maxsize=4)
def _counts(size: int, seed: int) -> Array:
    """How often each of `size` games is drawn in a bootstrap: a row for each of DRAWS resamples."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, size, (DRAWS, size))
    chosen += np.arange(DRAWS)[:, None] * size
    counts = np.bincount(chosen.ravel(), minlength=DRAWS * size)
    return counts.reshape(DRAWS, size).astype(np.float64)


def bootstrap(values: Array, seed: int) -> Interval:
    """The mean of one value for each game, with its interval by resampling games."""
    values = values[np.isfinite(values)]
    if values.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    means = _counts(values.size, seed) @ values / values.size
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def clustered(values: Array, game: Array, seed: int) -> Interval:
    """The mean of values, several of a game, with its interval by resampling games.

    `game` tells the game of each value. What is of one game may come true or fail together.
    """
    _, which = np.unique(game, return_inverse=True)
    sums, sizes = np.bincount(which, values), np.bincount(which).astype(np.float64)
    counts = _counts(sums.size, seed)
    low, high = np.quantile((counts @ sums) / (counts @ sizes), [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def covered(pit: Array) -> Array:
    """1 for each outcome inside the central 80 % interval, else 0.

    `pit` holds randomised probability integral transforms.
    """
    inside: Array = ((pit > 0.1) & (pit < 0.9)).astype(np.float64)  # noqa: PLR2004 - 80 %
    return inside


def coverage(pit: Array) -> Interval:
    """The share of outcomes inside the 80 % interval, one of a game, with a Wilson interval."""
    share = float(covered(pit).mean())
    return Interval(share, *wilson(share, pit.size, 1.96))


def crps_lattice(first: int, chances: Array, outcome: float) -> float:
    """Continuous ranked probability score, in points, of a distribution over whole numbers.

    `chances` are those of `first`, `first` + 1 and so on.
    """
    sums = np.cumsum(chances)
    values = first + np.arange(chances.size)
    score = float(((sums - (values >= outcome)) ** 2).sum())
    # An outcome outside the range of values costs its distance from it in addition.
    return score + max(0.0, first - outcome) + max(0.0, outcome - float(values[-1]))


def crps_normal(mean: Array, sd: Array, outcome: Array) -> Array:
    """Continuous ranked probability score of normal distributions, in closed form."""
    z = (outcome - mean) / sd
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    scores: Array = sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / math.sqrt(math.pi))
    return scores
