"""Runs commands of this program in processes of their own, for the chat bot and for chores.

A command may take seconds and a hundred megabytes (a chart, an explanation). In its own process it
blocks no loop of the daemon and leaves no memory behind. It obeys the same rules and reports the
same errors as at the terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LIMIT = 60.0
"""Real seconds that a command may take."""

_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class CommandRun:
    """What a command came to: its exit status and its output."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """What went wrong, in the command's own sentences."""
        lines = [x.removeprefix("error: ") for x in self.err.splitlines() if x.startswith("error:")]
        return "\n".join(lines) or "it did not work: tracker doctor"


SPARING = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Settings of libraries that reserve memory for each core: a bounded process cannot afford it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that a command may take of the machine. Niceness 19 is the lowest priority.

    `memory` is in bytes. A fit of four NBA seasons takes 0.7 GB, everything else a quarter of that.
    """

    nice: int = 19
    memory: int = 3 << 29


class Verbs(Protocol):
    """Runs commands of this program."""

    async def __call__(self, *args: str) -> CommandRun:
        """Run one command to its end; a command that fails is a result, not an error."""


class Commands:
    """Runs commands one at a time, with the daemon's own configuration."""

    def __init__(
        self, config: Path | None, *, limit: float = LIMIT, bounds: Bounds | None = None
    ) -> None:
        """`config` is the file that was named to the daemon; None for the usual place.

        `limit` is in real seconds. `bounds` apply where the system allows them; where it does not,
        under the hardened unit, the unit's own limits apply.
        """
        self._bounds = bounds
        self._before = () if config is None else ("--config", str(config))
        self._limit = limit
        self._sparing = {} if bounds is None else SPARING
        self._turn = asyncio.Lock()

    async def __call__(self, *args: str) -> CommandRun:
        """Run `tracker ARGS` and wait for it, at most for the limit."""
        async with self._turn:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tracker", *self._before, *args,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **self._sparing},
                )  # fmt: skip
            except (OSError, ValueError) as why:
                # No memory for another process, the program was taken away, or a NUL in a word.
                return CommandRun(1, "", f"error: it could not be started: {why}")
            if self._bounds is not None:
                _bound(process.pid, self._bounds)
            try:
                async with asyncio.timeout(self._limit):
                    out, err = await process.communicate()
            except TimeoutError:
                return CommandRun(1, "", f"error: it took longer than {self._limit:g} s")
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        status = process.returncode if process.returncode is not None else 1
        return CommandRun(status, _text(out), _text(err))


def _bound(pid: int, bounds: Bounds) -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, bounds.nice)
    with contextlib.suppress(OSError):
        resource.prlimit(pid, resource.RLIMIT_DATA, (bounds.memory, bounds.memory))


def _text(said: bytes) -> str:
    return said[:_LONGEST].decode("utf-8", "replace")
