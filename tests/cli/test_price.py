"""Promises of `tracker price`: coherent prices of every game market, by the named model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

STATE: dict[str, Any] = {
    "id": "x", "league": "nba", "home": "DEN", "away": "LAL", "period": 3, "clock": "04:11",
    "score": {"home": 61, "away": 58}, "lines": {"home_spread": -4.5, "total": 228.5},
    "periods": {"home": [28, 25, 8], "away": [30, 22, 6]},
}  # fmt: skip


def priced(cli: Cli, folder: Path, *states: dict[str, Any], more: tuple[str, ...] = ()) -> Any:
    """The answers to the states in a file."""
    file = folder / "states.jsonl"
    file.write_text("".join(f"{json.dumps(x)}\n" for x in states), "utf-8")
    return [json.loads(x) for x in cli("price", file, *more).out.splitlines()]


def test_every_market_of_the_game_and_its_parts_is_priced(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """Halves, quarters and parlays are priced; both sides of a line add up to 1."""
    bets = [
        "DEN ML", "LAL ML", "DEN -4.5", "LAL +4.5", "over 224.5", "under 224.5", "DEN over 114.5",
        "DEN under 114.5", "2H DEN -1.5", "2H LAL +1.5", "Q3 over 50.5", "Q3 under 50.5",
        "Q4 DEN over 25.5", "Q4 DEN under 25.5", "1H DEN ML", "1H under 112.5",
        "parlay: DEN ML; over 224.5", "parlay: DEN -4.5; 2H DEN -1.5; Q4 over 50.5",
    ]  # fmt: skip
    (answer,) = priced(cli, tmp_path, STATE | {"bets": bets})
    found = {x["bet"]: x["win"] for x in answer["bets"]}
    assert list(found) == bets
    for one, other in zip(bets[:14:2], bets[1:14:2], strict=True):
        assert found[one] + found[other] == pytest.approx(1, abs=1e-6)
    assert found["1H DEN ML"] == 1
    assert found["1H under 112.5"] == 1
    assert found[bets[16]] <= min(found["DEN ML"], found["over 224.5"])
    assert answer["mu"]["home"] + answer["mu"]["away"] == pytest.approx(answer["mu"]["total"])


def test_the_pmf_adds_up_and_gives_the_prices(cli: Cli, config: Path, tmp_path: Path) -> None:
    """Each distribution adds up to 1, and that of the margin gives the moneyline's chance."""
    (answer,) = priced(cli, tmp_path, STATE | {"bets": ["DEN ML"]}, more=("--pmf",))
    assert set(answer["pmf"]) == {"margin", "total", "home", "away"}
    assert all(sum(x.values()) == pytest.approx(1, abs=1e-5) for x in answer["pmf"].values())
    ahead = sum(p for margin, p in answer["pmf"]["margin"].items() if int(margin) > 0)
    assert ahead == pytest.approx(answer["bets"][0]["win"], abs=1e-5)
    assert answer["pmf"]["margin"].get("0", 0) == 0


def test_the_model_that_is_named_prices(cli: Cli, config: Path, tmp_path: Path) -> None:
    """An unknown model is an error of the line, with exit status 1."""
    assert "error" not in priced(cli, tmp_path, STATE, more=("--model", "shipped"))[0]
    told = priced(cli, tmp_path, STATE, more=("--model", "nobody"))[0]
    assert "nobody" in told["error"]["message"]
    assert cli("price", tmp_path / "states.jsonl", "--model", "nobody").status == 1


def test_many_states_are_answered_in_their_order(cli: Cli, config: Path, tmp_path: Path) -> None:
    """A wrong line is answered in its place, and the other lines are priced."""
    states = [STATE | {"id": k} for k in range(600)]
    states[300] = {"id": 300, "league": "nba"}
    answers = priced(cli, tmp_path, *states)
    assert [x["id"] for x in answers] == list(range(600))
    assert [x["id"] for x in answers if "error" in x] == [300]
