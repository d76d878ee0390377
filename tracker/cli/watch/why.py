"""`tracker why`: the causes of a change of p(hit), which add up to it exactly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, Reference, declare
from tracker.cli.look import shown_as
from tracker.cli.models.in_use import given_lines
from tracker.cli.screen import paint, progress, say, say_json
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.errors import Impossible

if TYPE_CHECKING:
    from tracker.app.explain import Explained


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, why, panel)


def why(
    context: typer.Context,
    bet: Reference,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="MOMENT", help="'Q3 4:11', 21:14, a time or a poll."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="MOMENT", help="The same; else the last one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a bet's p(hit) moved: each side's points, the clock, the ball and the rest.

    The causes add up to the change. Without --from and --to it is the last change of 5 points or
    more within five minutes, else the whole history.
    """
    scope = scope_of(context)
    with progress("looking back"):
        told = asyncio.run(explained(scope, bet, begin, end))
    if as_json:
        from tracker.app.explain import why_json

        say_json(why_json(told))
    else:
        say("\n".join(told_lines(told)))


async def explained(
    scope: Scope, bet: str, begin: str | None = None, end: str | None = None
) -> Explained:
    """Why a bet moved between two moments, by itself the last time of note; Impossible if not."""
    from tracker.app.explain import Explainer, NothingMoved, places_of
    from tracker.registry import registry_beside

    async with session(scope) as at:
        number = await at.number(bet)
        registry = registry_beside(at.basics.store)
        explainer = Explainer(at.store, at.basics.rules, given_lines(scope), registry)
        try:
            view = await explainer.history(number)
            return await explainer.explain(view, places_of(view, begin, end, at.basics.zone))
        except NothingMoved as why_not:
            raise Impossible(str(why_not)) from None


def told_lines(told: Explained) -> list[str]:
    """The two moments, what was believed before, and the causes between, which add up."""
    from tracker.app.views import prior_words
    from tracker.wording.figures import cause_text, percent, tenths

    bet, game, causes = told.view.bet, told.view.bet.game, told.causes
    if game is None:
        return []
    first, last = told.first, told.last
    lines = [f"#{bet.id} {shown_as(bet)} · {game.name}"]
    for x in (first, last):
        score = f"{game.away} {x.score.away} – {x.score.home} {game.home}"
        lines.append(f"  {x.game_clock:<10} {score:<18} p(hit) {percent(x.known.win, 1):>7}")
    lines += [paint(f"  {'before':<10} {prior_words(told.prior, game)}", "dim"), ""]
    change = told.change
    shown = tenths([x for _, x in causes], change)
    for (name, _), points in zip(causes, shown, strict=True):
        if points:
            text = cause_text(name, first, last, game)
            lines.append(f"  {name:<15} {_signed(points):>16}   {paint(text, 'dim')}")
    total = _signed(round(change * 1000))
    return [*lines, f"  {'together':<15} {total:>16}   points of p(hit)"]


def _signed(points: int) -> str:
    colour = "green" if points > 0 else "red" if points < 0 else "dim"
    return paint(f"{points / 10:+7.1f}".replace("-", "−"), colour)
