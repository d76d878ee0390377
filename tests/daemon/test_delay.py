"""Promises of the delay: nothing is known before the broadcast shows it, and polling goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from tests.doubles.clock import FakeClock
from tests.engine.build import bet, outlook
from tracker.daemon.delay import MOST_KEPT, LateSlate, delayed
from tracker.daemon.track import TrackContext, deciding, track
from tracker.domain.alert import MessageStyle
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.poll import GameStanding, Poll
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.feeds.slates import SlateReading
from tracker.forecast import Outlook

T0 = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", T0, date(2026, 11, 20))


def state(points: int) -> GameState:
    """A live state that is recognised by its points."""
    return GameState(GAME, Phase.LIVE, 1, 700.0 - points, Score(points, 0))


@dataclass
class Feed:
    """Polls every five seconds, and remembers which standing each poll was chosen by."""

    clock: FakeClock
    asked: list[GameStanding] = field(default_factory=list)

    async def next(self, standing: GameStanding) -> Poll:
        """A poll with one more point."""
        await self.clock.sleep(5.0)
        self.asked.append(standing)
        return Poll("nba", "/x", self.clock.now(), b"", "", state(len(self.asked)))


async def test_each_poll_is_handed_on_when_it_is_old_enough_and_in_order() -> None:
    """Polls are handed on in order after the delay, while new ones come at the game's pace."""
    clock = FakeClock(T0)
    feed, handed = Feed(clock), []
    standing = GameStanding(GAME)

    async def follow() -> None:
        async with delayed(feed, 35.0, clock, standing) as late:
            while True:
                poll = await late.next(standing)
                handed.append((poll, (clock.now() - poll.at).total_seconds()))

    following = asyncio.create_task(follow())
    for _ in range(20):
        await clock.advance(5.0)
        assert all(age >= 35.0 for _, age in handed)
    assert len(feed.asked) == 20
    assert [x.reading for x, _ in handed] == [state(n) for n in range(1, 14)]
    assert {age for _, age in handed} == {35.0}
    assert feed.asked[0].state is None
    assert feed.asked[10].state == state(10)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_polls_that_nobody_takes_do_not_fill_the_memory() -> None:
    """While nothing can be decided, so many polls are held and no more; then it goes on."""
    clock = FakeClock(T0)
    feed, standing = Feed(clock), GameStanding(GAME)
    async with delayed(feed, 35.0, clock, standing) as late:
        for _ in range(MOST_KEPT + 50):
            await clock.advance(5.0)
        assert len(feed.asked) == MOST_KEPT
        taken = [(await late.next(standing)).reading for _ in range(MOST_KEPT)]
        assert taken == [state(n + 1) for n in range(MOST_KEPT)]
        for _ in range(10):
            await clock.advance(5.0)
        assert len(feed.asked) == MOST_KEPT + 10


async def test_without_a_delay_the_poller_is_the_poller() -> None:
    """Without a delay, the poller itself is used."""
    clock = FakeClock(T0)
    feed = Feed(clock)
    async with delayed(feed, 0.0, clock, GameStanding(GAME)) as late:
        assert late is feed


async def test_a_slate_tells_its_games_at_once_and_their_scores_late() -> None:
    """A delayed slate gives its games at once, so that bets match, but their scores late."""
    clock = FakeClock(T0)
    points = iter(range(1, 100))

    async def read() -> SlateReading:
        return SlateReading((GAME,), (state(next(points)),), True, (), False)

    late = LateSlate(read, 35.0, clock)
    seen = []
    for _ in range(6):
        reading = await late.read()
        assert reading.games == (GAME,)
        seen.append([x.score.home for x in reading.states])
        await clock.advance(20.0)
    assert seen == [[], [], [1], [2], [3], [4]]
    assert (await LateSlate(read, 0.0, clock).read()).states == (state(7),)


@dataclass
class Glitch(Feed):
    """A feed that once shows sixty points more than there are."""

    async def next(self, standing: GameStanding) -> Poll:
        """A poll with one more point, or the one that is wrong."""
        poll = await super().next(standing)
        wrong = len(self.asked) == 12
        return replace(poll, reading=state(60 + 12)) if wrong else poll


@dataclass
class Unpriced:
    """Records nothing and prices nothing, and keeps what was believed at each poll."""

    believed: list[int] = field(default_factory=list)

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook:  # noqa: ARG002
        """The real forecast."""
        return outlook(state)

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> None:
        """Keep nothing."""

    def show(self, tracking: GameTracking) -> None:
        """Keep the believed score."""
        assert tracking.state is not None
        self.believed.append(tracking.state.score.home)


async def test_a_leap_is_held_behind_the_broadcast_as_well() -> None:
    """What cannot have happened in the time between two polls is not believed with a delay."""
    clock, world = FakeClock(T0), Unpriced()
    context = TrackContext(
        world, world, clock, (), lambda: None, lambda _: None, show=world.show,
        wording=MessageStyle(delay=35.0),
    )  # fmt: skip
    tracking = GameTracking(GAME, (Tracked.fresh(bet(1, "DEN ML")),))

    async def follow() -> None:
        feed, standing = Glitch(clock), tracking.standing
        async with deciding(context) as decisions, delayed(feed, 35.0, clock, standing) as late:
            await track(tracking, late, decisions)

    following = asyncio.create_task(follow())
    while len(world.believed) < 14:
        await clock.advance(5.0)
    assert max(world.believed) < 60
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
