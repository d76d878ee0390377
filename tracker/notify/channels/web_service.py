"""Requests to a web service, and what its answers and failures mean for a message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from tracker.domain.alert import Failed, NotSent, Refused, Unknown
from tracker.logs import Masker
from tracker.network import (
    LONGEST_WAIT,
    UnusableProxy,
    certificate_trouble,
    proxy_for,
    retry_after,
    trusted,
)
from tracker.notify.channels import HeldOpen

CONNECT_LIMIT = 5.0
"""Seconds to reach a server, with name look-up and TLS: a message that fails in these was never
sent."""

SEND_LIMIT = 15.0
"""Real seconds for a whole request."""

ANSWER_LIMIT = 1 << 20
"""Most bytes of an answer."""

_QUOTED = 160
"""Most characters that are quoted from a server's own words."""

_REASONS = ("message", "error", "description", "detail")
"""The keys under which services say why: Discord, ntfy and most others, Telegram, problem+json."""

_ON_THE_WAY = (HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED)
"""Answers of a proxy or of a hotel's network: the message did not reach the service."""


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """A server's answer; `body` is None where it is not a JSON object.

    `reason` is why the server refused, in its own words and on one line; empty where it did not
    say.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    reason: str = ""

    @property
    def good(self) -> bool:
        """Whether the server did what was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, from the body or the header; else None."""
        said = (self.body or {}).get("retry_after")
        if isinstance(said, int | float) and 0 <= said < LONGEST_WAIT:
            return float(said)
        return retry_after(self.headers)


class WebService(HeldOpen):
    """A connection to one service. It repeats no request and follows no redirect."""

    def __init__(self, service: str, *, limit: float = SEND_LIMIT) -> None:
        """`service` is its name in messages; `limit` is in real seconds."""
        self.name = service
        self._limit = limit
        self._timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT)
        self._session: aiohttp.ClientSession | None = None

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
    ) -> ServiceReply | NotSent:
        """Make one request: the server's answer, or the outcome where there is none.

        `url` may hold secrets; no message repeats it.
        """
        try:
            async with asyncio.timeout(self._limit):
                return await self._ask(method, url, headers or {}, json_body, text)
        except TimeoutError:
            return Unknown(f"no answer from {self.name} within {self._limit:g} s")

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json_body: Mapping[str, Any] | None,
        text: str | None,
    ) -> ServiceReply | NotSent:
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=trusted())
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        data = None if text is None else text.encode()
        try:
            async with self._session.request(
                method,
                url,
                headers=headers,
                json=json_body,
                data=data,
                allow_redirects=False,
                proxy=proxy_for(url),
            ) as answer:
                body, said = await _read(answer)
                reason = Masker([url, *headers.values()]).text(said)
                return ServiceReply(answer.status, dict(answer.headers), body, reason)
        except UnusableProxy as why:
            return Failed(str(why))
        except (aiohttp.ClientError, OSError, ValueError) as why:
            return self._unanswered(why)

    def _unanswered(self, error: Exception) -> NotSent:
        """The outcome of a request without an answer: unknown unless no connection was made."""
        match error:
            case aiohttp.ClientConnectorDNSError():
                return Failed(f"the name of {self.name}'s server cannot be found")
            case aiohttp.ClientProxyConnectionError():
                return Failed("the proxy that HTTP_PROXY or HTTPS_PROXY names cannot be reached")
            case aiohttp.ClientSSLError():
                why = certificate_trouble(str(error)) or "its TLS is not sound"
                return Failed(f"no secure connection to {self.name}: {why}")
            # Before ValueError, as the error of an untrusted certificate is one too.
            case aiohttp.ClientConnectorError():
                return Failed(f"{self.name}'s server cannot be reached")
            case ValueError():
                return Refused(f"there can be no such address of {self.name}")
            case aiohttp.ClientHttpProxyError():
                return Failed(f"the proxy does not lead to {self.name} ({error.status})")
            case aiohttp.ConnectionTimeoutError():
                return Failed(f"{self.name}'s server did not take the connection in time")
            case _:
                return Unknown(f"the connection broke before the answer ({type(error).__name__})")

    def refusal(self, reply: ServiceReply, remedy: str) -> NotSent:
        """The outcome of a bad answer; `remedy` is what to do about a permanent refusal."""
        why = f"{self.name} answered {reply.status}"
        why += f" ({reply.reason})" if reply.reason else ""
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = reply.retry_after
            asked = "" if wait is None else f" {wait:g} s"
            return Failed(f"{self.name} asks to wait{asked}", wait)
        if reply.status in _ON_THE_WAY:
            return Failed(f"the network wants a sign-in before {self.name} ({reply.status})")
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unknown(why)
        if reply.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT):
            return Failed(why)
        if reply.status < HTTPStatus.BAD_REQUEST:
            return Failed(f"{why}: {remedy}")
        return Refused(f"{why}: {remedy}")


async def _read(answer: aiohttp.ClientResponse) -> tuple[Mapping[str, Any] | None, str]:
    """The body as a JSON object, and the reason that it gives.

    The object is None where the body is not one, or is longer than ANSWER_LIMIT.
    """
    body = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > ANSWER_LIMIT:
            return None, ""
    try:
        found = json.loads(bytes(body))
    except (ValueError, RecursionError):
        plain = answer.content_type == "text/plain" and not answer.ok
        return None, one_line(body.decode("utf-8", "replace")) if plain else ""
    if not isinstance(found, dict):
        return None, ""
    return found, "" if answer.ok else reason_in(found)


def reason_in(body: Mapping[str, Any]) -> str:
    """Why a service refused, in its own words; empty where it does not say."""
    reasons = [body.get(x) for x in _REASONS]
    inner = _innermost(body.get("errors"))
    words = [x for x in (*reasons, inner) if isinstance(x, str) and x.strip()]
    return one_line(": ".join(dict.fromkeys(words)))


def _innermost(errors: object, depth: int = 8) -> str | None:
    """The first sentence in an object or list of errors by field, which may be nested."""
    match errors:
        case str():
            return errors
        case {"message": str(message)}:
            return message
        case dict() | list() if depth:
            parts = errors.values() if isinstance(errors, dict) else errors
            return next((x for x in (_innermost(part, depth - 1) for part in parts) if x), None)
        case _:
            return None


def one_line(text: str) -> str:
    """A server's own words on one line, cut to a length that fits a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}..."
