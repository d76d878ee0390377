"""Opening a database: what is created, what is upgraded, and what is refused."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.values import DEFAULTS, GAME, T0, a_book, draft
from tracker.store import (
    Store,
    StoreBroken,
    StoreMissing,
    StoreTooNew,
    StoreTooOld,
    StoreUnavailable,
)
from tracker.store.database import migrate as steps
from tracker.store.database.migrate import (
    APPLICATION_ID,
    migrations,
    prepare,
    require_current,
    version_of,
)


def content(path: Path) -> bytes:
    """The content of a file."""
    return path.read_bytes()


async def test_a_database_that_is_being_made_is_none_yet(tmp_path: Path) -> None:
    """A reader finds no database until the schema is complete, never an old or partial one."""
    path = tmp_path / "t.db"
    path.touch()
    with pytest.raises(StoreMissing):
        await Store.open(path, now=T0, readonly=True)
    seen: set[int] = set()
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(path)) as reader:

        def look() -> int:
            seen.add(version_of(reader))
            return 0

        db.set_progress_handler(look, 20)
        prepare(db, path, T0)
        look()
    assert seen == {0, len(migrations())}


async def test_what_is_made_is_private(path: Path) -> None:
    """The folder has mode 0700 and the files 0600."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        files = {x.name: stat.S_IMODE(x.stat().st_mode) for x in path.parent.iterdir()}
    assert set(files) == {"tracker.db", "tracker.db-wal", "tracker.db-shm", "tracker.db.writer"}
    assert set(files.values()) == {0o600}


async def test_the_settings_that_keep_data_safe_are_on(store: Store) -> None:
    """Write-ahead log, a sync at each commit, foreign keys, no memory map."""

    def ask(db: sqlite3.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "busy_timeout")
        return {x: (db.execute(f"PRAGMA {x}").fetchone() or ["none"])[0] for x in names}

    assert await store._db.bare(ask) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "mmap_size": 0,
        "busy_timeout": 5000,
    }


async def test_every_table_is_strict(store: Store) -> None:
    """The database itself refuses values of a wrong type."""
    rows = await store._db.bare(lambda db: db.execute("PRAGMA table_list").fetchall())
    loose = [x["name"] for x in rows if not x["strict"] and not x["name"].startswith("sqlite_")]
    assert loose == []


async def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    """A database of a later version is refused with one sentence, for reading and writing."""
    async with await Store.open(path, now=T0):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    before = content(path)
    for readonly in (False, True):
        with pytest.raises(StoreTooNew, match=r"schema 99.*upgrade tracker"):
            await Store.open(path, now=T0, readonly=readonly)
    assert content(path) == before


async def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A database of another program is never written."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreBroken, match="some other program"):
        await Store.open(path, now=T0)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file that is no database is refused and stays as it is."""
    path = tmp_path / "rubbish.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreBroken, match="damaged"):
        await Store.open(path, now=T0)
    assert path.read_bytes() == b"not a database at all" * 100


async def test_a_reader_says_that_there_is_nothing_yet(path: Path) -> None:
    """A reader creates neither folder nor file."""
    with pytest.raises(StoreMissing, match="no database yet"):
        await Store.open(path, now=T0, readonly=True)
    assert not path.parent.exists()


async def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A path through a file is refused with the path and the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="a file stands where"):
        await Store.open(tmp_path / "file" / "tracker.db", now=T0)


async def test_a_reader_cannot_write(path: Path) -> None:
    """A store opened for reading refuses every change."""
    async with await Store.open(path, now=T0):
        pass
    async with await Store.open(path, now=T0, readonly=True) as store:
        assert await store.bets_view() == []
        with pytest.raises(StoreUnavailable, match="reading only"):
            await store.add(draft(), game=GAME, defaults=DEFAULTS, at=T0)


async def test_a_reader_beside_a_writer_sees_what_is_committed(path: Path) -> None:
    """`tracker bets` shows what the running daemon has written."""
    async with (
        await Store.open(path, now=T0) as writer,
        await Store.open(path, now=T0, readonly=True) as reader,
    ):
        version = await reader.data_version()
        await a_book(writer)
        assert [x.number for x in await reader.bets_view()] == [1]
        assert await reader.data_version() != version
        own = await writer.data_version()
        await writer.keep_answers({"nba": (T0, "ok")}, {}, {}, T0)
        assert await writer.data_version() == own


async def test_a_reader_goes_on_seeing_what_others_write(path: Path) -> None:
    """A reader sees later writes, even after this process wrote and another one came and went.

    Otherwise a page that was open during a restart of the daemon would show old data for ever.
    """
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
    write = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
        "db.execute('UPDATE bet SET book = ?', (sys.argv[2],)); db.commit(); db.close()"
    )
    async with await Store.open(path, now=T0, readonly=True) as reader:
        await reader.bets_view()
        async with await Store.open(path, now=T0) as store:
            await store.keep_note("note", "by this process")
        for book in ("FanDuel", "DraftKings"):
            await asyncio.to_thread(
                subprocess.run, [sys.executable, "-c", write, str(path), book], check=True
            )
            assert {x.draft.book for x in await reader.bets_view()} == {book}


async def test_a_reader_sees_what_a_killed_writer_committed(path: Path, tmp_path: Path) -> None:
    """The files of a killed daemon can be read as they are, with or without the log's index."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
        for index, names in enumerate((("db", "db-wal", "db-shm"), ("db", "db-wal"))):
            left = tmp_path / str(index) / "tracker.db"
            left.parent.mkdir()
            for name in names:
                shutil.copy(path.with_name(f"tracker.{name}"), left.with_name(f"tracker.{name}"))
            async with await Store.open(left, now=T0, readonly=True) as reader:
                assert len(await reader.bets_view()) == 1


async def test_an_older_database_is_backed_up_and_brought_up_to_date(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade keeps the rows, and leaves a checked copy of the database before it."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
    longer = (*migrations(), "ALTER TABLE bet ADD COLUMN extra TEXT;")
    monkeypatch.setattr(steps, "migrations", lambda: longer)
    with pytest.raises(StoreTooOld, match="start the daemon of this program"):
        await Store.open(path, now=T0, readonly=True)
    async with await Store.open(path, now=T0) as store:
        assert (await store.status_view()).schema == len(longer)
        assert [x.draft.pick.text for x in await store.bets_view()] == ["DEN -4.5 -110 $20"]
    [copy] = path.parent.glob("*.bak")
    known = len(longer) - 1
    assert copy.name == f"tracker.db.schema{known}-20261121T030000Z.bak"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (known,)
        assert db.execute("SELECT count(*) FROM bet").fetchone() == (1,)


async def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is one transaction with its version; tried again, it keeps one copy, not more."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
    broken = (
        *migrations(),
        "ALTER TABLE bet ADD COLUMN extra TEXT; INSERT INTO nowhere VALUES (1);",
    )
    with monkeypatch.context() as patched:
        patched.setattr(steps, "migrations", lambda: broken)
        for second in range(3):
            with pytest.raises(sqlite3.OperationalError, match="nowhere"):
                await Store.open(path, now=T0 + timedelta(seconds=second))
        assert len([*path.parent.glob("*.bak")]) == 1
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE bet SET name = 'another'")
            db.commit()
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            await Store.open(path, now=T0 + timedelta(minutes=1))
        assert len([*path.parent.glob("*.bak")]) == 2
    async with await Store.open(path, now=T0) as store:
        assert len(await store.bets_view()) == 1
        columns = await store._db.bare(lambda db: db.execute("PRAGMA table_info(bet)").fetchall())
        assert "extra" not in {x["name"] for x in columns}


def test_a_database_of_ours_is_known_by_its_mark(path: Path) -> None:
    """An empty file may become ours; a file with our mark and version is ours."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(migrations())}")
        require_current(db, path)


async def test_closing_twice_or_after_cancellation_is_safe(path: Path) -> None:
    """`close` never hangs, and a closed store refuses work with one sentence."""
    store = await Store.open(path, now=T0)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.bets_view()


async def test_closing_empties_the_write_ahead_log(path: Path) -> None:
    """After the last close, one file has everything."""
    async with await Store.open(path, now=T0) as store:
        await a_book(store)
    assert {x.name for x in path.parent.iterdir()} == {"tracker.db", "tracker.db.writer"}


async def test_a_backup_can_be_opened(store: Store, path: Path) -> None:
    """A back-up opens like any other store."""
    await a_book(store)
    target = path.with_name("copy.db")
    await store.back_up(target)
    async with await Store.open(target, now=T0, readonly=True) as copy:
        assert await copy.exports.hash() == await store.exports.hash()
        assert await copy.check() == "ok"
