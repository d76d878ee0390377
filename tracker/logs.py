"""Logs: one line for each event on standard error, with every secret masked."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import structlog

MASK = "***"

CAPPED = (
    "aiohttp", "aiosqlite", "apprise", "asyncio", "httpcore", "httpx", "requests", "telegram",
    "urllib3",
)  # fmt: skip
"""Libraries that log URLs with their tokens at DEBUG, and each message at INFO."""

_HTTP_CLIENTS = ("aiohttp", "apprise", "httpcore", "httpx", "requests", "telegram", "urllib3")
_BOT_TOKEN = re.compile(r"\d{6,}:[\w-]{30,}")
_USERINFO = re.compile(r"://[^\s/@:]*:[^\s/@]+@")
_SHORTEST_TOKEN = 12
"""A part of a URL with at least this many letters and no dot is treated as a secret itself."""

Event = MutableMapping[str, Any]


def _pieces(secret: str) -> Iterator[str]:
    """A secret and, when it is a URL, those of its parts that are secret by themselves."""
    yield secret
    try:
        parts = urlsplit(secret)
    except ValueError:
        return
    if not parts.netloc:
        return
    userinfo, _, host = parts.netloc.rpartition("@")
    if ":" in userinfo:
        yield userinfo.partition(":")[2]
    for part in (userinfo, host, *re.split(r"[/&=?]", f"{parts.path}?{parts.query}")):
        if len(part) >= _SHORTEST_TOKEN and "." not in part:
            yield part


class Masker:
    """Replaces the given secrets, bot tokens and passwords in URLs by three stars."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are in clear text; of a URL, its secret parts are masked too."""
        found = {piece for secret in secrets if secret for piece in _pieces(secret)}
        both = found | {unquote(piece) for piece in found}
        longest_first = sorted(both, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if both else None

    def text(self, text: str) -> str:
        """The text with its secrets masked."""
        if self._known:
            text = self._known.sub(MASK, text)
        return _USERINFO.sub(f"://{MASK}@", _BOT_TOKEN.sub(MASK, text))

    def value(self, value: object) -> object:
        """A logged value of any type with its secrets masked, containers included."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self.text(value)
            case datetime():
                return value.isoformat(timespec="milliseconds")
            case Mapping():
                return {self.text(str(key)): self.value(part) for key, part in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(part) for part in value]
            case BaseException():
                return self.text(kind_of(value))
            case _:
                return self.text(str(value))


def kind_of(error: BaseException) -> str:
    """An error's type and text; the type alone for an HTTP client's, whose text may hold a URL."""
    kind = type(error)
    if kind.__module__.partition(".")[0] in _HTTP_CLIENTS:
        return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"
    text = str(error)
    return f"{kind.__qualname__}: {text}" if text else kind.__qualname__


def traceback_of(error: BaseException) -> str:
    """The tracebacks of an error and of the errors that led to it, each named by `kind_of`."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [traceback_of(earlier), "which led to:\n"] if earlier else []
    lines += traceback.format_tb(error.__traceback__)
    lines.append(kind_of(error) + "\n")
    if isinstance(error, BaseExceptionGroup):
        for number, part in enumerate(error.exceptions, 1):
            lines.append(f"part {number}:\n{traceback_of(part)}")
    return "".join(lines)


def _traced(_logger: object, _method: str, event: Event) -> Event:
    """Replace the error that an event carries by the text of its traceback."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, tuple):
        found = found[1]
    if isinstance(found, BaseException):
        event["exception"] = traceback_of(found)
    return event


def set_up_logs(
    now: Callable[[], datetime],
    *,
    secrets: Iterable[str] = (),
    level: str = "info",
    stream: TextIO = sys.stderr,
    json: bool | None = None,
) -> structlog.stdlib.BoundLogger:
    """Make structlog and the standard library's loggers write to `stream`, and return a logger.

    `now` reads the program's clock. `level` is debug, info, warning or error. Lines are coloured
    text on a terminal and JSON elsewhere; `json` chooses one of the two.
    """
    import structlog

    masker = Masker(secrets)

    def stamped(_logger: object, _method: str, event: Event) -> Event:
        return {"at": now(), "level": event.pop("level"), "event": event.pop("event"), **event}

    def masked(_logger: object, _method: str, event: Event) -> Event:
        return {key: masker.value(value) for key, value in event.items()}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        stamped,
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _traced,
                masked,
                _renderer(plain=not stream.isatty() if json is None else json),
            ],
        )
    )
    _write_all_to(handler, level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("tracker")
    return logger


def _renderer(*, plain: bool) -> structlog.typing.Processor:
    """What makes a line of an event: JSON, or coloured text for a terminal."""
    import structlog

    if plain:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(timestamp_key="at", pad_event_to=24)


def _write_all_to(handler: logging.Handler, level: str) -> None:
    """Let every logger of the process write through one handler; some only from warnings on."""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in CAPPED:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
