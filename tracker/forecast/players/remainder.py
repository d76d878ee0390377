"""What a player adds from here on: a distribution of his minutes, and of his figures given these.

The share of the time left that he plays is one of several classes, from none at all (done for the
night) to every second. An ordered logistic model gives their chances: a location and a width, both
linear in his features, against bounds that change during the game.

Given his minutes, each figure is a Poisson count whose rate varies by a gamma about its mean, or a
binomial count. Points come from threes and from trips of one, two or three points, which share the
gamma or the attempts. Mixing over the classes of minutes ties his figures to one another. Sums are
taken class by class, with a small tie of their own, because some events count for two figures.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from scipy.special import expit

from tracker.domain import Lazy
from tracker.domain.player import Stat
from tracker.forecast.game.lattice import Pmf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


Value = TypeVar("Value", float, "NDArray[Any]")

EDGES = (0.0001, 0.08, 0.16, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 0.9985)
"""The bounds between the classes of the share: none at all, eleven between, all of it."""

LEAST_SHARE, MOST_SHARE = 0.06, 0.88
"""The least and the most of a game that a player is expected to play, as shares."""

LONG_SPELL = 30.0
"""Minutes: more minutes played say nothing further about how much his coach needs him."""

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
"""The features of the share's location. `usual`: log-odds of his usual share of a game. `ahead` and
`ahead_of_plan`: minutes / 10 that he has played beyond the usual. `fouls` / 3; `near_limit` and
`at_limit`: two more, or one more, put him out. `blowout`: the chance that regulation ends with 15
points or more between the teams. `lead` and `margin`: his team's, now and expected, / 10; `ten` and
`twenty`: the part of the lead beyond 10 and 20 points, / 10. `on`: whether he is on the court, 0 in
breaks. `size`: the size of the expected margin, / 10. `played`: his minutes / 30, at most 1.
`min_gap`: the gap of minutes in tonight's line-up. `unseen`: a regular who has not been on the
court for a quarter. `star`: a player of usually 30 minutes or more."""

UNSEEN, REGULAR, STAR = (9.0, 15.0), (16.0, 24.0), (28.0, 32.0)
"""Minutes between which a player counts as unseen, as a regular and as a star: 0 below the first,
1 from the second on, in proportion in between."""

WIDTH_FEATURES = (
    "usual", "starter", "blowout", "blowout*starter", "on", "on*starter", "not_yet", "near_limit",
)  # fmt: skip
"""The features of the log of the share's width."""


@dataclass(frozen=True, slots=True)
class Standing(Generic[Value]):
    """The inputs of the model for a player at one moment: numbers, or arrays for many players."""

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
    """`lineup.Gaps` of tonight's line-up: in minutes, and in points a minute."""
    use_gap: Value
    unseen: Value
    star: Value


@dataclass(frozen=True, slots=True)
class Shares:
    """Figures for the share of what is left, of a moment or of the two about a clock.

    One row for each moment, as in `figures.Moments`; `parts` are what the moments count, 1 in all,
    and `done` is that of the clock.
    """

    done: float
    bounds: Floats
    weights: Floats
    widths: Floats
    parts: Floats


def log_odds(share: float) -> float:
    """The log-odds of a share of the game, clipped to LEAST_SHARE and MOST_SHARE."""
    share = min(max(share, LEAST_SHARE), MOST_SHARE)
    return math.log(share / (1 - share))


def ramp(value: Value, between: tuple[float, float]) -> Value:
    """0 below the first bound, 1 above the second, and in proportion in between."""
    low, high = between
    share = (value - low) / (high - low)
    return (abs(share) - abs(share - 1) + 1) / 2


def _beyond(value: Value, limit: float) -> Value:
    """By how much a value exceeds a limit; 0 below it."""
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


def share_chances(standings: Sequence[Sequence[Standing[float]]], shares: Shares) -> Floats:
    """The chance of each class of the share, one more than there are bounds: a row a player.

    `standings` are the players as each moment of `shares` sees them, or once for all moments.

    Between two moments it is the log-odds of a bound that are mixed. Each moment measures them by a
    width of its own: between bounds, locations and widths mixed for themselves, what a player is
    expected to play would bulge though both moments say the same.
    """
    # Moments first, then players, then features.
    features = np.array([[share_features(x) for x in one] for one in standings])
    spread = np.array([[width_features(x) for x in one] for one in standings])
    locations = (features @ shares.weights[:, :, None])[:, :, 0].T
    widths = (spread @ shares.widths[:, :, None])[:, :, 0].T
    scales = np.exp(-widths) * shares.parts
    sums = np.empty((len(standings[0]), shares.bounds.shape[1] + 2))
    sums[:, 0], sums[:, -1] = 0.0, 1.0
    at = (locations * scales).sum(axis=1)
    expit(scales @ shares.bounds - at[:, None], out=sums[:, 1:-1])
    chances: Floats = (sums[:, 1:] - sums[:, :-1]) * (1 - shares.done)
    chances[:, 0] += shares.done
    return chances


EJECTED = 0.75
"""The chance that a player with two technical fouls who is off the court was ejected: three of the
four in 67 recorded boxes were."""


def leaving(
    chances: Floats, minutes: Floats, perhaps_ejected: Sequence[bool]
) -> tuple[Floats, Floats]:
    """Chances and minutes of players, `[n, class]`, some of whom were perhaps ejected.

    If one was, there is a class more, in which nobody has minutes to come.
    """
    if not any(perhaps_ejected):
        return chances, minutes
    gone = np.array([[EJECTED * x] for x in perhaps_ejected])
    minutes = np.hstack([np.broadcast_to(minutes, chances.shape), np.zeros_like(gone)])
    return np.hstack([chances * (1 - gone), gone]), minutes


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
"""The features of the log of a rate. `team` is the log of his team's expected points to come over
the usual ones at that clock, `size` the lead's size (at most 25 points) / 10. `own` is the log of
his rate over that of the average player with his share of the game. `surprise` is his figure so far
less the one expected in his minutes, / 10. `own_gap` is the gap of that figure in tonight's
line-up, `use_gap` that of points, and `allowed` how much more of the figure tonight's opponent
allows than others (`lineup.allowed`). The other features are among SHARE_FEATURES."""

LARGEST_OWN = 2.0
"""In logs: the furthest from the average player's that a rate counts."""

LARGEST_LEAD = 2.5
"""Tens of points: the largest lead that counts."""

BASIC = (Stat.PTS, Stat.REB, Stat.AST, Stat.STL, Stat.BLK, Stat.TO, Stat.THREES)
"""The figures of a box score that are forecast. Sums are made of these."""

PLACE = {stat: i for i, stat in enumerate(BASIC)}
"""The index of each figure in BASIC."""

_THREES = PLACE[Stat.THREES]

_SIZES = (24, 32, 48, 64, 96, 128, 192, 256, 512)
_WIDE = 6.0
"""Standard deviations above the mean of the longest minutes: the chance beyond is below 1e-7."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How counts vary about their means: the fields of PlayerFigures with these names."""

    spread: tuple[float, ...]
    trips: tuple[float, ...]
    ties: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class Remainder:
    """What a player adds from here on, by class of the minutes that he still plays.

    `chances[j]` is the chance of a class, `means[i, j]` the mean that he adds to BASIC[i] in it.
    For many players at once: `chances[n, j]` and `means[i, n, j]`.
    """

    chances: Floats
    means: Floats
    habits: Habits

    def added(self, stat: Stat, size: int | None = None) -> Floats:
        """P(he adds n to a figure or a sum), n = 0, 1, …; `size` values if given."""
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
        """P(he adds n to a figure | class of minutes), one row a class."""
        size = self.size(stat)
        real, imaginary = _generated(self.means[:, None], self.habits, [(0, stat)], size)
        return _sums(real[0], imaginary[0], size)

    @Lazy
    def most(self) -> list[float]:
        """The largest mean of each of BASIC over classes and players."""
        most: list[float] = self.means.reshape(len(BASIC), -1).max(axis=1).tolist()
        return most

    def size(self, stat: Stat) -> int:
        """How many values to compute: more than he can add in the longest minutes."""
        return _size(_reach(self.most, self.habits, stat))


def _reach(most: Sequence[Value] | Floats, habits: Habits, stat: Stat) -> Value:
    """The most that is added to a figure or a sum, by the largest mean of each of BASIC."""
    mean: Any = 0.0
    variance: Any = 0.0
    for part in stat.parts:
        place = PLACE[part]
        here = most[place]
        lump = 3.0 if part is Stat.PTS else 1.0
        mean += here
        variance += here * (lump + here * max(1 / habits.spread[place], 0.0))
    reach: Value = mean + _WIDE * variance**0.5 + _WIDE
    return reach


def _size(reach: float) -> int:
    return _SIZES[min(bisect_left(_SIZES, reach), len(_SIZES) - 1)]


def added_by_each(asked: Sequence[tuple[Remainder, Stat, int]]) -> list[Pmf]:
    """The distributions of players' final figures, computed together.

    Each of `asked` is a player's remainder, the figure, and his figure so far.
    """
    if not asked:
        # Most games have no bets on players.
        return []
    players = {left: n for n, left in enumerate(dict.fromkeys(left for left, _, _ in asked))}
    everybody = _Everybody.of(list(players))
    most = everybody.means.max(axis=2)
    sizes = {
        stat: [_size(x) for x in _reach(most, everybody.habits, stat).tolist()]
        for stat in dict.fromkeys(stat for _, stat, _ in asked)
    }
    by_size: dict[int, list[tuple[int, int, Stat]]] = {}
    for place, (left, stat, _) in enumerate(asked):
        n = players[left]
        by_size.setdefault(sizes[stat][n], []).append((n, place, stat))
    found: dict[int, Pmf] = {}
    for size, rows in by_size.items():
        # A player's sums and figures stand together, because they share their parts.
        rows.sort()
        step = _step(everybody.chances.shape[1], size)
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            remaining = everybody.added([(n, stat) for n, _, stat in some], size)
            pmfs = Pmf.of_rows([asked[place][2] for _, place, _ in some], remaining)
            found.update(zip((place for _, place, _ in some), pmfs, strict=True))
    return [found[place] for place in range(len(asked))]


_BLOCK = 8192
"""Numbers that are computed together: so many fit into a core's cache."""


def _step(classes: int, size: int) -> int:
    """How many rows to compute together, by their numbers of classes and of values."""
    return max(_BLOCK // (classes * (size // 2 + 1)), 1)


@dataclass(frozen=True, slots=True)
class _Everybody:
    """The remainders of several players as arrays, `chances[n, j]` and `means[i, n, j]`."""

    chances: Floats
    means: Floats
    habits: Habits

    @staticmethod
    def of(players: Sequence[Remainder]) -> _Everybody:
        """Stack remainders; a class that a player lacks gets the chance 0."""
        classes = max(x.chances.size for x in players)
        chances = np.zeros((len(players), classes))
        means = np.zeros((len(BASIC), len(players), classes))
        for n, left in enumerate(players):
            chances[n, : left.chances.size] = left.chances
            means[:, n, : left.chances.size] = left.means
        return _Everybody(chances, means, players[0].habits)

    def added(self, asked: Sequence[tuple[int, Stat]], size: int) -> Floats:
        """P(a player adds n to a figure): a row for each (player's index, figure)."""
        real, imaginary = _generated(self.means, self.habits, asked, size)
        weights = self.chances[[n for n, _ in asked], None]
        return _sums((weights @ real)[:, 0], (weights @ imaginary)[:, 0], size)


_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class _Plan:
    """The parts that the asked figures and sums are made of, each once, and how they are joined."""

    who: Ints
    what: Ints
    """The player's index of each part, and its index in BASIC."""
    points: list[int]
    """The places of the parts that are points."""
    holds: Floats | None
    """1 where what is asked holds a part, `[asked, part]`; None where it is the parts themselves.

    A product with ones and zeros is the fastest way to add some of many rows.
    """
    tied: list[int]
    """The places of the sums of several parts."""
    pairs: Ints
    """The places of the two parts of each pair within a sum, `[2, pair]`."""
    joins: Floats
    """1 where a sum holds a pair, `[tied, pair]`."""

    @staticmethod
    @lru_cache(maxsize=128)
    def of(asked: tuple[tuple[int, Stat], ...]) -> _Plan:
        """The plan of these, made once: a game's bets ask for the same at nearly every poll."""
        parts = list(dict.fromkeys((n, PLACE[part]) for n, stat in asked for part in stat.parts))
        places = {part: k for k, part in enumerate(parts)}
        placed = [[places[n, PLACE[part]] for part in stat.parts] for n, stat in asked]
        tied = [row for row, x in enumerate(placed) if len(x) > 1]
        pairs = list(dict.fromkeys(x for row in tied for x in combinations(placed[row], 2)))
        plain = all(x == [k] for k, x in enumerate(placed))
        return _Plan(
            np.array([n for n, _ in parts]),
            np.array([i for _, i in parts]),
            [k for k, (_, i) in enumerate(parts) if i == PLACE[Stat.PTS]],
            None
            if plain
            else np.array([[float(k in x) for k in range(len(parts))] for x in placed]),
            tied,
            np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy(),
            np.array([[float({*pair} <= {*placed[row]}) for pair in pairs] for row in tied]),
        )


def _generated(
    means: Floats, habits: Habits, asked: Sequence[tuple[int, Stat]], size: int
) -> tuple[Floats, Floats]:
    """Probability generating functions of counts at roots of unity, `[asked, class, root]`.

    Real and imaginary parts, on half of the unit circle. Each of `asked` is a player's index in
    `means[figure, player, class]`, and a figure or a sum. A figure that several of them share is
    computed once.
    """
    plan = _Plan.of(tuple(asked))
    expected = means[plan.what, plan.who]
    amounts = amounts_of(expected, means[_THREES, plan.who], plan.points, habits.trips)
    spread = np.array(habits.spread)[plan.what]
    logs, halves = _logs(amounts, spread, _roots(size, habits.trips))
    if plan.holds is None:
        return _polar(logs, halves)
    logs, halves = _summed(plan.holds, logs), _summed(plan.holds, halves)
    if plan.tied:
        ties = _summed(plan.joins, _ties(np.array(habits.ties), amounts, expected, plan))
        real, imaginary = _products(size, habits.trips)
        logs[plan.tied] += _times(ties, real)
        halves[plan.tied] += _times(ties, imaginary / 2)
    return _polar(logs, halves)


def _summed(holds: Floats, values: Floats) -> Floats:
    """The sums of the values that each row of `holds` holds."""
    summed: Floats = holds.dot(values.reshape(len(values), -1))
    return summed.reshape(len(holds), *values.shape[1:])


def _ties(factors: Floats, amounts: Floats, expected: Floats, plan: _Plan) -> Floats:
    """The coefficients of `_products` in the tie of each pair of parts, `[pair, class, product]`.

    `factors` are the `ties` of Habits.
    """
    one, other = plan.pairs
    factor = factors[plan.what[one], plan.what[other]]
    strength = factor[:, None] / np.sqrt(np.maximum(expected[one] * expected[other], _LEAST))
    both = amounts[one][..., None] * amounts[other][..., None, :]
    both *= strength[..., None, None]
    ties: Floats = both.reshape(*strength.shape, 9)
    return ties


def _logs(amounts: Floats, spread: Floats, roots: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Logs of the moduli of generating functions, and half their angles, `[part, class, root]`.

    Computed apart, both are many times faster than the logarithm of a complex number.
    """
    # A binomial has at least three times the attempts that it is expected to make.
    least = 3 * amounts.sum(axis=2).max(axis=1)
    spread = np.where(spread < 0, np.minimum(spread, -least), spread)[:, None, None]
    # The generating function is (1 + x) ** -spread, with x = real + i imaginary.
    real, imaginary = (_times(amounts / spread, x) for x in roots)
    halves = np.arctan2(imaginary, real + 1)
    halves *= spread / -2
    imaginary *= imaginary
    imaginary += real * (real + 2)
    logs = np.log1p(imaginary, out=imaginary)
    logs *= spread / -2
    return logs, halves


def _times(rows: Floats, basis: Floats) -> Floats:
    """The matrix product of the last axis, in two dimensions, where NumPy is fast."""
    made: Floats = rows.reshape(-1, len(basis)).dot(basis).reshape(*rows.shape[:-1], -1)
    return made


def _polar(logs: Floats, halves: Floats) -> tuple[Floats, Floats]:
    """Real and imaginary parts of numbers, from the logs of their moduli and half their angles.

    The arguments are overwritten. The tangent of half the angle is used because NumPy vectorises
    it, but not sine and cosine.
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


def amounts_of(
    expected: Floats, threes: Floats, points: Sequence[int], trips: tuple[float, ...]
) -> Floats:
    """The expected number of events of each kind in `_roots`, `[part, class, kind]`.

    Points come from threes, of which the player is expected to make `threes`, and from trips. They
    are the parts at the places `points`.
    """
    amounts = np.zeros((*expected.shape, 3))
    amounts[..., 0] = expected
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
    """1 - the generating function of an event worth 1, of one worth 3, and of a trip.

    Real and imaginary parts at half of the roots of unity, one row a kind of event.
    """
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    trip = sum(p * z ** (n + 1) for n, p in enumerate(trips))
    rows = np.array([1 - z, 1 - z**3, 1 - trip])
    return rows.real.copy(), rows.imag.copy()


@cache
def _products(size: int, trips: tuple[float, ...]) -> tuple[Floats, Floats]:
    """The product of each pair of rows of `_roots`, in real and imaginary parts."""
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
    """The values of the RATE_FEATURES that all figures share; `team` is a logarithm."""
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
    """The values of the RATE_FEATURES that differ between figures."""
    return own, own * blowout, surprise / 10, gap, allowed


def means_of(rates: Floats, powers: Floats, chances: Floats, minutes: Floats) -> Floats:
    """The mean of each of BASIC in each class of minutes, `[figure, class]`.

    It grows with minutes ** (1 + power), scaled so that its mean over the classes is the rate times
    the mean minutes. For many players at once: `rates[figure, n]`, `chances[n, class]` and
    `minutes[n, class]` give `[figure, n, class]`.
    """
    lead = (slice(None),) + (None,) * minutes.ndim
    grown = np.maximum(minutes, _LEAST) ** (1 + powers[lead]) * (minutes > 0)
    whole = (chances * minutes).sum(axis=-1) / np.maximum((chances * grown).sum(axis=-1), _LEAST)
    means: Floats = (rates * whole)[..., None] * grown
    return means
