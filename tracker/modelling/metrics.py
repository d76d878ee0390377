"""How good chances are: scores, calibration, coverage, and what luck alone would show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

SEED = 7
"""Of bootstrap, randomised PIT and simulations: the same data give the same card."""

BINS = 10
DRAWS = 1000
"""Resamples of the games in a bootstrap."""
PERFECT_DRAWS = 200
"""Samples of outcomes that show what perfect chances look like."""
CLIP = 1e-6
"""Chances are clipped to this before a logarithm."""


def brier(p: Array, hit: Array) -> float:
    """Mean squared error of chances, 0 to 1, the lower the better."""
    return float(np.mean((p - hit) ** 2))


def log_loss(p: Array, hit: Array) -> float:
    """Mean of -log of the chance that was given to what happened."""
    p = np.clip(p, CLIP, 1 - CLIP)
    return float(-np.mean(np.where(hit > 0, np.log(p), np.log1p(-p))))


def ece(p: Array, hit: Array) -> float:
    """Expected calibration error over equal-mass bins, less what chance alone adds to each bin."""
    order = np.argsort(p, kind="stable")
    return float(_gaps(p[order], hit[order][None, :])[0])


def _gaps(p: Array, hits: Array) -> Array:
    """The error of each row of outcomes, the chances `p` being sorted."""
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
    x = np.log(np.clip(p, CLIP, 1 - CLIP))
    x -= np.log1p(-np.clip(p, CLIP, 1 - CLIP))
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
    """The standard error of `slope` when the rows of one game stand and fall together.

    `game` is each row's game. By the sandwich: the scores of a game's rows are added first.
    """
    x = np.log(np.clip(p, CLIP, 1 - CLIP)) - np.log1p(-np.clip(p, CLIP, 1 - CLIP))
    steep, shift = slope(p, hit)
    fitted = expit(shift + steep * x)
    design = np.stack([np.ones_like(x), x], axis=1)
    # As in `slope`: chances of few games may leave no doubt, and nothing to divide by.
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
    """How often each of `size` games is drawn, one row for each of DRAWS resamples."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, size, (DRAWS, size))
    chosen += np.arange(DRAWS)[:, None] * size
    counts = np.bincount(chosen.ravel(), minlength=DRAWS * size)
    return counts.reshape(DRAWS, size).astype(np.float64)


def bootstrap(values: Array, seed: int) -> Interval:
    """The mean of one value a game, games drawn again and again."""
    values = values[np.isfinite(values)]
    if values.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    means = _counts(values.size, seed) @ values / values.size
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def coverage(pit: Array) -> Interval:
    """How often the 80 % interval holds the outcome, by randomised PIT, with a Wilson interval."""
    n = pit.size
    share = float(((pit > 0.1) & (pit < 0.9)).mean())  # noqa: PLR2004 - the central 80 %
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(share, middle - half, middle + half)


def crps_lattice(first: int, chances: Array, outcome: float) -> float:
    """Continuous ranked probability score, in points, of whole-number chances."""
    sums = np.cumsum(chances)
    values = first + np.arange(chances.size)
    score = float(((sums - (values >= outcome)) ** 2).sum())
    # An outcome outside the window costs its distance from it.
    return score + max(0.0, first - outcome) + max(0.0, outcome - float(values[-1]))


def crps_normal(mean: Array, sd: Array, outcome: Array) -> Array:
    """The same of normal distributions, in closed form."""
    z = (outcome - mean) / sd
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    scores: Array = sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / math.sqrt(math.pi))
    return scores


def vars_of(interval: Interval) -> dict[str, float]:
    """An interval as it is written."""
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}
