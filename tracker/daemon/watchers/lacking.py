"""What bets still lack that came late: the line of before the tip, the games of their players.

Nothing here hurries a poll: it is asked for in the background, within the budget of each host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from tracker.app.player_priors import players_in
from tracker.app.pricing import Pricing
from tracker.app.refresh import Refresh
from tracker.clock import Clock
from tracker.domain.game import Game
from tracker.domain.prior import PregameLines
from tracker.domain.tracking import GameTracking
from tracker.feeds.errors import FeedError
from tracker.feeds.feeds import Feeds
from tracker.feeds.odds.espn import summary_lines
from tracker.feeds.polling.feed import Ask
from tracker.store import Store

STEP = 15.0
"""Seconds between two looks at what is lacking."""

AGAIN = 900.0
"""Seconds until what could not be had is asked for again."""

AHEAD = timedelta(hours=18)
"""Games of tonight: what is further off is read with the morning's results."""

LATE = timedelta(hours=6)
"""How long after its tip-off a game may still be played."""


@dataclass(slots=True)
class Lacking:
    """Looks for what bets lack, in the background.

    `trackings` tells what is followed, `without_roster` games whose players a waiting bet must
    know; `learned` hears of games whose chances may be worked out anew.
    """

    store: Store
    feeds: Feeds
    pricing: Pricing
    refresh: Refresh
    clock: Clock
    trackings: Callable[[], Iterable[GameTracking]]
    without_roster: Callable[[], Iterable[Game]]
    learned: Callable[[frozenset[str]], None]

    async def watch(self) -> None:
        """Look for what is lacking, for ever; what cannot be had is asked for again much later."""
        asked: dict[tuple[str, str], float] = {}
        while True:
            now = self.clock.monotonic()
            for game in self._without_lines():
                if asked.get(("lines", game.id), now) <= now and self.feeds.roomy(game):
                    asked["lines", game.id] = now + AGAIN
                    await self._read_lines(game)
            for game, teams in self._strangers():
                due = frozenset(
                    x for x in teams if asked.get((f"{game.league} team", x), now) <= now
                )
                if due and self.feeds.roomy(game):
                    asked |= {(f"{game.league} team", x): now + AGAIN for x in due}
                    await self._read_games(game, due)
            await self.clock.sleep(STEP)

    def _tonight(self, game: Game) -> bool:
        return -LATE <= game.start - self.clock.now() <= AHEAD

    def _without_lines(self) -> list[Game]:
        """Games in play of which no line from before the tip is known."""
        known = self.pricing.known
        return [
            x.game
            for x in self.trackings()
            if x.state is not None
            and x.state.phase.in_play
            and x.game.id not in known.quotes
            and known.given(x.game) is None
        ]

    async def _read_lines(self, game: Game) -> None:
        """Ask ESPN's summary for the last line before the tip."""
        feed = self.feeds.of(game.league, "espn")
        if feed is None:
            return
        answer = await feed.read(game, Ask.BOX, 0.0)
        found = summary_lines(answer.body, game) if answer.body else None
        if found is None:
            return
        lines, book = found
        told = {game.id: PregameLines(lines, book, game.start)}
        await self.store.known.keep_quotes(told)
        known = self.pricing.known
        self.pricing.known = replace(known, quotes={**known.quotes, **told})
        self.learned(frozenset({game.id}))

    def _strangers(self) -> list[tuple[Game, frozenset[str]]]:
        """Tonight's games, each with the teams of players of whom no game has been read."""
        found = []
        for x in self.trackings():
            bets = [y.bet for y in x.tracked if y.settlement is None]
            unknown = self.pricing.players.strangers(bets, x.game)
            if unknown and self._tonight(x.game):
                found.append((x.game, frozenset(x.game.code(y.side) for y in unknown)))
        waiting = [x for x in self.without_roster() if self._tonight(x)]
        return found + [(x, frozenset({x.home, x.away})) for x in waiting]

    async def _read_games(self, game: Game, teams: frozenset[str]) -> None:
        """Read the last games of some teams, and take up what their players did."""
        try:
            read = await self.refresh.recent(game.league, teams, self.feeds.roomy)
        except FeedError:
            return
        if not read:
            return
        touched = set()
        players = self.pricing.players
        for x in self.trackings():
            who = {(x.game.league, y.key) for y in players_in((z.bet for z in x.tracked), x.game)}
            if who:
                told = await self.store.players.recent_games(who)
                players.recent = {**players.recent, **told}
                touched.add(x.game.id)
        self.learned(frozenset(touched))
