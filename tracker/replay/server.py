"""Plays recorded games over HTTP as the NBA's CDN would, on whatever clock it is given.

`serve` starts it; a test or a demo holds on to the `Running` server it gives and closes it in the
end. Time is read from the clock alone, so a night can pass in a minute or stand still.
"""

import errno
import hashlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from aiohttp import web

from tracker.clock import Clock
from tracker.domain.errors import TrackerError
from tracker.replay.faults import Fault, FaultKind, fault_at
from tracker.replay.nba.site import Page, Site
from tracker.replay.playback import Playback

_CHUNK = 1 << 20
_DRIPS = 20
_SHUTDOWN_S = 0.1
_REFERER = "https://www.nba.com"


class PortTakenError(TrackerError):
    """Nothing can listen there: choose another port, or end what uses this one."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the server behaves.

    `lag` is how far the documents are behind the arena. `validators` sends `ETag` and
    `Last-Modified` and answers 304. `referer` refuses whoever does not name nba.com as theirs.
    `refresh` writes the documents of live games anew that often with nothing but a later time in
    them; None writes them only when they change.
    """

    lag: timedelta = timedelta(0)
    validators: bool = False
    referer: bool = True
    refresh: timedelta | None = None
    faults: Sequence[Fault] = ()


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
    def site(self) -> Site:
        """The documents that it serves, to be asked without HTTP."""
        return self._handler.site

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
        self.site = Site(playbacks, options.refresh)
        self.requests: Counter[str] = Counter()
        self.faults = list(options.faults)
        self._clock = clock
        self._options = options

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests[request.path] += 1
        now = self._clock.now()
        fault = fault_at(self.faults, request.path, now)
        if fault is not None and fault.kind is FaultKind.HANG:
            await self._clock.sleep((fault.end - now).total_seconds())
            now, fault = self._clock.now(), None
        if self._options.referer and not request.headers.get("Referer", "").startswith(_REFERER):
            return _denied(request.path, now)
        seen_at = now if fault is None else fault.seen_at(now)
        page = self.site.page(request.path, seen_at - self._options.lag)
        if fault is not None and (broken := await self._break(request, fault, page)) is not None:
            return broken
        if page is None:
            return _denied(request.path, now)
        return self._send(request, page)

    def _send(self, request: web.Request, page: Page) -> web.Response:
        response = web.Response(body=page.body, content_type="application/json", charset="utf-8")
        if not self._options.validators:
            return response
        tag = f'"{hashlib.sha256(page.body).hexdigest()[:32]}"'
        changed = page.changed.astimezone(UTC).replace(microsecond=0)
        headers = {"ETag": tag, "Last-Modified": format_datetime(changed, usegmt=True)}
        if _unchanged(request, tag, changed):
            return web.Response(status=304, headers=headers)
        response.headers.update(headers)
        return response

    async def _break(
        self, request: web.Request, fault: Fault, page: Page | None
    ) -> web.StreamResponse | None:
        body = b"" if page is None else page.body
        match fault.kind:
            case FaultKind.STATUS:
                wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
                return web.Response(status=fault.status, headers=wait)
            case FaultKind.HTML:
                return _html(fault.status, "<html><head><title>NBA</title></head></html>")
            case FaultKind.TRUNCATED:
                return web.Response(body=body[: len(body) // 2], content_type="application/json")
            case FaultKind.NAN:
                text = re.sub(rb'"score":-?\d+', b'"score":NaN', body)
                return web.Response(body=text, content_type="application/json")
            case FaultKind.BLANK:
                text = re.sub(rb'"gameClock":"[^"]*"', b'"gameClock":"   "', body)
                return web.Response(body=text, content_type="application/json")
            case FaultKind.EMPTY:
                return web.Response(body=b"", content_type="application/json")
            case FaultKind.HUGE:
                return await self._stream(request, b'{"meta":', fault.size, 0.0)
            case FaultKind.DRIP:
                return await self._stream(request, body, len(body), fault.seconds)
            case FaultKind.HANG | FaultKind.STALE | FaultKind.REGRESS:
                return None

    async def _stream(
        self, request: web.Request, body: bytes, size: int, seconds: float
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        step = _CHUNK if size > len(body) else max(1, -(-size // _DRIPS))
        for start in range(0, size, step):
            await response.write(body[start : start + step].ljust(min(step, size - start)))
            if seconds:
                await self._clock.sleep(seconds / _DRIPS)
        await response.write_eof()
        return response


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


def _html(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html")


def _denied(path: str, now: datetime) -> web.Response:
    reference = f"18.{hashlib.sha256(path.encode()).hexdigest()[:8]}.{int(now.timestamp())}"
    return _html(
        403,
        "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n"
        f"You don't have permission to access {json.dumps(f'http://cdn.nba.com{path}')} "
        f"on this server.<P>\nReference #{reference}\n</BODY>\n</HTML>\n",
    )
