"""Drift monitors of the forecast, and limits of a day's operating figures.

The monitors are Page's cumulative sums (CUSUM) of one standardised surprise a game. `K` is the
drift, in standard deviations, that is tolerated; the `H_` levels are the sums that raise an alarm.
They were chosen on sixteen real seasons of the NBA, on which none gives a false alarm
(benchmarks/monitors.py). With totals five points off, the monitor of the mean alarms after about
270 games; with a spread that is 30 % too small, the monitor of the spread after about 65. They have
yet to prove themselves on later seasons. Where there is a closing line it corrects a drift on the
first day, so the monitors guard priors from other sources, and the spreads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

K = 0.25
H_MEAN = {("close", "total"): 20.0, ("close", "margin"): 24.0}
H_MEAN_RATINGS = 32.0
"""The level for priors from ratings: ratings lag behind a league's scoring for weeks, so that their
surprises lean to one side."""
H_SPREAD = {("close", "total"): 36.0, ("close", "margin"): 44.0}
H_SPREAD_RATINGS = 40.0
H_CHANCES = 20.0

LARGEST = 4.0
"""The largest surprise of a chance: a bet that was lost at 99.9 % would raise an alarm alone."""

LEAST_SEASON = 300
"""Games of an earlier season that are needed to take its mean and standard deviation."""

NO_FIGURE = "no figure yet"
"""What is said of a monitor of which nothing is known, in place of what to do."""

NIGHTS_DOWN = 7
"""Nights in a row with money lost that raise an alarm."""

MOST_MISSING = 0.10
MOST_FAILURES = 0.05

LEAST_CALIBRATED = 50
"""Bets that a range of chances needs before it is compared with the results."""

FAR_OFF = 3.5
"""Standard errors by which a range of chances must be off. Ten ranges are looked at every day: of
right chances one in two seasons would have a range that is once off by two."""

_CALM = 0.5
"""An alarm ends when the sum has come down to this share of its level."""


class State(StrEnum):
    """How a monitor stands; `unknown` means that it has too few figures."""

    WELL = "well"
    DRIFTING = "drifting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standardised:
    """The mean and standard deviation of an earlier season's surprises, to standardise others."""

    mean: float
    sd: float

    def z(self, surprise: float) -> float:
        """A surprise in standard deviations."""
        return (surprise - self.mean) / self.sd


def standard(surprises: Sequence[float]) -> Standardised | None:
    """Take the mean and standard deviation of a season's surprises; None of too few games."""
    if len(surprises) < LEAST_SEASON:
        return None
    mean = sum(surprises) / len(surprises)
    variance = sum((x - mean) ** 2 for x in surprises) / (len(surprises) - 1)
    return Standardised(mean, math.sqrt(variance)) if variance > 0 else None


@dataclass(frozen=True, slots=True)
class Sums:
    """Where a cumulative sum stands after some games: the larger of both sides, and its state."""

    value: float
    level: float
    state: State
    games: int
    told_at: int | None
    """After how many games the current alarm began; None without one."""


def cusum(values: Iterable[float], level: float) -> Sums:
    """Run a two-sided CUSUM over standardised values and return where it stands at the end."""
    up = down = 0.0
    drifting, drifted_at, games = False, None, 0
    for games, value in enumerate(values, start=1):
        up = min(max(0.0, up + value - K), level * 2)
        down = min(max(0.0, down - value - K), level * 2)
        height = max(up, down)
        if height > level and not drifting:
            drifting, drifted_at = True, games
        elif drifting and height < level * _CALM:
            drifting, drifted_at = False, None
    state = State.DRIFTING if drifting else State.WELL
    return Sums(max(up, down), level, state if games else State.UNKNOWN, games, drifted_at)


def of_mean(zs: Iterable[float], by: str, what: str) -> Sums:
    """Monitor whether surprises lean to one side.

    `what` is margin or total, `by` the source of the prior that the surprises are measured from.
    """
    return cusum(zs, H_MEAN.get((by, what), H_MEAN_RATINGS))


def of_spread(zs: Iterable[float], by: str, what: str) -> Sums:
    """Monitor whether surprises are larger or smaller than forecast. Arguments as of `of_mean`."""
    level = H_SPREAD.get((by, what), H_SPREAD_RATINGS)
    return cusum(((z * z - 1) / math.sqrt(2) for z in zs), level)


def of_chances(zs: Iterable[float]) -> Sums:
    """Monitor whether outcomes happen more or less often than their chances said."""
    return cusum((min(max(x, -LARGEST), LARGEST) for x in zs), H_CHANCES)


@dataclass(frozen=True, slots=True)
class Figures:
    """A day's figures of how well the program works; None is unknown.

    `missing` is the share of finished games without a box score, `failures` the share of failed
    requests, `idle_hours` how long no source has answered while games were played, `losing_nights`
    nights in a row with money lost. `off` names the ranges of chances that do not fit the results.
    """

    missing: float | None = None
    failures: float | None = None
    idle_hours: float | None = None
    losing_nights: int = 0
    off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of one figure: its `value`, the `level` that raises an alarm, and what to do.

    Value and level are 0 where nothing is known.
    """

    name: str
    value: float
    level: float
    state: State
    advice: str


def limits(x: Figures) -> tuple[Limit, ...]:
    """Compare a day's figures with their limits."""
    return (
        _limit("missing boxes", x.missing, MOST_MISSING, "tracker refresh, then tracker doctor"),
        _limit("failures", x.failures, MOST_FAILURES, "tracker doctor says which source"),
        _limit("no new data", x.idle_hours, 24.0, "tracker doctor says which source"),
        _count("losing nights", x.losing_nights, NIGHTS_DOWN,
               "bad luck or bad prices: tracker report --month"),
        _count("calibration", len(x.off), 1,
               f"{', '.join(x.off) or 'a range'} does not fit: see tracker calibration"),
    )  # fmt: skip


def _limit(name: str, value: float | None, level: float, advice: str) -> Limit:
    if value is None:
        return Limit(name, 0.0, 0.0, State.UNKNOWN, NO_FIGURE)
    state = State.DRIFTING if value > level else State.WELL
    return Limit(name, value, level, state, advice)


def _count(name: str, value: int, least: int, advice: str) -> Limit:
    """A limit of something that is counted, which raises an alarm as soon as it is reached."""
    state = State.DRIFTING if value >= least else State.WELL
    return Limit(name, value, least, state, advice)
