"""The last message: the program ends of a fault or cannot start, and nothing is watched.

It goes straight to every channel, past a database that may be the very trouble. A service that is
started again and again says it once an hour.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from tracker.clock import Clock
from tracker.domain.policy import Level
from tracker.notify.channel import Channel, Message

TOLD_EVERY = timedelta(hours=1)
"""The same kind of end is told no more often: a service may be started every few seconds."""

LIMIT = 10.0
"""Real seconds that the channels are given."""


class FailureNotice:
    """Tells every channel that the program is at its end."""

    def __init__(
        self, channels: Sequence[Channel], store: Path, real: Clock, folder: Path | None = None
    ) -> None:
        """`store` is the database's path, which tells programs of one machine apart.

        `folder` is where it is remembered what was told; else the first of the machine's places
        for such things that can be written.
        """
        self._channels = channels
        self._name = hashlib.sha256(str(store).encode()).hexdigest()[:12]
        self._real = real
        self._folders = _places() if folder is None else [folder]

    async def send(self, why: str, *, running: bool) -> None:
        """Send it, unless that was done lately. `running` is whether the program had started."""
        if not self._first("ended" if running else "not-started"):
            return
        text = (
            f"⚠ tracker has ended: {why}\nNothing is watched until it runs again."
            if running
            else f"⚠ tracker cannot start: {why}\nNothing is watched until it can."
        )
        message = Message(text, (), Level.URGENT)
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT):
                sending = (channel.send(message) for channel in self._channels)
                await asyncio.gather(*sending, return_exceptions=True)

    def _first(self, kind: str) -> bool:
        """Whether this kind has not been told within the hour; from now on it has."""
        now = self._real.now().timestamp()
        for folder in self._folders:
            mark = folder / f"tracker-{os.geteuid()}-{self._name}.{kind}"
            with suppress(OSError):
                handle = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                with os.fdopen(handle, "r+") as file:
                    told = file.read(32)
                    file.seek(0)
                    file.truncate()
                    fresh = _number(told) is None or not 0 <= now - float(told) < _HOUR_S
                    file.write(str(now) if fresh else told)
                return fresh
        # Nothing can be remembered: once too often is better than never.
        return True


_HOUR_S = TOLD_EVERY.total_seconds()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _places() -> list[Path]:
    """Where something may be remembered over a restart of the program, but not of the machine."""
    named = [os.environ.get("RUNTIME_DIRECTORY", ""), os.environ.get("XDG_RUNTIME_DIR", "")]
    found = [Path(x) for x in named if x]
    return [*found, Path("/dev/shm"), Path(tempfile.gettempdir())]  # noqa: S108 - cleared at boot
