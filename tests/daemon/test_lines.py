"""Promises of priors in the daemon: what is learned before tip-off is what forecasts the game."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tracker.clock import FakeClock
from tracker.daemon.forecaster import Forecaster, LiveOf, nothing_live
from tracker.daemon.watchers.loops import LEARN_EVERY, keep_learning, learn
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.prior import NO_LINES, Finished, PriorSource
from tracker.domain.quote import Selection, TwoSided
from tracker.domain.tracking import GameTracking
from tracker.engine.market.closing import exchange_lines
from tracker.forecast import Outlook
from tracker.store import Store

START = datetime(2026, 11, 21, 3, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", START)
BOOK = GameTracking(GAME, ())
TIP = GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0))
PAST = tuple(
    Finished("nba", date(2026, 10, 22) + timedelta(days=k), "DEN", "LAL", 120, 104)
    for k in range(15)
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store that knows the game."""
    async with await Store.open(tmp_path / "t.db", now=START) as opened:
        await opened.save_games([(GAME, None)], START - timedelta(days=1))
        yield opened


def forecaster(live: LiveOf = nothing_live) -> Forecaster:
    """A forecaster whose configuration has no lines."""
    return Forecaster(lambda _: NO_LINES, lambda *_: None, live=live)


async def test_results_that_the_store_has_move_the_forecast(store: Store) -> None:
    """A game without lines is forecast from its teams' results, and says so."""
    made = forecaster()
    before = await made.forecast(BOOK, TIP)
    await store.known.keep_finished(PAST)
    await learn(store, made.pricing)
    after = await made.forecast(BOOK, TIP)
    believed = made.pricing.believed(GAME, [x.bet for x in BOOK.tracked])
    assert believed.prior.source is PriorSource.RATINGS
    assert believed.by == "ratings from 15 results"
    assert after.mu.margin > before.mu.margin + 2  # type: ignore[union-attr]
    assert after.sigma.margin < before.sigma.margin  # type: ignore[union-attr]


async def test_results_that_come_later_are_learned_while_the_daemon_runs(store: Store) -> None:
    """Every ten minutes: a daemon that runs for weeks rates teams by last night's games."""
    clock, made = FakeClock(START - timedelta(hours=2)), forecaster()
    loop = asyncio.create_task(keep_learning(store, made.pricing, clock))
    try:
        await store.known.keep_finished(PAST)
        await clock.advance(LEARN_EVERY)
        for _ in range(5):
            await store.known.quotes()
    finally:
        loop.cancel()
    assert (
        made.pricing.believed(GAME, [x.bet for x in BOOK.tracked]).by == "ratings from 15 results"
    )


async def test_an_exchanges_price_moves_the_forecast_of_a_game_in_play() -> None:
    """While it is younger than a minute; an older one knows less than the score."""
    moment = START + timedelta(minutes=40)
    state = GameState(GAME, Phase.LIVE, 2, 300.0, Score(40, 40))
    own = await forecaster().forecast(BOOK, state)

    def quoted(age: float) -> LiveOf:
        at = moment - timedelta(seconds=age)
        line = TwoSided("kalshi", Selection("moneyline", "home"), 1.25, 5.0, at, at)
        return lambda *_: exchange_lines([line], moment)

    blended = await forecaster(quoted(20)).forecast(BOOK, state)
    old = await forecaster(quoted(70)).forecast(BOOK, state)
    assert isinstance(own, Outlook)
    assert isinstance(blended, Outlook)
    assert isinstance(old, Outlook)
    assert blended.mu.margin > own.mu.margin + 1
    assert old.mu.margin == own.mu.margin
