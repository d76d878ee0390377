"""Plays recorded games over HTTP, as the leagues' sites and ESPN would, on the clock it is given.

Time comes from that clock alone, so a night can pass in a minute or stand still.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import re
import socket
import struct
import zlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from aiohttp import web

from tracker.clock import Clock
from tracker.domain import TrackerError
from tracker.replay import espn_site as espn
from tracker.replay.espn_site import BAD_REQUEST
from tracker.replay.faults import Fault, FaultKind, faults_at
from tracker.replay.nba_site import LIVE, WNBA_SCOREBOARD, NbaSite
from tracker.replay.odds_site import OddsSite, is_odds
from tracker.replay.playback import Page, Playback, Showing
from tracker.replay.spoil import spoiled
from tracker.replay.words import event_id

HOSTS = {
    "nba": "cdn.nba.com",
    "wnba": "cdn.wnba.com",
    "espn": "site.api.espn.com",
    "odds": "api.the-odds-api.com",
}
"""The real host of each source."""

_OF_WNBA = re.compile(r".*_10\d{8}\.json")

_REFERERS = {"nba": "https://www.nba.com", "wnba": "https://www.wnba.com"}

_CHUNK = 1 << 20

_DRIPS = 20

_TOO_MANY = 429

_UNAVAILABLE = 503

_BEGINS = b'{"meta":'

MOST_ANSWERS = 100_000
"""Most answers that the server remembers for its log."""

_HOST = "127.0.0.1"

_SHUTDOWN_S = 0.1

_OK = 200


class PortTakenError(TrackerError):
    """The port is in use: choose another one, or end what uses it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the server behaves.

    `takes` is how long an answer takes. Clients that the real host would refuse are refused: those
    without the league's own `Referer`, or with a `User-Agent` that ESPN does not accept.
    """

    takes: timedelta = timedelta(0)
    faults: Sequence[Fault] = ()


class Answer(NamedTuple):
    """The outcome of one request.

    `what` is `ok`, `refused`, `absent`, or the names of faults. A fault of one game among others
    ends in the game's id: `stale:0022500680`.
    """

    at: datetime
    source: str
    path: str
    what: str


@dataclass(frozen=True, slots=True)
class Running:
    """A running server, with its answers so far, oldest first.

    `requests` counts requests by path. `faults` may be added to while it runs. `odds` are the odds
    providers, with what each key has used.
    """

    url: str
    requests: Counter[str]
    faults: list[Fault]
    answers: deque[Answer]
    odds: OddsSite


@asynccontextmanager
async def serving(
    playbacks: Sequence[Playback], clock: Clock, *, port: int = 0, options: Options | None = None
) -> AsyncIterator[Running]:
    """Play games for as long as the block runs. Port 0 takes any free one.

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
        await _listen(runner, port)
        url = f"http://{_HOST}:{runner.addresses[0][1]}"
        odds = handler.sources.odds
        yield Running(url, handler.requests, handler.faults, handler.answers, odds)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, _HOST, port).start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(
            f"Port {port} on {_HOST} is in use: end what uses it, or choose another port."
        ) from error


class _Handler:
    def __init__(self, playbacks: Sequence[Playback], clock: Clock, options: Options) -> None:
        self.sources = _Sources(playbacks)
        self.requests: Counter[str] = Counter()
        self.answers: deque[Answer] = deque(maxlen=MOST_ANSWERS)
        self.faults = list(options.faults)
        self._clock = clock
        self._takes = options.takes.total_seconds()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests[request.path] += 1
        if self._takes:
            await self._clock.sleep(self._takes)
        source = _source_of(request.path, request.headers.get("Referer", ""))
        now = self._clock.now()
        if (refusal := _refusal(request, source, now)) is not None:
            self._note(now, source, request, "refused")
            return refusal
        met = faults_at(self.faults, request.path, now, source)
        faults = [fault for fault in met if _meant(fault, request)]
        words = " ".join(fault.name for fault in faults)
        if (whole := next((x for x in faults if x.whole), None)) is not None:
            page = self._page(request, source, now)
            self._note(now, source, request, words)
            body = b"" if page is None else page.body
            if (response := await _broken(request, whole, body, self._clock)) is not None:
                return response
            now, faults, words = self._clock.now(), [], ""
        page = self._page(request, source, now)
        if page is None:
            self._note(now, source, request, words or "absent")
            return _denied(request.path, now, HOSTS[source])
        self._note(now, source, request, words or "ok")
        if faults and page.status == _OK:
            page = self._spoiled(request, source, page, faults)
        return _response(page)

    def _note(self, at: datetime, source: str, request: web.Request, what: str) -> None:
        self.answers.append(Answer(at, source, request.path_qs, what))

    def _page(self, request: web.Request, source: str, now: datetime) -> Page | None:
        return self.sources.page(source, request.path, request.query, now)

    def _spoiled(
        self, request: web.Request, source: str, page: Page, faults: Sequence[Fault]
    ) -> Page:
        now = self._clock.now()

        def earlier(fault: Fault) -> bytes | None:
            old = self._page(request, source, fault.seen_at(now))
            return None if old is None else old.body

        return Page(spoiled(page.body, faults, earlier), page.changed)


def _response(page: Page) -> web.Response:
    response = web.Response(
        status=page.status, body=page.body, content_type="application/json", charset="utf-8"
    )
    response.headers.update(dict(page.headers))
    return response


def _refusal(request: web.Request, source: str, now: datetime) -> web.Response | None:
    headers = request.headers
    match _welcome(source, headers.get("Referer", ""), headers.get("User-Agent", "")):
        case _Welcome.YES:
            return None
        case _Welcome.WEB_PAGE:
            return html(200)
        case _Welcome.DENIED:
            return _denied(request.path, now, HOSTS[source])


def _meant(fault: Fault, request: web.Request) -> bool:
    """Whether the request is for the game of a fault that replaces one game's own documents."""
    if fault.game is None or not fault.whole:
        return True
    return any(x in request.path_qs for x in (fault.game, event_id("nba", fault.game)))


def html(status: int, text: str = "") -> web.Response:
    """A web page, like one of the source's own unless `text` is given."""
    text = text or "<!DOCTYPE html>\n<html><head><title>Official Site</title></head></html>\n"
    return web.Response(status=status, text=text, content_type="text/html")


def _denied(path: str, now: datetime, host: str = "cdn.nba.com") -> web.Response:
    """403 with the error page of the guard before the NBA's CDN."""
    reference = f"18.{hashlib.sha256(path.encode()).hexdigest()[:8]}.{int(now.timestamp())}"
    return html(
        403,
        "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n"
        f"You don't have permission to access {json.dumps(f'http://{host}{path}')} "
        f"on this server.<P>\nReference #{reference}\n</BODY>\n</HTML>\n",
    )


async def _broken(
    request: web.Request, fault: Fault, body: bytes, clock: Clock
) -> web.StreamResponse | None:
    """The response that replaces a whole answer; None when the document is to be sent after all.

    `body` is the document that would have been sent. A hang lasts until the fault is over.
    """
    match fault.kind:
        case FaultKind.HANG:
            await clock.sleep((fault.end - clock.now()).total_seconds())
            return None
        case FaultKind.DRIP:
            return await _stream(request, body, len(body), fault.seconds, clock)
        case FaultKind.HUGE:
            return await _stream(request, _BEGINS, fault.size, 0.0, clock)
        case FaultKind.BOMB:
            bomb = await asyncio.to_thread(_bomb, fault.size)
            headers = {"Content-Encoding": "gzip"}
            return web.Response(body=bomb, headers=headers, content_type="application/json")
        case FaultKind.RESET:
            return _reset(request)
        case _:
            return _at_once(request, fault, body, clock.now())


def _at_once(request: web.Request, fault: Fault, body: bytes, now: datetime) -> web.Response | None:
    match fault.kind:
        case FaultKind.BLOCKED | FaultKind.NO_BOX:
            return _denied(request.path, now)
        case FaultKind.HTML:
            return html(fault.status or 200)
        case FaultKind.STATUS | FaultKind.BUSY:
            return _status(fault)
        case FaultKind.BAD_REQUEST:
            return web.Response(status=400, body=BAD_REQUEST, content_type="application/json")
        case FaultKind.REDIRECT:
            to = fault.text or request.path_qs
            return web.Response(status=302, headers={"Location": to})
        case FaultKind.TRUNCATED:
            return web.Response(body=body[: len(body) // 2], content_type="application/json")
        case FaultKind.EMPTY:
            return web.Response(body=b"", content_type="application/json")
        case _:
            return None


def _status(fault: Fault) -> web.Response:
    usual = _TOO_MANY if fault.kind is FaultKind.BUSY else _UNAVAILABLE
    wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.Response(status=fault.status or usual, headers=wait)


def _reset(request: web.Request) -> web.Response:
    transport = request.transport
    if transport is not None:
        line = transport.get_extra_info("socket")
        if line is not None:
            # With a linger time of zero, closing sends a reset instead of an orderly end.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


@lru_cache(maxsize=2)
def _bomb(size: int) -> bytes:
    press = zlib.compressobj(9, wbits=31)
    start = press.compress(_BEGINS)
    blanks = [
        press.compress(b" " * min(_CHUNK, size - at)) for at in range(len(_BEGINS), size, _CHUNK)
    ]
    return b"".join([start, *blanks, press.flush()])


async def _stream(
    request: web.Request, body: bytes, size: int, seconds: float, clock: Clock
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    step = _CHUNK if size > len(body) else max(1, -(-size // _DRIPS))
    # A client that reaches its limit hangs up in the middle, as the fault intends.
    with suppress(ConnectionResetError):
        for start in range(0, size, step):
            await response.write(body[start : start + step].ljust(min(step, size - start)))
            if seconds:
                await clock.sleep(seconds / _DRIPS)
        await response.write_eof()
    return response


class _Welcome(Enum):
    """How a source treats a client, before it looks at the path."""

    YES = "yes"
    DENIED = "denied"
    WEB_PAGE = "web page"


class _Sources:
    """The documents of all sources for one set of games."""

    def __init__(self, playbacks: Sequence[Playback]) -> None:
        """Raises `ValueError` when a game is given twice."""
        showings = [Showing(playback) for playback in playbacks]
        self.nba = NbaSite(showings)
        self.wnba = NbaSite(showings, "wnba")
        self.odds = OddsSite(showings)
        self.espn = espn.EspnSite(sorted(showings, key=lambda x: (x.tip_off, x.playback.scheduled)))

    def page(self, source: str, path: str, query: Mapping[str, str], now: datetime) -> Page | None:
        """A source's document at an address at `now`; None when there is none, or none yet."""
        match source:
            case "espn":
                return self.espn.page(path, query, now)
            case "wnba":
                return self.wnba.page(path, now)
            case "odds":
                return self.odds.page(path, query, now)
            case _:
                return self.nba.page(path, now)


def _source_of(path: str, referer: str) -> str:
    """The source of an address.

    Both leagues have their schedules at one path; the referer decides.
    """
    if path.startswith(espn.ROOT):
        return "espn"
    if is_odds(path):
        return "odds"
    if path == WNBA_SCOREBOARD or _OF_WNBA.fullmatch(path):
        return "wnba"
    if not path.startswith(LIVE) and referer.startswith(_REFERERS["wnba"]):
        return "wnba"
    return "nba"


def _welcome(source: str, referer: str, user_agent: str) -> _Welcome:
    """Whether a source answers a client with these headers, and how it refuses."""
    if source == "odds":
        return _Welcome.YES
    if source == "espn":
        return _Welcome.YES if espn.welcome(user_agent) else _Welcome.DENIED
    if referer.startswith(_REFERERS[source]):
        return _Welcome.YES
    return _Welcome.DENIED if source == "nba" else _Welcome.WEB_PAGE
