"""Quotes: a book's price of one side of a market at one time, fair prices, and closing lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from tracker.domain.bet import Wager
from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    Total,
)
from tracker.domain.player import Player, Stat, player_key

MONEYLINE, SPREAD, TOTAL, TEAM_TOTAL = "moneyline", "spread", "total", "team_total"
"""The names of the markets on a game, as in the JSON contracts."""

STAT_MARKETS = {
    "player_points": Stat.PTS,
    "player_rebounds": Stat.REB,
    "player_assists": Stat.AST,
    "player_threes": Stat.THREES,
    "player_steals": Stat.STL,
    "player_blocks": Stat.BLK,
    "player_turnovers": Stat.TO,
    "player_points_rebounds_assists": Stat.PRA,
    "player_points_rebounds": Stat.PR,
    "player_points_assists": Stat.PA,
    "player_rebounds_assists": Stat.RA,
}
"""The names of the markets on a player's statistic, which are The Odds API's own."""

MARKET_OF_STAT = {stat: market for market, stat in STAT_MARKETS.items()}

_AHEAD, _BEHIND = "alternate_", "_alternate"
_OTHER = {"home": "away", "away": "home", "over": "under", "under": "over"}

FIRST_SIDES = ("home", "over")
"""The first side of each market: the side that `TwoSided` and `Fair` state their chance for."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a quote is a price of: one side of a market at a line.

    `market` is one of the names above. A line that is not the book's main line has `alternate_`
    before that name, or `_alternate` after it for a player's market. `about` is the side of a team
    total, or a player's name: as on the roster, or as the book writes it where nobody on the roster
    matches. `points` is the line; for a spread it is this side's own handicap, for a moneyline it
    is None.
    """

    market: str
    side: str
    points: float | None = None
    about: str = ""
    span: Span = Span.GAME

    def __post_init__(self) -> None:
        """Refuse an unknown side, an infinite line, and a line that the market cannot have."""
        if self.side not in _OTHER:
            raise ValueError(f"{self.side!r} is no side of a market")
        if self.points is not None and not math.isfinite(self.points):
            raise ValueError("a line is a finite number of points")
        if (self.points is None) != (self.plain == MONEYLINE):
            raise ValueError(f"a {self.market} {'needs' if self.points is None else 'has no'} line")

    @property
    def plain(self) -> str:
        """The market's name without the mark of an alternate line."""
        return self.market.removeprefix(_AHEAD).removesuffix(_BEHIND)

    @property
    def alternate(self) -> bool:
        """Whether the book quotes it in addition to its main line."""
        return self.market != self.plain

    @property
    def main(self) -> Selection:
        """The selection under its market's plain name, also where it is an alternate line."""
        return self if not self.alternate else replace(self, market=self.plain)

    @property
    def opposite(self) -> Selection:
        """The other side of the same line."""
        points = self.points
        if self.plain == SPREAD and points is not None:
            points = -points if points else 0.0
        return replace(self, side=_OTHER[self.side], points=points)

    @property
    def of_player(self) -> bool:
        """Whether it is about a player's statistic."""
        return self.plain in STAT_MARKETS


def selection_of(wager: Wager) -> Selection | None:
    """The selection of a bet; None for a parlay, and for a market that no source quotes."""
    match wager:
        case Moneyline(side, span):
            return Selection(MONEYLINE, side.value, span=span)
        case Spread(side, points, span):
            return Selection(SPREAD, side.value, points, span=span)
        case Total(direction, points, span):
            return Selection(TOTAL, direction.value, points, span=span)
        case TeamTotal(side, direction, points, span):
            return Selection(TEAM_TOTAL, direction.value, points, side.value, span)
        case PlayerTotal(player, stat, direction, points):
            return Selection(MARKET_OF_STAT[stat], direction.value, points, player.name)
        case _:
            return None


def market_of(selection: Selection, players: tuple[Player, ...] = ()) -> Market | None:
    """The market that a quote is on; None for a line in quarter points or an unknown player."""
    points, side, span = selection.points, selection.side, selection.span
    if selection.plain == MONEYLINE:
        return Moneyline(Side(side), span)
    if points is None or points * 2 != int(points * 2):
        return None
    try:
        match selection.plain:
            case "spread":
                return Spread(Side(side), points, span)
            case "total":
                return Total(Direction(side), points, span)
            case "team_total":
                return TeamTotal(Side(selection.about), Direction(side), points, span)
        key = player_key(selection.about)
        meant = [x for x in players if x.key == key]
        if len(meant) != 1:
            return None
        return PlayerTotal(meant[0], STAT_MARKETS[selection.plain], Direction(side), points)
    except (ValueError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class Quote:
    """One book's price of one side at one time. `odds` are decimal, the stake included.

    An exchange's price is the one after its fee. `at` is when the price was received; `told_at` is
    when the book last confirmed it, None where the source does not say. `size` is how many units
    are available, None where unknown. A price that is not `open` cannot be taken: it is suspended,
    frozen or no longer listed. `poll` is the number of the stored answer that it came in, 0 before
    the answer is stored.
    """

    game: str
    book: str
    selection: Selection
    at: datetime
    odds: float
    told_at: datetime | None = None
    size: float | None = None
    open: bool = True
    poll: int = 0

    def __post_init__(self) -> None:
        """Refuse a price that returns no more than its stake."""
        if not 1 < self.odds < math.inf:
            raise ValueError(f"decimal odds are above 1, not {self.odds:g}")

    @property
    def stood_at(self) -> datetime:
        """When the price is known to have stood: the book's own time, else when it was received."""
        return self.at if self.told_at is None else min(self.told_at, self.at)


EXCHANGES = ("kalshi", "polymarket")
"""The books that are exchanges: their prices come from an order book."""

ESPN = "espn"
"""The book under whose name the one line that ESPN shows is kept."""

ESPN_LINE = "espn line"
"""The book under whose name that line is kept where it is shown without prices. It is taken to be
even; nobody sells it, and it is no quote."""

UNSTAMPED = "nba:"
"""The beginning of the name of a book that is quoted only by the league's own list of odds, which
gives no time."""

KALSHI_FEE = 0.07
"""Kalshi's fee for takers, as a share of P(1 - P) for each contract: the exchange's schedule."""


def after_fee(book: str, price: float) -> float:
    """Decimal odds of an exchange's contract at `price` (0 to 1), after its fee for takers."""
    fee = KALSHI_FEE * price * (1 - price) if book == "kalshi" else 0.0
    return 1 / (price + fee)


def before_fee(book: str, odds: float) -> float:
    """Decimal odds before the fee that `after_fee` takes."""
    if book != "kalshi":
        return odds
    # price + fee = cost is a quadratic in the price.
    b, cost = 1 + KALSHI_FEE, 1 / odds
    return 1 / ((b - math.sqrt(b * b - 4 * KALSHI_FEE * cost)) / (2 * KALSHI_FEE))


class TwoSided(NamedTuple):
    """One book's prices of both sides of a line, from which a fair chance can be worked out.

    `selection` and `odds` are the first side's, `other` the odds of the other side. `stood_at` is
    the older of the two times at which the prices stood.
    """

    book: str
    selection: Selection
    odds: float
    other: float
    stood_at: datetime
    at: datetime
    poll: int = 0

    @property
    def chance(self) -> float:
        """The fair chance of the first side: the book's margin is removed in proportion."""
        first, second = before_fee(self.book, self.odds), before_fee(self.book, self.other)
        return second / (first + second)


@dataclass(frozen=True, slots=True)
class Fair:
    """The fair chance of a line: `chance` is that its first side wins, given no push.

    `whose` are the books that it comes from. `by` names the source: the number of books, or the one
    source that stands in for them.
    """

    selection: Selection
    chance: float
    whose: frozenset[str]
    by: str
    stood_at: datetime
    poll: int = 0

    @property
    def books(self) -> int:
        """How many books it comes from."""
        return len(self.whose)

    def of(self, selection: Selection) -> float:
        """The fair chance of either side of the line."""
        return self.chance if selection.side == self.selection.side else 1 - self.chance


def two_sided(quotes: list[Quote]) -> list[TwoSided]:
    """Pair up quotes: each line of which one book quotes both sides, at open prices."""
    known = {(x.book, x.selection): x for x in quotes if x.open}
    found = []
    for (book, selection), one in known.items():
        if selection.side not in FIRST_SIDES:
            continue
        other = known.get((book, selection.opposite))
        if other is not None:
            stood, at = min(one.stood_at, other.stood_at), max(one.at, other.at)
            found.append(TwoSided(book, selection, one.odds, other.odds, stood, at, one.poll))
    return found


class Age(NamedTuple):
    """How old a quote may be to be used for a close, and how old before it counts as frozen."""

    close: timedelta = timedelta(minutes=10)
    frozen: timedelta = timedelta(minutes=10)


AGE = Age()
"""The ages that a close uses: fair chances move by 0.01 in the ten minutes before tip-off, and a
book whose price has stood for longer is left out."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The closing lines of a game at tip-off. A `void` one withdraws them: the game was called off.

    `home_spread` and `total` are in points, `home_chance` is the fair chance that home wins; each
    may be None. `by` names the source, `books` is how many books it comes from, and `age_s` is the
    age of the oldest quote.
    """

    game: str
    revision: int
    tip_at: datetime | None
    home_spread: float | None = None
    total: float | None = None
    home_chance: float | None = None
    books: int | None = None
    age_s: float | None = None
    by: str | None = None
    poll: int | None = None

    @property
    def void(self) -> bool:
        """Whether the game was called off, so that its new date will have another close."""
        return self.tip_at is None
