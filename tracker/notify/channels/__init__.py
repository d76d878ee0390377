"""Channels: what carries a message to a person, and the one promise that each of them makes.

Some are boards as well: they can keep a card, one message that is edited in place. A channel's
calls that block go to a thread of their own, so that neither the loop nor an exit waits for them.
The simplest channel stands here as well: the console.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO, TypeVar

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.wording.cards import Card


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is to carry. `body` is plain text, complete without the title.

    `alert_ids` are the alerts that it tells; a digest of what came too late has them too. `level`
    is how loud it is; `info` makes no sound where that can be asked for. `possible_repeat` is
    whether an earlier attempt at any of them may have arrived; `body` already says so. `card` is
    the channel's own name of the live card that it belongs under, where there is one.
    """

    body: str
    alert_ids: tuple[int, ...]
    level: Level = Level.DEFAULT
    possible_repeat: bool = False
    title: str = ""
    card: str | None = None

    @property
    def alert_id(self) -> int | None:
        """The first alert that is told, where there is one."""
        return self.alert_ids[0] if self.alert_ids else None

    @property
    def key(self) -> str:
        """The same for every attempt at the same alerts, so that a receiver can drop repeats."""
        return "-".join(str(x) for x in self.alert_ids)


class Channel(Protocol):
    """One way to one person. Its loop sends one message at a time."""

    @property
    def name(self) -> str:
        """What the deliveries are stored under: stable between starts, and without secrets."""
        ...

    async def send(self, message: Message) -> Outcome:
        """Try once, within a limit of its own, and say truthfully what came of it.

        `Failed` is only for what certainly did not arrive. Nothing is raised for trouble with the
        world; cancelling stops the waiting, but may not stop the message.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a board may be written to, in seconds.

    `each` lies between two edits of one card, `between` between any two requests, so that alerts
    find room beside them. A live card without news is edited after `idle` all the same: its time
    shows that it is alive.
    """

    each: float
    between: float
    idle: float


@dataclass(frozen=True, slots=True)
class Shown:
    """The card stands in the chat. `message` is the channel's own name of it."""

    message: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing was edited, and nothing ever will be: somebody has deleted the card."""

    why: str


Posted = Shown | Refused | Failed | Unknown
Edited = Sent | Gone | Refused | Failed | Unknown


class Board(Protocol):
    """One place where cards are kept up to date. Its loop makes one request at a time."""

    @property
    def name(self) -> str:
        """What the cards are stored under: the name of the channel that alerts go through."""
        ...

    @property
    def pace(self) -> Pace:
        """How often it may be written to."""
        ...

    @property
    def same_name(self) -> bool:
        """Whether a card that is posted again takes the place of the first one."""
        ...

    async def post(self, card: Card, number: int, game: str) -> Posted:
        """Post a card without a sound, within a limit of its own.

        `number` is what buttons name it by, `game` the id of its game. Only what certainly did not
        arrive has `Failed`.
        """
        ...

    async def edit(self, message: str, card: Card, number: int) -> Edited:
        """Make a card that was posted show this; a card that shows it already counts as edited."""
        ...


T = TypeVar("T")


def in_thread(call: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Start `call` in a thread of its own and return its result as a future of this event loop.

    The thread is a daemon thread: a program that ends does not wait for it, as it would for one of
    an executor's.
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
            error = why  # told to whoever waits
        # The loop is closed when the program ended first; then nobody waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


WRITE_LIMIT = 5.0
"""Seconds that a write may take: whoever reads the output may have stopped reading."""


class Console:
    """Writes each message to a stream, standard output unless told otherwise, and flushes it."""

    def __init__(self, stream: TextIO | None = None, *, limit: float = WRITE_LIMIT) -> None:
        """`limit` is in real seconds."""
        self.name = "console"
        self._stream = stream
        self._limit = limit
        self._writing: asyncio.Future[Outcome] | None = None

    async def send(self, message: Message) -> Outcome:
        """Write one message. A closed or broken stream refuses it for good."""
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
