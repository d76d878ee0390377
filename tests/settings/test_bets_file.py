"""Promises of the bets file: good bets load, and each bad one is reported with its line."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.pick import Pick
from tracker.intake.bets_file import parse_bets, read_bets

WHOLE = """
[[bet]]
pick = "DEN -4.5"
game = "LAL@DEN 2026-11-20"
odds = -110
stake = 20.00
rules = ["p >= 0.80", "p <= 0.30", "swing 0.15 in 5m"]
tags = ["props"]
book = "home"
id = "mine"
lines = { home_spread = -4.5, total = 228.5 }

[[bet]]
pick = "LAL@DEN over 224.5 1.91 2u"
"""


def test_every_key_of_a_bet_is_understood() -> None:
    """A bet brings its game, odds, stake, rules, tags, book, id and lines."""
    found = parse_bets(WHOLE, "bets.toml", 1000)
    assert found.mistakes == ()
    first, second = found.drafts
    assert first.name == "mine"
    assert first.pick.text == "DEN -4.5"
    assert first.stake_cents == 2000
    assert first.odds is not None
    assert first.odds.text == "-110"
    assert first.rules is not None
    assert [r.text for r in first.rules] == ["p >= 0.80", "p <= 0.30", "swing 0.15 in 5m"]
    assert first.lines.total == 228.5
    assert second.stake_cents == 2000
    assert second.odds is not None
    assert second.odds.decimal == Fraction("1.91")
    assert second.rules is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('pick = "DNE -4.5"', "not understood"),
        ("odds = -110", "needs a pick"),
        ('pick = "DEN ML"\nodds = "abc"', "not a price"),
        ('pick = "DEN ML"\nstake = "lots"', "not an amount"),
        ('pick = "DEN ML"\nstake = 1.005', "whole cents"),
        ('pick = "DEN ML"\nstakes = 5', "not a key of a bet; did you mean stake"),
        ('pick = "DEN ML"\nrules = "p >= 0.8"', "list of texts"),
        ('pick = "DEN ML"\nrules = ["p >= 80"]', "between 0 and 1"),
        ('pick = "DEN ML"\nstake = nan', "finite"),
        ('pick = "DEN ML"\ngame = "LAL"', "ends too early"),
        ('pick = "DEN ML"\nid = true', "'id' must be"),
        ('pick = "DEN ML"\nodds = true', "must be a price"),
        ('pick = "DEN ML"\nplaced_at = "noon"', "not a time with its zone"),
        ('pick = "DEN ML"\nplaced_at = 2026-11-20T19:05:00', "not a time with its zone"),
        ('pick = "DEN ML"\nlegs = ["BOS ML", "DEN ML"]', "a pick or legs"),
        ('legs = ["BOS ML"]', "two legs or more"),
        ('legs = ["BOS ML", "bogus"]', "leg 2: 'bogus': 'bogus' at column 1"),
        ('legs = ["BOS ML", "DEN ML $5"]', "one stake"),
        ('legs = "DEN ML"', "list of texts"),
        ('pick = "DEN ML; over 224.5 bogus"', "leg 2: 'bogus' at column 20"),
        ('pick = "o25.5"\nplayer = "Jokic"', "what of 'Jokic' is counted"),
    ],
)
def test_one_bad_bet_spoils_no_other(row: str, said: str) -> None:
    """A mistake names its line in one sentence, and the other bets are loaded."""
    text = f'[[bet]]\npick = "DEN ML"\nid = "a"\n\n[[bet]]\n{row}\n\n[[bet]]\npick = "BOS ML"\n'
    found = parse_bets(text, "bets.toml", 1000)
    assert [d.pick.text for d in found.drafts] == ["DEN ML", "BOS ML"]
    (mistake,) = found.mistakes
    assert mistake.startswith("bets.toml, line 5: ")
    assert said in mistake
    assert "\n" not in mistake


def test_players_and_parlays_stand_in_a_file() -> None:
    """A player beside his line, legs one by one, and whole lines are all read."""
    text = """
[[bet]]
player = "Nikola Jokić"
pick = "o25.5 pts -115"
placed_at = 2026-11-20T19:05:00-05:00

[[bet]]
legs = ["DEN ML -150", "over 224.5 -110", "Jokic o25.5 pts #late"]
odds = 450
stake = "2u"

[[bet]]
legs = ["DEN ML -150", "over 224.5 -110"]
game = "LAL@DEN"

[[bet]]
pick = "parlay: DEN ML; over 224.5 +264 $10"
"""
    found = parse_bets(text, "bets.toml", 1000)
    assert found.mistakes == ()
    player, parlay, own, line = found.drafts
    assert isinstance(player.pick, Pick)
    assert (player.pick.player, player.pick.text) == ("Nikola Jokić", "Nikola Jokić o25.5 pts -115")
    assert player.placed_at == datetime(2026, 11, 21, 0, 5, tzinfo=UTC)
    assert [x.text for x in parlay.legs][1:] == ["over 224.5 -110", "Jokic o25.5 pts #late"]
    assert parlay.odds is not None
    assert (parlay.odds.text, parlay.stake_cents, parlay.tags) == ("+450", 2000, ("late",))
    assert own.odds is not None
    assert (own.odds.american, own.matchup is not None) == ("+218", True)
    assert (len(line.legs), line.stake_cents) == (2, 1000)


def test_the_odds_of_a_row_tell_what_even_is_about() -> None:
    """`DEN even` with other odds than even money is about points, in a row as in a line."""
    found = parse_bets('[[bet]]\npick = "DEN even"\nodds = -110\n', "bets.toml", 1000)
    assert [x.pick.legs[0].kind for x in found.drafts] == ["odd_even"]


def test_two_thousand_bets_are_read_in_a_moment() -> None:
    """2,000 bets of all kinds are read in less than 1.5 s of processor time."""
    picks = ("DEN -4.5", "LAL@DEN over {}.5", "Jokic o{}.5 pts", "parlay: DEN ML; over {}.5")
    rows = [
        f'[[bet]]\nid = "{i}"\npick = "{picks[i % 4].format(i % 50 + 1)}"\nodds = -110\n'
        for i in range(2000)
    ]
    parse_bets(rows[0], "bets.toml", 1000)
    began = time.process_time()
    found = parse_bets("\n".join(rows), "bets.toml", 1000)
    assert time.process_time() - began < 1.5
    assert (len(found.drafts), found.mistakes) == (2000, ())


def test_a_file_that_cannot_be_read_takes_no_bet_away(tmp_path: Path) -> None:
    """Broken TOML is reported and a missing file is not; neither is readable."""
    broken = tmp_path / "bets.toml"
    broken.write_text("[[bet]\n")
    found = read_bets(broken, 1000)
    assert not found.readable
    assert "not valid TOML" in found.mistakes[0]
    missing = read_bets(tmp_path / "none.toml", 1000)
    assert not missing.readable
    assert (missing.drafts, missing.mistakes) == ((), ())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "odds = \u2212110",
            "(at line 3, column 8); '\u2212' is another sign than the - of a keyb",
        ),
        ("tags = [\u201clate\u201d]", "'\u201c' is another sign than the \" of a keyboard"),
        ('game = "LAL@DEN\u201d', "'\u201d' is another sign than the \" of a keyboard"),
        ("\u00a0odds = -110", "is another sign than the blank of a keyboard"),
        ("odds = 10/11", "with text, times and fractions in quotes"),
        ('[bet]\npick = "BOS ML"', "[bet] twice (at line 3, column 5); write [[bet]], with two"),
    ],
)
def test_a_mark_that_toml_does_not_know_is_named(row: str, said: str) -> None:
    """A sign that only looks like a minus, a quote or a blank is seen by nobody: it is named."""
    (mistake,) = parse_bets(f'[[bet]]\npick = "DEN ML"\n{row}\n', "bets.toml", 1000).mistakes
    assert said in mistake


def test_the_same_bet_twice_is_counted_once() -> None:
    """A copied table makes no second bet, and is reported."""
    row = '[[bet]]\npick = "DEN ML"\nstake = 5\n'
    found = parse_bets(row + row, "bets.toml", 1000)
    assert len(found.drafts) == 1
    assert "counted once" in found.mistakes[0]


@given(st.text(max_size=80))
def test_any_text_gives_bets_or_sentences(text: str) -> None:
    """Any text of a file gives drafts or mistakes, and never fails otherwise."""
    found = parse_bets(text, "bets.toml", 1000)
    assert found.readable or found.mistakes


def test_an_id_is_given_once() -> None:
    """A second bet with the same id is refused, with another message than for a copy."""
    text = '[[bet]]\nid = "a"\npick = "DEN ML"\n[[bet]]\nid = "a"\npick = "BOS ML"\n'
    found = parse_bets(text, "bets.toml", 1000)
    assert [d.pick.text for d in found.drafts] == ["DEN ML"]
    assert found.mistakes == (
        "bets.toml, line 4: another bet above has the id 'a'; give this one its own",
    )
