"""A local server that takes messages as a webhook does, or fails as one can."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web


@dataclass
class Got:
    """One request that arrived."""

    body: str
    key: str | None
    kind: str


@dataclass
class Sink:
    """Keeps what arrives. `status` is its answer; `hang` makes it hold the answer back."""

    status: int = 200
    hang: bool = False
    port: int = 0
    got: list[Got] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _release: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its Apprise address, with a secret in it and short limits."""
        return f"json://ann:sesame-sesame@127.0.0.1:{self.port}/a-hook-of-mine?rto=0.3"

    @property
    def bodies(self) -> list[str]:
        """The texts that have arrived."""
        return [x.body for x in self.got]

    async def up(self) -> Self:
        """Listen, on the earlier port if there was one."""
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def down(self) -> None:
        """Refuse connections."""
        self._release.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.up()

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    async def _take(self, request: web.Request) -> web.Response:
        sent = json.loads(await request.text())
        key = request.headers.get("Idempotency-Key")
        self.got.append(Got(sent["message"], key, sent["type"]))
        self.arrived.set()
        if self.hang:
            await self._release.wait()
        return web.Response(status=self.status)


def free_port() -> int:
    """A port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
