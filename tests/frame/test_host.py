"""Promises about the machine: one daemon at a time, clear file errors, and reports to systemd."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tracker.daemon.watchers import FREE_EVERY, free_memory, time_to_start
from tracker.domain.events import StoreOpening, SystemEvent
from tracker.host import (
    COLLECT_EVERY,
    AlreadyRunning,
    Instance,
    NoLocks,
    SystemdNotifier,
    memory_settled,
    os_trouble,
    own_as,
    running_instance,
    single_instance,
    whole_file,
)

HOLDER = """
import sys
from pathlib import Path
from tracker.host import single_instance
with single_instance(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A second process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_daemon_is_refused_by_name(tmp_path: Path) -> None:
    """While another process tracks, the error has its process id."""
    path = tmp_path / "tracker.db.lock"
    assert running_instance(path) is None
    with holder(path) as other:
        with pytest.raises(AlreadyRunning, match=f"process {other.pid} is already") as caught:
            single_instance(path).__enter__()
        assert caught.value.pid == other.pid
        assert caught.value.exit_status == 3
        assert running_instance(path) == Instance(other.pid)


def test_a_killed_daemon_leaves_no_obstacle(tmp_path: Path) -> None:
    """A lock file left behind by kill -9 can be taken at once."""
    path = tmp_path / "tracker.db.lock"
    with holder(path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert path.read_text() == f"{other.pid}\n"
        assert running_instance(path) is None
        with single_instance(path):
            assert path.read_text() == f"{os.getpid()}\n"
            assert path.stat().st_mode & 0o777 == 0o600


def test_a_clean_end_frees_the_lock(tmp_path: Path) -> None:
    """After a clean end no holder is named, and the next daemon starts."""
    path = tmp_path / "tracker.db.lock"
    with single_instance(path):
        pass
    assert path.read_text() == ""
    with single_instance(path):
        pass


def test_a_holder_without_a_name_yet(tmp_path: Path) -> None:
    """Before a holder has written its id, or from elsewhere, its id is None."""
    path = tmp_path / "tracker.db.lock"
    with single_instance(path):
        for number in ("", "1\n"):
            path.write_text(number)
            assert running_instance(path) == Instance(None)
            with pytest.raises(AlreadyRunning, match="perhaps in a container") as caught:
                single_instance(path).__enter__()
            assert caught.value.pid is None
            assert "kill" not in str(caught.value)


def test_looking_for_a_daemon_turns_none_away(tmp_path: Path) -> None:
    """A daemon that starts during a check of the lock waits until that is over."""
    path = tmp_path / "tracker.db.lock"
    path.touch()
    looking = os.open(path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    threading.Timer(0.01, os.close, (looking,)).start()
    with single_instance(path):
        assert running_instance(path) == Instance(os.getpid())


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without file locks, as on a network share, the error says what to write and is final."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(NoLocks, match=r"no file locks .* under \[store\] path") as caught:
        single_instance(tmp_path / "tracker.db.lock").__enter__()
    assert caught.value.exit_status == 78


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "its file system is read-only now"),
        (errno.EIO, "may be dying"),
        (errno.ENOSPC, "the disk is full"),
        (errno.ENOTDIR, "a file stands where a folder is needed"),
        (errno.ENAMETOOLONG, "File name too long; check the path"),
    ],
)
def test_what_the_machine_would_not_do_is_one_sentence(number: int, words: str) -> None:
    """Each error of the system names the file, what is wrong, and what to do."""
    told = os_trouble(OSError(number, os.strerror(number), "/var/t.db"))
    assert told.startswith("/var/t.db: ")
    assert words in told


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(tmp_path: Path) -> None:
    """A full disk or Ctrl-C costs neither what stood there nor leaves a part of the new file."""
    mine = tmp_path / "bets.csv"
    mine.write_text("last month", "utf-8")

    def fail(error: BaseException) -> None:
        with whole_file(mine) as file:
            file.write_text("half", "utf-8")
            raise error

    for error in (OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught:
            fail(error)
        assert (mine.read_text("utf-8"), list(tmp_path.iterdir())) == ("last month", [mine])
        if isinstance(caught.value, OSError):
            assert os_trouble(caught.value) == f"{mine}: the disk is full; free some space"


def test_a_file_is_written_where_its_name_leads(tmp_path: Path) -> None:
    """A link stays a link, and a device is written to and never replaced."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old", "utf-8")
    link.symlink_to(real)
    with whole_file(link) as file:
        file.write_text("new", "utf-8")
    assert link.is_symlink()
    assert real.read_text("utf-8") == "new"
    with whole_file(Path(os.devnull)) as file:
        file.write_text("gone", "utf-8")
    assert not Path(os.devnull).is_file()


def test_a_file_of_another_user_is_named_with_what_makes_it_ones_own(tmp_path: Path) -> None:
    """A file that sudo left behind is reported with the command that gives it back."""
    file = tmp_path / "t.db.writer"
    file.touch()
    error = PermissionError(errno.EACCES, "Permission denied", str(file))
    if os.geteuid() != 0:
        assert "check its mode" in os_trouble(error)
        return
    os.chown(file, 12345, 12345)
    assert f"belongs to user 12345, not to you: sudo chown 0:0 {file}" in os_trouble(error)
    made = tmp_path / "t.db-made"
    made.touch()
    own_as(made, file)
    assert made.stat().st_uid == 12345


@pytest.mark.skipif(not os.access("/proc/locks", os.R_OK), reason="the kernel tells no locks")
def test_a_number_that_lives_on_is_not_taken_for_the_daemon(tmp_path: Path) -> None:
    """After kill -9 the daemon's process id may belong to an unrelated process."""
    path = tmp_path / "tracker.db.lock"
    path.write_text(f"{os.getpid()}\n")
    assert running_instance(path) is None


@pytest.fixture(params=["path", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A socket that listens as systemd does, and its name as systemd gives it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@tracker-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(name.replace("@", "\0"))
        end.settimeout(5)
        yield name, end


def test_systemd_hears(ear: tuple[str, socket.socket]) -> None:
    """Each report reaches the socket in the form of sd_notify(3)."""
    name, end = ear
    notifier = SystemdNotifier({"NOTIFY_SOCKET": name})
    notifier.ready("waiting for LAL@DEN")
    assert end.recv(4096) == b"READY=1\nSTATUS=waiting for LAL@DEN"
    notifier.status("2 games\nlive")
    assert end.recv(4096) == b"STATUS=2 games live"
    notifier.watchdog()
    assert end.recv(4096) == b"WATCHDOG=1"
    notifier.stopping("asked to stop")
    assert end.recv(4096) == b"STOPPING=1\nSTATUS=asked to stop"


async def test_systemd_waits_while_a_database_is_opened(ear: tuple[str, socket.socket]) -> None:
    """An upgrade that takes minutes asks for a minute more every ten seconds, for an hour."""
    name, end = ear
    end.settimeout(0)
    clock = FakeClock(datetime(2026, 11, 21, tzinfo=UTC))
    notifier = SystemdNotifier({"NOTIFY_SOCKET": name})

    def heard() -> int:
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                words = b"EXTEND_TIMEOUT_USEC=60000000\nSTATUS=opening the database"
                assert end.recv(4096) == words
                count += 1
        return count

    told: list[SystemEvent] = []
    async with time_to_start(notifier, clock, told.append):
        await clock.advance(0)
        assert (heard(), told) == (1, [])
        await clock.advance(100)
        assert heard() == 10
        assert told[:2] == [StoreOpening(10), StoreOpening(20)]
        for _ in range(70):
            await clock.advance(100)
            heard()
        assert not clock.sleeping
    await clock.advance(100)
    assert heard() == 0


def test_silence_without_systemd(tmp_path: Path) -> None:
    """Without systemd, or when it has gone away, reporting does nothing."""
    notifier = SystemdNotifier({})
    notifier.ready("")
    SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).watchdog()


@pytest.mark.parametrize(
    ("env", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_for_this_process_only(env: dict[str, str], seconds: float | None) -> None:
    """The watchdog's interval counts only if systemd set it for this process."""
    assert SystemdNotifier(env).watchdog_interval() == seconds


def test_a_poll_of_thousands_of_bets_starts_no_collection_in_the_daemon() -> None:
    """The values that a poll makes are freed without the collector; afterwards all is as before."""
    rounds: list[str] = []

    def count(phase: str, _: dict[str, int]) -> None:
        rounds.append(phase)

    before = gc.get_threshold()
    with memory_settled():
        gc.collect()
        gc.callbacks.append(count)
        try:
            kept = [(n,) for n in range(COLLECT_EVERY // 2)]
        finally:
            gc.callbacks.remove(count)
    assert len(kept) == COLLECT_EVERY // 2
    assert rounds == []
    assert gc.get_threshold() == before


class _Cycle:
    """Something that refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.me = self


async def test_what_ended_games_leave_is_let_go_every_ten_minutes() -> None:
    """The daemon collects what its seldom collections would leave for hours."""
    clock = FakeClock(datetime(2026, 11, 20, tzinfo=UTC))
    with memory_settled():
        freeing = asyncio.create_task(free_memory(clock))
        await clock.advance(1)
        left = weakref.ref(_Cycle())
        assert left() is not None
        await clock.advance(FREE_EVERY)
        freeing.cancel()
        assert left() is None
