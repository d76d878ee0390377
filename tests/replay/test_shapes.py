"""Every replayed document has the keys, their order and the types of a real one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tracker.replay import Recording
from tracker.replay.nba_site import LIVE, SCHEDULES, SCOREBOARD, NbaSite
from tracker.replay.playback import Playback
from tracker.replay.words import final_text

PREGAME = datetime(2026, 1, 29, 23, 40, tzinfo=UTC)
LIVE_AT = datetime(2026, 1, 30, 1, 0, tzinfo=UTC)
FINAL = datetime(2026, 1, 30, 6, 30, tzinfo=UTC)
BOX = f"{LIVE}/boxscore/boxscore_0022500680.json"
PLAYS = f"{LIVE}/playbyplay/playbyplay_0022500680.json"

# Keys that the feed has added since the captured documents, and figures of the team's own shots.
LATER = {
    "ifNecessary",
    "seed",
    "gameLabel",
    "gameSubLabel",
    "isNeutral",
    "seriesConference",
    "poRoundDesc",
    "gameSubtype",
    "teamFieldGoalAttempts",
}
# Facts that a recording does not keep, and so are not served.
DROPPED = {"notPlayingDescription"}
# These are null in a season's games and numbers in a play-off's.
EITHER = {"seed"}


def differences(real: Any, ours: Any, path: str = "") -> list[str]:
    """Where keys, their order or types differ, by path. Lists are compared by their first item."""
    if isinstance(real, dict) and isinstance(ours, dict):
        found = [f"{path}.{key} missing" for key in real.keys() - ours.keys() - DROPPED]
        found += [f"{path}.{key} invented" for key in ours.keys() - real.keys() - LATER]
        both = real.keys() & ours.keys()
        if [key for key in real if key in both] != [key for key in ours if key in both]:
            found.append(f"{path} in another order")
        for key in both - EITHER:
            found += differences(real[key], ours[key], f"{path}.{key}")
        return found
    if isinstance(real, list) and isinstance(ours, list):
        return differences(real[0], ours[0], f"{path}[]") if real and ours else []
    return [] if type(real) is type(ours) else [f"{path}: {ours!r} for {real!r}"]


@pytest.fixture(scope="module")
def site(games: dict[str, Recording]) -> NbaSite:
    """The four games of 29 January 2026."""
    return NbaSite([Playback(g) for g in games.values() if g.id.startswith("00225")])


def fetch(site: NbaSite, path: str, now: datetime) -> Any:
    """A parsed document."""
    page = site.page(path, now)
    assert page is not None
    return json.loads(page.body)


def entry(board: Any, game_id: str) -> Any:
    """One game of a scoreboard."""
    return next(g for g in board["scoreboard"]["games"] if g["gameId"] == game_id)


@pytest.mark.parametrize(
    ("name", "path", "now"),
    [
        ("scoreboard_scheduled", SCOREBOARD, PREGAME),
        ("scoreboard_live_and_final", SCOREBOARD, LIVE_AT),
        ("boxscore_pregame", BOX, PREGAME),
        ("boxscore_final", BOX, FINAL),
        ("schedule", SCHEDULES[0], LIVE_AT),
    ],
)
def test_documents_have_the_shape_of_the_real_ones(
    site: NbaSite, real: Callable[[str], Any], name: str, path: str, now: datetime
) -> None:
    """Keys, their order and types are equal at every level."""
    assert differences(real(name), fetch(site, path, now)) == []


def test_each_kind_of_player_has_the_shape_of_the_real_one(
    site: NbaSite, real: Callable[[str], Any]
) -> None:
    """Starters, substitutes, idle, unfit and inactive players have the fields of real ones."""
    ours = {p["personId"]: p for p in fetch(site, BOX, FINAL)["game"]["homeTeam"]["players"]}
    players = real("boxscore_final")["game"]["homeTeam"]["players"]
    assert len(players) == 5
    for player in players:
        assert differences(player, ours[player["personId"]]) == []


def test_a_final_scoreboard_has_the_shape_of_the_real_one(
    site: NbaSite, real: Callable[[str], Any]
) -> None:
    """The bonus and the slug are null again, and the clock is empty."""
    theirs = entry(real("scoreboard_live_and_final"), "0042200123")
    ours = entry(fetch(site, SCOREBOARD, FINAL), "0022500680")
    assert differences(theirs, ours) == []
    assert (ours["gameClock"], ours["homeTeam"]["inBonus"]) == ("", None)


def test_an_overtime_has_the_shape_of_the_real_one(
    games: dict[str, Recording], real: Callable[[str], Any]
) -> None:
    """Periods after the fourth are of type OVERTIME; the box says only Final."""
    game = games["LAC@LAL"]
    site = NbaSite([Playback(game)])
    box = fetch(site, f"{LIVE}/boxscore/boxscore_{game.id}.json", site.games[0].ends)["game"]
    theirs = real("boxscore_final_2ot")["game"]
    assert box["homeTeam"]["periods"][4].keys() == theirs["homeTeam"]["periods"][4].keys()
    assert [p["periodType"] for p in box["homeTeam"]["periods"]] == [
        p["periodType"] for p in theirs["homeTeam"]["periods"]
    ][:5]
    assert box["gameStatusText"] == theirs["gameStatusText"] == "Final"
    board = fetch(site, SCOREBOARD, site.games[0].ends)
    assert entry(board, game.id)["gameStatusText"] == "Final/OT "


def test_each_kind_of_action_has_the_keys_of_the_real_one(
    site: NbaSite, real: Callable[[str], Any]
) -> None:
    """Every kind of action has the keys that a real one always has, in the right types."""
    ours = {
        (a["actionType"], a.get("shotResult"), a["personId"] == 0): a
        for a in fetch(site, PLAYS, FINAL)["game"]["actions"]
    }
    always = {
        "actionNumber", "clock", "timeActual", "period", "periodType", "actionType", "subType",
        "qualifiers", "personId", "x", "y", "possession", "scoreHome", "scoreAway", "edited",
        "orderNumber", "isTargetScoreLastPeriod", "xLegacy", "yLegacy", "isFieldGoal", "side",
        "description", "personIdsFilter", "teamId", "teamTricode", "playerName", "playerNameI",
        "shotResult", "assistPersonId", "blockPersonId", "foulDrawnPersonId",
    }  # fmt: skip
    nullable = {"x", "y", "xLegacy", "yLegacy", "side"}
    actions = real("playbyplay")["game"]["actions"]
    assert len(actions) > 20
    for action in actions:
        mine = ours[action["actionType"], action.get("shotResult"), action["personId"] == 0]
        optional = {"assistPersonId", "blockPersonId", "foulDrawnPersonId"}
        assert (always & action.keys()) - optional <= mine.keys()
        for key in (always & action.keys() & mine.keys()) - nullable:
            assert type(mine[key]) is type(action[key]), key


def test_the_figures_of_a_final_box_are_the_real_ones(
    site: NbaSite, real: Callable[[str], Any]
) -> None:
    """All figures of teams and players equal those left in the trimmed real box."""
    theirs = real("boxscore_final")["game"]
    ours = fetch(site, BOX, FINAL)["game"]
    for side in ("homeTeam", "awayTeam"):
        for key, value in theirs[side]["statistics"].items():
            assert ours[side]["statistics"][key] == (
                pytest.approx(value) if isinstance(value, float) else value
            ), key
        players = {player["personId"]: player for player in ours[side]["players"]}
        for player in theirs[side]["players"]:
            mine = players[player["personId"]]
            for key in player.keys() - DROPPED - {"statistics"}:
                assert mine[key] == player[key]
            for key, value in player["statistics"].items():
                assert mine["statistics"][key] == (
                    pytest.approx(value) if isinstance(value, float) else value
                ), key


def test_finals_are_worded_as_the_real_ones(games: dict[str, Recording]) -> None:
    """One overtime has a blank after it, two have their number."""
    site = NbaSite([Playback(games["LAC@LAL"])])
    view = site.games[0].view(site.games[0].ends)
    texts = [
        final_text(view._replace(state=view.state._replace(period=period))) for period in (4, 5, 6)
    ]
    assert texts == ["Final", "Final/OT ", "Final/OT2"]
