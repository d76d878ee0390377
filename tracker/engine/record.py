"""A person's record: the money of settled bets, and how well the chances fitted the results."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


class Grouping(StrEnum):
    """What settled bets can be grouped by."""

    ALL = "all"
    TAG = "tag"
    MARKET = "market"
    PLAYER = "player"
    BOOK = "book"
    LEAGUE = "league"
    MONTH = "month"
    DAY = "day"
    MODEL = "model"


NO_BOOK, NO_TAG = "(no book)", "(no tag)"
"""The groups of bets without a book and without a tag."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of bets by result, and their money. `staked` and `profit` are cents.

    Both add up the `counted` bets: those whose stake and payout are known, without void bets. A
    free bet stakes nothing and counts with what it brought. `asked` is the mean
    break-even chance of the won and lost bets, None where no price is known. `roi_se` is the
    standard error of the ROI over games; None where `ratio_error` has none.
    """

    bets: int
    won: int
    lost: int
    pushed: int
    voided: int
    staked: int
    profit: int
    asked: float | None
    roi_se: float | None = None
    counted: int = 0

    @property
    def uncounted(self) -> int:
        """The bets that are in no sum of money, because their stake or payout is not known."""
        return self.bets - self.voided - self.counted

    @property
    def hit_rate(self) -> float | None:
        """The share of won bets among the won and lost ones; None without any."""
        decided = self.won + self.lost
        return self.won / decided if decided else None

    @property
    def roi(self) -> float | None:
        """Profit over stakes; None without stakes."""
        return self.profit / self.staked if self.staked else None


NOTHING = Tally(0, 0, 0, 0, 0, 0, 0, None)
"""The tally of no bets."""


NO_SPREAD = 1e-9
"""A spread below this share of the squared sums is only rounding error."""


def ratio_error(
    n: int, below: float, above: float, products: tuple[float, float, float]
) -> float | None:
    """The standard error of the ratio of two sums over `n` games (Cochran 1977, 2.11).

    `above` and `below` are the sums, such as profit and stakes, and `products` those of below times
    below, below times above and above times above, each of a whole game. None where the games show
    no spread: fewer than two, or all with the same ratio.
    """
    if n < 2 or not below:  # noqa: PLR2004 - one game shows no spread
        return None
    ratio, (belows, both, aboves) = above / below, products
    spread = aboves - 2 * ratio * both + ratio * ratio * belows
    if spread <= NO_SPREAD * aboves:
        return None
    return math.sqrt(spread * n / (n - 1)) / below


def mean_error(values: Iterable[tuple[Hashable, float]]) -> float | None:
    """The standard error of the mean of values, each with its game; None as in `ratio_error`."""
    games: dict[Hashable, list[float]] = defaultdict(list)
    for game, x in values:
        games[game].append(x)
    sums = [(len(some), math.fsum(some)) for some in games.values()]
    return ratio_error(
        len(sums),
        sum(n for n, _ in sums),
        math.fsum(x for _, x in sums),
        (sum(n * n for n, _ in sums), math.fsum(n * x for n, x in sums),
         math.fsum(x * x for _, x in sums)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prediction:
    """A chance that a bet was given, and its result: `p` is the chance of winning, given no push.

    `raw` is the forecast's chance before a calibration, None where there was no calibration. `game`
    is the id of the bet's game, a parlay's first; empty where the bet depends on no other.
    """

    bet: int
    p: float
    won: bool
    raw: float | None = None
    game: str = ""

    @property
    def cluster(self) -> int | str:
        """What it depends on: its game, whose bets may all be won or lost together."""
        return self.game or self.bet


@dataclass(frozen=True, slots=True)
class Bin:
    """Bets whose chance was once between `low` and `high`, and how often they were won.

    Each bet counts once, with the first chance that it had in that range: chosen without knowing
    what came later, such chances come true on average when the forecast is calibrated. `said` is
    their mean and `came` the share of bets that were won; `least` and `most` bound the true share
    with 95 % confidence, given the number of `bets` and of their games.
    """

    low: float
    high: float
    said: float
    came: float
    least: float
    most: float
    bets: int

    @property
    def fits(self) -> bool:
        """Whether the mean chance lies within the bounds of the true share."""
        return self.least <= self.said <= self.most


@dataclass(frozen=True, slots=True)
class Reliability:
    """How chances compare with results. `brier` and `log_loss` are means, each bet weighing 1."""

    bins: tuple[Bin, ...]
    brier: float
    log_loss: float
    bets: int

    @property
    def ece(self) -> float:
        """Expected calibration error: the mean of |said - came| over the bins, weighted by bets."""
        whole = sum(x.bets for x in self.bins)
        return sum(x.bets * abs(x.said - x.came) for x in self.bins) / whole if whole else 0.0


EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""The edges of the bins of chances."""

Z95 = 1.959964
"""Standard errors to each side of a 95 % interval."""

_SURE = 1e-6


def reliability(predictions: Sequence[Prediction], reach: float = Z95) -> Reliability | None:
    """Compare chances, in the order in which they were shown, with results; None without any.

    The chances of one bet depend on each other, and so do the bets on one game. So the width of an
    interval (Wilson 1927), `reach` standard errors to each side, comes neither from the number of
    chances nor from that of bets, but from `independent`.
    """
    if not predictions:
        return None
    bins = []
    for low, high in pairwise(EDGES):
        within = [
            x for x in predictions if low <= x.p < high or (high >= EDGES[-1] and x.p >= high)
        ]
        if within:
            bins.append(_bin(low, high, within, reach))
    of_bet = _by_bet(predictions)
    briers = [_mean((x.p - x.won) ** 2 for x in some) for some in of_bet.values()]
    losses = [_mean(_log_loss(x) for x in some) for some in of_bet.values()]
    return Reliability(tuple(bins), _mean(briers), _mean(losses), len(of_bet))


def _by_bet(predictions: Iterable[Prediction]) -> dict[int, list[Prediction]]:
    found: dict[int, list[Prediction]] = defaultdict(list)
    for one in predictions:
        found[one.bet].append(one)
    return found


def _bin(low: float, high: float, within: Sequence[Prediction], reach: float) -> Bin:
    firsts = [some[0] for some in _by_bet(within).values()]
    came = _mean(x.won for x in firsts)
    least, most = wilson(came, independent(x.cluster for x in firsts), reach)
    return Bin(low, high, _mean(x.p for x in firsts), came, least, most, len(firsts))


def independent(clusters: Iterable[Hashable]) -> float:
    """The number of independent observations that some tell as much as (Kish 1965).

    Those of one cluster are taken to depend on each other entirely: bets on one game may be.
    """
    sizes = Counter(clusters).values()
    return sum(sizes) ** 2 / sum(x * x for x in sizes)


def wilson(share: float, count: float, z: float) -> tuple[float, float]:
    """The interval of a share (Wilson 1927), `z` standard errors of `count` observations wide."""
    z2 = z**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    reach = math.sqrt(share * (1 - share) / count + z2 / (4 * count**2)) * z / (1 + z2 / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _log_loss(x: Prediction) -> float:
    p = min(max(x.p, _SURE), 1 - _SURE)
    return -math.log(p if x.won else 1 - p)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
