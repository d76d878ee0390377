"""Who plays tonight: each team's players as boxes have told, so that player lines find theirs.

And who does not, by the notes of the same boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from tracker.clock import Clock
from tracker.domain.game import Game, GameState, Side
from tracker.domain.player import BY_BOX, Availability, Injury, Player, player_key
from tracker.feeds.polling.feed import Ask, Watch
from tracker.store import Store

Team = tuple[str, str]
"""A league and a team's code."""


class Rosters:
    """What is known of every team's players, kept in step with the store."""

    def __init__(self, store: Store) -> None:
        """Nobody is known until `load`."""
        self._store = store
        self._known: dict[Team, tuple[str, ...]] = {}
        self._met: dict[Team, tuple[date | None, dict[str, str]]] = {}
        self._unkept: set[Team] = set()
        self._out: dict[tuple[str, Side, str], Injury] = {}
        self._unsaid: dict[tuple[str, Side, str], Injury] = {}

    async def load(self, now: datetime) -> None:
        """Take what was kept before."""
        self._known = await self._store.players.rosters(now)

    def meet(self, state: GameState) -> None:
        """Learn the players of both teams from a box; what it told before costs nothing."""
        for side in Side:
            team = state.game.league, state.game.code(side)
            slate, seen = self._met.get(team, (None, {}))
            if slate != state.game.slate:
                # Each night anew: who is still seen with his team goes on being remembered.
                seen = {}
            before = len(seen)
            seen.update({player_key(x.name): x.name for x in state.players if x.side is side})
            if len(seen) > before:
                self._met[team] = state.game.slate, seen
                self._unkept.add(team)
        self._note(state)

    def _note(self, state: GameState) -> None:
        """Take down whom a box says to be out of its game, where it has not said so before."""
        game = state.game
        said = {
            (game.id, x.side, player_key(x.name)): Injury(
                game.league, game.code(x.side), x.name, Availability.OUT, (x.note or "").strip(),
                game.slate + timedelta(days=1), BY_BOX,
            )
            for x in state.players
            if x.out
        }  # fmt: skip
        fresh = {who: word for who, word in said.items() if self._out.get(who) != word}
        if fresh:
            self._out |= fresh
            self._unsaid |= fresh

    @property
    def news(self) -> bool:
        """Whether players were met, or said to be out, that are not kept yet."""
        return bool(self._unkept or self._unsaid)

    async def keep(self, now: datetime) -> None:
        """Write down who was met, and read what that makes of the teams."""
        out, self._unsaid = self._unsaid, {}
        if out:
            await self._store.seasons.keep_box(tuple(out.values()), now)
        teams, self._unkept = self._unkept, set()
        if teams:
            met = {team: tuple(self._met[team][1].values()) for team in teams}
            await self._store.players.meet(met, now)
            await self.load(now)

    def of(self, game: Game) -> tuple[Player, ...]:
        """The players of both teams, as far as they are known."""
        return tuple(Player(name, side) for side in Side for name in self._names(game, side))

    def _names(self, game: Game, side: Side) -> tuple[str, ...]:
        return self._known.get((game.league, game.code(side)), ())


def frozen(rosters: Rosters, games: Iterable[Game]) -> Mapping[str, tuple[Player, ...]]:
    """The players of each game by its id, for work in another thread."""
    return {game.id: rosters.of(game) for game in games}


STEP = 30.0
"""Seconds between two looks at what is wanted."""

AGAIN = 300.0
"""Least seconds between two boxes of one game: its players change seldom."""

AT_ONCE = 4
"""Most boxes in one round."""

AHEAD = timedelta(hours=2)
"""How long before tip-off a box is asked for: earlier ones seldom exist."""

LATE = timedelta(hours=6)
"""How long after its tip-off a game may still be played."""


async def watch_rosters(
    without_roster: Callable[[], Iterable[Game]],
    watch: Watch,
    meet: Callable[[GameState], None],
    roomy: Callable[[Game], bool],
    clock: Clock,
) -> None:
    """Read the boxes of games whose players some bet must know, now and then, for ever.

    `without_roster` tells those games, `meet` is given what was read.
    """
    due: dict[str, float] = {}
    while True:
        now, then = clock.now(), clock.monotonic()
        wanted = [
            x
            for x in without_roster()
            if -LATE <= x.start - now <= AHEAD and due.get(x.id, then) <= then and roomy(x)
        ]
        for game in sorted(wanted, key=lambda x: (x.start, x.id))[:AT_ONCE]:
            due[game.id] = clock.monotonic() + AGAIN
            answer = await watch.read(game, Ask.BOX, 0.0)
            if isinstance(answer.reading, GameState):
                meet(answer.reading)
        await clock.sleep(STEP)
