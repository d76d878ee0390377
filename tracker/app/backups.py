"""Back-ups: making, listing and keeping them.

A back-up is a folder with the database and what else a new machine needs. It holds no secrets, only
their names, so that a person knows which ones to bring.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker import __version__
from tracker.domain import TrackerError
from tracker.host import own_as
from tracker.settings import (
    ODDS_VARIABLE,
    URLS_VARIABLE,
    ConfigError,
    credentials_given,
    find_config,
    load_secrets,
    parse_settings,
    read_text,
)
from tracker.settings.models import Settings
from tracker.settings.reading import LEFT_OUT
from tracker.store import Store
from tracker.store.database.migrate import migrations, rows_in, sync, version_of
from tracker.store.upkeep import Backup

LATE_AFTER = timedelta(hours=36)
"""Age of the newest good back-up above which something is wrong: a night was missed."""

DATABASE = "tracker.db"
MANIFEST = "manifest.json"
SETTINGS = "tracker.toml"
BETS = "bets.toml"
CREDENTIALS = "credentials.txt"
MODELS = "models"
_NAME = re.compile(r"tracker-(\d{8}T\d{6}Z)")
_UNFINISHED = re.compile(r"(?:tracker-(\d{8}T\d{6}Z)\.partial|drill-(\d{8}T\d{6}Z)-.*)")
_AT_WORK = timedelta(hours=1)
"""How long a back-up or a trial of one may be at work; what is older was left by one that died."""

STAMP = "%Y%m%dT%H%M%SZ"
_NO_ADDRESS = f"https://{LEFT_OUT}.invalid"
"""In place of an address that the settings check, so that they can be restored."""

_LONG = 12
"""Letters from which a secret is no word that the file may hold for another reason."""

_CHUNK = 1 << 20


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
        return self.database.parent / MODELS


@dataclass(frozen=True, slots=True)
class Made:
    """A new back-up, and the names of the older ones that were deleted.

    `current` is whether the database has this program's schema.
    """

    backup: Backup
    dropped: tuple[str, ...]
    current: bool


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
    target = folder / f"tracker-{now.astimezone(UTC):{STAMP}}"
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
    dropped = _prune(folder, settings, target, now)
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
        return replace(copied, content=await copy.exports.hash())


def _described(copy: Path, now: datetime) -> _Copied:
    with contextlib.closing(sqlite3.connect(copy)) as db:
        rows, schema = sum(rows_in(db).values()), version_of(db)
    made = Backup(now, str(copy), copy.stat().st_size, sha256_of(copy), rows, now)
    return _Copied(made, schema)


def _beside(place: TrackerFiles, settings: Settings, folder: Path, copied: _Copied) -> None:
    """Write what is not in the database: settings, bets file, models, secrets' names, manifest."""
    names, made = credential_names(settings), copied.backup
    if (text := _masked(place.config, settings)) is not None:
        _write(folder / SETTINGS, text)
    if place.bets.is_file():
        copy_file(place.bets, folder / BETS)
    if place.models.is_dir():
        shutil.copytree(place.models, folder / MODELS, ignore=shutil.ignore_patterns("*.tmp"))
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
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def listed(folder: Path, recorded: Sequence[Backup]) -> list[Backup]:
    """The back-ups that were `recorded` and others that are in a folder, newest first.

    A database that is gone, damaged or restored knows none, or not the newest. What has its name
    has passed its check.
    """
    known = {x.path for x in recorded}
    found = [*recorded]
    for at, path in sets(folder).items():
        if str(path) not in known:
            manifest, file = manifest_of(path), path / DATABASE
            rows, digest = manifest.get("rows"), str(manifest.get("sha256", ""))
            rows = rows if isinstance(rows, int) else 0
            found.append(Backup(at, str(path), file.stat().st_size, digest, rows, at))
    return sorted(found, key=lambda x: x.at, reverse=True)


def _prune(folder: Path, settings: Settings, made: Path, now: datetime) -> tuple[str, ...]:
    """Delete what need not be kept, but never `made`, whatever the clock says.

    Those of a time to come were made while the clock was wrong: they take no place of the others.
    """
    there = sets(folder)
    both = ([x for x in there if x <= now], [x for x in there if x > now])
    stays = {x for some in both for x in kept(some, settings.backup.daily, settings.backup.weekly)}
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


# -------------------------------------------------------------------------------------------- files


def manifest_of(folder: Path) -> Mapping[str, object]:
    """What a back-up says of itself; empty where that is gone or cannot be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def copy_file(source: Path, target: Path, mode: int = 0o600) -> None:
    """Copy a file, and sync the copy."""
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


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
