"""What every request must pass before anything is read of it, and what every answer carries."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY = 64 * 1024
"""Bytes that a request may bring."""

MOST_BATCH = 4 * 1024 * 1024
"""Bytes that a batch of states to be priced may bring."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing but our own files; no script in a page, no frame around it, no markup from text."""

_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application around another. `hosts` are the names that this server answers to.

    `count` is told the route and the status of each answer.

    A foreign Host is refused with 421: a page of somebody else whose name was made to lead here
    would otherwise be as good as our own. Changes are taken from our own pages, or with a key,
    which no page sends by itself.
    """

    app: App
    hosts: Collection[str]
    count: Callable[[str, int], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it in one sentence."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        with_headers = _Adding(send, lambda status: self.count(_route(scope), status))
        refused = self._refused(scope, headers)
        if refused is not None:
            await _refuse(with_headers, *refused)
            return
        most = MOST_BATCH if scope["path"].endswith("/price/batch") else MOST_BODY
        await self.app(scope, _Limited(receive, most), with_headers)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name_of(host) not in self.hosts:
            return 421, "this server does not answer to that host: name it in [web] hosts"
        most = MOST_BATCH if scope["path"].endswith("/price/batch") else MOST_BODY
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > most:
            return 413, f"the body is larger than {most} bytes"
        if scope["method"] not in _READING and not _is_ours(headers, host):
            return 403, "a change is taken from this server's own pages, or with a key"
        return None


def _route(scope: Scope) -> str:
    """The path of a request as it is declared, so that no id becomes a label."""
    return str(getattr(scope.get("route"), "path", "none"))


def _is_ours(headers: dict[str, str], host: str) -> bool:
    """Whether a change comes from our own page, or from a program with a key of its own."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        # A form of a page that tells no referrer has an Origin of `null`: the browser's own word
        # on where it comes from goes before it.
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2] == host
    return "authorization" in headers


def _name_of(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[").lower()
    return host.partition(":")[0].lower()


class _Adding:
    """Sends an answer with the headers that every answer carries."""

    def __init__(self, send: Send, begins: Callable[[int], None]) -> None:
        self._send = send
        self._begins = begins

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begins(message["status"])
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            if b"cache-control" not in names:
                given.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*given, *_HEADERS]}
        await self._send(message)


class _Limited:
    """Reads a body that told no length, as far as it may go."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise HTTPException(413, f"the body is larger than {self._most} bytes")
        return message


async def _refuse(send: Send, status: int, why: str) -> None:
    body = json.dumps(
        {"type": "about:blank", "title": why, "status": status, "field": "", "message": why}
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
