"""`tracker snooze`: silence for a bet, a game or everything, always until a stated time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.screen import note, say, say_json, when
from tracker.cli.session import Scope, Session, scope_of, session
from tracker.domain.errors import BadBet, Misused
from tracker.domain.money import plural
from tracker.domain.policy import Scope as About
from tracker.domain.policy import Snooze
from tracker.language.snoozes import FORMS, parse_until, subject

if TYPE_CHECKING:
    from tracker.domain.game import Game

_RECENT = timedelta(hours=12)
"""How long after its tip-off a game may still be meant."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, snooze, panel)


def snooze(  # noqa: PLR0917 - one for each option
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID] TIME", help="A bet, and for how long: 12 2h, or 12 until 22:00."
        ),
    ] = None,
    game: Annotated[
        str | None, typer.Option(metavar="GAME", help="A whole game, such as LAL@DEN.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Show what is snoozed.")] = False,
    off: Annotated[
        bool, typer.Option("--off", help="End it before its time: of a bet, a game, or of all.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Be silent about a bet, a game or everything until a stated time.

    What would have been said is kept as a row; results are told in one message when it is over.
    """
    given = list(words or ())
    if game is not None and everything:
        raise Misused("--game and --all contradict each other: give one of them")
    if not given and not off and not listing and (game is not None or everything):
        raise Misused(f"say until when: {FORMS}")
    named = game is not None or everything
    wanted = _Wanted(
        bet=None if named or listing or not given else given[0],
        game=game,
        until=" ".join(given if named else given[1:]),
        off=off,
        listing=listing or (not given and not named and not off),
    )
    if wanted.bet is not None and not off and not wanted.until:
        raise Misused(f"say until when bet {wanted.bet} is to be silent: {FORMS}")
    asyncio.run(_snooze(scope_of(context), wanted, as_json))


class _Wanted:
    """What the words amount to."""

    def __init__(
        self, bet: str | None, game: str | None, until: str, *, off: bool, listing: bool
    ) -> None:
        self.bet = bet
        self.game = game
        self.until = until
        self.off = off
        self.listing = listing


async def _snooze(scope: Scope, wanted: _Wanted, as_json: bool) -> None:
    async with session(scope, write=True) as at:
        if wanted.listing:
            _show(at, await at.store.alerting.snoozes(at.now), await _names(at), as_json)
            return
        about, target, name = await _target(at, wanted)
        if wanted.off:
            every = wanted.bet is None and wanted.game is None
            lifted = await at.store.alerting.lift_snooze(None if every else about, target, at.now)
            if as_json:
                say_json({"lifted": lifted})
            else:
                say(f"{_count(lifted)} ended." if lifted else "Nothing was snoozed.")
            return
        until = parse_until(wanted.until, at.now, at.basics.zone)
        kept = await at.store.alerting.snooze(Snooze(about, target, at.now, until))
    if as_json:
        say_json(_json(kept))
        return
    say(f"Silent about {name} until {when(until, at.now, at.basics.zone)}.")
    note("What would have been said is kept: `tracker alerts --explain`.")


async def _target(at: Session, wanted: _Wanted) -> tuple[About, str, str]:
    if wanted.bet is not None:
        number = await at.number(wanted.bet)
        return About.BET, str(number), f"bet #{wanted.bet}"
    if wanted.game is not None:
        game = await _game(at, wanted.game)
        return About.GAME, game.id, game.name
    return About.ALL, "", "everything"


async def _game(at: Session, text: str) -> Game:
    """The game that is meant by `LAL@DEN` or by one of its teams."""
    plain = "".join(text.upper().split())
    games = [x for x, _ in await at.store.games() if x.start > at.now - _RECENT]
    fitting = sorted(
        (x for x in games if plain in (x.name.upper(), x.home, x.away, x.id.upper())),
        key=lambda x: x.start,
    )
    if not fitting:
        names = ", ".join(sorted({x.name for x in games})[:15]) or "none"
        raise BadBet(f"{text!r} is no game that is on or to come; known are {names}")
    return fitting[0]


async def _names(at: Session) -> dict[str, str]:
    return {game.id: game.name for game, _ in await at.store.games()}


def _show(at: Session, found: tuple[Snooze, ...], games: dict[str, str], as_json: bool) -> None:
    if as_json:
        say_json([_json(x) for x in found])
        return
    if not found:
        say("Nothing is snoozed.")
    for x in found:
        say(f"{subject(x, games)}: silent until {when(x.until, at.now, at.basics.zone)}")


def _json(x: Snooze) -> dict[str, object]:
    return {"scope": x.scope.value, "target": x.target, "since": x.since, "until": x.until}


def _count(number: int) -> str:
    return plural(number, "snooze")
