"""Promises of every connection: proxies, authorities of one's own, what servers tell of time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from tests.doubles.clock import FakeClock
from tests.doubles.tls import EXPIRED, OWN, over_tls
from tracker.daemon.watchers import HEARTBEAT_EVERY, beat
from tracker.domain.alert import Failed, Outcome, Sent
from tracker.feeds import FeedUnavailable
from tracker.feeds.fetch import FeedHost, Fetcher
from tracker.network import (
    ServerTime,
    UnusableProxy,
    certificate_trouble,
    clock_trouble,
    proxy_for,
    retry_after,
)
from tracker.notify.channels import Message
from tracker.notify.channels.apprise import AppriseChannel
from tracker.notify.channels.discord import DiscordChannel
from tracker.notify.channels.ntfy import NtfyChannel
from tracker.settings import Secret

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
ALERT = Message("▲ 80 % DEN -4.5 · alert 3", (3,))
HOOK = "/api/webhooks/123456789/AAcanary-hook_0123456789"


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the environment of the tests is no part of them."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


async def sent_by_each(base: str) -> dict[str, Outcome]:
    """What each channel makes of one message to a host."""
    apprise = AppriseChannel(base.replace("http", "json", 1) + "/x")
    async with (
        DiscordChannel(Secret(base + HOOK), limit=5.0) as discord,
        NtfyChannel(Secret("a-topic"), base, limit=5.0) as ntfy,
    ):
        return {x.name.partition("-")[0]: await x.send(ALERT) for x in (discord, ntfy, apprise)}


def everything(asked: list[str]) -> web.Application:
    """A server that takes whatever it is asked, as a proxy that answers itself would."""

    async def take(request: web.Request) -> web.Response:
        asked.append(str(request.url))
        return web.json_response({"id": "1"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    return app


@asynccontextmanager
async def plain(app: web.Application) -> AsyncIterator[int]:
    """Serve without TLS."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


@pytest.mark.parametrize(
    ("certificate", "trusted", "why"),
    [
        (OWN, None, "nobody who is trusted here"),
        (EXPIRED, EXPIRED, "has expired: is this machine's clock right?"),
    ],
)
async def test_a_certificate_that_is_not_trusted_is_tried_again_on_every_channel(
    certificate: Path, trusted: Path | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be mended: nothing is refused for good, and the certificate is the reason."""
    if trusted is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    asked: list[str] = []
    async with over_tls(everything(asked), certificate) as port:
        found = await sent_by_each(f"https://localhost:{port}")
    assert asked == []
    for outcome in found.values():
        assert isinstance(outcome, Failed)
        assert why in outcome.why


async def test_an_authority_of_ones_own_is_honoured_by_every_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`SSL_CERT_FILE` counts for channels, feeds and the heartbeat alike."""
    monkeypatch.setenv("SSL_CERT_FILE", str(OWN))
    asked: list[str] = []
    async with over_tls(everything(asked)) as port:
        base = f"https://localhost:{port}"
        assert set((await sent_by_each(base)).values()) == {Sent()}
        async with Fetcher(FeedHost(base, {}, 60), FakeClock(NOW), deadline_s=5.0) as fetcher:
            await fetcher.get("/a.json")
    assert len(asked) == 4


async def test_a_feed_whose_certificate_is_not_trusted_says_so() -> None:
    """The reason is the certificate, and no word of the query."""
    async with (
        over_tls(everything([])) as port,
        Fetcher(
            FeedHost(f"https://localhost:{port}", {}, 60), FakeClock(NOW), deadline_s=5.0
        ) as fetcher,
    ):
        with pytest.raises(FeedUnavailable, match="nobody who is trusted here") as caught:
            await fetcher.get("/a.json?apiKey=secret")
    assert "secret" not in str(caught.value)


async def test_a_proxy_is_honoured_by_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the proxy leads out; what NO_PROXY names, and this machine, is asked directly."""
    asked: list[str] = []
    async with plain(everything(asked)) as port:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{port}")
        assert set((await sent_by_each("http://service.test")).values()) == {Sent()}
        async with Fetcher(
            FeedHost("http://feed.test", {}, 60), FakeClock(NOW), deadline_s=5.0
        ) as fetcher:
            await fetcher.get("/a.json")
        assert sorted(x.split("/")[2] for x in asked) == ["feed.test"] + ["service.test"] * 3
    monkeypatch.setenv("no_proxy", "feed.test,.inside")
    assert proxy_for("http://feed.test/x") is proxy_for("http://a.inside/x") is None
    assert proxy_for("http://127.0.0.1:8765/x") is proxy_for("http://localhost/x") is None
    assert proxy_for("http://other.test/x") == f"http://127.0.0.1:{port}"
    assert proxy_for("https://other.test/x") is None


async def test_a_proxy_that_is_away_or_of_another_kind_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The message stays here for certain, and the sentence names the proxy, not the service."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    for outcome in (await sent_by_each("http://service.test")).values():
        assert isinstance(outcome, Failed)
        assert "prox" in outcome.why or "refuses" in outcome.why
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(UnusableProxy, match="HTTP_PROXY begins with socks5://"):
        proxy_for("http://service.test")
    async with DiscordChannel(Secret("http://service.test" + HOOK)) as discord:
        assert isinstance(await discord.send(ALERT), Failed)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/moved", None),
        ("/portal", "it leads to another host: does the network want a sign-in?"),
        ("/round", "it redirects in circles"),
    ],
)
async def test_a_heartbeat_follows_its_host_and_nobody_elses(path: str, words: str | None) -> None:
    """A redirect within the host counts when its end does; one to a sign-in never does."""
    told: list[str] = []
    asked: list[str] = []
    ways = {"/moved": "/taken", "/portal": "http://localhost:1/login", "/round": "/round"}

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path in ways:
            raise web.HTTPFound(ways[request.path])
        return web.Response()

    app = web.Application()
    app.router.add_get("/{path:.*}", take)
    clock = FakeClock(NOW)
    async with plain(app) as port:
        url = f"http://127.0.0.1:{port}{path}"
        beating = asyncio.create_task(
            beat(url, lambda: True, clock, lambda event: told.append(event.figures.get("why", "")))
        )
        await clock.advance(HEARTBEAT_EVERY)
        for _ in range(10_000):
            await clock.advance(0.0)
            if told or "/taken" in asked:
                break
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
    assert told == ([] if words is None else [words])


def test_a_wish_to_be_left_alone_is_read_by_the_servers_own_clock() -> None:
    """Seconds as they are; a time of day counts from the answer's `Date`."""
    date = "Sat, 21 Nov 2026 03:30:00 GMT"
    later = "Sat, 21 Nov 2026 03:31:30 GMT"
    assert retry_after({"Retry-After": "7"}) == 7.0
    assert retry_after({"Retry-After": later, "Date": date}, NOW + timedelta(hours=9)) == 90.0
    assert retry_after({"Retry-After": later}, NOW) == 90.0
    assert retry_after({"Retry-After": date}, NOW + timedelta(minutes=1)) == 0.0
    assert retry_after({"Retry-After": "soon"}, NOW) is retry_after({}, NOW) is None


def test_a_wrong_clock_is_told_once_and_old_copies_do_not_look_like_one() -> None:
    """Three answers have to agree; one that lay in a cache only seems to be of the past."""
    told: list[float | None] = []
    now = [NOW]
    time = ServerTime(lambda: now[0], told.append)

    def answer(age: int = 0, **more: str) -> None:
        time.heard({"Date": f"{NOW - timedelta(seconds=age):%a, %d %b %Y %H:%M:%S GMT}", **more})

    for age in (0, 600, 600, 600):
        answer(age)
    assert told == []
    answer(600, Age="600")
    assert time.ahead == 0.0
    now[0] = NOW + timedelta(minutes=6)
    for _ in range(6):
        answer()
    assert told == [360.0]
    now[0] = NOW
    answer()
    assert told == [360.0, None]
    assert "6 min 0 s fast" in clock_trouble(360.0)
    assert "1 h 2 min slow" in clock_trouble(-3720.0)


def test_what_is_no_certificate_is_not_taken_for_one() -> None:
    """Only OpenSSL's own words count."""
    assert certificate_trouble("WRONG_VERSION_NUMBER") is None
    assert "another server's" in (certificate_trouble("Hostname mismatch, certificate is") or "")


async def test_every_service_says_no_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one line, without the address, and however deep the reason lies."""
    monkeypatch.setenv("no_proxy", "*")

    async def deny(request: web.Request) -> web.Response:
        errors = {
            "content": {"_errors": [{"code": "X", "message": f"Too long\nat {request.path}"}]}
        }
        return web.json_response({"message": "Invalid Form Body", "errors": errors}, status=400)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", deny)
    async with plain(app) as port:
        found = await sent_by_each(f"http://127.0.0.1:{port}")
    for outcome in found.values():
        assert "answered 400 (Invalid Form Body: Too long at" in str(outcome)
        assert "canary-hook" not in str(outcome)
