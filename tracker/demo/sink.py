"""A webhook on this machine that takes the demo's alerts, as a phone's push service would."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True)
class Sink:
    """What has arrived: the messages, oldest first."""

    messages: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Take one message in the form that Apprise's `json://` posts."""
        said = await request.json()
        parts = (said.get("title") or "", said.get("message") or "")
        self.messages.append("\n".join(part for part in parts if part))
        return web.Response(text="ok")

    def app(self) -> web.Application:
        """The web application that is to be served."""
        app = web.Application()
        app.router.add_post("/", self.take)
        return app
