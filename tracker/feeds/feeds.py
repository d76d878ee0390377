"""Every league's sources, in the order in which they are preferred, opened together and tried.

They share one session, and a budget a host.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType

from tracker.clock import Clock, ScaledClock, SystemClock
from tracker.domain.events import ClockOff, ClockRight, FeedLeftOut, Tell, tell_nobody
from tracker.domain.game import Game, GameState
from tracker.domain.league import GLEAGUE, NBA, NCAAM, NCAAW, WNBA
from tracker.domain.poll import Trouble, Unreadable, Usage
from tracker.feeds import Source, nba
from tracker.feeds.espn import espn_source
from tracker.feeds.failover import Failover
from tracker.feeds.fetch import DEADLINE_S, Fetcher
from tracker.feeds.health import ReportStatus, SourceHealth, advice, ignore_status
from tracker.feeds.polling.boxes import Possession
from tracker.feeds.polling.feed import BoardReading, Feed, FeedAnswer, LookUp, fetcher_of
from tracker.feeds.slates import Slates
from tracker.network import ServerTime, clock_trouble
from tracker.settings.models import FeedsSettings

SOURCES: Mapping[str, tuple[Source, ...]] = MappingProxyType(
    {
        NBA.id: (nba.SOURCE, espn_source(NBA.id)),
        WNBA.id: (nba.WNBA_SOURCE, espn_source(WNBA.id)),
        NCAAM.id: (espn_source(NCAAM.id),),
        NCAAW.id: (espn_source(NCAAW.id),),
        GLEAGUE.id: (espn_source(GLEAGUE.id),),
    }
)
"""The sources of each league, in the order in which they are preferred."""


BOX_SHARE = 0.6
"""Part of a host's budget of requests up to which boxes are asked for player lines."""


def _the_nba() -> Iterable[str]:
    return (NBA.id,)


class Feeds:
    """All sources that may be asked, as one `Watch` over every league."""

    def __init__(
        self,
        feeds: Mapping[str, tuple[Feed, ...]],
        fetchers: Mapping[str, Fetcher],
        clock: Clock,
        tell: Tell,
        server_time: ServerTime,
    ) -> None:
        """Build it with `open_feeds`. A league without a source may be left out."""
        self.server_time = server_time
        self.by_league = feeds
        self._fetchers = fetchers
        self._clock = clock
        self._watches = {x: Failover(feeds[x], clock, tell) for x in feeds}
        self._balls = {x: Possession(feeds[x][0], clock) for x in feeds}

    async def read(
        self, game: Game, ask: LookUp, max_age: float, believed: GameState | None = None
    ) -> FeedAnswer:
        """What is told of a game, by the sources of its league. It never raises."""
        watch = self._watches.get(game.league)
        if watch is not None:
            answer = await watch.read(game, ask, max_age, believed)
            return await self._balls[game.league].added(game, answer)
        why = f"no source of the {game.rules.name} may be asked"
        now, heard = self._clock.now(), self._clock.monotonic()
        missing = Unreadable(Trouble.DOWN, why)
        return FeedAnswer(game.league, "", now, heard, b"", "", missing)

    def roomy(self, game: Game) -> bool:
        """Whether the league's own host has requests to spare for boxes; boards go before them."""
        feeds = self.by_league.get(game.league)
        if not feeds:
            return False
        usage = feeds[0].fetcher.usage
        return usage.last_minute < BOX_SHARE * usage.budget

    def of(self, league: str, name: str) -> Feed | None:
        """A league's source by its name; None where it may not be asked."""
        return next((x for x in self.by_league.get(league, ()) if x.source.name == name), None)

    def slates(
        self,
        wanted: Callable[[], Iterable[str]] = _the_nba,
        known: Iterable[Game] = (),
        held: Callable[[], Collection[str]] = tuple,
    ) -> Slates:
        """The games of the leagues that are wanted. `known` are those with ids in force.

        Those are the games that the store keeps: without them a game that another source told of
        first would be taken for a second one. `held` tells the ids of those that are bet on.
        """
        return Slates(self.by_league, self._clock, wanted, known, held)

    def usage(self) -> Mapping[str, Usage]:
        """What has been asked of each host, by the name of its settings."""
        return {name: fetcher.usage for name, fetcher in self._fetchers.items()}


@asynccontextmanager
async def open_feeds(
    settings: FeedsSettings,
    clock: Clock,
    *,
    tell: Tell = tell_nobody,
    report_status: ReportStatus = ignore_status,
    deadline_s: float = DEADLINE_S,
    sources: Mapping[str, tuple[Source, ...]] = SOURCES,
) -> AsyncIterator[Feeds]:
    """The sources of every league with their sessions, closed on the way out.

    On a scaled clock only servers on this machine are asked; `feed.left_out` (source, why) says
    once which of the others are not. `clock.off` (ahead_s) says once that this machine's clock is
    not that of the hosts, and `clock.right` that it is again.
    """

    def tell_time(ahead: float | None) -> None:
        if ahead is None:
            tell(ClockRight())
        else:
            tell(ClockOff(round(ahead), clock_trouble(ahead)))

    # The machine's own clock, whichever the program runs on.
    server_time = ServerTime(SystemClock().now, tell_time)
    hosts = settings.by_name
    usable = {x for x in hosts if _may_ask(hosts[x].on_loopback, clock)}
    for name in sorted(hosts.keys() - usable):
        why = "on a clock of its own only feeds on this machine are asked"
        tell(FeedLeftOut(name, why))
    async with AsyncExitStack() as stack:
        every = [x for listed in sources.values() for x in listed if x.name in usable]
        fetchers: dict[str, Fetcher] = {}
        for name in dict.fromkeys(x.name for x in every):
            shared = [x for x in every if x.name == name]
            fetchers[name] = await stack.enter_async_context(
                fetcher_of(shared, hosts[name], clock, deadline_s, server_time)
            )
        feeds: dict[str, tuple[Feed, ...]] = {}
        for league, listed in sources.items():
            asked = [x for x in listed if x.name in usable]
            opened = tuple(
                Feed(x, fetchers[x.name], clock, SourceHealth(x.label, tell, report_status))
                for x in asked
            )
            for feed in opened:
                stack.push_async_callback(feed.aclose)
            if opened:
                feeds[league] = opened
        yield Feeds(feeds, fetchers, clock, tell, server_time)


def _may_ask(on_loopback: bool, clock: Clock) -> bool:
    return on_loopback or not isinstance(clock, ScaledClock)


@dataclass(frozen=True, slots=True)
class Probe:
    """How a source answered. `games` are on its board of today; `took_s` is in clock seconds.

    `stands_in` is whether another source comes first in its league. `trouble`, `why` and `advice`
    are None for a source that is well. `budget` is the most requests a minute to its host.
    """

    source: str
    league: str
    stands_in: bool
    games: int
    took_s: float
    budget: int
    trouble: Trouble | None = None
    why: str | None = None
    advice: str | None = None


async def probe(feeds: Feeds, leagues: Iterable[str], clock: Clock) -> tuple[Probe, ...]:
    """Every source of the leagues, all asked at once for their boards of today."""
    asked = [
        (feed, place > 0)
        for league in leagues
        for place, feed in enumerate(feeds.by_league.get(league, ()))
    ]
    return tuple(await asyncio.gather(*(_tried(feed, late, clock) for feed, late in asked)))


async def _tried(feed: Feed, stands_in: bool, clock: Clock) -> Probe:
    began = clock.monotonic()
    board = await feed.board.read(0.0)
    took = clock.monotonic() - began
    label, league = feed.source.label, feed.source.league
    budget = feed.fetcher.usage.budget
    if isinstance(board, BoardReading):
        return Probe(label, league, stands_in, len(board.board.games), took, budget)
    error = board.error
    found = advice(error.trouble)
    return Probe(label, league, stands_in, 0, took, budget, error.trouble, str(error), found)
