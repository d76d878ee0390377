"""`tracker odds GAME` and `tracker odds credits`: what is quoted, what closed, and what it cost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.app.views import iso
from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, paint, say, say_json, wait_text
from tracker.cli.session import Session, session

if TYPE_CHECKING:
    from tracker.app.market import GameOdds, Offered
    from tracker.domain.poll import Credit
    from tracker.domain.quote import Closing

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
        say_json(odds_json(found))
    else:
        _tell(found, at, every)


def odds_json(x: GameOdds) -> dict[str, Any]:
    """What is quoted of a game as other programs read it."""
    return {
        "game": {
            "id": x.game.id, "league": x.game.league, "away": x.game.away, "home": x.game.home,
            "start": iso(x.game.start),
        },
        "at": iso(x.at),
        "best": [_offer_json(one) for one in x.best],
        "quotes": [_quote_json(one) for one in x.quotes],
        "path": {
            name: [{"at": iso(s.at), "points": s.points, "chance": s.chance} for s in steps]
            for name, steps in x.paths.items()
        },
        "close": closing_json(x.closing),
    }  # fmt: skip


def _offer_json(x: Offered) -> dict[str, Any]:
    s = x.quote.selection
    return {
        "market": s.market, "span": s.span.value, "about": s.about, "points": s.points,
        "side": s.side, "odds_decimal": x.quote.odds, "book": x.quote.book,
        "age_s": round(x.age_s, 3),
    }  # fmt: skip


def _quote_json(x: Offered) -> dict[str, Any]:
    quote = x.quote
    return _offer_json(x) | {
        "at": iso(quote.at),
        "told_at": None if quote.told_at is None else iso(quote.told_at),
        "size": quote.size,
        "open": quote.open,
        "anchor": x.anchor,
    }


def closing_json(x: Closing | None) -> dict[str, Any] | None:
    """A close as other programs read it; None where there is none, or none any more."""
    if x is None or x.tip_at is None:
        return None
    return {
        "tip_at": iso(x.tip_at), "home_spread": x.home_spread, "total": x.total,
        "home_chance": x.home_chance, "books": x.books, "by": x.by, "revision": x.revision,
    }  # fmt: skip


def _tell(x: GameOdds, at: Session, every: bool) -> None:
    from tracker.wording.closes import selection_text

    zone = at.basics.zone
    say(f"{paint(x.game.name, 'bold')} · {x.at.astimezone(zone):%H:%M:%S}")
    if x.closing is not None:
        say(f"Close    {_close_text(x.closing)}")
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


def _close_text(x: Closing) -> str:
    if x.tip_at is None:
        return "taken back: the game was called off"
    parts = []
    if x.home_spread is not None:
        parts.append(f"home {x.home_spread:+g}".replace("-", "−"))
    if x.total is not None:
        parts.append(f"total {x.total:g}")
    if x.home_chance is not None:
        parts.append(f"home {x.home_chance:.1%}")
    by = f"by {x.by}, {x.age_s:.0f} s before the tip-off" if x.by and x.age_s is not None else ""
    return " · ".join(x for x in (*parts, by) if x) or "nobody quoted anything that counts"


async def _credits(scope: Scope, as_json: bool) -> None:
    from tracker.app.credits import credit_report

    settings = scope.settings()
    from tracker.settings import load_secrets

    keyed = load_secrets(settings).odds_key is not None
    async with session(scope) as at:
        found = await credit_report(at.store, settings.odds, at.now, keyed=keyed)
    told = {
        "provider": found.provider,
        "used": found.used,
        "remaining": found.remaining,
        "planned_tonight": found.planned_tonight,
        "refused": [{"what": what, "why": why} for what, why in found.refused],
    }
    if as_json:
        say_json(told | {"bought": [_credit_json(x) for x in found.bought]})
        return
    say(f"The Odds API: {_known(found.used)} used, {_known(found.remaining)} left this month")
    say(f"Tonight: {found.planned_tonight} credits for {found.games} games with bets")
    for what, why in found.refused:
        say(f"Refused  {what}: {why}")
    if not keyed:
        note("Without a key closes are those of exchanges and ESPN: docs/market.md")


def _known(value: int | None) -> str:
    return "an unknown number" if value is None else str(value)


def _credit_json(x: Credit) -> dict[str, Any]:
    return {
        "at": iso(x.at), "purpose": x.purpose, "planned": x.planned, "cost": x.cost,
        "used": x.used, "remaining": x.remaining, "path": x.path,
    }  # fmt: skip
