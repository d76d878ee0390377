"""Bets that are about several games: one memory of each, whichever game's poll moves it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection

from tracker.domain.game import GameState
from tracker.domain.tracking import GameTracking, Tracked


class SharedBets:
    """The newest memory of every bet that is in more than one book."""

    def __init__(self) -> None:
        """Nothing is shared yet."""
        self._newest: dict[int, Tracked] = {}
        self._turns = asyncio.Lock()
        self._gap = False

    def newest(self, stored: Tracked) -> Tracked:
        """A bet as it stands, given how it is stored."""
        shared = self._newest.get(stored.bet.number)
        return stored if shared is None else shared.met_again(stored)

    def share(self, book: GameTracking) -> None:
        """Take what a decision on one game made of such bets."""
        for tracked in book.tracked:
            if len(tracked.bet.games) > 1:
                before = self._newest.get(tracked.bet.number)
                if before is None or tracked.turn >= before.turn:
                    self._newest[tracked.bet.number] = tracked

    @contextlib.asynccontextmanager
    async def in_turn(self, book: GameTracking) -> AsyncIterator[None]:
        """Wait until what earlier decisions made of the book's shared bets is on disk.

        What failed, or was cut off, takes the program down; nothing that rests on it may be written
        meanwhile, so that this waits until then.
        """
        if all(len(x.bet.games) == 1 for x in book.tracked):
            yield
            return
        async with self._turns:
            if self._gap:
                await asyncio.Event().wait()
            self._gap = True
            yield
            self._gap = False

    def keep_only(self, bets: Collection[int]) -> None:
        """Forget bets that are followed no more."""
        self._newest = {n: x for n, x in self._newest.items() if n in bets}


class Fixed:
    """A shelf whose bets are those of the books, for games that nobody adds to."""

    def __init__(self) -> None:
        """Nothing is shared yet."""
        self._sharing = SharedBets()

    def wanted(self, book: GameTracking) -> tuple[Tracked, ...]:
        """The bets that the book has."""
        return tuple(self._sharing.newest(x) for x in book.tracked)

    def share(self, book: GameTracking) -> None:
        """Take what a decision made of bets on several games."""
        self._sharing.share(book)

    def in_turn(self, book: GameTracking) -> contextlib.AbstractAsyncContextManager[object]:
        """Wait for earlier decisions on the same bets to be on disk."""
        return self._sharing.in_turn(book)

    def meet(self, state: GameState) -> None:
        """Who plays matters to nobody here."""
