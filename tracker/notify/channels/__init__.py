"""Channels: the interface of what delivers a message to a person, and the console.

Some channels are boards as well: they keep a live card, one message that is edited in place.
Blocking calls run in a thread of their own, so that neither the event loop nor the program's exit
waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self, TextIO, TypeVar

from tracker.domain.alert import Failed, NotSent, Outcome, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.wording.cards import Card

_LONGEST_KEY = 1000
"""Most characters of a message's key that is made of numbers."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is to deliver. `body` is plain text, complete without the title.

    `alert_ids` are the alerts in it, also those of a digest. `level` is how loud it is; `info`
    makes no sound where the channel allows that. `possible_repeat` is whether an earlier attempt
    may have arrived, which `body` says already. `card` is the channel's own id of the live card to
    reply to; None where there is none.
    """

    body: str
    alert_ids: tuple[int, ...]
    level: Level = Level.DEFAULT
    possible_repeat: bool = False
    title: str = ""
    card: str | None = None

    @property
    def text(self) -> str:
        """The title, if there is one, and the body."""
        return f"{self.title}\n{self.body}" if self.title else self.body

    @property
    def key(self) -> str:
        """A key that all attempts at the same alerts share, so a receiver can drop repeats.

        It is the alerts' numbers; of a digest of hundreds, their digest: servers refuse headers of
        a few thousand bytes, and such a message would be repeated for ever.
        """
        numbers = "-".join(str(x) for x in self.alert_ids)
        long = len(numbers) > _LONGEST_KEY
        return hashlib.sha256(numbers.encode()).hexdigest() if long else numbers


class Channel(Protocol):
    """One way to reach one person. Its loop sends one message at a time."""

    @property
    def name(self) -> str:
        """The name that deliveries are stored under: lasting, and without secrets."""
        ...

    async def send(self, message: Message) -> Outcome:
        """Try once, within a time limit of its own, and return the true outcome.

        `Failed` is only for a message that certainly did not arrive. Trouble with the world raises
        nothing. Cancelling stops the waiting, but may not stop the message.
        """
        ...


class HeldOpen:
    """What holds connections open: close it, or use it in an `async with`.

    It shows its name alone, since where it writes to is a secret.
    """

    name: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; a later request would open them again."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a board may be written to, in seconds.

    `each` is the time between two edits of one card, `between` that between any two requests, which
    leaves room for alerts. A live card without news is edited after `idle` all the same: its time
    shows that the program is alive.
    """

    each: float
    between: float
    idle: float


@dataclass(frozen=True, slots=True)
class Shown:
    """The card is in the chat. `message` is the channel's own id of it."""

    message: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing was edited, and nothing can be: the card was deleted."""

    why: str


Posted = Shown | NotSent
Edited = Sent | Gone | NotSent


class Board(Protocol):
    """A place where live cards are kept up to date. Its loop makes one request at a time."""

    @property
    def name(self) -> str:
        """The name that cards are stored under: that of the channel that alerts go through."""
        ...

    @property
    def pace(self) -> Pace:
        """How often the board may be written to."""
        ...

    @property
    def same_name(self) -> bool:
        """Whether a card that is posted again replaces the first one."""
        ...

    async def post(self, card: Card, number: int, game: str) -> Posted:
        """Post a card without a sound, within a time limit of its own.

        `number` identifies the card in its buttons; `game` is the id of its game. `Failed` is only
        for a card that certainly did not arrive.
        """
        ...

    async def edit(self, message: str, card: Card, number: int) -> Edited:
        """Make a posted card show this; a card that shows it already counts as edited."""
        ...


T = TypeVar("T")


def in_thread(call: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Start `call` in a thread of its own; returns its result as a future of this event loop.

    The thread is a daemon thread: a program that ends does not wait for it, as it would for a
    thread of an executor.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)  # type: ignore[arg-type]  # there is a result or an error
        else:
            future.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as why:
            error = why  # raised where the future is awaited
        # Where the program ended first, the loop is closed and nothing awaits the result.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


WRITE_LIMIT = 5.0
"""Seconds that a write may take: the reader of the output may have stopped reading."""


class Console:
    """Writes each message to a stream, by default standard output, and flushes it."""

    def __init__(self, stream: TextIO | None = None, *, limit: float = WRITE_LIMIT) -> None:
        """`limit` is in real seconds."""
        self.name = "console"
        self._stream = stream
        self._limit = limit
        self._writing: asyncio.Future[Outcome] | None = None

    async def send(self, message: Message) -> Outcome:
        """Write one message. A closed or broken stream is a refusal for good."""
        if self._writing is not None and not self._writing.done():
            return Failed("the console still has not taken an earlier message")
        stream = sys.stdout if self._stream is None else self._stream
        self._writing = in_thread(lambda: _write(stream, message.body), "notify-console")
        done, _ = await asyncio.wait({self._writing}, timeout=self._limit)
        if not done:
            return Unknown(f"the console did not take the message within {self._limit:g} s")
        return self._writing.result()


def _write(stream: TextIO, body: str) -> Outcome:
    try:
        stream.write(f"{body}\n")
        stream.flush()
    except BrokenPipeError:
        return Refused("the console is gone: nobody reads the program's output any more")
    except UnicodeEncodeError:
        return Refused(f"the console cannot show {stream.encoding}: set PYTHONIOENCODING=utf-8")
    except (OSError, ValueError) as why:
        return Refused(f"the console cannot be written to ({type(why).__name__})")
    return Sent()
