"""The daemon as a process of its own: nights with kills, stops and a second daemon."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.daemon import night
from tracker.cli.demo import Sink, webhook
from tracker.clock import ScaledClock

pytestmark = pytest.mark.timeout(600)


async def _until_settled(config: Path, ids: int) -> night.Bets:
    def settled(found: night.Bets) -> bool:
        return len(found) == ids and all(x["status"] in ("provisional", "official") for x in found)

    return await night.until(settled, config)


def _assert_right(found: night.Bets) -> None:
    wrong = {
        str(bet["id"]): bet["result"]
        for bet in found
        if bet["result"] != night.expected(*str(bet["id"]).split(" ", 1))
    }
    assert wrong == {}


def _assert_no_doubles(database: Path, taken: Sink) -> None:
    with closing(sqlite3.connect(database)) as db, db:
        fired = [x for (x,) in db.execute("SELECT id FROM alert WHERE decision = 'fired'")]
        # The notice of the stop may be left for the next start to send.
        open_ends = (
            "SELECT alert, state FROM delivery JOIN alert ON alert.id = delivery.alert "
            "WHERE coalesce(told, state) <> 'sent' AND rule <> 'stopped'"
        )
        lost = list(db.execute(open_ends))
        last = {x for (x,) in db.execute("SELECT id FROM alert WHERE rule = 'stopped'")}
        late = {x for (x,) in db.execute("SELECT alert FROM delivery WHERE state = 'expired'")}
        delivered = db.execute("SELECT count(DISTINCT alert) FROM delivery").fetchone()[0]
        settled = list(db.execute("SELECT bet, count(*) FROM settlement GROUP BY bet"))
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert lost == []
    assert delivered == len(fired) > 0
    assert {count for _, count in settled} == {1}
    plain = Counter(
        number
        for message, alerts in zip(taken.messages, taken.alerts, strict=True)
        if "possible repeat" not in message
        for number in alerts
    )
    assert [x for x, count in plain.items() if count > 1] == []
    told = {number for alerts in taken.alerts for number in alerts}
    # An expired message may have arrived before its answer was lost.
    assert set(fired) - late - last <= told <= set(fired)


async def test_kills_at_random_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Through repeated kill -9, each bet settles right and each alert comes once.

    Of two games at once that is promised by test_slips and by test_sharing.
    """
    rng = random.Random(20260130)  # noqa: S311 - a seed makes the night repeatable
    games = ["SAC@PHI"]
    clock = ScaledClock(night.STARTS - timedelta(hours=1), 500.0)
    async with night.feed(games, clock) as running, webhook() as taken:
        config = night.write_files(tmp_path, running.url, games, [taken.url])
        daemon = await night.start_daemon(config, clock)
        # A machine that starts slowly must not be killed until the games are over.
        await night.until(lambda x: len(x) == 8, config)
        for _ in range(2):
            await night.REAL.sleep(rng.uniform(1.5, 4.0))
            daemon.kill()
            await daemon.wait()
            daemon = await night.start_daemon(config, clock)
        found = await _until_settled(config, 8)
        await night.REAL.sleep(1.0)
        daemon.terminate()
        assert await daemon.wait() == 0
    _assert_right(found)
    _assert_no_doubles(tmp_path / "tracker.db", taken)


async def _ends_quickly(daemon: asyncio.subprocess.Process, number: signal.Signals) -> None:
    began = time.monotonic()
    daemon.send_signal(number)
    assert await daemon.wait() == 0
    assert time.monotonic() - began < 5.0


async def _start_with_hang_up(
    config: Path, clock: ScaledClock, handler: signal.Handlers
) -> asyncio.subprocess.Process:
    """Start a daemon that has SIGHUP ignored or not, whatever those who run the tests have."""
    before = signal.signal(signal.SIGHUP, handler)
    try:
        daemon = await night.start_daemon(config, clock)
    finally:
        signal.signal(signal.SIGHUP, before)
    await night.until_logged("game.followed", config)
    return daemon


async def test_a_daemon_outlives_its_terminal_and_is_named_to_a_second_one(tmp_path: Path) -> None:
    """Where SIGHUP was ignored at the start, as by nohup, it does not end the daemon.

    A second daemon on its database exits 3 and names the first. SIGTERM ends it in five seconds
    with status 0.
    """
    clock = ScaledClock(night.STARTS, 120.0)
    async with night.feed(["SAC@PHI"], clock) as running:
        config = night.write_files(tmp_path, running.url, ["SAC@PHI"], [])
        daemon = await _start_with_hang_up(config, clock, signal.SIG_IGN)
        daemon.send_signal(signal.SIGHUP)
        status, _, err = await night.tracker(config, "run")
        await _ends_quickly(daemon, signal.SIGTERM)
    assert status == 3
    assert str(daemon.pid) in err


async def test_bets_come_and_go_until_its_terminal_is_closed(tmp_path: Path) -> None:
    """A bet added to the file is followed, a removed one is withdrawn, a bad one harms no other.

    A terminal that is closed ends the daemon in five seconds with status 0.
    """
    clock = ScaledClock(night.STARTS, 60.0)
    async with night.feed(["SAC@PHI"], clock) as running:
        config = night.write_files(tmp_path, running.url, ["SAC@PHI"], [])
        file = tmp_path / "bets.toml"
        daemon = await _start_with_hang_up(config, clock, signal.SIG_DFL)
        _, *others = file.read_text("utf-8").split("\n\n")
        more = '[[bet]]\npick = "1H PHI -1.5"\ngame = "SAC@PHI"\n'
        file.write_text("\n\n".join([*others, more]), "utf-8")
        added = await night.tracker(config, "add", "SAC@PHI Q1 over 55.5")

        def with_chances(found: night.Bets) -> night.Bets:
            return [b for b in found if b["chance"] is not None and b["status"] != "withdrawn"]

        found = await night.until(lambda x: len(with_chances(x)) == 9, config)
        with file.open("a", encoding="utf-8") as end:
            end.write("\n[[bet]]\npick = 'PHI moon'\n")
        await night.until_logged("PHI moon", config)
        await _ends_quickly(daemon, signal.SIGHUP)
    assert added[0] == 0, added
    assert {b["pick"] for b in with_chances(found)} >= {"1H PHI -1.5", "SAC@PHI Q1 over 55.5"}
    assert [b["id"] for b in found if b["status"] == "withdrawn"] == ["SAC@PHI PHI ML"]
    assert "not understood" in night.log_of(config)
