"""Promises of reading ESPN: recorded documents, and each known habit of the source."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.feeds.espn_pages import board, event, kind, lines
from tests.feeds.serving import document, encoded, fixture
from tracker.domain.game import GameState, Phase, Score, Side
from tracker.domain.poll import Trouble, Unreadable
from tracker.feeds import FeedMalformed
from tracker.feeds.espn import espn_source

NBA, WNBA, MEN = espn_source("nba"), espn_source("wnba"), espn_source("ncaam")


def state(found: dict[str, Any], league: str = "nba") -> GameState:
    """The state parsed from a single event."""
    ((_, reading),) = espn_source(league).parse_board(board(found)).games
    assert isinstance(reading, GameState), reading
    return reading


def fault(found: dict[str, Any], league: str = "nba") -> str:
    """Why a single event has no state."""
    ((_, reading),) = espn_source(league).parse_board(board(found)).games
    assert isinstance(reading, Unreadable), reading
    assert reading.trouble is Trouble.MALFORMED
    return reading.why


def test_a_recorded_board_of_the_nba() -> None:
    """Scheduled, final and live games are read with our codes, periods and the league's dates."""
    found = NBA.parse_board(fixture("espn_board_nba"))
    assert found.spoilt == ()
    assert [(x.name, x.slate.isoformat()) for x, _ in found.games] == [
        ("GSW@WAS", "2022-09-30"),
        ("CHA@BOS", "2022-10-02"),
        ("UTA@TOR", "2022-10-02"),
        ("UTA@DET", "2022-12-20"),
        ("BOS@DET", "2026-10-20"),
    ]
    reported = [x for _, x in found.games if isinstance(x, GameState)]
    assert [x.game_clock for x in reported] == [
        "Scheduled",
        "Final",
        "Q2 1:38",
        "Scheduled",
        "Scheduled",
    ]
    assert reported[1].score == Score(134, 93)
    assert reported[1].periods == (Score(29, 24), Score(39, 22), Score(39, 31), Score(27, 16))
    assert reported[2].periods == (Score(22, 22), Score(25, 19))
    assert reported[0].periods == ()
    assert reported[2].game.start == datetime(2022, 10, 2, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "neutral"), [(True, True), (False, False), (..., False), (1, False)]
)
def test_a_neutral_court_is_read(told: object, neutral: bool) -> None:
    """Only a plain yes makes a court neutral."""
    assert state(event(game__neutralSite=told)).game.neutral is neutral


def test_a_recorded_board_of_the_wnba() -> None:
    """ESPN's codes become the league's; All-Star teams keep ESPN's."""
    found = WNBA.parse_board(fixture("espn_board_wnba"))
    assert [x.name for x, _ in found.games] == ["SEA@NYL", "LVA@CON", "COL@CLA", "GSV@MIN"]
    reported = [x for _, x in found.games if isinstance(x, GameState)]
    assert [x.phase.value for x in reported] == ["final", "final", "final", "scheduled"]
    assert (reported[0].score, reported[0].periods, reported[0].period) == (Score(70, 79), None, 4)


def test_a_recorded_summary_has_the_players() -> None:
    """A final without period or clock is read, with figures by column name and who did not play."""
    found = WNBA.parse_box(fixture("espn_summary_wnba_final"))
    assert (found.game.id, found.game.name, found.phase) == ("401736393", "ATL@CON", Phase.FINAL)
    assert (found.score, found.period, found.clock) == (Score(72, 88), 4, 0.0)
    assert found.periods == (Score(13, 31), Score(15, 20), Score(30, 20), Score(14, 17))
    players, names = {x.name: x for x in found.players}, [x.name for x in found.players]
    assert len(players) == 24
    gray = players["Allisha Gray"]
    assert (gray.side, gray.id, gray.minutes, gray.fouls) == (
        Side.AWAY,
        "espn:3058901",
        20.0,
        1,
    )
    assert dict(gray.stats) == {
        "pts": 13,
        "reb": 2,
        "ast": 5,
        "stl": 0,
        "blk": 1,
        "3pm": 3,
        "to": 1,
    }
    assert (gray.starter, gray.played, gray.note, gray.on_court) == (True, True, None, False)
    sent_off = fixture("espn_summary_wnba_final").replace(b'"ejected":false', b'"ejected":true', 1)
    assert [x.name for x in WNBA.parse_box(sent_off).players if x.note == "ejected"] == [names[0]]
    lacan = players["Leila Lacan"]
    assert (lacan.played, lacan.stats, lacan.note) == (False, (), "PERSONAL")
    for side in Side:
        points = sum(dict(x.stats)["pts"] for x in found.players if x.side is side and x.played)
        assert points == found.score.of(side)


def test_who_has_no_figures_has_not_played_and_nobody_is_on_the_court_at_the_end() -> None:
    """A player without figures has not played, marked or not; `active` means nothing at the end."""
    body = document("espn_summary_wnba_final")
    found = {x.name: x for x in WNBA.parse_box(encoded(body)).players}
    assert not any(x.on_court for x in found.values())
    text = json.dumps(body).replace('"didNotPlay": true', '"didNotPlay": false')
    unmarked = {x.name: x for x in WNBA.parse_box(text.encode()).players}
    assert [x for x in unmarked if not unmarked[x].played] == [
        x for x in found if not found[x].played
    ]


def test_a_reason_rules_out_who_did_not_play_unless_it_is_the_coach() -> None:
    """ESPN gives every player a reason; it means something of those who did not play alone."""
    body = document("espn_summary_wnba_final")
    found = {x.name: x for x in WNBA.parse_box(encoded(body)).players}
    assert found["Leila Lacan"].out
    assert not any(x.out for x in found.values() if x.played)
    text = json.dumps(body).replace('"PERSONAL"', '"COACH\'S DECISION"')
    found = {x.name: x for x in WNBA.parse_box(text.encode()).players}
    assert (found["Leila Lacan"].out, found["Leila Lacan"].played) == (False, False)


def test_figures_shown_before_tip_off_mean_nothing() -> None:
    """A summary of a game that has not begun gives its players without any figures."""
    body = document("espn_summary_wnba_final")
    competition = body["header"]["competitions"][0]
    competition["status"] = {"type": kind("STATUS_SCHEDULED", "pre")}
    for side in competition["competitors"]:
        side["score"] = "0"
    found = WNBA.parse_box(encoded(body))
    assert (found.phase, len(found.players)) == (Phase.SCHEDULED, 24)
    assert all(x.stats == () and x.minutes == 0 and not x.played for x in found.players)


def test_minutes_that_no_game_has_are_not_believed() -> None:
    """A player with more minutes than ten overtimes have is an error that names him."""
    body = document("espn_summary_wnba_final")
    table = body["boxscore"]["players"][0]["statistics"][0]
    table["athletes"][0]["stats"][table["keys"].index("minutes")] = "120"
    with pytest.raises(FeedMalformed, match="minutes is 120"):
        WNBA.parse_box(encoded(body))


def test_columns_without_keys_go_by_their_labels() -> None:
    """An older summary names its columns by `labels` alone, in any order."""
    body = document("espn_summary_wnba_final")
    body["boxscore"]["players"] = document("espn_summary_old_columns")["boxscore"]["players"]
    for team, code in zip(body["boxscore"]["players"], ("ATL", "CON"), strict=True):
        team["team"] = {"id": "1", "abbreviation": code, "displayName": ""}
    table = body["boxscore"]["players"][0]["statistics"][0]
    table["labels"].reverse()
    for player in table["athletes"]:
        player["stats"].reverse()
    found = {x.name: x for x in WNBA.parse_box(encoded(body)).players}
    assert dict(found["Nneka Ogwumike"].stats)["pts"] == 15
    assert dict(found["Breanna Stewart"].stats)["3pm"] == 0
    assert not found["Katie Lou Samuelson"].played


def test_a_board_and_a_summary_of_one_moment_are_equal() -> None:
    """A board and a summary of one moment give equal states."""
    found = event()
    header = {"id": found["id"], "competitions": found["competitions"]}
    assert NBA.parse_box(encoded({"header": header})) == state(found)


@pytest.mark.parametrize(
    ("shown", "number", "seconds"),
    [
        ("1:38", 98.0, 98.0),
        ("45.3", 45.3, 45.3),
        ("0:07", 7.0, 7.0),
        (":07.9", 7.9, 7.9),
        ("12:00", 720.0, 720.0),
        ("", 98.0, 98.0),
        ("0.0", 98.0, 98.0),
        (None, 98.5, 98.5),
    ],
)
def test_the_clock_in_every_form(shown: str | None, number: float, seconds: float) -> None:
    """The clock is read as shown, with tenths, or from its number where nothing is shown."""
    found = state(event(status__displayClock=shown, status__clock=number))
    assert (found.phase, found.clock) == (Phase.LIVE, seconds)


@pytest.mark.parametrize(
    ("league", "told", "means"),
    [("nba", 2, "Half"), ("nba", 3, "Half"), ("ncaam", 1, "Half"), ("ncaam", 2, "Half")],
)
def test_halftime(league: str, told: int, means: str) -> None:
    """Halftime comes after the second quarter or the first half, whichever period ESPN gives."""
    quiet: dict[str, Any] = {"game__format": None, "home__linescores": ..., "away__linescores": ...}
    found = event(
        status__type=kind("STATUS_HALFTIME", "in"),
        status__period=told,
        status__displayClock="0:00",
        **quiet,
    )
    found_state = state(found, league)
    assert (found_state.game_clock, found_state.phase) == (means, Phase.BREAK)
    assert found_state.period * 2 == found_state.game.rules.periods


def test_the_end_of_a_period() -> None:
    """A period ends by its status: at zero, free throws may be to come; a new one has not begun."""
    said = event(status__type=kind("STATUS_END_PERIOD", "in"), status__displayClock="0:00")
    assert state(said).game_clock == "Half"
    assert state(event(status__displayClock="0.0", status__clock=0.0)).game_clock == "Q2 0:00"
    begun = event(status__displayClock="0.0", status__clock=0.0, status__period=3)
    assert state(begun).game_clock == "Q3 12:00"
    assert state(begun).periods == (Score(22, 22), Score(25, 19), Score(0, 0))


def test_the_end_of_the_last_period() -> None:
    """At zero a last shot may count, tied or not; with a leader a blank clock is wrong."""
    late: dict[str, Any] = {
        "status__period": 4,
        "home__linescores": [],
        "away__linescores": [],
        "home__score": "101",
        "status__clock": 0.0,
        "type__detail": "0.0 - 4th Quarter",
    }
    level = state(event(status__displayClock="0.0", away__score="101", **late))
    assert (level.phase, level.clock) == (Phase.LIVE, 0.0)
    ahead = state(event(status__displayClock="0.0", away__score="100", **late))
    assert (ahead.phase, ahead.clock) == (Phase.LIVE, 0.0)
    said = kind("STATUS_END_PERIOD", "in")
    over = state(event(status__displayClock="0.0", away__score="100", status__type=said, **late))
    assert over.phase is Phase.BREAK
    blank = fault(
        event(status__displayClock="", away__score="100", **{**late, "status__clock": None})
    )
    assert "displayClock" in blank
    nothing = {"status__displayClock": "", "status__clock": None}
    assert "blank in a game in play" in fault(event(**nothing))


def test_a_period_that_contradicts_its_words_is_not_believed() -> None:
    """A period other than the one in the text is malformed, but as it begins; overtimes apart."""
    for period in (3, 4):
        why = f"status.period is {period} beside the words"
        assert why in fault(event(status__period=period))
    late = {"status__displayClock": "11:58", "status__clock": 718.0}
    assert state(event(status__period=3, **late)).period == 3
    said = {"status__period": 6, "type__detail": "1:38 - 2nd OT", "game__format": None}
    assert state(event(**said)).game_clock == "2OT 1:38"


def test_an_overtime_that_is_told_twice_is_read_whatever_the_lists_say() -> None:
    """Points of it that are listed in regulation leave the points by period unknown."""
    lists = [[{"value": float(x)} for x in y] for y in ((25, 25, 25, 35, 0), (25, 25, 25, 28, 5))]
    said: dict[str, Any] = {
        "status__period": 5,
        "status__displayClock": "3:00",
        "status__clock": 180.0,
        "home__score": "110",
        "away__score": "108",
        "home__linescores": lists[0],
        "away__linescores": lists[1],
    }
    read = state(event(type__detail="3:00 - OT", **said))
    assert (read.game_clock, read.score.text, read.periods) == ("OT 3:00", "108-110", None)
    assert "was not level" in fault(event(type__detail="", **said))


def test_a_final_whose_words_are_of_play_is_not_believed() -> None:
    """A finished game says `Final`; a clock that a feed leaves beside it says nothing."""
    over = {"type__name": "STATUS_FINAL", "type__state": "post", "type__completed": True}
    over |= {"status__period": 4, "home__score": "90", "away__score": "88"}
    ((_, wrong),) = espn_source("nba").parse_board(board(event(**over))).games
    assert isinstance(wrong, Unreadable)
    assert wrong.claim == "said final at 1:38 - 2nd quarter"
    ended = event(**over, type__detail="Final", status__displayClock="1:38")
    assert state(ended).phase is Phase.FINAL


@pytest.mark.parametrize(
    ("name", "completed", "phase"),
    [
        ("STATUS_POSTPONED", False, Phase.POSTPONED),
        ("STATUS_CANCELED", False, Phase.CANCELLED),
        ("STATUS_CANCELED", True, Phase.CANCELLED),
    ],
)
def test_post_is_not_final(name: str, completed: bool, phase: Phase) -> None:
    """A game that is called off is `post` too, sometimes even completed, and is no final."""
    found = state(event(status__type=kind(name, "post", completed=completed), home__score="0"))
    assert (found.phase, found.score, found.period) == (phase, Score(0, 0), 0)


@pytest.mark.parametrize(
    ("name", "completed"),
    [("STATUS_FINAL", False), ("STATUS_ABANDONED", True), ("STATUS_FORFEIT", True)],
)
def test_what_is_not_surely_final_is_not_believed(name: str, completed: bool) -> None:
    """A forfeit, or an unknown status, is left to a person."""
    assert "status.type" in fault(event(status__type=kind(name, "post", completed=completed)))


@pytest.mark.parametrize(
    ("detail", "period", "points", "clock"),
    [
        ("Final", None, (30, 30, 30, 30), "Final"),
        ("Final", 4, (30, 30, 30, 30), "Final"),
        ("Final/OT", None, (30, 30, 30, 25, 5), "Final/OT"),
        ("Final/2OT", None, (30, 30, 30, 20, 5, 5), "Final/2OT"),
        ("Final/2OT", 6, (30, 30, 30, 20, 5, 5), "Final/2OT"),
        ("Final/OT", 4, (30, 30, 30, 25, 5), "Final/OT"),
    ],
)
def test_the_last_period_of_a_final(
    detail: str, period: int | None, points: tuple[int, ...], clock: str
) -> None:
    """It comes from the period, from the text, or from the number of periods with points."""
    found = state(
        event(
            status__type=kind("STATUS_FINAL", "post", completed=True, detail=detail),
            status__period=period,
            home__score="120",
            away__score=str(sum(points) - 1),
            home__linescores=lines(*points),
            away__linescores=lines(points[0] - 1, *points[1:]),
        )
    )
    assert (found.game_clock, found.phase) == (clock, Phase.FINAL)
    assert found.periods is not None
    assert len(found.periods) == len(points)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"home__score": ...}, "competitors.home.score is missing"),
        ({"away__score": ""}, "competitors.away.score is missing"),
        ({"home__score": None}, "competitors.home.score is missing"),
        ({"home__score": "-1"}, "competitors.home.score is no score"),
        ({"home__score": "501"}, "competitors.home.score is no score"),
        ({"home__score": 47.0}, "competitors.home.score is no whole number"),
        ({"home__score": True}, "competitors.home.score is no whole number"),
        ({"status__displayClock": "soon"}, "status.displayClock is no clock"),
        ({"status__displayClock": "12:01"}, "status.displayClock is more than period 2 has"),
        ({"status__displayClock": "", "status__clock": -3.0}, "status.clock is negative"),
        ({"status__period": 0}, "status.period is 0 in a game with points"),
        ({"type__state": "during"}, "status.type.state is none of"),
        ({"game__format": {"regulation": {"periods": 2}}}, "format.regulation.periods is not 4"),
    ],
)
def test_what_cannot_be_believed_is_named(changes: dict[str, Any], field: str) -> None:
    """The error names the field and the problem; other games of the board are unaffected."""
    assert field in fault(event(**changes))
    found = NBA.parse_board(board(event(**changes), event(id="401474999")))
    assert isinstance(found.games[1][1], GameState)


def test_a_score_may_be_a_number() -> None:
    """A score is usually text, but a whole number is accepted."""
    assert state(event(home__score=47, away__score=41)).score == Score(47, 41)


def test_points_by_period_that_do_not_add_up_are_left_out() -> None:
    """The score is kept; the points by period are unknown."""
    assert state(event(home__linescores=lines(22, 24))).periods is None
    assert state(event(home__linescores=[{"value": "x"}, {}])).periods is None


@pytest.mark.parametrize("wrong", [{}, {"id": 7}, None, [], {"id": "1", "competitions": []}])
def test_an_event_that_is_none_spoils_only_itself(wrong: object) -> None:
    """The rest of the board is read, and the malformed event is reported."""
    found = NBA.parse_board(board(event(), wrong))
    assert len(found.games) == 1
    assert len(found.spoilt) == 1
    assert found.spoilt[0].startswith("events[1].")


def test_an_interrupted_game() -> None:
    """A suspension or delay counts in play; a delay before tip-off does not."""
    assert state(event(status__type=kind("STATUS_SUSPENDED", "in"))).phase is Phase.SUSPENDED
    early = event(
        status__type=kind("STATUS_DELAYED", "pre"),
        status__period=0,
        home__score="0",
        away__score="0",
    )
    assert state(early).phase is Phase.SCHEDULED


def test_a_tip_off_that_is_not_known_counts_on_its_own_day() -> None:
    """Noon stands for the placeholder, midnight Eastern, which is of the evening before."""
    found = event(game__date="2022-10-03T04:00Z", game__timeValid=False)
    ((game, _),) = NBA.parse_board(board(found)).games
    assert (game.slate, game.start) == (date(2022, 10, 3), datetime(2022, 10, 3, 16, tzinfo=UTC))
    ((game, _),) = NBA.parse_board(board(event(game__date="2022-10-03T04:00Z"))).games
    assert game.slate == date(2022, 10, 2)


def test_a_college_that_nobody_listed_can_be_followed() -> None:
    """A college that is not in our catalogue keeps the feed's code; others get ours."""
    found = event(
        game__format={"regulation": {"periods": 2}},
        home_team__abbreviation="ST. A",
        home_team__displayName="St. Andrews Knights",
        away_team__abbreviation="TA&M",
        away_team__displayName="Texas A&M Aggies",
    )
    reported = state(found, "ncaam")
    assert reported.game.name == "TA&M@ST.-A"
    assert (reported.game_clock, reported.seconds_left) == ("2H 1:38", 98.0)


@pytest.mark.parametrize(
    "given", [{"home_team__abbreviation": x} for x in (..., None, "", "St. Andr")]
)
def test_a_guest_without_an_abbreviation_can_be_followed(given: dict[str, object]) -> None:
    """A team that has no proper abbreviation goes by its name, on the board and in the box."""
    found = event(home_team__displayName="St. Andrews Knights", **given)
    reported = state(found, "ncaaw")
    assert reported.game.name in ("UTAH@STANDREWSK", "UTAH@ST.-ANDR")
    assert reported.score.home == 47


@pytest.mark.parametrize("code", ["TBD", "AMER/MSM"])
def test_a_game_of_a_bracket_may_lack_a_team(code: str) -> None:
    """A game whose opponent is not known yet is listed as one that no bet can be on."""
    open_one = event(id="1", away_team__abbreviation=code, away_team__displayName=code)
    read = NBA.parse_board(board(open_one, event()))
    assert [game.name for game, _ in read.games] == ["TBD@TOR", "UTA@TOR"]
    assert [game.undecided for game, _ in read.games] == [True, False]
    assert not read.spoilt
    nobody = event(home_team__abbreviation="TBD", away_team__abbreviation=code)
    assert not NBA.parse_board(board(nobody)).games


def test_the_day_of_a_board() -> None:
    """The board's own day, else that of its first game; an empty board without a day has none."""
    assert NBA.parse_board(board(day={"date": "2022-10-02"})).day == date(2022, 10, 2)
    assert NBA.parse_board(board(event())).day == date(2022, 10, 2)
    assert NBA.parse_board(board()).day is None
    with pytest.raises(FeedMalformed, match=r"day\.date is no date"):
        NBA.parse_board(board(day={"date": "today"}))


def test_addresses() -> None:
    """A board is requested for one day, without range or limit, with all colleges."""
    day = date(2026, 11, 20)
    root = "/apis/site/v2/sports/basketball"
    assert NBA.board_path(day) == f"{root}/nba/scoreboard?dates=20261120"
    assert MEN.board_path(day) == (
        f"{root}/mens-college-basketball/scoreboard?dates=20261120&groups=50"
    )
    assert espn_source("gleague").box_path("401") == f"{root}/nba-development/summary?event=401"
    with pytest.raises(ValueError, match="is not an event id"):
        NBA.box_path("0022500680")
