"""Whether the numbers have gone bad: sums of standardised surprises, and limits of a day's figures.

Page's cumulative sums (CUSUM) of one surprise a game. `k` is the drift, in standard deviations,
that is not worth a word; `h` the sum that is. They were chosen on sixteen real seasons of the NBA,
over which none gives a false alarm (benchmarks/monitors.py): with totals five points off the mean
tells after about 270 games, and with a spread that is 30 % too small the square after about 65. On
seasons to come they have yet to prove themselves. The closing line corrects a drift on the first
day: a monitor guards what stands in for it, and the spreads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

K = 0.25
H_MEAN = {("close", "total"): 20.0, ("close", "margin"): 24.0}
H_MEAN_RATINGS = 32.0
"""Ratings lag behind a league's scoring for weeks, so that their surprises lean to one side."""
H_SPREAD = {("close", "total"): 36.0, ("close", "margin"): 44.0}
H_SPREAD_RATINGS = 40.0
H_CHANCES = 20.0

LEAST_SEASON = 300
"""Games of an earlier season from which its mean and standard deviation are taken."""

NIGHTS_DOWN = 7
"""Nights in a row with money lost after which that is told."""

MOST_MISSING = 0.10
MOST_FAILURES = 0.05

LEAST_CALIBRATED = 50
"""Bets in a range of chances from which on it is held against what came."""

_CALM = 0.5
"""A monitor that told is well again when its sum has come down to this part of what was told."""


class State(StrEnum):
    """How a monitor stands; `unknown` is one that has too little to go by."""

    WELL = "well"
    DRIFTING = "drifting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standardised:
    """How surprises are made standard: by what an earlier season's were."""

    mean: float
    sd: float

    def z(self, surprise: float) -> float:
        """A surprise in standard deviations."""
        return (surprise - self.mean) / self.sd


def standard(surprises: Sequence[float]) -> Standardised | None:
    """The mean and standard deviation of an earlier season; None of too few games."""
    if len(surprises) < LEAST_SEASON:
        return None
    mean = sum(surprises) / len(surprises)
    variance = sum((x - mean) ** 2 for x in surprises) / (len(surprises) - 1)
    return Standardised(mean, math.sqrt(variance)) if variance > 0 else None


@dataclass(frozen=True, slots=True)
class Sums:
    """Where a sum stands after some games: the larger side, and how it stands by the level."""

    value: float
    level: float
    state: State
    games: int
    told_at: int | None
    """After how many games it last began to tell; None when it does not."""


def cusum(values: Iterable[float], level: float, k: float = K) -> Sums:
    """Run through standardised values, both ways; what stands at the end."""
    up = down = 0.0
    drifting, drifted_at, games = False, None, 0
    for games, value in enumerate(values, start=1):
        up = min(max(0.0, up + value - k), level * 2)
        down = min(max(0.0, down - value - k), level * 2)
        height = max(up, down)
        if height > level and not drifting:
            drifting, drifted_at = True, games
        elif drifting and height < level * _CALM:
            drifting, drifted_at = False, None
    state = State.DRIFTING if drifting else State.WELL
    return Sums(max(up, down), level, state if games else State.UNKNOWN, games, drifted_at)


def of_mean(zs: Iterable[float], by: str, what: str) -> Sums:
    """Whether surprises of a game's `what` (margin, total) lie on one side of what `by` expects."""
    return cusum(zs, H_MEAN.get((by, what), H_MEAN_RATINGS))


def of_spread(zs: Iterable[float], by: str, what: str) -> Sums:
    """Whether surprises are larger, or smaller, than they are said to be."""
    level = H_SPREAD.get((by, what), H_SPREAD_RATINGS)
    return cusum(((z * z - 1) / math.sqrt(2) for z in zs), level)


def of_chances(zs: Iterable[float]) -> Sums:
    """Whether what was said to be likely comes more, or less, often than was said."""
    return cusum(zs, H_CHANCES)


@dataclass(frozen=True, slots=True)
class Figures:
    """A day's figures of how the program fares; None is what is not known.

    `missing` is the share of finished games without a box, `failures` that of requests,
    `idle_hours` how long no source has answered while games were played, `losing_nights` nights in
    a row with money lost. `off` names the ranges of chances that do not fit what came.
    """

    missing: float | None = None
    failures: float | None = None
    idle_hours: float | None = None
    losing_nights: int = 0
    off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a day's figures, and how it stands: `value` beside `level`, with what to do."""

    name: str
    value: float
    level: float
    state: State
    advice: str


def limits(x: Figures) -> tuple[Limit, ...]:
    """Hold a day's figures against their limits."""
    return (
        _limit("missing boxes", x.missing, MOST_MISSING, "tracker refresh, then tracker doctor"),
        _limit("failures", x.failures, MOST_FAILURES, "tracker doctor says which source"),
        _limit("no new data", x.idle_hours, 24.0, "tracker doctor says which source"),
        _limit("losing nights", float(x.losing_nights), NIGHTS_DOWN - 0.5,
               "bad luck or bad prices: tracker report --month"),
        _limit("calibration", float(len(x.off)), 0.5,
               f"{', '.join(x.off) or 'a range'} does not fit: see tracker calibration"),
    )  # fmt: skip


def _limit(name: str, value: float | None, level: float, advice: str) -> Limit:
    if value is None:
        return Limit(name, 0.0, level, State.UNKNOWN, advice)
    state = State.DRIFTING if value > level else State.WELL
    return Limit(name, value, level, state, advice)
