"""How a connection leaves this machine: through which proxy, trusting whom, and why it failed.

Everything that the program asks of the world goes by this, so that a proxy, an authority of one's
own and a wrong certificate mean the same for feeds, channels and the heartbeat.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

from tracker.domain import TrackerError

LONGEST_WAIT = 86_400.0
"""Seconds beyond which nobody's wish to be left alone is believed."""

WRONG_CLOCK_S = 60.0
"""Seconds by which this machine's clock must differ from servers' before it is worth a word."""

PROXIES = ("http", "https")
"""Schemes of proxies that every connection can use."""

_SAMPLES = 5
_AGREE = 3


class UnusableProxy(TrackerError):
    """The environment names a proxy that cannot be used; the text says what to write."""


def proxy_for(url: str, kinds: Sequence[str] = PROXIES) -> str | None:
    """The proxy that an address is to be asked through; None for a direct connection.

    It goes by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case of letters. What
    leads to this machine never goes through one. `kinds` are the schemes of proxies that whoever
    asks can use. Raises UnusableProxy.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    found = urllib.request.getproxies()
    address = found.get(parts.scheme) or found.get("all")
    if not address or is_loopback(host) or urllib.request.proxy_bypass(parts.netloc):
        return None
    address = address if "://" in address else f"http://{address}"
    scheme = address.partition("://")[0].lower()
    if scheme not in kinds:
        raise UnusableProxy(
            f"the proxy in {parts.scheme.upper()}_PROXY begins with {scheme}://, which cannot be "
            "used: name one that begins with http://"
        )
    return address


def is_loopback(host: str) -> bool:
    """Whether a host's name leads to this machine; one that cannot be read does not."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def trusted() -> ssl.SSLContext:
    """Whom to trust: the machine's authorities, or those that SSL_CERT_FILE and _DIR name."""
    return _context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@cache
def _context(_file: str, _folder: str) -> ssl.SSLContext:
    # OpenSSL itself reads the two variables; they are arguments so that a change is seen.
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    return context


def own_authorities() -> str | None:
    """The file or folder of authorities that the environment names; None when it names none."""
    return os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or None


def certificate_trouble(said: str) -> str | None:
    """What is wrong with a server's certificate, and what to look at; None when nothing is.

    `said` is the text of OpenSSL's error, however deep in another one.
    """
    low = said.lower()
    if "certificate has expired" in low:
        return "its certificate has expired: is this machine's clock right?"
    if "not yet valid" in low:
        return "its certificate is not valid yet: is this machine's clock right?"
    if "hostname mismatch" in low or "ip address mismatch" in low or "doesn't match" in low:
        return "its certificate is another server's: does the network want a sign-in?"
    if "certificate verify failed" in low or "certificate_verify_failed" in low:
        return (
            "its certificate is of nobody who is trusted here: does the network want a sign-in? "
            "SSL_CERT_FILE names an authority of your own"
        )
    return None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait as `Retry-After` asks, in either of its forms; None when it asks nothing.

    A time of day counts from the server's own `Date`, else from `now`: this machine's clock may be
    wrong.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    until, since = http_date(text), http_date(headers.get("Date", "")) or now
    if until is None or since is None:
        return None
    return min(max(0.0, (until - since).total_seconds()), LONGEST_WAIT)


def http_date(text: str) -> datetime | None:
    """A time as HTTP headers have it, in UTC; None when it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class ServerTime:
    """How far this machine's clock is from the time that servers give with their answers.

    A copy that lay in a cache is told as older than it is, never as newer; of the last answers the
    one that agrees best is therefore believed.
    """

    def __init__(self, now: Callable[[], datetime], tell: Callable[[float | None], None]) -> None:
        """`now` is the machine's wall clock.

        `tell` hears, once each, by how many seconds the clock is ahead (negative: behind), and
        None when it is right again.
        """
        self._now = now
        self._tell = tell
        self._ahead: deque[float] = deque(maxlen=_SAMPLES)
        self._told = False

    @property
    def ahead(self) -> float | None:
        """Seconds that this machine's clock is ahead; None before any server told its time."""
        return min(self._ahead, key=abs, default=None)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take note of an answer's time."""
        date, age = http_date(headers.get("Date", "")), headers.get("Age", "0").strip()
        if date is None or not (age.isascii() and age.isdigit()):
            return
        date += timedelta(seconds=float(age[:9]))
        self._ahead.append((self._now() - date).total_seconds())
        ahead = self.ahead
        wrong = ahead is not None and abs(ahead) >= WRONG_CLOCK_S
        if wrong != self._told and (not wrong or len(self._ahead) >= _AGREE):
            self._told = wrong
            self._tell(ahead if wrong else None)


def clock_trouble(ahead: float) -> str:
    """What to say of a clock that is so many seconds ahead, or behind where that is negative."""
    minutes, seconds = divmod(round(abs(ahead)), 60)
    hours, minutes = divmod(minutes, 60)
    span = f"{hours} h {minutes} m" if hours else f"{minutes} m {seconds} s"
    way = "fast" if ahead > 0 else "slow"
    return f"this machine's clock is {span} {way}: let it set itself (timedatectl set-ntp true)"
