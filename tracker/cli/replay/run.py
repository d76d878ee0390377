"""`tracker replay run`: recorded games through the real program, as fast as it goes."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson
from tracker.cli.ending import Ended
from tracker.cli.look import table
from tracker.cli.replay.recorded import Games, playbacks_of
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import complain, progress, say, say_json
from tracker.domain.errors import Impossible, Misused
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.money import plural

if TYPE_CHECKING:
    from tracker.domain.draft import Draft
    from tracker.replay.playback import Playback
    from tracker.replay.recording import Recording


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
    playbacks = playbacks_of(games or [], None, "nba")
    if others := [x.recording.name for x in playbacks if x.recording.league != "nba"]:
        raise Misused(f"only NBA games can be run: {', '.join(others)} can be served")
    from tracker.app.bets import Beside, draft_of

    if bet:
        drafts = [draft_of(line, Beside(), basics.stake_unit_cents) for line in bet]
    else:
        drafts = [
            draft_of(line, Beside(), basics.stake_unit_cents)
            for playback in playbacks
            for line in _usual_bets(playback.recording)
        ]
    if keep is not None and keep.exists():
        raise Impossible(f"{keep} is there already: name a file that is not")
    with TemporaryDirectory(prefix="tracker-replay-") as folder:
        database = keep or Path(folder, "replay.db")
        with progress(f"running {plural(len(playbacks), 'game')}"):
            digest, rows, left_out = asyncio.run(
                _rehearse(playbacks, drafts, database, scope_of(context))
            )
    if as_json:
        say_json({"hash": digest, "bets": rows})
    else:
        cells = [tuple(str(x) for x in row.values()) for row in rows]
        table(("ID", "Game", "Bet", "Result", "Snapshots", "Alerts"), cells, right=(4, 5))
        say(f"\nsha256 {digest}")
    for draft in left_out:
        complain(f"{draft.pick.text!r} is about {_unfit(draft)}")
    if left_out:
        raise Ended


def _unfit(draft: Draft) -> str:
    """What a bet that none of the games took is about."""
    if len(draft.legs) > 1:
        return "no single one of these games: `tracker replay serve` plays several at once"
    return "none of these games, nor about anybody who played in them"


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
    """The hash, how each bet ended, and the bets that fitted no game."""
    from tracker.domain.events import tell_nobody
    from tracker.modelling.backtest.rehearsal import rehearse
    from tracker.settings import lines_for
    from tracker.store import Store

    settings = scope.settings()
    rules = scope.basics().rules

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
                    "bet": bet.market_text or bet.pick,
                    "result": "" if bet.result is None else bet.result.value,
                    "snapshots": 0 if view is None else len(view.snapshots),
                    "alerts": fired,
                }
            )
    taken = {x.pick for x in views}
    return digest, rows, [x for x in drafts if x.pick.text not in taken]
