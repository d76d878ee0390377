"""What the pages and the API stand on: the configuration, the database, and the daemon's clock."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import cast

from fastapi import Request

from tracker.app.at_work import AtWork, at_work
from tracker.clock import Clock
from tracker.domain.policy import Rule, parse_rule
from tracker.settings import Settings
from tracker.store import Store


class Site:
    """The database of one configuration, opened for reading when it is first asked for.

    It may be missing, newer, or about to be brought up to date when the server starts: each
    request tries anew, and is told why it cannot be read.
    """

    def __init__(self, settings: Settings, machine: Clock) -> None:
        """`machine` is the machine's own clock; pages go by the daemon's, which may be scaled."""
        self.settings = settings
        self.machine = machine
        self._store: Store | None = None
        self._opening = asyncio.Lock()

    @property
    def clock(self) -> Clock:
        """The machine's clock, for limits and waits."""
        return self.machine

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of bets that bring none."""
        return tuple(parse_rule(x) for x in self.settings.rules.default)

    async def store(self) -> Store:
        """The database, for reading. Raises StoreError with one sentence while it cannot be."""
        async with self._opening:
            if self._store is None:
                path = self.settings.store.path
                self._store = await Store.open(path, now=self.machine.now(), readonly=True)
            return self._store

    async def writing(self) -> Store:
        """The database, for one change; close it afterwards."""
        return await Store.open(self.settings.store.path, now=self.machine.now())

    async def daemon(self) -> AtWork:
        """The daemon that works on the database, and the time by its clock."""
        return await at_work(await self.store(), self.settings.store.lock, self.machine)

    async def now(self) -> datetime:
        """The time as the daemon has it."""
        return (await self.daemon()).now

    async def close(self) -> None:
        """Close what was opened."""
        store, self._store = self._store, None
        if store is not None:
            await store.close()


def site_of(request: Request) -> Site:
    """The site of a request's application."""
    return cast(Site, request.app.state.site)
