"""The outbox: which deliveries to try, what came of them, and which came too late.

A delivery is marked `sending` on disk before anything is sent. One that was being sent when the
program died, or whose answer was lost, comes back flagged as a possible repeat.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from tracker.domain.alert import (
    Delivery,
    DeliveryState,
    Failed,
    Outcome,
    Reason,
    Refused,
    Sent,
    Unknown,
)
from tracker.domain.policy import Level
from tracker.store import alert_queries as q
from tracker.store.codec.values import moment, moment_or_none, stamp

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far in the future an alert may lie at a start without the clock having been set back."""


def recover(db: sqlite3.Connection, at: datetime) -> int:
    """After a start: what was being sent may have arrived. Returns how many deliveries that is."""
    found = db.execute(q.RECOVER, {"at": stamp(at)}).rowcount
    db.execute(q.RECOVER_DIGESTS)
    # What is of the future was decided before the clock was set back: nobody knows how old it is.
    for row in db.execute(q.PENDING).fetchall():
        if _decided(row) > at + CLOCK_TOLERANCE:
            db.execute(q.OUT_OF_TIME, {**_key(row), "at": stamp(at)})
    return found


def shift(db: sqlite3.Connection, channel: str, seconds: float) -> None:
    """Take it that the wall clock was set forward by so many seconds, or back.

    What waits on a channel goes on waiting as long as it was to, and keeps its age. What is held
    until a time of day (`expired`, and not told) keeps that time.
    """
    step = timedelta(seconds=seconds)
    for row in db.execute(q.WAITING, {"channel": channel}).fetchall():
        over = row["state"] == DeliveryState.EXPIRED.value
        expires = moment_or_none(row["expires_at"])
        values = {
            "due_at": row["due_at"] if over else stamp(moment(row["due_at"]) + step),
            "expires_at": None if expires is None else stamp(expires + step),
            "clock_step": row["clock_step"] + seconds,
        }
        db.execute(q.SHIFT, {**_key(row), **values})


def _key(row: sqlite3.Row) -> dict[str, object]:
    return {"alert": row["alert"], "channel": row["channel"]}


def _decided(row: sqlite3.Row) -> datetime:
    """When an alert was decided, by the clock as it is now."""
    return moment(row["at"]) + timedelta(seconds=row["clock_step"])


def claim(db: sqlite3.Connection, channel: str, at: datetime, limit: int) -> list[Delivery]:
    """Take up to `limit` deliveries of a channel that are due, marking them as being sent."""
    values = {"channel": channel, "at": stamp(at), "limit": limit}
    rows = db.execute(q.CLAIMABLE, values).fetchall()
    db.executemany(q.CLAIM, (values | {"alert": row["alert"]} for row in rows))
    return [_delivery(row, attempts=row["attempts"] + 1) for row in rows]


def finish(
    db: sqlite3.Connection,
    key: tuple[int, str],
    outcome: Outcome,
    at: datetime,
    due_at: datetime | None,
) -> DeliveryState:
    """Write down what came of sending (alert id, channel). Returns the state that it is in.

    `due_at` is when to try again; without it that is after the channel's own `retry_after`, else
    at once. A delivery that is not being sent stays as it is.
    """
    alert, channel = key
    state, why, wait = _meaning(outcome)
    again = due_at if due_at is not None else at + timedelta(seconds=wait)
    values = {
        "alert": alert,
        "channel": channel,
        "state": state.value,
        "detail": why,
        "repeat": state is DeliveryState.UNKNOWN,
        "due_at": None if state.over else stamp(again),
        "at": stamp(at),
    }
    db.execute(q.FINISH, values)
    row = db.execute(q.DELIVERY_STATE, (alert, channel)).fetchone()
    if row is None:
        raise ValueError(f"alert {alert} was never to go through {channel}")
    return DeliveryState(row["state"])


def expire(db: sqlite3.Connection, at: datetime, channel: str | None) -> list[Delivery]:
    """End the deliveries that are too late to be useful; return those to be told in a digest.

    What was held back until this time is among them. They are marked as being told. Any that an
    earlier digest may not have told come again after
    `recover`, flagged as possible repeats.
    """
    db.execute(q.EXPIRE, {"at": stamp(at), "channel": channel})
    rows = db.execute(q.UNTOLD, {"at": stamp(at), "channel": channel}).fetchall()
    db.executemany(q.TELLING, ((row["alert"], row["channel"]) for row in rows))
    return [_delivery(row, attempts=row["attempts"]) for row in rows]


def told(db: sqlite3.Connection, expired: Iterable[Delivery], outcome: Outcome) -> None:
    """Write down what came of the digest of these: not told for certain, they come again."""
    match outcome:
        case Sent() | Refused():
            word, repeat = "sent", 0
        case Failed():
            word, repeat = "due", 0
        case Unknown():
            word, repeat = "unknown", 1
        case _:
            assert_never(outcome)
    db.executemany(q.TELL, ((word, repeat, x.alert_id, x.channel) for x in expired))


def next_due(db: sqlite3.Connection, channel: str) -> datetime | None:
    """When a channel next has something to send or to expire; None when it has nothing."""
    return moment_or_none(db.execute(q.NEXT_DUE, {"channel": channel}).fetchone()[0])


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


def _delivery(row: sqlite3.Row, attempts: int) -> Delivery:
    return Delivery(
        alert_id=row["alert"],
        channel=row["channel"],
        text=row["text"],
        level=Level(row["level"]),
        created_at=_decided(row),
        expires_at=moment_or_none(row["expires_at"]),
        attempts=attempts,
        possible_repeat=bool(row["repeat"]),
        bet=row["bet"],
        rule=row["rule"],
        episode=row["episode"],
        game=row["game"],
        reason=Reason(row["reason"]),
    )
