"""Polling one game: wait until its next poll is due, ask its sources, and return the poll."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from tracker.clock import Clock
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable, contradiction
from tracker.feeds import league_of
from tracker.feeds.polling import FeedAnswer, LookUp, Watch, cadence
from tracker.feeds.polling.boxes import BoxWatch

FRESH_S = 5.0
"""Oldest board, in seconds, that a poll uses: one that was fetched for another game serves this one
too."""

STEP_S = 60.0
"""Longest single wait, in seconds. After each the wall clock is checked for a jump."""

DRIFT_S = 5.0
"""A wall clock that moves by more than this many seconds against the monotonic one has been set:
the wait is computed anew."""

NEAR_S = 30 * 60.0
"""Seconds before tip-off from which on a game uses every board that is fetched for others."""

BOX_BEFORE_S = 15 * 60.0
"""Seconds before tip-off from which on a box may be asked for when the board does not show the
game."""


class GamePoller:
    """The polls of one game, one at a time.

    `beat` is called at least once a minute of the clock while the poller waits, and before and
    after each request, so that a supervisor can tell a wait from a hang.
    """

    def __init__(
        self,
        game: Game,
        watch: Watch,
        clock: Clock,
        rng: random.Random,
        beat: Callable[[], None] = lambda: None,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`rng` gives the jitter; `has_room` is whether the budget of requests has room for boxes.

        Nothing is requested before the first `next`.
        """
        self._game = game
        self._watch = watch
        self._clock = clock
        self._rng = rng
        self._beat = beat
        self._boxes = BoxWatch(game, watch, clock, has_room)
        self._wanted_now = asyncio.Event()
        self._listening = False
        self._last: FeedAnswer | None = None
        self._begun = 0.0
        self._not_before = 0.0
        self._failures = 0
        self._pause: tuple[Phase, int, float] | None = None

    def poll_now(self) -> None:
        """Poll at once: something about the game or its bets has changed."""
        self._wanted_now.set()

    def hear(self, source: str) -> None:
        """Take note that a source has a fresh board. A game near or in play then polls at once.

        `source` is the source's label. Boards of other leagues are ignored. So is every board where
        the last poll needed a document of the game's own.
        """
        alone = self._last is not None and self._last.alone
        if self._listening and not alone and league_of(source) == self._game.league:
            self._wanted_now.set()

    async def next(self, standing: GameStanding) -> Poll:
        """Wait until the next poll is due, and return it.

        The first poll is due at once, unless the game is settled and its next check is far off.
        """
        if self._last is not None or self._may_wait(standing):
            self._listening = self._near(standing)
            await self._until_due(standing)
            self._listening = False
        self._wanted_now.clear()
        self._beat()
        self._begun = self._clock.monotonic()
        answer = await self._answer(standing)
        self._beat()
        self._last = answer
        self._not_before = self._clock.monotonic() + (answer.retry_after or 0.0)
        if answer.more:
            self._wanted_now.set()
        self._failures = self._failures + 1 if self._failed(standing, answer) else 0
        return Poll(
            answer.source, answer.path, answer.at, answer.body, answer.digest, answer.reading
        )

    async def _answer(self, standing: GameStanding) -> FeedAnswer:
        """Ask for the documents that are due; a game with player bets also needs its box."""
        ask, max_age = self._ask(standing), self._max_age(standing)
        if standing.players:
            return await self._boxes.read(standing, ask, max_age)
        return await self._watch.read(self._game, ask, max_age, standing.state)

    def _near(self, standing: GameStanding) -> bool:
        """Whether a fresh board may show play: no clock says for sure when a game begins."""
        state = standing.state
        if state is None or state.phase is Phase.SCHEDULED:
            return (self._game.start - self._clock.now()).total_seconds() <= NEAR_S
        return state.phase.in_play

    def _may_wait(self, standing: GameStanding) -> bool:
        wait = cadence.next_wait(standing, self._clock.now())
        return standing.settled and wait > STEP_S

    async def _until_due(self, standing: GameStanding) -> None:
        due = max(self._since() + self._wait(standing), self._not_before)
        while not self._wanted_now.is_set():
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
        """The moment from which the wait counts: games that share a board then ask for it in step.

        After a failure the wait counts from the start of the request, so that a slow failure delays
        nothing further.
        """
        if self._last is None:
            return self._clock.monotonic()
        if isinstance(self._last.reading, GameState):
            return self._last.heard
        return self._begun

    def _wait(self, standing: GameStanding) -> float:
        """Seconds until the next poll, with jitter."""
        now = self._clock.now()
        wait_s = None if self._last is None else self._last.retry_after
        paused, turned = self._paused(standing), self._turned(standing)
        wait = cadence.next_wait(
            standing, now, self._failures, wait_s, paused_s=paused, turned=turned
        )
        strict = standing.settled and cadence.asleep(standing)
        return cadence.jittered(wait, self._rng, never_early=strict)

    def _turned(self, standing: GameStanding) -> bool:
        """Whether the last poll shows a game as off that is believed to be on, or the reverse.

        Or another score of one that is over, where polls that agree may make it believed. Such a
        game is not off, whatever a document says.
        """
        reading, state = None if self._last is None else self._last.reading, standing.state
        if not isinstance(reading, GameState) or state is None:
            return False
        if state.phase is Phase.FINAL:
            refused = reading.phase is not Phase.FINAL or reading.doubt
            return not (reading.score == state.score or refused or contradiction(state, reading))
        return reading.phase.off != state.phase.off

    def _paused(self, standing: GameStanding) -> float:
        """Seconds for which this poller has seen the game in its present phase and period."""
        state = standing.state
        here = (state.phase, state.period) if state is not None else (Phase.SCHEDULED, 0)
        now = self._clock.monotonic()
        if self._pause is None or self._pause[:2] != here:
            self._pause = (*here, now)
        return now - self._pause[2]

    async def _sleep(self, seconds: float) -> None:
        """Wait for some seconds of the clock, or until a poll is wanted at once."""
        async with asyncio.TaskGroup() as both:
            nap = both.create_task(self._clock.sleep(seconds))
            wanted = both.create_task(self._wanted_now.wait())
            await asyncio.wait({nap, wanted}, return_when=asyncio.FIRST_COMPLETED)
            nap.cancel()
            wanted.cancel()

    def _ask(self, standing: GameStanding) -> LookUp:
        state = standing.state
        over = cadence.surely_over(standing, self._clock.now())
        if state is not None and state.phase is Phase.FINAL and over:
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
        """Whether the answer calls for backing off. Before tip-off a missing game is no failure."""
        match answer.reading:
            case GameState():
                return False
            case Unreadable(trouble=Trouble.NOT_PUBLISHED | Trouble.ABSENT):
                state = standing.state
                return state is not None and state.phase is not Phase.SCHEDULED
            case Unreadable():
                return True
