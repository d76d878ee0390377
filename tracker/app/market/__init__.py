"""A game's quotes and close as a person asks for them, and what asking for them has cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tracker.app.views import game_name_json, iso, part, plain
from tracker.domain import BadBet
from tracker.domain.bet import Bet
from tracker.domain.game import Game, GameState, Listing
from tracker.domain.poll import Credit, Purchase, Purpose
from tracker.domain.quote import (
    ESPN_LINE,
    MONEYLINE,
    SPREAD,
    TOTAL,
    Closing,
    Quote,
    Selection,
    selection_of,
    two_sided,
)
from tracker.engine.market import counts, home_wins, main_line
from tracker.engine.market import credits as plans
from tracker.engine.market.credits import Refusal, Tariff, Tip

if TYPE_CHECKING:
    from tracker.settings.models import OddsSettings
    from tracker.store import Store
    from tracker.store.quotes import StandingQuote


DAY = timedelta(hours=24)
"""How long before a game's tip-off its quotes are looked for."""

LIVE_AGE = timedelta(minutes=2)
"""Age of the oldest quote of a game in play that can still be had."""

_RECENT = timedelta(hours=36)
"""Games this near in time are named where none fits."""

_MOST_LISTED = 15
"""The most games that are named."""


async def named_game(store: Store, text: str, now: datetime) -> Listing:
    """The game that is meant by `LAL@DEN`, by one of its teams, or by its id.

    Of several, the one nearest in time; a date may follow, as in `LAL@DEN 2026-11-20`. Raises
    BadBet when there is none.
    """
    plain, _, day = text.strip().upper().partition(" ")
    listed = await store.every_game()
    fitting = [
        game for game in listed
        if plain in (game.name.upper(), game.home, game.away, game.id.upper())
        and (not day or game.slate.isoformat() == day.strip())
    ]  # fmt: skip
    if not fitting:
        near = sorted({x.name for x in listed if abs(x.start - now) <= _RECENT})
        raise BadBet(f"{text!r} is no game that is known; {known_games(near)}")
    meant = min(fitting, key=lambda x: (abs(x.start - now), x.id))
    (found,) = await store.games(ids=[meant.id])
    return found


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
    offered = [offer(x, settings, now) for x in quotes if x.quote.book != ESPN_LINE]
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
    return tuple(
        best[x]
        for x in sorted(best, key=lambda x: (x.plain, x.span, x.about, x.points or 0.0, x.side))
    )


def paths(history: Sequence[Quote]) -> dict[str, tuple[Step, ...]]:
    """The market's main spread, total and moneyline over time, one step for each change."""
    standing: dict[tuple[str, Selection], Quote] = {}
    found: dict[str, list[Step]] = defaultdict(list)
    by_time = attrgetter("at")
    for at, quotes in groupby(sorted(history, key=by_time), key=by_time):
        for quote in quotes:
            standing[quote.book, quote.selection] = quote
        lines = two_sided([x for x in standing.values() if x.open])
        for market in (SPREAD, TOTAL):
            line = main_line(lines, market)
            _step(found[market], at, None if line is None else line.shown)
        money = home_wins(lines)
        _step(found[MONEYLINE], at, None, None if money is None else round(money.chance, 4))
    return {name: tuple(steps) for name, steps in found.items() if steps}


def _step(
    steps: list[Step], at: datetime, points: float | None, chance: float | None = None
) -> None:
    if points is None and chance is None:
        return
    rounded = None if points is None else round(points * 2) / 2
    step = Step(at, rounded, 0.5 if chance is None else chance)
    if not steps or (steps[-1].points, steps[-1].chance) != (step.points, step.chance):
        steps.append(step)


def odds_json(x: GameOdds) -> dict[str, Any]:
    """A game's quotes as other programs read them."""
    return {
        "game": game_name_json(x.game),
        "at": iso(x.at),
        "best": [_offer_json(one) for one in x.best],
        "quotes": [
            _offer_json(one)
            | part(one.quote, "at", "told_at", "size", "open")
            | {"anchor": one.anchor}
            for one in x.quotes
        ],
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


def closing_json(x: Closing | None) -> dict[str, Any] | None:
    """A close as other programs read it; None where there is none or it was voided."""
    if x is None or x.tip_at is None:
        return None
    return part(x, "tip_at", "home_spread", "total", "home_chance", "books", "by", "revision")


# ------------------------------------------------------------------------------------------ credits

TONIGHT = timedelta(hours=18)
"""Games that tip off within this time count as tonight's, and their closes are planned."""

SINCE = timedelta(hours=12)
"""Purchases and refusals no older than this count as tonight's."""


@dataclass(frozen=True, slots=True)
class CreditReport:
    """The month's credits by the source's own count, and tonight's.

    `games` is the number of games with bets that are still to begin.
    """

    provider: str
    used: int | None
    remaining: int | None
    planned_tonight: int
    games: int
    refused: tuple[tuple[str, str], ...]
    bought: tuple[Credit, ...]


def tip_of(game: Game, bets: Iterable[Bet], markets: Sequence[str] = ()) -> Tip:
    """A game whose close is wanted, with the markets that its bets need.

    `markets` are those of the settings: an alternate line is bought only if it is among them.
    """
    from tracker.feeds.odds.the_odds_api import market_key

    own: set[str] = set()
    for leg in (y for x in bets for y in x.legs):
        selection = selection_of(leg.market) if leg.game.id == game.id else None
        if selection is None:
            continue
        keys = {market_key(selection), *map(market_key, _alternates(selection))}
        own |= {x for x in keys if x is not None} - set(plans.FEATURED)
    wanted = {x for x in own if "alternate" not in x or x in markets}
    return Tip(game.id, game.league, game.name, game.start, tuple(sorted(wanted)))


def _alternates(x: Selection) -> tuple[Selection, ...]:
    """The keys of the same line as an alternate line beside the main one."""
    if x.plain == MONEYLINE:
        return ()
    name = f"{x.plain}_alternate" if x.of_player else f"alternate_{x.plain}"
    return (replace(x, market=name),)


async def credit_report(
    store: Store, settings: OddsSettings, now: datetime, *, keyed: bool
) -> CreditReport:
    """The credits of the month and of tonight; `keyed` is whether there is a key."""
    from tracker.feeds.odds.the_odds_api import NAME

    api = settings.the_odds_api
    tariff = Tariff.of(api.markets, api.regions, api.bookmakers)
    rows = await store.quotes.credits(now - SINCE)
    balance = await store.quotes.balance(NAME)
    remaining = None if balance is None else balance.remaining
    tips = await _tips_tonight(store, api.markets, now)
    done = plans.spent(rows, tips)
    wanted = [
        x for x in plans.plan(tips, tariff)
        if not set(x.games) <= (done.own if x.purpose is Purpose.OWN else done.closes.keys())
    ]  # fmt: skip
    planned, refused = _afforded(wanted, remaining, tariff)
    if not keyed:
        planned, refused = 0, [(x.what, "there is no key of The Odds API") for x in wanted]
    earlier = [(x.purpose, x.refused) for x in rows if x.refused is not None]
    return CreditReport(
        NAME,
        None if balance is None else balance.used,
        remaining,
        planned,
        len(tips),
        tuple(dict.fromkeys((*earlier, *refused))),
        tuple(x for x in rows if x.refused is None),
    )


async def _tips_tonight(store: Store, markets: Sequence[str], now: datetime) -> list[Tip]:
    """The games with bets that tip off tonight, or have just done so."""
    from tracker.feeds.odds.the_odds_api import SPORTS

    return [
        tip_of(x.game, [y.bet for y in x.tracked], markets)
        for x in await store.trackings(())
        if x.tracked
        and x.game.league in SPORTS
        and timedelta(0) <= x.game.start - now + plans.LASTS <= TONIGHT
        and (x.state is None or x.state.phase.rank == 0)
    ]


def _afforded(
    wanted: Sequence[Purchase], left: int | None, tariff: Tariff
) -> tuple[int, list[tuple[str, str]]]:
    """The credits that the purchases cost, and those that are refused, each with the reason.

    `left` are the credits that remain, None where the source has not told.
    """
    planned, refused = 0, []
    closes = sum(x.planned for x in wanted if x.purpose is Purpose.CLOSE)
    for one in wanted:
        closes -= one.planned if one.purpose is Purpose.CLOSE else 0
        found = plans.afford(one, left, tariff, closes)
        if isinstance(found, Refusal):
            refused.append((one.what, found.why))
            continue
        planned += found.planned
        left = None if left is None else left - found.planned
    return planned, refused


def credits_json(x: CreditReport) -> dict[str, Any]:
    """The credits of the month and of tonight, as `tracker odds credits --json` gives them."""
    return {
        **part(x, "provider", "used", "remaining", "planned_tonight"),
        "refused": [{"what": what, "why": why} for what, why in x.refused],
        "bought": [
            part(one, "at", "purpose", "planned", "cost", "used", "remaining", "path")
            for one in x.bought
        ],
    }
