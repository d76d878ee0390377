"""The live view: what each game's card is to show, for the loops that show it."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from tracker.clock import Clock
from tracker.domain.policy import Snooze
from tracker.domain.tracking import GameTracking
from tracker.wording.cards import Card, card, silence

BEHIND = timedelta(minutes=5)
"""Over which the arrows are measured."""

_KEPT = BEHIND + timedelta(minutes=1)

_LEFT_KEPT = timedelta(minutes=15)
"""How long a game that nobody follows is kept, so that every board can close its card."""

LEFT = "no bet on this game is followed any more"


class Listener(Protocol):
    """Something that can be woken: an event of asyncio's."""

    def set(self) -> None:
        """Wake whoever waits."""
        ...


class _Readings:
    """A bet's chances of the last minutes, in the order of time."""

    __slots__ = ("_at", "_win")

    def __init__(self) -> None:
        self._at, self._win = array("d"), array("d")

    def add(self, at: datetime, win: float) -> None:
        """Take a reading, unless a later one is known."""
        moment = at.timestamp()
        if self._at and self._at[-1] >= moment:
            return
        self._at.append(moment)
        self._win.append(win)
        # One reading from before the window is what the first of them is measured against.
        gone = max(bisect_right(self._at, moment - _KEPT.total_seconds()) - 1, 0)
        del self._at[:gone], self._win[:gone]

    def recall(self, at: datetime, win: float) -> None:
        """Take a reading from before the program started, wherever it belongs."""
        moment = at.timestamp()
        place = bisect_left(self._at, moment)
        if place == len(self._at) or self._at[place] != moment:
            self._at.insert(place, moment)
            self._win.insert(place, win)

    def before(self, at: datetime) -> float | None:
        """The last one that is no later; None without one."""
        place = bisect_right(self._at, at.timestamp())
        return self._win[place - 1] if place else None


@dataclass(slots=True)
class _Game:
    """What is believed of a game since `at`. `chances` are, by bet, the last minutes' readings."""

    tracking: GameTracking | None = None
    at: datetime | None = None
    chances: defaultdict[int, _Readings] = field(default_factory=lambda: defaultdict(_Readings))
    left_at: datetime | None = None


class LiveView:
    """Fed by the tracks, read by the loops of the boards. Nothing here waits."""

    def __init__(self, clock: Clock, zone: tzinfo) -> None:
        """`zone` is the person's."""
        self._clock = clock
        self._zone = zone
        self._games: dict[str, _Game] = {}
        self._listeners: list[Listener] = []
        self.snoozes: tuple[Snooze, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Ring this listener whenever there is something else to show."""
        self._listeners.append(listener)

    def show(self, tracking: GameTracking) -> None:
        """Take what is believed of a game, after every poll."""
        now = self._clock.now()
        game = self._games.setdefault(tracking.game.id, _Game())
        game.left_at = None
        game.tracking, game.at = tracking, now
        for one in tracking.tracked:
            if one.chance is not None and one.settlement is None:
                game.chances[one.bet.number].add(now, one.chance.win)
        self.ring()

    def leave(self, game_id: str) -> None:
        """Nobody follows this game any more."""
        self._forget()
        if game_id in self._games:
            self._games[game_id].left_at = self._clock.now()
            self.ring()

    def recall(self, game_id: str, chances: Iterable[tuple[int, datetime, float]]) -> None:
        """Take the readings of the last minutes before the program started."""
        game = self._games.setdefault(game_id, _Game())
        for bet, at, win in chances:
            game.chances[bet].recall(at, win)

    def games(self) -> tuple[str, ...]:
        """The games that have something to show, in a fixed order."""
        self._forget()
        return tuple(sorted(x for x, game in self._games.items() if game.tracking is not None))

    def tracking(self, game_id: str) -> GameTracking | None:
        """What is believed of a game; None while nothing is known."""
        game = self._games.get(game_id)
        return None if game is None else game.tracking

    def card(self, game_id: str) -> Card | None:
        """The card of a game at this moment."""
        game = self._games.get(game_id)
        if game is None or game.tracking is None:
            return None
        now, earlier = self._clock.now(), self._earlier(game)
        made = card(
            game.tracking,
            earlier,
            now,
            self._zone,
            quiet=silence(game.tracking.game.id, self.snoozes, now, self._zone),
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
            if x.chance is not None
        }
        return max(moves, key=lambda number: (moves[number], -number), default=None)

    def _forget(self) -> None:
        """Drop the games that were left long ago, also where nobody shows any."""
        limit = self._clock.now() - _LEFT_KEPT
        for game_id, game in list(self._games.items()):
            if game.left_at is not None and game.left_at < limit:
                del self._games[game_id]

    def _earlier(self, game: _Game) -> dict[int, float]:
        """What each bet's chance was some minutes before the last look."""
        if game.at is None:
            return {}
        told = {bet: x.before(game.at - BEHIND) for bet, x in game.chances.items()}
        return {bet: win for bet, win in told.items() if win is not None}

    def ring(self) -> None:
        """Wake whoever shows cards."""
        for listener in self._listeners:
            listener.set()
