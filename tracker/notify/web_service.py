"""One way to ask a web service, and what its answers and failures mean for a message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

import aiohttp

from tracker.domain.delivery import Failed, Outcome, Refused, Unknown

CONNECT_LIMIT = 5.0
"""Seconds to reach a server, its name and TLS included: what fails in them never left."""

SEND_LIMIT = 15.0
"""Real seconds for the whole of a request."""

ANSWER_LIMIT = 1 << 20
"""Most bytes that an answer may have."""

_LONGEST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; `body` is None where that is no JSON object."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def good(self) -> bool:
        """It did what was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def retry_after(self) -> float | None:
        """The seconds that the server asks to wait, from the body or the header."""
        said = (self.body or {}).get("retry_after", self.headers.get("Retry-After"))
        try:
            seconds = float(said) if isinstance(said, int | float | str) else None
        except ValueError:
            return None
        return None if seconds is None or not 0 <= seconds < _LONGEST_WAIT * 24 else seconds


class WebService:
    """A connection to one service. It repeats nothing and follows no redirect."""

    def __init__(
        self, service: str, *, limit: float = SEND_LIMIT, connect_limit: float = CONNECT_LIMIT
    ) -> None:
        """`service` is its name in sentences; limits are in real seconds."""
        self._service = service
        self._limit = limit
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_limit)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Give the line itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; a later request would open them again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json_body: Mapping[str, Any] | None = None,
        text: str | None = None,
    ) -> Reply | Outcome:
        """Ask once: the server's answer, or what follows from there being none.

        `url` may hold secrets; no sentence repeats it.
        """
        try:
            async with asyncio.timeout(self._limit):
                return await self._ask(method, url, headers or {}, json_body, text)
        except TimeoutError:
            return Unknown(f"no answer from {self._service} within {self._limit:g} s")

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json_body: Mapping[str, Any] | None,
        text: str | None,
    ) -> Reply | Outcome:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        data = None if text is None else text.encode()
        try:
            async with self._session.request(
                method, url, headers=headers, json=json_body, data=data, allow_redirects=False
            ) as answer:
                body = await _read(answer)
                return Reply(answer.status, dict(answer.headers), body)
        except (aiohttp.InvalidURL, UnicodeError, ValueError):
            return Refused(f"there can be no such address of {self._service}")
        except (aiohttp.ClientError, OSError) as why:
            return self._broken(why)

    def _broken(self, error: Exception) -> Outcome:
        match error:
            case aiohttp.ClientConnectorDNSError():
                return Failed(f"the name of {self._service}'s server cannot be found")
            case aiohttp.ClientSSLError():
                return Failed(f"no secure connection to {self._service}")
            case aiohttp.ClientConnectorError():
                return Failed(f"{self._service}'s server cannot be reached")
            case aiohttp.ConnectionTimeoutError():
                return Failed(f"{self._service}'s server did not take the connection in time")
            case _:
                return Unknown(f"the connection broke before the answer ({type(error).__name__})")

    def refusal(self, reply: Reply, remedy: str) -> Outcome:
        """What an answer means that is not a good one; `remedy` is for a no for good."""
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = reply.retry_after
            asked = "" if wait is None else f" {wait:g} s"
            return Failed(f"{self._service} asks to wait{asked}", wait)
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unknown(f"{self._service} answered {reply.status}")
        if reply.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT):
            return Failed(f"{self._service} answered {reply.status}")
        if reply.status < HTTPStatus.BAD_REQUEST:
            return Failed(f"{self._service} answered {reply.status}: {remedy}")
        return Refused(f"{self._service} answered {reply.status}: {remedy}")


async def _read(answer: aiohttp.ClientResponse) -> Mapping[str, Any] | None:
    """The body as a JSON object; None where it is none, or longer than any that is expected."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > ANSWER_LIMIT:
            return None
    try:
        found = json.loads(bytes(body))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
