"""Which games there are: tonight's board, and the season's schedule around it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.clock import Clock
from tracker.domain.game import Game, GameState
from tracker.domain.league import slate_date
from tracker.domain.poll import Unreadable
from tracker.feeds.errors import FeedError, FeedNotPublished, FeedRefused
from tracker.feeds.http.fetch import SCHEDULE_CAP
from tracker.feeds.polling.board import BoardReading
from tracker.feeds.polling.feed import Feed
from tracker.feeds.source import Listing

FRESH_S = 30.0
"""Oldest board that is taken for the slate."""

SCHEDULE_EVERY_S = 60 * 60.0
"""Least seconds between two readings of the schedule, which is large and seldom changes."""

SCHEDULE_RETRY_S = 5 * 60.0
"""Least seconds until the next try when the schedule could not be read; each further failure
doubles them, up to the hour."""

DAYS_AHEAD = 2
"""Days after today whose boards are read where there is no schedule."""

WINDOW = timedelta(days=7)
"""How far before and after this moment games are kept."""


@dataclass(frozen=True, slots=True)
class SlateReading:
    """The games that are known, by tip-off. `states` are those that the board told.

    `from_schedule` is whether the schedule was at hand, so that other days are in it.
    `troubles` says in a sentence each what could not be read. `blind` is whether nothing has ever
    been read: then no games are known, which is not the same as that there are none. `answered` is
    whether the board was read this time.
    """

    games: tuple[Game, ...]
    states: tuple[GameState, ...]
    from_schedule: bool
    troubles: tuple[str, ...]
    blind: bool
    answered: bool = True


class Slate:
    """The games of a source, kept over the times when it does not answer."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        """Nothing is asked until somebody reads."""
        self._feed = feed
        self._clock = clock
        self._listed: tuple[Listing, ...] | None = None
        self._board: BoardReading | None = None
        self._schedule_due: float | None = None
        self._schedule_pause = SCHEDULE_RETRY_S
        self._schedule_trouble: str | None = None

    async def read(self, *, schedule: bool = True) -> SlateReading:
        """Board and schedule as they are known. It never raises for what a source can do.

        Without `schedule` only the board is asked for.
        """
        troubles: list[str] = []
        board = await self._feed.board.read(FRESH_S)
        if isinstance(board, BoardReading):
            self._board = board
            entries = board.board.games
            troubles.extend(f"{x.name}: {y.why}" for x, y in entries if isinstance(y, Unreadable))
            troubles.extend(board.board.spoilt)
        else:
            troubles.append(str(board.error))
        if schedule:
            await self._refresh()
        if self._schedule_trouble is not None:
            troubles.append(self._schedule_trouble)
        return self._reading(tuple(troubles), answered=isinstance(board, BoardReading))

    def _reading(self, troubles: tuple[str, ...], *, answered: bool) -> SlateReading:
        now = self._clock.now()
        known = {game.id: game for game, _ in self._listed or ()}
        entries = self._board.board.games if self._board is not None else ()
        known.update({game.id: game for game, _ in entries})
        games = [x for x in known.values() if _near(x, now)]
        return SlateReading(
            games=tuple(sorted(games, key=lambda x: (x.start, x.id))),
            states=tuple(x for _, x in entries if isinstance(x, GameState)),
            from_schedule=self._listed is not None,
            troubles=troubles,
            blind=self._listed is None and self._board is None,
            answered=answered,
        )

    async def _refresh(self) -> None:
        now = self._clock.monotonic()
        if self._schedule_due is not None and now < self._schedule_due:
            return
        self._schedule_due = now + self._schedule_pause
        try:
            self._listed = await self._schedule()
            self._schedule_due = now + SCHEDULE_EVERY_S
            self._schedule_pause = SCHEDULE_RETRY_S
            self._schedule_trouble = None
        except FeedError as error:
            self._schedule_pause = min(2 * self._schedule_pause, SCHEDULE_EVERY_S)
            self._schedule_trouble = f"the schedule could not be read: {error}"

    async def _schedule(self) -> tuple[Listing, ...]:
        """The days ahead: their boards, or the schedule from the first variant that is there."""
        if self._feed.source.dated:
            return await self._boards()
        *earlier, last = self._feed.source.schedule_paths
        for path in earlier:
            try:
                return await self._variant(path)
            except (FeedNotPublished, FeedRefused):
                continue
        return await self._variant(last)

    async def _boards(self) -> tuple[Listing, ...]:
        found: list[Listing] = []
        today = slate_date(self._clock.now())
        for ahead in range(1, DAYS_AHEAD + 1):
            board = await self._feed.board_on(today + timedelta(days=ahead)).read(FRESH_S)
            if not isinstance(board, BoardReading):
                raise board.error
            found += [(x, y if isinstance(y, GameState) else None) for x, y in board.board.games]
        return tuple(found)

    async def _variant(self, path: str) -> tuple[Listing, ...]:
        fetched = await self._feed.fetcher.get(path, SCHEDULE_CAP)
        listed = await asyncio.to_thread(self._feed.source.parse_schedule, fetched.body)
        now = self._clock.now()
        return tuple(x for x in listed if _near(x[0], now))


def _near(game: Game, now: datetime) -> bool:
    return abs(game.start - now) <= WINDOW
