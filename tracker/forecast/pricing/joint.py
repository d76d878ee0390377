"""The joint chance of a parlay's legs on one game: of one span, of several, with players.

An open span is tied to the final score by its share of the variance to come: given the final margin
and total, its own margin and total are normal around a share of these. Legs on the final score
select cells of the final lattice, and legs on other spans weigh each cell by their chance given it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from tracker.domain.bet import exclusive
from tracker.domain.market import DoubleDouble, PlayerTotal, Span
from tracker.forecast.game.lattice import COUNTED, ONES, hankel, toeplitz
from tracker.forecast.pricing import AWAY, HOME, MARGIN, TOTAL, Question, Shape, question
from tracker.forecast.pricing.player_lines import by_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.domain.market import Market, PlayerMarket
    from tracker.forecast.game.lattice import Pmf, Points
    from tracker.forecast.outlook import Outlook

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]


def across(asked: Sequence[Question], outlook: Outlook, cells: Floats, *, pushed: bool) -> float:
    """The chance that every leg holds, for legs on any spans.

    `cells` are those of the final lattice, already weighed by the chance of the other legs.
    """
    final = outlook.final
    holds = held([x for x in asked if x.span is Span.GAME], final, pushed=pushed)
    for span in dict.fromkeys(x.span for x in asked if x.span is not Span.GAME):
        legs = [x for x in asked if x.span is span]
        points = outlook.of(span)
        odd = [x for x in legs if x.shape is Shape.ODD]
        if odd:
            # The parity of a part's points is independent of the final score.
            cells = cells * on_lattice(odd, points, points.cells, pushed=pushed)
        for part in dict.fromkeys(x.part for x in legs if x.shape is not Shape.ODD):
            mine = [x for x in legs if x.part == part and x.shape is not Shape.ODD]
            given = _given(mine, points.part(part), final.part(part), pushed=pushed)
            holds[part] = given if part not in holds else holds[part] * given
    return _weighed(cells, holds)


def _given(legs: Sequence[Question], span: Pmf, whole: Pmf, *, pushed: bool) -> Floats:
    """P(legs on one part of a span hold | that part of the final score), for all its values."""
    values = whole.first + COUNTED[: whole.chances.size]
    # Later play is independent of the span, so its variance is what both share.
    share = min(span.sd**2 / max(whole.sd**2, 1e-9), 1.0)
    mean = span.mean + share * (values - whole.mean)
    sd = math.sqrt(max(span.sd**2 * (1 - share), 0.01))
    exact = [x.line for x in legs if x.shape is Shape.EXACT]
    lines = [x for x in legs if x.shape is Shape.LINE]
    low = max((*exact, *(x.line for x in lines if x.above)), default=-math.inf)
    high = min((*exact, *(x.line for x in lines if not x.above)), default=math.inf)
    if pushed:
        low = high = legs[0].line
    least = math.ceil(low) if low > -math.inf else None
    most = math.floor(high) if high < math.inf else None
    own = 1.0 if most is None else span.less_than(most + 1)
    chances: Floats = np.ones(values.size) if most is None else ndtr((most + 0.5 - mean) / sd)
    if least is not None:
        own -= span.less_than(least)
        chances -= ndtr((least - 0.5 - mean) / sd)
        np.maximum(chances, 0.0, out=chances)
    # The normal is near the span's own distribution, not equal to it: the legs keep their chance.
    chances *= max(own, 0.0) / max(float(whole.chances.dot(chances)), 1e-12)
    return np.minimum(chances, 1.0)


_FAR = 10_000
"""Points beyond every score, and above every margin."""


class Region(NamedTuple):
    """The first and last value of each part of a score at which legs hold."""

    margin: tuple[int, int]
    total: tuple[int, int]
    home: tuple[int, int]
    away: tuple[int, int]

    @staticmethod
    def of(asked: Sequence[Question], *, pushed: bool) -> Region:
        """Where legs hold of which none asks for a parity."""
        found = dict.fromkeys((MARGIN, TOTAL, HOME, AWAY), (-_FAR, _FAR))
        for one in asked:
            low, high = found[one.part]
            exact = one.shape is Shape.EXACT or pushed
            if one.above or exact:
                low = max(low, math.ceil(one.line))
            if not one.above or exact:
                high = min(high, math.floor(one.line))
            found[one.part] = low, high
        (low, high), (least, most) = found[MARGIN], found[TOTAL]
        (bottom, top), (left, right) = found[HOME], found[AWAY]
        # Margin and total together bound the points of both teams.
        bottom, top = max(bottom, (low + least + 1) // 2), min(top, (high + most) // 2)
        left, right = max(left, (least - high + 1) // 2), min(right, (most - low) // 2)
        return Region((low, high), (least, most), (bottom, top), (left, right))

    def chance(self, points: Points) -> float:
        """The chance of a score within the region."""
        (bottom, top), (left, right) = self.home, self.away
        home, away = max(bottom, points.home0), max(left, points.away0)
        cells = points.cells[
            home - points.home0 : max(top - points.home0 + 1, 0),
            away - points.away0 : max(right - points.away0 + 1, 0),
        ]
        rows, columns = cells.shape
        if not cells.size:
            return 0.0
        count = rows + columns - 1
        holds: Bools | bool = True
        if (margins := _between(self.margin, home - away - columns + 1, count)) is not None:
            holds = toeplitz(margins, rows, columns)
        if (totals := _between(self.total, home + away, count)) is not None:
            holds = hankel(totals, rows, columns) & holds
        return min(float(cells.sum(where=holds)), 1.0)


def _between(bounds: tuple[int, int], start: int, count: int) -> Bools | None:
    """Which of `start` … `start + count - 1` lie within bounds; None where all do."""
    low, high = bounds[0] - start, bounds[1] - start + 1
    if low <= 0 and high >= count:
        return None
    holds = np.zeros(count, dtype=np.bool_)
    holds[max(low, 0) : max(high, 0)] = True
    return holds


@dataclass(frozen=True, slots=True)
class Combination:
    """The legs of a parlay on one game, and the facts about them that no state changes.

    `exclusive`: they cannot win together. `can_push`: all of them can push at once. `odd`: a leg
    asks for a parity; of other legs, `alive` is where none loses and `level` where all push.
    """

    asked: tuple[Question, ...]
    players: tuple[PlayerMarket, ...]
    spans: tuple[Span, ...]
    exclusive: bool
    can_push: bool
    odd: bool
    alive: Region
    level: Region

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(legs: tuple[Market, ...]) -> Combination:
        """The combination of these legs, made once: it stays the same from poll to poll."""
        players = [x for x in legs if isinstance(x, PlayerTotal | DoubleDouble)]
        asked = [question(x) for x in legs if not isinstance(x, PlayerTotal | DoubleDouble)]
        lines = [x for x in players if isinstance(x, PlayerTotal)]
        on_one = {(x.span, x.part, x.line) for x in asked}
        of_one = {(x.player, x.stat, x.points) for x in lines}
        return Combination(
            tuple(asked),
            tuple(players),
            tuple(dict.fromkeys(x.span for x in asked)),
            exclusive(legs),
            len(lines) == len(players)
            and all(x.points == math.floor(x.points) for x in lines)
            and all(x.can_push for x in asked)
            # A figure cannot end on two lines.
            and len({x[:2] for x in on_one}) == len(on_one)
            and len({x[:2] for x in of_one}) == len(of_one),
            any(x.shape is Shape.ODD for x in asked),
            Region.of(asked, pushed=False),
            Region.of(asked, pushed=True),
        )


def together(legs: Combination, outlook: Outlook, *, pushed: bool) -> float:
    """P(no leg loses), or with `pushed` P(every leg pushes), for legs that are still open.

    Legs of one span are summed on its lattice. Legs of several spans, and player lines, are joined
    through the final score.
    """
    asked = legs.asked
    if not legs.players:
        if len(legs.spans) > 1:
            return across(asked, outlook, outlook.final.cells, pushed=pushed)
        points = outlook.of(legs.spans[0])
        if legs.odd:
            return on_lattice(asked, points, points.cells, pushed=pushed)
        return (legs.level if pushed else legs.alive).chance(points)
    cells = outlook.final.cells * by_score(legs.players, outlook, pushed=pushed)
    return across(asked, outlook, cells, pushed=pushed) if asked else min(float(cells.sum()), 1.0)


def on_lattice(asked: Sequence[Question], points: Points, cells: Floats, *, pushed: bool) -> float:
    """The sum of the `cells` of the lattice of `points` in which every leg holds."""
    return _weighed(cells, held(asked, points, pushed=pushed))


def _weighed(cells: Floats, weights: dict[str, Floats]) -> float:
    """The sum of the cells, each times the weights of its margin, total and points of the teams."""
    rows, columns = cells.shape
    for name, view in ((MARGIN, toeplitz), (TOTAL, hankel)):
        if name in weights:
            cells = cells * view(weights[name], rows, columns)
    by_row = cells.dot(weights.get(AWAY, ONES[:columns]))
    return min(float(by_row.dot(weights.get(HOME, ONES[:rows]))), 1.0)


def held(asked: Sequence[Question], points: Points, *, pushed: bool) -> dict[str, Floats]:
    """For each part that legs ask about, 1 for every value at which they hold, else 0."""
    rows, columns = points.cells.shape
    first = {
        MARGIN: (points.home0 - points.away0 - columns + 1, rows + columns - 1),
        TOTAL: (points.home0 + points.away0, rows + columns - 1),
        HOME: (points.home0, rows),
        AWAY: (points.away0, columns),
    }
    found: dict[str, Floats] = {}
    for one in asked:
        start, count = first[one.part]
        holds = np.zeros(count)
        low, high = math.ceil(one.line) - start, math.floor(one.line) - start
        if one.shape is Shape.ODD:
            holds[(start + int(one.above)) % 2 :: 2] = 1.0
        elif one.shape is Shape.EXACT or pushed:
            holds[max(low, 0) : max(high + 1, 0)] = 1.0
        elif one.above:
            holds[max(low, 0) :] = 1.0
        else:
            holds[: max(high + 1, 0)] = 1.0
        known = found.get(one.part)
        found[one.part] = holds if known is None else known * holds
    return found
