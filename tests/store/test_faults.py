"""Faults of the environment: full disks, others' locks, rival writers, wrong permissions."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import resource
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.values import CHANNELS, DEFAULTS, T0, a_book, after, full_change, poll
from tracker.domain.tracking import Change
from tracker.store import Store, StoreBroken, StoreBusy, StoreError, StoreUnavailable, database
from tracker.store.database import StoreUnfit, translated


async def test_a_full_disk_loses_nothing_and_the_store_goes_on(store: Store) -> None:
    """A write that does not fit raises; once there is room, the same store writes again."""
    tracking = await a_book(store)

    def limit(db: sqlite3.Connection, pages: int) -> None:
        used = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {used + pages}")

    await store._db.bare(lambda db: limit(db, 0))
    before = await store.exports.hash()
    big = poll(after(1), body=os.urandom(100_000))
    with pytest.raises(StoreUnavailable, match="disk is full"):
        await store.record(big, full_change(tracking, after(1)), CHANNELS)
    assert await store.exports.hash() == before
    await store._db.bare(lambda db: limit(db, 10_000))
    await store.record(big, full_change(tracking, after(1)), CHANNELS)
    assert len(await store.exports.rows("snapshots")) == 1
    assert await store.check() == "ok"


async def test_a_full_disk_hinders_no_reading_until_it_is_written_again(path: Path) -> None:
    """Readers need no file of their own there, and take nothing old for new once there is room.

    Who has it open writes on even where the file is moved away.
    """
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        reader = await Store.open(path, now=T0, readonly=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    async with reader, await Store.open(path, now=T0) as writer:
        assert await reader.bets_view()
        await writer.keep_answers({"nba": (T0, "ok")}, {}, {}, T0)
        assert reader.outdated
        with pytest.raises(StoreUnavailable, match="read it anew"):
            await reader.bets_view()
        os.rename(path, path.with_name("moved.db"))  # noqa: PTH104 - quick, and the last
        assert reader.outdated
        await writer.keep_answers({"nba": (T0, "ok")}, {}, {}, T0)


async def test_a_strangers_lock_is_waited_for_and_then_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When another program holds the database, the write fails and the store stays usable."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    async with await Store.open(path, now=T0) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusy, match="another program"):
                await store.keep_answers({"nba": (T0, "ok")}, {}, {}, T0)
            stranger.execute("ROLLBACK")
        await store.keep_answers({"nba": (T0, "ok")}, {}, {}, T0)


async def test_a_rival_that_does_not_let_go_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer lock is waited for only so long, and never on the event loop."""
    monkeypatch.setattr(database, "WAIT_S", 0.05)
    async with await Store.open(path, now=T0) as store:
        rival = os.open(path.with_name("tracker.db.writer"), os.O_RDWR)
        fcntl.flock(rival, fcntl.LOCK_EX)
        waiting = asyncio.create_task(store.keep_answers({"nba": (T0, "ok")}, {}, {}, T0))
        turns = 0
        while not waiting.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 10
        with pytest.raises(StoreBusy, match="has been writing for"):
            await waiting
        os.close(rival)
        await store.keep_answers({"nba": (T0, "ok")}, {}, {}, T0)


async def test_two_processes_may_write(path: Path) -> None:
    """With `tracker add` beside the daemon, every write of both is stored and the file is sound."""
    async with await Store.open(path, now=T0) as store:
        tracking = await a_book(store)
        command = [sys.executable, "-m", "tests.store.rival", str(path), "40"]
        rival = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
        done = asyncio.create_task(rival.wait())
        count = 0
        while not done.done() or count < 40:
            change = full_change(tracking, after(count))
            await store.record(poll(after(count)), change, CHANNELS)
            count += 1
        assert done.result() == 0
        assert len(await store.bets_view()) == 41
        assert len(await store.exports.rows("polls")) == count
        assert len(await store.exports.rows("snapshots")) == count
        assert await store.check() == "ok"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_damaged_file_is_said_to_be_damaged(path: Path) -> None:
    """Damaged pages raise StoreBroken and never give wrong rows."""
    async with await Store.open(path, now=T0) as store:
        tracking = await a_book(store)
        for n in range(30):
            await store.record(poll(after(n)), full_change(tracking, after(n)), CHANNELS)
    spoil(path)

    async def use() -> None:
        async with await Store.open(path, now=T0) as damaged:
            await damaged.trackings(DEFAULTS)
            await damaged.exports.hash()

    with pytest.raises(StoreBroken, match="damaged"):
        await use()


def spoil(path: Path) -> None:
    """Overwrite every page but the first with random bytes."""
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(bytes(data))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
async def test_a_file_that_may_not_be_written_is_one_sentence(path: Path) -> None:
    """Wrong permissions give one sentence with the path."""
    async with await Store.open(path, now=T0):
        pass
    os.chmod(path, 0o400)  # noqa: PTH101
    with pytest.raises(StoreUnavailable, match=r"permissions|cannot be made"):
        await Store.open(path, now=T0)


def test_a_database_that_cannot_be_opened_is_one_sentence_and_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No thread answers later to an event loop that is closed, which would print a traceback."""
    failed: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    for _ in range(10):
        with pytest.raises(StoreUnavailable, match="cannot be opened; check path and permissions"):
            asyncio.run(Store.open(tmp_path, now=T0))
    assert failed == []


async def test_an_error_of_our_own_is_not_hidden(store: Store) -> None:
    """A breach of the schema is an error of the program and is raised unchanged."""
    tracking = await a_book(store)
    orphan = full_change(tracking, after(1)).confirmations
    with pytest.raises(sqlite3.IntegrityError):
        await store.record(poll(after(1)), Change(tracking, confirmations=orphan), ())
    assert await store.exports.rows("polls") == []


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_IOERR_SHMMAP, StoreUnfit, "cannot hold a database .* [store] path"),
        (sqlite3.SQLITE_IOERR_LOCK, StoreUnfit, "a network share"),
        (sqlite3.SQLITE_IOERR_WRITE, StoreBroken, "the disk answers with an error"),
        (sqlite3.SQLITE_CORRUPT, StoreBroken, "another -wal file .* `tracker restore FILE`"),
        (sqlite3.SQLITE_READONLY, StoreUnavailable, "check its permissions"),
        (sqlite3.SQLITE_FULL, StoreUnavailable, "the disk is full"),
    ],
)
def test_what_sqlite_says_of_a_file_system_is_told_with_what_to_do(
    path: Path, code: int, kind: type[StoreError], words: str
) -> None:
    """The message names the path first, then what a person can do, if anything."""

    def fail() -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = code
        raise error

    with pytest.raises(kind) as caught, translated(path):
        fail()
    assert re.match(
        f"{re.escape(str(path))}: .*{words.replace('[store]', '.store.')}", str(caught.value)
    )


def test_a_file_system_that_turned_read_only_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever error SQLite gives, the message points to the disk."""
    monkeypatch.setattr(database, "read_only", lambda _: True)
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    with pytest.raises(StoreBroken, match="has become read-only"), translated(path):
        raise error
