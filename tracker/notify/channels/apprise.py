"""Apprise: one channel an address, for ntfy, Pushover, Discord, e-mail, webhooks and the rest.

Apprise tells a success from a failure and no more, so a failure here is `Unknown` unless the
server could not even be reached. It is imported on first use: it costs most of a second.
"""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import logging
import re
import socket
import urllib.request
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tracker.domain.delivery import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.notify.channel import Message
from tracker.notify.envelope import BRIEF, brief
from tracker.notify.threads import in_thread
from tracker.settings.mistakes import ConfigError

if TYPE_CHECKING:
    import apprise

CONNECT_LIMIT = 4.0
"""Seconds to reach a server; an address may say otherwise with `?cto=`."""

READ_LIMIT = 4.0
"""Seconds that a server may stay silent; an address may say otherwise with `?rto=`."""

SEND_LIMIT = 30.0
"""Real seconds after which an attempt's answer is no longer waited for, whatever it hangs on."""

WEBHOOKS = {"json": 80, "jsons": 443, "form": 80, "forms": 443, "xml": 80, "xmls": 443}
"""Schemas whose address names the very server that is written to, with the port that is meant."""

_SCHEMA = re.compile(r"([a-z][a-z0-9+.-]{0,19})://", re.IGNORECASE)
_STATUS = re.compile(r"error\s*=\s*(\d{3})\b")


def channel_name(url: str) -> str:
    """The name of an address: its schema and four hex digits of its SHA-256, such as `ntfy-1a2b`.

    It stays the same wherever in a list the address stands, and shows nothing of it.
    """
    return f"{_schema(url) or 'apprise'}-{hashlib.sha256(url.encode()).hexdigest()[:4]}"


def _schema(url: str) -> str | None:
    found = _SCHEMA.match(url)
    return found[1].lower() if found else None


class AppriseChannel:
    """Sends through one Apprise address, each time with an instance of its own.

    A kept instance would keep the time of its last message too, and a clock that is set back would
    then make it wait for as long as the clock was moved.
    """

    def __init__(self, url: str, *, limit: float = SEND_LIMIT) -> None:
        """`url` is a secret; `limit` is in real seconds. Nothing is read or sent yet."""
        self.name = channel_name(url)
        self._url = url
        self._limit = limit

    def __repr__(self) -> str:
        """The name alone: the address is a secret."""
        return f"AppriseChannel({self.name})"

    async def warm_up(self) -> None:
        """Load Apprise in a thread, so that the first alert does not wait for it."""
        await in_thread(lambda: _service(self._url), f"notify-{self.name}")

    async def send(self, message: Message) -> Outcome:
        """Send once in a thread. Giving up on the answer does not stop the attempt."""
        attempt = in_thread(lambda: _send(self._url, message), f"notify-{self.name}")
        done, _ = await asyncio.wait({attempt}, timeout=self._limit)
        if not done:
            return Unknown(f"no answer within {self._limit:g} s")
        return attempt.result()


def channels_for(urls: Sequence[str]) -> tuple[AppriseChannel, ...]:
    """A channel for each address, in order; one that is given twice makes one channel."""
    return tuple(AppriseChannel(url) for url in dict.fromkeys(urls))


def _send(url: str, message: Message) -> Outcome:
    service = _service(url)
    if service is None:
        return Refused("the address is not one that Apprise understands: tracker config check")
    if unreachable := _unreachable(url):
        return Failed(unreachable)
    import apprise

    schema = _schema(url)
    headers = getattr(service, "headers", None)
    if schema in WEBHOOKS and isinstance(headers, dict) and message.key:
        headers.setdefault("Idempotency-Key", message.key)
    loud = message.level.rank >= Level.HIGH.rank
    one = apprise.Apprise(asset=service.asset)
    one.add(service)
    result = one.notify(
        body=brief(message.body) if 0 < service.body_maxlen <= BRIEF else message.body,
        title=message.title,
        body_format=apprise.NotifyFormat.TEXT,
        notify_type=apprise.NotifyType.WARNING if loud else apprise.NotifyType.INFO,
    )
    return Sent() if result else Unknown(_why(result))


def _service(url: str) -> apprise.NotifyBase | None:
    """A fresh service for an address, set to try once, in the calling thread, and to split."""
    import apprise

    _cap_logs()
    # Not asynchronous: the service then runs in the calling thread and in no executor.
    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        return None
    said = parse_qs(urlsplit(url).query)
    if "cto" not in said:
        service.socket_connect_timeout = CONNECT_LIMIT
    if "rto" not in said:
        service.socket_read_timeout = READ_LIMIT
    if "overflow" not in said:
        service.overflow_mode = apprise.OverflowMode.SPLIT
    # Its own retries would repeat a message without saying so.
    service.retry = 0
    # An optional service counts as told when it was not.
    service.optional = False
    return service


def _cap_logs() -> None:
    """Keep Apprise and its HTTP client above DEBUG, where they write addresses with tokens."""
    for name in ("apprise", "requests", "urllib3"):
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.INFO:
            logger.setLevel(logging.INFO)


def _why(result: apprise.AppriseResult) -> str:
    for entry in result.logs():
        if found := _STATUS.search(entry.message):
            return f"answered {found[1]}"
    return "no good answer"


def _unreachable(url: str) -> str | None:
    """Why a webhook's server cannot be reached at all, so that the message certainly stayed here.

    None when it can, or when that cannot be known beforehand: behind a proxy, or for a service
    whose address does not name a server.
    """
    schema = _schema(url)
    if schema not in WEBHOOKS or urllib.request.getproxies():
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or WEBHOOKS[schema]
    except ValueError:
        return None
    if not host:
        return None
    try:
        socket.create_connection((host, port), timeout=CONNECT_LIMIT).close()
    except ConnectionRefusedError:
        return "the server refuses connections"
    except TimeoutError:
        return "the server cannot be reached"
    except socket.gaierror:
        return "the server's name cannot be found"
    except OSError:
        return "the server cannot be reached"
    return None


def check_urls(urls: Sequence[str], place: str = "[notify] urls") -> None:
    """Raise ConfigError with one sentence for each address that Apprise does not understand.

    `place` is where they were written. No sentence repeats an address. It loads Apprise, which
    takes most of a second.
    """
    mistakes = [
        f"{place}: entry {number} {wrong}"
        for number, url in enumerate(urls, 1)
        if (wrong := _mistake(url))
    ]
    if mistakes:
        raise ConfigError(*mistakes)


def _mistake(url: str) -> str | None:
    """What is wrong with an address, to follow its place; None when nothing is."""
    schema = _schema(url)
    if schema is None:
        return "is no Apprise address; write one like ntfy://my-topic"
    known = _known_schemas()
    if schema not in known:
        near = difflib.get_close_matches(schema, sorted(known), n=1)
        hint = f"did you mean {near[0]}://?" if near else "see Apprise's list of services"
        return f"begins with {schema}://, which Apprise does not know; {hint}"
    logger = logging.getLogger("apprise")
    before = logger.level
    # What Apprise logs of a bad address quotes it.
    logger.setLevel(logging.CRITICAL + 10)
    try:
        service = _service(url)
    finally:
        logger.setLevel(before)
    if service is None:
        return f"is not a complete {schema}:// address; compare it with Apprise's page on {schema}"
    return None


def _known_schemas() -> frozenset[str]:
    from apprise.manager_plugins import NotificationManager

    manager: Any = NotificationManager  # carries no types
    return frozenset(manager().schemas())
