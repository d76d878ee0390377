"""Promises of calibrations: learnt from results, put in use, shown beside raw chances, undone."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from tests.cli.conftest import Cli
from tests.cli.test_run import daemon
from tests.store.values import DEFAULTS, give, poll, snapshot, state
from tracker.domain.bet import Result
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.poll import FINAL_CHECKS
from tracker.domain.tracking import Change
from tracker.language import find_in, parse_pick
from tracker.store import Store

__all__ = ["daemon"]

pytestmark = pytest.mark.timeout(240)

FIRST = datetime(2025, 10, 21, 23, tzinfo=UTC)


async def keep_results(database: Path, count: int, sharp: float) -> None:
    """Store settled totals whose chances were too extreme by the factor `sharp`."""
    rng = np.random.default_rng(11)
    true = rng.beta(2, 2, count)
    said, won = expit(sharp * logit(true)), rng.random(count) < true
    pick = parse_pick("over 220.5 -110 $10", find_in("nba"))
    async with await Store.open(database, now=FIRST, durable=False) as store:
        places: dict[str, int] = {}
        for n in range(count):
            at = FIRST + timedelta(hours=5 * n)
            game = Game(f"00225{n:05d}", "nba", "DEN", "LAL", at)
            draft = Draft(pick, None, odds=pick.odds, stake_cents=1000, occasion=str(n))
            await store.add(draft, game=game, defaults=DEFAULTS, at=at)
            places[game.id] = n
        for tracking in await store.trackings(DEFAULTS):
            if tracking.game.id not in places:
                continue
            n, at = places[tracking.game.id], tracking.game.start + timedelta(minutes=90)
            number = tracking.tracked[0].bet.number
            taken = snapshot(number, at, float(said[n]))
            over = replace(tracking, checks=FINAL_CHECKS)
            await store.record(poll(at, state()), Change(over, snapshots=(taken,)), ())
            await give(store, number, Result.WON if won[n] else Result.LOST, None, at)


def totals_of(cli: Cli) -> dict[str, Any]:
    """The evidence about totals in the answer of `model calibrate`."""
    made: dict[str, Any] = cli("model", "calibrate", "--json").json
    assert set(made["segments"]) == {"total"}
    return made


def test_under_five_hundred_results_nothing_is_learnt(cli: Cli, config: Path) -> None:
    """However wrong the chances were, no calibration is made, and one sentence says why."""
    asyncio.run(keep_results(config.parent / "state" / "tracker.db", 499, 3.0))
    made = totals_of(cli)
    assert made["candidate"] is None
    assert made["segments"]["total"]["why"] == "fewer than 500 official results"
    told = cli("model", "calibrate").out
    assert "fewer than 500 official results" in told
    assert "Nothing is corrected: no market passes." in told
    assert [x["name"] for x in cli("model", "list", "--kind", "calibration", "--league", "nba",
                                   "--json").json] == ["shipped"]  # fmt: skip


def test_what_is_no_better_out_of_sample_cannot_be_put_in_use(cli: Cli, config: Path) -> None:
    """Right chances give no candidate, and the clause of the gate that fails is named."""
    asyncio.run(keep_results(config.parent / "state" / "tracker.db", 600, 1.0))
    made = totals_of(cli)
    assert made["candidate"] is None
    told = made["segments"]["total"]
    assert not told["used"]
    assert "failed" in {x["answer"] for x in told["clauses"]}
    assert "does not pass" in cli("model", "calibrate").out
    name = f"calibrated-{datetime.now(UTC).date().isoformat()}"
    assert "shipped" in cli("model", "activate", name, "--kind", "calibration").sentence


@pytest.fixture
def results(config: Path) -> int:
    """A database with 600 official results, before a daemon starts on it."""
    database = config.parent / "state" / "tracker.db"
    database.parent.mkdir(mode=0o700)
    asyncio.run(keep_results(database, 600, 2.5))
    return 600


def test_a_calibration_is_learnt_used_by_a_running_daemon_and_taken_back(
    results: int, daemon: subprocess.Popen[str], cli: Cli
) -> None:
    """New snapshots name the calibration and keep the raw chance, until it is taken back."""
    assert cli("add", "PHI over 99.5 -110 $20").status == 0
    number = cli("add", "SAC@PHI over 224.5 -110 $20", "--json").json["number"]
    made = totals_of(cli)
    name, version = made["candidate"]["name"], made["candidate"]["model_version"]
    assert made["segments"]["total"]["used"]
    assert newest(cli, number)["calibration_id"] == "none"
    kind = ("--kind", "calibration", "--league", "nba")
    listed = cli("model", "list", *kind, "--json").json
    assert {x["name"]: x["used"] for x in listed} == {"shipped": True, name: False}
    assert version in cli("model", "activate", name, "--kind", "calibration").out
    while minutes_by(cli, number, version) < 3:
        goes_on(daemon)
    assert newest(cli, number)["calibration_id"] == version
    # No calibration of team totals was learnt, so they stay as the forecast has them.
    assert newest(cli, number - 1)["calibration_id"] == "none"
    assert "shipped" in cli("model", "rollback", *kind).out
    while newest(cli, number)["calibration_id"] == version:
        goes_on(daemon)
    assert cli("settle", str(number), "won", "--reason", "the book has paid").status == 0
    told = cli("calibration", "--json").json
    assert told["calibrated"] == 1
    assert told["raw"]["bets"] == told["bets"] == results + 1
    assert told["raw"]["log_loss"] != told["log_loss"]
    assert "The raw chances of the same bets" in cli("calibration").out
    by_model = cli("performance", "--by", "model", "--json").json["groups"]
    assert sum(x["bets"] for x in by_model.values()) == results + 1


def goes_on(daemon: subprocess.Popen[str]) -> None:
    """Give a running daemon a moment: to ask again at once would take the time that it needs."""
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.wait(0.2)


def minutes_by(cli: Cli, number: int, version: str) -> int:
    """The number of game minutes in which a calibration corrected a bet's chances."""
    taken = cli("show", str(number), "--json").json["snapshots"]
    mine = [x for x in taken if x["calibration_id"] == version]
    return len({(x["period"], x["clock_s"] // 60) for x in mine})


def newest(cli: Cli, number: int) -> dict[str, Any]:
    """The newest snapshot of a bet."""
    taken = cli("show", str(number), "--json").json["snapshots"]
    return taken[-1] if taken else {"calibration_id": "none"}
