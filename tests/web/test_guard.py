"""Promises of the guard: who is let in, and what every request must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.web.conftest import NO_AUTHORITIES, Served
from tracker.clock import SystemClock
from tracker.store import Store
from tracker.store.access import KeyScope
from tracker.web.guard import MOST_BODY, POLICY, RateLimit


def bare(served: Served) -> httpx.AsyncClient:
    """A client without a key."""
    return httpx.AsyncClient(base_url=served.url, timeout=30, verify=NO_AUTHORITIES)


async def test_a_foreign_host_is_refused(served: Served) -> None:
    """A request for another host name is refused, whatever key it shows."""
    found = await served.client.get("/api/v1/bets", headers={"Host": "evil.example"})
    assert found.status_code == 421
    assert found.headers["content-type"] == "application/problem+json"


async def test_no_key_is_told_how_to_make_one(served: Served) -> None:
    """Without a key, or with a wrong one, the answer is 401 with the command that makes a key."""
    async with bare(served) as stranger:
        for headers in ({}, {"Authorization": "Bearer nonsense"}):
            found = await stranger.get("/api/v1/bets", headers=headers)
            assert found.status_code == 401
            assert "tracker web keys add" in found.json()["message"]


async def test_who_guesses_is_not_listened_to(served: Served) -> None:
    """After five wrong keys in a minute even the right key has to wait."""
    async with bare(served) as stranger:
        for _ in range(5):
            await stranger.get("/api/v1/bets", headers=served.as_key("wrong"))
        found = await stranger.get("/api/v1/bets", headers=served.as_key(served.key))
    assert found.status_code == 429
    assert int(found.headers["retry-after"]) > 0


async def test_a_program_with_a_wrong_key_keeps_nobody_else_out(served: Served) -> None:
    """While it asks from the same machine, a browser is let in, and so is a link."""
    now = SystemClock().now()
    async with await Store.open(served.database, now=now) as store:
        links = [await store.web.make_link(now) for _ in range(2)]
    async with bare(served) as stranger, bare(served) as person:
        person.cookies.set("adult", "1")
        for code in links:
            ours = {"Sec-Fetch-Site": "same-origin"}
            came = await person.post("/in", data={"code": code}, headers=ours)
            assert came.status_code == 303
            for _ in range(6):
                await stranger.get("/api/v1/bets", headers=served.as_key("wrong"))
            assert (await person.get("/")).status_code == 200


def test_addresses_that_asked_once_are_not_remembered_for_ever() -> None:
    """The counts are of the last minute alone."""
    limit = RateLimit(5)
    for number in range(1000):
        limit.count(f"10.0.0.{number}", float(number))
    assert len(limit._seen) <= 61
    assert limit.full("10.0.0.999", 999.0) is None


async def test_a_key_opens_what_it_says(served: Served) -> None:
    """A key to read cannot change or price anything, and a revoked key opens nothing."""
    now = SystemClock().now()
    async with await Store.open(served.database, now=now) as store:
        key = await store.web.add_key("reader", frozenset({KeyScope.READ}), now)
    headers = served.as_key(key)
    assert (await served.client.get("/api/v1/bets", headers=headers)).status_code == 200
    wanted = {"line": "DEN ML $5"}
    refused = await served.client.post("/api/v1/bets", json=wanted, headers=headers)
    assert refused.status_code == 403
    for path, form in (("/bets", wanted), ("/snooze", {"for": "1h"}), ("/bets/1/regrade", {})):
        by_form = await served.client.post(path, data=form, headers=headers)
        assert by_form.status_code == 403, path
    assert (await served.client.get("/history", headers=headers)).status_code == 200
    async with await Store.open(served.database, now=now) as store:
        assert await store.web.revoke("reader", now)
    assert (await served.client.get("/api/v1/bets", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
    ids=str,
)
async def test_a_change_from_elsewhere_is_refused(served: Served, headers: dict[str, str]) -> None:
    """Another site cannot make changes, even from a browser with a valid cookie."""
    found = await served.client.post("/api/v1/bets/1/withdraw", headers=headers)
    assert found.status_code == 403


async def test_a_body_that_is_too_large_is_refused_unread(served: Served) -> None:
    """It is refused by its declared length, or as soon as it grows too long."""
    told = await served.client.post("/api/v1/price", content=b"x" * (MOST_BODY + 1))
    assert told.status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MOST_BODY // 1024 + 2):
            yield b"x" * 1024

    untold = await served.client.post("/api/v1/price", content=pieces())
    assert untold.status_code == 413


async def test_the_head_of_a_stream_is_refused_for_it_has_no_end(served: Served) -> None:
    """A request for it alone would hold its connection, and one of the few streams, for ever."""
    found = await served.client.head("/api/v1/events", headers=served.as_key(served.key), timeout=5)
    assert (found.status_code, found.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["/in", "/", "/api/v1/health", "/api/v1/bets", "/nowhere"])
async def test_a_request_for_the_head_alone_is_answered_as_for_the_whole(
    served: Served, path: str
) -> None:
    """Programs that watch whether a server answers ask for no body."""
    head, whole = await served.client.head(path), await served.client.get(path)
    assert (head.status_code, head.headers["content-type"]) == (
        whole.status_code,
        whole.headers["content-type"],
    )
    assert head.content == b""


async def test_files_of_a_page_are_sent_once(served: Served) -> None:
    """A browser keeps scripts and styles, and asks whether they have changed; it keeps no page."""
    first = await served.client.get("/static/live.js")
    assert first.headers["cache-control"] == "no-cache"
    again = {"If-None-Match": first.headers["etag"]}
    assert (await served.client.get("/static/live.js", headers=again)).status_code == 304
    assert (await served.client.get("/")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/in", "/api/v1/health", "/static/live.js", "/nowhere"])
async def test_every_answer_carries_the_policy(served: Served, path: str) -> None:
    """Pages, files and problems have the policy: only own files may run, and no frame."""
    found = await served.client.get(path)
    assert found.headers["content-security-policy"] == POLICY
    assert found.headers["x-content-type-options"] == "nosniff"


async def test_a_link_opens_once(served: Served) -> None:
    """A link's code lets in one browser, whose cookie no script can read."""
    now = SystemClock().now()
    async with await Store.open(served.database, now=now) as store:
        code = await store.web.make_link(now)
    async with bare(served) as browser:
        assert (await browser.get("/")).headers["location"] == "/in"
        same = {"Sec-Fetch-Site": "same-origin"}
        inside = await browser.post("/in", data={"code": code}, headers=same)
        assert inside.status_code == 303
        cookie = inside.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await browser.get("/")).status_code == 200
    async with bare(served) as other:
        again = await other.post("/in", data={"code": code}, headers=same)
        assert again.status_code == 403
        assert "tracker web link" in again.text


async def test_no_secret_is_kept(served: Served) -> None:
    """The database has only digests, from which neither a key nor a cookie can be read."""
    assert served.key.encode() not in served.database.read_bytes()
