"""`tracker edges` (also `recommend`): prices that pay more than the model says they should."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.screen import note, progress, say, say_json, wait_text
from tracker.cli.session import Scope, scope_of, session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker.app.edges import Edge, EdgesNow

_MOST = 30


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, edges, panel)


def edges(context: typer.Context, as_json: AsJson = False) -> None:
    """List prices that can be had now and pay more than the model says they should.

    Facts, no advice: rows pass the limits of the configuration and are no older than two minutes.
    Where model and market are far apart, a row is listed apart, since that is usually our mistake.
    Every row is kept, and the list says how such rows did so far.
    """
    asyncio.run(_edges(scope_of(context), as_json))


async def _edges(scope: Scope, as_json: bool) -> None:
    from tracker.app.edges import edges_json, edges_now
    from tracker.cli.models.in_use import given_lines, models_of

    settings = scope.settings()
    async with session(scope, write=True) as at:
        with progress("forecasting"):
            found = await edges_now(
                at.store, given_lines(scope), models_of(at), settings.odds, at.now
            )
        await at.store.quotes.keep_edges(found.unseen)
    if as_json:
        say_json(edges_json(found))
        return
    _tell(found)


def _tell(x: EdgesNow) -> None:
    did = x.so_far
    if x.listed:
        _table(x.listed)
    else:
        say("No price that can be had passes your limits at this moment.")
    if x.disagreements:
        say()
        say("Disagreements: the market says something else, and is usually right.")
        _table(x.disagreements)
    for why, n in sorted(x.left_out.items()):
        note(f"{n} left out: {why}")
    if did.n and did.said is not None and did.came is not None and did.profit is not None:
        say(
            f"So far {did.n} such rows: said {did.said:.1%}, came {did.came:.1%}, "
            f"{did.profit:+.1%} a unit"
        )
    else:
        say("So far no such row has ended: nothing can be said of how they do.")


def _table(rows: Sequence[Edge]) -> None:
    from tracker.wording.closes import selection_text, share_text

    table(
        ("Bet", "p(hit)", "Fair", "Odds", "Where", "Edge", "Age"),
        [
            (
                f"{x.game.name} {selection_text(x.selection, x.game.home, x.game.away)}",
                f"{x.chance.win:.1%}",
                "" if x.chance.fair_odds is None else f"{x.chance.fair_odds:.2f}",
                f"{x.odds:.2f}",
                x.book,
                share_text(x.edge),
                wait_text(x.age_s),
            )
            for x in rows[:_MOST]
        ],
        right=(1, 2, 3, 5, 6),
    )
