"""Promises of the log: one line for each event, and no secret in any of them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import structlog

from tracker.logs import MASK, Masker, kind_of, set_up_logs

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw8"  # made up
URL = "json://ann:hush%21@127.0.0.1:1/a-hook-of-mine?key=sesame-sesame"


@pytest.fixture(autouse=True)
def _structlog_left_as_it_was() -> Iterator[None]:
    """Take the set-up of the log back after each test."""
    yield
    structlog.reset_defaults()


class Log:
    """A log at DEBUG in memory."""

    def __init__(self, *, as_json: bool = True) -> None:
        """Set the loggers up to write here."""
        self.stream = io.StringIO()
        self.write = set_up_logs(
            lambda: NOON,
            secrets=[URL, TOKEN],
            level="debug",
            stream=self.stream,
            json=as_json,
        )

    @property
    def text(self) -> str:
        """Everything that was written."""
        return self.stream.getvalue()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines, parsed as JSON."""
        return [json.loads(line) for line in self.text.splitlines()]


def test_an_event_is_one_line_of_json() -> None:
    """Without a terminal each event is one JSON object with time, level and name first."""
    log = Log()
    log.write.info("feed.recovered", after_s=41)
    assert log.text.startswith('{"at": "2026-11-20T12:00:00.000+00:00", "level": "info", "event"')
    assert log.events[0]["after_s"] == 41


def test_a_terminal_gets_words() -> None:
    """On a terminal an event is a line of text."""
    log = Log(as_json=False)
    log.write.info("feed.recovered", after_s=41)
    assert "feed.recovered" in log.text
    assert not log.text.startswith("{")


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_shows(as_json: bool) -> None:
    """Secrets are masked in events, values, nested values, keys, errors and library messages."""
    log = Log(as_json=as_json)
    log.write.info(f"posted to {URL}", url=URL, deep=[{"a-hook-of-mine": ("sesame-sesame",)}])
    log.write.info("sent", url="https://api.telegram.org/bot987654321:" + "x" * 35 + "/send")
    log.write.info("got", url="https://bob:letmein@example.org/x")
    logging.getLogger("some.library").warning("POST %s", URL)
    try:
        raise ValueError(f"cannot reach {URL}")
    except ValueError as error:
        log.write.exception("failed", why=error)
    for secret in (URL, "hush", "a-hook-of-mine", "sesame", "x" * 35, "letmein"):
        assert secret not in log.text
    assert MASK in log.text


def test_an_address_keeps_what_is_not_secret() -> None:
    """The host of an address still shows, so that a line can be understood."""
    masked = Masker(["json://ann:hush@hooks.example.org/a-hook-of-mine"])
    assert masked.text("hooks.example.org did not answer") == "hooks.example.org did not answer"
    assert masked.text("retry 12 of 30 at 127.0.0.1:8080") == "retry 12 of 30 at 127.0.0.1:8080"


def test_a_percent_encoded_password_is_masked_in_both_spellings() -> None:
    """A password is masked in its encoded and its decoded form."""
    assert Masker([URL]).text("hush%21 hush!") == f"{MASK} {MASK}"


def test_errors_of_http_clients_are_named_by_kind() -> None:
    """The text of an HTTP client's error may hold an address, so only its type is logged."""
    assert kind_of(aiohttp.InvalidURL("http://somewhere/with-a-key")) == "aiohttp.InvalidURL"
    assert kind_of(ValueError("seven")) == "ValueError: seven"
    log = Log()

    async def ask() -> None:
        async with aiohttp.ClientSession() as session:
            await session.get("http://127.0.0.1:1/with-a-key-inside")

    try:
        asyncio.run(ask())
    except aiohttp.ClientError as error_:
        log.write.exception("feed.lost", why=error_)
    assert log.events[-1]["why"] == "aiohttp.ClientConnectorError"
    assert log.events[-1]["exception"].endswith("aiohttp.ClientConnectorError\n")
    assert "Cannot connect" not in log.text


def test_a_group_of_errors_tells_each() -> None:
    """When a task group fails, each of its errors is in the line."""
    log = Log()
    log.write.error("died", exc_info=ExceptionGroup("two", [ValueError("seven"), KeyError("k")]))
    assert "ValueError: seven" in log.events[0]["exception"]
    assert "KeyError: 'k'" in log.events[0]["exception"]


def test_libraries_are_capped() -> None:
    """Libraries that log addresses at DEBUG never log below WARNING."""
    log = Log()
    for name in ("aiohttp.client", "apprise", "urllib3.connectionpool", "requests"):
        logging.getLogger(name).debug("hidden")
    assert log.text == ""


REAL_FAILURE = f"""
import apprise, sys
from datetime import datetime
from tracker.logs import set_up_logs

set_up_logs(datetime.now, secrets=[{URL!r}], level="debug")
sys.exit(bool(apprise.Apprise([{URL!r}]).notify("body")))
"""


def test_a_real_apprise_failure_shows_no_secret() -> None:
    """Apprise at DEBUG, sending to a closed port, logs no part of the address.

    It logs in a process of its own: what other tests leave running logs here too.
    """
    command = [sys.executable, "-W", "ignore", "-c", REAL_FAILURE]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "apprise" in ran.stderr
    for secret in ("hush", "a-hook-of-mine", "sesame"):
        assert secret not in ran.stderr


def test_the_level_is_obeyed() -> None:
    """Events below the configured level are not written."""
    stream = io.StringIO()
    write = set_up_logs(lambda: NOON, level="warning", stream=stream)
    write.info("small")
    write.warning("large")
    assert "small" not in stream.getvalue()
    assert "large" in stream.getvalue()
