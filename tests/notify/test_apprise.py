"""Promises of the Apprise channel, tested with the real Apprise against a real server."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator

import apprise
import pytest

from tests.notify.sink import Sink, free_port
from tracker.domain.alert import Failed, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.notify.channels import Message
from tracker.notify.channels.apprise import (
    _USUAL,
    MOST_HUNG,
    AppriseChannel,
    _service,
    channel_name,
    channels_for,
    check_urls,
    subject_and_text,
)
from tracker.settings.reading import ConfigError

MAIL = "mailto://ann:sesame@example.org"
CHAT = "signal://localhost:8080/+15551234567/+15557654321"
MESSAGE = Message("▲ 80 % DEN -4.5: leads by 7\nneeds -3.5 <b>&</b> *_[]", (41, 42), Level.URGENT)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A server that takes everything."""
    async with Sink() as server:
        yield server


async def test_a_service_that_never_answers_takes_no_thread_after_thread(sink: Sink) -> None:
    """Beyond a few attempts that hang nothing is tried until one of them has ended."""
    sink.hang = True
    url = sink.url.replace("rto=0.3", "rto=30")
    channel = AppriseChannel(url, limit=0.05)
    found = [await channel.send(MESSAGE) for _ in range(MOST_HUNG + 3)]
    assert [type(x) for x in found] == [Unknown] * MOST_HUNG + [Failed] * 3
    assert sum("notify-json" in x.name for x in threading.enumerate()) == MOST_HUNG
    await sink.down()
    await asyncio.gather(*channel._hung)
    sink.hang = False
    await sink.up()
    assert isinstance(await channel.send(MESSAGE), Sent | Unknown)


async def test_the_key_of_a_long_digest_is_a_header_that_servers_take(sink: Sink) -> None:
    """A digest of hundreds of alerts is taken, with a key that all its attempts share."""
    long = Message("1,900 alerts could not reach you in time", tuple(range(100, 2000)))
    for _ in range(2):
        assert await AppriseChannel(sink.url).send(long) == Sent()
    first, second = sink.got
    assert first.key == second.key
    assert first.key not in (None, Message("others", tuple(range(101, 2000))).key)


async def test_a_message_arrives_as_it_was_written(sink: Sink) -> None:
    """The text arrives unchanged, markup signs included, with a key that tells repeats."""
    assert await AppriseChannel(sink.url).send(MESSAGE) == Sent()
    (got,) = sink.got
    assert (got.body, got.key, got.kind) == (MESSAGE.body, "41-42", "warning")


@pytest.mark.parametrize(
    ("url", "message", "parts"),
    [
        (MAIL, Message("▲ 80 % DEN\nneeds -3.5", (1,)), ("▲ 80 % DEN", "needs -3.5")),
        (MAIL, Message("◆ halftime", (1,)), ("◆ halftime", "◆ halftime")),
        (MAIL, Message("a\nb", (), title="tracker"), ("tracker", "a\nb")),
        ("json://example.org", MESSAGE, (MESSAGE.body.partition("\n")[0], MESSAGE.body)),
        (CHAT, MESSAGE, ("", MESSAGE.body)),
    ],
)
def test_the_first_line_is_the_subject_where_a_service_has_one(
    url: str, message: Message, parts: tuple[str, str]
) -> None:
    """Where there is a subject it is the first line, once; a webhook also gets the whole text."""
    service = apprise.Apprise.instantiate(url)
    assert isinstance(service, apprise.NotifyBase)
    assert subject_and_text(message, url.partition(":")[0], service) == parts


async def test_an_error_of_the_server_is_not_taken_for_a_definite_no(sink: Sink) -> None:
    """A server's error is Unknown, as Apprise does not tell failures apart."""
    sink.status = 500
    assert await AppriseChannel(sink.url).send(MESSAGE) == Unknown("answered 500")


async def test_a_lost_answer_is_unknown_and_was_sent_once(sink: Sink) -> None:
    """A server that takes a message and does not answer gives Unknown, after one request."""
    sink.hang = True
    assert isinstance(await AppriseChannel(sink.url).send(MESSAGE), Unknown)
    assert len(sink.got) == 1


async def test_an_answer_is_not_waited_for_without_end(sink: Sink) -> None:
    """An attempt that hangs is given up, and the loop goes on."""
    sink.hang = True
    outcome = await AppriseChannel(sink.url, limit=0.05).send(MESSAGE)
    assert outcome == Unknown("no answer within 0.05 s")


async def test_a_refused_connection_certainly_sent_nothing() -> None:
    """A refused connection is Failed: trying again is no possible repeat."""
    url = f"json://127.0.0.1:{free_port()}/"
    assert await AppriseChannel(url).send(MESSAGE) == Failed("the server refuses connections")


async def test_a_program_that_sets_up_its_own_logging_takes_no_evidence_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The outcome of a send is known though a `dictConfig` has disabled existing loggers."""
    monkeypatch.setattr(logging.getLogger("apprise"), "disabled", True)
    outcome = await AppriseChannel(f"json://127.0.0.1:{free_port()}/").send(MESSAGE)
    assert isinstance(outcome, Failed)


async def test_apprise_never_repeats_by_itself_nor_calls_a_failure_a_success(sink: Sink) -> None:
    """An address's own retries and `optional` flag are switched off."""
    sink.status = 503
    channel = AppriseChannel(f"{sink.url}&retry=3&wait=0&optional=yes")
    assert await channel.send(MESSAGE) == Unknown("answered 503")
    assert len(sink.got) == 1


async def test_a_slow_server_does_not_hold_the_event_loop(sink: Sink) -> None:
    """Other work goes on while a channel waits."""
    sink.hang = True
    channel = AppriseChannel(sink.url)
    sending = asyncio.ensure_future(channel.send(MESSAGE))
    await sink.arrived.wait()
    assert not sending.done()
    await sink.down()
    await sending


async def test_no_thread_of_an_attempt_holds_up_the_end_of_the_program(sink: Sink) -> None:
    """The program ends without waiting for an attempt that hangs."""
    sink.hang = True
    sending = asyncio.ensure_future(AppriseChannel(sink.url).send(MESSAGE))
    await sink.arrived.wait()
    named = [x for x in threading.enumerate() if x.name.startswith("notify-json-")]
    assert named
    assert all(x.daemon for x in named)
    await sink.down()
    await sending


async def test_no_secret_shows_in_a_log_name_or_outcome(
    sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    """No secret is in a log, a name or an outcome, even at DEBUG when everything fails."""
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "requests", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    channel = AppriseChannel(sink.url)
    sink.status = 403
    outcomes = [await channel.send(MESSAGE)]
    await sink.down()
    outcomes.append(await channel.send(MESSAGE))
    seen = f"{caplog.text} {outcomes} {channel!r} {channel.name}"
    assert "sesame" not in seen
    assert "a-hook" not in seen


def test_a_channels_name_stays_when_other_addresses_come_and_go() -> None:
    """A channel's name, under which deliveries are stored, depends on its address only."""
    first, second = "json://127.0.0.1:1/a", "ntfy://a-topic"
    names = [x.name for x in channels_for([first, second, first])]
    assert names == [channel_name(first), channel_name(second)]
    assert [x.name for x in channels_for([second])] == names[1:]
    assert names[1].startswith("ntfy-")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("just words of mine", "is no Apprise address; write one like ntfy://my-topic"),
        ("jsn://token-of-mine", "begins with jsn://, which Apprise does not know; did you mean"),
        ("tgram://token-of-mine", "is not a complete tgram:// address"),
    ],
)
def test_a_wrong_address_is_told_by_its_place_alone(
    url: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong address is one sentence with its place; neither error nor log has the address."""
    with pytest.raises(ConfigError) as caught:
        check_urls(["ntfy://fine", url], "the file urls.txt")
    (sentence,) = caught.value.mistakes
    assert sentence.startswith(f"the file urls.txt: entry 2 {why}")
    assert "of-mine" not in sentence + caplog.text
    assert "words of" not in sentence + caplog.text


def test_right_addresses_pass() -> None:
    """Valid addresses pass the check, and nothing is sent for it."""
    check_urls(["ntfy://a-topic", f"json://127.0.0.1:{free_port()}/"])


async def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    """A message to an address that Apprise does not know is Refused."""
    assert isinstance(await AppriseChannel("nosuch://thing").send(MESSAGE), Refused)


def test_apprise_has_the_usual_services_where_they_are_looked_for() -> None:
    """Each usual service is loaded as the class that Apprise itself finds for its address."""
    addresses = {
        "gotify": "gotify://host/Abcdef12",
        "gotifys": "gotifys://host/Abcdef12",
        "mailto": "mailto://me:secret@example.com",
        "mailtos": "mailtos://me:secret@example.com",
        "pbul": "pbul://" + "a" * 32,
        "pover": f"pover://{'u' * 30}@{'t' * 30}",
        "slack": f"slack://T1JJ3T3L2/A1BRTD4JD/{'T' * 24}/#channel",
    }
    for schema in _USUAL:
        url = addresses.get(schema, f"{schema}://localhost/path")
        own, found = _service(url), apprise.Apprise.instantiate(url)
        assert own is not None
        assert found is not None
        assert type(own) is type(found), schema
