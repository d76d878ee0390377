"""Promises of the live card: a glance tells the game, every bet on it, and how fresh that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.values import GAME, NOW, bet, book, settled, state
from tracker.domain.bet import Result
from tracker.domain.chance import LOST, PUSHED, WON, Chance
from tracker.domain.game import GameState, Phase, Score
from tracker.engine.book import Book, Tracked
from tracker.notify.card import BAR_CELLS, MOST_BETS, Card, bar, card
from tracker.notify.channel import Message
from tracker.notify.telegram_text import TEXT_LIMIT, length, marked_up

DENVER = ZoneInfo("America/Denver")
Q3 = state("Q3 4:11", 61, 58, periods=(Score(30, 28), Score(25, 22), Score(6, 8)))


def followed(pick: str, p: float | None, number: int = 12) -> Tracked:
    """A bet with this chance of winning and no push."""
    chance = None if p is None else Chance(p, 0.0, 1.0 - p)
    return replace(Tracked.fresh(bet(pick, number)), chance=chance)


def with_bets(found: GameState | None, *tracked: Tracked, age: float = 6.0) -> Book:
    """A game with these bets on it."""
    return replace(book(found, age=age), tracked=tracked)


def made(found: Book, earlier: dict[int, float] | None = None) -> Card:
    """The card at NOW for somebody in Denver."""
    return card(found, earlier or {}, NOW, DENVER)


def test_a_game_in_play() -> None:
    """Score, clock, and for each bet its light, chance, way, stand and need."""
    game = with_bets(
        Q3,
        followed("over 224.5", 0.44, 12),
        followed("DEN -4.5", 0.71, 13),
        followed("LAL over 109.5", 0.12, 14),
        followed("Q3 under 55.5", 0.62, 15),
        followed("DEN ML", 0.80, 16),
    )
    assert made(game, {12: 0.50, 13: 0.62, 14: 0.121, 15: 0.62}).text == (
        "🏀 DEN 61 – 58 LAL · Q3 4:11\n"
        "🟡 #12 o224.5      44 % ▼6  119 / 225\n"
        "   ████████░░░░░░░░  needs 106 more\n"
        "🟢 #13 DEN -4.5    71 % ▲9  leads by 3\n"
        "   needs to win by 5\n"
        "🔴 #14 LAL o109.5  12 %  58 / 110\n"
        "   ████████░░░░░░░░  needs 52 more\n"
        "🟢 #15 Q3 u55.5    62 %  14 now\n"
        "   has room for 41 more\n"
        "🟢 #16 DEN ML      80 %  leads by 3\n"
        "   needs to win\n"
        "data 6 s · updated 20:30:00"
    )


def test_a_game_that_has_not_begun() -> None:
    """Both teams and the tip-off in the person's own time; no score that is not one."""
    game = replace(with_bets(None, followed("DEN -4.5", None)), seen_at=None)
    assert made(game).text == (
        "🏀 LAL @ DEN · tip-off Fri 19:00 MST\n⚪ #12 DEN -4.5\nupdated 20:30:00"
    )


def test_a_game_that_is_off() -> None:
    """The word for it, and the bet's result."""
    off = GameState(GAME, Phase.POSTPONED, 0, 0.0, Score(0, 0))
    game = with_bets(off, settled("DEN -4.5", Result.VOID, 2000))
    assert made(game).text.splitlines()[:2] == [
        "🏀 LAL @ DEN · Postponed",
        "⊘ #12 DEN -4.5  VOID $20.00 back",
    ]


def test_a_game_that_is_over() -> None:
    """Each bet with its result and what it did to the stake, or the call for a person."""
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(114, 105))
    won = settled("DEN -4.5", Result.WON, 3739)
    asked = replace(followed("over 219.5", 0.4, 13), review="two finals disagree")
    assert made(with_bets(over, won, asked)).text == (
        "🏀 DEN 114 – 105 LAL · Final\n"
        "✅ #12 DEN -4.5  WON +$17.39\n"
        "❔ #13 o219.5    needs review: tracker show 13\n"
        "data 6 s · updated 20:30:00"
    )


@pytest.mark.parametrize(
    ("chance", "row"),
    [(WON, "✅ #12 o110  HIT"), (LOST, "❌ #12 o110  DEAD"), (PUSHED, "↔ #12 o110  PUSH")],
)
def test_a_bet_that_is_decided(chance: Chance, row: str) -> None:
    """It is said in one word, and nothing is needed any more."""
    one = replace(followed("over 110", 0.5), chance=chance)
    assert made(with_bets(Q3, one)).rows == (row,)


def test_stale_data_are_called_so() -> None:
    """An old figure is never shown as a fresh one."""
    game = replace(with_bets(Q3, followed("DEN ML", 0.8), age=125), stale=True)
    assert made(game).foot == "⚠ data stale, seen 2 min 5 s ago · updated 20:30:00"


def test_a_later_card_with_the_same_news_needs_no_edit() -> None:
    """Only what happened counts, not that time went by."""
    game = with_bets(Q3, followed("DEN ML", 0.80))
    first, later = made(game), card(game, {}, NOW + timedelta(seconds=10), DENVER)
    assert first.text != later.text
    assert first.tells_the_same(later)
    moved = made(with_bets(Q3, followed("DEN ML", 0.81)))
    assert not first.tells_the_same(moved)


def test_an_arrow_points_where_the_figures_went() -> None:
    """What looks the same has no arrow, and the arrow's number is what can be seen."""
    game = with_bets(Q3, followed("DEN ML", 0.805))
    for was, expected in ((0.804, "80 %"), (0.70, "80 % ▲10"), (0.91, "80 % ▼11")):
        assert made(game, {12: was}).rows[0] == f"🟢 #12 DEN ML  {expected}  leads by 3"


def test_a_card_of_many_bets_can_be_sent() -> None:
    """However many there are, a channel takes it and the person knows of the rest."""
    many = tuple(followed("LAL over 109.5", 0.5, number) for number in range(1, 201))
    found = made(with_bets(Q3, *many))
    assert found.rows[-1] == f"and {200 - MOST_BETS} more: tracker bets"
    assert length(found.text) < TEXT_LIMIT / 2
    assert marked_up(Message(found.text, ())).startswith("<b>🏀 DEN 61 – 58 LAL · Q3 4:11</b>\n")


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_bar_is_full_only_when_all_is_there(now: int, wanted: int) -> None:
    """It is always as wide, never goes back, and never rounds up to done."""
    drawn = bar(now, wanted)
    assert len(drawn) == BAR_CELLS
    assert (drawn == "█" * BAR_CELLS) == (now >= wanted)
    assert bar(now + 1, wanted).count("█") >= drawn.count("█")
