"""Asking a source's host for documents over HTTP, within limits of time, size and request rate."""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from asyncio_throttle.throttler import Throttler
from yarl import URL

from tracker.clock import Clock, ScaledClock
from tracker.domain.poll import Usage
from tracker.feeds import (
    BODY_CAP,
    FeedError,
    FeedMalformed,
    FeedNotPublished,
    FeedRateLimited,
    FeedRefused,
    FeedUnavailable,
)
from tracker.feeds.health import Account
from tracker.network import (
    ServerTime,
    UnusableProxy,
    certificate_trouble,
    proxy_for,
    retry_after,
    trusted,
)
from tracker.settings.models import on_this_machine

T = TypeVar("T")

_CHUNK = 1 << 16
_ENCODED = ("gzip", "x-gzip", "deflate")
_ANY_ZLIB = 47

_MEMBER = b"\x1f\x78"
"""The first bytes of a member of a compressed body: of gzip and of deflate."""


class TooLarge(Exception):
    """The body has more bytes than the cap allows."""


class BrokenOff(Exception):
    """The compressed body is incomplete, or is not compressed at all."""


async def decoded(answer: aiohttp.ClientResponse, cap: int) -> bytes:
    """The decompressed body. At most about `cap` bytes of it are ever held in memory.

    Raises TooLarge, BrokenOff, and FeedMalformed for an encoding that was not asked for.
    """
    encoding = answer.headers.get("Content-Encoding", "identity").strip().casefold()
    if encoding not in ("", "identity", *_ENCODED):
        raise FeedMalformed("body", "is encoded in a way that was not asked for")
    inflater = zlib.decompressobj(_ANY_ZLIB) if encoding in _ENCODED else None
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        rest = chunk
        while rest:
            if inflater is not None and inflater.eof:
                if rest[0] not in _MEMBER:
                    break  # padding
                inflater = zlib.decompressobj(_ANY_ZLIB)  # a body may have several members
            try:
                body += inflater.decompress(rest, cap + 1 - len(body)) if inflater else rest
            except zlib.error:
                raise BrokenOff from None
            if len(body) > cap:
                raise TooLarge
            rest = inflater.unused_data if inflater else b""
    if inflater is not None and body and not inflater.eof:
        raise BrokenOff
    return bytes(body)


def keep_newest(kept: OrderedDict[str, T], key: str, value: T, most: int) -> None:
    """Keep a value as the newest one, and at most this many in all."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


DEADLINE_S = 8.0
"""Real seconds that one document may take, from the first byte sent to the last received."""

SCHEDULE_CAP = 16 << 20
"""Most bytes of a season's schedule, which has 2 to 5 MB."""

REDIRECTS = 3
"""Most redirects that are followed for one document, and only within the host that was asked."""

MINUTE_S = 60.0

LOOK_EVERY_S = 0.05
"""Real seconds between two checks whether a used-up budget has room again."""

KEPT_DOCUMENTS = 64
"""Most documents whose validators and body are kept for conditional requests."""

PAUSE_S = 30.0
"""Seconds to leave a host alone that wants fewer requests and does not say for how long."""

LONGEST_PAUSE_S = 3600.0
"""Longest `Retry-After` that is obeyed, in seconds."""

_GONE = (404, 410)
_REFUSED = (401, 402, 403, 407, 451)
_TOO_MANY = 429
_NOT_MODIFIED = 304
_MOVED = frozenset(range(300, 400)) - {_NOT_MODIFIED}
_OK = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document. `at` is when it arrived; `heard` is that moment in the clock's monotonic seconds.

    `digest` is the SHA-256 of `body` in hex. `headers` are those in which the source counts our
    requests.
    """

    path: str
    at: datetime
    body: bytes
    digest: str
    heard: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last version of a document.

    The body is kept only where the server sent validators with it.
    """

    digest: str
    body: bytes | None = None
    conditions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FeedHost:
    """A host, and how it is asked: `base_url` is its scheme and name.

    When a request is refused, it is sent once more with `second_headers`; the two sets of headers
    then change places, so that later requests start with the other set. `pause_s` is how many
    seconds to leave the host alone when it wants fewer requests and names no time.
    """

    base_url: str
    headers: Mapping[str, str]
    requests_per_minute: int
    second_headers: Mapping[str, str] | None = None
    pause_s: float = PAUSE_S


def may_ask(base_url: str, clock: Clock) -> bool:
    """Whether a host may be asked: on a clock of its own, only servers on this machine are."""
    return on_this_machine(base_url) or not isinstance(clock, ScaledClock)


class Fetcher:
    """Fetches documents from one host over one session, within a budget of requests.

    Use it as an async context manager. The budget is a hard limit for each minute of the clock: a
    request beyond it waits for room.
    """

    def __init__(
        self,
        host: FeedHost,
        clock: Clock,
        *,
        deadline_s: float = DEADLINE_S,
        server_time: ServerTime | None = None,
    ) -> None:
        """`deadline_s` is in real seconds.

        `server_time` receives each answer's headers, which hold the host's time.
        """
        self._base = URL(host.base_url)
        self._headers = host.headers
        self._spare = host.second_headers
        self._clock = clock
        self._account = Account(self._host, host.requests_per_minute)
        self._deadline_s = deadline_s
        self._budget: AbstractAsyncContextManager[None] = Throttler(
            host.requests_per_minute, MINUTE_S / clock.speed, LOOK_EVERY_S
        )
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._server_time = server_time
        self._pause_s = host.pause_s
        self._pause: tuple[float, str] | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted()),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, cap: int = BODY_CAP) -> Fetched:
        """Fetch the document at `path`, of at most `cap` decompressed bytes.

        Raises FeedUnavailable, FeedRefused, FeedRateLimited, FeedNotPublished, or FeedMalformed for
        a body that is empty, too large or encoded in a way that was not asked for.
        """
        refused = self._headers
        try:
            return await self._counted(path, cap)
        except FeedRefused:
            if self._spare is None:
                raise
        # Of several requests that were refused at the same time, only the first changes them.
        if self._headers is refused:
            self._headers, self._spare = self._spare, self._headers
        return await self._counted(path, cap)

    @property
    def usage(self) -> Usage:
        """The requests sent to the host so far."""
        return self._account.usage(self._clock.monotonic())

    async def _counted(self, path: str, cap: int) -> Fetched:
        self._respect()
        await self._afford()
        self._account.asked(self._clock.monotonic())
        try:
            fetched = await self._within_limits(path, cap)
        except FeedError as error:
            self._account.failed(error.trouble)
            if isinstance(error, FeedRateLimited):
                wait = self._pause_s if error.retry_after is None else error.retry_after
                until = self._clock.monotonic() + min(wait, LONGEST_PAUSE_S)
                self._pause = until, str(error)
            raise
        self._account.answered(len(fetched.body))
        return fetched

    def _respect(self) -> None:
        """Raise FeedRateLimited for any document while the host's wish to be left alone lasts."""
        if self._pause is None:
            return
        until, why = self._pause
        left = until - self._clock.monotonic()
        if left > 0:
            raise FeedRateLimited(why, left)
        self._pause = None

    async def _within_limits(self, path: str, cap: int) -> Fetched:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._get(path, cap)
        except TimeoutError:
            why = f"{self._host} did not answer in full within {self._deadline_s:g} s"
        except UnusableProxy as unusable:
            why = str(unusable)
        except aiohttp.ClientSSLError as error:
            trouble = certificate_trouble(str(error)) or "its TLS is not sound"
            why = f"no secure connection to {self._host}: {trouble}"
        except aiohttp.ClientConnectorDNSError:
            why = f"the name {self._host} cannot be resolved: check the network"
        except aiohttp.ClientProxyConnectionError:
            why = "the proxy that HTTP_PROXY or HTTPS_PROXY names cannot be reached"
        except aiohttp.ClientHttpProxyError as error:
            why = f"the proxy does not lead to {self._host} ({error.status})"
        except (aiohttp.ClientConnectorError, ConnectionRefusedError):
            why = f"{self._host} cannot be reached: check the network"
        except (aiohttp.ClientError, OSError, ValueError, BrokenOff):
            why = f"{self._host} broke off in the middle of its answer"
        except TooLarge:
            raise FeedMalformed("body", f"is larger than {cap >> 20} MiB") from None
        raise FeedUnavailable(why)

    @property
    def _host(self) -> str:
        return self._base.host or "the host"

    async def _afford(self) -> None:
        """Wait for room in the budget, which is our own limit.

        Raises FeedRateLimited when none comes.
        """
        try:
            async with asyncio.timeout(self._deadline_s), self._budget:
                return
        except TimeoutError:
            why = f"the budget of requests to {self._host} is used up: raise requests_per_minute"
        raise FeedRateLimited(why)

    async def _get(self, path: str, cap: int) -> Fetched:
        session = self._session
        if session is None:
            raise RuntimeError("a fetcher is used inside its `async with`")
        kept = self._kept.get(path)
        url = self._base.join(URL(path, encoded=True))
        for _ in range(REDIRECTS + 1):
            headers = {**self._headers, **dict(kept.conditions if kept else ())}
            asking = session.get(
                url, headers=headers, allow_redirects=False, proxy=proxy_for(str(url))
            )
            async with asking as answer:
                if self._server_time is not None:
                    self._server_time.heard(answer.headers)
                if answer.status in _MOVED:
                    url = self._redirected(url, answer)
                    continue
                return await self._read(path, kept, answer, cap)
        raise FeedUnavailable(f"{self._host} redirects in circles")

    def _redirected(self, url: URL, answer: aiohttp.ClientResponse) -> URL:
        target = url.join(URL(answer.headers.get("Location", "")))
        if target.origin() != self._base.origin():
            if target.host == self._base.host:
                raise FeedRefused(
                    f"{self._host} sends us to {target.origin()}: name that as its base_url"
                )
            raise FeedRefused(
                f"{self._host} sends us to another host, {target.host}: "
                "the network may want a sign-in"
            )
        return target

    async def _read(
        self, path: str, kept: _Kept | None, answer: aiohttp.ClientResponse, cap: int
    ) -> Fetched:
        if answer.status == _NOT_MODIFIED and kept is not None and kept.body is not None:
            return self._fetched(path, kept.body, kept.digest)
        if answer.status != _OK:
            raise self._error(path, answer, await _error_code(answer))
        body = await decoded(answer, cap)
        start = body[:64].lstrip().removeprefix(b"\xef\xbb\xbf")[:1]
        html = "html" in answer.headers.get("Content-Type", "").casefold()
        if start == b"<" or (html and start not in (b"{", b"[")):
            raise FeedRefused(f"{self._host} answers with a web page in place of {_plain(path)}")
        if not start:
            raise FeedMalformed("body", "is empty")
        digest = hashlib.sha256(body).hexdigest()
        self._keep(path, body, digest, answer)
        return replace(self._fetched(path, body, digest), headers=_counting(answer))

    def _fetched(self, path: str, body: bytes, digest: str) -> Fetched:
        now, heard = self._clock.now(), self._clock.monotonic()
        return Fetched(_plain(path), now, body, digest, heard)

    def _keep(self, path: str, body: bytes, digest: str, answer: aiohttp.ClientResponse) -> None:
        given = (
            ("If-None-Match", answer.headers.get("ETag")),
            ("If-Modified-Since", answer.headers.get("Last-Modified")),
        )
        conditions = tuple((name, value) for name, value in given if value)
        kept = _Kept(digest, body if conditions else None, conditions)
        keep_newest(self._kept, path, kept, KEPT_DOCUMENTS)

    def _error(self, path: str, answer: aiohttp.ClientResponse, code: str | None) -> FeedError:
        status, what = answer.status, _plain(path)
        wait_s: float | None = retry_after(answer.headers, self._clock.now())
        kind: type[FeedError]
        if status == _TOO_MANY:
            kind, why = FeedRateLimited, f"{self._host} wants to be asked less often (429)"
        elif status in _GONE:
            kind, why, wait_s = FeedNotPublished, f"{self._host} has no {what} ({status})", None
        elif status in _REFUSED:
            kind, why, wait_s = FeedRefused, f"{self._host} refuses to give {what} ({status})", None
        else:
            kind, why = FeedUnavailable, f"{self._host} answers {status} for {what}"
        return kind(why, wait_s, code=code, headers=_counting(answer))


_COUNTING = "x-requests-"
_MOST_ERROR = 1 << 14
_CODE = re.compile(r'"error_code"\s*:\s*"([A-Z_]{1,60})"')


def _counting(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """The headers in which a source counts our requests."""
    names = [x for x in answer.headers if x.casefold().startswith(_COUNTING)]
    return {x.casefold(): answer.headers[x][:40] for x in names}


async def _error_code(answer: aiohttp.ClientResponse) -> str | None:
    """The error code in the body of an error answer, or None where there is none."""
    try:
        body = await decoded(answer, _MOST_ERROR)
    except (TooLarge, BrokenOff, aiohttp.ClientError, ValueError):
        return None
    found = _CODE.search(body.decode("utf-8", "replace"))
    return None if found is None else found[1]


def _plain(path: str) -> str:
    return path.partition("?")[0]
