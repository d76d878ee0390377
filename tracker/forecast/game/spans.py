"""The points of quarters and halves: the points so far plus a forecast of the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from tracker.domain import Lazy
from tracker.domain.chance import Unpriceable
from tracker.domain.game import Phase
from tracker.domain.market import Span
from tracker.forecast.game.endgame import (
    LAST_MINUTE,
    Lean,
    PlayedOn,
    ending,
    in_play,
    overtimes,
    play_on,
    short_and_long,
    tilted,
)
from tracker.forecast.game.flow import each_parity, fading, opened, span_features, whole_numbers
from tracker.forecast.game.lattice import (
    Cells,
    Drawn,
    Lattice,
    Pmf,
    hankel,
    standing,
    toeplitz,
    turned,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tracker.domain.game import GameState
    from tracker.forecast.game import SpanFigures
    from tracker.forecast.game.flow import Moment
    from tracker.forecast.game.lattice import Points, Region
    from tracker.forecast.game.parameters import Parameters

    Floats = NDArray[np.float64]

SURGE = 180.0
"""Seconds left of a span from which its total approaches that of the tables, which it meets at
LAST_MINUTE: teams hurry for the last shots of a quarter, and the weights are linear in what is
left. Without, totals of NBA quarters were too low by .2 to .3 points from 2:00 to 1:00; college
halves show no such surge."""

_MEETING = (SURGE, LAST_MINUTE)

OPENING = 60.0
"""Seconds of a period in which the weights of its inside take over from those for its start: it
begins without a possession under way, so that in the first minute a quarter brings 1.0 to 1.7
points less than weights that are linear in what is left."""

_WIDTH = 4.7
"""Half the window of a span's points in standard deviations: what lies outside is below 3e-6."""

_SMALLEST_SD = 0.25
"""Points: the least sd of an open span's points. A guard: the last minute is read off tables."""

_FEW = 12
"""The most values whose chances are computed one by one instead of the whole distribution."""

_FITTED = {Span.H2_REGULATION: Span.H2}
"""The spans whose points are forecast by the figures of another span."""

_ALONE = {2: (Span.H1, Span.H2_REGULATION), 4: (Span.Q1, Span.Q2, Span.Q3, Span.Q4)}
"""The spans of one period, without overtimes, by the number of periods of a game."""

_ROOT_HALF = math.sqrt(0.5)
"""The factor between a standard deviation and the argument of erfc."""


@dataclass(frozen=True, eq=False)
class Periods:
    """What the forecast of quarters and halves needs."""

    state: GameState
    at: Moment
    parameters: Parameters
    final: Lattice
    """The final score."""
    regulation: Lattice | None
    """The score after regulation, where it is known."""
    lean: Lean
    seen_from: Callable[[Moment], Lattice]
    """The score after regulation as it is seen from a moment before the endgame."""

    @property
    def over(self) -> bool:
        """Nothing can change any more."""
        return self.state.phase is Phase.FINAL

    def points(self, span: Span) -> Points:
        """The points of `span`. Raises Unpriceable if it needs unknown points by period."""
        rules = self.state.game.rules
        if span is Span.REGULATION:
            return Drawn(self._unknown()) if self.regulation is None else self.regulation
        covered = span.periods(rules)
        first, last = covered[0], covered[-1]
        now = self._next
        if self.over or (now > last and not span.counts_overtime):
            return self._settled(first, last, overtime=span.counts_overtime)
        if last == rules.periods and now >= first:
            # The rest of the game, less what was scored before the span began.
            whole = self.final if span.counts_overtime else self.regulation
            if whole is None:
                raise self._unknown()
            home, away = self._scored(1, first - 1)
            return whole.moved(-home, -away)
        score = self._scored(first, min(last, self.state.period))
        return self._to_come(span, first, last, score)

    def twin(self, span: Span) -> tuple[Span, tuple[int, int]] | None:
        """The span with the same points to come, and the points (home, away) that it has less.

        None where there is no other. Raises Unpriceable if it needs unknown points by period.
        """
        rules = self.state.game.rules
        covered = span.periods(rules)
        first, last = covered[0], covered[-1]
        if span in (Span.GAME, Span.REGULATION) or self._next < first:
            return None
        if last == rules.periods:
            home, away = self._scored(1, first - 1)
            return (Span.GAME if span.counts_overtime else Span.REGULATION), (-home, -away)
        if first < last == self._next and (self.state.periods or self.state.period < last):
            return self._alone(last), self._scored(first, last - 1)
        return None

    def to_come(self, span: Span) -> range:
        """The periods of `span` that are not over."""
        covered = span.periods(self.state.game.rules)
        return range(max(covered.start, self._next), covered.stop)

    def coming(self, period: int) -> Points:
        """The points that a period brings from now on; the last period must not have begun."""
        return self._to_come(self._alone(period), period, period, (0, 0))

    def played_on(self, cells: Floats) -> Floats:
        """Those of the final score that follow from `cells` of the score after regulation."""
        return self.final.after(cells) if isinstance(self.final, PlayedOn) else cells

    def overtimes(self, name: str) -> Pmf:
        """What overtimes add to `margin`, `total`, `home` or `away`: mostly nothing."""
        chance = self._tie
        added = overtimes(self.parameters.overtime, self.lean).points.part(name)
        chances = chance * added.chances
        chances[-added.first] += 1.0 - chance
        return Pmf(added.first, chances)

    @Lazy
    def _tie(self) -> float:
        """The chance of overtime."""
        level = self.regulation
        if level is None:
            raise self._unknown()
        return float(level.cells.trace(level.home0 - level.away0))

    @Lazy
    def _next(self) -> int:
        """The first period that is not over."""
        return self.state.period + (1 if self._ended else 0)

    @property
    def _ended(self) -> bool:
        """Whether the current period is over and cannot continue."""
        return self.state.clock == 0 and self.state.phase is not Phase.LIVE

    def _unknown(self) -> Unpriceable:
        return Unpriceable(
            "the points by period are unknown: give them as `periods` to price this market"
        )

    def _scored(self, first: int, last: int) -> tuple[int, int]:
        """Points (home, away) of the periods from `first` to `last`."""
        if last < first:
            return 0, 0
        found = self.state.points_in(first, last)
        if found is None:
            raise self._unknown()
        return found.home, found.away

    def _settled(self, first: int, last: int, *, overtime: bool) -> Lattice:
        if overtime:
            last = max(last, self.state.period)
        return Lattice.certain(*self._scored(first, last))

    def _alone(self, period: int) -> Span:
        """The span of one period, without overtimes."""
        return _ALONE[self.state.game.rules.periods][period - 1]

    @Lazy
    def _soon_over(self) -> tuple[Rest | None, Lattice] | None:
        """What the current period still brings from SURGE on, None before and in the last one.

        Its last minute is a table of possessions, and what comes before it is normal.
        """
        rules, clock = self.state.game.rules, self.state.clock
        if clock >= SURGE or not 0 < self.state.period < rules.periods:
            return None
        period, last_minute = self.state.period, LAST_MINUTE / rules.period_seconds
        usual, figures = self.parameters.last_minute, self._figures(period)
        left = min(in_play(clock, rules), LAST_MINUTE)
        if clock > LAST_MINUTE:
            cells = usual.cells
        else:
            cells = ending(self.parameters.breaks, self.at.ball if clock == left else 0, left)
        # The tables know who has the ball, and the weights who is the better team.
        at = self.at._replace(period_left=last_minute, ball=self.at.ball if clock > left else 0)
        end = self._rest(figures.inside, figures.inside_variance, period, last_minute, at)
        at = at._replace(prior_total=self.parameters.average.reference, ends=0.0, possessions=0.0)
        said = self._rest(figures.inside, figures.inside_variance, period, last_minute, at)
        surge = max(usual.total.mean - said.total, 0.0)
        cells = tilted(
            cells,
            end.margin / usual.margin.sd**2,
            (end.total + surge - usual.total.mean) / usual.total.sd**2,
        )
        table = Cells(0, 0, cells, (0, 0))
        if clock <= LAST_MINUTE:
            return None, table
        part = clock / rules.period_seconds
        rest = self._rest(figures.inside, figures.inside_variance, period, part, self.at)
        before = rest.less(end)
        return before._replace(total=before.total - surge * fading(clock, _MEETING)), table

    @Lazy
    def _until_break(self) -> Lattice | None:
        """The same as joint chances."""
        if self._soon_over is None:
            return None
        before, table = self._soon_over
        return table if before is None else before.points((0, 0)).lattice.plus(table)

    def _figures(self, period: int) -> SpanFigures:
        """The figures of one period."""
        return self.parameters.spans[self._alone(period)]

    def _to_come(self, span: Span, first: int, last: int, score: tuple[int, int]) -> Points:
        """A span that is being played or still to come, and ends before the game does.

        `score` are its points so far.
        """
        state = self.state
        if state.period == last and self._until_break is not None:
            return self._until_break.moved(*score)
        if last == state.game.rules.periods:
            points = self._ahead(span, first, last)
            soon = 0 < state.period == first - 1 and state.clock <= LAST_MINUTE
            return self._about_to_begin(points, span, first) if soon else points
        # A span of several periods is their sum: the lead that one brings reverts in the next.
        periods = [self._period(x) for x in range(max(first, self._next), last + 1)]
        return reduce(Rest.then, periods).points(score)

    def _about_to_begin(self, points: NormalPoints, span: Span, first: int) -> Points:
        """The rest of the game from a period on that begins within a minute.

        If nobody scores until then, it is what the rest of the game will be as seen from there.
        """
        if self._until_break is None:
            return points
        at, left = self.at, self.at.regulation - (first - 1) * self.state.game.rules.period_seconds
        level = self.seen_from(at._replace(left=left, period_left=0.0, ball=0))
        if span.counts_overtime:
            level = play_on(level, self.parameters.overtime, self.lean)
        still = float(self._until_break.cells[0, 0])
        return level.moved(-at.home, -at.away).mixed(points.lattice, still)

    def _ahead(self, span: Span, first: int, last: int) -> NormalPoints:
        """The last half or quarter of the game, before it begins."""
        figures = self.parameters.spans[_FITTED.get(span, span)]
        rest = self._rest(figures.ahead, figures.ahead_variance, first, 1.0, self.at, last)
        if span not in (Span.H2, Span.H2_REGULATION):
            return rest.points((0, 0))
        # The second half was fitted with its overtimes.
        half = self._tie / 2
        short, long = short_and_long(self.parameters.overtime, self.lean)
        mean = half * (short + long)
        spread = half * (short * short + long * long) - mean * mean
        rest = rest._replace(total=rest.total - mean, total_var=rest.total_var - spread)
        if span is Span.H2:
            return rest.points((0, 0), ((1.0 - 2 * half, 0), (half, short), (half, long)))
        gain = self.overtimes("margin")
        margin, variance = rest.margin - gain.mean, rest.margin_var - gain.sd**2
        return rest._replace(margin=margin, margin_var=variance).points((0, 0))

    def _period(self, period: int) -> Rest:
        """What a period before the last one brings from now on."""
        state, figures = self.state, self._figures(period)
        if state.period < period:
            return self._start(figures.ahead, figures.ahead_variance, period)
        if self._soon_over is not None:
            before, table = self._soon_over
            return Rest.of(table) if before is None else before.then(Rest.of(table))
        length = state.game.rules.period_seconds
        gone = opened(length - state.clock, OPENING)
        part, early = 1 - gone / length, 1 - gone / OPENING
        rest = self._rest(figures.inside, figures.inside_variance, period, part, self.at)
        if early <= 0:
            return rest
        ahead = self._start(figures.ahead, figures.ahead_variance, period)
        inside = self._start(figures.inside, figures.inside_variance, period)
        return Rest(*(x + early * (y - z) for x, y, z in zip(rest, ahead, inside, strict=True)))

    def _start(
        self, weights: tuple[float, ...], variance: tuple[float, float, float, float], period: int
    ) -> Rest:
        """What a whole period brings, by weights of SPAN_FEATURES. The first begins level."""
        at = self.at
        if period == 1 and (at.home or at.away):
            at = at._replace(home=0, away=0)
        return self._rest(weights, variance, period, 1.0, at)

    def _rest(
        self,
        weights: tuple[float, ...],
        variance: tuple[float, float, float, float],
        first: int,
        part: float,
        at: Moment,
        last: int | None = None,
    ) -> Rest:
        """What `part` of the periods from `first` to `last` brings, by weights of SPAN_FEATURES."""
        reference, last = self.parameters.average.reference, last or first
        length = (last - first + 1) * self.state.game.rules.period_seconds
        margin, total = span_features(at, part, reference, (first, last), length, begun=part < 1)
        count = len(margin)
        return Rest(
            sum(map(mul, weights, margin)),
            variance[0] + variance[1] * part,
            weights[0] * part * at.margin_sd,
            sum(map(mul, weights[count:], total)),
            variance[2] + variance[3] * part,
            weights[count + 1] * part * at.total_sd,
            weights[1] * part,
        )


class Rest(NamedTuple):
    """Margin and total of what a span still brings: means and variances, in points.

    The variances leave out what the prior's standard errors add: the `doubt` of each, in points.
    `reverts` is how much of a point of the lead the margin takes back.
    """

    margin: float
    margin_var: float
    margin_doubt: float
    total: float
    total_var: float
    total_doubt: float
    reverts: float

    @staticmethod
    def of(rest: Lattice) -> Rest:
        """Margin and total to come, from the joint distribution of the points to come."""
        margin, total = rest.margin, rest.total
        return Rest(margin.mean, margin.sd**2, 0.0, total.mean, total.sd**2, 0.0, 0.0)

    def less(self, end: Rest) -> Rest:
        """What is still to come before `end`, the last part of it."""
        return Rest(*(x - y for x, y in zip(self, end, strict=True)))

    def then(self, later: Rest) -> Rest:
        """What is still to come in all, where `later` follows this and is independent of it."""
        kept = 1 + later.reverts
        return Rest(
            kept * self.margin + later.margin,
            kept * kept * self.margin_var + later.margin_var,
            kept * self.margin_doubt + later.margin_doubt,
            self.total + later.total,
            self.total_var + later.total_var,
            self.total_doubt + later.total_doubt,
            kept * self.reverts + later.reverts,
        )

    def points(
        self, score: tuple[int, int], added: tuple[tuple[float, int], ...] = ()
    ) -> NormalPoints:
        """The points of a span that has `score` already; `added` as in NormalPoints."""
        margin_var = max(self.margin_var + self.margin_doubt**2, _SMALLEST_SD**2)
        total_var = max(self.total_var + self.total_doubt**2, _SMALLEST_SD**2)
        margin, total = (self.margin, margin_var**0.5), (max(self.total, 0.0), total_var**0.5)
        return NormalPoints(score, margin, total, added)


@dataclass(frozen=True, eq=False)
class NormalPoints:
    """Points so far plus points to come, whose margin and total are normal: (mean, sd) of each.

    Margin and total are computed directly, and the lattice is made for team totals and parlays
    alone, unless the span is `ending`: then they are read off the lattice, too.
    """

    scored: tuple[int, int]
    to_margin: tuple[float, float]
    to_total: tuple[float, float]
    added: tuple[tuple[float, int], ...] = ()
    """What overtimes may add to the total: chances and points, none first. Empty without any."""
    sure: bool = False

    @Lazy
    def ending(self) -> bool:
        """Whether a team may well score nothing more, so that margin and total bound each other."""
        (margin, margin_sd), (total, total_sd) = self.to_margin, self.to_total
        return total - abs(margin) < _ENDING * math.hypot(margin_sd, total_sd)

    @Lazy
    def margin(self) -> Pmf:
        """Home points minus away points."""
        if self.ending:
            return self.lattice.margin
        mean, sd = self.to_margin
        low, edges = _edges(mean, sd, None)
        return Pmf.from_sums(self.scored[0] - self.scored[1] + low, edges)

    @Lazy
    def total(self) -> Pmf:
        """Points of both teams; the points to come are never below 0."""
        return self.lattice.total if self.ending else self._total

    @Lazy
    def _total(self) -> Pmf:
        mean, sd = self.to_total
        low, edges = _edges(mean, sd, 0)
        total = Pmf.from_sums(self.scored[0] + self.scored[1] + low, edges)
        if not self.added:
            return total
        size = total.chances.size
        chances = np.zeros(size + self.added[-1][1])
        for chance, points in self.added:
            chances[points : points + size] += chance * total.chances
        return Pmf(total.first, chances)

    @Lazy
    def lattice(self) -> Lattice:
        """The joint chances."""
        (margin, margin_sd), (total, total_sd) = self.to_margin, self.to_total
        if self.added:
            more = sum(chance * x for chance, x in self.added)
            spread = sum(chance * (x - more) ** 2 for chance, x in self.added)
            total, total_sd = total + more, math.sqrt(total_sd**2 + spread)
        half = _WIDTH * math.hypot(margin_sd, total_sd) / 2
        middles = ((total + margin) / 2, (total - margin) / 2)
        home, away = (max(0, math.floor(x - half)) for x in middles)
        room = _ROOM if self.added else 1
        rows, columns = (
            max(2, math.ceil(x + half) - low + room)
            for x, low in zip(middles, (home, away), strict=True)
        )
        count = rows + columns - 1
        margins = whole_numbers(margin, margin_sd, home - away - columns + 1, count)
        if not self.added:
            totals = whole_numbers(total, total_sd, home + away, count)
        else:
            low = home + away + self.scored[0] + self.scored[1]
            totals = np.diff(self._total.window(low, low + count))
        by_margin, by_total = margins, each_parity(totals)
        if self.ending:
            by_margin, by_total = _fitted(margins, totals, by_total, (rows, columns))
        cells = toeplitz(by_margin, rows, columns) * hankel(by_total, rows, columns)
        cells *= 1.0 / cells.sum()
        return Cells(self.scored[0] + home, self.scored[1] + away, cells, self.scored)

    @property
    def home(self) -> Pmf:
        """Points of the home team."""
        return self.lattice.home

    @property
    def away(self) -> Pmf:
        """Points of the away team."""
        return self.lattice.away

    @property
    def home0(self) -> int:
        """Home points of the first row of `cells`."""
        return self.lattice.home0

    @property
    def away0(self) -> int:
        """Away points of the first column of `cells`."""
        return self.lattice.away0

    @property
    def cells(self) -> Floats:
        """P(home = home0 + i, away = away0 + j)."""
        return self.lattice.cells

    def part(self, name: str) -> Pmf:
        """The chances of `margin`, `total`, `home` or `away`."""
        found: Pmf = getattr(self, name)
        return found

    def stands(self, name: str) -> float:
        """The least that a part can still come to: what is scored already."""
        return standing(self.scored, name)

    def within(self, region: Region) -> float:
        """The chance of a score in a region."""
        return self.lattice.within(region)

    def window(self, name: str, low: int, high: int) -> list[float]:
        """P(part < v) for v = low … high; a few values need not the whole distribution."""
        direct = name in ("margin", "total") and name not in self.__dict__ and not self.ending
        if not direct or high - low > _FEW:
            return self.part(name).window(low, high)
        if name == "margin" or not self.added:
            return self._below(name, range(low, high + 1))
        count = high - low + 1
        below = self._below(name, [v - x for _, x in self.added for v in range(low, high + 1)])
        (none, _), (short, _), (long, _) = self.added
        return [
            none * below[k] + short * below[k + count] + long * below[k + 2 * count]
            for k in range(count)
        ]

    def _below(self, name: str, values: Sequence[int]) -> list[float]:
        """P(margin < v) or P(total < v), without what is added to it, one by one."""
        home, away = self.scored
        if name == "margin":
            (mean, sd), already, least = self.to_margin, home - away, None
        else:
            (mean, sd), already, least = self.to_total, home + away, 0
        first, last = _reach(mean, sd, least)
        middle, scale = mean + 0.5, _ROOT_HALF / sd
        # erfc of one number takes a tenth of the time that it takes to call ndtr.
        start = 0.0 if first == least else 0.5 * math.erfc((middle - first) * scale)
        whole = 0.5 * math.erfc((middle - last - 1) * scale) - start
        first, last, middle = first + already, last + already, middle + already
        return [
            0.0 if v <= first
            else 1.0 if v > last
            else (0.5 * math.erfc((middle - v) * scale) - start) / whole
            for v in values
        ]  # fmt: skip


_ROOM = 20
"""Points of a team above the window of a second half for its overtimes: more has a chance below
1e-5."""

_ENDING = 3.5
"""Standard deviations of a team's points between its mean and none, below which a span is ending:
beyond, both ways to its margin and total differ by less than 3e-4."""

_ROUNDS = 6
"""Rounds in which cells are fitted to their sums. With more, a chance moves by less than .001."""


def _fitted(
    margins: Floats, totals: Floats, by_total: Floats, shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Factors by margin and by total of cells that add up to these chances along each.

    No team scores less than nothing, which independent normals do not know: a margin of 5 needs a
    total of 5. Scaling in turn (iterative proportional fitting), from `by_total` on, leaves such
    cells out and keeps what was fitted of each. In the last round the totals are met exactly.
    """
    # What the normal has below the fewest points counts for them.
    totals[0] += 1.0 - totals.sum()
    by_margin, cells = margins, np.zeros((totals.size, totals.size))
    turned(cells, *shape)[:] = 1.0
    for _ in range(_ROUNDS):
        sums = cells.dot(by_total)
        by_margin = margins / (sums + (sums == 0))
        sums = by_margin.dot(cells)
        by_total = totals / (sums + (sums == 0))
    return by_margin, by_total


def _reach(mean: float, sd: float, least: int | None) -> tuple[int, int]:
    """The first and last whole number within the window of a normal, none below `least`."""
    low = math.floor(mean - _WIDTH * sd)
    if least is not None and low < least:
        low = least
    return low, max(math.ceil(mean + _WIDTH * sd), low)


def _edges(mean: float, sd: float, least: int | None) -> tuple[int, Floats]:
    """The first whole number within the window of a normal, and P(X < x) from there on.

    Chances below `least` count for `least`.
    """
    low, high = _reach(mean, sd, least)
    edges: Floats = ndtr((np.arange(low, high + 2) - (0.5 + mean)) / sd)
    if low == least:
        edges[0] = 0.0
    return low, edges
