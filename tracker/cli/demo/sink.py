"""A webhook on this machine that takes alerts, as a phone's push service would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


async def _at_once() -> None:
    """Let nobody wait for an answer."""


@dataclass(slots=True)
class Sink:
    """What has arrived: the messages, oldest first. `url` is where to send more, for Apprise.

    `alerts` are, for each message, those that its header names. `linger` is waited for before each
    answer; a message counts as arrived before that.
    """

    linger: Callable[[], Awaitable[None]] = _at_once
    messages: list[str] = field(default_factory=list)
    alerts: list[tuple[int, ...]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        """Take one message in the form that Apprise's `json://` posts."""
        said = json.loads(await request.text())
        parts = (said.get("title") or "", said.get("message") or "")
        self.messages.append("\n".join(part for part in parts if part))
        named = request.headers.get("Idempotency-Key", "")
        self.alerts.append(tuple(int(x) for x in named.split("-") if x))
        await self.linger()
        return web.Response(text="ok")


@asynccontextmanager
async def webhook(linger: Callable[[], Awaitable[None]] = _at_once) -> AsyncIterator[Sink]:
    """A running webhook that takes everything."""
    taking = Sink(linger)
    app = web.Application()
    app.router.add_post("/", taking.take)
    async with served(app) as port:
        taking.url = f"json://127.0.0.1:{port}/"
        yield taking


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[int]:
    """Serve an application on a free port of this machine; gives the port."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
