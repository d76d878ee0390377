"""Promises of back-ups: complete, without secrets, kept for a while, tested, and restored."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Cli
from tracker.app.backups import LATE_AFTER, kept, late
from tracker.app.channels import channels_of
from tracker.host import single_instance
from tracker.settings import ConfigError, load_secrets, parse_settings
from tracker.settings.reading import LEFT_OUT
from tracker.store import Store
from tracker.store.database.migrate import APPLICATION_ID, back_up, migrations, version_of
from tracker.store.upkeep import Backup

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
SECRET = "123456:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


def hash_of(database: Path) -> str:
    """The content hash of a database."""

    async def look() -> str:
        async with await Store.open(database, now=NOW, readonly=True) as store:
            return await store.exports.hash()

    return asyncio.run(look())


@pytest.fixture
def made(cli: Cli, night: Path, config: Path) -> Path:
    """A full back-up of a night, of a person with a bot, a bets file and a model."""
    with config.open("a") as file:
        file.write(f'[notify.telegram]\ntoken = "{SECRET}"\n')
        file.write(f'[feeds.wnba.headers]\nX-Proxy-Key = "of-a-proxy {SECRET[::-1]}"\n')
    config.chmod(0o600)
    (config.parent / "bets.toml").write_text("# none\n")
    (night.parent / "models" / "nba").mkdir(parents=True)
    (night.parent / "models" / "nba" / "mine.json").write_text("{}")
    return Path(cli("backup", "--full", "--json").json["path"])


@pytest.mark.parametrize("full", [False, True])
def test_a_database_before_an_upgrade_is_copied_as_it_is_and_restored_upgraded(
    cli: Cli, config: Path, tmp_path: Path, full: bool
) -> None:
    """A back-up of an older schema changes nothing in the database; a restore upgrades it."""
    database, copy = config.parent / "state" / "tracker.db", tmp_path / "copy.bak"
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as db:
        db.executescript(migrations()[0])
        db.execute("INSERT INTO meta (name, value) VALUES ('kept', 'so')")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    ran = cli("backup", "--full") if full else cli("backup", copy)
    assert ran.status == 0, ran.err
    made = next((database.parent / "backups").iterdir()) if full else copy
    for file in (database, made / "tracker.db" if full else made):
        with closing(sqlite3.connect(file)) as db:
            assert version_of(db) == 1
    database.unlink()
    assert cli("restore", made).status == 0
    assert cli("status").status == 0
    with closing(sqlite3.connect(database)) as db:
        assert version_of(db) == len(migrations())
        assert db.execute("SELECT value FROM meta WHERE name = 'kept'").fetchall() == [("so",)]


def test_a_full_backup_holds_all_but_the_secrets(made: Path, night: Path) -> None:
    """A full back-up has database, settings, bets file and models, and only names of secrets."""
    assert hash_of(made / "tracker.db") == hash_of(night)
    assert {x.name for x in made.iterdir()} == {
        "tracker.db", "manifest.json", "tracker.toml", "bets.toml", "models", "credentials.txt",
    }  # fmt: skip
    names = (made / "credentials.txt").read_text().splitlines()
    assert {"[notify.telegram] token", "[feeds.wnba] headers X-Proxy-Key"} <= set(names)
    for secret in (SECRET, SECRET[::-1]):
        assert not [x for x in made.rglob("*") if x.is_file() and secret.encode() in x.read_bytes()]
    assert json.loads((made / "manifest.json").read_text())["hash"] == hash_of(night)
    assert not [x for x in made.iterdir() if x.is_file() and x.stat().st_mode & 0o077]
    assert made.stat().st_mode & 0o077 == 0


def test_what_waited_when_a_back_up_was_made_may_have_been_sent_since(
    cli: Cli, made: Path, night: Path
) -> None:
    """After a restore such a message says that it may be a repeat; what was sent stays sent."""
    copy = made / "tracker.db"
    with closing(sqlite3.connect(copy)) as db:
        db.execute(
            "INSERT INTO delivery (alert, channel, state, due_at, updated_at) "
            "SELECT id, 'phone', iif(id % 2, 'sent', 'due'), at, at FROM alert"
        )
        db.commit()
    assert cli("restore", copy).status == 0
    with closing(sqlite3.connect(night)) as db:
        found = set(db.execute("SELECT state, repeat FROM delivery"))
    assert found == {("due", 1), ("sent", 0)}


def test_settings_come_back_without_any_secret_that_stood_in_them(
    cli: Cli, night: Path, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that another place replaces, or that is also a word of the file, is left out too."""
    creds = tmp_path / "credentials"
    creds.mkdir()
    (creds / "telegram-token").write_text("987654:of-systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(creds))
    (config.parent / "urls").write_text("ntfy://from-the-file\n")
    hidden = ("ntfy://in-the-settings", SECRET, "https://hc-ping.com/of-mine", "a-key-of-mine")
    with config.open("a") as file:
        file.write(
            f"[notify]\nurls = ['{hidden[0]}']\nurls_file = 'urls'\n[notify.ntfy]\n"
            f'topic = "alerts"\n[notify.telegram]\ntoken = "{SECRET}" # {SECRET}\n[alerts]\n'
            f'digest_at = "09:00"\nheartbeat_url = "{hidden[2]}"\n'
            f'[odds.the_odds_api]\nkey = "{hidden[3]}"\n'
        )
    for path in (config, config.parent / "urls"):
        path.chmod(0o600)
    made = Path(cli("backup", "--full", "--json").json["path"])
    text = (made / "tracker.toml").read_text()
    assert not [x for x in (*hidden, '"alerts"') if x in text]
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    monkeypatch.delenv("TRACKER_CONFIG")
    assert cli("restore", made).status == 0
    assert 'digest_at = "09:00"' in Path(cli("config", "path").out.strip()).read_text()
    assert cli("bets", "--json").json


@pytest.mark.parametrize(
    "key", ["ntfy] topic", "ntfy] token", "telegram] token", "discord] webhook"]
)
def test_a_secret_that_is_not_brought_is_asked_for(key: str) -> None:
    """A restored file sends nothing anywhere: its topic's place-holder would be anybody's topic."""
    table, name = key.split("] ")
    topic = 'topic = "mine"\n' if key == "ntfy] token" else ""
    text = f'[notify.{table}]\n{topic}{name} = "{LEFT_OUT}"\n'
    settings = parse_settings(text, Path("/tracker.toml"), {"HOME": "/"})
    with pytest.raises(ConfigError, match=re.escape(f"[notify.{key}: it was left out of the")):
        channels_of(settings, load_secrets(settings, {}))


def test_a_bets_file_that_cannot_be_read_is_backed_up_as_it_is(
    cli: Cli, night: Path, config: Path
) -> None:
    """A letter that is no UTF-8 in the bets file does not cost the night's back-up."""
    (config.parent / "bets.toml").write_bytes(b"# Joki\xe9\n")
    made = Path(cli("backup", "--full", "--json").json["path"])
    assert (made / "bets.toml").read_bytes() == b"# Joki\xe9\n"


def test_what_a_back_up_that_was_killed_has_left_is_removed(cli: Cli, made: Path) -> None:
    """A whole copy of the database for each kill would fill the disk; one at work is let be."""
    now = datetime.now(UTC)
    old, young = (f"{now - timedelta(minutes=x):%Y%m%dT%H%M%SZ}" for x in (180, 10))
    names = [f"tracker-{x}.partial" for x in (old, young)] + [f"drill-{x}-q" for x in (old, young)]
    for name in (*names, "of-mine"):
        (made.parent / name).mkdir()
        (made.parent / name / "tracker.db").write_text("half")
    made.rename(made.with_name(f"tracker-{now - timedelta(days=1):%Y%m%dT%H%M%SZ}"))
    assert cli("backup", "--full").status == 0
    left = {x.name for x in made.parent.iterdir()}
    assert left & {*names, "of-mine"} == {names[1], names[3], "of-mine"}


def test_the_log_of_a_restore_that_died_is_not_taken_for_that_of_the_next(
    cli: Cli, made: Path, night: Path
) -> None:
    """Only what is in the back-up comes back."""
    was = hash_of(night)
    shutil.copy(night, night.with_name("other.db"))
    other = sqlite3.connect(night.with_name("other.db"))
    with closing(other):
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("DELETE FROM delivery")
        other.execute("CREATE TABLE of_another_life (x)")
        other.commit()
        log = night.with_name("other.db-wal")
        shutil.copy(log, night.with_name(f"{night.name}.restoring-wal"))
    assert cli("restore", made).status == 0
    assert hash_of(night) == was
    with closing(sqlite3.connect(night)) as db:
        assert db.execute("SELECT * FROM sqlite_schema WHERE name LIKE 'of_a%'").fetchall() == []


def test_a_drill_is_a_row_and_a_backup_that_was_changed_fails_it(cli: Cli, made: Path) -> None:
    """A drill restores the newest back-up elsewhere, records it, and finds any changed byte."""
    assert "same hash" in cli("backup", "--drill").out
    (row,) = cli("backup", "--list", "--json").json
    assert row["outcome"] == "ok"
    assert row["drilled_at"] is not None
    with closing(sqlite3.connect(made / "tracker.db")) as db:
        db.execute("UPDATE bet SET book = 'another' WHERE number = 1")
        db.commit()
    assert "did not come back" in cli("backup", "--drill").sentence
    assert cli("backup", "--list", "--json").json[0]["outcome"] != "ok"
    doctor = {x["check"]: x["health"] for x in cli("doctor", "--offline", "--json").json}
    assert doctor["backups"] == "bad"
    (made / "manifest.json").rename(made / "manifest")
    assert "manifest.json is gone" in cli("backup", "--drill").sentence
    (made / "manifest").rename(made / "manifest.json")
    assert "not the file that was written" in cli("restore", made).sentence
    assert cli("restore", made / "tracker.db").status == 0


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process can grow beyond 100 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_drill_without_room_says_so_and_nothing_against_the_back_up(cli: Cli, made: Path) -> None:
    """A back-up that could not be tried stays good, and nothing of the trial is left."""
    with no_room():
        assert "could not be tried out" in cli("backup", "--drill").sentence
    (row,) = cli("backup", "--list", "--json").json
    assert (row["outcome"], row["drilled_at"]) == ("ok", None)
    assert [x.name for x in made.parent.iterdir()] == [made.name]


def test_a_back_up_of_a_wrong_clock_hides_no_missing_one(cli: Cli, made: Path, night: Path) -> None:
    """A back-up that is dated next year is neither the newest nor the reason to drop today's."""

    async def keep(at: datetime, path: Path) -> None:
        async with await Store.open(night, now=at) as store:
            await store.upkeep.keep_backup(Backup(at, str(path), 1, "", 1, at))

    ahead = datetime.now(UTC) + timedelta(days=400)
    for day in range(70):
        later = made.with_name(f"tracker-{ahead + timedelta(days=day):%Y%m%dT%H%M%SZ}")
        later.mkdir()
        (later / "tracker.db").write_text("")
    asyncio.run(keep(ahead, made.with_name(f"tracker-{ahead:%Y%m%dT%H%M%SZ}")))
    shutil.rmtree(made)
    doctor = {x["check"]: x["text"] for x in cli("doctor", "--offline", "--json").json}
    assert doctor["backups"].startswith("no back-up yet")
    last_night = made.with_name(f"tracker-{ahead - timedelta(days=401):%Y%m%dT%H%M%SZ}")
    last_night.mkdir()
    (last_night / "tracker.db").write_text("")
    fresh = Path(cli("backup", "--full", "--json").json["path"])
    assert fresh.is_dir()
    assert last_night.is_dir()
    assert len([*made.parent.iterdir()]) <= 2 + 15
    assert cli("backup", "--drill", "--json").json["path"] == str(fresh)


def test_a_copy_without_room_leaves_no_file(tmp_path: Path) -> None:
    """Neither the half copy nor its journal stays where it was to be."""
    with closing(sqlite3.connect(tmp_path / "tracker.db")) as db:
        db.execute("CREATE TABLE body (packed)")
        db.executemany("INSERT INTO body VALUES (?)", [(bytes(20_000),)] * 250)
        db.commit()
        with no_room(), pytest.raises(sqlite3.OperationalError):
            back_up(db, tmp_path / "copy.bak")
    assert [x.name for x in tmp_path.iterdir()] == ["tracker.db"]


@pytest.mark.parametrize("lost", ["gone", "damaged", "restored"])
def test_back_ups_are_listed_without_the_database_that_knew_them(
    lost: str, cli: Cli, made: Path, night: Path
) -> None:
    """The list is wanted most when the database is lost, and a restored one is older than it."""
    match lost:
        case "gone":
            night.unlink()
        case "damaged":
            night.write_bytes(b"no database" * 100)
        case _:
            assert cli("restore", made).status == 0
            doctor = {x["check"]: x["health"] for x in cli("doctor", "--offline", "--json").json}
            assert doctor["backups"] == "good"
    (row,) = cli("backup", "--list", "--json").json
    assert (row["path"], row["outcome"]) == (str(made), "ok")
    assert row["rows"] == json.loads((made / "manifest.json").read_text())["rows"]
    assert cli("restore", made).status == 0


def test_a_folder_of_back_ups_that_may_not_be_read_ends_no_check(
    cli: Cli, made: Path, night: Path, config: Path
) -> None:
    """One of root's, from a command with sudo, is a back-up that is missing, not an error."""
    others = os.geteuid() == 0
    for path in (config, night, *night.parent.glob("tracker.db.*"), night.parent) if others else ():
        os.chown(path, 12345, 12345)
    folder = made.parent
    folder.chmod(0o700 if others else 0)
    above = [x for x in night.parents if others and x.stat().st_uid == 0 and len(x.parts) > 2]
    modes = [x.stat().st_mode for x in above]
    for x in above:
        x.chmod(0o755)
    try:
        if others:
            os.seteuid(12345)
        found = {x["check"]: x["text"] for x in cli("doctor", "--offline", "--json").json}
    finally:
        if others:
            os.seteuid(0)
        for x, mode in zip(above, modes, strict=True):
            x.chmod(mode)
        folder.chmod(0o700)
    assert found["backups"].startswith("no back-up yet"), found


def test_a_restore_brings_back_every_row_and_keeps_the_old_files(
    cli: Cli, made: Path, night: Path
) -> None:
    """A restore brings back every row, keeps the old database, and overwrites no other file."""
    before = hash_of(night)
    assert cli("add", "DEN ML +100").status == 0
    (night.parent / "models" / "nba" / "mine.json").unlink()
    (night.parent / "models" / "nba").rmdir()
    (night.parent / "models").rmdir()
    told = cli("restore", made, "--json").json
    assert told["hash"] == hash_of(night) == before
    assert Path(told["moved"]).is_file()
    assert [Path(x).name for x in told["brought"]] == ["models"]
    assert {Path(x).name for x in told["kept"]} == {"tracker.toml", "bets.toml"}


@pytest.mark.parametrize("store", ["state/tracker.db", "{tmp}/disk/mine.db", None])
def test_a_machine_with_nothing_has_the_bets_that_it_was_given(
    store: str | None,
    cli: Cli,
    made: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A restore puts database and bets file where the back-up's own settings say."""
    before = cli("bets", "--json").json
    text = (made / "tracker.toml").read_text().replace('path = "state/tracker.db"\n', "")
    path = "" if store is None else f'path = "{store.format(tmp=tmp_path)}"\n'
    text = text.replace("[store]\n", f'[bets]\nfile = "mine.toml"\n[store]\n{path}')
    (made / "tracker.toml").write_text(text)
    monkeypatch.delenv("TRACKER_CONFIG")
    assert cli("bets", "--json").json == []
    brought = cli("restore", made, "--json").json["brought"]
    assert cli("bets", "--json").json == before
    assert cli("doctor", "--offline").out.count("mine.toml") == 1
    assert str(home / ".config" / "tracker" / "mine.toml") in brought


@pytest.mark.parametrize("system", [False, True])
def test_a_restore_brings_the_settings_to_the_place_that_was_named(
    cli: Cli, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: bool
) -> None:
    """`--config` may name a file that is not there yet; a system service's user can read it."""
    before = cli("bets", "--json").json
    monkeypatch.delenv("TRACKER_CONFIG")
    if system:
        monkeypatch.setattr("tracker.settings.ETC", tmp_path / "etc")
        text = (made / "tracker.toml").read_text()
        (made / "tracker.toml").write_text(text[: text.index("[notify")])
    named = tmp_path / "etc" / "mine.toml"
    assert str(named) in cli("--config", named, "restore", made, "--json").json["brought"]
    assert cli("--config", named, "bets", "--json").json == before
    for path in (named, named.with_name("bets.toml")):
        assert path.stat().st_mode & 0o777 == (0o644 if system else 0o600)


def test_what_root_makes_belongs_to_the_owner_of_the_database(
    cli: Cli, night: Path, config: Path
) -> None:
    """After commands with sudo, the person or the service's user can still open and prune all."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    (night.parent / "models" / "nba").mkdir(parents=True)
    (night.parent / "models" / "nba" / "mine.json").write_text("{}")
    for path in (night.parent, *night.parent.rglob("*")):
        os.chown(path, 12345, 12345)
    assert cli("backup", "--full").status == 0
    assert cli("backup").status == 0
    shutil.rmtree(night.parent / "models")
    assert cli("restore", next((night.parent / "backups").iterdir())).status == 0
    assert cli("model", "rollback").status == 1
    assert cli("add", "DEN ML +100").status == 0
    assert [x for x in night.parent.rglob("*") if x.stat().st_uid == 0] == []


def test_settings_of_a_back_up_that_cannot_be_used_here_stop_a_restore(
    cli: Cli, made: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unusable settings of a back-up stop its restore with one sentence and write nothing."""
    monkeypatch.delenv("TRACKER_CONFIG")
    sound = (made / "tracker.toml").read_text()
    (made / "tracker.toml").write_text(sound + "[later]\nkey = 1\n")
    assert "`tracker init` first" in cli("restore", made).sentence
    (tmp_path / "a-file").write_text("")
    (made / "tracker.toml").write_text(sound.replace("state/", f"{tmp_path}/a-file/"))
    assert "[store] path" in cli("restore", made).sentence
    assert not list(home.rglob("*.db"))
    assert not list(home.rglob("*.toml"))


def test_a_restore_is_refused_while_a_daemon_runs_and_changes_nothing(
    cli: Cli, made: Path, night: Path
) -> None:
    """A restore is refused while a daemon holds the lock, and names the process to stop."""
    before = night.stat().st_mtime_ns
    with single_instance(night.with_name(night.name + ".lock")):
        ran = cli("restore", made)
    assert ran.status == 3
    assert "stop it first" in ran.sentence
    assert night.stat().st_mtime_ns == before


@pytest.mark.parametrize("bad", ["newer", "damaged", "foreign", "missing"])
def test_what_cannot_be_restored_is_refused_in_a_sentence(
    bad: str, cli: Cli, made: Path, night: Path, tmp_path: Path
) -> None:
    """What cannot be restored is refused in one sentence, and the database stays as it is."""
    before, file = hash_of(night), tmp_path / "copy.db"
    data = (made / "tracker.db").read_bytes()
    file.write_bytes(data)
    expected = {"newer": "later version", "foreign": "no database of tracker",
                "missing": "there is no", "damaged": "damaged"}[bad]  # fmt: skip
    with closing(sqlite3.connect(file)) as db:
        db.execute({"newer": "PRAGMA user_version = 9999", "foreign": "PRAGMA application_id = 5"}
                   .get(bad, "SELECT 1"))  # fmt: skip
        db.commit()
    if bad == "damaged":
        spoilt = bytearray(data)
        for page in range(8, 60):
            spoilt[page * 4096 : page * 4096 + 64] = b"\xff" * 64
        file.write_bytes(bytes(spoilt))
    ran = cli("restore", tmp_path / "none.db" if bad == "missing" else file)
    assert ran.status == 1
    assert expected in ran.sentence
    assert hash_of(night) == before


def test_what_was_moved_aside_can_be_put_back_with_its_log(
    cli: Cli, made: Path, night: Path, tmp_path: Path
) -> None:
    """A database moved aside keeps its log, whose rows the file alone does not have."""
    assert cli("add", "DEN ML +100").status == 0
    with closing(sqlite3.connect(night)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("UPDATE bet SET book = 'in the log' WHERE number = 1")
        db.commit()
        for end in ("", "-wal"):
            (tmp_path / f"old.db{end}").write_bytes(Path(f"{night}{end}").read_bytes())
    cli("restore", made)
    assert cli("restore", tmp_path / "old.db").status == 0
    with closing(sqlite3.connect(night)) as db:
        assert db.execute("SELECT book FROM bet WHERE number = 1").fetchone() == ("in the log",)


_KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from tracker.app.backups import TrackerFiles
from tracker.app.restoring import restore

made, homes = Path(sys.argv[1]), [Path(x) for x in sys.argv[2:]]

def restored(home, left):
    def die(event, args):
        nonlocal left
        if event in ("os.rename", "os.remove") and Path(args[0]).parent == home:
            left -= 1
            if left < 0:
                os._exit(9)

    sys.addaudithook(die)
    place = TrackerFiles(home / "tracker.db", home / "tracker.toml", home / "bets.toml")
    asyncio.run(restore(made, place, datetime(2026, 11, 28, 10, tzinfo=UTC)))
    os._exit(0)

for left, home in enumerate(homes):
    os.fork() or restored(home, left)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""
"""Restores in one folder after the other, each killed before it has renamed or removed a file more
beside its database than the one before; prints how each has ended."""


def test_a_restore_that_is_killed_leaves_the_old_database_or_the_new_one(
    cli: Cli, made: Path, night: Path, tmp_path: Path
) -> None:
    """At whatever instant a restore dies, all rows of the one or of the other are there."""
    new, lives = hash_of(night), set[str]()
    assert cli("add", "DEN ML +100").status == 0
    with closing(sqlite3.connect(night)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("UPDATE bet SET book = 'in the log' WHERE number = 1")
        db.commit()
        was = {x: Path(f"{night}{x}").read_bytes() for x in ("", "-wal")}
    old, homes = hash_of(night), [tmp_path / f"{x}" for x in range(10)]
    assert old != new
    for home in homes:
        home.mkdir()
        for end, content in was.items():
            (home / f"tracker.db{end}").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, made, *homes], check=True, stdout=subprocess.PIPE
    )
    ended = [int(x) for x in done.stdout.split()]
    assert set(ended[:2]) == {9}
    assert ended[-1] == 0
    for home, status in zip(homes, ended, strict=True):
        found = hash_of(home / "tracker.db")
        lives.add(found)
        assert found in ({old, new} if status == 9 else {new})
        kept = [x for x in home.glob("tracker.db.before-*") if x.name.endswith("Z")]
        assert [hash_of(x) for x in kept] == ([] if found == old else [old])
    assert lives == {old, new}


def test_a_database_is_copied_while_another_connection_writes(night: Path, tmp_path: Path) -> None:
    """A copy made during writes is one consistent state, and it blocks no writer."""

    async def both() -> None:
        async with (
            await Store.open(night, now=NOW) as writer,
            await Store.open(night, now=NOW, readonly=True) as reader,
        ):
            copying = asyncio.create_task(reader.back_up(tmp_path / "copy.db"))
            while not copying.done():
                await writer.keep_answers({"nba": (NOW, "ok")}, {}, {}, NOW)
            await copying

    asyncio.run(both())
    assert hash_of(tmp_path / "copy.db") == hash_of(night)


def test_the_last_of_each_day_and_week_is_kept() -> None:
    """Of 100 nights, 7 days are kept, and one back-up of each of 8 weeks."""
    nights = [NOW - timedelta(days=n) for n in range(100)]
    stays = kept(nights, 7, 8)
    assert stays >= set(nights[:7])
    assert len({x.isocalendar()[:2] for x in stays}) == 8
    assert len(stays) <= 15


@given(st.lists(st.integers(0, 4000), max_size=60, unique=True), st.integers(1, 9))
def test_the_newest_is_never_dropped(hours: list[int], daily: int) -> None:
    """Whatever the times of the back-ups, the newest is kept."""
    times = [NOW - timedelta(hours=n) for n in hours]
    stays = kept(times, daily, 0)
    assert stays <= set(times)
    assert not times or max(times) in stays


def test_a_night_left_out_is_late() -> None:
    """A missed night is late by the newest back-up, or without any by the daemon's start."""
    made = Backup(NOW, "", 1, "", 1, NOW)
    assert not late(made, None, NOW + LATE_AFTER)
    assert late(made, None, NOW + LATE_AFTER + timedelta(minutes=1))
    assert not late(None, None, NOW)
    assert late(None, NOW - LATE_AFTER * 2, NOW)
