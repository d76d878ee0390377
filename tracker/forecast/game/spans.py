"""The points of quarters and halves: the points so far plus a forecast of the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import mul
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from tracker.domain.game import Phase
from tracker.domain.market import Span
from tracker.forecast.errors import Unpriceable
from tracker.forecast.game.endgame import LAST_MINUTE, in_play, overtimes, play_on, untilted
from tracker.forecast.game.flow import (
    LASTING,
    LONG_LEAD,
    coming_balls,
    fading,
    lasting,
    whole_numbers,
)
from tracker.forecast.game.lattice import (
    Lattice,
    Pmf,
    both_diagonals,
    each_parity,
    hankel,
    standing,
    toeplitz,
)
from tracker.forecast.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.domain.game import GameState
    from tracker.forecast.game import Endgame
    from tracker.forecast.game.flow import Moment
    from tracker.forecast.game.lattice import Points
    from tracker.forecast.game.parameters import Parameters

    Floats = NDArray[np.float64]

MARGIN_PART = ("prior", "lead", "ball", "bonus", "tip")
TOTAL_PART = ("one", "prior", "lead", "bonuses", "ends", "possessions", "favourite")
SPAN_FEATURES = (*MARGIN_PART, *TOTAL_PART)
"""The features of a span's points. Of the margin: prior margin and lead, both times the part of the
span that is left, the ball, the bonus (home minus away, times the part of the period left), and the
first ball of its periods to come. Of the total: 1, prior total over the league's and
min(|lead|, 30) / 10, all times the part left; the teams in the bonus times the part of the period
left; the belief of the ends times the part left; the flow's possessions by the span's part of what
is to come; and, for spans of a first half, |prior margin| / 10 times the part left."""

SURGE = 180.0
"""Seconds left of a span from which its total approaches that of the tables, which it meets at
LAST_MINUTE: teams hurry for the last shots of a quarter, and the weights are linear in what is
left. Without, totals of NBA quarters were too low by .2 to .3 points from 2:00 to 1:00; college
halves show no such surge."""

_MEETING = (SURGE, LAST_MINUTE)

_WIDTH = 4.7
"""Half the window of a span's points in standard deviations: what lies outside is below 3e-6."""

_SMALLEST_SD = 0.25
"""Points: the least sd of an open span's points. A guard: the last minute is read off tables."""


_FEW = 12
"""The most values whose chances are computed one by one instead of the whole distribution."""

_FITTED = {Span.H2_REGULATION: Span.H2}
"""The spans whose points are forecast by the figures of another span."""

_ROOT_HALF = math.sqrt(0.5)
"""The factor between a standard deviation and the argument of erfc."""


@dataclass(frozen=True, slots=True)
class Periods:
    """What the forecast of quarters and halves needs."""

    state: GameState
    at: Moment
    parameters: Parameters
    final: Lattice
    """The final score."""
    regulation: Lattice | None
    """The score after regulation, where it is known."""
    prior_margin: float
    """The prior's margin, by which overtimes lean."""

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
        """The points that a period brings from now on. The last one is not played yet."""
        return self._to_come(self._alone(period), period, period, (0, 0))

    def played_on(self, cells: Floats) -> Floats:
        """Those of the final score that follow from `cells` of the score after regulation."""
        level = self.regulation
        if level is None:
            raise self._unknown()
        room = self.final.cells.shape[0] - level.cells.shape[0]
        part = Lattice(level.home0, level.away0, cells, level.scored)
        return play_on(part, self.parameters.overtime, self.prior_margin, room).cells

    def overtimes(self, name: str) -> Pmf:
        """What overtimes add to `margin`, `total`, `home` or `away`: mostly nothing."""
        chance = self._tie
        added = overtimes(self.parameters.overtime, self.prior_margin).part(name)
        chances = chance * added.chances
        chances[-added.first] += 1.0 - chance
        return Pmf(added.first, chances)

    @property
    def _tie(self) -> float:
        """The chance of overtime."""
        level = self.regulation
        if level is None:
            raise self._unknown()
        return float(level.cells.trace(level.home0 - level.away0))

    @property
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
        rules = self.state.game.rules
        if rules.periods == 2:  # noqa: PLR2004 - halves
            return (Span.H1, Span.H2_REGULATION)[period - 1]
        return Span(f"Q{period}")

    def _last_minute(self, breaks: Endgame, score: tuple[int, int]) -> Lattice:
        """A span that ends within a minute, from the tables of possessions."""
        left = in_play(self.state.clock, self.state.game.rules)
        cells = untilted(breaks, 0, self.at.ball, left)
        return Lattice(*score, cells, score)

    def _to_come(self, span: Span, first: int, last: int, score: tuple[int, int]) -> Points:
        """A span that is being played or still to come, and ends before the game does.

        `score` are its points so far.
        """
        breaks = self.parameters.breaks
        if self.state.period == last and self.state.clock <= LAST_MINUTE:
            return self._last_minute(breaks, score)
        state, rules, at = self.state, self.state.game.rules, self.at
        if first < last == self._next:
            # All that is to come is the last of its periods.
            span, first = self._alone(last), last
        figures = self.parameters.spans[_FITTED.get(span, span).value]
        begun = state.period >= first
        if begun:
            left = state.clock + (last - state.period) * rules.period_seconds
            part = left / ((last - first + 1) * rules.period_seconds)
            weights, variance = figures.inside, figures.inside_variance
        else:
            part, weights, variance = 1.0, figures.ahead, figures.ahead_variance
        reference = self.parameters.average.reference
        length = (last - first + 1) * rules.period_seconds
        features = span_features(at, part, reference, (first, last), length, begun=begun)
        count = len(MARGIN_PART)
        margin = sum(map(mul, weights[:count], features[:count]))
        total = sum(map(mul, weights[count:], features[count:]))
        margin_var = variance[0] + variance[1] * part + (weights[0] * part * at.margin_sd) ** 2
        total_var = (
            variance[2] + variance[3] * part + (weights[count + 1] * part * at.total_sd) ** 2
        )
        added: tuple[tuple[float, int], ...] = ()
        if span in (Span.H2, Span.H2_REGULATION):
            # The second half was fitted with its overtimes.
            half, (short, long) = self._tie / 2, self.parameters.overtime.short_and_long
            mean = half * (short + long)
            total -= mean
            total_var -= half * (short * short + long * long) - mean * mean
            added = ((1.0 - 2 * half, 0), (half, short), (half, long))
            if span is Span.H2_REGULATION:
                added, gain = (), self.overtimes("margin")
                margin, margin_var = margin - gain.mean, margin_var - gain.sd**2
        if state.period == last and state.clock < SURGE:
            total += self._surge(weights[count:], (first, last), length)
        sds = [math.sqrt(max(x, _SMALLEST_SD**2)) for x in (margin_var, total_var)]
        return NormalPoints(score, (margin, sds[0]), (max(total, 0.0), sds[1]), added)

    def _surge(self, weights: tuple[float, ...], covered: tuple[int, int], length: float) -> float:
        """Points by which a span's end brings more than its weights say, by the tables of it."""
        reference = self.parameters.average.reference
        end = replace(
            self.at,
            period_left=LAST_MINUTE / self.state.game.rules.period_seconds,
            prior_total=reference,
            ends=0.0,
            possessions=0.0,
        )
        part = LAST_MINUTE / length
        features = span_features(end, part, reference, covered, length, begun=True)
        said = sum(map(mul, weights, features[len(MARGIN_PART) :]))
        more: float = max(self.parameters.last_minute - said, 0.0)
        return more * (1 - fading(self.state.clock, _MEETING))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Regulation that an overtime followed, of which nothing is known but that it was a draw."""

    unknown: Unpriceable
    sure: bool = True
    scored: tuple[int, int] = (0, 0)

    def part(self, name: str) -> Pmf:
        """The margin, which is 0. Raises Unpriceable for any other part."""
        if name != "margin":
            raise self.unknown
        return Lattice.certain(0, 0).margin

    @property
    def home0(self) -> int:
        """Raises Unpriceable."""
        raise self.unknown

    @property
    def away0(self) -> int:
        """Raises Unpriceable."""
        raise self.unknown

    @property
    def cells(self) -> Floats:
        """Raises Unpriceable."""
        raise self.unknown

    def stands(self, name: str) -> float:
        """The least that a part can still come to."""
        return standing(self.scored, name)

    def window(self, name: str, low: int, high: int) -> list[float]:
        """P(part < v) for v = low … high. Raises Unpriceable for all but the margin."""
        return self.part(name).window(low, high)


def span_features(
    at: Moment,
    part: float,
    average_total: float,
    covered: tuple[int, int],
    length: float,
    *,
    begun: bool,
) -> tuple[float, ...]:
    """The values of SPAN_FEATURES.

    `part` is the part of the span that is left, `length` its seconds, `covered` its first and last
    period, and `begun` whether it is being played.
    """
    first, last = covered
    played = 1 - at.left / at.regulation
    share = part * length / max(at.left, 1.0)
    far = min(abs(at.lead), LONG_LEAD) / 10
    bonus = at.period_left if begun else 0.0
    early = last * length * 2 <= at.regulation * (last - first + 1)
    favourite = abs(at.prior_margin) / 10 if early else 0.0
    return (
        at.prior_margin * part,
        at.lead * part,
        float(at.ball) if begun else 0.0,
        (at.bonus_home - at.bonus_away) * bonus,
        at.tip and at.tip * coming_balls(at.left, at.regulation, range(first, last + 1)),
        part,
        (at.prior_total - average_total) * part,
        far * part,
        (at.bonus_home + at.bonus_away) * bonus,
        at.ends * part,
        at.possessions * lasting(played, LASTING[0]) * share,
        favourite * part,
    )


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

    @property
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
        cells = toeplitz(margins, rows, columns) * hankel(each_parity(totals), rows, columns)
        cells *= 1.0 / cells.sum()
        if self.ending:
            # What the normal has below the fewest points counts for them.
            totals[0] += 1.0 - totals.sum()
            _fit(cells, margins / margins.sum(), totals)
        return Lattice(self.scored[0] + home, self.scored[1] + away, cells, self.scored)

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


def _fit(cells: Floats, margins: Floats, totals: Floats) -> None:
    """Scale cells, in place, until those of a margin and those of a total add up to these chances.

    No team scores less than nothing, which independent normals do not know: a margin of 5 needs a
    total of 5. The scaling in turn (iterative proportional fitting) leaves such cells out and keeps
    what was fitted of each. In the last round the totals are met exactly.
    """
    rows, columns = cells.shape
    for _ in range(_ROUNDS):
        for place, view, wanted in ((0, toeplitz, margins), (1, hankel, totals)):
            sums = both_diagonals(cells)[place]
            cells *= view(wanted / (sums + (sums == 0)), rows, columns)
    cells *= 1.0 / cells.sum()


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
