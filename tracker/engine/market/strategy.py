"""Betting strategies for back-tests: when to bet, on what and how much, as written in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.domain import TrackerError


class BadStrategy(TrackerError):
    """A strategy that cannot be understood; the text says where, and what to write."""

    exit_status = 2


NAMES = ("edge", "p", "confidence", "minutes", "odds")
"""The figures that a condition may compare: expected profit of a unit staked, chance of winning,
confidence that the edge is above 0, minutes to tip-off, decimal odds."""

PICKS = ("all", "best", "underdog", "favourite", "home", "away", "over", "under")
MARKETS = ("moneyline", "spread", "total", "team_total", "player")
LINES = ("closing", "opening", "quotes")

_CONDITION = re.compile(r"([a-z]+)\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)\s*(%?)")
_STAKE = re.compile(r"flat|kelly(?:\s*/\s*(\d+(?:\.\d+)?))?")
_KEYS = {"name", "when", "markets", "pick", "stake", "cap", "bankroll", "books", "lines"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a strategy's `when`."""

    name: str
    sign: str
    level: float

    def holds(self, value: float) -> bool:
        """Whether a value meets the condition."""
        match self.sign:
            case ">=":
                return value >= self.level
            case "<=":
                return value <= self.level
            case ">":
                return value > self.level
            case _:
                return value < self.level


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy: when to bet, on which markets and how much.

    `kelly` divides the Kelly share; None stakes one unit flat. `cap` is the largest share of the
    bankroll for one bet; `bankroll` is the starting bankroll in units. `lines` says at which prices
    it bets: recorded `closing` or `opening` lines, or the person's own `quotes`.
    """

    name: str
    when: tuple[Condition, ...]
    markets: tuple[str, ...] = ("moneyline", "spread", "total")
    pick: str = "all"
    kelly: float | None = None
    cap: float = 0.05
    bankroll: float = 100.0
    books: tuple[str, ...] = ()
    lines: str = "closing"

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Whether a price's figures, by name, meet every condition."""
        return all(x.holds(figures[x.name]) for x in self.when)

    def stake(self, share: float, bankroll: float) -> float:
        """Units to stake, given the full Kelly share and the current bankroll in units."""
        if self.kelly is None:
            return 1.0
        return max(0.0, min(share / self.kelly, self.cap)) * max(bankroll, 0.0)


def strategy_of(document: Mapping[str, Any], source: str) -> Strategy:
    """Read a strategy from the keys of a file. Raises BadStrategy, which names the wrong key."""
    unknown = sorted(set(document) - _KEYS)
    if unknown:
        raise BadStrategy(f"{source}: {unknown[0]} is no key; known are {', '.join(sorted(_KEYS))}")
    given = _Document(document, source)
    return Strategy(
        name=given.text("name", "") or source,
        kelly=given.stake(),
        when=given.when(),
        markets=given.among("markets", MARKETS[:3], MARKETS),
        pick=given.one("pick", "all", PICKS),
        cap=given.number("cap", 0.05, (0.0, 1.0)),
        bankroll=given.number("bankroll", 100.0, (1.0, 1e9)),
        books=given.among("books", ()),
        lines=given.one("lines", "closing", LINES),
    )


@dataclass(frozen=True, slots=True)
class _Document:
    """The keys of a strategy's file, and the file's name; a value that is left out is as usual."""

    keys: Mapping[str, Any]
    source: str

    def wrong(self, what: str) -> BadStrategy:
        return BadStrategy(f"{self.source}: {what}")

    def text(self, key: str, usual: str) -> str:
        value = self.keys.get(key, usual)
        if not isinstance(value, str):
            raise self.wrong(f"{key} must be text, in quotes")
        return value

    def one(self, key: str, usual: str, known: Sequence[str]) -> str:
        return self._known(self.text(key, usual), key, known)

    def among(
        self, key: str, usual: Sequence[str], known: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        value = self.keys.get(key, list(usual))
        if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
            raise self.wrong(f"{key} must be a list of texts, in square brackets")
        return tuple(x if known is None else self._known(x, key, known) for x in value)

    def _known(self, value: str, key: str, known: Sequence[str]) -> str:
        if value not in known:
            raise self.wrong(f"{key}: {value!r} is none of {', '.join(known)}")
        return value

    def number(self, key: str, usual: float, bounds: tuple[float, float]) -> float:
        """The number of a key, which lies above the first bound and at most at the second."""
        value = self.keys.get(key, usual)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(f"{key} must be a number")
        if not bounds[0] < value <= bounds[1]:
            raise self.wrong(f"{key} must be above {bounds[0]:g} and at most {bounds[1]:g}")
        return float(value)

    def when(self) -> tuple[Condition, ...]:
        found = []
        for part in re.split(r"\band\b", self.text("when", "edge > 0").casefold()):
            read = _CONDITION.fullmatch(part.strip())
            if read is None or read[1] not in NAMES:
                raise self.wrong(
                    f"when: {part.strip()!r} is no condition; write one like edge >= 0.03, "
                    f"of {', '.join(NAMES)}, joined by `and`"
                )
            found.append(Condition(read[1], read[2], float(read[3]) / (100 if read[4] else 1)))
        return tuple(found)

    def stake(self) -> float | None:
        """What the Kelly share is divided by; None for flat stakes."""
        text = self.text("stake", "flat")
        read = _STAKE.fullmatch(text.casefold().strip())
        if read is None or (read[1] is not None and float(read[1]) < 1):
            raise self.wrong(f"stake: {text!r} is none; write flat, kelly or kelly/4")
        return None if read[0] == "flat" else float(read[1] or 1.0)
