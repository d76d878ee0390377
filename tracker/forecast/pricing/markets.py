"""From an outlook to chances: every market is a sum over the same joint distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracker.domain.bet import OwnFigure
from tracker.domain.chance import (
    LOST,
    PUSHED,
    WON,
    Chance,
    NoChance,
    Unpriceable,
    chances_of,
    maker,
)
from tracker.domain.market import Direction, DoubleDouble, Market, PlayerMarket, PlayerTotal, Span
from tracker.domain.player import Player, Stat
from tracker.forecast.pricing import (
    AWAY,
    HOME,
    MARGIN,
    SMALLEST,
    TOTAL,
    Question,
    Shape,
    opened,
    question,
)
from tracker.forecast.pricing.joint import Combination, joint_chance
from tracker.forecast.pricing.player_lines import of_player, player_chance, work_out_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tracker.forecast.game.lattice import Points
    from tracker.forecast.outlook import Outlook

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


WORTH_A_SHEET = 12
"""The number of markets from which a `Sheet` is faster than pricing them one by one."""


def price(market: Market, outlook: Outlook) -> Chance:
    """The calibrated chance of one bet. Raises Unpriceable if the state lacks what it asks about.

    The chance of a decided bet is exactly 0 or 1, that of an open bet never.
    """
    return outlook.calibrations.applied(market, chance_of(market, outlook))


def price_all(markets: Sequence[Market], outlook: Outlook) -> Sequence[Chance | None]:
    """The raw chances of many bets of one game; None for one that cannot be priced."""
    if len(markets) < WORTH_A_SHEET:
        return [_chance_or_none(x, outlook) for x in markets]
    sheet = laid_out(tuple(markets))
    known = outlook.priced.get(sheet)
    if known is not None:
        return known
    rows, unknown = sheet.rows(outlook)
    found: list[Chance | None] = [None] * len(markets)
    for place, chance in zip(sheet.lined, chances_of(rows.tolist()), strict=True):
        found[place] = chance
    for place in (*sheet.others, *unknown):
        found[place] = _chance_or_none(markets[place], outlook)
    outlook.priced[sheet] = found
    return found


def work_out(markets: Sequence[Market], outlook: Outlook) -> None:
    """Work out and keep the chances of many bets of one game, and what they rest on."""
    figures = [x for x, _, _ in laid_out(tuple(markets)).groups if isinstance(x, AskedFigure)]
    work_out_figures(figures, outlook)
    price_all(markets, outlook)


def _chance_or_none(market: Market, outlook: Outlook) -> Chance | None:
    try:
        return chance_of(market, outlook)
    except Unpriceable:
        return None


def own_figure(market: Market, outlook: Outlook) -> OwnFigure | None:
    """The figure that decides a bet, if it is not a figure of the final score.

    None for markets on the final score and markets without a single figure, and if the state does
    not give the figure so far.
    """
    return _figure(_counted_by(market), outlook)


def own_figures(markets: Sequence[Market], outlook: Outlook) -> list[OwnFigure | None]:
    """The own figures of many bets of one game; a figure that bets share is worked out once."""
    if len(markets) < WORTH_A_SHEET:
        return [own_figure(x, outlook) for x in markets]
    sheet = laid_out(tuple(markets))
    found = [_figure(x, outlook) for x in sheet.counted]
    return [found[x] for x in sheet.own]


def _counted_by(market: Market) -> PlayerTotal | Question | None:
    """What a market counts, if that is not a figure of the final score."""
    if isinstance(market, PlayerTotal):
        return market
    if isinstance(market, DoubleDouble) or market.span is Span.GAME:
        return None
    return question(market)


def _what(asked: PlayerTotal | Question | None) -> tuple[object, ...]:
    """What is counted, without the line."""
    match asked:
        case PlayerTotal():
            return asked.player, asked.stat
        case Question():
            return asked.span, asked.part, asked.above
        case None:
            return ()


def _figure(asked: PlayerTotal | Question | None, outlook: Outlook) -> OwnFigure | None:
    if asked is None:
        return None
    try:
        if isinstance(asked, PlayerTotal):
            pmf = of_player(asked.player, outlook).pmf(asked.stat)
            # What he has is the least that he can end with.
            return _OWN_FIGURE(pmf.first, pmf.mean, pmf.sd)
        points = outlook.of(asked.span)
        pmf = points.part(asked.part)
    except Unpriceable:
        return None
    home, away = points.scored
    stands = {MARGIN: home - away, TOTAL: home + away, HOME: home, AWAY: away}[asked.part]
    state = outlook.periods.state
    begun = state.period >= asked.span.periods(state.game.rules).start
    # Margins count from the home team's side and are shown from the side that the bet backs.
    away_backed = asked.part == MARGIN and not asked.above
    sign = -1 if away_backed else 1
    return _OWN_FIGURE(sign * stands if begun else None, sign * pmf.mean, pmf.sd)


_OWN_FIGURE = maker(OwnFigure)


def why_none(market: Market, outlook: Outlook) -> NoChance | None:
    """Why a market has no chance; None if it has one, or keeps its last one."""
    try:
        chance_of(market, outlook)
    except Unpriceable as wrong:
        return wrong.why
    return None


def chance_of(market: Market, outlook: Outlook) -> Chance:
    """The chance of one bet without calibration. Raises Unpriceable."""
    if isinstance(market, PlayerMarket):
        return player_chance(market, outlook)
    asked = question(market)
    points = outlook.of(asked.span)
    known = _decided(asked, points)
    if known is not None:
        return known
    chance = opened(*asked.split(points.part(asked.part)))
    return chance if asked.above else Chance(chance.lose, chance.push, chance.win)


def decided_chance(market: Market, outlook: Outlook) -> Chance | None:
    """The chance of a decided bet, None of an open one. Raises Unpriceable."""
    if isinstance(market, PlayerMarket):
        chance = player_chance(market, outlook)
        return chance if chance.decided else None
    asked = question(market)
    return _decided(asked, outlook.of(asked.span))


def _decided(asked: Question, points: Points) -> Chance | None:
    if not points.sure and not asked.decided(points.stands(asked.part)):
        return None
    above, _, below = asked.split(points.part(asked.part))
    if above != 1 and below != 1:
        return PUSHED
    return WON if (above == 1) is asked.above else LOST


def parlay(legs: Sequence[Market], outlook: Outlook) -> Chance:
    """The joint chance of a parlay's legs on one game.

    A leg that pushes drops out: the legs win if none loses and at least one wins, and push if all
    do. Only a single leg is calibrated, because calibrations correct one market and say nothing
    about how markets go together. Raises Unpriceable, and ValueError without legs.
    """
    if len(legs) == 1:
        return price(legs[0], outlook)
    return _joined([(x, decided_chance(x, outlook)) for x in legs], outlook)


def parlay_of(legs: Sequence[tuple[Market, Chance]], outlook: Outlook) -> Chance:
    """The joint chance of legs whose own chances are known. Raises as `parlay` does."""
    if len(legs) == 1:
        return legs[0][1]
    return _joined([(x, chance if chance.decided else None) for x, chance in legs], outlook)


def _joined(legs: Sequence[tuple[Market, Chance | None]], outlook: Outlook) -> Chance:
    """The joint chance of legs, each with its chance where it is decided and None where not."""
    if not legs:
        raise ValueError("a parlay needs a leg")
    results = [chance for _, chance in legs if chance is not None]
    if LOST in results:
        return LOST
    won = WON in results
    open_legs = tuple(leg for leg, chance in legs if chance is None)
    if not open_legs:
        return WON if won else PUSHED
    if len(open_legs) == 1:
        only = chance_of(open_legs[0], outlook)
        return Chance(only.win + only.push, 0.0, only.lose) if won else only
    combined = Combination.of(open_legs)
    if combined.exclusive:
        return LOST
    alive = joint_chance(combined, outlook, pushed=False)
    level = 0.0
    if not won and combined.can_push:
        # Each is near the truth on its own: legs that all push have not lost either.
        level = min(joint_chance(combined, outlook, pushed=True), alive)
    return opened(alive - level, level, 1.0 - alive)


class AskedPart(NamedTuple):
    """A part of a span that markets ask about."""

    span: Span
    part: str

    def below(self, low: int, high: int, outlook: Outlook) -> tuple[list[float], float]:
        """P(part < v) for v = low … high, and the least that it can end at: infinite where certain.

        Raises Unpriceable.
        """
        points = outlook.of(self.span)
        stands = math.inf if points.sure else points.stands(self.part)
        return points.window(self.part, low, high), stands


class AskedFigure(NamedTuple):
    """A player's figure that markets ask about."""

    player: Player
    stat: Stat

    def below(self, low: int, high: int, outlook: Outlook) -> tuple[list[float], float]:
        """P(figure < v) for v = low … high, and the least it can end at: infinite where certain.

        Raises Unpriceable.
        """
        pmf = of_player(self.player, outlook).pmf(self.stat)
        return pmf.window(low, high), math.inf if pmf.chances.size == 1 else pmf.first


@dataclass(frozen=True, eq=False)
class Sheet:
    """A list of markets of one game, prepared so that `rows` prices those with a line at once.

    `lined` are the indices of the markets that a line decides; the arrays hold these alone. The
    `others` are the indices of the rest, which are priced one by one.
    """

    lined: tuple[int, ...]
    others: tuple[int, ...]
    groups: tuple[tuple[AskedPart | AskedFigure, int, int], ...]
    """What the lined markets ask about, with the lowest and highest value that they need."""
    group: Ints
    """The index in `groups` of what each market asks about."""
    line: Floats
    upper: Ints
    lower: Ints
    """For the win, push and loss of each market, the indices of the two values whose difference is
    its chance, `[result, market]`. The values are those of all groups, then 0 and 1."""
    counted: tuple[PlayerTotal | Question | None, ...]
    """What the markets count, each once; None for the final score."""
    own: tuple[int, ...]
    """The index in `counted` of what each market counts."""

    @staticmethod
    def of(markets: Sequence[Market]) -> Sheet:
        """The sheet of these markets, in their order."""
        asked: list[tuple[AskedPart | AskedFigure, float, bool]] = []
        lined: list[int] = []
        others: list[int] = []
        for place, market in enumerate(markets):
            if isinstance(market, PlayerTotal):
                over = market.direction is Direction.OVER
                asked.append((AskedFigure(market.player, market.stat), market.points, over))
            elif not isinstance(market, DoubleDouble) and (
                (told := question(market)).shape is Shape.LINE
            ):
                asked.append((AskedPart(told.span, told.part), told.line, told.above))
            else:
                others.append(place)
                continue
            lined.append(place)
        places = {kind: i for i, kind in enumerate(dict.fromkeys(x for x, _, _ in asked))}
        group = [places[x] for x, _, _ in asked]
        floors = [math.floor(line) for _, line, _ in asked]
        members: list[list[int]] = [[] for _ in places]
        for (_, line, _), floor, k in zip(asked, floors, group, strict=True):
            # What is below a line, and on it where it is a whole number.
            members[k] += [floor, floor + 1] if floor == line else [floor + 1]
        lows, highs = [min(x) for x in members], [max(x) for x in members]
        sizes = [b - a + 1 for a, b in zip(lows, highs, strict=True)]
        *starts, zero = np.cumsum([0, *sizes]).tolist()
        one = zero + 1
        upper, lower = [], []
        for (_, line, above), floor, k in zip(asked, floors, group, strict=True):
            under = starts[k] + floor + 1 - lows[k]
            below = under - 1 if floor == line else under
            # Above the line, on it and below it: reversed for a bet on the side below it.
            turn = 1 if above else -1
            upper.append([one, under, below][::turn])
            lower.append([under, below, zero][::turn])
        figures = [_counted_by(x) for x in markets]
        counted = {_what(x): x for x in figures}
        index = {what: i for i, what in enumerate(counted)}
        return Sheet(
            lined=tuple(lined),
            others=tuple(others),
            groups=tuple(zip(places, lows, highs, strict=True)),
            group=np.array(group, dtype=np.int64),
            line=np.array([line for _, line, _ in asked]),
            upper=np.array(upper, dtype=np.int64).reshape(-1, 3).T.copy(),
            lower=np.array(lower, dtype=np.int64).reshape(-1, 3).T.copy(),
            counted=tuple(counted.values()),
            own=tuple(index[_what(x)] for x in figures),
        )

    def rows(self, outlook: Outlook) -> tuple[Floats, Sequence[int]]:
        """Rows of (win, push, lose), one a lined market, and the indices of those without a chance.

        The rows of these mean nothing.
        """
        sums: list[float] = []
        stands: list[float] = []
        unknown: list[int] = []
        some_decided = False
        for k, (asked, low, high) in enumerate(self.groups):
            try:
                below, least = asked.below(low, high, outlook)
            except Unpriceable:
                unknown.append(k)
                below, least = [0.0] * (high - low + 1), 0.0
            sums += below
            stands.append(least)
            some_decided = some_decided or least >= low
        values = np.array([*sums, 0.0, 1.0])
        found = values.take(self.upper)
        found -= values.take(self.lower)
        # Both sides of a line that is not decided get SMALLEST, and the rest is shared as given.
        smallest: Any = SMALLEST
        if some_decided:
            smallest = SMALLEST * (self.line >= np.array(stands).take(self.group))
        found *= 1.0 - 2.0 * smallest
        either = found[::2]
        either += smallest
        if not unknown:
            return found.T, ()
        asked_by = zip(self.lined, self.group.tolist(), strict=True)
        return found.T, [place for place, k in asked_by if k in unknown]


_KEPT = 128
"""The most sheets that are kept."""

_laid: dict[tuple[int, ...], tuple[tuple[Market, ...], Sheet]] = {}
"""Kept sheets by the ids of their markets: hashing the markets would take longer than pricing them.
The markets are kept with the sheet, so that no other object can get the id of one."""


def laid_out(markets: tuple[Market, ...]) -> Sheet:
    """The sheet of these markets, made once: a game's bets stay the same from poll to poll."""
    key = tuple(map(id, markets))
    known = _laid.get(key)
    if known is None:
        if len(_laid) >= _KEPT:
            _laid.clear()
        known = _laid[key] = markets, Sheet.of(markets)
    return known[1]
