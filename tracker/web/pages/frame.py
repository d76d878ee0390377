"""What every page stands in: its template, who may see it, and the words on its foot."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tracker.web.access import Visitor
from tracker.web.live import Doorbell
from tracker.web.site import Site, site_of

CARE = (
    "Bet only what you can lose without harm. If it stops being fun, help is free and private: in "
    "the US call or text 1-800-GAMBLER; elsewhere see gamblingtherapy.org. Odds and facts, never "
    "advice."
)

PAGES = (
    ("/", "Tonight"), ("/odds", "Odds"), ("/edges", "Edges"), ("/history", "History"),
    ("/models", "Models"), ("/health", "Health"), ("/keys", "Keys"),
)  # fmt: skip
"""The pages by path, in the order of the head of each."""

ADULT = "adult"
"""The cookie of a browser whose person has said that they are of age."""

templates = Environment(
    loader=PackageLoader("tracker.web"), autoescape=True, undefined=StrictUndefined
)

templates.filters["zip"] = zip

OfSite = Annotated[Site, Depends(site_of)]


def _bell(request: Request) -> Doorbell:
    return cast(Doorbell, request.app.state.bell)


OfBell = Annotated[Doorbell, Depends(_bell)]


def page(name: str, title: str, here: str = "", status: int = 200, **values: Any) -> HTMLResponse:
    """A page from its template; `here` is the path that the head shows as the one in view."""
    made = templates.get_template(name).render(
        title=title, here=here, pages=PAGES, care=CARE, **values
    )
    return HTMLResponse(made, status)


def drawn(svg: str) -> Markup:
    """A chart of `charts`, which escapes every text itself."""
    return Markup(svg)  # noqa: S704 - ours, and escaped


def at_text(at: datetime, zone: tzinfo) -> str:
    """A time as a page shows it: `28 Nov 21:13:40`."""
    return f"{at.astimezone(zone):%d %b %H:%M:%S}"


def share(value: float | None, digits: int = 1) -> str:
    """A signed share, `+4.1 %`, and nothing where it is not known."""
    from tracker.wording.closes import share_text

    return "" if value is None else share_text(value, digits)


class Outside(Exception):
    """A browser that has not come in."""


class Unasked(Exception):
    """A browser whose person has not said yet that they are of age."""


async def _inside(request: Request, site: OfSite) -> Visitor:
    found = await request.app.state.door.visitor(request, site)
    if found is None:
        raise Outside
    if "authorization" not in request.headers and ADULT not in request.cookies:
        raise Unasked
    return cast(Visitor, found)


Inside = Annotated[Visitor, Depends(_inside)]
"""Who sees a page: a browser that came in, or a program with a key."""
