"""Following one game: waits as long as the game allows, then looks, and says what it saw."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from tracker.clock import Clock
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable
from tracker.feeds import league_of
from tracker.feeds.polling import cadence
from tracker.feeds.polling.boxes import BoxWatch, always
from tracker.feeds.polling.feed import FeedAnswer, LookUp, Watch

FRESH_S = 5.0
"""Oldest board that a poll takes: what others fetched within this time serves this game too."""

STEP_S = 60.0
"""Longest single wait. After each the time of day is compared with what was expected."""

DRIFT_S = 5.0
"""A wall clock that has moved by this much against the monotonic one has been set: plan again."""

NEAR_S = 30 * 60.0
"""How long before tip-off a game takes every board that is read for others."""

BOX_BEFORE_S = 15 * 60.0
"""How long before tip-off a box may be asked for when the board does not tell of the game."""


def _no_beat() -> None:
    """For whoever does not care for progress."""


class GamePoller:
    """The polls of one game, one at a time.

    `beat` is called at least once a minute of the clock while the poller waits, and around each
    look, so that a supervisor can tell waiting from being stuck.
    """

    def __init__(
        self,
        game: Game,
        watch: Watch,
        clock: Clock,
        rng: random.Random,
        beat: Callable[[], None] = _no_beat,
        roomy: Callable[[], bool] = always,
    ) -> None:
        """`rng` moves the waits a little; `roomy` is whether requests are to spare for boxes.

        Nothing is asked yet.
        """
        self._game = game
        self._watch = watch
        self._clock = clock
        self._rng = rng
        self._beat = beat
        self._boxes = BoxWatch(game, watch, clock, roomy)
        self._nudged = asyncio.Event()
        self._listening = False
        self._last: FeedAnswer | None = None
        self._begun = 0.0
        self._patient_until = 0.0
        self._failures = 0
        self._pause: tuple[Phase, int, float] | None = None

    def nudge(self) -> None:
        """Poll at once: something about the game or its bets has changed."""
        self._nudged.set()

    def hear(self, source: str) -> None:
        """A source's fresh board has come: a game that is near or in play takes its league's.

        `source` is the source's label. Other leagues' boards must not hurry this one's, nor any
        board a game that has had to ask for a document of its own.
        """
        alone = self._last is not None and self._last.alone
        if self._listening and not alone and league_of(source) == self._game.league:
            self._nudged.set()

    async def next(self, standing: GameStanding) -> Poll:
        """The next poll, when it is due: at once at first, unless a finished game can wait."""
        if self._last is not None or self._may_wait(standing):
            self._listening = self._near(standing)
            await self._until_due(standing)
            self._listening = False
        self._nudged.clear()
        self._beat()
        self._begun = self._clock.monotonic()
        answer = await self._look(standing)
        self._beat()
        self._last = answer
        self._patient_until = self._clock.monotonic() + (answer.retry_after or 0.0)
        if answer.more:
            self._nudged.set()
        self._failures = self._failures + 1 if self._failed(standing, answer) else 0
        return Poll(
            answer.source, answer.path, answer.at, answer.body, answer.digest, answer.reading
        )

    async def _look(self, standing: GameStanding) -> FeedAnswer:
        """What the documents tell that are wanted now: the box too, where a bet is on a player."""
        ask, max_age = self._ask(standing), self._max_age(standing)
        if standing.players:
            return await self._boxes.read(standing, ask, max_age)
        return await self._watch.read(self._game, ask, max_age, standing.state)

    def _near(self, standing: GameStanding) -> bool:
        """Whether a fresh board may tell of play: no clock says for sure when a game begins."""
        state = standing.state
        if state is None or state.phase is Phase.SCHEDULED:
            return (self._game.start - self._clock.now()).total_seconds() <= NEAR_S
        return state.phase.in_play

    def _may_wait(self, standing: GameStanding) -> bool:
        wait = cadence.next_wait(standing, self._clock.now())
        return standing.settled and wait > STEP_S

    async def _until_due(self, standing: GameStanding) -> None:
        due = max(self._since() + self._wait(standing), self._patient_until)
        while not self._nudged.is_set():
            left = due - self._clock.monotonic()
            if left <= 0:
                return
            wall, elapsed = self._clock.now(), self._clock.monotonic()
            await self._sleep(min(left, STEP_S))
            self._beat()
            drift = (self._clock.now() - wall).total_seconds()
            drift -= self._clock.monotonic() - elapsed
            if abs(drift) > DRIFT_S and cadence.asleep(standing):
                due = self._clock.monotonic() + self._wait(standing)

    def _since(self) -> float:
        """The moment from which to wait: games that share a board then ask for it in step.

        The time that a source let us wait for nothing is part of the wait for the next look.
        """
        if self._last is None:
            return self._clock.monotonic()
        if isinstance(self._last.reading, GameState):
            return self._last.heard
        return self._begun

    def _wait(self, standing: GameStanding) -> float:
        """Seconds until the next poll, moved a little."""
        now = self._clock.now()
        wait_s = None if self._last is None else self._last.retry_after
        paused = self._paused(standing)
        wait = cadence.next_wait(standing, now, self._failures, wait_s, paused_s=paused)
        strict = standing.settled and cadence.asleep(standing)
        return cadence.jittered(wait, self._rng, never_early=strict)

    def _paused(self, standing: GameStanding) -> float:
        """For how long the game has stood where it stands, as far as this poller has seen."""
        state = standing.state
        here = (state.phase, state.period) if state is not None else (Phase.SCHEDULED, 0)
        now = self._clock.monotonic()
        if self._pause is None or self._pause[:2] != here:
            self._pause = (*here, now)
        return now - self._pause[2]

    async def _sleep(self, seconds: float) -> None:
        """Wait on the clock, or until nudged."""
        async with asyncio.TaskGroup() as both:
            nap = both.create_task(self._clock.sleep(seconds))
            poke = both.create_task(self._nudged.wait())
            await asyncio.wait({nap, poke}, return_when=asyncio.FIRST_COMPLETED)
            nap.cancel()
            poke.cancel()

    def _ask(self, standing: GameStanding) -> LookUp:
        state = standing.state
        if state is not None and state.phase is Phase.FINAL and standing.settled:
            return LookUp.BOX
        if state is not None and (state.phase.in_play or state.phase is Phase.FINAL):
            return LookUp.EITHER
        start = standing.game.start if state is None else state.game.start
        near = (start - self._clock.now()).total_seconds() <= BOX_BEFORE_S
        return LookUp.EITHER if near else LookUp.BOARD

    def _max_age(self, standing: GameStanding) -> float:
        wait = cadence.next_wait(standing, self._clock.now())
        return min(FRESH_S, wait / 2)

    def _failed(self, standing: GameStanding, answer: FeedAnswer) -> bool:
        """Whether a look calls for backing off. Before tip-off a missing game is no failure."""
        match answer.reading:
            case GameState():
                return False
            case Unreadable(trouble=Trouble.NOT_PUBLISHED | Trouble.ABSENT):
                state = standing.state
                return state is not None and state.phase is not Phase.SCHEDULED
            case Unreadable():
                return True
