"""Shared by the pages and the API: configuration, database, models and the daemon's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from tracker.app.bets import Bets
from tracker.app.choose_game import Choice, Chooser, GamesRead, SlateReader
from tracker.app.health import AtWork, at_work
from tracker.clock import Clock
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.policy import Rule
from tracker.forecast import Parameters
from tracker.settings import Settings, lines_for
from tracker.store import Store

if TYPE_CHECKING:
    from tracker.app.explain import Explainer
    from tracker.app.market.edges import EdgesNow
    from tracker.app.pricing import LinesFor, Load, PricingBasis
    from tracker.registry import Registry

_EDGES_S = 15.0
"""Seconds for which one list of edges is served to everybody; its prices are at most two minutes
old."""


class Site:
    """The database of one configuration, opened for reading on the first request.

    The database may be missing, of a newer version, or about to be migrated when the server
    starts. So each request tries to open it again, and is answered with the reason if that fails.
    Where `tracker restore` has put another file in its place, that one is opened.

    The modules that forecast are imported when first needed, so that a server that only shows
    tonight stays small.
    """

    def __init__(self, settings: Settings, machine: Clock, load: Load) -> None:
        """`machine` is the machine's clock; pages use the daemon's, which may be scaled.

        `load` gives the parameters in use of a league.
        """
        self.settings = settings
        self.machine = machine
        self.load = load
        self._store: Store | None = None
        self._file: tuple[int, int] | None = None
        self._opening = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._edges: tuple[float, EdgesNow] | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The default rules, of bets without rules of their own."""
        return self.settings.default_rules

    async def store(self) -> Store:
        """The database, opened for reading. Raises StoreError while it cannot be opened."""
        async with self._opening:
            path = self.settings.store.path
            file = _file_at(path)
            if file != self._file or (self._store is not None and self._store.outdated):
                await self.close()
            if self._store is None:
                self._store = await Store.open(path, now=self.machine.now(), readonly=True)
                self._file = file
            return self._store

    async def writing(self) -> Store:
        """The database, opened for one change; the caller closes it."""
        return await Store.open(self.settings.store.path, now=self.machine.now())

    @asynccontextmanager
    async def changing(self, who: str) -> AsyncIterator[Bets]:
        """The use cases on bets, over the database opened for one change that `who` makes."""
        async with await self.writing() as store:
            yield self.bets(store, who)

    async def daemon(self) -> AtWork:
        """The daemon that runs on the database, if any, and its clock."""
        return await at_work(await self.store(), self.settings.store.lock, self.machine)

    async def now(self) -> datetime:
        """The time by the daemon's clock."""
        return (await self.daemon()).now

    @property
    def given(self) -> LinesFor:
        """A function that gives the closing lines in the configuration for a game."""
        return partial(lines_for, self.settings.lines)

    @property
    def registry(self) -> Registry[Parameters]:
        """The registry of game models beside the database."""
        from tracker.registry import registry_beside

        return registry_beside(self.settings.store.path)

    async def choose(self, store: Store, draft: Draft) -> Choice:
        """The games that a bet means, of those in an open database or of the sources' slates."""
        at, settings = await self.daemon(), self.settings

        async def look(enough: Callable[[Game], bool] | None, leagues: frozenset[str]) -> GamesRead:
            async with await self.writing() as kept:
                late = settings.alerts.delay > 0
                return await SlateReader(kept, settings.feeds, at.clock, late)(enough, leagues)

        now = at.now.astimezone(settings.zone)
        return await Chooser(store, now, look, zone=settings.zone).choose(draft)

    def bets(self, store: Store, who: str = "web") -> Bets:
        """The use cases on bets over an open database; `who` is named in the audit."""
        return Bets(store, self.rules, self.settings.stake_unit_cents, who)

    async def basis(self) -> PricingBasis:
        """What bets are priced by."""
        from tracker.app.pricing import PricingBasis

        return PricingBasis(await self.store(), self.given, self.load)

    async def explainer(self) -> Explainer:
        """An explainer over the database: why a chance moved, and what a bet is worth."""
        from tracker.app.explain import Explainer

        return Explainer(await self.store(), self.rules, self.given, self.registry)

    async def edges(self) -> EdgesNow:
        """The list of edges, at most `_EDGES_S` seconds old.

        Making it takes a forecast of every game, so callers share one list. Edges that no list has
        shown before are stored.
        """
        from tracker.app.market.edges import edges_now

        async with self._listing:
            now = self.machine.monotonic()
            if self._edges is None or now - self._edges[0] >= _EDGES_S:
                found = await edges_now(await self.basis(), self.settings.odds, await self.now())
                if found.unseen:
                    async with await self.writing() as writing:
                        await writing.quotes.keep_edges(found.unseen)
                self._edges = now, found
            return self._edges[1]

    async def close(self) -> None:
        """Close the database, if it is open."""
        store, self._store = self._store, None
        if store is not None:
            await store.close()


def _file_at(path: Path) -> tuple[int, int] | None:
    """What tells one file from another that is put in its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def site_of(request: Request) -> Site:
    """The site of the application that a request came to."""
    return cast(Site, request.app.state.site)


OfSite = Annotated[Site, Depends(site_of)]
