"""The joint chance of a parlay's legs on one game: of one span, of several, with players.

Legs on the final score select cells of its lattice, and legs on other spans weigh each cell by
their chance given it. Quarters and halves follow on one another and hold one another, so that their
points add up: what a span leaves of a longer one is independent of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tracker.domain.bet import exclusive
from tracker.domain.market import DoubleDouble, PlayerMarket, PlayerTotal, Span
from tracker.forecast.game.lattice import NO_BOUND, ONES, Lattice, Region, hankel, toeplitz
from tracker.forecast.pricing import AWAY, HOME, MARGIN, TOTAL, Question, Shape, question
from tracker.forecast.pricing.player_lines import by_score

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from tracker.domain.market import Market
    from tracker.forecast.game.lattice import Points
    from tracker.forecast.outlook import Outlook

    Floats = NDArray[np.float64]


def across(
    asked: Sequence[Question],
    outlook: Outlook,
    others: Sequence[tuple[float, Floats]],
    *,
    pushed: bool,
) -> float:
    """The chance that every leg holds, for legs on any spans and `others` on the final score.

    Each of `others` is a chance, and the same given the final score for each cell of its lattice.
    """
    chances = [_alone(legs, outlook, pushed=pushed) for legs in _by_span(asked).values()]
    chances += [chance for chance, _ in others]
    by_span: dict[Span, list[Question]] = _by_span([_of_same_points(x, outlook) for x in asked])
    late, early = by_span.pop(Span.GAME, ()), by_span.pop(Span.REGULATION, ())
    groups = _nests(by_span, outlook)
    if not (late or early or others):
        return _bounded(_apart(groups, outlook, pushed=pushed), chances)
    about = Span.REGULATION if early else Span.GAME
    cells, weights = _given_parts(groups, outlook, about, pushed=pushed)
    if early:
        whole = outlook.of(about)
        cells = _times(_times(cells, weights), held(early, whole, pushed=pushed))
        cells, weights = outlook.periods.played_on(cells), {}
    for _, given in others:
        cells = cells * given
    if late:
        mine = held(late, outlook.final, pushed=pushed)
        weights = weights | {x: y * weights[x] if x in weights else y for x, y in mine.items()}
    return _bounded(_weighed(cells, weights), chances)


Nest = dict[Span, list[Question]]
"""Legs by span: those of one span first, then those of spans that it holds."""


def _nests(by_span: Nest, outlook: Outlook) -> list[Nest]:
    """The legs of each span that no other holds, together with those of the spans within it."""
    found = []
    for outer, legs in by_span.items():
        if not any(_within(outer, x, outlook) for x in by_span):
            inner = {x: y for x, y in by_span.items() if _within(x, outer, outlook)}
            found.append({outer: legs, **inner})
    return found


def _apart(groups: Sequence[Nest], outlook: Outlook, *, pushed: bool) -> float:
    """The chance that legs of spans that follow on one another hold: these are independent."""
    return math.prod(_of_nest(x, outlook, pushed=pushed) for x in groups)


def _of_nest(nest: Nest, outlook: Outlook, *, pushed: bool) -> float:
    """The chance that legs of a span and of spans within it hold, on the lattice of the longest."""
    (outer, legs), *rest = nest.items()
    if not rest:
        return _alone(legs, outlook, pushed=pushed)
    points = outlook.of(outer)
    cells, weights = _given_parts(_nests(dict(rest), outlook), outlook, outer, pushed=pushed)
    return _weighed(_times(cells, weights), held(legs, points, pushed=pushed))


def _given_parts(
    groups: Sequence[Nest], outlook: Outlook, about: Span, *, pushed: bool
) -> tuple[Floats, dict[str, Floats]]:
    """The cells of a span and weights for them, given that legs on parts of the span hold."""
    points = outlook.of(about)
    every = {span: legs for nest in groups for span, legs in nest.items()}
    factor, weights = _linked(every, outlook, about, pushed=pushed)
    cells = points.cells if factor == 1 else points.cells * factor
    if len({x.shape is Shape.ODD or x.part for legs in every.values() for x in legs}) > 1:
        wanted = _apart(groups, outlook, pushed=pushed)
        cells = cells * _tied(factor, weights, points.cells, wanted)
    return cells, weights


def _bounded(joint: float, chances: Sequence[float]) -> float:
    """A joint chance that is near the truth, within what the single chances leave (Fréchet)."""
    return max(min(joint, *chances), sum(chances) - len(chances) + 1, 0.0)


def _by_span(asked: Sequence[Question]) -> dict[Span, list[Question]]:
    found: dict[Span, list[Question]] = {}
    for one in asked:
        found.setdefault(one.span, []).append(one)
    return found


_NEVER = 1e-12
"""A chance that counts as none where it would be divided by."""


def _alone(legs: Sequence[Question], outlook: Outlook, *, pushed: bool) -> float:
    """The chance that all legs of one span hold."""
    points = outlook.of(legs[0].span)
    if len(legs) > 1:
        found = on_lattice(legs, points, points.cells, pushed=pushed)
        # A span that is normal is only near its lattice.
        return _bounded(found, [_alone([x], outlook, pushed=pushed) for x in legs])
    yes, level, no = legs[0].split(points.part(legs[0].part))
    return level if pushed else level + (yes if legs[0].above else no)


def _tied(factor: float, weights: dict[str, Floats], cells: Floats, wanted: float) -> Floats:
    """How much likelier legs on several figures hold together than by `_linked`.

    For each cell of the span that they are parts of, so that their chance is `wanted` there, within
    what the chances of each figure's legs leave in the cell.
    """
    apart = [_times(np.ones(cells.shape), {name: x}) for name, x in weights.items()]
    product = np.multiply.reduce(apart)
    least, most = np.maximum(sum(apart) - (len(apart) - 1), 0.0), np.minimum.reduce(apart)
    # The tie of each cell is that of Farlie, Gumbel and Morgenstern: it has the other sign for a
    # leg's other side, so that what may happen to two figures adds up to 1 in every cell.
    tie = product * np.multiply.reduce([1 - x for x in apart])
    found, strength = product, 0.0
    for _ in range(_ROUNDS):
        free = tie * ((found > least) & (found < most))
        # A sum, since a product of so many numbers would wait for a second thread.
        slope = float((cells * free).sum())
        if slope < _NEVER:
            break
        strength += (wanted / max(factor, _NEVER) - float((cells * found).sum())) / slope
        found = np.clip(product + strength * tie, least, most)
    return np.divide(found, product, out=np.ones(cells.shape), where=product > _NEVER)


_ROUNDS = 8
"""Rounds in which legs on several figures get the chance that they have together. They approach it
from one side, as more and more cells meet their bounds."""


def _linked(
    by_span: Mapping[Span, Sequence[Question]], outlook: Outlook, about: Span, *, pushed: bool
) -> tuple[float, dict[str, Floats]]:
    """What legs on parts of a span say of its points: a factor, and weights of their values."""
    factor, lines = 1.0, []
    for legs in by_span.values():
        odd = [x for x in legs if x.shape is Shape.ODD]
        lines += [x for x in legs if x.shape is not Shape.ODD]
        # The parity of a span's points is independent of the rest of the game.
        factor *= _alone(odd, outlook, pushed=pushed) if odd else 1.0
    weights, points = {}, outlook.of(about)
    values = _values(points)
    for name in dict.fromkeys(x.part for x in lines):
        mine = [x for x in lines if x.part == name]
        given = _given(mine, outlook, about, pushed=pushed)
        weights[name] = _from(given, points.part(name).first, *values[name])
    return factor, weights


def _from(values: Floats, first: int, start: int, count: int) -> Floats:
    """Of values from `first` on, those from `start` on, `count` of them: 0 where there are none."""
    if (start, count) == (first, values.size):
        return values
    found = np.zeros(count)
    low, high = max(first, start), min(first + values.size, start + count)
    found[low - start : max(high - start, 0)] = values[low - first : max(high - first, 0)]
    return found


def _given(legs: Sequence[Question], outlook: Outlook, about: Span, *, pushed: bool) -> Floats:
    """P(legs on one part of spans within `about` hold | that part of it), for all its values.

    The spans follow on one another or hold one another. Those that follow are independent, and so
    are the periods and the overtimes that they leave of the whole: their sums are convolutions.
    """
    asked = dict.fromkeys(x.span for x in legs)
    several = len(asked) > 1
    outer = tuple(x for x in asked if not (several and any(_within(x, y, outlook) for y in asked)))
    name = legs[0].part
    whole = outlook.of(about).part(name)
    key = outer, about, name
    if key not in outlook.sums:
        outlook.sums[key] = _sums(outer, outlook, about, name)
    holds, below = outlook.sums[key]
    for span in outer:
        pmf = outlook.of(span).part(name)
        chances = pmf.chances
        for leg in legs:
            if leg.span is span:
                chances = chances * _holds(leg, pmf.first, chances.size, pushed=pushed)
        if several and (inner := [x for x in legs if _within(x.span, span, outlook)]):
            chances = chances * _given(inner, outlook, span, pushed=pushed)
        holds = np.convolve(holds, chances)
    # The whole's own distribution is near the sum's, not equal to it: its values go with those that
    # are as high among the sums, so that the legs keep their chance.
    sums = np.interp(whole.sums, below, _below(holds))
    found: Floats = sums[1:] - sums[:-1]
    return np.divide(found, whole.chances, out=found, where=whole.chances > 0)


def _sums(
    spans: Collection[Span], outlook: Outlook, about: Span, name: str
) -> tuple[Floats, Floats]:
    """The chances of what spans that follow leave of the whole, and those below each sum of all."""
    periods, rest = outlook.periods, ONES[:1]
    asked = {x for span in spans for x in periods.to_come(span)}
    for period in periods.to_come(about):
        if period not in asked:
            rest = np.convolve(rest, outlook.coming(period).part(name).chances)
    if about.counts_overtime and not any(x.counts_overtime for x in spans):
        rest = np.convolve(rest, periods.overtimes(name).chances)
    every = rest
    for span in spans:
        every = np.convolve(every, outlook.of(span).part(name).chances)
    return rest, _below(every)


def _below(chances: Floats) -> Floats:
    """The chances below each value."""
    return np.concatenate(((0.0,), chances.cumsum()))


def _within(span: Span, other: Span, outlook: Outlook) -> bool:
    """Whether another span holds all of this one and more."""
    rules = outlook.periods.state.game.rules
    mine, theirs = span.periods(rules), other.periods(rules)
    longer = len(mine) < len(theirs) or (span, other) == (Span.H2_REGULATION, Span.H2)
    return longer and mine[0] in theirs


def _of_same_points(one: Question, outlook: Outlook) -> Question:
    """The question on the one span of all that have the same points to come."""
    twin = outlook.periods.twin(one.span)
    if twin is None:
        return one
    span, (home, away) = twin
    more = {MARGIN: home - away, TOTAL: home + away, HOME: home, AWAY: away}[one.part]
    if one.shape is Shape.ODD:
        return replace(one, span=span, above=one.above is (more % 2 == 0))
    return replace(one, span=span, line=one.line - more)


def _region(asked: Sequence[Question], *, pushed: bool) -> Region:
    """Where legs hold of which none asks for a parity."""
    found = dict.fromkeys((MARGIN, TOTAL, HOME, AWAY), NO_BOUND)
    for one in asked:
        low, high = found[one.part]
        exact = one.shape is Shape.EXACT or pushed
        if one.above or exact:
            low = max(low, math.ceil(one.line))
        if not one.above or exact:
            high = min(high, math.floor(one.line))
        found[one.part] = low, high
    return Region(found[MARGIN], found[TOTAL], found[HOME], found[AWAY])


@dataclass(frozen=True, slots=True)
class Combination:
    """The legs of a parlay on one game, and the facts about them that no state changes.

    `exclusive`: one of them loses, whatever happens. `can_push`: all of them can push at once.
    `odd`: a leg asks for a parity; of other legs, `alive` is where none loses and `level` where all
    push.
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
        players = [x for x in legs if isinstance(x, PlayerMarket)]
        asked = [question(x) for x in legs if not isinstance(x, PlayerMarket)]
        return Combination(
            tuple(asked),
            tuple(players),
            tuple(dict.fromkeys(x.span for x in asked)),
            # Legs that exclude each other may still all push.
            not _push_at_once(exclusive(legs)),
            _push_at_once(legs),
            any(x.shape is Shape.ODD for x in asked),
            _region(asked, pushed=False),
            _region(asked, pushed=True),
        )


def _push_at_once(legs: Sequence[Market]) -> bool:
    """Whether all legs can push at once: a figure cannot end on two lines."""
    ends = {_pushes_on(x) for x in legs}
    return None not in ends and len({x[0] for x in ends if x}) == len(ends)


def _pushes_on(leg: Market) -> tuple[object, float] | None:
    """The figure that decides a leg, and the value at which it pushes; None where it cannot."""
    match leg:
        case PlayerTotal():
            whole = leg.points == math.floor(leg.points)
            return ((leg.player, leg.stat), leg.points) if whole else None
        case DoubleDouble():
            return None
        case _:
            told = question(leg)
            return ((told.span, told.part), told.line) if told.can_push else None


def joint_chance(legs: Combination, outlook: Outlook, *, pushed: bool) -> float:
    """P(no leg loses), or with `pushed` P(every leg pushes), for legs that are still open.

    Legs of one span are summed on its lattice. Legs of several spans, and player lines, are joined
    through the final score.
    """
    if len(legs.spans) > 1 or legs.players:
        others = by_score(legs.players, outlook, pushed=pushed) if legs.players else ()
        return across(legs.asked, outlook, others, pushed=pushed)
    points = outlook.of(legs.spans[0])
    if legs.odd:
        found = on_lattice(legs.asked, points, points.cells, pushed=pushed)
    else:
        found = points.within(legs.level if pushed else legs.alive)
    if isinstance(points, Lattice):
        return found
    return _bounded(found, [_alone([x], outlook, pushed=pushed) for x in legs.asked])


def on_lattice(asked: Sequence[Question], points: Points, cells: Floats, *, pushed: bool) -> float:
    """The sum of the `cells` of the lattice of `points` in which every leg holds."""
    return _weighed(cells, held(asked, points, pushed=pushed))


def _times(cells: Floats, weights: dict[str, Floats]) -> Floats:
    """The cells, each times the weights of its margin, total and points of the teams."""
    rows, columns = cells.shape
    for name, view in ((MARGIN, toeplitz), (TOTAL, hankel)):
        if name in weights:
            cells = cells * view(weights[name], rows, columns)
    if HOME in weights:
        cells = cells * weights[HOME][:, None]
    return cells * weights[AWAY] if AWAY in weights else cells


def _weighed(cells: Floats, weights: dict[str, Floats]) -> float:
    """The sum of the cells, each times the weights of its margin, total and points of the teams."""
    rows, columns = cells.shape
    for name, view in ((MARGIN, toeplitz), (TOTAL, hankel)):
        if name in weights:
            cells = cells * view(weights[name], rows, columns)
    by_row = cells.dot(weights.get(AWAY, ONES[:columns]))
    return min(float(by_row.dot(weights.get(HOME, ONES[:rows]))), 1.0)


def _values(points: Points) -> dict[str, tuple[int, int]]:
    """The first value of each part in the cells of a span, and the number of its values."""
    rows, columns = points.cells.shape
    return {
        MARGIN: (points.home0 - points.away0 - columns + 1, rows + columns - 1),
        TOTAL: (points.home0 + points.away0, rows + columns - 1),
        HOME: (points.home0, rows),
        AWAY: (points.away0, columns),
    }


def held(asked: Sequence[Question], points: Points, *, pushed: bool) -> dict[str, Floats]:
    """For each part that legs ask about, 1 for every value at which they hold, else 0."""
    first = _values(points)
    found: dict[str, Floats] = {}
    for one in asked:
        holds = _holds(one, *first[one.part], pushed=pushed)
        known = found.get(one.part)
        found[one.part] = holds if known is None else known * holds
    return found


def _holds(one: Question, start: int, count: int, *, pushed: bool) -> Floats:
    """1 for each of `count` values from `start` on at which a leg holds, else 0."""
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
    return holds
