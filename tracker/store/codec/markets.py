"""Turns what a leg is about into columns and back: each market fills those that it has."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, assert_never

from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
    kind,
)
from tracker.domain.money import Odds
from tracker.domain.player import Player, Stat

Columns = dict[str, object]

_NONE: Columns = {
    "side": None,
    "direction": None,
    "points": None,
    "parity": None,
    "player": None,
    "stat": None,
    "happens": None,
    "categories": None,
}


def market_columns(market: Market) -> Columns:
    """A market as columns; those that it does not have are None."""
    return _NONE | {"market": kind(market), "span": market.span.value} | _own(market)


def _own(market: Market) -> Columns:
    """The columns that a market fills beside its name and its span."""
    match market:
        case Moneyline():
            return {"side": market.side.value}
        case Spread():
            return {"side": market.side.value, "points": market.points}
        case Total():
            return {"direction": market.direction.value, "points": market.points}
        case TeamTotal():
            return {
                "side": market.side.value,
                "direction": market.direction.value,
                "points": market.points,
            }
        case OddEven():
            return {"side": _side(market.side), "parity": market.parity.value}
        case ThreeWay():
            return {"side": _side(market.side)}
        case PlayerTotal():
            return _player(market.player) | {
                "stat": market.stat.value,
                "direction": market.direction.value,
                "points": market.points,
            }
        case DoubleDouble():
            return _player(market.player) | {
                "happens": market.happens,
                "categories": market.categories,
            }
        case _:
            assert_never(market)


def market_of(row: Any) -> Market:
    """The market that `market_columns` wrote; ValueError for what is none."""
    span, name = Span(row["span"]), row["market"]
    match name:
        case "moneyline":
            return Moneyline(Side(row["side"]), span)
        case "spread":
            return Spread(Side(row["side"]), row["points"], span)
        case "total":
            return Total(Direction(row["direction"]), row["points"], span)
        case "team_total":
            return TeamTotal(Side(row["side"]), Direction(row["direction"]), row["points"], span)
        case "odd_even":
            return OddEven(Parity(row["parity"]), _side_of(row["side"]), span)
        case "three_way":
            return ThreeWay(_side_of(row["side"]), span)
        case "player_total":
            direction, points = Direction(row["direction"]), row["points"]
            return PlayerTotal(_player_of(row), Stat(row["stat"]), direction, points)
        case "double_double":
            return DoubleDouble(_player_of(row), bool(row["happens"]), row["categories"])
        case _:
            raise ValueError(f"{name!r} is no stored market")


def odds_columns(odds: Odds | None) -> Columns:
    """Odds as they were written, and as a decimal."""
    return {
        "odds": None if odds is None else odds.text,
        "odds_decimal": None if odds is None else str(odds.decimal),
    }


def odds_of(row: Any) -> Odds | None:
    """The odds that `odds_columns` wrote."""
    return None if row["odds"] is None else Odds(row["odds"], Fraction(row["odds_decimal"]))


def _player(player: Player) -> Columns:
    return {"player": player.name, "side": player.side.value}


def _player_of(row: Any) -> Player:
    return Player(row["player"], Side(row["side"]))


def _side(side: Side | None) -> str | None:
    return None if side is None else side.value


def _side_of(text: str | None) -> Side | None:
    return None if text is None else Side(text)
