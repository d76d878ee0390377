"""Odds as the person wants to see them."""

from __future__ import annotations

from tracker.domain.money import Odds


def odds_text(odds: Odds | None, form: str) -> str:
    """A price in one of the forms of the configuration; empty when it is not known."""
    if odds is None:
        return ""
    match form:
        case "american":
            return odds.american
        case "decimal":
            return f"{float(odds.decimal):.2f}"
        case "fractional":
            profit = odds.decimal - 1
            return f"{profit.numerator}/{profit.denominator}"
        case _:
            return odds.text
