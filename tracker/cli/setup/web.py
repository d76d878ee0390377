"""`tracker web`: serves the page and the API; makes links for browsers and keys for programs."""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import part
from tracker.cli import Scope, run_async, scope_of, session
from tracker.cli.app import AsJson, declare, declare_group
from tracker.cli.screen import note, say, say_json
from tracker.clock import SystemClock
from tracker.domain import Impossible, Misused
from tracker.host import AlreadyRunning, NoLocks, running_instance, single_instance
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.forecast import Parameters

_BACKLOG = 2048
"""The most connections that may wait to be accepted."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb and its sub-commands."""
    group = typer.Typer(
        name=name,
        help="Your bets as a page in the browser, and an API for programs.",
        invoke_without_command=True,
    )
    group.callback()(serve)
    declare(group, "link", link)
    declare(group, "out", send_away)
    declare_group(
        group, "keys", "Keys of the API.", {"list": key_list, "add": key_add, "revoke": key_revoke}
    )
    app.add_typer(group, rich_help_panel=panel)


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Where to listen, over web.host.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", min=1, max=65535, help="Over web.port.")
    ] = None,
    no_link: Annotated[
        bool, typer.Option("--no-link", help="Print none: what a service prints is kept in a log.")
    ] = False,
) -> None:
    """Serve the page and the API until Ctrl-C, and print a one-time link that opens the page."""
    if context.invoked_subcommand is not None:
        return
    try:
        import uvicorn  # noqa: F401 - a missing package is reported before any work is done

        import tracker.web  # noqa: F401 - imports the other packages of the page
    except ModuleNotFoundError as missing:
        raise Impossible(
            f'the page needs {missing.name}: install with `pip install ".[web]"` '
            "in tracker's folder"
        ) from None

    scope = scope_of(context)
    settings = _named(_with(scope.settings(), host, port))
    with _listening(settings) as at, _shown_at(settings):
        if not no_link:
            found = run_async(_link(scope, _address(settings)))
            say(found)
            if sys.stdout.isatty() and settings.web.host in _ALL:
                _draw(found)
            note(
                "The link opens the page once, within ten minutes; `tracker web link` prints "
                "another."
            )
        _serve(settings, at)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """A socket that listens at the configured address; opened before any link is printed.

    Raises Impossible when the address cannot be listened on.
    """
    web = settings.web
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    try:
        at = socket.create_server((web.host, web.port), family=family, backlog=_BACKLOG)
    except OSError as why:
        # Python's text would name the place a second time.
        taken = why.errno == errno.EADDRINUSE
        if taken and _served_at(settings) == _address(settings):
            raise Impossible(
                f"the page is served at {_address(settings)} already: `tracker web link` prints a "
                "link to it"
            ) from None
        said = "another program does" if taken else str(why.strerror or why).partition(" (while")[0]
        raise Impossible(
            f"{web.host}:{web.port} cannot be listened on ({said}): name another place with --host "
            "and --port"
        ) from None
    with at:
        yield at


def _serve(settings: Settings, at: socket.socket) -> None:
    import uvicorn

    from tracker.web import build

    config = uvicorn.Config(
        build(settings, SystemClock(), _models(settings)),
        log_level="warning",
        access_log=False,
        proxy_headers=bool(settings.web.trusted_proxy),
        forwarded_allow_ips=settings.web.trusted_proxy,
        server_header=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=200,
    )
    uvicorn.Server(config).run(sockets=[at])


def link(context: typer.Context) -> None:
    """Print a one-time link to the page; on a terminal also as a code for a phone's camera.

    It leads to the page that is running; if none is, to the address in the configuration.
    """
    scope = scope_of(context)
    settings = scope.settings()
    at = _served_at(settings)
    found = run_async(_link(scope, at or _address(_named(settings))))
    say(found)
    if at is None:
        note("No page is served yet: `tracker web` does that.")
    if sys.stdout.isatty():
        _draw(found)


async def send_away(context: typer.Context) -> None:
    """Sign out every browser; each needs a new link to come in again."""
    async with session(scope_of(context), write=True) as at:
        count = await at.store.web.send_all_away(SystemClock().now())
    say(f"{count} {'browser' if count == 1 else 'browsers'} sent away.")


async def key_list(context: typer.Context, as_json: AsJson = False) -> None:
    """List the keys, and what each opens; a key itself is never shown again."""
    async with session(scope_of(context)) as at:
        found = await at.store.web.keys()
    if as_json:
        say_json(
            [
                {"name": x.name, "scopes": sorted(x.scopes), **part(x, "made_at", "revoked_at")}
                for x in found
            ]
        )
        return
    for x in found:
        say(f"{x.name}: {', '.join(sorted(x.scopes))}{' (revoked)' if x.revoked_at else ''}")
    if not found:
        say("No key has been made: `tracker web keys add NAME` makes one.")


async def key_add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as `hass`.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it opens: read, write or price; more than once for several."),
    ] = None,
) -> None:
    """Make a key for a program and show it, once. Without --scope it reads and prices."""
    from tracker.store.access import KeyScope

    if not _NAME.fullmatch(name):
        raise Misused(f"{name!r} is no name of a key: use letters, digits, dots and dashes")
    try:
        opens = frozenset(KeyScope(x) for x in scope or ("read", "price"))
    except ValueError:
        raise Misused("a key opens read, write or price: name one of these") from None
    async with session(scope_of(context), write=True) as at:
        say(await at.store.web.add_key(name, opens, SystemClock().now()))
    note("This is the only time that it is shown: `Authorization: Bearer KEY` opens the API.")


async def key_revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the key.")],
) -> None:
    """Revoke a key, from its next request on."""
    async with session(scope_of(context), write=True) as at:
        revoked = await at.store.web.revoke(name, SystemClock().now())
    if not revoked:
        raise Impossible(f"there is no key {name!r} that opens: `tracker web keys list` lists them")
    say(f"{name} opens nothing any more.")


def _models(settings: Settings) -> Callable[[str], Parameters]:
    """A function that gives a league's parameters; it imports the models on its first call."""
    made: list[Callable[[str], Parameters]] = []

    def load(league: str) -> Parameters:
        if not made:
            from tracker.cli.models import ModelsInUse
            from tracker.registry import registry_beside

            made.append(ModelsInUse(registry_beside(settings.store.path), note))
        return made[0](league)

    return load


async def _link(scope: Scope, address: str) -> str:
    async with session(scope, write=True) as at:
        code = await at.store.web.make_link(SystemClock().now())
    return f"{address}/in#{code}"


def _address(settings: Settings) -> str:
    """The URL at which a browser finds the page: the proxy's, by HTTPS, if one is configured."""
    web = settings.web
    host = web.hosts[0] if web.hosts else web.host
    if web.trusted_proxy is not None and web.hosts:
        return f"https://{f'[{host}]' if ':' in host else host}"
    return f"http://{f'[{host}]' if ':' in host else host}:{web.port}"


def _record(settings: Settings) -> Path:
    """The file with the URL of this database's page; it is locked while the page is served."""
    return settings.store.path.with_name(f"{settings.store.path.name}.web")


@contextmanager
def _shown_at(settings: Settings) -> Iterator[None]:
    """Record the page's URL for `tracker web link` while the block runs; the first page counts."""
    record = _record(settings)
    with ExitStack() as held:
        # Without the record (a folder that cannot be written, a second page) it is served as well.
        with suppress(AlreadyRunning, NoLocks, OSError):
            held.enter_context(single_instance(record))
            record.write_text(f"{os.getpid()}\n{_address(settings)}\n", "utf-8")
        yield


def _served_at(settings: Settings) -> str | None:
    """The recorded URL of a running page of this database; None when none runs."""
    record = _record(settings)
    with suppress(NoLocks, OSError, IndexError):
        if running_instance(record) is not None:
            return record.read_text("utf-8").splitlines()[1]
    return None


_ALL = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def _named(settings: Settings) -> Settings:
    """The settings with a host for links, if the page listens on all addresses and none is named.

    The host is this machine's address on its network. Unlike a name, another site cannot point it
    elsewhere (DNS rebinding).
    """
    if settings.web.host not in _ALL or settings.web.hosts:
        return settings
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # a documentation address (RFC 5737): nothing is sent
            own = str(asked.getsockname()[0])
        except OSError:
            own = "127.0.0.1"
    return replace(settings, web=replace(settings.web, hosts=(own,)))


def _with(settings: Settings, host: str | None, port: int | None) -> Settings:
    web = settings.web
    asked = replace(web, host=host or web.host, port=web.port if port is None else port)
    return replace(settings, web=asked)


def _draw(text: str) -> None:
    try:
        import segno
    except ModuleNotFoundError:
        return
    segno.make(text, micro=False).terminal(sys.stdout, compact=True)
