"""What a server answers: whose request it is, its document, or a refusal, a bomb, a broken line."""

import asyncio
import hashlib
import json
import re
import socket
import struct
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from aiohttp import web

from tracker.clock import Clock
from tracker.replay.espn import site as espn
from tracker.replay.espn.site import BAD_REQUEST
from tracker.replay.faults import Fault, FaultKind
from tracker.replay.nba.site import LIVE, WNBA_SCOREBOARD, Site
from tracker.replay.odds.site import OddsSite, is_odds
from tracker.replay.playback import Page, Playback, Showing

_CHUNK = 1 << 20
_DRIPS = 20
_TOO_MANY = 429
_UNAVAILABLE = 503
_BEGINS = b'{"meta":'


def html(status: int, text: str = "") -> web.Response:
    """A page for people, as of the source's own pages unless `text` is given."""
    text = text or "<!DOCTYPE html>\n<html><head><title>Official Site</title></head></html>\n"
    return web.Response(status=status, text=text, content_type="text/html")


def denied(path: str, now: datetime, host: str = "cdn.nba.com") -> web.Response:
    """403 in the words of the guard that stands before the NBA's CDN."""
    reference = f"18.{hashlib.sha256(path.encode()).hexdigest()[:8]}.{int(now.timestamp())}"
    return html(
        403,
        "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n"
        f"You don't have permission to access {json.dumps(f'http://{host}{path}')} "
        f"on this server.<P>\nReference #{reference}\n</BODY>\n</HTML>\n",
    )


async def broken(
    request: web.Request, fault: Fault, body: bytes, clock: Clock
) -> web.StreamResponse | None:
    """What stands in the place of a whole answer; None when the document is to be sent after all.

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
            return denied(request.path, now)
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
            # Closed without lingering, a connection ends in a reset and not in a farewell.
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
    # A client that has had enough hangs up in the middle; that is what this is for.
    with suppress(ConnectionResetError):
        for start in range(0, size, step):
            await response.write(body[start : start + step].ljust(min(step, size - start)))
            if seconds:
                await clock.sleep(seconds / _DRIPS)
        await response.write_eof()
    return response


HOSTS = {
    "nba": "cdn.nba.com",
    "wnba": "cdn.wnba.com",
    "espn": "site.api.espn.com",
    "odds": "api.the-odds-api.com",
}
"""The host that a source has when it is not played."""

_OF_WNBA = re.compile(r".*_10\d{8}\.json")

_REFERERS = {"nba": "https://www.nba.com", "wnba": "https://www.wnba.com"}


class Welcome(Enum):
    """How a source takes a request before it looks at what is wanted."""

    YES = "yes"
    DENIED = "denied"
    WEB_PAGE = "web page"


class Sources:
    """The documents of all sources for one set of games."""

    def __init__(self, playbacks: Sequence[Playback], refresh: timedelta | None) -> None:
        """Raises `ValueError` when a game is given twice."""
        showings = [Showing(playback) for playback in playbacks]
        self.nba = Site(showings, refresh)
        self.wnba = Site(showings, refresh, "wnba")
        self.odds = OddsSite(showings)
        self.espn = espn.EspnSite(sorted(showings, key=lambda x: (x.tip_off, x.playback.scheduled)))

    def page(self, source: str, path: str, query: Mapping[str, str], now: datetime) -> Page | None:
        """What a source has at an address at `now`; None when that is nothing, or nothing yet."""
        match source:
            case "espn":
                return self.espn.page(path, query, now)
            case "wnba":
                return self.wnba.page(path, now)
            case "odds":
                return self.odds.page(path, query, now)
            case _:
                return self.nba.page(path, now)


def source_of(path: str, referer: str) -> str:
    """Whose address it is. The season's schedules lie at the same one: there the referer tells."""
    if path.startswith(espn.ROOT):
        return "espn"
    if is_odds(path):
        return "odds"
    if path == WNBA_SCOREBOARD or _OF_WNBA.fullmatch(path):
        return "wnba"
    if not path.startswith(LIVE) and referer.startswith(_REFERERS["wnba"]):
        return "wnba"
    return "nba"


def welcome(source: str, referer: str, user_agent: str) -> Welcome:
    """Whether a source answers a client with these headers, and how it refuses."""
    if source == "odds":
        return Welcome.YES
    if source == "espn":
        return Welcome.YES if espn.welcome(user_agent) else Welcome.DENIED
    if referer.startswith(_REFERERS[source]):
        return Welcome.YES
    return Welcome.DENIED if source == "nba" else Welcome.WEB_PAGE
