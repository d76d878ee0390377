"""Promises of priors in the daemon: what is learned before tip-off is what forecasts the game."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tests.store.values import started
from tracker.app.pricing import Pricing
from tracker.daemon.forecaster import Forecaster, LiveOf
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
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, PlayerGame, Stat
from tracker.domain.prior import NO_LINES, Finished, Lines, PregameLines, PriorSource
from tracker.domain.quote import Selection, TwoSided
from tracker.domain.tracking import GameTracking
from tracker.engine.decide.belief import seen_by
from tracker.engine.market import exchange_lines
from tracker.feeds.nba_reading import parse_box
from tracker.forecast import Outlook
from tracker.replay import Recording, find_recording
from tracker.replay.nba_site import LIVE, NbaSite
from tracker.replay.playback import Playback
from tracker.store import Store

START = datetime(2026, 11, 21, 3, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", START)
BOOK = GameTracking(GAME, ())
TIP = GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0))
RATED = "ratings from 15 results"
PAST = tuple(
    Finished("nba", date(2026, 10, 22) + timedelta(days=k), "DEN", "LAL", 120, 104)
    for k in range(15)
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store that has the game."""
    async with await Store.open(started(tmp_path / "t.db"), now=START) as opened:
        await opened.save_games([(GAME, None)], START - timedelta(days=1))
        yield opened


def forecaster(live: LiveOf = lambda _, __: None) -> Forecaster:
    """A forecaster whose configuration has no lines."""
    return Forecaster(lambda _: NO_LINES, lambda *_: None, live=live)


async def test_results_that_the_store_has_move_the_forecast(store: Store) -> None:
    """A game without lines is forecast from its teams' results, and the prior says so."""
    made = forecaster()
    before = await made.forecast(BOOK, TIP)
    await store.known.keep_finished(PAST)
    await learn(store, made.pricing)
    after = await made.forecast(BOOK, TIP)
    believed = made.pricing.believed(GAME, [x.bet for x in BOOK.tracked])
    assert believed.prior.source is PriorSource.RATINGS
    assert believed.by == RATED
    assert after.mu.margin > before.mu.margin + 2  # type: ignore[union-attr]
    assert after.sigma.margin < before.sigma.margin  # type: ignore[union-attr]


async def test_results_that_come_later_are_learned_while_the_daemon_runs(store: Store) -> None:
    """A running daemon learns new results every ten minutes, and rates teams by them."""
    clock, made = FakeClock(START - timedelta(hours=2)), forecaster()
    loop = asyncio.create_task(keep_learning(store, made.pricing, clock))
    try:
        await store.known.keep_finished(PAST)
        await clock.advance(LEARN_EVERY)
        while made.pricing.believed(GAME, [x.bet for x in BOOK.tracked]).by != RATED:
            assert not loop.done()
            await store.known.quotes()
    finally:
        loop.cancel()


async def test_an_exchanges_price_moves_the_forecast_of_a_game_in_play() -> None:
    """An exchange's price moves a live forecast only while it is younger than a minute."""
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
    """A bet on each market, and a parlay, as added at a given time."""
    slip = Parlay(tuple(Leg(GAME, x) for x in (MARKETS[0], MARKETS[2], MARKETS[6])))
    wagers: list[Wager] = [*MARKETS, slip]
    return [Bet(n, "pick", x, GAME, (), added_at) for n, x in enumerate(wagers, 1)]


def test_bets_of_the_third_quarter_have_the_chances_of_bets_from_before_the_tip() -> None:
    """Bets added in play have the chances of those added before: same prior, same players."""
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
        told, again = (pricing.worth(x, {GAME.id: Q3})[0] for x in (before, after))
        assert isinstance(told, Chance)
        assert isinstance(again, Chance)
        assert again.win == pytest.approx(told.win, abs=0.01), before.market


STEP = timedelta(minutes=5)
RECORDED = ("SAC@GSW 2024-01-25", "HOU@ATL 2026-01-29")


def boxes_of(recording: Recording) -> list[tuple[datetime, GameState]]:
    """The league's box scores of a recorded game, one every five minutes, to its end."""
    site = NbaSite([Playback(recording, START)])
    path = f"{LIVE}/boxscore/boxscore_{recording.id}.json"
    told: list[tuple[datetime, GameState]] = []
    while not told or told[-1][1].phase is not Phase.FINAL:
        now = START + STEP * len(told)
        page = site.page(path, now)
        assert page is not None
        told.append((now, parse_box(page.body, "nba")))
    return told


def wagers_on(final: GameState, lines: Lines) -> list[tuple[Wager, int | None]]:
    """Bets of every kind, with the points that a player usually has limited to eight tonight."""
    spread, total = lines.home_spread, lines.total
    assert spread is not None
    assert total is not None
    found: list[tuple[Wager, int | None]] = [
        (Moneyline(Side.HOME), None),
        (Spread(Side.HOME, spread), None),
        (Total(Direction.OVER, total), None),
        (TeamTotal(Side.AWAY, Direction.UNDER, (total + spread) // 2 + 0.5), None),
        (Total(Direction.OVER, total // 2 + 0.5, Span.H2), None),
        (Spread(Side.AWAY, 2.5, Span.Q4), None),
    ]
    for x in final.players:
        if x.minutes >= 12:
            usual = round(0.5 * dict(x.stats)["pts"] + 4)
            over = PlayerTotal(Player(x.name, x.side), Stat.PTS, Direction.OVER, usual + 0.5)
            found.append((over, usual))
    slip = (found[0][0], found[2][0], found[6][0])
    found.append((Parlay(tuple(Leg(final.game, x) for x in slip)), None))  # type: ignore[arg-type]
    return found


def known_before(final: GameState, lines: Lines, wagers: list[tuple[Wager, int | None]]) -> Pricing:
    """What is known before a game: its closing lines, and fifteen games of each player bet on."""
    pricing, past = forecaster().pricing, {}
    pricing.learn({final.game.id: PregameLines(lines, "ESPN", START - timedelta(minutes=20))})
    minutes = {(x.side, x.name): (x.minutes, x.starter) for x in final.players}
    for market, usual in wagers:
        if isinstance(market, PlayerTotal) and usual is not None:
            who = market.player
            played, starter = minutes[who.side, who.name]
            past["nba", who.key] = tuple(
                PlayerGame(
                    who.name, final.game.code(who.side), f"g{k}", START - timedelta(days=2 * k),
                    played, starter, ((Stat.PTS, max(usual + k % 7 - 3, 0)),), 4,
                )
                for k in range(1, 16)
            )  # fmt: skip
    pricing.players.learn(past, {})
    return pricing


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_night_that_is_written_down_late_has_the_chances_of_one_from_before(
    name: str,
) -> None:
    """Bets added late have, at every poll to the end, the chances of bets added before tip-off.

    The exception is a player who was on the bench, unseen, when the bets were added. Only earlier
    box scores say when he was last on the court, so he counts as just gone off until he is seen, or
    until the quarter ends in which that matters.
    """
    recording = find_recording(name)
    told = boxes_of(recording)
    given, final = recording.lines, told[-1][1]
    lines = Lines(-2.5, 226.5) if given is None else Lines(given.home_spread, given.total)
    wagers = wagers_on(final, lines)
    pricing = known_before(final, lines, wagers)
    added = next(now for now, x in told if x.period == 3 and x.clock < 480)
    odds = parse_odds("-110")
    early, late = (
        [Bet(n, "pick", x, final.game, (), at, odds) for n, (x, _) in enumerate(wagers, 1)]
        for at in (START - timedelta(hours=3), added)
    )
    seen: list[tuple[PlayerLine, ...]] = [(), ()]
    states: list[tuple[GameState, GameState]] = []
    apart: list[set[str]] = []
    for now, state in told:
        seen = [seen_by(state, x) if k == 0 or now >= added else () for k, x in enumerate(seen)]
        if now >= added:
            states.append((replace(state, players=seen[0]), replace(state, players=seen[1])))
            apart.append({x.name for x, y in zip(*seen, strict=True) if x.seen != y.seen})
    judged, unseen = 0, 0
    for before, after in zip(early, late, strict=True):
        # One bet after the other, as the priors of its players are kept from poll to poll.
        was, then = (
            [pricing.worth(bet, {final.game.id: x[k]})[0] for x in states]
            for k, bet in enumerate((before, after))
        )
        for one, other, names in zip(was, then, apart, strict=True):
            assert isinstance(one, Chance)
            assert isinstance(other, Chance)
            judged += 1
            if abs(one.win - other.win) > 0.01:
                assert isinstance(before.market, PlayerTotal), (name, before.market)
                assert before.market.player.name in names, (name, before.market)
                unseen += 1
    assert judged > 200
    assert unseen <= judged * 0.01
