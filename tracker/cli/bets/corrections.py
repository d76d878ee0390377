"""`tracker edit`, `void`, `regrade`, `review` and `settle`: a person corrects bets and results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import typer

from tracker.app.bets import Decided
from tracker.app.health import read_since
from tracker.app.views import bet_json, part
from tracker.cli import Scope, Session, read_if_any, scope_of, session
from tracker.cli.app import AsJson, Reference
from tracker.cli.screen import (
    named,
    note,
    say,
    say_json,
    shown_as,
    status_text,
    table,
)
from tracker.domain import Misused
from tracker.domain.bet import Result, Settlement, Status
from tracker.domain.money import money_text, parse_money
from tracker.intake import Changes
from tracker.store.views import BetView
from tracker.wording.figures import change_text, deciding

_NOTHING = "Nothing waits for you: every result could be told for sure."


async def edit(  # noqa: PLR0917 - a command has an argument for each option
    context: typer.Context,
    bet: Reference,
    pick: Annotated[
        str | None, typer.Option(help="Another pick, as in `tracker add`; before its history.")
    ] = None,
    game: Annotated[str | None, typer.Option(help="Another game; before its history.")] = None,
    odds: Annotated[str | None, typer.Option(help="The right price.")] = None,
    stake: Annotated[str | None, typer.Option(help="The right stake, or units such as 2u.")] = None,
    book: Annotated[str | None, typer.Option(help="The book; '' for none.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="The tags, in the place of those there are.")
    ] = None,
    placed_at: Annotated[
        str | None, typer.Option(help="When it was placed: 18:30, or '2026-11-20 19:05'.")
    ] = None,
    free: Annotated[
        bool | None, typer.Option("--free/--own-money", help="Whether the stake is the book's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Correct a bet: its odds, stake, book or tags, or its pick before the bet has a history.

    Pick and game can be changed until the bet has a history. Every change is recorded in the audit.
    A settled bet is paid again by the new figures.
    """
    changes = Changes(
        pick, game, odds, stake, book, None if tag is None else tuple(tag), placed_at, free
    )
    if changes.empty:
        raise Misused(f"say what to change: tracker edit {bet} --odds -115, or --stake, --book ...")
    async with session(scope_of(context), write=True) as at:
        zone = at.settings.zone
        done = await at.bets.edit(bet, changes, at.now.astimezone(zone))
        view, audits = done.bet.aged(read_since(at.daemon, at.now)), done.changes
    if as_json:
        changed = [part(x, "at", "who", "what", "before", "after") for x in audits]
        say_json(bet_json(view) | {"changed": changed})
        return
    if not audits:
        say(f"{named(view)}: it was so already.")
        return
    for change in audits:
        say(f"{named(view)}: {change_text(change.what, change.before, change.after, zone)}")


async def void(
    context: typer.Context,
    bet: Reference,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept with the result.")] = None,
    as_json: AsJson = False,
) -> None:
    """Return the stake of a bet that the book has voided; official at once.

    No box score changes that. `tracker regrade` takes it back.
    """
    await _decide(scope_of(context), lambda at: at.bets.void(bet, reason or "", at.now), as_json)


async def regrade(context: typer.Context, bet: Reference, as_json: AsJson = False) -> None:
    """Settle a bet again by the latest box score, whoever decided its result before.

    Another result is a new revision; nothing is overwritten.
    """
    await _decide(scope_of(context), lambda at: at.bets.regrade(bet, at.now), as_json)


async def _decide(
    scope: Scope, decide: Callable[[Session], Awaitable[Decided]], as_json: bool
) -> None:
    async with session(scope, write=True) as at:
        made = await decide(at)
    view, done = made.bet, made.settlement
    if as_json:
        say_json(_settlement_json(view, done))
        return
    if done.taken_back:
        say(f"{named(view)}: open again, revision {done.revision}")
        say(f"  {done.reason}")
        return
    again = " (as it was)" if made.as_before else f", revision {done.revision}"
    say(f"{named(view)}: {_result(done)}{again}")
    say(f"  {done.reason}" + (f" · {done.evidence}" if done.evidence else ""))


async def review(context: typer.Context, as_json: AsJson = False) -> None:
    """List the bets whose result could not be told for sure, each with the reason.

    Decide one with `tracker settle`, or `tracker regrade` once the box score is right.
    """
    found = await _listed(scope_of(context), lambda at: at.bets.reviews(), as_json, _NOTHING)
    if not found:
        return
    rows = [(str(x.id), shown_as(x), x.place, x.review or "") for x in found]
    table(("ID", "Bet", "Game", "Why"), rows)
    note(f"Decide one: tracker {deciding(found[0].id, payout=found[0].asks_payout)}")


async def _listed(
    scope: Scope, read: Callable[[Session], Awaitable[list[BetView]]], as_json: bool, nothing: str
) -> Sequence[BetView]:
    """Read bets for a table; an empty list when JSON or the text `nothing` was printed instead."""

    async def aged(at: Session) -> list[BetView]:
        since = read_since(at.daemon, at.now)
        return [x.aged(since) for x in await read(at)]

    found = await read_if_any(scope, aged, ())
    if as_json:
        say_json([bet_json(x) for x in found])
        return []
    if not found:
        say(nothing)
    return found


def _result(done: Settlement) -> str:
    paid = "" if done.payout_cents is None else f", pays {money_text(done.payout_cents)}"
    return f"{done.result.value}{paid}"


def _settlement_json(view: BetView, x: Settlement) -> dict[str, object]:
    return {
        "id": view.id,
        "number": view.number,
        **part(x, "result", "payout_cents", "revision", "reason", "evidence", "by_hand"),
        "status": view.status.value,
    }


async def settle(
    context: typer.Context,
    bet: Annotated[
        str | None, typer.Argument(metavar="ID", help="The bet to settle by hand.")
    ] = None,
    result: Annotated[
        str | None, typer.Argument(metavar="RESULT", help="won, lost, push or void.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept with the result.")] = None,
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
        await _list(scope, as_json)
        return
    if result is None:
        raise Misused(f"say how it ended: tracker settle {bet} won|lost|push|void")
    if result.casefold() not in set(Result):
        told = "write won, lost, push or void, and --payout where another sum was paid"
        raise Misused(f"{result!r} is no result: {told}")
    cents = None if payout is None else parse_money(payout)
    async with session(scope, write=True) as at:
        made = await at.bets.settle(bet, Result(result.casefold()), reason or "", cents, at.now)
    done = made.settlement
    if as_json:
        say_json(_settlement_json(made.bet, done))
        return
    told = (
        "it was that already, and is official now"
        if made.as_before
        else f"official, revision {done.revision}"
    )
    say(f"{named(made.before)}: {_result(done)} ({told})")


async def _list(scope: Scope, as_json: bool) -> None:
    async def waiting(at: Session) -> list[BetView]:
        found = await at.store.open_bets(at.settings.default_rules)
        return [x for x in found if x.status in (Status.NEEDS_REVIEW, Status.PROVISIONAL)]

    found = await _listed(scope, waiting, as_json, "Nothing waits for a result.")
    if not found:
        return
    rows = [
        (
            str(x.id),
            shown_as(x),
            x.place,
            status_text(x, short=True),
            x.review or "until the box is read again",
        )
        for x in found
    ]
    table(("ID", "Bet", "Game", "State", "Why"), rows)
