"""Reads the figures of a bet: lines, prices, stakes, units, dates, and what is counted."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from tracker.domain.market import LARGEST_SPREAD, LARGEST_TOTAL
from tracker.domain.money import parse_money, parse_odds
from tracker.domain.player import Stat
from tracker.language import vocabulary as say
from tracker.language.slots import LINE, SPREAD, Slots, read_stat
from tracker.language.tokens import NUMBER, Line

ATTACHED = re.compile(rf"(over|under|ov|un|o|u|tto|ttu)({NUMBER})")
OR_MORE = re.compile(r"([0-9]{1,3})\+")
UNITS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?|\.[0-9]{1,2})(u|units?)")

_NUMBER = re.compile(NUMBER)
_SIGNED = re.compile(rf"([+-])({NUMBER})")
_PRICE = re.compile(
    r"(?:[+-]?[0-9]{3,6}|[0-9]{1,4}\.[0-9]{1,4}x?|[0-9]{1,2}|[0-9]{1,4}/[0-9]{1,4})"
)
_FRACTION = re.compile(r"[0-9]{1,4}/[0-9]{1,4}")
_DOLLARS = re.compile(r"[0-9][0-9,]*(?:\.[0-9]{1,2})?\$")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_tag(line: Line, slots: Slots) -> bool:
    """A word such as `#props`."""
    low = line.peek()
    if not low.startswith("#") or len(low) == 1:
        return False
    slots.tags.append(line.words[line.at].text[1:])
    line.at += 1
    return True


def read_money(line: Line, slots: Slots) -> bool:
    """A stake: `$20`, `20$`, `20 dollars`, `stake 20`, `risk $20 to win $18.18`."""
    low = line.peek()
    if low == "to" and line.peek(1) == "win" and line.peek(2).startswith("$"):
        line.at += 2
        slots.to_win_cents = line.figure(parse_money)
        line.at += 1
        return True
    if line.phrase(say.STAKE_LABELS) and _amount(line.peek(1)):
        line.at += 1
        return _stake(line, slots)
    named = _NUMBER.fullmatch(low) and line.peek(1) in say.MONEY_WORDS
    return bool(low.startswith("$") or named or _DOLLARS.fullmatch(low)) and _stake(line, slots)


def _amount(low: str) -> bool:
    return low.startswith("$") or bool(_NUMBER.fullmatch(low) or UNITS.fullmatch(low))


def _stake(line: Line, slots: Slots) -> bool:
    if slots.stake_cents is not None or slots.units is not None:
        raise line.bad(slots.expected)
    if UNITS.fullmatch(line.peek()):
        return read_units(line, slots)
    slots.stake_cents = line.figure(lambda text: parse_money(text.rstrip("$")))
    slots.stake_at = line.at
    line.at += 2 if line.peek(1) in say.MONEY_WORDS else 1
    return True


def read_units(line: Line, slots: Slots) -> bool:
    """A stake in units: `2u`, `1.5 units`."""
    low = line.peek()
    written = UNITS.fullmatch(low)
    apart = _NUMBER.fullmatch(low) and line.peek(1) in say.UNITS
    if not written and (not apart or _NUMBER.fullmatch(line.peek(2))):
        return False
    if slots.units is not None:
        raise line.bad(slots.expected)
    slots.units = Fraction(written[1] if written else low.replace(",", ""))
    slots.stake_at = line.at
    line.at += 1 if written else 2
    return True


def read_over_under(line: Line, slots: Slots) -> bool:
    """A direction, mostly with its line: `over 224.5`, `o224.5`."""
    found = ATTACHED.fullmatch(line.peek())
    count, way = (0, say.OVER_UNDER[found[1]]) if found else line.look_up(say.OVER_UNDER)
    text = found[2] if found else line.peek(count)
    if way is None or (not found and line.peek() in ("o", "u") and not _NUMBER.fullmatch(text)):
        return False
    said_otherwise = slots.direction not in (None, way)
    if said_otherwise or slots.or_more or (slots.direction and slots.number is not None):
        raise line.bad(slots.expected)
    slots.direction = way
    line.at += count
    if slots.number is None and _NUMBER.fullmatch(text):
        _line_of(line, slots, text)
    elif found:
        raise line.bad(slots.expected)
    return True


def _line_of(line: Line, slots: Slots, text: str) -> None:
    """Take the next word's number as the line."""
    value = float(text.replace(",", ""))
    if not 0 < value <= LARGEST_TOTAL or value * 2 != int(value * 2):
        raise line.bad(LINE)
    if slots.number is not None:
        raise line.bad(slots.expected)
    slots.number, slots.number_at = value, line.at
    line.at += 1


def read_signed(line: Line, slots: Slots) -> bool:
    """A spread such as `-4.5`, or American odds."""
    found = _SIGNED.fullmatch(line.peek())
    if not found:
        return False
    value = float(found[2].replace(",", ""))
    if value > LARGEST_SPREAD or slots.market_said:
        return _price(line, slots)
    if value * 2 != int(value * 2):
        raise line.bad(LINE)
    slots.handicap = -value if found[1] == "-" else value
    slots.number_at = line.at
    line.at += 1
    return True


def read_number(line: Line, slots: Slots) -> bool:
    """A number without a sign: `25+`, a price, or the line of a total whose side follows."""
    low = line.peek()
    if found := OR_MORE.fullmatch(low):
        _line_of(line, slots, found[1])
        return _or_more(slots)
    if low == "+" and slots.number_at == line.at - 1 and slots.number and not slots.direction:
        line.at += 1
        return _or_more(slots)
    number = bool(_NUMBER.fullmatch(low))
    if number and slots.prices and slots.market_said and not slots.many and _unstaked(slots):
        # Behind the price a bare number can only be the stake.
        return _stake(line, slots)
    if not number and not _PRICE.fullmatch(low):
        return False
    before = line.peek(-1) if line.at > slots.start else ""
    labelled = before in say.PRICE_LABELS or before in say.AT
    if not number or labelled or slots.market_said or slots.number is not None:
        return bool(_PRICE.fullmatch(low)) and _price(line, slots)
    if slots.team and not slots.names and not slots.at_least and not _side_follows(line):
        raise line.bad(SPREAD if slots.direction is None else LINE)
    _line_of(line, slots, low)
    if slots.at_least or line.phrase(("or more",)):
        return _or_more(slots)
    return True


def _unstaked(slots: Slots) -> bool:
    return slots.stake_cents is None and slots.units is None


def _or_more(slots: Slots) -> bool:
    slots.or_more = True
    slots.number = (slots.number or 0) - 0.5
    return True


def _side_follows(line: Line) -> bool:
    """Whether the next number is a total whose side, or what is counted, stands after it."""
    line.at += 1
    said = line.peek() == "+" or line.phrase(("or more", *say.OVER_UNDER, *say.STATS)) > 0
    line.at -= 1
    return said


def _price(line: Line, slots: Slots) -> bool:
    if len(slots.prices) > int(slots.many):
        raise line.bad(slots.expected)
    if line.peek().strip("0.") == "":
        # What a shell makes of $20 in double quotes.
        raise line.bad("a stake such as $20 (within single quotes, on a command line)")
    slots.prices.append((line.at, line.figure(lambda text: parse_odds(text.rstrip("xX")))))
    line.at += 1
    return True


def read_even_money(line: Line, slots: Slots) -> bool:
    """`EVEN` after a market is a price."""
    count = line.phrase(say.EVEN_MONEY)
    if not count or not slots.market_said:
        return False
    _price(line, slots)
    line.at += count - 1
    return True


def read_counted(line: Line, slots: Slots) -> bool:
    """What a player line counts, such as `pts`; of a team, points are what is counted anyway."""
    found = read_stat(line)
    if found is None:
        return False
    stat, count = found
    if line.phrase(say.PHRASES) > count:
        return False
    if slots.stat not in (None, stat):
        said = slots.number is not None and slots.stat_at > slots.number_at
        if Stat.PTS not in (stat, slots.stat) or said:
            raise line.bad(slots.expected)
        # `Total points` may head a slip whose line says the rest.
        stat = slots.stat if stat is Stat.PTS and slots.stat is not None else stat
    slots.stat, slots.stat_at = stat, line.at
    line.at += count
    return True


def read_date(line: Line, slots: Slots) -> bool:
    """The league's own date of the game."""
    if not _DATE.fullmatch(line.peek()):
        return False
    if slots.day is not None:
        raise line.bad(slots.expected)
    try:
        slots.day = date.fromisoformat(line.peek())
    except ValueError:
        raise line.bad("a date such as 2026-11-20") from None
    line.at += 1
    return True
