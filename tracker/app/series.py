"""A bet's history as columns, thinned to what a chart can show without losing a spike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracker.app.views import iso

if TYPE_CHECKING:
    from tracker.store.views import SnapshotView

FEWEST, MOST = 10, 2000
"""Points that may be asked for."""


@dataclass(frozen=True, slots=True)
class Series:
    """Snapshots from the first to the last, at most as many as were asked for."""

    shots: tuple[SnapshotView, ...]

    def columns(self) -> dict[str, list[Any]]:
        """One list for each figure. `win` is 0 to 1; `mu` and `sigma` are of the final total."""
        taken = [x.snapshot for x in self.shots]
        return {
            "at": [iso(x.at) for x in taken],
            "win": [round(x.known.win, 4) for x in taken],
            "mu": [round(x.mu.total, 1) for x in taken],
            "sigma": [round(x.sigma.total, 1) for x in taken],
            "score": [[x.score.home, x.score.away] for x in taken],
            "clock": [x.game_clock for x in taken],
        }


def series(shots: Sequence[SnapshotView], points: int) -> Series:
    """At most `points` of these, oldest first: of each stretch its lowest and its highest chance.

    The first and the last are always among them; moments without a chance are left out.
    """
    shots = [x for x in shots if x.snapshot.chance is not None]
    if len(shots) <= points:
        return Series(tuple(shots))
    stretches = max(1, (points - 2) // 2)
    inner = range(1, len(shots) - 1)
    kept = {0, len(shots) - 1}
    for k in range(stretches):
        begin = 1 + len(inner) * k // stretches
        end = 1 + len(inner) * (k + 1) // stretches
        stretch = range(begin, end)
        if stretch:
            kept.add(min(stretch, key=lambda i: shots[i].snapshot.known.win))
            kept.add(max(stretch, key=lambda i: shots[i].snapshot.known.win))
    return Series(tuple(shots[i] for i in sorted(kept)))
