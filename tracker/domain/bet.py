"""Bets and parlays as a person registers them, what becomes of them, and legs that clash."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from math import prod
from typing import assert_never

from tracker.domain.chance import LOST, PUSHED, WON, Chance, NoChance
from tracker.domain.game import Game, Score, Side
from tracker.domain.league import NBA
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    GameMarket,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
    describe,
    kind,
)
from tracker.domain.money import Odds, own_part
from tracker.domain.policy import Rule
from tracker.domain.prior import NO_LINES, Lines, SourcedPrior


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of a parlay: a market of a game, and its own price where the slip shows one."""

    game: Game
    market: Market
    odds: Odds | None = None


@dataclass(frozen=True, slots=True)
class Parlay:
    """Two legs or more, in the order of the slip. It wins when none loses and one at least wins."""

    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        """Refuse what is no parlay."""
        if len(self.legs) < 2:  # noqa: PLR2004 - one leg is a single bet
            raise ValueError("a parlay needs two legs or more")
        if len({(x.game.id, x.market) for x in self.legs}) < len(self.legs):
            raise ValueError("a parlay cannot hold the same leg twice")

    @property
    def games(self) -> tuple[Game, ...]:
        """The games that it is about, each once, by tip-off."""
        found = {leg.game.id: leg.game for leg in self.legs}
        return tuple(sorted(found.values(), key=lambda x: (x.start, x.id)))

    def in_game(self, game_id: str) -> tuple[int, ...]:
        """The places of its legs on one game."""
        return tuple(i for i, leg in enumerate(self.legs) if leg.game.id == game_id)

    @property
    def product(self) -> Fraction | None:
        """What the legs' own prices come to together; None when one of them has none."""
        prices = [leg.odds.decimal for leg in self.legs if leg.odds is not None]
        return prod(prices, start=Fraction(1)) if len(prices) == len(self.legs) else None

    @property
    def price(self) -> Odds | None:
        """The product of the legs' prices, as a price of the whole; None as above."""
        product = self.product
        return None if product is None else Odds(f"{float(product):.2f}", product)


Wager = Market | Parlay
"""What a bet is on: one market of a game, or several legs together."""


def price_of(wager: Wager | None, odds: Odds | None) -> Odds | None:
    """The price of a bet: its odds, else the product of those of a parlay's legs, if known."""
    if odds is None and isinstance(wager, Parlay):
        return wager.price
    return odds


def wager_kind(wager: Wager) -> str:
    """The name in the JSON contracts: the market's own, or `parlay`."""
    return "parlay" if isinstance(wager, Parlay) else kind(wager)


def wager_text(wager: Wager, game: Game) -> str:
    """The wager in a bettor's words: `DEN -4.5`, `parlay: DEN ML; LAL@DEN over 224.5`.

    `game` is that of a single market.
    """
    if not isinstance(wager, Parlay):
        return describe(wager, game.home, game.away)
    return "parlay: " + "; ".join(
        describe(leg.market, leg.game.home, leg.game.away)
        + ("" if leg.odds is None else f" {leg.odds.text}")
        for leg in wager.legs
    )


ASK_BOOK = "what did the book pay?"
"""Ends the reason of a bet that is won and whose payout only the book knows."""


class Result(StrEnum):
    """How a bet ended."""

    WON = "won"
    LOST = "lost"
    PUSH = "push"
    VOID = "void"


class Status(StrEnum):
    """Where a bet stands."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    PROVISIONAL = "provisional"
    OFFICIAL = "official"
    WITHDRAWN = "withdrawn"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class Bet:
    """A registered bet whose game is known.

    `market` is what it is on: one market of `game`, or a parlay; `game` is then the first of its
    games to tip off. `odds` are those of the whole.

    `number` is the short id that people type; `name` is their own id, where they gave one. `pick`
    is the text as written. `odds` and `stake_cents` may be unknown: the bet is then only watched.
    A rule that is given twice is kept once. The stake of a `free` bet is the book's. `placed_at` is
    when it was placed, where the person says so.
    """

    number: int
    pick: str
    market: Wager
    game: Game
    rules: tuple[Rule, ...]
    added_at: datetime
    odds: Odds | None = None
    stake_cents: int | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    book: str | None = None
    lines: Lines = NO_LINES
    placed_at: datetime | None = None
    free: bool = False
    legs: tuple[Leg, ...] = field(init=False, repr=False, compare=False)
    """What must come true: the legs of a parlay in their order, or the one market."""

    def __post_init__(self) -> None:
        """Drop repeated rules: a firing is known by the text of its rule."""
        if isinstance(self.market, Parlay) and self.game.id != self.market.games[0].id:
            raise ValueError(f"bet {self.number}: a parlay goes by the first of its games")
        rules = tuple({x.text: x for x in self.rules}.values())
        object.__setattr__(self, "rules", rules)
        if isinstance(self.market, Parlay):
            legs = self.market.legs
        else:
            legs = (Leg(self.game, self.market, self.odds),)
        object.__setattr__(self, "legs", legs)

    @property
    def id(self) -> int | str:
        """The person's own id, else the number."""
        return self.number if self.name is None else self.name

    @property
    def made_at(self) -> datetime:
        """When it was placed, as far as that is known."""
        return self.placed_at or self.added_at

    @property
    def own_cents(self) -> int | None:
        """What of the stake is the person's money; None where the stake is not known."""
        known = self.stake_cents
        return None if known is None else own_part(known, free=self.free)

    @property
    def games(self) -> tuple[Game, ...]:
        """The games that it is about, each once, by tip-off."""
        return self.market.games if isinstance(self.market, Parlay) else (self.game,)


@dataclass(frozen=True, slots=True)
class ScoreMoments:
    """mu or sigma (points) of the final score's home and away points, margin and total."""

    home: float
    away: float
    margin: float
    total: float


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """The figure that decides a bet where the final score does not tell it.

    That is a player's figure, or of a quarter or half its margin (of the side that is backed), its
    total or one team's points. `now` is what counts so far, None before its span begins; `mu` and
    `sigma` are the mean and the standard deviation of what it ends with.
    """

    now: float | None
    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A bet's chance at one moment, with the state and the forecast that gave it.

    `chance` is None from where it is no longer known; `no_chance` then says why. `part` is the
    chance of those legs of a parlay that are about the game of the state, together. `prior` is what
    was believed before tip-off; None in what an earlier version wrote. `raw` is the chance as the
    forecast had it, where `calibration_id` names what corrected it. `own` is the figure that
    decides the bet; None where `mu` and `sigma` tell it, and where it is not known.
    """

    bet: int
    at: datetime
    period: int
    clock: float
    game_clock: str
    score: Score
    mu: ScoreMoments
    sigma: ScoreMoments
    chance: Chance | None
    model_version: str
    feature_version: str
    calibration_id: str
    part: Chance | None = None
    no_chance: NoChance | None = None
    prior: SourcedPrior | None = None
    raw: Chance | None = None
    own: OwnFigure | None = None

    @property
    def known(self) -> Chance:
        """The chance, for whoever left out the moments at which there was none."""
        assert self.chance is not None  # noqa: S101 - as is promised
        return self.chance


@dataclass(frozen=True, slots=True)
class Settlement:
    """A result of a bet. Revision 1 is the first; a corrected box score makes the next.

    `reason` says in a few words why; `evidence` are the figures of the box and the rules that it
    rests on. A result that a person gave `by_hand` is not changed by any box score.
    """

    bet: int
    revision: int
    result: Result
    payout_cents: int | None
    at: datetime
    reason: str
    evidence: str = ""
    by_hand: bool = False

    @property
    def asks_payout(self) -> bool:
        """Whether only the book knows what it paid, so that a person has to say it."""
        return self.payout_cents is None and self.reason.endswith(ASK_BOOK)


def chance_of(result: Result) -> Chance:
    """The chance of a bet that has its result: what is void comes back, as a push does."""
    match result:
        case Result.WON:
            return WON
        case Result.LOST:
            return LOST
        case Result.PUSH | Result.VOID:
            return PUSHED
        case _:
            assert_never(result)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The box score, read again later, agrees with this revision: it is official.

    `why` says what it rests on where the box could not be read again.
    """

    bet: int
    revision: int
    at: datetime
    why: str = ""


_MOST_POINTS = 200
"""No team has scored as much in a game."""

_LIKELY = (0, 25, 26, 55, 56, 90, 105, 110, 111, 115, 120, 135, 160)
"""Scores that are tried first: nearly all legs that can win together do so at one of them."""


def excluding(legs: Sequence[Leg]) -> tuple[int, ...]:
    """The places of legs that cannot win together, two of them where two do; else none."""
    for places in _groups(legs):
        for pair in combinations(places, 2):
            if not _possible([legs[i] for i in pair]):
                return pair
        if len(places) > 2 and not _possible([legs[i] for i in places]):  # noqa: PLR2004 - a pair
            return places
    return ()


@lru_cache(maxsize=1024)
def exclusive(markets: tuple[Market, ...]) -> bool:
    """Whether markets of one game exclude each other."""
    nowhere = Game("", NBA.id, "HOME", "AWAY", datetime.min.replace(tzinfo=UTC))
    return bool(excluding([Leg(nowhere, x) for x in markets]))


def _groups(legs: Sequence[Leg]) -> list[tuple[int, ...]]:
    """The places of legs that are decided by the same points, or by one player's box line."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, leg in enumerate(legs):
        market = leg.market
        about: object = market.span
        if isinstance(market, PlayerTotal | DoubleDouble):
            about = market.player.side, market.player.key
        found[leg.game.id, about].append(place)
    return [tuple(x) for x in found.values() if len(x) > 1]


def _possible(legs: Sequence[Leg]) -> bool:
    if all(isinstance(x.market, PlayerTotal | DoubleDouble) for x in legs):
        return _possible_for_a_player(legs)
    return _win_together(
        tuple(x.market for x in legs if not isinstance(x.market, PlayerTotal | DoubleDouble))
    )


@lru_cache(maxsize=1024)
def _win_together(markets: tuple[GameMarket, ...]) -> bool:
    """Whether some score wins all of them: a bet is asked for it whenever it is met again."""
    tie = markets[0].span is not Span.GAME
    likely = product(_LIKELY, _LIKELY)
    every = product(range(_MOST_POINTS + 1), repeat=2)
    return any(_win_at(markets, h, a) for h, a in likely if tie or h != a) or any(
        _win_at(markets, h, a) for h, a in every if tie or h != a
    )


def _win_at(markets: Iterable[GameMarket], home: int, away: int) -> bool:
    found = [excess_of(x, home, away) for x in markets]
    return min(found) >= 0 and max(found) > 0


def excess_of(market: GameMarket, home: int, away: int) -> float:
    """By how much a market wins at a score: below 0 it loses, at 0 it pushes."""
    lead = home - away
    match market:
        case Moneyline(side):
            return lead if side is Side.HOME else -lead
        case Spread(side, points):
            return (lead if side is Side.HOME else -lead) + points
        case Total(direction, points):
            return _over(direction, home + away, points)
        case TeamTotal(side, direction, points):
            return _over(direction, home if side is Side.HOME else away, points)
        case OddEven(parity, side):
            counted = home + away if side is None else home if side is Side.HOME else away
            return 1 if (counted % 2 == 1) == (parity is Parity.ODD) else -1
        case ThreeWay(side):
            if side is None:
                return 1 if lead == 0 else -1
            return 1 if (lead if side is Side.HOME else -lead) > 0 else -1
        case _:
            assert_never(market)


def _over(direction: Direction, made: int, points: float) -> float:
    return made - points if direction is Direction.OVER else points - made


def _possible_for_a_player(legs: Sequence[Leg]) -> bool:
    totals = [x.market for x in legs if isinstance(x.market, PlayerTotal)]
    tens = [x.market for x in legs if isinstance(x.market, DoubleDouble)]
    overs = [x for x in totals if x.direction is Direction.OVER]
    unders = [x for x in totals if x.direction is Direction.UNDER]
    too_much = any(
        math.floor(over.points) + 1 > math.ceil(under.points) - 1
        for over in overs
        for under in unders
        if set(over.stat.parts) <= set(under.stat.parts)
    )
    reached = max((x.categories for x in tens if x.happens), default=0)
    missed = min((x.categories for x in tens if not x.happens), default=9)
    return not too_much and reached < missed
