"""Reads what is on into the database, for commands that need it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.cli.session import Session
    from tracker.domain.game import Game, GameState
    from tracker.feeds.slates import SlateReading

    Listed = list[tuple[Game, GameState | None]]

ASKING = "asking the feed what is on"
"""What is said on the terminal while it is read."""

PATIENCE_S = 4.0
"""Seconds that a person waits for the feed; the daemon asks again later anyway."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading the slate. `whole` is whether all that is on is known, else why not.

    `board` are the games of the boards, whatever the machine's clock says of their date.
    """

    whole: bool
    trouble: str = ""
    board: tuple[tuple[Game, GameState | None], ...] = ()


async def read_slate(
    at: Session,
    patience_s: float,
    enough: Callable[[Game], bool] | None = None,
    leagues: frozenset[str] | None = None,
) -> Reading:
    """Read the boards and then the schedules into the store, no longer than `patience_s` (real).

    `leagues` are those that are asked about: the NBA, and those of the games that are known. The
    schedules are left out when a board has a game that is `enough`.
    """
    from tracker.domain.league import NBA
    from tracker.feeds.arbitration.identity import KEPT
    from tracker.feeds.feeds import open_feeds
    from tracker.settings import load_settings

    feeds = load_settings(at.basics.source if at.basics.source.exists() else None).feeds
    known = [game for game, _ in await at.store.games(since=at.now - KEPT)]
    held = await at.store.held_games()
    asked = leagues or frozenset({NBA.id, *(game.league for game in known)})
    why = f"the feed did not answer within {patience_s:g} s"
    board: tuple[tuple[Game, GameState | None], ...] = ()
    try:
        async with (
            asyncio.timeout(patience_s),
            open_feeds(feeds, at.clock, deadline_s=patience_s) as opened,
        ):
            slates = opened.slates(lambda: asked, known, lambda: held)
            boards = _shown(await slates.read(schedule=False), at)
            await _save(at, boards)
            board = tuple((x.game, x) for x in boards.states)
            if enough is not None and any(enough(x) for x in boards.games):
                return Reading(True, board=board)
            if not boards.answered:
                return Reading(False, _lower("; ".join(boards.troubles)) or why, board)
            why = "the schedule could not be read in time"
            reading = _shown(await slates.read(), at)
            await _save(at, reading)
            trouble = _lower("; ".join(reading.troubles)) or why
            return Reading(reading.from_schedule, trouble, board)
    except TimeoutError:
        return Reading(False, why, board)


def _shown(reading: SlateReading, at: Session) -> SlateReading:
    """The reading, without how games stand where all is to be shown late: the daemon tells that."""
    return replace(reading, states=()) if at.basics.delay else reading


async def _save(at: Session, reading: SlateReading) -> None:
    states = {state.game.id: state for state in reading.states}
    await at.store.save_games([(x, states.get(x.id)) for x in reading.games], at.now)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
