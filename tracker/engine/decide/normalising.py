"""What a poll tells beside the score: points by period that it leaves out, and players' figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.player import UNREAD, Player, box_line, box_lines, player_key
from tracker.domain.tracking import Tracked

CORRECTION = 3
"""Most points by which a scorer takes back or moves what was seen: a three-pointer. What differs
by more contradicts it."""


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


def carried(state: GameState, before: GameState | None) -> GameState:
    """A game that is called off after it began, with all that was seen of it.

    Documents tell nothing of such a game any more; what was played stands by the house's rules.
    """
    if before is None or not state.phase.off or before.period < 1:
        return state
    return replace(before, game=state.game, phase=state.phase)


def contradiction(before: GameState | None, state: GameState) -> str:
    """What a final tells otherwise than what was seen of the game; empty where they agree.

    A score and the points of a period may be corrected by a basket or two.
    """
    if before is None or state.phase is not Phase.FINAL or not before.phase.in_play:
        return ""
    game, seen, told = state.game, before.score, state.score
    if max(seen.home - told.home, seen.away - told.away) > CORRECTION:
        return (
            f"the final says {game.away} {told.away}, {game.home} {told.home}; "
            f"{seen.away}-{seen.home} was seen at {before.game_clock}"
        )
    if before.periods is None or state.periods is None:
        return ""
    over = before.period - (0 if before.phase is Phase.BREAK and before.clock == 0 else 1)
    was, now = before.periods[:over], state.periods[:over]
    if was != now and now == tuple(Score(x.away, x.home) for x in was):
        return f"the final exchanges the points of {game.away} and {game.home} as they were seen"
    for number, (old, new) in enumerate(zip(was, now, strict=False), 1):
        if max(abs(old.home - new.home), abs(old.away - new.away)) > CORRECTION:
            name = game.rules.period_name(number)
            return f"the final says {new.away}-{new.home} in {name}; {old.away}-{old.home} was seen"
    return ""


def players_of(tracked: Tracked, game_id: str) -> tuple[Player, ...]:
    """The players of one game whom a bet is about."""
    markets = [x.market for x in tracked.bet.legs if x.game.id == game_id]
    return tuple(x.player for x in markets if isinstance(x, PlayerTotal | DoubleDouble))


def moved(tracked: Tracked, before: GameState, after: GameState) -> bool:
    """Whether a player whom a bet is about has other figures than before, or has entered."""
    return any(
        _figures(before, x) != _figures(after, x) for x in players_of(tracked, after.game.id)
    )


def first_seen(before: GameState | None, after: GameState) -> frozenset[tuple[Side, str]]:
    """The players of whom a box from after the tip tells for the first time, by side and key.

    Who starts and who plays is then known: a chance moves by that, and not by the game.
    """
    if before is None or not after.phase.in_play:
        return frozenset()
    known = box_lines(before) if before.period else {}
    return frozenset(box_lines(after).keys() - known.keys())


def with_players(
    state: GameState, players: Sequence[PlayerLine], seen: Sequence[PlayerLine] = ()
) -> GameState:
    """A state with newer lines of the players; a poll that has none leaves the last ones.

    `seen` are those of before: a final box that tells otherwise has its lines doubted.
    """
    if not players:
        return state
    if state.phase is Phase.FINAL and seen:
        players = _doubted(players, seen)
    return replace(state, players=tuple(players))


def after_play(state: GameState, before: GameState | None) -> GameState:
    """A final with its players, held against what was seen of them.

    Without a box they stay as they were seen, doubted until one is read.
    """
    if before is None or state.phase is not Phase.FINAL:
        return state
    if state.players:
        return with_players(state, state.players, before.players)
    if before.phase is Phase.FINAL:
        return replace(state, players=before.players)
    seen = (x for x in before.players if x.played or x.minutes > 0)
    return replace(state, players=tuple(replace(x, doubt=UNREAD) for x in seen))


def _doubted(players: Sequence[PlayerLine], seen: Sequence[PlayerLine]) -> list[PlayerLine]:
    """The lines of a final box, those that cannot follow what was seen as they were, doubted."""
    told = {(x.side, player_key(x.name)): x for x in players}
    before = {(x.side, player_key(x.name)): x for x in seen if x.played or x.minutes > 0}
    doubts = {key: _doubt(was, told.get(key)) for key, was in before.items()}
    kept = [
        replace(before[key], doubt=doubts[key]) if doubts.get(key) else x for key, x in told.items()
    ]
    lost = [replace(x, doubt=doubts[key]) for key, x in before.items() if key not in told]
    return [*kept, *lost]


def _doubt(was: PlayerLine, now: PlayerLine | None) -> str:
    """What a final box tells of a player otherwise than what was seen of him."""
    points = dict(was.stats).get("pts", 0)
    seen = f"was seen with {points} points in {was.minutes:.0f} min"
    if now is None:
        return f"is not in the final box, and {seen}"
    if not (now.played or now.minutes > 0):
        return f"did not play by the final box, and {seen}"
    last = dict(now.stats)
    fell = [(k, v, last[k]) for k, v in was.stats if k in last and v - last[k] > CORRECTION]
    return "".join(f"has {n} {k} in the final box, and was seen with {v}" for k, v, n in fell[:1])


def _figures(state: GameState, player: Player) -> object:
    line = box_line(state, player)
    return None if line is None else (line.stats, line.played, line.fouls, line.note)
