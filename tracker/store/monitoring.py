"""Keeps how each monitor stands and how often each host was asked; reads what they are made of."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from tracker.domain.poll import Usage
from tracker.engine.monitors import State
from tracker.store import queries as q
from tracker.store.codec.values import moment, stamp
from tracker.store.database.connection import Database

_KEEP_FIGURE = """
INSERT INTO figure (day, league, name, value, count) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (day, league, name) DO UPDATE SET value = excluded.value, count = excluded.count
"""

_FIGURES = "SELECT * FROM figure WHERE day >= ? ORDER BY day, league, name"

_LAST = "SELECT * FROM monitor WHERE (name, league) = (?, ?) ORDER BY id DESC LIMIT 1"

_KEEP = """
INSERT INTO monitor (name, league, at, value, level, state, advice, told)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

_HISTORY = "SELECT * FROM monitor ORDER BY id DESC LIMIT ?"

_UNTOLD = "SELECT * FROM monitor WHERE NOT told ORDER BY id"

_CLOSES = """
SELECT game.slate AS day, finished.*, -closing.home_spread AS margin, closing.total AS total
FROM closing JOIN game ON game.id = closing.game
JOIN (
  SELECT id, iif(slate_state ->> '$.phase' = 'final', slate_state, state) AS told FROM game
) AS finished ON finished.id = game.id
WHERE game.league = ? AND closing.tip_at IS NOT NULL AND told ->> '$.phase' = 'final'
  AND closing.revision = (SELECT max(revision) FROM closing AS x WHERE x.game = closing.game)
ORDER BY game.slate, game.id
"""

_ASKED = """
SELECT source, count(*) AS asked, sum(trouble IS NOT NULL) AS failed FROM poll
WHERE at >= ? AND at < ? GROUP BY source
"""

_LAST_ANSWER = "SELECT max(last_ok_at) AS at FROM pulse"

_NIGHTS = """
SELECT day, sum(payout_cents - stake_cents) AS profit FROM outcome
WHERE stake_cents IS NOT NULL AND payout_cents IS NOT NULL AND result <> 'void' AND day <= ?
GROUP BY day ORDER BY day DESC LIMIT ?
"""

_VALUES = """
SELECT avg(clv.ev) AS ev, count(*) AS bets FROM clv JOIN outcome ON outcome.bet = clv.bet
WHERE clv.ev IS NOT NULL AND (:since IS NULL OR outcome.day >= :since) AND outcome.day <= :until
  AND clv.revision = (SELECT max(revision) FROM clv AS later WHERE later.bet = clv.bet)
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one of the leagues' dates; `league` is empty for all."""

    day: date
    league: str
    name: str
    value: float
    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a monitor stands since a time."""

    id: int
    name: str
    league: str
    at: datetime
    value: float
    level: float
    state: State
    advice: str


@dataclass(frozen=True, slots=True)
class Close:
    """What the market said last of a game's margin and total, and what came; None is not known."""

    day: date
    margin: float | None
    total: float | None
    home_points: int
    away_points: int


class Monitoring:
    """The monitors of an open database."""

    def __init__(self, database: Database) -> None:
        """Made by the store."""
        self._db = database

    async def keep_figures(self, figures: Iterable[Figure]) -> None:
        """Write down a day's figures; the same day again takes their place."""
        rows = [(x.day.isoformat(), x.league, x.name, x.value, x.count) for x in figures]
        await self._db.write(lambda db: db.executemany(_KEEP_FIGURE, rows))

    async def figures(self, since: date) -> tuple[Figure, ...]:
        """The figures from a day on."""
        rows = (since.isoformat(),)
        return await self._db.read(
            lambda db: tuple(
                Figure(date.fromisoformat(x["day"]), x["league"], x["name"], x["value"], x["count"])
                for x in db.execute(_FIGURES, rows)
            )
        )

    async def keep(self, found: Sequence[Standing]) -> tuple[Standing, ...]:
        """Write down the monitors that stand otherwise than before; which those are.

        One that was never seen before and is well is written down, and is no news.
        """
        return await self._db.write(lambda db: _keep(db, found))

    async def history(self, most: int = 200) -> tuple[Standing, ...]:
        """How the monitors have stood, the last change first."""
        return await self._db.read(lambda db: tuple(map(_row, db.execute(_HISTORY, (most,)))))

    async def untold(self) -> tuple[Standing, ...]:
        """The changes of which no message was queued."""
        return await self._db.read(lambda db: tuple(map(_row, db.execute(_UNTOLD))))

    async def told(self, number: int) -> None:
        """A message about a change was queued."""
        await self._db.write(
            lambda db: db.execute("UPDATE monitor SET told = 1 WHERE id = ?", (number,))
        )

    async def closes(self, league: str) -> tuple[Close, ...]:
        """What the market said of each game that is over, beside what came, in order of play."""
        return await self._db.read(lambda db: tuple(map(_close, db.execute(_CLOSES, (league,)))))

    async def asked(self, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
        """How often each source was heard, and how often with trouble."""
        values = (stamp(since), stamp(until))
        return await self._db.read(
            lambda db: {x["source"]: (x["asked"], x["failed"]) for x in db.execute(_ASKED, values)}
        )

    async def last_answer(self) -> datetime | None:
        """When any source was last heard without trouble."""

        def work(db: sqlite3.Connection) -> datetime | None:
            at = db.execute(_LAST_ANSWER).fetchone()["at"]
            return None if at is None else moment(at)

        return await self._db.read(work)

    async def nights(self, until: date, most: int) -> tuple[int, ...]:
        """The profit in cents of the last nights with money at stake, the newest first."""
        values = (until.isoformat(), most)
        return await self._db.read(
            lambda db: tuple(x["profit"] for x in db.execute(_NIGHTS, values))
        )

    async def closing_value(self, since: date | None, until: date) -> tuple[float | None, int]:
        """The mean value of bets by the close, in units a unit staked, and of how many."""
        values = {"since": None if since is None else since.isoformat(), "until": until.isoformat()}

        def work(db: sqlite3.Connection) -> tuple[float | None, int]:
            row = db.execute(_VALUES, values).fetchone()
            return row["ev"], row["bets"]

        return await self._db.read(work)


def _keep(db: sqlite3.Connection, found: Sequence[Standing]) -> tuple[Standing, ...]:
    news = []
    for x in found:
        row = db.execute(_LAST, (x.name, x.league)).fetchone()
        before = State.WELL if row is None else State(row["state"])
        if row is not None and before is x.state:
            continue
        quiet = State.DRIFTING not in (before, x.state)
        values = (x.name, x.league, stamp(x.at), x.value, x.level, x.state.value, x.advice, quiet)
        db.execute(_KEEP, values)
        if not quiet:
            news.append(x)
    return tuple(news)


def _row(x: sqlite3.Row) -> Standing:
    return Standing(
        x["id"],
        x["name"],
        x["league"],
        moment(x["at"]),
        x["value"],
        x["level"],
        State(x["state"]),
        x["advice"],
    )


def _close(x: sqlite3.Row) -> Close:
    home, away = json.loads(x["told"])["score"]
    return Close(date.fromisoformat(x["day"]), x["margin"], x["total"], home, away)


_USAGE = "usage"

KeptUsage = tuple[datetime, Mapping[str, Usage]]
"""When it was counted, and the counts by the name of the host's settings."""


def keep_usage(db: sqlite3.Connection, usages: Mapping[str, Usage], at: datetime) -> None:
    """Write the counts down over those of before."""
    text = json.dumps({"at": stamp(at), "hosts": {x: asdict(usages[x]) for x in sorted(usages)}})
    db.execute(q.KEEP_META, (_USAGE, text))


def last_usage(db: sqlite3.Connection) -> KeptUsage | None:
    """The counts as they were written down last; None before the first time."""
    row = db.execute(q.META, (_USAGE,)).fetchone()
    if row is None:
        return None
    told = json.loads(row["value"])
    hosts = {
        name: Usage(**{**x, "troubles": tuple((word, n) for word, n in x["troubles"])})
        for name, x in told["hosts"].items()
    }
    return moment(told["at"]), hosts
