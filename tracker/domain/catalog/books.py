"""House rules: how each sportsbook settles, by the name of the book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from tracker.domain.catalog import fold, shipped
from tracker.domain.market import Market, Moneyline, PlayerMarket, Span, ThreeWay


@dataclass(frozen=True, slots=True)
class HouseRules:
    """How a book settles. `data/books.toml` explains each field and holds the presets.

    `must_start` and `player_minutes` say when a player line is void although the player entered the
    game. A game that was cut short stands when at most `unplayed_minutes` of it were left.
    `postponed_hours` counts from the scheduled start.
    """

    name: str = "default"
    must_start: bool = False
    player_minutes: float = 0.0
    overtime: bool = True
    tie_pushes: bool = True
    unplayed_minutes: float = 5.0
    finished_parts: bool = True
    decided: bool = True
    postponed_hours: float = 0.0

    def __post_init__(self) -> None:
        """Refuse figures that are no plausible length of time."""
        for figure in (self.player_minutes, self.unplayed_minutes, self.postponed_hours):
            if not 0 <= figure < 1000:  # noqa: PLR2004 - neither minutes nor hours go so far
                raise ValueError(f"the rules of {self.name}: {figure:g} is no length of time")

    def read(self, market: Market) -> Market:
        """The market as the book settles it: some leave overtime out, some let a tie lose."""
        if isinstance(market, PlayerMarket):
            return market
        if not self.overtime and market.span.counts_overtime:
            market = replace(market, span=market.span.in_regulation)
        if not self.tie_pushes and isinstance(market, Moneyline) and market.span is not Span.GAME:
            return ThreeWay(market.side, market.span)
        return market


@lru_cache(maxsize=256)
def house_of(book: str | None) -> HouseRules:
    """The rules of a book by its name as a person writes it; the defaults for an unknown book."""
    known = _presets()
    return known.get(fold(book or ""), known["default"])


@lru_cache(maxsize=256)
def book_name(book: str | None) -> str | None:
    """The catalog's name of a book; as it is written where the catalog does not list it."""
    known = house_of(book).name
    return (book or None) if known == "default" else known


@cache
def book_names() -> frozenset[str]:
    """The names and aliases of the shipped sportsbooks, in lower case."""
    return frozenset(
        name
        for name, house in _presets().items()
        if house.name not in ("default", "regulation") and not name.isdigit()
    )


@cache
def _presets() -> Mapping[str, HouseRules]:
    """The shipped presets by each book's name and aliases."""
    tables: dict[str, dict[str, Any]] = shipped("books")
    found = {}
    for name, own in tables.items():
        house = _house(name, tables["default"] | own)
        for alias in (name, *own.get("aliases", ())):
            found[fold(alias)] = house
    return found


def _house(name: str, table: Mapping[str, Any]) -> HouseRules:
    return HouseRules(
        name=name,
        must_start={"play": False, "start": True}[table["player_must"]],
        player_minutes=float(table["player_minutes"]),
        overtime=table["overtime"],
        tie_pushes=table["tie_pushes"],
        unplayed_minutes=float(table["unplayed_minutes"]),
        finished_parts=table["finished_parts"],
        decided=table["decided"],
        postponed_hours=float(table["postponed_hours"]),
    )
