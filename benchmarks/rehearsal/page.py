"""Writes docs/faults.md from a rehearsal: the effects of each fault, and the promises kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from benchmarks.rehearsal.judge import Aftermath, Verdict, name
from benchmarks.rehearsal.load import requests
from benchmarks.rehearsal.night import TAKES, Course

_HEAD = """# What each fault of a feed does

Written by `python -m benchmarks.rehearsal`: {games} recorded games at once on the local server,
the real daemon, six bets on each game, {faults} faults in an order drawn from seed {seed}. A fault
is one of the league's own site unless the row names another; ESPN stands in for that site. The
night is played twice: in virtual time, in which an answer takes {takes:g} s and computing takes no
time, so that every time is exact, and in real time, {speed:g} times as fast as the games. The feed
is polled every 9 to 10 s while games are on, and every 5 s late in a game.
[recordings.md](recordings.md) describes each fault.

## The whole feed

| fault | lasts | what is said | on the other source after | games lost | data after | board after |
| --- | --- | --- | --- | --- | --- | --- |
"""

_GAMES = """
`feed.blocked` is logged at once, `feed.lost` at the second failure in a row, `feed.recovered` when
a board can be read again. A game is lost when no source has reported it for 90 s; one message says
so for all games. The last two columns count from the end of the fault: until any source gave a good
answer, and until the league's own board was read again.

## One game among the others

| fault | what is said of the game |
| --- | --- |
"""

_PROMISES = """
## What was promised, and what was measured

| promise | kept | figure |
| --- | --- | --- |
"""

_TELLING = ("poll.held", "poll.dropped", "game.corrected", "game.lost", "game.checked")
_LOOKED_AT = timedelta(minutes=30)
_SHORT_S = 120


def report(
    bad: Course, real: Course, verdicts: Sequence[Verdict], after: Sequence[Aftermath]
) -> str:
    """The text of the page in Markdown."""
    night = bad.night
    head = _HEAD.format(
        games=len(night.playbacks),
        faults=len(night.faults),
        seed=night.seed,
        takes=TAKES.total_seconds(),
        speed=real.night.speed,
    )
    count = len(night.playbacks)
    shared = [_row(x, count) for x in sorted(after, key=lambda x: name(x.fault))]
    kept = [f"| {x.promise} | {'yes' if x.kept else '**no**'} | {x.figure} |" for x in verdicts]
    tail = (
        f"\n\nRequests on the bad night: {requests(bad)}.\nIn real time it lasted "
        f"{real.real_s / 60:.0f} minutes and took {real.cpu_s:.0f} s of processor time.\n"
    )
    parts = (head, "\n".join(shared), "\n", _GAMES, "\n".join(_of_games(bad)), "\n", _PROMISES)
    return "".join(parts) + "\n".join(kept) + tail


def _row(x: Aftermath, count: int) -> str:
    said = f"`{x.said[0]}`: {x.why}" if x.said else x.why or "nothing"
    if x.held:
        said += f"; {x.held} older states held back"
    lost = f"{x.lost_games} of {count}" if x.lost_games else "none"
    waits = (_seconds(x.fresh_s), _seconds(x.back_s))
    moved = _seconds(x.switched_s)
    cells = (name(x.fault), _length(x.fault.lasts), said, moved, lost, *waits)
    return f"| {' | '.join(cells)} |"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} s"


def _length(lasts: timedelta) -> str:
    seconds = lasts.total_seconds()
    return f"{seconds:g} s" if seconds < _SHORT_S else f"{seconds / 60:g} min"


def _of_games(course: Course) -> Iterator[str]:
    names = {x.recording.id: x.recording.name for x in course.night.playbacks}
    for fault in sorted(course.night.faults, key=lambda x: x.start):
        if fault.game is None:
            continue
        until = min(fault.end, fault.start + _LOOKED_AT) + timedelta(minutes=1)
        seen = [
            f"`{event}` {figures.get('what', '')}".strip()
            for at, event, figures in course.events
            if fault.start <= at < until
            and figures.get("game") == names[fault.game]
            and event in _TELLING
        ]
        yield f"| {name(fault)} | {', '.join(seen) or 'nothing: the game is right all along'} |"
