"""`tracker player`: what a player has done lately, and the chance of a line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.screen import paint, say, say_json, when
from tracker.cli.session import Scope, Session, scope_of, session
from tracker.domain.chance import Chance, NoChance
from tracker.domain.errors import Impossible, Misused
from tracker.domain.player import Stat

if TYPE_CHECKING:
    from tracker.app.player import PlayerSheet

_SHOWN = 10
_BLOCKS = "▁▂▃▄▅▆▇█"


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, player, panel)


def player(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as 'Tyrese Maxey'.")],
    *,
    stat: Annotated[str, typer.Option(metavar="STAT", help="Such as reb, ast, pra.")] = "pts",
    line: Annotated[
        float | None,
        typer.Option(metavar="POINTS", help="A line, such as 25.5."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a player's figures over his last games, and the chance that he goes over a line.

    Means over 3, 5 and 10 games, the season, at home and away, against the next opponent; his
    minutes; which way it goes. They rest on boxes that were read: `tracker refresh` reads more.
    """
    asyncio.run(_player(scope_of(context), name, stat, line, as_json))


async def _player(scope: Scope, name: str, stat: str, line: float | None, as_json: bool) -> None:
    from tracker.app.player import Ask, PlayerSheet, sheet_json, sheets
    from tracker.cli.models.in_use import given_lines, models_of
    from tracker.store import StoreMissing

    ask = Ask(name, _stat(stat), line)
    try:
        async with session(scope) as at:
            (found,) = await sheets(at.store, [ask], given_lines(scope), models_of(at), at.now)
            if not isinstance(found, PlayerSheet):
                raise found
            if as_json:
                say_json(sheet_json(found))
            else:
                _tell(found, at)
    except StoreMissing:
        raise Impossible("no game has been seen yet: `tracker refresh` reads boxes") from None


def _stat(text: str) -> Stat:
    try:
        return Stat(text.strip().lower())
    except ValueError:
        known = ", ".join(x.value for x in Stat)
        raise Misused(f"--stat {text!r} is not counted: use one of {known}") from None


def _tell(x: PlayerSheet, at: Session) -> None:
    say(f"{paint(x.name, 'bold')} · {x.team} · {x.league.upper()} · {x.stat.value}")
    if x.next_game is not None:
        say(f"Next     {x.next_game.name} {when(x.next_game.start, at.now, at.basics.zone)}")
    if x.injury is not None:
        say(paint(f"Health   {x.injury.status.value}: {x.injury.detail}", "yellow"))
    rows = [(r.name, str(r.games), f"{r.mean:.1f}", f"{r.minutes:.1f}") for r in x.rolling]
    table(("", "Games", x.stat.value, "Minutes"), rows, right=(1, 2, 3))
    if x.allowed is not None:
        allowed = f"{x.allowed.mean:.1f} {x.stat.value} a game to a whole team"
        say(f"{x.allowed.team:<8} allows {allowed}, the league {x.allowed.league:.1f}")
    if x.exponential is not None:
        trend = "" if x.trend is None else f", {x.trend:+.2f} a game lately"
        say(f"Fading   {x.exponential:.1f}{trend}")
    values = [p.value for p in reversed(x.played[:_SHOWN]) if p.value is not None]
    say(f"Last {len(values):2}  {_bars(values)}  {' '.join(map(str, values))}")
    if x.line is None or x.hits is None:
        return
    over = f"over {x.line:g} in {x.hits[0]} of {x.hits[1]} games"
    match x.chance:
        case None:
            say(f"Line     {over}")
            return
        case NoChance.OUT:
            say(f"Line     {over}; he is out, so that the bet would be void")
            return
        case NoChance():
            say(f"Line     {over}; no chance yet: {x.chance.text}")
            return
        case Chance():
            pass
        case _:
            assert_never(x.chance)
    where = "in his next game" if x.next_game is not None else "against an average team"
    say(f"Line     {over}; chance of the over {x.chance.win * 100:.1f} % {where}")


def _bars(values: list[int]) -> str:
    top = max([*values, 1])
    return "".join(_BLOCKS[round(x / top * (len(_BLOCKS) - 1))] for x in values)
