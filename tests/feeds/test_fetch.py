"""Promises of fetching: polite, limited in time and size, and clear about what went wrong."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.doubles.clock import FakeClock
from tests.feeds.serving import DENIED, Site
from tracker.feeds import (
    BODY_CAP,
    FeedMalformed,
    FeedNotPublished,
    FeedRateLimited,
    FeedRefused,
    FeedUnavailable,
    nba,
)
from tracker.feeds.fetch import FeedHost, Fetcher

PATH = "/a.json"


@asynccontextmanager
async def fetching(
    site: Site, clock: FakeClock, deadline_s: float = 2.0, budget: int = 6000
) -> AsyncIterator[Fetcher]:
    """A fetcher with the NBA's headers on the test's server."""
    async with Fetcher(
        FeedHost(site.url, nba.SOURCE.headers, budget), clock, deadline_s=deadline_s
    ) as fetcher:
        yield fetcher


async def test_a_document_comes_with_its_time_and_digest(site: Site, clock: FakeClock) -> None:
    """A document has its body, time of arrival and SHA-256, and its path without the query."""
    site.put(PATH, b'{"a": 1}')
    async with fetching(site, clock) as fetcher:
        first = await fetcher.get(PATH + "?apiKey=secret")
    assert (first.path, first.body, first.at) == (PATH, b'{"a": 1}', clock.now())
    assert first.digest == hashlib.sha256(b'{"a": 1}').hexdigest()


async def test_the_headers_that_the_cdn_insists_on(site: Site, clock: FakeClock) -> None:
    """Requests have the site's Referer, a browser's User-Agent, and encodings that we can undo."""
    site.put(PATH, b"{}")
    async with fetching(site, clock) as fetcher:
        await fetcher.get(PATH)
    (sent,) = site.headers
    assert sent["Referer"] == "https://www.nba.com/"
    assert sent["User-Agent"].startswith("Mozilla/5.0 ")
    assert sent["Accept-Encoding"] == "gzip, deflate"


async def test_conditional_requests(site: Site, clock: FakeClock) -> None:
    """Validators are sent back, and a 304 gives the kept body again."""

    async def page(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            assert "If-Modified-Since" in request.headers
            return web.Response(status=304)
        given = {"ETag": '"v1"', "Last-Modified": "Fri, 21 Apr 2023 02:54:14 GMT"}
        return web.Response(body=b'{"a": 1}', content_type="application/json", headers=given)

    site.pages[PATH] = page
    async with fetching(site, clock) as fetcher:
        first, again = await fetcher.get(PATH), await fetcher.get(PATH)
    assert (again.body, again.digest) == (first.body, first.digest)


async def test_304_without_a_question_is_no_answer(site: Site, clock: FakeClock) -> None:
    """A 304 to an unconditional request counts as unavailable."""
    site.put(PATH, b"", 304)
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedUnavailable, match="304"):
            await fetcher.get(PATH)


@pytest.mark.parametrize("status", [200, 403])
async def test_a_web_page_means_blocked(site: Site, clock: FakeClock, status: int) -> None:
    """HTML instead of a document is a refusal, whatever its status, and not malformed JSON."""
    site.put(PATH, DENIED, status, Content_Type="text/html")
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedRefused):
            await fetcher.get(PATH)
    site.put(PATH, DENIED, status)
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedRefused):
            await fetcher.get(PATH)


async def test_json_called_html_is_still_json(site: Site, clock: FakeClock) -> None:
    """A JSON document with the wrong content type is read."""
    site.put(PATH, b'{"a": 1}', Content_Type="text/html")
    async with fetching(site, clock) as fetcher:
        assert (await fetcher.get(PATH)).body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("status", "retry", "error", "wait_s"),
    [
        (404, None, FeedNotPublished, None),
        (410, None, FeedNotPublished, None),
        (401, None, FeedRefused, None),
        (429, "7", FeedRateLimited, 7.0),
        (429, None, FeedRateLimited, None),
        (503, "120", FeedUnavailable, 120.0),
        (503, "Fri, 21 Apr 2023 02:56:00 GMT", FeedUnavailable, 60.0),
        (503, "Fri, 21 Apr 2023 02:00:00 GMT", FeedUnavailable, 0.0),
        (503, "soon", FeedUnavailable, None),
        (500, None, FeedUnavailable, None),
        (400, None, FeedUnavailable, None),
    ],
)
async def test_each_status_has_its_own_error(
    site: Site,
    clock: FakeClock,
    status: int,
    retry: str | None,
    error: type[FeedUnavailable],
    wait_s: float | None,
) -> None:
    """Errors differ by what to do next, and have the wait that the source asks for."""
    told = {"Retry_After": retry, "Date": "Fri, 21 Apr 2023 02:55:00 GMT"} if retry else {}
    site.put(PATH, b"{}", status, **told)
    async with fetching(site, clock) as fetcher:
        with pytest.raises(error) as caught:
            await fetcher.get(PATH)
    assert caught.value.retry_after == wait_s


@pytest.mark.parametrize(("retry", "seconds"), [("90", 90.0), (None, 30.0)])
async def test_a_wish_to_be_asked_less_holds_for_the_whole_host(
    site: Site, clock: FakeClock, retry: str | None, seconds: float
) -> None:
    """While the host is left alone, no path is requested, and each error says for how long."""
    site.put(PATH, b"{}", 429, **({"Retry_After": retry} if retry else {}))
    site.put("/box.json", b"[]")
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedRateLimited):
            await fetcher.get(PATH)
        await clock.advance(seconds - 1)
        with pytest.raises(FeedRateLimited, match="429") as caught:
            await fetcher.get("/box.json")
        assert caught.value.retry_after == pytest.approx(1.0)
        assert site.asked == [PATH]
        await clock.advance(1.5)
        assert (await fetcher.get("/box.json")).body == b"[]"


async def test_an_empty_answer_is_malformed(site: Site, clock: FakeClock) -> None:
    """An empty body is malformed, not "no games"."""
    site.put(PATH, b"  ")
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedMalformed, match="is empty"):
            await fetcher.get(PATH)


async def test_a_slow_drip_ends_at_the_deadline(site: Site, clock: FakeClock) -> None:
    """A byte now and then does not extend the deadline of a document."""

    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.02)

    site.pages[PATH] = drip
    async with fetching(site, clock, deadline_s=0.2) as fetcher:
        begun = time.monotonic()
        with pytest.raises(FeedUnavailable, match=r"did not answer in full within 0.2 s"):
            await fetcher.get(PATH)
        assert time.monotonic() - begun < 1.5


async def test_a_gzip_bomb_costs_no_more_than_the_cap(site: Site, clock: FakeClock) -> None:
    """A small body that inflates to 64 MB is given up at the cap."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()
    site.put(PATH, bomb, Content_Encoding="gzip")
    async with fetching(site, clock) as fetcher:
        tracemalloc.start()
        with pytest.raises(FeedMalformed, match="larger than 4 MiB"):
            await fetcher.get(PATH)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5 * BODY_CAP


async def test_a_plain_body_over_the_cap(site: Site, clock: FakeClock) -> None:
    """An uncompressed body of 50 MB is given up at the cap; a larger cap accepts it."""
    site.put(PATH, b"[" + b" " * (5 << 20) + b"]")
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedMalformed, match="larger than 4 MiB"):
            await fetcher.get(PATH)
        assert len((await fetcher.get(PATH, 16 << 20)).body) > 5 << 20


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_compressed_documents(site: Site, clock: FakeClock, pack: object) -> None:
    """Gzip and deflate are undone, in one piece or several; a truncated body is unavailable."""
    assert callable(pack)
    name = "gzip" if pack is gzip.compress else "deflate"
    body = b'{"a": "' + b"score " * 1000 + b'"}'
    site.put(PATH, pack(body), Content_Encoding=name)
    site.put("/two.json", pack(body[:9]) + pack(body[9:]), Content_Encoding=name)
    site.put("/padded.json", pack(body) + b"\0\n", Content_Encoding=name)
    site.put("/cut.json", pack(body)[:-20], Content_Encoding=name)
    site.put("/odd.json", b"{}", Content_Encoding=name)
    site.put("/br.json", b"{}", Content_Encoding="br")
    async with fetching(site, clock) as fetcher:
        for path in (PATH, "/two.json", "/padded.json"):
            assert (await fetcher.get(path)).body == body
        for path in ("/cut.json", "/odd.json"):
            with pytest.raises(FeedUnavailable, match="broke off"):
                await fetcher.get(path)
        with pytest.raises(FeedMalformed, match="not asked for"):
            await fetcher.get("/br.json")


async def test_a_body_that_breaks_off(site: Site, clock: FakeClock) -> None:
    """A connection lost in the middle counts as unavailable and gives no half document."""

    async def half(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b'{"a":')
        assert request.transport is not None
        request.transport.close()
        return answer

    site.pages[PATH] = half
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedUnavailable, match="broke off"):
            await fetcher.get(PATH)


async def test_redirects_stay_on_the_host(site: Site, clock: FakeClock) -> None:
    """A redirect within the host is followed, one to another host refused, a circle ended.

    One to another scheme of the same host, as from HTTP to HTTPS, says what to write.
    """
    site.put(PATH, b"", 302, Location="http://login.example/?next=secret")
    site.put("/old.json", b"", 301, Location="/new.json")
    site.put("/new.json", b"[]")
    site.put("/secure.json", b"", 301, Location="https://127.0.0.1/secure.json")
    site.put("/circle.json", b"", 302, Location="/circle.json")
    async with fetching(site, clock) as fetcher:
        with pytest.raises(FeedRefused, match=r"another host, login\.example") as caught:
            await fetcher.get(PATH)
        assert "secret" not in str(caught.value)
        assert (await fetcher.get("/old.json")).body == b"[]"
        with pytest.raises(FeedRefused, match=r"sends us to https://127\.0\.0\.1: name that as"):
            await fetcher.get("/secure.json")
        with pytest.raises(FeedUnavailable, match="circles"):
            await fetcher.get("/circle.json")


async def test_hosts_that_cannot_be_reached(site: Site, clock: FakeClock) -> None:
    """A closed port and a host without TLS each give one sentence without a query string."""
    port = site.url.rpartition(":")[2]
    for url, word in (
        ("http://127.0.0.1:1", "cannot be reached"),
        (f"https://127.0.0.1:{port}", "no secure connection"),
    ):
        async with Fetcher(FeedHost(url, {}, 60), clock, deadline_s=2.0) as fetcher:
            with pytest.raises(FeedUnavailable, match=word) as caught:
                await fetcher.get(PATH + "?apiKey=secret")
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


async def test_the_budget_of_requests(site: Site, clock: FakeClock) -> None:
    """A request over the budget waits, and gives up at the deadline."""
    site.put(PATH, b"{}")
    async with fetching(site, clock, deadline_s=0.4, budget=3) as fetcher:
        for _ in range(3):
            await fetcher.get(PATH)
        with pytest.raises(FeedRateLimited, match="requests_per_minute"):
            await fetcher.get(PATH)
    assert site.count(PATH) == 3


async def test_requests_refused_at_once_all_get_the_other_headers(
    site: Site, clock: FakeClock
) -> None:
    """Where two requests are refused at the same time, each is sent again with the other set."""
    both = asyncio.Event()
    refused = 0

    async def page(request: web.Request) -> web.StreamResponse:
        nonlocal refused
        if request.headers["User-Agent"] != "welcome":
            refused += 1
            if refused == 2:
                both.set()
            await both.wait()
            return web.Response(status=403)
        return web.Response(body=b"{}")

    site.pages |= {"/a.json": page, "/b.json": page}
    host = FeedHost(site.url, {"User-Agent": "unwelcome"}, 6000, {"User-Agent": "welcome"})
    async with Fetcher(host, clock, deadline_s=2.0) as fetcher:
        found = await asyncio.gather(fetcher.get("/a.json"), fetcher.get("/b.json"))
    assert [x.body for x in found] == [b"{}", b"{}"]
