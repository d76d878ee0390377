"""Live cards: the messages that show a game's bets and are edited while it is played.

`LiveView` holds what each card is to show, as the tracks report it. A `CardLoop` for each board
posts and edits the cards at that board's pace, whatever comes of an edit.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import assert_never

from tracker.clock import Clock, growing_wait, run_out, wait_for_event
from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.events import CardClosed, CardFailing, CardGone, CardPosted, CardRecovered, Tell
from tracker.domain.policy import Snooze
from tracker.domain.tracking import GameTracking, Tracked
from tracker.notify.channels import Board, Gone, Shown
from tracker.store.alerting import CardRow, Cards
from tracker.wording.cards import BEHIND, Card, as_shown, card, silence

_READINGS_KEPT = BEHIND + timedelta(minutes=1)

_LEFT_KEPT = timedelta(minutes=15)
"""How long a game that is no longer followed is kept, so that every board can close its card."""

LEFT = "no bet on this game is followed any more"

IDLE = 10.0
"""Most seconds between two checks of the live view."""

REFUSED_WAIT = 600.0
"""Seconds until a card is tried again that the channel refused for good, and at least between two
that are posted in place of one that is gone: where no card can be edited, each edit would post
another."""

DOUBT = "an earlier card of this game may stand above: this one is kept up to date"


class _Readings:
    """A bet's chances of the last minutes, in order of time."""

    __slots__ = ("_at", "_win")

    def __init__(self) -> None:
        self._at, self._win = array("d"), array("d")

    def add(self, at: datetime, win: float) -> None:
        """Add a reading. Later ones, from before the wall clock was set back, are dropped."""
        moment = at.timestamp()
        later = bisect_left(self._at, moment)
        del self._at[later:], self._win[later:]
        self._at.append(moment)
        self._win.append(win)
        # The last reading from before the window is kept: `before` needs it at the window's start.
        gone = max(bisect_right(self._at, moment - _READINGS_KEPT.total_seconds()) - 1, 0)
        del self._at[:gone], self._win[:gone]

    def recall(self, at: datetime, win: float) -> None:
        """Insert a reading from before the program started at its place in time."""
        moment = at.timestamp()
        place = bisect_left(self._at, moment)
        if place == len(self._at) or self._at[place] != moment:
            self._at.insert(place, moment)
            self._win.insert(place, win)

    def before(self, at: datetime) -> float | None:
        """The last reading at or before this moment; None without one."""
        place = bisect_right(self._at, at.timestamp())
        return self._win[place - 1] if place else None


@dataclass(slots=True)
class _Game:
    """A game with what is believed of it since `at`, and each bet's recent chances by its number.

    `left_at` is when the game stopped being followed; None while it is followed.
    """

    tracking: GameTracking | None = None
    at: datetime | None = None
    chances: defaultdict[int, _Readings] = field(default_factory=lambda: defaultdict(_Readings))
    left_at: datetime | None = None

    def share(self, newest: Mapping[int, Tracked]) -> None:
        """Take the newest state of bets, by number, that the poll of another game has changed."""
        if self.tracking is None or not any(x.bet.number in newest for x in self.tracking.tracked):
            return
        tracked = tuple(newest.get(x.bet.number, x) for x in self.tracking.tracked)
        self.tracking = replace(self.tracking, tracked=tracked)


class LiveView:
    """What the cards show now. The tracks write it, the card loops read it; nothing here waits."""

    def __init__(self, clock: Clock, zone: tzinfo, delay: float = 0.0) -> None:
        """`zone` is the person's time zone, `delay` by how many seconds all is shown late."""
        self._clock = clock
        self._delay = delay
        self._zone = zone
        self._games: dict[str, _Game] = {}
        self._listeners: list[Callable[[], None]] = []
        self._snoozes: tuple[Snooze, ...] = ()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call this listener whenever there is something new to show."""
        self._listeners.append(listener)

    def snooze(self, snoozes: tuple[Snooze, ...]) -> None:
        """Replace the snoozes that the cards show."""
        self._snoozes = snoozes

    def show(self, tracking: GameTracking) -> None:
        """Take what is believed of a game, after every poll.

        Bets on several games are updated on the cards of the other games too, since a game that is
        over is not polled for hours.
        """
        now = self._clock.now()
        shared = {x.bet.number: x for x in tracking.tracked if len(x.bet.games) > 1}
        if shared:
            for other in self._games.values():
                other.share(shared)
        game = self._games.setdefault(tracking.game.id, _Game())
        game.left_at = None
        game.tracking, game.at = tracking, now
        for one in tracking.tracked:
            if one.chance is not None and not one.ended:
                game.chances[one.bet.number].add(now, one.chance.win)
        self.wake_listeners()

    def leave(self, game_id: str) -> None:
        """Note that a game is no longer followed."""
        self._forget()
        if game_id in self._games:
            self._games[game_id].left_at = self._clock.now()
            self.wake_listeners()

    def recall(self, game_id: str, chances: Iterable[tuple[int, datetime, float]]) -> None:
        """Take the readings from just before the program started: bet, time, chance to win."""
        game = self._games.setdefault(game_id, _Game())
        for bet, at, win in chances:
            game.chances[bet].recall(at, win)

    def games(self) -> tuple[str, ...]:
        """The ids of the games that have something to show, sorted."""
        self._forget()
        return tuple(sorted(x for x, game in self._games.items() if game.tracking is not None))

    def tracking(self, game_id: str) -> GameTracking | None:
        """What is believed of a game; None before its first poll."""
        game = self._games.get(game_id)
        return None if game is None else game.tracking

    def card(self, game_id: str) -> Card | None:
        """The card of a game at this moment; None before its first poll."""
        game = self._games.get(game_id)
        if game is None or game.tracking is None:
            return None
        now, earlier = self._clock.now(), self._earlier(game)
        made = card(
            as_shown(game.tracking, self._delay),
            earlier,
            now,
            self._zone,
            quiet=silence(game.tracking.game.id, self._snoozes, now, self._zone),
        )
        if game.left_at is not None and not made.closed:
            return replace(made, closed=True, note=LEFT)
        return made

    def most_moved(self, game_id: str) -> int | None:
        """The open bet on a game whose chance has moved most in the last minutes."""
        game = self._games.get(game_id)
        if game is None or game.tracking is None:
            return None
        earlier = self._earlier(game)
        moves = {
            x.bet.number: abs(x.chance.win - earlier.get(x.bet.number, x.chance.win))
            for x in game.tracking.tracked
            if x.chance is not None and not x.ended
        }
        return max(moves, key=lambda number: (moves[number], -number), default=None)

    def _forget(self) -> None:
        """Drop games that were left long ago; this must happen even where no board shows cards."""
        limit = self._clock.now() - _LEFT_KEPT
        for game_id, game in list(self._games.items()):
            if game.left_at is not None and game.left_at < limit:
                del self._games[game_id]

    def _earlier(self, game: _Game) -> dict[int, float]:
        """Each bet's chance to win BEHIND before the last poll, by number, where it is known."""
        if game.at is None:
            return {}
        earlier = {bet: x.before(game.at - BEHIND) for bet, x in game.chances.items()}
        return {bet: win for bet, win in earlier.items() if win is not None}

    def wake_listeners(self) -> None:
        """Call every listener."""
        for listener in self._listeners:
            listener()


FIRST_RETRY, LONGEST_RETRY = 4.0, 120.0


@dataclass(slots=True)
class _CardState:
    """What the loop knows of one card. Times are monotonic seconds.

    `shown` is the card as last sent; None before the first edit after a start. `not_before` is the
    earliest time to try again. `gone_at` is when one was last posted in place of one that was gone.
    `asked` is whether a person asked for a fresh one.
    """

    row: CardRow | None = None
    shown: Card | None = None
    edited_at: float = float("-inf")
    not_before: float = float("-inf")
    gone_at: float = float("-inf")
    tries: int = 0
    asked: bool = False


@dataclass(slots=True)
class CardLoop:
    """Posts and edits the cards of one board. `speed` is clock seconds per real second."""

    board: Board
    live_view: LiveView
    cards: Cards
    clock: Clock
    tell: Tell
    speed: float = 1.0
    failing: bool = False
    free_at: float = float("-inf")
    kept: dict[str, _CardState] = field(default_factory=dict)

    async def recall(self) -> None:
        """Load the cards that were posted before the program started."""
        for row in await self.cards.of(self.board.name):
            self.kept[row.game] = _CardState(row)

    def ask(self, game: str) -> None:
        """Edit a game's card as soon as the board allows, even if nothing has changed."""
        self.kept.setdefault(game, _CardState()).asked = True
        self.live_view.wake_listeners()

    async def turn(self) -> float:
        """Write the card that is due first, if any; the seconds until there is more to do."""
        now = self.clock.monotonic()
        if self.free_at > now:
            return self.free_at - now
        later = now + IDLE
        # A game that appears during this turn waits for the next one.
        games = tuple(self.live_view.games())
        for gone in self.kept.keys() - set(games):
            # Its row is kept, so that the same message is edited if the game comes back.
            self.kept[gone].shown = None
        for game in games:
            await self._prepare(game)
        for soonest, game in sorted((self._soonest(x), x) for x in games):
            if soonest > now:
                later = min(later, soonest)
                break
            # One card is made at a time, and only if it may be written now: hundreds of bets
            # take a while, and alerts must not wait for that.
            made = self.live_view.card(game)
            due = None if made is None else self._due(game, made)
            if made is not None and due is not None and due <= now:
                await self._update(game, made)
                return max(0.0, self.free_at - self.clock.monotonic())
            later = later if due is None else min(later, due)
            await self.clock.sleep(0)
        return max(later - now, 0.0)

    async def _prepare(self, game: str) -> None:
        """Take up a game that is new to the loop: read its chances of the last minutes."""
        if game not in self.kept:
            self.kept[game] = _CardState()
        kept = self.kept[game]
        if kept.shown is None and kept.edited_at == float("-inf"):
            kept.edited_at = self.clock.monotonic() - self._real(self.board.pace.each)
            self.live_view.recall(
                game, await self.cards.chances(game, self.clock.now() - 2 * BEHIND)
            )

    def _soonest(self, game: str) -> float:
        """The earliest time at which a card may be written, whatever there is to show."""
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
        if not self._with_doubt(made, kept).tells_the_same(kept.shown):
            return self._soonest(game)
        idle = kept.edited_at + self._real(self.board.pace.idle)
        return max(kept.not_before, idle) if live else None

    def _with_doubt(self, made: Card, kept: _CardState) -> Card:
        """The card to send, with a note where an earlier message may show the same game."""
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
        final = self._with_doubt(made, kept)
        found = await self.board.post(final, kept.row.id, game)
        message = found.message if isinstance(found, Shown) else None
        outcome: Outcome = Sent() if isinstance(found, Shown) else found
        await self.cards.finish(self.board.name, game, outcome, message, self.clock.now())
        state = {Sent: "shown", Refused: "refused", Failed: "due", Unknown: "unknown"}
        kept.row = replace(kept.row, state=state[type(outcome)], message=message)
        if message is not None:
            self.tell(CardPosted(self.board.name, self._name(game)))
        self._note_outcome(game, outcome, final)

    async def _edit(self, game: str, made: Card, message: str, number: int) -> None:
        kept = self.kept[game]
        final = self._with_doubt(made, kept)
        found = await self.board.edit(message, final, number)
        if isinstance(found, Gone):
            self.tell(CardGone(self.board.name, self._name(game), found.why))
            assert kept.row is not None  # noqa: S101 - it was just edited
            kept.row = replace(kept.row, state="due", message=None)
            kept.shown, kept.not_before = None, kept.gone_at + self._real(REFUSED_WAIT)
            kept.gone_at = max(kept.not_before, self.clock.monotonic())
            return
        self._note_outcome(game, found, final)
        if isinstance(found, Sent) and final.closed:
            await self._close(game)

    async def _close(self, game: str) -> None:
        kept = self.kept[game]
        if kept.row is not None and not kept.row.closed:
            await self.cards.close(self.board.name, game, self.clock.now())
            kept.row = replace(kept.row, closed=True)
            self.tell(CardClosed(self.board.name, self._name(game)))

    def _note_outcome(self, game: str, outcome: Outcome, final: Card) -> None:
        """Note what came of a request, and when the next one may be made."""
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
                self._report_failure(game, why)
            case Failed(why, retry_after):
                wait = self._backoff(kept) if retry_after is None else retry_after
                self.free_at = max(self.free_at, now + self._real(wait))
                self._report_failure(game, why)
            case Unknown(why):
                self.free_at = max(self.free_at, now + self._real(self._backoff(kept)))
                self._report_failure(game, why)
            case _:
                assert_never(outcome)

    def _real(self, seconds: float) -> float:
        """Convert real seconds, which a channel's limits are in, to seconds of the clock."""
        return seconds * self.speed

    def _backoff(self, kept: _CardState) -> float:
        kept.tries += 1
        return growing_wait(kept.tries, FIRST_RETRY, LONGEST_RETRY)

    def _report_failure(self, game: str, why: str) -> None:
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

    `snoozes` gives those in force. A cancelled loop gives the request in progress STOP_GRACE real
    seconds, then records what came of it, so the store must be closed after this loop.
    """
    wake = asyncio.Event()
    loop.live_view.listen(wake.set)
    await loop.recall()
    while True:
        wake.clear()
        beat()
        loop.live_view.snooze(await snoozes(loop.clock.now()))
        wait = await run_out(loop.turn())
        await wait_for_event(loop.clock, wake, max(0.0, min(wait, IDLE)))
