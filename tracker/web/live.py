"""Live updates of open pages, as server-sent events, from one reader of the database.

The reader asks the database's version five times a second, which costs microseconds. When the
daemon has written, the texts of tonight are made once for all pages, and every waiting stream is
woken. A slow page gets the newest state, never a queue of old ones.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from tracker.app.tonight import Evening, evening
from tracker.clock import Clock, wait_for_event
from tracker.domain import TrackerError
from tracker.web.guard import Problem, Reader, still_let_in
from tracker.web.site import OfSite, Site

_LOOK_S = 0.2
"""Seconds between two checks of the database's version."""

_AGES_S = 5.0
"""Seconds after which texts are made again without a write, since the ages in them grow."""

_RETRY_S = 5.0
"""Seconds before a database that could not be read is tried again."""

_BEAT_S = 5.0
"""Seconds without news after which a stream sends a heartbeat; a page turns grey after fifteen."""

_LOOKED_S = 2 * _AGES_S
"""Seconds since the last check after which there is no heartbeat: the texts may be old."""

MOST_STREAMS = 50
"""The most streams at once; one more is answered with 503 and `Retry-After`."""

A_FAULT = "by a fault of the program: the log of `tracker web` says where."
"""The end of a sentence on what cannot be done."""

_FAULT = f"Tonight cannot be shown, {A_FAULT}"

_log = logging.getLogger("tracker.web")


class TonightTexts:
    """Keeps the newest texts of tonight, and wakes the streams when they change."""

    def __init__(self, site: Site, clock: Clock) -> None:
        """`clock` is the machine's."""
        self._site = site
        self._clock = clock
        self._version = 0
        self._texts: dict[str, str] = {}
        self._news = asyncio.Event()
        self._making = asyncio.Lock()
        self._seen = -1
        self._made_at = 0.0
        self._looked_at = 0.0
        self._evening = Evening()
        self._shown: tuple[Evening, bytes] | None = None
        self.streams = 0

    async def run(self) -> None:
        """Check the database until cancelled, but only while a stream is open."""
        while True:
            if self.streams and not await self._look():
                await self._clock.sleep(_RETRY_S)
            await self._clock.sleep(_LOOK_S)

    async def _look(self) -> bool:
        """Read the database if it changed; if that fails, publish why and return False.

        The texts of the last reading stay on the pages, greyed. A fault of the program is published
        and logged as well: the pages would be grey for ever if it ended the reader.
        """
        (found,) = await asyncio.gather(self.newest(), return_exceptions=True)
        if isinstance(found, TrackerError):
            await self._site.close()
        elif isinstance(found, BaseException) and self._texts.get("trouble") != _FAULT:
            _log.error("tonight could not be read", exc_info=found)
        self._looked_at = self._clock.monotonic()
        if isinstance(found, Evening):
            return True
        trouble = str(found) if isinstance(found, TrackerError) else _FAULT
        self._publish(self._texts | {"trouble": trouble})
        self._seen = -1
        return False

    async def shown(self, make: Callable[[Evening], bytes]) -> bytes:
        """The bytes that `make` gives for the newest evening; kept until the evening changes."""
        night = await self.newest()
        if self._shown is None or self._shown[0] is not night:
            self._shown = night, make(night)
        return self._shown[1]

    async def newest(self) -> Evening:
        """The evening as the database has it now, made once for all callers.

        Raises StoreError while the database cannot be read.
        """
        async with self._making:
            version = await (await self._site.store()).data_version()
            now = self._clock.monotonic()
            if version != self._seen or now - self._made_at >= _AGES_S:
                site = self._site
                at = await site.daemon()
                zone, delay = site.settings.zone, site.settings.alerts.delay
                made = await evening(await site.store(), site.rules, at, zone, delay)
                self._seen, self._made_at = version, now
                self._evening = made
                self._publish(made.texts())
            return self._evening

    def _publish(self, texts: dict[str, str]) -> None:
        if texts != self._texts:
            self._texts = texts
            self._version += 1
            self._news.set()
            self._news = asyncio.Event()

    async def events(self, let_in: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        """The events of one stream: all texts at first, then only those that changed.

        It ends once `let_in`, which is asked every few seconds, says that its reader was sent away.
        """
        sent: Mapping[str, str] = {}
        asked_at = self._clock.monotonic()
        yield "retry: 2000\n\n"
        await self._look()
        while True:
            news, texts = self._news, self._texts
            changed = {k: v for k, v in texts.items() if sent.get(k) != v}
            gone = dict.fromkeys(sent.keys() - texts.keys(), "")
            if changed or gone:
                data = json.dumps(changed | gone, ensure_ascii=False)
                yield f"id: {self._version}\ndata: {data}\n\n"
                sent = texts
            came = await wait_for_event(self._clock, news, _BEAT_S)
            if self._clock.monotonic() - asked_at >= _BEAT_S:
                asked_at = self._clock.monotonic()
                if not await let_in():
                    return
            if not came and self._clock.monotonic() - self._looked_at < _LOOKED_S:
                yield "event: beat\ndata: {}\n\n"


async def _one_of_few(_: Reader, request: Request) -> AsyncIterator[TonightTexts]:
    """Tonight's texts for one stream, which counts until its answer has ended."""
    tonight: TonightTexts = request.app.state.tonight
    if tonight.streams >= MOST_STREAMS:
        raise Problem(503, "too many pages are open", headers={"Retry-After": "5"})
    tonight.streams += 1
    try:
        yield tonight
    finally:
        tonight.streams -= 1


router = APIRouter(tags=["watching"])

_TEXT = {"schema": {"type": "string"}}


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": _TEXT}, "description": "Texts by their key"}},
)
async def events(
    tonight: Annotated[TonightTexts, Depends(_one_of_few)], request: Request, site: OfSite
) -> Response:
    """Tonight's texts as they change, as server-sent events."""

    async def let_in() -> bool:
        try:
            return await still_let_in(request, site)
        except TrackerError:
            return True  # not known while the database cannot be read

    return StreamingResponse(
        tonight.events(let_in),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(_: Reader, site: OfSite, request: Request) -> Response:
    """Figures for Prometheus; never the text of a bet."""
    at = await site.daemon()
    whole = await (await site.store()).status_view(site.rules)
    registry = CollectorRegistry()

    def gauge(name: str, text: str, label: str | None = None) -> Gauge:
        return Gauge(f"tracker_{name}", text, [label] if label else [], registry=registry)

    gauge("up", "Whether the daemon runs").set(at.daemon is not None)
    ages = gauge("feed_age_seconds", "Since a source last answered well", "feed")
    for one in whole.sources:
        if one.last_ok_at is not None:
            ages.labels(one.source).set((at.now - one.last_ok_at).total_seconds())
    counts = gauge("bets", "Bets by where they stand", "state")
    for bet in whole.bets:
        counts.labels(bet.status.value).inc()
    sent = Gauge(
        "tracker_deliveries", "Messages by channel and state", ["channel", "state"],
        registry=registry,
    )  # fmt: skip
    for (channel, state), count in whole.deliveries.items():
        sent.labels(channel, state).set(count)
    gauge("database_bytes", "Size of the database").set(whole.size_bytes)
    body = generate_latest(registry) + generate_latest(request.app.state.requests)
    return PlainTextResponse(body, media_type="text/plain; version=0.0.4; charset=utf-8")
