"""What the machine offers a daemon: files, memory, a lock to be single by, and systemd's ear."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tracker.domain import TrackerError

EX_RUNNING = 3
"""Exit status of a daemon that found another one at work."""

EX_UNFIT = 78
"""Exit status where another place must be named in the configuration; systemd does not retry."""

_TRIES, _INSTANT = 5, 0.02
"""How often, and how many seconds apart, a lock is tried that somebody may only be looking at."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What the system says of locks on a file system that has none."""

_MICROSECONDS = 1_000_000

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""glibc's names, in malloc.h, of the block's size from which on it is the machine's own, and of the
most heaps that a process may have."""

_LARGE = 1 << 20
"""Bytes of such a block while models are fitted."""


class AlreadyRunning(TrackerError):
    """Another process holds the lock. `pid` is its process id, where it means something here."""

    exit_status = EX_RUNNING

    def __init__(self, path: Path, pid: int | None) -> None:
        """Name the lock file and the holder."""
        holder = f"process {pid}" if pid else "another process, perhaps in a container,"
        stop = f"stop it first (kill {pid})" if pid else "stop it first"
        super().__init__(f"{holder} is already tracking with {path}: {stop}, or let it work")
        self.path = path
        self.pid = pid


class NoLocks(TrackerError):
    """The file system has no locks, without which no database is safe on it."""

    exit_status = EX_UNFIT

    def __init__(self, path: Path) -> None:
        """Name the file that cannot be locked."""
        super().__init__(
            f"{path}: its file system has no file locks (a network share, say), so that no "
            "database is safe there: name a place on a disk of this machine under [store] path"
        )


def os_trouble(error: OSError, path: Path | str | None = None) -> str:
    """What the machine would not do with a file, and what to do about it, in one sentence.

    `path` names the file where the error itself does not.
    """
    named = error.filename if isinstance(error.filename, str) else path
    where = f"{named}: " if named else ""
    match error.errno:
        case errno.EROFS:
            why = "its file system is read-only now; look at the disk (dmesg), then remount it"
        case errno.EIO:
            why = "the disk answers with an error; look at it (dmesg): it may be dying"
        case errno.ENOSPC | errno.EDQUOT:
            why = "the disk is full; free some space"
        case errno.EEXIST | errno.ENOTDIR:
            why = "a file stands where a folder is needed; check the path"
        case errno.EACCES | errno.EPERM:
            why = _not_ours(Path(named)) if named else "permission denied"
        case _:
            why = f"{error.strerror or error}; check the path and its permissions"
    return f"{where}{why}"


def _not_ours(path: Path) -> str:
    """Whose a file is that may not be opened, and how to make it the person's own."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return "permission denied; check the permissions of the folders above it"
    if owner == os.geteuid():
        return "permission denied; check its mode and that of its folder"
    whose = "root" if owner == 0 else f"user {owner}"
    return f"it belongs to {whose}, not to you: sudo chown {os.geteuid()}:{os.getegid()} {path}"


def own_as(path: Path, like: Path) -> None:
    """Give a file that root has just made to the owner of another one; nothing for anybody else.

    One command with sudo would else leave a file behind that locks the person out.
    """
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        theirs = like.stat()
        if theirs.st_uid != 0 and path.stat().st_uid == 0:
            os.chown(path, theirs.st_uid, theirs.st_gid)


def _holder(descriptor: int) -> int | None:
    """The process that says of itself that it holds the lock."""
    text = os.pread(descriptor, 32, 0).split(b"\n")[0]
    return int(text) if text.isdigit() else None


def _lock(descriptor: int, path: Path) -> bool:
    """Take the lock if nobody holds it; whether it was taken.

    Whoever looks whether it is held takes it for an instant, and is waited for.
    """
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            threading.Event().wait(_INSTANT)
        except OSError as why:
            if why.errno in NO_LOCKS:
                raise NoLocks(path) from None
            raise
        else:
            return True
    return False


@contextlib.contextmanager
def single_instance(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; its folder must be there.

    The kernel drops the lock when the process ends, however it ends, so a file left behind by a
    dead process is no obstacle. The file is never removed: whoever waits for it would otherwise
    lock a file that has no name any more. Raises AlreadyRunning, NoLocks, and OSError when the
    file cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        own_as(path, path.parent)
        if not _lock(descriptor, path):
            raise AlreadyRunning(path, _known_here(_holder(descriptor), os.fstat(descriptor)))
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as why:
            raise OSError(why.errno, why.strerror, str(path)) from None
        try:
            yield
        finally:
            # A disk that cannot be written any more must not hide what ended the block.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Instance:
    """A daemon that holds a lock file. `pid` is None where its number means nothing here.

    `moved_at` is when it last said that all of it moves, in the machine's seconds since 1970.
    """

    pid: int | None
    moved_at: float = field(default=0.0, compare=False)


def say_moving(path: Path) -> None:
    """Say that the daemon that holds the lock file moves: whoever watches it sees when."""
    # A disk that cannot be written is told of by what has to be written there.
    with contextlib.suppress(OSError):
        os.utime(path)


def running_instance(path: Path) -> Instance | None:
    """The daemon that holds the lock file, or None when there is none.

    The lock is shared for an instant, which a daemon that starts meanwhile waits out. It is the
    lock that counts: the number in the file may be of another container. Raises NoLocks.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        file = os.fstat(descriptor)
        return Instance(_known_here(_holder(descriptor), file), file.st_mtime)
    except OSError as why:
        if why.errno in NO_LOCKS:
            raise NoLocks(path) from None
        raise
    finally:
        os.close(descriptor)
    return None


def _known_here(pid: int | None, file: os.stat_result) -> int | None:
    """A process number if it is that of the lock's holder as this process sees it."""
    if pid is None:
        return None
    try:
        rows = [row.split() for row in Path("/proc/locks").read_text("ascii").splitlines()]
    except OSError:
        return pid if _alive(pid) else None
    holds = any(
        row[1] == "FLOCK" and row[4] == str(pid) and row[5].endswith(f":{file.st_ino}")
        for row in rows
        if row[1] != "->"  # a process that waits for a lock
    )
    return pid if holds else None


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


def share_one_heap() -> None:
    """Let every thread take its memory from one heap; to be called before there are threads.

    Else the C library gives each a heap of its own, which keeps what was freed: some 10 MB in all.
    Threads take turns in Python anyway. Another C library than glibc has none of this.
    """
    _set_malloc(_M_ARENA_MAX, 1)


def return_large_blocks() -> None:
    """Return each block of a megabyte or more to the machine when it is freed.

    Else the C library keeps blocks of the size that it once saw freed, and what was needed for one
    step of a long piece of work lies unused in the next.
    """
    _set_malloc(_M_MMAP_THRESHOLD, _LARGE)


def _set_malloc(name: int, value: int) -> None:
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(name, value)


def give_back_memory() -> None:
    """Return to the machine what was freed and lies unused, such as after a large file was read."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def memory_settled() -> Iterator[None]:
    """Inside, all that was loaded before is left out of what the collector goes through.

    Modules, models and parameters are some 200,000 objects, and a full round through them stops the
    program for a tenth of a second, in the middle of a game. None of them is ever let go. What is
    garbage by then is kept, too: to look for it would take that tenth of a second at once. On the
    way out all of it is looked at again: a process that runs a second daemon keeps nothing of the
    first.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
