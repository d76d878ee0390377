"""What the machine offers a daemon: a lock that keeps it single, and systemd's ear."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from tracker.domain.errors import TrackerError

EX_RUNNING = 3
"""Exit status of a daemon that found another one at work."""

_MICROSECONDS = 1_000_000


class AlreadyRunning(TrackerError):
    """Another process holds the lock. `pid` is its process id, where it could be read."""

    exit_status = EX_RUNNING

    def __init__(self, path: Path, pid: int | None) -> None:
        """Name the lock file and the holder."""
        holder = f"process {pid}" if pid else "another process"
        stop = f"stop it first (kill {pid})" if pid else "stop it first"
        super().__init__(f"{holder} is already tracking with {path}: {stop}, or let it work")
        self.path = path
        self.pid = pid


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).split(b"\n")[0]
    return int(text) if text.isdigit() else None


@contextlib.contextmanager
def single_instance(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; its folder must be there.

    The kernel drops the lock when the process ends, however it ends, so a file left behind by a
    dead process is no obstacle. The file is never removed: whoever waits for it would otherwise
    lock a file that has no name any more. Raises AlreadyRunning, and OSError when the file cannot
    be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(path, _holder(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def running_instance(path: Path) -> int | None:
    """The process id of the daemon that holds the lock file, or None when there is none.

    The lock itself is not touched: trying it would turn away a daemon that starts meanwhile.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        pid = _holder(descriptor)
        inode = os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)
    return pid if pid and _holds(pid, inode) else None


def _holds(pid: int, inode: int) -> bool:
    try:
        rows = [row.split() for row in Path("/proc/locks").read_text("ascii").splitlines()]
    except OSError:
        return _alive(pid)
    return any(
        row[1] == "FLOCK" and row[4] == str(pid) and row[5].endswith(f":{inode}")
        for row in rows
        if row[1] != "->"  # a process that waits for a lock
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class SystemdNotifier:
    """Tells systemd how the daemon is (the protocol of sd_notify(3)); silent without systemd."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        """Take the socket and the watchdog's rhythm from the environment that systemd gave."""
        env = os.environ if env is None else env
        self._address = env.get("NOTIFY_SOCKET", "")
        self._watchdog = self._interval(env)

    @staticmethod
    def _interval(env: Mapping[str, str]) -> float | None:
        limit, pid = env.get("WATCHDOG_USEC", ""), env.get("WATCHDOG_PID", "")
        if not limit.isdigit() or (pid and pid != str(os.getpid())):
            return None
        return int(limit) / _MICROSECONDS or None

    @property
    def listening(self) -> bool:
        """Systemd started this process and waits for word."""
        return bool(self._address)

    def watchdog_interval(self) -> float | None:
        """Seconds after which systemd restarts a daemon that said nothing; None when it never will.

        Send `watchdog()` at least twice as often.
        """
        return self._watchdog

    def ready(self, status: str) -> None:
        """Start-up is complete; `status` is one line for `systemctl status`."""
        self._send("READY=1", status)

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._send("", status)

    def watchdog(self) -> None:
        """Work is being done: do not restart."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str) -> None:
        """The daemon is on its way out."""
        self._send("STOPPING=1", status)

    def _send(self, word: str, status: str = "") -> None:
        if not self._address:
            return
        line = f"STATUS={' '.join(status.split())}" if status else ""
        message = "\n".join(part for part in (word, line) if part)
        # A leading @ stands for the zero byte of an abstract socket's name.
        name = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with (
            # systemd being restarted itself is no reason to stop watching games.
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end,
        ):
            end.setblocking(False)
            end.sendto(message.encode(), name)
