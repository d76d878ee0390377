"""Fetches in the background what late bets lack: pregame lines, players' games, rosters.

It delays no poll: it asks only hosts whose budget has requests to spare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from tracker.app.player_priors import players_in
from tracker.app.pricing import Pricing
from tracker.app.refresh import Refresh
from tracker.clock import Clock
from tracker.domain.game import Game, GameState
from tracker.domain.prior import PregameLines
from tracker.domain.tracking import GameTracking
from tracker.feeds import espn
from tracker.feeds.feeds import Feeds
from tracker.feeds.odds.espn import summary_lines
from tracker.feeds.polling import LookUp, Watch
from tracker.store import Store

STEP = 15.0
"""Seconds between two checks of what is lacking."""

AGAIN = 900.0
"""Seconds until what could not be had is asked for again."""

AHEAD = timedelta(hours=18)
"""Games that begin within this time count as tonight's: what later games lack comes with the
morning's refresh."""

LATE = timedelta(hours=6)
"""How long after its tip-off a game may still be played."""

BOX_STEP = 30.0
"""Seconds between two checks of which rosters are wanted."""

BOX_AGAIN = 300.0
"""Seconds to wait between two box scores of one game: its players seldom change."""

BOX_AHEAD = timedelta(hours=2)
"""How long before tip-off a box score is asked for: it seldom exists earlier."""

AT_ONCE = 4
"""Most box scores that one round asks for."""


@dataclass(slots=True)
class Lacking:
    """Fetches what bets lack, in the background.

    `trackings` gives the followed games, `without_roster` the games whose players a waiting bet
    must know. `learned` is called with the ids of games whose chances may now change.
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
        """Fetch what is lacking, for ever; what cannot be had is asked for again after AGAIN."""
        asked: dict[tuple[str, str], float] = {}
        while True:
            now = self.clock.monotonic()
            for game in self._without_lines():
                if asked.get(("lines", game.id), now) <= now and self.feeds.has_room(game):
                    asked["lines", game.id] = now + AGAIN
                    await self._read_lines(game)
            for game, teams in self._strangers():
                due = frozenset(
                    x for x in teams if asked.get((f"{game.league} team", x), now) <= now
                )
                if due and self.feeds.has_room(game):
                    asked |= {(f"{game.league} team", x): now + AGAIN for x in due}
                    await self._read_games(game, due)
            await self.clock.sleep(STEP)

    def _tonight(self, game: Game) -> bool:
        return -LATE <= game.start - self.clock.now() <= AHEAD

    def _without_lines(self) -> list[Game]:
        """Games in play for which no pregame line is known."""
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
        """Take the last pregame line from ESPN's summary of a game."""
        feed = self.feeds.of(game.league, espn.NAME)
        if feed is None:
            return
        answer = await feed.read(game, LookUp.BOX, 0.0)
        found = summary_lines(answer.body, game) if answer.body else None
        if found is None:
            return
        lines, book = found
        pregame = {game.id: PregameLines(lines, book, game.start)}
        await self.store.known.keep_quotes(pregame)
        self.pricing.learn(pregame)
        self.learned(frozenset({game.id}))

    def _strangers(self) -> list[tuple[Game, frozenset[str]]]:
        """Tonight's games, each with the teams of its players of whom too few games were read."""
        found = []
        for x in self.trackings():
            bets = [y.bet for y in x.tracked if not y.ended]
            unknown = self.pricing.players.strangers(bets, x.game)
            if unknown and self._tonight(x.game):
                found.append((x.game, frozenset(x.game.code(y.side) for y in unknown)))
        waiting = [x for x in self.without_roster() if self._tonight(x)]
        return found + [(x, frozenset({x.home, x.away})) for x in waiting]

    async def _read_games(self, game: Game, teams: frozenset[str]) -> None:
        """Read the last games of some teams, and give the pricing what their players did."""
        if not await self.refresh.recent(game.league, teams, self.feeds.has_room):
            return
        touched = set()
        for x in self.trackings():
            who = {(x.game.league, y.key) for y in players_in((z.bet for z in x.tracked), x.game)}
            if who:
                self.pricing.players.remember(await self.store.players.recent_games(who))
                touched.add(x.game.id)
        self.learned(frozenset(touched))


async def watch_rosters(
    without_roster: Callable[[], Iterable[Game]],
    watch: Watch,
    meet: Callable[[GameState], None],
    has_room: Callable[[Game], bool],
    clock: Clock,
) -> None:
    """Read the box scores of games whose players some bet must know, for ever.

    `without_roster` gives those games; `meet` takes the state that was read.
    """
    due: dict[str, float] = {}
    while True:
        now, then = clock.now(), clock.monotonic()
        wanted = [
            x
            for x in without_roster()
            if x.start - now <= BOX_AHEAD and due.get(x.id, then) <= then and has_room(x)
        ]
        # Those that were not asked for yet, or longest ago, come first: none waits for ever.
        for game in sorted(wanted, key=lambda x: (due.get(x.id, 0.0), x.start, x.id))[:AT_ONCE]:
            due[game.id] = clock.monotonic() + BOX_AGAIN
            answer = await watch.read(game, LookUp.BOX, 0.0)
            if isinstance(answer.reading, GameState):
                meet(answer.reading)
        await clock.sleep(BOX_STEP)
