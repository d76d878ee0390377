"""Promises of polling one game: each poll at its time, whatever the source or the clock does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.doubles.clock import FakeClock
from tests.feeds.serving import Site, box_of, changed, dice, document, live_game
from tracker.domain.game import GameState, Phase
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable, check_times
from tracker.feeds import nba
from tracker.feeds.polling import Feed
from tracker.feeds.polling.cadence import CORRECTED_S, FINAL_LOOKS_S
from tracker.feeds.polling.poller import GamePoller

STATE = nba.SOURCE.parse_box(box_of(live_game()))
GAME = STATE.game
LIVE = GameStanding(GAME, STATE)
FINAL = replace(STATE, phase=Phase.FINAL, period=4, clock=0.0, periods=None)
BEFORE = {"gameStatus": 1, "period": 0, "gameStatusText": "10:00 pm ET", "gameClock": ""}
BOARD, BOX = nba.board_path(), nba.box_path(GAME.id)


class Follower:
    """A poller with a clock that the test moves."""

    def __init__(self, feed: Feed, clock: FakeClock) -> None:
        self.beats = 0
        self.since = clock.monotonic()
        self.times = [self.since]
        self.clock = clock
        self.poller = GamePoller(GAME, feed, clock, dice(7), self._beat)

    def _beat(self) -> None:
        self.beats += 1
        self.times.append(self.clock.monotonic())

    async def at_once(self, standing: GameStanding) -> Poll:
        """A poll that must come without a wait."""
        return self._heard(await asyncio.wait_for(self.poller.next(standing), 5))

    async def after(self, standing: GameStanding, shortest: float, longest: float) -> Poll:
        """A poll that must come between these two waits, in seconds.

        The wait counts from the last answer if it was good, else from the last request.
        """
        passed = self.clock.monotonic() - self.since
        task = asyncio.create_task(self.poller.next(standing))
        if passed < shortest:
            await self.clock.advance(shortest - passed)
            assert not task.done()
        asked = self.beats
        await self.clock.advance(max(0.0, longest - max(shortest, passed)))
        assert self.beats > asked, "the poll is late"
        return self._heard(await asyncio.wait_for(task, 5))

    def _heard(self, poll: Poll) -> Poll:
        # What is heard is read on another thread: the clock may have moved since.
        since_heard = (self.clock.now() - poll.at).total_seconds()
        good = isinstance(poll.reading, GameState)
        self.since = self.clock.monotonic() - since_heard if good else self.times[-2]
        return poll


@pytest.fixture
def follower(feed: Feed, clock: FakeClock) -> Follower:
    """A poller of the live game."""
    return Follower(feed, clock)


async def test_the_first_poll_comes_at_once(site: Site, follower: Follower) -> None:
    """The first poll comes at once, with its state, time, path and body."""
    site.board(live_game())
    poll = await follower.at_once(GameStanding(GAME))
    assert poll.reading == STATE
    assert (poll.source, poll.path, poll.at) == ("nba", BOARD, follower.clock.now())
    assert poll.body
    assert poll.digest


async def test_a_live_game_is_polled_every_ten_seconds(site: Site, follower: Follower) -> None:
    """The wait is ten seconds, give or take a tenth."""
    site.board(live_game())
    await follower.at_once(GameStanding(GAME))
    for _ in range(5):
        await follower.after(LIVE, 8.9, 11.1)
    assert site.count(BOARD) == 6


async def test_a_game_that_is_on_again_is_polled_until_that_is_believed(
    site: Site, follower: Follower
) -> None:
    """A game called off by mistake is followed again within minutes, not after three slow polls."""
    off = replace(STATE, phase=Phase.POSTPONED, period=0, clock=720.0, periods=None)
    standing = GameStanding(GAME, off, final_at=follower.clock.now())
    site.board(live_game() | {"gameStatus": 1, "gameStatusText": "PPD"})
    await follower.at_once(standing)
    site.board(live_game())
    await follower.after(standing, 269.0, 331.0)
    for _ in range(2):
        await follower.after(standing, 26.9, 33.1)


async def test_a_game_that_is_called_off_hours_ahead_is_polled_until_that_is_believed(
    site: Site, follower: Follower
) -> None:
    """What the first poll told is borne out within minutes, not by polls an hour apart."""
    early = replace(GAME, start=follower.clock.now() + timedelta(hours=6))
    standing = GameStanding(early, replace(GameState.scheduled(early), clock=720.0, periods=()))
    site.board(live_game() | {"gameStatus": 1, "gameStatusText": "PPD"})
    await follower.at_once(standing)
    for _ in range(3):
        await follower.after(standing, 26.9, 33.1)


async def test_a_game_that_is_over_is_not_polled_for_what_its_id_names_later(
    site: Site, follower: Follower
) -> None:
    """That is never believed, so that no poll need bear it out."""
    over = follower.clock.now() - timedelta(seconds=FINAL_LOOKS_S)
    site.board(changed(live_game(), home__teamTricode="BOS"))
    await follower.at_once(GameStanding(GAME, FINAL))
    done = GameStanding(GAME, FINAL, final_at=over, settled=True)
    await follower.after(done, CORRECTED_S, CORRECTED_S + 61.0)


async def test_games_on_one_board_share_its_requests(
    site: Site, feed: Feed, clock: FakeClock
) -> None:
    """Ten games live for two minutes cost about as many requests as one."""
    site.board(live_game())
    pollers = [GamePoller(GAME, feed, clock, dice(n)) for n in range(10)]
    polls = [0] * 10

    async def follow(n: int) -> None:
        while True:
            await pollers[n].next(LIVE)
            polls[n] += 1

    tasks = [asyncio.create_task(follow(n)) for n in range(10)]
    for _ in range(120):
        await clock.advance(1.0)
        quiet = 0
        while quiet < 3:  # let answers come in before the clock goes on
            before = list(polls)
            await asyncio.wait(tasks, timeout=0.001)
            quiet = quiet + 1 if polls == before else 0
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(11 <= x <= 15 for x in polls)
    assert site.count(BOARD) <= 16


async def test_a_bet_that_is_added_is_polled_for_at_once(site: Site, follower: Follower) -> None:
    """A call ends the wait: a bet added to a sleeping game gets its price at once."""
    site.board(changed(live_game(), **BEFORE))
    first = await follower.at_once(GameStanding(GAME))
    assert isinstance(first.reading, GameState)
    later = replace(first.reading, game=replace(GAME, start=GAME.start + timedelta(hours=9)))
    task = asyncio.create_task(follower.poller.next(GameStanding(GAME, later)))
    await follower.clock.advance(600.0)
    assert not task.done()
    follower.poller.poll_now()
    assert (await asyncio.wait_for(task, 5)).reading == first.reading


async def test_sleep_goes_on_in_steps_of_a_minute(site: Site, follower: Follower) -> None:
    """During a long wait `beat` is called at least once a minute."""
    site.board()
    far = GameStanding(replace(GAME, start=GAME.start + timedelta(hours=9)))
    await follower.at_once(far)
    task = asyncio.create_task(follower.poller.next(far))
    before = follower.beats
    await follower.clock.advance(600.0)
    assert follower.beats - before >= 10
    task.cancel()


async def test_a_wall_clock_that_is_set_is_noticed(site: Site, follower: Follower) -> None:
    """A poller whose clock jumps past tip-off polls within a minute; set back, it waits on."""
    site.board()
    far = GameStanding(replace(GAME, start=follower.clock.now() + timedelta(minutes=90)))
    await follower.at_once(far)
    task = asyncio.create_task(follower.poller.next(far))
    await follower.clock.advance(90.0)
    follower.clock.step_wall(2 * 3600)
    await follower.clock.advance(90.0)
    assert isinstance(follower._heard(await asyncio.wait_for(task, 5)).reading, Unreadable)
    follower.clock.step_wall(-10 * 3600)
    await follower.after(far, 3000.0, 3700.0)


async def test_failures_back_off_and_are_forgotten(site: Site, follower: Follower) -> None:
    """After failures the wait is five minutes far from tip-off, and the ordinary one in play."""
    site.deny(BOARD)
    far = GameStanding(replace(GAME, start=follower.clock.now() + timedelta(minutes=29)))
    await follower.at_once(far)
    for _ in range(3):
        poll = await follower.after(far, 269.9, 300.1)
        assert isinstance(poll.reading, Unreadable)
        assert poll.reading.trouble is Trouble.BLOCKED
    follower.poller.poll_now()
    await follower.at_once(LIVE)
    for _ in range(4):
        await follower.after(LIVE, 8.9, 10.1)
    site.board(live_game())
    await follower.after(LIVE, 8.9, 10.1)
    await follower.after(LIVE, 8.9, 10.1)
    assert site.count(BOARD) == 11


async def test_a_blocked_board_leaves_a_live_game_its_pace(site: Site, follower: Follower) -> None:
    """While the box answers, the game is polled every ten seconds, and so is the board."""
    site.put(BOX, box_of(live_game()))
    await follower.at_once(LIVE)
    for _ in range(6):
        poll = await follower.after(LIVE, 8.9, 11.1)
        assert poll.reading == STATE
    assert site.count(BOX) == 7
    assert site.count(BOARD) == 7


async def test_a_malformed_board_is_not_polled_in_a_loop(site: Site, follower: Follower) -> None:
    """A shared failure from earlier still makes the next poll wait."""
    site.put(BOARD, b"{}")
    await follower.at_once(LIVE)
    await follower.after(LIVE, 8.9, 10.1)
    await follower.after(LIVE, 8.9, 10.1)
    assert site.count(BOARD) == 3


async def test_a_game_that_is_not_published_yet_keeps_its_pace(
    site: Site, follower: Follower
) -> None:
    """Around tip-off a missing box is ordinary: polls come every 20 s, without backing off."""
    site.board()
    early = GameStanding(GAME)
    await follower.at_once(early)
    for _ in range(4):
        poll = await follower.after(early, 17.9, 22.1)
        assert isinstance(poll.reading, Unreadable)
        assert poll.reading.trouble is Trouble.NOT_PUBLISHED


async def test_a_settled_game_is_read_from_its_box_when_due(site: Site, follower: Follower) -> None:
    """Even after a restart it waits until its next check, and asks for the box alone."""
    final = document("scoreboard_game_2ot_0022200356")
    mine = {"gameId": GAME.id, "gameTimeUTC": f"{GAME.start:%Y-%m-%dT%H:%M:%SZ}"}
    body = box_of(changed(final, **mine, home__teamTricode="GSW", away__teamTricode="SAC"))
    site.put(BOX, body)
    now = follower.clock.now()
    over = now - timedelta(seconds=FINAL_LOOKS_S)
    told = replace(FINAL, score=nba.SOURCE.parse_box(body).score)
    done = GameStanding(GAME, told, final_at=over, settled=True)
    second = (check_times(over)[1] - now).total_seconds()
    poll = await follower.after(done, CORRECTED_S, CORRECTED_S + 61.0)
    assert isinstance(poll.reading, GameState)
    assert poll.reading.phase is Phase.FINAL
    since = (follower.clock.now() - now).total_seconds()
    await follower.after(replace(done, checks=1), second - since, second - since + 61.0)
    assert site.asked == [BOX, BOX]


async def test_another_final_score_is_polled_until_it_is_believed(
    site: Site, follower: Follower
) -> None:
    """A correction hours after the end waits for no slow poll: what is known to be wrong stands."""
    final = document("scoreboard_game_2ot_0022200356")
    mine = {"gameId": GAME.id, "gameTimeUTC": f"{GAME.start:%Y-%m-%dT%H:%M:%SZ}"}
    body = box_of(changed(final, **mine, home__teamTricode="GSW", away__teamTricode="SAC"))
    site.put(BOX, body)
    over = follower.clock.now() - timedelta(seconds=FINAL_LOOKS_S)
    wrong = replace(nba.SOURCE.parse_box(body), game=GAME, periods=None)
    wrong = replace(wrong, score=replace(wrong.score, home=wrong.score.home + 2))
    standing = GameStanding(GAME, wrong, final_at=over, settled=True)
    await follower.after(standing, CORRECTED_S, CORRECTED_S + 61.0)
    for _ in range(2):
        await follower.after(standing, 29.9, 33.1)
    told = replace(wrong, score=nba.SOURCE.parse_box(body).score)
    await follower.after(replace(standing, state=told), CORRECTED_S, CORRECTED_S + 61.0)


async def test_the_result_is_confirmed_a_minute_later(site: Site, follower: Follower) -> None:
    """At least 45 s pass between two polls of a final that is not settled."""
    site.board(document("scoreboard_game_2ot_0022200356"))
    await follower.at_once(GameStanding(GAME, FINAL))
    await follower.after(GameStanding(GAME, FINAL, final_at=follower.clock.now()), 53.9, 66.1)


async def test_one_game_never_waits_for_another(site: Site, feed: Feed, clock: FakeClock) -> None:
    """While one game's box hangs, another game is polled."""
    site.board(live_game())
    other = replace(GAME, id="0042200999")

    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    site.pages[nba.box_path(other.id)] = hang  # type: ignore[assignment]
    stuck = asyncio.create_task(GamePoller(other, feed, clock, dice(1)).next(LIVE))
    while len(site.asked) < 2:
        await asyncio.wait({stuck}, timeout=0.01)
    poll = await asyncio.wait_for(GamePoller(GAME, feed, clock, dice(2)).next(LIVE), 1)
    assert poll.reading == STATE
    assert not stuck.done()
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)


async def test_a_wait_can_be_ended(site: Site, follower: Follower) -> None:
    """Cancelling a wait leaves nothing running."""
    site.board(live_game())
    await follower.at_once(LIVE)
    task = asyncio.create_task(follower.poller.next(LIVE))
    await follower.clock.advance(1.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    own = asyncio.current_task()
    names = [x.get_coro().__qualname__ for x in asyncio.all_tasks() if x is not own]  # type: ignore[union-attr]
    assert not [x for x in names if "sleep" in x or "Event.wait" in x]


async def test_a_board_that_others_asked_for_is_taken_at_once(
    site: Site, feed: Feed, follower: Follower, clock: FakeClock
) -> None:
    """A game in play polls at once on a fresh board of its league, and on no other league's."""
    site.board(live_game())
    await follower.at_once(LIVE)
    task = asyncio.create_task(follower.poller.next(LIVE))
    await clock.advance(6.0)
    follower.poller.hear("espn wnba")
    await clock.advance(1.0)
    assert not task.done()
    await feed.board.read(5.0)
    follower.poller.hear("nba")
    poll = await asyncio.wait_for(task, 5)
    assert poll.reading == STATE
    assert site.count(BOARD) == 2
