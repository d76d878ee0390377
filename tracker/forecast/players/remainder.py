"""What is left of a player's game: the minutes that he may play, and what he adds in them.

The share of the time left that he plays is put into classes, from none at all (done for the night)
to every second, by an ordered logistic model: a location and a width, both linear in what the state
tells of him, against bounds that run along the game.

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
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from scipy.special import expit

from tracker.domain.player import Stat
from tracker.forecast.game.lattice import Pmf
from tracker.forecast.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Complexes = NDArray[np.complex128]


Value = TypeVar("Value", float, "NDArray[Any]")

EDGES = (0.0001, 0.08, 0.16, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 0.9985)
"""Where the classes of the share end: nothing at all, ten parts between, all of it."""

LEAST_SHARE, MOST_SHARE = 0.06, 0.88
"""No player is expected to play less or more of a game than this."""

LONG_SPELL = 30.0
"""Minutes: from here on, what he has played says no more of how much his coach needs him."""

SHARE_FEATURES = (
    "usual", "starter", "usual*starter",
    "ahead_of_plan", "not_yet", "not_yet*usual", "fouls", "near_limit", "at_limit", "played*usual",
    "blowout", "blowout*usual", "blowout*starter", "lead", "lead*usual", "margin*usual*blowout",
    "ten", "ten*usual", "ten*starter", "twenty", "twenty*usual", "twenty*starter",
    "on", "on*usual", "on*starter", "on*blowout", "on*ahead_of_plan", "on*fouls",
    "usual_squared", "usual_squared*blowout", "ahead*usual", "ahead_squared", "ahead*size_of_ahead",
    "ahead*blowout", "ahead*size", "size", "size*usual", "played", "played*blowout",
    "played*starter",
    "min_gap", "unseen", "star", "star*blowout",
)  # fmt: skip
"""What moves the share's location. `usual`: log-odds of his usual share of a game. `ahead_of_plan`:
minutes / 10 that he has played beyond the usual. `fouls` / 3, and whether one or two more put him
out. `blowout`: the chance that regulation ends with 15 points or more between the teams. `lead` and
`margin`: his team's, now and expected, / 10; `ten`, `twenty`: how far a lead is beyond that, / 10.
`on`: whether he is on the court, 0 in breaks. `size`: that of the expected margin. `played`: his
minutes / 30, no more than 1. `min_gap`: minutes that missing team-mates leave. `unseen`: a regular
who has not been on the court for a quarter. `star`: who usually plays 30 minutes or more."""

UNSEEN, REGULAR, STAR = (9.0, 15.0), (16.0, 24.0), (28.0, 32.0)
"""Minutes between which a player counts as unseen, as a regular and as a star: not at all below the
first, wholly from the second on."""

WIDTH_FEATURES = (
    "usual", "starter", "blowout", "blowout*starter", "on", "on*starter", "not_yet", "near_limit",
)  # fmt: skip
"""What moves the log of the share's width."""


@dataclass(frozen=True, slots=True)
class Standing(Generic[Value]):
    """A player at a moment, as the figures see him: single numbers, or arrays of them."""

    usual: Value
    starter: Value
    ahead_of_plan: Value
    not_yet: Value
    fouls: Value
    near_limit: Value
    at_limit: Value
    played: Value
    """Minutes, no more than LONG_SPELL, over LONG_SPELL."""
    blowout: Value
    lead: Value
    margin: Value
    on: Value
    min_gap: Value
    """`lineup.Gaps`: minutes, and points for each minute, that the line-up of tonight lacks."""
    use_gap: Value
    unseen: Value
    star: Value


@dataclass(frozen=True, slots=True)
class Shares:
    """Figures of a moment, as in `figures.Moments`, for the share of what is left."""

    done: float
    bounds: Floats
    weights: list[float]
    widths: list[float]


def log_odds(share: float) -> float:
    """The log-odds of a share of the game, kept within what players play."""
    share = min(max(share, LEAST_SHARE), MOST_SHARE)
    return math.log(share / (1 - share))


def ramp(value: Value, between: tuple[float, float]) -> Value:
    """0 below the first bound, 1 above the second, and in proportion in between."""
    low, high = between
    share = (value - low) / (high - low)
    return (abs(share) - abs(share - 1) + 1) / 2


def _beyond(value: Value, limit: float) -> Value:
    """What a value exceeds a limit by, 0 below it."""
    over = value - limit
    return (over + abs(over)) / 2


def share_features(x: Standing[Value]) -> tuple[Value, ...]:
    """The values of SHARE_FEATURES."""
    usual, starter, on, blowout = x.usual, x.starter, x.on, x.blowout
    size, far, ahead = abs(x.lead), abs(x.margin), x.ahead_of_plan
    ten, twenty = _beyond(size, 1.0), _beyond(size, 2.0)
    return (
        usual, starter, usual * starter,
        ahead, x.not_yet, x.not_yet * usual, x.fouls, x.near_limit, x.at_limit,
        x.played * usual,
        blowout, blowout * usual, blowout * starter, x.lead, x.lead * usual,
        x.margin * usual * blowout,
        ten, ten * usual, ten * starter, twenty, twenty * usual, twenty * starter,
        on, on * usual, on * starter, on * blowout, on * ahead, on * x.fouls,
        usual * usual, usual * usual * blowout, ahead * usual, ahead * ahead, ahead * abs(ahead),
        ahead * blowout, ahead * far, far, far * usual, x.played, x.played * blowout,
        x.played * starter,
        x.min_gap, x.unseen, x.star, x.star * blowout,
    )  # fmt: skip


def width_features(x: Standing[Value]) -> tuple[Value, ...]:
    """The values of WIDTH_FEATURES."""
    return (
        x.usual, x.starter, x.blowout, x.blowout * x.starter, x.on, x.on * x.starter, x.not_yet,
        x.near_limit,
    )  # fmt: skip


def share_chances(standings: Sequence[Standing[float]], told: Shares) -> Floats:
    """The chance of each class of the share, one more than there are bounds: a row a player."""
    location = np.array([share_features(x) for x in standings]) @ told.weights
    width = np.array([width_features(x) for x in standings]) @ told.widths
    sums = np.empty((len(standings), told.bounds.size + 2))
    sums[:, 0], sums[:, -1] = 0.0, 1.0
    expit((told.bounds - location[:, None]) * np.exp(-width)[:, None], out=sums[:, 1:-1])
    chances: Floats = (sums[:, 1:] - sums[:, :-1]) * (1 - told.done)
    chances[:, 0] += told.done
    return chances


def overtime_share(
    weights: tuple[float, ...], usual: Value, starter: Value, shares: Floats
) -> Floats:
    """The share of an overtime that he plays, for each share of what was left of regulation.

    The log-odds are linear in 1, `usual`, `starter` and the share.
    """
    one, by_usual, by_starter, by_share = weights
    told: Floats = expit(one + by_usual * usual + by_starter * starter + by_share * shares)
    return told


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
others are among SHARE_FEATURES, and `use_gap` what they lack of points."""

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
