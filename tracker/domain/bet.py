"""Bets and parlays, their snapshots and settlements, and the check for legs that clash."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from itertools import chain, combinations, product
from math import prod
from typing import assert_never

from tracker.domain import Lazy
from tracker.domain.chance import LOST, PUSHED, WON, Chance, NoChance
from tracker.domain.game import Game, Score, Side
from tracker.domain.league import NBA
from tracker.domain.market import (
    LARGEST_SPREAD,
    LARGEST_TOTAL,
    Direction,
    DoubleDouble,
    GameMarket,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerMarket,
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
from tracker.domain.player import Stat
from tracker.domain.policy import EventRule, Fact, Rule
from tracker.domain.prior import NO_LINES, Lines, SourcedPrior

_MOST_DIGITS = 18
"""Digits of the longest number that the database can hold, whatever the digits."""


def number_of(text: str) -> int | None:
    """The number that a text of digits is; None for other text, and for one too long for any."""
    plain = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if plain else None


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of a parlay: a market of a game, and its own price where the slip shows one."""

    game: Game
    market: Market
    odds: Odds | None = None


@dataclass(frozen=True)
class Parlay:
    """Two or more legs in the order of the slip. It wins when no leg loses and one or more win."""

    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        """Refuse fewer than two legs, and the same leg twice."""
        if len(self.legs) < 2:  # noqa: PLR2004 - one leg is a single bet
            raise ValueError("a parlay needs two legs or more")
        if len({(x.game.id, x.market) for x in self.legs}) < len(self.legs):
            raise ValueError("a parlay cannot hold the same leg twice")

    @property
    def games(self) -> tuple[Game, ...]:
        """The games of the legs, each once, in order of tip-off."""
        found = {leg.game.id: leg.game for leg in self.legs}
        return tuple(sorted(found.values(), key=lambda x: (x.start, x.id)))

    def in_game(self, game_id: str) -> tuple[int, ...]:
        """The indices of the legs on one game."""
        return self._places.get(game_id, ())

    @Lazy
    def _places(self) -> dict[str, tuple[int, ...]]:
        games = [leg.game.id for leg in self.legs]
        return {x: tuple(i for i, game in enumerate(games) if game == x) for x in games}

    def product(self, dropped: Collection[int] = ()) -> Fraction | None:
        """The product of the legs' decimal prices; None when a leg has no price.

        `dropped` are the indices of legs that are left out.
        """
        left = [leg.odds for i, leg in enumerate(self.legs) if i not in dropped]
        prices = [odds.decimal for odds in left if odds is not None]
        return prod(prices, start=Fraction(1)) if len(prices) == len(left) else None

    def price(self, dropped: Collection[int] = ()) -> Odds | None:
        """The `product` as a price; None when a leg has no price."""
        product = self.product(dropped)
        return None if product is None else Odds(f"{float(product):.2f}", product)


Wager = Market | Parlay
"""What a bet is on: one market of a game, or a parlay."""


def legs_of(wager: Wager, game: Game, odds: Odds | None = None) -> tuple[Leg, ...]:
    """The legs of a parlay in order; of a single market the one leg, on `game` at `odds`."""
    return wager.legs if isinstance(wager, Parlay) else (Leg(game, wager, odds),)


def games_of(wager: Wager | None, game: Game) -> tuple[Game, ...]:
    """The games of a parlay, each once, in order of tip-off; of a single market its `game`."""
    return wager.games if isinstance(wager, Parlay) else (game,)


def price_of(wager: Wager | None, odds: Odds | None) -> Odds | None:
    """The price of a bet: its odds, else the product of its legs' prices where it is a parlay."""
    if odds is None and isinstance(wager, Parlay):
        return wager.price()
    return odds


def wager_kind(wager: Wager) -> str:
    """The wager's name in the JSON contracts: the market's name, or `parlay`."""
    return "parlay" if isinstance(wager, Parlay) else kind(wager)


def wager_text(wager: Wager, game: Game) -> str:
    """The wager in a bettor's words: `DEN -4.5`, `parlay: DEN ML; LAL@DEN over 224.5`.

    `game` names the teams of a single market; a parlay's legs have games of their own.
    """
    if not isinstance(wager, Parlay):
        return describe(wager, game.home, game.away)
    return "parlay: " + "; ".join(
        describe(leg.market, leg.game.home, leg.game.away)
        + ("" if leg.odds is None else f" {leg.odds.text}")
        for leg in wager.legs
    )


ASK_BOOK = "what did the book pay?"
"""The last words of a settlement's reason when the bet won and only the book knows the payout."""

TO_BE_GRADED = "taken back: graded when its game is over"
"""The reason of a result that stands no more: the person took it back while its game goes on, or a
correction opened the bet again."""


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

    `market` is one market of `game`, or a parlay; the `game` of a parlay is the first of its games
    to tip off. `odds` are the odds of the whole bet.

    `number` is the short id that people type; `name` is the person's own id, None where they gave
    none. `pick` is the text as written. `odds` and `stake_cents` may be unknown: the bet is then
    only watched. A rule that is given twice is kept once. The stake of a `free` bet is the book's
    money. `placed_at` is when the bet was placed, None where the person does not say.
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
    """What must come true: the legs of a parlay in order, or one leg made of a single market."""

    def __post_init__(self) -> None:
        """Drop repeated rules, because a firing is identified by the text of its rule."""
        if isinstance(self.market, Parlay) and self.game.id != self.market.games[0].id:
            raise ValueError(f"bet {self.number}: a parlay goes by the first of its games")
        rules = tuple({x.text: x for x in self.rules}.values())
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "legs", legs_of(self.market, self.game, self.odds))

    @property
    def id(self) -> int | str:
        """The person's own id where there is one, else the number."""
        return self.number if self.name is None else self.name

    @property
    def made_at(self) -> datetime:
        """When the bet was placed; when it was added where that is not known."""
        return self.placed_at or self.added_at

    @property
    def terms(self) -> tuple[Odds | None, int | None, bool, str | None]:
        """All that decides what it pays, besides its result."""
        return self.odds, self.stake_cents, self.free, self.book

    @property
    def asked_facts(self) -> frozenset[Fact]:
        """The facts that the bet's rules want an alert about."""
        return frozenset(x.event for x in self.rules if isinstance(x, EventRule))

    @property
    def own_cents(self) -> int | None:
        """The part of the stake that is the person's money; None when the stake is not known."""
        known = self.stake_cents
        return None if known is None else own_part(known, free=self.free)

    @property
    def games(self) -> tuple[Game, ...]:
        """The games that the bet is about, each once, in order of tip-off."""
        return games_of(self.market, self.game)


@dataclass(frozen=True, slots=True)
class ScoreMoments:
    """The means (mu) or standard deviations (sigma) of the final score, in points.

    `margin` is home minus away.
    """

    home: float
    away: float
    margin: float
    total: float


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """The figure that decides a bet that the final score does not decide.

    It is a player's statistic; or, for a quarter or a half, the margin of the backed side, the
    total or one team's points. `now` is the figure so far, None before its span begins; `mu` and
    `sigma` are the mean and the standard deviation of its final value.
    """

    now: float | None
    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class GameSnapshot:
    """A game at one moment and its forecast: what all bets on it share.

    `prior` is what was believed before tip-off; None in a snapshot of an earlier version.
    """

    at: datetime
    period: int
    clock: float
    game_clock: str
    score: Score
    mu: ScoreMoments
    sigma: ScoreMoments
    model_version: str
    feature_version: str
    prior: SourcedPrior | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A bet's chance at one moment of a game.

    `chance` is None when it is not known; `no_chance` then says why. `part` is the joint chance of
    those legs of a parlay that are on this game. `raw` is the forecast's chance before the
    calibration that `calibration_id` names. `own` is the figure that decides the bet; None when the
    final score (`mu`, `sigma`) decides it, and when the figure is not known.
    """

    bet: int
    game: GameSnapshot
    chance: Chance | None
    calibration_id: str
    part: Chance | None = None
    no_chance: NoChance | None = None
    raw: Chance | None = None
    own: OwnFigure | None = None

    @property
    def known(self) -> Chance:
        """The chance, for callers that have filtered out snapshots without one."""
        assert self.chance is not None  # noqa: S101 - the caller has checked it
        return self.chance


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of a bet. Revision 1 is the first; a corrected box score makes the next one.

    `reason` says in a few words why; `evidence` holds the box's figures and the book's rules that
    the result rests on. No box score changes a result that a person gave `by_hand`.
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
        """Whether a person must enter the payout, because only the book knows it."""
        return self.payout_cents is None and self.reason.endswith(ASK_BOOK)

    @property
    def taken_back(self) -> bool:
        """Whether the result was taken back and stands only until the end of the game grades it."""
        return self.reason == TO_BE_GRADED


def joint_result(results: Sequence[Result | None]) -> Result | None:
    """The result of legs that win together, from their own results; None while they are open.

    A lost leg loses all of them at once, and a leg that is void or a push drops out.
    """
    if Result.LOST in results:
        return Result.LOST
    if not results or None in results:
        return None
    if Result.WON in results:
        return Result.WON
    return Result.PUSH if Result.PUSH in results else Result.VOID


def result_chance(result: Result) -> Chance:
    """The chance of a bet whose result is known. A void bet counts as a push: the stake returns."""
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
    """This revision is official, because the box score read again later agrees with it.

    `why` says what the confirmation rests on when the box could not be read again.
    """

    bet: int
    revision: int
    at: datetime
    why: str = ""


_MOST_POINTS = int(LARGEST_TOTAL + LARGEST_SPREAD) + 2
"""Points of one team beyond every line: the search for a score stops there."""

_NEAR = range(-2, 3)
"""Points from where a leg is decided at which the search looks: legs and parities change there."""

_LIKELY = (0, 25, 26, 55, 56, 90, 105, 110, 111, 115, 120, 135, 160)
"""One team's points that are tried first: nearly all legs that can win together win at a pair of
these."""


def excluding(legs: Sequence[Leg]) -> tuple[int, ...]:
    """The indices of legs that cannot win together; empty when all legs can.

    Two legs are named where two exclude each other, else the larger group that does.
    """
    for places in _groups(legs):
        for pair in combinations(places, 2):
            if not _possible([legs[i] for i in pair]):
                return pair
        if len(places) > 2 and not _possible([legs[i] for i in places]):  # noqa: PLR2004 - a pair
            return places
    return ()


@lru_cache(maxsize=1024)
def exclusive(markets: tuple[Market, ...]) -> tuple[Market, ...]:
    """Those of some markets of one game that exclude each other; empty where all can win."""
    nowhere = Game("", NBA.id, "HOME", "AWAY", datetime.min.replace(tzinfo=UTC))
    return tuple(markets[i] for i in excluding([Leg(nowhere, x) for x in markets]))


def _groups(legs: Sequence[Leg]) -> list[tuple[int, ...]]:
    """Group the indices of legs that the same points, or one player's box figures, decide."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, leg in enumerate(legs):
        market = leg.market
        about: object = market.span
        if isinstance(market, PlayerMarket):
            about = market.player.side, market.player.key
        found[leg.game.id, about].append(place)
    return [tuple(x) for x in found.values() if len(x) > 1]


def _possible(legs: Sequence[Leg]) -> bool:
    if all(isinstance(x.market, PlayerMarket) for x in legs):
        return _possible_for_a_player(legs)
    return _win_together(tuple(x.market for x in legs if not isinstance(x.market, PlayerMarket)))


@lru_cache(maxsize=1024)
def _win_together(markets: tuple[GameMarket, ...]) -> bool:
    """Whether some score wins all the markets. Cached: a bet is checked each time it is read."""
    tie = markets[0].span is not Span.GAME
    likely = product(_LIKELY, _LIKELY)
    every = ((h, a) for h in range(_MOST_POINTS) for a in _turns(markets, h))
    return any(_win_at(markets, h, a) for h, a in chain(likely, every) if tie or h != a)


def _turns(markets: Iterable[GameMarket], home: int) -> set[int]:
    """Away points at which some market turns, with so many of the home team."""
    turns = {0, home, *(math.floor(abs(excess_of(x, home, 0))) for x in markets)}
    return {x + near for x in turns for near in _NEAR if x + near >= 0}


def _win_at(markets: Iterable[GameMarket], home: int, away: int) -> bool:
    found = [excess_of(x, home, away) for x in markets]
    return min(found) >= 0 and max(found) > 0


def excess_of(market: GameMarket, home: int, away: int) -> float:
    """The points by which a market wins at a score: it loses below 0 and pushes at 0."""
    lead = home - away
    match market:
        case Moneyline(side):
            return lead if side is Side.HOME else -lead
        case Spread(side, points):
            return (lead if side is Side.HOME else -lead) + points
        case Total(direction, points):
            return excess_over(direction, home + away, points)
        case TeamTotal(side, direction, points):
            return excess_over(direction, home if side is Side.HOME else away, points)
        case OddEven(parity, side):
            counted = home + away if side is None else home if side is Side.HOME else away
            return 1 if (counted % 2 == 1) == (parity is Parity.ODD) else -1
        case ThreeWay(side):
            if side is None:
                return 1 if lead == 0 else -1
            return 1 if (lead if side is Side.HOME else -lead) > 0 else -1
        case _:
            assert_never(market)


def excess_over(direction: Direction, made: int, points: float) -> float:
    """The points by which an over or an under of `points` wins with so many made."""
    return made - points if direction is Direction.OVER else points - made


def _possible_for_a_player(legs: Sequence[Leg]) -> bool:
    totals = [x.market for x in legs if isinstance(x.market, PlayerTotal)]
    tens = [x.market for x in legs if isinstance(x.market, DoubleDouble)]
    overs = [x for x in totals if x.direction is Direction.OVER]
    unders = [x for x in totals if x.direction is Direction.UNDER]
    # Where one line pushes and the other wins, the rest of the bet wins.
    too_much = any(
        math.ceil(over.points) > math.floor(under.points) or over.points == under.points
        for over in overs
        for under in unders
        if set(over.stat.parts) <= set(under.stat.parts)
    )
    reached = max((x.categories for x in tens if x.happens), default=0)
    missed = min((x.categories for x in tens if not x.happens), default=9)
    shared = [x for x in totals if {*x.stat.parts} <= {*Stat.PRA.parts, Stat.THREES}]
    return not too_much and reached < missed and _figures_win(shared)


def _figures_win(totals: Sequence[PlayerTotal]) -> bool:
    """Whether some points, rebounds, assists and threes win all totals: a three is three points."""
    overs = [x for x in totals if x.direction is Direction.OVER]
    threes = max((math.ceil(x.points) for x in overs if x.stat is Stat.THREES), default=0)
    boards = max((math.ceil(x.points) for x in overs if Stat.REB in x.stat.parts), default=0)
    sums = [x for x in totals if x.stat is not Stat.THREES]
    return any(_win_with(rebounds, 3 * threes, sums) for rebounds in range(boards + 1))


def _win_with(rebounds: int, points: int, totals: Iterable[PlayerTotal]) -> bool:
    """Whether so many rebounds, with at least so many points, win all totals."""
    none, scored, assisted, both = (
        frozenset(x) for x in ((), (Stat.PTS,), (Stat.AST,), Stat.PA.parts)
    )
    low = {none: 0, scored: points, assisted: 0, both: 0}
    high = dict.fromkeys(low, math.inf)
    for x in totals:
        rest = frozenset(x.stat.parts) - {Stat.REB}
        more = x.points - (rebounds if Stat.REB in x.stat.parts else 0)
        if x.direction is Direction.OVER:
            low[rest] = max(low[rest], math.ceil(more))
        else:
            high[rest] = min(high[rest], math.floor(more))
    least, most = (x[scored] + x[assisted] for x in (low, high))
    alone = all(low[x] <= high[x] for x in low)
    return alone and low[none] <= 0 and least <= high[both] and low[both] <= most
