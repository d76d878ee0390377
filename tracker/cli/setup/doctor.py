"""`tracker doctor`: checks configuration, files, database, feeds, channels and service."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from tracker.app.health import STUCK_S, unpolled
from tracker.app.views import part
from tracker.cli import CommandEnded, Scope, Session, guests, run_async, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.screen import paint, progress, say, say_json
from tracker.clock import SystemClock
from tracker.domain import TrackerError
from tracker.domain.bet import Status
from tracker.domain.league import LEAGUES, NBA
from tracker.domain.money import plural, several
from tracker.host import NoLocks, os_trouble, running_instance
from tracker.settings import Settings, find_config, load_secrets, service_folder
from tracker.store import StoreError, StoreMissing
from tracker.store.access import paired_in
from tracker.store.upkeep import Backup
from tracker.wording.figures import rough_span

_OVERDUE = timedelta(hours=12)
"""Time after tip-off at which a bet should have its result."""

_LEAST_FREE = 200 * 1024 * 1024
"""Bytes that should be free on the database's disk."""

_ANSWER_WITHIN_S = 8.0
"""Seconds that a feed has to answer."""

_MEGABYTE = 1024 * 1024


class CheckResult(StrEnum):
    """The result of a check."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


_MARKS = {
    CheckResult.GOOD: ("✔", "green"),
    CheckResult.WARNING: ("⚠", "yellow"),
    CheckResult.BAD: ("✘", "red"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result: `text` says what was found and, when bad, what to do."""

    name: str
    health: CheckResult
    text: str


def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Leave the network alone.")] = False,
    running: Annotated[
        bool,
        typer.Option(
            "--running", help="Only whether the daemon runs, moves and polls, as a container asks."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check configuration, database, feed, channels and service, and say what to do.

    Exit status 1 when something is bad; a warning is not. With --running nothing is bad but a
    daemon that does not run, hangs, or leaves a live game without a poll for two minutes.
    """
    scope = scope_of(context)
    checks = _at_work(scope) if running else _checks(scope, offline)
    found = run_async(_look(checks, as_json))
    if as_json:
        say_json([{"check": x.name, **part(x, "health", "text")} for x in found])
    if any(x.health is CheckResult.BAD for x in found):
        raise CommandEnded


async def _look(checks: AsyncIterator[Check], quiet: bool) -> list[Check]:
    found = []
    with progress("looking"):
        async for check in checks:
            found.append(check)
            if not quiet:
                mark, colour = _MARKS[check.health]
                say(f"{paint(mark, colour)} {check.text}")
    return found


async def _checks(scope: Scope, offline: bool) -> AsyncIterator[Check]:
    try:
        settings = scope.settings()
    except TrackerError as wrong:
        for line in str(wrong).splitlines():
            yield Check("config", CheckResult.BAD, line)
        return
    yield _config(scope)
    found = (_channels(settings), *_pairing(settings), await _bets_file(scope, settings))
    for check in (*found, *check_files(settings), check_running(settings), _disk(settings)):
        yield check
    async for check in _database(scope, settings):
        yield check
    if not offline:
        if any(x.name == "telegram" for x in found):
            yield await _bot(scope)
        for check in await _feeds(settings, await _leagues(scope)):
            yield check
    async for check in _requests(scope):
        yield check
    async for check in _market(scope, settings):
        yield check
    yield _service(settings)


def _config(scope: Scope) -> Check:
    source = find_config(scope.config)
    if not source.exists():
        text = f"no configuration at {source}, the defaults are in force: `tracker init` writes one"
        return Check("config", CheckResult.WARNING, text)
    mode = stat.S_IMODE(source.stat().st_mode)
    return Check("config", CheckResult.GOOD, f"config valid ({mode:04o}): {source}")


def _pairing(settings: Settings) -> list[Check]:
    """Whether the Telegram bot has a chat to write to; no check without a bot."""
    try:
        token = load_secrets(settings).telegram_token
    except TrackerError:
        return []
    if token is None:
        return []
    fixed = settings.notify.telegram.chat_id
    chat = paired_in(settings.store.path).chat if fixed is None else fixed
    if chat is None:
        text = "telegram: no chat is paired, so that nothing can be written: tracker telegram pair"
        return [Check("telegram", CheckResult.BAD, text)]
    named = "named in the configuration" if fixed is not None else "paired"
    return [Check("telegram", CheckResult.GOOD, f"telegram: chat {chat} {named}")]


async def _bot(scope: Scope) -> Check:
    """Whether Telegram knows the bot."""
    from tracker.cli.setup.channels import bot_name

    try:
        return Check("bot", CheckResult.GOOD, f"telegram: @{await bot_name(scope)} answers")
    except TrackerError as why:
        return Check("bot", CheckResult.BAD, f"telegram: {why}")


def _channels(settings: Settings) -> Check:
    from tracker.app.channels import channels_of

    try:
        names = [x.name for x in channels_of(settings, load_secrets(settings))]
    except TrackerError as wrong:
        return Check("channels", CheckResult.BAD, str(wrong))
    if not names:
        text = "no channel: alerts go nowhere; write an address under [notify] urls"
        return Check("channels", CheckResult.BAD, text)
    text = f"channels: {', '.join(names)} (`tracker test-alert` tries them)"
    if names == ["console"]:
        text = "alerts go to the daemon's own output only: [notify] urls brings them to a phone"
        return Check("channels", CheckResult.WARNING, text)
    return Check("channels", CheckResult.GOOD, text)


async def _bets_file(scope: Scope, settings: Settings) -> Check:
    from tracker.intake.bets_file import read_bets

    found = read_bets(settings.bets.file, settings.stake_unit_cents, await guests(scope))
    count = len(found.drafts)
    if found.mistakes:
        return Check("bets file", CheckResult.BAD, found.mistakes[0])
    text = f"bets file: {plural(count, 'bet')} in {settings.bets.file}"
    if not settings.bets.file.exists():
        text = f"no bets file at {settings.bets.file}, which is fine"
    return Check("bets file", CheckResult.GOOD, text)


def check_files(settings: Settings) -> list[Check]:
    """A bad check for each file of the database that may not be written, such as one of root's."""
    store = settings.store.path
    beside = ("", "-wal", "-shm", ".lock", ".writer")
    found = [store.with_name(store.name + end) for end in beside]
    denied = [x for x in found if x.exists() and not os.access(x, os.R_OK | os.W_OK)]
    return [
        Check("files", CheckResult.BAD, os_trouble(PermissionError(errno.EACCES, "", str(x))))
        for x in denied
    ]


def check_running(settings: Settings) -> Check:
    """Whether the program runs on this database."""
    try:
        found = running_instance(settings.store.lock)
    except (NoLocks, OSError) as wrong:
        text = os_trouble(wrong) if isinstance(wrong, OSError) else str(wrong)
        return Check("daemon", CheckResult.BAD, text)
    if found is None:
        text = "the daemon is not running, so that nothing is watched: `tracker run` starts it"
        return Check("daemon", CheckResult.WARNING, text)
    where = "elsewhere, perhaps in a container" if found.pid is None else f"as process {found.pid}"
    silent = SystemClock().now().timestamp() - found.moved_at
    if silent > STUCK_S:
        text = f"the daemon runs {where} but hangs: it gave no sign for {silent:.0f} s; restart it"
        return Check("daemon", CheckResult.BAD, text)
    return Check("daemon", CheckResult.GOOD, f"one instance: the daemon runs {where}")


async def _at_work(scope: Scope) -> AsyncIterator[Check]:
    """The checks of `--running`: that a daemon runs, which is bad otherwise, and polls."""
    check = check_running(scope.settings())
    yield replace(check, health=CheckResult.BAD) if check.health is CheckResult.WARNING else check
    if check.health is CheckResult.GOOD:
        async with session(scope) as at:
            yield await _polls(at)


async def _polls(at: Session) -> Check:
    late = await unpolled(at.store, at.now) if at.daemon is not None else ()
    if late:
        what = f"no poll of {', '.join(late)} was stored for two minutes though the source answers"
        text = f"{what}: restart the daemon, unless the disk is full"
        return Check("polls", CheckResult.BAD, text)
    return Check("polls", CheckResult.GOOD, "every live game was polled within two minutes")


def _disk(settings: Settings) -> Check:
    folder = settings.store.path.parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024 / _MEGABYTE:.1f} GB free for the database"
    if free < _LEAST_FREE:
        return Check(
            "disk", CheckResult.BAD, f"only {free // _MEGABYTE} MB free: make room at {folder}"
        )
    return Check("disk", CheckResult.GOOD, text)


async def _database(scope: Scope, settings: Settings) -> AsyncIterator[Check]:
    from tracker.app.backups import listed

    try:
        async with session(scope) as at:
            status = await at.store.status_view()
            verdict = await at.store.check()
            polls = await _polls(at)
            made = listed(settings.backup_folder, await at.store.upkeep.backups())
            backups = _backups(made, at, settings)
            overdue = [
                x.id
                for x in await at.store.open_bets()
                if x.result is None
                and x.status in (Status.LIVE, Status.NEEDS_REVIEW, Status.SCHEDULED)
                and x.game is not None
                and at.now - x.game.start > _OVERDUE
            ]
    except StoreMissing:
        yield _no_database(settings)
        return
    except StoreError as wrong:
        yield Check("database", CheckResult.BAD, str(wrong))
        return
    size = status.size_bytes / _MEGABYTE
    if verdict != "ok":
        text = f"{settings.store.path} is damaged ({verdict}): tracker restore FILE"
        yield Check("database", CheckResult.BAD, text)
    else:
        text = f"database: schema {status.schema}, {size:.1f} MB, SQLite {sqlite3.sqlite_version}"
        yield Check("database", CheckResult.GOOD, text)
    yield polls
    if settings.backup.enabled:
        yield backups
    stuck = sum(n for (_, state), n in status.deliveries.items() if state in ("refused", "unknown"))
    if stuck:
        what = f"{plural(stuck, 'message')} {several(stuck, 'was')} refused"
        text = f"{what} or may not have arrived: `tracker alerts`"
        yield Check("messages", CheckResult.WARNING, text)
    if overdue:
        names = ", ".join(f"#{x}" for x in overdue[:10])
        text = f"unsettled 12 h after tip-off: {names} (`tracker settle` tells why)"
        yield Check("settled", CheckResult.WARNING, text)
    else:
        yield Check("settled", CheckResult.GOOD, "unsettled 12 h after tip-off: 0")


def _no_database(settings: Settings) -> Check:
    path = settings.store.path
    if check_running(settings).health is CheckResult.GOOD:
        text = f"{path} was taken away while the daemon runs: put the file back, and restart it"
        return Check("database", CheckResult.BAD, text)
    text = f"no database yet: the first bet or the daemon makes {path}"
    return Check("database", CheckResult.GOOD, text)


def _backups(made: Sequence[Backup], at: Session, settings: Settings) -> Check:
    """The age of the newest good back-up; bad when it is late or the newest of all is damaged."""
    from tracker.app.backups import late, newest_sound

    newest = newest_sound(made, at.now)
    since = None if at.daemon is None else at.daemon.started_at
    bad = next((x for x in made[:1] if x.outcome != "ok"), None)
    if bad is not None:
        text = f"the newest back-up did not pass ({bad.outcome}): tracker backup --full"
        return Check("backups", CheckResult.BAD, text)
    if newest is None:
        text = f"no back-up yet in {settings.backup_folder}: `tracker backup --full` makes one"
        return Check(
            "backups", CheckResult.BAD if late(None, since, at.now) else CheckResult.WARNING, text
        )
    age = rough_span((at.now - newest.at).total_seconds())
    if late(newest, since, at.now):
        text = f"the newest back-up is {age} old: tracker backup --full, or let the daemon run"
        return Check("backups", CheckResult.BAD, text)
    tried = "never tried out" if newest.drilled_at is None else "tried out"
    return Check("backups", CheckResult.GOOD, f"back-up: {age} old, {tried}, {newest.path}")


async def _leagues(scope: Scope) -> list[str]:
    """The leagues whose sources are tried: the NBA, and the leagues of followed games."""
    try:
        async with session(scope) as at:
            view = await at.store.status_view()
            followed = {NBA.id, *(x.game.league for x in view.games)}
    except StoreError:
        followed = {NBA.id}
    return [x for x in LEAGUES if x in followed]


async def _requests(scope: Scope) -> AsyncIterator[Check]:
    """The running daemon's requests to each host against its budget, as it stored them last."""
    try:
        async with session(scope) as at:
            kept = None if at.daemon is None else await at.store.monitoring.usage()
    except StoreError:
        return
    for name, usage in kept.hosts.items() if kept is not None else ():
        if not usage.asked:
            continue
        text = (
            f"requests to {usage.host} ({name}): {usage.last_minute} in the last minute and "
            f"{usage.busiest_minute} in the busiest, of {usage.budget} at most; {usage.asked} "
            f"since the daemon started, {usage.failed} failed"
        )
        over = usage.busiest_minute >= usage.budget
        hint = ": raise requests_per_minute" if over else ""
        yield Check(
            f"{name} requests", CheckResult.WARNING if over else CheckResult.GOOD, text + hint
        )


_WEEK = timedelta(days=7)
_COVERED = 0.8
"""The share of bets with a closing line value below which quotes or their key are at fault."""

_ENOUGH = 10
"""Bets needed before that share is judged."""


async def _market(scope: Scope, settings: Settings) -> AsyncIterator[Check]:
    """The quotes that could not be used by source, and how many bets have a closing line value.

    Where no source is to be asked for quotes, no bet can have one.
    """
    from tracker.app.market.clv import clv_report, judged

    try:
        async with session(scope) as at:
            faults = await at.store.quotes.faults(at.now - _WEEK)
            values = await at.store.quotes.values()
            report = clv_report(await at.store.bets_view() if values else (), values)
    except StoreError:
        return
    for source in dict.fromkeys(x for x, _, _ in faults):
        counts = ", ".join(f"{what} {n}" for name, what, n in faults if name == source)
        text = f"quotes of {source}, left out in the last week: {counts} (docs/market.md)"
        yield Check(f"odds {source}", CheckResult.GOOD, text)
    covered, of = judged(report)
    if of and settings.odds.sources:
        text = f"closing line values: {covered} of {of} bets that were placed before tip-off"
        low = of >= _ENOUGH and covered < _COVERED * of
        hint = ": `tracker clv` says why the others have none" if low else ""
        yield Check("closes", CheckResult.BAD if low else CheckResult.GOOD, text + hint)


async def _feeds(settings: Settings, leagues: list[str]) -> list[Check]:
    """A check of each source of some leagues, and of the clock.

    A source that fails is only a warning when another source of its league answers.
    """
    from tracker.feeds.feeds import open_feeds, probe

    clock = SystemClock()
    async with open_feeds(settings.feeds, clock, deadline_s=_ANSWER_WITHIN_S) as feeds:
        tried = await probe(feeds, leagues, clock)
        ahead = feeds.server_time.ahead
    well = {x.league for x in tried if x.trouble is None}
    found = []
    for one in tried:
        some = one.league in well
        host = settings.feeds.by_name[one.source.split()[0]].base_url
        if one.trouble is None:
            games = plural(one.games, "game")
            took = f"{one.took_s * 1000:.0f} ms"
            text = (
                f"{one.source}: a board with {games} in {took} from {host}, "
                f"asked at most {plural(one.budget, 'time')} a minute"
            )
            found.append(Check(one.source, CheckResult.GOOD, text))
            continue
        health = CheckResult.WARNING if some else CheckResult.BAD
        left = ""
        if some:
            left = "; it stands in only" if one.stands_in else "; another source stands in"
        why, advice = one.why or "", one.advice or ""
        # Reason and advice may both say to check the network, and the reason often names the host:
        # say each once. A name that cannot be resolved is no address.
        why = why.removesuffix(": check the network") if "network" in advice else why
        name = host.partition("://")[2].partition(":")[0]
        named = name in why and not why.startswith("the name ")
        why = why.replace(name, host, 1) if named else f"{why} ({host})"
        text = f"{one.source}: {why}{left}: {advice}"
        found.append(Check(one.source, health, text))
    return [*found, *check_clock(ahead)]


def check_clock(ahead: float | None) -> list[Check]:
    """Whether this machine's clock agrees with the sources'; no check when none sent its time."""
    from tracker.network import WRONG_CLOCK_S, clock_trouble

    if ahead is None:
        return []
    if abs(ahead) >= WRONG_CLOCK_S:
        return [Check("clock", CheckResult.BAD, clock_trouble(ahead))]
    return [Check("clock", CheckResult.GOOD, "this machine's clock is that of the sources")]


def _service(settings: Settings) -> Check:
    from tracker import service

    name, own = service.unit_of(service_folder(settings.store.path))
    try:
        active, sentence = service.status(user=own, name=name)
    except TrackerError as wrong:
        return Check("service", CheckResult.WARNING, str(wrong))
    return Check("service", CheckResult.GOOD if active else CheckResult.WARNING, sentence)
