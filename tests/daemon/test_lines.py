"""Promises of priors in the daemon: what is learned before tip-off is what forecasts the game."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tracker.clock import FakeClock
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.watchers.pregame import LINES_EVERY, LINES_NEAR, STEP, learn, watch_lines
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.prior import NO_LINES, Finished, Lines, PriorSource, Quote
from tracker.domain.tracking import GameTracking
from tracker.store import Store

START = datetime(2026, 11, 21, 3, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", START)
BOOK = GameTracking(GAME, ())
TIP = GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store that knows the game."""
    async with await Store.open(tmp_path / "t.db", now=START) as opened:
        await opened.save_games([(GAME, None)], START - timedelta(days=1))
        yield opened


def forecaster() -> Forecaster:
    """A forecaster whose configuration has no lines."""
    return Forecaster(lambda _: NO_LINES, lambda *_: None)


async def test_results_that_the_store_has_move_the_forecast(store: Store) -> None:
    """A game without lines is forecast from its teams' results, and says so."""
    made = forecaster()
    before = await made.forecast(BOOK, TIP)
    past = [
        Finished("nba", date(2026, 10, 22) + timedelta(days=k), "DEN", "LAL", 120, 104)
        for k in range(15)
    ]
    await store.known.keep_finished(past)
    await learn(store, made.pricing)
    after = await made.forecast(BOOK, TIP)
    believed = made.pricing.believed(GAME, [x.bet for x in BOOK.tracked])
    assert believed.prior.source is PriorSource.RATINGS
    assert believed.by == "ratings from 15 results"
    assert after.mu.margin > before.mu.margin + 2  # type: ignore[union-attr]
    assert after.sigma.margin < before.sigma.margin  # type: ignore[union-attr]


class Bookmaker:
    """Quotes a spread that moves by a point at each look."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.looks: list[datetime] = []

    async def read(self, games: Iterable[Game]) -> dict[str, Quote]:
        """The lines of the games."""
        now = self.clock.now()
        self.looks.append(now)
        lines = Lines(home_spread=-float(len(self.looks)), total=228.5)
        return {x.id: Quote(lines, "a book", now) for x in games}


async def step(clock: FakeClock, store: Store) -> None:
    """Let one look's time pass, and whatever it wrote be written."""
    await clock.advance(STEP)
    for _ in range(5):
        await store.known.quotes()


async def test_lines_are_followed_until_the_game_begins_and_then_stand(store: Store) -> None:
    """Every ten minutes, every two when it is near, and never after tip-off."""
    clock = FakeClock(START - timedelta(hours=2))
    made, maker = forecaster(), Bookmaker(clock)
    loop = asyncio.create_task(watch_lines(maker.read, store, made.pricing, lambda: [GAME], clock))
    try:
        for _ in range(int(3 * 3600 / STEP)):
            await step(clock, store)
    finally:
        loop.cancel()
    gaps = {(b - a).total_seconds() for a, b in zip(maker.looks, maker.looks[1:], strict=False)}
    assert max(gaps) <= LINES_EVERY + STEP
    assert min(gaps) >= LINES_NEAR
    assert START - timedelta(seconds=LINES_NEAR + STEP) <= maker.looks[-1] < START
    prior = made.pricing.believed(GAME, [x.bet for x in BOOK.tracked])
    assert prior.prior.margin == len(maker.looks)
    assert prior.by == "the lines of a book"


async def test_a_game_that_is_bet_on_late_is_looked_up_at_once(store: Store) -> None:
    """Not at the next turn, by when it may have begun."""
    clock = FakeClock(START - timedelta(hours=2))
    made, maker, games = forecaster(), Bookmaker(clock), list[Game]()
    loop = asyncio.create_task(watch_lines(maker.read, store, made.pricing, lambda: games, clock))
    try:
        await step(clock, store)
        assert maker.looks == []
        games.append(GAME)
        await step(clock, store)
        await step(clock, store)
    finally:
        loop.cancel()
    assert len(maker.looks) == 1
