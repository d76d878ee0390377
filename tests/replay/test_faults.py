"""Each fault does what its name says, to the documents that it is meant for and to no others."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from tests.doubles.clock import FakeClock
from tracker.replay import Recording
from tracker.replay.espn_site import ROOT
from tracker.replay.faults import Fault, FaultKind
from tracker.replay.nba_site import LIVE, SCOREBOARD, WNBA_SCOREBOARD
from tracker.replay.playback import Playback
from tracker.replay.server import Options, serving

NOW = datetime(2026, 1, 30, 1, 30, tzinfo=UTC)
PHI, WAS = "0022500680", "0022500682"
BOX = f"{LIVE}/boxscore/boxscore_{PHI}.json"
ESPN = f"{ROOT}nba/scoreboard?dates=20260129"
HEADERS = {"Referer": "https://www.nba.com/", "User-Agent": "python-requests/2.32.3"}

Get = Callable[..., Any]
Stage = Callable[..., Any]


def fault(kind: FaultKind, **more: Any) -> Fault:
    """A fault of ten minutes, going on now."""
    return Fault(kind, NOW - timedelta(minutes=5), timedelta(minutes=10), **more)


@pytest.fixture
def feed(games: dict[str, Recording]) -> Stage:
    """A server of the night of 29 January 2026 with a fault, and a way to ask it."""
    night = [Playback(g) for g in games.values() if g.id.startswith("00225")]

    @asynccontextmanager
    async def stage(*faults: Fault, now: datetime = NOW, **options: Any) -> AsyncIterator[Get]:
        async with (
            serving(night, FakeClock(now), options=Options(faults=faults, **options)) as server,
            aiohttp.ClientSession(headers=HEADERS, auto_decompress=False) as session,
        ):

            async def get(path: str = SCOREBOARD, **headers: str) -> tuple[int, Any, bytes]:
                url = f"{server.url}{path}"
                async with session.get(url, headers=headers, allow_redirects=False) as answer:
                    return answer.status, answer.headers, await answer.read()

            yield get

    return stage


def game(body: bytes, game_id: str = PHI) -> Any:
    """One game of a board, or of a box."""
    document = json.loads(body)
    if "game" in document:
        return document["game"]
    return next(x for x in document["scoreboard"]["games"] if x["gameId"] == game_id)


@pytest.mark.parametrize(
    ("trouble", "status", "says"),
    [
        (fault(FaultKind.BLOCKED), 403, b"Access Denied"),
        (fault(FaultKind.HTML), 200, b"<!DOCTYPE html>"),
        (fault(FaultKind.STATUS), 503, b""),
        (fault(FaultKind.STATUS, status=500), 500, b""),
        (fault(FaultKind.BUSY), 429, b""),
        (fault(FaultKind.BAD_REQUEST), 400, b"Failed to get events endpoint."),
        (fault(FaultKind.REDIRECT), 302, b""),
        (fault(FaultKind.EMPTY), 200, b""),
    ],
)
async def test_an_answer_is_replaced(feed: Stage, trouble: Fault, status: int, says: bytes) -> None:
    """The answer has another status or body, on the board and on a box."""
    async with feed(trouble) as get:
        for path in (SCOREBOARD, BOX, ESPN):
            found, _, body = await get(path)
            assert (found, says in body) == (status, True)


async def test_a_busy_source_may_say_when_to_come_back(feed: Stage) -> None:
    """A 429 comes with `Retry-After` or without."""
    async with feed(fault(FaultKind.BUSY, retry_after=30)) as get:
        assert (await get())[1]["Retry-After"] == "30"
    async with feed(fault(FaultKind.BUSY)) as get:
        assert "Retry-After" not in (await get())[1]


async def test_a_redirect_leads_in_circles_or_away(feed: Stage) -> None:
    """A redirect leads to the same address, or to the one that is given."""
    async with feed(fault(FaultKind.REDIRECT)) as get:
        assert (await get())[1]["Location"] == SCOREBOARD
    async with feed(fault(FaultKind.REDIRECT, text="http://sign-in.example/")) as get:
        assert (await get())[1]["Location"] == "http://sign-in.example/"


async def test_a_connection_can_be_reset(feed: Stage) -> None:
    """The connection ends without an answer."""
    async with feed(fault(FaultKind.RESET)) as get:
        with pytest.raises(aiohttp.ClientError):
            await get()


async def test_a_bomb_is_small_until_it_is_unpacked(feed: Stage) -> None:
    """Fifty million bytes are sent in fifty thousand."""
    async with feed(fault(FaultKind.BOMB)) as get:
        _, headers, body = await get()
        assert headers["Content-Encoding"] == "gzip"
        assert len(body) < 60_000


async def test_a_box_can_be_missing_while_the_board_is_well(feed: Stage) -> None:
    """All boxes are missing, or one game's."""
    async with feed(fault(FaultKind.NO_BOX)) as get:
        assert [(await get(path))[0] for path in (BOX, SCOREBOARD)] == [403, 200]
    async with feed(fault(FaultKind.NO_BOX, game=WAS)) as get:
        assert (await get(BOX))[0] == 200
        assert (await get(BOX.replace(PHI, WAS)))[0] == 403


async def test_a_source_can_fail_alone(feed: Stage) -> None:
    """ESPN is refused while the league answers, and the other way round."""
    async with feed(fault(FaultKind.BLOCKED, source="espn")) as get:
        assert [(await get(path))[0] for path in (ESPN, SCOREBOARD)] == [403, 200]
    async with feed(fault(FaultKind.BLOCKED, source="nba")) as get:
        assert [(await get(path))[0] for path in (ESPN, SCOREBOARD)] == [200, 403]


async def test_one_game_can_be_wrong_among_the_others(feed: Stage) -> None:
    """One game is wrong on the board and in its box; the others are right."""
    trouble = fault(FaultKind.POSTPONED, game=PHI)
    async with feed(trouble) as wrong, feed() as right:
        bodies = [(await get())[2] for get in (wrong, right)]
        assert game(bodies[0])["gameStatusText"] == "PPD"
        assert (game(bodies[0])["gameStatus"], game(bodies[0])["homeTeam"]["score"]) == (1, 0)
        assert game(bodies[0], WAS) == game(bodies[1], WAS)
        assert game((await wrong(BOX))[2])["gameStatusText"] == "PPD"
        events = json.loads((await wrong(ESPN))[2])["events"]
        states = {x["shortName"]: x["status"]["type"]["name"] for x in events}
        assert states["SAC @ PHI"] == "STATUS_POSTPONED"
        assert "STATUS_POSTPONED" not in (states["MIL @ WSH"], states["HOU @ ATL"])


async def test_one_game_can_stand_still_or_go_back(feed: Stage) -> None:
    """One game is as it was when the fault began, or earlier; the rest of the board moves on."""
    async with feed() as now, feed(now=NOW - timedelta(minutes=5)) as earlier:
        bodies = {name: (await get())[2] for name, get in (("now", now), ("then", earlier))}
        for trouble in (
            fault(FaultKind.STALE, game=PHI),
            fault(FaultKind.REGRESS, game=PHI, seconds=300),
        ):
            async with feed(trouble) as get:
                body = (await get())[2]
                assert game(body) == game(bodies["then"]) != game(bodies["now"])
                assert game(body, WAS) == game(bodies["now"], WAS)


@pytest.mark.parametrize("text", ["", "   ", "PT00M00.00S", "PT01M02.50S"])
async def test_a_clock_takes_any_form_that_has_been_seen(feed: Stage, text: str) -> None:
    """The clock can be empty, blanks, zero, or have a fraction."""
    async with feed(fault(FaultKind.BLANK, text=text)) as get:
        assert game((await get())[2])["gameClock"] == text


async def test_scores_can_be_missing_or_no_numbers(feed: Stage) -> None:
    """Every score is left out or NaN: on the board, in the box and at ESPN."""
    async with feed(fault(FaultKind.NO_SCORE)) as get:
        assert "score" not in game((await get())[2])["homeTeam"]
    async with feed(fault(FaultKind.NAN)) as get:
        for path in (SCOREBOARD, BOX, ESPN):
            assert b'"score":NaN' in (await get(path))[2]


async def test_a_score_can_be_corrected(feed: Stage) -> None:
    """A side's points change with a period and its top scorer, or only a figure of that player."""
    async with feed() as plain, feed(fault(FaultKind.CORRECTED, side="away", by=-2)) as get:
        for path in (SCOREBOARD, BOX):
            was, now = [game((await x(path))[2])["awayTeam"] for x in (plain, get)]
            assert now["score"] == was["score"] - 2 == sum(x["score"] for x in now["periods"])
        team = game((await get(BOX))[2])["awayTeam"]
        assert sum(x["statistics"]["points"] for x in team["players"]) == team["score"]
        scores = [json.loads((await x(ESPN))[2])["events"][0] for x in (plain, get)]
        was, now = [int(x["competitions"][0]["competitors"][1]["score"]) for x in scores]
        assert now == was - 2
    async with feed(fault(FaultKind.CORRECTED, stat="rebounds", by=1)) as get, feed() as plain:
        was, now = [game((await x(BOX))[2])["homeTeam"] for x in (plain, get)]
        assert now["score"] == was["score"]
        figures = [
            sum(x["statistics"]["reboundsTotal"] for x in team["players"]) for team in (was, now)
        ]
        assert figures[1] == figures[0] + 1


async def test_a_game_that_has_not_begun_can_count_down_on_the_board(feed: Stage) -> None:
    """The board counts down as the box does; a game in play is unaffected."""
    trouble = Fault(FaultKind.COUNTDOWN, NOW - timedelta(hours=9), timedelta(days=1))
    async with feed(trouble, now=NOW - timedelta(hours=2)) as get:
        assert game((await get())[2])["gameClock"] == "PT27M33.00S"
    async with feed(trouble) as get:
        assert game((await get())[2])["gameClock"] != "PT27M33.00S"


async def test_status_texts_can_be_padded(feed: Stage) -> None:
    """Status texts are padded with blanks to twenty characters."""
    async with feed(fault(FaultKind.PADDED)) as get:
        text = game((await get())[2])["gameStatusText"]
        assert len(text) == 20
        assert text.endswith(" ")


async def test_a_board_can_be_empty_or_the_next_days(feed: Stage) -> None:
    """The board has no games, with this day's date or the next one's."""
    for kind, day in ((FaultKind.NO_GAMES, "2026-01-29"), (FaultKind.NEXT_DAY, "2026-01-30")):
        async with feed(fault(kind)) as get:
            board = json.loads((await get())[2])["scoreboard"]
            assert (board["gameDate"], board["games"]) == (day, [])
            assert game((await get(BOX))[2])["gameId"] == PHI


async def test_several_faults_can_hold_at_once(feed: Stage) -> None:
    """Each of several faults affects its own game."""
    troubles = (fault(FaultKind.POSTPONED, game=WAS), fault(FaultKind.BLANK, game=PHI, text=""))
    async with feed(*troubles) as get:
        body = (await get())[2]
        assert game(body, WAS)["gameStatusText"] == "PPD"
        assert game(body)["gameClock"] == ""


async def test_the_wnba_has_its_own_board_and_its_own_way_to_refuse(
    games: dict[str, Recording],
) -> None:
    """Without wnba.com as Referer the WNBA answers 200 with a web page."""
    played = [Playback(games["LVA@SEA"]), Playback(games["SAC@PHI"])]
    clock = FakeClock(games["LVA@SEA"].tip_off + timedelta(hours=1))
    async with serving(played, clock) as server, aiohttp.ClientSession() as session:
        found = {}
        for referer in ("https://www.wnba.com/", "https://www.nba.com/"):
            headers = {"Referer": referer}
            async with session.get(f"{server.url}{WNBA_SCOREBOARD}", headers=headers) as answer:
                found[referer] = (answer.status, await answer.read())
        status, body = found["https://www.wnba.com/"]
        board = json.loads(body)["scoreboard"]
        assert (status, board["leagueId"], board["leagueName"]) == (
            200, "10", "Women's National Basketball Association",
        )  # fmt: skip
        (entry,) = board["games"]
        assert (entry["gameId"], entry["gameCode"]) == ("1042200203", "20220904/LVASEA")
        status, body = found["https://www.nba.com/"]
        assert (status, body[:15]) == (200, b"<!DOCTYPE html>")
        box = f"{LIVE}/boxscore/boxscore_1042200203.json"
        headers = {"Referer": "https://www.wnba.com/"}
        async with session.get(f"{server.url}{box}", headers=headers) as answer:
            assert (await answer.json())["game"]["homeTeam"]["players"] == []


def test_a_fault_needs_a_source_and_a_side_that_exist() -> None:
    """A fault that could affect nothing is refused."""
    with pytest.raises(ValueError, match="there is no source 'cnn'"):
        fault(FaultKind.STALE, source="cnn")
    with pytest.raises(ValueError, match="a side is home or away"):
        fault(FaultKind.CORRECTED, side="left")
