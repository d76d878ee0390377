"""Quarters and halves: their points from what has been played and what is left of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.domain.game import Phase
from tracker.domain.market import Span
from tracker.forecast.errors import Unpriceable
from tracker.forecast.flow import LONG_LEAD, whole_numbers
from tracker.forecast.lattice import Lattice, each_parity, hankel, toeplitz

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker.domain.game import GameState, Score
    from tracker.forecast.flow import Moment
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.parameters import SpanFigures

MARGIN_PART = ("prior", "lead", "ball", "bonus")
TOTAL_PART = ("one", "prior", "lead", "bonuses")
SPAN_FEATURES = (*MARGIN_PART, *TOTAL_PART)
"""What moves a span's points. The margin: prior margin and lead, both times the part of the span
that is left, the ball, the bonus (home minus away, times the part of the period left). The total:
1, prior total over the league's and min(|lead|, 30) / 10, all times the part left, and the teams in
the bonus times the part of the period left."""

_WIDTH = 4.7
_SMALLEST_SD = 0.4


@dataclass(frozen=True, slots=True)
class Periods:
    """What a forecast needs to speak of quarters and halves."""

    state: GameState
    at: Moment
    figures: Mapping[str, SpanFigures]
    average_total: float

    def lattice(self, span: Span, outlook: Outlook) -> Lattice:
        """Points of `span`. Raises Unpriceable when the points by period are needed and unknown."""
        rules = self.state.game.rules
        if span is Span.REGULATION:
            if outlook.regulation is None:
                raise self._unknown()
            return outlook.regulation
        covered = span.periods(rules)
        first, last = covered[0], covered[-1]
        played = self.state.period
        finished = played > last or (played == last and self._ended)
        if outlook.over or (finished and not span.counts_overtime):
            return self._settled(first, last, overtime=span.counts_overtime)
        if last == rules.periods and played >= first:
            # The rest of the game, less what was scored before the span began.
            whole = outlook.final if span.counts_overtime else outlook.regulation
            if whole is None:
                raise self._unknown()
            home, away = self._scored(1, first - 1)
            return whole.moved(-home, -away)
        return self._to_come(span, first, last)

    @property
    def _ended(self) -> bool:
        """The current period is over, and cannot continue."""
        return self.state.clock == 0 and self.state.phase is not Phase.LIVE

    def _unknown(self) -> Unpriceable:
        return Unpriceable(
            "the points by period are unknown: give them as `periods` to price this market"
        )

    def _scored(self, first: int, last: int) -> tuple[int, int]:
        """Points of the periods from `first` to `last`."""
        if last < first:
            return 0, 0
        score: Score = self.state.score
        if first == 1 and last >= self.state.period:
            return score.home, score.away
        periods = self.state.periods
        if periods is None:
            if first == 1 and self.state.period == 1:
                return score.home, score.away
            raise self._unknown()
        part = periods[first - 1 : last]
        return sum(x.home for x in part), sum(x.away for x in part)

    def _settled(self, first: int, last: int, *, overtime: bool) -> Lattice:
        if overtime:
            last = max(last, self.state.period)
        return Lattice.certain(*self._scored(first, last))

    def _to_come(self, span: Span, first: int, last: int) -> Lattice:
        """A span that is being played or is still to come, and does not end the game."""
        state, rules, at = self.state, self.state.game.rules, self.at
        figures = self.figures[span.value]
        begun = state.period >= first
        if begun:
            left = state.clock + (last - state.period) * rules.period_seconds
            part = left / ((last - first + 1) * rules.period_seconds)
            weights, variance = figures.inside, figures.inside_variance
        else:
            part, weights, variance = 1.0, figures.ahead, figures.ahead_variance
        features = span_features(at, part, self.average_total, begun=begun)
        count = len(MARGIN_PART)
        margin = sum(w * x for w, x in zip(weights[:count], features[:count], strict=True))
        total = sum(w * x for w, x in zip(weights[count:], features[count:], strict=True))
        margin_var = variance[0] + variance[1] * part + (weights[0] * part * at.margin_sd) ** 2
        total_var = (
            variance[2] + variance[3] * part + (weights[count + 1] * part * at.total_sd) ** 2
        )
        score = self._scored(first, min(last, state.period)) if begun else (0, 0)
        return normal_lattice(
            score, (margin, math.sqrt(margin_var)), (max(total, 0.0), math.sqrt(total_var))
        )


def span_features(
    at: Moment, part: float, average_total: float, *, begun: bool
) -> tuple[float, ...]:
    """The values of SPAN_FEATURES; `part` of the span is left, and `begun` says if it is played."""
    far = min(abs(at.lead), LONG_LEAD) / 10
    bonus = at.period_left if begun else 0.0
    return (
        at.prior_margin * part,
        at.lead * part,
        float(at.ball) if begun else 0.0,
        (at.bonus_home - at.bonus_away) * bonus,
        part,
        (at.prior_total - average_total) * part,
        far * part,
        (at.bonus_home + at.bonus_away) * bonus,
    )


def normal_lattice(
    score: tuple[int, int], margin: tuple[float, float], total: tuple[float, float]
) -> Lattice:
    """Points so far plus what is left, given (mean, sd) of its margin and total."""
    (margin_mean, margin_sd), (total_mean, total_sd) = margin, total
    margin_sd, total_sd = max(margin_sd, _SMALLEST_SD), max(total_sd, _SMALLEST_SD)
    half = _WIDTH * math.hypot(margin_sd, total_sd) / 2
    middles = ((total_mean + margin_mean) / 2, (total_mean - margin_mean) / 2)
    h0, a0 = (max(0, math.floor(x - half)) for x in middles)
    rows, columns = (
        max(2, math.ceil(x + half) - low + 1) for x, low in zip(middles, (h0, a0), strict=True)
    )
    count = rows + columns - 1
    margins = whole_numbers(margin_mean, margin_sd, h0 - a0 - columns + 1, count)
    totals = each_parity(whole_numbers(total_mean, total_sd, h0 + a0, count), h0 + a0)
    cells = toeplitz(margins, rows, columns) * hankel(totals, rows, columns)
    cells *= 1.0 / cells.sum()
    return Lattice(score[0] + h0, score[1] + a0, cells, score)
