"""A last correction of how sure the forecast is."""

from __future__ import annotations

from dataclasses import dataclass

CORRECTIONS = ("margin", "total", "sharpness")
"""The names of what a calibration corrects."""


@dataclass(frozen=True)
class Calibration:
    """A last correction of how sure the forecast is, by clock; in use only where it proved itself.

    `clocks` are seconds left, rising; values between them are interpolated. `margin` and `total`
    multiply the flow's standard deviations, `sharpness` is the power to which the endgame's chances
    are raised. All are 1 where nothing is to be corrected, and `name` is then `none`.
    """

    name: str
    clocks: tuple[float, ...]
    margin: tuple[float, ...]
    total: tuple[float, ...]
    sharpness: tuple[float, ...]

    def at(self, values: tuple[float, ...], left: float) -> float:
        """One of the corrections at `left` seconds."""
        clocks = self.clocks
        if left <= clocks[0]:
            return values[0]
        for k in range(1, len(clocks)):
            if left <= clocks[k]:
                w = (left - clocks[k - 1]) / (clocks[k] - clocks[k - 1])
                return values[k - 1] * (1 - w) + values[k] * w
        return values[-1]


NO_CALIBRATION = Calibration("none", (0.0,), (1.0,), (1.0,), (1.0,))
"""Nothing is corrected."""
