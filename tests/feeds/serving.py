"""A small real HTTP server whose pages a test writes, and NBA documents built for tests."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tracker.clock import Clock
from tracker.domain.events import Tell, tell_nobody
from tracker.feeds import Source, nba
from tracker.feeds.fetch import DEADLINE_S
from tracker.feeds.health import ReportStatus, SourceHealth, ignore_status
from tracker.feeds.polling import Feed, fetcher_of
from tracker.settings.models import FeedSettings

FIXTURES = Path(__file__).parent / "fixtures"

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]

DENIED = (
    "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n"
    "You don't have permission to access it on this server.</BODY></HTML>"
)


def fixture(name: str) -> bytes:
    """The body of a recorded response, trimmed."""
    return (FIXTURES / f"{name}.json").read_bytes()


def document(name: str) -> dict[str, Any]:
    """A recorded response, parsed, so that a test can change it."""
    found: dict[str, Any] = json.loads(fixture(name))
    return found


def encoded(value: object) -> bytes:
    """A document as bytes."""
    return json.dumps(value).encode()


def live_game() -> dict[str, Any]:
    """A game in its second quarter: GSW 39, SAC 30, 7:15 left."""
    game: dict[str, Any] = document("scoreboard_live_2023-04-20")["scoreboard"]["games"][0]
    return game


def changed(game: dict[str, Any], **values: object) -> dict[str, Any]:
    """A game with some values changed; `home__score=7` changes the home team's score."""
    copy: dict[str, Any] = json.loads(json.dumps(game))
    for name, value in values.items():
        team, _, key = name.partition("__")
        target = copy[f"{team}Team"] if key else copy
        target[key or name] = value
    return copy


def board_of(*games: object, day: str = "2023-04-20") -> bytes:
    """A scoreboard with these games."""
    return encoded({"meta": {}, "scoreboard": {"gameDate": day, "games": list(games)}})


def box_of(game: object) -> bytes:
    """A box score of this game."""
    return encoded({"meta": {}, "game": game})


def dice(seed: int) -> random.Random:
    """Random numbers that are the same on every run."""
    return random.Random(seed)  # noqa: S311 - nothing secret hangs on it


class Site:
    """A server with a page for each path; any other path gets 403.

    `asked` has the requested paths.
    """

    def __init__(self) -> None:
        self.url = ""
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def put(self, path: str, body: bytes | str, status: int = 200, **headers: str) -> None:
        """Answer a path with a fixed body, as JSON unless the headers say otherwise."""
        raw = body if isinstance(body, bytes) else body.encode()
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        named.setdefault("Content-Type", "application/json")

        async def page(_: web.Request) -> web.StreamResponse:
            return web.Response(body=raw, status=status, headers=named)

        self.pages[path] = page

    def deny(self, path: str) -> None:
        """Refuse a path as the CDN does."""
        self.put(path, DENIED, 403, Content_Type="text/html")

    def board(self, *games: object) -> None:
        """Put these games on the scoreboard."""
        self.put(nba.board_path(), board_of(*games))

    def count(self, path: str) -> int:
        """How many requests a path got."""
        return self.asked.count(path)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append(request.path)
        self.headers.append(dict(request.headers))
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(text=DENIED, status=403, content_type="text/html")
        return await page(request)


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """A running server; it and its connections are closed at the end."""
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield site
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_feed(
    source: Source,
    settings: FeedSettings,
    clock: Clock,
    *,
    tell: Tell = tell_nobody,
    report_status: ReportStatus = ignore_status,
    deadline_s: float = DEADLINE_S,
) -> AsyncIterator[Feed]:
    """One source with a session of its own, closed at the end."""
    async with fetcher_of([source], settings, clock, deadline_s) as fetcher:
        feed = Feed(source, fetcher, clock, SourceHealth(source.label, tell, report_status))
        try:
            yield feed
        finally:
            await feed.aclose()
