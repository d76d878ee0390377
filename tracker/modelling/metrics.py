"""How good chances are: scores, calibration, coverage, and what luck alone would show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

BINS = 10
DRAWS = 1000
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
    parts = np.array_split(order, min(BINS, p.size))
    gaps = 0.0
    for part in parts:
        gap = float(p[part].mean() - hit[part].mean()) ** 2
        noise = float((p[part] * (1 - p[part])).mean()) / part.size
        gaps += part.size * math.sqrt(max(gap - noise, 0.0))
    return gaps / p.size


def ece_of_perfect(p: Array, seed: int) -> float:
    """The 95th percentile of `ece` when every chance is exactly right, by simulation."""
    rng = np.random.default_rng(seed)
    found = [ece(p, (rng.random(p.size) < p).astype(float)) for _ in range(200)]
    return float(np.quantile(found, 0.95))


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


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: Array, seed: int) -> Interval:
    """The mean of one value a game, games drawn again and again."""
    values = values[np.isfinite(values)]
    if values.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    rng = np.random.default_rng(seed)
    means = np.array(
        [values[rng.integers(0, values.size, values.size)].mean() for _ in range(DRAWS)]
    )
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
