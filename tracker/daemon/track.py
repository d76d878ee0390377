"""Follows one game: takes each poll, forecasts, decides, and records all that follows from it.

All games share one queue of decisions: one poll at a time decides on a bet on several games.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from tracker.clock import Clock
from tracker.domain.alert import PLAIN, Alert, MessageStyle
from tracker.domain.events import Tell
from tracker.domain.game import GameState
from tracker.domain.policy import USUAL, Fact
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable
from tracker.domain.tracking import Change, GameTracking, Ordering, Tracked
from tracker.domain.value import ClosingValue
from tracker.engine.decide.advance import advance, note
from tracker.engine.decide.belief import JudgedPoll, judge_poll
from tracker.engine.decide.parlays import presume, to_presume
from tracker.engine.rules.routing import route
from tracker.forecast import Outlook
from tracker.wording.alerts import compose
from tracker.wording.closes import settled_line

TOO_LATE_S = 15.0
"""Real seconds that a poll may wait for its decision, beyond a delay that the person asked for."""

LEAP_S = 60.0
"""Seconds that the wall clock may leap over between two polls while their silence still counts."""


class PollSource(Protocol):
    """Gives the polls of one game, one after the other, each when it is due."""

    async def next(self, standing: GameStanding) -> Poll:
        """Wait until the next poll is due, and return it."""


class Recorder(Protocol):
    """Stores polls and what they change."""

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> object:
        """Write polls, in this order, with all their consequences, in one transaction."""


class Forecasts(Protocol):
    """Forecasts a game's end from its state."""

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        """The game's outlook, or why there is none."""


Closed = Callable[[int], ClosingValue | None]
"""Looks up a bet's value at the closing line by the bet's number; None where it has none."""


@dataclass(frozen=True, slots=True)
class TrackContext:
    """What every track works with. By default no bets are added, and every alert is sent.

    `wanted` gives the bets on a game that are to be followed, as they are stored now. `meet` learns
    the rosters from a game state that is not doubted. `wake_channels` is called once an alert is on
    disk. `see` takes a game after a poll that was not recorded, `show` after every poll. `route`
    decides for each alert whether it is sent, delayed or held, and `wording` how it is worded, and
    by how much all data are delayed. `closed` gives a bet's value at the closing line.
    """

    recorder: Recorder
    forecasts: Forecasts
    clock: Clock
    channels: Sequence[str]
    wake_channels: Callable[[], None]
    tell: Tell
    wanted: Callable[[GameTracking], tuple[Tracked, ...]] = lambda tracking: tracking.tracked
    meet: Callable[[GameState], None] = lambda _: None
    see: Callable[[GameTracking], None] = lambda _: None
    show: Callable[[GameTracking], None] = lambda _: None
    route: Callable[[Change, datetime], Change] = lambda change, now: route(change, USUAL, now)
    wording: MessageStyle = PLAIN
    closed: Closed = lambda _: None


@dataclass(frozen=True, slots=True)
class PollForecast:
    """A poll of a game with its forecast, ready to be decided on.

    `tracking` is what was believed of the game before the poll. `judged` says how a readable poll
    compares with that. `presumed` is the state before tip-off of a game that no source has reported
    yet. `outlook` is the forecast from one or the other.
    """

    tracking: GameTracking
    poll: Poll
    judged: JudgedPoll | None = None
    presumed: GameState | None = None
    outlook: Outlook | Unreadable | None = None


_Pending = tuple[PollForecast, asyncio.Future[GameTracking]]
"""A poll that waits for its decision, and the future by which its track receives the result."""


@dataclass(frozen=True, slots=True)
class _Decided:
    """What a poll changes; `kept` is whether the change is to be recorded."""

    poll: Poll
    change: Change
    waiting: asyncio.Future[GameTracking]
    kept: bool

    @property
    def notifies(self) -> bool:
        """Whether the change has an alert to send."""
        return any(x.notifies for x in self.change.alerts)


class Decisions:
    """The queue of decisions as the tracks use it. Make it with `deciding`."""

    def __init__(
        self, context: TrackContext, queue: asyncio.Queue[_Pending], consumer: asyncio.Task[None]
    ) -> None:
        self.context = context
        self._queue = queue
        self._consumer = consumer

    async def decide(self, polled: PollForecast) -> GameTracking:
        """What is believed after a poll, once all its consequences are on disk.

        Raises the error that ended the consumer: nothing is decided after that.
        """
        made: asyncio.Future[GameTracking] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((polled, made))
        both: set[asyncio.Future[Any]] = {made, self._consumer}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not made.done():
            self._consumer.result()
        return made.result()


@asynccontextmanager
async def deciding(context: TrackContext) -> AsyncIterator[Decisions]:
    """Run the one queue that decides and records, for as long as the block lasts."""
    queue: asyncio.Queue[_Pending] = asyncio.Queue()
    consumer = asyncio.create_task(_consume(queue, context), name="decisions")
    try:
        yield Decisions(context, queue, consumer)
    finally:
        consumer.cancel()
        await asyncio.wait({consumer})


async def track(tracking: GameTracking, poller: PollSource, decisions: Decisions) -> None:
    """Follow one game until every bet on it is settled for good, or none is left."""
    context = decisions.context
    lead = _lead(context.clock)
    tracking = replace(tracking, listened_from=context.clock.now())
    while not tracking.settled:
        poll = await poller.next(tracking.standing)
        before, lead = lead, _lead(context.clock)
        if lead - before > LEAP_S:
            # The machine slept, or its clock was set: in that time nobody asked, and nobody failed.
            tracking = replace(tracking, listened_from=context.clock.now())
        tracking = tracking.with_bets(context.wanted(tracking))
        if not tracking.tracked:
            return
        tracking = await decisions.decide(await _forecast(tracking, poll, context))
        # A bet that was added meanwhile keeps the track going, even if all others have settled.
        tracking = tracking.with_bets(context.wanted(tracking))


def _lead(clock: Clock) -> float:
    """Seconds by which the wall clock is ahead of what tasks could wait for."""
    return clock.now().timestamp() - clock.monotonic()


async def _forecast(tracking: GameTracking, poll: Poll, context: TrackContext) -> PollForecast:
    """The poll with its outlook.

    A readable poll is forecast from its state, another from the state before tip-off where a parlay
    over several games waits for that.
    """
    judged = presumed = None
    if isinstance(poll.reading, GameState):
        # By the time at which it is decided on, as the believed state is dated: with a delay the
        # poll came before that state was believed.
        now = context.clock.now()
        judged = judge_poll(tracking, poll.reading, poll.origin, now, poll.digest)
        if judged.ordering is not Ordering.HELD:
            context.meet(judged.state)
    else:
        presumed = to_presume(tracking, context.clock.now())
    known = presumed if judged is None else judged.state
    outlook = None if known is None else await context.forecasts.forecast(tracking, known)
    return PollForecast(tracking, poll, judged, presumed, outlook)


async def _consume(queue: asyncio.Queue[_Pending], context: TrackContext) -> None:
    """Decide and record polls, for ever: those that came during a write share one transaction."""
    shared: dict[int, Tracked] = {}
    while True:
        made = [_decide(await queue.get(), shared, context)]
        # A poll with an alert to send is recorded at once: it does not wait for other games.
        while not queue.empty() and not made[-1].notifies:
            made.append(_decide(queue.get_nowait(), shared, context))
        kept = [(x.poll, x.change) for x in made if x.kept]
        if kept:
            await context.recorder.record_all(kept, context.channels)
        for one in made:
            _report(one, context)
            if not one.waiting.done():
                one.waiting.set_result(one.change.tracking)


def _decide(asked: _Pending, shared: dict[int, Tracked], context: TrackContext) -> _Decided:
    """What a poll changes. `shared` holds the newest state of bets on several games, by number."""
    polled, waiting = asked
    tracking = _with_wanted(polled.tracking, shared, context)
    now = context.clock.now()
    if _too_late(polled.poll, now, context):
        return _Decided(polled.poll, Change(tracking), waiting, kept=False)
    change = context.route(_change_of(replace(polled, tracking=tracking), now), now)
    shared.update({x.bet.number: x for x in change.tracking.tracked if len(x.bet.games) > 1})
    change = worded(change, context.wording, context.closed)
    kept = (
        worth_recording(polled.poll, change, tracking) or change.tracking.checks != tracking.checks
    )
    return _Decided(polled.poll, change, waiting, kept)


def _too_late(poll: Poll, now: datetime, context: TrackContext) -> bool:
    """Whether a poll is old because the disk was full, or the machine slept, since it came.

    What it reports would be taken for what is true now. The next poll is due at once.
    """
    waited = (now - poll.at).total_seconds() - context.wording.delay
    return waited > TOO_LATE_S * context.clock.speed


def _with_wanted(
    tracking: GameTracking, shared: dict[int, Tracked], context: TrackContext
) -> GameTracking:
    """The tracking with the bets that are wanted now, each as the last decision left it.

    A bet that was added while the poll was being forecast waits for the next poll: this outlook was
    made without its players.
    """
    known = {x.bet.number: x for x in tracking.tracked}
    wanted = tuple(x for x in context.wanted(tracking) if x.bet.number in known)
    followed = {x.bet.number for x in wanted}
    on_game = [n for n, x in shared.items() if any(y.id == tracking.game.id for y in x.bet.games)]
    for number in on_game:
        if number not in followed:
            del shared[number]
    newest = tuple(shared.get(x.bet.number, known.get(x.bet.number, x)) for x in wanted)
    return replace(tracking, tracked=newest).with_bets(wanted)


def _change_of(polled: PollForecast, now: datetime) -> Change:
    tracking, judged, outlook = polled.tracking, polled.judged, polled.outlook
    if isinstance(polled.poll.reading, Unreadable):
        if polled.presumed is not None and isinstance(outlook, Outlook):
            tracking = presume(tracking, polled.presumed, outlook)
        return note(tracking, polled.poll.reading, now)
    assert judged is not None  # noqa: S101 - what can be read has been judged
    if not isinstance(outlook, Unreadable):
        return advance(tracking, judged, outlook, now)
    # A finished game is settled by its score: a result never waits for a forecast.
    over = judged.state.phase.over
    return advance(tracking, judged, None, now) if over else note(tracking, outlook, now)


def _report(made: _Decided, context: TrackContext) -> None:
    """Report what is now on disk: to the views, to the log, and to the channels."""
    if not made.kept:
        context.see(made.change.tracking)
    context.show(made.change.tracking)
    for event in made.change.notes:
        context.tell(event)
    if made.notifies:
        context.wake_channels()


def worded(change: Change, wording: MessageStyle, closed: Closed = lambda _: None) -> Change:
    """The change with the text of every alert that is sent now or later."""
    tracked = {x.bet.number: x for x in change.tracking.tracked}
    return replace(
        change,
        alerts=tuple(
            replace(x, text=_text(x, tracked[x.bet], change, wording, closed)) if x.notifies else x
            for x in change.alerts
        ),
    )


def _text(
    alert: Alert, tracked: Tracked, change: Change, wording: MessageStyle, closed: Closed
) -> str:
    """The message of an alert; that of a result also gives the bet's closing line value."""
    value = closed(tracked.bet.number) if alert.rule == Fact.SETTLED else None
    return compose(alert, tracked, change.tracking, wording, settled_line(tracked.bet, value))


def worth_recording(poll: Poll, change: Change, before: GameTracking) -> bool:
    """Whether a poll is to be recorded: a repeated state is not, a malformed body is.

    `before` is the tracking before the poll. A box score may change players' figures at a moment of
    the game that was already reported: that is recorded, as the next chance rests on it. So is a
    change of the state that is held, as the next poll is judged against it.
    """
    if not change.empty or change.notes:
        return True
    if isinstance(poll.reading, Unreadable):
        return poll.reading.trouble is Trouble.MALFORMED
    after = change.tracking
    news = change.ordering in (Ordering.NEWER, Ordering.CORRECTION)
    return news or after.held != before.held or _box_part(after.state) != _box_part(before.state)


def _box_part(state: GameState | None) -> tuple[object, ...]:
    """What only a box score reports of a game."""
    return () if state is None else (state.players, state.box)
