"""The HTML pages: what all of them share, the way in, and the notice on first use."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from tracker.store.access import BROWSER_LASTS, KeyScope
from tracker.web.guard import COOKIE, Problem, Visitor, peer_of
from tracker.web.live import TonightTexts
from tracker.web.site import OfSite
from tracker.wording.closes import share_text

CARE = (
    "Bet only what you can lose without harm. If it stops being fun, help is free and private: in "
    "the US call or text 1-800-GAMBLER; elsewhere see gamblingtherapy.org. Odds and facts, never "
    "advice."
)

PAGES = (
    ("/", "Tonight"), ("/odds", "Odds"), ("/edges", "Edges"), ("/history", "History"),
    ("/models", "Models"), ("/health", "Health"), ("/keys", "Keys"),
)  # fmt: skip
"""The path and title of each page, in the order of the navigation."""

NOWHERE = "nowhere"
"""The value of `here` for a page that shows the navigation but is not part of it."""

ADULT = "adult"
"""The cookie of a browser whose user has confirmed to be of age."""

templates = Environment(
    loader=PackageLoader("tracker.web"), autoescape=True, undefined=StrictUndefined
)

templates.filters["zip"] = zip


def whole(figure: str | int) -> str:
    """A figure that no line break parts from its unit: `−25.2 % ± 1.1 %` breaks before the `±`."""
    return re.sub(r"(?<=\d) (?=[%a-z])|(?<=±) ", "\xa0", str(figure))


templates.filters["whole"] = whole


def _tonight(request: Request) -> TonightTexts:
    return cast(TonightTexts, request.app.state.tonight)


OfTonight = Annotated[TonightTexts, Depends(_tonight)]


def page(name: str, title: str, here: str = "", status: int = 200, **values: Any) -> HTMLResponse:
    """Render a template as a page; `here` is the path to mark as current in the navigation."""
    made = templates.get_template(name).render(
        title=title, here=here, pages=PAGES, care=CARE, **values
    )
    return HTMLResponse(made, status)


def at_text(at: datetime, zone: tzinfo) -> str:
    """A time as a page shows it: `28 Nov 21:13:40`."""
    return f"{at.astimezone(zone):%d %b %H:%M:%S}"


def share(value: float | None) -> str:
    """A signed share such as `+4.1 %`; empty when it is not known."""
    return "" if value is None else share_text(value)


class NotSignedIn(Exception):
    """The request comes from a browser that has not used a one-time link."""


class AgeNotConfirmed(Exception):
    """The request comes from a browser whose user has not confirmed to be of age."""


async def _inside(request: Request, site: OfSite) -> Visitor:
    found = await request.app.state.authenticator.visitor(request, site)
    if found is None:
        raise NotSignedIn
    if "authorization" not in request.headers and ADULT not in request.cookies:
        raise AgeNotConfirmed
    found.must_open(KeyScope.READ if request.method == "GET" else KeyScope.WRITE)
    return cast(Visitor, found)


Inside = Annotated[Visitor, Depends(_inside)]
"""The visitor of a page: a browser that used a one-time link, or a program with a key that opens
`read` for pages, and `write` for changes."""

_YEAR_S = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


@router.get("/in")
async def entrance() -> Response:
    """The page that a one-time link opens; its script posts the link's code."""
    return page("entrance.html", "Come in", said="")


@router.post("/in")
async def sign_in(
    request: Request, site: OfSite, code: Annotated[str, Form(max_length=100)]
) -> Response:
    """Exchange the code of a one-time link for a cookie."""
    authenticator, now = request.app.state.authenticator, site.machine.monotonic()
    peer = peer_of(request)
    if authenticator.wrong_codes.full(peer, now) is not None:
        return page(
            "entrance.html", "Come in", status=429, said="Too many wrong codes: wait a minute."
        )
    async with await site.writing() as store:
        cookie = await store.web.sign_in(code.strip(), site.machine.now())
    if cookie is None:
        authenticator.wrong_codes.count(peer, now)
        said = "This link was used, or is older than ten minutes: `tracker web link` prints one."
        return page("entrance.html", "Come in", status=403, said=said)
    answer = RedirectResponse("/", 303)
    lasts = int(BROWSER_LASTS.total_seconds())
    _remember(request, answer, COOKIE, cookie, lasts)
    return answer


@router.post("/adult")
async def adult(request: Request, to: Annotated[str, Form(max_length=500)] = "/") -> Response:
    """Remember that the user is of age, and redirect to the page `to`."""
    if not to.startswith("/") or to.startswith(("//", "/\\")):
        raise Problem(422, "to is a path of this server", "to")
    answer = RedirectResponse(to, 303)
    _remember(request, answer, ADULT, "1", _YEAR_S)
    return answer


def notice(path: str) -> Response:
    """The notice before the first page. `path` is the page to go on to."""
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
