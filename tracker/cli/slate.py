"""Which game a bet means: from what the database knows, else from the feed, else later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tracker.cli.screen import asks, progress, say, when
from tracker.domain.draft import AmbiguousGame, Draft, NoSuchGame, choose_game
from tracker.domain.errors import BadBet

if TYPE_CHECKING:
    from tracker.cli.session import Session
    from tracker.domain.game import Game, GameState
    from tracker.domain.poll import Unreadable

    Listed = list[tuple[Game, GameState | None]]

PATIENCE_S = 4.0
"""Seconds that a person waits for the feed; the daemon asks again later anyway."""

REACH = timedelta(days=6)
"""Games further away than this are not looked for: the daemon's slate does not reach them yet."""

_MOST_LISTED = 15


@dataclass(frozen=True, slots=True)
class Choice:
    """The game that is meant, or in one sentence why it is not known yet."""

    game: Game | None
    why: str | None = None


async def choose(draft: Draft, at: Session) -> Choice:
    """The game that a draft means.

    Raises AmbiguousGame when several fit and nobody can be asked, and BadBet with what is on when
    the slate was read and none fits.
    """
    known = await at.store.games()
    try:
        return Choice(_pick(draft, known, at))
    except NoSuchGame:
        pass
    day = draft.matchup.day if draft.matchup is not None else None
    if day is not None and day > (at.now + REACH).date():
        return Choice(None, f"{day} is too far away: it is matched once the schedule nears it")
    read, trouble = await read_slate(at, PATIENCE_S, draft.fits)
    known = await at.store.games()
    try:
        return Choice(_pick(draft, known, at))
    except NoSuchGame:
        if not read:
            return Choice(None, f"not known yet: the daemon matches it later ({trouble})")
        raise BadBet(_nothing_fits(draft, known, at)) from None


def _pick(draft: Draft, known: Listed, at: Session) -> Game:
    try:
        return choose_game(draft, known, at.now)
    except AmbiguousGame:
        if not asks():
            raise
        fitting = [x for x, _ in known if draft.fits(x) and x.start > at.now - timedelta(hours=18)]
        return _which([x for x in fitting if x.slate == fitting[0].slate], at)


def _which(games: Sequence[Game], at: Session) -> Game:
    say("That may mean several games:")
    for number, game in enumerate(games, 1):
        say(f"  {number}  {game.name}  {when(game.start, at.now, at.basics.zone)}")
    import typer

    asked: int = typer.prompt("Which one", type=int)
    if not 1 <= asked <= len(games):
        raise BadBet(f"there is no game {asked} in the list: nothing was added")
    return games[asked - 1]


async def read_slate(
    at: Session, patience_s: float, enough: Callable[[Game], bool] | None = None
) -> tuple[bool, str]:
    """Read the board and then the schedule into the store, no longer than `patience_s` (real).

    The schedule is left out when the board has a game that is `enough`. Whether all that is on is
    known afterwards, else why not, in a few words.
    """
    from tracker.feeds.board import BoardReading
    from tracker.feeds.feed import open_feed
    from tracker.feeds.nba import SOURCE
    from tracker.feeds.slate import FRESH_S, Slate
    from tracker.settings import load_settings

    feeds = load_settings(at.basics.source if at.basics.source.exists() else None).feeds
    why = f"the feed did not answer within {patience_s:g} s"
    try:
        with progress("asking the feed what is on"):
            async with (
                asyncio.timeout(patience_s),
                open_feed(SOURCE, feeds.nba, at.clock, deadline_s=patience_s) as feed,
            ):
                board = await feed.board.read(FRESH_S)
                if not isinstance(board, BoardReading):
                    return False, _lower(str(board.error))
                shown = [(x, _state(state)) for x, state in board.board.games]
                await at.store.save_games(shown, at.now)
                if enough is not None and any(enough(x) for x, _ in shown):
                    return True, ""
                why = "the schedule could not be read in time"
                reading = await Slate(feed, at.clock).read()
                known = {x.id for x, _ in shown}
                others = [(x, None) for x in reading.games if x.id not in known]
                await at.store.save_games(others, at.now)
                return reading.from_schedule, _lower("; ".join(reading.troubles)) or why
    except TimeoutError:
        return False, why


def _state(found: GameState | Unreadable) -> GameState | None:
    from tracker.domain.game import GameState

    return found if isinstance(found, GameState) else None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _nothing_fits(draft: Draft, known: Listed, at: Session) -> str:
    ahead = sorted(
        (x for x, state in known if x.start > at.now - timedelta(hours=18) and _open(state)),
        key=lambda x: x.start,
    )
    if not ahead:
        return f"{draft.pick.text!r}: no game is on in the coming days, nothing was added"
    day = ahead[0].slate
    today = [x for x in ahead if x.slate == day]
    names = ", ".join(x.name for x in today[:_MOST_LISTED])
    more = f" and {len(today) - _MOST_LISTED} more" if len(today) > _MOST_LISTED else ""
    return (
        f"{draft.pick.text!r}: no game on the slate fits, nothing was added; "
        f"on {day}: {names}{more} (`tracker games` lists all)"
    )


def _open(state: GameState | None) -> bool:
    from tracker.domain.game import Phase

    return state is None or (state.phase is not Phase.FINAL and not state.phase.off)
