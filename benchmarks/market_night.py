"""Checks closes and closing line values over a night of faulty quotes.

On twelve games everything goes wrong that ever did: books freeze, suspend, swap their sides, quote
a price of 1.0 or only one side; a tip-off is delayed, ids change, a game has two ids, exchanges are
thin or answer 429, a game is postponed, and credits run out half-way. The simulated hosts are
written independently of the program. The real daemon plays the night in virtual time. Its closes
and values are compared with those worked out by the definitions alone from what the hosts sent.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.doubles.odds_night import MINUTE, Night, contests, wagers
from tests.doubles.odds_trial import Trial, play_night

LISTED = datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
NIGHTS = {"key": (True, 500, 0.95), "credits run out": (True, 9, 0.95), "no key": (False, 0, 0.80)}
"""For each night: whether there is a key, the credits left, and the least coverage to pass."""


def main() -> int:
    """Play the nights named, or all; returns 1 when a value differs or the coverage is too low."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("names", nargs="*", help=", ".join(NIGHTS))
    words.add_argument("--seed", type=int, default=1, help="of the bets")
    given = words.parse_args()
    fits = [_played(name, given.seed) for name in given.names or NIGHTS]
    return int(not all(fits))


def _played(name: str, seed: int) -> bool:
    keyed, credits_left, least = NIGHTS[name]
    games = contests(LISTED)
    bets = wagers(games, seed)
    last = max(x.tip for x in games)
    night = Night(games, LISTED - 30 * MINUTE, last + 8 * MINUTE, credits_left)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trial = play_night(night, bets, Path(folder), keyed=keyed)
    _tell(name, trial, len(games), len(bets), time.monotonic() - began)
    return not trial.wrong and trial.coverage >= least


def _tell(name: str, trial: Trial, games: int, bets: int, took: float) -> None:
    print(f"{name}: {games} games, {bets} bets, {took:.0f} s")
    print(f"  grades     {dict(sorted(trial.grades.items()))}")
    print(f"  coverage   {trial.covered} of {trial.coverable} = {trial.coverage:.1%}")
    print(f"  credits    {trial.hosts.used} charged")
    print(f"  unlike     {len(trial.wrong)}")
    for sentence in trial.wrong:
        print(f"    {sentence}")


if __name__ == "__main__":
    sys.exit(main())
