"""Pregame lines that the sources tell without a key: the best prior that there is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from tracker.clock import Clock
from tracker.domain.game import Game
from tracker.domain.league import LEAGUE_ZONE, NBA
from tracker.domain.prior import Lines, Quote
from tracker.feeds.errors import FeedError
from tracker.feeds.espn import espn
from tracker.feeds.feeds import Feeds
from tracker.feeds.odds import espn_lines, nba_odds
from tracker.feeds.polling.board import BoardReading
from tracker.feeds.polling.feed import Feed

FRESH_S = 30.0
"""Oldest board that lines are taken from."""

SAME_GAME = timedelta(hours=12)
"""How far two sources' tip-offs of one game may lie apart."""

Told = tuple[Game, Lines, str]


class LineReader:
    """Asks the sources for the lines of games that have not begun."""

    def __init__(self, feeds: Feeds, clock: Clock) -> None:
        """Nothing is asked until somebody reads."""
        self._feeds = feeds
        self._clock = clock

    async def read(self, games: Iterable[Game]) -> dict[str, Quote]:
        """The lines by the game's id, of those that have any. A source that fails tells none."""
        wanted = [x for x in games if x.start > self._clock.now()]
        found: dict[str, tuple[Lines, str]] = {}
        for league in sorted({x.league for x in wanted}):
            own = [x for x in wanted if x.league == league]
            told = await self._boards(league, own)
            found |= {x.id: y for x in own if (y := _of(x, told)) is not None}
            if league == NBA.id and any(x.id not in found for x in own):
                found = await self._list() | found
        now = self._clock.now()
        ids = {x.id for x in wanted if x.start > now}
        return {x: Quote(lines, by, now) for x, (lines, by) in found.items() if x in ids}

    async def _boards(self, league: str, games: list[Game]) -> list[Told]:
        """What ESPN's boards of the days tell."""
        feed = self._feed(league, espn.NAME)
        if feed is None:
            return []
        told: list[Told] = []
        for day in sorted({x.start.astimezone(LEAGUE_ZONE).date() for x in games}):
            reading = await feed.board_on(day).read(FRESH_S)
            if isinstance(reading, BoardReading):
                try:
                    told += espn_lines.pregame_lines(reading.fetched.body, reading.board)
                except FeedError:
                    continue
        return told

    async def _list(self) -> dict[str, tuple[Lines, str]]:
        """What the NBA's own list tells."""
        feed = self._feed(NBA.id, NBA.id)
        if feed is None:
            return {}
        try:
            return nba_odds.pregame_lines((await feed.fetcher.get(nba_odds.PATH)).body)
        except FeedError:
            return {}

    def _feed(self, league: str, name: str) -> Feed | None:
        listed = self._feeds.by_league.get(league, ())
        return next((x for x in listed if x.source.name == name), None)


def _of(game: Game, told: list[Told]) -> tuple[Lines, str] | None:
    """What was told of a game, under whatever id."""
    for other, lines, by in told:
        same = (other.home, other.away) == (game.home, game.away)
        if same and abs(other.start - game.start) <= SAME_GAME:
            return lines, by
    return None
