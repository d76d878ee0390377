"""Closing line value: what one unit on a bet was worth by the close, at the price that was paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from tracker.domain.bet import Bet, Leg, Parlay, Result, price_of
from tracker.domain.catalog.books import HouseRules, house_of
from tracker.domain.chance import Chance
from tracker.domain.game import Game
from tracker.domain.market import (
    DoubleDouble,
    Market,
    Moneyline,
    PlayerTotal,
    Span,
    Spread,
    ThreeWay,
    Total,
)
from tracker.domain.money import Odds, several
from tracker.domain.player import Player, Stat
from tracker.domain.prior import Lines
from tracker.domain.quote import Fair, selection_of
from tracker.domain.tracking import Group, Tracked
from tracker.domain.value import ClosingValue, Grade, edge
from tracker.engine.decide.parlays import combined
from tracker.engine.market import GameClose
from tracker.forecast.errors import Unpriceable
from tracker.forecast.pricing.markets import chance_of, parlay_of

if TYPE_CHECKING:
    from tracker.forecast.outlook import Outlook

AtClose = Callable[[str], "Outlook | None"]
"""Gives the outlook of a game at its closing lines, by its id; None where there are none."""

LIVE, NO_PRICE, NO_CLOSE, CALLED_OFF, UNKNOWN, VOID = (
    "live bet", "no price", "no close", "called off", "little known of the player", "void",
)  # fmt: skip
"""Why a value is missing, as it is counted. What follows a colon is about the one bet."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A bet with what has become of it. `dropped` are the places of the legs that are void.

    `void` is whether its book gave all of it back: then no price was taken, and none is judged.
    """

    bet: Bet
    void: bool = False
    dropped: tuple[int, ...] = ()

    @classmethod
    def of(cls, tracked: Tracked) -> Placed:
        """The bet as it stands."""
        settled = tracked.settlement
        void = settled is not None and settled.result is Result.VOID
        gone = tuple(x.leg for x in tracked.legs if x.result is Result.VOID)
        return cls(tracked.bet, void or len(gone) == len(tracked.bet.legs), gone)

    @property
    def at(self) -> datetime:
        """When it was placed."""
        return self.bet.made_at

    @property
    def games(self) -> tuple[Game, ...]:
        """The games that it is about, without those of which every leg is void."""
        left = {x.game.id for i, x in enumerate(self.bet.legs) if i not in self.dropped}
        return tuple(x for x in self.bet.games if x.id in left or self.void)

    @property
    def price(self) -> Odds | None:
        """What the whole pays: without void legs, by the prices of those that are left."""
        market = self.bet.market
        if not self.dropped or not isinstance(market, Parlay):
            return price_of(market, self.bet.odds)
        left = [x.odds for i, x in enumerate(market.legs) if i not in self.dropped]
        known = [x.decimal for x in left if x is not None]
        if len(known) < len(left):
            return None
        product = prod(known, start=Fraction(1))
        return Odds(f"{float(product):.2f}", product)

    @property
    def note(self) -> str:
        """What of the bet fell away, as a value by the close says it; empty where nothing did."""
        if self.void:
            return VOID
        names = " and ".join(str(i + 1) for i in self.dropped)
        return f"{several(len(self.dropped), 'leg')} {names} void" if self.dropped else ""

    def heeded(self, value: ClosingValue) -> bool:
        """Whether a value was reckoned with what has fallen away of the bet by now."""
        if self.void:
            return value.grade is Grade.MISSING
        note = self.note
        return value.reason.endswith(note) if note else not value.reason.endswith(VOID)


def value_at_close(
    placed: Placed,
    closes: Mapping[str, GameClose],
    outlook: AtClose,
    revision: int,
    now: datetime,
) -> ClosingValue:
    """What a bet was worth by the closes of all its games; `revision` is the one to be made."""
    bet = placed.bet
    last = max((closes[x.id].closing.revision for x in bet.games if x.id in closes), default=None)

    def missing(why: str) -> ClosingValue:
        return ClosingValue(
            bet.number, revision, Grade.MISSING, now, reason=why, closing_revision=last
        )

    for game in placed.games:
        close = closes.get(game.id)
        if close is None:
            return missing(f"{NO_CLOSE}: the tip-off of {game.name} was not seen")
        tip_at = close.closing.tip_at
        if tip_at is None:
            return missing(CALLED_OFF)
        if placed.at >= tip_at:
            return missing(LIVE)
    if placed.void:
        return missing(VOID)
    price = placed.price
    if price is None:
        return missing(f"{NO_PRICE}: {placed.note}" if placed.note else NO_PRICE)
    house = house_of(bet.book)
    if isinstance(bet.market, Parlay):
        fair = _parlay(bet.market, placed.dropped, closes, outlook, house)
    else:
        fair = _single(bet.legs[0], closes[bet.game.id], outlook, house)
    if isinstance(fair, str):
        return missing(fair)
    value = edge(fair.chance, price)
    reason = "; ".join(x for x in (fair.reason, placed.note) if x)
    return ClosingValue(
        bet.number, revision, fair.grade, now, fair.chance, value, fair.points, reason, last
    )


@dataclass(frozen=True, slots=True)
class _Told:
    grade: Grade
    chance: Chance
    points: float | None
    reason: str


def _single(leg: Leg, close: GameClose, outlook: AtClose, house: HouseRules) -> _Told | str:
    market = house.read(leg.market)
    selection = selection_of(market)
    fair = None if selection is None else close.fair(selection)
    if fair is not None and selection is not None:
        win = fair.of(selection)
        points = _closed_at(market, close)
        points = selection.points if points is None else points
        return _Told(Grade.QUOTED, Chance(win, 0.0, 1 - win), points, fair.by)
    if isinstance(market, PlayerTotal | DoubleDouble):
        return _player(market, close, outlook(leg.game.id))
    lacking = _lacking(market, close.lines)
    if lacking:
        return (
            f"{NO_CLOSE}: {close.why.get(lacking, f'nobody quoted the {_asked(market, lacking)}')}"
        )
    seen = outlook(leg.game.id)
    if seen is None:
        return f"{NO_CLOSE}: nothing was quoted"
    try:
        chance = chance_of(market, seen)
    except Unpriceable as why:
        return f"{NO_CLOSE}: {why}"
    by = close.closing.by or ""
    return _Told(Grade.CONVERTED, chance, _closed_at(market, close), by)


def _player(
    market: PlayerTotal | DoubleDouble, close: GameClose, seen: Outlook | None
) -> _Told | str:
    """A player's line that was not quoted as it is: by his closing line, else by our own model."""
    if seen is None:
        return f"{NO_CLOSE}: nothing was quoted"
    try:
        chance = chance_of(market, seen)
    except Unpriceable:
        return UNKNOWN
    quoted = None
    if isinstance(market, PlayerTotal):
        quoted = closing_lines(close, (market.player,)).get((market.player, market.stat))
    if quoted is None:
        return _Told(Grade.MODEL, chance, None, "our own model: nobody quoted the player")
    return _Told(Grade.CONVERTED, chance, quoted.selection.points, quoted.by)


def closing_lines(close: GameClose, players: tuple[Player, ...]) -> dict[tuple[Player, Stat], Fair]:
    """The line of each player's figure that most books closed at, the evenest of several."""
    from tracker.domain.player import player_key
    from tracker.domain.quote import STAT_MARKETS

    by_key = {x.key: x for x in players}
    found: dict[tuple[Player, Stat], Fair] = {}
    for selection, fair in close.fairs.items():
        stat, player = STAT_MARKETS.get(selection.plain), by_key.get(player_key(selection.about))
        if stat is None or player is None:
            continue
        known = found.get((player, stat))
        if known is None or _rank(fair) < _rank(known):
            found[player, stat] = fair
    return found


def _rank(fair: Fair) -> tuple[int, float]:
    return -fair.books, abs(fair.chance - 0.5)


def _lacking(market: Market, lines: Lines) -> str:
    """The closing line without which a market cannot be asked of the outlook; empty for none."""
    margin = lines.home_spread is not None or lines.home_ml is not None
    match market:
        case Moneyline() | Spread() | ThreeWay():
            return "" if margin else "spread"
        case Total():
            return "" if lines.total is not None else "total"
        case _:
            if not margin:
                return "spread"
            return "" if lines.total is not None else "total"


def _asked(market: Market, lacking: str) -> str:
    """The line that is lacking, as who bet on the winner calls it."""
    return "moneyline" if isinstance(market, Moneyline | ThreeWay) else lacking


def _closed_at(market: Market, close: GameClose) -> float | None:
    """The points at which the bet's own market closed, from its side."""
    closing = close.closing
    match market:
        case Spread(side, _, Span.GAME) if closing.home_spread is not None:
            points = closing.home_spread if side.value == "home" else -closing.home_spread
            return points or 0.0
        case Total(_, _, Span.GAME):
            return closing.total
        case _:
            return None


def _parlay(
    slip: Parlay,
    dropped: tuple[int, ...],
    closes: Mapping[str, GameClose],
    outlook: AtClose,
    house: HouseRules,
) -> _Told | str:
    """Legs of one game by their joint outlook at the close, games as independent."""
    groups, modelled, by = [], False, []
    for game in slip.games:
        left = [i for i in slip.in_game(game.id) if i not in dropped]
        if not left:
            continue
        close, seen = closes[game.id], outlook(game.id)
        if seen is None:
            return f"{NO_CLOSE}: nothing was quoted of {game.name}"
        markets = [house.read(slip.legs[i].market) for i in left]
        for market in markets:
            if isinstance(market, PlayerTotal | DoubleDouble):
                fair = _player(market, close, seen)
                if isinstance(fair, str):
                    return fair
                modelled = modelled or fair.grade is Grade.MODEL
            elif lacking := _lacking(market, close.lines):
                asked = _asked(market, lacking)
                return f"{NO_CLOSE}: nobody quoted the {asked} of {game.name}"
        try:
            part = parlay_of([(x, chance_of(x, seen)) for x in markets], seen)
        except Unpriceable as why:
            return f"{NO_CLOSE}: {why}"
        groups.append(Group(game.id, part))
        by.append(close.closing.by or "")
    whole = combined(groups)
    if whole is None:
        return NO_CLOSE
    grade = Grade.MODEL if modelled else Grade.CONVERTED
    return _Told(grade, whole, None, ", ".join(dict.fromkeys(by)))
