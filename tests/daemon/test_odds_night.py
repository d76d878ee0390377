"""Promises of a night against independently written odds servers: closes, values, credits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.doubles.odds_night import MINUTE, Contest, Night, Trouble, wagers
from tests.doubles.odds_trial import play_night

LISTED = datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
SIX = ("draftkings", "fanduel", "betmgm", "betrivers", "williamhill_us", "pinnacle")


def contests() -> tuple[Contest, ...]:
    """Three games of one tip-off: a book swapped, books frozen and one-sided, all suspended."""
    tip = LISTED + 9 * MINUTE
    early = LISTED - 40 * MINUTE
    wrong = {
        1: (("betmgm", Trouble("swapped", early)),),
        2: (("fanduel", Trouble("frozen", early)), ("betrivers", Trouble("one-sided", early)),
            ("betmgm", Trouble("certain", early))),
        3: tuple((book, Trouble("suspended", LISTED)) for book in SIX),
    }  # fmt: skip
    games = (
        Contest(1, "LAL", "LAC", LISTED, tip, 8.4, twice=True, new_id=LISTED + 5 * MINUTE,
                players=(("Ty Rees", 24.2),)),
        Contest(2, "BOS", "NYK", LISTED, tip + MINUTE, -7.3),
        Contest(3, "DEN", "PHX", LISTED, tip + 2 * MINUTE, 5.2),
    )  # fmt: skip
    return tuple(replace(x, troubles=wrong[x.number]) for x in games)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("keyed", "credits_left", "least"),
    [
        pytest.param(True, 500, 0.95, marks=pytest.mark.soak),
        (True, 6, 0.95),
        pytest.param(False, 0, 0.8, marks=pytest.mark.soak),
    ],
)
def test_closes_and_values_are_those_of_an_independent_reckoning(
    keyed: bool, credits_left: int, least: float, tmp_path: Path
) -> None:
    """Every close, value and credit equals an independent computation, and the key is nowhere.

    This holds with a key, with credits that run out midway, and without a key.
    """
    games = contests()
    night = Night(games, LISTED - 12 * MINUTE, LISTED + 13 * MINUTE, credits_left)
    trial = play_night(night, wagers(games), tmp_path, keyed=keyed)
    assert trial.wrong == []
    assert trial.coverage >= least
    assert trial.grades["quoted"] >= 5
    assert trial.grades["converted"] >= 5
    assert trial.hosts.used <= credits_left
    assert (trial.hosts.used > 0) == keyed
