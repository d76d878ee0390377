"""Which games and players a bet means: from what the database knows, the feed, or the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tracker.cli.bets.read_slate import PATIENCE_S, read_slate
from tracker.cli.screen import asks, say, when
from tracker.domain.draft import AmbiguousGame, Draft, NoSuchGame, RostersUnknown, choose_games
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, Phase, Side
from tracker.domain.player import Player
from tracker.domain.roster import AmbiguousPlayer, NoSuchPlayer, Roster, RosterOf, nobody

if TYPE_CHECKING:
    from tracker.cli.session import Session
    from tracker.domain.game import GameState

    Listed = list[tuple[Game, GameState | None]]

REACH = timedelta(days=6)
"""Games further away than this are not looked for: the daemon's slate does not reach them yet."""

_LATE = timedelta(hours=18)
_MOST_LISTED = 15


@dataclass(frozen=True, slots=True)
class Choice:
    """The game of each leg, or in one sentence why they are not known yet.

    `roster_of` gives the players among whom the line's are found.
    """

    games: tuple[Game, ...]
    why: str | None = None
    roster_of: RosterOf = nobody


async def choose(draft: Draft, at: Session) -> Choice:
    """The games that a draft means, and the players that its lines name.

    Raises AmbiguousGame or AmbiguousPlayer when several fit and nobody can be asked, and BadBet
    with what is on when the slate was read and no game fits.
    """
    roster_of = await _rosters(draft, at)
    known = await at.store.games()
    try:
        return _choice(draft, _pick(draft, known, at, roster_of), roster_of)
    except RostersUnknown as why:
        if any(x.league in draft.leagues and _ahead(x, s, at) for x, s in known):
            return Choice((), _waits(why))
    except NoSuchGame:
        pass
    day = draft.matchup.day if draft.matchup is not None else None
    if day is not None and day > (at.now + REACH).date():
        return Choice((), f"{day} is too far away: it is matched once the schedule nears it")
    enough = draft.fits if len(draft.legs) == 1 else None
    reading = await read_slate(at, PATIENCE_S, enough, draft.leagues)
    known = await at.store.games()
    try:
        return _choice(draft, _pick(draft, known, at, roster_of), roster_of)
    except RostersUnknown as why:
        return Choice((), _waits(why))
    except NoSuchGame as why:
        if not reading.whole:
            return Choice((), f"not known yet: the daemon matches it later ({reading.trouble})")
        raise BadBet(_nothing_fits(why, known, at)) from None


async def _rosters(draft: Draft, at: Session) -> RosterOf:
    """Who plays for whom, as far as boxes have told; looked up only for players."""
    if all(leg.player is None for leg in draft.legs):
        return nobody
    known = await at.store.players.rosters(at.now)

    def roster_of(game: Game) -> Roster:
        return tuple(
            Player(name, side)
            for side in Side
            for name in known.get((game.league, game.code(side)), ())
        )

    return roster_of


def _pick(draft: Draft, known: Listed, at: Session, roster_of: RosterOf) -> tuple[Game, ...]:
    try:
        return choose_games(draft, known, at.now, roster_of)
    except AmbiguousGame as why:
        if not asks() or len(draft.legs) > 1:
            raise
        return (_ask_game(why.games, at),)


def _choice(draft: Draft, games: tuple[Game, ...], roster_of: RosterOf) -> Choice:
    """The choice with its players, who may have to be asked about or waited for."""
    try:
        draft.wager(games, roster_of)
    except AmbiguousPlayer as why:
        if not asks():
            raise
        return _choice(draft, games, _without(roster_of, why.players, _ask_player(why)))
    except NoSuchPlayer as why:
        sides = {x.side for game in games for x in roster_of(game)}
        if why.near and len(sides) == len(Side):
            raise
        return Choice((), _waits(why))
    return Choice(games, None, roster_of)


def _waits(why: BadBet) -> str:
    return f"waits for the box score that names the players ({why})"


def _ask_game(games: Sequence[Game], at: Session) -> Game:
    listed = [f"{x.name}  {when(x.start, at.now, at.basics.zone)}" for x in games]
    return games[_ask("That may mean several games:", listed)]


def _ask_player(why: AmbiguousPlayer) -> Player:
    listed = [f"{x.name} ({why.game.code(x.side)})" for x in why.players]
    return why.players[_ask("That may mean several players:", listed)]


def _ask(question: str, listed: Sequence[str]) -> int:
    say(question)
    for number, what in enumerate(listed, 1):
        say(f"  {number}  {what}")
    import typer

    asked: int = typer.prompt("Which one", type=int)
    if not 1 <= asked <= len(listed):
        raise BadBet(f"there is no {asked} in the list: nothing was added")
    return asked - 1


def _without(roster_of: RosterOf, candidates: Sequence[Player], meant: Player) -> RosterOf:
    out = frozenset(candidates) - {meant}
    return lambda game: tuple(x for x in roster_of(game) if x not in out)


def _ahead(game: Game, state: GameState | None, at: Session) -> bool:
    over = state is not None and (state.phase is Phase.FINAL or state.phase.off)
    return not over and game.start > at.now - _LATE


def _nothing_fits(why: NoSuchGame, known: Listed, at: Session) -> str:
    ahead = sorted((x for x, s in known if _ahead(x, s, at)), key=lambda x: x.start)
    if not ahead:
        return f"{why}: none is on in the coming days, nothing was added"
    day = ahead[0].slate
    today = [x for x in ahead if x.slate == day]
    names = ", ".join(x.name for x in today[:_MOST_LISTED])
    more = f" and {len(today) - _MOST_LISTED} more" if len(today) > _MOST_LISTED else ""
    return f"{why}, nothing was added; on {day}: {names}{more} (`tracker games` lists all)"
