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


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """The best price that can be had pays `level` of a unit more than the model says it should."""

    level: float
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        object.__setattr__(self, "text", f"edge >= {self.level:g}")


class Moving(StrEnum):
    """What of the market a rule may watch move."""

    PRICE = "price"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class MoveRule:
    """The market moves within `seconds`: its fair chance of the bet, or its line, by `size`.

    `size` is a part of 1 for a price, and points for a line.
    """

    what: Moving
    size: float
    seconds: int
    text: str = field(init=False, repr=False, compare=False)
    """The rule as it is stored and shown."""

    def __post_init__(self) -> None:
        """Write the rule once, as of a level."""
        span = f"{self.seconds // 60}m" if self.seconds % 60 == 0 else f"{self.seconds}s"
        object.__setattr__(self, "text", f"{self.what.value} moves {self.size:g} in {span}")


MarketRule = EdgeRule | MoveRule
"""Rules that quotes step, not the polls of a game."""

Rule = LevelRule | SwingRule | EventRule | MarketRule

_LEVEL = re.compile(r"p\s*(>=|<=|≥|≤|crosses)\s*(\d*\.?\d+)\s*(%?)")
_SWING = re.compile(r"swing\s+(\d*\.?\d+)\s*(%?)\s+in\s+(\d{1,5})\s*(s|m|min)")
_EDGE = re.compile(r"edge\s*(?:>=|≥)\s*(\d*\.?\d+)\s*(%?)")
_MOVE = re.compile(r"(price|line)\s+moves\s+(\d*\.?\d+)\s*(%?)\s+in\s+(\d{1,5})\s*(s|m|min)")
_LONGEST_SWING = 6 * 3600
_LARGEST_MOVE = 40.0
"""Points: no line moves further before a game."""

_FORMS = (
    "'p >= 0.80', 'p <= 0.30', 'p crosses 0.50', 'swing 0.15 in 5m', 'edge >= 0.05', "
    "'price moves 0.03 in 10m', 'line moves 1.5 in 30m'"
)


def _share(number: str, percent: str, text: str) -> float:
    # Four decimals are what `text` shows: a rule is known by its text, so it must say all.
    value = round(float(number) / (100 if percent else 1), 4)
    if not 0 < value < 1:
        raise BadRule(
            f"the level in {text!r} must lie between 0 and 1, to four decimals, such as 0.80 or 80%"
        )
    return value


def _seconds(number: str, unit: str, text: str) -> int:
    seconds = int(number) * (1 if unit == "s" else 60)
    if not 0 < seconds <= _LONGEST_SWING:
        raise BadRule(f"the time in {text!r} must be above 0 and at most 360m, such as 5m")
    return seconds


def _move(found: re.Match[str], text: str) -> MoveRule:
    what, seconds = Moving(found[1]), _seconds(found[4], found[5], text)
    if what is Moving.PRICE:
        return MoveRule(what, _share(found[2], found[3], text), seconds)
    points = float(found[2])
    if found[3] or not 0 < points <= _LARGEST_MOVE:
        raise BadRule(f"a line moves by points, above 0 and at most 40, such as 1.5: not {text!r}")
    return MoveRule(what, points, seconds)


def parse_rule(text: str) -> Rule:
    """Read a rule such as `p >= 0.80`, `swing 0.15 in 5m` or `settled`.

    Raises BadRule with the forms that are understood when the text is none of them.
    """
    plain = " ".join(text.casefold().split())
    if found := _LEVEL.fullmatch(plain):
        sign = {"≥": ">=", "≤": "<="}.get(found[1], found[1])
        return LevelRule(Comparison(sign), _share(found[2], found[3], text))
    if found := _SWING.fullmatch(plain):
        return SwingRule(_share(found[1], found[2], text), _seconds(found[3], found[4], text))
    if found := _EDGE.fullmatch(plain):
        return EdgeRule(_share(found[1], found[2], text))
    if found := _MOVE.fullmatch(plain):
        return _move(found, text)
    if plain in set(Event):
        return EventRule(Event(plain))
    near = difflib.get_close_matches(plain, [e.value for e in Event], n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    events = ", ".join(e.value for e in Event)
    raise BadRule(f"{text!r} is not a rule: {hint}write {_FORMS}, or one of {events}")
