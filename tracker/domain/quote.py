"""Quotes: one book's price of one side of a market at one time, and what several say is fair."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

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
"""The names of markets on a game, as in the JSON contracts."""

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
"""The names of markets on a player's figure, which are The Odds API's own."""

MARKET_OF_STAT = {stat: market for market, stat in STAT_MARKETS.items()}

_AHEAD, _BEHIND = "alternate_", "_alternate"
_OTHER = {"home": "away", "away": "home", "over": "under", "under": "over"}

FIRST_SIDES = ("home", "over")
"""The side that a market with two sides is told by."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a quote is a price of: one side of a market at its points.

    `market` is one of the names above, with `alternate_` before it (`_alternate` behind a player's)
    where it is no book's main line. `about` is the side of a team total, and a player's name as the
    roster has it, or as it was written where nobody on the rosters is known to be meant. `points`
    are the side's own handicap of a spread, and None of a moneyline.
    """

    market: str
    side: str
    points: float | None = None
    about: str = ""
    span: Span = Span.GAME

    def __post_init__(self) -> None:
        """Refuse what no book can offer."""
        if self.side not in _OTHER:
            raise ValueError(f"{self.side!r} is no side of a market")
        if self.points is not None and not math.isfinite(self.points):
            raise ValueError("a line is a finite number of points")
        if (self.points is None) != (self.plain == MONEYLINE):
            raise ValueError(f"a {self.market} {'needs' if self.points is None else 'has no'} line")

    @property
    def plain(self) -> str:
        """The market's name, whether it is the main line or an alternate one."""
        return self.market.removeprefix(_AHEAD).removesuffix(_BEHIND)

    @property
    def alternate(self) -> bool:
        """Whether it is quoted beside the book's main line."""
        return self.market != self.plain

    @property
    def main(self) -> Selection:
        """The same line, whether it was quoted as the main or as an alternate one."""
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
        """Whether it is about a player's figure."""
        return self.plain in STAT_MARKETS


def selection_of(market: Market) -> Selection | None:
    """What a book would have to quote for a bet's market; None where none of ours quotes it."""
    match market:
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
    """The market that a quote is on; None for a player who is not among `players`."""
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
    """One book's price of one side at one time: what one unit returns, its stake included.

    An exchange's price is the one after its fee. `at` is when we were told, `told_at` when the book
    last stood by it, where the source says so. `size` is how many units can be had, where known.
    Not `open` is a price that cannot be had: suspended, frozen, or no longer listed. `poll` is the
    number of the answer that told it, 0 before that is kept.
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
        """When the price is known to have stood: as the book says, else when we were told."""
        return self.at if self.told_at is None else min(self.told_at, self.at)


EXCHANGES = ("kalshi", "polymarket")
"""Books whose prices are those of an exchange's order book."""

ESPN = "espn"
"""The book of the one line that ESPN shows."""

UNSTAMPED = "nba:"
"""What the names of books begin with that only the league's own list tells of, without a time."""

KALSHI_FEE = 0.07
"""Of P(1 - P) a contract, for takers: the exchange's schedule."""


def after_fee(book: str, price: float) -> float:
    """Decimal odds of a contract at `price` (0 to 1) on an exchange, its fee for takers paid."""
    fee = KALSHI_FEE * price * (1 - price) if book == "kalshi" else 0.0
    return 1 / (price + fee)


def before_fee(book: str, odds: float) -> float:
    """Decimal odds as they were before the fee of `after_fee`."""
    if book != "kalshi":
        return odds
    # price + fee = cost is a quadratic in the price.
    b, cost = 1 + KALSHI_FEE, 1 / odds
    return 1 / ((b - math.sqrt(b * b - 4 * KALSHI_FEE * cost)) / (2 * KALSHI_FEE))


class TwoSided(NamedTuple):
    """Both sides of a line by one book at one look, from which what is fair can be told.

    `selection` is the first side's. `stood_at` is when the older of both prices stood.
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
        """The chance of the first side: the book's margin is taken out by proportion."""
        first, second = before_fee(self.book, self.odds), before_fee(self.book, self.other)
        return second / (first + second)


@dataclass(frozen=True, slots=True)
class Fair:
    """What is fair of a line: `chance` is of its first side winning, given that it is no push.

    `by` names who says so: the number of books, or the one that stands in for them.
    """

    selection: Selection
    chance: float
    books: int
    by: str
    stood_at: datetime
    poll: int = 0

    def of(self, selection: Selection) -> float:
        """The chance of one side of the line."""
        return self.chance if selection.side == self.selection.side else 1 - self.chance


def two_sided(quotes: list[Quote]) -> list[TwoSided]:
    """The lines of which a book quotes both sides, out of one book's or many books' quotes."""
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
    """How old a quote may be: the oldest that counts, and from when on it counts as frozen."""

    close: timedelta = timedelta(minutes=10)
    frozen: timedelta = timedelta(minutes=10)


AGE = Age()
"""The ages that a close goes by: quotes move by a hundredth in ten minutes before the tip, and a
book that has stood for longer than that is not asked any more."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What the market said at tip-off. A `void` one says that there was none after all.

    `home_spread` and `total` are points, `home_chance` the chance of winning; each may be missing.
    `by` names who says so, `books` how many of them, `age_s` how old the oldest was.
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
        """The game was called off: the close of its new date is another one."""
        return self.tip_at is None

    @property
    def empty(self) -> bool:
        """Nobody quoted anything that counts."""
        return (self.home_spread, self.total, self.home_chance) == (None, None, None)
