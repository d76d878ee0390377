"""Reads odds from TOML, where they may be text or a number."""

from __future__ import annotations

from decimal import Decimal

from tracker.domain.errors import BadBet
from tracker.domain.money import Odds, parse_odds

_FIRST_AMERICAN = 100


def toml_odds(value: object) -> Odds:
    """Odds such as `"-110"`, `-110`, `1.91` or `"10/11"`; BadBet for anything else.

    TOML drops the plus sign of +150, so a whole number from 100 up is American without one.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise BadBet('odds must be a price, such as -110, 1.91 or "10/11"')
    if isinstance(value, int) and abs(value) >= _FIRST_AMERICAN:
        return parse_odds(f"{value:+d}")
    return parse_odds(str(value))
