"""The documents change over time as the real ones do, odd habits included."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest

from tracker.replay import Recording
from tracker.replay.nba_site import LIVE, SCHEDULES, SCOREBOARD, NbaSite
from tracker.replay.playback import Correction, Playback, Showing

TIP = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
GAME = "0022500680"
BOX = f"{LIVE}/boxscore/boxscore_{GAME}.json"
PLAYS = f"{LIVE}/playbyplay/playbyplay_{GAME}.json"
MAXEY = 1630178


@pytest.fixture(scope="module")
def site(games: dict[str, Recording]) -> NbaSite:
    """The four games of 29 January 2026, at their recorded times."""
    return NbaSite([Playback(g) for g in games.values() if g.id.startswith("00225")])


def board(site: NbaSite, now: datetime) -> dict[str, Any]:
    """A parsed scoreboard, with its games by id."""
    page = site.page(SCOREBOARD, now)
    assert page is not None
    document = json.loads(page.body)
    games = {game["gameId"]: game for game in document["scoreboard"]["games"]}
    return {"time": document["meta"]["time"], "day": document["scoreboard"]["gameDate"], **games}


def box(site: NbaSite, now: datetime, path: str = BOX) -> Any:
    """A parsed box score."""
    page = site.page(path, now)
    assert page is not None
    return json.loads(page.body)


def player(document: Any, person: int) -> Any:
    """One player of a box score."""
    teams = (document["game"]["homeTeam"], document["game"]["awayTeam"])
    return next(p for team in teams for p in team["players"] if p["personId"] == person)


def test_the_board_turns_over_about_noon_in_the_east(site: NbaSite) -> None:
    """Last night's finals stay until noon; the next day's board has none of them."""
    before = board(site, datetime(2026, 1, 30, 16, 59, tzinfo=UTC))
    after = board(site, datetime(2026, 1, 30, 17, 0, tzinfo=UTC))
    assert (before["day"], before[GAME]["gameStatus"]) == ("2026-01-29", 3)
    assert (after["day"], GAME in after) == ("2026-01-30", False)


def test_a_final_box_stays_after_the_board_has_turned(site: NbaSite) -> None:
    """A box can be read by its id on any later day."""
    assert box(site, TIP + timedelta(days=3))["game"]["gameStatus"] == 3


def test_a_box_can_be_had_from_an_hour_before_tip_off(site: NbaSite) -> None:
    """Until then its path has nothing, like that of an unknown game."""
    assert site.page(BOX, TIP - timedelta(minutes=61)) is None
    assert site.page(BOX, TIP - timedelta(minutes=60)) is not None
    assert site.page(PLAYS, TIP) is None
    assert site.page(f"{LIVE}/boxscore/boxscore_0029999999.json", TIP) is None
    assert site.page("/robots.txt", TIP) is None


def test_before_tip_off_the_box_counts_down(site: NbaSite) -> None:
    """The clock counts down to the true start in period 0, with the starters on court."""
    early, later = box(site, TIP - timedelta(minutes=30)), box(site, TIP)
    assert (early["game"]["gameClock"], later["game"]["gameClock"]) == (
        "PT41M19.00S",
        "PT11M19.00S",
    )
    assert (later["game"]["period"], later["game"]["gameStatus"]) == (0, 1)
    assert later["game"]["gameStatusText"] == "pregame"
    assert player(later, MAXEY)["oncourt"] == "1"
    assert player(later, MAXEY)["played"] == "0"
    assert later["meta"]["time"] > early["meta"]["time"]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("2026-01-29T23:00", (1, "7:00 pm ET", "", 0)),
        ("2026-01-30T00:20", (2, "Q1 06:29", "PT06M29.00S", 1)),
        ("2026-01-30T00:39", (2, "End Q1", "PT00M00.00S", 1)),
        ("2026-01-30T01:20", (2, "Half", "PT00M00.00S", 2)),
        ("2026-01-30T02:35", (2, "Q4 1.3", "PT00M01.30S", 4)),
        ("2026-01-30T03:00", (3, "Final", "", 4)),
    ],
)
def test_the_board_says_where_a_game_stands(
    site: NbaSite, clock: str, expected: tuple[int, str, str, int]
) -> None:
    """Each phase has its status, text, clock and period; bonus and true Eastern time come live."""
    game = board(site, datetime.fromisoformat(f"{clock}:00+00:00"))[GAME]
    texts = (game["gameStatus"], game["gameStatusText"], game["gameClock"], game["period"])
    assert texts == expected
    live = game["gameStatus"] == 2
    assert game["gameTimeUTC"] == "2026-01-30T00:00:00Z"
    assert game["gameEt"] == ("2026-01-29T19:00:00-05:00" if live else "2026-01-29T19:00:00Z")
    assert game["homeTeam"]["inBonus"] in ({"0", "1"} if live else {None})


def test_times_of_writing_are_as_odd_as_the_real_ones(site: NbaSite) -> None:
    """The board's time is on twelve hours with minutes and seconds twice; the box's is Eastern."""
    now = datetime(2026, 1, 30, 1, 20, tzinfo=UTC)
    assert board(site, datetime(2026, 1, 29, 18, 0, tzinfo=UTC))["time"] == (
        "2026-01-29 12:00:00.0000"
    )
    assert board(site, now)["time"].startswith("2026-01-29 08:1")
    assert box(site, now)["meta"]["time"] == "2026-01-29 20:14:00.700000"


def test_a_document_stays_the_same_bytes_until_something_happens(site: NbaSite) -> None:
    """Between two actions neither box nor board changes, not even its time."""
    now = datetime(2026, 1, 30, 1, 20, tzinfo=UTC)
    later = now + timedelta(seconds=60)
    for path in (BOX, PLAYS):
        assert site.page(path, now) == site.page(path, later)


def test_team_rebounds_are_in_the_teams_total_alone(site: NbaSite) -> None:
    """A team's total exceeds its players' sum, which is in reboundsPersonal."""
    team = box(site, TIP + timedelta(hours=4))["game"]["awayTeam"]
    players = sum(p["statistics"]["reboundsTotal"] for p in team["players"])
    assert players == team["statistics"]["reboundsPersonal"] == 46
    assert team["statistics"]["reboundsTotal"] == 55


def test_a_recording_plays_on_any_night(games: dict[str, Recording]) -> None:
    """When a game is moved, every date and time in it moves along."""
    tip = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    site = NbaSite([Playback(games["LAC@LAL"], tip_off=tip)])
    live = board(site, tip + timedelta(hours=1))
    game = live["0022300127"]
    assert live["day"] == "2026-11-20"
    assert game["gameCode"] == "20261120/LACLAL"
    assert game["gameEt"] == "2026-11-20T22:00:00-05:00"
    assert game["gameStatusText"].startswith("Q2")
    page = site.page(SCHEDULES[1], tip)
    assert page is not None
    (day,) = json.loads(page.body)["leagueSchedule"]["gameDates"]
    assert day["gameDate"] == "11/20/2026 00:00:00"
    assert day["games"][0]["gameDateTimeUTC"] == "2026-11-21T03:00:00Z"
    assert day["games"][0]["gameStatusText"] == "10:00 pm ET"


def test_two_hours_after_the_final_the_box_is_written_anew(site: NbaSite) -> None:
    """Without corrections only its time changes."""
    ends = next(g for g in site.games if g.playback.recording.id == GAME).ends
    before = box(site, ends + timedelta(minutes=119))
    after = box(site, ends + timedelta(minutes=121))
    assert before["meta"]["time"] != after["meta"]["time"]
    assert before["game"] == after["game"]


def test_a_correction_changes_the_box_and_the_score(games: dict[str, Recording]) -> None:
    """Points taken off a player come off the team, its period and the board."""
    fixes = (Correction(MAXEY, "points", -2, period=4), Correction(MAXEY, "assists", 1))
    site = NbaSite([Playback(games["SAC@PHI"], corrections=fixes)])
    ends = site.games[0].ends
    before, after = box(site, ends), box(site, ends + timedelta(hours=2))
    was, now = (player(d, MAXEY)["statistics"] for d in (before, after))
    assert (now["points"] - was["points"], now["assists"] - was["assists"]) == (-2, 1)
    assert after["game"]["homeTeam"]["score"] == 111
    assert after["game"]["homeTeam"]["periods"][3]["score"] == 23
    assert board(site, ends + timedelta(hours=3))[GAME]["homeTeam"]["score"] == 111
    with pytest.raises(ValueError, match="player 42 is not in SAC@PHI"):
        NbaSite([Playback(games["SAC@PHI"], corrections=(Correction(42, "points", 1),))])
    with pytest.raises(ValueError, match="no line of a player has 'dunks'"):
        NbaSite([Playback(games["SAC@PHI"], corrections=(Correction(MAXEY, "dunks", 1),))])


def test_a_score_can_be_wrong_for_a_while_and_then_fall(games: dict[str, Recording]) -> None:
    """A basket given and taken back in play lowers the score to the right one."""
    wrong = Correction(
        MAXEY, "points", 3, after=-timedelta(minutes=60), until=-timedelta(minutes=59)
    )
    site = NbaSite([Playback(games["SAC@PHI"], corrections=(wrong,))])
    plain = NbaSite([Playback(games["SAC@PHI"])])
    since = site.games[0].ends - timedelta(minutes=60)
    off = []
    for seconds in (-1, 0, 59, 60):
        now = since + timedelta(seconds=seconds)
        teams = [board(s, now)[GAME]["homeTeam"] for s in (site, plain)]
        off.append(teams[0]["score"] - teams[1]["score"])
        assert sum(p["score"] for p in teams[0]["periods"]) == teams[0]["score"]
    assert off == [0, 3, 3, 0]


def test_nothing_is_seen_before_it_happens(games: dict[str, Recording]) -> None:
    """No document shows a change before its time, not even by a microsecond."""
    showing = Showing(Playback(games["SAC@PHI"]))
    for state in showing.game.states[1:]:
        at = TIP + timedelta(milliseconds=state.at)
        assert showing.view(at - timedelta(microseconds=400)).state.at < state.at
        assert showing.view(at).changed == at


def test_a_game_is_given_once(games: dict[str, Recording]) -> None:
    """Two playbacks of one game are refused: both would be at the same path."""
    with pytest.raises(ValueError, match="give each game once"):
        NbaSite([Playback(games["SAC@PHI"]), Playback(games["SAC@PHI"])])


def test_only_games_that_the_site_can_show_are_taken(games: dict[str, Recording]) -> None:
    """Another league's game is left out, and a tip-off without a zone refused."""
    assert NbaSite([Playback(replace(games["SAC@PHI"], league="wnba"))]).games == ()
    with pytest.raises(ValueError, match="the tip-off of SAC@PHI needs a time zone"):
        Playback(games["SAC@PHI"], tip_off=TIP.replace(tzinfo=None))


def test_no_games_is_an_empty_board() -> None:
    """Without games, as in summer, the board is empty."""
    assert set(board(NbaSite([]), TIP)) == {"time", "day"}


def test_a_rehearsal_can_ask_often(site: NbaSite) -> None:
    """A document takes milliseconds, so that a night can pass in two minutes."""
    start = perf_counter()
    for second in range(0, 6000, 60):
        site.page(SCOREBOARD, TIP + timedelta(seconds=second))
        site.page(BOX, TIP + timedelta(seconds=second))
    assert (perf_counter() - start) / 200 < 0.02


def test_a_foul_says_how_many_throws_it_gives_before_they_are_shot(site: NbaSite) -> None:
    """Free throws are numbered as the league numbers them, and told by the foul that gave them."""

    def last(minute: int, second: int) -> list[Any]:
        at = datetime(2026, 1, 30, 2, minute, second, tzinfo=UTC)
        return [
            (x["actionType"], x["subType"], x["qualifiers"])
            for x in box(site, at, PLAYS)["game"]["actions"][-2:]
        ]

    assert last(30, 0)[-1] == ("foul", "personal", ["2freethrow"])
    assert last(30, 40) == [("freethrow", "1 of 2", []), ("freethrow", "2 of 2", [])]
    assert last(34, 15)[-1] == ("foul", "personal", ["1freethrow"])
