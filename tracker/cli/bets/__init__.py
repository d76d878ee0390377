"""Shared by the verbs of bets: finds the game and player that a bet means, and reads the slate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tracker.app.choose_game import Chooser, GamesRead
from tracker.cli import Scope, Session, read_if_any
from tracker.cli.screen import asks, progress, question, say, when
from tracker.clock import SystemClock
from tracker.domain import BadBet
from tracker.domain.draft import Draft
from tracker.domain.game import Game, Listing
from tracker.domain.league import NBA, slate_date
from tracker.domain.player import AmbiguousPlayer, Player
from tracker.intake import Beside, draft_of

if TYPE_CHECKING:
    from tracker.feeds.slates import SlateReading


ASKING = "asking the feed what is on"
"""The text shown on the terminal while the feed is asked."""

ANSWER_WITHIN_S = 4.0
"""Seconds that a command waits for the feed; the daemon asks again later anyway."""


async def read_slate(
    at: Session,
    wait_s: float,
    enough: Callable[[Game], bool] | None = None,
    leagues: frozenset[str] | None = None,
) -> GamesRead:
    """Read the boards and then the schedules into the store, for at most `wait_s` real seconds.

    `leagues` are those to ask about; None means the NBA and the leagues of known games. The
    schedules are skipped when `enough` is true of a game on a board. When the feed fails or is
    late, the value returned says why.
    """
    from tracker.feeds.feeds import open_feeds
    from tracker.feeds.identity import KEPT

    known = [game for game, _ in await at.store.games(since=slate_date(at.now - KEPT))]
    held = await at.store.held_games()
    asked = leagues or frozenset({NBA.id, *(game.league for game in known)})
    why = f"the feed did not answer within {wait_s:g} s"
    board: tuple[Listing, ...] = ()
    try:
        async with (
            asyncio.timeout(wait_s),
            open_feeds(at.settings.feeds, at.clock, deadline_s=wait_s) as opened,
        ):
            slates = opened.slates(lambda: asked, known, lambda: held)
            boards = _shown(await slates.read(schedule=False), at)
            await _save(at, boards)
            board = tuple((x.game, x) for x in boards.states)
            if enough is not None and any(enough(x) for x in boards.games):
                return GamesRead(True, board=board)
            if not boards.answered:
                return GamesRead(False, _lower("; ".join(boards.troubles)) or why, board)
            why = "the schedule could not be read in time"
            reading = _shown(await slates.read(), at)
            await _save(at, reading)
            trouble = _lower("; ".join(reading.troubles)) or why
            return GamesRead(reading.from_schedule, trouble, board)
    except TimeoutError:
        return GamesRead(False, why, board)


def _shown(reading: SlateReading, at: Session) -> SlateReading:
    """The reading, without its game states when a delay is set: the daemon shows those late."""
    return replace(reading, states=()) if at.settings.alerts.delay else reading


async def _save(at: Session, reading: SlateReading) -> None:
    states = {state.game.id: state for state in reading.states}
    await at.store.save_games([(x, states.get(x.id)) for x in reading.games], at.now)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def chooser(at: Session) -> Chooser:
    """A chooser that finds a bet's games in the store, then the feed, and asks when in doubt.

    A person is asked only on a terminal.
    """

    async def look(enough: Callable[[Game], bool] | None, leagues: frozenset[str]) -> GamesRead:
        with progress(ASKING):
            return await read_slate(at, ANSWER_WITHIN_S, enough, leagues)

    ask = _AtTerminal(at) if asks() else None
    return Chooser(at.store, at.now, look, ask, at.settings.zone)


def silent_chooser(at: Session) -> Chooser:
    """A chooser for the interactive screen: it writes nothing on the terminal and asks nobody."""
    look = partial(read_slate, at, ANSWER_WITHIN_S)
    return Chooser(at.store, at.now, look, None, at.settings.zone)


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
