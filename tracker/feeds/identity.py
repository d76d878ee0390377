"""One id for a game across all sources.

A game is identified by its league, its two teams and the league's date. Each source has ids of its
own. The id under which a game first became known stays in force, and what other sources report of
the game is stored under it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from tracker.domain.catalog import teams
from tracker.domain.game import Game, GameState, Pair, Score, Side, same_meeting
from tracker.domain.league import NBA, WNBA

KEPT = timedelta(days=14)
"""A game is forgotten when it is this much older than the newest one."""


def nearest(game: Game, candidates: Iterable[Game]) -> Game | None:
    """The candidate that is the same meeting with the nearest tip-off; None without one."""
    fitting = [x for x in candidates if same_meeting(game, x)]
    return min(fitting, key=lambda x: (abs(x.start - game.start), x.id), default=None)


def recognised(game: Game, reported: Game) -> Game:
    """The reported game with the team codes of `game`, where one of them names no other team.

    A team that is not decided any more is none, nor, in a league whose teams are all listed, a code
    that is not listed: an id that stood for `game`, on the same night and with its other team on
    its side, still stands for it.
    """
    listed, sides = teams(game.league), [(game.home, reported.home), (game.away, reported.away)]
    news = [new for old, new in sides if new != old]
    whole = game.league in (NBA.id, WNBA.id)
    if len(news) != 1 or not (reported.undecided or (whole and news[0] not in listed)):
        return reported
    renamed = replace(reported, home=game.home, away=game.away)
    return renamed if same_meeting(game, renamed) else reported


def under(game: Game, reported: Game) -> Game:
    """The reported game with the id and the home and away sides of `game`."""
    return replace(reported, id=game.id, home=game.home, away=game.away)


def state_under(game: Game, state: GameState) -> GameState:
    """A state of the same meeting, with the id and the home and away sides of `game`.

    Where the source has home and away exchanged, every figure changes sides.
    """
    reported = state.game
    if game.home != reported.away and game.away != reported.home:
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
        throws=None if state.throws is None else state.throws.turned,
        players=tuple(
            replace(x, side=Side.AWAY if x.side is Side.HOME else Side.HOME) for x in state.players
        ),
    )


def _turned(score: Score) -> Score:
    return Score(score.away, score.home)


Held = Callable[[], Collection[str]]
"""Gives the ids of the games that have bets."""


class Register:
    """The ids in force, and the game that each source's own id stands for."""

    def __init__(self, known: Iterable[Game] = (), held: Held = tuple) -> None:
        """`known` are the games that the store keeps: their ids are in force already.

        `held` gives the ids of the games that have bets. No document changes the teams, sides or
        date of such a game.
        """
        self._held = held
        self._games: dict[str, Game] = {x.id: x for x in known}
        self._reported: dict[tuple[str, str], tuple[str, Game]] = {}

    def own(self, source: str, reported: Game) -> Game:
        """The game that a source reports, under the id in force.

        A game that is new keeps the source's id.

        `source` is the source's label. Only the source whose id is in force moves a tip-off. Two
        games of one source are never merged. If a source gives the id of a game with bets to
        another meeting (another opponent or date), the game with bets keeps the id and its sides,
        and the new meeting gets an id of its own.
        """
        bound, _ = self._reported.get((source, reported.id), (reported.id, reported))
        game = self._games.get(bound)
        reported = reported if game is None else recognised(game, reported)
        if game is None or not same_meeting(game, reported):
            fresh = (
                reported if game is None or reported.id not in self._held() else _renamed(reported)
            )
            game = nearest(reported, self._free(source)) or fresh
        if game.id == reported.id:
            game = under(game, reported) if reported.id in self._held() else reported
        self._games[game.id] = game
        self._reported[source, reported.id] = game.id, reported
        return game

    def _free(self, source: str) -> list[Game]:
        """The games that this source has not reported.

        A game that it has since moved to another date is free.
        """
        taken = {
            own
            for (label, _), (own, reported) in self._reported.items()
            if label == source and own in self._games and same_meeting(self._games[own], reported)
        }
        return [x for x in self._games.values() if x.id not in taken]

    def prune(self) -> None:
        """Forget games that are long over."""
        if not self._games:
            return
        starts = sorted((x.start for x in self._games.values()), reverse=True)
        # A date far from all others may be a board's mistake, and must not make them old.
        newest = next((x for x, y in pairwise(starts) if x - y <= KEPT), starts[-1])
        oldest = newest - KEPT
        self._games = {key: x for key, x in self._games.items() if x.start >= oldest}
        self._reported = {key: x for key, x in self._reported.items() if x[0] in self._games}


def _renamed(reported: Game) -> Game:
    """The meeting under a new id, made of the source's id, the date and the teams."""
    return replace(
        reported, id=f"{reported.id}-{reported.slate:%Y%m%d}-{reported.away}-{reported.home}"
    )
