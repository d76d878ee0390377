"""The Apprise channels, one for each address: Pushover, e-mail, webhooks and many other services.

Apprise reports only success or failure. What it logs about a failed attempt shows whether the
server was reached; where it does not, the outcome is `Unknown`. Apprise is imported on first use,
as that takes most of a second.
"""

from __future__ import annotations

import ast
import asyncio
import difflib
import hashlib
import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.logs import Masker
from tracker.network import certificate_trouble, own_authorities
from tracker.notify.channels import Message, in_thread
from tracker.notify.channels.text import BRIEF, brief
from tracker.notify.channels.web_service import reason_in
from tracker.settings.reading import ConfigError

if TYPE_CHECKING:
    import apprise

CONNECT_LIMIT = 4.0
"""Seconds to reach a server; an address may set its own with `?cto=`."""

READ_LIMIT = 4.0
"""Seconds that a server may stay silent; an address may set its own with `?rto=`."""

SEND_LIMIT = 30.0
"""Real seconds after which an attempt's answer is no longer waited for."""

MOST_HUNG = 4
"""Attempts that nobody waits for any more, after which a service is not tried again until one of
them ends: each holds a thread, and a service may answer with a byte every few seconds."""

WEBHOOKS = frozenset({"json", "jsons", "form", "forms", "xml", "xmls"})
"""Schemas whose receiver is a program: it gets the whole text, and a key that tells repeats."""

_USUAL = {
    **dict.fromkeys(("json", "jsons"), ("custom_json", "NotifyJSON")),
    **dict.fromkeys(("form", "forms"), ("custom_form", "NotifyForm")),
    **dict.fromkeys(("xml", "xmls"), ("custom_xml", "NotifyXML")),
    **dict.fromkeys(("gotify", "gotifys"), ("gotify", "NotifyGotify")),
    **dict.fromkeys(("mailto", "mailtos"), ("email", "NotifyEmail")),
    "pbul": ("pushbullet", "NotifyPushBullet"),
    "pover": ("pushover", "NotifyPushover"),
    "slack": ("slack", "NotifySlack"),
}
"""Module and class of the most usual services, so that only one is loaded. Any other is searched
among all that Apprise has, which takes 10 MB and half a second."""

_SCHEMA = re.compile(r"([a-z][a-z0-9+.-]{0,19})://", re.IGNORECASE)
_STATUS = re.compile(r"error\s*=\s*(\d{3})\b")
_BODY = re.compile(r"Response Details:\s*(.+)", re.DOTALL)
_UNREACHED = (
    (("Failed to resolve", "NameResolutionError", "Name or service not known",
      "Temporary failure in name resolution"), "the server's name cannot be found"),
    (("ProxyError", "Unable to connect to proxy"), "the proxy does not lead to the server"),
    (("Connection refused",), "the server refuses connections"),
    (("ConnectTimeoutError", "No route to host", "Network is unreachable"),
     "the server cannot be reached"),
)  # fmt: skip
"""What urllib3 and the system say when no connection was made, and the outcome's words for it."""


def channel_name(url: str) -> str:
    """The name of an address: its schema and four hex digits of its SHA-256, such as `ntfy-1a2b`.

    It does not depend on the place in a list, and reveals nothing of the address.
    """
    return f"{_schema(url) or 'apprise'}-{hashlib.sha256(url.encode()).hexdigest()[:4]}"


def _schema(url: str) -> str | None:
    found = _SCHEMA.match(url)
    return found[1].lower() if found else None


class AppriseChannel:
    """Sends through one Apprise address, each time with a new instance of the service.

    A kept instance would remember the time of its last message, and a clock that is set back would
    make it wait for as long as the clock was moved.
    """

    def __init__(self, url: str, *, limit: float = SEND_LIMIT) -> None:
        """`url` is a secret; `limit` is in real seconds. Nothing is requested yet."""
        self.name = channel_name(url)
        self._url = url
        self._limit = limit
        self._hung: set[asyncio.Future[Outcome]] = set()

    def __repr__(self) -> str:
        """The name only: the address is a secret."""
        return f"AppriseChannel({self.name})"

    async def send(self, message: Message) -> Outcome:
        """Send once in a thread. Giving up on the answer does not stop the attempt."""
        self._hung = {x for x in self._hung if not x.done()}
        if len(self._hung) >= MOST_HUNG:
            return Failed(f"{MOST_HUNG} earlier attempts still wait for an answer")
        attempt = in_thread(lambda: _send(self._url, message), f"notify-{self.name}")
        done, _ = await asyncio.wait({attempt}, timeout=self._limit)
        if not done:
            self._hung.add(attempt)
            return Unknown(f"no answer within {self._limit:g} s")
        return attempt.result()


def channels_for(urls: Sequence[str]) -> tuple[AppriseChannel, ...]:
    """A channel for each address, in order; an address that is given twice makes one channel."""
    return tuple(AppriseChannel(url) for url in dict.fromkeys(urls))


def _send(url: str, message: Message) -> Outcome:
    service = _service(url)
    if service is None:
        return Refused("the address is not one that Apprise understands: tracker config check")
    import apprise

    schema = _schema(url)
    headers = getattr(service, "headers", None)
    if schema in WEBHOOKS and isinstance(headers, dict) and message.key:
        headers.setdefault("Idempotency-Key", message.key)
    loud = message.level.rank >= Level.HIGH.rank
    one = apprise.Apprise(asset=service.asset)
    one.add(service)
    title, body = subject_and_text(message, schema, service)
    with _LISTENER.listening() as heard:
        result = one.notify(
            body=body,
            title=title,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.WARNING if loud else apprise.NotifyType.INFO,
        )
    return Sent() if result else _failure(url, heard)


def subject_and_text(
    message: Message, schema: str | None, service: apprise.NotifyBase
) -> tuple[str, str]:
    """The subject and the text, in the form that the service takes.

    The first line is the subject where there is one; a webhook also gets it within the text.
    """
    if 0 < service.body_maxlen <= BRIEF:
        return message.title, brief(message.body)
    if message.title or service.title_maxlen <= 0:
        return message.title, message.body
    first, _, rest = message.body.partition("\n")
    return first, message.body if schema in WEBHOOKS or not rest.strip() else rest.lstrip("\n")


def _failure(url: str, heard: Sequence[str]) -> Failed | Unknown:
    """The outcome of an attempt that failed, by what Apprise logged about it."""
    said = "\n".join(heard)
    if any(x.startswith("Sent ") for x in heard):
        return Unknown("a part of the message was sent, the rest was not")
    if trouble := certificate_trouble(said):
        return Failed(f"no secure connection: {trouble}")
    for signs, why in _UNREACHED:
        if any(x in said for x in signs):
            return Failed(why)
    status = _STATUS.search(said)
    if status is None:
        return Unknown("no good answer")
    reason = Masker([url]).text(_reason(said))
    return Unknown(f"answered {status[1]}" + (f" ({reason})" if reason else ""))


def _reason(said: str) -> str:
    """Why the server refused, in its own words; empty where it did not say."""
    found = _BODY.search(said)
    try:
        body = json.loads(ast.literal_eval(found[1].partition("\n")[0])) if found else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ""
    return reason_in(body) if isinstance(body, dict) else ""


class _Listener(logging.Filter):
    """Collects what Apprise logs during our own calls, and keeps that out of the log.

    Apprise's log quotes addresses with their tokens. Apprise may work in a thread of its own, to
    which it passes its caller's context.
    """

    def __init__(self) -> None:
        """Collect nothing until `listening`."""
        super().__init__()
        self._heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)

    def filter(self, record: logging.LogRecord) -> bool:
        """Collect a record within `listening`; outside it, let warnings and errors through."""
        kept = self._heard.get()
        if kept is not None:
            kept.append(record.getMessage())
            return False
        return record.levelno >= logging.WARNING

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Collect what is logged in this context while the block runs."""
        lines: list[str] = []
        before = self._heard.set(lines)
        try:
            yield lines
        finally:
            self._heard.reset(before)


_LISTENER = _Listener()


def _service(url: str) -> apprise.NotifyBase | None:
    """A new service for an address, set to try once, in this thread, and to split long messages."""
    import apprise

    _cap_logs()
    # Not asynchronous: the service then runs in the calling thread and in no executor.
    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
    service = _instance(url, asset)
    if service is None:
        return None
    said = parse_qs(urlsplit(url).query)
    if "cto" not in said:
        service.socket_connect_timeout = CONNECT_LIMIT
    if "rto" not in said:
        service.socket_read_timeout = READ_LIMIT
    if "overflow" not in said:
        service.overflow_mode = apprise.OverflowMode.SPLIT
    # Apprise's own retries would repeat a message without saying so.
    service.retry = 0
    # An optional service reports success even when it fails.
    service.optional = False
    if service.verify_certificate is True and (own := own_authorities()):
        # Apprise uses requests, which takes a file or folder of authorities in place of True.
        service.verify_certificate = own  # type: ignore[assignment]  # handed on as it is
    return service


def _instance(url: str, asset: apprise.AppriseAsset) -> apprise.NotifyBase | None:
    """Apprise's service for an address; None where Apprise does not understand it."""
    usual = _USUAL.get(_schema(url) or "")
    if usual is None:
        import apprise

        return apprise.Apprise.instantiate(url, asset=asset)
    made = getattr(import_module(f"apprise.plugins.{usual[0]}"), usual[1])
    parsed = made.parse_url(url)
    try:
        return None if parsed is None else made(**parsed, asset=asset)
    except (TypeError, ValueError):
        return None


def _cap_logs() -> None:
    """Keep Apprise's HTTP client above DEBUG, and send Apprise's own log to our listener only."""
    for name in ("requests", "urllib3"):
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.INFO:
            logger.setLevel(logging.INFO)
    logger = logging.getLogger("apprise")
    logger.addFilter(_LISTENER)
    logger.setLevel(logging.DEBUG)
    # A set-up by `dictConfig` disables every existing logger, unless it is told not to.
    logger.disabled = False


def check_urls(urls: Sequence[str], place: str = "[notify] urls") -> None:
    """Raise ConfigError with one sentence for each address that Apprise does not understand.

    `place` is where the addresses were written. No sentence repeats an address. This loads Apprise,
    which takes most of a second.
    """
    mistakes = [
        f"{place}: entry {number} {wrong}"
        for number, url in enumerate(urls, 1)
        if (wrong := _mistake(url))
    ]
    if mistakes:
        raise ConfigError(*mistakes)


def _mistake(url: str) -> str | None:
    """What is wrong with an address, to be put after its place; None when nothing is."""
    schema = _schema(url)
    if schema is None:
        return "is no Apprise address; write one like ntfy://my-topic"
    known = frozenset(_USUAL) if schema in _USUAL else _known_schemas()
    if schema not in known:
        near = difflib.get_close_matches(schema, sorted(known), n=1)
        hint = f"did you mean {near[0]}://?" if near else "see Apprise's list of services"
        return f"begins with {schema}://, which Apprise does not know; {hint}"
    with _LISTENER.listening():
        service = _service(url)
    if service is None:
        return f"is not a complete {schema}:// address; compare it with Apprise's page on {schema}"
    return None


def _known_schemas() -> frozenset[str]:
    from apprise.manager_plugins import NotificationManager

    manager: Any = NotificationManager  # carries no types
    return frozenset(manager().schemas())
