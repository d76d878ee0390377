"""Promises of `tracker rules test`: play-by-play becomes a game on which rules are judged."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Cli
from tracker.domain.game import Phase
from tracker.modelling.rule_trial import in_play, read_games


def a_history(folder: Path) -> None:
    """A dataset of one simulated game."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    rows, home, away, seq = [], 0, 0, 0
    for period in range(1, 5):
        clock = 720.0
        while clock > 12:
            clock -= float(rng.uniform(8, 24))
            gain = int(rng.choice([0, 0, 2, 2, 3]))
            side = "home" if rng.uniform() < 0.52 else "away"
            home, away = home + gain * (side == "home"), away + gain * (side == "away")
            seq += 1
            rows.append(
                {
                    "game_id": "0022300001", "season": "2023-24", "seq": seq, "period": period,
                    "clock_s": max(clock, 0.0), "home_score": home, "away_score": away,
                    "action": "2pt", "made": gain > 0, "side": side,
                }
            )  # fmt: skip
    target = folder / "nba"
    target.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), target / "events.parquet")
    head = {
        "game_id": "0022300001", "season": "2023-24", "game_date": "2023-10-24",
        "team_id_home": "DEN", "team_id_road": "LAL", "close_total": 224.5,
        "close_spread_home": -4.5, "lines_ok": True,
    }  # fmt: skip
    pq.write_table(pa.Table.from_pylist([head]), target / "games.parquet")


def test_play_by_play_becomes_a_game_that_lasts_as_long_as_games_do(tmp_path: Path) -> None:
    """States go forward in time and score, from before tip-off over three breaks to the final."""
    a_history(tmp_path)
    [played] = list(read_games(tmp_path, "nba", "2023-24", 5))
    assert in_play(played.history)
    assert played.lines is not None
    assert (played.lines.home_spread, played.lines.total) == (-4.5, 224.5)
    states = [x for _, x in played.history]
    assert sum(x.phase is Phase.BREAK for x in states) == 3
    assert states[0].phase is Phase.SCHEDULED
    assert [x for x, _ in played.history] == sorted(x for x, _ in played.history)
    assert all(a.score.total <= b.score.total for a, b in pairwise(states))


def test_rules_are_tried_on_a_history(tmp_path: Path, cli: Cli) -> None:
    """The figures of a trial are given as JSON too."""
    a_history(tmp_path)
    words = ("rules", "test", "p >= 0.60", "--history", tmp_path, "--season", "2023-24", "--json")
    found = cli(*words).json
    assert (found["games"], found["bets"]) == (1, 3)
    [one] = found["rules"]
    assert one["rule"] == "p >= 0.60"
    assert one["alerts"] == one["held"] + one["missed"]
    assert one["naive"] >= one["alerts"]
    told = cli("rules", "test", "p >= 0.60", "--history", tmp_path)
    assert told.out.splitlines()[0] == "1 game, 3 bets"


def test_what_cannot_be_tried_is_one_sentence(tmp_path: Path, cli: Cli) -> None:
    """Event rules, missing seasons and empty folders give one sentence."""
    assert cli("rules", "test", "settled").sentence.startswith("'settled' is a fact")
    assert "there is no" in cli("rules", "test", "--history", tmp_path).sentence
    a_history(tmp_path)
    empty = cli("rules", "test", "--history", tmp_path, "--season", "1999-00")
    assert "no game could be played" in empty.sentence
