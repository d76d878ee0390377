"""Which game a bet means: from what the database knows, else from the feed, else later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tracker.cli.screen import asks, progress, say, when
from tracker.domain.draft import AmbiguousGame, Draft, NoSuchGame, choose_game
from tracker.domain.errors import BadBet

if TYPE_CHECKING:
    from tracker.cli.session import Session
    from tracker.domain.game import Game, GameState
    from tracker.feeds.slate import SlateReading

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


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading the slate. `whole` is whether all that is on is known, else why not.

    `board` are the games of the boards, whatever the machine's clock says of their date.
    """

    whole: bool
    trouble: str = ""
    board: tuple[tuple[Game, GameState | None], ...] = ()


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
    reading = await read_slate(at, PATIENCE_S, draft.fits, draft.leagues)
    known = await at.store.games()
    try:
        return Choice(_pick(draft, known, at))
    except NoSuchGame:
        if not reading.whole:
            return Choice(None, f"not known yet: the daemon matches it later ({reading.trouble})")
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
    from tracker.feeds.feeds import open_feeds
    from tracker.feeds.identity import KEPT
    from tracker.settings import load_settings

    feeds = load_settings(at.basics.source if at.basics.source.exists() else None).feeds
    known = [game for game, _ in await at.store.games(since=at.now - KEPT)]
    asked = leagues or frozenset({NBA.id, *(game.league for game in known)})
    why = f"the feed did not answer within {patience_s:g} s"
    board: tuple[tuple[Game, GameState | None], ...] = ()
    try:
        with progress("asking the feed what is on"):
            async with (
                asyncio.timeout(patience_s),
                open_feeds(feeds, at.clock, deadline_s=patience_s) as opened,
            ):
                slates = opened.slates(lambda: asked, known)
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
