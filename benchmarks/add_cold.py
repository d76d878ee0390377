"""Measures `tracker add` from cold: the wall time of whole processes, beside an empty one's."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker.domain.game import Game
from tracker.store import Store

RUNS = 15
BUDGET_S = 0.35
"""The most seconds that `tracker add` may take, as a median."""


def main() -> int:
    """Print the medians; returns 1 when the budget is exceeded."""
    with TemporaryDirectory(prefix="tracker-bench-") as name:
        folder = Path(name)
        env = os.environ | {"TRACKER_CONFIG": str(prepare(folder))}
        numbers = iter(range(10**6))
        python = [sys.executable]
        cases: dict[str, list[list[str]]] = {
            "python -c pass": [[*python, "-c", "pass"] for _ in range(RUNS)],
            "tracker add (a bet on a known game)": [
                [*python, "-m", "tracker", "add", f"DEN -4.5 -110 ${next(numbers) + 1}"]
                for _ in range(RUNS)
            ],
            "tracker add --json": [
                [*python, "-m", "tracker", "add", "--json", f"LAL +4.5 ${next(numbers) + 1}"]
                for _ in range(RUNS)
            ],
            "tracker add --chance (forecast as well)": [
                [*python, "-m", "tracker", "add", "--chance", f"DEN ML ${next(numbers) + 1}"]
                for _ in range(3)
            ],
            "tracker bets": [[*python, "-m", "tracker", "bets"] for _ in range(5)],
        }
        medians = {}
        for case, commands in cases.items():
            taken = [wall_time(command, env) for command in commands]
            medians[case] = statistics.median(taken)
            print(
                f"{case:42} median {medians[case]:.3f} s  "
                f"(fastest {min(taken):.3f}, slowest {max(taken):.3f}, {len(taken)} runs)"
            )
    within = medians["tracker add (a bet on a known game)"] <= BUDGET_S
    print(f"budget {BUDGET_S} s: {'kept' if within else 'EXCEEDED'}")
    return 0 if within else 1


def prepare(folder: Path) -> Path:
    """Write a configuration and a database with a game of tonight; returns the former's path."""
    config = folder / "tracker.toml"
    config.write_text(
        'timezone = "America/New_York"\n[store]\npath = "tracker.db"\n'
        '[rules]\ndefault = ["p >= 0.80", "p <= 0.30", "settled"]\n',
        "utf-8",
    )
    asyncio.run(keep_game(folder / "tracker.db"))
    return config


async def keep_game(database: Path) -> None:
    """Make a database with one game, three hours from now."""
    now = datetime.now(UTC)
    game = Game("0022600001", "nba", "DEN", "LAL", now + timedelta(hours=3))
    async with await Store.open(database, now=now) as store:
        await store.save_games([(game, None)], now)


def wall_time(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Seconds from the start of a process to its end."""
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
