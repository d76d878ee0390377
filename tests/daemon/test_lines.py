"""Promises of priors in the daemon: what is learned before tip-off is what forecasts the game."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tracker.daemon.forecaster import Forecaster, LiveOf, nothing_live
from tracker.daemon.watchers import LEARN_EVERY, keep_learning, learn
from tracker.domain.bet import Bet, Leg, Parlay, Wager
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    Total,
)
from tracker.domain.player import Player, PlayerGame, Stat
from tracker.domain.prior import NO_LINES, Finished, Lines, PregameLines, PriorSource
from tracker.domain.quote import Selection, TwoSided
from tracker.domain.tracking import GameTracking
from tracker.engine.market import exchange_lines
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


Q3 = GameState(
    GAME, Phase.LIVE, 3, 431.0, Score(74, 66),
    periods=(Score(30, 24), Score(28, 29), Score(16, 13)),
    players=(
        PlayerLine("1", "Ada Long", Side.HOME, (("pts", 17), ("reb", 6), ("ast", 4)), minutes=25.0,
                   on_court=True, starter=True, played=True),
    ),
)  # fmt: skip
ADA = Player("Ada Long", Side.HOME)
MARKETS: tuple[Market, ...] = (
    Moneyline(Side.HOME),
    Spread(Side.HOME, -5.5),
    Total(Direction.OVER, 226.5),
    TeamTotal(Side.AWAY, Direction.UNDER, 109.5),
    Total(Direction.OVER, 113.5, Span.H2),
    Spread(Side.AWAY, 2.5, Span.Q4),
    PlayerTotal(ADA, Stat.PTS, Direction.OVER, 26.5),
)


def _placed(added_at: datetime) -> list[Bet]:
    """A bet on each market, and a parlay, as they were added at a time."""
    slip = Parlay(tuple(Leg(GAME, x) for x in (MARKETS[0], MARKETS[2], MARKETS[6])))
    wagers: list[Wager] = [*MARKETS, slip]
    return [Bet(n, "pick", x, GAME, (), added_at) for n, x in enumerate(wagers, 1)]


def test_bets_of_the_third_quarter_have_the_chances_of_bets_from_before_the_tip() -> None:
    """The last line before the tip is the prior of both, and players are who they were."""
    pricing = forecaster().pricing
    lines = Lines(home_spread=-5.5, total=226.5)
    pricing.learn({GAME.id: PregameLines(lines, "ESPN", START - timedelta(minutes=20))})
    stats = ((Stat.PTS, 25), (Stat.REB, 9), (Stat.AST, 6))
    past = tuple(
        PlayerGame(ADA.name, "DEN", f"g{k}", START - timedelta(days=k), 35.0, True, stats, 4)
        for k in range(1, 20)
    )
    pricing.players.learn({("nba", ADA.key): past}, {})
    early, late = _placed(START - timedelta(hours=3)), _placed(START + timedelta(minutes=100))
    for before, after in zip(early, late, strict=True):
        told, again = (pricing.chance(x, {GAME.id: Q3}) for x in (before, after))
        assert isinstance(told, Chance)
        assert isinstance(again, Chance)
        assert again.win == pytest.approx(told.win, abs=0.01), before.market
