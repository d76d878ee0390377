"""Promises of back-tests on kept quotes: own books, a minute late, nothing of the future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.app.market.backtest import (
    BetOutcome,
    Candidate,
    QuotesOfGame,
    candidates,
    own_games,
)
from tracker.app.market.value import made_again
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.market import Span
from tracker.domain.player import Player
from tracker.domain.poll import Document
from tracker.domain.prior import Lines
from tracker.domain.quote import Closing, Quote, Selection
from tracker.engine.market import GameClose, QuoteBoard, close
from tracker.engine.market.strategy import strategy_of
from tracker.forecast import Outlook, load_parameters
from tracker.forecast.market import closing_outlook
from tracker.settings.models import OddsSettings
from tracker.store import Store

TIP = datetime(2026, 11, 21, 3, 10, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", TIP - timedelta(minutes=10))
FINAL = GameState(GAME, Phase.FINAL, 4, 0.0, Score(110, 100))
HOME = Selection("moneyline", "home")
MINE = OddsSettings(mine=("mybook",))
STRATEGY = strategy_of({"when": "edge >= 0.05", "markets": ["moneyline"], "lines": "quotes"}, "x")


def outlook(game: Game, lines: Lines, players: Sequence[Player]) -> Outlook:
    """The outlook of a game by the market's lines at that moment."""
    return closing_outlook(game, lines, load_parameters("nba"), None, players)


def quoted(book: str, minutes: float, home: float, away: float) -> list[Quote]:
    """Quotes of both sides by a book, `minutes` before tip-off."""
    at = TIP - timedelta(minutes=minutes)
    return [Quote(GAME.id, book, HOME, at, home), Quote(GAME.id, book, HOME.opposite, at, away)]


def night(mine: float = 1.95, *later: Quote) -> QuotesOfGame:
    """Three books at 1.70 an hour before tip-off, and an own one that soon lowers its price."""
    quotes = [x for book in "abc" for x in quoted(book, 60, 1.70, 2.20)]
    quotes += quoted("mybook", 60, mine, 1.85) + quoted("mybook", 59.5, 1.90, 1.90) + list(later)
    close = GameClose(Closing(GAME.id, 1, TIP))
    return QuotesOfGame(GAME, FINAL, tuple(sorted(quotes, key=lambda x: x.at)), close)


def home_side(kept: QuotesOfGame) -> tuple[Candidate, BetOutcome]:
    """The candidate on the home side."""
    listed = candidates(kept, STRATEGY, MINE, outlook)
    (one,) = [x for x in listed if x[0].side == "home"]
    return one


def test_a_bet_is_made_at_your_book_a_minute_after_it_was_decided() -> None:
    """Other books' prices cannot be taken, and the price at the decision decides."""
    bet, came = home_side(night())
    assert (bet.book, bet.asked, bet.odds) == ("mybook", 1.95, 1.90)
    assert STRATEGY.holds(bet.figures)
    assert came.won == 1.0


def test_what_is_quoted_or_played_after_a_decision_changes_nothing_of_it() -> None:
    """Prices from two minutes later on, and the final score, do not change a decision."""
    told, _ = home_side(night())
    later = [x for book in ("a", "b", "c", "mybook") for x in quoted(book, 57, 1.30, 3.60)]
    other = replace(night(1.95, *later), final=replace(FINAL, score=Score(90, 120)))
    changed, came = home_side(other)
    assert changed == told
    assert came.won == 0.0


def test_without_a_price_of_yours_there_is_no_bet() -> None:
    """Prices of other books alone give no bet."""
    kept = night()
    others = tuple(x for x in kept.quotes if x.book != "mybook")
    assert candidates(replace(kept, quotes=others), STRATEGY, MINE, outlook) == []


def test_a_bet_whose_result_is_not_known_is_in_no_sum() -> None:
    """A quarter whose points the final state lacks is no push at which the stake came back."""
    side, (price, _) = replace(HOME, span=Span.Q1), quoted("mybook", 60, 1.95, 1.85)
    kept = night(1.95, replace(price, selection=side))
    for periods in (None, (Score(30, 20), *[Score(26, 26)] * 2, Score(28, 28))):
        ended = replace(kept, final=replace(FINAL, periods=periods))
        found = candidates(ended, STRATEGY, MINE, outlook)
        assert [came.won for x, came in found if x.odds == 1.95] == ([1.0] if periods else [])


async def test_a_price_that_still_stood_at_the_tip_off_is_a_close(tmp_path: Path) -> None:
    """A price is stored when it changes: one of an hour ago that was read again counts."""
    later = TIP + timedelta(days=1)
    async with await Store.open(tmp_path / "t.db", now=TIP) as store:
        await store.save_games([(replace(GAME, start=TIP), FINAL)], TIP)
        quotes = list(night().quotes)
        for read_at, told in ((60, quotes), (3, [])):
            at = TIP - timedelta(minutes=read_at)
            document = Document("the_odds_api", "/v4", at, b"", f"{read_at:064}")
            await store.quotes.record(document, told)
        (kept,) = await own_games(store, later)
    assert kept.tip_at == TIP
    bet, came = home_side(kept)
    assert came.clv == pytest.approx(2.20 / (1.70 + 2.20) * bet.odds - 1)


async def test_a_close_is_made_again_as_it_was(tmp_path: Path) -> None:
    """Prices that had stood for an hour count in it, and a book that had long stopped does not."""
    board, total = QuoteBoard(), Selection("total", "over", 224.5)
    books = [x for book in "abc" for x in quoted(book, 60, 1.70, 2.20)]
    stopped = [replace(x, selection=replace(total, side=side)) for side, x in
               zip(("over", "under"), quoted("d", 60, 1.9, 1.9), strict=True)]  # fmt: skip
    for minutes in (60, 2):
        at = TIP - timedelta(minutes=minutes)
        read = [replace(x, at=at) for x in books]
        frozen = [replace(x, at=at, told_at=stopped[0].at) for x in stopped]
        board.take([*read, *frozen], read + frozen if minutes > 2 else (), "odds /v4", 0)
    made = close(GAME.id, 1, TIP, board.lines(GAME.id))
    async with await Store.open(tmp_path / "t.db", now=TIP) as store:
        await store.save_games([(GAME, FINAL)], TIP)
        await store.quotes.close(made.closing, [], [], TIP, made.quoted)
        again = await made_again(store.quotes, made.closing)
    assert again == made
    assert made.fairs.keys() == {HOME}
    assert "suspended" in made.why["total"]
