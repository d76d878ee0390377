"""The person's own kept quotes as candidates of a back-test: their books, a minute later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracker.app.backtest import BetOutcome, Candidate
from tracker.domain.bet import Result
from tracker.domain.catalog.books import house_of
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.player import Player
from tracker.domain.prior import Lines
from tracker.domain.quote import Quote, Selection, market_of, two_sided
from tracker.engine.market.board import best_price
from tracker.engine.market.closing import close, consensus
from tracker.engine.settle.grading import Unsettleable, judge
from tracker.forecast.errors import Unpriceable
from tracker.forecast.pricing.markets import calibrated
from tracker.wording.closes import selection_text

if TYPE_CHECKING:
    from tracker.domain.market import Market
    from tracker.engine.market.strategy import Strategy
    from tracker.forecast.outlook import Outlook
    from tracker.settings.models import OddsSettings

DELAY = timedelta(seconds=60)
"""Between a decision and the bet: a person must read, open the book and type."""

OutlookOf = Callable[[Game, Lines, Sequence[Player]], "Outlook"]
"""Forecasts a game before its tip-off from the market's lines of a moment."""


@dataclass(frozen=True, slots=True)
class QuotesOfGame:
    """A game that is over with the quotes kept of it, and who of its players are known."""

    game: Game
    final: GameState
    quotes: tuple[Quote, ...]
    tip_at: datetime
    players: tuple[Player, ...] = ()


def candidates(
    kept: QuotesOfGame, strategy: Strategy, settings: OddsSettings, outlook_of: OutlookOf
) -> list[tuple[Candidate, BetOutcome]]:
    """Each side that was for sale at your books, at the price of a minute after the decision.

    The decision falls at the first quote at which the strategy's conditions hold, else at the last
    before tip-off; it knows nothing of what was quoted or played later.
    """
    mine = strategy.books or settings.mine
    times = sorted({x.at for x in kept.quotes if x.at <= kept.tip_at})
    found: dict[Selection, Candidate] = {}
    done: set[Selection] = set()
    outlooks: dict[Lines, Outlook] = {}
    for at in times:
        standing = in_force(kept.quotes, at)
        lines = consensus(two_sided(standing))
        if lines is None:
            continue
        if lines[0] not in outlooks:
            outlooks[lines[0]] = outlook_of(kept.game, lines[0], kept.players)
        for selection in {x.selection.main for x in standing} - done:
            one = _candidate(kept, selection, at, outlooks[lines[0]], mine, settings)
            if one is not None:
                found[selection] = one
                if strategy.holds(one.figures):
                    done.add(selection)
    closed = close(kept.game.id, 1, kept.tip_at, two_sided(in_force(kept.quotes, kept.tip_at)))
    told = []
    for selection, one in found.items():
        fair = closed.fair(selection)
        clv = None if fair is None else fair.of(selection) * one.odds - 1
        told.append((one, BetOutcome(_won(selection, kept), clv)))
    return told


def in_force(quotes: Sequence[Quote], at: datetime) -> list[Quote]:
    """The prices that stood at a time: the last of each book and side up to then, if open."""
    last: dict[tuple[str, Selection], Quote] = {}
    for quote in quotes:
        if quote.at <= at:
            last[quote.book, quote.selection] = quote
    return [x for x in last.values() if x.open]


def _candidate(
    kept: QuotesOfGame, selection: Selection, at: datetime, outlook: Outlook, mine: Sequence[str],
    settings: OddsSettings,
) -> Candidate | None:  # fmt: skip
    market = market_of(selection, kept.players)
    asked = best_price(in_force(kept.quotes, at), selection, mine, settings.anchors, at)
    later = min(at + DELAY, kept.tip_at)
    had = best_price(in_force(kept.quotes, later), selection, mine, settings.anchors, later)
    chance = None if market is None else _chance(market, outlook)
    if asked is None or had is None or chance is None:
        return None
    return Candidate(
        game=kept.game.id,
        day=kept.game.slate,
        market=selection.plain,
        side=selection.side,
        text=f"{kept.game.name} {selection_text(selection, kept.game.home, kept.game.away)}",
        book=had.book,
        win=chance[0],
        push=chance[1],
        odds=had.odds,
        asked=asked.odds,
        minutes=(kept.game.start - at).total_seconds() / 60,
        underdog=asked.odds > 2 if selection.plain == "moneyline" else (selection.points or 0) > 0,  # noqa: PLR2004
    )


def _chance(market: Market, outlook: Outlook) -> tuple[float, float] | None:
    try:
        found = calibrated(market, outlook)
    except Unpriceable:
        return None
    return found.win, found.push


def _won(selection: Selection, kept: QuotesOfGame) -> float | None:
    market = market_of(selection, kept.players)
    if market is None:
        return None
    try:
        result = judge(market, kept.final, house_of(None)).result
    except Unsettleable:
        return None
    return {Result.WON: 1.0, Result.LOST: 0.0}.get(result)


def grouped(
    quotes: Sequence[Quote], games: Sequence[tuple[Game, GameState | None]],
    tips: dict[str, datetime],
) -> list[QuotesOfGame]:  # fmt: skip
    """The games that are over and of which quotes were kept, with their tip-offs."""
    by_game: dict[str, list[Quote]] = defaultdict(list)
    for quote in quotes:
        by_game[quote.game].append(quote)
    return [
        QuotesOfGame(
            game, replace(state, game=game), tuple(by_game[game.id]),
            tips.get(game.id, game.start),
        )
        for game, state in games
        if state is not None and state.phase is Phase.FINAL and by_game.get(game.id)
    ]  # fmt: skip
