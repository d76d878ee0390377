"""All leagues' sources, opened together and asked through one object.

`SOURCES` lists each league's sources in order of preference. `Feeds` asks them; `probe` tests them.
Sources of one host share a session and a budget of requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType

from tracker.clock import Clock, SystemClock
from tracker.domain.events import ClockOff, ClockRight, FeedLeftOut, Tell, tell_nobody
from tracker.domain.game import Game, GameState
from tracker.domain.league import GLEAGUE, NBA, NCAAM, NCAAW, WNBA
from tracker.domain.poll import Trouble, Unreadable, Usage
from tracker.feeds import Source, nba
from tracker.feeds.espn import espn_source
from tracker.feeds.failover import Failover
from tracker.feeds.fetch import DEADLINE_S, Fetcher, may_ask
from tracker.feeds.health import ReportStatus, SourceHealth, advice, ignore_status
from tracker.feeds.polling import BoardReading, Feed, FeedAnswer, LookUp, fetcher_of
from tracker.feeds.polling.boxes import possession
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
"""The sources of each league, the preferred one first."""

BOX_SHARE = 0.6
"""Share of a host's budget of requests that may be used before box scores for player bets are no
longer requested."""


class Feeds:
    """The sources of every league, as one `Watch`."""

    def __init__(
        self,
        feeds: Mapping[str, tuple[Feed, ...]],
        fetchers: Mapping[str, Fetcher],
        clock: Clock,
        tell: Tell,
        server_time: ServerTime,
    ) -> None:
        """Use `open_feeds` to build one. `feeds` need not have every league."""
        self.server_time = server_time
        self.by_league = feeds
        self._fetchers = fetchers
        self._clock = clock
        self._watches = {x: Failover(feeds[x], clock, tell) for x in feeds}
        self._balls = {x: possession(feeds[x][0], clock) for x in feeds}

    async def read(
        self, game: Game, ask: LookUp, max_age: float, believed: GameState | None = None
    ) -> FeedAnswer:
        """What the sources of the game's league report of it.

        It never raises for what a source can do.
        """
        watch = self._watches.get(game.league)
        if watch is not None:
            answer = await watch.read(game, ask, max_age, believed)
            return await self._balls[game.league].added(game, answer)
        why = f"no source of the {game.rules.name} may be asked"
        now, heard = self._clock.now(), self._clock.monotonic()
        missing = Unreadable(Trouble.DOWN, why)
        return FeedAnswer(game.league, "", now, heard, b"", "", missing)

    def has_room(self, game: Game) -> bool:
        """Whether the budget of the league's preferred source has room for box scores.

        Boards come first.
        """
        feeds = self.by_league.get(game.league)
        if not feeds:
            return False
        usage = feeds[0].fetcher.usage
        return usage.last_minute < BOX_SHARE * usage.budget

    def of(self, league: str, name: str) -> Feed | None:
        """A league's source by its name, or None where it may not be asked."""
        return next((x for x in self.by_league.get(league, ()) if x.source.name == name), None)

    def slates(
        self,
        wanted: Callable[[], Iterable[str]] = lambda: (NBA.id,),
        known: Iterable[Game] = (),
        held: Callable[[], Collection[str]] = tuple,
    ) -> Slates:
        """The games of the leagues that `wanted` names. `known` are the games that the store keeps.

        Without `known`, a game that another source reported first would be taken for a second game.
        `held` gives the ids of the games that have bets.
        """
        return Slates(self.by_league, self._clock, wanted, known, held)

    def usage(self) -> Mapping[str, Usage]:
        """The requests sent to each host so far, by the name of its settings."""
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
    """Open the sources of every league; their sessions are closed on leaving the context.

    On a scaled clock, only servers on this machine are asked, and `feed.left_out` (source, why) is
    reported once for each source that is left out. `clock.off` (ahead_s) is reported once when this
    machine's clock differs from that of the hosts, and `clock.right` when it agrees again.
    """

    def tell_time(ahead: float | None) -> None:
        if ahead is None:
            tell(ClockRight())
        else:
            tell(ClockOff(round(ahead), clock_trouble(ahead)))

    # Hosts' times are compared with the machine's real clock, even when the program's is scaled.
    server_time = ServerTime(SystemClock().now, tell_time)
    hosts = settings.by_name
    usable = {x for x in hosts if may_ask(hosts[x].base_url, clock)}
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


@dataclass(frozen=True, slots=True)
class Probe:
    """How a source answered a test.

    `games` is how many its board of today has; `took_s` is in clock seconds.

    `stands_in` is true for a source that is not its league's first. `trouble`, `why` and `advice`
    are None when the source answered well. `budget` is the most requests a minute to its host.
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
    """Ask every source of the leagues for its board of today, all at once."""
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
