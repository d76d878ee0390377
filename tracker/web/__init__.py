"""The web server: HTML pages and a JSON API over one database, behind the guard of `guard.py`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry, Counter
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tracker import __version__
from tracker.clock import Clock
from tracker.domain import TrackerError
from tracker.forecast import Parameters
from tracker.settings import Settings
from tracker.web import api
from tracker.web.guard import (
    Authenticator,
    Guard,
    Problem,
    describe_problems,
    not_valid,
    problem_of,
    problem_response,
)
from tracker.web.live import A_FAULT, TonightTexts
from tracker.web.pages import (
    NOWHERE,
    AgeNotConfirmed,
    NotSignedIn,
    bets,
    market,
    notice,
    page,
    record,
)
from tracker.web.pages import router as way_in
from tracker.web.site import Site

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""The host names by which this machine reaches itself."""

_OF_BET = re.compile(r"/bets/(\d+)/")
"""Paths under a bet's page: an error there links back to that page."""

_STATIC = Path(__file__).parent / "static"


def build(settings: Settings, machine: Clock, models: Callable[[str], Parameters]) -> Guard:
    """The whole server as an ASGI application.

    `machine` is the machine's clock; `models` gives a league's parameters, for forecasts.
    """
    site = Site(settings, machine, models)
    tonight = TonightTexts(site, machine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            polling = tasks.create_task(tonight.run())
            yield
            polling.cancel()
        await site.close()

    app = FastAPI(
        title="tracker",
        version=__version__,
        description="How likely your bets on tonight's games are to win, while they are played.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.site, app.state.tonight, app.state.authenticator = site, tonight, Authenticator()
    app.state.requests = CollectorRegistry()
    counter = Counter(
        "tracker_http_requests", "Requests by route and status", ["route", "status"],
        registry=app.state.requests,
    )  # fmt: skip
    api.attach(app)
    _attach_pages(app)
    describe_problems(app)
    _for_people(app)
    hosts = LOOPBACK | {settings.web.host} | set(settings.web.hosts)
    return Guard(app, hosts, lambda route, status: counter.labels(route, str(status)).inc())


def _attach_pages(app: FastAPI) -> None:
    @app.exception_handler(NotSignedIn)
    async def _send_in(_: Request, __: Exception) -> Response:
        return RedirectResponse("/in", 303)

    @app.exception_handler(AgeNotConfirmed)
    async def _ask(request: Request, __: Exception) -> Response:
        return notice(request.url.path if request.method == "GET" else "/")

    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for router in (way_in, bets.router, market.router, record.router):
        app.include_router(router)


def _for_people(app: FastAPI) -> None:
    """Answer errors of the API as problems and errors of pages as a page."""

    async def explain(request: Request, wrong: Exception) -> Response:
        match wrong:
            case Problem():
                found = wrong
            case RequestValidationError():
                found = not_valid(wrong)
            case TrackerError():
                found = problem_of(wrong)
            case HTTPException():
                found = _refused(wrong, request)
            case _:
                # It is raised anew once it is answered, so that the log says where it was.
                found = Problem(500, f"This cannot be answered, {A_FAULT}")
        if request.url.path.startswith("/api/"):
            return problem_response(found)
        bet = None if found.status == HTTPStatus.NOT_FOUND else _OF_BET.match(request.url.path)
        shown = page(
            "problem.html", "That did not work", here=NOWHERE, status=found.status,
            message=found.message, bet=None if bet is None else bet[1],
        )  # fmt: skip
        shown.headers.update(found.headers)
        return shown

    for kind in (Problem, TrackerError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, explain)


def _refused(wrong: HTTPException, request: Request) -> Problem:
    """The problem, in one sentence, for an error of the framework, such as an unknown path."""
    path, headers = request.url.path, wrong.headers
    if wrong.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_taken(request))}
    match wrong.status_code, path.startswith("/api/"):
        case HTTPStatus.NOT_FOUND, True:
            said = f"there is nothing at {path}: /api/v1/docs tells what there is"
        case HTTPStatus.METHOD_NOT_ALLOWED, True:
            said = f"{path} does not take {request.method}: /api/v1/docs tells what it takes"
        case ((HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED), False):
            said = f"There is no page at {path}."
        case _:
            said = str(wrong.detail)
    return Problem(wrong.status_code, said, headers=headers)


def _taken(request: Request) -> list[str]:
    """The methods that the path of a request takes; the framework names those of one route only."""

    def fits(method: str) -> bool:
        asked = {**request.scope, "method": method}
        return any(x.matches(asked)[0] is Match.FULL for x in request.app.routes)

    return [x for x in ("GET", "PATCH", "POST") if fits(x)]
