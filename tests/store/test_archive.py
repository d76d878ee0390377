"""An archive has all that is remembered, and restores it exactly."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import play_night
from tests.conftest import made_once
from tests.store.values import T0
from tracker.domain.alert import Notice
from tracker.domain.policy import Level
from tracker.store import Store
from tracker.store.exporting import BadArchive

DAY = timedelta(days=1)


@pytest.fixture
def played(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """The database of a recorded game that was followed to its end: a copy of the shared one."""
    night = made_once(tmp_path_factory, "night", play_night) / "night.db"
    return Path(shutil.copy(night, tmp_path / "played.db"))


async def text_of(path: Path) -> str:
    """The archive of a database."""
    to = io.StringIO()
    async with await Store.open(path, now=T0, readonly=True) as store:
        await store.exports.write(to)
    return to.getvalue()


async def restored(text: str, path: Path) -> int:
    """Restore an archive into a new database."""
    async with await Store.open(path, now=T0) as store:
        return await store.exports.restore(text.splitlines(keepends=True))


async def test_export_import_export_is_byte_identical(played: Path, tmp_path: Path) -> None:
    """A whole night comes back: bets, rules, polls, snapshots, alerts, deliveries, results."""
    first = await text_of(played)
    copy = tmp_path / "copy.db"
    assert await restored(first, copy) == len(first.splitlines()) - 1
    assert await text_of(copy) == first
    async with (
        await Store.open(played, now=T0, readonly=True) as one,
        await Store.open(copy, now=T0, readonly=True) as other,
    ):
        assert await one.exports.hash() == await other.exports.hash()
        assert await one.bets_view(()) == await other.bets_view(())
        assert await one.trackings(()) == await other.trackings(())


async def test_a_game_of_which_a_poll_gave_two_forecasts_comes_back(
    played: Path, tmp_path: Path
) -> None:
    """An upgrade may have kept both: each bet has its own again."""
    with closing(sqlite3.connect(played)) as db:
        names = [x[1] for x in db.execute("PRAGMA table_info(game_snapshot)")][1:]
        same = ", ".join(names).replace("mu_total", "mu_total + 1")
        add = f"INSERT INTO game_snapshot ({', '.join(names)}) SELECT {same} FROM game_snapshot"  # noqa: S608
        other = db.execute(f"{add} LIMIT 1").lastrowid
        db.execute(
            "INSERT INTO snapshot (game_snapshot, bet, leg, win, push, lose, calibration_id) "
            "SELECT ?, number, 0, .5, 0, .5, 'none' FROM bet LIMIT 1",
            (other,),
        )
        db.commit()
    text = await text_of(played)
    await restored(text, tmp_path / "copy.db")
    assert await text_of(tmp_path / "copy.db") == text


async def test_every_table_is_in_it_but_raw_responses_and_the_daemon(played: Path) -> None:
    """A table that a later schema adds is archived without being named."""
    told = {json.loads(line)[0] for line in (await text_of(played)).splitlines()[1:]}
    with closing(sqlite3.connect(played)) as db:
        names = [
            x
            for (x,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not x.startswith("sqlite_")
        ]
        filled = {
            x
            for x in names
            if db.execute(f'SELECT EXISTS (SELECT 1 FROM "{x}")').fetchone()[0]  # noqa: S608
        }
    assert filled - told <= {"body", "daemon", "pulse", "meta"}
    assert {"bet", "snapshot", "settlement"} <= told


async def test_a_database_with_bets_is_not_mixed_with_another(played: Path) -> None:
    """An archive is not restored into a database with bets, which stays as it is."""
    text = await text_of(played)
    with pytest.raises(BadArchive, match="has worked with this database already"):
        await restored(text, played)
    assert await text_of(played) == text


async def test_a_database_that_a_daemon_has_used_takes_no_archive(
    played: Path, tmp_path: Path
) -> None:
    """A notice of the new daemon has the number of an archived alert, which would be left out."""
    copy = tmp_path / "copy.db"
    async with await Store.open(copy, now=T0) as store:
        notice = Notice("started", 1, T0, "tracker has started", Level.INFO, T0 + DAY)
        assert await store.alerting.notice(notice, ("phone",))
    before = await text_of(copy)
    with pytest.raises(BadArchive, match="its table alert has rows"):
        await restored(await text_of(played), copy)
    assert await text_of(copy) == before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda x: x[: len(x) // 2], "not whole"),
        (lambda x: x.replace("tracker archive", "a letter", 1), "no archive"),
        (lambda x: x.replace('"schema":', '"schema":9', 1), "schema 9"),
        (lambda x: x.replace('["snapshot",', '["snapshots",', 1), "not known here"),
        (lambda x: "\n".join(y for y in x.split("\n") if '["bet",' not in y), "does not fit"),
        (lambda _: "", "no archive"),
    ],
)
async def test_what_cannot_be_restored_changes_nothing(
    played: Path, tmp_path: Path, spoil: object, said: str
) -> None:
    """One sentence says what is wrong and where; no row is left behind."""
    assert callable(spoil)
    copy = tmp_path / "copy.db"
    with pytest.raises(BadArchive, match=said):
        await restored(spoil(await text_of(played)), copy)
    assert len((await text_of(copy)).splitlines()) == 1
