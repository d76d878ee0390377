"""Every example of docs/bets.md is read as the document says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.domain.test_grammar_slips import meaning
from tracker.domain import BadBet
from tracker.domain.league import LEAGUES
from tracker.domain.player import Stat
from tracker.language import find_in, parse_bet

DOCS = (Path(__file__).parents[2] / "docs" / "bets.md").read_text("utf-8")
GOOD, _, BAD = DOCS.partition("## When a line is wrong")
ROW = re.compile(r"^\| `(.+?)` \| (.+?) \|$", re.MULTILINE)
FIND = find_in(*LEAGUES)


@pytest.mark.parametrize(("written", "meant"), ROW.findall(GOOD))
def test_an_example_is_read_as_it_says(written: str, meant: str) -> None:
    """The program writes each example as the right column of its table does."""
    assert meaning(parse_bet(written, FIND)) == meant.replace("\\|", "|")


@pytest.mark.parametrize(("written", "told"), ROW.findall(BAD))
def test_a_mistake_is_told_as_it_says(written: str, told: str) -> None:
    """Each mistake gives the error in the table: its place and what was expected."""
    with pytest.raises(BadBet) as caught:
        parse_bet(written, FIND)
    assert told in str(caught.value)


def test_all_that_is_counted_is_told() -> None:
    """The document names each statistic as the program writes it."""
    assert all(f"`{stat.value}`" in GOOD for stat in Stat)
    assert len(ROW.findall(DOCS)) > 60
