"""`tracker games`: what is on, as the league's slate has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import game_json
from tracker.cli.bets.choose import ANSWER_WITHIN_S, ASKING, Reading, read_slate
from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.screen import note, progress, say, say_json, when
from tracker.cli.session import Scope, Session, scope_of, session
from tracker.domain.errors import Impossible, Misused
from tracker.domain.league import LEAGUES, slate_date

if TYPE_CHECKING:
    from tracker.domain.game import Game, GameState

_SCHEDULE_WITHIN_S = 15.0
"""Seconds that a person waits for the schedule, which is large."""

_LONGEST = timedelta(hours=5)
"""After its tip-off a game is over by then; until then the feed is asked how it stands."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, games, panel)


def games(
    context: typer.Context,
    day: Annotated[
        str | None,
        typer.Option("--day", "--date", metavar="DATE", help="A date, such as 2026-11-20."),
    ] = None,
    league: Annotated[
        str | None,
        typer.Option("--league", "-l", metavar="NAME", help=f"One of {', '.join(LEAGUES)}."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Every game of the days around today.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the feed, also when games are known.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the games that are on, with their scores: tonight's slate, or the next one.

    They are those that the daemon saw last. Without any, while one may be in play, or with
    --refresh the feed is asked.
    """
    wanted = None
    if day is not None:
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            raise Misused(f"{day!r} is not a date: write one such as 2026-11-20") from None
    if league is not None and league.casefold() not in LEAGUES:
        raise Misused(f"there is no league {league!r}: name one of {', '.join(LEAGUES)}")
    chosen = None if league is None else league.casefold()
    asked = _Asked(wanted, chosen, everything, refresh)
    asyncio.run(_games(scope_of(context), asked, as_json))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which games a person wants to see, and whether the feed is to be asked in any case."""

    day: date | None
    league: str | None
    everything: bool
    refresh: bool

    @property
    def leagues(self) -> frozenset[str] | None:
        """The leagues to ask about; None for those that are followed."""
        return None if self.league is None else frozenset({self.league})


async def _games(scope: Scope, asked: _Asked, as_json: bool) -> None:
    async with session(scope, write=True) as at:
        listed = _wanted(await at.store.games(), asked, at)
        if asked.refresh or not listed:
            with progress(ASKING):
                reading = await read_slate(at, _SCHEDULE_WITHIN_S, leagues=asked.leagues)
            known = await at.store.games()
            listed = _wanted(known, asked, at) or _on_board(reading, asked.day)
            if not reading.whole and not listed:
                raise Impossible(f"what is on is not known ({reading.trouble}): try again later")
            if not reading.whole:
                note(f"Not all may be listed ({reading.trouble}).")
        elif leagues := _in_play(listed, at):
            with progress(ASKING):
                reading = await read_slate(at, ANSWER_WITHIN_S, lambda _: True, leagues)
            listed = _wanted(await at.store.games(), asked, at)
            if not reading.board:
                note(f"These scores are as they were seen last ({reading.trouble}).")
        count = await at.store.bets_a_game()
    if as_json:
        say_json([game_json(x, state) | {"bets": count.get(x.id, 0)} for x, state in listed])
        return
    if not listed:
        say("No game is on." if asked.day is None else f"No game is on {asked.day}.")
        return
    several = len({game.league for game, _ in listed}) > 1
    rows = [
        (
            game.name,
            game.rules.name if several else "",
            when(game.start, at.now, at.basics.zone),
            *_state(game, state),
            str(count.get(game.id, "")),
        )
        for game, state in listed
    ]
    table(("Game", "League", "Tip-off", "State", "Score", "Bets"), rows, right=(5,))


def _in_play(listed: Sequence[tuple[Game, GameState | None]], at: Session) -> frozenset[str]:
    """The leagues of games that may be in play, of which the database may know but old scores."""
    return frozenset(
        game.league
        for game, state in listed
        if game.start <= at.now < game.start + _LONGEST
        and (state is None or not (state.phase.off or state.phase.value == "final"))
    )


def _wanted(
    known: list[tuple[Game, GameState | None]], asked: _Asked, at: Session
) -> list[tuple[Game, GameState | None]]:
    """The games of a day; else of today's slate, or of the next that has any."""
    day = asked.day
    known = [x for x in known if asked.league in (None, x[0].league)]
    if asked.everything:
        return known
    if day is None:
        today = slate_date(at.now)
        ahead = sorted({game.slate for game, _ in known if game.slate >= today})
        soon = [x for x in ahead if x - today <= timedelta(days=7)]
        if not soon:
            return []
        day = soon[0]
    return [(game, state) for game, state in known if game.slate == day]


def _on_board(reading: Reading, day: date | None) -> list[tuple[Game, GameState | None]]:
    """The games of the league's own date, which counts where this machine's clock is off."""
    shown = [(game, state) for game, state in reading.board if day in (None, game.slate)]
    return sorted(shown, key=lambda x: (x[0].start, x[0].id))


def _state(game: Game, state: GameState | None) -> tuple[str, str]:
    if state is None or state.period == 0:
        return ("" if state is None else state.game_clock, "")
    return state.game_clock, f"{game.away} {state.score.away} – {state.score.home} {game.home}"
