"""Plays recorded games over HTTP as the leagues' sites and ESPN would, on the clock it is given.

`serve` starts it; a test or a demo holds on to the `Running` server it gives and closes it in the
end. Time is read from the clock alone, so a night can pass in a minute or stand still.
"""

import errno
import hashlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import NamedTuple

from aiohttp import web

from tracker.clock import Clock
from tracker.domain.errors import TrackerError
from tracker.replay.answers import HOSTS, Sources, Welcome, broken, denied, html, source_of, welcome
from tracker.replay.espn.words import event_id
from tracker.replay.faults import Fault, faults_at
from tracker.replay.nba.site import Site
from tracker.replay.odds.site import OddsSite
from tracker.replay.playback import Page, Playback
from tracker.replay.spoil import spoiled

MOST_ANSWERS = 100_000
"""Answers of which the server remembers what they were."""

_SHUTDOWN_S = 0.1
_OK = 200


class PortTakenError(TrackerError):
    """Nothing can listen there: choose another port, or end what uses this one."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the server behaves.

    `takes` is how long an answer takes. `lag` is how far the documents are behind the arena.
    `validators` sends `ETag` and `Last-Modified` and answers 304. `strict` refuses whoever would be
    refused in earnest: without the league's own `Referer`, or with a `User-Agent` that ESPN does
    not like.
    `refresh` writes the documents of live games anew that often with nothing but a later time in
    them; None writes them only when they change.
    """

    takes: timedelta = timedelta(0)
    lag: timedelta = timedelta(0)
    validators: bool = False
    strict: bool = True
    refresh: timedelta | None = None
    faults: Sequence[Fault] = ()


class Answer(NamedTuple):
    """What came of one request.

    `what` is `ok`, `refused`, `absent`, or the names of faults; those of one game among others end
    in its id, as in `stale:0022500680`.
    """

    at: datetime
    source: str
    path: str
    what: str


class Running:
    """A server that runs. `requests` counts those received, by path; `faults` may be added to."""

    def __init__(self, runner: web.AppRunner, url: str, handler: "_Handler") -> None:
        self._runner = runner
        self._handler = handler
        self.url = url

    @property
    def requests(self) -> Counter[str]:
        """How many requests have come for each path."""
        return self._handler.requests

    @property
    def faults(self) -> list[Fault]:
        """The faults to come; a test may append to them while it runs."""
        return self._handler.faults

    @property
    def answers(self) -> Sequence[Answer]:
        """What has been answered, oldest first."""
        return tuple(self._handler.answers)

    @property
    def odds(self) -> OddsSite:
        """The odds providers that it plays, with what each key has used."""
        return self._handler.sources.odds

    @property
    def site(self) -> Site:
        """The NBA's documents that it serves, to be asked without HTTP."""
        return self._handler.sources.nba

    async def close(self) -> None:
        """Stop listening and let go of every connection."""
        await self._runner.cleanup()


async def serve(
    playbacks: Sequence[Playback],
    clock: Clock,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    options: Options | None = None,
) -> Running:
    """Start playing games; port 0 takes any free one.

    Raises `PortTakenError` when the port is in use, and `ValueError` when a game is given twice.
    """
    handler = _Handler(playbacks, clock, options or Options())
    app = web.Application()
    app.router.add_get("/{path:.*}", handler.answer)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_S
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(
            f"Port {port} on {host} is in use: end what uses it, or choose another port."
        ) from error
    bound = runner.addresses[0][1]
    return Running(runner, f"http://{host}:{bound}", handler)


@asynccontextmanager
async def serving(
    playbacks: Sequence[Playback],
    clock: Clock,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    options: Options | None = None,
) -> AsyncIterator[Running]:
    """`serve` for an `async with`: closed on the way out."""
    running = await serve(playbacks, clock, host=host, port=port, options=options)
    try:
        yield running
    finally:
        await running.close()


class _Handler:
    def __init__(self, playbacks: Sequence[Playback], clock: Clock, options: Options) -> None:
        self.sources = Sources(playbacks, options.refresh)
        self.requests: Counter[str] = Counter()
        self.answers: deque[Answer] = deque(maxlen=MOST_ANSWERS)
        self.faults = list(options.faults)
        self._clock = clock
        self._options = options

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests[request.path] += 1
        if self._options.takes:
            await self._clock.sleep(self._options.takes.total_seconds())
        source = source_of(request.path, request.headers.get("Referer", ""))
        now = self._clock.now()
        if self._options.strict and (refusal := _refusal(request, source, now)) is not None:
            self._note(now, source, request, "refused")
            return refusal
        met = faults_at(self.faults, request.path, now, source)
        faults = [fault for fault in met if _meant(fault, request)]
        words = " ".join(fault.name for fault in faults)
        if (whole := next((x for x in faults if x.whole), None)) is not None:
            page = self._page(request, source, now)
            self._note(now, source, request, words)
            body = b"" if page is None else page.body
            if (response := await broken(request, whole, body, self._clock)) is not None:
                return response
            now, faults, words = self._clock.now(), [], ""
        page = self._page(request, source, now)
        if page is None:
            self._note(now, source, request, words or "absent")
            return denied(request.path, now, HOSTS[source])
        self._note(now, source, request, words or "ok")
        if faults and page.status == _OK:
            page = self._spoiled(request, source, page, faults)
        return self._send(request, page)

    def _note(self, at: datetime, source: str, request: web.Request, what: str) -> None:
        self.answers.append(Answer(at, source, request.path_qs, what))

    def _page(self, request: web.Request, source: str, now: datetime) -> Page | None:
        when = now - self._options.lag
        return self.sources.page(source, request.path, request.query, when)

    def _spoiled(
        self, request: web.Request, source: str, page: Page, faults: Sequence[Fault]
    ) -> Page:
        now = self._clock.now()

        def earlier(fault: Fault) -> bytes | None:
            old = self._page(request, source, fault.seen_at(now))
            return None if old is None else old.body

        return Page(spoiled(page.body, faults, earlier), page.changed)

    def _send(self, request: web.Request, page: Page) -> web.Response:
        response = web.Response(
            status=page.status, body=page.body, content_type="application/json", charset="utf-8"
        )
        response.headers.update(dict(page.headers))
        if not self._options.validators or page.status != _OK:
            return response
        tag = f'"{hashlib.sha256(page.body).hexdigest()[:32]}"'
        changed = page.changed.astimezone(UTC).replace(microsecond=0)
        headers = {"ETag": tag, "Last-Modified": format_datetime(changed, usegmt=True)}
        if _unchanged(request, tag, changed):
            return web.Response(status=304, headers=headers)
        response.headers.update(headers)
        return response


def _refusal(request: web.Request, source: str, now: datetime) -> web.Response | None:
    headers = request.headers
    match welcome(source, headers.get("Referer", ""), headers.get("User-Agent", "")):
        case Welcome.YES:
            return None
        case Welcome.WEB_PAGE:
            return html(200)
        case Welcome.DENIED:
            return denied(request.path, now, HOSTS[source])


def _meant(fault: Fault, request: web.Request) -> bool:
    """Whether a fault of one game's own documents is about this one."""
    if fault.game is None or not fault.whole:
        return True
    return any(x in request.path_qs for x in (fault.game, event_id("nba", fault.game)))


def _unchanged(request: web.Request, tag: str, changed: datetime) -> bool:
    # If-None-Match rules where both are given (RFC 9110, 13.2.2).
    if (known := request.headers.get("If-None-Match")) is not None:
        return tag in known or known.strip() == "*"
    if (since := request.headers.get("If-Modified-Since")) is None:
        return False
    try:
        return changed <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
