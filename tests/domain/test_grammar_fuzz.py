"""Any line that is typed gives a bet or a one-sentence error, and a bet reads back as itself."""

from __future__ import annotations

import time

import pytest

from tests.domain.fuzzed import lines
from tests.domain.test_grammar_slips import GAME, ROSTER, SLIPS
from tracker.domain import BadBet
from tracker.domain.league import LEAGUES
from tracker.domain.market import describe
from tracker.domain.pick import Written
from tracker.language import find_in, find_in_game, parse_bet
from tracker.language.tokens import FindTeam

WRITTEN = [written.replace("\\n", "\n") for _, written in SLIPS]
FINDS = (find_in(*LEAGUES), find_in_game(GAME))


def read(text: str, find: FindTeam) -> Written | BadBet:
    """The bet of a line, or the error that it raises."""
    try:
        return parse_bet(text, find)
    except BadBet as why:
        return why


def fuzz(seed: int, count: int) -> tuple[int, float]:
    """Check `count` random lines; return how many were read and the slowest's seconds."""
    understood, slowest = 0, 0.0
    for number, text in enumerate(lines(seed, count, WRITTEN)):
        find = FINDS[number % 8 == 0]
        began = time.perf_counter()
        found = read(text, find)
        slowest = max(slowest, time.perf_counter() - began)
        if isinstance(found, BadBet):
            assert found.at is None or 0 <= found.at <= len(text), text
            assert "\n" not in str(found), text
            continue
        understood += 1
        for leg in found.legs:
            try:
                market = leg.market_for(GAME, ROSTER)
            except BadBet:
                continue
            again = parse_bet(describe(market, GAME.home, GAME.away), find).legs
            assert [x.market_for(GAME, ROSTER) for x in again] == [market], text
    return understood, slowest


def test_thousands_of_lines_are_bets_or_sentences() -> None:
    """No line makes the parser fail in another way, or takes it a second."""
    understood, slowest = fuzz(1, 2_500)
    assert understood > 150
    assert slowest < 1.0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_million_lines_are_bets_or_sentences() -> None:
    """A million lines keep that promise too; `benchmarks/grammar_fuzz.py` has the figures."""
    understood, slowest = fuzz(2, 1_000_000)
    assert understood > 60_000
    assert slowest < 1.0
