"""ESPN's replayed documents have the shape of the real ones, and their known traps."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from tests.doubles.clock import FakeClock
from tracker.replay import Recording
from tracker.replay.espn_site import ROOT, EspnSite, welcome
from tracker.replay.playback import Playback, Showing
from tracker.replay.server import serving
from tracker.replay.words import event_id

TIP = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
GAME = "0022500680"
NBA, WNBA, COLLEGE = (f"{ROOT}{x}" for x in ("nba", "wnba", "mens-college-basketball"))
POLITE = {"User-Agent": "courtside/1.0 (+https://courtside.example)"}

# Keys that later captures have and these do not, and those that only some games have.
LATER = {"winner", "linescores", "displayValue", "period", "altDetail", "isActive", "state"}
# Decoration, and facts that a recording does not keep.
DROPPED = {
    "venue", "capacity", "indoor", "links", "logos", "notes", "ejected", "officials",
    "commentaryAvailable", "liveAvailable", "shotChartAvailable", "timeoutsAvailable",
    "possessionArrowAvailable", "onWatchESPN", "wallclockAvailable", "boxscoreSource",
    "playByPlaySource", "boxscoreMinutes", "isTournament", "shortName", "grass",
}  # fmt: skip
PICTURES = {"links", "logos"}


def differences(real: Any, ours: Any, path: str = "") -> list[str]:
    """Where keys or types differ, by path.

    Lists are compared by their first item; numbers are alike.
    """
    if isinstance(real, dict) and isinstance(ours, dict):
        found = [f"{path}.{key} missing" for key in real.keys() - ours.keys() - DROPPED - LATER]
        found += [f"{path}.{key} invented" for key in ours.keys() - real.keys() - LATER - PICTURES]
        for key in real.keys() & ours.keys():
            found += differences(real[key], ours[key], f"{path}.{key}")
        return found
    if isinstance(real, list) and isinstance(ours, list):
        return differences(real[0], ours[0], f"{path}[]") if real and ours else []
    numbers = (int, float)
    if type(real) in numbers and type(ours) in numbers:
        return []
    return [] if type(real) is type(ours) else [f"{path}: {ours!r} for {real!r}"]


@pytest.fixture(scope="module")
def site(games: dict[str, Recording]) -> EspnSite:
    """All shipped games, played at their recorded times."""
    return EspnSite([Showing(Playback(game)) for game in games.values()])


def board(site: EspnSite, now: datetime, league: str = NBA, **query: str) -> Any:
    """A parsed scoreboard, of 29 January 2026 unless a date is given."""
    page = site.page(f"{league}/scoreboard", {"dates": "20260129"} | query, now)
    assert page is not None
    return json.loads(page.body)


def summary(site: EspnSite, now: datetime, game: str = GAME) -> Any:
    """A parsed summary."""
    page = site.page(f"{NBA}/summary", {"event": event_id("nba", game)}, now)
    assert page is not None
    return json.loads(page.body)


def status(document: Any, number: str) -> Any:
    """A game's status on a scoreboard."""
    event = next(x for x in document["events"] if x["id"] == number)
    assert event["status"] == event["competitions"][0]["status"]
    return event["status"]


@pytest.mark.parametrize(
    ("number", "now"),
    [(0, TIP - timedelta(hours=1)), (1, TIP + timedelta(hours=4)), (2, TIP + timedelta(hours=1))],
)
def test_scoreboards_have_the_shape_of_real_ones(
    site: EspnSite, real: Callable[[str], Any], number: int, now: datetime
) -> None:
    """Scheduled, live and final games have the keys and types of real ones at every level."""
    theirs, ours = real("espn_scoreboard"), board(site, now)
    assert differences(theirs["leagues"], ours["leagues"]) == []
    (event,) = [x for x in ours["events"] if x["id"] == event_id("nba", GAME)]
    assert differences(theirs["events"][number], event) == []


def test_summaries_have_the_shape_of_real_ones(site: EspnSite, real: Callable[[str], Any]) -> None:
    """Keys and types are the real ones, and so is the order of the columns."""
    theirs, ours = real("espn_summary"), summary(site, TIP + timedelta(hours=4))
    assert differences(theirs, ours) == []
    for part in ("names", "keys", "labels"):
        assert (
            theirs["boxscore"]["players"][0]["statistics"][0][part]
            == ours["boxscore"]["players"][0]["statistics"][0][part]
        )


def test_figures_are_those_of_the_box(site: EspnSite, games: dict[str, Recording]) -> None:
    """Figures are texts in the labelled columns; players who did not play have none."""
    home = summary(site, TIP + timedelta(hours=4))["boxscore"]["players"][1]["statistics"][0]
    (maxey,) = [x for x in home["athletes"] if x["athlete"]["displayName"] == "Tyrese Maxey"]
    figures = dict(zip(home["labels"], maxey["stats"], strict=True))
    official = games["SAC@PHI"].official
    assert official is not None
    line = dict(official.home.lines)[1630178]
    assert (figures["PTS"], figures["AST"]) == (str(line.points), str(line.assists))
    assert figures["3PT"] == f"{line.threes}-{line.threes_tried}"
    idle = [x for x in home["athletes"] if x["didNotPlay"]]
    assert idle
    assert all(x["stats"] == [] for x in idle)
    assert maxey["reason"] == "COACH'S DECISION"


@pytest.mark.parametrize(
    ("clock", "name", "display", "detail", "short"),
    [
        ("29T23:00", "STATUS_SCHEDULED", "0.0", "Thu, January 29th at 7:00 PM EST",
         "1/29 - 7:00 PM EST"),
        ("30T00:20", "STATUS_IN_PROGRESS", "6:29", "6:29 - 1st Quarter", "6:29 - 1st"),
        ("30T00:39", "STATUS_END_PERIOD", "0:00", "End of 1st Quarter", "End of 1st"),
        ("30T01:20", "STATUS_HALFTIME", "0:00", "Halftime", "Halftime"),
        ("30T02:35", "STATUS_IN_PROGRESS", "1.3", "1.3 - 4th Quarter", "1.3 - 4th"),
        ("30T03:00", "STATUS_FINAL", "0.0", "Final", "Final"),
    ],
)  # fmt: skip
def test_the_board_says_where_a_game_stands(
    site: EspnSite, clock: str, name: str, display: str, detail: str, short: str
) -> None:
    """The status has ESPN's words, and scores are text."""
    document = board(site, datetime.fromisoformat(f"2026-01-{clock}:00+00:00"))
    stands = status(document, event_id("nba", GAME))
    kind = stands["type"]
    told = (kind["name"], stands["displayClock"], kind["detail"], kind["shortDetail"])
    assert told == (name, display, detail, short)
    scores = [c["score"] for e in document["events"] for c in e["competitions"][0]["competitors"]]
    assert all(isinstance(score, str) for score in scores)


def test_a_game_in_play_is_described_as_in_progress(site: EspnSite) -> None:
    """The status has ESPN's own description beside its name."""
    document = board(site, datetime(2026, 1, 30, 0, 20, tzinfo=UTC))
    kind = status(document, event_id("nba", GAME))["type"]
    assert (kind["name"], kind["description"]) == ("STATUS_IN_PROGRESS", "In Progress")


def test_a_college_halftime_is_in_the_first_period(site: EspnSite) -> None:
    """With two halves, halftime comes after period 1, and an overtime is period 3."""
    game = next(x for x in site._showings if x.playback.recording.name == "UCF@VILL")
    seen = []
    document = None
    for minute in range(0, 160, 2):
        now = game.tip_off + timedelta(minutes=minute)
        document = board(site, now, COLLEGE, dates="20250405")
        stands = status(document, "401758633")
        seen.append((stands["type"]["name"], stands["period"], stands["type"]["detail"]))
    assert ("STATUS_HALFTIME", 1, "Halftime") in seen
    assert any(detail.endswith(" - 2nd Half") for _, _, detail in seen)
    assert seen[-1] == ("STATUS_FINAL", 3, "Final/OT")
    assert document is not None
    assert document["events"][0]["competitions"][0]["format"] == {"regulation": {"periods": 2}}


def test_a_final_summary_tells_neither_period_nor_clock(site: EspnSite) -> None:
    """A live summary has both; before tip-off there is no box score."""
    over = summary(site, TIP + timedelta(hours=4))["header"]["competitions"][0]["status"]
    live = summary(site, TIP + timedelta(hours=1))["header"]["competitions"][0]["status"]
    assert set(over) == {"type"}
    assert set(live) == {"clock", "displayClock", "period", "type"}
    assert "boxscore" not in summary(site, TIP - timedelta(hours=1))


def test_ids_and_abbreviations_are_espns_own(site: EspnSite) -> None:
    """ESPN's numbers differ from the league's, and it writes GS, NO, LV for GSW, NOP, LVA."""
    (event,) = board(site, TIP, dates="20240412")["events"]
    assert event["id"] == "401301182"
    assert event["shortName"] == "NO @ GS"
    (wnba,) = board(site, TIP, WNBA, dates="20220904")["events"]
    assert wnba["shortName"] == "LV @ SEA"
    assert wnba["season"] == {"year": 2022, "type": 3, "slug": "post-season"}


@pytest.mark.parametrize("dates", ["20260129-20260130", "2026-01-29", "tomorrow", ""])
def test_ranges_of_dates_are_refused(site: EspnSite, dates: str) -> None:
    """A range gets 400 with a message, as since September 2026."""
    page = site.page(f"{NBA}/scoreboard", {"dates": dates}, TIP)
    assert page is not None
    assert page.status == 400
    assert json.loads(page.body)["message"] == "Failed to get events endpoint."


@pytest.mark.parametrize(("dates", "count"), [("20260129", 4), ("202601", 4), ("2026", 4)])
def test_a_day_a_month_and_a_year_are_served(site: EspnSite, dates: str, count: int) -> None:
    """Games are chosen by the Eastern date of their tip-off."""
    assert len(board(site, TIP, dates=dates)["events"]) == count


def test_a_large_limit_gives_few_events(games: dict[str, Recording]) -> None:
    """A limit above 500 gives 25 games without a message."""
    game = games["SAC@PHI"]
    many = [Showing(Playback(replace(game, id=f"00225001{n:02d}"))) for n in range(30)]
    site = EspnSite(many)
    counts = [len(board(site, TIP, limit=limit)["events"]) for limit in ("500", "501", "1000")]
    assert counts == [30, 25, 25]


@pytest.mark.parametrize(
    ("user_agent", "answered"),
    [
        ("curl/8.7.1", True),
        ("python-requests/2.32.3", True),
        ("Python/3.12 aiohttp/3.9.5", True),
        ("courtside/1.0 (+https://courtside.example)", True),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/158.0", False),
        ("courtside/1.0", False),
        ("Wget/1.21", False),
        ("node-fetch", False),
        ("", False),
    ],
)
def test_browsers_and_bare_names_are_refused(user_agent: str, answered: bool) -> None:
    """Plain libraries, and names with an address, are accepted."""
    assert welcome(user_agent) is answered


@pytest.mark.parametrize("league", ["womens-college-basketball", "nba-development"])
def test_a_league_without_recordings_has_no_events(site: EspnSite, league: str) -> None:
    """It has an empty board, like a real empty day; an unknown league has no page."""
    assert board(site, TIP, f"{ROOT}{league}")["events"] == []
    assert site.page(f"{ROOT}cricket/scoreboard", {}, TIP) is None


async def test_the_server_plays_espn_beside_the_league(games: dict[str, Recording]) -> None:
    """At ESPN's paths a browser gets 403, a polite program 200, an unknown game 404."""
    path = f"{NBA}/scoreboard?dates=20260129"
    playing = [Playback(game) for game in games.values()]
    async with (
        serving(playing, FakeClock(TIP)) as server,
        aiohttp.ClientSession() as session,
    ):
        found = []
        for address, headers in (
            (path, {"User-Agent": "Mozilla/5.0"}),
            (path, POLITE),
            (f"{NBA}/summary?event=1", POLITE),
            (f"{NBA}/scoreboard?dates=20260129-20260130", POLITE),
        ):
            async with session.get(f"{server.url}{address}", headers=headers) as response:
                found.append(response.status)
        assert found == [403, 200, 404, 400]
        assert [x.what for x in server.answers][:2] == ["refused", "ok"]
        assert {x.source for x in server.answers} == {"espn"}
