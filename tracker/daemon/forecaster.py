"""Forecasts for the daemon: the prior of a game, and the work done off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tracker.app.pricing import LinesFor, Load, Pricing
from tracker.domain.events import ForecastFailed, ForecastRecovered, Tell
from tracker.domain.game import Game, GameState
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.poll import Trouble, Unreadable
from tracker.domain.tracking import GameTracking
from tracker.forecast import (
    Outlook,
    Unpriceable,
    load_parameters,
)
from tracker.forecast.market import LiveLines
from tracker.forecast.pricing.player_lines import work_out_players
from tracker.forecast.priors import Known
from tracker.host import give_back_memory

BUDGET_SECONDS = 2.0
"""Real time after which a forecast is given up and the last one stands."""

_THREADS = 2
"""One that is stuck leaves one; more would only cost memory, each keeping its own."""


LiveOf = Callable[[Game, GameState], LiveLines | None]
"""Gives the market's lines of a game at this moment, with their age."""


def nothing_live(game: Game, state: GameState) -> LiveLines | None:  # noqa: ARG001 - it is a LiveOf
    """For whoever reads no quotes."""
    return None


class Forecaster:
    """Forecasts a game from its state, with what was believed of it before tip-off."""

    def __init__(
        self,
        lines_for: LinesFor,
        tell: Tell,
        load: Load = load_parameters,
        live: LiveOf = nothing_live,
    ) -> None:
        """`lines_for` looks up the configuration's lines; those given with a bet come first.

        `live` tells what the market quotes of a game in play.
        """
        self.pricing = Pricing(Known(lines_for), load=load)
        self._live = live
        self._tell = tell
        self._failing: set[str] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="forecast")
        self._first = threading.Lock()
        self._begun: set[str] = set()

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        """The outlook, or why there is none: a forecast that fails leaves the last one standing."""
        name = tracking.game.name
        try:
            async with asyncio.timeout(BUDGET_SECONDS):
                loop = asyncio.get_running_loop()
                live = self._live(tracking.game, state)
                outlook = await loop.run_in_executor(
                    self._threads, self.outlook, tracking, state, live
                )
        except (ArithmeticError, ValueError, Unpriceable, TimeoutError) as why:
            if name not in self._failing:
                self._failing.add(name)
                what = f"{type(why).__name__}: {why} at {state.game_clock}"
                self._tell(ForecastFailed(name, what))
            return Unreadable(Trouble.MALFORMED, "the forecast failed; the last one stands")
        if name in self._failing:
            self._failing.discard(name)
            self._tell(ForecastRecovered(name))
        return outlook

    def outlook(
        self, tracking: GameTracking, state: GameState, live: LiveLines | None = None
    ) -> Outlook:
        """The forecast itself, moved towards what the market quotes at that moment."""
        league = tracking.game.league
        if league in self._begun:
            return self._outlook(tracking, state, live)
        # A league's first forecast reads its parameters, and works out what all its games share.
        with self._first:
            made = self._outlook(tracking, state, live)
            if league not in self._begun:
                self._begun.add(league)
                give_back_memory()
        return made

    def _outlook(self, tracking: GameTracking, state: GameState, live: LiveLines | None) -> Outlook:
        bets = [x.bet for x in tracking.tracked]
        made = self.pricing.seen(state, bets, live=live).outlook()
        return prepared(replace(made, told=self.pricing.told(tracking.game, bets)), tracking)


def prepared(outlook: Outlook, tracking: GameTracking) -> Outlook:
    """The outlook with all worked out that a game's bets ask of it.

    An outlook works out parts of the game and players once, when they are first asked for: here, in
    a thread, and not where it is decided, on the event loop.
    """
    markets = {
        leg.market
        for x in tracking.tracked
        for leg in x.bet.legs
        if leg.game.id == tracking.game.id
    }
    work_out_players([x for x in markets if isinstance(x, PlayerTotal | DoubleDouble)], outlook)
    for span in {x.span for x in markets if not isinstance(x, PlayerTotal | DoubleDouble)}:
        try:
            outlook.of(span)
        except Unpriceable:
            continue
    return outlook
