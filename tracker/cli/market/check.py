"""`tracker check LINE`: what a bet would be worth at this moment, and how that is told anywhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.screen import paint, progress, say, say_json
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.errors import Impossible

if TYPE_CHECKING:
    from tracker.app.bets import Registered
    from tracker.app.value import Worth
    from tracker.cli.session import Session
    from tracker.domain.bet import Bet
    from tracker.domain.chance import NoChance
    from tracker.domain.value import Decision
    from tracker.settings.models import OddsSettings


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    # A line may hold words such as -4.5, which are no options.
    declare(app, name, check, panel, {"ignore_unknown_options": True})


def check(
    context: typer.Context,
    line: Annotated[
        list[str], typer.Argument(metavar="LINE", help="The bet, such as 'DEN -4.5 -110'.")
    ],
    game: Annotated[
        str | None, typer.Option(help="The game, such as LAL@DEN or 'LAL@DEN 2026-11-20'.")
    ] = None,
    odds: Annotated[str | None, typer.Option(help="The price: -110, 1.91 or 10/11.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a bet would be worth now, before tip-off or in play, without registering it.

    The chance, the fair price, the edge (expected profit of a unit), Kelly's share, the best price
    that is quoted and where, and whether that is worth a look by your limits, or why not.
    """
    asyncio.run(_check(scope_of(context), " ".join(line), game, odds, as_json))


async def _check(
    scope: Scope, line: str, game: str | None, odds: str | None, as_json: bool
) -> None:
    from tracker.app.bets import Beside, draft_of, unregistered
    from tracker.app.value import WHY_NONE, Worth
    from tracker.cli.bets.choose import chooser

    settings = scope.settings()
    draft = draft_of(line, Beside(game=game, odds=odds), settings.stake_unit_cents)
    # The slate may have to be read and kept: what the bet means is then found in the store.
    async with session(scope, write=True) as at:
        chosen = await chooser(at).choose(draft)
        if not chosen.games:
            raise Impossible(f"{line!r}: {chosen.why}")
        asked = unregistered(draft, chosen)
        with progress("forecasting"):
            found = await worth_of(asked.bet(at.now), at, scope)
        form = at.basics.odds_format
    if not isinstance(found, Worth):
        why_none = "its game is off" if found is None else WHY_NONE[found]
        raise Impossible(f"{asked.text} has no chance yet: {why_none}")
    why = reasons(found, settings.odds)
    if as_json:
        say_json(_json(asked, found, why))
        return
    say(f"{paint(asked.text, 'bold')} · {asked.games[0].name}")
    for told in decision_lines(found.decision, "Now" if found.live else "Before tip-off", form):
        say(told)
    if found.market is not None:
        say(f"{paint('Market', 'dim'):<9}{found.market:.1%}".replace("%", " %"))
    say("worth a look" if not why else f"not worth a look: {'; '.join(why)}")


def reasons(x: Worth, limits: OddsSettings) -> list[str]:
    """Why a price is not worth a look by the person's limits; none where it is."""
    from tracker.app.edges import DISAGREES
    from tracker.wording.closes import share_text

    decision, why = x.decision, []
    if decision.edge is None:
        why.append("no price was given: add one, such as -110")
    elif decision.edge < limits.edge_min:
        why.append(f"the edge {share_text(decision.edge)} is under {limits.edge_min:.1%}")
    if decision.chance.win < limits.p_min:
        why.append(f"p(hit) {decision.chance.win:.1%} is under {limits.p_min:.1%}")
    if x.market is not None and abs(x.market - decision.chance.win) > DISAGREES:
        why.append(f"the market says {x.market:.1%}: so large a difference is usually our mistake")
    if x.late:
        why.append("less than two minutes are left")
    return why


def _json(asked: Registered, x: Worth, why: list[str]) -> dict[str, Any]:
    from tracker.app.value import decision_json

    game = asked.games[0]
    return {
        "bet": asked.text,
        "game": {"id": game.id, "away": game.away, "home": game.home},
        "live": x.live,
        **decision_json(x.decision),
        "market": x.market,
        "worth_a_look": not why,
        "why": why,
    }


async def worth_of(bet: Bet, at: Session, scope: Scope) -> Worth | NoChance | None:
    """What a bet is worth at this moment, or why it has no chance; None where none can say."""
    from tracker.app import value
    from tracker.cli.models.in_use import given_lines, models_of

    limits = scope.settings().odds
    return await value.worth_of(at.store, bet, given_lines(scope), models_of(at), limits, at.now)


def decision_lines(x: Decision, clock: str, odds_format: str) -> list[str]:
    """The same in two lines for a person."""
    from tracker.wording.closes import decision_facts, share_text
    from tracker.wording.figures import percent

    push = f", push {percent(x.chance.push, 1)}" if x.chance.push else ""
    edge = "" if x.edge is None else f", edge {share_text(x.edge)}"
    first = f"{paint(clock + ':', 'dim')} p(hit) {percent(x.chance.win, 1)}{push}{edge}"
    return [first, f"{paint('Worth', 'dim'):<9}{' · '.join(decision_facts(x, odds_format))}"]
