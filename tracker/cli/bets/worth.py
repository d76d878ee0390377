"""`tracker cashout` and `hedge`: what a bet is worth at this moment, as facts and no advice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, Reference, declare
from tracker.cli.look import shown_as, table
from tracker.cli.screen import note, paint, say, say_json
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.errors import Impossible
from tracker.domain.money import money_text, odds_text, parse_money, parse_odds
from tracker.domain.value import cashout, hedge_to_keep_even, hedge_to_lock, unhedged

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker.app.value import Held

_OLD_S = 30
"""Seconds after which the chance is said to be old."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make one of the verbs known."""
    verbs: dict[str, Callable[..., None]] = {"cashout": cash_out, "hedge": hedge}
    # A price may begin with a minus, which makes it no option.
    declare(app, name, verbs[name], panel, {"ignore_unknown_options": True})


def cash_out(
    context: typer.Context,
    bet: Reference,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="What is offered, in full.")],
    as_json: AsJson = False,
) -> None:
    """Compare an offer to end a bet with what the bet is worth by its live chance.

    Shows the fair value, the part that the offer keeps back, and the chance at which it is fair.
    """
    offer = parse_money(amount)
    held, form = asyncio.run(_held(scope_of(context), bet))
    if as_json:
        from tracker.app.value import cashout_json

        say_json(cashout_json(held, offer))
        return
    found = cashout(held.chance, held.stake, held.odds, offer)
    from tracker.wording.figures import percent

    _head(held, form)
    say(f"Offer    {money_text(found.offer)} · fair value {money_text(found.fair)}")
    if found.fee is not None:
        word = "keeps back" if found.fee >= 0 else "pays more by"
        say(f"Fee      {word} {money_text(abs(found.fair - found.offer))} ({abs(found.fee):.1%})")
    even = "more than the bet can pay" if found.break_even > 1 else percent(found.break_even, 1)
    say(f"Fair at  {even}")
    _age(held)


def hedge(
    context: typer.Context,
    bet: Reference,
    odds: Annotated[
        str, typer.Argument(metavar="ODDS", help="The price of the other side, such as +150.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show what a second bet on the other side would do at a price.

    Two stakes are told: the one that brings the same either way, and the one that just covers the
    first stake. Beside each stands what both bets are expected to bring by the live chance.
    """
    other = parse_odds(odds)
    held, form = asyncio.run(_held(scope_of(context), bet))
    if as_json:
        from tracker.app.value import hedge_json

        say_json(hedge_json(held, other))
        return
    lock = hedge_to_lock(held.chance, held.stake, held.odds, other)
    even = hedge_to_keep_even(held.chance, held.stake, held.odds, other)
    from tracker.wording.figures import signed_money

    _head(held, form)
    rows = [
        (name, money_text(x.stake), *(signed_money(y) for y in (x.if_wins, x.if_loses, x.expected)))
        for name, x in (
            ("none", unhedged(held.chance, held.stake, held.odds)),
            ("same either way", lock),
            ("first stake covered", even),
        )
    ]
    say(f"At {odds_text(other, form)} on the other side:")
    heads = ("Hedge", "Stake", "Bet wins", "Bet loses", "Expected")
    table(heads, rows, right=(1, 2, 3, 4))
    _age(held)


async def _held(scope: Scope, reference: str) -> tuple[Held, str]:
    """The bet with what its worth rests on, and the form of odds that the person wants."""
    from tracker.app.explain import Explainer
    from tracker.app.value import NotHeld, held
    from tracker.cli.models.in_use import given_lines
    from tracker.registry import registry_beside

    async with session(scope) as at:
        registry = registry_beside(at.basics.store)
        explainer = Explainer(at.store, at.basics.rules, given_lines(scope), registry)
        try:
            return await held(at.bets, reference, explainer, at.now), at.basics.odds_format
        except NotHeld as why:
            raise Impossible(str(why)) from None


def _head(held: Held, form: str) -> None:
    from tracker.wording.figures import percent

    price = odds_text(held.odds, form)
    name = f"{paint(f'#{held.bet.id}', 'bold')} {shown_as(held.bet)}"
    stake, chance = money_text(held.stake), percent(held.chance.win, 1)
    say(f"{name} · {price} · stake {stake} · p(hit) {chance}")


def _age(held: Held) -> None:
    from tracker.wording.figures import span_text

    seconds = (held.now - held.at).total_seconds()
    if held.bet.stale or seconds > _OLD_S:
        note(f"The chance is {span_text(seconds)} old.")
