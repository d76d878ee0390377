"""Alerts with their deliveries, notices, snoozes, and the messages that are live cards.

A delivery is marked `sending` on disk before anything is sent. One that was being sent when the
program died, or whose answer was lost, comes back flagged as a possible repeat. A card is treated
alike: it may stand in the chat although its message id is unknown, and is then posted again, marked
as a possible repeat.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection, Row
from typing import assert_never

from tracker.clock import STEP_S
from tracker.domain.alert import (
    Alert,
    Decision,
    Delivery,
    DeliveryState,
    Failed,
    Notice,
    Outcome,
    Reason,
    Refused,
    Sent,
    Unknown,
)
from tracker.domain.league import slate_date
from tracker.domain.policy import RESULTS, PastMessage, Snooze, SnoozeScope
from tracker.store import queries as q
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import (
    from_row,
    in_columns,
    moment,
    moment_or_none,
    stamp,
    stamp_or_none,
    to_columns,
)


class Alerting(Subject):
    """Notices, decisions and snoozes of an open database."""

    @writes
    def notice(self, db: Connection, notice: Notice, channels: Sequence[str]) -> bool:
        """Queue a notice of the program about itself for these channels.

        False when it was there already.
        """
        reason = Reason.HAPPENED if notice.due_at is None else Reason.QUIET
        row = {"rule": notice.kind, "decision": Decision.FIRED.value, "reason": reason.value}
        return _keep(db, notice, {**_OF_NO_BET, **row}, channels)

    @reads
    def last_notice(self, db: Connection, kinds: Sequence[str]) -> tuple[str, datetime] | None:
        """The kind and time of the last notice of these kinds, or None."""
        row = db.execute(q.LAST_NOTICE, (json.dumps(list(kinds)),)).fetchone()
        return None if row is None else (row["rule"], moment(row["at"]))

    @reads
    def said_since(self, db: Connection, kind: str, text: str, since: datetime) -> bool:
        """Whether a notice of this kind and text was made at `since` or later."""
        return db.execute(q.SAID_SINCE, (kind, text, stamp(since))).fetchone() is not None

    @reads
    def settled_between(self, db: Connection, since: datetime, until: datetime) -> list[int]:
        """The numbers of the bets that got a result from `since` to before `until`.

        Of bets on games of earlier evenings only those count that the program waited for until
        then, such as one on a game that was called off: none that was imported, or decided by hand.
        """
        values = in_columns(since=since, until=until, day=slate_date(since))
        return [x["bet"] for x in db.execute(q.SETTLED_BETWEEN, values)]

    @reads
    def unsent_since(self, db: Connection, since: datetime, until: datetime | None = None) -> int:
        """How many messages of alerts at `since` or later have not arrived, digests included.

        Those that are held for a later digest do not count, nor those that are being sent for the
        first time, nor those from `until` on.
        """
        return int(db.execute(q.UNSENT_SINCE, in_columns(since=since, until=until)).fetchone()[0])

    @reads
    def sent_since(self, db: Connection, since: datetime) -> tuple[PastMessage, ...]:
        """The messages about games after `since`, oldest first."""
        asked = {"since": stamp(since), "results": json.dumps(sorted(RESULTS))}
        return tuple(
            PastMessage(x["game"], moment(x["at"]), bool(x["counted"]))
            for x in db.execute(q.SENT_SINCE, asked)
        )

    @reads
    def decisions_since(
        self, db: Connection, since: datetime, until: datetime | None = None
    ) -> dict[tuple[str, str], int]:
        """The number of decisions from `since` to before `until`, by (decision, reason)."""
        rows = db.execute(q.DECISIONS_SINCE, in_columns(since=since, until=until))
        return {(x["decision"], x["reason"]): x["n"] for x in rows}

    @writes
    def snooze(self, db: Connection, wanted: Snooze) -> Snooze:
        """Keep a snooze, in place of an earlier one of the same target."""
        before = _snoozes(db, wanted.since)
        values = to_columns(wanted) | {"at": stamp(wanted.since)}
        db.execute(_LIFT_SNOOZE, values)
        added = db.execute(_ADD_SNOOZE, values)
        _hold_anew(db, wanted.since, before)
        return Snooze(wanted.scope, wanted.target, wanted.since, wanted.until, added.lastrowid or 0)

    @reads
    def snoozes(self, db: Connection, at: datetime) -> tuple[Snooze, ...]:
        """The snoozes that are neither over nor lifted, the first to end first."""
        return _snoozes(db, at)

    @writes
    def lift_snooze(
        self, db: Connection, scope: SnoozeScope | None, target: str, at: datetime
    ) -> int:
        """End the snoozes of a target, or with scope None all, before their time.

        Returns how many.
        """
        before = _snoozes(db, at)
        values = in_columns(at=at, scope=scope, target=target)
        lifted = db.execute(_LIFT_SNOOZE, values).rowcount
        _hold_anew(db, at, before)
        return lifted


def keep_alert(
    db: Connection, x: Alert, game: str, poll: int, leg: int, channels: Sequence[str]
) -> None:
    """Add a decision, and a delivery for each channel where it has something to send.

    A fired alert is sent as soon as it is due. A held alert with a due time waits for a digest. A
    chance of the bet that waits for a channel is out of date by a later one.
    """
    row = {
        "bet": x.bet,
        "leg": leg,
        "game": game,
        "rule": x.rule,
        "decision": x.decision.value,
        "reason": x.reason.value,
        "game_clock": x.game_clock,
        "home": x.score.home,
        "away": x.score.away,
        "p": x.p,
        "was": x.was,
        "detail": x.detail,
        "poll": poll,
    }
    kept = _keep(db, x, row, channels if x.notifies else ())
    if kept and x.tells_chance:
        db.execute(_OVERTAKE, {"bet": x.bet, "at": stamp(x.at)})


_OVERTAKE = """
UPDATE delivery SET expires_at = :at
WHERE alert IN (
  SELECT id FROM alert INDEXED BY alert_fired
  WHERE bet = :bet AND decision = 'fired' AND (rule LIKE 'p %' OR rule LIKE 'swing %')
) AND (state = 'sending' OR state IN ('due', 'unknown') AND detail <> '')
"""
"""What is being sent goes on; if that fails, it is out of date as well."""

_OF_NO_BET: Mapping[str, object] = {
    "bet": None, "leg": 0, "game": None, "game_clock": "", "home": 0, "away": 0, "p": None,
    "was": None, "detail": "", "poll": None,
}  # fmt: skip
"""What the row of a notice has in the columns of a bet and its game."""


def _keep(
    db: Connection, x: Alert | Notice, row: Mapping[str, object], channels: Sequence[str]
) -> bool:
    """Add the row and its deliveries; returns False, and adds nothing, where it is there by now."""
    added = db.execute(
        q.ADD_ALERT,
        {
            **row,
            "episode": x.episode,
            "at": stamp(x.at),
            "level": x.level.value,
            "text": x.text,
            "expires_at": stamp_or_none(x.expires_at),
        },
    )
    if added.rowcount != 1:
        return False
    _queue(db, added.lastrowid, x, channels)
    return True


def _queue(db: Connection, alert: int | None, x: Alert | Notice, channels: Sequence[str]) -> None:
    """Add the deliveries. What is held but has a due time is marked for a digest."""
    held = isinstance(x, Alert) and x.decision is Decision.HELD
    held = held or (isinstance(x, Notice) and x.due_at is not None)
    values = {
        "alert": alert,
        "state": (DeliveryState.EXPIRED if held else DeliveryState.DUE).value,
        "told": "due" if held else None,
        "due_at": stamp(x.due_at or x.at),
        "expires_at": stamp_or_none(x.expires_at),
        "updated_at": stamp(x.at),
    }
    db.executemany(q.ADD_DELIVERY, (values | {"channel": x} for x in channels))


_ADD_SNOOZE = """
INSERT INTO snooze (scope, target, since, until) VALUES (:scope, :target, :at, :until)
"""

_SNOOZES = "SELECT * FROM snooze WHERE lifted_at IS NULL AND until > :at ORDER BY until, id"

_LIFT_SNOOZE = """
UPDATE snooze SET lifted_at = :at
WHERE lifted_at IS NULL AND until > :at
  AND (:scope IS NULL OR (scope = :scope AND target = :target))
"""

_SNOOZED = """
SELECT alert.bet, delivery.alert, delivery.channel, group_concat(leg.game_id) AS games
FROM delivery JOIN alert ON alert.id = delivery.alert JOIN leg ON leg.bet = alert.bet
WHERE delivery.told <> 'sent' AND delivery.told = 'due' AND delivery.attempts = 0
  AND alert.reason = 'snoozed'
GROUP BY delivery.alert, delivery.channel
"""

_HOLD = "UPDATE delivery SET due_at = :due_at WHERE alert = :alert AND channel = :channel"


def _snoozes(db: Connection, at: datetime) -> tuple[Snooze, ...]:
    return tuple(from_row(Snooze, x) for x in db.execute(_SNOOZES, {"at": stamp(at)}))


def _hold_anew(db: Connection, at: datetime, before: Sequence[Snooze]) -> None:
    """Hold the results of which another snooze than `before` is the last to end, or none now.

    The others stay as they are: they may wait for the end of quiet hours.
    """
    standing = _snoozes(db, at)
    for row in db.execute(_SNOOZED).fetchall():
        games = frozenset(row["games"].split(","))
        was, due = (
            max((x.until for x in some if x.covers(row["bet"], games, at)), default=at)
            for some in (before, standing)
        )
        if due != was:
            db.execute(_HOLD, {**_key(row), "due_at": stamp(due)})


_DAY_S = 86_400

_HURRY = """
UPDATE delivery SET due_at = :at WHERE channel = :channel AND state IN ('due', 'unknown')
  AND detail <> '' AND due_at > :at
"""
"""`detail` says why an attempt failed, or why the delivery was put back; what is new has none."""

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far in the future an alert may be at a start before we conclude that the clock was set
back."""


class Outbox(Subject):
    """The queue of deliveries. What is due goes before other work that waits."""

    @writes
    def doubt_waiting(self, db: Connection) -> None:
        """Mark all that waits as a possible repeat: a back-up does not know what was sent since."""
        db.execute(q.DOUBT_WAITING)

    @writes
    def recover(self, db: Connection, at: datetime, channels: Sequence[str] = ()) -> int:
        """After a start, mark deliveries and cards that were being sent as unknown.

        They may have arrived. Returns the number of deliveries. `channels` are those that there are
        now. What waits for another one is refused; where an alert has reached nobody by that, a
        digest of those that are there tells it. Without any it waits.
        """
        db.execute(_RECOVER, {"at": stamp(at)})
        found = db.execute(q.RECOVER, {"at": stamp(at)}).rowcount
        db.execute(q.RECOVER_DIGESTS)
        if channels:
            values = {"at": stamp(at), "channels": json.dumps(list(channels))}
            db.execute(q.HAND_OVER, values)
            db.execute(q.LEAVE_CHANNELS, values)
        # The notice that the program has stopped is out of date: what is unsent goes to a digest.
        db.execute(q.STOP_IS_OVER, {"at": stamp(at)})
        # An alert in the future was decided before the clock was set back: its age is unknown, and
        # so is until when it was to be held.
        for row in db.execute(q.PENDING).fetchall():
            if _decided(row) > at + CLOCK_TOLERANCE:
                db.execute(q.OUT_OF_TIME, {**_key(row), "at": stamp(at)})
        return found

    async def claim(self, channel: str, at: datetime, limit: int) -> list[Delivery]:
        """Take up to `limit` due deliveries, oldest first, and mark them as being sent."""
        values = {"channel": channel, "at": stamp(at), "limit": limit}

        def work(db: Connection) -> list[Delivery]:
            rows = db.execute(q.CLAIMABLE, values).fetchall()
            db.executemany(q.CLAIM, (values | {"alert": row["alert"]} for row in rows))
            return [_delivery(row, attempts=row["attempts"] + 1) for row in rows]

        return await self._db.write(work, urgent=True)

    async def finish(
        self,
        alert_id: int,
        channel: str,
        outcome: Outcome,
        at: datetime,
        *,
        due_at: datetime | None = None,
        tried: bool = True,
    ) -> DeliveryState:
        """Write down the outcome of sending. Returns the delivery's state.

        `due_at` is when to try again; without it the channel's `retry_after` seconds apply, else at
        once. Without `tried`, what was claimed was put back: that counts as no attempt. A delivery
        that is not being sent stays as it is.
        """
        state, why, wait = _meaning(outcome)
        again = due_at if due_at is not None else at + timedelta(seconds=wait)
        values = {
            "alert": alert_id,
            "channel": channel,
            "state": state.value,
            "detail": why,
            "repeat": state is DeliveryState.UNKNOWN,
            "due_at": None if state.over else stamp(again),
            "at": stamp(at),
            "untried": not tried,
        }

        def work(db: Connection) -> DeliveryState:
            db.execute(q.FINISH, values)
            row = db.execute(q.DELIVERY_STATE, (alert_id, channel)).fetchone()
            if row is None:
                raise ValueError(f"alert {alert_id} was never to go through {channel}")
            return DeliveryState(row["state"])

        return await self._db.write(work)

    @writes
    def expire(self, db: Connection, at: datetime, channel: str | None = None) -> list[Delivery]:
        """Expire deliveries that are too late to be useful. Returns those for a digest to report.

        Those that were held until this time are among them. All are marked as being reported. Those
        that an earlier digest may not have reported come again after `recover`, as possible
        repeats.
        """
        db.execute(q.EXPIRE, {"at": stamp(at), "channel": channel})
        rows = db.execute(q.UNTOLD, {"at": stamp(at), "channel": channel}).fetchall()
        db.executemany(q.TELLING, ((row["alert"], row["channel"]) for row in rows))
        return [_delivery(row, attempts=row["attempts"]) for row in rows]

    @writes
    def finish_digest(
        self, db: Connection, expired: Collection[Delivery], outcome: Outcome, *, tried: bool = True
    ) -> None:
        """Write down the outcome of a digest of these. Those not surely reported come again.

        Without `tried` it counts as no attempt.
        """
        match outcome:
            case Refused(why):
                db.executemany(q.REFUSE_DIGEST, ((why, x.alert_id, x.channel) for x in expired))
                return
            case Sent():
                word, repeat = "sent", 0
            case Failed():
                word, repeat = "due", 0
            case Unknown():
                word, repeat = "unknown", 1
            case _:
                assert_never(outcome)
        spent = int(not tried)
        db.executemany(q.TELL, ((word, repeat, spent, x.alert_id, x.channel) for x in expired))

    async def shift(self, channel: str, seconds: float, now: datetime, within: float) -> None:
        """Move the times of a channel's deliveries after the wall clock was set by `seconds`.

        What waits keeps its remaining wait and its age. What is held until a time of day (`expired`
        and not yet reported) keeps that time of day, and is moved by whole days alone. The clock
        was set less than `within` seconds ago: what was decided since has its times by `now`.
        """
        step, days = timedelta(seconds=seconds), timedelta(days=int(seconds / _DAY_S))
        since = now - timedelta(seconds=within + STEP_S)

        def work(db: Connection) -> None:
            for row in db.execute(q.WAITING, {"channel": channel}).fetchall():
                if since <= _decided(row) <= now:
                    continue
                over = row["state"] == DeliveryState.EXPIRED.value
                expires = moment_or_none(row["expires_at"])
                values = {
                    "due_at": stamp(moment(row["due_at"]) + (days if over else step)),
                    "expires_at": None if expires is None else stamp(expires + step),
                    "clock_step": row["clock_step"] + seconds,
                }
                db.execute(q.SHIFT, {**_key(row), **values})

        await self._db.write(work, urgent=True)

    async def hurry(self, channel: str, at: datetime) -> None:
        """Make due what failed through a channel before, or was put back."""
        values = {"channel": channel, "at": stamp(at)}
        await self._db.write(lambda db: db.execute(_HURRY, values), urgent=True)

    async def next_due(self, channel: str) -> datetime | None:
        """When a channel next has something to send or to expire, or None."""

        def work(db: Connection) -> datetime | None:
            return moment_or_none(db.execute(q.NEXT_DUE, {"channel": channel}).fetchone()[0])

        return await self._db.read(work, urgent=True)


def _key(row: Row) -> dict[str, object]:
    return {"alert": row["alert"], "channel": row["channel"]}


def _decided(row: Row) -> datetime:
    """When an alert was decided, by the clock as it was set when that was last looked at."""
    return moment(row["at"]) + timedelta(seconds=row["clock_step"])


def _meaning(outcome: Outcome) -> tuple[DeliveryState, str, float]:
    match outcome:
        case Sent():
            return DeliveryState.SENT, "", 0.0
        case Refused(why):
            return DeliveryState.REFUSED, why, 0.0
        case Failed(why, retry_after):
            return DeliveryState.DUE, why, retry_after or 0.0
        case Unknown(why):
            return DeliveryState.UNKNOWN, why, 0.0
        case _:
            assert_never(outcome)


def _delivery(row: Row, attempts: int) -> Delivery:
    return from_row(
        Delivery,
        row,
        alert_id=row["alert"],
        created_at=_decided(row),
        attempts=attempts,
        possible_repeat=bool(row["repeat"]),
    )


# --------------------------------------------------------------------------------------- live cards

_RECOVER = """
UPDATE card SET state = 'unknown', at = :at,
  detail = 'the program stopped while the card was being sent'
WHERE state = 'sending'
"""

_OF_CHANNEL = "SELECT * FROM card WHERE channel = ? ORDER BY id"

_BEGIN = """
INSERT INTO card (channel, game, state, at) VALUES (:channel, :game, 'sending', :at)
ON CONFLICT (channel, game) DO UPDATE SET
  doubtful = max(doubtful, state IN ('unknown', 'sending')), message = NULL, state = 'sending',
  closed = 0, at = excluded.at
RETURNING *
"""

_FINISH = """
UPDATE card SET state = :state, message = :message, detail = :detail, at = :at
WHERE channel = :channel AND game = :game AND state = 'sending'
"""

_CLOSE = """
UPDATE card SET closed = 1, at = :at WHERE channel = :channel AND game = :game AND closed = 0
"""

_BY_ID = "SELECT * FROM card WHERE id = ?"

_OF_ALERTS = """
SELECT card.message FROM alert
JOIN card ON card.game = alert.game AND card.channel = :channel AND card.state = 'shown'
WHERE alert.id = :alert
"""

_EARLIER = """
SELECT snapshot.bet, whole.at, snapshot.win FROM game_snapshot AS whole
JOIN poll ON poll.id = whole.poll
CROSS JOIN snapshot ON snapshot.game_snapshot = whole.id
WHERE whole.game = :game AND poll.at >= :since AND snapshot.win IS NOT NULL
ORDER BY poll.id
"""


@dataclass(frozen=True, slots=True)
class CardRow:
    """A live card on a channel. `message` is the channel's id of it, None unless it is shown.

    `state` is one of `due`, `sending`, `shown`, `unknown` and `refused`. `doubtful` is whether an
    earlier card of the game may stand in the chat, too.
    """

    id: int
    game: str
    state: str
    message: str | None
    doubtful: bool
    closed: bool


class Cards(Subject):
    """The live cards of an open database."""

    @reads
    def of(self, db: Connection, channel: str) -> list[CardRow]:
        """Every card of a channel, oldest first."""
        return [from_row(CardRow, row) for row in db.execute(_OF_CHANNEL, (channel,))]

    @reads
    def find(self, db: Connection, number: int) -> CardRow | None:
        """The card with this id, which its buttons carry, or None."""
        row = db.execute(_BY_ID, (number,)).fetchone()
        return None if row is None else from_row(CardRow, row)

    @writes
    def begin(self, db: Connection, channel: str, game: str, at: datetime) -> CardRow:
        """Mark the card of a game as being sent, whatever became of an earlier one."""
        values = {"channel": channel, "game": game, "at": stamp(at)}
        return from_row(CardRow, db.execute(_BEGIN, values).fetchone())

    @writes
    def finish(
        self,
        db: Connection,
        channel: str,
        game: str,
        outcome: Outcome,
        message: str | None,
        at: datetime,
    ) -> None:
        """Write down the outcome of sending a card; `message` is the channel's id of it."""
        state, detail, _ = _meaning(outcome)
        shown = state is DeliveryState.SENT
        values = {
            "channel": channel,
            "game": game,
            "state": ("unknown" if message is None else "shown") if shown else state.value,
            "message": message if shown else None,
            "detail": detail,
            "at": stamp(at),
        }
        db.execute(_FINISH, values)

    @writes
    def close(self, db: Connection, channel: str, game: str, at: datetime) -> None:
        """Write down that a card shows its last content and changes no more."""
        db.execute(_CLOSE, {"channel": channel, "game": game, "at": stamp(at)})

    async def under(self, channel: str, alert_ids: tuple[int, ...]) -> str | None:
        """The message of the shown card to which the first of these alerts with one belongs."""

        def work(db: Connection) -> str | None:
            for alert in alert_ids:
                row = db.execute(_OF_ALERTS, {"channel": channel, "alert": alert}).fetchone()
                if row is not None:
                    return str(row["message"])
            return None

        return await self._db.read(work, urgent=True)

    @reads
    def chances(
        self, db: Connection, game: str, since: datetime
    ) -> list[tuple[int, datetime, float]]:
        """The win chances of a game's bets from polls at `since` or later: (bet, at, chance)."""
        rows = db.execute(_EARLIER, {"game": game, "since": stamp(since)})
        return [(row["bet"], moment(row["at"]), row["win"]) for row in rows]
