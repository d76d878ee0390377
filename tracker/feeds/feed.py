"""One source, ready to be asked about a game: the board where that will do, else its box."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol, assert_never

from tracker.clock import Clock, ScaledClock
from tracker.domain.game import Game, GameState
from tracker.domain.poll import Trouble, Unreadable
from tracker.feeds.board import BoardFailure, BoardReading, SharedBoard
from tracker.feeds.errors import FeedError, FeedMalformed, FeedNotPublished, FeedRefused
from tracker.feeds.fetch import DEADLINE_S, Fetched, Fetcher
from tracker.feeds.health import Health, OnEvent, Pulse, ignore_event, ignore_pulse
from tracker.feeds.source import Source
from tracker.settings.models import FeedSettings

_MINUTE_S = 60.0
_FRESH_S = 30.0


class Ask(Enum):
    """Where a game may be looked up: a box costs a request of its own, a board none."""

    BOARD = "board"
    EITHER = "either"
    BOX = "box"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a game gave.

    `path`, `at`, `body` and `digest` are those of the document that tells most, as in `Poll`;
    `heard` is when it came, in the clock's monotonic seconds. `retry_after` is for how many seconds
    the source is to be left alone.
    """

    source: str
    path: str
    at: datetime
    heard: float
    body: bytes
    digest: str
    reading: GameState | Unreadable
    retry_after: float | None = None


class Watch(Protocol):
    """Whatever can look a game up: one source, or several that stand in for each other."""

    async def look(self, game: Game, ask: Ask, max_age: float) -> Look:
        """What is known of a game, from a board no older than `max_age` seconds or from its box."""
        ...


class Feed:
    """One source with its session, its shared board and its health."""

    def __init__(self, source: Source, fetcher: Fetcher, clock: Clock, health: Health) -> None:
        """Build it with `open_feed`, which also closes it."""
        self.source = source
        self.fetcher = fetcher
        self.board = SharedBoard(source, fetcher, clock, health)
        self._clock = clock

    async def look(self, game: Game, ask: Ask, max_age: float) -> Look:
        """What this source tells of a game. It never raises for what a source can do."""
        match ask:
            case Ask.BOX:
                return await self._box(game, board=None)
            case Ask.BOARD | Ask.EITHER:
                begun = self._clock.monotonic()
                board = await self.board.read(max_age)
                seen = self._on_board(game, board, begun)
                if ask is Ask.BOARD or isinstance(seen.reading, GameState):
                    return seen
                return await self._second(game, board, seen)
            case _:
                assert_never(ask)

    async def _second(self, game: Game, board: BoardReading | BoardFailure, seen: Look) -> Look:
        """The box, for want of a good board. What the board says stays if that is no better."""
        other = await self._box(game, board)
        if isinstance(other.reading, GameState):
            return other
        return other if seen.reading == _absent(game) else seen

    def _on_board(self, game: Game, board: BoardReading | BoardFailure, begun: float) -> Look:
        if isinstance(board, BoardFailure):
            patience = max(0.0, board.retry_at - self._clock.monotonic())
            path = self.source.board_path()
            # A failure that is shared from earlier has been told with its document already.
            fresh = board.fetched is not None and board.fetched.heard >= begun
            document = board.fetched if fresh else None
            return self._look(path, document, board.error.unreadable, patience)
        entry = board.board.find(game.id)
        reading = _absent(game) if entry is None else _of_same(game, *entry)
        return self._look(board.fetched.path, board.fetched, reading, None)

    async def _box(self, game: Game, board: BoardReading | BoardFailure | None) -> Look:
        path = self.source.box_path(game.id)
        fetched: Fetched | None = None
        try:
            fetched = await self.fetcher.get(path)
            state = self.source.parse_box(fetched.body)
        except FeedRefused as refused:
            # The CDN answers 403 for what it does not have, so only the board tells them apart.
            board = board or await self.board.read(_FRESH_S)
            missing = FeedNotPublished(f"the box of {game.name} is not published yet")
            error = missing if isinstance(board, BoardReading) else refused
            return self._look(path, None, error.unreadable, None)
        except FeedError as error:
            return self._look(path, fetched, error.unreadable, error.retry_after)
        return self._look(path, fetched, _of_same(game, state.game, state), None)

    def _look(
        self,
        path: str,
        fetched: Fetched | None,
        reading: GameState | Unreadable,
        retry_after: float | None,
    ) -> Look:
        name = self.source.name
        if fetched is None:
            now, heard = self._clock.now(), self._clock.monotonic()
            return Look(name, path, now, heard, b"", "", reading, retry_after)
        at, heard, body, digest = fetched.at, fetched.heard, fetched.body, fetched.digest
        return Look(name, fetched.path, at, heard, body, digest, reading, retry_after)


def _absent(game: Game) -> Unreadable:
    return Unreadable(Trouble.ABSENT, f"{game.name} is not on the board")


def _of_same(game: Game, told: Game, state: GameState | Unreadable) -> GameState | Unreadable:
    """The state, if it is about the game that was asked for and not about some other one."""
    if (told.id, told.home, told.away) == (game.id, game.home, game.away):
        return state
    problem = f"is {told.id} {told.name}, not {game.id} {game.name}"
    return FeedMalformed("gameId", problem).unreadable


@asynccontextmanager
async def open_feed(
    source: Source,
    settings: FeedSettings,
    clock: Clock,
    *,
    on_event: OnEvent = ignore_event,
    pulse: Pulse = ignore_pulse,
    deadline_s: float = DEADLINE_S,
) -> AsyncIterator[Feed]:
    """A source with its session, closed on the way out. The settings' headers go over its own."""
    speed = clock.speed if isinstance(clock, ScaledClock) else 1.0
    fetcher = Fetcher(
        settings.base_url,
        {**source.headers, **settings.headers},
        settings.requests_per_minute,
        clock,
        deadline_s=deadline_s,
        minute_s=_MINUTE_S / speed,
    )
    async with fetcher:
        feed = Feed(source, fetcher, clock, Health(source.name, on_event, pulse))
        try:
            yield feed
        finally:
            await feed.board.aclose()
