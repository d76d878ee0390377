"""`tracker replay`: lists recorded games, serves them as the real feeds do, runs and makes them."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import iso, part
from tracker.cli import CommandEnded, Scope, run_async, scope_of, session
from tracker.cli.app import AsJson, declare_group
from tracker.cli.screen import complain, note, progress, say, say_json, table
from tracker.cli.setup.run import parse_instant, scaled_clock
from tracker.clock import ScaledClock
from tracker.domain import Impossible, Misused
from tracker.domain.draft import Draft
from tracker.domain.events import tell_nobody
from tracker.domain.league import LEAGUE_ZONE, slate_date
from tracker.domain.money import plural
from tracker.settings import lines_for

if TYPE_CHECKING:
    from tracker.replay import Recording
    from tracker.replay.faults import Fault
    from tracker.replay.playback import Playback


Games = Annotated[
    list[str] | None,
    typer.Argument(metavar="GAME", help="Games by name, id or file; else all that come with it."),
]


def playbacks_of(
    names: list[str], same_night: datetime | None, league: str | None = None
) -> list[Playback]:
    """The playbacks of the named games; without names, of all shipped games (of `league`, if set).

    With `same_night` all tip off at that time. Raises Misused and UnknownGameError.
    """
    from tracker.replay import find_recording, shipped
    from tracker.replay.playback import Playback

    known = (game for game in shipped() if league in (None, game.league))
    recordings = [find_recording(name) for name in names] if names else list(known)
    ids = [x.id for x in recordings]
    if len(set(ids)) < len(ids):
        raise Misused("a game is named twice: name each once")
    return [Playback(x, same_night) for x in recordings]


_FIRST, _LAST = "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"


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
    first = parse_instant(_FIRST if since is None else since)
    last = parse_instant(_LAST if until is None else until)
    from tracker.replay import file_name, write_recording
    from tracker.replay.record import recording_from_bodies

    bodies = run_async(_bodies(scope_of(context), first, last))
    with progress("making recordings"):
        bad: list[str] = []
        made = recording_from_bodies(bodies, lambda problem: bad.append(str(problem)))
        found = [x for x in made if game is None or game.upper() in (x.name, x.id)]
    for problem in bad if game is None or not found else ():
        note(problem)
    if not found:
        what = "no game" if game is None else f"no game called {game!r}"
        raise Impossible(
            f"{what} can be made out of the {len(bodies)} answers that are kept: "
            "they are dropped after [store] keep_bodies_days"
        )
    out.mkdir(parents=True, exist_ok=True)
    for one in found:
        target = out / file_name(one)
        write_recording(one, target)
        say(f"Wrote {target}")


async def _bodies(
    scope: Scope, first: datetime, last: datetime
) -> list[tuple[datetime, str, bytes]]:
    async with session(scope) as at:
        with progress("reading the raw answers"):
            return [(x.at, x.path, x.body) async for x in at.store.upkeep.bodies(None, first, last)]


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
    unit = scope_of(context).settings().stake_unit_cents
    playbacks = playbacks_of(games or [], None, "nba")
    if others := [x.recording.name for x in playbacks if x.recording.league != "nba"]:
        raise Misused(f"only NBA games can be run: {', '.join(others)} can be served")
    from tracker.intake import Beside, draft_of

    if bet:
        drafts = [draft_of(line, Beside(), unit) for line in bet]
    else:
        drafts = [
            draft_of(line, Beside(), unit)
            for playback in playbacks
            for line in _usual_bets(playback.recording)
        ]
    if keep is not None and keep.exists():
        raise Impossible(f"{keep} is there already: name a file that is not")
    with TemporaryDirectory(prefix="tracker-replay-") as folder:
        database = keep or Path(folder, "replay.db")
        with progress(f"running {plural(len(playbacks), 'game')}"):
            digest, rows, left_out = run_async(
                _rehearse(playbacks, drafts, database, scope_of(context))
            )
    if as_json:
        say_json({"hash": digest, "bets": rows})
    elif rows or not left_out:
        cells = [tuple(str(x) for x in row.values()) for row in rows]
        table(("ID", "Game", "Bet", "Result", "Snapshots", "Alerts"), cells, right=(4, 5))
        say(f"\nsha256 {digest}")
    for draft in left_out:
        several = "no single one of these games: `tracker replay serve` plays several at once"
        alone = "none of these games, nor about anybody who played in them"
        complain(f"{draft.pick.text!r} is about {several if len(draft.legs) > 1 else alone}")
    if left_out:
        raise CommandEnded


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
) -> tuple[str, list[dict[str, object]], list[Draft]]:
    """The hash over all tables, a row for each bet with its result, and the bets of no game."""
    from tracker.modelling.rule_trial import rehearse
    from tracker.store import Store

    settings = scope.settings()
    rules = settings.default_rules

    known = partial(lines_for, settings.lines)
    digest = await rehearse(playbacks, drafts, database, rules, known, tell_nobody)
    now = max(x.tip_off or x.recording.tip_off for x in playbacks)
    async with await Store.open(database, now=now, readonly=True) as store:
        views = await store.bets_view()
        rows: list[dict[str, object]] = []
        for bet in views:
            view = await store.show_view(bet.number)
            fired = 0 if view is None else sum(bool(x.alert.text) for x in view.alerts)
            rows.append(
                {
                    "id": bet.number,
                    "game": "" if bet.game is None else bet.game.name,
                    "bet": bet.market_text or bet.draft.pick.text,
                    "result": "" if bet.result is None else bet.result.value,
                    "snapshots": 0 if view is None else len(view.snapshots),
                    "alerts": fired,
                }
            )
    taken = {x.draft.pick.text for x in views}
    return digest, rows, [x for x in drafts if x.pick.text not in taken]


_BEFORE = timedelta(minutes=2)
"""Time before the first tip-off at which a served night begins, unless `--clock-start` is given."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb and its sub-commands."""
    declare_group(
        app,
        name,
        "List, serve, record and run recorded games.",
        {"list": listing, "serve": serve, "record": record, "run": run},
        panel,
    )


def listing(as_json: AsJson = False) -> None:
    """List the recorded games that come with the program."""
    from tracker.replay import shipped
    from tracker.replay.timeline import describe

    with progress("reading the recordings"):
        found = [(game, describe(game)) for game in shipped()]
    if as_json:
        say_json(
            [
                {
                    **part(game, "id", "name"),
                    "start": iso(game.tip_off),
                    "wall_clock": game.wall_clock,
                    "story": story,
                }
                for game, story in found
            ]
        )
        return
    rows = []
    for game, story in found:
        final, _, kind = story.partition(": ")
        rows.append((game.name, f"{game.tip_off:%Y-%m-%d %H:%M}Z", final, kind))
    table(("Game", "Tip-off", "Final", "What kind of game"), rows)


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
    from tracker.replay.faults import parse_faults

    night = None if tip_off is None else parse_instant(tip_off)
    with progress("reading the recordings"):
        playbacks = playbacks_of(games or [], night)
        script = None if faults is None else faults.read_text("utf-8-sig")
        troubles = () if script is None else parse_faults(script, playbacks)
    first = min(x.tip_off or x.recording.tip_off for x in playbacks)
    start = iso(first - _BEFORE) if clock_start is None else clock_start
    run_async(_serve(playbacks, troubles, scaled_clock(start, speed), port))


_TABLES = {"odds": "odds.the_odds_api"}
"""The table of the configuration for a replayed source that is not a game feed."""


def configuration(url: str) -> str:
    """A whole configuration that reads every replayed source from the server at `url`.

    It names a database of its own, so that replayed games do not mix with a person's real bets.
    """
    from tracker.replay.server import HOSTS

    tables = [f'[{_TABLES.get(x, f"feeds.{x}")}]\nbase_url = "{url}"\n' for x in HOSTS]
    return "\n".join(['[store]\npath = "replay.db"\n', *tables])


async def _serve(
    playbacks: list[Playback], faults: Sequence[Fault], clock: ScaledClock, port: int
) -> None:
    from tracker.replay.server import Options, serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serving(playbacks, clock, port=port, options=Options(faults=faults)) as running:
        names = ", ".join(x.recording.name for x in playbacks)
        say(f"Playing {names} at {running.url}")
        say(
            "Put this in a file of its own, such as replay.toml. (In a file of `tracker init` each "
            "table is there already:\ngive it the base_url, and leave out [store].)\n"
        )
        say(configuration(running.url))
        say("and start the daemon on the same clock:\n")
        say(
            f"tracker --config replay.toml run --clock-start {iso(clock.start)} "
            f"--clock-speed {clock.speed:g} --clock-anchor {iso(clock.anchor)}\n"
        )
        if (apart := len({slate_date(x.scheduled) for x in playbacks})) > 1:
            say(f"These games are of {apart} nights: --tip-off TIME plays them all on one.")
        sys.stdout.flush()
        await stop.wait()
    note("stopped")
