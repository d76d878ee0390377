"""Promises of the house rules: a book is known by its names, and an unknown one is no surprise."""

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
    """Whatever the case, and by its short name."""
    assert house_of(written).name == "draftkings"


@pytest.mark.parametrize("written", [None, "", "Uncle Bob", "default"])
def test_any_other_book_follows_the_default(written: str | None) -> None:
    """So that a slip is never refused for where it was bought."""
    assert house_of(written) == HouseRules()


def test_the_american_books_differ_in_no_figure() -> None:
    """Their published rules agree on what is settled here."""
    for name in ("draftkings", "fanduel", "betmgm", "caesars", "bet365"):
        assert replace(house_of(name), name="default") == HouseRules()


def test_a_book_without_overtime_means_regulation() -> None:
    """Its lines on the whole game end with the fourth quarter; others are as they were."""
    house = house_of("regulation")
    assert house.read(Spread(Side.HOME, -3.0)) == Spread(Side.HOME, -3.0, Span.REGULATION)
    assert house.read(OddEven(Parity.ODD)) == OddEven(Parity.ODD, None, Span.REGULATION)
    quarter = Total(Direction.OVER, 55.5, Span.Q3)
    assert house.read(quarter) == quarter
    assert HouseRules().read(Spread(Side.HOME, -3.0)) == Spread(Side.HOME, -3.0)


def test_where_a_tie_loses_a_moneyline_is_three_way() -> None:
    """On a half or a quarter; a whole game cannot tie."""
    house = HouseRules(tie_pushes=False)
    assert house.read(Moneyline(Side.AWAY, Span.Q2)) == ThreeWay(Side.AWAY, Span.Q2)
    assert house.read(Moneyline(Side.AWAY)) == Moneyline(Side.AWAY)


def test_lengths_of_time_must_mean_something() -> None:
    """A rule of minus five minutes is a slip of the pen."""
    with pytest.raises(ValueError, match="no length of time"):
        HouseRules(postponed_hours=-1)
