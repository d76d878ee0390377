"""Who has the ball in the last two minutes, and who had it first: the play-by-play alone tells."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tracker.clock import Clock
from tracker.domain.game import Game, GameState, Phase, Side
from tracker.feeds.errors import FeedError
from tracker.feeds.polling.board import LARGE
from tracker.feeds.polling.cadence import CLUTCH_CLOCK_S
from tracker.feeds.polling.feed import Feed, FeedAnswer
from tracker.feeds.source import Ball

ANSWER_WITHIN_S = 1.0
"""Real seconds for which a poll waits to learn it: the score must not be late for its sake."""

PAUSE_S = 60.0
"""After a failure nobody asks for so long."""

SHARE = 0.5
"""Part of a host's budget of requests up to which it is asked: the rest is for scores."""

NEWER_S = 2.0
"""By how much of the game clock the play-by-play may be ahead of the board that it is held to."""

OLDER_S = 24.0
"""By how much it may be behind with the score still the same: a shot clock."""


class Possession:
    """Adds the side with the ball, and that which had it first, where either matters."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        """`feed` is the source whose play-by-play is asked."""
        self._feed = feed
        self._clock = clock
        self._quiet_until = 0.0
        self._tips: dict[str, Side | None] = {}
        """Who had the ball first, by the game's id; None where the plays do not tell."""

    async def added(self, game: Game, answer: FeedAnswer) -> FeedAnswer:
        """The look with the side that has the ball, if the play-by-play is of the same moment.

        And with the side that had it first, once that has been asked for: in a break, once a game.
        """
        state = answer.reading
        if not isinstance(state, GameState):
            return answer
        if self._tips.get(game.id) is not None:
            state = replace(state, tip=self._tips[game.id])
            answer = replace(answer, reading=state)
        if not self._wanted(game, answer, state):
            return answer
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                ball = await self._ball(game)
        except (FeedError, TimeoutError):
            self._quiet_until = self._clock.monotonic() + PAUSE_S
            return answer
        if ball is not None:
            first = None if ball.tip is None else game.side_of(ball.tip)
            self._tips[game.id] = first
            state = replace(state, tip=first)
            answer = replace(answer, reading=state)
        side = None if ball is None or ball.team is None else game.side_of(ball.team)
        if ball is None or side is None or not fits(ball, state):
            return answer
        return replace(answer, reading=replace(state, possession=side))

    def _tip_wanted(self, state: GameState) -> bool:
        """Whether it is a break with quarters to come that the tip says something of."""
        rules = state.game.rules
        quarters = rules.periods == 4  # noqa: PLR2004 - halves have no ball to come
        early = state.phase is Phase.BREAK and 0 < state.period < rules.periods
        return quarters and early and state.game.id not in self._tips

    async def _ball(self, game: Game) -> Ball | None:
        source = self._feed.source
        path = "" if source.plays_path is None else source.plays_path(game.id)
        fetched = await self._feed.fetcher.get(path, source.box_cap)
        if len(fetched.body) > LARGE:
            return await asyncio.to_thread(source.parse_plays, fetched.body)
        return source.parse_plays(fetched.body)

    def _wanted(self, game: Game, answer: FeedAnswer, state: GameState) -> bool:
        source = self._feed.source
        if source.plays_path is None or answer.source != source.name or not source.owns(game.id):
            return False
        if state.possession is not None or not (decisive(state) or self._tip_wanted(state)):
            return False
        usage = self._feed.fetcher.usage
        return self._clock.monotonic() >= self._quiet_until and (
            usage.last_minute < SHARE * usage.budget
        )


def decisive(state: GameState) -> bool:
    """Whether it is the time of a game at which it matters who has the ball."""
    if state.phase is not Phase.LIVE or state.period < state.game.rules.periods:
        return False
    return state.overtime > 0 or state.clock <= CLUTCH_CLOCK_S


def fits(ball: Ball, state: GameState) -> bool:
    """Whether the last action belongs to the moment of a state: same points, and no shot later."""
    if (ball.game, ball.period, ball.score) != (state.game.id, state.period, state.score):
        return False
    return -NEWER_S <= ball.clock - state.clock <= OLDER_S
