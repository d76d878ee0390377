"""The guard of the web server: checks of every request, who makes it, and the form of errors.

The checks run before a request's body is read. Errors are answered as `application/problem+json`,
with the sentences of the command line.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException

from tracker.domain import TrackerError
from tracker.domain.draft import AmbiguousGame
from tracker.settings.reading import plain_words
from tracker.store import StoreError
from tracker.store.access import KeyScope
from tracker.web.site import Site, site_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")

MOST_BODY = 64 * 1024
"""The most bytes of a request's body."""

MOST_BATCH = 4 * 1024 * 1024
"""The most bytes of a batch of states to be priced."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The content security policy: only this server's own files, no inline script, no frame around a
page, no markup made from text."""

_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Without a referrer, browsers send `Origin: null` with a form, and over plain HTTP nothing else
    # tells that it comes from our own page.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_STREAM = "/api/v1/events"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application around another that checks every request and adds headers to answers.

    `hosts` are the names that this server answers to; `count` is called with the route and the
    status of each answer.

    A request for another Host is refused with 421: otherwise a foreign site whose name was pointed
    at this server (DNS rebinding) would count as our own page. Changes are accepted only from our
    own pages, or with a key, which no browser sends by itself.
    """

    app: App
    hosts: Collection[str]
    count: Callable[[str, int], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with a problem of one sentence."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD" and scope["path"] != _STREAM:
            # The server sends no body for it. A stream has no end, so its head is not answered.
            scope = {**scope, "method": "GET"}
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        # Our own files are asked for again only if they have changed; numbers are never kept.
        kept = b"no-cache" if scope["path"].startswith("/static/") else b"no-store"
        with_headers = _adding(send, kept, lambda status: self.count(_route(scope), status))
        refused = self._refused(scope, headers)
        if refused is not None:
            await problem_response(refused)(scope, receive, with_headers)
            return
        await self.app(scope, _limited(receive, _most_of(scope)), with_headers)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> Problem | None:
        host = headers.get("host", "")
        if _name_of(host) not in self.hosts:
            why = "this server does not answer to that host: name it in [web] hosts"
            return Problem(421, why)
        most = _most_of(scope)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > most:
            return Problem(413, f"the body is larger than {most} bytes")
        if scope["method"] not in _READING and not _is_ours(headers, host):
            why = "a change is taken from this server's own pages, or with a key"
            return Problem(403, why)
        return None


def _most_of(scope: Scope) -> int:
    """The most bytes that the body of a request may have."""
    return MOST_BATCH if scope["path"].endswith("/price/batch") else MOST_BODY


def _route(scope: Scope) -> str:
    """The declared path of a request's route, so that no id becomes a label of a metric."""
    return str(getattr(scope.get("route"), "path", "none"))


def _is_ours(headers: dict[str, str], host: str) -> bool:
    """Whether a change comes from our own page, or from a program that shows a key."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2] == host
    return "authorization" in headers


def _name_of(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[").lower()
    return host.partition(":")[0].lower()


def _adding(send: Send, kept: bytes, begins: Callable[[int], None]) -> Send:
    """Adds the headers that every answer carries, and reports the status to `begins`.

    `kept` is the Cache-Control of an answer that has none.
    """

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            begins(message["status"])
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            if b"cache-control" not in names:
                given.append((b"cache-control", kept))
            message = {**message, "headers": [*given, *_HEADERS]}
        await send(message)

    return add


def _limited(receive: Receive, most: int) -> Receive:
    """Stops reading a body beyond `most` bytes, whatever length the request declared."""
    left = most

    async def read() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"the body is larger than {most} bytes")
        return message

    return read


COOKIE = "tracker"
"""The name of the cookie that a browser gets for a one-time link."""

A_MINUTE = 120
"""Requests that a key may make in a minute."""

MISSES = 5
"""Wrong keys in a minute from one address, after which further ones are not checked; and wrong
codes of links likewise."""

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who makes a request, by the name that the audit records, and the scopes they may use."""

    who: str
    scopes: frozenset[KeyScope]

    def must_open(self, scope: KeyScope) -> None:
        """Raise Problem with 403 unless the visitor may use `scope`."""
        if scope not in self.scopes:
            raise Problem(403, f"this key does not open {scope.value!r}: make one that does")


class RateLimit:
    """A rate limit: counts events of the last minute by name."""

    def __init__(self, most: int) -> None:
        """`most` events a minute are allowed for each name."""
        self._most = most
        self._seen: dict[str, deque[float]] = {}

    def full(self, whose: str, now: float) -> float | None:
        """Seconds until the next event is allowed for a name; None when it is allowed now."""
        seen = self._seen.get(whose)
        while seen and seen[0] <= now - _MINUTE:
            seen.popleft()
        if not seen:
            self._seen.pop(whose, None)
            return None
        return seen[0] + _MINUTE - now if len(seen) >= self._most else None

    def count(self, whose: str, now: float) -> None:
        """Record one event, and forget the names without one in the last minute."""
        self._seen = {x: y for x, y in self._seen.items() if y[-1] > now - _MINUTE}
        self._seen.setdefault(whose, deque(maxlen=self._most)).append(now)


class Authenticator:
    """Finds out who makes a request, by its key or cookie, within rate limits.

    A server has one of them, which keeps the counts of the limits.
    """

    def __init__(self) -> None:
        """Start with empty counts."""
        self.wrong_codes = RateLimit(MISSES)
        self._misses = RateLimit(MISSES)
        self._asked = RateLimit(A_MINUTE)

    async def visitor(self, request: Request, site: Site) -> Visitor | None:
        """Who makes the request; None without a valid key or cookie.

        Raises Problem with 429 for a key that asks too often, and for a key from an address with
        too many wrong ones. A browser's cookie is checked all the same: a program that shows a
        revoked key must not keep the person out.
        """
        now = site.machine.monotonic()
        store = await site.store()
        secret = _bearer(request)
        if secret is not None:
            peer = peer_of(request)
            _wait(self._misses.full(peer, now), "too many wrong keys from this address")
            key = await store.web.key(secret)
            if key is None:
                self._misses.count(peer, now)
                return None
            _wait(self._asked.full(key.name, now), f"more than {A_MINUTE} requests in a minute")
            self._asked.count(key.name, now)
            return Visitor(f"web:{key.name}", key.scopes)
        if await _signed_in(request, site):
            return Visitor("web:browser", frozenset(KeyScope))
        return None


async def still_let_in(request: Request, site: Site) -> bool:
    """Whether the key or the cookie of a request that was let in has not been revoked since."""
    secret = _bearer(request)
    if secret is not None:
        return await (await site.store()).web.key(secret) is not None
    return await _signed_in(request, site)


async def _signed_in(request: Request, site: Site) -> bool:
    cookie = request.cookies.get(COOKIE)
    store = await site.store()
    return bool(cookie) and await store.web.is_signed_in(cookie or "", site.machine.now())


def _bearer(request: Request) -> str | None:
    """The key that a request shows; None when it shows none."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def peer_of(request: Request) -> str:
    """The address that a request comes from."""
    return request.client.host if request.client is not None else ""


def _wait(seconds: float | None, why: str) -> None:
    if seconds is not None:
        raise Problem(429, why, headers={"Retry-After": str(int(seconds) + 1)})


# These only describe keys and cookies in the OpenAPI document; they refuse nothing themselves.
_BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="`tracker web keys add`")
_COOKIE = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="browser")


def needs(scope: KeyScope) -> Callable[..., Awaitable[Visitor]]:
    """The dependency of an API route: a visitor who may use `scope`; answers 401 or 403 else."""

    async def visitor(
        request: Request,
        site: Annotated[Site, Depends(site_of)],
        _key: Annotated[object, Depends(_BEARER)],
        _cookie: Annotated[object, Depends(_COOKIE)],
    ) -> Visitor:
        found = await request.app.state.authenticator.visitor(request, site)
        if found is None:
            raise Problem(
                401,
                "show a key: `Authorization: Bearer KEY`; `tracker web keys add NAME` makes one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        found.must_open(scope)
        return cast(Visitor, found)

    return visitor


Reader = Annotated[Visitor, Depends(needs(KeyScope.READ))]
Writer = Annotated[Visitor, Depends(needs(KeyScope.WRITE))]
Pricer = Annotated[Visitor, Depends(needs(KeyScope.PRICE))]


# ------------------------------------------------------------------------------------------ errors


_UNKNOWN = "unknown_name"
"""The kind of pydantic's error for a field that there is none of."""


class StrictBody(BaseModel):
    """A request's body: unknown fields are refused by name, and no value is converted in type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, given: Any) -> Any:
        known = [x.alias or name for name, x in cls.model_fields.items()]
        for name in given if isinstance(given, dict) else ():
            if name not in known:
                raise PydanticCustomError(_UNKNOWN, "{name}", {"name": name, "known": known})
        return given


def only_known_parameters(request: Request) -> None:
    """Refuse a query parameter that the route does not have: its answer would not heed it."""
    known = [x.alias for x in request.scope["route"].dependant.query_params]
    for name in request.query_params:
        if name not in known:
            raise Problem(422, _unknown(name, known), name)


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
    return f"there is no {name!r} here: {meant}"


def not_valid(wrong: RequestValidationError) -> Problem:
    """The problem for the first thing that is wrong with what a request gives."""
    first = wrong.errors()[0]
    place = [str(x) for x in first["loc"][1:]]
    if first["type"] == _UNKNOWN:
        name, known = first["ctx"]["name"], first["ctx"]["known"]
        return Problem(422, _unknown(name, known), ".".join([*place, name]))
    # Broken JSON is located by an offset in the body, not by a field.
    field = "" if first["type"] == "json_invalid" else ".".join(place)
    return Problem(422, f"{field or 'the body'} {plain_words(first)}", field)


class ProblemBody(BaseModel):
    """An error of the API (RFC 9457). `field` names the wrong part of the request, if known."""

    type: str = "about:blank"
    title: str
    status: int
    field: str = ""
    message: str
    candidates: list[str] = []


Json = dict[str, Any]
PROBLEM: Json = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
}
"""The content of an error response in the OpenAPI document, which refers to one shared schema."""

_FAULT = 400


def answers(shape: Any, status: int = 200, *others: int) -> Json:
    """Arguments for a route's decorator that document its answers by the model `shape`.

    The model only describes: the route's dict is sent as it is, and not validated again.
    """
    responses = {
        one: {
            "model": shape,
            "description": "As described.",
            **({"content": PROBLEM} if one >= _FAULT else {}),
        }
        for one in (status, *others)
    }
    return {"response_model": None, "responses": responses, "status_code": status}


class Problem(Exception):
    """An error answer: an HTTP status and one sentence."""

    def __init__(
        self,
        status: int,
        message: str,
        field: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        candidates: tuple[str, ...] = (),
    ) -> None:
        """`message` says what is wrong and what to do; `candidates` are what may be meant."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field
        self.headers = dict(headers or {})
        self.candidates = candidates


def problem_response(wrong: Problem) -> JSONResponse:
    """The JSON response of a problem."""
    body = ProblemBody(
        title=HTTPStatus(wrong.status).phrase,
        status=wrong.status,
        field=wrong.field,
        message=wrong.message,
        candidates=list(wrong.candidates),
    )
    return JSONResponse(
        body.model_dump(),
        wrong.status,
        headers=wrong.headers,
        media_type="application/problem+json",
    )


def problem_of(wrong: TrackerError, field: str = "") -> Problem:
    """The problem for an error of the program: 503 for the database, else 422 of a `field`."""
    if isinstance(wrong, StoreError):
        return Problem(503, str(wrong), headers={"Retry-After": "5"})
    if isinstance(wrong, AmbiguousGame):
        names = tuple(f"{x.name} {x.slate}" for x in wrong.games)
        return Problem(422, str(wrong), field, candidates=names)
    return Problem(422, str(wrong), field)


def field_of(name: str, text: str, read: Callable[[str], T]) -> T:
    """Parse what a person wrote in a field; raises Problem with the field's name if it is wrong."""
    try:
        return read(text)
    except TrackerError as why:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(why), name) from None


def describe_problems(app: FastAPI) -> None:
    """Add the schema of problems to the OpenAPI document, once for all routes."""
    make = app.openapi

    def described() -> Json:
        found = make()
        found["components"]["schemas"]["ProblemBody"] = ProblemBody.model_json_schema()
        return found

    app.openapi = described  # type: ignore[method-assign]
