"""Calibration: a last correction of what the forecast says, learnt from what came of real bets.

A map takes the chance that a figure ends above a line to a better one. It is applied to the whole
distribution, P(above) and P(at or above) alike, so that what holds of the forecast goes on to hold:
both sides of a line add up to 1 with its push, a longer line is never the likelier one, and what is
decided stays decided. Moneyline and spread share a map: a moneyline is a spread of 0.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, assert_never

from tracker.domain.chance import Chance
from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.forecast.documents import About, decoded, sealed

CALIBRATION_FORMAT = 1
"""The version of the file format."""

MODEL = "calibration-1"
"""Names the form of the maps; it changes when their formulas do."""


class Family(StrEnum):
    """Markets that are read off one figure, and share a map."""

    MARGIN = "margin"
    TOTAL = "total"
    TEAM_TOTAL = "team total"
    PLAYER = "player"


class Method(StrEnum):
    """The form of a map, with x the log-odds of a chance p.

    `temperature` is expit(w0 x), `platt` expit(w0 x + w1) (Platt 1999), `beta`
    expit(w0 ln p - w1 ln(1 - p) + w2) (Kull, Silva Filho and Flach 2017), `isotonic` a line through
    rising points (Zadrozny and Elkan 2002).
    """

    TEMPERATURE = "temperature"
    PLATT = "platt"
    BETA = "beta"
    ISOTONIC = "isotonic"


def family_of(market: Market) -> Family | None:
    """The family of a market; None of those that stay as the forecast has them.

    These are parts of a game, where a tie is a result of its own, parities and double-doubles.
    """
    match market:
        case Moneyline() | Spread():
            return Family.MARGIN if market.span is Span.GAME else None
        case Total():
            return Family.TOTAL if market.span is Span.GAME else None
        case TeamTotal():
            return Family.TEAM_TOTAL if market.span is Span.GAME else None
        case PlayerTotal():
            return Family.PLAYER
        case OddEven() | ThreeWay() | DoubleDouble():
            return None
        case _:
            assert_never(market)


def backs_above(market: Market) -> bool:
    """Whether a bet is on the figure's ending above the line: the home team, the over."""
    match market:
        case Moneyline() | Spread():
            return market.side is Side.HOME
        case Total() | TeamTotal() | PlayerTotal():
            return market.direction is Direction.OVER
        case _:
            return True


@dataclass(frozen=True, slots=True)
class ChanceMap:
    """A rising map of [0, 1] to itself that keeps 0 and 1.

    `weights` are those of Method; an isotonic map has the rising points (`said`, `came`) instead.
    """

    method: Method
    weights: tuple[float, ...] = ()
    said: tuple[float, ...] = ()
    came: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what does not rise: a longer line would become the likelier one."""
        slopes = {Method.TEMPERATURE: 1, Method.PLATT: 1, Method.BETA: 2, Method.ISOTONIC: 0}
        shifts = {Method.TEMPERATURE: 0, Method.PLATT: 1, Method.BETA: 1, Method.ISOTONIC: 0}
        rising = slopes[self.method]
        sound = (
            len(self.weights) == rising + shifts[self.method]
            and all(map(math.isfinite, self.weights))
            and all(x > 0 for x in self.weights[:rising])
        )
        if self.method is Method.ISOTONIC:
            points = (self.said, self.came)
            sound = sound and len(self.said) == len(self.came) > 1
            sound = sound and all(x == tuple(sorted(x)) for x in points)
            sound = sound and all((x[0], x[-1]) == (0.0, 1.0) for x in points)
            sound = sound and len(set(self.said)) == len(self.said)
        if not sound:
            raise ValueError(f"a {self.method.value} map that does not rise from 0 to 1")

    def __call__(self, p: float) -> float:
        """The chance that a chance stands for."""
        if p <= 0.0 or p >= 1.0:
            return 0.0 if p <= 0.0 else 1.0
        w = self.weights
        match self.method:
            case Method.TEMPERATURE:
                return _expit(w[0] * _logit(p))
            case Method.PLATT:
                return _expit(w[0] * _logit(p) + w[1])
            case Method.BETA:
                return _expit(w[0] * math.log(p) - w[1] * math.log1p(-p) + w[2])
            case Method.ISOTONIC:
                k = bisect_right(self.said, p) - 1
                part = (p - self.said[k]) / (self.said[k + 1] - self.said[k])
                return self.came[k] + (self.came[k + 1] - self.came[k]) * part
            case _:
                assert_never(self.method)


@dataclass(frozen=True)
class Calibrations:
    """The maps of a league, by family; `name` is the `calibration_id` of what they correct.

    `evidence` is what each segment was worth on bets that its map had not seen, as it was judged.
    """

    name: str
    league: str = ""
    maps: Mapping[Family, ChanceMap] = field(default_factory=dict)
    checksum: str = ""
    about: About = field(default_factory=About)
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def id_for(self, market: Market) -> str:
        """The name of what corrects a market's chance: `none` where nothing does."""
        return self.name if family_of(market) in self.maps else UNCALIBRATED

    def applied(self, market: Market, chance: Chance) -> Chance:
        """A market's chance as the map of its family has it."""
        if not self.maps:
            return chance
        family = family_of(market)
        chosen = None if family is None else self.maps.get(family)
        if chosen is None or chance.decided:
            return chance
        above = backs_above(market)
        top, rest = (chance.win, chance.lose) if above else (chance.lose, chance.win)
        high, low = _inside(chosen(top), top), _inside(chosen(1.0 - rest), 1.0 - rest)
        level = max(low - high, 0.0) if chance.push else 0.0
        win, lose = (high, 1.0 - high - level) if above else (1.0 - high - level, high)
        return Chance(win, level, lose)


UNCALIBRATED = "none"
"""The `calibration_id` of a chance that is told as the forecast has it."""

NO_CALIBRATIONS = Calibrations(UNCALIBRATED)
"""Nothing is corrected."""

_SMALLEST = 1e-7
"""While a result is open, no side of it is given less than this (as `pricing.sheet` has it)."""


def _inside(mapped: float, before: float) -> float:
    """A mapped chance, kept off 0 and 1 where the one before was."""
    return min(max(mapped, _SMALLEST), 1 - _SMALLEST) if 0.0 < before < 1.0 else before


def decode_calibrations(text: str, where: str) -> Calibrations:
    """Calibrations from a file's text; `where` names the file. Raises BadParameters."""
    wrong = f"{where} holds no calibration of format {CALIBRATION_FORMAT}: run model calibrate"
    return decoded(text, where, ("calibration_format", (CALIBRATION_FORMAT,)), wrong, _read)


def document_of(
    league: str, maps: Mapping[Family, ChanceMap], evidence: Mapping[str, Any], about: About
) -> dict[str, Any]:
    """The document of a calibrations file, named by its content."""
    document = {
        family.value: {
            "method": x.method.value, "weights": list(x.weights), "said": list(x.said),
            "came": list(x.came),
        }
        for family, x in maps.items()
    }  # fmt: skip
    return sealed(
        {
            "calibration_format": CALIBRATION_FORMAT,
            "league": league,
            "maps": document,
            "evidence": dict(evidence),
            "about": {
                "fitted_at": about.fitted_at, "data": about.data, "games": about.games,
                "stage": about.stage, "unseen": about.unseen,
            },
        },
        MODEL,
    )  # fmt: skip


def _read(document: Mapping[str, Any]) -> Calibrations:
    maps = {
        Family(name): ChanceMap(
            Method(x["method"]),
            *(tuple(map(float, x[part])) for part in ("weights", "said", "came")),
        )
        for name, x in document["maps"].items()
    }
    return Calibrations(
        document["model_version"],
        document["league"],
        maps,
        document["sha256"],
        About(**document.get("about") or {}),
        document["evidence"],
    )


def _logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
