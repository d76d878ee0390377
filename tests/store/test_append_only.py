"""The database itself keeps history as it was written."""

from __future__ import annotations

import sqlite3

import pytest

from tests.store.values import CHANNELS, T0, a_book, after, full_change, give, poll
from tracker.domain.bet import Result
from tracker.domain.tracking import Change, Review
from tracker.store import Store

HISTORY = (
    "poll", "game_snapshot", "snapshot", "alert", "settlement", "confirmation", "review", "audit",
)  # fmt: skip


async def filled(store: Store) -> None:
    """A store with a row in every table of history."""
    tracking = await a_book(store, "DEN -4.5", "DEN ML")
    await store.record(poll(after(1)), full_change(tracking, after(1)), CHANNELS)
    review = Review(2, after(2), "for a person to decide")
    await store.record(poll(after(2)), Change(tracking, reviews=(review,)), ())
    await give(store, 1, Result.VOID, 2000, after(3))


async def rows_of(store: Store, table: str) -> list[dict[str, object]]:
    """All rows of a table."""
    query = f"SELECT * FROM {table}"  # noqa: S608 - a name of our own
    return await store._db.bare(lambda db: [dict(x) for x in db.execute(query)])


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET at = 'x'"])
async def test_history_cannot_be_changed(store: Store, table: str, verb: str) -> None:
    """Every UPDATE and DELETE on a table of history is refused."""
    await filled(store)
    statement = verb.format(table)
    other = {"settlement": "settled_at", "snapshot": "calibration_id"}
    statement = statement.replace("SET at", f"SET {other.get(table, 'at')}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await store._db.write(lambda db: db.execute(statement))


@pytest.mark.parametrize("table", HISTORY)
async def test_history_cannot_be_replaced(store: Store, table: str) -> None:
    """INSERT OR REPLACE leaves the old row."""
    await filled(store)
    before = await rows_of(store, table)
    forged = {
        k: "forged" if k in ("reason", "why", "game_clock", "what", "calibration_id") else v
        for k, v in before[0].items()
    }
    forged |= {"at": "forged"} if table == "confirmation" else {}
    names, marks = ", ".join(forged), ", ".join(f":{x}" for x in forged)
    replace = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    await store._db.write(lambda db: db.execute(replace, forged))
    assert forged != before[0]
    assert await rows_of(store, table) == before


async def test_a_body_may_be_dropped_but_not_changed(store: Store) -> None:
    """Bodies can be deleted but never rewritten."""
    await filled(store)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        await store._db.write(lambda db: db.execute("UPDATE body SET size = 0"))
    assert await store.upkeep.prune(after(60)) == 2
    assert len(await store.exports.rows("polls")) == 2
    assert [x async for x in store.upkeep.bodies(None, T0, after(60))] == []
