"""Death at every statement of a `record()`: afterwards all of it is there, or none of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What was found after a death at each statement; the last child survived."""
    folder = tmp_path_factory.mktemp("crashes")
    command = [sys.executable, "-m", "tests.store.crasher", str(folder)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=50, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_statement_is_a_point_of_death(deaths: list[dict[str, Any]]) -> None:
    """The deaths cover the transaction from its first statement to its last."""
    assert [x["died"] for x in deaths] == [True] * (len(deaths) - 1) + [False]
    assert len(deaths) > 20


def test_a_poll_is_recorded_whole_or_not_at_all(deaths: list[dict[str, Any]]) -> None:
    """At any instant of a kill, a poll is stored with all its consequences or not at all."""
    before = {
        "poll": 1, "body": 1, "snapshot": 0, "game_snapshot": 0, "latest": 0, "rule_state": 0,
        "alert": 0, "delivery": 0, "settlement": 0, "confirmation": 0, "review": 0,
        "leg_standing": 0, "leg_group": 0, "standing": 0, "player_game": 0,
    }  # fmt: skip
    after = {
        "poll": 2, "body": 2, "snapshot": 3, "game_snapshot": 1, "latest": 3, "rule_state": 3,
        "alert": 6, "delivery": 6, "settlement": 3, "confirmation": 3, "review": 1,
        "leg_standing": 2, "leg_group": 1, "standing": 3, "player_game": 1,
    }  # fmt: skip
    assert [x["sound"] for x in deaths] == ["ok"] * len(deaths)
    assert [x["rows"] for x in deaths[:-1]] == [before] * (len(deaths) - 1)
    assert [x["checks"] for x in deaths[:-1]] == [0] * (len(deaths) - 1)
    assert (deaths[-1]["rows"], deaths[-1]["checks"]) == (after, 1)
