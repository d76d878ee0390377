"""Promises of the Telegram channel, tested with the real library against a local Bot API."""

from __future__ import annotations

import asyncio
import builtins
import logging
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.doubles.bot_api import CHAT, TOKEN, BotApi
from tests.doubles.bot_api_answers import Hangs, Resets, Says, Trouble, no, wait
from tests.doubles.log import log_line
from tests.doubles.tls import OWN, over_tls
from tracker.daemon.bot.answers import COMMANDS
from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.notify.channels import Message
from tracker.notify.channels.telegram import ChatPlace, channel
from tracker.notify.channels.telegram.channel import TelegramChannel, telegram_channel
from tracker.notify.channels.telegram.connection import (
    CONNECT_LIMIT,
    SEND_LIMIT,
    TelegramConnection,
)
from tracker.notify.channels.text import TEXT_LIMIT
from tracker.settings import Secret
from tracker.settings.models import TelegramSettings
from tracker.settings.reading import ConfigError, keys_of

BODY = "▲ 80 % LAL@DEN o224.5: 189 now (was <1 %)\nDEN 98 – 91 LAL · Q4 & more · alert 31"
ALERT = Message(BODY, (31,), level=Level.URGENT)
GROUP, SUPERGROUP = -881, -1001234567890

Events = list[tuple[str, dict[str, str]]]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A Bot API that is up."""
    async with BotApi() as running:
        yield running


@asynccontextmanager
async def channel_to(
    url: str,
    chat_id: int = CHAT,
    *,
    token: str = TOKEN,
    events: Events | None = None,
    limit: float = 5.0,
    connect_limit: float = 2.0,
    topic: int | None = None,
) -> AsyncIterator[TelegramChannel]:
    """A channel that is closed in the end, and its reported events."""
    kept: Events = [] if events is None else events
    line = TelegramConnection(
        Secret(token),
        ChatPlace(chat_id, topic),
        api_url=url,
        tell=lambda event: kept.append(log_line(event)),
        limit=limit,
        connect_limit=connect_limit,
    )
    channel = TelegramChannel(line)
    async with channel:
        yield channel


async def test_a_message_arrives_as_it_was_worded(api: BotApi) -> None:
    """Every character of an alert arrives, with its first line bold."""
    async with channel_to(api.url) as channel:
        assert await channel.send(ALERT) == Sent()
    (written,) = api.written
    assert written.text == BODY
    assert written.bold == BODY.partition("\n")[0]
    assert (written.chat_id, written.html) == (CHAT, True)
    assert '"is_disabled": true' in api.requests[0]["link_preview_options"]


async def test_a_message_of_any_length_arrives(api: BotApi) -> None:
    """A message that is too long is cut by us, not refused by Telegram."""
    async with channel_to(api.url) as channel:
        assert await channel.send(Message("🏀 <&> 12\n" * 3000, (7,))) == Sent()
    assert "alert 7" in api.written[0].text
    assert not api.troubles


async def test_an_alert_is_a_reply_to_its_games_card(api: BotApi) -> None:
    """An alert replies to its game's card, unless that is deleted or in another chat."""
    cards: dict[tuple[int, ...], str] = {(31,): f"{CHAT}/1", (33,): "77/1", (34,): f"{CHAT}/99"}

    async with channel_to(api.url) as channel:
        assert await channel.send(Message("🏀 the card", ())) == Sent()
        for number in (31, 32, 33, 34):
            under = Message(BODY, (number,), card=cards.get((number,)))
            assert await channel.send(under) == Sent()
    assert [x.reply_to for x in api.written] == [None, 1, None, None, None]


async def test_messages_share_a_connection(api: BotApi) -> None:
    """Several alerts share one connection."""
    async with channel_to(api.url) as channel:
        for _ in range(5):
            assert await channel.send(ALERT) == Sent()
    assert len(api.connections) == 1
    assert len(api.written) == 5


async def test_the_patience_that_telegram_asks_for_is_passed_on(api: BotApi) -> None:
    """A 429 is Failed, with the wait that Telegram asks for."""
    api.troubles.append(wait(7))
    async with channel_to(api.url) as channel:
        assert await channel.send(ALERT) == Failed("Telegram asks to wait 7 s", 7.0)
        assert api.written == []
        assert await channel.send(ALERT) == Sent()


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(10**12, 86_400.0), (0, None), (-5, None), ("soon", None), ([1], None)],
)
async def test_a_wait_that_cannot_be_meant_is_not_waited_for(
    api: BotApi, asked: object, waits: float | None
) -> None:
    """No answer holds the channel for more than a day; what is no number of seconds is none."""
    slow = {"ok": False, "description": "slow", "parameters": {"retry_after": asked}}
    api.troubles.append(Says(429, slow))
    async with channel_to(api.url) as channel:
        outcome = await channel.send(ALERT)
    assert isinstance(outcome, Failed)
    assert outcome.retry_after == waits


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (no(401, "Unauthorized"), "@BotFather"),
        (no(404, "Not Found"), "@BotFather"),
        (no(403, "Forbidden: bot was blocked by the user"), "bot was blocked by the user"),
        (no(403, "Forbidden: bot was kicked from the group chat"), "add it to the group again"),
        (no(403, "Forbidden: bot can't initiate conversation with a user"), "press Start"),
        (no(400, "Bad Request: chat not found"), "knows no chat 4411"),
        (no(400, "Bad Request: message text is empty"), "message text is empty"),
        (no(400, "Bad Request: not enough rights to send text messages"), "not enough rights"),
        (no(413, "Request Entity Too Large"), "Too Large"),
    ],
)
async def test_a_no_for_good_is_refused(api: BotApi, trouble: Says, words: str) -> None:
    """A permanent refusal is Refused at once, in a sentence that says what to do."""
    api.troubles.append(trouble)
    async with channel_to(api.url) as channel:
        outcome = await channel.send(ALERT)
    assert isinstance(outcome, Refused)
    assert words in outcome.why
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        no(429, "Too Many Requests"),
        no(409, "Conflict: terminated by other getUpdates request"),
        no(418, "I'm a teapot"),
        no(200, "ok is false"),
        Says(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
        Says(307, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
        Says(403, b"<html>blocked by the network</html>"),
        Says(404, b"<html>no such page</html>"),
        Says(404, {"detail": "Not Found"}),
    ],
)
async def test_what_was_certainly_not_written_has_failed(api: BotApi, trouble: Says) -> None:
    """A refusal that may pass is Failed, so a later try is no possible repeat."""
    api.troubles.append(trouble)
    async with channel_to(api.url) as channel:
        outcome = await channel.send(ALERT)
    assert isinstance(outcome, Failed)
    assert outcome.retry_after is None
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        no(500, "Internal Server Error"),
        no(502, "Bad Gateway"),
        no(503, "Service Unavailable", retry_after=5),
        Says(504, b"<html>gateway time-out</html>", writes=True),
        Says(200, b"<html>welcome to our hotel</html>"),
        Says(200, b"", writes=True),
        Says(200, b"[" * 100_000, writes=True),
        Says(200, b'"' + b"x" * (2 << 20) + b'"', writes=True),
        Resets(),
        Resets(writes=False),
        Resets(after=b'{"ok":true,'),
    ],
)
async def test_a_lost_answer_is_unknown(api: BotApi, trouble: Trouble) -> None:
    """Where the message may have been written, the outcome is Unknown."""
    api.troubles.append(trouble)
    async with channel_to(api.url) as channel:
        outcome = await channel.send(ALERT)
    assert isinstance(outcome, Unknown)
    assert len(api.requests) == 1, "no attempt is repeated behind the back of the outbox"


async def test_a_silent_server_is_waited_for_only_so_long(api: BotApi) -> None:
    """A silent server is given up at a limit, and the outcome is Unknown."""
    api.troubles.append(Hangs())
    async with channel_to(api.url, limit=0.2) as channel:
        await channel.warm_up()
        assert await channel.send(ALERT) == Unknown("no answer from Telegram within 0.2 s")
        assert len(api.written) == 1
        assert await channel.send(ALERT) == Sent()


async def test_an_ok_is_believed_whatever_comes_with_it(api: BotApi) -> None:
    """An ok with a result that we cannot read is Sent."""
    api.troubles.append(Says(200, {"ok": True, "result": {"kind": "of the future"}}, writes=True))
    async with channel_to(api.url) as channel:
        assert await channel.send(ALERT) == Sent()


async def test_nobody_listens() -> None:
    """A refused connection is Failed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        async with channel_to(f"http://127.0.0.1:{probe.getsockname()[1]}") as channel:
            outcome = await channel.send(ALERT)
    assert outcome == Failed("Telegram's server cannot be reached")


async def test_the_name_is_not_known() -> None:
    """A name that cannot be looked up is Failed."""
    async with channel_to("http://telegram.invalid") as channel:
        outcome = await channel.send(ALERT)
    assert isinstance(outcome, Failed)


async def test_an_address_that_can_never_be_is_refused() -> None:
    """An impossible host name is Refused as a mistake in the configuration."""
    async with channel_to(f"http://{'a' * 70}.invalid") as channel:
        outcome = await channel.send(ALERT)
    assert isinstance(outcome, Refused)
    assert "api_url" in outcome.why


async def test_the_connection_is_not_secure(api: BotApi) -> None:
    """Without valid TLS nothing is sent."""
    async with channel_to(api.url.replace("http:", "https:")) as channel:
        outcome = await channel.send(ALERT)
    assert isinstance(outcome, Failed)
    assert "secure" in outcome.why
    assert api.requests == []


async def test_a_connection_that_is_not_taken_has_failed() -> None:
    """A time-out before the connection is made is Failed."""
    done = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with channel_to(f"https://127.0.0.1:{port}", connect_limit=0.2) as channel:
        outcome = await channel.send(ALERT)
    done.set()
    server.close()
    assert outcome == Failed("Telegram's server did not take the connection in time")


async def test_markup_that_is_not_understood_costs_only_the_markup(api: BotApi) -> None:
    """Refused markup is logged, and the text is sent again without it."""
    api.troubles.append(no(400, 'Bad Request: can\'t parse entities: Unsupported start tag "1"'))
    events: Events = []
    async with channel_to(api.url, events=events) as channel:
        assert await channel.send(ALERT) == Sent()
    (written,) = api.written
    assert (written.text, written.html) == (BODY, False)
    assert [event for event, _ in events] == ["telegram.plain"]
    assert len(api.requests) == 2


async def test_words_that_are_never_understood_are_refused(api: BotApi) -> None:
    """A text that is refused without markup too is Refused."""
    api.troubles.extend([no(400, "Bad Request: can't parse entities: oh")] * 2)
    async with channel_to(api.url) as channel:
        assert isinstance(await channel.send(ALERT), Refused)
    assert len(api.requests) == 2


async def test_a_group_is_followed_when_it_moves(api: BotApi) -> None:
    """When a group becomes a supergroup, this message and all later ones go there."""
    api.moved[GROUP] = SUPERGROUP
    api.chats.add(SUPERGROUP)
    events: Events = []
    async with channel_to(api.url, GROUP, events=events) as channel:
        assert await channel.send(ALERT) == Sent()
        assert await channel.send(ALERT) == Sent()
        assert await channel.connection.moved() == (GROUP, SUPERGROUP)
    assert [written.chat_id for written in api.written] == [SUPERGROUP] * 2
    assert [event for event, _ in events] == ["telegram.chat_moved"]
    assert f"chat_id = {SUPERGROUP}" in events[0][1]["do"]
    assert len(api.requests) == 3


async def test_groups_that_move_in_a_circle_are_given_up(api: BotApi) -> None:
    """A group that keeps moving is given up after a few requests."""
    api.moved.update({GROUP: SUPERGROUP, SUPERGROUP: GROUP})
    async with channel_to(api.url, GROUP) as channel:
        assert isinstance(await channel.send(ALERT), Refused)
    assert len(api.requests) == 4


async def test_a_topic_is_written_to(api: BotApi) -> None:
    """Every message goes to the topic that was paired."""
    api.chats.add(SUPERGROUP)
    api.topics.add(17)
    async with channel_to(api.url, SUPERGROUP, topic=17) as channel:
        assert await channel.send(ALERT) == Sent()
    assert [(x.chat_id, x.topic) for x in api.written] == [(SUPERGROUP, 17)]


async def test_a_topic_that_is_gone_costs_no_alert(api: BotApi) -> None:
    """Messages for a topic that is gone go to the group itself, and that is logged once."""
    api.chats.add(SUPERGROUP)
    events: Events = []
    async with channel_to(api.url, SUPERGROUP, events=events, topic=17) as channel:
        assert await channel.send(ALERT) == Sent()
        assert await channel.send(ALERT) == Sent()
    assert [(x.chat_id, x.topic) for x in api.written] == [(SUPERGROUP, None)] * 2
    assert [(event, figures["topic_id"]) for event, figures in events] == [
        ("telegram.topic_gone", "17")
    ]


async def test_a_proxy_of_the_environment_is_asked(
    api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests go through the environment's proxy."""
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", api.url)
    async with channel_to("http://telegram.invalid") as channel:
        assert await channel.send(ALERT) == Sent()
    assert len(api.written) == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTP_PROXY", "gopher://ann:s3cret@127.0.0.1:9", "HTTP_PROXY"),
        ("ALL_PROXY", "http://ann:s3cret@127.0.0.1:port", "ALL_PROXY"),
    ],
)
async def test_a_machine_that_is_set_up_wrongly_loses_no_alert(
    api: BotApi, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """An alert waits until an unusable proxy is mended."""
    for other in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    async with channel_to(f"http://telegram.invalid:{api.port}") as channel:
        outcome = await channel.send(ALERT)
        assert isinstance(outcome, Failed)
        assert words in outcome.why
        assert "s3cret" not in outcome.why
        monkeypatch.setenv(name, api.url)
        assert await channel.send(ALERT) == Sent()


async def test_an_authority_of_ones_own_is_trusted(
    api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SSL_CERT_FILE` is used; without it the send is Failed with the certificate as the reason."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    app = web.Application()

    async def take(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": {}})

    app.router.add_route("*", "/{path:.*}", take)
    async with over_tls(app) as port:
        url = f"https://localhost:{port}"
        async with channel_to(url) as channel:
            outcome = await channel.send(ALERT)
            assert isinstance(outcome, Failed)
            assert "SSL_CERT_FILE names an authority of your own" in outcome.why
        monkeypatch.setenv("SSL_CERT_FILE", str(OWN))
        async with channel_to(url) as channel:
            assert await channel.send(ALERT) == Sent()


async def test_giving_up_on_an_answer_leaves_nothing_behind(api: BotApi) -> None:
    """A cancelled send ends at once, and the next one works."""
    api.troubles.append(Hangs())
    async with channel_to(api.url) as channel:
        sending = asyncio.create_task(channel.send(ALERT))
        await api.arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await channel.send(ALERT) == Sent()


def troubles() -> dict[str, Trouble]:
    """One of each kind of answer; some quote the request."""
    echo = f"cannot POST /bot{TOKEN}/sendMessage"
    return {
        "ok": Says(200, {"ok": True, "result": {"said": echo}}),
        "400": no(400, f"Bad Request: {echo}"),
        "401": no(401, echo),
        "403": no(403, f"Forbidden: {echo}"),
        "409": no(409, f"Conflict: {TOKEN.partition(':')[2]}"),
        "429": wait(3),
        "parse": no(400, f"Bad Request: can't parse entities: {echo}"),
        "moved": no(400, echo, migrate_to_chat_id=SUPERGROUP),
        "502": Says(502, echo.encode()),
        "html": Says(404, echo.encode()),
        "redirect": Says(301, b"", {"Location": f"https://127.0.0.1:9/bot{TOKEN}/getMe"}),
        "hang": Hangs(),
        "reset": Resets(),
    }


@pytest.mark.parametrize("kind", [*troubles(), "nobody", "nowhere", "tls", "bad url"])
async def test_the_token_shows_nowhere(
    api: BotApi, kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The token is not in an outcome, an event, a name, or any library's log at DEBUG."""
    asyncio.get_running_loop().set_debug(True)
    caplog.set_level(logging.DEBUG)
    for name in ("telegram", "telegram.Bot", "httpx", "httpcore", "httpcore.http11", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    urls = {
        "nobody": "http://127.0.0.1:9",
        "nowhere": "http://telegram.invalid",
        "tls": api.url.replace("http:", "https:"),
        "bad url": f"http://{'a' * 70}.invalid",
    }
    if kind in troubles():
        api.troubles.append(troubles()[kind])
    events: Events = []
    outcome: Outcome
    async with channel_to(urls.get(kind, api.url), events=events, limit=0.5) as channel:
        await channel.warm_up()
        outcome = await channel.send(ALERT)
        shown = [repr(channel), str(channel), channel.name, repr(outcome), repr(events)]
    printed = capfd.readouterr()
    everything = "\n".join([*shown, caplog.text, printed.out, printed.err])
    assert everything.strip()
    assert TOKEN not in everything
    assert TOKEN.partition(":")[2] not in everything


async def test_a_bot_is_light() -> None:
    """Only a fraction of the library is loaded, and the loop goes on meanwhile."""
    script = (
        "import aiohttp, pydantic\n"
        "size = lambda: int(open('/proc/self/statm').read().split()[1]) * 4 // 1024\n"
        "before = size()\n"
        "import tracker.notify.channels.telegram.bot\n"
        "print(size() - before)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert int(out) < 60


async def test_without_the_library_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, every use of it says how to install it."""
    real: Callable[..., object] = builtins.__import__

    def missing(name: str, *rest: object, **more: object) -> object:
        if name.partition(".")[0] == "telegram" or name == "tracker.notify.channels.telegram.bot":
            raise ModuleNotFoundError(f"No module named {name!r}", name="telegram")
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "tracker.notify.channels.telegram.bot", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    async with channel_to("http://127.0.0.1:9") as channel:
        outcome = await channel.send(ALERT)
        with pytest.raises(ConfigError, match="pip install"):
            await channel.warm_up()
    assert isinstance(outcome, Refused)
    assert 'pip install ".[telegram]"' in outcome.why


def test_a_chat_and_a_token_make_a_channel() -> None:
    """A chat and a token make a channel; without both there is none."""
    asked = TelegramSettings(chat_id=CHAT)
    channel = telegram_channel(asked, Secret(TOKEN))
    assert channel is not None
    assert channel.name == "telegram"
    assert telegram_channel(TelegramSettings(), None) is None


@pytest.mark.parametrize(
    ("chat_id", "token", "words"),
    [
        (CHAT, None, "token: is missing"),
        (CHAT, "my bot", "token: is not one"),
        (CHAT, f"{TOKEN}/../x", "token: is not one"),
        (CHAT, "123:", "token: is not one"),
    ],
)
def test_half_a_configuration_is_told(chat_id: int | None, token: str | None, words: str) -> None:
    """A missing or wrong key is reported before the daemon starts, without repeating a secret."""
    secret = None if token is None else Secret(token)
    with pytest.raises(ConfigError) as caught:
        telegram_channel(TelegramSettings(chat_id=chat_id), secret)
    assert words in str(caught.value)
    assert token is None or token not in str(caught.value)


def test_a_missing_extra_is_told_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configured channel without its library is an error that says what to install."""
    monkeypatch.setattr(channel, "find_spec", {}.get)
    with pytest.raises(ConfigError, match="pip install"):
        telegram_channel(TelegramSettings(chat_id=CHAT), Secret(TOKEN))


def test_the_page_tells_the_limits_and_the_events() -> None:
    """docs/telegram.md has the limits of a send and of a message, and the log's events."""
    page = (Path(__file__).parents[2] / "docs" / "telegram.md").read_text("utf-8")
    assert (
        f"A connection may take {CONNECT_LIMIT:g} seconds and a whole send {SEND_LIMIT:g}" in page
    )
    assert f"{TEXT_LIMIT:,} characters" in page
    assert "`telegram.plain`" in page
    events = ("chat_moved", "conflict", "deaf", "listening", "paired", "stranger", "topic_gone")
    assert all(f"`telegram.{event}`" in page for event in events)
    cards = ("posted", "closed", "gone", "failing", "recovered")
    assert all(f"`card.{event}`" in page for event in cards)
    assert all(f"`/{name}" in page for name, _ in COMMANDS)
    assert set(keys_of(TelegramSettings)) <= set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
