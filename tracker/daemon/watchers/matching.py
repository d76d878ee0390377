"""Matches bets that wait for their games, and their players, with what is known of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from tracker.domain.catalog.books import house_of
from tracker.domain.draft import Draft, NoSuchGame, RostersUnknown, choose_games
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, GameState
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.player import NoSuchPlayer, Player
from tracker.domain.tracking import GameTracking


@dataclass(frozen=True, slots=True)
class Matches:
    """What could be matched.

    `matched` are bets by number with the game of each leg. `mistakes` says in a sentence each why a
    bet cannot be. `without_roster` are the games whose players some bet must know.
    """

    matched: tuple[tuple[int, tuple[Game, ...]], ...]
    mistakes: tuple[str, ...]
    without_roster: tuple[Game, ...]


def to_move(
    trackings: Sequence[GameTracking], games: Sequence[Game], drafts: Mapping[int, Draft]
) -> tuple[int, ...]:
    """The bets whose game's id names another meeting now, and that are about that one too.

    That is a bet that names neither opponent nor date: a team's, whoever it plays, and on another
    date where its book waits that long for a game that is postponed.
    """
    found: list[int] = []
    for tracking in trackings:
        new = [x for x in games if x.id.startswith(f"{tracking.game.id}-")]
        for tracked in tracking.tracked:
            draft = drafts[tracked.bet.number]
            plain = draft.matchup is None and all(x.matchup is None for x in draft.legs)
            alone = len(tracked.bet.games) == 1 and tracked.settlement is None
            wait = timedelta(hours=house_of(tracked.bet.book).postponed_hours)
            if (
                plain
                and alone
                and any(draft.fits(x) and _goes_on(tracking.game, x, wait) for x in new)
            ):
                found.append(tracked.bet.number)
    return tuple(found)


def _goes_on(old: Game, new: Game, wait: timedelta) -> bool:
    """Whether a bet on one meeting goes on with another: on the same night, or within the wait."""
    return old.slate == new.slate or new.start - old.start <= wait


def strayed(
    trackings: Sequence[GameTracking], roster_of: Callable[[Game], Sequence[Player]], now: datetime
) -> tuple[int, ...]:
    """The single bets on a player whom boxes have since shown with another team.

    Only before their game begins: from then on its own box says who plays.
    """
    found: list[int] = []
    for tracking in (x for x in trackings if now < x.game.start):
        known = {(x.side, x.key) for x in roster_of(tracking.game)}
        sides = {side for side, _ in known}
        for tracked in tracking.tracked:
            market = tracked.bet.market
            player = market.player if isinstance(market, PlayerTotal | DoubleDouble) else None
            if player is None or player.side not in sides or tracked.settlement is not None:
                continue
            if (player.side, player.key) not in known:
                found.append(tracked.bet.number)
    return tuple(found)


def match(
    unbound: Sequence[tuple[int, Draft]],
    games: Sequence[tuple[Game, GameState | None]],
    rosters: Mapping[str, tuple[Player, ...]],
    now: datetime,
    zone: tzinfo | None = None,
) -> Matches:
    """The games of each bet that has them all; `rosters` are the players by the game's id.

    `zone` is the person's, for the dates that they write.
    """

    def roster_of(game: Game) -> tuple[Player, ...]:
        return rosters.get(game.id, ())

    matched: list[tuple[int, tuple[Game, ...]]] = []
    mistakes: list[str] = []
    without_roster: dict[str, Game] = {}
    for number, draft in unbound:
        try:
            chosen = choose_games(draft, games, now, roster_of, zone)
            draft.wager(chosen, roster_of)
        except RostersUnknown:
            hoped = (x for x, _ in games if x.league in draft.leagues and not roster_of(x))
            without_roster |= {x.id: x for x in hoped}
            continue
        except NoSuchGame:
            continue
        except NoSuchPlayer as why:
            without_roster |= {x.id: x for x in chosen}
            if all(roster_of(x) for x in chosen):
                mistakes.append(f"bet {number}: {why}")
            continue
        except BadBet as why:
            mistakes.append(f"bet {number}: {why}")
            continue
        matched.append((number, chosen))
    return Matches(tuple(matched), tuple(mistakes), tuple(without_roster.values()))
