"""Dies at the n-th statement of a `record()`, for every n, and reports what the next start finds.

It is run as a program: `python -m tests.store.crasher FOLDER`. Each death is a child process that
ends without unwinding, as under `kill -9`. It prints one JSON object a line.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.store.values import (
    CHANNELS,
    DEFAULTS,
    GAME,
    T0,
    a_book,
    after,
    draft,
    full_change,
    poll,
    state,
)
from tracker.domain.bet import Result
from tracker.domain.chance import LOST, WON
from tracker.domain.draft import Draft
from tracker.domain.game import GameState, Phase, PlayerLine, Side
from tracker.domain.pick import ParlayPick
from tracker.domain.tracking import Change, LegStanding, Review
from tracker.store import Store

_DIED = 9
_LIMIT = 500


async def prepare(path: Path) -> None:
    """Store two bets and one recorded poll."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store, "DEN -4.5", "DEN ML")
        await store.add(slip(), game=GAME, defaults=DEFAULTS, at=T0)
        [tracking] = await store.trackings(DEFAULTS)
        await store.record(poll(after(1)), Change(tracking), CHANNELS)


def slip() -> Draft:
    """A parlay of two legs on the game."""
    legs = tuple(draft(x).pick for x in ("DEN ML", "LAL@DEN over 200.5"))
    return Draft(ParlayPick("DEN ML; over 200.5", legs))  # type: ignore[arg-type]


def over() -> GameState:
    """The end of the game, with a player's figures."""
    line = PlayerLine("1", "Nikola Jokić", Side.HOME, (("pts", 27),), 35.0, played=True)
    return replace(state(40, phase=Phase.FINAL), players=(line,))


async def record(path: Path, die_at: int) -> None:
    """Record one poll with consequences of every kind, and die before the n-th statement."""
    async with await Store.open(path, now=T0) as store:
        [tracking] = await store.trackings(DEFAULTS)
        change = full_change(tracking, after(2))
        told = tuple(replace(x, reported=1) for x in change.tracking.tracked)
        reviewed = Change(
            replace(change.tracking, state=over(), tracked=told),
            legs=(LegStanding(3, 0, WON, Result.WON), LegStanding(3, 1, LOST)),
            reviews=(Review(1, after(2), "?"),),
            **parts_of(change),  # type: ignore[arg-type]
        )
        count = 0

        def step(_: str) -> None:
            nonlocal count
            count += 1
            if count == die_at:
                os._exit(_DIED)

        await store._db.bare(lambda db: db.set_trace_callback(step))
        await store.record(poll(after(2), over()), reviewed, CHANNELS)
        os._exit(0)


def parts_of(change: Change) -> dict[str, object]:
    """All parts of a change except its tracking and reviews."""
    names = ("snapshots", "rules", "alerts", "settlements", "confirmations")
    return {name: getattr(change, name) for name in names}


def found(path: Path) -> dict[str, object]:
    """What is on disk after the death: rows by table, and whether the file is sound."""
    tables = (
        "poll", "body", "snapshot", "game_snapshot", "latest", "rule_state", "alert", "delivery",
        "settlement", "confirmation", "review", "leg_standing", "leg_group", "standing",
        "player_game",
    )  # fmt: skip
    with closing(sqlite3.connect(path)) as db:
        rows = {
            x: db.execute(f"SELECT count(*) FROM {x}").fetchone()[0]  # noqa: S608 - our own names
            for x in tables
        }
        believed = db.execute("SELECT checks FROM game").fetchone()[0]
        return {
            "rows": rows,
            "checks": believed,
            "sound": db.execute("PRAGMA integrity_check").fetchone()[0],
        }


def main(folder: Path) -> None:
    """Die at every statement in turn, until a child survives."""
    ready = folder / "ready" / "tracker.db"
    asyncio.run(prepare(ready))
    for n in range(1, _LIMIT):
        path = folder / str(n) / "tracker.db"
        path.parent.mkdir()
        shutil.copy(ready, path)
        child = os.fork()
        if child == 0:
            asyncio.run(record(path, n))
        died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _DIED
        print(json.dumps({"n": n, "died": died} | found(path)))  # noqa: T201 - its only output
        shutil.rmtree(path.parent)
        if not died:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
