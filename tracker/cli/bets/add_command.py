"""The options of `tracker add`."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.app.bets import Beside
from tracker.cli.bets.add import add
from tracker.cli.declare import declare
from tracker.cli.session import scope_of
from tracker.domain.errors import Misused


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    # A line may hold words such as -4.5, which are no options.
    declare(app, name, command, panel, {"ignore_unknown_options": True})


def command(
    context: typer.Context,
    *,
    line: Annotated[
        list[str], typer.Argument(metavar="LINE", help="The bet, such as 'DEN -4.5 -110 $20'.")
    ],
    game: Annotated[
        str | None, typer.Option(help="The game, such as LAL@DEN or 'LAL@DEN 2026-11-20'.")
    ] = None,
    odds: Annotated[str | None, typer.Option(help="The price: -110, 1.91 or 10/11.")] = None,
    stake: Annotated[str | None, typer.Option(help="The stake: 20, $20.00 or 2u.")] = None,
    book: Annotated[str | None, typer.Option(help="Where the bet was placed.")] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="When to tell you, such as 'p >= 0.80'. May be given several times."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag of your own. May be given several times.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--id", help="An id of your own, in place of the number.")
    ] = None,
    placed_at: Annotated[
        str | None,
        typer.Option(help="When it was placed, such as 2026-11-20T19:05:00-05:00."),
    ] = None,
    free: Annotated[
        bool, typer.Option("--free", help="The stake is the book's: it is not lost, nor returned.")
    ] = False,
    chance: Annotated[
        bool | None,
        typer.Option(
            "--chance/--no-chance",
            help="Forecast it at once, which takes a second. Done on a terminal.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Register a bet: one line, the way bettors write.

    Spread 'DEN -4.5 -110 $20', moneyline 'DEN ML +135', total 'LAL@DEN over 224.5', team total
    'DEN over 114.5', halves and quarters 'Q3 DEN -1.5', a player 'Jokic over 25.5 pts', a parlay
    'parlay: DEN ML; over 224.5; Jokic o25.5 pts +450', a tag '#late'. Quote the line: the shell
    would take $20 for something of its own.
    """
    given = Beside(
        game, odds, stake, book, tuple(rule or ()), tuple(tag or ()), name, placed_at, free
    )
    wrong = next((word for word in line if word.startswith("--")), None)
    if wrong is not None:
        raise Misused(f"there is no option {wrong}: see `tracker add --help`")
    add(scope_of(context), " ".join(line), given, as_json=as_json, chance=chance)
