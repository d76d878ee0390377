"""Rules tried on games that are over: the real loop on a clock that leaps, recording nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tracker.app.pricing import LinesFor, Load
from tracker.clock import Clock, LeapingClock
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.track import PollSource, TrackContext, deciding, track
from tracker.domain.alert import Alert
from tracker.domain.bet import Bet, Result, Snapshot
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import Poll, Standing, Trouble, Unreadable
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.feeds.polling.cadence import next_wait
from tracker.forecast import Outlook, load_parameters
from tracker.modelling.backtest.rule_scores import SeenChance, TrialCourse

BEFORE = timedelta(minutes=1)
"""How long before its tip-off a game is first looked at."""

History = Sequence[tuple[datetime, GameState]]
"""A game that is over, as the states that it passed through and when each became known."""


class _Script:
    """Looks a game up in its history at the pace at which the daemon would ask for it."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._at = 0
        self._first = True

    async def next(self, standing: Standing) -> Poll:
        if not self._first:
            await self._clock.sleep(next_wait(standing, self._clock.now()))
        self._first = False
        now = self._clock.now()
        while self._at + 1 < len(self._history) and self._history[self._at + 1][0] <= now:
            self._at += 1
        return Poll("history", "", now, b"", "", self._history[self._at][1])


class _Tape:
    """Keeps what was seen and decided, in place of a database."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.alerts: list[Alert] = []
        self.results: dict[int, Result] = {}

    async def record_all(
        self,
        decided: Sequence[tuple[Poll, Change]],
        channels: Sequence[str],  # noqa: ARG002 - it is a Recorder
    ) -> None:
        for _, change in decided:
            self.snapshots += change.snapshots
            self.alerts += change.alerts
            for settled in change.settlements:
                self.results.setdefault(settled.bet, settled.result)


class _Once:
    """Forecasts each state once, however often it is looked at."""

    def __init__(self, forecaster: Forecaster) -> None:
        self._forecaster = forecaster
        self._state: GameState | None = None
        self._outlook: Outlook | Unreadable = Unreadable(Trouble.ABSENT, "nothing was seen yet")

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        if state != self._state:
            self._outlook = await self._forecaster.forecast(tracking, state)
            self._state = state
        return self._outlook


async def try_bets(
    game: Game,
    bets: Sequence[Bet],
    history: History,
    lines_for: LinesFor,
    load: Load = load_parameters,
) -> list[TrialCourse]:
    """Follow bets over a history, from before tip-off to their results; a course for each settled.

    Rules are stepped as always; what a person has set (quiet hours, budgets, snoozes) is left out.
    """
    clock = LeapingClock(min(game.start, history[0][0]) - BEFORE)
    return await follow(game, bets, _Script(history, clock), clock, lines_for, load)


async def follow(
    game: Game,
    bets: Sequence[Bet],
    poller: PollSource,
    clock: Clock,
    lines_for: LinesFor,
    load: Load = load_parameters,
) -> list[TrialCourse]:
    """The same for any poller on a clock that leaps."""
    tape = _Tape()
    forecaster = Forecaster(lines_for, lambda *_: None, load)
    context = TrackContext(
        recorder=tape,
        forecasts=_Once(forecaster),
        clock=clock,
        channels=(),
        ring=lambda: None,
        tell=lambda *_: None,
    )
    added = [replace(x, added_at=clock.now()) for x in bets]
    async with deciding(context) as decisions:
        tracking = GameTracking(game, tuple(Tracked.fresh(x) for x in added))
        await track(tracking, poller, decisions)
    return [
        TrialCourse(
            bet=x.pick,
            seen=tuple(_seen(y, game) for y in tape.snapshots if y.bet == x.number and y.chance),
            alerts=tuple(y for y in tape.alerts if y.bet == x.number),
            result=tape.results[x.number],
        )
        for x in bets
        if x.number in tape.results
    ]


def _seen(x: Snapshot, game: Game) -> SeenChance:
    rules = game.rules
    played = 0.0
    for period in range(1, x.period + 1):
        played += rules.length_of(period) - (x.clock if period == x.period else 0.0)
    return SeenChance(x.at, played / 60.0, x.known.win)


def in_play(history: History) -> bool:
    """Whether a history is of a game that was played to its end."""
    return bool(history) and history[-1][1].phase is Phase.FINAL
