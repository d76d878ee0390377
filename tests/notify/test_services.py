"""Promises of the Discord and ntfy channels, tested against local servers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.doubles.bot_api_answers import Hangs, Resets, Says, Trouble
from tests.notify.services import TOPIC, WEBHOOK, Discord, Ntfy
from tests.notify.test_card import EVENING, followed, made, with_bets
from tests.notify.test_card import Q3 as PLAYED
from tracker.domain.alert import Failed, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.notify.channels import Gone, Message, Shown
from tracker.notify.channels.discord import DiscordChannel
from tracker.notify.channels.ntfy import TOO_OLD, NtfyChannel
from tracker.settings import Secret
from tracker.settings.reading import ConfigError

BODY = "▲ 80 % LAL@DEN o224.5: 189 now, _Q4_ *7:02* (was 71 %)\n- LAL 91 – 98 DEN · alert 31"
ALERT = Message(BODY, (31,), level=Level.HIGH)
CARD = made(EVENING)


@asynccontextmanager
async def discord(limit: float = 5.0) -> AsyncIterator[tuple[DiscordChannel, Discord]]:
    """A Discord channel and its server."""
    async with (
        Discord() as server,
        DiscordChannel(Secret(server.webhook), limit=limit) as channel,
    ):
        yield channel, server


@asynccontextmanager
async def ntfy(*, old: bool = False, limit: float = 5.0) -> AsyncIterator[tuple[NtfyChannel, Ntfy]]:
    """An ntfy channel and its server."""
    token = Secret("tk_canary")
    async with Ntfy(old=old) as server:
        topic = Secret(TOPIC)
        async with NtfyChannel(topic, server.url, token=token, limit=limit) as channel:
            yield channel, server


async def test_discord_shows_an_alert_as_it_was_worded() -> None:
    """An alert arrives without markup or mentions, and makes a sound."""
    async with discord() as (channel, server):
        assert await channel.send(ALERT) == Sent()
    (shown,) = server.written
    assert shown.text.replace("\\", "") == BODY
    assert "\\*7:02\\*" in shown.text
    assert not shown.silent


async def test_discord_writes_into_a_thread() -> None:
    """With `?thread_id=` behind the webhook, messages and edits go to that thread."""
    async with Discord(thread="77") as server:
        async with DiscordChannel(Secret(server.webhook)) as channel:
            outcome = await channel.send(ALERT)
        assert isinstance(outcome, Refused)
        assert "forum channels must have a thread_name or thread_id" in outcome.why
        assert "?thread_id=ID" in outcome.why
        async with DiscordChannel(Secret(f"{server.webhook}?thread_id=77")) as channel:
            assert await channel.send(ALERT) == Sent()
            posted = await channel.post(CARD, 1, "g")
            assert isinstance(posted, Shown)
            assert await channel.edit(posted.message, CARD, 1) == Sent()


async def test_discord_keeps_a_card() -> None:
    """A card is one silent message that is edited in place."""
    async with discord() as (channel, server):
        posted = await channel.post(CARD, 1, "g")
        assert posted == Shown("111")
        later = made(with_bets(PLAYED, followed("DEN ML", 0.9)))
        assert await channel.edit("111", later, 1) == Sent()
        (shown,) = server.written
        assert shown.silent
        assert len(shown.texts) == 2
        server.messages.clear()
        assert isinstance(await channel.edit("111", later, 1), Gone)


async def test_ntfy_gets_a_priority_and_a_name() -> None:
    """The level sets the priority, and a second attempt replaces the first message."""
    async with ntfy() as (channel, server):
        assert await channel.send(ALERT) == Sent()
        again = Message(f"possible repeat · {BODY}", (31,), level=Level.HIGH, possible_repeat=True)
        assert await channel.send(again) == Sent()
        (shown,) = server.written
        first, rest = BODY.split("\n")
        assert (shown.title, shown.texts) == (first, [rest, rest])
        assert (shown.priority, shown.sequence) == ("4", "alert-31")
        assert shown.authorization == "Bearer tk_canary"
        assert await channel.send(Message("a test", ())) == Sent()
        many = Message("many", tuple(range(100, 140)))
        assert await channel.send(many) == Sent()
        assert len(server.written) == 3


async def test_ntfy_keeps_a_card_where_it_can() -> None:
    """A card has one sequence id, also after a restart, so a repeat makes no second card."""
    async with ntfy() as (channel, server):
        first = await channel.post(CARD, 1, "0022600201")
        assert isinstance(first, Shown)
        assert await channel.edit(first.message, CARD, 1) == Sent()
        assert await channel.post(CARD, 1, "0022600201") == first
        (shown,) = server.written
        assert shown.silent
        assert len(shown.texts) == 3
        assert TOPIC not in first.message


async def test_an_old_ntfy_is_found_out() -> None:
    """An ntfy that cannot replace messages is recognised at the first card."""
    async with ntfy(old=True) as (channel, server):
        assert await channel.post(CARD, 1, "g") == Refused(TOO_OLD)
        assert await channel.post(CARD, 2, "h") == Refused(TOO_OLD)
        assert len(server.written) == 1


@pytest.mark.parametrize("service", ["discord", "ntfy"])
@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Says(429, {"message": "slow", "retry_after": 1.5}), Failed),
        (Says(429, b"slow", {"Retry-After": "7"}), Failed),
        (Says(429, b"slow", {"Retry-After": "never"}), Failed),
        (Says(302, b"", {"Location": "http://127.0.0.1:9/"}), Failed),
        (Says(401, b""), Refused),
        (Says(403, {"code": 40301, "error": "forbidden"}), Refused),
        (Says(404, {"message": "Unknown Webhook", "code": 10015}), Refused),
        (Says(413, b""), Refused),
        (Says(200, b"<html>welcome to our hotel</html>"), Unknown),
        (Says(200, {"status": "ok"}), Unknown),
        (Says(204, b""), Unknown),
        (Says(500, b"oh"), Unknown),
        (Says(504, b"", writes=True), Unknown),
        (Hangs(), Unknown),
        (Resets(), Unknown),
    ],
)
async def test_outcomes_are_told_apart(service: str, trouble: Trouble, kind: type) -> None:
    """Each kind of answer gives its own outcome, and a lost answer is Unknown."""
    opened = discord(limit=0.2) if service == "discord" else ntfy(limit=0.2)
    async with opened as (channel, server):
        for ask in (
            lambda: channel.send(ALERT),
            lambda: channel.post(CARD, 1, "g"),
            lambda: channel.edit("112", CARD, 1),
        ):
            server.troubles.append(trouble)
            outcome = await ask()
            assert isinstance(outcome, kind), outcome


async def test_the_patience_that_is_asked_for_is_passed_on() -> None:
    """The wait that is asked for is taken from Discord's body and from ntfy's header."""
    async with discord() as (one, first), ntfy() as (other, second):
        first.troubles.append(Says(429, {"message": "slow", "retry_after": 1.5}))
        assert await one.send(ALERT) == Failed("Discord asks to wait 1.5 s", 1.5)
        second.troubles.append(Says(429, b"slow", {"Retry-After": "7"}))
        assert await other.send(ALERT) == Failed("ntfy asks to wait 7 s", 7.0)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nowhere.invalid"])
async def test_nobody_listens(url: str) -> None:
    """A refused connection is Failed."""
    hook = Secret(f"{url}{WEBHOOK}")
    async with DiscordChannel(hook) as one, NtfyChannel(Secret(TOPIC), url) as other:
        assert isinstance(await one.send(ALERT), Failed)
        assert isinstance(await other.send(ALERT), Failed)


async def test_the_addresses_show_nowhere(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """No address is in an outcome, a name, or any library's log at DEBUG."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    for trouble in (Says(401, b""), Says(500, b""), Hangs(), Resets()):
        async with discord(limit=0.1) as (one, first), ntfy(limit=0.1) as (other, second):
            first.troubles.append(trouble)
            second.troubles.append(trouble)
            said += [repr(x) for x in (one, other, await one.send(ALERT), await other.send(ALERT))]
    printed = capfd.readouterr()
    everything = "\n".join((*said, caplog.text, printed.out, printed.err))
    for secret in (WEBHOOK, TOPIC, "AAcanary", "tk_canary"):
        assert secret not in everything


@pytest.mark.parametrize("address", ["", "https://discord.com/channels/1/2", "discord://1/2", "x"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    """A malformed address is an error that does not repeat it."""
    with pytest.raises(ConfigError, match="Integrations") as caught:
        DiscordChannel(Secret(address))
    assert not address or address not in str(caught.value).partition(":")[2]
    with pytest.raises(ConfigError, match="64 letters"):
        NtfyChannel(Secret("a topic!"), "https://ntfy.sh")
