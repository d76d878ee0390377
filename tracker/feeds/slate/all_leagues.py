"""The games of every league that is wanted, each once, whichever source tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from tracker.clock import Clock
from tracker.domain.game import Game, GameState
from tracker.domain.league import LEAGUES
from tracker.feeds.arbitration.identity import Register, state_under
from tracker.feeds.polling.feed import Feed
from tracker.feeds.slate.slate import Slate, SlateReading


class Slates:
    """The slates of several leagues as one.

    The primary source of a league is read, and those that stand in for it only while it does not
    answer or has no schedule. A game keeps the id under which it first became known.
    """

    def __init__(
        self,
        feeds: Mapping[str, Sequence[Feed]],
        clock: Clock,
        wanted: Callable[[], Iterable[str]],
        known: Iterable[Game] = (),
        held: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`wanted` tells the leagues at each reading; `known` are games with ids in force.

        `held` tells the ids of those that are bet on.
        """
        self._feeds = feeds
        self._wanted = wanted
        self._register = Register(known, held)
        self._slates = {x: [Slate(f, clock) for f in feeds[x]] for x in feeds}

    async def read(self, *, schedule: bool = True) -> SlateReading:
        """All that is known. It never raises for what a source can do.

        Without `schedule` only the boards of today are asked for.
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
            for told in reading.games:
                own = self._own(feed, told)
                games.setdefault(own.id, own)
            for state in reading.states:
                own = self._own(feed, state.game)
                states.setdefault(own.id, state_under(own, state))
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

    def _own(self, feed: Feed, told: Game) -> Game:
        """The game under the id in force, which the feed learns if it is not its own."""
        own = self._register.own(feed.source.label, told)
        if own.id != told.id:
            feed.learn(own, told)
        return own
