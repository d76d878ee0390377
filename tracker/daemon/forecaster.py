"""Forecasts for the daemon, worked out in threads, off the event loop.

`Forecaster` makes a game's outlook after each poll. `TrialWatch` lets a challenger on trial
forecast the same states as the champion, and stores what both say; it delays no poll.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tracker.app.pricing import LinesFor, Load, Pricing, markets_in
from tracker.clock import Clock, wait_for_event
from tracker.domain import TrackerError
from tracker.domain.chance import Unpriceable
from tracker.domain.events import ForecastFailed, ForecastRecovered, ShadowFailed, Tell
from tracker.domain.game import Game, GameState
from tracker.domain.market import Market
from tracker.domain.player import Player, PlayerGame, Stat, of_team
from tracker.domain.poll import Trouble, Unreadable
from tracker.domain.tracking import GameTracking
from tracker.engine.decide.parlays import markets_on
from tracker.engine.shadow import STATS, half_line, minutes_left, moment_of, of_game, of_players
from tracker.forecast import Outlook, Parameters, load_parameters, parlay
from tracker.forecast.calibration import NO_CALIBRATIONS
from tracker.forecast.explain import Seen
from tracker.forecast.market import LiveLines
from tracker.forecast.players.priors import PlayerPriors, player_prior
from tracker.forecast.pricing.markets import work_out
from tracker.forecast.priors import Known
from tracker.host import give_back_memory
from tracker.registry import GAMES, PLAYERS, Registry, in_use
from tracker.store import Store
from tracker.store.trials import Shadow, ShadowBet, Trial

BUDGET_SECONDS = 2.0
"""Real seconds that a forecast may take; after that the last outlook stands."""

_THREADS = 2
"""If one thread is stuck, one is left. More would only cost memory: each thread keeps its own."""

LiveOf = Callable[[Game, GameState], LiveLines | None]
"""Gives the market's lines of a game at this moment, with their age."""


class Forecaster:
    """Forecasts a game from its state and its prior."""

    def __init__(
        self,
        lines_for: LinesFor,
        tell: Tell,
        load: Load = load_parameters,
        live: LiveOf = lambda _, __: None,
    ) -> None:
        """`lines_for` looks up the configuration's lines; those given with a bet come first.

        `live` gives the market's lines of a game in play.
        """
        self.pricing = Pricing(Known(lines_for), load=load)
        self._live = live
        self._tell = tell
        self._failing: set[str] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="forecast")
        self._first = threading.Lock()
        self._begun: set[str] = set()

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        """The outlook, or why there is none: a failed forecast leaves the last outlook standing."""
        name = tracking.game.title
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
            return Unreadable(Trouble.UNPRICED, "the forecast failed; the last one stands")
        if name in self._failing:
            self._failing.discard(name)
            self._tell(ForecastRecovered(name))
        return outlook

    def outlook(
        self, tracking: GameTracking, state: GameState, live: LiveLines | None = None
    ) -> Outlook:
        """Work the outlook out in this thread, moved towards the market's live lines if given."""
        league = tracking.game.league
        if league in self._begun:
            return self._outlook(tracking, state, live)
        # A league's first forecast reads its parameters and computes what all its games share.
        with self._first:
            made = self._outlook(tracking, state, live)
            if league not in self._begun:
                self._begun.add(league)
                give_back_memory()
        return made

    def _outlook(self, tracking: GameTracking, state: GameState, live: LiveLines | None) -> Outlook:
        bets = [x.bet for x in tracking.tracked]
        made = self.pricing.seen(state, bets, live=live).outlook()
        return prepared(replace(made, prior=self.pricing.prior_of(tracking.game, bets)), tracking)


def prepared(outlook: Outlook, tracking: GameTracking) -> Outlook:
    """The outlook with all parts worked out that the bets on a game need.

    An outlook works out each part (spans, players) when it is first asked for. Doing so here keeps
    that work in this thread and off the event loop, where the decision is made.
    """
    work_out(markets_on(tracking.tracked, tracking.game.id), outlook)
    return outlook


# -------------------------------------------------------------- a challenger beside the champion

LOOKED_UP_EVERY = timedelta(minutes=1)
"""How long it may take until a trial that was started or stopped is noticed."""

SHADOW_LIMIT_S = 5.0
"""Real seconds that the two forecasts of one state may take together."""

_BAD_FIGURES = (ArithmeticError, ValueError, LookupError, TypeError, TrackerError)
"""Errors that a challenger's figures may cause: a challenger may hold anything."""

Recent = Mapping[tuple[str, str], tuple[PlayerGame, ...]]


@dataclass(frozen=True, slots=True)
class TrialPair:
    """A trial with both models' parameters, which differ in games or in the figures of players."""

    trial: Trial
    champion: Parameters
    challenger: Parameters


class TrialWatch:
    """Forecasts followed games with champion and challenger while their league has a trial."""

    def __init__(
        self, store: Store, registry: Registry[Parameters], pricing: Pricing, clock: Clock,
        report: Tell,
    ) -> None:  # fmt: skip
        """`pricing` is the daemon's own: both models start from what the champion knows."""
        self._store = store
        self._registry = registry
        self._pricing = pricing
        self._clock = clock
        self._report = report
        self._waiting: dict[str, GameTracking] = {}
        self._news = asyncio.Event()
        self._open: tuple[int, ...] = ()
        self._pairs: tuple[TrialPair, ...] = ()
        self._looked_up: datetime | None = None
        self._seen: set[tuple[int, str, str, int]] = set()

    def show(self, tracking: GameTracking) -> None:
        """Take what is believed of a game after a poll, to be forecast by both models."""
        state = tracking.state
        if state is not None and minutes_left(state) is not None:
            self._waiting[tracking.game.id] = tracking
            self._news.set()

    async def watch(self) -> None:
        """Forecast what `show` took with both models, for ever."""
        while True:
            await wait_for_event(self._clock, self._news, LOOKED_UP_EVERY.total_seconds())
            self._news.clear()
            await self.work()

    async def work(self) -> None:
        """Forecast with both models the games that `show` took since the last call."""
        await self._look_up()
        waiting, self._waiting = self._waiting, {}
        for tracking in waiting.values():
            for pair in self._pairs:
                if pair.trial.league == tracking.game.league:
                    await self._shadow(pair, tracking)

    async def _look_up(self) -> None:
        now = self._clock.now()
        if self._looked_up is not None and abs(now - self._looked_up) < LOOKED_UP_EVERY:
            return
        self._looked_up = now
        trials = await self._store.trials.list(open_only=True)
        if (numbers := tuple(x.id for x in trials)) != self._open:
            self._open, self._seen = numbers, set()
            self._pairs = tuple(x for t in trials if (x := self._pair(t)) is not None)

    def _pair(self, trial: Trial) -> TrialPair | None:
        """Both models as they were when the trial began; None where one is gone or has changed."""
        try:
            champion, _ = in_use(self._registry, trial.league)
            champion = replace(champion, calibrations=NO_CALIBRATIONS)
            if trial.kind == GAMES.name:
                challenger = self._registry.read(trial.league, trial.challenger)
                challenger = replace(challenger, players=champion.players)
                versions = champion.model_version, challenger.model_version
            else:
                figures = self._registry.of(PLAYERS).read(trial.league, trial.challenger)
                challenger = replace(champion, players=figures)
                versions = champion.player_figures.model_version, figures.model_version
        except TrackerError as why:
            self._report(ShadowFailed(trial.challenger, str(why)))
            return None
        known = (trial.champion_version, trial.challenger_version)
        return TrialPair(trial, champion, challenger) if versions == known else None

    async def _shadow(self, pair: TrialPair, tracking: GameTracking) -> None:
        """Forecast a game with both models, once for each moment and minute of it."""
        state = tracking.state
        minute = None if state is None else minutes_left(state)
        if state is None or minute is None:
            return
        moment = moment_of(state)
        mark = (pair.trial.id, tracking.game.id, moment or "", minute)
        if mark in self._seen:
            return
        self._seen.add(mark)
        recent: Recent = {}
        if moment is not None and pair.trial.kind == PLAYERS.name:
            whom = {(tracking.game.league, Player(x.name, x.side).key) for x in state.players}
            recent = await self._store.players.recent_games(whom)
        now = self._clock.now()
        work = _BothForecasts(pair, tracking, state, moment, minute, self._pricing, recent, now)
        try:
            async with asyncio.timeout(SHADOW_LIMIT_S):
                shadows, bets = await asyncio.to_thread(work.made)
        except TimeoutError:
            shadows, bets = (work.failed(f"more than {SHADOW_LIMIT_S:g} s"),), ()
        if shadows or bets:
            await self._store.trials.keep(shadows, bets)
        failed = next((x.why for x in shadows if x.why), None)
        if failed is not None:
            self._report(ShadowFailed(pair.trial.challenger, failed))


@dataclass(frozen=True, slots=True)
class _BothForecasts:
    """The forecasts of one game state by both models of a trial, made in a thread.

    `moment` names a moment at which models are compared; at any other, where it is None, only the
    bets are. `minute` is the minutes that are left.
    """

    pair: TrialPair
    tracking: GameTracking
    state: GameState
    moment: str | None
    minute: int
    pricing: Pricing
    recent: Recent
    now: datetime

    def made(self) -> tuple[Sequence[Shadow], Sequence[ShadowBet]]:
        """What both models say of the game and its bets; nothing where the champion fails."""
        try:
            champion = self._seen(self.pair.champion)
            first = champion.outlook()
            lines = half_line(champion.prior.margin), half_line(champion.prior.total)
        except _BAD_FIGURES:
            return (), ()
        try:
            challenger = self._seen(self.pair.challenger)
            second = challenger.outlook()
            bets = self._bets(first, second)
            if self.moment is None:
                return (), bets
            if self.pair.trial.kind == GAMES.name:
                return (self._record("", of_game(first, second, lines)),), bets
            return self._players(champion, challenger), bets
        except _BAD_FIGURES as why:
            failed = f"{type(why).__name__}: {why} at {self.state.game_clock}"
            return (self.failed(failed),), ()

    def failed(self, why: str) -> Shadow:
        """A record that the challenger could not forecast, and why."""
        return self._record("", {}, why)

    def _seen(self, parameters: Parameters) -> Seen:
        bets = [x.bet for x in self.tracking.tracked]
        return self.pricing.seen(self.state, bets, parameters)

    def _record(self, subject: str, said: Mapping[str, Any], why: str = "") -> Shadow:
        game, moment = self.tracking.game.id, self.moment or f"{self.minute} min"
        return Shadow(self.pair.trial.id, game, moment, subject, self.now, said, why)

    def _bets(self, first: Outlook, second: Outlook) -> list[ShadowBet]:
        """Both models' chances of each open bet on this game alone."""
        game, found = self.tracking.game.id, []
        for x in self.tracking.tracked:
            markets: list[Market] = markets_in(x.bet, game)
            if len(x.bet.games) > 1 or x.no_chance is not None:
                continue
            was, chance = (parlay(markets, y) for y in (first, second))
            open_part = was.win + was.lose
            if not was.decided and open_part > 0:
                number, trial = x.bet.number, self.pair.trial.id
                p = was.win / open_part
                found.append(ShadowBet(trial, number, game, self.minute, self.now, p, chance))
        return found

    def _players(self, champion: Seen, challenger: Seen) -> list[Shadow]:
        """What both models say of each player in the box score of whom recent games are known."""
        lines: dict[Player, dict[Stat, float]] = {}
        for x in self.state.players:
            games = self._games(Player(x.name, x.side))
            if games and not x.out:
                usual = {s: _mean([dict(g.stats).get(s) for g in games]) for s in STATS}
                lines[Player(x.name, x.side)] = {
                    s: half_line(value) for s, value in usual.items() if value is not None
                }
        first, second = (self._with_priors(x, lines) for x in (champion, challenger))
        shadows = of_players(first.outlook(), second.outlook(), lines)
        return [self._record(player.key, said) for player, said in shadows.items()]

    def _games(self, player: Player) -> tuple[PlayerGame, ...]:
        game = self.state.game
        recent = self.recent.get((game.league, player.key), ())
        before = [x for x in recent if x.start < game.start]
        return of_team(before, game.code(player.side))

    def _with_priors(self, seen: Seen, whom: Mapping[Player, object]) -> Seen:
        figures = seen.parameters.player_figures
        game = self.state.game
        minutes = game.rules.regulation_seconds / 60
        known = {
            (x.side, x.key): player_prior(
                self._games(x), figures, regulation=minutes, playoffs=game.playoffs
            )
            for x in whom
        }
        return replace(seen, players=PlayerPriors(figures, known))


def _mean(values: Sequence[int | None]) -> float | None:
    known = [x for x in values if x is not None]
    return sum(known) / len(known) if known else None
