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
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, combinations
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from scipy.special import expit

from tracker.domain.player import Stat
from tracker.forecast.game.lattice import Pmf
from tracker.forecast.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


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


def share_chances(standings: Sequence[Standing[float]], shares: Shares) -> Floats:
    """The chance of each class of the share, one more than there are bounds: a row a player."""
    location = np.array([share_features(x) for x in standings]) @ shares.weights
    width = np.array([width_features(x) for x in standings]) @ shares.widths
    sums = np.empty((len(standings), shares.bounds.size + 2))
    sums[:, 0], sums[:, -1] = 0.0, 1.0
    expit((shares.bounds - location[:, None]) * np.exp(-width)[:, None], out=sums[:, 1:-1])
    chances: Floats = (sums[:, 1:] - sums[:, :-1]) * (1 - shares.done)
    chances[:, 0] += shares.done
    return chances


def overtime_share(
    weights: tuple[float, ...], usual: Value, starter: Value, shares: Floats
) -> Floats:
    """The share of an overtime that he plays, for each share of what was left of regulation.

    The log-odds are linear in 1, `usual`, `starter` and the share.
    """
    one, by_usual, by_starter, by_share = weights
    share: Floats = expit(one + by_usual * usual + by_starter * starter + by_share * shares)
    return share


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

_THREES = PLACE[Stat.THREES]

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
        if self.chances.ndim == 1:
            real, imaginary = _generated(self.means[:, None], self.habits, [(0, stat)], size)
            return _sums(self.chances @ real[0], self.chances @ imaginary[0], size)
        classes = self.chances.shape[-1]
        step = _step(classes, size)
        found = [
            _Everybody(self.chances[x : x + step], self.means[:, x : x + step], self.habits).added(
                [(n, stat) for n in range(min(step, len(self.chances) - x))], size
            )
            for x in range(0, len(self.chances), step)
        ]
        return np.concatenate(found)

    def by_class(self, stat: Stat) -> Floats:
        """The same, one row for each class of his minutes."""
        size = self.size(stat)
        real, imaginary = _generated(self.means[:, None], self.habits, [(0, stat)], size)
        return _sums(real[0], imaginary[0], size)

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
        return _SIZES[min(bisect_left(_SIZES, reach), len(_SIZES) - 1)]


def added_by_each(asked: Sequence[tuple[Remainder, Stat, int]]) -> list[Pmf]:
    """What players of a league come to in a figure, from what they have: worked out together.

    Each of `asked` is what is left of a player's game, the figure, and what he has of it.
    """
    if not asked:
        # A game with no bets on players, as most have none.
        return []
    players = {left: n for n, left in enumerate(dict.fromkeys(left for left, _, _ in asked))}
    everybody = _Everybody.of(list(players))
    by_size: dict[int, list[tuple[int, int, Stat]]] = {}
    for place, (left, stat, _) in enumerate(asked):
        by_size.setdefault(left.size(stat), []).append((place, players[left], stat))
    found: dict[int, Pmf] = {}
    for size, rows in by_size.items():
        # By player, for his sums are made of his figures.
        rows.sort(key=lambda x: x[1])
        step = _step(everybody.chances.shape[1], size)
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            remaining = everybody.added([(n, stat) for _, n, stat in some], size)
            pmfs = Pmf.of_rows([asked[place][2] for place, _, _ in some], remaining)
            found.update(zip((place for place, _, _ in some), pmfs, strict=True))
    return [found[place] for place in range(len(asked))]


_BLOCK = 8192
"""Numbers that are worked on together: so many stay in the cache of a core."""


def _step(classes: int, size: int) -> int:
    """How many rows of so many classes of minutes and values are worked on together."""
    return max(_BLOCK // (classes * (size // 2 + 1)), 1)


@dataclass(frozen=True, slots=True)
class _Everybody:
    """Several players' Remainders as arrays, `chances[n, j]` and `means[i, n, j]`."""

    chances: Floats
    means: Floats
    habits: Habits

    @staticmethod
    def of(players: Sequence[Remainder]) -> _Everybody:
        """Classes that a player lacks have no chance."""
        classes = max(x.chances.size for x in players)
        chances = np.zeros((len(players), classes))
        means = np.zeros((len(BASIC), len(players), classes))
        for n, left in enumerate(players):
            chances[n, : left.chances.size] = left.chances
            means[:, n, : left.chances.size] = left.means
        return _Everybody(chances, means, players[0].habits)

    def added(self, asked: Sequence[tuple[int, Stat]], size: int) -> Floats:
        """What each of some players adds to a figure, a row for each."""
        real, imaginary = _generated(self.means, self.habits, asked, size)
        weights = self.chances[[n for n, _ in asked], None]
        return _sums((weights @ real)[:, 0], (weights @ imaginary)[:, 0], size)


_LEAST = 1e-12


def _generated(
    means: Floats, habits: Habits, asked: Sequence[tuple[int, Stat]], size: int
) -> tuple[Floats, Floats]:
    """Generating functions on half of the unit circle, `[asked, class of minutes, root]`.

    Real and imaginary parts of them. Each of `asked` is a player, by his place in
    `means[figure, player, class]`, and a figure or a sum. What several ask of one player is worked
    out once.
    """
    pairs = list(dict.fromkeys((n, PLACE[part]) for n, stat in asked for part in stat.parts))
    places = {pair: k for k, pair in enumerate(pairs)}
    placed = [[places[n, PLACE[part]] for part in stat.parts] for n, stat in asked]
    who, what = [n for n, _ in pairs], [i for _, i in pairs]
    expected = means[what, who]
    amounts = _amounts(expected, means[_THREES, who], what, habits.trips)
    spread = np.array([habits.spread[i] for i in what])
    logs, halves = _logs(amounts, spread, _roots(size, habits.trips))
    if all(x == [k] for k, x in enumerate(placed)):
        return _polar(logs, halves)
    logs, halves = _summed(placed, logs), _summed(placed, halves)
    tied = [row for row, x in enumerate(placed) if len(x) > 1]
    pairs_of = [list(combinations(placed[row], 2)) for row in tied]
    each = [pair for some in pairs_of for pair in some]
    factors = np.array([habits.ties[what[a]][what[b]] for a, b in each])
    ties = _ties(factors, amounts, expected, each)
    ends = accumulate(map(len, pairs_of))
    ties = _summed([range(end - len(x), end) for x, end in zip(pairs_of, ends, strict=True)], ties)
    real, imaginary = _products(size, habits.trips)
    logs[tied] += _times(ties, real)
    halves[tied] += _times(ties, imaginary / 2)
    return _polar(logs, halves)


def _summed(places: Sequence[Sequence[int]], values: Floats) -> Floats:
    """The sum of the values at the places of each."""
    # A product with ones and zeros: NumPy has nothing faster to add some of many rows.
    holds = np.zeros((len(places), len(values)))
    for row, some in zip(holds, places, strict=True):
        row[some] = 1.0
    summed: Floats = holds.dot(values.reshape(len(values), -1))
    return summed.reshape(len(places), *values.shape[1:])


def _ties(
    factors: Floats, amounts: Floats, expected: Floats, pairs: Sequence[tuple[int, int]]
) -> Floats:
    """How much of each of `_products` the tie of each pair of parts adds, `[pair, class, product]`.

    `factors` are those of Habits.
    """
    one, other = np.array(pairs).T
    strength = factors[:, None] / np.sqrt(np.maximum(expected[one] * expected[other], _LEAST))
    both = amounts[one][..., None] * amounts[other][..., None, :]
    both *= strength[..., None, None]
    ties: Floats = both.reshape(*strength.shape, 9)
    return ties


def _logs(amounts: Floats, spread: Floats, roots: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Logs of the sizes of generating functions, and half of their angles, `[part, class, root]`.

    Each is many times faster than the logarithm of a complex number.
    """
    spread = spread[:, None, None]
    # What a count's generating function has in its exponent, with the sign turned.
    real, imaginary = (_times(amounts / spread, x) for x in roots)
    halves = np.arctan2(imaginary, real + 1)
    halves *= spread / -2
    imaginary *= imaginary
    imaginary += real * (real + 2)
    logs = np.log1p(imaginary, out=imaginary)
    logs *= spread / -2
    return logs, halves


def _times(rows: Floats, basis: Floats) -> Floats:
    """The matrix product, which NumPy is only fast at in two dimensions."""
    made: Floats = rows.reshape(-1, len(basis)).dot(basis).reshape(*rows.shape[:-1], -1)
    return made


def _polar(logs: Floats, halves: Floats) -> tuple[Floats, Floats]:
    """Real and imaginary parts of numbers, by the logs of their sizes and half of their angles.

    In place of both. By the tangent of half the angle: unlike sine and cosine NumPy has it
    vectorised.
    """
    sizes, half = np.exp(logs, out=logs), np.tan(halves, out=halves)
    square = half * half
    square += 1
    sizes /= square
    half *= sizes
    half *= 2
    np.subtract(2, square, out=square)
    square *= sizes
    return square, half


def _amounts(
    expected: Floats, threes: Floats, figures: Sequence[int], trips: tuple[float, ...]
) -> Floats:
    """How much of each of `_roots` is expected, `[part, class, root]`.

    Points come by threes, of which `threes` are expected by the part's player, and by trips.
    """
    amounts = np.zeros((*expected.shape, 3))
    amounts[..., 0] = expected
    points = [k for k, i in enumerate(figures) if i == PLACE[Stat.PTS]]
    if points:
        made = expected[points]
        by_three = np.minimum(threes[points], made / 3)
        worth = sum((n + 1) * p for n, p in enumerate(trips))
        amounts[points, :, 0] = 0.0
        amounts[points, :, 1] = by_three
        amounts[points, :, 2] = (made - 3 * by_three) / worth
    return amounts


@cache
def _roots(size: int, trips: tuple[float, ...]) -> tuple[Floats, Floats]:
    """1 - z, 1 - z³, and 1 - the generating function of the points of a trip.

    Real and imaginary parts at half of the roots of unity, a row of each.
    """
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    trip = sum(p * z ** (n + 1) for n, p in enumerate(trips))
    rows = np.array([1 - z, 1 - z**3, 1 - trip])
    return rows.real.copy(), rows.imag.copy()


@cache
def _products(size: int, trips: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Each of `_roots` times each, likewise."""
    real, imaginary = _roots(size, trips)
    rows = real + 1j * imaginary
    products = (rows[:, None] * rows).reshape(9, -1)
    return products.real.copy(), products.imag.copy()


def _sums(real: Floats, imaginary: Floats, size: int) -> Floats:
    chances: Floats = np.fft.irfft(real + 1j * imaginary, size)
    np.maximum(chances, 0.0, out=chances)
    chances /= chances.sum(axis=-1, keepdims=True)
    return chances


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
