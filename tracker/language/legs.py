"""Reads one bet of a line, word for word: what each word says, whatever the order."""

from __future__ import annotations

import re
from collections.abc import Callable

from tracker.language import vocabulary as say
from tracker.language.figures import (
    ATTACHED,
    OR_MORE,
    UNITS,
    read_counted,
    read_date,
    read_even_money,
    read_money,
    read_number,
    read_over_under,
    read_signed,
    read_tag,
    read_units,
)
from tracker.language.names import is_initial, read_game_or_team, read_name, read_term
from tracker.language.slots import Slots
from tracker.language.tokens import Line

_READERS: tuple[Callable[[Line, Slots], bool], ...] = (
    read_tag,
    read_money,
    read_units,
    read_even_money,
    read_counted,
    read_over_under,
    read_term,
    read_signed,
    read_date,
    read_number,
    read_game_or_team,
    read_name,
)
"""What a word may be, what is surest first. Each reads it and says so, or leaves it alone."""

BULLET = re.compile(r"\d{1,2}\.|>+")
"""What may stand before each bet of a list."""

_JOINTS = frozenset({"+", "&", "and"})
"""What may stand between two bets of any line."""

_MARKS = frozenset({",", "|", "/", "•", "·", "-", "—"})
"""What may stand between the bets of a line that says that it holds several."""


def read_leg(line: Line, *, many: bool) -> Slots:
    """Everything up to the end of a bet; raises BadBet at the first word that says nothing.

    `many` is whether the line says that it holds several bets, so that commas may separate them.
    """
    slots = Slots(line.at, many)
    while (word := line.word) is not None:
        if _ends(line, slots):
            break
        if word.soft or word.text == "\n" or (word.text == "+" and line.peek(1)[:1] == "$"):
            line.at += 1
        elif not any(read(line, slots) for read in _READERS):
            raise line.bad(slots.expected)
    slots.end = line.at
    return slots


def _ends(line: Line, slots: Slots) -> bool:
    low = line.peek()
    if low == ";" or (low == "\n" and slots.many):
        return True
    if not slots.ready:
        return False
    if slots.many and BULLET.fullmatch(low):
        return True
    if low not in _JOINTS and not (slots.many and low in _MARKS):
        return False
    kept, line.at = line.at, line.at + 1
    begins = _begins(line, slots)
    line.at = kept
    return begins


def _begins(line: Line, slots: Slots) -> bool:
    """Whether a bet may begin at the next word: it names somebody, or says over or a tie."""
    low = line.peek()
    if OR_MORE.fullmatch(low) or ATTACHED.fullmatch(low):
        return True
    if not any(x.isalpha() for x in low) or UNITS.fullmatch(low) or low.startswith("#"):
        return False
    count, span = line.look_up(say.SPANS)
    if span is not None:
        line.at += count
        return slots.span is not None or (line.word is not None and _begins(line, slots))
    if any(line.phrase(x) for x in (say.OVER_UNDER, say.TIE, say.TEAM_TOTAL)):
        return True
    return is_initial(line.word) or (not line.phrase(say.PHRASES) and low not in say.UNITS)
