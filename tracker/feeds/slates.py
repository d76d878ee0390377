"""Which games there are: the boards of today and the season's schedule, of every league."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.clock import Clock
from tracker.domain.game import Game, GameState, Listing
from tracker.domain.league import GLEAGUE, LEAGUES, slate_date
from tracker.domain.poll import Unreadable
from tracker.feeds import FeedError
from tracker.feeds.identity import Register, state_under
from tracker.feeds.polling import FRESH_S, BoardReading, Feed

SCHEDULE_EVERY_S = 60 * 60.0
"""Seconds between two readings of the schedule, which is large and seldom changes."""

SCHEDULE_RETRY_S = 5 * 60.0
"""Seconds until the next try after the schedule could not be read. Each further failure doubles the
pause, up to an hour."""

DAYS_AROUND = (-1, *range(1, GLEAGUE.days_ahead + 1))
"""Days from today whose boards are read too where the source has no schedule. A bet on one of last
night's games may be added the next day."""

WINDOW = timedelta(days=7)
"""Games further than this before or after the present moment are left out."""


@dataclass(frozen=True, slots=True)
class SlateReading:
    """The games that are known, by tip-off. `states` are the states that today's board shows.

    `from_schedule` is whether the schedule has been read, so that other days are included.
    `troubles` has one sentence for each thing that could not be read. `blind` is whether nothing
    has ever been read: then no games are known, which differs from knowing that there are none.
    `answered` is whether the board was read this time.
    """

    games: tuple[Game, ...]
    states: tuple[GameState, ...]
    from_schedule: bool
    troubles: tuple[str, ...]
    blind: bool
    answered: bool = True


class Slate:
    """The games of one source, remembered while the source does not answer."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._listed: tuple[Listing, ...] | None = None
        self._board: BoardReading | None = None
        self._schedule_due: float | None = None
        self._schedule_pause = SCHEDULE_RETRY_S
        self._schedule_trouble: str | None = None

    async def read(self, *, schedule: bool = True) -> SlateReading:
        """The games of the board and the schedule. It never raises for what a source can do.

        Without `schedule` only the board is requested.
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
        # What was read before the machine slept for days lists other days.
        now = self._clock.uptime()
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
        """The games of the days around: from their boards, or from the season's schedule."""
        now = self._clock.now()
        if not self._feed.source.dated:
            return tuple(x for x in await self._feed.schedule() if _near(x[0], now))
        found: list[Listing] = []
        for away in DAYS_AROUND:
            found += await self._feed.listed_on(slate_date(now) + timedelta(days=away))
        return tuple(found)


def _near(game: Game, now: datetime) -> bool:
    return abs(game.start - now) <= WINDOW


class Slates:
    """The slates of several leagues as one.

    A league's stand-ins are read only while its primary source does not answer or has no schedule.
    A game keeps the id under which it first became known.
    """

    def __init__(
        self,
        feeds: Mapping[str, Sequence[Feed]],
        clock: Clock,
        wanted: Callable[[], Iterable[str]],
        known: Iterable[Game] = (),
        held: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`wanted` gives the leagues at each reading; `known` are the games that the store keeps.

        `held` gives the ids of the games that have bets.
        """
        self._feeds = feeds
        self._wanted = wanted
        self._register = Register(known, held)
        self._slates = {x: [Slate(f, clock) for f in feeds[x]] for x in feeds}

    async def read(self, *, schedule: bool = True) -> SlateReading:
        """The games of all wanted leagues. It never raises for what a source can do.

        Without `schedule` only today's boards are requested.
        """
        asked = set(self._wanted())
        listed = [x for x in LEAGUES if x in asked and x in self._feeds]
        readings = await asyncio.gather(*(self._league(x, schedule=schedule) for x in listed))
        self._register.prune()
        return SlateReading(
            games=tuple(
                sorted((g for x in readings for g in x.games), key=lambda g: (g.start, g.id))
            ),
            states=tuple(s for x in readings for s in x.states),
            from_schedule=all(x.from_schedule for x in readings),
            troubles=tuple(t for x in readings for t in x.troubles),
            blind=bool(readings) and all(x.blind for x in readings),
            answered=all(x.answered for x in readings),
        )

    async def _league(self, league: str, *, schedule: bool) -> SlateReading:
        games: dict[str, Game] = {}
        states: dict[str, GameState] = {}
        troubles: list[str] = []
        from_schedule, blind, answered = False, True, False
        for feed, slate in zip(self._feeds[league], self._slates[league], strict=True):
            reading = await slate.read(schedule=schedule)
            for reported in reading.games:
                own = feed.own(self._register, reported)
                games.setdefault(own.id, own)
            for state in reading.states:
                own = feed.own(self._register, state.game)
                if own.id not in states or (reading.answered and not answered):
                    # A board of before that is only remembered yields to one that was read now.
                    states[own.id] = state_under(own, state)
            troubles += [f"{feed.source.label}: {x}" for x in reading.troubles]
            from_schedule |= reading.from_schedule
            blind &= reading.blind
            answered |= reading.answered
            if reading.answered and (reading.from_schedule or not schedule):
                break
        return SlateReading(
            tuple(games.values()),
            tuple(states.values()),
            from_schedule,
            tuple(troubles),
            blind,
            answered,
        )
