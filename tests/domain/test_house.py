"""Promises of house rules: a book is found by its names, and an unknown book has the defaults."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tracker.domain.catalog.books import HouseRules, house_of
from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    Moneyline,
    OddEven,
    Parity,
    Span,
    Spread,
    ThreeWay,
    Total,
)


@pytest.mark.parametrize("written", ["DraftKings", "draftkings", " DK ", "Draft Kings"])
def test_a_book_is_known_by_any_of_its_names(written: str) -> None:
    """A book is found by its name or an alias, in any case."""
    assert house_of(written).name == "draftkings"


@pytest.mark.parametrize("written", [None, "", "Uncle Bob", "default"])
def test_any_other_book_follows_the_default(written: str | None) -> None:
    """An unknown book has the default rules, so that no bet is refused for its book."""
    assert house_of(written) == HouseRules()


def test_the_american_books_differ_in_no_figure() -> None:
    """The American books have the same rules, as they publish them."""
    for name in ("draftkings", "fanduel", "betmgm", "caesars", "bet365"):
        assert replace(house_of(name), name="default") == HouseRules()


def test_a_book_without_overtime_means_regulation() -> None:
    """Where a book leaves overtime out, its lines on the game and second half are without it."""
    house = house_of("regulation")
    assert house.read(Spread(Side.HOME, -3.0)) == Spread(Side.HOME, -3.0, Span.REGULATION)
    assert house.read(OddEven(Parity.ODD)) == OddEven(Parity.ODD, None, Span.REGULATION)
    assert house.read(Total(Direction.OVER, 110.5, Span.H2)).span is Span.H2_REGULATION
    quarter = Total(Direction.OVER, 55.5, Span.Q3)
    assert house.read(quarter) == quarter
    assert HouseRules().read(Spread(Side.HOME, -3.0)) == Spread(Side.HOME, -3.0)


def test_where_a_tie_loses_a_moneyline_is_three_way() -> None:
    """Where a tie loses, a moneyline on a half or quarter becomes a 3-way line."""
    house = HouseRules(tie_pushes=False)
    assert house.read(Moneyline(Side.AWAY, Span.Q2)) == ThreeWay(Side.AWAY, Span.Q2)
    assert house.read(Moneyline(Side.AWAY)) == Moneyline(Side.AWAY)


def test_lengths_of_time_must_mean_something() -> None:
    """A negative or absurd length of time in the rules is refused."""
    with pytest.raises(ValueError, match="no length of time"):
        HouseRules(postponed_hours=-1)
