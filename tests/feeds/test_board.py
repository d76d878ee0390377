"""Promises of the shared board: one request serves all games, and so does one failure."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.doubles.clock import FakeClock
from tests.feeds.serving import Site, board_of, live_game
from tracker.domain.poll import Trouble
from tracker.feeds import nba
from tracker.feeds.polling import BoardFailure, BoardReading, Feed

PATH = nba.board_path()


async def test_one_request_serves_all_who_ask(site: Site, feed: Feed) -> None:
    """Twenty games that ask at once get the same answer from one request."""
    site.board(live_game())
    found = await asyncio.gather(*(feed.board.read(5.0) for _ in range(20)))
    assert site.count(PATH) == 1
    assert all(x is found[0] for x in found)


async def test_a_board_is_taken_as_long_as_it_is_fresh(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """A board that is older than the caller allows is fetched again; a younger one is not."""
    site.board(live_game())
    await feed.board.read(5.0)
    await clock.advance(5.0)
    await feed.board.read(5.0)
    assert site.count(PATH) == 1
    await feed.board.read(4.9)
    assert site.count(PATH) == 2


async def test_the_same_body_is_parsed_once(site: Site, feed: Feed, clock: FakeClock) -> None:
    """An unchanged body gives the very same board object, with its new time."""
    site.board(live_game())
    first = await feed.board.read(0.0)
    await clock.advance(10.0)
    second = await feed.board.read(0.0)
    assert isinstance(first, BoardReading)
    assert isinstance(second, BoardReading)
    assert second.board is first.board
    assert second.fetched.heard - first.fetched.heard == 10.0


async def test_who_leaves_does_not_take_the_request_along(site: Site, feed: Feed) -> None:
    """When one caller is cancelled, the others still get their answer."""
    gate = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await gate.wait()
        return web.Response(body=board_of(live_game()))

    site.pages[PATH] = slow
    leaver = asyncio.create_task(feed.board.read(5.0))
    stayer = asyncio.create_task(feed.board.read(5.0))
    while not site.asked:
        await asyncio.wait({stayer}, timeout=0.01)
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    gate.set()
    assert isinstance(await stayer, BoardReading)
    assert site.count(PATH) == 1


async def test_a_failure_is_shared_until_it_is_time_to_ask_again(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """After a refusal nobody asks for 20 s, after the next for 40 s; a good answer resets that."""
    for failures, pause in ((1, 20.0), (2, 40.0)):
        found = await feed.board.read(0.0)
        assert isinstance(found, BoardFailure)
        assert found.error.trouble is Trouble.BLOCKED
        await clock.advance(pause - 0.1)
        assert await feed.board.read(0.0) is found
        assert site.count(PATH) == failures
        await clock.advance(0.2)
    site.board(live_game())
    assert isinstance(await feed.board.read(0.0), BoardReading)
    await clock.advance(1.0)
    assert isinstance(await feed.board.read(0.0), BoardReading)


async def test_near_a_game_a_failing_source_is_asked_again_sooner(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """For a live game a failing source is asked at each poll; other games do not ask."""
    for _ in range(5):
        await feed.board.read(0.0)
        await clock.advance(310.0)
    await feed.board.read(0.0)
    asked = site.count(PATH)
    await clock.advance(7.9)
    await feed.board.read(0.0, urgent=True)
    assert site.count(PATH) == asked
    await clock.advance(0.2)
    await feed.board.read(0.0)
    assert site.count(PATH) == asked
    await feed.board.read(0.0, urgent=True)
    assert site.count(PATH) == asked + 1


async def test_the_source_may_ask_for_more_patience(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """`Retry-After` on a board is obeyed for every game on it."""
    site.put(PATH, b"{}", 429, Retry_After="45")
    await feed.board.read(0.0)
    await clock.advance(44.0)
    found = await feed.board.read(0.0)
    assert isinstance(found, BoardFailure)
    assert found.error.trouble is Trouble.RATE_LIMITED
    assert site.count(PATH) == 1


async def test_a_board_that_is_nowhere_is_a_matter_of_the_address(site: Site, feed: Feed) -> None:
    """404 for a board means a wrong address or a source that is down, not "no games yet"."""
    site.put(PATH, b"{}", 404)
    found = await feed.board.read(0.0)
    assert isinstance(found, BoardFailure)
    assert found.error.trouble is Trouble.DOWN
    assert "check base_url" in str(found.error)


async def test_a_body_that_cannot_be_believed_is_kept_for_the_record(
    site: Site, feed: Feed
) -> None:
    """The failure of a malformed board comes with its document."""
    site.put(PATH, b'{"scoreboard": {}}')
    found = await feed.board.read(0.0)
    assert isinstance(found, BoardFailure)
    assert found.fetched is not None
    assert found.fetched.body == b'{"scoreboard": {}}'


async def test_closing_ends_a_request_that_runs(site: Site, feed: Feed) -> None:
    """Closing the feed in the middle of a request leaves nothing running."""

    async def never(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    site.pages[PATH] = never
    reader = asyncio.create_task(feed.board.read(5.0))
    while not site.asked:
        await asyncio.wait({reader}, timeout=0.01)
    await feed.board.aclose()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_only_transitions_are_told(
    site: Site,
    feed: Feed,
    clock: FakeClock,
    events: list[tuple[str, dict[str, str]]],
    pulses: list[str],
) -> None:
    """A block is reported at once and once, the recovery once; every answer reports its status."""
    site.board(live_game())
    await feed.board.read(0.0)
    site.deny(PATH)
    for _ in range(3):
        await clock.advance(100.0)
        await feed.board.read(0.0)
    site.board(live_game())
    await clock.advance(100.0)
    await feed.board.read(0.0)
    assert [(name, figures.get("after_s")) for name, figures in events] == [
        ("feed.blocked", None),
        ("feed.recovered", "300"),
    ]
    assert pulses == ["ok", "blocked", "blocked", "blocked", "ok"]


async def test_one_hiccup_is_not_worth_a_word(
    site: Site, feed: Feed, clock: FakeClock, events: list[tuple[str, dict[str, str]]]
) -> None:
    """A source is lost after two failures in a row; that is reported once, with the reason."""
    site.put(PATH, b"{}", 500)
    await feed.board.read(0.0)
    site.board()
    await clock.advance(20.0)
    await feed.board.read(0.0)
    assert events == []
    site.put(PATH, b"{}", 500)
    for _ in range(4):
        await clock.advance(400.0)
        await feed.board.read(0.0)
    site.board()
    await clock.advance(400.0)
    await feed.board.read(0.0)
    assert [name for name, _ in events] == ["feed.lost", "feed.recovered"]
    assert events[0][1] == {
        "source": "nba",
        "trouble": "down",
        "why": f"127.0.0.1 answers 500 for {PATH}",
    }
    assert events[1][1] == {"source": "nba", "after_s": "1600"}
