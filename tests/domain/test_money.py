"""Promises of prices and amounts: they are read as a bettor means them, exact to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import BadBet
from tracker.domain.money import (
    Odds,
    money_text,
    odds_text,
    parlay_odds,
    parse_money,
    parse_odds,
    payout_if_won,
)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("-110", Fraction(21, 11)),
        ("+135", Fraction(235, 100)),
        ("+100", Fraction(2)),
        ("-100", Fraction(2)),
        ("-1100", Fraction(12, 11)),
        ("+12000", Fraction(121)),
        ("\u2212110", Fraction(21, 11)),
        ("\u2011110", Fraction(21, 11)),
        ("\uff0d110", Fraction(21, 11)),
        ("\ufe62135", Fraction(235, 100)),
        ("1.91", Fraction(191, 100)),
        ("2", Fraction(2)),
        ("11.0", Fraction(11)),
        ("10/11", Fraction(21, 11)),
        ("7/2", Fraction(9, 2)),
        ("EVEN", Fraction(2)),
        ("evens", Fraction(2)),
        (" +150 ", Fraction(5, 2)),
    ],
)
def test_three_notations_are_read_and_kept_as_written(text: str, decimal: Fraction) -> None:
    """American, decimal and fractional odds are read exactly, and keep their text."""
    odds = parse_odds(text)
    assert odds.decimal == decimal
    assert odds.text == text.strip()


def test_a_decimal_comma_of_a_price_is_a_point() -> None:
    """Decimal odds may be written with a comma, as in a line; thousands are never guessed at."""
    assert parse_odds("1,91") == parse_odds("1.91")
    with pytest.raises(BadBet):
        parse_odds("1,909")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+99",
        "-50",
        "1",
        "1.00",
        "0.5",
        "0/5",
        "5/0",
        "abc",
        "1.91.2",
        "nan",
        "+1e3",
    ],
)
def test_what_is_no_price_is_refused(text: str) -> None:
    """A price without profit, and text that is no price, gives a one-sentence error."""
    with pytest.raises(BadBet):
        parse_odds(text)


@given(st.integers(100, 99_999), st.booleans())
def test_american_odds_survive_the_way_through_decimals(size: int, favourite: bool) -> None:
    """Any American price is shown as itself again; +100 and -100 are one price."""
    text = f"-{size}" if favourite and size != 100 else f"+{size}"
    assert parse_odds(text).american == text


@given(st.fractions(min_value=Fraction(101, 100), max_value=1000, max_denominator=10_000))
def test_any_price_has_an_american_form_close_to_it(decimal: Fraction) -> None:
    """A price's American form has a break-even within half a percentage point of its own."""
    odds = Odds("x", decimal)
    assert parse_odds(odds.american).break_even == pytest.approx(odds.break_even, abs=0.005)


@given(
    st.integers(0, 10_000_000),
    st.one_of(
        st.integers(100, 5000).map(lambda x: f"+{x}"),
        st.integers(100, 5000).map(lambda x: f"-{x}"),
        st.integers(101, 99_999).map(lambda x: f"{Decimal(x) / 100:.2f}"),
    ),
)
def test_a_payout_is_exact_and_rounded_half_up(stake: int, price: str) -> None:
    """A won bet returns stake times decimal odds, rounded half up to the cent."""
    odds = parse_odds(price)
    exact = Decimal(stake * odds.decimal.numerator) / Decimal(odds.decimal.denominator)
    assert payout_if_won(stake, odds) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert payout_if_won(stake, odds) >= stake


def test_half_a_cent_counts_up() -> None:
    """$0.01 at 1.5 returns two cents, and $20 at -115 what a book pays."""
    assert payout_if_won(1, parse_odds("1.5")) == 2
    assert payout_if_won(2000, parse_odds("-115")) == 3739


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("20", 2000),
        ("20.5", 2050),
        ("20.05", 2005),
        ("$0.01", 1),
        ("$.50", 50),
        ("$1,000", 100_000),
        ("$1,234,567.89", 123_456_789),
        (" $5 ", 500),
    ],
)
def test_amounts_become_cents(text: str, cents: int) -> None:
    """Amounts are read with or without a dollar sign and thousands commas."""
    assert parse_money(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "-5",
        "20.005",
        "20,50",
        "1,00",
        "1,0000",
        "$$5",
        "five",
        "1e3",
        "5.",
        ".",
        "$.",
        "nan",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """A decimal comma, a third decimal or a sign is refused and never guessed at."""
    with pytest.raises(BadBet):
        parse_money(text)


@given(st.integers(0, 99_999_999_999))
def test_an_amount_as_shown_is_read_again(cents: int) -> None:
    """The shown text of an amount is read as the same amount."""
    assert parse_money(money_text(cents)) == cents
    assert money_text(-cents - 1).startswith("-$")


@given(st.text(max_size=12))
def test_any_text_is_a_figure_or_a_bad_bet(text: str) -> None:
    """Any text gives a price or an amount, or a BadBet."""
    for parse in (parse_odds, parse_money):
        try:
            parse(text)
        except BadBet:
            continue


def test_legs_pay_their_product() -> None:
    """Legs pay exactly the product of their odds, which is shown in American form."""
    both = parlay_odds([parse_odds("-110"), parse_odds("-110")])
    assert (both.decimal, both.text) == (Fraction(441, 121), "+264")
    assert payout_if_won(1000, both) == 3645


@pytest.mark.parametrize(
    ("price", "shown"), [("-20000", "1.0050"), ("1.0001", "1.0001"), ("-10000", "1.01")]
)
def test_a_price_that_hardly_pays_is_not_shown_as_one_that_pays_nothing(
    price: str, shown: str
) -> None:
    """Decimal odds have as many decimals as it takes to be above 1."""
    assert odds_text(parse_odds(price), "decimal") == shown
