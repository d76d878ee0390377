"""Forecasts for the daemon: the prior of a game, and the work done off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tracker.daemon.track import Tell
from tracker.domain.bet import Bet
from tracker.domain.game import Game, GameState
from tracker.domain.poll import Trouble, Unreadable
from tracker.domain.prior import Lines, Prior
from tracker.engine.book import Book
from tracker.forecast import (
    Outlook,
    Parameters,
    Unpriceable,
    forecast,
    load_parameters,
    prior_from,
)

BUDGET_SECONDS = 2.0
"""Real time after which a forecast is given up and the last one stands."""

_THREADS = 2
"""One that is stuck leaves one; more would only cost memory, each keeping its own."""

LinesFor = Callable[[Game], Lines | None]
"""The closing lines that the configuration gives for a game."""

Load = Callable[[str], Parameters]
"""The parameters in use of a league. It may be called from several threads."""


class Forecaster:
    """Forecasts a game from its state, with what was believed of it before tip-off."""

    def __init__(self, lines_for: LinesFor, tell: Tell, load: Load = load_parameters) -> None:
        """`lines_for` looks up the configuration's lines; those given with a bet come first."""
        self._load = load
        self._lines_for = lines_for
        self._tell = tell
        self._failing: set[str] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="forecast")

    async def forecast(self, book: Book, state: GameState) -> Outlook | Unreadable:
        """The outlook, or why there is none: a forecast that fails leaves the last one standing."""
        name = book.game.name
        try:
            async with asyncio.timeout(BUDGET_SECONDS):
                loop = asyncio.get_running_loop()
                outlook = await loop.run_in_executor(self._threads, self.outlook, book, state)
        except (ArithmeticError, ValueError, Unpriceable, TimeoutError) as why:
            if name not in self._failing:
                self._failing.add(name)
                what = f"{type(why).__name__}: {why} at {state.game_clock}"
                self._tell("forecast.failed", {"game": name, "why": what})
            return Unreadable(Trouble.MALFORMED, "the forecast failed; the last one stands")
        if name in self._failing:
            self._failing.discard(name)
            self._tell("forecast.recovered", {"game": name})
        return outlook

    def outlook(self, book: Book, state: GameState) -> Outlook:
        """The forecast itself."""
        parameters = self._load(book.game.league)
        return forecast(state, self.prior(book, parameters), parameters)

    def prior(self, book: Book, parameters: Parameters) -> Prior:
        """What was believed before tip-off: lines given, else the bets' own, else the average."""
        bets = [x.bet for x in book.tracked if x.bet.added_at <= book.game.start]
        return prior_of(bets, self._lines_for(book.game), parameters)


def prior_of(bets: list[Bet], lines: Lines | None, parameters: Parameters) -> Prior:
    """The prior from lines given with a bet or in the configuration, and from the bets themselves.

    Of several bets, those priced closest to even speak first: their lines are the least alternate.
    """
    given = next((b.lines for b in bets if not b.lines.empty), lines)
    prior = prior_from(given, parameters)
    even = sorted(bets, key=_distance_from_even)
    seen = [prior_from(given, parameters, (b.market, _price(b))) for b in even]
    margin = next((x for x in seen if x.margin_sd < prior.margin_sd), prior)
    total = next((x for x in seen if x.total_sd < prior.total_sd), prior)
    source = min(prior.source, margin.source, total.source, key=list(type(prior.source)).index)
    return replace(
        prior,
        margin=margin.margin,
        margin_sd=margin.margin_sd,
        total=total.total,
        total_sd=total.total_sd,
        source=source,
    )


def _price(bet: Bet) -> float | None:
    return None if bet.odds is None else float(bet.odds.decimal)


def _distance_from_even(bet: Bet) -> float:
    return 1.0 if bet.odds is None else abs(bet.odds.break_even - 0.5)
