"""The server answers over HTTP as the CDN does, and fails on request as the CDN has failed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from tests.doubles.clock import FakeClock
from tracker.replay import Recording
from tracker.replay.faults import Fault, FaultKind
from tracker.replay.nba_site import LIVE, SCOREBOARD
from tracker.replay.playback import Playback
from tracker.replay.server import Options, PortTakenError, Running, serving

NOW = datetime(2026, 1, 30, 1, 0, tzinfo=UTC)
BOX = f"{LIVE}/boxscore/boxscore_0022500680.json"
REFERER = {"Referer": "https://www.nba.com/"}

Stage = Callable[..., Any]


class Visitor:
    """A client that names nba.com as Referer, with its server and clock."""

    def __init__(self, server: Running, clock: FakeClock, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.clock = clock
        self.session = session

    async def get(
        self, path: str = SCOREBOARD, headers: dict[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        """The status, content type and body of an answer."""
        url = f"{self.server.url}{path}"
        async with self.session.get(url, headers=REFERER | (headers or {})) as response:
            return response.status, response.content_type, await response.read()

    async def score(self) -> int:
        """Home's score on the board."""
        _, _, body = await self.get()
        return int(json.loads(body)["scoreboard"]["games"][0]["homeTeam"]["score"])


@pytest.fixture
def visit(games: dict[str, Recording]) -> Stage:
    """A server of one game at an instant, with options, and a visitor to it."""

    @asynccontextmanager
    async def stage(now: datetime = NOW, **options: Any) -> AsyncIterator[Visitor]:
        clock = FakeClock(now)
        async with (
            serving([Playback(games["SAC@PHI"])], clock, options=Options(**options)) as server,
            aiohttp.ClientSession() as session,
        ):
            yield Visitor(server, clock, session)

    return stage


async def test_documents_are_served_at_the_real_paths(visit: Stage) -> None:
    """Documents come as JSON with 200 at the clock's time, and requests are counted."""
    async with visit() as visitor:
        status, kind, body = await visitor.get()
        assert (status, kind) == (200, "application/json")
        (game,) = json.loads(body)["scoreboard"]["games"]
        assert game["gameStatusText"] == "Q2 04:19"
        await visitor.clock.advance(3600)
        _, _, body = await visitor.get(BOX)
        assert json.loads(body)["game"]["period"] == 3
        assert visitor.server.requests == {SCOREBOARD: 1, BOX: 1}


async def test_whoever_does_not_come_from_nba_com_is_refused(visit: Stage) -> None:
    """Other clients get 403 with a web page everywhere, as since May 2026."""
    async with visit() as visitor:
        status, kind, body = await visitor.get(headers={"Referer": ""})
        assert (status, kind) == (403, "text/html")
        assert body.startswith(b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>")
        assert b"You don't have permission to access \"http://cdn.nba.com/static/json/" in body
        assert b"Reference #18." in body


async def test_a_box_that_is_not_there_yet_is_refused_alone(visit: Stage) -> None:
    """A missing box gets 403 while the board answers."""
    async with visit(now=NOW - timedelta(hours=3)) as visitor:
        assert [(await visitor.get(path))[0] for path in (BOX, SCOREBOARD)] == [403, 200]


def fault(kind: FaultKind, **more: Any) -> Fault:
    """A fault of the board, half a minute long, ten seconds from the start."""
    start = NOW + timedelta(seconds=10)
    return Fault(kind, start, timedelta(seconds=30), path="*/todaysScoreboard_00.json", **more)


@pytest.mark.parametrize(
    ("trouble", "answer"),
    [
        (fault(FaultKind.STATUS, status=503), (503, b"")),
        (fault(FaultKind.HTML, status=200), (200, b"<html>")),
        (fault(FaultKind.EMPTY), (200, b"")),
        (fault(FaultKind.TRUNCATED), (200, b'{"meta":')),
        (fault(FaultKind.NAN), (200, b'"score":NaN')),
        (fault(FaultKind.HUGE, size=3_000_000), (200, b'{"meta":    ')),
    ],
)
async def test_a_fault_comes_and_goes(
    visit: Stage, trouble: Fault, answer: tuple[int, bytes]
) -> None:
    """A fault breaks the answers at its path while it lasts, and no others."""
    async with visit(faults=[trouble]) as visitor:
        _, _, good = await visitor.get()
        await visitor.clock.advance(10)
        status, _, body = await visitor.get()
        assert (status, answer[1] in body) == (answer[0], True)
        with pytest.raises(ValueError, match=r".*"):
            assert json.loads(body, parse_constant=int)
        assert (await visitor.get(BOX))[0] == 200
        await visitor.clock.advance(30)
        status, _, body = await visitor.get()
        assert (status, len(body)) == (200, len(good))


async def test_a_clock_can_be_blank(visit: Stage) -> None:
    """Every other field stays."""
    async with visit(faults=[fault(FaultKind.BLANK)]) as visitor:
        _, _, good = await visitor.get()
        await visitor.clock.advance(10)
        (game,) = json.loads((await visitor.get())[2])["scoreboard"]["games"]
        assert game["gameClock"] == "   "
        assert game.keys() == json.loads(good)["scoreboard"]["games"][0].keys()


async def test_a_busy_server_says_when_to_come_back(visit: Stage) -> None:
    """`Retry-After` comes with the status where it is given."""
    async with visit() as visitor:
        visitor.server.faults.append(
            Fault(FaultKind.STATUS, NOW, timedelta(minutes=1), status=429, retry_after=7)
        )
        url = f"{visitor.server.url}{SCOREBOARD}"
        async with visitor.session.get(url, headers=REFERER) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "7")


async def test_a_huge_answer_is_as_large_as_asked_for(visit: Stage) -> None:
    """The body has the size asked for, to the byte."""
    async with visit(faults=[fault(FaultKind.HUGE, size=3_000_001)]) as visitor:
        await visitor.clock.advance(10)
        assert len((await visitor.get())[2]) == 3_000_001


async def test_a_stale_feed_stands_still_while_time_goes_on(visit: Stage) -> None:
    """The bytes stay the same while the fault lasts."""
    trouble = Fault(FaultKind.STALE, NOW, timedelta(minutes=30))
    async with visit(faults=[trouble]) as visitor:
        one = await visitor.get()
        await visitor.clock.advance(20 * 60)
        assert await visitor.get() == one
        await visitor.clock.advance(10 * 60)
        assert await visitor.get() != one


async def test_a_regressing_feed_goes_back(visit: Stage) -> None:
    """Scores fall to earlier ones, then jump ahead again."""
    trouble = Fault(FaultKind.REGRESS, NOW + timedelta(minutes=1), timedelta(minutes=1))
    async with visit(faults=[trouble]) as visitor:
        scores = [await visitor.score()]
        for _ in range(2):
            await visitor.clock.advance(60)
            scores.append(await visitor.score())
        assert scores[1] < scores[0] <= scores[2]


async def settle(visitor: Visitor, seconds: float, pending: "asyncio.Task[Any]") -> None:
    """Let the clock run in small steps until an answer has come."""
    for _ in range(1000):
        if pending.done():
            return
        await visitor.clock.advance(seconds)


async def test_a_hanging_server_answers_when_the_fault_is_over(visit: Stage) -> None:
    """Nothing comes before the end; then the document as it is by then."""
    async with visit(faults=[Fault(FaultKind.HANG, NOW, timedelta(seconds=40))]) as visitor:
        pending = asyncio.create_task(visitor.get())
        await settle(visitor, 0.1, pending)
        assert (await pending)[0] == 200
        assert visitor.clock.now() >= NOW + timedelta(seconds=40)


async def test_a_hanging_server_can_be_closed(games: dict[str, Recording]) -> None:
    """Closing ends waiting requests, so that a test ends."""
    clock = FakeClock(NOW)
    options = Options(faults=[Fault(FaultKind.HANG, NOW, timedelta(days=1))])
    async with aiohttp.ClientSession() as session:
        async with serving([Playback(games["SAC@PHI"])], clock, options=options) as server:
            pending = asyncio.create_task(Visitor(server, clock, session).get())
            while not server.requests:
                await clock.advance(0)
        with pytest.raises(aiohttp.ClientError):
            await pending


async def test_a_dripping_server_takes_its_time(visit: Stage) -> None:
    """The whole document comes, in pieces over the seconds asked for."""
    trouble = Fault(FaultKind.DRIP, NOW, timedelta(hours=1), seconds=60)
    async with visit(faults=[trouble]) as visitor:
        pending = asyncio.create_task(visitor.get())
        await settle(visitor, 0.5, pending)
        status, _, body = await pending
        assert status == 200
        assert json.loads(body)["scoreboard"]["games"]
        assert visitor.clock.now() >= NOW + timedelta(seconds=57)


async def test_a_port_in_use_is_said_in_one_sentence(games: dict[str, Recording]) -> None:
    """The error names the port and what to do."""
    clock = FakeClock(NOW)
    async with serving([Playback(games["SAC@PHI"])], clock) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(PortTakenError, match=f"Port {port} on 127.0.0.1 is in use"):
            async with serving([], clock, port=port):
                pass


def test_a_fault_needs_a_zone() -> None:
    """A start without a time zone is refused: it would differ between machines."""
    with pytest.raises(ValueError, match="needs a time zone"):
        Fault(FaultKind.EMPTY, NOW.replace(tzinfo=None), timedelta(seconds=1))
