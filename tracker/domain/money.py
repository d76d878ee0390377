"""Money, odds and counts: how each is parsed from a person's text and shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor, prod

from tracker.domain import BadBet

AMERICAN_FROM = 100
"""American odds are at least this far from 0."""

_AMERICAN = re.compile(r"[+-]?\d{3,6}")
_DECIMAL = re.compile(r"\d{1,4}\.\d{1,4}|\d{1,2}")
_FRACTION = re.compile(r"(\d{1,4})/(\d{1,4})")
_CURRENCIES = "$€£"

_MONEY = re.compile(r"(\d{1,9}|\d{1,3}(?:,\d{3}){1,2}|(?=\.))(?:\.(\d{1,2}))?")
_DECIMAL_COMMA = re.compile(r"(\d{1,3}),(\d{1,2})")


class _Plain(dict[int, str]):
    """Maps a character to the plain one that it stands for; found once, then kept."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        wide = 0xFF01 <= code <= 0xFF5E  # noqa: PLR2004 - the full-width forms of ASCII
        digit = unicodedata.decimal(character, None)
        plain = chr(code - 0xFEE0) if wide else character if digit is None else str(digit)
        self[code] = plain
        return plain


_PLAIN = _Plain(
    str.maketrans(
        dict.fromkeys("\u2010\u2011\u2012\u2013\u2043\u207b\u2212\ufe63\u2796", "-")
        | dict.fromkeys("\u207a\ufe62\u2795", "+")
        | {"\u066b": "."}
    )
)
"""The signs of books, phones and keyboards, and the Arabic point between a whole and its parts."""


def plain_signs(text: str) -> str:
    """Replace signs, digits and full-width letters of any script by `-`, `+` and those of ASCII.

    The length stays. A long dash stays too: it stands between words, not before a figure.
    """
    return text if text.isascii() else text.translate(_PLAIN)


@dataclass(frozen=True, slots=True)
class Odds:
    """A price. `text` is the odds as written; `decimal` is what one unit returns with its stake."""

    text: str
    decimal: Fraction

    def __post_init__(self) -> None:
        """Refuse a price that returns no more than its stake."""
        if self.decimal <= 1:
            raise BadBet(
                f"odds of {self.text} would return no profit: write them like -110, 1.91 or 10/11"
            )

    @property
    def break_even(self) -> float:
        """The chance of winning at which a bet at these odds neither gains nor loses on average."""
        return float(1 / self.decimal)

    @property
    def american(self) -> str:
        """The price in American form, such as `-110`."""
        profit = self.decimal - 1
        if profit >= 1:
            return f"+{floor(profit * 100 + Fraction(1, 2))}"
        return f"-{floor(100 / profit + Fraction(1, 2))}"


def decimal_of(american: float) -> float | None:
    """Decimal odds of American ones; None for a number nearer to 0 than any of these."""
    if abs(american) < AMERICAN_FROM:
        return None
    return 1 + (american / 100 if american > 0 else 100 / -american)


def parlay_odds(odds: Sequence[Odds]) -> Odds:
    """The odds of a parlay whose legs have these odds: the product, in American form."""
    product = Odds("", prod((x.decimal for x in odds), start=Fraction(1)))
    return Odds(product.american, product.decimal)


@lru_cache(maxsize=1024)
def parse_odds(text: str) -> Odds:
    """Read American (`-110`), decimal (`1.91`) or fractional (`10/11`) odds.

    Raises BadBet, which says what was expected, when the text is none of these.
    """
    plain = plain_signs(text.strip())
    if plain.casefold() in ("even", "evens", "ev", "evs", "em", "even money"):
        return Odds(text.strip(), Fraction(2))
    if _AMERICAN.fullmatch(plain):
        value = int(plain)
        if abs(value) < AMERICAN_FROM:
            raise BadBet(f"American odds start at {AMERICAN_FROM}: {text!r}")
        profit = Fraction(value, 100) if value > 0 else Fraction(100, -value)
        return Odds(text.strip(), 1 + profit)
    if found := _FRACTION.fullmatch(plain):
        if int(found[2]) == 0:
            raise BadBet(f"odds of {text!r} divide by zero")
        return Odds(text.strip(), 1 + Fraction(int(found[1]), int(found[2])))
    if _DECIMAL.fullmatch(plain) and 0 < Fraction(plain) < 1:
        raise BadBet(
            f"odds of {plain} are below 1: write Hong Kong odds with the stake, as "
            f"{1 + Decimal(plain)}, or a share's price as {1 / Decimal(plain):.2f}"
        )
    if _DECIMAL.fullmatch(plain):
        return Odds(text.strip(), Fraction(plain))
    if comma := _DECIMAL_COMMA.fullmatch(plain):
        return parse_odds(f"{comma[1]}.{comma[2]}")
    raise BadBet(f"{text.strip()!r} is not a price: write odds like -110, 1.91 or 10/11")


def parse_money(text: str) -> int:
    """Read an amount such as `20`, `20.5`, `$1,000.00` into cents. Raises BadBet for other text."""
    plain = text.strip()
    plain = plain[1:] if plain[:1] in tuple(_CURRENCIES) else plain
    found = _MONEY.fullmatch(plain)
    if not found:
        raise BadBet(f"{text.strip()!r} is not an amount: write it like $20 or 20.00")
    return int((found[1] or "0").replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))


_UNITS = ("units", "unit", "u")


def parse_stake(text: str, unit_cents: int) -> int:
    """Read a stake such as `20`, `$20.00`, `2u` or `0.5 units` into cents. Raises BadBet."""
    plain = text.strip().casefold()
    unit = next((x for x in _UNITS if plain.endswith(x)), None)
    if unit is None:
        return parse_money(text)
    # The number of units is parsed as an amount of money, and kept exact.
    try:
        cents = parse_money(plain.removesuffix(unit).strip())
    except BadBet:
        raise BadBet(f"{text!r} is not a number of units: write a stake like 2u") from None
    return in_cents(Fraction(cents, 100), unit_cents)


def in_cents(units: Fraction, unit_cents: int) -> int:
    """Units in cents, rounded half up."""
    return int(units * unit_cents + Fraction(1, 2))


def money_text(cents: int) -> str:
    """Cents as an amount of dollars: `$17.39`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100}.{abs(cents) % 100:02d}"


def stake_text(cents: int, *, free: bool) -> str:
    """A stake with a word for whose money it is: `stake $17.39`, `free bet $10.00`."""
    return f"{'free bet' if free else 'stake'} {money_text(cents)}"


def own_part(stake_cents: int, *, free: bool) -> int:
    """The cents of a stake that are the person's money: 0 of a free bet."""
    return 0 if free else stake_cents


def profit_cents(payout_cents: int | None, own_cents: int | None) -> int | None:
    """The payout less the person's own money; None while either is not known."""
    return None if payout_cents is None or own_cents is None else payout_cents - own_cents


def stake_in_table(cents: int | None, *, free: bool) -> str:
    """A stake in a table's column of stakes: `$17.39`, `$10.00 free`; empty when it is None."""
    return "" if cents is None else money_text(cents) + " free" * free


def payout_if_won(stake_cents: int, odds: Odds) -> int:
    """Cents that a winning bet returns with its stake, rounded half up to the cent."""
    return floor(stake_cents * odds.decimal + Fraction(1, 2))


def needed(odds: Odds | None, *, free: bool) -> float | None:
    """The break-even chance of a bet; None without a price.

    A free bet has none either, because it cannot lose money.
    """
    return None if odds is None or free else odds.break_even


_SHORTEST_IN_CENTS = Fraction("1.01")
"""A shorter price would show as 1.00 or 1.01 in two decimals."""


def odds_text(odds: Odds | None, form: str) -> str:
    """A price in the person's chosen form, or as written for any other; empty when not known."""
    if odds is None:
        return ""
    match form:
        case "american":
            return odds.american
        case "decimal":
            short = odds.decimal < _SHORTEST_IN_CENTS
            return f"{float(odds.decimal):.{4 if short else 2}f}"
        case "fractional":
            profit = odds.decimal - 1
            return f"{profit.numerator}/{profit.denominator}"
        case _:
            return odds.text


_IRREGULAR = {
    "is": "are",
    "has": "have",
    "was": "were",
    "waits": "wait",
    "needs": "need",
    "stays": "stay",
}


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 bet`, `2 bets`, `0 tries`."""
    return f"{count} {several(count, noun)}"


def several(count: int, word: str) -> str:
    """A noun, or one of a few verbs, in the number that a count asks for: `bets`, `wait`."""
    if count == 1:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
