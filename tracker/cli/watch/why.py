"""`tracker why`: the causes of a change of p(hit), which add up to it exactly."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.app.views import clock_digits, iso
from tracker.cli.bets.believed import believed, prior_json, prior_text
from tracker.cli.declare import AsJson, Reference, declare
from tracker.cli.look import shown_as
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import paint, progress, say, say_json
from tracker.cli.session import session
from tracker.cli.watch.moments import EXACT, Memory, Moment
from tracker.cli.watch.span_of import last_of_note, place
from tracker.domain.errors import Impossible, Misused

if TYPE_CHECKING:
    from tracker.domain.bet import Snapshot
    from tracker.domain.game import Game
    from tracker.forecast.priors.belief import Believed
    from tracker.store.views import ShowView

Causes = tuple[tuple[str, float], ...]

UNKNOWN = "not known"
"""The cause of what cannot be worked out again: a model or lines that are no longer kept."""


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


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a bet: two moments, the causes between them, and its game's prior."""

    view: ShowView
    moments: tuple[Moment, Moment]
    causes: Causes
    prior: Believed


async def _work(scope: Scope, bet: str, begin: str | None, end: str | None) -> Told:
    from tracker.domain.parlay import Parlay

    async with session(scope) as at:
        number = await at.number(bet)
        found = await at.store.show_view(number, at.basics.rules)
        view = None if found is None else found.priced
        bets = await at.store.bets_view(at.basics.rules)
        if view is None or view.bet.game is None or view.bet.market is None:
            raise Impossible(f"bet {bet} has no game yet, so nothing has moved")
        if isinstance(view.bet.market, Parlay):
            raise Impossible(f"bet {bet} is a parlay: its legs move apart, see tracker show {bet}")
        if len(view.snapshots) < 2:  # noqa: PLR2004 - a change has two ends
            raise Impossible(f"bet {bet} has no change to explain yet: ask again during the game")
        game, market = view.bet.game, view.bet.market
        places = _places(view, game, begin, end, at.basics.zone)
        memory = Memory(at, scope, view, bets)
        prior = await believed(game, at, scope)
        first, last = [await memory.moment(x, game, market) for x in places]
    from tracker.forecast.explain import why as explain

    told = explain(market, first.seen, last.seen)
    change = last.snapshot.known.win - first.snapshot.known.win
    return Told(view, (first, last), exactly(told.causes, change), prior)


def _places(view: ShowView, game: Game, begin: str | None, end: str | None, zone: Any) -> list[int]:
    shots = [x.snapshot for x in view.snapshots]
    if begin is None and end is None:
        return list(last_of_note(shots))
    last = len(shots) - 1 if end is None else place(end, view.snapshots, game.league, zone)
    if begin is None:
        return [last_of_note(shots[: last + 1])[0] if last else 0, last]
    first = place(begin, view.snapshots, game.league, zone)
    if first >= last:
        raise Misused(f"there is no snapshot between {begin!r} and {end or 'the last one'!r}")
    return [first, last]


def exactly(causes: Causes, change: float) -> Causes:
    """The causes with the rest that they leave of a change, so that they add up to it.

    A rest that is mere rounding is given to the largest of them.
    """
    rest = change - math.fsum(x for _, x in causes)
    if abs(rest) > EXACT:
        return (*causes, (UNKNOWN, rest))
    largest = max(range(len(causes)), key=lambda i: abs(causes[i][1]))
    return tuple((name, x + rest if i == largest else x) for i, (name, x) in enumerate(causes))


def _json(told: Told) -> dict[str, Any]:
    first, last = (x.snapshot for x in told.moments)
    return {
        "id": told.view.bet.id,
        "pick": told.view.bet.pick,
        "from": _end_json(first),
        "to": _end_json(last),
        "change": last.known.win - first.known.win,
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


def _tell(told: Told) -> None:
    from tracker.wording.figures import percent

    bet, game, causes = told.view.bet, told.view.bet.game, told.causes
    if game is None:
        return
    first, last = (x.snapshot for x in told.moments)
    say(f"#{bet.id} {shown_as(bet)} · {game.name}")
    for x in (first, last):
        score = f"{game.away} {x.score.away} – {x.score.home} {game.home}"
        say(f"  {x.game_clock:<10} {score:<18} p(hit) {percent(x.known.win, 1):>7}")
    say(paint(f"  {'before':<10} {prior_text(told.prior, game)}", "dim"))
    say("")
    change = last.known.win - first.known.win
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
        "prior": "what was believed before tip-off",
        "calibration": "another model",
        "ends": f"which end {game.away} attacks first",
        "pace": "possessions and fouls so far",
        "live line": "what the market quotes meanwhile",
        UNKNOWN: "the model or the lines of that time are no longer kept",
    }
    return played[name]
