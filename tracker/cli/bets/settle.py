"""`tracker settle`: what waits for a result, and a result that a person decides."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import bet_json
from tracker.cli.declare import AsJson, declare
from tracker.cli.look import shown_as, status_text, table
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import asks, paint, say, say_json
from tracker.cli.session import session
from tracker.domain.bet import Result, Status
from tracker.domain.errors import Misused
from tracker.domain.money import money_text, parse_money

if TYPE_CHECKING:
    from tracker.store.views import BetView

_WAITING = (Status.NEEDS_REVIEW, Status.PROVISIONAL)


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, settle, panel)


def settle(
    context: typer.Context,
    bet: Annotated[
        str | None, typer.Argument(metavar="ID", help="The bet to settle by hand.")
    ] = None,
    result: Annotated[
        str | None, typer.Argument(metavar="RESULT", help="won, lost, push or void.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why, for the audit row. Needed with a result.")
    ] = None,
    payout: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="What was paid, stake included, if not by the odds."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide a result by hand, or without a bet list those that wait for one.

    The daemon settles bets by itself; what it cannot settle for sure waits here with the reason.
    A result decided by hand is official, and a new revision where there was one before: nothing is
    overwritten.
    """
    scope = scope_of(context)
    if bet is None:
        asyncio.run(_list(scope, as_json))
        return
    if result is None:
        raise Misused(f"say how it ended: tracker settle {bet} won|lost|push|void --reason TEXT")
    if result.casefold() not in set(Result):
        raise Misused(f"{result!r} is no result: write won, lost, push or void")
    why = (reason or "").strip()
    if not why and asks():
        why = str(typer.prompt("Why (kept with the result)")).strip()
    if not why:
        raise Misused("a result that is decided by hand needs a --reason, which is kept with it")
    asyncio.run(_settle(scope, bet, Result(result.casefold()), why, payout, as_json))


async def _list(scope: Scope, as_json: bool) -> None:
    from tracker.store import StoreMissing

    found: list[BetView] = []
    try:
        async with session(scope) as at:
            found = [x for x in await at.store.open_bets(at.basics.rules) if x.status in _WAITING]
    except StoreMissing:
        pass
    if as_json:
        say_json([bet_json(x) | {"review": x.review} for x in found])
        return
    if not found:
        say("Nothing waits for a result.")
        return
    rows = [
        (
            str(x.id),
            shown_as(x),
            "" if x.game is None else x.game.name,
            status_text(x),
            x.review or "official once the box score has been read again",
        )
        for x in found
    ]
    table(("ID", "Bet", "Game", "State", "Why"), rows)


async def _settle(
    scope: Scope, reference: str, result: Result, why: str, paid: str | None, as_json: bool
) -> None:
    cents = None if paid is None else parse_money(paid)
    async with session(scope, write=True) as at:
        made = await at.bets.settle(reference, result, f"by hand: {why}", cents, at.now)
    bet, done = made.before, made.settlement
    if as_json:
        say_json(
            {
                "id": bet.id,
                "number": bet.number,
                "revision": done.revision,
                "result": done.result.value,
                "payout_cents": done.payout_cents,
                "reason": done.reason,
            }
        )
        return
    money = "" if done.payout_cents is None else f", pays {money_text(done.payout_cents)}"
    text = f"{paint(f'#{bet.id}', 'bold')} {shown_as(bet)}: {done.result.value}{money}"
    if bet.result is done.result:
        say(f"{text} (it was that already, and is official now)")
    else:
        say(f"{text} (official, revision {done.revision})")
