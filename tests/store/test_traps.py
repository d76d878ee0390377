"""Three traps of a shared connection: others' rollbacks, half transactions, lost commits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from tests.store.values import CHANNELS, DEFAULTS, T0, a_book, after, full_change, poll
from tracker.domain.tracking import Change
from tracker.store import Store


class Thwarted(Exception):
    """Raised inside a transaction to make it fail."""


async def test_a_rollback_takes_nothing_of_another_tasks(store: Store) -> None:
    """A confirmed write stays while other tasks' transactions fail around it."""
    began = threading.Event()

    def fail(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO meta (name, value) VALUES ('doomed', 'x')")
        began.set()
        raise Thwarted

    async def failing() -> None:
        for _ in range(50):
            with pytest.raises(Thwarted):
                await store._db.write(fail)

    async def writing() -> None:
        for n in range(50):
            await store.keep_answers({f"source {n}": (T0, "ok")}, {}, {}, T0)

    await asyncio.gather(failing(), writing(), failing())
    assert began.is_set()
    assert len((await store.status_view()).sources) == 50
    rows = await store._db.bare(lambda db: db.execute("SELECT name FROM meta").fetchall())
    assert "doomed" not in {x["name"] for x in rows}


async def test_a_cancelled_task_leaves_no_transaction_open(store: Store) -> None:
    """A transaction whose task is cancelled still ends whole, and the next one can begin."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO meta (name, value) VALUES ('first', 'x')")
        inside.set()
        go_on.wait(5)
        db.execute("INSERT INTO meta (name, value) VALUES ('second', 'x')")

    task = asyncio.create_task(store._db.write(slow))
    await asyncio.to_thread(inside.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await store.keep_answers({"nba": (T0, "ok")}, {}, {}, T0)
    rows = await store._db.bare(lambda db: db.execute("SELECT name FROM meta").fetchall())
    assert {"first", "second"} <= {x["name"] for x in rows}


async def test_a_cancelled_record_is_whole_or_was_never_begun(store: Store) -> None:
    """A poll cancelled at any moment is stored with all its consequences or not at all."""
    tracking = await a_book(store)
    for n in range(40):
        change = full_change(tracking, after(n))
        task = asyncio.create_task(store.record(poll(after(n)), change, CHANNELS))
        for _ in range(n % 4):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    polls = {x["at"] for x in await store.exports.rows("polls")}
    taken = {x["at"] for x in await store.exports.rows("snapshots")}
    assert taken == polls
    assert len(await store.exports.rows("alerts")) == 1 + len(polls)


async def test_the_store_closes_while_it_is_used(path: Path) -> None:
    """Closing waits for running work, and a cancelled close still closes."""
    store = await Store.open(path, now=T0)
    tracking = await a_book(store)
    recording = [
        asyncio.create_task(store.record(poll(after(n)), Change(tracking), ())) for n in range(20)
    ]
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, *recording, return_exceptions=True)
    await store.close()
    async with await Store.open(path, now=T0) as again:
        assert len(await again.exports.rows("polls")) == 20
        assert await again.trackings(DEFAULTS)


async def test_opening_can_be_cancelled(path: Path) -> None:
    """A cancelled opening leaves neither a thread nor a lock behind."""
    before = set(threading.enumerate())
    for rounds in range(6):
        task = asyncio.create_task(Store.open(path, now=T0))
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        [found] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(found, Store):
            await found.close()
    async with await Store.open(path, now=T0) as store:
        assert await store.check() == "ok"
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()
