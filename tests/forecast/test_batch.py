"""`tracker price` answers each line, and a bad line stops nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tracker.app.price_batch import price_lines
from tracker.forecast import load_parameters

STATE: dict[str, Any] = {
    "id": "x",
    "league": "nba",
    "home": "DEN",
    "away": "LAL",
    "period": 3,
    "clock": "04:11",
    "score": {"home": 61, "away": 58},
    "lines": {"home_spread": -4.5, "total": 228.5},
    "periods": {"home": [28, 25], "away": [30, 22]},
    "bets": ["DEN -4.5", "over 224.5"],
}


def ask(**changes: Any) -> tuple[dict[str, Any], bool]:
    """The answer to the state above with some fields changed; None takes a field out."""
    given = {k: v for k, v in (STATE | changes).items() if v is not None}
    ((answer, good),) = price_lines([json.dumps(given)], pmf=bool(changes.get("pmf")))
    return json.loads(answer), good


def test_a_state_is_answered_in_full() -> None:
    """Means, sigmas, intervals, bets and the names of what made them."""
    answer, good = ask()
    assert good
    assert answer["id"] == "x"
    mu = answer["mu"]
    assert mu["home"] + mu["away"] == pytest.approx(mu["total"])
    assert set(answer["sigma"]) == set(answer["pi80"]) == {"home", "away", "total", "margin"}
    assert [x["bet"] for x in answer["bets"]] == STATE["bets"]
    first = answer["bets"][0]
    assert first["win"] + first["push"] + first["lose"] == pytest.approx(1)
    assert first["fair_odds"] == pytest.approx(1 + first["lose"] / first["win"])
    assert answer["model_version"].startswith("flow-and-chain")
    assert answer["feature_version"]
    assert answer["calibration_id"]


def test_ends_box_and_tip_move_what_they_should() -> None:
    """A late road team, a fast game and a tip that was lost, each where it says something."""
    half = {"period": 2, "clock": "00:00", "periods": {"home": [28, 33], "away": [30, 28]}}
    team = {"fga": 44, "fta": 10, "oreb": 5, "to": 7, "fouls": 9}
    fast = {side: team | {"fga": 50} for side in ("home", "away")}

    def total(**changes: Any) -> float:
        answer, good = ask(**half, **changes)
        assert good
        return float(answer["mu"]["total"])

    assert total(ends=0.99) > total(ends=0.5) > total(ends=0.01)
    assert total(box=fast) > total(box={"home": team, "away": team})
    won, lost = (ask(**half, tip=x)[0]["mu"]["margin"] for x in ("home", "away"))
    assert won < lost


def test_without_ends_the_shipped_belief_of_the_road_team_counts() -> None:
    """Memphis attacked the late end; the Lakers did not."""
    belief = load_parameters("nba").ends
    assert belief is not None
    for code in ("MEM", "LAL"):
        plain, _ = ask(away=code, bets=None)
        told, _ = ask(away=code, bets=None, ends=belief.teams[code].chance)
        assert plain["mu"]["total"] == pytest.approx(told["mu"]["total"], abs=0.02)


def test_pmf_agrees_with_the_bets() -> None:
    """The chances of every margin sum to those of the bets."""
    answer, _ = ask(pmf=True, bets=["DEN ML", "DEN -3"])
    margin = {int(k): v for k, v in answer["pmf"]["margin"].items()}
    assert sum(margin.values()) == pytest.approx(1, abs=1e-6)
    ml, spread = answer["bets"]
    assert ml["win"] == pytest.approx(sum(v for k, v in margin.items() if k > 0), abs=1e-6)
    assert spread["push"] == pytest.approx(margin[3], abs=1e-6)


def test_free_throws_may_be_to_come_after_the_buzzer() -> None:
    """A foul with the last shot: the game is not over until they are shot."""
    at_zero = {"period": 4, "clock": "00:00", "score": {"home": 99, "away": 100}, "periods": None}
    answer, good = ask(**at_zero, bets=["DEN ML"], throws={"side": "home", "left": 2})
    assert good
    assert 0.6 < answer["bets"][0]["win"] < 0.9


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"league": "nfl"}, "league"),
        ({"home": None}, "home"),
        ({"home": "LAL"}, "home"),
        ({"period": 2.5}, "period"),
        ({"period": -1}, "period"),
        ({"clock": "13:00"}, "clock"),
        ({"clock": "four"}, "clock"),
        ({"clock": "4:99"}, "clock"),
        ({"score": None}, "score"),
        ({"score": {"home": -1, "away": 3}}, "score.home"),
        ({"score": {"home": "61", "away": 3}}, "score.home"),
        ({"periods": {"home": [99, 99], "away": [1, 1]}}, "periods"),
        ({"possession": "den"}, "possession"),
        ({"tip": "den"}, "tip"),
        ({"throws": 2}, "throws"),
        ({"throws": {"side": "den", "left": 2}}, "throws.side"),
        ({"throws": {"side": "home", "left": 4}}, "throws.left"),
        ({"throws": {"side": "home", "left": 2}}, "throws"),  # of a quarter that is not the last
        ({"period": 4, "phase": "final", "throws": {"side": "home", "left": 2}}, "throws"),
        ({"ends": 1.2}, "ends"),
        ({"box": {"home": {}}}, "box"),
        ({"box": {"home": {"fga": -1}, "away": {}}}, "box.home.fga"),
        ({"bonus": {"home": 1, "away": 0}}, "bonus"),
        ({"lines": {"total": "many"}}, "lines.total"),
        ({"lines": {"home_spread": -4.5, "total": 3}}, "lines"),
        ({"bets": ["DEN -4.5", "what?"]}, "bets[1]"),
        ({"bets": "DEN -4.5"}, "bets"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    """The answer to a wrong line says which field is wrong, in a sentence."""
    answer, good = ask(**changes)
    assert not good
    assert answer["id"] == "x"
    assert answer["error"]["field"] == field
    assert len(answer["error"]["message"]) > 10


@pytest.mark.parametrize(
    ("home", "said"),
    [("Los Angeles", "LAC or LAL"), ("Denver Nugets", "no team of the NBA is called")],
)
def test_a_team_that_is_none_is_named(home: str, said: str) -> None:
    """An ambiguous name and an unknown one."""
    answer, good = ask(home=home)
    assert not good
    assert answer["error"]["field"] == "home"
    assert said in answer["error"]["message"]


def test_teams_go_by_any_of_their_names() -> None:
    """Full names are the codes' equals; a code that is not listed is taken as it stands."""
    full, _ = ask(home="Denver Nuggets", away="lakers")
    assert full == ask()[0]
    assert ask(home="HOM", away="AWY", bets=["HOM ML"])[1]


def test_a_bad_line_stops_nobody() -> None:
    """Good lines around a bad one are answered; empty lines and a byte order mark are no fault."""
    good = json.dumps(STATE)
    told = [ok for _, ok in price_lines([f"\ufeff{good}", "", "not json", "[1]", good])]
    assert told == [True, False, False, True]


def test_the_prior_is_told() -> None:
    """Which it is, and where it comes from."""
    assert ask()[0]["prior"] == {"margin": 4.5, "total": 228.5, "source": "lines"}
    assert ask(lines=None)[0]["prior"]["source"] == "league"
    rated = ask(lines=None, ratings={"home": 3.0, "away": -1.0})[0]["prior"]
    assert rated["source"] == "ratings"


def test_without_lines_the_ratings_and_then_the_average_speak() -> None:
    """Lines, ratings and nothing give three priors, each vaguer than the one before."""
    start = {"period": 0, "clock": None, "score": {"home": 0, "away": 0}, "periods": None}
    lines, _ = ask(**start, bets=[])
    ratings, _ = ask(**start, bets=[], lines=None, ratings={"home": 6.0, "away": -4.0})
    nothing, _ = ask(**start, bets=[], lines=None)
    assert ratings["mu"]["margin"] > 9
    assert lines["sigma"]["margin"] < ratings["sigma"]["margin"] < nothing["sigma"]["margin"]
    assert abs(nothing["mu"]["margin"]) < 5


def test_a_game_with_points_has_begun() -> None:
    """Points before tip-off are an error and are not added to the points to come."""
    wrong, good = ask(period=0, score={"home": 61, "away": 58}, periods=None)
    assert not good
    assert wrong["error"]["field"] == "period"


def test_nothing_left_of_the_last_period_is_the_end() -> None:
    """0:00 of the fourth with a lead is final; level, an overtime is to come."""
    done, _ = ask(period=4, clock="00:00", periods=None, bets=["DEN ML"])
    assert done["bets"][0]["win"] == 1
    assert done["sigma"]["margin"] == 0
    level, _ = ask(
        period=4, clock="00:00", periods=None, score={"home": 90, "away": 90}, bets=["DEN ML"]
    )
    assert 0.3 < level["bets"][0]["win"] < 0.7


def test_live_lines_pull_until_the_last_two_minutes() -> None:
    """A fresh live line moves the outlook; a stale one, or one inside 2:00, does not."""
    plain, _ = ask()
    moved, _ = ask(live_lines={"home_spread": -9.5, "total": 215.0})
    assert plain["mu"]["margin"] + 1 < moved["mu"]["margin"] < 9.5
    assert moved["sigma"]["total"] == pytest.approx(plain["sigma"]["total"], rel=0.1)
    stale, _ = ask(live_lines={"home_spread": -9.5, "age": 90})
    assert stale["mu"] == plain["mu"]
    late = {"period": 4, "clock": "1:30", "periods": None}
    assert ask(**late, live_lines={"home_spread": -9.5})[0]["mu"] == ask(**late)[0]["mu"]


def test_parlays_of_one_game_are_joint() -> None:
    """A same-game parlay is no surer than its surest leg, and legs that imply each other agree."""
    legs = ["DEN ML", "DEN -4.5", "parlay: DEN ML; DEN -4.5", "parlay: DEN ML; over 224.5",
            "parlay: 2H over 110.5; over 224.5"]  # fmt: skip
    answer, _ = ask(bets=legs)
    ml, spread, both, mixed, halves = (x["win"] for x in answer["bets"])
    assert both == pytest.approx(min(ml, spread), abs=1e-6)
    assert 0 < mixed <= ml
    assert 0 < halves <= 1
