"""Outgoing connections: proxies, trusted certificates, `Retry-After`, and servers' clocks.

Feeds, channels and the heartbeat all use these functions, so that a proxy, a private certificate
authority and a bad certificate have the same effect on each of them.
"""

from __future__ import annotations

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
from tracker.settings.models import on_this_machine

LONGEST_WAIT = 86_400.0
"""The longest wait in seconds that a server's `Retry-After` is followed for."""

WRONG_CLOCK_S = 60.0
"""Seconds by which this machine's clock must differ from servers' before a person is warned."""

PROXIES = ("http", "https")
"""Schemes of proxies that every connection can use."""

_SAMPLES = 5
"""Latest answers that the clock is compared with."""

_AGREE = 3
"""Answers needed before the clock is called wrong."""


class UnusableProxy(TrackerError):
    """The environment names a proxy that cannot be used; the text says what to write."""


def proxy_for(url: str, kinds: Sequence[str] = PROXIES) -> str | None:
    """The proxy to use for a URL; None for a direct connection.

    It is read from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in capitals or small letters.
    A connection to this machine never uses a proxy. `kinds` are the proxy schemes that the caller
    can use. Raises UnusableProxy for a proxy of another scheme.
    """
    parts = urlsplit(url)
    found = urllib.request.getproxies()
    address = found.get(parts.scheme) or found.get("all")
    if not address or on_this_machine(url) or urllib.request.proxy_bypass(parts.netloc):
        return None
    address = address if "://" in address else f"http://{address}"
    scheme = address.partition("://")[0].lower()
    if scheme not in kinds:
        raise UnusableProxy(
            f"the proxy in {parts.scheme.upper()}_PROXY begins with {scheme}://, which cannot be "
            "used: name one that begins with http://"
        )
    return address


def trusted() -> ssl.SSLContext:
    """A TLS context that trusts the machine's authorities, or SSL_CERT_FILE and SSL_CERT_DIR."""
    return _context(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@cache
def _context(_file: str, _folder: str) -> ssl.SSLContext:
    # OpenSSL itself reads the two variables. They are arguments as the key of the cache, so that a
    # change of them makes a new context.
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    return context


def own_authorities() -> str | None:
    """The file or folder of authorities that the environment names; None when it names none."""
    return os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or None


def certificate_trouble(said: str) -> str | None:
    """One phrase for a person: what is wrong with a server's certificate, and what to check.

    `said` is the text of an error that may contain OpenSSL's. None when it is not about a
    certificate.
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
    """Seconds to wait by the header `Retry-After`, at most LONGEST_WAIT; None without one.

    The header gives seconds or a date. A date is compared with the server's own `Date`, since this
    machine's clock may be wrong; without a `Date`, with `now`.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    until, since = http_date(text), http_date(headers.get("Date", "")) or now
    if until is None or since is None:
        return None
    return min(max(0.0, (until - since).total_seconds()), LONGEST_WAIT)


def http_date(text: str) -> datetime | None:
    """A date of an HTTP header, in UTC; None when the text is no date."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class ServerTime:
    """Compares this machine's clock with the `Date` that servers send with their answers.

    A cached copy can only make a server's time look too early, never too late. So of the last
    answers the one closest to this machine's clock counts.
    """

    def __init__(self, now: Callable[[], datetime], tell: Callable[[float | None], None]) -> None:
        """`now` reads the machine's wall clock.

        `tell` is called once when the clock turns out wrong, with the seconds that it is ahead
        (negative: behind), and once with None when it is right again.
        """
        self._now = now
        self._tell = tell
        self._ahead: deque[float] = deque(maxlen=_SAMPLES)
        self._reported = False

    @property
    def ahead(self) -> float | None:
        """Seconds that this machine's clock is ahead; None before the first answer with a date."""
        return min(self._ahead, key=abs, default=None)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Compare the clock with the date in an answer's headers, and call `tell` on a change."""
        date, age = http_date(headers.get("Date", "")), headers.get("Age", "0").strip()
        if date is None or not (age.isascii() and age.isdigit()):
            return
        date += timedelta(seconds=float(age[:9]))
        self._ahead.append((self._now() - date).total_seconds())
        ahead = self.ahead
        wrong = ahead is not None and abs(ahead) >= WRONG_CLOCK_S
        if wrong != self._reported and (not wrong or len(self._ahead) >= _AGREE):
            self._reported = wrong
            self._tell(ahead if wrong else None)


def clock_trouble(ahead: float) -> str:
    """The warning for a clock that is `ahead` seconds ahead; negative is behind."""
    minutes, seconds = divmod(round(abs(ahead)), 60)
    hours, minutes = divmod(minutes, 60)
    span = f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
    way = "fast" if ahead > 0 else "slow"
    return f"this machine's clock is {span} {way}: let it set itself (timedatectl set-ntp true)"
