"""Rehearses a whole slate: twelve games at once, every fault of the feed, the real daemon.

`python -m benchmarks.rehearsal` takes about half an hour and writes `docs/faults.md`. The nights
are played in virtual time, in which every figure in seconds is exact. The night with faults is also
played in real time at 60 times the pace, to measure load and memory. With `--quick` it takes half a
minute, plays two games through an hour's outage and a few faults, and writes nothing. It exits with
status 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks.rehearsal import judge, load
from benchmarks.rehearsal.judge import Verdict
from benchmarks.rehearsal.night import Course, Night, in_processes_of_their_own, play_alone
from benchmarks.rehearsal.page import report
from benchmarks.rehearsal.slate import TIP_OFF, bad_night, games
from tracker.replay.faults import Fault, FaultKind

START = TIP_OFF - timedelta(minutes=6)
NEXT_NOON = TIP_OFF + timedelta(hours=17, minutes=20)
"""Twenty past noon Eastern of the next day, when every box has been read for the last time."""

GAMES_OVER = TIP_OFF + timedelta(hours=3, minutes=30)

CORRECTED = TIP_OFF + timedelta(hours=5, minutes=30)
"""The time by which the boxes corrected two hours after their games have been read again."""


def whole_night(seed: int) -> Night:
    """Twelve games with every fault, in virtual time until the last result is official."""
    played = games(12)
    return Night("bad", played, bad_night(played, seed), START, NEXT_NOON, None, seed)


def real_night(seed: int, speed: float) -> Night:
    """Twelve games with faults in real time.

    Faults that make a client wait are left out, since its time limits are in real seconds.
    """
    played = games(12)
    faults = bad_night(played, seed, hanging=False)
    return Night("real", played, faults, START, CORRECTED, speed, seed)


def calm_night(seed: int) -> Night:
    """Twelve games without a fault, until they are over."""
    return Night("calm", games(12), (), START, GAMES_OVER, None, seed)


def blocked_night(seed: int) -> Night:
    """Twelve games on which the league's own site refuses every request."""
    fault = Fault(FaultKind.BLOCKED, START - timedelta(hours=1), timedelta(days=2), source="nba")
    return Night("blocked", games(12), [fault], START, GAMES_OVER, None, seed)


def small_night(seed: int, speed: float) -> Night:
    """Two games with the same faults in real time, to compare memory."""
    played = games(2)
    faults = bad_night(played, seed, hanging=False)
    return Night("small", played, faults, START, CORRECTED, speed, seed)


def quick_night(seed: int) -> Night:
    """Two games with an hour in which every source refuses, and short faults of single games."""
    played = games(2)
    hour = timedelta(hours=1)
    faults = [
        Fault(FaultKind.BLOCKED, TIP_OFF + hour, hour),
        *(
            x
            for x in bad_night(played, seed)
            if x.game is not None and x.lasts < hour and x.kind is not FaultKind.BLANK
        ),
    ]
    return Night("quick", played, faults, START, GAMES_OVER, None, seed)


def remembered(keep: Path | None, *nights: Night) -> list[Course]:
    """The courses of nights: read from the folder `keep` if they are there, else played."""
    files = [keep / f"{night.name}.pickle" if keep else None for night in nights]
    if keep and all(file is not None and file.exists() for file in files):
        return [pickle.loads(file.read_bytes()) for file in files if file]  # noqa: S301 - our own
    courses = in_processes_of_their_own(*nights)
    for file, course in zip(files, courses, strict=True):
        if file is not None:
            file.write_bytes(pickle.dumps(course))
    return courses


def quick(seed: int) -> int:
    """Play and judge the quick night; returns the exit status."""
    course = play_alone(quick_night(seed))
    verdicts = [judge.results(course), judge.alerts(course, course)[0]]
    verdicts.append(judge.told_once(judge.aftermaths(course)))
    return _conclude(verdicts)


def whole(seed: int, speed: float, page: Path, keep: Path | None) -> int:
    """Play and judge every night, and write the page; returns the exit status."""
    calm, blocked = remembered(keep, calm_night(seed), blocked_night(seed))
    bad, few = remembered(keep, whole_night(seed), small_night(seed, speed))
    (real,) = remembered(keep, real_night(seed, speed))
    after = judge.aftermaths(bad)
    verdicts = [
        judge.results(bad, real, blocked),
        judge.official(bad),
        *judge.alerts(bad, calm),
        judge.told_once(after),
        *judge.recovery(after),
        judge.sight(bad),
        *judge.age(bad),
        *load.frugality(calm, blocked),
        load.lateness(real),
        load.memory(real, few),
    ]
    page.write_text(report(bad, real, verdicts, after), "utf-8")
    return _conclude(verdicts)


def _conclude(verdicts: Sequence[Verdict]) -> int:
    for verdict in verdicts:
        print(f"{'kept  ' if verdict.kept else 'BROKEN'} {verdict.promise}: {verdict.figure}")
    return 0 if all(verdict.kept for verdict in verdicts) else 1


def main() -> int:
    """Rehearse by the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a minute, nothing written")
    parser.add_argument("--seed", type=int, default=20260129)
    parser.add_argument("--speed", type=float, default=60.0, help="of nights in real time")
    page = Path(__file__).parents[2] / "docs" / "faults.md"
    parser.add_argument("--page", type=Path, default=page)
    parser.add_argument("--keep", type=Path, help="a folder for what was seen, to be judged again")
    given = parser.parse_args()
    if given.quick:
        return quick(given.seed)
    return whole(given.seed, given.speed, given.page, given.keep)


if __name__ == "__main__":
    sys.exit(main())
