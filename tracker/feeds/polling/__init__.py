"""One source that can be asked about a game: its boards, each shared by all games on it, and boxes.

Many games ask for a board; one request answers them all.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Protocol, TypeVar, assert_never

from tracker.clock import Clock
from tracker.domain.game import Game, GameState, Listing, Phase, Score, same_meeting, same_teams
from tracker.domain.league import LEAGUE_ZONE, slate_date
from tracker.domain.poll import Trouble, Unreadable
from tracker.feeds import (
    FeedError,
    FeedMalformed,
    FeedNotPublished,
    FeedRefused,
    FeedUnavailable,
    Scoreboard,
    Source,
)
from tracker.feeds.fetch import DEADLINE_S, SCHEDULE_CAP, FeedHost, Fetched, Fetcher, keep_newest
from tracker.feeds.health import SourceHealth
from tracker.feeds.identity import Register, nearest, recognised, state_under
from tracker.feeds.polling.cadence import backoff
from tracker.network import ServerTime
from tracker.settings.models import FeedSettings

T = TypeVar("T")

LARGE = 1 << 18
"""Documents with more bytes are parsed in a thread, off the event loop: a full college day has
millions."""


async def parsed(parse: Callable[[bytes], T], body: bytes) -> T:
    """What a parser makes of a body, in a thread where the body is LARGE."""
    return await asyncio.to_thread(parse, body) if len(body) > LARGE else parse(body)


@dataclass(frozen=True, slots=True)
class BoardReading:
    """A board and the document that it was parsed from."""

    fetched: Fetched
    board: Scoreboard

    @property
    def listed(self) -> tuple[Listing, ...]:
        """The games on the board, each with its state where that can be read."""
        return tuple((x, y if isinstance(y, GameState) else None) for x, y in self.board.games)


@dataclass(frozen=True, slots=True)
class BoardFailure:
    """A failed request for a board. `asked` and `heard` are its start and end in monotonic seconds.

    `failures` counts those in a row. `fetched` is the document, where one came that could not be
    believed.
    """

    error: FeedError
    asked: float
    heard: float
    failures: int
    fetched: Fetched | None = None

    def retry_at(self, *, urgent: bool) -> float:
        """Until when, in monotonic seconds, the source is left alone.

        While a game is near or in play (`urgent`), the pause counts from the start of the failed
        request, so that a slow failure delays nothing further.
        """
        error = self.error
        pause = backoff(self.failures, trouble=error.trouble, urgent=urgent)
        return max(
            self.heard + backoff(0, error.retry_after),
            (self.asked if urgent else self.heard) + pause,
        )


KEPT_READINGS = 6
"""Most recent boards that are kept for games that have not polled since, so that they miss no
state."""


class SharedBoard:
    """A board of a source. One request serves all callers that ask before the board is too old.

    A failure is shared too, for as long as the source is to be left alone. A caller that is
    cancelled leaves the request running for the others; `aclose` ends it.
    """

    def __init__(
        self, source: Source, path: str, fetcher: Fetcher, clock: Clock, health: SourceHealth
    ) -> None:
        self.path = path
        self.streak = 0
        """Good answers in a row."""
        self._source = source
        self._fetcher = fetcher
        self._clock = clock
        self._health = health
        self._last: BoardReading | None = None
        self._recent: deque[BoardReading] = deque(maxlen=KEPT_READINGS)
        self._failure: BoardFailure | None = None
        self._running: asyncio.Task[BoardReading | BoardFailure] | None = None

    @property
    def failure(self) -> BoardFailure | None:
        """How the last request failed; None when it succeeded."""
        return self._failure

    @property
    def idle(self) -> bool:
        """Whether no request is running."""
        return self._running is None

    async def read(self, max_age: float, *, urgent: bool = False) -> BoardReading | BoardFailure:
        """The board, at most `max_age` seconds old, or the failure to get it.

        `urgent` is whether a game is near or in play: a source that fails is then asked again
        sooner.
        """
        known = self._known(max_age, urgent=urgent)
        return known if known is not None else await asyncio.shield(self._start())

    def since(self, heard: float) -> tuple[BoardReading, ...]:
        """The kept boards that came after a moment of the monotonic clock, oldest first."""
        return tuple(x for x in self._recent if x.fetched.heard > heard)

    def poke(self, max_age: float, *, urgent: bool = False) -> None:
        """Start a request for the board unless a fresh one is known, and do not wait for it.

        After a failure it starts as soon as the source may be asked again.
        """
        known = self._known(max_age, urgent=urgent)
        if isinstance(known, BoardFailure):
            self._start(known.retry_at(urgent=urgent) - self._clock.monotonic())
        elif known is None:
            self._start()

    def known(self, max_age: float) -> BoardReading | None:
        """The board as it was last read, if it is at most `max_age` seconds old."""
        found = self._known(max_age, urgent=False)
        return found if isinstance(found, BoardReading) else None

    def _known(self, max_age: float, *, urgent: bool) -> BoardReading | BoardFailure | None:
        now = self._clock.monotonic()
        if self._failure is not None:
            return self._failure if now < self._failure.retry_at(urgent=urgent) else None
        fresh = self._last is not None and now - self._last.fetched.heard <= max_age
        return self._last if fresh else None

    def _start(self, wait_s: float = 0.0) -> asyncio.Task[BoardReading | BoardFailure]:
        if self._running is None:
            work = self._ask(wait_s)
            self._running = asyncio.get_running_loop().create_task(work, name="board")
            self._running.add_done_callback(self._ended)
        return self._running

    async def aclose(self) -> None:
        """Cancel a request that is still running."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def _ended(self, task: asyncio.Task[BoardReading | BoardFailure]) -> None:
        if self._running is task:
            self._running = None

    async def _ask(self, wait_s: float) -> BoardReading | BoardFailure:
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        fetched: Fetched | None = None
        asked = self._clock.monotonic()
        try:
            fetched = await self._fetcher.get(self.path, self._source.board_cap)
            reading = BoardReading(fetched, await self._parsed(fetched))
        except FeedNotPublished as missing:
            return self._failed(FeedUnavailable(f"{missing}: check base_url"), asked, None)
        except FeedMalformed as wrong:
            return self._failed(wrong, asked, fetched)
        except FeedError as error:
            return self._failed(error, asked, None)
        self._last, self._failure = reading, None
        if not self._recent or self._recent[-1].fetched.digest != fetched.digest:
            self._recent.append(reading)
        self.streak += 1
        self._health.good(fetched.at, fetched.heard)
        return reading

    async def _parsed(self, fetched: Fetched) -> Scoreboard:
        if self._last is not None and self._last.fetched.digest == fetched.digest:
            return self._last.board
        return await parsed(self._source.parse_board, fetched.body)

    def _failed(self, error: FeedError, asked: float, fetched: Fetched | None) -> BoardFailure:
        heard = self._clock.monotonic()
        failures = 1 if self._failure is None else self._failure.failures + 1
        self._failure = BoardFailure(error, asked, heard, failures, fetched)
        self.streak = 0
        self._health.bad(error, self._clock.now(), heard)
        return self._failure


KEPT_BOARDS = 8
"""Most boards, each of another day, that are kept."""

KEPT_NAMES = 1024
"""Most games for which this source's own id, and the last board handed to the game, are
remembered."""

FRESH_S = 30.0
"""Oldest board, in seconds, from which the games of a day are listed."""


class LookUp(Enum):
    """Which documents may be asked for a game.

    A box costs a request of its own, a board is shared.
    """

    BOARD = "board"
    EITHER = "either"
    BOX = "box"


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """What one poll of a game's sources gave.

    `path`, `at`, `body` and `digest` belong to the document that was used, as in `Poll`. `heard` is
    the moment from which the next poll is timed, in the clock's monotonic seconds: when it came, or
    of a stand-in's when it was asked for. `retry_after` is how many seconds to leave the source
    alone. `more` is whether a later board has come already, so that the next poll is due at once.
    `alone` is whether the answer cost a request that no other game shares: a fresh board is then no
    reason to poll early.
    """

    source: str
    path: str
    at: datetime
    heard: float
    body: bytes
    digest: str
    reading: GameState | Unreadable
    retry_after: float | None = None
    more: bool = False
    alone: bool = False


class Watch(Protocol):
    """Whatever can be asked about a game: one source, or several that stand in for each other."""

    async def read(
        self, game: Game, ask: LookUp, max_age: float, believed: GameState | None = None
    ) -> FeedAnswer:
        """What a game's board, at most `max_age` seconds old, or its box reports.

        Where the document is behind the state that is `believed`, another source may be asked
        instead.
        """


class Feed:
    """One source of a league with its boards and its health. Its session may be shared."""

    def __init__(
        self, source: Source, fetcher: Fetcher, clock: Clock, health: SourceHealth
    ) -> None:
        """Use `open_feeds` to build one; it also closes it."""
        self.source = source
        self.fetcher = fetcher
        self._clock = clock
        self._health = health
        self._boards: OrderedDict[str, SharedBoard] = OrderedDict()
        self._theirs: OrderedDict[str, Game] = OrderedDict()
        self._given: OrderedDict[str, float] = OrderedDict()

    @property
    def board(self) -> SharedBoard:
        """The board of the league's date at this moment."""
        return self.board_on(slate_date(self._clock.now()))

    def board_on(self, day: date) -> SharedBoard:
        """The board of a US Eastern calendar date.

        A source with one board gives that one for every day.
        """
        path = self.source.board_path(day)
        if path not in self._boards:
            self._boards[path] = SharedBoard(
                self.source, path, self.fetcher, self._clock, self._health
            )
        self._boards.move_to_end(path)
        for old in list(self._boards)[:-KEPT_BOARDS]:
            if self._boards[old].idle:
                del self._boards[old]
        return self._boards[path]

    def board_of(self, game: Game) -> SharedBoard:
        """The board on which a game is to be looked for."""
        reported = self._theirs.get(game.id, game)
        return self.board_on(reported.start.astimezone(LEAGUE_ZONE).date())

    def learn(self, game: Game, reported: Game) -> None:
        """Remember the source's own entry of a game, which may be known under another id."""
        keep_newest(self._theirs, game.id, reported, KEPT_NAMES)

    def own(self, register: Register, reported: Game) -> Game:
        """The game under the id in force; this source learns which of its own ids stands for it."""
        game = register.own(self.source.label, reported)
        self.learn(game, reported)
        return game

    async def listed_on(self, day: date) -> tuple[Listing, ...]:
        """The games on the board of a day. Raises FeedError."""
        board = await self.board_on(day).read(FRESH_S)
        if isinstance(board, BoardFailure):
            raise board.error
        return board.listed

    async def schedule(self) -> tuple[Listing, ...]:
        """The games of the whole season, by the first of its schedules that is there.

        Raises FeedError. A source with dated boards has none.
        """
        *earlier, last = self.source.schedule_paths
        for path in earlier:
            with suppress(FeedNotPublished, FeedRefused, FeedMalformed):
                return await self._schedule_at(path)
        return await self._schedule_at(last)

    async def _schedule_at(self, path: str) -> tuple[Listing, ...]:
        fetched = await self.fetcher.get(path, SCHEDULE_CAP)
        return await parsed(self.source.parse_schedule, fetched.body)

    async def aclose(self) -> None:
        """Cancel requests that are still running."""
        for board in self._boards.values():
            await board.aclose()

    async def read(
        self,
        game: Game,
        ask: LookUp,
        max_age: float,
        believed: GameState | None = None,  # noqa: ARG002 - one source has nobody to ask instead
        *,
        urgent: bool = False,
    ) -> FeedAnswer:
        """What this source reports of a game. It never raises for what a source can do.

        `urgent` makes a failing source be asked again sooner; it is implied where a box is allowed.
        """
        match ask:
            case LookUp.BOX:
                return await self._box(game, board=None)
            case LookUp.BOARD | LookUp.EITHER:
                begun = self._clock.monotonic()
                urgent = urgent or ask is LookUp.EITHER
                shared = self.board_of(game)
                board = await shared.read(max_age, urgent=urgent)
                more = False
                if isinstance(board, BoardReading):
                    board, more = self._unseen(game, shared, board)
                answer = replace(self._on_board(game, board, begun, urgent=urgent), more=more)
                if ask is LookUp.BOARD or isinstance(answer.reading, GameState):
                    return answer
                return await self._second(game, board, answer)
            case _:
                assert_never(ask)

    def _unseen(
        self, game: Game, shared: SharedBoard, newest: BoardReading
    ) -> tuple[BoardReading, bool]:
        """The oldest kept board that this game has not used yet, and whether there are more.

        Several boards may have been read for other games while this one was busy.
        """
        missed = shared.since(self._given.get(game.id, newest.fetched.heard))
        board = missed[0] if missed else newest
        self.outdated(game, board.fetched.heard)
        return board, len(missed) > 1

    def outdated(self, game: Game, heard: float) -> None:
        """Give a game no kept board from before a moment: it has used a later document.

        Boards of before would tell the game's past again, as if it had gone back.
        """
        newest = max(heard, self._given.get(game.id, heard))
        keep_newest(self._given, game.id, newest, KEPT_NAMES)

    def peek(self, game: Game, max_age: float) -> GameState | None:
        """The state of a game on a board that was read already, without waiting.

        None where the board is older than `max_age` seconds; a request is then started for a later
        call.
        """
        board = self.board_of(game)
        found = board.known(max_age)
        if found is None:
            board.poke(max_age, urgent=True)
            return None
        reading = self._entry(game, found.board)
        return reading if isinstance(reading, GameState) else None

    async def _second(
        self, game: Game, board: BoardReading | BoardFailure, answer: FeedAnswer
    ) -> FeedAnswer:
        """The box's answer, where the board's is no state.

        The board's error stays if the box has none.
        """
        other = await self._box(game, board)
        better = isinstance(other.reading, GameState) or answer.reading == _absent(game)
        return replace(other if better else answer, alone=True)

    def _on_board(
        self, game: Game, board: BoardReading | BoardFailure, begun: float, *, urgent: bool
    ) -> FeedAnswer:
        if isinstance(board, BoardFailure):
            wait_s = max(0.0, board.retry_at(urgent=urgent) - self._clock.monotonic())
            # A failure shared from an earlier request has been returned with its document already.
            fresh = board.fetched is not None and board.fetched.heard >= begun
            document = board.fetched if fresh else None
            path = self.board_of(game).path.partition("?")[0]
            return self._answer(path, document, board.error.unreadable, wait_s)
        reading = self._entry(game, board.board)
        return self._answer(board.fetched.path, board.fetched, reading, None)

    def _entry(self, game: Game, board: Scoreboard) -> GameState | Unreadable:
        """The board's entry of a game, found by its id, or else by teams and date."""
        own = self.source.owns(game.id)
        theirs = game.id if own else getattr(self._theirs.get(game.id), "id", None)
        entry = None if theirs is None else board.find(theirs)
        if entry is not None and own:
            return _of_same(game, *entry)
        if entry is None or not same_meeting(game, entry[0]):
            if own and not self.source.dated:
                return self._missing(game)
            met = nearest(game, (x for x, _ in board.games))
            entry = None if met is None else board.find(met.id)
        if entry is None:
            return self._missing(game)
        self.learn(game, entry[0])
        reading = entry[1]
        return state_under(game, reading) if isinstance(reading, GameState) else reading

    def _missing(self, game: Game) -> GameState | Unreadable:
        """That a game is absent from its board; that it is off where its id now names another."""
        named = next((x for x in reversed(self._theirs.values()) if x.id == game.id), game)
        return _of_same(game, named, _absent(game))

    async def _box(self, game: Game, board: BoardReading | BoardFailure | None) -> FeedAnswer:
        reported = game if self.source.owns(game.id) else self._theirs.get(game.id)
        if reported is None or not same_meeting(game, reported):
            why = f"{self.source.label} has not told of {game.name} yet"
            missing = Unreadable(Trouble.NOT_PUBLISHED, why)
            return self._answer(self.source.board_path(game.slate), None, missing, None)
        path = self.source.box_path(reported.id)
        fetched: Fetched | None = None
        try:
            fetched = await self.fetcher.get(path, self.source.box_cap)
            state = await parsed(self.source.parse_box, fetched.body)
        except FeedRefused as refused:
            # The CDN answers 403 for a missing document, too. If the board can be read, we are
            # not blocked, and the box is merely not there yet.
            board = board or await self.board_of(game).read(FRESH_S)
            missing_box = FeedNotPublished(f"the box of {game.name} is not published yet")
            error = missing_box if isinstance(board, BoardReading) else refused
            return self._answer(path, None, error.unreadable, None)
        except FeedError as error:
            return self._answer(path, fetched, error.unreadable, error.retry_after)
        reading = _of_same(replace(game, id=reported.id), state.game, state)
        if isinstance(reading, GameState):
            reading = state_under(game, reading)
        return self._answer(path, fetched, reading, None)

    def _answer(
        self,
        path: str,
        fetched: Fetched | None,
        reading: GameState | Unreadable,
        retry_after: float | None,
    ) -> FeedAnswer:
        name = self.source.name
        if fetched is None:
            now, heard = self._clock.now(), self._clock.monotonic()
            return FeedAnswer(name, path, now, heard, b"", "", reading, retry_after)
        at, heard, body, digest = fetched.at, fetched.heard, fetched.body, fetched.digest
        return FeedAnswer(name, fetched.path, at, heard, body, digest, reading, retry_after)


def _absent(game: Game) -> Unreadable:
    return Unreadable(Trouble.ABSENT, f"{game.name} is not on the board")


def _of_same(game: Game, reported: Game, state: GameState | Unreadable) -> GameState | Unreadable:
    """The state, if it is about the game that was asked for, with that game's home and away sides.

    An id that now names another meeting means that this game is off: postponed if the teams are the
    same, else cancelled. That is doubted of a game in play or over, which changes neither.
    """
    if reported.id != game.id:
        problem = f"is {reported.id} {reported.name}, not {game.id} {game.name}"
        return FeedMalformed("gameId", problem).unreadable
    reported = recognised(game, reported)
    if same_meeting(game, reported):
        return state_under(game, state) if isinstance(state, GameState) else state
    phase = Phase.POSTPONED if same_teams(game, reported) else Phase.CANCELLED
    length = float(game.rules.period_seconds)
    doubt = f"its id now names {reported.name} of {reported.slate}"
    return GameState(game, phase, 0, length, Score(0, 0), periods=(), doubt=doubt)


def fetcher_of(
    sources: Sequence[Source],
    settings: FeedSettings,
    clock: Clock,
    deadline_s: float = DEADLINE_S,
    server_time: ServerTime | None = None,
) -> Fetcher:
    """A fetcher for one host that all of these sources share.

    The settings' headers override theirs.
    """
    first = sources[0]
    spare = first.second_headers
    host = FeedHost(
        settings.base_url,
        {**first.headers, **settings.headers},
        settings.requests_per_minute,
        None if spare is None else {**spare, **settings.headers},
    )
    return Fetcher(host, clock, deadline_s=deadline_s, server_time=server_time)
