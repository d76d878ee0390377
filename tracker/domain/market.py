"""Markets: what a bet can be on, and each market's name in a bettor's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, assert_never

from tracker.domain.game import Side
from tracker.domain.league import League
from tracker.domain.player import Player, Stat


class Span(StrEnum):
    """The part of a game that a market is about. GAME and H2 include overtime, no other does."""

    GAME = "game"
    REGULATION = "regulation"
    H1 = "1H"
    H2 = "2H"
    H2_REGULATION = "2H regulation"
    Q1 = "Q1"
    Q2 = "Q2"
    Q3 = "Q3"
    Q4 = "Q4"

    def periods(self, league: League) -> range:
        """The span's regulation periods. Raises ValueError where the league has no quarters."""
        return _periods(self, league.periods, league.name)

    @property
    def counts_overtime(self) -> bool:
        """Whether points scored in overtime count."""
        return self in (Span.GAME, Span.H2)

    @property
    def in_regulation(self) -> Span:
        """The same part of the game without overtime."""
        match self:
            case Span.GAME:
                return Span.REGULATION
            case Span.H2:
                return Span.H2_REGULATION
            case _:
                return self


@cache
def _periods(span: Span, count: int, league: str) -> range:
    """The periods of a span, of `count`. Kept: each poll asks for them many times."""
    half = count // 2
    match span:
        case Span.GAME | Span.REGULATION:
            return range(1, count + 1)
        case Span.H1:
            return range(1, half + 1)
        case Span.H2 | Span.H2_REGULATION:
            return range(half + 1, count + 1)
        case Span.Q1 | Span.Q2 | Span.Q3 | Span.Q4:
            number = int(span.value[1])
            if count != 4:  # noqa: PLR2004 - quarters
                raise ValueError(f"{league} plays halves, not quarters")
            return range(number, number + 1)


class Direction(StrEnum):
    """The side of a total: over or under."""

    OVER = "over"
    UNDER = "under"


LARGEST_SPREAD = 99.5
"""The largest spread in points: a signed number from 100 on is read as American odds."""

LARGEST_TOTAL = 400.0
"""The largest total in points: no book offers a higher line."""


_LARGEST_OF_A_TEAM = {48: 160.0, 40: 120.0}
"""The largest line on one team's points, by the minutes of a game: no book offers a higher one, and
hardly a lower one on the points of both teams."""

_LEAST_SHARE = {48: 0.4, 40: 0.3}
"""A line below this share of the largest one is on something else, such as a part of the game: a
first half of the NBA has 112 points. Weak teams of colleges score less than professional ones."""


def offered(span: Span, league: League, *, teams: int) -> tuple[float, float]:
    """The least and the largest line on the points of one team or of both that books offer."""
    share = len(span.periods(league)) / league.periods
    minutes = league.regulation_seconds // 60
    most = teams * share * _LARGEST_OF_A_TEAM[minutes]
    return _LEAST_SHARE[minutes] * most, most


_LARGEST_OF_A_PLAYER = {
    Stat.PTS: 100, Stat.REB: 40, Stat.AST: 35, Stat.THREES: 20, Stat.STL: 12, Stat.BLK: 15,
    Stat.TO: 15,
}  # fmt: skip
"""The largest line on a statistic of one player: no book offers a higher one."""

_LARGEST_SPREADS = {48: 40, 40: 75}
"""The largest spread, by the minutes of a game: no book offers a higher one. Colleges, whose games
last 40, differ most in strength."""


def largest_spread(league: League) -> int:
    """The largest spread that books offer: a higher one mostly lacks its decimal point."""
    return _LARGEST_SPREADS[league.regulation_seconds // 60]


def largest_of_player(stat: Stat) -> int:
    """The largest line on a player that books offer: a higher one is of a game, or misspelt."""
    return sum(_LARGEST_OF_A_PLAYER[x] for x in stat.parts)


def _check_line(points: float, most: float) -> None:
    if not math.isfinite(points) or points * 2 != int(points * 2):
        raise ValueError(f"a line is a whole or half number of points, not {points:g}")
    if abs(points) > most:
        raise ValueError(f"no line is as high as {points:g}")


def _check_total(points: float, name: str) -> None:
    _check_line(points, LARGEST_TOTAL)
    if points <= 0:
        raise ValueError(f"a {name} must be above 0, not {points:g}")


@dataclass(frozen=True, slots=True)
class Moneyline:
    """One side wins the span. A tie pushes where the span can end tied."""

    side: Side
    span: Span = Span.GAME


@dataclass(frozen=True, slots=True)
class Spread:
    """One side's points plus `points` exceed the other side's; `points` is a multiple of 0.5."""

    side: Side
    points: float
    span: Span = Span.GAME

    def __post_init__(self) -> None:
        """Refuse a line that no book offers."""
        _check_line(self.points, LARGEST_SPREAD)


@dataclass(frozen=True, slots=True)
class Total:
    """Both teams' points are over or under `points`, a positive multiple of 0.5."""

    direction: Direction
    points: float
    span: Span = Span.GAME

    def __post_init__(self) -> None:
        """Refuse a line that no book offers."""
        _check_total(self.points, "total")


@dataclass(frozen=True, slots=True)
class TeamTotal:
    """One team's points are over or under `points`, a positive multiple of 0.5."""

    side: Side
    direction: Direction
    points: float
    span: Span = Span.GAME

    def __post_init__(self) -> None:
        """Refuse a line that no book offers."""
        _check_total(self.points, "team total")


class Parity(StrEnum):
    """The side of an odd-or-even market."""

    ODD = "odd"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class OddEven:
    """The points of both teams in the span, or of one `side` where it is given, are odd or even."""

    parity: Parity
    side: Side | None = None
    span: Span = Span.GAME


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """One side wins the span, and a tie loses. Where `side` is None, the bet is on the tie."""

    side: Side | None
    span: Span

    def __post_init__(self) -> None:
        """Refuse the whole game, which cannot end tied."""
        if self.span is Span.GAME:
            raise ValueError(
                "a game cannot end tied: write a half, a quarter or regulation for a 3-way bet"
            )


@dataclass(frozen=True, slots=True)
class PlayerTotal:
    """A player's statistic is over or under `points`, a positive multiple of 0.5.

    Overtime counts.
    """

    player: Player
    stat: Stat
    direction: Direction
    points: float

    def __post_init__(self) -> None:
        """Refuse a line that no book offers."""
        _check_total(self.points, "player line")

    @property
    def span(self) -> Span:
        """The whole game."""
        return Span.GAME


@dataclass(frozen=True, slots=True)
class DoubleDouble:
    """A player reaches ten in `categories` of points, rebounds, assists, steals and blocks.

    Two categories make a double-double, three a triple-double. Where `happens` is False, the bet is
    that he does not.
    """

    player: Player
    happens: bool = True
    categories: int = 2

    def __post_init__(self) -> None:
        """Refuse a number of categories other than 2 or 3."""
        if self.categories not in _MULTIPLES:
            raise ValueError(f"ten in {self.categories} categories is no bet: 2 or 3 are")

    @property
    def span(self) -> Span:
        """The whole game."""
        return Span.GAME


_MULTIPLES = {2: "double-double", 3: "triple-double"}

CATEGORIES = (Stat.PTS, Stat.REB, Stat.AST, Stat.STL, Stat.BLK)
"""The statistics that count for a double-double."""

CATEGORY_REACHED = 10
"""The least value with which a statistic counts for a double-double."""

PlayerMarket = PlayerTotal | DoubleDouble
"""Markets that one player's figures in the box score decide."""

GameMarket = Moneyline | Spread | Total | TeamTotal | OddEven | ThreeWay
"""Markets that the points of both teams decide."""

Market = GameMarket | PlayerMarket

MARKETS: Mapping[str, type[Any]] = {
    "moneyline": Moneyline,
    "spread": Spread,
    "total": Total,
    "team_total": TeamTotal,
    "odd_even": OddEven,
    "three_way": ThreeWay,
    "player_total": PlayerTotal,
    "double_double": DoubleDouble,
}
"""The class of each market by its name in the JSON contracts."""

_NAMES = {market: name for name, market in MARKETS.items()}


def line_text(points: float, *, signed: bool = False) -> str:
    """A line as a bettor writes it: `224.5`, `-4.5`, `+3`, and `PK` for a signed zero."""
    if signed and points == 0:
        return "PK"
    return f"{points:+g}" if signed else f"{points:g}"


def multiple_text(market: DoubleDouble) -> str:
    """The market's words without the player: `double-double`, `no triple-double`."""
    return ("" if market.happens else "no ") + _MULTIPLES[market.categories]


def kind(market: Market) -> str:
    """The market's name in the JSON contracts: `moneyline`, `spread`, `total`, `team_total`, ..."""
    return _NAMES[type(market)]


def describe(market: Market, home: str, away: str) -> str:
    """The market in a bettor's words, given the team codes: `DEN -4.5`, `LAL@DEN over 224.5`."""
    codes = {Side.HOME: home, Side.AWAY: away, None: f"{away}@{home}"}
    prefix = "" if market.span is Span.GAME else f"{market.span.value} "
    match market:
        case Moneyline():
            return f"{prefix}{codes[market.side]} ML"
        case Spread():
            return f"{prefix}{codes[market.side]} {line_text(market.points, signed=True)}"
        case Total():
            return f"{prefix}{codes[None]} {market.direction.value} {line_text(market.points)}"
        case TeamTotal():
            team = codes[market.side]
            return f"{prefix}{team} {market.direction.value} {line_text(market.points)}"
        case OddEven():
            # Without the word, `DEN even` may also be a win at even money.
            points = "" if market.side is None else "points "
            return f"{prefix}{codes[market.side]} {points}{market.parity.value}"
        case ThreeWay():
            return f"{prefix}{codes[market.side]} {'tie' if market.side is None else '3-way'}"
        case PlayerTotal():
            line = f"{market.direction.value} {line_text(market.points)} {market.stat.value}"
            return f"{market.player.name} {line}"
        case DoubleDouble():
            return f"{market.player.name} {multiple_text(market)}"
        case _:
            assert_never(market)
