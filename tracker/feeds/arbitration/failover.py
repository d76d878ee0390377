"""A league's sources behind one door: the primary, and those that stand in while it does not tell.

One source speaks at a time, and two are never mixed. Who takes over does not go back behind what
has been told: what it says is held back until it has caught up.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.clock import Clock
from tracker.domain.events import FeedFrozen, FeedSwitched, FeedThawed, Tell
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import SOURCE_HELD_S, STALE_AFTER, Trouble, Unreadable, behind
from tracker.feeds.arbitration.disputes import Disputes, ahead, contradict
from tracker.feeds.http.health import SOURCE_LOST_AFTER
from tracker.feeds.polling.board import SharedBoard
from tracker.feeds.polling.cadence import OVERDUE_AFTER_S
from tracker.feeds.polling.feed import Ask, Feed, FeedAnswer

DOUBT_EVERY_S = 30.0
"""Least seconds between two such looks elsewhere."""

SHARED_S = 5.0
"""Oldest board of another source that is taken for such a look."""

SLOW_S = 3.0
"""After this long without an answer the next source is asked before any other document of this."""

TRIED_EVERY = 3
"""Looks of which one asks a host that is down for a box as well."""

_REFUSALS = (Trouble.BLOCKED, Trouble.RATE_LIMITED)

KEPT_GAMES = 512
"""Games of which it is remembered what was told last."""


def _disputed(answer: FeedAnswer, state: GameState, ends: str) -> FeedAnswer:
    """A look at a final that another document contradicts."""
    return replace(answer, reading=replace(state, doubt=ends))


FROZEN_BREAK_S = 20 * 60.0
"""A break that has not changed for so long is looked up elsewhere: halftime has fifteen minutes."""

OVERDUE_S = 15 * 60.0
"""The same for a game that should have begun: real tip-offs are about ten minutes late."""


@dataclass(slots=True)
class LastState:
    """What was last told of a game, by which document, and since when nothing has changed."""

    state: GameState
    document: tuple[str, str]
    since: float
    doubted: float = -math.inf
    frozen: bool = False
    stood_still: tuple[str, str] | None = None
    lagging: float | None = None


def stands_still(state: GameState, stood: float, now: datetime) -> bool:
    """Whether a game that has not changed for `stood` seconds should have."""
    match state.phase:
        case Phase.LIVE:
            return stood >= STALE_AFTER.total_seconds()
        case Phase.BREAK:
            return stood >= FROZEN_BREAK_S
        case Phase.SCHEDULED:
            late = (now - state.game.start).total_seconds()
            return OVERDUE_S <= late < OVERDUE_AFTER_S
        case _:
            return False


FLAPPING_S = 5 * 60.0
"""A source that fails again within this time of its return is not trusted as quickly."""

TRUSTED_AFTER = 1
"""Good answers in a row after which a source that had failed is used again."""

TRUSTED_AFTER_FLAPPING = 3
"""The same for a source that has failed again soon after its return."""

_AT_ONCE = (Trouble.BLOCKED, Trouble.RATE_LIMITED)


class Breaker:
    """Open while the primary source is lost; what it answers in the meantime are probes.

    One failure alone is a hiccup and opens nothing, but a source that refuses us is left at once.
    """

    def __init__(self) -> None:
        """Closed: the primary source is used."""
        self.open = False
        self._needed = TRUSTED_AFTER
        self._closed_at: float | None = None

    def judge(self, board: SharedBoard, monotonic: float) -> bool:
        """Take note of how the source's board stands; whether that opened or closed the breaker."""
        failure = board.failure
        before = self.open
        if failure is not None:
            lost = failure.failures >= SOURCE_LOST_AFTER or failure.error.trouble in _AT_ONCE
            if lost and not self.open:
                self.open = True
                back = self._closed_at
                again = back is not None and monotonic - back < FLAPPING_S
                self._needed = TRUSTED_AFTER_FLAPPING if again else TRUSTED_AFTER
        elif self.open and board.streak >= self._needed:
            self.open = False
            self._closed_at = monotonic
        return self.open != before


class Failover:
    """The sources of one league, as a `Watch`.

    Events: `feed.switched` (league, source, instead_of, why) when another source takes over and
    when the primary is back; `feed.frozen` (source, game) when a game moves on elsewhere only, and
    `feed.thawed`; and those of `Disputes`.
    """

    def __init__(self, feeds: Sequence[Feed], clock: Clock, tell: Tell) -> None:
        """`feeds` are of one league, the preferred one first."""
        self._primary, self._others = feeds[0], tuple(feeds[1:])
        self._clock = clock
        self._report = tell
        self._breaker = Breaker()
        self._disputes = Disputes(clock, tell)
        self._told: OrderedDict[str, LastState] = OrderedDict()
        self._missed: Counter[str] = Counter()

    async def read(self, game: Game, ask: Ask, max_age: float) -> FeedAnswer:
        """What is known of a game, from whichever source knows it. It never raises."""
        if ask is Ask.BOX:
            return await self._box(game)
        answer = await self._first(game, ask, max_age)
        if not isinstance(answer.reading, GameState):
            return answer
        answer = await self._settled(game, answer, answer.reading)
        if answer.source == self._primary.source.name and isinstance(answer.reading, GameState):
            self._disputes.check(game, answer.reading, self._primary, self._others)
            ends = self._disputes.ends(game)
            if ends and answer.reading.phase is Phase.FINAL:
                return _disputed(answer, answer.reading, ends)
        return answer

    def recall(self, game: Game, state: GameState) -> None:
        """Take it that this state has been told, as before a restart: no source is to go behind."""
        self._told.setdefault(game.id, LastState(state, ("", ""), self._clock.monotonic()))

    async def _box(self, game: Game) -> FeedAnswer:
        """A game's box; for want of one, a board of its day that still tells of it."""
        first = await self._primary.read(game, Ask.BOX, 0.0)
        if isinstance(first.reading, GameState):
            return await self._agreed(game, first, first.reading)
        for other in self._others:
            await other.read(game, Ask.BOARD, DOUBT_EVERY_S)
            answer = await other.read(game, Ask.BOX, 0.0)
            if isinstance(answer.reading, GameState):
                return await self._agreed(game, answer, answer.reading)
        for feed in (self._primary, *self._others):
            answer = await feed.read(game, Ask.BOARD, DOUBT_EVERY_S) if feed.source.dated else first
            if isinstance(answer.reading, GameState) and answer.reading.phase is Phase.FINAL:
                return answer
        return first

    async def _agreed(self, game: Game, answer: FeedAnswer, box: GameState) -> FeedAnswer:
        """A box, doubted where two other documents say that the game ended otherwise."""
        last = self._told.get(game.id)
        if last is None or not box.phase is last.state.phase is Phase.FINAL:
            return answer
        if not contradict(box, last.state):
            return answer
        for other in self._others:
            board = await other.read(game, Ask.BOARD, DOUBT_EVERY_S)
            state = board.reading
            if isinstance(state, GameState) and state.phase is Phase.FINAL:
                if contradict(state, last.state):
                    return answer
                said, score = box.score, last.state.score
                ends = f"its box tells {said.away}-{said.home}, boards {score.away}-{score.home}"
                return _disputed(answer, box, ends)
        return answer

    async def _first(self, game: Game, ask: Ask, max_age: float) -> FeedAnswer:
        """The primary's word, or that of whoever stands in for it."""
        if not self._others:
            return await self._primary.read(game, ask, max_age)
        urgent = ask is Ask.EITHER
        self._judge(game)
        left = self._breaker.open
        if left:
            # A probe in the background: a source that hangs must not delay the one that answers.
            self._primary.board_of(game).poke(max_age, urgent=urgent)
            answer = await self._stand_in(game, ask, max_age)
            if answer is not None:
                return answer
        answer = await self._primary.read(game, Ask.BOARD, max_age, urgent=urgent)
        self._judge(game)
        if isinstance(answer.reading, GameState) or not urgent:
            self._missed.pop(game.id, None)
            return answer
        self._missed[game.id] += 1
        return await self._instead(game, answer, max_age, stood_in=left)

    async def _instead(
        self, game: Game, answer: FeedAnswer, max_age: float, *, stood_in: bool
    ) -> FeedAnswer:
        """What is left when the primary's board does not tell of a game that is near or in play.

        Once or twice its box, which is of the same moment; then a board that all games share.
        """
        trouble = answer.reading.trouble if isinstance(answer.reading, Unreadable) else None
        hiccup = not self._breaker.open and self._missed[game.id] <= SOURCE_LOST_AFTER
        box = hiccup and not self._slow(game)
        if box:
            answer = await self._primary.read(game, Ask.EITHER, max_age)
            if isinstance(answer.reading, GameState):
                return answer
        if not stood_in and game.start <= self._clock.now():
            other = await self._stand_in(game, Ask.EITHER, max_age)
            if other is not None:
                return other
        if not box and self._box_may_help(game, trouble):
            answer = await self._primary.read(game, Ask.EITHER, max_age)
            if isinstance(answer.reading, GameState):
                self._primary.board_of(game).poke(max_age, urgent=True)
        return answer if isinstance(answer.reading, GameState) else self._patient(answer, game)

    def _slow(self, game: Game) -> bool:
        """Whether the primary has just let us wait for nothing."""
        failure = self._primary.board_of(game).failure
        return failure is not None and failure.heard - failure.asked >= SLOW_S

    def _box_may_help(self, game: Game, trouble: Trouble | None) -> bool:
        """Whether to ask the primary for a box although its board does not tell of the game.

        Where its host is down, that is tried now and then, and again as long as it helps.
        """
        if trouble is not Trouble.DOWN:
            return trouble not in _REFUSALS
        last = self._told.get(game.id)
        board = self._primary.board_of(game).path.partition("?")[0]
        source, document = ("", "") if last is None else last.document
        helped = source == self._primary.source.name and document != board
        return helped or self._missed[game.id] % TRIED_EVERY == 1

    def _patient(self, answer: FeedAnswer, game: Game) -> FeedAnswer:
        """The look, to be repeated as soon as any source may be asked again."""
        waits = [answer.retry_after or 0.0]
        now = self._clock.monotonic()
        for other in self._others:
            failure = other.board_of(game).failure
            waits.append(0.0 if failure is None else failure.retry_at(urgent=True) - now)
        return replace(answer, retry_after=max(0.0, min(waits)) or None)

    async def _stand_in(self, game: Game, ask: Ask, max_age: float) -> FeedAnswer | None:
        """What another source tells: its board, or its box where only this game is amiss."""
        urgent = ask is Ask.EITHER
        for other in self._others:
            answer = await other.read(game, Ask.BOARD, max_age, urgent=urgent)
            amiss = urgent and other.board_of(game).failure is None
            if amiss and not isinstance(answer.reading, GameState):
                answer = await other.read(game, Ask.EITHER, max_age)
            if isinstance(answer.reading, GameState):
                return answer
        return None

    def _judge(self, game: Game) -> None:
        """Open or close the breaker, and say so."""
        board = self._primary.board_of(game)
        if not self._breaker.judge(board, self._clock.monotonic()):
            return
        primary, other = self._primary.source.label, self._others[0].source.label
        league = self._primary.source.league
        if self._breaker.open:
            failure = board.failure
            why = "" if failure is None else str(failure.error)
            self._report(FeedSwitched(league, other, primary, why))
        else:
            why = f"{primary} answers again"
            self._report(FeedSwitched(league, primary, other, why))

    async def _settled(self, game: Game, answer: FeedAnswer, state: GameState) -> FeedAnswer:
        """The look that is to be told, in view of what was told before."""
        now = self._clock.monotonic()
        last = self._told.get(game.id)
        document = (answer.source, answer.path)
        if last is None:
            return self._tell(game, answer, state)
        if document != last.document and behind(state, last.state):
            return await self._lagging(game, answer, state, last)
        if state == last.state and stands_still(state, now - last.since, self._clock.now()):
            return await self._doubted(game, answer, state, last)
        return self._tell(game, answer, state)

    async def _lagging(
        self, game: Game, answer: FeedAnswer, state: GameState, last: LastState
    ) -> FeedAnswer:
        """Another document than the last one is behind it: the last one is asked again."""
        now = self._clock.monotonic()
        other = await self._elsewhere(game, answer, last.state)
        if other is not None and isinstance(other.reading, GameState):
            return self._tell(game, other, other.reading, lagging=last.lagging)
        last.lagging = now if last.lagging is None else last.lagging
        if now - last.lagging >= SOURCE_HELD_S:
            return self._tell(game, answer, state)
        why = (
            f"{answer.source} is behind what {last.document[0]} told, "
            "and is not told until it is not"
        )
        return replace(answer, reading=Unreadable(Trouble.ABSENT, why), at_pace=True)

    async def _doubted(
        self, game: Game, answer: FeedAnswer, state: GameState, last: LastState
    ) -> FeedAnswer:
        """A live game that stands still: has it moved on elsewhere?"""
        now = self._clock.monotonic()
        if now - last.doubted < DOUBT_EVERY_S:
            return answer
        last.doubted = now
        other = await self._elsewhere(game, answer, state)
        if other is None or not isinstance(other.reading, GameState):
            return answer
        if not ahead(other.reading, state):
            return answer
        if not last.frozen:
            last.frozen, last.stood_still = True, (answer.source, answer.path)
            self._report(FeedFrozen(answer.source, game.name))
        return self._tell(game, other, other.reading)

    async def _elsewhere(
        self, game: Game, answer: FeedAnswer, least: GameState
    ) -> FeedAnswer | None:
        """The first other document that is not behind `least`: boards first, which many share."""
        feeds = (self._primary, *self._others)
        for feed in feeds:
            if feed.source.name != answer.source and not self._down(feed, game):
                other = await feed.read(game, Ask.BOARD, SHARED_S, urgent=True)
                if isinstance(other.reading, GameState) and not behind(other.reading, least):
                    return other
        if answer.source != self._primary.source.name:
            return None
        box = await self._primary.read(game, Ask.BOX, 0.0)
        told = isinstance(box.reading, GameState) and not behind(box.reading, least)
        return box if told else None

    def _down(self, feed: Feed, game: Game) -> bool:
        """Whether the primary is left alone for the moment: only its probes are to ask it."""
        return feed is self._primary and self._breaker.open and bool(feed.board_of(game).failure)

    def _tell(
        self, game: Game, answer: FeedAnswer, state: GameState, lagging: float | None = None
    ) -> FeedAnswer:
        """Remember what is told, and tell it."""
        last = self._told.get(game.id)
        document = (answer.source, answer.path)
        if last is None:
            last = LastState(state, document, self._clock.monotonic())
            self._told[game.id] = last
        if last.frozen and document == last.stood_still:
            last.frozen = False
            self._report(FeedThawed(answer.source, game.name))
        if last.state != state:
            last.state, last.since = state, self._clock.monotonic()
        last.document, last.lagging = document, lagging
        self._told.move_to_end(game.id)
        while len(self._told) > KEPT_GAMES:
            self._told.popitem(last=False)
        return answer
