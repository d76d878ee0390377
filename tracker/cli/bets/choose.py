"""A person at a terminal, who can say which of several games or players a bet means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.app.choose_game import Chooser, Looked
from tracker.cli.bets.read_slate import ASKING, PATIENCE_S, read_slate
from tracker.cli.screen import asks, progress, say, when
from tracker.domain.errors import BadBet
from tracker.domain.game import Game
from tracker.domain.player import Player

if TYPE_CHECKING:
    from tracker.cli.session import Session
    from tracker.domain.player import AmbiguousPlayer


def chooser(at: Session) -> Chooser:
    """Finds what a bet means: by the store, else by the feed, else by who is there to ask."""

    async def look(enough: Callable[[Game], bool] | None, leagues: frozenset[str]) -> Looked:
        with progress(ASKING):
            return await _looked(at, enough, leagues)

    ask = _AtTerminal(at) if asks() else None
    return Chooser(at.store, at.now, look, ask, at.basics.zone)


def silent_chooser(at: Session) -> Chooser:
    """The same where the terminal is a screen of its own: nothing is written, nobody is asked."""

    async def look(enough: Callable[[Game], bool] | None, leagues: frozenset[str]) -> Looked:
        return await _looked(at, enough, leagues)

    return Chooser(at.store, at.now, look, None, at.basics.zone)


async def _looked(
    at: Session, enough: Callable[[Game], bool] | None, leagues: frozenset[str]
) -> Looked:
    read = await read_slate(at, PATIENCE_S, enough, leagues)
    return Looked(read.whole, read.trouble)


@dataclass(frozen=True, slots=True)
class _AtTerminal:
    """Asks on the terminal."""

    at: Session

    def game(self, games: Sequence[Game]) -> Game:
        """One of these games."""
        zone = self.at.basics.zone
        listed = [f"{x.name}  {when(x.start, self.at.now, zone)}" for x in games]
        return games[_ask("That may mean several games:", listed)]

    def player(self, why: AmbiguousPlayer) -> Player:
        """One of the players whom a name may mean."""
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
