"""What a poll tells beside the score: points by period that it leaves out, and players' figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracker.domain.game import GameState, Phase, PlayerLine, Score
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.player import Player, box_line
from tracker.domain.tracking import Tracked


def filled(state: GameState, before: GameState | None) -> GameState:
    """A state with its points by period, where it lacks them and what is believed gives them.

    They follow when every period before the present one was seen to its end: what the score has
    above them is the present period's.
    """
    if before is None or state.periods is not None or before.periods is None or state.period < 1:
        return state
    played = state.period - 1
    over = len(before.periods) > played or (
        len(before.periods) == played and before.phase is Phase.BREAK and before.clock == 0
    )
    if not over:
        return state
    earlier = before.periods[:played]
    home = state.score.home - sum(x.home for x in earlier)
    away = state.score.away - sum(x.away for x in earlier)
    if home < 0 or away < 0:
        return state
    return replace(state, periods=(*earlier, Score(home, away)))


def players_of(tracked: Tracked, game_id: str) -> tuple[Player, ...]:
    """The players of one game whom a bet is about."""
    markets = [x.market for x in tracked.bet.legs if x.game.id == game_id]
    return tuple(x.player for x in markets if isinstance(x, PlayerTotal | DoubleDouble))


def moved(tracked: Tracked, before: GameState, after: GameState) -> bool:
    """Whether a player whom a bet is about has other figures than before, or has entered."""
    return any(
        _figures(before, x) != _figures(after, x) for x in players_of(tracked, after.game.id)
    )


def with_players(state: GameState, players: Sequence[PlayerLine]) -> GameState:
    """A state with newer lines of the players; a poll that has none leaves the last ones."""
    return replace(state, players=tuple(players)) if players else state


def _figures(state: GameState, player: Player) -> object:
    line = box_line(state, player)
    return None if line is None else (line.stats, line.played, line.fouls, line.note)
