"""Keeps decisions with their deliveries, what the program says of itself, and snoozes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from tracker.domain.alert import Alert, Decision, DeliveryState, Notice, Reason
from tracker.domain.policy import Scope, Snooze, Told
from tracker.store import alert_queries as q
from tracker.store.codec.values import moment, stamp, stamp_or_none
from tracker.store.database.connection import Database


class Alerting:
    """What the program said and held back, and the snoozes, of an open database."""

    def __init__(self, database: Database) -> None:
        """Made by the store."""
        self._db = database

    async def notice(self, notice: Notice, channels: Sequence[str]) -> bool:
        """Queue what the program says of itself for these channels; False when it was there."""
        return await self._db.write(lambda db: _keep_notice(db, notice, channels))

    async def last_notice(self, kinds: Sequence[str]) -> tuple[str, datetime] | None:
        """The last of some kinds of things that the program said of itself, and when."""
        return await self._db.read(lambda db: _last_notice(db, kinds))

    async def settled_since(self, since: datetime) -> list[int]:
        """The bets that got a result from a time on, by number."""
        return await self._db.read(lambda db: _settled_since(db, since))

    async def told_since(self, since: datetime) -> tuple[Told, ...]:
        """The messages about games after a time, oldest first."""
        return await self._db.read(lambda db: _told_since(db, since))

    async def decisions_since(self, since: datetime) -> dict[tuple[str, str], int]:
        """How many decisions there were from a time on, by (decision, reason)."""
        return await self._db.read(lambda db: _decisions_since(db, since))

    async def snooze(self, wanted: Snooze) -> Snooze:
        """Keep a snooze, in place of an earlier one of the same."""
        return await self._db.write(lambda db: _snooze(db, wanted))

    async def snoozes(self, at: datetime) -> tuple[Snooze, ...]:
        """The snoozes that are not over or lifted, the first to end first."""
        return await self._db.read(lambda db: _snoozes(db, at))

    async def lift_snooze(self, scope: Scope | None, target: str, at: datetime) -> int:
        """End the snoozes of a target before their time, or with None all; returns how many."""
        return await self._db.write(lambda db: _lift(db, scope, target, at))


def keep_alert(
    db: sqlite3.Connection, x: Alert, game: str, poll: int, leg: int, channels: Sequence[str]
) -> None:
    """Add a decision, and a delivery for each channel where there is something to say.

    What fired leaves as soon as it is due. What is held with a time waits in a digest.
    """
    at = stamp(x.at)
    added = db.execute(
        q.ADD_ALERT,
        {
            "bet": x.bet,
            "leg": leg,
            "game": game,
            "rule": x.rule,
            "episode": x.episode,
            "at": at,
            "decision": x.decision.value,
            "reason": x.reason.value,
            "level": x.level.value,
            "game_clock": x.game_clock,
            "home": x.score.home,
            "away": x.score.away,
            "p": x.p,
            "was": x.was,
            "detail": x.detail,
            "text": x.text,
            "expires_at": stamp_or_none(x.expires_at),
            "poll": poll,
        },
    )
    if added.rowcount == 1 and x.told:
        _queue(db, added.lastrowid, x, channels)


def _keep_notice(db: sqlite3.Connection, x: Notice, channels: Sequence[str]) -> bool:
    added = db.execute(
        q.ADD_ALERT,
        {
            "bet": None,
            "leg": 0,
            "game": None,
            "rule": x.kind,
            "episode": x.episode,
            "at": stamp(x.at),
            "decision": Decision.FIRED.value,
            "reason": (Reason.HAPPENED if x.due_at is None else Reason.QUIET).value,
            "level": x.level.value,
            "game_clock": "",
            "home": 0,
            "away": 0,
            "p": None,
            "was": None,
            "detail": "",
            "text": x.text,
            "expires_at": stamp_or_none(x.expires_at),
            "poll": None,
        },
    )
    if added.rowcount != 1:
        return False
    _queue(db, added.lastrowid, x, channels)
    return True


def _queue(
    db: sqlite3.Connection, alert: int | None, x: Alert | Notice, channels: Sequence[str]
) -> None:
    """Add the deliveries; what is not to be told at once but has a time is for a digest."""
    held = isinstance(x, Alert) and x.decision is Decision.HELD
    held = held or (isinstance(x, Notice) and x.due_at is not None)
    values = {
        "alert": alert,
        "state": (DeliveryState.EXPIRED if held else DeliveryState.DUE).value,
        "told": "due" if held else None,
        "due_at": stamp(x.due_at or x.at),
        "expires_at": stamp_or_none(x.expires_at),
        "at": stamp(x.at),
    }
    db.executemany(q.ADD_DELIVERY, (values | {"channel": x} for x in channels))


def _told_since(db: sqlite3.Connection, since: datetime) -> tuple[Told, ...]:
    return tuple(
        Told(x["game"], moment(x["at"])) for x in db.execute(q.TOLD_SINCE, (stamp(since),))
    )


def _last_notice(db: sqlite3.Connection, kinds: Sequence[str]) -> tuple[str, datetime] | None:
    row = db.execute(q.LAST_NOTICE, (json.dumps(list(kinds)),)).fetchone()
    return None if row is None else (row["rule"], moment(row["at"]))


def _settled_since(db: sqlite3.Connection, since: datetime) -> list[int]:
    return [x["bet"] for x in db.execute(q.SETTLED_SINCE, (stamp(since),))]


def _snooze(db: sqlite3.Connection, wanted: Snooze) -> Snooze:
    """Keep a snooze; what was asked of the same before is lifted."""
    _lift(db, wanted.scope, wanted.target, wanted.since)
    added = db.execute(
        q.ADD_SNOOZE,
        (wanted.scope.value, wanted.target, stamp(wanted.since), stamp(wanted.until)),
    )
    return Snooze(wanted.scope, wanted.target, wanted.since, wanted.until, added.lastrowid or 0)


def _snoozes(db: sqlite3.Connection, at: datetime) -> tuple[Snooze, ...]:
    return tuple(
        Snooze(Scope(x["scope"]), x["target"], moment(x["since"]), moment(x["until"]), x["id"])
        for x in db.execute(q.SNOOZES, {"at": stamp(at)})
    )


def _lift(db: sqlite3.Connection, scope: Scope | None, target: str, at: datetime) -> int:
    values = {"at": stamp(at), "scope": scope, "target": target}
    return db.execute(q.LIFT_SNOOZE, values).rowcount


def _decisions_since(db: sqlite3.Connection, since: datetime) -> dict[tuple[str, str], int]:
    rows = db.execute(q.DECISIONS_SINCE, (stamp(since),))
    return {(x["decision"], x["reason"]): x["n"] for x in rows}
