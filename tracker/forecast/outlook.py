"""What a forecast says of a game: one joint distribution, and the figures that are read off it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tracker.domain.bet import Moments
from tracker.domain.market import Span
from tracker.forecast.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker.forecast.lattice import Lattice, Points
    from tracker.forecast.spans import Periods


@dataclass(frozen=True, slots=True)
class Intervals:
    """Central 80 % intervals in points: P(below low) and P(above high) are at most .1."""

    home: tuple[int, int]
    away: tuple[int, int]
    margin: tuple[int, int]
    total: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Outlook:
    """The joint distribution of how a game ends.

    `final` counts overtime. `regulation` is the score after the last regulation period; None in
    overtime when the points by period are unknown. `over` is true once nothing can change.
    """

    final: Lattice
    regulation: Lattice | None
    over: bool
    model_version: str
    feature_version: str
    calibration_id: str
    periods: Periods = field(repr=False)

    @Lazy
    def mu(self) -> Moments:
        """Expected points, with home + away = total and home - away = margin."""
        home, away = self.final.home.mean, self.final.away.mean
        return Moments(home=home, away=away, margin=home - away, total=home + away)

    @Lazy
    def sigma(self) -> Moments:
        """Standard deviations in points."""
        final = self.final
        return Moments(
            home=final.home.sd, away=final.away.sd, margin=final.margin.sd, total=final.total.sd
        )

    @Lazy
    def pi80(self) -> Intervals:
        """Central 80 % intervals."""
        final = self.final
        return Intervals(
            *(
                (x.quantile(0.1), x.quantile(0.9))
                for x in (final.home, final.away, final.margin, final.total)
            )
        )

    @property
    def pmf(self) -> Mapping[str, Mapping[int, float]]:
        """Chances of every final margin, total, home and away points, by value."""
        final = self.final
        parts = {
            "margin": final.margin,
            "total": final.total,
            "home": final.home,
            "away": final.away,
        }
        return {name: dict(part.items()) for name, part in parts.items()}

    @Lazy
    def _spans(self) -> dict[Span, Points]:
        return {}

    def of(self, span: Span) -> Points:
        """The joint distribution of the points of a part of the game. Raises Unpriceable."""
        if span is Span.GAME:
            return self.final
        found = self._spans.get(span)
        if found is None:
            found = self._spans[span] = self.periods.points(span, self)
        return found
