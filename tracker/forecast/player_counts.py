"""What a player adds to his box line in the minutes that are left: counts, told by generating sums.

Given his minutes, each figure is a Poisson count whose rate varies by a gamma about what is
expected of him. Points come by threes and by trips of one, two or three points, both at that same
varying rate. The minutes are mixed over their classes, which ties his figures to one another; sums
(points + rebounds + assists) are taken class by class.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tracker.domain.player import Stat
from tracker.forecast.player_figures import BASIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Complexes = NDArray[np.complex128]

Value = TypeVar("Value", float, "NDArray[Any]")

RATE_FEATURES = (
    "one", "team", "usual", "starter", "blowout", "lead", "size", "ahead_of_plan",
)  # fmt: skip
"""What moves the log of a rate: `team` is the log of his team's points to come over the usual ones
at that clock, `size` the lead's (no more than 25 points) / 10, the others as in player_minutes."""

LARGEST_LEAD = 2.5
"""Tens of points: a larger lead changes no rate further."""

PLACE = {stat: i for i, stat in enumerate(BASIC)}
"""Where a figure stands among BASIC."""

_SIZES = (32, 64, 128, 256, 512)
_WIDE = 9.0
"""Standard deviations that the sums reach beyond the mean: what is beyond is less than 1e-9."""


@dataclass(frozen=True, eq=False)
class Remainder:
    """What is left of a player's game, by classes of the minutes that he may still play.

    `chances[j]` is the chance of a class and `means[i, j]` what he is expected to add to BASIC[i]
    in it. `spread` and `trips` are those of PlayerFigures. Many players at once: `chances[n, j]`
    and `means[i, n, j]`.
    """

    chances: Floats
    means: Floats
    spread: tuple[float, ...]
    trips: tuple[float, ...]

    def added(self, stat: Stat) -> Floats:
        """P(he adds n), n = 0, 1, ..., to a figure or a sum."""
        size = self._size(stat)
        turned: Complexes = (self.chances[..., None, :] @ self._turned(stat, size))[..., 0, :]
        return _sums(turned, size)

    def by_class(self, stat: Stat) -> Floats:
        """The same, one row for each class of his minutes."""
        size = self._size(stat)
        return _sums(self._turned(stat, size), size)

    def moments(self, stat: Stat) -> tuple[Floats, Floats]:
        """Mean and variance of what he adds to a figure or a sum."""
        parts = [PLACE[x] for x in stat.parts]
        whole = self.means[parts].sum(axis=0)
        mean = (self.chances * whole).sum(axis=-1)
        between = (self.chances * (whole - mean[..., None]) ** 2).sum(axis=-1)
        within = sum((self.chances * self._variance(i)).sum(axis=-1) for i in parts)
        return mean, between + within

    def _variance(self, i: int) -> Floats:
        mean = self.means[i]
        lump = 3.0 if BASIC[i] is Stat.PTS else 1.0
        variance: Floats = lump * mean + mean * mean / self.spread[i]
        return variance

    def _size(self, stat: Stat) -> int:
        mean, variance = self.moments(stat)
        reach = float(np.max(mean + _WIDE * np.sqrt(variance))) + _WIDE
        return next((x for x in _SIZES if x >= reach), _SIZES[-1])

    def _turned(self, stat: Stat, size: int) -> Complexes:
        """Generating functions on the unit circle, one row for each class of his minutes."""
        found: Complexes | None = None
        for part in stat.parts:
            own = self._points(size) if part is Stat.PTS else self._count(PLACE[part], size)
            found = own if found is None else found * own
        assert found is not None  # noqa: S101 - a figure has a part
        return found

    def _count(self, i: int, size: int) -> Complexes:
        shape = self.spread[i]
        steps = self.means[i][..., None] * (circle(size) * (1 / shape))
        return _power(steps, shape)

    def _points(self, size: int) -> Complexes:
        three, trip = _steps(size, self.trips)
        shape = self.spread[PLACE[Stat.PTS]]
        threes = np.minimum(self.means[PLACE[Stat.THREES]], self.means[PLACE[Stat.PTS]] / 3)
        worth = sum((n + 1) * p for n, p in enumerate(self.trips))
        trips = (self.means[PLACE[Stat.PTS]] - 3 * threes) / worth
        steps = (threes[..., None] * three + trips[..., None] * trip) * (1 / shape)
        return _power(steps, shape)


def _power(steps: Complexes, shape: float) -> Complexes:
    """(1 + steps) to the power of -shape."""
    found: Complexes = np.exp(-shape * np.log1p(steps))
    return found


def _sums(turned: Complexes, size: int) -> Floats:
    chances: Floats = np.fft.irfft(turned, size)
    np.maximum(chances, 0.0, out=chances)
    chances /= chances.sum(axis=-1, keepdims=True)
    return chances


@cache
def circle(size: int) -> Complexes:
    """1 - z at half of the roots of unity."""
    turned: Complexes = 1 - np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    return turned


@cache
def _steps(size: int, trips: tuple[float, ...]) -> tuple[Complexes, Complexes]:
    """1 - z³, and 1 - the generating function of the points of a trip."""
    z = 1 - circle(size)
    trip: Complexes = 1 - np.sum([p * z ** (n + 1) for n, p in enumerate(trips)], axis=0)
    return 1 - z**3, trip


def rate_features(
    team: Value, usual: Value, starter: Value, blowout: Value, lead: Value, ahead_of_plan: Value
) -> tuple[Value | float, ...]:
    """The values of RATE_FEATURES; `team` is already a logarithm."""
    size = abs(lead)
    capped = (size + LARGEST_LEAD - abs(size - LARGEST_LEAD)) / 2
    return 1.0, team, usual, starter, blowout, lead, capped, ahead_of_plan
