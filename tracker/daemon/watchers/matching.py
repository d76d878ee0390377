"""Matches bets that wait for their games, and their players, with what is known of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.draft import Draft, NoSuchGame, RostersUnknown, choose_games
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, GameState
from tracker.domain.player import Player
from tracker.domain.roster import NoSuchPlayer


@dataclass(frozen=True, slots=True)
class Matches:
    """What could be matched.

    `matched` are bets by number with the game of each leg. `mistakes` says in a sentence each why a
    bet cannot be. `faceless` are the games whose players some bet must know.
    """

    matched: tuple[tuple[int, tuple[Game, ...]], ...]
    mistakes: tuple[str, ...]
    faceless: tuple[Game, ...]


def match(
    unbound: Sequence[tuple[int, Draft]],
    games: Sequence[tuple[Game, GameState | None]],
    rosters: Mapping[str, tuple[Player, ...]],
    now: datetime,
) -> Matches:
    """The games of each bet that has them all; `rosters` are the players by the game's id."""

    def roster_of(game: Game) -> tuple[Player, ...]:
        return rosters.get(game.id, ())

    matched: list[tuple[int, tuple[Game, ...]]] = []
    mistakes: list[str] = []
    faceless: dict[str, Game] = {}
    for number, draft in unbound:
        try:
            chosen = choose_games(draft, games, now, roster_of)
            draft.wager(chosen, roster_of)
        except RostersUnknown:
            hoped = (x for x, _ in games if x.league in draft.leagues and not roster_of(x))
            faceless |= {x.id: x for x in hoped}
            continue
        except NoSuchGame:
            continue
        except NoSuchPlayer as why:
            faceless |= {x.id: x for x in chosen}
            if all(roster_of(x) for x in chosen):
                mistakes.append(f"bet {number}: {why}")
            continue
        except BadBet as why:
            mistakes.append(f"bet {number}: {why}")
            continue
        matched.append((number, chosen))
    return Matches(tuple(matched), tuple(mistakes), tuple(faceless.values()))
