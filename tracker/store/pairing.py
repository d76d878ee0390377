"""Keeps which chat is the person's, who may give commands there, and the code that proves it."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from tracker.store import queries as q
from tracker.store.codec.values import moment, stamp
from tracker.store.database.connection import Database

MOST_MISSES = 5
"""Wrong codes after which the right one is worth nothing any more."""

_OFFSET = "telegram_update"

_LAST = "SELECT * FROM paired ORDER BY at DESC, id DESC LIMIT 1"
_USERS = "SELECT chat, user FROM paired"
_PAIR = """
INSERT INTO paired (chat, user, at, thread) VALUES (:chat, :user, :at, :topic)
ON CONFLICT (chat, user) DO UPDATE SET at = excluded.at, thread = excluded.thread
"""
_MOVE = "UPDATE OR REPLACE paired SET chat = :now, thread = NULL WHERE chat = :was"
_UNPAIR = "DELETE FROM paired"
_CODE = "SELECT * FROM pairing"
_SET_CODE = """
INSERT INTO pairing (one, digest, expires_at) VALUES (1, :digest, :expires_at)
ON CONFLICT (one) DO UPDATE SET
  digest = excluded.digest, expires_at = excluded.expires_at, misses = 0
"""
_DROP_CODE = "DELETE FROM pairing"
_MISS = "UPDATE pairing SET misses = misses + 1"


class Offer(StrEnum):
    """What a code that somebody sent was."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE_WANTED = "none_wanted"


@dataclass(frozen=True, slots=True)
class Paired:
    """Who may command: pairs of chat and user. `chat` is where alerts go, None before any.

    `topic` is the topic of that group that they go to, None for the group itself.
    """

    chat: int | None
    users: frozenset[tuple[int, int]]
    topic: int | None = None


class Pairing:
    """The paired chats of an open database."""

    def __init__(self, database: Database) -> None:
        """Made by the store."""
        self._db = database

    async def known(self) -> Paired:
        """Every chat and user that is paired."""
        return await self._db.read(_known)

    async def expect(self, code: str, expires_at: datetime) -> None:
        """Wait for this code until then; it replaces one that was waited for."""
        values = {"digest": _digest(code), "expires_at": stamp(expires_at)}
        await self._db.write(lambda db: db.execute(_SET_CODE, values))

    async def offer(
        self, code: str, chat: int, user: int, at: datetime, *, topic: int | None = None
    ) -> Offer:
        """Pair a chat and a user when the code is the one that is waited for; it works once.

        `topic` is the topic of the group that it was sent in.
        """

        def work(db: sqlite3.Connection) -> Offer:
            row = db.execute(_CODE).fetchone()
            if row is None or moment(row["expires_at"]) <= at or row["misses"] >= MOST_MISSES:
                return Offer.NONE_WANTED
            if not hmac.compare_digest(row["digest"], _digest(code)):
                db.execute(_MISS)
                return Offer.WRONG
            db.execute(_DROP_CODE)
            db.execute(_PAIR, {"chat": chat, "user": user, "at": stamp(at), "topic": topic})
            return Offer.RIGHT

        return await self._db.write(work)

    async def move(self, was: int, now: int) -> None:
        """Keep a chat under its later number: a group became a supergroup."""
        await self._db.write(lambda db: db.execute(_MOVE, {"was": was, "now": now}))

    async def forget(self) -> int:
        """Part from every chat; returns how many users could command."""

        def work(db: sqlite3.Connection) -> int:
            db.execute(_DROP_CODE)
            return db.execute(_UNPAIR).rowcount

        return await self._db.write(work)

    async def offset(self) -> int | None:
        """The first update that has not been dealt with; None before any."""

        def work(db: sqlite3.Connection) -> int | None:
            row = db.execute(q.META, (_OFFSET,)).fetchone()
            return None if row is None else int(row["value"])

        return await self._db.read(work)

    async def dealt_with(self, update: int) -> None:
        """Write down that this update and all before it have been dealt with."""
        await self._db.write(lambda db: db.execute(q.KEEP_META, (_OFFSET, str(update + 1))))


def paired_in(path: Path) -> Paired:
    """Who is paired in the database at `path`, whatever its schema; nobody where there is none."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as db:
        db.row_factory = sqlite3.Row
        return _known(db)
    return Paired(None, frozenset())


def _known(db: sqlite3.Connection) -> Paired:
    row = db.execute(_LAST).fetchone()
    users = frozenset((x["chat"], x["user"]) for x in db.execute(_USERS))
    if row is None:
        return Paired(None, users)
    # A database that no daemon of this version has opened yet knows no topics.
    topic = row["thread"] if "thread" in row.keys() else None  # noqa: SIM118 - a row is no mapping
    return Paired(row["chat"], users, topic)


def _digest(code: str) -> str:
    """What is kept of a code: case and blanks do not matter."""
    return hashlib.sha256("".join(code.split()).upper().encode()).hexdigest()
