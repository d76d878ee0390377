"""The chat bot, and how it runs a command of this very program: the same words, rules and errors.

What is asked for in a chat may take seconds and a hundred megabytes (a chart, a forecast taken
apart). In a process of its own it holds up no loop, and leaves nothing behind. Chores run so too.
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
    """What came of a command: its exit status, and what it said."""

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
"""Settings of libraries that set memory aside for each core: a bounded process has none."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a command may take of the machine: niceness (19 gives way to all), bytes of memory.

    A fit of four NBA seasons takes 0.7 GB; all else a quarter of that.
    """

    nice: int = 19
    memory: int = 3 << 29


class Verbs(Protocol):
    """A way to run commands."""

    async def __call__(self, *args: str) -> CommandRun:
        """Run one command to its end; raises nothing for what the command refuses."""
        ...


class Commands:
    """Runs commands one at a time, with the daemon's own configuration."""

    def __init__(
        self, config: Path | None, *, limit: float = LIMIT, bounds: Bounds | None = None
    ) -> None:
        """`config` is the file that was named to the daemon, None for the usual place.

        `limit` is in real seconds. `bounds` hold where the system lets a process be bounded: under
        the hardened unit the unit's own limits do.
        """
        self._bounds = bounds
        self._before = () if config is None else ("--config", str(config))
        self._limit = limit
        self._sparing = {} if bounds is None else SPARING
        self._turn = asyncio.Lock()

    async def __call__(self, *args: str) -> CommandRun:
        """Run `tracker ARGS` and wait for it, at most for the limit."""
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tracker", *self._before, *args,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **self._sparing},
            )  # fmt: skip
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
