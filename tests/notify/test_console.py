"""Promises of the console channel."""

from __future__ import annotations

import io
import os

from tracker.domain.alert import Failed, Refused, Sent, Unknown
from tracker.notify.channels import Console, Message

MESSAGE = Message("▲ 80 % DEN -4.5\nneeds to win by 5", (41,))


async def test_a_message_is_a_line_on_the_output() -> None:
    """A message is written unchanged and at once."""
    stream = io.StringIO()
    assert await Console(stream).send(MESSAGE) == Sent()
    assert stream.getvalue() == "▲ 80 % DEN -4.5\nneeds to win by 5\n"


async def test_an_output_that_nobody_reads_refuses() -> None:
    """A broken pipe is Refused, and does not end the program."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", encoding="utf-8")
    outcome = await Console(stream).send(MESSAGE)
    assert isinstance(outcome, Refused)
    assert "nobody reads" in outcome.why
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    stream.close()


async def test_an_output_that_cannot_show_the_signs_says_what_to_do() -> None:
    """An encoding that lacks a sign is Refused with a remedy."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    outcome = await Console(stream).send(MESSAGE)
    assert isinstance(outcome, Refused)
    assert "PYTHONIOENCODING" in outcome.why


async def test_a_reader_that_has_stopped_reading_holds_nobody_up() -> None:
    """A full pipe is waited for only up to a limit, and by one thread only."""
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w", encoding="utf-8")
    console = Console(stream, limit=0.05)
    full = Message("x" * 1_000_000, (1,))
    assert isinstance(await console.send(full), Unknown)
    assert isinstance(await console.send(MESSAGE), Failed)
    with os.fdopen(reading, "rb") as pipe:
        assert console._writing is not None
        read = 0
        while not console._writing.done() or read < 1_000_001:
            # To read on where nothing more comes would wait for ever.
            read += len(os.read(pipe.fileno(), 1 << 16)) if read < 1_000_001 else 0
            await _breathe()
        assert await console._writing == Sent()
        stream.close()


async def _breathe() -> None:
    import asyncio

    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
