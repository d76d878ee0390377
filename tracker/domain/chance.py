"""Chances: our probability of each result of a bet, or why it has none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, make_dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, assert_never, cast

from tracker.domain import TrackerError

_SLACK = 1e-6
"""By how much rounding may put a part of a chance, or their sum, outside [0, 1]."""

_LEAST, _MOST_BELOW, _MOST = -_SLACK, 1 - _SLACK, 1 + _SLACK


class NoChance(StrEnum):
    """Why a bet has no chance at this moment: unknown is a value, and shown as such."""

    OUT = "out"
    """A source says that the player does not play: his bets will be void."""
    LITTLE_KNOWN = "little_known"
    """No game of the player has been read, and no book quotes him."""
    NOT_IN_BOX = "not_in_box"
    """The box score of the live game does not list the player."""

    def after(self, before: NoChance | None) -> NoChance:
        """The reason to keep once this one follows another.

        A player who is out stays out when the box score does not list him either.
        """
        return NoChance.OUT if (before, self) == (NoChance.OUT, NoChance.NOT_IN_BOX) else self

    @property
    def text(self) -> str:
        """What a person reads in place of a chance."""
        match self:
            case NoChance.OUT:
                return "out"
            case NoChance.LITTLE_KNOWN:
                return "player little known"
            case NoChance.NOT_IN_BOX:
                return "not in the box"
            case _:
                assert_never(self)


class Unpriceable(TrackerError):
    """The state lacks what a market asks about; the text says what is missing.

    The market keeps its last chance, unless `why` says that it now has none.
    """

    why: NoChance | None = None


class PlayerOut(Unpriceable):
    """The box or an injury report lists the player as out: his lines will be void."""

    why = NoChance.OUT


class LittleKnown(Unpriceable):
    """Too few games and no line of the player are known, so nothing can be expected of him."""

    why = NoChance.LITTLE_KNOWN


class NotInBox(Unpriceable):
    """The box score of a game in play does not list the player."""

    why = NoChance.NOT_IN_BOX


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance that a bet wins, pushes and loses: three parts in [0, 1] that add up to 1."""

    win: float
    push: float
    lose: float

    def __post_init__(self) -> None:
        """Refuse what is not a probability."""
        win, push, lose = self.win, self.push, self.lose
        # Plain comparisons: a state may be priced for hundreds of bets. NaN fails them all.
        if not (_LEAST <= win <= _MOST and _LEAST <= push <= _MOST and _LEAST <= lose <= _MOST):
            raise ValueError(f"not a chance: {(win, push, lose)}")
        if not _MOST_BELOW <= win + push + lose <= _MOST:
            raise ValueError(f"the parts of a chance add up to {win + push + lose}, not 1")

    @property
    def decided(self) -> bool:
        """Whether nothing that can still happen changes the result."""
        return 1.0 in (self.win, self.push, self.lose)

    @property
    def fair_odds(self) -> float | None:
        """Decimal odds at which the bet has no edge; None when it cannot win."""
        return None if self.win <= 0 else 1 + self.lose / self.win


P = ParamSpec("P")
T = TypeVar("T")


def maker(kind: Callable[P, T]) -> Callable[P, T]:
    """A fast constructor of a frozen dataclass, for values that a poll makes by the thousand.

    The `__init__` of a frozen dataclass sets each field by a function call and takes four times as
    long. This constructor fills a class with the same slots that is not frozen, then changes the
    value's class. It takes all fields by position and runs no `__post_init__`, so the caller must
    pass valid values.
    """
    assert isinstance(kind, type)  # noqa: S101 - a dataclass with slots, in the order of its fields
    names = [x.name for x in fields(kind)]
    open_kind = make_dataclass(kind.__name__, names, slots=True, eq=False, repr=False)

    def make(*values: Any) -> Any:
        made = open_kind(*values)
        made.__class__ = kind
        return made

    return cast("Callable[P, T]", make)


_CHANCE = maker(Chance)


def chances_of(rows: Sequence[Sequence[float]]) -> list[Chance]:
    """Make chances of a forecast's rows (win, push, lose). Raises ValueError for an invalid row."""
    found = []
    for w, p, x in rows:
        if not (w >= _LEAST and p >= _LEAST and x >= _LEAST and _MOST_BELOW <= w + p + x <= _MOST):
            raise ValueError(f"not a chance: {(w, p, x)}")
        found.append(_CHANCE(w, p, x))
    return found


_EDGE = 1e-9
"""The least distance from 0 and 1 of a chance whose log-odds are taken."""


@lru_cache(maxsize=4096)
def log_odds(p: float) -> float:
    """The log-odds of a chance, finite also at 0 and 1."""
    kept = min(max(p, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


WON = Chance(1.0, 0.0, 0.0)
PUSHED = Chance(0.0, 1.0, 0.0)
LOST = Chance(0.0, 0.0, 1.0)
