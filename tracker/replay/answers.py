"""The answers that are no documents: refusals, pages for people, bombs, drips and broken lines."""

import asyncio
import hashlib
import json
import socket
import struct
import zlib
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from aiohttp import web

from tracker.clock import Clock
from tracker.replay.espn.site import BAD_REQUEST
from tracker.replay.faults import Fault, FaultKind

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
