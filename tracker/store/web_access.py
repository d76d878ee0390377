"""Keeps who may look at the page and ask the API: keys, one-time links, browsers that came in."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.domain.errors import Impossible
from tracker.store.codec.values import moment, moment_or_none, stamp
from tracker.store.database.connection import Database

LINK_LASTS = timedelta(minutes=10)
"""How long a one-time link opens the page."""

BROWSER_LASTS = timedelta(days=30)
"""How long a browser that came in by a link stays in."""

_BYTES = 32
"""Random bytes in what opens: 256 bits, which nobody guesses."""

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
    """What a key opens: looking, changing bets, and asking what-if."""

    READ = "read"
    WRITE = "write"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the API; `revoked_at` is None while it opens."""

    name: str
    scopes: frozenset[KeyScope]
    made_at: datetime
    revoked_at: datetime | None


class WebAccess:
    """The keys, links and browsers of an open database."""

    def __init__(self, database: Database) -> None:
        """Made by the store."""
        self._db = database

    async def add_key(self, name: str, scopes: frozenset[KeyScope], at: datetime) -> str:
        """Make a key and return it: it is shown once and kept as a digest only.

        Raises Impossible for a name that a key has already.
        """
        key = secrets.token_urlsafe(_BYTES)
        values = {
            "name": name,
            "digest": _digest(key),
            "scopes": " ".join(sorted(scopes)),
            "at": stamp(at),
        }

        def work(db: sqlite3.Connection) -> None:
            try:
                db.execute(_ADD_KEY, values)
            except sqlite3.IntegrityError:
                raise Impossible(f"there is a key {name!r} already: choose another name") from None

        await self._db.write(work)
        return key

    async def keys(self) -> list[Key]:
        """Every key that was ever made, oldest first."""
        return await self._db.read(lambda db: [_key(x) for x in db.execute(_KEYS)])

    async def key(self, secret: str) -> Key | None:
        """The key that this text is, while it opens; None for any other text."""
        row = await self._db.read(lambda db: db.execute(_KEY, (_digest(secret),)).fetchone())
        found = None if row is None else _key(row)
        return found if found is not None and found.revoked_at is None else None

    async def revoke(self, name: str, at: datetime) -> bool:
        """Let a key open no more; False when there is none of that name that does."""
        values = {"name": name, "at": stamp(at)}
        return await self._db.write(lambda db: db.execute(_REVOKE, values).rowcount > 0)

    async def make_link(self, at: datetime) -> str:
        """A code that lets one browser in, once, within ten minutes."""
        return await self._db.write(lambda db: _make(db, "link", at, LINK_LASTS))

    async def come_in(self, code: str, at: datetime) -> str | None:
        """Exchange the code of a link for what the browser keeps; None for a code that is none."""

        def work(db: sqlite3.Connection) -> str | None:
            db.execute(_FORGET, {"at": stamp(at - BROWSER_LASTS)})
            if not _opens(db, code, "link", at):
                return None
            db.execute(_END, {"digest": _digest(code), "at": stamp(at)})
            return _make(db, "browser", at, BROWSER_LASTS)

        return await self._db.write(work)

    async def is_in(self, cookie: str, at: datetime) -> bool:
        """Whether a browser that shows this has come in and not been sent away."""
        return await self._db.read(lambda db: _opens(db, cookie, "browser", at))

    async def send_all_away(self, at: datetime) -> int:
        """Let no browser in any more that is in now; how many that were."""
        return await self._db.write(lambda db: db.execute(_END_ALL, {"at": stamp(at)}).rowcount)


def _make(db: sqlite3.Connection, kind: str, at: datetime, lasts: timedelta) -> str:
    made = secrets.token_urlsafe(_BYTES)
    values = {"digest": _digest(made), "kind": kind, "at": stamp(at), "until": stamp(at + lasts)}
    db.execute(_LET_IN, values)
    return made


def _opens(db: sqlite3.Connection, secret: str, kind: str, at: datetime) -> bool:
    row = db.execute(_ADMITTED, (_digest(secret), kind)).fetchone()
    return row is not None and row["ended_at"] is None and at < moment(row["expires_at"])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: sqlite3.Row) -> Key:
    scopes = frozenset(KeyScope(x) for x in row["scopes"].split())
    return Key(row["name"], scopes, moment(row["made_at"]), moment_or_none(row["revoked_at"]))
