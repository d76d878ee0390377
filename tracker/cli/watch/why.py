"""`tracker why`: the causes of a change of p(hit), which add up to it exactly."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.app.views import clock_digits, iso
from tracker.cli.bets.believed import given_lines, prior_json, prior_text
from tracker.cli.declare import AsJson, Reference, declare
from tracker.cli.look import shown_as
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import paint, progress, say, say_json
from tracker.cli.session import session
from tracker.cli.watch.span_of import place
from tracker.domain.errors import Impossible, Misused

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from tracker.app.explain import Explained
    from tracker.domain.bet import Snapshot
    from tracker.domain.game import Game
    from tracker.store.views import ShowView


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
        told = asyncio.run(_work(scope, bet, begin, end))
    if as_json:
        say_json(_json(told))
    else:
        _tell(told)


async def _work(scope: Scope, bet: str, begin: str | None, end: str | None) -> Explained:
    from tracker.app.explain import Explainer, NothingMoved
    from tracker.registry import registry_beside

    async with session(scope) as at:
        number = await at.number(bet)
        registry = registry_beside(at.basics.store)
        explainer = Explainer(at.store, at.basics.rules, given_lines(scope), registry)
        try:
            view = await explainer.history(number)
            return await explainer.explain(view, _places(view, begin, end, at.basics.zone))
        except NothingMoved as why_not:
            raise Impossible(str(why_not)) from None


def _places(
    view: ShowView, begin: str | None, end: str | None, zone: ZoneInfo
) -> tuple[int, int] | None:
    """The two places that a person means; None for the last change of note."""
    from tracker.app.explain import last_of_note

    shots, game = [x.snapshot for x in view.snapshots], view.bet.game
    if game is None or (begin is None and end is None):
        return None
    last = len(shots) - 1 if end is None else place(end, view.snapshots, game.league, zone)
    if begin is None:
        return (last_of_note(shots[: last + 1])[0] if last else 0), last
    first = place(begin, view.snapshots, game.league, zone)
    if first >= last:
        raise Misused(f"there is no snapshot between {begin!r} and {end or 'the last one'!r}")
    return first, last


def _json(told: Explained) -> dict[str, Any]:
    first, last = told.first, told.last
    return {
        "id": told.view.bet.id,
        "pick": told.view.bet.pick,
        "from": _end_json(first),
        "to": _end_json(last),
        "change": told.change,
        "causes": [{"cause": name, "change": share} for name, share in told.causes],
        "prior": prior_json(told.prior),
    }


def _end_json(x: Snapshot) -> dict[str, Any]:
    return {
        "at": iso(x.at),
        "period": x.period,
        "clock": clock_digits(x.clock),
        "game_clock": x.game_clock,
        "score": {"home": x.score.home, "away": x.score.away},
        "win": x.known.win,
    }


def _tell(told: Explained) -> None:
    from tracker.wording.figures import percent

    bet, game, causes = told.view.bet, told.view.bet.game, told.causes
    if game is None:
        return
    first, last = told.first, told.last
    say(f"#{bet.id} {shown_as(bet)} · {game.name}")
    for x in (first, last):
        score = f"{game.away} {x.score.away} – {x.score.home} {game.home}"
        say(f"  {x.game_clock:<10} {score:<18} p(hit) {percent(x.known.win, 1):>7}")
    say(paint(f"  {'before':<10} {prior_text(told.prior, game)}", "dim"))
    say("")
    change = told.change
    shown = tenths([x for _, x in causes], change)
    for (name, _), points in zip(causes, shown, strict=True):
        if points:
            text = _meaning(name, first, last, game)
            say(f"  {name:<15} {_signed(points):>16}   {paint(text, 'dim')}")
    say(f"  {'together':<15} {_signed(round(change * 1000)):>16}   points of p(hit)")


def tenths(shares: Sequence[float], change: float) -> list[int]:
    """Shares in tenths of a percentage point, rounded so that they add up to the rounded change."""
    exact = [x * 1000 for x in shares]
    whole = [math.floor(x) for x in exact]
    missing = round(change * 1000) - sum(whole)
    order = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for i in order[: max(missing, 0)]:
        whole[i] += 1
    return whole


def _signed(points: int) -> str:
    colour = "green" if points > 0 else "red" if points < 0 else "dim"
    return paint(f"{points / 10:+7.1f}".replace("-", "−"), colour)


def _meaning(name: str, first: Snapshot, last: Snapshot, game: Game) -> str:
    home = last.score.home - first.score.home
    away = last.score.away - first.score.away
    played = {
        "home points": f"{game.home} scored {home}",
        "away points": f"{game.away} scored {away}",
        "clock": "less time is left",
        "lead reversion": "leads tend to shrink",
        "fouling": "how trailing teams play the end",
        "possession": "who has the ball, the bonus",
        "player": "what the bet's players did, their minutes and fouls",
        "prior": "what was believed before tip-off",
        "calibration": "another model",
        "ends": f"which end {game.away} attacks first",
        "pace": "possessions and fouls so far",
        "live line": "what the market quotes meanwhile",
        "not known": "the model or the lines of that time are no longer kept",
    }
    return played.get(name, "what happened in that game")
