"""`tracker replay`: recorded games, listed and played as the real feeds would."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import iso
from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.replay.record import record
from tracker.cli.replay.recorded import Games, playbacks_of
from tracker.cli.replay.run import run
from tracker.cli.screen import note, progress, say, say_json
from tracker.cli.setup.run import parse_instant, scaled_clock

if TYPE_CHECKING:
    from tracker.clock import ScaledClock
    from tracker.replay.faults import Fault
    from tracker.replay.playback import Playback

_BEFORE = timedelta(minutes=2)
"""How long before the first tip-off a served night begins, unless a time is given."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb and its words known."""
    group = typer.Typer(
        name=name,
        help="List, serve, record and run recorded games.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    declare(group, "list", listing)
    declare(group, "serve", serve)
    declare(group, "record", record)
    declare(group, "run", run)
    app.add_typer(group, rich_help_panel=panel)


def listing(as_json: AsJson = False) -> None:
    """List the recorded games that come with the program."""
    from tracker.replay.files import describe, shipped

    with progress("reading the recordings"):
        found = [(game, describe(game)) for game in shipped()]
    if as_json:
        say_json(
            [
                {
                    "id": game.id,
                    "name": game.name,
                    "start": iso(game.tip_off),
                    "wall_clock": game.wall_clock,
                    "story": story,
                }
                for game, story in found
            ]
        )
        return
    rows = [
        (game.name, f"{game.tip_off:%Y-%m-%d %H:%M}Z", story.partition(": ")[0], _after(story))
        for game, story in found
    ]
    table(("Game", "Tip-off", "Final", "What kind of game"), rows)


def _after(story: str) -> str:
    return story.partition(": ")[2]


def serve(
    games: Games = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8765,
    clock_start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The server's time at its start; else before tip-off."),
    ] = None,
    speed: Annotated[
        float, typer.Option(metavar="N", help="How many times as fast time passes.")
    ] = 1.0,
    tip_off: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Move all games so that they tip off at this time."),
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A script of what goes wrong: docs/recordings.md."),
    ] = None,
) -> None:
    """Play recorded games over HTTP as the leagues' sites and ESPN would, until stopped.

    It prints what to put in the configuration, and the clock that `tracker run` has to be given.
    """
    night = None if tip_off is None else parse_instant(tip_off)
    with progress("reading the recordings"):
        playbacks = playbacks_of(games or [], night)
        troubles = () if faults is None else _faults(faults, playbacks)
    first = min(x.tip_off or x.recording.tip_off for x in playbacks)
    start = iso(first - _BEFORE) if clock_start is None else clock_start
    asyncio.run(_serve(playbacks, troubles, scaled_clock(start, speed), port))


def _nights(playbacks: Sequence[Playback]) -> int:
    """On how many of the leagues' dates the games are played."""
    from tracker.domain.league import slate_date

    return len({slate_date(x.scheduled) for x in playbacks})


def _faults(file: Path, playbacks: list[Playback]) -> Sequence[Fault]:
    from tracker.replay.faults import parse_faults

    return parse_faults(file.read_text("utf-8"), playbacks)


async def _serve(
    playbacks: list[Playback], faults: Sequence[Fault], clock: ScaledClock, port: int
) -> None:
    from tracker.replay.answers import HOSTS
    from tracker.replay.server import Options, serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serving(playbacks, clock, port=port, options=Options(faults=faults)) as running:
        names = ", ".join(x.recording.name for x in playbacks)
        say(f"Playing {names} at {running.url}")
        say("Put this in the configuration:\n")
        for name in HOSTS:
            say(f'[feeds.{name}]\nbase_url = "{running.url}"')
        say("\nand start the daemon on the same clock:\n")
        say(
            f"tracker run --clock-start {iso(clock.start)} --clock-speed {clock.speed:g} "
            f"--clock-anchor {iso(clock.anchor)}\n"
        )
        if (apart := _nights(playbacks)) > 1:
            say(f"These games are of {apart} nights: --tip-off TIME plays them all on one.")
        sys.stdout.flush()
        await stop.wait()
    note("stopped")
