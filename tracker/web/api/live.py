"""What changes as it changes, and figures for a watcher: `/api/v1/events` and `/metrics`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from tracker.web.access import Reader
from tracker.web.live import MOST_STREAMS
from tracker.web.problems import Problem
from tracker.web.site import Site, site_of

OfSite = Annotated[Site, Depends(site_of)]
router = APIRouter(tags=["watching"])

_TEXT = {"schema": {"type": "string"}}


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": _TEXT}, "description": "Texts by their key"}},
)
async def events(_: Reader, request: Request) -> Response:
    """Tonight's texts as they change, as server-sent events."""
    bell = request.app.state.bell
    if bell.streams >= MOST_STREAMS:
        raise Problem(503, "too many pages are open", headers={"Retry-After": "5"})
    stream: AsyncIterator[str] = bell.events()
    return StreamingResponse(
        stream,
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(_: Reader, site: OfSite, request: Request) -> Response:
    """Figures for Prometheus; never the text of a bet."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

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
