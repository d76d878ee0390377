"""Promises about secrets: through a night of failing sends, recognisable ones show nowhere."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, cli, home
from tests.daemon import night
from tracker.cli.demo import webhook
from tracker.clock import ScaledClock, SystemClock

__all__ = ["cli", "home"]

REAL = SystemClock()
CANARY = "canary7f3a9c"
PASSWORD, HOOK, TOPIC = f"pass-{CANARY}", f"hook-{CANARY}-0123", f"topic-{CANARY}"
TOKEN = f"123456789:AAF{CANARY}{'k' * 23}"


def with_secrets(folder: Path, base_url: str, sink_port: str) -> Path:
    """A configuration with a secret in every address and token, whose sends all fail."""
    urls = [
        f"json://ann:{PASSWORD}@127.0.0.1:{sink_port}/{HOOK}?rto=0.5",
        f"json://ann:{PASSWORD}@127.0.0.1:1/{HOOK}",
        f"ntfy://ann:{PASSWORD}@127.0.0.1:1/{TOPIC}",
    ]
    config = night.write_files(folder, base_url, ["SAC@PHI"], urls)
    text = config.read_text("utf-8").replace(
        "[rules]",
        f'[notify.telegram]\ntoken = "{TOKEN}"\nchat_id = 42\n'
        'api_url = "http://127.0.0.1:1"\n'
        f'[notify.discord]\nwebhook = "http://127.0.0.1:1/api/webhooks/1/{HOOK}"\n'
        f'[notify.ntfy]\ntopic = "{TOPIC}"\ntoken = "{PASSWORD}"\ncards = true\n'
        'api_url = "http://127.0.0.1:1"\n[rules]',
    )
    config.write_text(text.replace("default = [", 'default = ["swing 0.01 in 10m", '), "utf-8")
    config.chmod(0o600)
    return config


async def _start_at_debug(config: Path, clock: ScaledClock) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "tracker", "--config", str(config), "run"]
    command += ["--clock-start", clock.start.isoformat(), "--clock-speed", str(clock.speed)]
    command += ["--clock-anchor", clock.anchor.isoformat(), "--log-level", "debug"]
    with config.with_name("daemon.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)


async def _until_failing(config: Path, channels: int) -> None:
    log = config.with_name("daemon.log")
    for _ in range(600):
        if log.read_text("utf-8").count('"channel.failing"') >= channels:
            return
        await REAL.sleep(0.05)
    raise AssertionError(log.read_text("utf-8")[-3000:])


def singing(folder: Path, config: Path) -> list[str]:
    """The files that hold a secret, apart from the configuration itself."""
    files = [x for x in folder.iterdir() if x.is_file() and x != config]
    return [x.name for x in files if CANARY.encode() in x.read_bytes()]


async def failing_night(folder: Path) -> Path:
    """Follow a game with a daemon until all of its channels are failing; the configuration."""
    clock = ScaledClock(night.TIP_OFF + timedelta(minutes=12), 120.0)
    async with night.feed(["SAC@PHI"], clock) as running, webhook() as taken:
        # The webhook has only one path, and answers 404 to every other.
        port = taken.url.rstrip("/").rpartition(":")[2]
        config = with_secrets(folder, running.url, port)
        daemon = await _start_at_debug(config, clock)
        try:
            await _until_failing(config, 6)
        finally:
            daemon.terminate()
            status = await daemon.wait()
        assert status == 0
    return config


@pytest.mark.timeout(180)
def test_no_secret_shows_anywhere(tmp_path: Path, cli: Cli) -> None:
    """No secret is in the DEBUG log, the database, an export, the shown settings or an error."""
    config = asyncio.run(failing_night(tmp_path))
    bad = tmp_path / "bad" / "tracker.toml"
    bad.parent.mkdir()
    bad.write_text(f'[notify]\nurls = ["jsn://127.0.0.1/{HOOK}", "{TOKEN}"]\n', "utf-8")
    said = [
        cli("--config", config, "export", "alerts"),
        cli("--config", config, "export", "deliveries"),
        cli("--config", config, "config", "show"),
        cli("--config", config, "doctor"),
        cli("--config", config, "test-alert"),
        cli("--config", bad, "config", "check"),
    ]
    with closing(sqlite3.connect(tmp_path / "tracker.db")) as db:
        db.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
        attempts = db.execute("SELECT count(DISTINCT channel), max(attempts) FROM delivery")
        channels, most = attempts.fetchone()
    assert channels == 6
    assert most >= 1
    assert singing(tmp_path, config) == []
    assert all(x.out + x.err for x in said[2:]), "an export of nothing is empty"
    assert [i for i, x in enumerate(said) if CANARY in x.out + x.err] == []
