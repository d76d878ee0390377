"""Restoring a back-up, and trying one out: a back-up that was never restored is only a hope."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tracker.app.backups import (
    BETS,
    CREDENTIALS,
    DATABASE,
    MANIFEST,
    MODELS,
    SETTINGS,
    STAMP,
    BadBackup,
    TrackerFiles,
    copy_file,
    manifest_of,
    sets,
    sha256_of,
)
from tracker.domain import TrackerError
from tracker.host import os_trouble, own_as, single_instance
from tracker.settings import Settings, is_of_system_service
from tracker.store import Store
from tracker.store.database import StoreUnavailable, WriterLock
from tracker.store.database.migrate import (
    APPLICATION_ID,
    migrations,
    replace_by,
    rows_in,
    version_of,
)
from tracker.store.upkeep import Backup

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that is full: nothing is wrong with the back-up that was tried."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `moved` is where the old database went; None if there was none.

    `brought` are files that were copied from the back-up, `kept` those that were not because one
    was there. `credentials` names the secrets to bring.
    """

    rows: int
    hash: str
    moved: Path | None
    brought: tuple[Path, ...]
    kept: tuple[Path, ...]
    credentials: tuple[str, ...]


async def drill(place: TrackerFiles, settings: Settings, now: datetime) -> Backup:
    """Restore the newest back-up into a temporary folder, compare it, and record the outcome.

    Raises BadBackup when there is no back-up, when there is no room to try it, or when the restored
    data differ from what was saved.
    """
    there = sets(settings.backup_folder)
    if not there:
        raise BadBackup("there is no back-up yet: `tracker backup --full` makes one")
    # One of a time to come was made while the clock was wrong.
    at = next((x for x in there if x <= now), max(there))
    path = there[at]
    manifest = manifest_of(path)
    why = "ok"
    prefix = f"drill-{now.astimezone(UTC):{STAMP}}-"
    with tempfile.TemporaryDirectory(dir=settings.backup_folder, prefix=prefix) as name:
        home = Path(name)
        trial = TrackerFiles(home / DATABASE, home / SETTINGS, home / BETS)
        try:
            found = await restore(path, trial, now)
            why = _compared(manifest, found)
        except StoreUnavailable as wrong:
            raise BadBackup(f"{path} could not be tried out: {wrong}") from None
        except OSError as wrong:
            why = os_trouble(wrong, settings.backup_folder)
            if wrong.errno in _NO_ROOM:
                # Nothing is wrong with the back-up.
                raise BadBackup(f"{path} could not be tried out: {why}") from None
        except TrackerError as wrong:
            why = str(wrong)
    async with await Store.open(place.database, now=now) as store:
        known = next((x for x in await store.upkeep.backups() if x.path == str(path)), None)
        seen = known or Backup(at, str(path), (path / DATABASE).stat().st_size,
                               str(manifest.get("sha256", "")), 0, now)  # fmt: skip
        seen = replace(seen, drilled_at=now, outcome=why)
        await store.upkeep.keep_backup(seen)
    if why != "ok":
        raise BadBackup(f"{path} did not come back as it was: {why}")
    return seen


def _compared(manifest: Mapping[str, object], found: Restored) -> str:
    if "sha256" not in manifest:
        return f"its {MANIFEST} is gone or cannot be read"
    if manifest.get("schema") != len(migrations()):
        return "ok"  # The restore migrated it to a later schema, so its tables differ.
    if manifest.get("hash") != found.hash or manifest.get("rows") != found.rows:
        return "its rows are not those that were written"
    return "ok"


async def restore(source: Path, place: TrackerFiles, now: datetime) -> Restored:
    """Replace the database by a back-up; the old one is kept beside it with its log.

    `source` is a back-up's folder or a copy of a database. Settings, bets file and models are
    copied where there are none. Raises AlreadyRunning while a daemon runs, and BadBackup for what
    cannot be restored; nothing is changed then.
    """
    file = _database_in(source)
    try:
        place.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as why:
        raise BadBackup(
            f"{place.database} cannot be made ({why.strerror or why}): name another [store] path "
            f"in {place.config}"
        ) from None
    lock = place.database.with_name(place.database.name + ".lock")
    fresh = place.database.with_name(place.database.name + ".restoring")
    with single_instance(lock), contextlib.closing(WriterLock(place.database)) as writer:
        try:
            # The log of an earlier attempt that died would be taken for that of this copy.
            _remove(fresh)
            await asyncio.to_thread(_copy_database, file, fresh)
            rows = _inspect(fresh, file)
            async with await Store.open(fresh, now=now) as store:
                content = await store.exports.hash()
                await store.doubt_waiting()
            _check_log(fresh)
            with writer.held():
                moved = replace_by(fresh, place.database, f"{now.astimezone(UTC):{STAMP}}")
        finally:
            _remove(fresh)
    brought, left = _bring(source, place)
    names = source / CREDENTIALS
    secrets = names.read_text("utf-8").splitlines() if names.is_file() else ()
    return Restored(rows, content, moved, brought, left, tuple(secrets))


def _database_in(source: Path) -> Path:
    """The database in a back-up's folder, or the named file itself.

    Raises BadBackup if it is missing, or is not the file of the folder's manifest.
    """
    file = source / DATABASE if source.is_dir() else source
    if not file.is_file():
        raise BadBackup(f"there is no {file}: `tracker backup --list` lists the back-ups")
    written = manifest_of(source).get("sha256") if source.is_dir() else None
    if written is not None and written != sha256_of(file):
        raise BadBackup(
            f"{file} is not the file that was written: take an older back-up, or restore {file} by "
            "itself if you have changed it"
        )
    return file


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database, and its write-ahead log where there is one."""
    copy_file(source, target)
    log = source.with_name(source.name + "-wal")
    if log.is_file():
        copy_file(log, target.with_name(target.name + "-wal"))


def _inspect(copy: Path, source: Path) -> int:
    """The number of rows in the copy; BadBackup when it is not ours, damaged or too new."""
    damaged = f"{source} is damaged ({{}}): take an older back-up"
    try:
        with contextlib.closing(sqlite3.connect(copy)) as db:
            mark = int(db.execute("PRAGMA application_id").fetchone()[0])
            version = version_of(db)
            if mark != APPLICATION_ID:
                raise BadBackup(f"{source} is no database of tracker: name another file")
            if version > len(migrations()):
                raise BadBackup(
                    f"{source} has schema {version}, written by a later version of tracker (this "
                    f"one knows {len(migrations())}): upgrade tracker, then restore it"
                )
            if (fault := db.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise BadBackup(damaged.format(fault))
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return sum(rows_in(db).values())
    except sqlite3.DatabaseError as why:
        raise BadBackup(damaged.format(why)) from None


def _check_log(fresh: Path) -> None:
    """Raise StoreUnavailable when a database that was closed has rows in its log alone."""
    log = fresh.with_name(fresh.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreUnavailable(f"{fresh} could not be written whole: is the disk full?")


def _remove(fresh: Path) -> None:
    """Delete a copy with its log, its lock and what an upgrade kept of it."""
    for path in [*fresh.parent.iterdir()]:
        if path.name.startswith(fresh.name):
            path.unlink()


def _bring(source: Path, place: TrackerFiles) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Copy the files beside the database where there are none; those copied, and those not."""
    pairs = ((source / SETTINGS, place.config), (source / BETS, place.bets))
    # The service's user, who is not root, reads these files, which hold no secret.
    open_to_all = is_of_system_service(place.config)
    brought, left = [], []
    for origin, target in pairs:
        if not origin.is_file():
            continue
        if target.exists():
            left.append(target)
            continue
        if not target.parent.exists():
            target.parent.mkdir(mode=0o755 if open_to_all else 0o700, parents=True)
            own_as(target.parent, target.parent.parent)
        copy_file(origin, target, 0o644 if open_to_all else 0o600)
        own_as(target, target.parent)
        brought.append(target)
    if (source / MODELS).is_dir():
        if place.models.exists():
            left.append(place.models)
        else:
            shutil.copytree(source / MODELS, place.models)
            own_as(place.models, place.database)
            brought.append(place.models)
    return tuple(brought), tuple(left)
