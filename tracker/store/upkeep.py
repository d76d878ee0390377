"""What the program stores about its own running: chores, back-ups, monitors, request counts.

It also reads raw responses and drops them once they are old.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from sqlite3 import Connection, Row
from typing import NamedTuple

from tracker.domain.poll import Document, Usage
from tracker.engine.monitors import State
from tracker.store import queries as q
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import (
    counting,
    from_row,
    in_columns,
    inserting,
    moment,
    moment_or_none,
    stamp,
    to_columns,
    upserting,
)

WRONG_CLOCK = timedelta(days=1)
"""A run that began later than this from now was written down by a clock that was far ahead: it
counts for nothing."""

_BEGIN = """
INSERT INTO chore (name, due, attempt, began_at) VALUES (:name, :due, 1, :at)
ON CONFLICT (name, due) DO UPDATE SET
  attempt = iif(began_at > :wrong, 0, attempt) + 1, began_at = excluded.began_at, ended_at = NULL,
  outcome = NULL, detail = ''
WHERE outcome IS NULL OR (outcome = 'failed' AND attempt < :most) OR began_at > :wrong
RETURNING attempt
"""

_END = """
UPDATE chore SET ended_at = :at, outcome = :outcome, detail = :detail
WHERE name = :name AND due = :due
"""

_MISS = """
INSERT INTO chore (name, due, attempt, began_at, ended_at, outcome, detail)
VALUES (:name, :due, 0, :at, :at, 'missed', :detail)
ON CONFLICT (name, due) DO UPDATE SET
  attempt = 0, began_at = :at, ended_at = :at, outcome = 'missed', detail = :detail
WHERE began_at > :wrong
"""

_CHORES = """
SELECT * FROM chore WHERE (:name IS NULL OR name = :name)
ORDER BY due DESC, name LIMIT :most
"""

_KEEP_BACKUP = inserting(
    "backup",
    "at path bytes sha256 rows checked_at drilled_at outcome",
    "ON CONFLICT (at) DO UPDATE SET drilled_at = excluded.drilled_at, outcome = excluded.outcome",
)

_BACKUPS = "SELECT * FROM backup ORDER BY at DESC"


class ChoreOutcome(StrEnum):
    """The outcome of a chore. `missed` means that it was due while no daemon ran."""

    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ChoreRun:
    """A run of a chore for one time at which it was due. `outcome` is None while it runs."""

    name: str
    due: datetime
    attempt: int
    began_at: datetime
    ended_at: datetime | None
    outcome: ChoreOutcome | None
    detail: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A back-up: a folder, with the SHA-256 and the number of rows of the database in it.

    `outcome` is `ok`, or what was wrong when it was made or restored for a drill.
    """

    at: datetime
    path: str
    bytes: int
    sha256: str
    rows: int
    checked_at: datetime
    drilled_at: datetime | None = None
    outcome: str = "ok"


class Upkeep(Subject):
    """The chores, back-ups and raw responses of an open database."""

    async def bodies(
        self, source: str | None, since: datetime, until: datetime
    ) -> AsyncIterator[Document]:
        """The raw responses of a source (or of all) in [since, until), in order."""
        place: Place | None = (stamp(since), 0)
        while place is not None:
            page = partial(_page, source=source, after=place, until=until)
            found, place = await self._db.read(page)
            for item in found:
                yield item

    async def prune(self, before: datetime, large_before: datetime | None = None) -> int:
        """Drop raw responses that only polls before this time brought. Returns their number.

        Large ones, the boards of a full college day, may have a later time of their own.
        """
        drop = partial(_drop_batch, before=before, large_before=large_before or before)
        row: int | None = 0
        dropped = 0
        while row is not None:
            found, row = await self._db.write(partial(drop, after=row))
            dropped += found
        return dropped

    @writes
    def begin(
        self, db: Connection, name: str, due: datetime, at: datetime, most: int = 1
    ) -> int | None:
        """Begin a chore.

        Returns the number of the attempt, or None when there is nothing left to do.

        A run that a dead process began is begun again, and so is a failed one after fewer than
        `most` attempts.
        """
        values = in_columns(name=name, due=due, at=at, most=most, wrong=at + WRONG_CLOCK)
        row = db.execute(_BEGIN, values).fetchone()
        return None if row is None else int(row["attempt"])

    @writes
    def end(
        self,
        db: Connection,
        name: str,
        due: datetime,
        at: datetime,
        outcome: ChoreOutcome,
        detail: str,
    ) -> None:
        """Write down the outcome of a chore."""
        db.execute(_END, in_columns(name=name, due=due, at=at, outcome=outcome, detail=detail))

    @writes
    def missed(
        self, db: Connection, name: str, dues: Collection[datetime], at: datetime, detail: str
    ) -> None:
        """Write down the times at which a chore was due while no daemon ran."""
        values = in_columns(name=name, at=at, detail=detail, wrong=at + WRONG_CLOCK)
        db.executemany(_MISS, (values | {"due": stamp(due)} for due in dues))

    @reads
    def chores(
        self, db: Connection, name: str | None = None, most: int = 200
    ) -> tuple[ChoreRun, ...]:
        """The runs of a chore, or of all, the last due first."""
        rows = db.execute(_CHORES, {"name": name, "most": most})
        return tuple(from_row(ChoreRun, x) for x in rows)

    @writes
    def keep_backup(self, db: Connection, made: Backup) -> None:
        """Write down a back-up, or the outcome of its drill."""
        db.execute(_KEEP_BACKUP, to_columns(made))

    @reads
    def backups(self, db: Connection) -> Sequence[Backup]:
        """The back-ups that were made, newest first. Their files may be gone."""
        return tuple(from_row(Backup, x) for x in db.execute(_BACKUPS))


BATCH = 500
"""Bodies looked at in one transaction, so that a poll never waits long for its turn to write."""

_PAGE = 32
"""Bodies read at once: a few megabytes."""

_BODIES = """
SELECT poll.id, poll.source, poll.path, poll.at, digest, body.packed
FROM poll JOIN body USING (digest)
WHERE (:source IS NULL OR poll.source = :source)
  AND (poll.at, poll.id) > (:after, :after_id) AND poll.at < :until
ORDER BY poll.at, poll.id LIMIT :limit
"""

_LAST_OF_BATCH = """
SELECT max(rowid) FROM (SELECT rowid FROM body WHERE rowid > ? ORDER BY rowid LIMIT ?)
"""

_DROP_BODIES = """
DELETE FROM body WHERE rowid > :after AND rowid <= :last
  AND digest NOT IN (SELECT digest FROM kept_body)
  AND NOT EXISTS (
    SELECT 1 FROM poll
    WHERE poll.digest = body.digest AND poll.at >= iif(body.size > :large, :large_before, :before)
  )
"""

_LARGE = 1 << 20
"""Bytes above which a raw response is large: only the board of a full college day is."""


Place = tuple[str, int]
"""A position in the sequence of polls: the time and id of the last poll that was read."""


def _page(
    db: Connection, source: str | None, after: Place, until: datetime
) -> tuple[list[Document], Place | None]:
    """The next bodies and the position after them, which is None at the end."""
    values = in_columns(source=source, after=after[0], after_id=after[1], until=until, limit=_PAGE)
    rows = db.execute(_BODIES, values).fetchall()
    found = [
        Document(x["source"], x["path"], moment(x["at"]), zlib.decompress(x["packed"]), x["digest"])
        for x in rows
    ]
    return found, (rows[-1]["at"], rows[-1]["id"]) if len(rows) == _PAGE else None


def _drop_batch(
    db: Connection, before: datetime, large_before: datetime, after: int
) -> tuple[int, int | None]:
    """Of the `BATCH` bodies after a row, drop those that no poll at `before` or later brought.

    For large ones `large_before` counts. Returns how many were dropped, and the last row of the
    batch; None after the last one.
    """
    last: int | None = db.execute(_LAST_OF_BATCH, (after, BATCH)).fetchone()[0]
    values = in_columns(
        before=before, after=after, last=last, large=_LARGE, large_before=large_before
    )
    return 0 if last is None else db.execute(_DROP_BODIES, values).rowcount, last


_KEEP_FIGURE = upserting("figure", "day league name", "value count")

_FIGURES = "SELECT * FROM figure WHERE day >= ? ORDER BY day, league, name"

_LAST = "SELECT * FROM monitor WHERE (name, league) = (?, ?) ORDER BY id DESC LIMIT 1"

_KEEP = inserting("monitor", "name league at value level state advice told")

_KEEP_VALUE = """
UPDATE monitor SET (value, level, advice) = (:value, :level, :advice) WHERE id = :last
"""

_STANDING = """
SELECT * FROM monitor WHERE id IN (SELECT max(id) FROM monitor GROUP BY name, league)
ORDER BY league, name
"""

_LEAVE = f"""
INSERT INTO monitor (name, league, at, value, level, state, advice, told)
SELECT name, league, :at, 0, 0, 'unknown', :why, 1 FROM ({_STANDING})
WHERE league <> '' AND state <> 'unknown'
  AND league NOT IN (SELECT value FROM json_each(:leagues))
"""  # noqa: S608 - ours

_HISTORY = "SELECT * FROM monitor ORDER BY id DESC LIMIT ?"

_UNREPORTED = "SELECT * FROM monitor WHERE NOT told ORDER BY id"

_CLOSES = counting("""
SELECT game.slate AS day, finished.*, -closing.home_spread AS margin, closing.total AS total
FROM closing JOIN game ON game.id = closing.game
JOIN (
  SELECT id, iif(slate_state ->> '$.phase' = 'final', slate_state, state) AS told FROM game
) AS finished ON finished.id = game.id
WHERE game.league = ? AND closing.tip_at IS NOT NULL AND told ->> '$.phase' = 'final'
  AND counts(game.id)
  AND closing.revision = (SELECT max(revision) FROM closing AS x WHERE x.game = closing.game)
ORDER BY game.slate, game.id
""")

_LAST_ANSWER = "SELECT max(last_ok_at) AS at FROM pulse"

_NIGHTS = """
SELECT day, sum(payout_cents - stake_cents) AS profit FROM outcome
WHERE stake_cents IS NOT NULL AND payout_cents IS NOT NULL AND result <> 'void' AND day <= ?
GROUP BY day ORDER BY day DESC LIMIT ?
"""

_VALUES = """
SELECT avg(clv.ev) AS ev, count(*) AS bets FROM clv JOIN outcome ON outcome.bet = clv.bet
WHERE clv.grade IN ('quoted', 'converted') AND outcome.result <> 'void'
  AND outcome.market IS NOT 'parlay'
  AND (:since IS NULL OR outcome.day >= :since) AND outcome.day <= :until
  AND clv.revision = (SELECT max(revision) FROM clv AS later WHERE later.bet = clv.bet)
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one of the leagues' dates. `league` is empty for a figure over all leagues."""

    day: date
    league: str
    name: str
    value: float
    count: int


@dataclass(frozen=True, slots=True)
class MonitorStanding:
    """A monitor's state since the time `at`; `value` is the last one in that state."""

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
    """The market's last margin and total for a game, None where unknown, beside the final score."""

    day: date
    margin: float | None
    total: float | None
    home_points: int
    away_points: int


class Monitoring(Subject):
    """The daily figures, monitors and counts of requests of an open database."""

    @reads
    def usage(self, db: Connection) -> KeptUsage | None:
        """The last stored counts of requests to each host, with their time; None before any."""
        row = db.execute(q.META, (_USAGE,)).fetchone()
        if row is None:
            return None
        usage = json.loads(row["value"])
        hosts = {
            name: Usage(**{**x, "troubles": tuple((word, n) for word, n in x["troubles"])})
            for name, x in usage["hosts"].items()
        }
        return KeptUsage(moment(usage["at"]), hosts, moment_or_none(usage.get("since")))

    @writes
    def keep_figures(self, db: Connection, figures: Collection[Figure]) -> None:
        """Write down a day's figures, in place of earlier ones."""
        db.executemany(_KEEP_FIGURE, map(to_columns, figures))

    @reads
    def figures(self, db: Connection, since: date) -> tuple[Figure, ...]:
        """The figures from a day on."""
        return tuple(from_row(Figure, x) for x in db.execute(_FIGURES, (since.isoformat(),)))

    @writes
    def keep(self, db: Connection, found: Sequence[MonitorStanding]) -> tuple[MonitorStanding, ...]:
        """Write down how the monitors stand. Returns the changes that need a message.

        A change that neither begins nor ends a drift needs none. What is unknown ends no drift.
        """
        news = []
        for x in found:
            row = db.execute(_LAST, (x.name, x.league)).fetchone()
            before = State.WELL if row is None else State(row["state"])
            if (before, x.state) == (State.DRIFTING, State.UNKNOWN):
                continue
            if row is not None and before is x.state:
                db.execute(_KEEP_VALUE, to_columns(x) | {"last": row["id"]})
                continue
            quiet = State.DRIFTING not in (before, x.state)
            db.execute(_KEEP, to_columns(x) | {"told": quiet})
            if not quiet:
                news.append(x)
        return tuple(news)

    @writes
    def leave(self, db: Connection, followed: Collection[str], at: datetime, why: str) -> None:
        """Write down that nothing is known any more of the monitors of leagues not `followed`."""
        leagues = json.dumps(sorted(followed))
        db.execute(_LEAVE, in_columns(at=at, why=why, leagues=leagues))

    @reads
    def history(self, db: Connection, most: int = 200) -> tuple[MonitorStanding, ...]:
        """The monitors' states, the last change first."""
        return tuple(from_row(MonitorStanding, x) for x in db.execute(_HISTORY, (most,)))

    @reads
    def standing(self, db: Connection) -> tuple[MonitorStanding, ...]:
        """How each monitor stands, by league and name."""
        return tuple(from_row(MonitorStanding, x) for x in db.execute(_STANDING))

    @reads
    def unreported(self, db: Connection) -> tuple[MonitorStanding, ...]:
        """The changes that no message has been queued about."""
        return tuple(from_row(MonitorStanding, x) for x in db.execute(_UNREPORTED))

    @writes
    def mark_reported(self, db: Connection, number: int) -> None:
        """Write down that a message about a change was queued."""
        db.execute("UPDATE monitor SET told = 1 WHERE id = ?", (number,))

    @reads
    def closes(self, db: Connection, league: str) -> tuple[Close, ...]:
        """The market's last word on each finished game beside its result, in order of play."""
        return tuple(map(_close, db.execute(_CLOSES, (league,))))

    @reads
    def last_answer(self, db: Connection) -> datetime | None:
        """When any source last answered without trouble, or None."""
        at = db.execute(_LAST_ANSWER).fetchone()["at"]
        return None if at is None else moment(at)

    @reads
    def nights(self, db: Connection, until: date, most: int) -> tuple[int, ...]:
        """The profit in cents of the last nights with money at stake, the newest first."""
        return tuple(x["profit"] for x in db.execute(_NIGHTS, (until.isoformat(), most)))

    @reads
    def closing_value(
        self, db: Connection, since: date | None, until: date
    ) -> tuple[float | None, int]:
        """The mean value of bets at the close, in units a unit staked, and the number of bets.

        It is that of the whole record of closing line values: of single bets that stand, by lines.
        """
        row = db.execute(_VALUES, in_columns(since=since, until=until)).fetchone()
        return row["ev"], row["bets"]


def _close(x: Row) -> Close:
    home, away = json.loads(x["told"])["score"]
    return Close(date.fromisoformat(x["day"]), x["margin"], x["total"], home, away)


_USAGE = "usage"

_STARTED = "SELECT started_at FROM daemon"


class KeptUsage(NamedTuple):
    """When the requests were counted, and the counts by the name of the host's settings.

    `since` is when the daemon that counted them had started; None where it is not known.
    """

    at: datetime
    hosts: Mapping[str, Usage]
    since: datetime | None = None


def keep_usage(db: Connection, usages: Mapping[str, Usage], at: datetime) -> None:
    """Store the counts of the daemon that runs in place of earlier ones."""
    row = db.execute(_STARTED).fetchone()
    told = {
        "at": stamp(at), "since": None if row is None else row["started_at"],
        "hosts": {x: asdict(usages[x]) for x in sorted(usages)},
    }  # fmt: skip
    db.execute(q.KEEP_META, (_USAGE, json.dumps(told)))
