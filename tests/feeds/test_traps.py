"""Promises for nights that trap a tracker: noon, doubleheaders, new dates, summer time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.doubles.clock import FakeClock
from tests.feeds.espn_pages import board, kind
from tests.feeds.serving import Site, box_of, changed, dice, live_game
from tests.feeds.test_failover import AT_ESPN, BOARD, BOX, GAME, ours, theirs
from tracker.clock import LeapingClock
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.poll import GameStanding, Unreadable
from tracker.feeds import nba
from tracker.feeds.feeds import Feeds, open_feeds
from tracker.feeds.polling import LookUp
from tracker.feeds.polling.poller import GamePoller
from tracker.settings.models import FeedSettings, FeedsSettings

FINAL = {
    "gameStatus": 3,
    "gameStatusText": "Final               ",
    "period": 4,
    "gameClock": "",
    "home__score": 114,
    "away__score": 97,
    "home__periods": None,
    "away__periods": None,
}


async def state(feeds: Feeds, ask: LookUp = LookUp.EITHER) -> GameState:
    """The state that a poll gives."""
    answer = await feeds.read(GAME, ask, 0.0)
    assert isinstance(answer.reading, GameState), answer.reading
    return answer.reading


async def test_the_board_turns_at_noon_while_a_bet_is_unsettled(
    site: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """When the board has changed to the next day, the final comes from the box."""
    site.board(changed(live_game(), gameId="0042200164", gameCode="20230421/SACGSW"))
    site.put(BOX, box_of(changed(live_game(), **FINAL)))
    await clock.advance(13 * 3600.0)
    found = await state(feeds)
    assert (found.phase, found.score) == (Phase.FINAL, Score(114, 97))
    assert site.asked == [BOARD, BOX]


async def test_a_doubleheader_at_espn(espn: Site, feeds: Feeds, clock: FakeClock) -> None:
    """Of two games of the same teams on one date, each gets the one with the nearest tip-off."""
    first = theirs("7:00", "41-30") | {"id": "401000001"}
    second = theirs("1:00", "60-55") | {"id": "401000002"}
    second["competitions"][0]["date"] = second["date"] = "2023-04-21T05:30Z"
    espn.put(AT_ESPN, board(second, first))
    assert (await state(feeds)).score == Score(41, 30)
    later = replace(GAME, id="0042200999", start=GAME.start + timedelta(hours=3, minutes=30))
    answer = await feeds.read(later, LookUp.BOARD, 5.0)
    assert isinstance(answer.reading, GameState)
    assert answer.reading.score == Score(60, 55)


async def test_a_postponed_game_gets_a_new_date_and_a_second_event(
    site: Site, espn: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """A month later the game is known by the league's id and by ESPN's new one."""
    off = {"gameStatus": 1, "gameStatusText": "PPD", "period": 0, "gameClock": ""}
    site.board(changed(live_game(), **off))
    assert (await state(feeds)).phase is Phase.POSTPONED
    await clock.advance(30 * 86400.0)
    moved = replace(GAME, start=GAME.start + timedelta(days=30), day=None)
    again = theirs("7:00", "41-30") | {"id": "401999999", "date": "2023-05-21T02:00Z"}
    again["competitions"][0]["date"] = "2023-05-21T02:00Z"
    site.deny(BOARD)
    espn.put(AT_ESPN, board(again))
    answer = await feeds.read(moved, LookUp.EITHER, 0.0)
    assert isinstance(answer.reading, GameState)
    assert (answer.reading.game.id, answer.reading.score) == (GAME.id, Score(41, 30))


async def test_a_game_is_suspended_and_goes_on_the_next_day(
    site: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """Clock and score are kept; when play goes on, they come from the box, not the next board."""
    site.board(ours("4:00", "41-30") | {"gameStatusText": "Suspended"})
    stopped = await state(feeds)
    assert (stopped.phase, stopped.clock) == (Phase.SUSPENDED, 240.0)
    await clock.advance(20 * 3600.0)
    site.board()
    site.put(BOX, box_of(ours("3:45", "43-30")))
    goes_on = await state(feeds)
    assert (goes_on.phase, goes_on.clock, goes_on.score) == (Phase.LIVE, 225.0, Score(43, 30))


async def test_espn_says_postponed_and_means_not_final(espn: Site, feeds: Feeds) -> None:
    """`post` without completion and without points is postponed, never a final of 0-0."""
    off = kind("STATUS_POSTPONED", "post", completed=False)
    espn.put(AT_ESPN, board(theirs("0.0", "0-0", 0, status__type=off)))
    assert (await state(feeds)).phase is Phase.POSTPONED


@pytest.mark.parametrize("month", [3, 11])
async def test_a_game_over_the_change_of_the_clocks(site: Site, month: int) -> None:
    """The pace stays live while New York's clock jumps by an hour, either way."""
    change = (
        datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
        if month == 3
        else datetime(2026, 11, 1, 6, tzinfo=UTC)
    )
    clock = LeapingClock(change - timedelta(minutes=1))
    game = changed(live_game(), gameTimeUTC=f"{change - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}")
    site.board(game)
    known = nba.SOURCE.parse_box(box_of(game)).game
    async with open_feeds(
        FeedsSettings(nba=FeedSettings(base_url=site.url, requests_per_minute=6000)), clock
    ) as feeds:
        poller = GamePoller(known, feeds, clock, dice(1))
        standing, times = GameStanding(known), []
        while clock.now() < change + timedelta(minutes=1):
            poll = await poller.next(standing)
            assert not isinstance(poll.reading, Unreadable)
            standing = GameStanding(known, poll.reading)
            times.append(poll.at)
    steps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert all(8.9 <= x <= 10.1 for x in steps), steps
    assert len(steps) >= 11
