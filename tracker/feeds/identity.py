"""One identity of games across sources: a game is its league, its two teams and the league's date.

Each source has ids of its own. The id under which a game first became known stays in force; what
other sources tell of it is told under that id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from tracker.domain.game import Game, GameState, Pair, Score, Side, same_meeting

KEPT = timedelta(days=14)
"""How far behind the newest game one is forgotten."""


def nearest(game: Game, candidates: Iterable[Game]) -> Game | None:
    """The candidate that is the same meeting and tips off nearest to the game; None without one."""
    fitting = [x for x in candidates if same_meeting(game, x)]
    return min(fitting, key=lambda x: (abs(x.start - game.start), x.id), default=None)


def under(game: Game, reported: Game) -> Game:
    """What is told of a game, under the id and the sides of `game`."""
    return replace(reported, id=game.id, home=game.home, away=game.away)


def state_under(game: Game, state: GameState) -> GameState:
    """A state of the same meeting, under the id and the sides of `game`."""
    reported = state.game
    if reported.home == game.home:
        return replace(state, game=under(game, reported))
    return replace(
        state,
        game=under(game, reported),
        score=_turned(state.score),
        periods=None if state.periods is None else tuple(_turned(x) for x in state.periods),
        possession=None if state.possession is None else state.possession.other,
        bonus=None if state.bonus is None else Pair(state.bonus.away, state.bonus.home),
        timeouts=None if state.timeouts is None else Pair(state.timeouts.away, state.timeouts.home),
        box=None if state.box is None else state.box.turned,
        tip=None if state.tip is None else state.tip.other,
        players=tuple(
            replace(x, side=Side.AWAY if x.side is Side.HOME else Side.HOME) for x in state.players
        ),
    )


def _turned(score: Score) -> Score:
    return Score(score.away, score.home)


Held = Callable[[], Collection[str]]
"""Tells the ids of the games that are bet on."""


def _nothing() -> Collection[str]:
    return ()


class Register:
    """The ids in force, and which game of each source goes by which of them."""

    def __init__(self, known: Iterable[Game] = (), held: Held = _nothing) -> None:
        """`known` are games whose ids are in force already, as the store keeps them.

        `held` tells those that are bet on: what they are is not changed by a document.
        """
        self._held = held
        self._games: dict[str, Game] = {x.id: x for x in known}
        self._told: dict[tuple[str, str], tuple[str, Game]] = {}

    def own(self, source: str, reported: Game) -> Game:
        """A game as a source tells it, under the id in force: the source's own, if it is the first.

        `source` is the source's label. Only the source whose id is in force moves a tip-off. Two
        games of one source are never taken for one. An id that is given to another meeting (another
        opponent, another date) stays with the one that is bet on, on the sides on which it is; the
        new meeting goes by an id of its own.
        """
        bound, _ = self._told.get((source, reported.id), (reported.id, reported))
        game = self._games.get(bound)
        if game is None or not same_meeting(game, reported):
            fresh = (
                reported if game is None or reported.id not in self._held() else _renamed(reported)
            )
            game = nearest(reported, self._free(source)) or fresh
        if game.id == reported.id:
            game = under(game, reported) if reported.id in self._held() else reported
        self._games[game.id] = game
        self._told[source, reported.id] = game.id, reported
        return game

    def _free(self, source: str) -> list[Game]:
        """The games that the source has not told of; one that it told of another day counts not."""
        taken = {
            own
            for (label, _), (own, reported) in self._told.items()
            if label == source and own in self._games and same_meeting(self._games[own], reported)
        }
        return [x for x in self._games.values() if x.id not in taken]

    def prune(self) -> None:
        """Forget games that are long over."""
        if not self._games:
            return
        oldest = max(x.start for x in self._games.values()) - KEPT
        self._games = {key: x for key, x in self._games.items() if x.start >= oldest}
        self._told = {key: x for key, x in self._told.items() if x[0] in self._games}


def _renamed(reported: Game) -> Game:
    """A meeting whose source's id is in force for another one."""
    return replace(
        reported, id=f"{reported.id}-{reported.slate:%Y%m%d}-{reported.away}-{reported.home}"
    )
