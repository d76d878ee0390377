"""The document about storage describes what is in the database."""

from __future__ import annotations

from pathlib import Path

from tracker.store import Store

STORAGE = (Path(__file__).parents[2] / "docs" / "storage.md").read_text("utf-8")


async def test_every_table_is_documented(store: Store) -> None:
    """docs/storage.md explains each table of the database, and no other."""
    tables = await store._db.read(
        lambda db: {x[0] for x in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    )
    section = STORAGE.partition("## The tables")[2].partition("\n## ")[0]
    rows = [x.split("|")[1] for x in section.splitlines() if x.startswith("| `")]
    named = {name.strip(" `") for row in rows for name in row.split(",")}
    assert named == {x for x in tables if not x.startswith("sqlite_")}
