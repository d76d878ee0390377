"""Who is asking: a browser that came in by a link, or a program with a key."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from tracker.store.access import KeyScope
from tracker.web.problems import Problem
from tracker.web.site import Site, site_of

COOKIE = "tracker"
"""The cookie that a browser keeps once it has come in."""

A_MINUTE = 120
"""Requests that a key may make in a minute."""

MISSES = 5
"""Wrong keys or codes in a minute from one address, after which none is looked at."""

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as the audit names it, and what is open to them."""

    who: str
    scopes: frozenset[KeyScope]


class Gauge:
    """How often something happened within the last minute, by whom."""

    def __init__(self, most: int) -> None:
        """`most` times a minute are in order."""
        self._most = most
        self._seen: dict[str, deque[float]] = {}

    def full(self, whose: str, now: float) -> float | None:
        """In how many seconds it may happen again; None while it may at once."""
        seen = self._seen.get(whose)
        while seen and seen[0] <= now - _MINUTE:
            seen.popleft()
        if not seen:
            self._seen.pop(whose, None)
            return None
        return seen[0] + _MINUTE - now if len(seen) >= self._most else None

    def count(self, whose: str, now: float) -> None:
        """It happened."""
        self._seen.setdefault(whose, deque(maxlen=self._most)).append(now)


class Door:
    """Looks at what a request shows. One for a server, since it counts."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.misses = Gauge(MISSES)
        self._asked = Gauge(A_MINUTE)

    async def visitor(self, request: Request, site: Site) -> Visitor | None:
        """Who asks; None when they show nothing that opens.

        Raises Problem with 429 for a key that asks too often, and for an address that guesses.
        """
        now = site.clock.monotonic()
        peer = request.client.host if request.client is not None else ""
        _wait(self.misses.full(peer, now), "too many wrong keys from this address")
        store = await site.store()
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            key = await store.web.key(secret.strip())
            if key is None:
                self.misses.count(peer, now)
                return None
            _wait(self._asked.full(key.name, now), f"more than {A_MINUTE} requests in a minute")
            self._asked.count(key.name, now)
            return Visitor(f"web:{key.name}", key.scopes)
        cookie = request.cookies.get(COOKIE)
        if cookie and await store.web.is_in(cookie, site.machine.now()):
            return Visitor("web:browser", frozenset(KeyScope))
        return None


def _wait(seconds: float | None, why: str) -> None:
    if seconds is not None:
        raise Problem(429, why, headers={"Retry-After": str(int(seconds) + 1)})


# They describe in the OpenAPI document what the door looks at, and refuse nothing themselves.
_BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="`tracker web keys add`")
_COOKIE = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="browser")


def needs(scope: KeyScope) -> Callable[..., Awaitable[Visitor]]:
    """What a path of the API depends on: somebody to whom `scope` is open; else 401 or 403."""

    async def visitor(
        request: Request,
        site: Annotated[Site, Depends(site_of)],
        _key: Annotated[object, Depends(_BEARER)],
        _cookie: Annotated[object, Depends(_COOKIE)],
    ) -> Visitor:
        found = await request.app.state.door.visitor(request, site)
        if found is None:
            raise Problem(
                401,
                "show a key: `Authorization: Bearer KEY`; `tracker web keys add NAME` makes one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if scope not in found.scopes:
            raise Problem(403, f"this key does not open {scope.value!r}: make one that does")
        return cast(Visitor, found)

    return visitor


Reader = Annotated[Visitor, Depends(needs(KeyScope.READ))]
Writer = Annotated[Visitor, Depends(needs(KeyScope.WRITE))]
Pricer = Annotated[Visitor, Depends(needs(KeyScope.PRICE))]
