"""A night against hosts that were written apart from ours: what closes and values are worth.

Twelve games on which everything goes wrong that ever did: books that freeze, suspend, swap their
sides, ask a price of 1.0 or tell one side alone, a tip-off that slides, ids that change, two ids of
one game, exchanges that are thin or ask for patience, a game that is put off, and credits that run
out in the middle. The real daemon plays it in virtual time; closes and values are held against a
reckoning by the definition alone, from what the hosts told.
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
"""Whether there is a key, the credits that are left, and the least coverage that will do."""


def main() -> int:
    """Play the nights that are named, or all; 1 where an account differs or covers too little."""
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
