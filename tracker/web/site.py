"""What the pages and the API stand on: the configuration, the database, and the daemon's clock."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from tracker.app.health import AtWork, at_work
from tracker.clock import Clock
from tracker.domain.policy import Rule, parse_rule
from tracker.settings import Settings, lines_for
from tracker.store import Store

if TYPE_CHECKING:
    from tracker.app.explain import Explainer
    from tracker.app.market.edges import EdgesNow
    from tracker.app.pricing import LinesFor, Load
    from tracker.forecast import Parameters
    from tracker.registry import Registry

_EDGES_S = 15.0
"""Seconds for which a list of edges serves everybody; its prices are two minutes old at most."""


class Site:
    """The database of one configuration, opened for reading when it is first asked for.

    What forecasts is imported when it is first needed: a server that shows the night stays small.

    It may be missing, newer, or about to be brought up to date when the server starts: each
    request tries anew, and is told why it cannot be read.
    """

    def __init__(self, settings: Settings, machine: Clock, load: Load) -> None:
        """`machine` is the machine's own clock; pages go by the daemon's, which may be scaled.

        `load` gives the parameters in use of a league.
        """
        self.settings = settings
        self.machine = machine
        self.load = load
        self._store: Store | None = None
        self._opening = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._edges: tuple[float, EdgesNow] | None = None

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

    @property
    def given(self) -> LinesFor:
        """The lines that the configuration gives for a game."""
        return partial(lines_for, self.settings.lines)

    @property
    def registry(self) -> Registry[Parameters]:
        """The models beside the database."""
        from tracker.registry import registry_beside

        return registry_beside(self.settings.store.path)

    async def explainer(self) -> Explainer:
        """What says why a chance moved, and what a bet is worth."""
        from tracker.app.explain import Explainer

        return Explainer(await self.store(), self.rules, self.given, self.registry)

    async def edges(self) -> EdgesNow:
        """The prices that pay more than they should, at most some seconds old.

        They take a forecast of every game, which is made once for all who ask meanwhile. Rows that
        no list has shown before are kept.
        """
        from tracker.app.market.edges import edges_now

        async with self._listing:
            now = self.machine.monotonic()
            if self._edges is None or now - self._edges[0] >= _EDGES_S:
                store = await self.store()
                asked = (self.given, self.load, self.settings.odds, await self.now())
                found = await edges_now(store, *asked)
                if found.unseen:
                    async with await self.writing() as writing:
                        await writing.quotes.keep_edges(found.unseen)
                self._edges = now, found
            return self._edges[1]

    async def close(self) -> None:
        """Close what was opened."""
        store, self._store = self._store, None
        if store is not None:
            await store.close()


def site_of(request: Request) -> Site:
    """The site of a request's application."""
    return cast(Site, request.app.state.site)


OfSite = Annotated[Site, Depends(site_of)]
