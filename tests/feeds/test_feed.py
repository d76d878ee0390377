"""Promises of asking one source: the board answers if it shows the game, else the box."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.doubles.clock import FakeClock
from tests.feeds.serving import Site, box_of, changed, document, live_game, open_feed
from tracker.clock import ScaledClock
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.poll import Trouble, Unreadable
from tracker.feeds import FeedRateLimited, nba
from tracker.feeds.polling import Feed, LookUp
from tracker.settings.models import FeedSettings

STATE = nba.SOURCE.parse_box(box_of(live_game()))
GAME = STATE.game
BOARD, BOX = nba.board_path(), nba.box_path(GAME.id)


def trouble(reading: object) -> Trouble:
    """The trouble of a reading."""
    assert isinstance(reading, Unreadable)
    return reading.trouble


async def test_a_game_on_the_board_costs_no_request_of_its_own(site: Site, feed: Feed) -> None:
    """The answer has the board's document: path, body and digest."""
    site.board(live_game())
    answer = await feed.read(GAME, LookUp.EITHER, 5.0)
    assert answer.reading == STATE
    assert answer.path == BOARD
    assert answer.body
    assert len(answer.digest) == 64
    assert site.asked == [BOARD]


async def test_a_game_that_is_not_on_the_board_is_looked_up_in_its_box(
    site: Site, feed: Feed
) -> None:
    """The box still answers after the board has changed to the next day."""
    site.board(document("scoreboard_game_2ot_0022200356"))
    site.put(BOX, box_of(live_game()))
    answer = await feed.read(GAME, LookUp.EITHER, 5.0)
    assert (answer.reading, answer.path) == (STATE, BOX)


async def test_far_from_tip_off_no_box_is_asked_for(site: Site, feed: Feed) -> None:
    """Only the board is read: a game that it does not show is absent."""
    site.board()
    answer = await feed.read(GAME, LookUp.BOARD, 5.0)
    assert trouble(answer.reading) is Trouble.ABSENT
    assert site.asked == [BOARD]


@pytest.mark.parametrize("how", ["blocked", "malformed", "one bad game", "down"])
async def test_a_bad_board_does_not_stop_a_game(site: Site, feed: Feed, how: str) -> None:
    """With a board that is blocked, malformed or down, the box answers."""
    match how:
        case "malformed":
            site.put(BOARD, b"{}")
        case "one bad game":
            site.board(changed(live_game(), home__score=None))
        case "down":
            site.put(BOARD, b"{}", 500)
        case _:
            site.deny(BOARD)
    site.put(BOX, box_of(live_game()))
    answer = await feed.read(GAME, LookUp.EITHER, 5.0)
    assert (answer.reading, answer.path) == (STATE, BOX)


async def test_refused_everywhere_is_blocked_refused_once_is_not_published(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """403 for a box means "not published" while the board can be read, and "blocked" otherwise."""
    answer = await feed.read(GAME, LookUp.EITHER, 5.0)
    assert trouble(answer.reading) is Trouble.BLOCKED
    assert trouble((await feed.read(GAME, LookUp.BOX, 5.0)).reading) is Trouble.BLOCKED
    await clock.advance(25.0)
    site.board()
    answer = await feed.read(GAME, LookUp.EITHER, 5.0)
    assert trouble(answer.reading) is Trouble.NOT_PUBLISHED
    assert trouble((await feed.read(GAME, LookUp.BOX, 5.0)).reading) is Trouble.NOT_PUBLISHED


async def test_when_all_fails_the_board_has_the_word(site: Site, feed: Feed) -> None:
    """The answer has the board's trouble, and the time to leave the source alone."""
    site.put(BOARD, b"{}", 503, Retry_After="90")
    answer = await feed.read(GAME, LookUp.EITHER, 5.0)
    assert (trouble(answer.reading), answer.retry_after) == (Trouble.DOWN, 90.0)
    assert answer.body == b""


async def test_a_malformed_document_comes_along(site: Site, feed: Feed) -> None:
    """The answer keeps a document that could not be believed."""
    site.board(changed(live_game(), home__score=None))
    answer = await feed.read(GAME, LookUp.EITHER, 5.0)
    assert trouble(answer.reading) is Trouble.MALFORMED
    assert b"gameId" in answer.body


async def test_a_shared_failure_brings_its_document_once(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """Later answers have the same trouble at their own time, without the old body."""
    site.put(BOARD, b'{"scoreboard": 7}')
    first = await feed.read(GAME, LookUp.BOARD, 5.0)
    await clock.advance(3.0)
    again = await feed.read(GAME, LookUp.BOARD, 5.0)
    assert first.reading == again.reading
    assert (first.body, again.body) == (b'{"scoreboard": 7}', b"")
    assert (again.at - first.at).total_seconds() == 3.0
    assert again.retry_after == 7.0


async def test_another_game_under_the_same_id_is_not_believed(site: Site, feed: Feed) -> None:
    """A box with another game's id is malformed."""
    site.put(BOX, box_of(changed(live_game(), gameId="0042200999")))
    assert trouble((await feed.read(GAME, LookUp.BOX, 5.0)).reading) is Trouble.MALFORMED


async def test_sides_that_are_exchanged_are_turned_back(site: Site, feed: Feed) -> None:
    """Scores follow their teams, on the home and away sides that the game is known by."""
    swapped = changed(live_game(), home__teamTricode="SAC", away__teamTricode="GSW")
    site.board(swapped)
    site.put(BOX, box_of(swapped))
    for ask in (LookUp.EITHER, LookUp.BOX):
        reading = (await feed.read(GAME, ask, 5.0)).reading
        assert isinstance(reading, GameState)
        assert (reading.game.home, reading.game.away, reading.score) == (
            "GSW",
            "SAC",
            Score(30, 39),
        )
        assert reading.periods is not None
        assert reading.periods[0] == Score(
            *reversed([live_game()[x]["periods"][0]["score"] for x in ("homeTeam", "awayTeam")])
        )


@pytest.mark.parametrize(
    ("values", "phase"),
    [
        ({"away__teamTricode": "LAL"}, Phase.CANCELLED),
        ({"gameTimeUTC": "2023-04-26T02:00:00Z", "gameCode": "20230425/SACGSW"}, Phase.POSTPONED),
    ],
)
async def test_an_id_that_names_another_meeting_tells_that_this_one_is_off(
    site: Site, feed: Feed, values: dict[str, str], phase: Phase
) -> None:
    """Another opponent means cancelled, another date means postponed."""
    other = changed(live_game(), **values)
    site.board(other)
    site.put(BOX, box_of(other))
    for ask in (LookUp.EITHER, LookUp.BOX):
        reading = (await feed.read(GAME, ask, 5.0)).reading
        assert isinstance(reading, GameState)
        assert (reading.game, reading.phase, reading.score) == (GAME, phase, Score(0, 0))


async def test_a_game_whose_id_the_schedule_gives_to_another_date_is_off(
    site: Site, feed: Feed
) -> None:
    """It need not wait for a box of the other date; while the id is its own it is only absent."""
    site.board()
    later = replace(GAME, id=f"{GAME.id}-later", start=GAME.start + timedelta(days=1), day=None)
    reported = replace(later, id=GAME.id)
    for game, phase in ((later, Phase.POSTPONED), (GAME, None), (later, Phase.POSTPONED)):
        feed.learn(game, reported if phase else GAME)
        reading = (await feed.read(GAME, LookUp.BOARD, 5.0)).reading
        assert getattr(reading, "phase", None) is phase


async def test_headers_of_the_settings_win(site: Site, clock: FakeClock) -> None:
    """A header in the settings replaces the source's own."""
    settings = FeedSettings(
        base_url=site.url, requests_per_minute=60, headers={"Referer": "https://example.org/"}
    )
    async with open_feed(nba.SOURCE, settings, clock) as feed:
        await feed.board.read(0.0)
    assert site.headers[0]["Referer"] == "https://example.org/"
    assert "Mozilla" in site.headers[0]["User-Agent"]


async def test_the_budget_runs_on_the_clock_of_the_polling(site: Site, clock: FakeClock) -> None:
    """On a clock 6,000 times as fast, a minute's budget is free again within 10 ms."""
    site.put("/a.json", b"[]")
    settings = FeedSettings(base_url=site.url, requests_per_minute=1)
    fast = ScaledClock(clock.now(), 6000.0)
    async with open_feed(nba.SOURCE, settings, fast, deadline_s=1.0) as feed:
        for _ in range(3):
            await feed.fetcher.get("/a.json")
    async with open_feed(nba.SOURCE, settings, clock, deadline_s=0.4) as feed:
        await feed.fetcher.get("/a.json")
        with pytest.raises(FeedRateLimited):
            await feed.fetcher.get("/a.json")


async def test_no_board_is_missed_while_a_game_is_busy(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """A game gets all boards that were read for other games, one by one, oldest first."""
    clocks = ["PT07M15.00S", "PT07M05.00S", "PT06M55.00S", "PT06M45.00S"]
    site.board(changed(live_game(), gameClock=clocks[0]))
    first = await feed.read(GAME, LookUp.EITHER, 0.0)
    for told in clocks[1:]:
        await clock.advance(5.0)
        site.board(changed(live_game(), gameClock=told))
        await feed.board.read(0.0)
    looks = [await feed.read(GAME, LookUp.EITHER, 5.0) for _ in range(4)]
    seen = [x.reading.clock for x in (first, *looks) if isinstance(x.reading, GameState)]
    assert seen == [435.0, 425.0, 415.0, 405.0, 405.0]
    assert [x.more for x in looks] == [True, True, False, False]
