"""Asking the odds providers: the free ones for what they have, the paid one for what is bought.

It decides neither when to ask nor what to buy.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from tracker.clock import Clock
from tracker.domain.game import Game
from tracker.domain.league import LEAGUE_ZONE, NBA
from tracker.domain.poll import Credit, Document, Purchase, Purpose, Trouble
from tracker.domain.quote import Selection
from tracker.feeds import FeedError, FeedMalformed, FeedNotPublished, FeedRateLimited
from tracker.feeds.feeds import Feeds
from tracker.feeds.fetch import DEADLINE_S, PAUSE_S, FeedHost, Fetched, Fetcher, may_ask
from tracker.feeds.odds import Parsed, espn, kalshi, polymarket, the_odds_api
from tracker.feeds.odds import nba as league_list
from tracker.feeds.polling import BoardReading
from tracker.feeds.strict import read_any
from tracker.settings import Secret
from tracker.settings.models import OddsSettings

FRESH_S = 120.0
"""Oldest board, in seconds, that is used for its lines. An older one is fetched anew."""

REQUESTS_PER_MINUTE = {the_odds_api.NAME: 60, kalshi.NAME: kalshi.REQUESTS_PER_MINUTE}
"""Our own limits by provider, far below those of the sources."""
POLYMARKET_PER_MINUTE = 240
"""Our own limit for each of Polymarket's two hosts."""

ODDS_CAP = 8 << 20
"""Most bytes of an answer. A full slate of every market has about one million."""

TOO_OFTEN_S = 2.0
"""Seconds to wait after The Odds API answers that it was asked too often: it names no time in a
header."""

TRIES = 3

USED_UP = "OUT_OF_USAGE_CREDITS"
CONCLUDED = "EVENT_NOT_FOUND"
_BAD_KEY = ("MISSING_KEY", "INVALID_KEY", "DEACTIVATED_KEY")

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
_COUNTDOWN = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,6}(?:\.\d{1,9})?)S)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """A provider's answer, parsed.

    `scope` names the document. A quote that is missing from the next document of the same scope is
    no longer offered, if `covers` is true of its selection.
    """

    document: Document
    parsed: Parsed
    scope: str
    covers: Callable[[Selection], bool]


@dataclass(frozen=True, slots=True)
class Answers:
    """A source's answers, and the failure of a request that it left unanswered beside them."""

    found: tuple[Asked, ...] = ()
    failure: FeedError | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    """The outcome of a purchase: its cost as a row, and the answer where one came.

    `fatal` is whether nothing more can be bought, because the key is bad or the credits are used
    up. `closed` is whether the source no longer knows the game by this id. `passing` is whether
    no answer came, so that the same request may be answered later.
    """

    credit: Credit
    asked: Asked | None = None
    fatal: bool = False
    closed: bool = False
    passing: bool = False


class OddsSources:
    """The providers that may be asked, each over its own session. Use `open_odds` to build it."""

    def __init__(
        self,
        settings: OddsSettings,
        key: Secret | None,
        feeds: Feeds,
        fetchers: Mapping[str, Fetcher],
        clock: Clock,
    ) -> None:
        """`fetchers` has one for each host that may be asked."""
        self._settings = settings
        self._key = key
        self._feeds = feeds
        self._fetchers = fetchers
        self._clock = clock

    @property
    def free(self) -> tuple[str, ...]:
        """The sources that cost nothing, in the order of the settings."""
        asked = {espn.NAME, league_list.NAME, *self._fetchers}
        return tuple(
            x for x in dict.fromkeys(self._settings.sources)
            if x in asked and x != the_odds_api.NAME
        )  # fmt: skip

    @property
    def paid(self) -> bool:
        """Whether The Odds API can be asked."""
        return the_odds_api.NAME in self._fetchers

    # -------------------------------------------------------------------------------- free sources

    async def ask(self, source: str, games: Sequence[Game]) -> Answers:
        """The answers of a free source about some games.

        Raises FeedError where it gives nothing at all.
        """
        match source:
            case espn.NAME:
                return await self._espn(games)
            case league_list.NAME:
                return await self._league(games)
            case kalshi.NAME:
                return await self._kalshi(games)
            case _:
                return await self._polymarket(games)

    async def _espn(self, games: Sequence[Game]) -> Answers:
        days = sorted({(x.league, x.start.astimezone(LEAGUE_ZONE).date()) for x in games})
        return await _answers(partial(self._espn_day, *x) for x in days)

    async def _espn_day(self, league: str, day: date) -> Asked | None:
        feed = self._feeds.of(league, espn.NAME)
        if feed is None:
            return None
        reading = await feed.board_on(day).read(FRESH_S)
        if not isinstance(reading, BoardReading):
            raise reading.error
        parsed = espn.parse(reading.fetched.body, reading.board)
        return _asked(espn.NAME, reading.fetched, parsed, str(day))

    async def _league(self, games: Sequence[Game]) -> Answers:
        feed = self._feeds.of(NBA.id, NBA.id)
        if feed is None or all(x.league != NBA.id for x in games):
            return Answers()
        fetched = await feed.fetcher.get(league_list.PATH)
        return Answers((_asked(league_list.NAME, fetched, league_list.parse(fetched.body)),))

    async def _kalshi(self, games: Sequence[Game]) -> Answers:
        leagues = sorted({x.league for x in games} & kalshi.SERIES.keys())
        asked = [series for league in leagues for series in kalshi.SERIES[league]]
        return await _answers(partial(self._kalshi_series, x) for x in asked)

    async def _kalshi_series(self, series: str) -> Asked:
        host = self._fetchers[kalshi.NAME]
        fetched = await host.get(kalshi.markets_path(series), ODDS_CAP)
        # Parsing a page takes tens of milliseconds: too long for the event loop.
        parsed = await asyncio.to_thread(kalshi.parse, fetched.body)
        return _asked(kalshi.NAME, fetched, parsed, series)

    async def _polymarket(self, games: Sequence[Game]) -> Answers:
        asked = [x for x in games if x.league in polymarket.LEAGUES]
        return await _answers(partial(self._polymarket_game, x) for x in asked)

    async def _polymarket_game(self, game: Game) -> Asked:
        events = await self._fetchers[polymarket.NAME].get(polymarket.event_path(game))
        # Without an open market the answer says that the earlier prices are gone.
        return await self._books(game, events, polymarket.tokens(events.body))

    async def _books(self, game: Game, events: Fetched, wanted: Sequence[str]) -> Asked:
        books: dict[str, Any] = {}
        prices: dict[str, dict[str, Any]] = {}
        for token in wanted:
            # A token without a book is not found; the other markets of its game have theirs.
            with suppress(FeedNotPublished):
                books[token], prices[token] = await self._book(token)
        body = polymarket.one_document(game, events.body, books, prices)
        path = f"{events.path}?{game.id}"
        document = Document(
            polymarket.NAME, path, self._clock.now(), body, sha256(body).hexdigest()
        )
        return Asked(document, polymarket.parse(body), f"{polymarket.NAME} {path}", lambda _: True)

    async def _book(self, token: str) -> tuple[Any, dict[str, Any]]:
        """A token's order book, and its price on both sides."""
        clob, prices = self._fetchers[_CLOB], dict[str, Any]()
        book = read_any((await clob.get(polymarket.book_path(token))).body)
        for side in ("BUY", "SELL"):
            quoted = read_any((await clob.get(polymarket.price_path(token, side))).body)
            prices[side] = quoted.get("price") if isinstance(quoted, dict) else None
        return book, prices

    # -------------------------------------------------------------------------------- paid source

    async def balance(self) -> Credit:
        """The month's remaining credits, by a request that costs none."""
        bought = await self._buy("/v4/sports", {}, "balance", 0)
        return bought.credit

    async def listed(self, league: str) -> Parsed:
        """The games of a league with the ids that The Odds API has for them now.

        It costs no credits.

        Raises FeedError.
        """
        assert self._key is not None  # noqa: S101 - without a key there is no such source
        secret = urlencode({"apiKey": self._key.get_secret_value()})
        path = f"/v4/sports/{the_odds_api.SPORTS[league]}/events?{secret}"
        fetched = await self._fetchers[the_odds_api.NAME].get(path, ODDS_CAP)
        return the_odds_api.parse(fetched.body)

    async def buy(self, purchase: Purchase, event: str | None = None) -> Bought:
        """Make a purchase that was decided.

        `event` is the provider's game id where it is for one game.
        """
        sport = the_odds_api.SPORTS[purchase.league]
        path = f"/v4/sports/{sport}/odds"
        if purchase.purpose is Purpose.OWN:
            path = f"/v4/sports/{sport}/events/{event}/odds"
        query = {"markets": ",".join(purchase.markets), "oddsFormat": "decimal"}
        settings = self._settings.the_odds_api
        books = ",".join(settings.bookmakers)
        query |= {"bookmakers": books} if books else {"regions": ",".join(settings.regions)}
        return await self._buy(path, query, purchase.what, purchase.planned)

    async def _buy(self, path: str, query: dict[str, str], purpose: str, planned: int) -> Bought:
        assert self._key is not None  # noqa: S101 - without a key there is no such source
        secret = {"apiKey": self._key.get_secret_value()}
        host, full = self._fetchers[the_odds_api.NAME], f"{path}?{urlencode(secret | query)}"
        markets = query.get("markets", "").split(",")

        def credit(headers: Mapping[str, str], refused: str | None = None) -> Credit:
            used, left, last = (_whole(headers.get(f"x-requests-{x}")) for x in _COUNTS)
            cost = last if last is not None else 0 if refused else planned
            now = self._clock.now()
            return Credit(the_odds_api.NAME, now, purpose, planned, cost, used, left, path, refused)

        for left in range(TRIES - 1, -1, -1):
            try:
                fetched = await host.get(full, ODDS_CAP)
            except FeedRateLimited as error:
                if error.code == USED_UP:
                    return _refused(credit, error)
                if left:
                    await self._clock.sleep(error.retry_after or TOO_OFTEN_S)
                    continue
                return Bought(credit(error.headers, str(error)), passing=True)
            except FeedError as error:
                return _refused(credit, error)
            try:
                parsed = Parsed()
                if planned:
                    parsed = await asyncio.to_thread(the_odds_api.parse, fetched.body)
            except FeedMalformed as error:
                # An answer that cannot be read is charged all the same.
                return Bought(credit(fetched.headers, f"the answer cannot be read: {error}"))
            asked = _asked(
                the_odds_api.NAME, fetched, parsed,
                covers=lambda x: the_odds_api.market_key(x) in markets,
            )  # fmt: skip
            return Bought(credit(fetched.headers), asked if planned else None)
        raise AssertionError  # the last try has returned

    # ------------------------------------------------------------------------------------ tip-off

    async def countdown(self, game: Game) -> timedelta | None:
        """The time to tip-off that the league's box score shows; None where it shows none."""
        feed = self._feeds.of(game.league, game.league)
        if feed is None or not feed.source.owns(game.id):
            return None
        try:
            body = (await feed.fetcher.get(feed.source.box_path(game.id), feed.source.box_cap)).body
        except FeedError:
            return None
        return read_countdown(body)


_CLOB = "polymarket clob"
_COUNTS = ("used", "remaining", "last")
_OF_ONE = (Trouble.NOT_PUBLISHED, Trouble.MALFORMED)
"""The troubles that are of one document."""


async def _answers(asks: Iterable[Callable[[], Awaitable[Asked | None]]]) -> Answers:
    """The answers to several requests of one source, without those that fail.

    After a failure of the source as a whole nothing more is asked. Raises FeedError where nothing
    was answered.
    """
    found: list[Asked] = []
    failure: FeedError | None = None
    for ask in asks:
        try:
            asked = await ask()
        except FeedError as error:
            failure = error
            if error.trouble not in _OF_ONE:
                break
            continue
        if asked is not None:
            found.append(asked)
    if failure is not None and not found:
        raise failure
    return Answers(tuple(found), failure)


def read_countdown(body: bytes) -> timedelta | None:
    """The time to tip-off: the clock in the box score of a game that has not begun, or None."""
    try:
        game = read_any(body)["game"]
        status, period, clock = game["gameStatus"], game["period"], game["gameClock"]
    except (FeedMalformed, KeyError, TypeError):
        return None
    found = _COUNTDOWN.fullmatch(clock.strip()) if isinstance(clock, str) else None
    if status != 1 or period != 0 or found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (float(x or 0) for x in found.groups())
    left = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return left if left > timedelta(0) else None


def _asked(
    source: str,
    fetched: Fetched,
    parsed: Parsed,
    part: str = "",
    covers: Callable[[Selection], bool] = lambda _: True,
) -> Asked:
    path = f"{fetched.path}?{part}" if part else fetched.path
    document = Document(source, path, fetched.at, fetched.body, fetched.digest)
    return Asked(document, parsed, f"{source} {path}", covers)


def _refused(credit: Callable[[Mapping[str, str], str], Credit], error: FeedError) -> Bought:
    if error.code == USED_UP:
        row = credit({"x-requests-remaining": "0"} | dict(error.headers), "the credits are used up")
        return Bought(row, fatal=True)
    if error.code in _BAD_KEY:
        return Bought(
            credit(error.headers, "the key is not accepted: check [odds.the_odds_api] key"),
            fatal=True,
        )
    if error.code == CONCLUDED:
        return Bought(credit(error.headers, "the source has closed the event"), closed=True)
    why = str(error) if error.code is None else f"{error} {error.code}"
    blocked = error.trouble is Trouble.BLOCKED
    passing = error.code is None and not blocked
    return Bought(credit(error.headers, why), fatal=blocked, passing=passing)


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else max(0, int(float(text)))
    except (ValueError, OverflowError):
        return None


@asynccontextmanager
async def open_odds(
    settings: OddsSettings,
    key: Secret | None,
    feeds: Feeds,
    clock: Clock,
    *,
    deadline_s: float = DEADLINE_S,
) -> AsyncIterator[OddsSources]:
    """Open the providers of the settings; their sessions are closed on leaving the context.

    On a scaled clock only servers on this machine are asked. Without a `key`, The Odds API is left
    out.
    """
    hosts = {
        the_odds_api.NAME: settings.the_odds_api.base_url,
        kalshi.NAME: settings.kalshi.base_url,
        polymarket.NAME: settings.polymarket.base_url,
        _CLOB: settings.polymarket.clob_url,
    }
    wanted = {*settings.sources, *((_CLOB,) if polymarket.NAME in settings.sources else ())}
    if key is None:
        wanted.discard(the_odds_api.NAME)
    usable = [x for x in hosts if x in wanted and may_ask(hosts[x], clock)]
    if not {polymarket.NAME, _CLOB} <= set(usable):
        usable = [x for x in usable if x not in (polymarket.NAME, _CLOB)]
    async with AsyncExitStack() as stack:
        fetchers = {
            name: await stack.enter_async_context(
                Fetcher(_host(name, hosts[name]), clock, deadline_s=deadline_s)
            )
            for name in usable
        }
        yield OddsSources(settings, key, feeds, fetchers, clock)


def _host(name: str, base_url: str) -> FeedHost:
    return FeedHost(
        base_url,
        _HEADERS,
        REQUESTS_PER_MINUTE.get(name, POLYMARKET_PER_MINUTE),
        pause_s=TOO_OFTEN_S if name == the_odds_api.NAME else PAUSE_S,
    )
