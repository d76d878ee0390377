"""`tracker run`, `service` and `demo`: runs the daemon, installs it under systemd, shows it."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tracker import service
from tracker.app.channels import open_channels
from tracker.cli import FAILED, CommandEnded, Scope, run_async, scope_of
from tracker.cli.app import declare_group
from tracker.cli.models import ModelsInUse
from tracker.cli.screen import progress, say
from tracker.clock import Clock, ScaledClock, SystemClock
from tracker.domain import Impossible, Misused, TrackerError
from tracker.domain.events import DaemonStarted, SecretsWarning, Severity, SystemEvent
from tracker.host import AlreadyRunning, os_trouble
from tracker.registry import registry_beside
from tracker.service import UNIT, WEB_UNIT, unit_path
from tracker.settings import (
    ETC,
    Secrets,
    Settings,
    default_store,
    feeds_are_local,
    find_config,
    load_secrets,
)

if TYPE_CHECKING:
    from tracker.notify.channels import Channel

System = Annotated[
    bool, typer.Option("--system", help="The system's service, for servers; needs root.")
]

Web = Annotated[bool, typer.Option("--web", help="The page's own service, not the daemon's.")]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb and its sub-commands."""
    declare_group(
        app,
        name,
        "Keep the daemon running with systemd: install, status, logs, remove.",
        {"install": install, "status": status, "logs": logs, "remove": remove},
        panel,
    )


def run(
    context: typer.Context,
    clock_start: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Begin at this time instead of the present, such as 2026-01-29T23:50:00Z.",
        ),
    ] = None,
    clock_speed: Annotated[
        float | None, typer.Option(metavar="N", help="Let time pass N times as fast, such as 60.")
    ] = None,
    clock_anchor: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When that was by the machine's clock, so that two programs agree; else now.",
        ),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        typer.Option(help="The least that is worth a line of the log."),
    ] = "info",
) -> None:
    """Follow the games of your bets until stopped: poll, forecast, alert and settle.

    Alerts go to the configured channels, the log to standard error. Ctrl-C or SIGTERM stops it
    cleanly; nothing that matters is lost by a kill. `tracker service install` keeps it running.

    The clock options are for rehearsals on recorded games (`tracker replay serve`): they are
    refused unless the feed is a server on this machine.
    """
    settings = scope_of(context).settings_checked()
    clock = _clock(settings, clock_start, clock_speed, clock_anchor)
    config = scope_of(context).config
    status = run_async(_run(settings, load_secrets(settings), clock, log_level, config))
    if status:
        raise CommandEnded(status)


def _clock(settings: Settings, start: str | None, speed: float | None, anchor: str | None) -> Clock:
    if start is None and speed is None:
        return SystemClock()
    if not feeds_are_local(settings):
        raise Misused(
            "a clock of its own is only for feeds on this machine: set [feeds.nba] base_url to "
            "where `tracker replay serve` plays, such as http://127.0.0.1:8765"
        )
    return scaled_clock(start, 1.0 if speed is None else speed, anchor)


def scaled_clock(start: str | None, speed: float, anchor: str | None = None) -> ScaledClock:
    """A clock from the options of a command, which starts now unless `start` is given.

    Raises Misused for a bad time or a speed that is not above 0.
    """
    if not 0 < speed < float("inf"):
        raise Misused(f"a clock cannot run {speed:g} times as fast: give a number above 0")
    if start is None:
        return ScaledClock(SystemClock().now(), speed)
    at = None if anchor is None else parse_instant(anchor)
    return ScaledClock(parse_instant(start), speed, at)


def parse_instant(text: str) -> datetime:
    """A time with its zone. Raises Misused for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(f"{text!r} is not a time: write one such as 2026-01-29T23:50:00Z") from None
    if found.tzinfo is None:
        raise Misused(f"{text!r} lacks a time zone: end it with Z for UTC, or +01:00 and the like")
    return found


async def _run(
    settings: Settings, secrets: Secrets, clock: Clock, level: str, config: Path | None
) -> int:
    from tracker.daemon.bot import Bounds, Commands
    from tracker.daemon.run import Setup
    from tracker.daemon.run import run as daemon
    from tracker.daemon.watchers.chores import HEAVY_LIMIT, LIGHT_LIMIT, Runners
    from tracker.daemon.watchers.system_notices import FailureNotice, ReportedEnds
    from tracker.logs import set_up_logs

    logger = set_up_logs(clock.now, secrets=secrets.values(), level=level, stream=sys.stderr)

    events: set[type[SystemEvent]] = set()

    def tell(event: SystemEvent) -> None:
        events.add(type(event))
        warns = event.severity is Severity.WARNING
        (logger.warning if warns else logger.info)(event.name, **event.figures)

    for warning in secrets.warnings:
        tell(SecretsWarning(warning))
    registry = registry_beside(settings.store.path)
    faults: deque[str] = deque()
    load = ModelsInUse(registry, faults.append)
    channels: tuple[Channel, ...] = ()
    async with AsyncExitStack() as open_ones:
        try:
            opening = open_channels(settings, secrets, tell)
            channels = await open_ones.enter_async_context(opening)
            # A scaled clock means a rehearsal: chores that are due at set times are left out.
            scaled = isinstance(clock, ScaledClock)
            heavy = Commands(config, limit=HEAVY_LIMIT, bounds=Bounds())
            runners = None if scaled else Runners(Commands(config, limit=LIGHT_LIMIT), heavy)
            setup = Setup(
                settings, channels, clock, tell, load=load, faults=faults, verbs=Commands(config),
                runners=runners, odds_key=secrets.odds_key, heartbeat_url=secrets.heartbeat_url,
            )  # fmt: skip
            await daemon(setup)
        except Exception as wrong:
            # The supervisor: an error that a person can act on is reported in one sentence, any
            # other with its traceback.
            known = _known(wrong)
            if not isinstance(known, AlreadyRunning):
                ends = ReportedEnds(settings.store.path, SystemClock())
                notice = FailureNotice(channels, ends)
                await notice.send(_sentence(known, wrong), running=DaemonStarted in events)
            if known is not None:
                raise known from None
            logger.exception("daemon.failed", exc_info=wrong)
            return FAILED
    return 0


def _sentence(known: TrackerError | OSError | None, wrong: Exception) -> str:
    """Why the daemon failed, in one sentence; for a fault in the program only the error's type."""
    match known:
        case OSError():
            return os_trouble(known)
        case TrackerError():
            return str(known)
        case _:
            return f"a fault of its own ({type(wrong).__name__}); the log has its story"


def _known(wrong: BaseException) -> TrackerError | OSError | None:
    """The error, out of its exception groups, if a person can act on it; else None."""
    while isinstance(wrong, BaseExceptionGroup) and len(wrong.exceptions) == 1:
        wrong = wrong.exceptions[0]
    return wrong if isinstance(wrong, TrackerError | OSError) else None


def demo(
    context: typer.Context,
    speed: Annotated[
        float | None, typer.Option(metavar="N", help="How many times as fast the games are played.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Where to put the charts' pictures."),
    ] = None,
    phone: Annotated[
        bool, typer.Option("--phone", help="Send a handful of the alerts to your own channels too.")
    ] = False,
) -> None:
    """Watch the whole program at work on recorded games: no network, no set-up.

    A local server plays the games as the real feed would; the daemon polls it, bets are forecast
    at every poll, alerts come, bets settle, and the chart of each bet is drawn.
    """
    if speed is not None and not 0 < speed < float("inf"):
        raise Misused(f"games cannot be played {speed:g} times as fast: give a number above 0")
    # The demo imports this command line, so it is imported by name to avoid a circle.
    main: Callable[..., int] = import_module("tracker.cli.demo").main
    status = main(speed, out, scope_of(context).settings() if phone else None)
    if status:
        raise CommandEnded(status)


def install(
    context: typer.Context,
    system: System = False,
    timer: Annotated[
        bool, typer.Option("--timer", help="In place of a daemon, `tracker refresh` every morning.")
    ] = False,
    web: Web = False,
    shown: Annotated[
        bool, typer.Option("--print", help="Print the unit; nothing is written or started.")
    ] = False,
) -> None:
    """Write the unit, enable it and start it. Doing it again is fine.

    Without --system it is your own service and runs as you. With --web it is the page's, which
    runs beside the daemon's and is given no secret.
    """
    scope = scope_of(context)
    settings = scope.settings()
    config = _config(scope)
    if system and config is not None and settings.store.path == _by_default(config):
        raise Impossible(
            f"{config} does not name its database, so that the service would have another one "
            'than your commands: write path = "/var/lib/tracker/tracker.db" under [store]'
        )
    if web and timer:
        raise Misused("--web and --timer are two services: install one after the other")
    unit, carried = _unit(system=system), service.carried(os.environ)
    of = service.Installed(_command(), config, user=not system, environment=carried)
    loopback = settings.web.host in _LOOPBACK
    if shown:
        if web:
            text = service.render_web_unit(of, loopback=loopback)
        else:
            text = "\n".join(service.render_refresh_units(of)) if timer else service.render_unit(of)
        say(text.rstrip("\n"))
        return
    with progress("talking to systemd"):
        if web:
            done = service.install_web(unit, of, loopback=loopback)
        else:
            done = (service.install_timer if timer else service.install)(unit, of)
    for sentence in done:
        say(sentence)


def status(system: System = False, web: Web = False) -> None:
    """Say whether the service is at work; exit status 1 when it is not."""
    active, sentence = service.status(
        user=not system, name=service.WEB_UNIT if web else service.UNIT
    )
    say(sentence)
    if not active:
        raise CommandEnded


def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option(metavar="N", min=1, help="How many lines.")] = 50,
    system: System = False,
    web: Web = False,
) -> None:
    """Show the service's log: the same as journalctl with the right words."""
    words = ["journalctl", "--unit", WEB_UNIT if web else UNIT, "--lines", str(lines)]
    words += ["--follow"] if follow else ["--no-pager"]
    if not system:
        words.insert(1, "--user")
    sys.stdout.flush()
    try:
        os.execvp(words[0], words)  # noqa: S606 - our own words, no shell
    except FileNotFoundError:
        raise Impossible(
            "there is no journalctl here: look where your service manager keeps its logs"
        ) from None


def remove(system: System = False, web: Web = False) -> None:
    """Stop the service, disable it and delete its unit. Bets, history and settings stay."""
    with progress("talking to systemd"):
        unit = _unit(system=system)
        if web:
            unit = unit.with_name(service.WEB_UNIT)
        done = service.remove(unit, user=not system)
    for sentence in done:
        say(sentence)


def _config(scope: Scope) -> Path | None:
    """The configuration file to name in the unit, if an option or the environment names one."""
    named = scope.config or os.environ.get("TRACKER_CONFIG")
    return find_config(scope.config) if named else None


def _by_default(config: Path) -> Path | None:
    """The database that this shell uses for a configuration that names none.

    None for the system's own configuration, whose default is the same for everybody.
    """
    return None if config.parent == ETC else default_store(os.environ, config)


def _unit(*, system: bool) -> Path:
    named = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    home = named if named.is_absolute() else Path.home() / ".config"
    return unit_path(user=not system, config_home=home)


def _command() -> Path:
    """The installed `tracker` command beside this Python."""
    beside = Path(sys.executable).with_name("tracker")
    if not beside.exists():
        raise Impossible(
            f"there is no tracker command beside {sys.executable}: install the package first, "
            "`pip install .` in its folder"
        )
    return beside
