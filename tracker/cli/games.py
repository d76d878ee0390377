"""`tracker games`: what is on, as the league's slate has it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.contracts import game_json
from tracker.cli.declare import AsJson, declare
from tracker.cli.ending import Impossible, Misused
from tracker.cli.look import table
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, say, say_json, when
from tracker.cli.session import Session, session
from tracker.cli.slate import Reading, read_slate
from tracker.domain.league import slate_date

if TYPE_CHECKING:
    from tracker.domain.game import Game, GameState

_PATIENCE_S = 15.0
"""Seconds that a person waits for the schedule, which is large."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, games, panel)


def games(
    context: typer.Context,
    day: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The league's date, such as 2026-11-20."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Every game of the days around today.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the feed, also when games are known.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the games that are on: tonight's slate, or the next one.

    They are those that the daemon saw last. Without any, or with --refresh, the feed is asked.
    """
    wanted = None
    if day is not None:
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            raise Misused(f"{day!r} is not a date: write one such as 2026-11-20") from None
    asyncio.run(_games(scope_of(context), wanted, everything, refresh, as_json))


async def _games(
    scope: Scope, day: date | None, everything: bool, refresh: bool, as_json: bool
) -> None:
    async with session(scope, write=True) as at:
        listed = _wanted(await at.store.games(), day, everything, at)
        if refresh or not listed:
            reading = await read_slate(at, _PATIENCE_S)
            known = await at.store.games()
            listed = _wanted(known, day, everything, at) or _on_board(reading, day)
            if not reading.whole and not listed:
                raise Impossible(f"what is on is not known ({reading.trouble}): try again later")
            if not reading.whole:
                note(f"Not all may be listed ({reading.trouble}).")
        bets = await at.store.bets_view(at.basics.rules)
    if as_json:
        say_json([game_json(game, state) for game, state in listed])
        return
    if not listed:
        say("No game is on." if day is None else f"No game is on {day}.")
        return
    count = Counter(x.game.id for x in bets if x.game is not None and x.withdrawn_at is None)
    rows = [
        (
            game.name,
            when(game.start, at.now, at.basics.zone),
            *_state(game, state),
            str(count[game.id] or ""),
        )
        for game, state in listed
    ]
    table(("Game", "Tip-off", "State", "Score", "Bets"), rows, right=(4,))


def _wanted(
    known: list[tuple[Game, GameState | None]], day: date | None, everything: bool, at: Session
) -> list[tuple[Game, GameState | None]]:
    """The games of a day; else of today's slate, or of the next that has any."""
    if everything:
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
