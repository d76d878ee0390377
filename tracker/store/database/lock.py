"""Holds the file lock under which every write is made, so that no two processes write at once.

SQLite 3.7.0 to 3.51.2 can lose pages of a write-ahead log when two connections write or checkpoint
at the same instant. With this lock around every write and checkpoint, there is never a second one.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.host import NO_LOCKS, NoLocks, own_as
from tracker.store.database.errors import StoreBusy

WAIT_S = 5.0
"""Seconds to wait for another process before giving up."""

_FIRST_WAIT = 0.001
_LONGEST_WAIT = 0.02


class WriterLock:
    """The lock on `<database>.writer`. Held and waited for on the connection's own thread."""

    def __init__(self, database: Path, wait_s: float = WAIT_S) -> None:
        """Open the lock file, which is made with mode 0600; `patience` is in seconds."""
        self.path = database.with_name(database.name + ".writer")
        self._wait_s = wait_s
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        own_as(self.path, database)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; StoreBusy when another process does not let go in time."""
        self._take()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let the lock file go; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _take(self) -> None:
        never = threading.Event()
        waited, pause = 0.0, _FIRST_WAIT
        while not self._taken():
            if waited >= self._wait_s:
                raise StoreBusy(
                    f"{self.path}: another program has been writing for "
                    f"{self._wait_s:g} s; nothing was written, try again"
                )
            never.wait(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_WAIT)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as why:
            if why.errno in NO_LOCKS:
                raise NoLocks(self.path) from None
            raise
        return True
