"""A local Discord and a local ntfy: they keep messages, edit them, or fail."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.doubles.bot_api_answers import Says, Trouble, answer, meet

WEBHOOK = "/api/webhooks/123456789/AAcanary-hook_0123456789"
TOPIC = "canary-topic-0a1b2c3d"


@dataclass
class Shown:
    """A message as it is shown: its present text, and all its earlier ones."""

    texts: list[str]
    silent: bool = False
    sequence: str = ""
    priority: str = ""
    authorization: str = ""
    title: str = ""

    @property
    def text(self) -> str:
        """The present text."""
        return self.texts[-1]


@dataclass
class Service:
    """A web server that first gives its troubles, in order."""

    troubles: deque[Trouble] = field(default_factory=deque)
    messages: dict[str, Shown] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    _down: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Scheme and host."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
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
        self.asked.append(request.method)
        body = await request.text()
        if not self.troubles:
            return answer(self.usual(request, body))
        trouble = self.troubles.popleft()
        if trouble.writes:
            self.usual(request, body)
        return await meet(trouble, request, self._down)

    def usual(self, request: web.Request, body: str) -> Says:
        """What the real service does."""
        raise NotImplementedError

    @property
    def written(self) -> list[Shown]:
        """The messages, oldest first."""
        return list(self.messages.values())


@dataclass
class Discord(Service):
    """One webhook, which can edit its own messages; `thread` is the id of a thread it serves."""

    thread: str = ""

    @property
    def webhook(self) -> str:
        """The full address."""
        return f"{self.url}{WEBHOOK}"

    def usual(self, request: web.Request, body: str) -> Says:
        """Execute Webhook, and Edit Webhook Message."""
        said: dict[str, Any] = json.loads(body)
        if request.query.get("thread_id", "") != self.thread:
            why = "Webhooks posted to forum channels must have a thread_name or thread_id"
            return Says(400, {"message": why, "code": 220001})
        if len(said["content"]) > 2000 or not said["content"].strip():
            return Says(400, {"message": "Invalid Form Body", "code": 50035})
        if said["allowed_mentions"] != {"parse": []}:
            raise AssertionError("a message may ping somebody")
        if request.method == "POST" and request.path == WEBHOOK:
            number = f"11{len(self.messages) + 1}"
            silent = bool(said.get("flags", 0) & 4096)
            self.messages[number] = Shown([said["content"]], silent)
            if request.query.get("wait") != "true":
                return Says(204, b"")
            return Says(200, {"id": number, "content": said["content"]})
        number = request.path.removeprefix(f"{WEBHOOK}/messages/")
        if request.method != "PATCH" or number not in self.messages:
            return Says(404, {"message": "Unknown Message", "code": 10008})
        self.messages[number].texts.append(said["content"])
        return Says(200, {"id": number})


@dataclass
class Ntfy(Service):
    """One topic. `old` is whether the server knows no sequence ids."""

    old: bool = False

    def usual(self, request: web.Request, body: str) -> Says:
        """Publish."""
        if request.method != "POST" or request.path != f"/{TOPIC}":
            return Says(404, {"code": 40401, "http": 404, "error": "page not found"})
        assert len(body.encode()) <= 4096
        sequence = request.headers.get("X-Sequence-ID", "")
        priority = request.headers["X-Priority"]
        number = f"m{len(self.messages) + 1}"
        same = [x for x in self.messages.values() if sequence and x.sequence == sequence]
        if same and not self.old:
            same[0].texts.append(body)
        else:
            key = request.headers.get("Authorization", "")
            title = request.query.get("title", "")
            self.messages[number] = Shown([body], priority == "1", sequence, priority, key, title)
        said = {"id": number, "event": "message", "topic": TOPIC, "message": body}
        return Says(200, said if self.old or not sequence else said | {"sequence_id": sequence})
