"""Answers of a local server in place of its usual one: refusals, silence, broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, assert_never

from aiohttp import web


@dataclass(frozen=True)
class Says:
    """An answer in place of the usual one. `body` is JSON, or raw where it is bytes.

    `writes` is whether the message is kept before the answer.
    """

    status: int
    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    writes: bool = False


@dataclass(frozen=True)
class Hangs:
    """Holds the answer back until the server goes down."""

    writes: bool = True


@dataclass(frozen=True)
class Resets:
    """Breaks the connection without an answer, or after this many bytes of one."""

    writes: bool = True
    after: bytes = b""


Trouble = Says | Hangs | Resets


def no(status: int, description: str, **parameters: int) -> Says:
    """A refusal in the Bot API's form."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Says(status, body)


def wait(seconds: int) -> Says:
    """The answer to too many messages."""
    text = f"Too Many Requests: retry after {seconds}"
    return no(HTTPStatus.TOO_MANY_REQUESTS, text, retry_after=seconds)


def answer(says: Says) -> web.Response:
    """The answer in HTTP's form."""
    if isinstance(says.body, bytes):
        return web.Response(status=says.status, body=says.body, headers=says.headers)
    return web.json_response(dict(says.body), status=says.status, headers=says.headers)


async def meet(trouble: Trouble, request: web.Request, down: asyncio.Event) -> web.StreamResponse:
    """Answer with a trouble; `down` is set when the server goes down."""
    match trouble:
        case Says():
            return answer(trouble)
        case Hangs():
            await down.wait()
            return web.Response(status=500)
        case Resets():
            return await _break_off(request, trouble.after)
        case _:
            assert_never(trouble)


async def _break_off(request: web.Request, after: bytes) -> web.StreamResponse:
    """Break the connection, after these bytes of an answer."""
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    if after:
        await response.prepare(request)
        await response.write(after)
    if request.transport is not None:
        request.transport.abort()
    return response
