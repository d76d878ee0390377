"""Shared by the verbs of bets: finds the game and player that a bet means, and reads the slate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracker.app.choose_game import Chooser, GamesRead, SlateReader
from tracker.cli import Scope, Session, read_if_any
from tracker.cli.screen import asks, progress, question, say, when
from tracker.clock import SystemClock
from tracker.domain import BadBet
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.player import AmbiguousPlayer, Player
from tracker.intake import Beside, draft_of

ASKING = "asking the feed what is on"
"""The text shown on the terminal while the feed is asked."""


def slate_reader(at: Session) -> SlateReader:
    """Reads the boards and schedules of the sources into the session's database."""
    return SlateReader(at.store, at.settings.feeds, at.clock, at.settings.alerts.delay > 0)


def chooser(at: Session) -> Chooser:
    """A chooser that finds a bet's games in the store, then the feed, and asks when in doubt.

    A person is asked only on a terminal.
    """

    async def look(enough: Callable[[Game], bool] | None, leagues: frozenset[str]) -> GamesRead:
        with progress(ASKING):
            return await slate_reader(at)(enough, leagues)

    ask = _AtTerminal(at) if asks() else None
    return Chooser(at.store, at.now, look, ask, at.settings.zone)


def silent_chooser(at: Session) -> Chooser:
    """A chooser for the interactive screen: it writes nothing on the terminal and asks nobody."""
    return Chooser(at.store, at.now, slate_reader(at), None, at.settings.zone)


async def draft_for(scope: Scope, line: str, beside: Beside) -> Draft:
    """The draft of a line. The database is opened only where a team is in no catalog."""
    settings = scope.settings()
    unit, now = settings.stake_unit_cents, SystemClock().now().astimezone(settings.zone)
    try:
        return draft_of(line, beside, unit, now=now)
    except BadBet:
        found = await read_if_any(scope, lambda at: at.bets.draft(line, beside, now), None)
        if found is None:
            raise
        return found


@dataclass(frozen=True, slots=True)
class _AtTerminal:
    """Asks the person at the terminal which game or player is meant."""

    at: Session

    def game(self, games: Sequence[Game]) -> Game:
        """The game that the person chooses. Raises BadBet for a number not in the list."""
        zone = self.at.settings.zone
        listed = [f"{x.name}  {when(x.start, self.at.now, zone)}" for x in games]
        return games[_ask("That may mean several games:", listed)]

    def player(self, why: AmbiguousPlayer) -> Player:
        """The player that the person chooses. Raises BadBet for a number not in the list."""
        listed = [f"{x.name} ({why.game.code(x.side)})" for x in why.players]
        return why.players[_ask("That may mean several players:", listed)]


def _ask(which: str, listed: Sequence[str]) -> int:
    say(which)
    for number, what in enumerate(listed, 1):
        say(f"  {number}  {what}")
    import typer

    with question():
        asked: int = typer.prompt("Which one", type=int)
    if not 1 <= asked <= len(listed):
        raise BadBet(f"there is no {asked} in the list: nothing was added")
    return asked - 1
