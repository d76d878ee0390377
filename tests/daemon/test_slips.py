"""A night of slips with the daemon as a process: players by name alone, parlays over two games."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.daemon import night
from tracker.cli.demo import webhook
from tracker.clock import ScaledClock

GAMES = ["SAC@PHI", "HOU@ATL"]

SLIPS = {
    "Oubre over 15.5 pts": "lost",
    "SAC@PHI Paul George under 6.5 reb": "won",
    "Durant pra over 20.5": "won",
    "Broome over 3.5 pts": "void",
    "parlay: PHI ML; SAC@PHI over 220.5; Paul George over 3.5 ast": "won",
    "parlay: PHI ML; HOU@ATL under 223.5; Durant over 10.5 pts": "won",
    "parlay: SAC ML; HOU ML": "lost",
}
"""Slips, each with its result by the official box scores."""


def in_the_second_quarter(config: Path) -> bool:
    """Whether a bet was forecast in the second quarter."""
    with closing(sqlite3.connect(config.with_name("tracker.db"))) as db:
        return (
            db.execute("SELECT 1 FROM game_snapshot WHERE period >= 2 LIMIT 1").fetchone()
            is not None
        )


def all_are_settled(found: night.Bets) -> bool:
    """Whether each slip has a result."""
    return len(found) == len(SLIPS) and all(x["result"] for x in found)


@pytest.mark.timeout(600)
async def test_slips_on_players_and_two_games_end_as_the_boxes_say(tmp_path: Path) -> None:
    """Through a kill -9 in mid-game, each slip settles right, once, and is reported once."""
    clock = ScaledClock(night.STARTS, 600.0)
    async with night.feed(GAMES, clock) as running, webhook() as taken:
        config = night.write_files(tmp_path, running.url, GAMES, [taken.url])
        rows = [f'[[bet]]\npick = "{x}"\nodds = -110\nstake = 11.0\n' for x in SLIPS]
        (tmp_path / "bets.toml").write_text("\n".join(rows), "utf-8")
        daemon = await night.start_daemon(config, clock)
        await night.until(lambda x: bool(x) and in_the_second_quarter(config), config)
        daemon.kill()
        await daemon.wait()
        daemon = await night.start_daemon(config, clock)
        found = await night.until(all_are_settled, config)
        daemon.terminate()
        assert await daemon.wait() == 0
    assert {str(x["pick"]): x["result"] for x in found} == SLIPS
    with closing(sqlite3.connect(tmp_path / "tracker.db")) as db, db:
        settled = list(db.execute("SELECT bet, count(*) FROM settlement GROUP BY bet"))
        told = "SELECT bet, count(*) FROM alert WHERE rule = 'settled' GROUP BY bet"
        kept = db.execute("SELECT count(*) FROM player_game").fetchone()[0]
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert {n for _, n in settled} == {n for _, n in db.execute(told)} == {1}
    assert len(settled) == len(SLIPS)
    assert kept > 30
