"""Alert rules: what a person wants to be told of, and how a rule is written."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from enum import StrEnum

from tracker.domain.errors import BadRule


class Comparison(StrEnum):
    """How a level rule compares the chance of winning with its level."""

    AT_LEAST = ">="
    AT_MOST = "<="
    CROSSES = "crosses"


class Event(StrEnum):
    """Facts that a rule may announce."""

    START = "start"
    QUARTER = "quarter"
    HALFTIME = "halftime"
    HIT = "hit"
    DEAD = "dead"
    OUT = "out"
    REVIEW = "review"
    SETTLED = "settled"
    REGRADED = "regraded"
    FEED_DOWN = "feed_down"
    FEED_BACK = "feed_back"


@dataclass(frozen=True, slots=True)
class LevelRule:
    """The chance of winning reaches a level, strictly between 0 and 1."""

    comparison: Comparison
    level: float
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once: it is known by its text at every poll."""
        digits = f"{self.level:.4f}".rstrip("0")
        object.__setattr__(self, "text", f"p {self.comparison.value} {digits.ljust(4, '0')}")


@dataclass(frozen=True, slots=True)
class SwingRule:
    """The chance of winning moves by `size` (0 to 1) within `seconds` of real time."""

    size: float
    seconds: int
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        span = f"{self.seconds // 60}m" if self.seconds % 60 == 0 else f"{self.seconds}s"
        object.__setattr__(self, "text", f"swing {self.size:g} in {span}")


@dataclass(frozen=True, slots=True)
class EventRule:
    """A fact is announced when it happens."""

    event: Event
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        object.__setattr__(self, "text", self.event.value)


Rule = LevelRule | SwingRule | EventRule

_LEVEL = re.compile(r"p\s*(>=|<=|≥|≤|crosses)\s*(\d*\.?\d+)\s*(%?)")
_SWING = re.compile(r"swing\s+(\d*\.?\d+)\s*(%?)\s+in\s+(\d{1,5})\s*(s|m|min)")
_LONGEST_SWING = 6 * 3600
_FORMS = "'p >= 0.80', 'p <= 0.30', 'p crosses 0.50', 'swing 0.15 in 5m'"


def _share(number: str, percent: str, text: str) -> float:
    # Four decimals are what `text` shows: a rule is known by its text, so it must say all.
    value = round(float(number) / (100 if percent else 1), 4)
    if not 0 < value < 1:
        raise BadRule(
            f"the level in {text!r} must lie between 0 and 1, to four decimals, such as 0.80 or 80%"
        )
    return value


def parse_rule(text: str) -> Rule:
    """Read a rule such as `p >= 0.80`, `swing 0.15 in 5m` or `settled`.

    Raises BadRule with the forms that are understood when the text is none of them.
    """
    plain = " ".join(text.casefold().split())
    if found := _LEVEL.fullmatch(plain):
        sign = {"≥": ">=", "≤": "<="}.get(found[1], found[1])
        return LevelRule(Comparison(sign), _share(found[2], found[3], text))
    if found := _SWING.fullmatch(plain):
        seconds = int(found[3]) * (1 if found[4] == "s" else 60)
        if not 0 < seconds <= _LONGEST_SWING:
            raise BadRule(f"the time in {text!r} must be above 0 and at most 360m, such as 5m")
        return SwingRule(_share(found[1], found[2], text), seconds)
    if plain in set(Event):
        return EventRule(Event(plain))
    near = difflib.get_close_matches(plain, [e.value for e in Event], n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    events = ", ".join(e.value for e in Event)
    raise BadRule(f"{text!r} is not a rule: {hint}write {_FORMS}, or one of {events}")
