"""`tracker service`: the daemon as a systemd service."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.declare import declare
from tracker.cli.ending import Ended
from tracker.cli.screen import progress, say
from tracker.cli.session import Scope, scope_of
from tracker.domain.errors import Impossible, Misused

System = Annotated[
    bool, typer.Option("--system", help="The system's service, for servers; needs root.")
]


Web = Annotated[bool, typer.Option("--web", help="The page's own service, not the daemon's.")]


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb and its words known."""
    group = typer.Typer(
        name=name,
        help="Keep the daemon running with systemd: install, status, logs, remove.",
        no_args_is_help=True,
    )
    words: dict[str, Callable[..., None]] = {
        "install": install,
        "status": status,
        "logs": logs,
        "remove": remove,
    }
    for word, work in words.items():
        declare(group, word, work)
    app.add_typer(group, rich_help_panel=panel)


def install(
    context: typer.Context,
    system: System = False,
    timer: Annotated[
        bool,
        typer.Option("--timer", help="In place of a daemon, `tracker refresh` every morning."),
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
    from tracker import service

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
    unit, given = _unit(system=system), service.carried(os.environ)
    page = service.render_web_unit(
        _command(), config, user=not system, loopback=settings.web.host in _LOOPBACK,
        environment=given,
    )  # fmt: skip
    if web and shown:
        say(page.rstrip("\n"))
        return
    if web:
        with progress("talking to systemd"):
            done = service.install_web(unit, page, user=not system)
        for sentence in done:
            say(sentence)
        return
    if shown:
        where = (_command(), config)
        units = service.render_refresh_units(*where, user=not system) if timer else ()
        own = service.render_unit(*where, user=not system, environment=given)
        say("\n".join(units or (own,)).rstrip("\n"))
        return
    with progress("talking to systemd"):
        if timer:
            done = service.install_timer(unit, _command(), config, user=not system)
        else:
            done = service.install(unit, _command(), config, user=not system, environment=given)
    for sentence in done:
        say(sentence)


_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def status(context: typer.Context, system: System = False, web: Web = False) -> None:
    """Say whether the service is at work; exit status 1 when it is not."""
    from tracker import service

    scope_of(context)
    active, sentence = service.status(
        user=not system, name=service.WEB_UNIT if web else service.UNIT
    )
    say(sentence)
    if not active:
        raise Ended


def logs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option(metavar="N", min=1, help="How many lines.")] = 50,
    system: System = False,
    web: Web = False,
) -> None:
    """Show the service's log: the same as journalctl with the right words."""
    from tracker.service import UNIT, WEB_UNIT

    scope_of(context)
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


def remove(context: typer.Context, system: System = False, web: Web = False) -> None:
    """Stop the service, disable it and delete its unit. Bets, history and settings stay."""
    from tracker import service

    scope_of(context)
    with progress("talking to systemd"):
        unit = _unit(system=system)
        if web:
            unit = unit.with_name(service.WEB_UNIT)
        done = service.remove(unit, user=not system)
    for sentence in done:
        say(sentence)


def _config(scope: Scope) -> Path | None:
    """The file to name in the unit: one that was named here, by option or environment."""
    from tracker.settings import find_config

    named = scope.config or os.environ.get("TRACKER_CONFIG")
    return find_config(scope.config) if named else None


def _by_default(config: Path) -> Path | None:
    """The database that this shell would take for a file that names none, if a service would not.

    The system's own configuration has one place for everybody.
    """
    from tracker.settings.loading import ETC, default_store

    return None if config.parent == ETC else default_store(os.environ, config)


def _unit(*, system: bool) -> Path:
    from tracker.service import unit_path

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
