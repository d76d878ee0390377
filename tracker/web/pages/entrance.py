"""Coming in: the one-time link, and the words that stand before the first page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from tracker.store.access import BROWSER_LASTS
from tracker.web.access import COOKIE
from tracker.web.pages.frame import ADULT, OfSite, page
from tracker.web.problems import Problem

_YEAR_S = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


@router.get("/in")
async def entrance() -> Response:
    """Where a one-time link leads: its code is sent from here, and the browser is in."""
    return page("entrance.html", "Come in", said="")


@router.post("/in")
async def come_in(
    request: Request, site: OfSite, code: Annotated[str, Form(max_length=100)]
) -> Response:
    """Exchange the code of a link for a cookie."""
    door, now = request.app.state.door, site.clock.monotonic()
    peer = request.client.host if request.client is not None else ""
    if door.misses.full(peer, now) is not None:
        return page(
            "entrance.html", "Come in", status=429, said="Too many wrong codes: wait a minute."
        )
    async with await site.writing() as store:
        cookie = await store.web.come_in(code.strip(), site.machine.now())
    if cookie is None:
        door.misses.count(peer, now)
        said = "This link was used, or is older than ten minutes: `tracker web link` prints one."
        return page("entrance.html", "Come in", status=403, said=said)
    answer = RedirectResponse("/", 303)
    lasts = int(BROWSER_LASTS.total_seconds())
    _remember(request, answer, COOKIE, cookie, lasts)
    return answer


@router.post("/adult")
async def adult(request: Request, to: Annotated[str, Form(max_length=500)] = "/") -> Response:
    """Remember that the person has read the notice and is of age; go on to where they went."""
    if not to.startswith("/") or to.startswith(("//", "/\\")):
        raise Problem(422, "to is a path of this server", "to")
    answer = RedirectResponse(to, 303)
    _remember(request, answer, ADULT, "1", _YEAR_S)
    return answer


def notice(path: str) -> Response:
    """The words before the first page. `path` is where the person was going."""
    return page("notice.html", "Before you go on", to=path)


def _remember(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
