"""The API under `/api/v1`: the JSON of the command line over HTTP, thin over the same use cases."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI

from tracker.web import live
from tracker.web.api import bets, market, pricing, record
from tracker.web.problems import PROBLEM

_TOLD = {
    400: "The request cannot be read",
    401: "No key that opens",
    403: "The key does not open this, or the request comes from another site",
    404: "There is no such thing",
    409: "It cannot be done of this bet any more, or not yet",
    413: "The body is too large",
    421: "The Host is none of this server's",
    422: "What was given cannot be understood",
    429: "Too often: `Retry-After` says for how long",
    503: "The database cannot be read: `Retry-After` says when to ask again",
}


def attach(app: FastAPI) -> None:
    """Put the API into an application."""
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": PROBLEM} for status, text in _TOLD.items()
    }
    router = APIRouter(prefix="/api/v1", responses=told)
    parts = (bets.router, market.router, pricing.players_router, record.router, pricing.router)
    for part in (*parts, live.router):
        router.include_router(part)
    app.include_router(router)
