"""Promises of `tracker run` as a process: one at a time, visible, and stopped cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

START = "2026-01-29T23:58:00Z"


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def started(*words: str, closed: int | None = None) -> subprocess.Popen[str]:
    """Start a command as a process of its own; `closed` is a standard stream that it lacks."""
    return subprocess.Popen(
        [sys.executable, "-m", "tracker", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=None if closed is None else partial(os.close, closed),  # noqa: PLW1509
    )


def read_until(stream: Iterator[str] | None, word: str) -> str:
    """The first line of output with a word in it."""
    assert stream is not None
    return next(line for line in stream if word in line)


@pytest.fixture
def daemon(config: Path) -> Iterator[subprocess.Popen[str]]:
    """A daemon that follows a served game on a fast clock, and is stopped at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    feeds = [f'[feeds.{x}]\nbase_url = "{url}"\n' for x in ("nba", "wnba", "espn")]
    head = 'timezone = "America/New_York"\n[store]\npath = "state/tracker.db"\n'
    config.write_text(head + "".join(feeds), "utf-8")
    serving = started("replay", "serve", "SAC@PHI", "--port", str(port), "--speed", "60")
    read_until(serving.stdout, "--clock-start")
    running = started("run", "--clock-start", START, "--clock-speed", "60")
    try:
        read_until(running.stderr, "daemon.started")
        yield running
    finally:
        for process in (running, serving):
            process.terminate()
            process.communicate(timeout=20)


def test_a_running_daemon_is_single_seen_and_stops_cleanly(
    daemon: subprocess.Popen[str], cli: Cli
) -> None:
    """A second one exits with 3 and names the first; commands use its clock; SIGTERM gives 0."""
    added = cli("add", "PHI ML -140 $20", "--json").json
    assert added["game"]["id"] == "0022500680"
    nothing = cli("add", "BOS ML")
    assert nothing.status == 2
    assert "no game on the slate fits" in nothing.sentence
    assert "SAC@PHI" in nothing.sentence
    second = cli("run")
    assert second.status == 3
    assert str(daemon.pid) in second.sentence
    status = cli("status", "--json").json
    assert status["daemon"]["pid"] == daemon.pid
    assert status["daemon"]["clock_speed"] == 60
    assert status["at"].startswith(("2026-01-29", "2026-01-30"))
    assert f"process {daemon.pid}" in cli("status").out
    assert f"process {daemon.pid}" in cli("doctor", "--offline").out
    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=20)
    assert daemon.returncode == 0
    last = json.loads(log.splitlines()[-1])
    assert last["event"] == "daemon.stopped"


def test_a_reader_that_leaves_ends_a_command_quietly(night: Path) -> None:
    """A closed pipe, as with `tracker export ... | head -1`, shows no error."""
    writer = started("export", "snapshots")
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.readline()
    writer.stdout.close()
    assert "Traceback" not in writer.stderr.read()
    writer.stderr.close()
    assert writer.wait(timeout=20) in (0, 141)


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_a_stream_that_the_caller_has_closed_ends_no_command(night: Path, stream: int) -> None:
    """A command works without standard input, output or error, as some supervisors start it."""
    writer = started("bets", closed=stream)
    _, told = writer.communicate(timeout=60)
    assert "Traceback" not in told
    assert writer.returncode == 0


def test_a_bet_on_no_game_that_is_run_is_said_so(cli: Cli, config: Path) -> None:
    """The other bets are run, and the exit status says that one was left out."""
    assert config.exists()
    slip = "parlay: SAC ML; WAS ML"
    ran = cli("replay", "run", "SAC@PHI", "--bet", "DEN ML", "--bet", "PHI ML", "--bet", slip)
    assert ran.status == 1
    assert "'DEN ML' is about none of these games" in ran.err
    assert f"'{slip}' is about no single one of these games" in ran.err
    assert "PHI ML" in ran.out


@pytest.mark.timeout(240)
def test_a_daemon_that_hangs_is_unwell_until_it_moves_again(
    daemon: subprocess.Popen[str], cli: Cli, config: Path
) -> None:
    """`doctor --running` reports a daemon that hangs, and one that does not run."""
    assert cli("doctor", "--running").status == 0
    daemon.send_signal(signal.SIGSTOP)
    os.utime(config.parent / "state" / "tracker.db.lock", (0, 0))
    ran = cli("doctor", "--running")
    assert ran.status == 1
    assert "hangs: it gave no sign for" in ran.out
    assert cli("doctor", "--offline").status == 1
    daemon.send_signal(signal.SIGCONT)
    while cli("doctor", "--running").status:
        with pytest.raises(subprocess.TimeoutExpired):
            daemon.wait(0.2)
    daemon.terminate()
    daemon.communicate(timeout=20)
    assert "is not running" in cli("doctor", "--running").out
    assert cli("doctor", "--running").status == 1


def test_a_link_leads_to_where_the_page_is_served(cli: Cli, config: Path) -> None:
    """The link is to the running page; without one, to the configured address."""
    config.write_text('[store]\npath = "state/tracker.db"\n', "utf-8")
    cli("add", "PHI ML -140 $20")
    port = free_port()
    page = started("web", "--port", str(port))
    try:
        read_until(page.stderr, "opens the page once")
        assert f"http://127.0.0.1:{port}/in#" in cli("web", "link").out
        assert "is served at" in cli("web", "--port", str(port)).sentence
    finally:
        page.terminate()
        page.communicate(timeout=20)
    unserved = cli("web", "link")
    assert "http://127.0.0.1:8377/in#" in unserved.out
    assert "No page is served" in unserved.err
    behind = '[web]\nhosts = ["bets.example.net", "other"]\n'
    config.write_text(config.read_text() + behind, "utf-8")
    assert "http://bets.example.net:8377/in#" in cli("web", "link").out
    config.write_text(config.read_text() + 'trusted_proxy = "127.0.0.1"\n', "utf-8")
    assert "https://bets.example.net/in#" in cli("web", "link").out


def test_a_place_that_is_taken_is_told_before_a_link_is(cli: Cli, config: Path) -> None:
    """An address in use gives a sentence with what to do, and no link."""
    cli("add", "PHI ML -140 $20")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = cli("web", "--port", str(taken.getsockname()[1]))
    assert ran.status == 1
    assert "another program does" in ran.sentence
    assert "--port" in ran.sentence
    assert not ran.out
