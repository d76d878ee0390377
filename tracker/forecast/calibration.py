"""Calibration: a last correction of the forecast's chances, fitted on the results of real bets.

A map replaces the chance that a figure ends above a line with a better one. The same map corrects
P(above) and P(at or above), so the properties of the forecast survive: both sides of a line and its
push add up to 1, a longer line is never more likely, and a decided bet stays decided. Moneylines
and spreads share a map, because a moneyline is a spread of 0.
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
"""The name of the maps' formulas. It changes when a formula changes."""


class Family(StrEnum):
    """Markets that ask about the same figure, and therefore share a map."""

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
    """The family of a market, or None for a market that is never corrected.

    Never corrected are quarters and halves, three-way results, parities and double-doubles.
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
    """Whether a bet wins when the figure ends above the line: bets on the home team and overs."""
    match market:
        case Moneyline() | Spread():
            return market.side is Side.HOME
        case Total() | TeamTotal() | PlayerTotal():
            return market.direction is Direction.OVER
        case _:
            return True


@dataclass(frozen=True, slots=True)
class ChanceMap:
    """A rising map of [0, 1] onto itself: 0 stays 0 and 1 stays 1.

    `weights` are the w of Method. An isotonic map has rising points instead: `said` are chances of
    the forecast, `came` the shares of such bets that won.
    """

    method: Method
    weights: tuple[float, ...] = ()
    said: tuple[float, ...] = ()
    came: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a falling map, which would make a longer line more likely."""
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
        """The corrected chance of `p`."""
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
    """The maps of a league, by family. `name` is the `calibration_id` of every chance they correct.

    `evidence` holds the scores of each map on bets that it was not fitted on.
    """

    name: str
    league: str = ""
    maps: Mapping[Family, ChanceMap] = field(default_factory=dict)
    checksum: str = ""
    about: About = field(default_factory=About)
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def id_for(self, market: Market) -> str:
        """The `calibration_id` of a market's chance: `none` if no map corrects it."""
        return self.name if family_of(market) in self.maps else UNCALIBRATED

    def applied(self, market: Market, chance: Chance) -> Chance:
        """A market's chance, corrected by the map of its family if there is one."""
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
"""The `calibration_id` of a chance that no map corrects."""

NO_CALIBRATIONS = Calibrations(UNCALIBRATED)
"""No maps: every chance stays as it is."""

_SMALLEST = 1e-7
"""The least chance of either side while a result is open, as in `pricing.SMALLEST`."""


def _inside(mapped: float, before: float) -> float:
    """A mapped chance, kept off 0 and 1 unless the chance before it was 0 or 1."""
    return min(max(mapped, _SMALLEST), 1 - _SMALLEST) if 0.0 < before < 1.0 else before


def decode_calibrations(text: str, where: str) -> Calibrations:
    """Calibrations from a file's text; `where` names the file. Raises BadParameters."""
    wrong = f"{where} holds no calibration of format {CALIBRATION_FORMAT}: run model calibrate"
    return decoded(text, where, ("calibration_format", (CALIBRATION_FORMAT,)), wrong, _read)


def document_of(
    league: str, maps: Mapping[Family, ChanceMap], evidence: Mapping[str, Any], about: About
) -> dict[str, Any]:
    """The document of a calibrations file. Its version is a hash of its content."""
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
