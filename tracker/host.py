"""The machine below the daemon: file errors, memory, the single-instance lock and sd_notify."""

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
"""Exit status of a daemon that found another one running."""

EX_UNFIT = 78
"""Exit status when only a change of the configuration can help; systemd does not retry it."""

_TRIES, _INSTANT = 5, 0.02
"""Attempts to take a lock, and the seconds between two: `running_instance` holds it briefly."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""Errors that the system gives for a lock on a file system that has none."""

_MICROSECONDS = 1_000_000

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Options of glibc's mallopt(3): the block size above which memory is mapped directly from the
system, and the largest number of heaps in a process. The values are from malloc.h."""

_LARGE = 1 << 20
"""Bytes above which a block is mapped directly while models are fitted."""


class AlreadyRunning(TrackerError):
    """Another process holds the lock. `pid` is its process id, None where it is unknown here."""

    exit_status = EX_RUNNING

    def __init__(self, path: Path, pid: int | None) -> None:
        """Name the lock file and the holder."""
        holder = f"process {pid}" if pid else "another process, perhaps in a container,"
        stop = f"stop it first (kill {pid})" if pid else "stop it first"
        super().__init__(f"{holder} is already tracking with {path}: {stop}, or let it work")
        self.path = path
        self.pid = pid


class NoLocks(TrackerError):
    """The file system has no file locks, so a database on it would not be safe."""

    exit_status = EX_UNFIT

    def __init__(self, path: Path) -> None:
        """Name the file that cannot be locked."""
        super().__init__(
            f"{path}: its file system has no file locks (a network share, say), so that no "
            "database is safe there: name a place on a disk of this machine under [store] path"
        )


def os_trouble(error: OSError, path: Path | str | None = None) -> str:
    """One sentence for a person: what failed with a file, and what to do about it.

    `path` is the file to name when the error does not name one.
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
    """Who owns a file that this process may not open, and the command that changes the owner."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return "permission denied; check the permissions of the folders above it"
    if owner == os.geteuid():
        return "permission denied; check its mode and that of its folder"
    whose = "root" if owner == 0 else f"user {owner}"
    return f"it belongs to {whose}, not to you: sudo chown {os.geteuid()}:{os.getegid()} {path}"


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write a file that becomes `path` once it is whole.

    If that fails, what stood there stays, nothing half written is left, and the error names `path`.
    A device or a pipe, such as `/dev/stdout`, is written to as it is.
    """
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not target.is_file():
        yield path
        return
    partial = target.with_name(f"{target.name}.partial")
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        if error.filename in (None, str(partial)):
            error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """The file's modification time, size and inode, which a rewrite changes; None if missing."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def own_as(path: Path, like: Path) -> None:
    """As root, give what root owns at `path` to the owner of `like`; other users change nothing.

    All that is in a folder is given too. Otherwise one command run with sudo would leave files that
    the person, or the service's user, can neither open nor delete.
    """
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        theirs = like.stat()
        if theirs.st_uid == 0:
            return
        for one in (path, *(path.rglob("*") if path.is_dir() else ())):
            if one.lstat().st_uid == 0:
                os.chown(one, theirs.st_uid, theirs.st_gid, follow_symlinks=False)


def _holder(descriptor: int) -> int | None:
    """The process id that the lock's holder wrote into the file; None when there is none."""
    text = os.pread(descriptor, 32, 0).split(b"\n")[0]
    return int(text) if text.isdigit() else None


def locked(descriptor: int, path: Path, how: int = fcntl.LOCK_EX) -> bool:
    """Take a lock on an open file at once; False where another process holds it. Raises NoLocks."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as why:
        if why.errno in _NO_LOCKS:
            raise NoLocks(path) from None
        raise
    return True


def _lock(descriptor: int, path: Path) -> bool:
    """Take the lock if nobody holds it, and return whether it was taken.

    It tries several times, since `running_instance` in another process takes the lock for a moment.
    """
    for _ in range(_TRIES):
        if locked(descriptor, path):
            return True
        threading.Event().wait(_INSTANT)
    return False


@contextlib.contextmanager
def single_instance(path: Path) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; its folder must exist.

    The kernel drops the lock when the process ends, however it ends, so a file left behind by a
    dead process is no obstacle. The file is never removed: a process that has already opened it
    would then lock a file that no later process can find. Raises AlreadyRunning, NoLocks, and
    OSError when the file cannot be opened or written.
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
        held = _identity(descriptor)
        _HELD.add(held)
        try:
            yield
        finally:
            _HELD.discard(held)
            # An error of the disk here must not replace the error that ended the block.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


_HELD: set[tuple[int, int]] = set()
"""The lock files that this process holds, by device and inode."""


def _identity(descriptor: int) -> tuple[int, int]:
    file = os.fstat(descriptor)
    return file.st_dev, file.st_ino


def held_elsewhere(path: Path) -> bool:
    """Whether another process holds a lock file. Raises NoLocks."""
    with contextlib.suppress(FileNotFoundError):
        file = path.stat()
        return (file.st_dev, file.st_ino) not in _HELD and running_instance(path) is not None
    return False


@dataclass(frozen=True, slots=True)
class Instance:
    """A daemon that holds a lock file. `pid` is None where its process id is unknown here.

    `moved_at` is when it last reported progress of all its tasks, in Unix seconds.
    """

    pid: int | None
    moved_at: float = field(default=0.0, compare=False)


def say_moving(path: Path) -> None:
    """Report that all the daemon's tasks make progress, by setting the lock file's time to now."""
    # A disk that cannot be written is reported by the writes that matter, to the database.
    with contextlib.suppress(OSError):
        os.utime(path)


def running_instance(path: Path) -> Instance | None:
    """The daemon that holds the lock file, or None when there is none.

    The lock decides, not the process id in the file, which may be from another container. To test
    it, this takes the lock in shared mode for a moment; a daemon that starts just then tries again.
    Raises NoLocks.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if locked(descriptor, path, fcntl.LOCK_SH):
            return None
        file = os.fstat(descriptor)
        return Instance(_known_here(_holder(descriptor), file), file.st_mtime)
    finally:
        os.close(descriptor)


def _known_here(pid: int | None, file: os.stat_result) -> int | None:
    """The process id, if it is the lock holder's in this process's namespace; else None."""
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
    except (ProcessLookupError, PermissionError) as why:
        return isinstance(why, PermissionError)
    return True


class SystemdNotifier:
    """Reports the daemon's state to systemd by sd_notify(3); does nothing without systemd."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        """Take the socket and the watchdog's interval from the environment that systemd set."""
        env = os.environ if env is None else env
        self._address = env.get("NOTIFY_SOCKET", "")
        self._watchdog = self._interval(env)

    @staticmethod
    def _interval(env: Mapping[str, str]) -> float | None:
        limit, pid = env.get("WATCHDOG_USEC", ""), env.get("WATCHDOG_PID", "")
        if not limit.isdigit() or (pid and pid != str(os.getpid())):
            return None
        return int(limit) / _MICROSECONDS or None

    def watchdog_interval(self) -> float | None:
        """Seconds without a report after which systemd restarts the daemon; None for no watchdog.

        Call `watchdog()` at least twice in this time.
        """
        return self._watchdog

    def starting(self, status: str, within: float) -> None:
        """Report that start-up goes on; systemd waits this many seconds more for the next word."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(within * _MICROSECONDS)}", status)

    def ready(self, status: str) -> None:
        """Report that start-up is complete; `status` is one line for `systemctl status`."""
        self._send("READY=1", status)

    def status(self, status: str) -> None:
        """Set the one line that `systemctl status` shows."""
        self._send("", status)

    def watchdog(self) -> None:
        """Report that the daemon makes progress, so that systemd does not restart it."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str) -> None:
        """Report that the daemon is stopping."""
        self._send("STOPPING=1", status)

    def _send(self, word: str, status: str = "") -> None:
        if not self._address:
            return
        line = f"STATUS={' '.join(status.split())}" if status else ""
        message = "\n".join(part for part in (word, line) if part)
        # A leading @ stands for the zero byte of an abstract socket's name.
        name = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with (
            # While systemd itself restarts, its socket may fail; the daemon must go on.
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end,
        ):
            end.setblocking(False)
            end.sendto(message.encode(), name)


def share_one_heap() -> None:
    """Let all threads allocate from one heap; call it before the first thread starts.

    Otherwise glibc gives each thread a heap of its own, which keeps freed memory: some 10 MB in
    all. One heap costs little speed, since Python runs one thread at a time. With another C library
    this does nothing.
    """
    _set_malloc(_M_ARENA_MAX, 1)


def return_large_blocks() -> None:
    """Make glibc return each block of a megabyte or more to the system when it is freed.

    Otherwise glibc raises its threshold to the largest block freed so far and keeps such blocks,
    so that memory needed by one step of a long job lies unused in the next. Arrow would keep its
    blocks in an allocator of its own; if it is not loaded yet, it takes them from glibc too.
    """
    _set_malloc(_M_MMAP_THRESHOLD, _LARGE)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def _set_malloc(name: int, value: int) -> None:
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(name, value)


def give_back_memory() -> None:
    """Return freed memory to the system now, for example after reading a large file."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


COLLECT_EVERY = 20_000
"""New objects between two garbage collections in the daemon. A poll of thousands of bets makes more
of them, all frozen values that refer to nothing newer and so are freed without the collector: with
Python's own 700 it would run some 20 times a poll, for a tenth of the time of its decisions."""


@contextlib.contextmanager
def memory_settled() -> Iterator[None]:
    """Collect garbage seldom while the block runs, and not among the objects that exist now.

    Modules, models and parameters are some 200,000 objects that live as long as the daemon. A full
    collection over them stops the program for a tenth of a second, in the middle of a game. Garbage
    that exists at the start of the block is kept too: collecting it first would take that tenth of
    a second at once. At the end of the block everything is collected normally again, so a process
    that runs a second daemon keeps nothing of the first.
    """
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_EVERY, *before[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
