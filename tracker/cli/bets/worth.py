"""`tracker check`, `cashout` and `hedge`: what a bet is worth now, before and after it is placed.

They give figures and no advice. The other commands print a bet's worth by `decision_lines` too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.app.health import read_since
from tracker.cli import Scope, Session, scope_of, session
from tracker.cli.app import AsJson, Reference, Work, declare
from tracker.cli.bets import chooser, draft_for
from tracker.cli.screen import label, named, note, paint, progress, say, say_json, table
from tracker.domain import Impossible
from tracker.domain.bet import Bet
from tracker.domain.chance import NoChance
from tracker.domain.game import Game, Phase
from tracker.domain.money import money_text, odds_text, parse_money, parse_odds, stake_text
from tracker.domain.value import BetDecision
from tracker.intake import Beside
from tracker.settings.models import OddsSettings
from tracker.wording.closes import decision_facts, fair_at, fee_text, hedge_rows, share_text
from tracker.wording.figures import digits_apart, in_percent, percent, span_text

if TYPE_CHECKING:
    from tracker.app.bets import Registered
    from tracker.app.market.value import HeldBet, Worth


_OLD_S = 30
"""Seconds after which a note says how old the chance is."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare one of the verbs."""
    verbs: dict[str, Work] = {"check": check, "cashout": cash_out, "hedge": hedge}
    # A bet or a price may begin with a minus and must not be read as an option.
    declare(app, name, verbs[name], panel, {"ignore_unknown_options": True})


async def cash_out(
    context: typer.Context,
    bet: Reference,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="What is offered, in full.")],
    as_json: AsJson = False,
) -> None:
    """Compare an offer to end a bet with what the bet is worth by its live chance.

    Shows the fair value, the part that the offer keeps back, and the chance at which it is fair.
    """
    offer = parse_money(amount)
    held, form = await _held(scope_of(context), bet)
    if as_json:
        from tracker.app.market.value import cashout_json

        say_json(cashout_json(held, offer))
        return
    found = held.offered(offer)
    _head(held, form)
    say(f"Offer    {money_text(found.offer)} · fair value {money_text(found.fair)}")
    if fee := fee_text(found):
        say(f"Fee      {fee}")
    say(f"Fair at  {fair_at(found)}")
    _age(held)


async def hedge(
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
    held, form = await _held(scope_of(context), bet)
    if as_json:
        from tracker.app.market.value import hedge_json

        say_json(hedge_json(held, other))
        return
    _head(held, form)
    say(f"At {odds_text(other, form)} on the other side:")
    heads = ("Hedge", "Stake", "Bet wins", "Bet loses", "Expected")
    table(heads, hedge_rows(held.hedges(other)), right=(1, 2, 3, 4))
    _age(held)


async def _held(scope: Scope, reference: str) -> tuple[HeldBet, str]:
    """The bet with its stake, odds and live chance, and the configured format of odds.

    Raises Impossible when the bet has no such chance.
    """
    from tracker.app.market.value import NotHeld, held
    from tracker.cli.models import explainer_of

    async with session(scope) as at:
        try:
            found = await held(
                at.bets, reference, explainer_of(at), at.now, at.settings.alerts.delay
            )
        except NotHeld as why:
            raise Impossible(str(why)) from None
        return found, at.settings.odds_format


def _head(held: HeldBet, form: str) -> None:
    price = odds_text(held.odds, form)
    stake = stake_text(held.stake, free=held.bet.draft.free)
    chance = percent(held.chance.win, 1)
    say(f"{named(held.bet)} · {price} · {stake} · p(hit) {chance}")


def _age(held: HeldBet) -> None:
    if held.bet.stale or held.age_s > _OLD_S:
        note(f"The chance is {span_text(held.age_s)} old.")


async def check(
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
    from tracker.app.bets import unregistered
    from tracker.app.market.value import WHY_NONE, Worth

    scope, text = scope_of(context), " ".join(line)
    draft = await draft_for(scope, text, Beside(game=game, odds=odds))
    # Opened for writing, since the slate may have to be read and stored to find the game.
    async with session(scope, write=True) as at:
        chosen = await chooser(at).choose(draft)
        if not chosen.games:
            raise Impossible(f"{text!r} has no chance yet; its game: {chosen.why}")
        asked = unregistered(draft, chosen)
        if asked.already.decides:
            raise Impossible(f"{asked.text}: it is decided: {'; '.join(asked.already.words)}")
        with progress("forecasting"):
            found = await worth_of(asked.bet(at.now), at)
        form, old = at.settings.odds_format, await _stale(at, asked.games)
    if not isinstance(found, Worth):
        lacking = "its game is off, or its points by period are not known"
        why_none = lacking if found is None else WHY_NONE[found]
        raise Impossible(f"{asked.text} has no chance yet: {why_none}")
    why = [*(f"the data of {x} are stale" for x in old), *reasons(found, at.settings.odds)]
    if as_json:
        say_json(_check_json(asked, found, why))
        return
    say(f"{paint(asked.text, 'bold')} · {', '.join(dict.fromkeys(x.name for x in asked.games))}")
    for row in worth_lines(found, at.now, form):
        say(row)
    if found.market is not None:
        say(f"{label('Market')}{percent(found.market, 1)}")
    say("worth a look" if not why else f"not worth a look: {'; '.join(why)}")


async def _stale(at: Session, games: Iterable[Game]) -> list[str]:
    """The names of followed games in play whose score is too old to be trusted."""
    whole = (await at.store.status_view()).aged(read_since(at.daemon, at.now))
    old = {x.game.id for x in whole.games if x.stale}
    return [x.name for x in dict.fromkeys(games) if x.id in old]


def reasons(x: Worth, limits: OddsSettings) -> list[str]:
    """Why a price does not pass the configured limits; an empty list when it does."""
    from tracker.app.market.edges import disagree
    from tracker.forecast.priors import AVERAGE

    decision, why = x.decision, []
    if decision.edge is None:
        why.append("no price was given: add one, such as -110")
    elif decision.edge < limits.edge_min:
        digits = digits_apart(decision.edge, limits.edge_min)
        least = in_percent(limits.edge_min, digits)
        why.append(f"the edge {share_text(decision.edge, digits)} is under {least}")
    if decision.chance.win < limits.p_min:
        digits = digits_apart(decision.chance.win, limits.p_min)
        least = in_percent(limits.p_min, digits)
        why.append(f"p(hit) {percent(decision.chance.win, digits)} is under {least}")
    if x.market is not None and disagree(decision.chance, x.market):
        said = percent(x.market, 1)
        why.append(f"the market says {said}: so large a difference is usually our mistake")
    # After a `;` stand the priors of players, whose lines hang little on the teams.
    if AVERAGE in decision.prior and ";" not in decision.prior and not x.priced.live:
        why.append("nothing is known of the teams but the league's average")
    if x.priced.late:
        why.append("less than two minutes are left")
    return why


def _check_json(asked: Registered, x: Worth, why: list[str]) -> dict[str, Any]:
    from tracker.app.market.value import decision_json

    game = asked.games[0]
    return {
        "bet": asked.text,
        "game": {"id": game.id, "away": game.away, "home": game.home},
        "live": x.priced.live,
        "game_clock": list(dict.fromkeys(s.game_clock for s in x.priced.states)),
        **decision_json(x.decision),
        "market": x.market,
        "worth_a_look": not why,
        "why": why,
    }


async def worth_of(bet: Bet, at: Session) -> Worth | NoChance | None:
    """What a bet is worth now, or why it has no chance; None when its game is off."""
    from tracker.app.market import value
    from tracker.cli.models import basis_of

    return await value.worth_of(basis_of(at), bet, at.settings.odds, at.now)


UNREAD_AFTER = timedelta(minutes=15)
"""How long after its scheduled tip-off a game counts as begun, although nothing of it was read.
Games begin some ten minutes after it."""


def worth_lines(x: Worth, now: datetime, odds_format: str) -> list[str]:
    """A bet's chance, edge and price, by which moment of its game, and what that moment misses."""
    states = x.priced.states
    clocks = dict.fromkeys(s.game_clock for s in states)
    moment = f"At {', '.join(clocks)}" if x.priced.live else "Before tip-off"
    lines = decision_lines(x.decision, moment, odds_format)
    waiting = [s.game for s in states if s.phase is Phase.SCHEDULED]
    unread = [g.name for g in waiting if now - g.start >= UNREAD_AFTER]
    if unread:
        lines.append(f"{' and '.join(unread)} should have begun: no score of it has been read yet")
    return lines


def decision_lines(x: BetDecision, clock: str, odds_format: str) -> list[str]:
    """A bet's chance, edge and price in two lines; `clock` is their label, such as `Now`."""
    push = f", push {percent(x.chance.push, 1)}" if x.chance.push else ""
    edge = "" if x.edge is None else f", edge {share_text(x.edge)}"
    first = f"{paint(clock + ':', 'dim')} p(hit) {percent(x.chance.win, 1)}{push}{edge}"
    return [first, f"{label('Worth')}{' · '.join(decision_facts(x, odds_format))}"]
