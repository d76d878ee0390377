"""`tracker replay`: recorded games, played, made and run through the real program."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.ending import Impossible, Misused
from tracker.cli.look import table
from tracker.cli.run import parse_instant, scaled_clock
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import iso, note, progress, say, say_json
from tracker.cli.session import session
from tracker.domain.league import LEAGUE_ZONE

if TYPE_CHECKING:
    from tracker.domain.draft import Draft
    from tracker.replay.playback import Playback
    from tracker.replay.recording import Recording

_FIRST, _LAST = "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"

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


Games = Annotated[
    list[str] | None,
    typer.Argument(metavar="GAME", help="Games by name, id or file; else all that come with it."),
]


def listing(as_json: AsJson = False) -> None:
    """List the recorded games that come with the program."""
    from tracker.replay.files import shipped
    from tracker.replay.story import describe

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


def _playbacks(
    names: list[str], same_night: datetime | None, league: str | None = None
) -> list[Playback]:
    from tracker.replay.files import find_recording, shipped
    from tracker.replay.playback import Playback

    known = (game for game in shipped() if league in (None, game.league))
    recordings = [find_recording(name) for name in names] if names else list(known)
    ids = [x.id for x in recordings]
    if len(set(ids)) < len(ids):
        raise Misused("a game is named twice: name each once")
    return [Playback(x, same_night) for x in recordings]


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
) -> None:
    """Play recorded games over HTTP as the NBA's CDN would, until stopped.

    Point [feeds.nba] base_url at it, and give `tracker run` the same clock, which is printed.
    """
    night = None if tip_off is None else parse_instant(tip_off)
    with progress("reading the recordings"):
        playbacks = _playbacks(games or [], night)
    first = min(x.tip_off or x.recording.tip_off for x in playbacks)
    start = iso(first - _BEFORE) if clock_start is None else clock_start
    asyncio.run(_serve(playbacks, start, speed, port))


async def _serve(playbacks: list[Playback], start: str, speed: float, port: int) -> None:
    from tracker.replay.server import serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    clock = scaled_clock(start, speed)
    async with serving(playbacks, clock, port=port) as running:
        names = ", ".join(x.recording.name for x in playbacks)
        say(f"Playing {names} at {running.url}")
        say(f'  [feeds.nba] base_url = "{running.url}"  (and [feeds.espn])')
        say(
            f"  tracker run --clock-start {start} --clock-speed {speed:g} "
            f"--clock-anchor {iso(clock.anchor)}"
        )
        sys.stdout.flush()
        await stop.wait()
    note("stopped")


def record(
    context: typer.Context,
    game: Annotated[
        str | None,
        typer.Argument(metavar="GAME", help="LAL@DEN or an id; else every game there is."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Leave out what came before.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Leave out what came after.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to write the files.")
    ] = Path(),
) -> None:
    """Turn the feed's raw answers, which the database keeps, into recordings.

    A recording can be served and run like those that come with the program.
    """
    first = (
        datetime.fromisoformat("1970-01-01T00:00:00Z") if since is None else parse_instant(since)
    )
    last = datetime.fromisoformat("9999-01-01T00:00:00Z") if until is None else parse_instant(until)
    bodies = asyncio.run(_bodies(scope_of(context), first, last))
    from tracker.replay.files import write_recording
    from tracker.replay.record import recording_from_bodies

    with progress("making recordings"):
        found = [x for x in recording_from_bodies(bodies) if game is None or _called(x, game)]
    if not found:
        what = "no game" if game is None else f"no game called {game!r}"
        raise Impossible(
            f"{what} can be made out of the {len(bodies)} answers that are kept: "
            "they are dropped after [store] keep_bodies_days"
        )
    out.mkdir(parents=True, exist_ok=True)
    for one in found:
        target = out / f"{one.tip_off:%Y-%m-%d}_{one.away.tricode}_at_{one.home.tricode}.json.gz"
        write_recording(one, target)
        say(f"Wrote {target}")


def _called(recording: Recording, name: str) -> bool:
    return name.upper() in (recording.name, recording.id)


async def _bodies(
    scope: Scope, first: datetime, last: datetime
) -> list[tuple[datetime, str, bytes]]:
    async with session(scope) as at:
        with progress("reading the raw answers"):
            return [x async for x in at.store.bodies(None, first, last)]


def run(
    context: typer.Context,
    games: Games = None,
    bet: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE", help="A bet to follow. May be given several times."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the database there; else it is thrown away."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run recorded games through the real program in virtual time, as fast as it goes.

    Prints how each bet ended and one hash over all tables, which is the same on every run. Without
    --bet, one bet of each market is put on every game.
    """
    basics = scope_of(context).basics()
    playbacks = _playbacks(games or [], None, "nba")
    if others := [x.recording.name for x in playbacks if x.recording.league != "nba"]:
        raise Misused(f"only NBA games can be run: {', '.join(others)} can be served")
    from tracker.cli.add import Given, draft_of

    if bet:
        drafts = [draft_of(line, Given(), basics.stake_unit_cents) for line in bet]
    else:
        drafts = [
            draft_of(line, Given(), basics.stake_unit_cents)
            for playback in playbacks
            for line in _usual_bets(playback.recording)
        ]
    if keep is not None and keep.exists():
        raise Impossible(f"{keep} is there already: name a file that is not")
    with TemporaryDirectory(prefix="tracker-replay-") as folder:
        database = keep or Path(folder, "replay.db")
        with progress(f"running {len(playbacks)} games"):
            digest, rows = asyncio.run(_rehearse(playbacks, drafts, database, scope_of(context)))
    if as_json:
        say_json({"hash": digest, "bets": rows})
        return
    cells = [tuple(str(x) for x in row.values()) for row in rows]
    table(("ID", "Game", "Bet", "Result", "Snapshots", "Alerts"), cells, right=(4, 5))
    say(f"\nsha256 {digest}")


def _usual_bets(recording: Recording) -> tuple[str, ...]:
    home, name = recording.home.tricode, recording.name
    day = recording.tip_off.astimezone(LEAGUE_ZONE).date().isoformat()
    lines = recording.lines
    spread = -3.5 if lines is None or lines.home_spread is None else lines.home_spread
    total = 224.5 if lines is None or lines.total is None else lines.total
    return (
        f"{name} {day} {home} ML",
        f"{name} {day} {home} {spread:+g}",
        f"{name} {day} over {total:g}",
        f"{name} {day} {home} over {total // 2 + 0.5:g}",
    )


async def _rehearse(
    playbacks: list[Playback], drafts: list[Draft], database: Path, scope: Scope
) -> tuple[str, list[dict[str, object]]]:
    from tracker.daemon.rehearse import rehearse
    from tracker.settings import lines_for
    from tracker.store import Store

    settings = scope.settings()
    rules = scope.basics().rules

    def tell(_event: str, _figures: dict[str, str]) -> None:
        """A rehearsal keeps no log."""

    known = partial(lines_for, settings.lines)
    digest = await rehearse(playbacks, drafts, database, rules, known, tell)
    now = max(x.tip_off or x.recording.tip_off for x in playbacks)
    async with await Store.open(database, now=now, readonly=True) as store:
        rows: list[dict[str, object]] = []
        for bet in await store.bets_view():
            view = await store.show_view(bet.number)
            fired = 0 if view is None else sum(bool(x.alert.text) for x in view.alerts)
            rows.append(
                {
                    "id": bet.number,
                    "game": "" if bet.game is None else bet.game.name,
                    "bet": bet.market_text or bet.pick,
                    "result": "" if bet.result is None else bet.result.value,
                    "snapshots": 0 if view is None else len(view.snapshots),
                    "alerts": fired,
                }
            )
    return digest, rows
