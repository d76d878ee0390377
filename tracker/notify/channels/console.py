"""The console channel: alerts on the program's own output."""

from __future__ import annotations

import asyncio
import sys
from typing import TextIO

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.notify.channel import Message, in_thread

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
