"""Who has access: paired chats with their code, API keys, one-time links and browsers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from sqlite3 import Connection, Row
from urllib.parse import quote

from tracker.domain import Impossible
from tracker.store import queries as q
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import moment, moment_or_none, stamp

MOST_MISSES = 5
"""Wrong codes after which the right one is no longer accepted."""

_OFFSET, _BEGUN = "telegram_update", "telegram_begun"

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
    """The result of offering a code."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE_WANTED = "none_wanted"


@dataclass(frozen=True, slots=True)
class Paired:
    """The pairs of chat and user that may give commands.

    `chat` gets the alerts; None before any pair.

    `topic` is the topic of that group chat to which alerts go; None for the group itself.
    """

    chat: int | None
    users: frozenset[tuple[int, int]]
    topic: int | None = None


class Pairing(Subject):
    """The paired chats of an open database."""

    @reads
    def known(self, db: Connection) -> Paired:
        """All pairs of chat and user."""
        return _known(db)

    @writes
    def expect(self, db: Connection, code: str, expires_at: datetime) -> None:
        """Accept this code until `expires_at`. It replaces an earlier one."""
        values = {"digest": _code_digest(code), "expires_at": stamp(expires_at)}
        db.execute(_SET_CODE, values)

    @writes
    def offer(
        self,
        db: Connection,
        code: str,
        chat: int,
        user: int,
        at: datetime,
        *,
        topic: int | None = None,
    ) -> Offer:
        """Pair a chat and a user if the code is the one that is accepted now. A code works once.

        `topic` is the topic of the group in which it was sent.
        """
        row = db.execute(_CODE).fetchone()
        if row is None or moment(row["expires_at"]) <= at or row["misses"] >= MOST_MISSES:
            return Offer.NONE_WANTED
        if not hmac.compare_digest(row["digest"], _code_digest(code)):
            db.execute(_MISS)
            return Offer.WRONG
        db.execute(_DROP_CODE)
        db.execute(_PAIR, {"chat": chat, "user": user, "at": stamp(at), "topic": topic})
        return Offer.RIGHT

    @writes
    def move(self, db: Connection, was: int, now: int) -> None:
        """Change a chat's number: a group became a supergroup."""
        db.execute(_MOVE, {"was": was, "now": now})

    @writes
    def forget(self, db: Connection) -> int:
        """Unpair every chat. Returns how many users could give commands."""
        db.execute(_DROP_CODE)
        return db.execute(_UNPAIR).rowcount

    @reads
    def offset(self, db: Connection) -> int | None:
        """The number of the first update that has not been handled; None before any."""
        row = db.execute(q.META, (_OFFSET,)).fetchone()
        return None if row is None else int(row["value"])

    @writes
    def begin(self, db: Connection, update: int) -> int:
        """Write down that this update is about to be handled.

        Returns how often that was begun before: without the program's end, never.
        """
        row = db.execute(q.META, (_BEGUN,)).fetchone()
        last, _, times = ("" if row is None else str(row["value"])).partition(" ")
        before = int(times) if last == str(update) else 0
        db.execute(q.KEEP_META, (_BEGUN, f"{update} {before + 1}"))
        return before

    @writes
    def dealt_with(self, db: Connection, update: int) -> None:
        """Write down that this update and all before it have been handled."""
        db.execute(q.KEEP_META, (_OFFSET, str(update + 1)))


def paired_in(path: Path) -> Paired:
    """The pairs in the database at `path`, whatever its schema; none where there is no database."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as db:
        db.row_factory = Row
        return _known(db)
    return Paired(None, frozenset())


def _known(db: Connection) -> Paired:
    row = db.execute(_LAST).fetchone()
    users = frozenset((x["chat"], x["user"]) for x in db.execute(_USERS))
    if row is None:
        return Paired(None, users)
    # A database of an older schema, not upgraded yet, has no column for topics.
    topic = row["thread"] if "thread" in row.keys() else None  # noqa: SIM118 - a row is no mapping
    return Paired(row["chat"], users, topic)


def _code_digest(code: str) -> str:
    """The digest of a code that is stored. Case and blanks do not matter."""
    return hashlib.sha256("".join(code.split()).upper().encode()).hexdigest()


LINK_LASTS = timedelta(minutes=10)
"""How long a one-time link works."""

BROWSER_LASTS = timedelta(days=30)
"""How long a browser that came by a link stays admitted."""

_BYTES = 32
"""Random bytes in keys, links and cookies: 256 bits, which nobody guesses."""

_ADD_KEY = """
INSERT INTO web_key (name, digest, scopes, made_at) VALUES (:name, :digest, :scopes, :at)
"""
_KEYS = "SELECT name, scopes, made_at, revoked_at FROM web_key ORDER BY made_at, name"
_KEY = "SELECT name, scopes, made_at, revoked_at FROM web_key WHERE digest = ?"
_REVOKE = "UPDATE web_key SET revoked_at = :at WHERE name = :name AND revoked_at IS NULL"
_LET_IN = """
INSERT INTO web_pass (digest, kind, made_at, expires_at) VALUES (:digest, :kind, :at, :until)
"""
_ADMITTED = "SELECT expires_at, ended_at FROM web_pass WHERE digest = ? AND kind = ?"
_END = "UPDATE web_pass SET ended_at = :at WHERE digest = :digest AND ended_at IS NULL"
_END_ALL = "UPDATE web_pass SET ended_at = :at WHERE kind = 'browser' AND ended_at IS NULL"
_FORGET = "DELETE FROM web_pass WHERE expires_at < :at"


class KeyScope(StrEnum):
    """What a key permits: reading, changing bets, and asking for what-if prices."""

    READ = "read"
    WRITE = "write"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the API. `revoked_at` is None while it is valid."""

    name: str
    scopes: frozenset[KeyScope]
    made_at: datetime
    revoked_at: datetime | None


class WebAccess(Subject):
    """The keys, links and browsers of an open database."""

    @writes
    def add_key(self, db: Connection, name: str, scopes: frozenset[KeyScope], at: datetime) -> str:
        """Make a key and return it. Only its digest is stored, so it can be shown only now.

        Raises Impossible when the name is taken.
        """
        key = secrets.token_urlsafe(_BYTES)
        values = {
            "name": name,
            "digest": _secret_digest(key),
            "scopes": " ".join(sorted(scopes)),
            "at": stamp(at),
        }
        try:
            db.execute(_ADD_KEY, values)
        except sqlite3.IntegrityError:
            raise Impossible(f"there is a key {name!r} already: choose another name") from None
        return key

    @reads
    def keys(self, db: Connection) -> list[Key]:
        """Every key that was ever made, oldest first."""
        return [_key(x) for x in db.execute(_KEYS)]

    @reads
    def key(self, db: Connection, secret: str) -> Key | None:
        """The valid key with this secret, or None."""
        row = db.execute(_KEY, (_secret_digest(secret),)).fetchone()
        found = None if row is None else _key(row)
        return found if found is not None and found.revoked_at is None else None

    @writes
    def revoke(self, db: Connection, name: str, at: datetime) -> bool:
        """Revoke a key. Returns False when there is no valid key of that name."""
        values = {"name": name, "at": stamp(at)}
        return db.execute(_REVOKE, values).rowcount > 0

    @writes
    def make_link(self, db: Connection, at: datetime) -> str:
        """Make a code that admits one browser once, within ten minutes."""
        return _make(db, "link", at, LINK_LASTS)

    @writes
    def sign_in(self, db: Connection, code: str, at: datetime) -> str | None:
        """Exchange a link's code for the cookie of a browser; None when the code is not valid."""
        db.execute(_FORGET, {"at": stamp(at - BROWSER_LASTS)})
        if not _opens(db, code, "link", at):
            return None
        db.execute(_END, {"digest": _secret_digest(code), "at": stamp(at)})
        return _make(db, "browser", at, BROWSER_LASTS)

    @reads
    def is_signed_in(self, db: Connection, cookie: str, at: datetime) -> bool:
        """Whether this cookie belongs to a browser that is admitted."""
        return _opens(db, cookie, "browser", at)

    @writes
    def send_all_away(self, db: Connection, at: datetime) -> int:
        """End the access of every browser that is admitted. Returns how many were."""
        return db.execute(_END_ALL, {"at": stamp(at)}).rowcount


def _make(db: Connection, kind: str, at: datetime, lasts: timedelta) -> str:
    made = secrets.token_urlsafe(_BYTES)
    values = {
        "digest": _secret_digest(made),
        "kind": kind,
        "at": stamp(at),
        "until": stamp(at + lasts),
    }
    db.execute(_LET_IN, values)
    return made


def _opens(db: Connection, secret: str, kind: str, at: datetime) -> bool:
    row = db.execute(_ADMITTED, (_secret_digest(secret), kind)).fetchone()
    return row is not None and row["ended_at"] is None and at < moment(row["expires_at"])


def _secret_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: Row) -> Key:
    scopes = frozenset(KeyScope(x) for x in row["scopes"].split())
    return Key(row["name"], scopes, moment(row["made_at"]), moment_or_none(row["revoked_at"]))
