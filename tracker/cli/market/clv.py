"""`tracker clv`: whether your bets beat the closing line, which tells skill from luck early."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import shown_as, table
from tracker.cli.screen import note, say, say_json
from tracker.cli.session import Scope, scope_of, session

if TYPE_CHECKING:
    from tracker.app.market import ClvReport, Mean

_MOST = 40


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, clv, panel)


def clv(
    context: typer.Context,
    by: Annotated[
        Literal["market", "book", "tag", "month", "player"] | None,
        typer.Option("--by", help="Put bets together by this."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what your bets were worth by the closing line: the expected profit of a unit.

    The coverage stands first: how many of the bets have such a value, and why others have none.
    Parlays, and players whom nobody quoted, stand apart and are in no mean.
    """
    asyncio.run(_clv(scope_of(context), by, as_json))


async def _clv(scope: Scope, by: str | None, as_json: bool) -> None:
    from tracker.app.market import clv_json, clv_report
    from tracker.store import StoreMissing

    try:
        async with session(scope) as at:
            bets = await at.store.bets_view(at.basics.rules)
            values = await at.store.quotes.values()
            closings = await at.store.quotes.closings()
    except StoreMissing:
        bets, values, closings = [], {}, {}
    report = clv_report(bets, values, by)
    if as_json:
        say_json(clv_json(report, closings))
    else:
        _tell(report, by)


def _tell(x: ClvReport, by: str | None) -> None:
    from tracker.wording.closes import closed_line

    if x.n == 0:
        say("No bet has met its close yet: closes are taken at the tip-off, while the daemon runs.")
        return
    missing = ", ".join(f"{n} {why}" for why, n in x.missing.items())
    rest = f"; {missing}" if missing else ""
    model = f"; {x.model.n} by our own model" if x.model.n else ""
    say(f"Coverage {x.covered} of {x.n} bets{rest}{model}")
    say(f"Singles  {mean_text(x.all)}")
    if x.parlays.n:
        say(f"Parlays  {mean_text(x.parlays)}")
    if by is not None and x.groups:
        table(
            (by.capitalize(), "Bets", "CLV"),
            [(one.key, str(one.n), mean_text(one)) for one in x.groups],
            right=(1,),
        )
        return
    rows = [
        (
            f"#{bet.id}",
            shown_as(bet),
            value.grade.value,
            value.reason if bet.market is None else closed_line(bet.market, bet.odds, value),
        )
        for bet, value in x.rows[-_MOST:]
    ]
    table(("ID", "Bet", "Grade", "By the close"), rows)
    note("A positive mean says that you beat the close; it takes dozens of bets to tell.")


def mean_text(x: Mean) -> str:
    """A mean with its error, and that it is too early where it is."""
    from tracker.app.market import NOT_YET
    from tracker.wording import closes

    return closes.mean_text(x.mean, x.se, x.n, enough=NOT_YET)
