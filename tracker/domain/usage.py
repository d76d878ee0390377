"""What has been asked of a host, against the budget that it is asked within."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests to a host since the start. `budget` is the most in a minute of the clock.

    `last_minute` counts those of the last 60 s, `busiest_minute` the most in any 60 s, `size` the
    bytes of all bodies once decoded, and `troubles` the failures by their word.
    """

    host: str
    budget: int
    asked: int
    answered: int
    last_minute: int
    busiest_minute: int
    size: int
    troubles: tuple[tuple[str, int], ...]

    @property
    def failed(self) -> int:
        """Requests that brought no document."""
        return sum(count for _, count in self.troubles)
