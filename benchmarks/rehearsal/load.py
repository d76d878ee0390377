"""Judges the load of a rehearsed night: requests, lateness of the event loop, and memory."""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta

from benchmarks.rehearsal.judge import Verdict
from benchmarks.rehearsal.night import Course

LATE_S = 0.05
"""The most seconds by which the event loop may be late through its own work."""

BUDGETS = {"nba": 120, "espn": 60}
"""The default limits of requests a minute to each host."""


def requests(course: Course) -> str:
    """A sentence on the requests to each source, in all and in the busiest minute."""
    parts = []
    for source in sorted({x.source for x in course.answers}):
        count = sum(x.source == source for x in course.answers)
        busiest = _busiest(course, source)
        parts.append(f"{source} {count} in all, {busiest} in the busiest minute")
    return "; ".join(parts)


def frugality(calm: Course, blocked: Course) -> tuple[Verdict, Verdict]:
    """A night stays within its budgets of requests, and a blocked primary at most doubles them."""
    busiest = {x: max(_busiest(c, x) for c in (calm, blocked)) for x in BUDGETS}
    times = len(blocked.answers) / len(calm.answers)
    return (
        Verdict(
            "no night asks a host more often than its budget of requests a minute",
            all(busiest[x] <= BUDGETS[x] for x in BUDGETS),
            "; ".join(f"{x} {busiest[x]} of {BUDGETS[x]}" for x in BUDGETS),
        ),
        Verdict(
            "a night with the primary blocked costs at most twice as many requests",
            times <= 2,
            f"{times:.2f} times: {requests(blocked)}, and {requests(calm)} where all is well",
        ),
    )


def _busiest(course: Course, source: str) -> int:
    """The most requests to a source within any 60 seconds."""
    times = [x.at for x in course.answers if x.source == source]
    minute = timedelta(minutes=1)
    return max((bisect_right(times, x + minute) - n for n, x in enumerate(times)), default=0)


def lateness(course: Course) -> Verdict:
    """The event loop is never late by its own work, whatever else runs on the machine.

    The loop's own part of a delay is at most the CPU time that it used meanwhile; other programs
    cause the rest.
    """
    late, idle = sorted(course.late), sorted(course.machine_late)
    own = sorted(min(pair) for pair in zip(course.late, course.busy, strict=True))
    over = sum(x > LATE_S for x in own)
    thousandth = own[int(len(own) * 0.999)]
    figure = (
        f"{over} of {len(own)} beats late by more by its own work, 99.9 % within "
        f"{thousandth * 1000:.0f} ms, at most {own[-1] * 1000:.0f} ms; with all else that ran on "
        f"the machine, {sum(x > LATE_S for x in late)} beats, at most {late[-1] * 1000:.0f} ms "
        f"(an idle process beside it: at most {idle[-1] * 1000:.0f} ms)"
    )
    return Verdict("the event loop is never late by more than 50 ms", over == 0, figure)


def memory(many: Course, few: Course) -> Verdict:
    """Memory after twelve games is close to that after two."""
    a, b = many.rss[-1][1], few.rss[-1][1]
    figure = (
        f"{a:.0f} MiB after {len(many.night.playbacks)} games, {b:.0f} after 2: {a / b - 1:+.0%}"
    )
    return Verdict(
        "memory after twelve games is within 10 % of that after two", a <= 1.1 * b, figure
    )
