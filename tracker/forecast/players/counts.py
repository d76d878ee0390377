"""What a player adds to his box line in the minutes that are left: counts, told by generating sums.

Given his minutes, each figure is a Poisson count whose rate varies by a gamma about what is
expected of him. Points come by threes and by trips of one, two or three points, both at that same
varying rate. The minutes are mixed over their classes, which ties his figures to one another; sums
(points + rebounds + assists) are taken class by class, with a small tie of their own: some events
count for two figures at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tracker.domain.player import Stat
from tracker.forecast.game.lattice import Pmf
from tracker.forecast.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tracker.forecast.players.minutes import Standing

    Floats = NDArray[np.float64]
    Complexes = NDArray[np.complex128]

Value = TypeVar("Value", float, "NDArray[Any]")

RATE_FEATURES = (
    "one", "team", "usual", "starter", "blowout", "lead", "size", "ahead_of_plan", "usual_squared",
    "min_gap", "use_gap", "unseen", "star", "star*blowout",
    "own", "own*blowout", "surprise", "own_gap", "allowed",
)  # fmt: skip
"""What moves the log of a rate: `team` is the log of his team's points to come over the usual ones
at that clock, `size` the lead's (no more than 25 points) / 10. `own` is the log of his rate over
that of the average player with his part of the game, `surprise` what he has beyond the expected of
the minutes that he has played, / 10, `own_gap` what tonight's team-mates lack of that figure,
`allowed` by how much tonight's opponent allows more of it than others (`lineup.allowed`). The
others are those of `minutes`, and `use_gap` what they lack of points."""

LARGEST_OWN = 2.0
"""In logs: a rate further from the average player's tells no more."""

LARGEST_LEAD = 2.5
"""Tens of points: a larger lead changes no rate further."""

BASIC = (Stat.PTS, Stat.REB, Stat.AST, Stat.STL, Stat.BLK, Stat.TO, Stat.THREES)
"""The figures of a box score that are forecast; the sums follow from them."""

PLACE = {stat: i for i, stat in enumerate(BASIC)}
"""Where a figure stands among BASIC."""

_SIZES = (24, 32, 48, 64, 96, 128, 192, 256, 512)
_WIDE = 6.0
"""Standard deviations beyond the mean of the longest minutes: what is left out is below 1e-7."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How counts vary about their means: those of PlayerFigures by these names."""

    spread: tuple[float, ...]
    trips: tuple[float, ...]
    ties: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class Remainder:
    """What is left of a player's game, by classes of the minutes that he may still play.

    `chances[j]` is the chance of a class and `means[i, j]` what he is expected to add to BASIC[i]
    in it. Many players at once: `chances[n, j]` and `means[i, n, j]`.
    """

    chances: Floats
    means: Floats
    habits: Habits

    def added(self, stat: Stat, size: int | None = None) -> Floats:
        """P(he adds n), n = 0, 1, ..., to a figure or a sum; `size` of them where that is told."""
        size = size or self.size(stat)
        turned: Complexes = (self.chances[..., None, :] @ self._turned(stat, size))[..., 0, :]
        return _sums(turned, size)

    def by_class(self, stat: Stat) -> Floats:
        """The same, one row for each class of his minutes."""
        size = self.size(stat)
        return _sums(self._turned(stat, size), size)

    @Lazy
    def most(self) -> list[float]:
        """The most that he, or any of several players, is expected to add to each of BASIC."""
        most: list[float] = self.means.reshape(len(BASIC), -1).max(axis=1).tolist()
        return most

    def size(self, stat: Stat) -> int:
        """How many values the sums go over: beyond what the longest minutes may bring."""
        mean = variance = 0.0
        for part in stat.parts:
            place = PLACE[part]
            most = self.most[place]
            lump = 3.0 if part is Stat.PTS else 1.0
            mean += most
            variance += lump * most + most * most / self.habits.spread[place]
        reach = mean + _WIDE * math.sqrt(variance) + _WIDE
        return next((x for x in _SIZES if x >= reach), _SIZES[-1])

    def _turned(self, stat: Stat, size: int) -> Complexes:
        """Generating functions on the unit circle, one row for each class of his minutes."""
        parts = [PLACE[x] for x in stat.parts]
        steps = [self._steps(i, size) for i in parts]
        spread = self.habits.spread
        logs = np.zeros_like(steps[0])
        for i, x in zip(parts, steps, strict=True):
            logs -= spread[i] * np.log1p(x / spread[i])
        for a, i in enumerate(parts):
            for b, j in enumerate(parts[:a]):
                tie = self.habits.ties[i][j]
                if tie:
                    root = np.sqrt(np.maximum(self.means[i] * self.means[j], _LEAST))[..., None]
                    logs += (tie / root) * (steps[a] * steps[b])
        turned: Complexes = np.exp(logs)
        return turned

    def _steps(self, i: int, size: int) -> Complexes:
        """What a Poisson count's generating function has in its exponent, with the sign turned."""
        if BASIC[i] is not Stat.PTS:
            counted: Complexes = self.means[i][..., None] * circle(size)
            return counted
        three, trip = _lumps(size, self.habits.trips)
        threes = np.minimum(self.means[PLACE[Stat.THREES]], self.means[i] / 3)
        worth = sum((n + 1) * p for n, p in enumerate(self.habits.trips))
        trips = (self.means[i] - 3 * threes) / worth
        steps: Complexes = threes[..., None] * three + trips[..., None] * trip
        return steps


def added_by_each(left: Sequence[Remainder], has: Iterable[int], stat: Stat) -> list[Pmf]:
    """What players of a league come to, from what each `has`: their sums are taken together."""
    found: dict[int, Pmf] = {}
    by_size: dict[int, list[tuple[int, int]]] = {}
    for place, (one, held) in enumerate(zip(left, has, strict=True)):
        by_size.setdefault(one.size(stat), []).append((place, held))
    for size, places in by_size.items():
        told = [left[x] for x, _ in places]
        classes = max(x.chances.size for x in told)
        chances = np.zeros((len(told), classes))
        means = np.zeros((len(BASIC), len(told), classes))
        for n, one in enumerate(told):
            chances[n, : one.chances.size] = one.chances
            means[:, n, : one.chances.size] = one.means
        rows = Remainder(chances, means, left[0].habits).added(stat, size)
        pmfs = Pmf.of_rows([held for _, held in places], rows)
        found.update(zip((place for place, _ in places), pmfs, strict=True))
    return [found[place] for place in range(len(left))]


_LEAST = 1e-12


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
def _lumps(size: int, trips: tuple[float, ...]) -> tuple[Complexes, Complexes]:
    """1 - z³, and 1 - the generating function of the points of a trip."""
    z = 1 - circle(size)
    trip: Complexes = 1 - np.sum([p * z ** (n + 1) for n, p in enumerate(trips)], axis=0)
    return 1 - z**3, trip


def rate_features(x: Standing[Value], team: Value) -> tuple[Value | float, ...]:
    """The values of RATE_FEATURES that all figures share; `team` is a logarithm."""
    size = abs(x.lead)
    capped = (size + LARGEST_LEAD - abs(size - LARGEST_LEAD)) / 2
    return (
        1.0, team, x.usual, x.starter, x.blowout, x.lead, capped, x.ahead_of_plan,
        x.usual * x.usual,
        x.min_gap, x.use_gap, x.unseen, x.star, x.star * x.blowout,
    )  # fmt: skip


def own_features(
    own: NDArray[Any],
    blowout: Any,
    surprise: NDArray[Any],
    gap: NDArray[Any],
    allowed: NDArray[Any],
) -> tuple[NDArray[Any], ...]:
    """The values of RATE_FEATURES that each figure has of its own."""
    return own, own * blowout, surprise / 10, gap, allowed


def means_of(rates: Floats, powers: Floats, chances: Floats, minutes: Floats) -> Floats:
    """What is expected of each of BASIC in each class of minutes, `[figure, class]`.

    Beside the minutes it grows with their power, and its mean over the classes is the rate times
    the mean of the minutes. Many players at once: `rates[figure, n]`, `chances[n, class]`,
    `minutes[n, class]` and `[figure, n, class]`.
    """
    lead = (slice(None),) + (None,) * minutes.ndim
    grown = np.maximum(minutes, _LEAST) ** (1 + powers[lead]) * (minutes > 0)
    whole = (chances * minutes).sum(axis=-1) / np.maximum((chances * grown).sum(axis=-1), _LEAST)
    means: Floats = (rates * whole)[..., None] * grown
    return means
