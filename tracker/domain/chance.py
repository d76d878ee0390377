"""Chances: our probability of each result of a bet."""

from __future__ import annotations

from dataclasses import dataclass

_SLACK = 1e-6
_LEAST, _MOST_BELOW, _MOST = -_SLACK, 1 - _SLACK, 1 + _SLACK


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
        """Nothing that can still happen changes the result."""
        return 1.0 in (self.win, self.push, self.lose)

    @property
    def fair_odds(self) -> float | None:
        """Decimal odds at which the bet is worth its price; None when it cannot win."""
        return None if self.win <= 0 else 1 + self.lose / self.win


WON = Chance(1.0, 0.0, 0.0)
PUSHED = Chance(0.0, 1.0, 0.0)
LOST = Chance(0.0, 0.0, 1.0)
