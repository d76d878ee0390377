"""Players of a priced state: read field by field, priced like any bet."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tracker.app.price_batch import price_lines

JOKIC: dict[str, Any] = {
    "id": "203999", "name": "Nikola Jokić", "team": "home",
    "stats": {"pts": 19, "reb": 8, "ast": 6, "stl": 1, "blk": 0, "3pm": 1, "to": 2},
    "minutes": 24.2, "fouls": 2, "oncourt": True,
    "prior": {"minutes": 34.6, "pts": 26.4, "reb": 12.4, "ast": 9.0},
}  # fmt: skip

STATE: dict[str, Any] = {
    "id": "x", "league": "nba", "home": "DEN", "away": "LAL", "period": 3, "clock": "04:11",
    "score": {"home": 81, "away": 78}, "lines": {"home_spread": -4.5, "total": 228.5},
}  # fmt: skip


def answer(players: Any, *bets: str) -> dict[str, Any]:
    """What is said of a state with these players."""
    line = json.dumps(STATE | {"players": players, "bets": list(bets)})
    found: dict[str, Any] = json.loads(next(price_lines([line]))[0])
    return found


def test_player_lines_are_priced() -> None:
    """Figures, sums, multiples and parlays of a player are priced, and more is less likely."""
    bets = ["Jokic over 25.5 pts", "Jokic over 30.5 pts", "Jokic o39.5 PRA", "Jokic triple-double",
            "parlay: DEN ML; Jokic over 25.5 pts"]  # fmt: skip
    told = answer([JOKIC], *bets)
    wins = [x["win"] for x in told["bets"]]
    assert all(0 < x < 1 for x in wins)
    assert wins[1] < wins[0]
    assert wins[4] < wins[0]
    assert told["player_model_version"].startswith("minutes-and-counts")


def test_a_decided_line_is_certain() -> None:
    """What he has already cannot be lost."""
    assert answer([JOKIC], "Jokic over 18.5 pts")["bets"][0]["win"] == 1.0


def test_what_is_expected_of_him_matters() -> None:
    """The same box says more of who is expected to score more, and nothing need be expected."""
    less = JOKIC | {"prior": {"minutes": 34.6, "pts": 15.0}}
    bare = {name: JOKIC[name] for name in ("name", "team", "stats", "minutes")}
    wins = [answer([x], "Jokic over 25.5 pts")["bets"][0]["win"] for x in (JOKIC, less, bare)]
    assert wins[1] < wins[0]
    assert 0 < wins[2] < 1


def test_before_tip_off_nothing_is_on_the_board() -> None:
    """A pregame state needs no figures."""
    early = STATE | {"period": 0, "score": {"home": 0, "away": 0}}
    player = {"name": "Nikola Jokić", "team": "home", "prior": JOKIC["prior"]}
    line = json.dumps(early | {"players": [player], "bets": ["Jokic over 26.5 pts"]})
    win = json.loads(next(price_lines([line]))[0])["bets"][0]["win"]
    assert 0.3 < win < 0.7


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "players[0].name", "name is missing"),
        ({"team": "DEN"}, "players[0].team", "home or away, not 'DEN'"),
        ({"stats": 5}, "players[0].stats", "stats is written"),
        ({"stats": {"pts": 2.5}}, "players[0].stats.pts", "whole number"),
        ({"stats": {"pts": -1}}, "players[0].stats.pts", "from 0 to"),
        ({"minutes": "24:12"}, "players[0].minutes", "is a number"),
        ({"minutes": 500}, "players[0].minutes", "from 0 to 96"),
        ({"fouls": True}, "players[0].fouls", "is a number"),
        ({"oncourt": 1}, "players[0].oncourt", "true or false"),
        ({"prior": []}, "players[0].prior", "prior is written"),
        ({"prior": {"pts": 20}}, "players[0].prior.minutes", "minutes is missing"),
        ({"prior": {"minutes": 30, "pts": "x"}}, "players[0].prior.pts", "is a number"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str, words: str) -> None:
    """The first field that cannot be read is named, with what it should be."""
    error = answer([JOKIC | change])["error"]
    assert error["field"] == field
    assert words in error["message"]


@pytest.mark.parametrize(
    ("players", "field"),
    [("Jokic", "players"), ([7], "players[0]"), ([JOKIC, JOKIC], "players[1].name")],
)
def test_a_wrong_list_is_named(players: Any, field: str) -> None:
    """So is a list that is none, an entry that is none, and a player who is given twice."""
    assert answer(players)["error"]["field"] == field


MURRAY: dict[str, Any] = {
    "name": "Jamal Murray", "team": "home", "stats": {},
    "prior": {"minutes": 33.0, "pts": 21.0, "reb": 4.0, "ast": 6.2},
}  # fmt: skip


def missing(*names: str) -> dict[str, Any]:
    """What is said before tip-off with these home players out."""
    jokic = {name: JOKIC[name] for name in ("name", "team", "prior")} | {"stats": {}}
    porter = MURRAY | {"name": "Michael Porter Jr."}
    state = STATE | {"period": 0, "score": {"home": 0, "away": 0}, "inactive": {"home": names}}
    state |= {"players": [jokic, MURRAY, porter], "bets": ["Jokic over 26.5 pts"]}
    found: dict[str, Any] = json.loads(next(price_lines([json.dumps(state)]))[0])
    return found


def test_who_is_missing_leaves_minutes_and_shots_to_the_others() -> None:
    """A man whose scorers are out scores more; of nobody missing nothing changes."""
    whole, without = (missing(*x)["bets"][0]["win"] for x in ((), ("Jamal Murray",)))
    assert without > whole + 0.005


def test_whoever_is_missing_has_to_be_known() -> None:
    """A name that is not among the players would change nothing, and is refused."""
    assert missing("Nobody Known")["error"]["field"] == "inactive.home[0]"
