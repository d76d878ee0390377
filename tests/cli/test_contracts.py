"""Promises to other programs: the exact keys of the JSON of bets, histories and alerts."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PICKS, Cli
from tracker.wording.figures import percent

pytestmark = pytest.mark.usefixtures("night")

BET = [
    "id", "pick", "market", "game", "odds", "stake_cents", "free", "status", "result",
    "payout_cents", "review",
    "chance", "no_chance", "stale", "revision", "rules",
]  # fmt: skip
MOMENTS = ["home", "away", "total", "margin"]
SNAPSHOT = {
    "at", "period", "clock", "clock_s", "game_clock", "score", "mu", "sigma", "chance", "no_chance",
    "prior", "poll", "own",
    "model_version", "feature_version", "calibration_id",
}  # fmt: skip
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def test_bets_have_their_contract(cli: Cli) -> None:
    """A finished bet has every key in order, with the right values."""
    bets = cli("bets", "--json").json
    assert [list(x) for x in bets] == [BET] * 4
    assert [x["pick"] for x in bets] == list(PICKS)
    assert [x["market"] for x in bets] == ["moneyline", "spread", "total", "team_total"]
    assert [x["result"] for x in bets] == ["won", "lost", "won", "won"]
    assert {x["status"] for x in bets} == {"official"}
    assert [x["revision"] for x in bets] == [1, 1, 1, 1]
    assert bets[0]["game"] == {
        "id": "0022500680",
        "league": "nba",
        "away": "SAC",
        "home": "PHI",
        "start": "2026-01-30T00:00:00Z",
    }
    assert (bets[0]["odds"], bets[0]["stake_cents"], bets[0]["payout_cents"]) == (
        "-140",
        2000,
        3429,
    )
    assert bets[2]["odds"] is None
    assert bets[0]["chance"] == {"win": 1.0, "push": 0.0, "lose": 0.0}
    assert bets[0]["rules"] == ["p >= 0.80", "p <= 0.30", "hit", "dead", "out", "settled"]


def test_a_bets_history_has_its_contract(cli: Cli) -> None:
    """A history has the keys of the list, and snapshots, alerts and settlements."""
    shown = cli("show", "1", "--json").json
    assert list(shown)[: len(BET)] == BET
    assert {"snapshots", "alerts", "settlements"} <= set(shown)
    assert set(shown["prior"]) == {
        "margin", "total", "margin_sd", "total_sd", "source", "margin_by", "total_by", "ends",
    }  # fmt: skip
    for one in shown["snapshots"]:
        assert set(one) == SNAPSHOT
        assert list(one["mu"]) == list(one["sigma"]) == MOMENTS
        assert UTC_TIME.fullmatch(one["at"])
        assert one["mu"]["home"] + one["mu"]["away"] == pytest.approx(one["mu"]["total"])
        assert sum(one["chance"].values()) == pytest.approx(1)
        assert _seconds(one["clock"]) == pytest.approx(one["clock_s"], abs=0.51)
    assert shown["legs"] == []
    (result,) = shown["settlements"]
    assert list(result) == [
        "revision", "result", "payout_cents", "at", "reason", "evidence", "by_hand", "poll",
        "official_at",
    ]  # fmt: skip
    assert "default rules" in result["evidence"]
    assert (result["revision"], result["result"]) == (1, "won")
    assert UTC_TIME.fullmatch(result["official_at"])


def _seconds(clock: str) -> float:
    minutes, seconds = clock.split(":")
    assert re.fullmatch(r"\d\d", minutes)
    assert re.fullmatch(r"\d\d(\.\d)?", seconds)
    return int(minutes) * 60 + float(seconds)


def test_a_snapshot_can_be_priced_again(cli: Cli, tmp_path: Path) -> None:
    """The state in a snapshot of `show` can be priced by `price`."""
    one = cli("show", "1", "--json").json["snapshots"][100]
    state = {
        "id": "again", "league": "nba", "home": "PHI", "away": "SAC", "bets": ["PHI ML"],
        "period": one["period"], "clock": one["clock"], "score": one["score"],
    }  # fmt: skip
    file = tmp_path / "states.jsonl"
    file.write_text(json.dumps(state) + "\n", "utf-8")
    priced = cli("price", file).json
    assert priced["model_version"] == one["model_version"]
    assert 0 < priced["bets"][0]["win"] < 1


def test_alerts_have_their_contract(cli: Cli) -> None:
    """Only fired alerts are listed, unless the held ones are asked for."""
    fired = cli("alerts", "--json").json
    every = cli("alerts", "--explain", "--json").json
    assert {x["decision"] for x in fired} == {"fired"}
    assert {x["decision"] for x in every} == {"fired", "held"}
    keys = ["id", "bet", "rule", "episode", "at", "game_clock", "decision", "reason", "text"]
    assert all([k for k in x if k in keys] == keys for x in every)
    assert all(isinstance(x["deliveries"], list) for x in every)
    assert all(bool(x["text"]) == (x["decision"] == "fired") for x in every)
    assert {x["bet"] for x in cli("alerts", "--bet", "2", "--json").json} == {2}


def test_the_whole_has_its_keys(cli: Cli) -> None:
    """`status` has all its keys when no daemon runs."""
    status = cli("status", "--json").json
    assert status["daemon"] is None
    assert {"games", "bets", "sources", "deliveries", "decisions"} <= set(status)


def test_an_empty_home_gives_empty_answers(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a database every reader gives an empty answer and no failure."""
    monkeypatch.delenv("TRACKER_CONFIG")
    answers: dict[str, Any] = {x: cli(x, "--json").json for x in ("bets", "alerts", "settle")}
    assert answers == {"bets": [], "alerts": [], "settle": []}
    assert cli("status", "--json").json["bets"] == []
    for verb in ("bets", "status", "alerts", "settle"):
        assert cli(verb).status == 0


@pytest.mark.parametrize("table", ["bets", "settlements", "snapshots", "alerts"])
def test_tables_can_be_exported_both_ways(cli: Cli, table: str) -> None:
    """CSV and JSON exports have the same number of rows, which `show` agrees with."""
    listed = cli("export", table, "--format", "json").json
    shown = [cli("show", str(number), "--json").json for number in range(1, 5)]
    assert len(listed) == (4 if table == "bets" else sum(len(x[table]) for x in shown))
    assert len(list(csv.reader(cli("export", table).out.splitlines(keepends=True)))) == (
        len(listed) + 1
    )


def test_the_hash_tells_histories_apart(cli: Cli) -> None:
    """Equal histories have the same hash, and a new decision changes it."""
    before = cli("export", "--hash").out
    assert cli("export", "--hash").out == before
    cli("settle", "2", "void", "--reason", "the book voided it")
    assert cli("export", "--hash").out != before


def test_a_result_decided_by_hand_is_a_revision(cli: Cli) -> None:
    """A result by hand is a new revision with its reason; the first result stays."""
    ran = cli("settle", "2", "void", "--reason", "the book voided it", "--json").json
    assert (ran["revision"], ran["payout_cents"]) == (2, 2000)
    first, second = cli("show", "2", "--json").json["settlements"]
    assert (first["result"], second["result"]) == ("lost", "void")
    assert "the book voided it" in second["reason"]
    assert second["poll"] is None
    assert cli("bets", "--json").json[1]["status"] == "official"


def test_the_range_of_a_chance_is_told_as_one_everywhere(cli: Cli) -> None:
    """Message, chart, terminal and JSON show the same range, without the 0 or 100 % of the end."""
    for number in "1234":
        shown = cli("show", number, "--json").json
        assert 0 < shown["low"] < shown["peak"] < 1
        text = f"peak {percent(shown['peak'])}, low {percent(shown['low'])}"
        assert text in cli("show", number).out
        assert text in cli("chart", number).out
        (told,) = [x["text"] for x in shown["alerts"] if x["rule"] == "settled" and x["text"]]
        assert text in told
