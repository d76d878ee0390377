"""Fixtures of the web server: a real one on this machine, over the database of a played night."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.cli.conftest import config, home, night, played  # noqa: F401 - fixtures
from tracker.app.pricing import Load
from tracker.clock import SystemClock
from tracker.domain.game import Game
from tracker.domain.league import slate_date
from tracker.forecast.game.parameters import load_parameters
from tracker.settings import load_settings
from tracker.store import Store
from tracker.store.access import KeyScope
from tracker.web import build

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Of a client of servers here: to load the authorities that sites are known by takes a while."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its URL, its database, a key with every scope, and a client with it."""

    url: str
    database: Path
    key: str
    client: httpx.AsyncClient

    def as_key(self, key: str) -> dict[str, str]:
        """The header that sends a key."""
        return {"Authorization": f"Bearer {key}"}


async def with_a_game_to_come(database: Path) -> None:
    """Store LAL@DEN, which tips off in two hours, in a database."""
    now = SystemClock().now()
    start = (now + timedelta(hours=2)).replace(microsecond=0)
    game = Game("0022600001", "nba", "DEN", "LAL", start)
    assert game.slate == slate_date(start)
    async with await Store.open(database, now=now) as store:
        await store.save_games([(game, None)], now)


@pytest.fixture
async def served(night: Path, config: Path) -> AsyncIterator[Served]:  # noqa: F811
    """A server over a finished night, with one game to come: LAL@DEN."""
    async with serving(night, config) as running:
        yield running


@asynccontextmanager
async def serving(
    night: Path,  # noqa: F811
    config: Path,  # noqa: F811
    load: Load = load_parameters,
) -> AsyncIterator[Served]:
    """Such a server; `load` gives the parameters of a league."""
    clock = SystemClock()
    await with_a_game_to_come(night)
    async with await Store.open(night, now=clock.now()) as store:
        key = await store.web.add_key("all", frozenset(KeyScope), clock.now())
    listening = socket.create_server(("127.0.0.1", 0))
    app = build(load_settings(config), clock, load)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    headers = {"Authorization": f"Bearer {key}"}
    try:
        async with httpx.AsyncClient(
            base_url=url, headers=headers, timeout=30, verify=NO_AUTHORITIES
        ) as client:
            yield Served(url, night, key, client)
    finally:
        server.should_exit = True
        await running
