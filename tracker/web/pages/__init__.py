"""The pages: rendered on the server in the words of the messages, thin over the use cases."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from tracker.web.pages import bet, frame, market, record, tonight
from tracker.web.pages.frame import Outside, Unasked

_STATIC = Path(__file__).parents[1] / "static"


def attach(app: FastAPI) -> None:
    """Put the pages into an application."""

    @app.exception_handler(Outside)
    async def _send_in(_: Request, __: Exception) -> Response:
        return RedirectResponse("/in", 303)

    @app.exception_handler(Unasked)
    async def _ask(request: Request, __: Exception) -> Response:
        return frame.notice(request.url.path if request.method == "GET" else "/")

    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for part in (frame, tonight, bet, market, record):
        app.include_router(part.router)
