"""Promises of the stored counts of requests, by which a person sees whether a budget is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker.domain.poll import Usage
from tracker.store import Store

AT = datetime(2026, 1, 30, 1, 0, tzinfo=UTC)


async def test_counts_are_kept_over_those_of_before(tmp_path: Path) -> None:
    """There are none at first; then the last ones with their time."""
    one = Usage("cdn.nba.com", 120, 7, 5, 6, 7, 90_000, (("blocked", 1), ("down", 1)))
    two = Usage("cdn.nba.com", 120, 9, 7, 6, 7, 99_000, (("blocked", 1), ("down", 1)))
    assert one.failed == 2
    async with await Store.open(tmp_path / "t.db", now=AT) as store:
        assert await store.monitoring.usage() is None
        await store.keep_answers({}, {}, {"nba": one}, AT)
        await store.keep_answers({}, {}, {"nba": two}, AT + timedelta(seconds=30))
    async with await Store.open(tmp_path / "t.db", now=AT, readonly=True) as store:
        assert await store.monitoring.usage() == (AT + timedelta(seconds=30), {"nba": two}, None)
