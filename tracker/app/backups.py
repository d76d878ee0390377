"""Back-ups: making, keeping, trial restores, and restoring.

A back-up is a folder with the database and what else a new machine needs. It holds no secrets, only
their names, so that a person knows which ones to bring.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker import __version__
from tracker.domain import TrackerError
from tracker.host import os_trouble, own_as, single_instance
from tracker.settings import (
    ODDS_VARIABLE,
    URLS_VARIABLE,
    ConfigError,
    credentials_given,
    find_config,
    is_of_system_service,
    load_secrets,
    parse_settings,
    read_text,
)
from tracker.settings.models import Settings
from tracker.settings.reading import LEFT_OUT
from tracker.store import Store
from tracker.store.database import StoreUnavailable, WriterLock
from tracker.store.database.migrate import (
    APPLICATION_ID,
    migrations,
    replace_by,
    rows_in,
    sync,
    version_of,
)
from tracker.store.upkeep import Backup

LATE_AFTER = timedelta(hours=36)
"""Age of the newest good back-up above which something is wrong: a night was missed."""

DATABASE = "tracker.db"
MANIFEST = "manifest.json"
SETTINGS = "tracker.toml"
BETS = "bets.toml"
CREDENTIALS = "credentials.txt"
_MODELS = "models"
_NAME = re.compile(r"tracker-(\d{8}T\d{6}Z)")
_UNFINISHED = re.compile(r"(?:tracker-(\d{8}T\d{6}Z)\.partial|drill-(\d{8}T\d{6}Z)-.*)")
_AT_WORK = timedelta(hours=1)
"""How long a back-up or a trial of one may be at work; what is older was left by one that died."""

_STAMP = "%Y%m%dT%H%M%SZ"
_NO_ADDRESS = f"https://{LEFT_OUT}.invalid"
"""In place of an address that the settings check, so that they can be restored."""

_LONG = 12
"""Letters from which a secret is no word that the file may hold for another reason."""

_CHUNK = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class BadBackup(TrackerError):
    """A back-up cannot be made or restored; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class TrackerFiles:
    """Where a tracker's files are. `config` and `bets` may be missing."""

    database: Path
    config: Path
    bets: Path

    @classmethod
    def of(cls, settings: Settings, config: Path | None) -> TrackerFiles:
        """The files of the settings in force; `config` is the file that was named, if one was."""
        return cls(settings.store.path, find_config(config), settings.bets.file)

    @classmethod
    def to_restore(
        cls, source: Path, settings: Callable[[], Settings], config: Path | None
    ) -> TrackerFiles:
        """Where a back-up's files go: to the places in the settings that hold after the restore.

        These are the back-up's own settings where there are none yet, also at a place that was
        named. Raises BadBackup when they cannot be used here.
        """
        target, theirs = find_config(config), source / SETTINGS
        if target.exists() or not theirs.is_file():
            return cls.of(settings(), config)
        try:
            found = parse_settings(read_text(theirs), target)
        except ConfigError as why:
            raise BadBackup(
                f"the settings of the back-up cannot be used, {why}: write settings with "
                "`tracker init` first, and restore then"
            ) from None
        return cls(found.store.path, target, found.bets.file)

    @property
    def models(self) -> Path:
        """The folder of the person's own models."""
        return self.database.parent / _MODELS


@dataclass(frozen=True, slots=True)
class Made:
    """A new back-up, and the names of the older ones that were deleted.

    `current` is whether the database has this program's schema.
    """

    backup: Backup
    dropped: tuple[str, ...]
    current: bool


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


# ------------------------------------------------------------------------------------------- making


async def back_up(place: TrackerFiles, settings: Settings, now: datetime) -> Made:
    """Make a back-up in the folder of the settings, record it, and delete those not kept.

    The database is copied over a read-only connection, so that no writer has to wait. One of an
    older schema is copied as it is, and the back-up is recorded nowhere. Raises
    StoreMissing, BadBackup, and OSError when the folder cannot be written.
    """
    folder = settings.backup_folder
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own_as(folder, place.database)
    target = folder / f"tracker-{now.astimezone(UTC):{_STAMP}}"
    _clear(folder, now)
    if target.exists():
        raise BadBackup(f"{target} is there already: wait a second and try again")
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    try:
        copied = await _copy(place, partial / DATABASE, now)
        made = replace(copied.backup, path=str(target))
        _beside(place, settings, partial, replace(copied, backup=made))
        # Whoever runs the daemon prunes it.
        own_as(partial, place.database)
        partial.replace(target)
        sync(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if copied.current:
        async with await Store.open(place.database, now=now) as store:
            await store.upkeep.keep_backup(made)
    dropped = _prune(folder, settings, target)
    return Made(made, dropped, copied.current)


@dataclass(frozen=True, slots=True)
class _Copied:
    """A copy of the database, with its schema version and the hash of its content.

    There is no hash of an older schema, whose tables are others.
    """

    backup: Backup
    schema: int
    content: str | None = None

    @property
    def current(self) -> bool:
        return self.schema == len(migrations())


async def _copy(place: TrackerFiles, to: Path, now: datetime) -> _Copied:
    async with await Store.open(place.database, now=now, readonly=True, older=True) as store:
        await store.back_up(to)
    copied = _described(to, now)
    if not copied.current:
        return copied
    async with await Store.open(to, now=now, readonly=True) as copy:
        return replace(copied, content=await copy.export_hash())


def _described(copy: Path, now: datetime) -> _Copied:
    with contextlib.closing(sqlite3.connect(copy)) as db:
        rows, schema = sum(rows_in(db).values()), version_of(db)
    made = Backup(now, str(copy), copy.stat().st_size, _sha256(copy), rows, now)
    return _Copied(made, schema)


def _beside(place: TrackerFiles, settings: Settings, folder: Path, copied: _Copied) -> None:
    """Write what is not in the database: settings, bets file, models, secrets' names, manifest."""
    names, made = credential_names(settings), copied.backup
    if (text := _masked(place.config, settings)) is not None:
        _write(folder / SETTINGS, text)
    if place.bets.is_file():
        _copy_file(place.bets, folder / BETS)
    if place.models.is_dir():
        shutil.copytree(place.models, folder / _MODELS, ignore=shutil.ignore_patterns("*.tmp"))
    _write(folder / CREDENTIALS, "".join(f"{x}\n" for x in names))
    manifest = {
        "program": __version__,
        "schema": copied.schema,
        "at": made.at.astimezone(UTC).isoformat(),
        "bytes": made.bytes,
        "rows": made.rows,
        "sha256": made.sha256,
        "hash": copied.content,
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")


def credential_names(settings: Settings) -> tuple[str, ...]:
    """The names of the secrets in force, by where they are set; never their values."""
    notify = settings.notify
    given = {
        f"[notify] urls ({len(notify.urls)})": notify.urls,
        f"[notify] urls_file {notify.urls_file}": notify.urls_file,
        "[notify.telegram] token": notify.telegram.token,
        "[notify.discord] webhook": notify.discord.webhook,
        "[notify.ntfy] topic": notify.ntfy.topic,
        "[notify.ntfy] token": notify.ntfy.token,
        "[alerts] heartbeat_url": settings.alerts.heartbeat_url,
        "[odds.the_odds_api] key": settings.odds.the_odds_api.key,
        f"${URLS_VARIABLE}": os.environ.get(URLS_VARIABLE),
        f"${ODDS_VARIABLE}": os.environ.get(ODDS_VARIABLE),
    }
    headers = (
        f"[feeds.{feed}] headers {name}"
        for feed, x in settings.feeds.by_name.items()
        for name in x.secret_headers
    )
    held = (f"credential {x}" for x in credentials_given(os.environ, settings.store.path))
    return (*(name for name, value in given.items() if value), *headers, *held)


def _masked(config: Path, settings: Settings) -> str | None:
    """The configuration without its secrets; None if there is none or a secret would remain.

    A short secret, such as a topic, may be a word of the file too, so only a value that is it is
    replaced. A secret that is written with escapes is not found by its value, so such a file is
    left out whole, as is one that would make no settings again.
    """
    if not config.is_file():
        return None
    text = config.read_text("utf-8-sig")
    beat = settings.alerts.heartbeat_url
    address = "" if beat is None else beat.get_secret_value()
    secrets = sorted(filter(None, load_secrets(settings).values()), key=len, reverse=True)
    for secret in secrets:
        mask, sought = _NO_ADDRESS if secret == address else LEFT_OUT, re.escape(secret)
        text = re.sub(f"([\"']){sought}\\1", f"\\g<1>{mask}\\g<1>", text)
        if len(secret) >= _LONG:
            text = text.replace(secret, mask)
    try:
        parse_settings(text, config)
    except ConfigError:
        return None
    left = set(_strings(tomllib.loads(text)))
    shown = (x in left or (len(x) >= _LONG and any(x in part for part in left)) for x in secrets)
    return None if any(shown) else text


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                yield from _strings(one)
        case list():
            for one in value:
                yield from _strings(one)


# ---------------------------------------------------------------------------------------- retention


def kept(stamps: Iterable[datetime], daily: int, weekly: int) -> frozenset[datetime]:
    """The back-ups to keep: the last one of each of the newest days and of the newest weeks."""
    newest = sorted(stamps, reverse=True)
    days: dict[object, datetime] = {}
    weeks: dict[object, datetime] = {}
    for at in newest:
        days.setdefault(at.date(), at)
        weeks.setdefault(at.isocalendar()[:2], at)
    return frozenset([*days.values()][:daily]) | frozenset([*weeks.values()][:weekly])


def sets(folder: Path) -> dict[datetime, Path]:
    """The back-ups in a folder by their time, newest first; none where it cannot be read."""
    found = {}
    with contextlib.suppress(PermissionError):
        for path in folder.iterdir() if folder.is_dir() else ():
            if (name := _NAME.fullmatch(path.name)) and (path / DATABASE).is_file():
                found[_time_in(name[1])] = path
    return dict(sorted(found.items(), reverse=True))


def _time_in(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def listed(folder: Path, recorded: Sequence[Backup]) -> list[Backup]:
    """The back-ups that were `recorded` and others that are in a folder, newest first.

    A database that is gone, damaged or restored knows none, or not the newest. What has its name
    has passed its check.
    """
    known = {x.path for x in recorded}
    found = [*recorded]
    for at, path in sets(folder).items():
        if str(path) not in known:
            manifest, file = _manifest(path), path / DATABASE
            rows, digest = manifest.get("rows"), str(manifest.get("sha256", ""))
            rows = rows if isinstance(rows, int) else 0
            found.append(Backup(at, str(path), file.stat().st_size, digest, rows, at))
    return sorted(found, key=lambda x: x.at, reverse=True)


def _prune(folder: Path, settings: Settings, made: Path) -> tuple[str, ...]:
    """Delete what need not be kept, but never `made`, whatever the clock says."""
    there = sets(folder)
    stays = kept(there, settings.backup.daily, settings.backup.weekly)
    dropped = [path for at, path in there.items() if at not in stays and path != made]
    for path in dropped:
        shutil.rmtree(path)
    return tuple(x.name for x in dropped)


def _clear(folder: Path, now: datetime) -> None:
    """Remove what a back-up or a trial that was killed has left: a whole copy of the database."""
    for path in [*folder.iterdir()]:
        found = _UNFINISHED.fullmatch(path.name)
        if found and now - _time_in(found[1] or found[2]) > _AT_WORK:
            shutil.rmtree(path, ignore_errors=True)


def newest_sound(made: Iterable[Backup], now: datetime) -> Backup | None:
    """The newest of `made`, which are newest first, that is sound and still there.

    One of a time to come was made while the clock was wrong: it says nothing about today.
    """
    return next((x for x in made if x.outcome == "ok" and x.at <= now and is_there(x)), None)


def is_there(made: Backup) -> bool:
    """Whether the files of a back-up are there and can be seen."""
    with contextlib.suppress(PermissionError):
        return Path(made.path).exists()
    return False


def late(newest: Backup | None, since: datetime | None, now: datetime) -> bool:
    """Whether the newest good back-up is too old.

    Without one, `since` counts instead: when the daemon was started, None when it does not run.
    """
    begun = newest.at if newest is not None else since
    return begun is not None and now - begun > LATE_AFTER


# ---------------------------------------------------------------------------------------- restoring


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
    manifest = _manifest(path)
    why = "ok"
    prefix = f"drill-{now.astimezone(UTC):{_STAMP}}-"
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
                content = await store.export_hash()
            _check_log(fresh)
            with writer.held():
                moved = replace_by(fresh, place.database, f"{now.astimezone(UTC):{_STAMP}}")
        finally:
            _remove(fresh)
    brought, left = _bring(source, place)
    return Restored(rows, content, moved, brought, left, _credentials(source))


def _database_in(source: Path) -> Path:
    """The database in a back-up's folder, or the named file itself.

    Raises BadBackup if it is missing, or is not the file of the folder's manifest.
    """
    file = source / DATABASE if source.is_dir() else source
    if not file.is_file():
        raise BadBackup(f"there is no {file}: `tracker backup --list` lists the back-ups")
    written = _manifest(source).get("sha256") if source.is_dir() else None
    if written is not None and written != _sha256(file):
        raise BadBackup(
            f"{file} is not the file that was written: take an older back-up, or restore {file} by "
            "itself if you have changed it"
        )
    return file


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database, and its write-ahead log where there is one."""
    _copy_file(source, target)
    log = source.with_name(source.name + "-wal")
    if log.is_file():
        _copy_file(log, target.with_name(target.name + "-wal"))


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
        _copy_file(origin, target, 0o644 if open_to_all else 0o600)
        own_as(target, target.parent)
        brought.append(target)
    if (source / _MODELS).is_dir():
        if place.models.exists():
            left.append(place.models)
        else:
            shutil.copytree(source / _MODELS, place.models)
            own_as(place.models, place.database)
            brought.append(place.models)
    return tuple(brought), tuple(left)


def _credentials(source: Path) -> tuple[str, ...]:
    file = source / CREDENTIALS
    return tuple(file.read_text("utf-8").splitlines()) if file.is_file() else ()


def _manifest(folder: Path) -> Mapping[str, object]:
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


# -------------------------------------------------------------------------------------------- files


def _copy_file(source: Path, target: Path, mode: int = 0o600) -> None:
    """Copy and sync."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with source.open("rb") as origin, os.fdopen(descriptor, "wb") as out:
        shutil.copyfileobj(origin, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
