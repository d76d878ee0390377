"""Keeps a game's card up to date on one board, at the board's own pace, whatever becomes of it.

A card is marked on disk before it is posted, and its message is written down after: a kill between
the two leaves at most one card behind, and the next one says so. Alerts have loops of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, assert_never

from tracker.clock import Clock, wait_for_event
from tracker.daemon.cards.live_view import BEHIND, LiveView
from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.events import CardClosed, CardFailing, CardGone, CardPosted, CardRecovered, Tell
from tracker.domain.policy import Snooze
from tracker.notify.channel import Board, Gone, Shown
from tracker.store.cards import CardRow
from tracker.wording.cards import Card

STOP_GRACE = 4.5
"""Real seconds that a request under way is given when the program stops."""

IDLE = 10.0
"""Most seconds between two looks at the live view."""

REFUSED_WAIT = 600.0
"""Seconds after which a card that the channel refused for good is tried again all the same."""

FIRST_RETRY, LONGEST_RETRY = 4.0, 120.0

DOUBT = "an earlier card of this game may stand above: this one is kept up to date"


class CardStore(Protocol):
    """Which message is which game's card, on disk."""

    async def of(self, channel: str) -> list[CardRow]:
        """Every card of a channel."""
        ...

    async def begin(self, channel: str, game: str, at: datetime) -> CardRow:
        """Mark a card as being sent."""
        ...

    async def finish(
        self, channel: str, game: str, outcome: Outcome, message: str | None, at: datetime
    ) -> None:
        """Write down what came of it."""
        ...

    async def close(self, channel: str, game: str, at: datetime) -> None:
        """Write down that it shows the last that there is to show."""
        ...

    async def chances(self, game: str, since: datetime) -> list[tuple[int, datetime, float]]:
        """The readings of a game's bets since then."""
        ...


@dataclass(slots=True)
class _Kept:
    """What is known of one card. Times are monotonic seconds.

    `shown` is what it last showed, None before the first edit after a start.
    """

    row: CardRow | None = None
    shown: Card | None = None
    edited_at: float = float("-inf")
    not_before: float = float("-inf")
    tries: int = 0
    asked: bool = False


@dataclass(slots=True)
class CardLoop:
    """One board's turns. `speed` is how many seconds of the clock pass in a real one."""

    board: Board
    live_view: LiveView
    cards: CardStore
    clock: Clock
    tell: Tell
    speed: float = 1.0
    failing: bool = False
    free_at: float = float("-inf")
    kept: dict[str, _Kept] = field(default_factory=dict)

    async def recall(self) -> None:
        """Take up the cards that were shown before the program started."""
        for row in await self.cards.of(self.board.name):
            self.kept[row.game] = _Kept(row)

    def ask(self, game: str) -> None:
        """Show a game's card anew as soon as the board allows, though nothing has changed."""
        self.kept.setdefault(game, _Kept()).asked = True
        self.live_view.ring()

    async def turn(self) -> float:
        """Bring the card up to date that has waited longest; seconds until there is more to do."""
        now = self.clock.monotonic()
        if self.free_at > now:
            return self.free_at - now
        later = now + IDLE
        # A game that appears while others are met waits for the next turn.
        games = tuple(self.live_view.games())
        for gone in self.kept.keys() - set(games):
            # Its row is remembered, so that it is edited if the game comes back.
            self.kept[gone].shown = None
        for game in games:
            await self._meet(game)
        for soonest, game in sorted((self._soonest(x), x) for x in games):
            if soonest > now:
                later = min(later, soonest)
                break
            # One card is worded at a time, and only where it might be written: hundreds of bets
            # take their time, and alerts wait for none of it.
            made = self.live_view.card(game)
            due = None if made is None else self._due(game, made)
            if made is not None and due is not None and due <= now:
                await self._update(game, made)
                return max(0.0, self.free_at - self.clock.monotonic())
            later = later if due is None else min(later, due)
            await self.clock.sleep(0)
        return max(later - now, 0.0)

    async def _meet(self, game: str) -> None:
        """The first sight of a game: the minutes before it are read from disk."""
        if game not in self.kept:
            self.kept[game] = _Kept()
        kept = self.kept[game]
        if kept.shown is None and kept.edited_at == float("-inf"):
            kept.edited_at = self.clock.monotonic() - self._real(self.board.pace.each)
            self.live_view.recall(
                game, await self.cards.chances(game, self.clock.now() - 2 * BEHIND)
            )

    def _soonest(self, game: str) -> float:
        """Before when a card is not written, whatever there is to show."""
        kept, pace = self.kept[game], self.board.pace
        if kept.row is None or kept.row.state != "shown":
            return kept.not_before
        wait = pace.between if kept.asked else pace.each
        return max(kept.not_before, kept.edited_at + self._real(wait))

    def _due(self, game: str, made: Card) -> float | None:
        """When a card is to be written next; None when there is nothing to write."""
        kept = self.kept[game]
        tracking = self.live_view.tracking(game)
        live = tracking is not None and tracking.state is not None and tracking.state.phase.in_play
        if kept.row is None or kept.row.state != "shown":
            return kept.not_before if live and not made.closed else None
        if kept.asked or kept.shown is None:
            return self._soonest(game)
        if not self._final(made, kept).tells_the_same(kept.shown):
            return self._soonest(game)
        idle = kept.edited_at + self._real(self.board.pace.idle)
        return max(kept.not_before, idle) if live else None

    def _final(self, made: Card, kept: _Kept) -> Card:
        """The card as it is sent: one that may have a twin says so."""
        doubtful = kept.row is not None and kept.row.doubtful and not self.board.same_name
        return replace(made, note=DOUBT) if doubtful and not made.note else made

    async def _update(self, game: str, made: Card) -> None:
        kept = self.kept[game]
        if kept.row is None or kept.row.message is None or kept.row.state != "shown":
            await self._post(game, made)
        else:
            await self._edit(game, made, kept.row.message, kept.row.id)
        rest = self._real(self.board.pace.between)
        self.free_at = max(self.free_at, self.clock.monotonic() + rest)

    async def _post(self, game: str, made: Card) -> None:
        kept = self.kept[game]
        kept.row = await self.cards.begin(self.board.name, game, self.clock.now())
        final = self._final(made, kept)
        found = await self.board.post(final, kept.row.id, game)
        message = found.message if isinstance(found, Shown) else None
        outcome: Outcome = Sent() if isinstance(found, Shown) else found
        await self.cards.finish(self.board.name, game, outcome, message, self.clock.now())
        state = {Sent: "shown", Refused: "refused", Failed: "due", Unknown: "unknown"}
        kept.row = replace(kept.row, state=state[type(outcome)], message=message)
        if message is not None:
            self.tell(CardPosted(self.board.name, self._name(game)))
        self._took(game, outcome, final)

    async def _edit(self, game: str, made: Card, message: str, number: int) -> None:
        kept = self.kept[game]
        final = self._final(made, kept)
        found = await self.board.edit(message, final, number)
        if isinstance(found, Gone):
            self.tell(CardGone(self.board.name, self._name(game), found.why))
            assert kept.row is not None  # noqa: S101 - it was just edited
            kept.row = replace(kept.row, state="due", message=None)
            kept.shown = None
            return
        self._took(game, found, final)
        if isinstance(found, Sent) and final.closed:
            await self._close(game)

    async def _close(self, game: str) -> None:
        kept = self.kept[game]
        if kept.row is not None and not kept.row.closed:
            await self.cards.close(self.board.name, game, self.clock.now())
            kept.row = replace(kept.row, closed=True)
            self.tell(CardClosed(self.board.name, self._name(game)))

    def _took(self, game: str, outcome: Outcome, final: Card) -> None:
        """Remember what came of a request, and when the next one may be."""
        kept, now = self.kept[game], self.clock.monotonic()
        kept.edited_at = now
        match outcome:
            case Sent():
                kept.shown, kept.tries, kept.asked = final, 0, False
                if self.failing:
                    self.failing = False
                    self.tell(CardRecovered(self.board.name))
            case Refused(why):
                kept.not_before = now + self._real(REFUSED_WAIT)
                self._complain(game, why)
            case Failed(why, retry_after):
                wait = self._backoff(kept) if retry_after is None else retry_after
                self.free_at = max(self.free_at, now + self._real(wait))
                self._complain(game, why)
            case Unknown(why):
                self.free_at = max(self.free_at, now + self._real(self._backoff(kept)))
                self._complain(game, why)
            case _:
                assert_never(outcome)

    def _real(self, seconds: float) -> float:
        """Real seconds, which are what a channel counts, on the clock."""
        return seconds * self.speed

    def _backoff(self, kept: _Kept) -> float:
        kept.tries += 1
        return min(FIRST_RETRY * 2.0 ** min(kept.tries - 1, 10), LONGEST_RETRY)

    def _complain(self, game: str, why: str) -> None:
        if not self.failing:
            self.failing = True
            self.tell(CardFailing(self.board.name, self._name(game), why))

    def _name(self, game: str) -> str:
        tracking = self.live_view.tracking(game)
        return game if tracking is None else tracking.game.name


async def keep_cards(
    loop: CardLoop,
    snoozes: Callable[[datetime], Awaitable[tuple[Snooze, ...]]],
    beat: Callable[[], None],
) -> None:
    """Keep every game's card on one board up to date, for ever.

    `snoozes` gives those in force. A cancellation gives the request under way STOP_GRACE and writes
    down what came of it, so the store must outlive this.
    """
    wake = asyncio.Event()
    loop.live_view.listen(wake)
    await loop.recall()
    while True:
        wake.clear()
        beat()
        loop.live_view.snoozes = await snoozes(loop.clock.now())
        wait = await _whole(loop.turn())
        await wait_for_event(loop.clock, wake, max(0.0, min(wait, IDLE)))


async def _whole(turn: Coroutine[None, None, float]) -> float:
    """One turn, which a cancellation may shorten but does not tear."""
    task = asyncio.ensure_future(turn)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=STOP_GRACE)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
