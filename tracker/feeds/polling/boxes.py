"""The documents that one game has to itself: its box score with the players, and its play-by-play.

For a game with player bets, `BoxWatch` asks for the box at a pace of its own and for the board in
between. It does not decide which of the two is believed. `Possession` adds who has the ball in the
last five minutes, with the free throws to come, and who had it first: only the play-by-play says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tracker.clock import Clock
from tracker.domain.game import FreeThrows, Game, GameState, Phase, Score, Side
from tracker.domain.player import UNREAD
from tracker.domain.poll import GameStanding, Unreadable, contradiction
from tracker.feeds import Ball, FeedError, Source
from tracker.feeds.polling import Feed, FeedAnswer, LookUp, Watch, parsed

LIVE_S = 15.0
"""Seconds between two boxes of a game in play: about every second poll."""

DECISIVE_S = 9.0
"""Seconds between two boxes in the last two minutes, when a game is polled every five seconds."""

BREAK_S = 30.0
"""Seconds between two boxes while the game stands: figures are corrected then."""

BEFORE_S = 5 * 60.0
"""Seconds between two boxes before tip-off, when starters and players who are out become known."""

LATE_S = 60.0
"""Seconds between two boxes of a game that has not begun `DUE_FOR_S` after its tip-off."""

DUE_FOR_S = 20 * 60.0
"""For this many seconds after its scheduled tip-off a game may begin at any moment, and its box is
read at the live pace."""

EARLY_S = 30 * 60.0
"""Seconds before tip-off from which on a box is asked for."""

RETRY_S = 30.0
"""Seconds until a box that could not be read is asked for again. The board is read meanwhile."""


class BoxWatch:
    """Chooses which document of a game to ask for next: the board, or the box with its players."""

    def __init__(
        self, game: Game, watch: Watch, clock: Clock, has_room: Callable[[], bool]
    ) -> None:
        """`has_room` is whether the budget of requests has room for a box."""
        self._game = game
        self._watch = watch
        self._clock = clock
        self._has_room = has_room
        self._read: tuple[float, bool] | None = None

    async def read(self, standing: GameStanding, ask: LookUp, max_age: float) -> FeedAnswer:
        """The answer of the document that is due.

        Where that is a box without use, the board's answer.
        """
        state = standing.state
        if ask is not LookUp.BOX and not self._wanted(state):
            return await self._watch.read(self._game, ask, max_age, state)
        box = await self._watch.read(self._game, LookUp.BOX, 0.0, state)
        readable = isinstance(box.reading, GameState)
        self._read = self._clock.monotonic(), readable
        if ask is LookUp.BOX or (readable and not _useless(state, box.reading)):
            return box
        return await self._watch.read(self._game, ask, max_age, state)

    def _wanted(self, state: GameState | None) -> bool:
        """Whether a box is due and the budget of requests has room for it."""
        now = self._clock.monotonic()
        if state is not None and state.phase is Phase.FINAL and not _complete(state):
            # Player bets cannot be settled without the complete box.
            return True
        if self._read is not None:
            # The pace is that of the present phase: at tip-off the slow one ends at once.
            read, readable = self._read
            if now < read + (self._pace(state) if readable else RETRY_S):
                return False
        if not self._has_room():
            return False
        if state is None or state.phase is Phase.SCHEDULED:
            return self._to_tip_off(state) <= EARLY_S
        return not state.phase.off

    def _to_tip_off(self, state: GameState | None) -> float:
        """Seconds to the scheduled tip-off; below 0 after it."""
        start = self._game.start if state is None else state.game.start
        return (start - self._clock.now()).total_seconds()

    def _pace(self, state: GameState | None) -> float:
        if state is None or state.phase is Phase.SCHEDULED:
            left = self._to_tip_off(state)
            return BEFORE_S if left > 0 else LIVE_S if left > -DUE_FOR_S else LATE_S
        if state.phase is not Phase.LIVE:
            return BREAK_S
        return DECISIVE_S if state.last_two_minutes else LIVE_S


def _complete(state: GameState) -> bool:
    """Whether the players of a finished game come from its own final box."""
    return bool(state.players) and all(x.doubt != UNREAD for x in state.players)


def ends_too_late(state: GameState | None, box: GameState | Unreadable) -> bool:
    """Whether the game is believed to be over and the box still shows it in play."""
    over = state is not None and state.phase is Phase.FINAL
    return over and isinstance(box, GameState) and box.phase is not Phase.FINAL


def _useless(state: GameState | None, box: GameState | Unreadable) -> bool:
    """Whether a box says nothing of a game that is over: it is late, or its end is not believed.

    Only the board can confirm the end then.
    """
    if state is None or state.phase is not Phase.FINAL or not isinstance(box, GameState):
        return False
    return ends_too_late(state, box) or bool(box.doubt or contradiction(state, box))


_BALL_WAIT_S = 1.0
"""Real seconds that a poll waits for the play-by-play: the score must not be late because of it."""

_BALL_PAUSE_S = 60.0
"""Seconds without a request for a play-by-play after one failed."""

_BALL_SHARE = 0.5
"""Share of a host's budget of requests that may be used before play-by-plays are no longer
requested: the rest is for scores."""

_EARLY_BALL_SHARE = 0.3
"""The same before the last two minutes: those of other games come first."""

_BALL_NEWER_S = 2.0
"""Seconds of game clock by which the play-by-play may be ahead of the state to be matched with
it."""

_BALL_OLDER_S = 24.0
"""Seconds of game clock, one shot clock, by which the play-by-play may be behind a state with the
same score."""

_CLOCK_STANDS_S = 1.0
"""Seconds of game clock by which two documents may differ on a clock that stands: before the last
minute one may leave tenths out."""


AskPlays = Callable[[Game], Awaitable[Ball | None]]
"""Gives what the play-by-play of a game says now. May raise FeedError and TimeoutError."""


class Possession:
    """Adds to a state which side has the ball or free throws to come, and which had it first."""

    def __init__(
        self, source: Source, ask: AskPlays, clock: Clock, used: Callable[[], float] = lambda: 0.0
    ) -> None:
        """`source` has the play-by-play, for which `ask` asks.

        `used` is the share of the budget of requests that has been used; by default none is.
        """
        self._source = source
        self._ask = ask
        self._clock = clock
        self._used = used
        self._quiet_until = 0.0
        self._tips: dict[str, Side | None] = {}
        """The side with the first possession, by game id; None where the plays do not say."""
        self._last: dict[str, GameState] = {}
        """The last state to which a ball was added, by game id, until the game goes on."""

    async def added(self, game: Game, answer: FeedAnswer) -> FeedAnswer:
        """The answer with the side that has the ball, where the play-by-play shows the same moment.

        Free throws are to come only while the clock stands. The side with the first possession is
        added too. It is asked for in a break before the last quarter, once a game. Where the plays
        cannot be asked or are of another moment, what they said at the same clock and score holds.
        """
        state = answer.reading
        if not isinstance(state, GameState):
            return answer
        if self._tips.get(game.id) is not None:
            state = replace(state, tip=self._tips[game.id])
            answer = replace(answer, reading=state)
        if not self._wanted(game, answer, state):
            return self._as_before(answer, state)
        try:
            ball = await self._ask(game)
        except (FeedError, TimeoutError):
            self._quiet_until = self._clock.monotonic() + _BALL_PAUSE_S
            return self._as_before(answer, state)
        if ball is not None:
            first = None if ball.tip is None else game.side_of(ball.tip)
            self._tips[game.id] = first
            state = replace(state, tip=first)
            answer = replace(answer, reading=state)
        if ball is None or not _fits(ball, state):
            return self._as_before(answer, state)
        self._last.pop(game.id, None)
        side = None if ball.team is None else game.side_of(ball.team)
        if side is None or (ball.throws and abs(ball.clock - state.clock) > _CLOCK_STANDS_S):
            return answer
        self._last[game.id] = replace(state, possession=side, throws=_throws(ball, game, side))
        return replace(answer, reading=self._last[game.id])

    def _as_before(self, answer: FeedAnswer, state: GameState) -> FeedAnswer:
        """The answer with the ball that was added to the last state, if it is of the same moment.

        Without it, a chance would go back and forth while the clock stands.
        """
        last = self._last.get(state.game.id)
        if last is None or state.possession is not None:
            return answer
        if _moment(last) != _moment(state):
            del self._last[state.game.id]
            return answer
        ball = replace(state, possession=last.possession, throws=last.throws)
        return replace(answer, reading=ball)

    def _tip_wanted(self, state: GameState) -> bool:
        """Whether to ask for the first possession: in a break of a game that has quarters left."""
        rules = state.game.rules
        quarters = rules.periods == 4  # noqa: PLR2004 - halves have no ball to come
        early = state.phase is Phase.BREAK and 0 < state.period < rules.periods
        return quarters and early and state.game.id not in self._tips

    def _wanted(self, game: Game, answer: FeedAnswer, state: GameState) -> bool:
        source = self._source
        if source.plays_path is None or answer.source != source.name or not source.owns(game.id):
            return False
        if state.possession is not None or not (ball_counts(state) or self._tip_wanted(state)):
            return False
        share = _BALL_SHARE if state.last_two_minutes else _EARLY_BALL_SHARE
        return self._clock.monotonic() >= self._quiet_until and self._used() < share


def possession(feed: Feed, clock: Clock) -> Possession:
    """Adds what the play-by-plays of a feed's source say."""

    async def ask(game: Game) -> Ball | None:
        path = "" if feed.source.plays_path is None else feed.source.plays_path(game.id)
        async with asyncio.timeout(_BALL_WAIT_S):
            fetched = await feed.fetcher.get(path, feed.source.box_cap)
            return await parsed(feed.source.parse_plays, fetched.body)

    def used() -> float:
        return feed.fetcher.usage.last_minute / feed.fetcher.usage.budget

    return Possession(feed.source, ask, clock, used)


def ball_counts(state: GameState) -> bool:
    """Whether it is asked who has the ball: the last five minutes in play, or overtime."""
    return state.phase is Phase.LIVE and state.last_five_minutes


def _throws(ball: Ball, game: Game, side: Side) -> FreeThrows | None:
    """The free throws that a side is to shoot, by the play-by-play."""
    if not ball.throws:
        return None
    kept = None if ball.kept is None else game.side_of(ball.kept)
    return FreeThrows(side, ball.throws, ball.shooter, kept, ball.reviewed)


def _moment(state: GameState) -> tuple[Phase, int, float, Score]:
    return state.phase, state.period, state.clock, state.score


def _fits(ball: Ball, state: GameState) -> bool:
    """Whether the last action and a state are of the same moment: same score, close clocks."""
    if (ball.game, ball.period, ball.score) != (state.game.id, state.period, state.score):
        return False
    return -_BALL_NEWER_S <= ball.clock - state.clock <= _BALL_OLDER_S
