"""A local Bot API that writes messages down as Telegram would, or fails in the ways that it can."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self

from aiohttp import web

TOKEN = "7654321098:AAcanary-dont-tell_anyone-about-this1"
CHAT = 4411

_TAGS = frozenset({"a", "b", "blockquote", "code", "em", "i", "pre", "s", "strong", "tg-spoiler"})


@dataclass(frozen=True)
class Written:
    """A message that the person can read: `text` is what is left once the markup was read."""

    chat_id: int
    text: str
    bold: str
    html: bool


@dataclass(frozen=True)
class Says:
    """An answer in place of the usual one. `body` is JSON, or raw where it is bytes.

    `writes` is whether the message is written down before.
    """

    status: int
    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    writes: bool = False


@dataclass(frozen=True)
class Hangs:
    """Keeps the answer back until the server goes down."""

    writes: bool = True


@dataclass(frozen=True)
class Resets:
    """Breaks the connection without an answer, or after so many bytes of one."""

    writes: bool = True
    after: bytes = b""


Trouble = Says | Hangs | Resets


def no(status: int, description: str, **parameters: int) -> Says:
    """The Bot API's own way to say no."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Says(status, body)


def wait(seconds: int) -> Says:
    """The answer to one message too many."""
    return no(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


@dataclass
class BotApi:
    """Knows one bot and the chats that it may write to. `troubles` are met first, in order.

    `moved` are groups that became supergroups, with their later numbers.
    """

    troubles: deque[Trouble] = field(default_factory=deque)
    chats: set[int] = field(default_factory=lambda: {CHAT})
    moved: dict[int, int] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _down: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Scheme and host, as for `[notify.telegram] api_url`."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        # Without an access log: its lines hold the path, and so the token.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._down.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        asked = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(asked)
        self.connections.add(request.transport)
        self.arrived.set()
        if not self.troubles:
            return _answer(self._usual(request.path, asked))
        trouble = self.troubles.popleft()
        if trouble.writes:
            self._usual(request.path, asked)
        match trouble:
            case Says():
                return _answer(trouble)
            case Hangs():
                await self._down.wait()
                return web.Response(status=500)
            case Resets():
                return await _break(request, trouble.after)

    def _usual(self, path: str, asked: Mapping[str, str]) -> Says:
        """What the real one does with `sendMessage`."""
        if path != f"/bot{TOKEN}/sendMessage":
            known = path.startswith(f"/bot{TOKEN}/")
            return no(404, "Not Found") if known else no(401, "Unauthorized")
        chat = int(asked.get("chat_id", "0"))
        if chat in self.moved:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            return no(400, text, migrate_to_chat_id=self.moved[chat])
        if chat not in self.chats:
            return no(400, "Bad Request: chat not found")
        html = asked.get("parse_mode") == "HTML"
        try:
            text, bold = _read(asked.get("text", "")) if html else (asked.get("text", ""), "")
        except ValueError as why:
            return no(400, f"Bad Request: can't parse entities: {why}")
        if not text.strip():
            return no(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return no(400, "Bad Request: message is too long")
        self.written.append(Written(chat, text, bold, html))
        return Says(200, {"ok": True, "result": _message(len(self.written), chat, text)})


def _message(number: int, chat: int, text: str) -> dict[str, Any]:
    kind = {"type": "private", "first_name": "Ann"} if chat > 0 else {"type": "supergroup"}
    return {
        "message_id": number,
        "date": 1795231800,
        "chat": {"id": chat, **kind},
        "from": {"id": 7654321098, "is_bot": True, "first_name": "Tracker"},
        "text": text,
    }


def _answer(says: Says) -> web.Response:
    if isinstance(says.body, bytes):
        return web.Response(status=says.status, body=says.body, headers=says.headers)
    return web.json_response(dict(says.body), status=says.status, headers=says.headers)


async def _break(request: web.Request, after: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    if after:
        await response.prepare(request)
        await response.write(after)
    if request.transport is not None:
        request.transport.abort()
    return response


class _Markup(HTMLParser):
    """Reads Telegram's HTML. Raises ValueError in its words for what it would not take."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.bold = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - html's own
        if tag not in _TAGS:
            raise ValueError(f'Unsupported start tag "{tag}" at byte offset {len(self.text)}')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f'Unmatched end tag at byte offset {len(self.text)}, found "</{tag}>"')

    def handle_data(self, data: str) -> None:
        self.text += data
        if "b" in self.open:
            self.bold += data


def _read(html: str) -> tuple[str, str]:
    """The words of a marked-up text, and those of them that are bold."""
    markup = _Markup()
    markup.feed(html)
    markup.close()
    if markup.open:
        raise ValueError(
            f"Can't find end tag corresponding to start tag {json.dumps(markup.open[-1])}"
        )
    return markup.text, markup.bold
