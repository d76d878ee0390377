"""`tracker run`: the daemon in the foreground; and `tracker demo`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tracker.app.channels import open_channels
from tracker.cli.declare import declare
from tracker.cli.ending import FAILED, Ended
from tracker.cli.models.in_use import ModelsInUse
from tracker.cli.session import scope_of
from tracker.clock import Clock, ScaledClock, SystemClock
from tracker.domain.errors import Misused, TrackerError
from tracker.domain.events import DaemonStarted, ModelRefused, SecretsWarning, Severity, SystemEvent
from tracker.host import AlreadyRunning, os_trouble
from tracker.registry import registry_beside

if TYPE_CHECKING:
    from tracker.notify.channel import Channel
    from tracker.settings import Secrets, Settings


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make one of the verbs known."""
    declare(app, name, run if name == "run" else demo, panel)


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
        float | None,
        typer.Option(metavar="N", help="Let time pass N times as fast, such as 60."),
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
    from tracker.settings import load_secrets

    settings = scope_of(context).settings()
    clock = _clock(settings, clock_start, clock_speed, clock_anchor)
    config = scope_of(context).config
    status = asyncio.run(_run(settings, load_secrets(settings), clock, log_level, config))
    if status:
        raise Ended(status)


def _clock(settings: Settings, start: str | None, speed: float | None, anchor: str | None) -> Clock:
    if start is None and speed is None:
        return SystemClock()
    from tracker.settings import is_loopback

    if not is_loopback(settings):
        raise Misused(
            "a clock of its own is only for feeds on this machine: set [feeds.nba] base_url to "
            "where `tracker replay serve` plays, such as http://127.0.0.1:8765"
        )
    return scaled_clock(start, 1.0 if speed is None else speed, anchor)


def scaled_clock(start: str | None, speed: float, anchor: str | None = None) -> ScaledClock:
    """A clock from its two options; Misused when they are not a time and a speed above 0."""
    if not 0 < speed < float("inf"):
        raise Misused(f"a clock cannot run {speed:g} times as fast: give a number above 0")
    if start is None:
        return ScaledClock(SystemClock().now(), speed)
    at = None if anchor is None else parse_instant(anchor)
    return ScaledClock(parse_instant(start), speed, at)


def parse_instant(text: str) -> datetime:
    """A time with its zone; Misused when it is none."""
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
    from tracker.daemon.bot.subprocesses import Bounds, Commands
    from tracker.daemon.failure_notice import FailureNotice
    from tracker.daemon.run import run as daemon
    from tracker.daemon.watchers.chores import HEAVY_LIMIT, LIGHT_LIMIT, Runners
    from tracker.logs import set_up_logs

    logger = set_up_logs(clock.now, secrets=secrets.values(), level=level, stream=sys.stderr)

    events: set[type[SystemEvent]] = set()

    def heard(event: SystemEvent) -> None:
        events.add(type(event))
        tell(event)

    def tell(event: SystemEvent) -> None:
        warns = event.severity is Severity.WARNING
        (logger.warning if warns else logger.info)(event.name, **event.figures)

    for warning in secrets.warnings:
        tell(SecretsWarning(warning))
    registry = registry_beside(settings.store.path)
    load = ModelsInUse(registry, lambda why: tell(ModelRefused(why)))
    channels: tuple[Channel, ...] = ()
    async with AsyncExitStack() as open_ones:
        try:
            opening = open_channels(settings, secrets, heard)
            channels = await open_ones.enter_async_context(opening)
            verbs = Commands(config)
            # On a clock of its own the daemon is rehearsed: what is due at set times is left out.
            scaled = isinstance(clock, ScaledClock)
            heavy = Commands(config, limit=HEAVY_LIMIT, bounds=Bounds())
            runners = None if scaled else Runners(Commands(config, limit=LIGHT_LIMIT), heavy)
            await daemon(
                settings, channels, clock, tell=heard, load=load, verbs=verbs, runners=runners,
                odds_key=secrets.odds_key,
            )  # fmt: skip
        except Exception as wrong:
            # The supervisor: what a person can mend is told in a sentence, a fault with its story.
            known = _known(wrong)
            if not isinstance(known, AlreadyRunning):
                notice = FailureNotice(channels, settings.store.path, SystemClock())
                await notice.send(_sentence(known, wrong), running=DaemonStarted in events)
            if known is not None:
                raise known from None
            logger.exception("daemon.failed", exc_info=wrong)
            return FAILED
    return 0


def _sentence(known: TrackerError | OSError | None, wrong: Exception) -> str:
    """Why the daemon is at its end; of a fault in the program its kind alone."""
    match known:
        case OSError():
            return os_trouble(known)
        case TrackerError():
            return str(known)
        case _:
            return f"a fault of its own ({type(wrong).__name__}); the log has its story"


def _known(wrong: BaseException) -> TrackerError | OSError | None:
    """The error that a person can act on, if that is what brought the daemon down."""
    while isinstance(wrong, BaseExceptionGroup) and len(wrong.exceptions) == 1:
        wrong = wrong.exceptions[0]
    return wrong if isinstance(wrong, TrackerError | OSError) else None


def demo(
    context: typer.Context,
    speed: Annotated[
        float | None,
        typer.Option(metavar="N", help="How many times as fast the games are played."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Where to put the charts' pictures."),
    ] = None,
    phone: Annotated[
        bool,
        typer.Option("--phone", help="Send a handful of the alerts to your own channels too."),
    ] = False,
) -> None:
    """Watch the whole program at work on recorded games: no network, no set-up.

    A local server plays the games as the real feed would; the daemon polls it, bets are forecast
    at every poll, alerts come, bets settle, and the chart of each bet is drawn.
    """
    if speed is not None and not 0 < speed < float("inf"):
        raise Misused(f"games cannot be played {speed:g} times as fast: give a number above 0")
    # The demo shows this command line at work, so it stands above it and is found by name.
    main: Callable[..., int] = import_module("tracker.cli.demo").main
    settings = scope_of(context).settings() if phone else None
    given = {"speed": speed, "out": out, "phone": settings}
    status = main(**{k: v for k, v in given.items() if v is not None})
    if status:
        raise Ended(status)
