"""Chances: our probability of each result of a bet."""

from __future__ import annotations

import math
from dataclasses import dataclass

_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance that a bet wins, pushes and loses: three parts in [0, 1] that add up to 1."""

    win: float
    push: float
    lose: float

    def __post_init__(self) -> None:
        """Refuse what is not a probability."""
        parts = (self.win, self.push, self.lose)
        if not all(math.isfinite(x) and -_SLACK <= x <= 1 + _SLACK for x in parts):
            raise ValueError(f"not a chance: {parts}")
        if abs(sum(parts) - 1) > _SLACK:
            raise ValueError(f"the parts of a chance add up to {sum(parts)}, not 1")

    @property
    def decided(self) -> bool:
        """Nothing that can still happen changes the result."""
        return 1.0 in (self.win, self.push, self.lose)

    @property
    def fair_odds(self) -> float | None:
        """Decimal odds at which the bet is worth its price; None when it cannot win."""
        return None if self.win <= 0 else 1 + self.lose / self.win


WON = Chance(1.0, 0.0, 0.0)
PUSHED = Chance(0.0, 1.0, 0.0)
LOST = Chance(0.0, 0.0, 1.0)
