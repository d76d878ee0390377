"""What happens to a poll: read, forecast, decide, record, tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from tracker.clock import Clock
from tracker.domain.alert import PLAIN, Alert, MessageStyle
from tracker.domain.events import Tell
from tracker.domain.game import GameState, Phase
from tracker.domain.policy import USUAL, Event
from tracker.domain.poll import Poll, Standing, Trouble, Unreadable
from tracker.domain.tracking import Change, GameTracking, Ordering, Tracked
from tracker.domain.value import ClosingValue
from tracker.engine.decide.advance import advance, note
from tracker.engine.decide.pregame import presume, to_presume
from tracker.engine.rules.routing import route
from tracker.forecast import Outlook
from tracker.wording.alerts import compose
from tracker.wording.closes import settled_line


class Poller(Protocol):
    """Gives one poll after another of one game, each at its time."""

    async def next(self, standing: Standing) -> Poll:
        """The next poll; waits until it is due."""
        ...


class Recorder(Protocol):
    """Keeps what a poll changes."""

    async def record(self, poll: Poll, change: Change, channels: Sequence[str]) -> int:
        """Write the poll and all its consequences in one transaction; the poll's number."""
        ...


class Forecasts(Protocol):
    """Forecasts a game's end from its state."""

    async def forecast(self, book: GameTracking, state: GameState) -> Outlook | Unreadable:
        """The outlook, or why there is none."""
        ...


class FollowedBets(Protocol):
    """Knows which bets on a game are to be followed at this moment."""

    def wanted(self, book: GameTracking) -> tuple[Tracked, ...]:
        """The bets on the book's game, added and withdrawn ones taken into account."""
        ...

    def share(self, book: GameTracking) -> None:
        """Take what a decision on one game made of bets that are about several."""
        ...

    def in_turn(self, book: GameTracking) -> AbstractAsyncContextManager[object]:
        """Wait until what earlier decisions made of the book's shared bets is on disk."""
        ...

    def meet(self, state: GameState) -> None:
        """Learn who plays, from a box."""
        ...


"""Takes an event name and its figures: the log, or nothing."""


def _see_nothing(_: GameTracking) -> None:
    """For whoever does not care when a game was last looked at."""


def _as_usual(change: Change, now: datetime) -> Change:
    """For whoever has no policy: everything is told."""
    return route(change, USUAL, now)


Closed = Callable[[int], ClosingValue | None]
"""Gives what a bet was worth by the close, by its number."""


def nobody_closed(_: int) -> ClosingValue | None:
    """For whoever knows no closes."""
    return None


@dataclass(frozen=True, slots=True)
class TrackContext:
    """What every track works with.

    `ring` wakes the channels once an alert is on disk; `see` is told of looks that brought nothing,
    `show` of what is believed after every look.
    `route` says of each firing what becomes of it, and `wording` how it is worded. `closed` gives
    what a bet was worth by the close.
    """

    recorder: Recorder
    forecasts: Forecasts
    shelf: FollowedBets
    clock: Clock
    channels: Sequence[str]
    ring: Callable[[], None]
    tell: Tell
    see: Callable[[GameTracking], None] = _see_nothing
    show: Callable[[GameTracking], None] = _see_nothing
    route: Callable[[Change, datetime], Change] = _as_usual
    wording: MessageStyle = PLAIN
    closed: Closed = nobody_closed


async def track(book: GameTracking, poller: Poller, context: TrackContext) -> None:
    """Follow one game until every bet on it is settled for good, or none is left."""
    # How long the feed is silent counts from here: before, nobody listened.
    book = replace(book, seen_at=book.seen_at and context.clock.now())
    while not book.settled:
        poll = await poller.next(book.standing)
        book = book.with_bets(context.shelf.wanted(book))
        if not book.tracked:
            return
        decided = context.route(await _decide(book, poll, context), context.clock.now())
        change = worded(decided, context.wording, context.closed)
        if worth_recording(poll, change) or change.book.checks != book.checks:
            async with context.shelf.in_turn(change.book):
                await context.recorder.record(poll, change, context.channels)
        else:
            context.see(change.book)
        book = change.book
        context.show(book)
        for event in change.notes:
            context.tell(event)
        if any(x.told for x in change.alerts):
            context.ring()


async def _decide(book: GameTracking, poll: Poll, context: TrackContext) -> Change:
    seen = poll.reading if isinstance(poll.reading, GameState) else None
    if seen is not None:
        context.shelf.meet(seen)
    presumed = to_presume(book, context.clock.now()) if seen is None else None
    known = seen or presumed
    outlook = None if known is None else await context.forecasts.forecast(book, known)
    # Nothing waits from here to `share`: another game's poll may have moved a bet on both.
    book = book.with_bets(context.shelf.wanted(book))
    if presumed is not None and isinstance(outlook, Outlook):
        book = presume(book, presumed, outlook)
    change = _decided(book, poll.reading, outlook, context.clock.now())
    context.shelf.share(change.book)
    return change


def _decided(
    book: GameTracking,
    reading: GameState | Unreadable,
    outlook: Outlook | Unreadable | None,
    now: datetime,
) -> Change:
    if isinstance(reading, Unreadable):
        return note(book, reading, now)
    if not isinstance(outlook, Unreadable):
        return advance(book, reading, outlook, now)
    # What is over is settled by its score: a result never waits for a forecast.
    over = reading.phase is Phase.FINAL or reading.phase.off
    return advance(book, reading, None, now) if over else note(book, outlook, now)


def worded(change: Change, wording: MessageStyle = PLAIN, closed: Closed = nobody_closed) -> Change:
    """The change with the text of every alert that is told, at once or later."""
    tracked = {x.bet.number: x for x in change.book.tracked}
    return replace(
        change,
        alerts=tuple(
            replace(x, text=_text(x, tracked[x.bet], change, wording, closed)) if x.told else x
            for x in change.alerts
        ),
    )


def _text(
    alert: Alert, tracked: Tracked, change: Change, wording: MessageStyle, closed: Closed
) -> str:
    """The message of an alert; that of a result with what the bet was worth by the close."""
    text = compose(alert, tracked, change.book, wording)
    if alert.rule != Event.SETTLED or not text or alert.rule in wording.templates:
        return text
    line = settled_line(tracked.bet, closed(tracked.bet.number))
    first, _, rest = text.partition("\n")
    return "\n".join(x for x in (first, line, rest) if x)


def worth_recording(poll: Poll, change: Change) -> bool:
    """Whether a poll brought anything: a repeated state leaves no trace, a broken body does."""
    if not change.empty or change.notes:
        return True
    if isinstance(poll.reading, Unreadable):
        return poll.reading.trouble is Trouble.MALFORMED
    return change.ordering is not Ordering.SAME
