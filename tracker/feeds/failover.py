"""Failover: one feed made of a league's sources, the primary first and the others as stand-ins.

This module chooses which source to ask. An answer comes from one source and is never a mix of two.
Whether an answer is believed is decided by `engine/decide/belief.py` alone. When the source that
answers is behind what is believed of the game, another source is asked first.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.clock import Clock
from tracker.domain.events import (
    FeedFrozen,
    FeedLost,
    FeedRecovered,
    FeedSwitched,
    FeedThawed,
    Tell,
)
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import LONGEST_STOP, SOURCE_HELD, STALE_AFTER, Trouble, Unreadable, behind
from tracker.feeds.disputes import KEPT_GAMES, Disputes, contradict
from tracker.feeds.fetch import keep_newest
from tracker.feeds.health import SOURCE_LOST_AFTER
from tracker.feeds.polling import Feed, FeedAnswer, LookUp, SharedBoard
from tracker.feeds.polling.boxes import ends_too_late
from tracker.feeds.polling.cadence import OVERDUE_AFTER_S

DOUBT_EVERY_S = 30.0
"""Seconds to wait between two checks of other sources for a game that stands still. A board that is
read to confirm an end may be this old, too."""

SHARED_S = 5.0
"""Oldest board of another source, in seconds, that such a check accepts."""

_SLOW_S = 3.0
"""If the primary took this many seconds to fail, a stand-in is asked before the primary's box."""

_REFUSALS = (Trouble.BLOCKED, Trouble.RATE_LIMITED)
"""Troubles for which a source is left at once."""

_UNREAD_S = 60.0
"""Seconds for which a board's entry of a game cannot be read before that is reported."""

_TRIED_EVERY = 3
"""One poll in this many also asks a failing host for the box score."""


def _disputed(answer: FeedAnswer, state: GameState, ends: str) -> FeedAnswer:
    """The answer with its final marked as doubted. `ends` is the contradiction in words."""
    return replace(answer, reading=replace(state, doubt=ends))


FROZEN_BREAK_S = 20 * 60.0
"""A break that has not changed for this many seconds is checked with other sources: halftime has
fifteen minutes."""

OVERDUE_S = 15 * 60.0
"""A game that has not begun this many seconds after its tip-off is checked with other sources: real
tip-offs are about ten minutes late."""


@dataclass(slots=True)
class _LastState:
    """The last state a game's source reported: the document it came from, and when it last changed.

    `since` and `doubted` (the last check with other sources) are monotonic seconds. `frozen` is
    true while the document in `stood_still` stands still and the game moves on elsewhere. This only
    helps to choose whom to ask, and is not stored.
    """

    state: GameState
    document: tuple[str, str]
    since: float
    doubted: float = -math.inf
    frozen: bool = False
    stood_still: tuple[str, str] | None = None


def _stands_still(state: GameState, stood: float, now: datetime) -> bool:
    """Whether a game whose state has not changed for `stood` seconds should have changed."""
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


def ahead(state: GameState, other: GameState) -> bool:
    """Whether a state is from a later moment than the other, or has more points at the same one."""
    return behind(other, state) and not behind(state, other)


FLAPPING_S = 5 * 60.0
"""A source that fails again within this many seconds of its return is trusted more slowly."""

TRUSTED_AFTER = 1
"""Good answers in a row after which a source that had failed is used again."""

TRUSTED_AFTER_FLAPPING = 3
"""Good answers in a row that are needed from a source that failed again soon after its return."""


class Breaker:
    """Decides whether the primary source is in use. Open means that it is lost and only probed.

    One failure alone is a hiccup and does not open the breaker. A source that refuses our requests
    is left at once.
    """

    def __init__(self) -> None:
        self.open = False
        self._needed = TRUSTED_AFTER
        self._closed_at: float | None = None

    def judge(self, board: SharedBoard, monotonic: float) -> bool:
        """Take note of the state of the primary's board.

        Returns whether the breaker opened or closed.
        """
        failure = board.failure
        before = self.open
        if failure is not None:
            lost = failure.failures >= SOURCE_LOST_AFTER or failure.error.trouble in _REFUSALS
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

    It reports `feed.switched` (league, source, instead_of, why) when another source takes over and
    when the primary is back, `feed.lost` and `feed.recovered` (source with the game) of an entry on
    a good board that cannot be read, `feed.frozen` (source, game) when a game moves on only at
    another source, `feed.thawed` when the frozen document moves again, and the events of
    `Disputes`.
    """

    def __init__(self, feeds: Sequence[Feed], clock: Clock, tell: Tell) -> None:
        """`feeds` are the sources of one league, the preferred one first."""
        self._primary, self._others = feeds[0], tuple(feeds[1:])
        self._clock = clock
        self._report = tell
        self._breaker = Breaker()
        self._disputes = Disputes(clock, tell)
        self._last_states: OrderedDict[str, _LastState] = OrderedDict()
        self._missed: Counter[str] = Counter()
        self._unread: dict[str, tuple[float, bool]] = {}
        """Since when the primary's entry of a game cannot be read, and whether that was told."""
        self._left: dict[str, float] = {}
        """When a stand-in with another score was first asked in the primary's place, by game."""

    async def read(
        self, game: Game, ask: LookUp, max_age: float, believed: GameState | None = None
    ) -> FeedAnswer:
        """What the first source that knows a game reports of it. It never raises.

        `believed` is the state that is believed of the game, or None.
        """
        begun = self._clock.monotonic()
        answer = await self._read(game, ask, max_age, believed)
        if isinstance(answer.reading, GameState):
            for feed in (self._primary, *self._others):
                feed.outdated(game, answer.heard)
        if answer.source != self._primary.source.name:
            # What the stand-in took does not delay the next look at the primary.
            answer = replace(answer, heard=min(answer.heard, begun))
        return answer

    async def _read(
        self, game: Game, ask: LookUp, max_age: float, believed: GameState | None
    ) -> FeedAnswer:
        if ask is LookUp.BOX:
            return await self._box(game, believed)
        answer = await self._first(game, ask, max_age)
        if not isinstance(answer.reading, GameState):
            return answer
        answer = await self._newest(game, answer, answer.reading, believed)
        answer = self._undisputed(game, answer)
        if answer.source == self._primary.source.name and isinstance(answer.reading, GameState):
            self._disputes.check(game, answer.reading, self._primary, self._others)
            ends = self._disputes.ends(game)
            if ends and answer.reading.phase is Phase.FINAL:
                return _disputed(answer, answer.reading, ends)
        return answer

    def _undisputed(self, game: Game, answer: FeedAnswer) -> FeedAnswer:
        """The answer; but no stand-in's with another score in the primary's first minutes away."""
        name, now = self._primary.source.name, self._clock.monotonic()
        if answer.source == name or not self._disputes.open(game):
            self._left.pop(game.id, None)
            return answer
        away = now - self._left.setdefault(game.id, now)
        if away >= SOURCE_HELD.total_seconds():
            return answer
        why = f"{name} is away, and {answer.source} last told another score"
        return replace(answer, reading=Unreadable(Trouble.MALFORMED, why))

    async def _box(self, game: Game, believed: GameState | None) -> FeedAnswer:
        """The game's box. If no source has it, a board of that day that shows the game as final.

        A box that stands still at an earlier moment than a final which is believed is the last one
        to be taken.
        """
        first = await self._primary.read(game, LookUp.BOX, 0.0)
        if isinstance(first.reading, GameState) and not ends_too_late(believed, first.reading):
            return await self._agreed(game, first, first.reading, believed)
        for other in self._others:
            await other.read(game, LookUp.BOARD, DOUBT_EVERY_S)
            answer = await other.read(game, LookUp.BOX, 0.0)
            if isinstance(answer.reading, GameState) and not ends_too_late(
                believed, answer.reading
            ):
                return await self._agreed(game, answer, answer.reading, believed)
        for feed in (self._primary, *self._others):
            answer = (
                await feed.read(game, LookUp.BOARD, DOUBT_EVERY_S) if feed.source.dated else first
            )
            if isinstance(answer.reading, GameState) and answer.reading.phase is Phase.FINAL:
                return answer
        return first

    async def _agreed(
        self, game: Game, answer: FeedAnswer, box: GameState, believed: GameState | None
    ) -> FeedAnswer:
        """The box, marked as doubted where two other documents agree on another final score."""
        if believed is None or not box.phase is believed.phase is Phase.FINAL:
            return answer
        if not contradict(box, believed):
            return answer
        for other in self._others:
            board = await other.read(game, LookUp.BOARD, DOUBT_EVERY_S)
            state = board.reading
            if isinstance(state, GameState) and state.phase is Phase.FINAL:
                if contradict(state, believed):
                    return answer
                said, score = box.score, believed.score
                ends = f"its box tells {said.text}, boards {score.text}"
                return _disputed(answer, box, ends)
        return answer

    async def _first(self, game: Game, ask: LookUp, max_age: float) -> FeedAnswer:
        """The primary's answer, or a stand-in's where the primary is lost."""
        if not self._others:
            return await self._primary.read(game, ask, max_age)
        urgent = ask is LookUp.EITHER
        self._judge(game)
        left = self._breaker.open
        if left:
            # The probe runs in the background: a source that hangs must not delay the stand-in.
            self._primary.board_of(game).poke(max_age, urgent=urgent)
            answer = await self._stand_in(game, ask, max_age)
            if answer is not None:
                return answer
        answer = await self._primary.read(game, LookUp.BOARD, max_age, urgent=urgent)
        self._judge(game)
        self._tell_unread(game, answer.reading)
        if isinstance(answer.reading, GameState) or not urgent:
            self._missed.pop(game.id, None)
            return answer
        self._missed[game.id] += 1
        return await self._instead(game, answer, max_age, stood_in=left)

    def _tell_unread(self, game: Game, reading: GameState | Unreadable) -> None:
        """Report once that the primary's entry of a game cannot be read, and once that it can."""
        source, now = f"{self._primary.source.label} {game.name}", self._clock.monotonic()
        since, told = self._unread.pop(game.id, (now, False))
        if isinstance(reading, GameState):
            if told:
                self._report(FeedRecovered(source, round(now - since)))
            return
        good = self._primary.board_of(game).failure is None
        wrong = good and reading.trouble is Trouble.MALFORMED and not reading.claim
        if wrong and not told and now - since >= _UNREAD_S:
            told = True
            self._report(FeedLost(source, reading.trouble.value, reading.why))
        if wrong or told:
            self._unread[game.id] = since, told

    async def _instead(
        self, game: Game, answer: FeedAnswer, max_age: float, *, stood_in: bool
    ) -> FeedAnswer:
        """Ask further documents where the primary's board lacks a game that is near or in play.

        The primary's box is asked for the first one or two times, as it shows the same moment.
        After that a stand-in's board comes first, since all games share it.
        """
        trouble = answer.reading.trouble if isinstance(answer.reading, Unreadable) else None
        hiccup = not self._breaker.open and self._missed[game.id] <= SOURCE_LOST_AFTER
        box = hiccup and not self._slow(game)
        if box:
            answer = await self._primary.read(game, LookUp.EITHER, max_age)
            if isinstance(answer.reading, GameState):
                return answer
        if not stood_in and game.start <= self._clock.now():
            other = await self._stand_in(game, LookUp.EITHER, max_age)
            if other is not None:
                return other
        if not box and self._box_may_help(game, trouble):
            answer = await self._primary.read(game, LookUp.EITHER, max_age)
            if isinstance(answer.reading, GameState):
                self._primary.board_of(game).poke(max_age, urgent=True)
        return answer if isinstance(answer.reading, GameState) else self._patient(answer, game)

    def _slow(self, game: Game) -> bool:
        """Whether the primary's last failure took so long that its other documents should wait."""
        failure = self._primary.board_of(game).failure
        return failure is not None and failure.heard - failure.asked >= _SLOW_S

    def _box_may_help(self, game: Game, trouble: Trouble | None) -> bool:
        """Whether to ask the primary for a box although its board does not show the game.

        A host that is down is asked now and then, and at every poll while its box is what helps.
        """
        if trouble is not Trouble.DOWN:
            return trouble not in _REFUSALS
        last = self._last_states.get(game.id)
        board = self._primary.board_of(game).path.partition("?")[0]
        source, document = ("", "") if last is None else last.document
        helped = source == self._primary.source.name and document != board
        return helped or self._missed[game.id] % _TRIED_EVERY == 1

    def _patient(self, answer: FeedAnswer, game: Game) -> FeedAnswer:
        """The answer, with the wait until any source may be asked again."""
        waits = [answer.retry_after or 0.0]
        now = self._clock.monotonic()
        for other in self._others:
            failure = other.board_of(game).failure
            waits.append(0.0 if failure is None else failure.retry_at(urgent=True) - now)
        return replace(answer, retry_after=max(0.0, min(waits)) or None)

    async def _stand_in(self, game: Game, ask: LookUp, max_age: float) -> FeedAnswer | None:
        """A stand-in's answer: its board, or its box where a good board lacks the game."""
        urgent = ask is LookUp.EITHER
        for other in self._others:
            answer = await other.read(game, LookUp.BOARD, max_age, urgent=urgent)
            amiss = urgent and other.board_of(game).failure is None
            if amiss and not isinstance(answer.reading, GameState):
                answer = await other.read(game, LookUp.EITHER, max_age)
            if isinstance(answer.reading, GameState):
                return answer
        return None

    def _judge(self, game: Game) -> None:
        """Open or close the breaker, and report the switch."""
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

    async def _newest(
        self, game: Game, answer: FeedAnswer, state: GameState, believed: GameState | None
    ) -> FeedAnswer:
        """The answer, or that of another document where this one is behind or stands still."""
        last = self._last_states.get(game.id)
        other_document = last is None or (answer.source, answer.path) != last.document
        if believed is not None and other_document and behind(state, believed):
            name = self._primary.source.name
            stood_in = last is None or last.document[0] != name
            if stood_in and answer.source == name and contradict(state, believed):
                # Both cannot be true, and then it is the primary whose score counts.
                return self._remembered(game, answer, state)
            other = await self._elsewhere(game, answer, believed)
            if other is None or not isinstance(other.reading, GameState):
                return answer
            return self._remembered(game, other, other.reading)
        if last is not None and state == last.state:
            stood = self._clock.monotonic() - last.since
            if _stands_still(state, stood, self._clock.now()):
                return await self._doubted(game, answer, state, last)
        return self._remembered(game, answer, state)

    async def _doubted(
        self, game: Game, answer: FeedAnswer, state: GameState, last: _LastState
    ) -> FeedAnswer:
        """Check with other documents whether a game that stands still has moved on.

        Once it has for LONGEST_STOP, an end is passed on, at every poll, even with fewer points.
        """
        now, disputed = self._clock.monotonic(), self._disputes.open(game)
        over = state.phase.in_play and now - last.since >= LONGEST_STOP.total_seconds()
        if now - last.doubted < DOUBT_EVERY_S or (disputed and not over):
            return answer
        last.doubted = now
        other = await self._elsewhere(game, answer, state, or_end=over)
        if other is None or not isinstance(other.reading, GameState):
            return answer
        if over and other.reading.phase is Phase.FINAL and behind(other.reading, state):
            last.doubted = self._left[game.id] = -math.inf
            return other
        if disputed or not ahead(other.reading, state):
            return answer
        if not last.frozen:
            last.frozen, last.stood_still = True, (answer.source, answer.path)
            self._report(FeedFrozen(answer.source, game.name))
        return self._remembered(game, other, other.reading)

    async def _elsewhere(
        self, game: Game, answer: FeedAnswer, least: GameState, *, or_end: bool = False
    ) -> FeedAnswer | None:
        """The first other document that is not behind `least`, or with `or_end` shows the end.

        Boards come first: many games share them.
        """

        def fits(reading: GameState | Unreadable) -> bool:
            state = reading if isinstance(reading, GameState) else least
            end = or_end and state.phase is Phase.FINAL
            return state is not least and (end or not behind(state, least))

        for feed in (self._primary, *self._others):
            if feed.source.name != answer.source and not self._down(feed, game):
                other = await feed.read(game, LookUp.BOARD, SHARED_S, urgent=True)
                if fits(other.reading):
                    return other
        own = answer.source == self._primary.source.name
        box = await self._primary.read(game, LookUp.BOX, 0.0) if own else None
        return box if box is not None and fits(box.reading) else None

    def _down(self, feed: Feed, game: Game) -> bool:
        """Whether this is the primary while it is lost: then only probes may ask it."""
        return feed is self._primary and self._breaker.open and bool(feed.board_of(game).failure)

    def _remembered(self, game: Game, answer: FeedAnswer, state: GameState) -> FeedAnswer:
        """Remember the state as the last one of the game, and return the answer."""
        last = self._last_states.get(game.id)
        document = (answer.source, answer.path)
        if last is None:
            last = _LastState(state, document, self._clock.monotonic())
        if last.frozen and document == last.stood_still:
            last.frozen = False
            self._report(FeedThawed(answer.source, game.name))
        if last.state != state:
            last.state, last.since = state, self._clock.monotonic()
        last.document = document
        keep_newest(self._last_states, game.id, last, KEPT_GAMES)
        return answer
