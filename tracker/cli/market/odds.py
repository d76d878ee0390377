"""`tracker odds GAME` and `tracker odds credits`: what is quoted, what closed, and what it cost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.screen import note, paint, say, say_json, wait_text
from tracker.cli.session import Scope, Session, scope_of, session

if TYPE_CHECKING:
    from tracker.app.market import GameOdds

CREDITS = "credits"

_NIGHT = timedelta(hours=18)
_STEPS = 6


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, odds, panel)


def odds(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(metavar="GAME|credits", help="A game such as LAL@DEN, or `credits`."),
    ],
    every: Annotated[bool, typer.Option("--all", "-a", help="Alternate lines too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is quoted of a game: the best price a side over your books, and what closed.

    Sharp books and exchanges (after their fee) stand apart, each price with its age. `tracker odds
    credits` shows what The Odds API has cost this month, what tonight needs, and what was refused.
    """
    text = " ".join(what)
    if text == CREDITS:
        asyncio.run(_credits(scope_of(context), as_json))
    else:
        asyncio.run(_odds(scope_of(context), text, every, as_json))


async def _odds(scope: Scope, text: str, every: bool, as_json: bool) -> None:
    from tracker.app.market import game_odds, named_game

    settings = scope.settings().odds
    async with session(scope) as at:
        game, state = await named_game(at.store, text, at.now)
        found = await game_odds(at.store, game, state, settings, at.now)
    if as_json:
        from tracker.app.market import odds_json

        say_json(odds_json(found))
    else:
        _tell(found, at, every)


def _tell(x: GameOdds, at: Session, every: bool) -> None:
    from tracker.wording.closes import closing_text, selection_text

    zone = at.basics.zone
    say(f"{paint(x.game.name, 'bold')} · {x.at.astimezone(zone):%H:%M:%S}")
    if x.closing is not None:
        say(f"Close    {closing_text(x.closing)}")
    if not x.quotes:
        say("Nothing is quoted: the daemon asks while a game is to come (`tracker doctor`).")
        return
    shown = [one for one in x.best if every or not one.quote.selection.alternate]
    rows = [
        (
            selection_text(one.quote.selection, x.game.home, x.game.away),
            f"{one.quote.odds:.3f}",
            one.quote.book,
            wait_text(one.age_s),
        )
        for one in shown
    ]
    table(("Best", "Odds", "Where", "Age"), rows, right=(1, 3))
    anchors = [
        one for one in x.quotes
        if one.anchor and one.quote.open and (every or not one.quote.selection.alternate)
    ]  # fmt: skip
    if anchors:
        say()
        table(
            ("Anchors", "Odds", "Where", "Age"),
            [
                (
                    selection_text(one.quote.selection, x.game.home, x.game.away),
                    f"{one.quote.odds:.3f}",
                    one.quote.book,
                    wait_text(one.age_s),
                )
                for one in anchors
            ],
            right=(1, 3),
        )
    for name, steps in x.paths.items():
        path = " → ".join(
            f"{s.points:g}" if s.points is not None else f"{s.chance:.0%}" for s in steps[-_STEPS:]
        )
        say(f"{name:<9}{path}".replace("-", "−"))


async def _credits(scope: Scope, as_json: bool) -> None:
    from tracker.app.credits import credit_report, credits_json

    settings = scope.settings()
    from tracker.settings import load_secrets

    keyed = load_secrets(settings).odds_key is not None
    async with session(scope) as at:
        found = await credit_report(at.store, settings.odds, at.now, keyed=keyed)
    if as_json:
        say_json(credits_json(found))
        return
    say(f"The Odds API: {_known(found.used)} used, {_known(found.remaining)} left this month")
    say(f"Tonight: {found.planned_tonight} credits for {found.games} games with bets")
    for what, why in found.refused:
        say(f"Refused  {what}: {why}")
    if not keyed:
        note("Without a key closes are those of exchanges and ESPN: docs/market.md")


def _known(value: int | None) -> str:
    return "an unknown number" if value is None else str(value)
