"""Promises of what is stored about games before tip-off: the last lines, and each result once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.store.values import GAME, OTHER, T0, after
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.prior import Finished, Lines, PregameLines
from tracker.store import Store

LINES = Lines(home_spread=-4.5, total=228.5, home_ml=1.5, away_ml=2.7)


def quote(seconds: float, spread: float = -4.5) -> PregameLines:
    """A book's lines at a moment."""
    return PregameLines(replace(LINES, home_spread=spread), "a book", after(seconds))


async def test_the_last_line_before_tip_off_is_the_one_that_is_kept(store: Store) -> None:
    """Each line replaces the one before it; one from after tip-off replaces nothing."""
    await store.save_games([(OTHER, None)], T0)
    for seconds, spread in ((0, -4.5), (60, -5.0), (2 * 3600 + 1, -14.5)):
        await store.known.keep_quotes({OTHER.id: quote(seconds, spread)})
    assert await store.known.quotes() == {OTHER.id: quote(60, -5.0)}
    assert await store.known.quotes(OTHER.id) == await store.known.quotes()
    assert await store.known.quotes("another") == {}


async def test_lines_of_a_game_that_nobody_knows_are_let_go(store: Store) -> None:
    """Lines of an unknown game, or of one that has begun, are not stored."""
    await store.save_games([(GAME, None)], T0)
    await store.known.keep_quotes({GAME.id: quote(1), "0022600999": quote(0)})
    assert await store.known.quotes() == {}


async def test_the_lines_that_a_summary_keeps_during_the_game_are_stored(store: Store) -> None:
    """They are known to be the last before tip-off, and have its time."""
    await store.save_games([(GAME, None)], T0)
    last = PregameLines(LINES, "ESPN", GAME.start)
    await store.known.keep_quotes({GAME.id: last})
    assert await store.known.quotes() == {GAME.id: last}


def over(game: Game, home: int, away: int) -> GameState:
    """The end of the game."""
    return GameState(game, Phase.FINAL, 4, 0.0, Score(home, away))


async def test_finished_games_are_told_in_order_of_play(store: Store) -> None:
    """Results of slates and collected results come once each; unfinished games do not."""
    early = Game("0022600000", "nba", "LAL", "BOS", T0 - timedelta(days=3))
    await store.save_games([(GAME, over(GAME, 110, 104)), (OTHER, None)], T0)
    await store.save_games([(early, over(early, 99, 101))], T0)
    collected = Finished("nba", date(2026, 11, 1), "NYK", "DEN", 90, 95)
    same = Finished("nba", GAME.slate, "DEN", "LAL", 110, 104)
    await store.known.keep_finished([collected, same])
    await store.known.keep_finished([collected])
    assert await store.known.finished("nba") == (
        collected,
        Finished("nba", early.slate, "LAL", "BOS", 99, 101),
        same,
    )
    assert await store.known.finished("wnba") == ()


async def test_games_that_do_not_count_rate_nobody(store: Store) -> None:
    """Preseason and All-Star games, known by their ids, are left out."""
    start = datetime(2026, 10, 5, 23, tzinfo=UTC)
    for name in ("0012600001", "0032600001"):
        game = Game(name, "nba", "DEN", "LAL", start)
        await store.save_games([(game, over(game, 120, 80))], T0)
    assert await store.known.finished() == ()
