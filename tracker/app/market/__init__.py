"""A game's quotes and close, and how bets fared by it, as a person asks for them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import TYPE_CHECKING, Any

from tracker.app.views import chance_parts, game_name_json, iso, part, plain
from tracker.domain import BadBet
from tracker.domain.bet import Parlay, Result, wager_kind
from tracker.domain.catalog.books import book_name
from tracker.domain.game import Game, GameState
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.quote import Closing, Quote, Selection, two_sided
from tracker.domain.value import ClosingValue, Grade
from tracker.engine.market import counts
from tracker.engine.record import NO_BOOK, NO_TAG, mean_error, ratio_error

if TYPE_CHECKING:
    from tracker.domain.policy import Rule
    from tracker.settings.models import OddsSettings
    from tracker.store import Store
    from tracker.store.quotes import StandingQuote, ValueSum
    from tracker.store.views import BetView


DAY = timedelta(hours=24)
"""How long before a game's tip-off its quotes are looked for."""

LIVE_AGE = timedelta(minutes=2)
"""Age of the oldest quote of a game in play that can still be had."""

_RECENT = timedelta(hours=36)
"""Games this near in time are named where none fits."""

_MOST_LISTED = 15
"""The most games that are named."""

NOT_YET = 30
"""Fewer bets than this give no mean worth showing: one bet's value has an sd of .107 units."""


async def named_game(store: Store, text: str, now: datetime) -> tuple[Game, GameState | None]:
    """The game that is meant by `LAL@DEN`, by one of its teams, or by its id.

    Of several, the one nearest in time; a date may follow, as in `LAL@DEN 2026-11-20`. Raises
    BadBet when there is none.
    """
    plain, _, day = text.strip().upper().partition(" ")
    listed = await store.games()
    fitting = [
        (game, state) for game, state in listed
        if plain in (game.name.upper(), game.home, game.away, game.id.upper())
        and (not day or game.slate.isoformat() == day.strip())
    ]  # fmt: skip
    if not fitting:
        near = sorted({x.name for x, _ in listed if abs(x.start - now) <= _RECENT})
        raise BadBet(f"{text!r} is no game that is known; {known_games(near)}")
    return min(fitting, key=lambda x: (abs(x[0].start - now), x[0].id))


def known_games(names: Sequence[str]) -> str:
    """The first of these games' names in words, for an error; or how games become known."""
    if not names:
        return "`tracker games` reads and shows what is on"
    return f"known are {', '.join(names[:_MOST_LISTED])}"


@dataclass(frozen=True, slots=True)
class Offered:
    """A quote with the seconds since it was last confirmed.

    `anchor` is whether its book only shows what is fair and takes no bet.
    """

    quote: Quote
    age_s: float
    anchor: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A main line from a moment on: its points, and the chance of its first side."""

    at: datetime
    points: float | None
    chance: float


@dataclass(frozen=True, slots=True)
class GameOdds:
    """All quotes of a game at a moment. `best` are the best of your books, `quotes` are all."""

    game: Game
    at: datetime
    best: tuple[Offered, ...]
    quotes: tuple[Offered, ...]
    paths: Mapping[str, tuple[Step, ...]]
    closing: Closing | None


async def game_odds(
    store: Store, game: Game, state: GameState | None, settings: OddsSettings, now: datetime
) -> GameOdds:
    """A game's quotes: the best prices, all prices, the path of each main line, and the close."""
    quotes = await store.quotes.standing(game.id, game.start - DAY, now)
    history = await store.quotes.history(game.id, game.start - DAY, now)
    closing = (await store.quotes.closings(game.id)).get(game.id)
    begun = state is not None and state.phase.rank > 0
    oldest = LIVE_AGE if begun else DAY
    offered = [offer(x, settings, now) for x in quotes]
    return GameOdds(
        game,
        now,
        best_of(offered, settings, oldest),
        tuple(offered),
        paths([quote for quote, _, _ in history]),
        closing,
    )


def offer(quotes: StandingQuote, settings: OddsSettings, now: datetime) -> Offered:
    """A quote with its age in seconds."""
    name = quotes.quote.book.rpartition(":")[2]
    age = max(0.0, (now - quotes.stood_at).total_seconds())
    return Offered(quotes.quote, age, name in settings.anchors)


def best_of(
    offered: Iterable[Offered], settings: OddsSettings, oldest: timedelta
) -> tuple[Offered, ...]:
    """The best price that can be had for each side of each line, over your books."""
    best: dict[Selection, Offered] = {}
    for one in offered:
        quote = one.quote
        usable = quote.open and one.age_s <= oldest.total_seconds()
        if not usable or not counts(quote.book, settings.mine, settings.anchors):
            continue
        known = best.get(quote.selection.main)
        if known is None or quote.odds > known.quote.odds:
            best[quote.selection.main] = one
    return tuple(best[x] for x in sorted(best, key=_order))


def _order(x: Selection) -> tuple[str, str, str, float, str]:
    return x.plain, x.span.value, x.about, x.points or 0.0, x.side


def paths(history: Sequence[Quote]) -> dict[str, tuple[Step, ...]]:
    """The market's main spread, total and moneyline over time, one step for each change."""
    from tracker.engine.market import consensus

    standing: dict[tuple[str, Selection], Quote] = {}
    found: dict[str, list[Step]] = defaultdict(list)
    for at, quotes in _by_time(history):
        for quote in quotes:
            standing[quote.book, quote.selection] = quote
        lines = consensus(two_sided([x for x in standing.values() if x.open]))
        if lines is None:
            continue
        plotted, _, _ = lines
        _step(found["spread"], at, plotted.home_spread)
        _step(found["total"], at, plotted.total)
        if plotted.home_ml is not None:
            _step(found["moneyline"], at, None, round(1 / plotted.home_ml, 4))
    return {name: tuple(steps) for name, steps in found.items() if steps}


def _by_time(history: Sequence[Quote]) -> list[tuple[datetime, list[Quote]]]:
    by_time: dict[datetime, list[Quote]] = defaultdict(list)
    for quote in history:
        by_time[quote.at].append(quote)
    return sorted(by_time.items())


def _step(
    steps: list[Step], at: datetime, points: float | None, chance: float | None = None
) -> None:
    if points is None and chance is None:
        return
    rounded = None if points is None else round(points * 2) / 2
    step = Step(at, rounded, 0.5 if chance is None else chance)
    if not steps or (steps[-1].points, steps[-1].chance) != (step.points, step.chance):
        steps.append(step)


# ------------------------------------------------------------------------------------------- CLV


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of some bets' closing line values, and its standard error; None for too few.

    The error is over games: the values of bets on one game move together.
    """

    key: str
    n: int
    mean: float | None
    se: float | None


@dataclass(frozen=True, slots=True)
class ClvReport:
    """How bets fared by the close. `n` counts all bets, `coverage` is the share that has a value.

    The mean is over single bets whose close was quoted or converted. Parlays, and values that rest
    on our own model, are kept apart.
    """

    n: int
    covered: int
    all: Mean
    parlays: Mean
    model: Mean
    missing: Mapping[str, int]
    groups: tuple[Mean, ...]
    rows: tuple[tuple[BetView, ClosingValue], ...]

    @property
    def singles(self) -> list[float]:
        """The values that the mean is taken over."""
        kept = (v for x, v in self.rows if v.grade.by_quotes and not isinstance(x.market, Parlay))
        return [x.value for x in kept if x.value is not None]

    @property
    def coverage(self) -> float | None:
        """The share of the bets that have a value; None without any bets."""
        return self.covered / self.n if self.n else None


KeysOf = Callable[["BetView"], Sequence[str]]


def _players(x: BetView) -> Sequence[str]:
    if isinstance(x.market, PlayerTotal | DoubleDouble):
        return (x.market.player.name,)
    return ()


BY: Mapping[str, KeysOf] = {
    "market": lambda x: () if x.market is None else (wager_kind(x.market).replace("_", " "),),
    "book": lambda x: (book_name(x.book) or NO_BOOK,),
    "tag": lambda x: x.tags or (NO_TAG,),
    "league": lambda x: () if x.game is None else (x.game.league,),
    "month": lambda x: () if x.game is None else (x.game.slate.isoformat()[:7],),
    "day": lambda x: () if x.game is None else (x.game.slate.isoformat(),),
    "player": _players,
}
"""What bets can be grouped by, under the keys of the record."""


def clv_report(
    bets: Iterable[BetView], values: Mapping[int, ClosingValue], by: str | None = None
) -> ClvReport:
    """How bets fared by the close, grouped by one of `BY` if one is given."""
    found = [(x, by_result(x, values.get(x.number))) for x in bets]
    rows = [(x, v) for x, v in found if v is not None]
    good = [(x, v) for x, v in rows if v.grade.by_quotes]
    singles = [(x, v) for x, v in good if not isinstance(x.market, Parlay)]
    missing = Counter(v.reason.partition(":")[0] for _, v in rows if v.grade is Grade.MISSING)
    groups: dict[str, list[ValuedBet]] = defaultdict(list)
    for x, v in singles if by is not None else ():
        for key in BY[by or ""](x):
            groups[key].append((x, v))
    return ClvReport(
        n=len(rows),
        covered=len(good),
        all=mean_of("all", singles),
        parlays=mean_of("parlays", [(x, v) for x, v in good if isinstance(x.market, Parlay)]),
        model=mean_of("model", [(x, v) for x, v in rows if v.grade is Grade.MODEL]),
        missing=dict(sorted(missing.items())),
        groups=tuple(mean_of(key, groups[key]) for key in sorted(groups)),
        rows=tuple(rows),
    )


async def read_clv(store: Store, rules: tuple[Rule, ...], by: str | None = None) -> ClvReport:
    """How all bets of a database fared by the close, as `clv_report` has it."""
    return clv_report(await store.bets_view(rules), await store.quotes.values(), by)


def clv_summary(sums: Sequence[ValueSum], unclosed: Mapping[bool, int]) -> ClvReport:
    """How bets fared by the close, from sums: without rows and groups, for any number of bets.

    `unclosed` are the numbers of bets that ended without a close, by whether they are void.
    """
    from tracker.engine.market.clv import NO_CLOSE, VOID

    kept = [x for x in sums if not x.void]
    good = [x for x in kept if x.grade.by_quotes]
    missing = Counter({VOID if void else NO_CLOSE: n for void, n in unclosed.items()})
    for x in sums:
        if x.grade is Grade.MISSING:
            missing[x.why] += x.n
        elif x.void:
            missing[VOID] += x.n
    return ClvReport(
        n=sum(x.n for x in sums) + sum(unclosed.values()),
        covered=sum(x.n for x in good),
        all=_mean_in("all", [x for x in good if not x.parlay]),
        parlays=_mean_in("parlays", [x for x in good if x.parlay]),
        model=_mean_in("model", [x for x in kept if x.grade is Grade.MODEL]),
        missing=dict(sorted(missing.items())),
        groups=(),
        rows=(),
    )


def _mean_in(key: str, sums: Sequence[ValueSum]) -> Mean:
    n = sum(x.n for x in sums)
    if not n:
        return Mean(key, 0, None, None)
    whole, games = math.fsum(x.whole for x in sums), sum(x.games for x in sums)
    sizes, both, squares = (math.fsum(x.products[i] for x in sums) for i in range(3))
    return Mean(key, n, whole / n, ratio_error(games, n, whole, (sizes, both, squares)))


def by_result(x: BetView, value: ClosingValue | None) -> ClosingValue | None:
    """The closing line value of a bet, given its result; None where it has no close yet.

    A void bet has no value. A bet that was added before tip-off and ended without a close counts as
    missing.
    """
    from tracker.engine.market.clv import NO_CLOSE, VOID

    void = x.result is Result.VOID
    if value is not None and void and value.grade is not Grade.MISSING:
        return replace(value, grade=Grade.MISSING, chance=None, value=None, reason=VOID)
    if value is None and x.result is not None and x.game is not None and x.game.start > x.added_at:
        reason = VOID if void else f"{NO_CLOSE}: {_NOT_THERE}"
        return ClosingValue(x.number, 0, Grade.MISSING, x.game.start, reason=reason)
    return value


async def worth_at_close(store: Store, x: BetView) -> ClosingValue | None:
    """What a bet was worth at the closing line, given its result."""
    return by_result(x, (await store.quotes.values(x.number)).get(x.number))


_NOT_THERE = "nobody watched at the tip-off"


def judged(report: ClvReport) -> tuple[int, int]:
    """How many bets have a value by quotes, and how many could have one."""
    from tracker.engine.market.clv import CALLED_OFF, LIVE, NO_PRICE, VOID

    # However well closes are taken, such a bet can have no value.
    excused = sum(report.missing.get(x, 0) for x in (LIVE, NO_PRICE, CALLED_OFF, VOID))
    return report.covered, report.n - excused - report.model.n


ValuedBet = tuple["BetView", ClosingValue]
"""A bet with its closing line value."""


def mean_of(key: str, valued: Sequence[ValuedBet]) -> Mean:
    """The mean value of some bets with its standard error."""
    if not valued:
        return Mean(key, 0, None, None)
    values = [(x.number if x.game is None else x.game.id, v.value or 0.0) for x, v in valued]
    return Mean(key, len(values), fmean(v for _, v in values), mean_error(values))


# -------------------------------------------------------------------------------------- contracts


def odds_json(x: GameOdds) -> dict[str, Any]:
    """A game's quotes as other programs read them."""
    return {
        "game": game_name_json(x.game),
        "at": iso(x.at),
        "best": [_offer_json(one) for one in x.best],
        "quotes": [_quote_json(one) for one in x.quotes],
        "path": plain(x.paths),
        "close": closing_json(x.closing),
    }


def _offer_json(x: Offered) -> dict[str, Any]:
    return {
        **part(x.quote.selection, "market", "span", "about", "points", "side"),
        "odds_decimal": x.quote.odds,
        "book": x.quote.book,
        "age_s": round(x.age_s, 3),
    }


def _quote_json(x: Offered) -> dict[str, Any]:
    return {
        **_offer_json(x),
        **part(x.quote, "at", "told_at", "size", "open"),
        "anchor": x.anchor,
    }


def closing_json(x: Closing | None) -> dict[str, Any] | None:
    """A close as other programs read it; None where there is none or it was voided."""
    if x is None or x.tip_at is None:
        return None
    return part(x, "tip_at", "home_spread", "total", "home_chance", "books", "by", "revision")


def clv_json(x: ClvReport, closings: Mapping[str, Closing]) -> dict[str, Any]:
    """How bets fared by the close, as `tracker clv --json` gives it."""
    return {
        **part(x, "n", "coverage"),
        **part(x.all, "mean", "se"),
        "missing": dict(x.missing),
        **part(x, "groups", "parlays", "model"),
        "bets": [
            {
                "id": bet.id,
                "grade": value.grade.value,
                "clv": value.value,
                **chance_parts(value.chance),
                "reason": value.reason,
                "close": None if bet.game is None else closing_json(closings.get(bet.game.id)),
            }
            for bet, value in x.rows
        ],
    }
