"""Closing line value: the expected profit, by the close, of one unit at the price that was paid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tracker.domain.bet import Bet, Leg, Parlay, Result, price_of
from tracker.domain.catalog.books import HouseRules, house_of
from tracker.domain.chance import Chance, Unpriceable
from tracker.domain.game import Game
from tracker.domain.market import (
    Market,
    Moneyline,
    PlayerMarket,
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
from tracker.domain.value import ClosingValue, Grade, as_paid, edge, part_paid
from tracker.engine.decide.parlays import combined
from tracker.engine.market import GameClose
from tracker.forecast.pricing.markets import chance_of, parlay_of

if TYPE_CHECKING:
    from tracker.forecast.outlook import Outlook

AtClose = Callable[[str], "Outlook | None"]
"""Looks up, by a game's id, its outlook at its closing lines; None where it has none."""

LIVE, NO_PRICE, NO_CLOSE, CALLED_OFF, UNKNOWN, VOID = (
    "live bet", "no price", "no close", "called off", "little known of the player", "void",
)  # fmt: skip
"""Why a value is missing, as reports count it. A colon and details of the one bet may follow."""

_SAME = 1e-9
"""Values that differ by less are the same: only rounding sets them apart."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A bet and which parts of it are void. `dropped` are the indices of void legs.

    `void` is whether the whole bet is void: then no price was taken, and it has no value.
    """

    bet: Bet
    void: bool = False
    dropped: tuple[int, ...] = ()

    @classmethod
    def of(cls, tracked: Tracked) -> Placed:
        """The placed bet of a tracked one, as it stands now."""
        settled = tracked.in_force
        void = settled is not None and settled.result is Result.VOID
        gone = tuple(x.leg for x in tracked.legs if x.result is Result.VOID)
        return cls(tracked.bet, void or len(gone) == len(tracked.bet.legs), gone)

    @property
    def at(self) -> datetime:
        """When the bet was placed."""
        return self.bet.made_at

    @property
    def games(self) -> tuple[Game, ...]:
        """The games of the bet, without a game whose legs are all void."""
        left = {x.game.id for i, x in enumerate(self.bet.legs) if i not in self.dropped}
        return tuple(x for x in self.bet.games if x.id in left or self.void)

    @property
    def price(self) -> Odds | None:
        """The price of the bet: where legs are void, the product of the other legs' prices."""
        market = self.bet.market
        if not self.dropped or not isinstance(market, Parlay):
            return price_of(market, self.bet.odds)
        return market.price(self.dropped)

    @property
    def note(self) -> str:
        """Which parts are void, in words for a value's reason; empty where none is."""
        if self.void:
            return VOID
        names = " and ".join(str(i + 1) for i in self.dropped)
        return f"{several(len(self.dropped), 'leg')} {names} void" if self.dropped else ""

    def noted(self, why: str) -> str:
        """The reason why a value is missing, with the void parts."""
        if self.void or not self.note:
            return why
        return f"{why}{'; ' if ':' in why else ': '}{self.note}"

    def heeded(self, value: ClosingValue, tips: Iterable[datetime] = ()) -> bool:
        """Whether a value is that of the bet as it stands by now.

        Parts may have become void since, and its price or when it was placed may have been
        corrected. `tips` are the tip-offs of its games.
        """
        if self.void:
            return value.grade is Grade.MISSING
        note, price = self.note, self.price
        if not (value.reason.endswith(note) if note else not value.reason.endswith(VOID)):
            return False
        live = any(self.at >= x for x in tips)
        if value.value is None or value.chance is None:
            lacked = value.reason.partition(":")[0]
            return not (lacked == NO_PRICE and price) and (live or lacked != LIVE)
        worth = None if price is None else edge(value.chance, float(price.decimal))
        return not live and worth is not None and abs(worth - value.value) < _SAME


def value_at_close(
    placed: Placed, closes: Mapping[str, GameClose], outlook: AtClose, revision: int, now: datetime
) -> ClosingValue:
    """Work out a bet's closing line value from the closes of its games, by the games' ids.

    `revision` is the revision to make. A value that cannot be worked out is MISSING, with a reason.
    """
    bet = placed.bet
    last = max((closes[x.id].closing.revision for x in bet.games if x.id in closes), default=None)

    def missing(why: str) -> ClosingValue:
        return ClosingValue(
            bet.number, revision, Grade.MISSING, now, reason=placed.noted(why),
            closing_revision=last,
        )  # fmt: skip

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
        return missing(NO_PRICE)
    house = house_of(bet.book)
    if isinstance(bet.market, Parlay):
        fair = _parlay(bet.market, placed.dropped, closes, outlook, house)
    else:
        fair = _single(bet.legs[0], closes[bet.game.id], outlook, house)
    if isinstance(fair, str):
        return missing(fair)
    value = edge(fair.chance, float(price.decimal))
    reason = "; ".join(x for x in (fair.reason, placed.note) if x)
    return ClosingValue(
        bet.number, revision, fair.grade, now, fair.chance, value, fair.points, reason, last
    )


@dataclass(frozen=True, slots=True)
class _CloseChance:
    """The chance of a wager by the close: how it was found, at which line, and who quoted it."""

    grade: Grade
    chance: Chance
    points: float | None
    reason: str


def _single(leg: Leg, close: GameClose, outlook: AtClose, house: HouseRules) -> _CloseChance | str:
    """The chance of a single bet by the close, or the reason why it has none."""
    market = house.read(leg.market)
    selection = selection_of(market)
    fair = None if selection is None else close.fair(selection)
    if fair is not None and selection is not None:
        win = fair.of(selection)
        points = _closed_at(market, close)
        points = selection.points if points is None else points
        return _CloseChance(Grade.QUOTED, Chance(win, 0.0, 1 - win), points, fair.by)
    if isinstance(market, PlayerMarket):
        return _player(market, close, outlook(leg.game.id))
    lacking = _lacking(market, close.lines)
    if lacking:
        unquoted = f"nobody quoted the {_line_name(market, lacking)}"
        return f"{NO_CLOSE}: {close.why.get(lacking, unquoted)}"
    seen = outlook(leg.game.id)
    if seen is None:
        return f"{NO_CLOSE}: nothing was quoted"
    try:
        chance = chance_of(market, seen)
    except Unpriceable as why:
        return f"{NO_CLOSE}: {why}"
    by = close.closing.by or ""
    return _CloseChance(Grade.CONVERTED, chance, _closed_at(market, close), by)


def _player(market: PlayerMarket, close: GameClose, seen: Outlook | None) -> _CloseChance | str:
    """The chance of a player market that was not quoted exactly.

    It comes from the outlook at the close, which knows his closing line where he was quoted.
    """
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
        return _CloseChance(Grade.MODEL, chance, None, "our own model: nobody quoted the player")
    return _CloseChance(Grade.CONVERTED, chance, quoted.selection.points, quoted.by)


def closing_lines(close: GameClose, players: tuple[Player, ...]) -> dict[tuple[Player, Stat], Fair]:
    """The closing line of each player's statistic: by most books, then nearest to even."""
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
    """The closing line that a market needs and that is missing; empty when none is."""
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


def _line_name(market: Market, lacking: str) -> str:
    """The name of the missing line: for a bet on the winner, the moneyline."""
    return "moneyline" if isinstance(market, Moneyline | ThreeWay) else lacking


def _closed_at(market: Market, close: GameClose) -> float | None:
    """The closing line of the bet's market, from the bet's side; None where it has none."""
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
) -> _CloseChance | str:
    """The chance of a parlay: legs of one game by its outlook at the close, games independent.

    Where a leg may push, a win is counted as far as it is paid, and not by its number.
    """
    groups, modelled, by, paid = [], False, [], 1.0
    for game in slip.games:
        left = [i for i in slip.in_game(game.id) if i not in dropped]
        if not left:
            continue
        close, seen = closes[game.id], outlook(game.id)
        if seen is None:
            return f"{NO_CLOSE}: nothing was quoted of {game.name}"
        markets = [house.read(slip.legs[i].market) for i in left]
        for market in markets:
            if isinstance(market, PlayerMarket):
                fair = _player(market, close, seen)
                if isinstance(fair, str):
                    return fair
                modelled = modelled or fair.grade is Grade.MODEL
            elif lacking := _lacking(market, close.lines):
                asked = _line_name(market, lacking)
                return f"{NO_CLOSE}: nobody quoted the {asked} of {game.name}"
        try:
            chances = [chance_of(x, seen) for x in markets]
            part = parlay_of(list(zip(markets, chances, strict=True)), seen)
        except Unpriceable as why:
            return f"{NO_CLOSE}: {why}"
        paid *= part_paid(zip((slip.legs[i].odds for i in left), chances, strict=True))
        groups.append(Group(game.id, part))
        by.append(close.closing.by or "")
    whole = combined(groups)
    if whole is None:
        return NO_CLOSE
    grade = Grade.MODEL if modelled else Grade.CONVERTED
    return _CloseChance(grade, as_paid(whole, paid), None, ", ".join(dict.fromkeys(by)))
