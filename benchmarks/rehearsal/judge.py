"""Judges rehearsed nights: compares results, alerts and ages with the recorded games."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from benchmarks.rehearsal.night import Course
from benchmarks.rehearsal.slate import moments, truth
from tracker.domain.alert import Alert
from tracker.replay.faults import EARLIER, WHOLE, Fault, FaultKind
from tracker.replay.playback import Showing
from tracker.replay.server import Answer
from tracker.replay.words import event_id

HOST = "127.0.0.1"
AGE_RIGHT_S = 2.0
"""The most seconds by which a shown age may be wrong."""

_NBA_BOARD = "todaysScoreboard_00"

WRITTEN = timedelta(seconds=1.5)
"""Time within which the daemon has stored a source's answer."""

CADENCE_S = 10.0
"""Seconds between two polls of a feed."""

PATIENCE_S = 30.0
"""Seconds that a source may ask a client to wait."""

LOST_S = 90.0
"""Seconds without an answer after which a game counts as lost."""

HARMLESS = {x.value for x in (FaultKind.BLANK, FaultKind.PADDED, FaultKind.COUNTDOWN)}
"""Faults of an answer that still has the right score."""

WRONG = {x.value for x in (FaultKind.STALE, FaultKind.REGRESS)} | HARMLESS
"""Faults of an answer that can be read, right or wrong."""

NEARBY_S = 30.0
TOUCHING = 0.03
"""How near in seconds and in chance the calm night must have come to the level of an alert."""

_WHOSE = {None: "every source", "espn": "ESPN"}
_SOON = timedelta(minutes=1)
_AFTER = timedelta(minutes=6)
_BAD = ("feed.lost", "feed.blocked")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A promise, whether it was kept, and the figure measured."""

    promise: str
    kept: bool
    figure: str


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The effects of one fault of the whole feed.

    `said` are the events about it and `why` their reason, `held` the polls held back. `back_s` and
    `fresh_s` are clock seconds from its end to the next good board of the primary and to the next
    good answer of any source; `switched_s` from its start to the switch to another source. None
    where that did not happen.
    """

    fault: Fault
    said: tuple[str, ...]
    why: str
    recovered_said: int
    lost_games: int
    held: int
    back_s: float | None
    fresh_s: float | None
    switched_s: float | None


def results(*courses: Course) -> Verdict:
    """Every bet of every night has the result that the final score and its corrections give."""
    wrong, right = [], 0
    for course in courses:
        for playback in course.night.playbacks:
            for pick, expected in truth(playback, course.night.faults).items():
                found = course.results.get((playback.recording.name, pick), (None, 0, False))[0]
                right += found == expected
                if found != expected:
                    wrong.append(f"{playback.recording.name} {pick}: {found}, not {expected}")
    figure = f"{right} of {right}{_on(courses)}"
    return Verdict("every bet is settled right", not wrong, "; ".join(wrong) or figure)


def official(*courses: Course) -> Verdict:
    """Every result is official, after the later readings of the box score."""
    found = [x for course in courses for x in course.results.values()]
    good = sum(x[2] for x in found)
    figure = f"{good} of {len(found)}{_on(courses)}"
    return Verdict("every result is official by the next noon", good == len(found), figure)


def _on(courses: Sequence[Course]) -> str:
    return f" on {len(courses)} nights" if len(courses) > 1 else ""


def alerts(course: Course, calm: Course) -> tuple[Verdict, Verdict]:
    """No alert about a chance names a moment that never was, and none is caused by a fault.

    An alert during a fault, or up to a minute after it, may be caused by it. For each of these the
    night without faults must have had about the same chance at about that time.
    """
    real = {x.recording.name: moments(x) for x in course.night.playbacks}
    levels = [(g, p, a) for g, p, a in course.alerts if a.rule.startswith("p ")]
    untrue = [
        f"{game} {pick} {alert.rule} at {alert.game_clock} {alert.score.away}-{alert.score.home}"
        for game, pick, alert in levels
        if (alert.game_clock, alert.score.away, alert.score.home) not in real[game]
        and not alert.game_clock.startswith(("Final", "Scheduled"))
    ]
    known = {(g, p, a.rule) for g, p, a in calm.alerts}
    faulty = [x for x in levels if _by_a_fault(course, x[0], x[2].at)]
    extra = [(g, p, a) for g, p, a in faulty if (g, p, a.rule) not in known]
    wrong = [f"{g} {p} {a.rule}" for g, p, a in extra if not _bears_out(calm, g, p, a)]
    count = len(levels)
    before = sum(a.rule.startswith("p ") for _, _, a in calm.alerts)
    return (
        Verdict(
            "no alert tells of a moment that never was",
            not untrue,
            "; ".join(untrue[:5]) or f"{count} alerts, all of real moments",
        ),
        Verdict(
            "no alert about a chance comes of a fault: the same night without any bears it out",
            not wrong,
            "; ".join(wrong[:8])
            or f"{count} alerts, {before} on the calm night; {len(faulty)} during a fault or up to "
            f"a minute after it, {len(extra)} of them where a chance just touched its level",
        ),
    )


def _by_a_fault(course: Course, game: str, at: datetime) -> bool:
    """Whether a fault of the feed or of this game was active at that time, or just before."""
    ids = {x.recording.id for x in course.night.playbacks if x.recording.name == game}
    return any(
        x.start <= at <= x.end + _SOON and (x.game is None or x.game in ids)
        for x in course.night.faults
    )


def _bears_out(calm: Course, game: str, pick: str, alert: Alert) -> bool:
    """Whether the calm night had a chance near the alert's level at about that time."""
    word, level = alert.rule.split()[1:3]
    near = [
        p for at, p in calm.chances[game, pick] if abs((at - alert.at).total_seconds()) <= NEARBY_S
    ]
    best = max(near, default=0.0) if word == ">=" else -min(near, default=1.0)
    return best >= (float(level) if word == ">=" else -float(level)) - TOUCHING


def told_once(aftermaths: Iterable[Aftermath]) -> Verdict:
    """A lost feed is reported once, and so is its recovery."""
    wrong = [
        f"{name(x.fault)}: lost {len(x.said)}, recovered {x.recovered_said}"
        for x in aftermaths
        if len(x.said) > 1 or x.recovered_said != len(x.said)
    ]
    return Verdict(
        "`feed.lost` and `feed.recovered` come once each", not wrong, "; ".join(wrong) or "yes"
    )


def recovery(aftermaths: Sequence[Aftermath]) -> tuple[Verdict, Verdict, Verdict]:
    """The first good answer after each fault comes in time, from any source and the primary."""
    mine = [x for x in aftermaths if x.fault.source != "espn"]
    asked = [x for x in mine if _asks_to_wait(x.fault)]
    return (
        _waits(
            "good data within one cadence (10 s) of the end of each fault",
            [(x.fault, x.fresh_s) for x in mine],
        ),
        _waits(
            "the primary's own board within one cadence, where it has not asked for more patience",
            [(x.fault, x.back_s) for x in mine if x not in asked],
        ),
        _waits(
            "and where it has, within what it asked for, or 30 s, and one cadence",
            [(x.fault, x.back_s) for x in asked],
            PATIENCE_S + CADENCE_S,
        ),
    )


def _asks_to_wait(fault: Fault) -> bool:
    return fault.kind is FaultKind.BUSY or fault.retry_after is not None


def _waits(
    promise: str, found: Sequence[tuple[Fault, float | None]], most: float = CADENCE_S
) -> Verdict:
    waits = sorted(x for _, x in found if x is not None)
    slow = [f for f, x in found if x is None or x > most]
    figure = (
        f"median {waits[len(waits) // 2]:.1f} s, longest {waits[-1]:.1f} s" if waits else "none"
    )
    return Verdict(promise, not slow, f"{figure}; {len(slow)} of {len(found)} faults above")


def sight(course: Course) -> Verdict:
    """The longest time without a readable answer from any source, while games were on."""
    shown = [Showing(x) for x in course.night.playbacks]
    first, last = min(x.starts for x in shown), max(x.ends for x in shown)
    good = [x.at for x in course.answers if _readable(x) and first <= x.at <= last]
    gaps = sorted(((b - a).total_seconds(), a) for a, b in pairwise(good))
    both = [x for x in course.night.faults if x.source is None and x.game is None]
    alone = [
        g
        for g, at in gaps
        if not any(x.start <= at + timedelta(seconds=g) and at < x.end for x in both)
    ]
    return Verdict(
        "with one of two sources well, no game is without any answer for 90 s",
        bool(alone) and alone[-1] < LOST_S,
        f"longest gap {alone[-1]:.0f} s, and {gaps[-1][0]:.0f} s where both failed"
        if alone
        else "",
    )


def age(course: Course) -> tuple[Verdict, Verdict]:
    """The ages shown to a person are right, by the times of the feed's answers."""
    boards = [x for x in course.answers if _NBA_BOARD in x.path]
    # A board counts as read even if every game in it is unreadable.
    read = [x.at for x in boards if not set(x.what.split()) & {y.value for y in WHOLE}]
    told = _differences([(now, seen) for now, seen in course.answered if seen], boards, read)
    shown: list[float] = []
    for playback in course.night.playbacks:
        game = playback.recording.id
        own = ("scoreboard", game, event_id("nba", game))
        answers = [x for x in course.answers if any(part in x.path.lower() for part in own)]
        looks = [(now, seen) for now, of, seen, _ in course.ages if of == game]
        shown += _differences(looks, answers, [x.at for x in answers if _readable(x)])
    shown.sort()
    return (
        Verdict("the age of the league's last board is right to 2 s", _right(told), _spread(told)),
        Verdict(
            "the age of a game's data in `status` is right to 2 s", _right(shown), _spread(shown)
        ),
    )


def _right(differences: list[float]) -> bool:
    return bool(differences) and differences[int(len(differences) * 0.99)] <= AGE_RIGHT_S


def _good(answer: Answer) -> bool:
    """Whether an answer could be read and was right, apart from single games in it."""
    words = answer.what.split()
    return answer.what == "ok" or all(":" in word or word in HARMLESS for word in words)


def _readable(answer: Answer) -> bool:
    """Whether an answer could be read, right or wrong."""
    return _good(answer) or set(answer.what.split()) <= WRONG


def _differences(
    samples: list[tuple[datetime, datetime]], told: Sequence[Answer], read: list[datetime]
) -> list[float]:
    """The seconds by which each shown age is too great or too small, sorted.

    `told` are the answers that the ages may refer to, and `read` the times of all readable ones.
    """
    answers = [x.at for x in told if _good(x)]
    found = []
    for now, seen in samples:
        # An answer that has just come may not be stored yet.
        before = bisect_right(answers, now - WRITTEN)
        heard = bisect_right(read, now)
        if before and heard:
            old = (answers[before - 1] - seen).total_seconds()
            fresh = (seen - read[heard - 1]).total_seconds()
            found.append(max(0.0, old, fresh))
    return sorted(found)


def _spread(values: list[float]) -> str:
    if not values:
        return "never shown"
    at = {q: values[min(len(values) - 1, int(q * len(values)))] for q in (0.5, 0.9, 0.99)}
    parts = ", ".join(f"{round(q * 100)} % within {x:.1f} s" for q, x in at.items())
    return f"{parts}, at most {values[-1]:.0f} s off ({len(values)} looks)"


def aftermaths(course: Course) -> list[Aftermath]:
    """The effects of each fault of the whole feed, in order of time."""
    shared = sorted(
        (x for x in course.night.faults if x.game is None and x.kind is not FaultKind.COUNTDOWN),
        key=lambda x: x.start,
    )
    ends = [*(x.start for x in shared[1:]), shared[-1].end + _AFTER] if shared else []
    return [
        _aftermath(course, fault, min(until, fault.end + _AFTER))
        for fault, until in zip(shared, ends, strict=True)
    ]


def _aftermath(course: Course, fault: Fault, until: datetime) -> Aftermath:
    events = [(at, e, f) for at, e, f in course.events if fault.start <= at < until]
    after = [x for x in course.answers if fault.end <= x.at < until and _good(x)]
    boards = [x for x in after if _NBA_BOARD in x.path]
    whose = "espn nba" if fault.source == "espn" else "nba"
    said = [(e, f) for _, e, f in events if e in _BAD and f.get("source") == whose]
    games = [f for _, e, f in events if e == "game.lost"]
    switched = [at for at, e, f in events if e == "feed.switched" and f["source"] != "nba"]
    why = said[0][1]["why"] if said else games[0]["what"] if games else ""
    return Aftermath(
        fault=fault,
        said=tuple(e for e, _ in said),
        why=why.replace(HOST, "site.api.espn.com" if whose != "nba" else "cdn.nba.com"),
        recovered_said=sum(e == "feed.recovered" and f["source"] == whose for _, e, f in events),
        lost_games=len({f["game"] for f in games}),
        held=sum(e == "poll.held" for _, e, _ in events),
        back_s=(boards[0].at - fault.end).total_seconds() if boards else None,
        fresh_s=(after[0].at - fault.end).total_seconds() if after else None,
        switched_s=(switched[0] - fault.start).total_seconds() if switched else None,
    )


def name(fault: Fault) -> str:
    """The name of a fault in a table."""
    more = [] if fault.source == "nba" or fault.game else [_WHOSE[fault.source]]
    if fault.status is not None:
        more.append(str(fault.status))
    if fault.kind in {FaultKind.STATUS, FaultKind.BUSY}:
        more.append("with Retry-After" if fault.retry_after is not None else "without Retry-After")
    if fault.kind is FaultKind.REDIRECT:
        more.append("to another host" if fault.text else "in circles")
    if fault.kind is FaultKind.BLANK:
        more.append(f'"{fault.text}"')
    if fault.kind is FaultKind.CORRECTED:
        more.append(f"{fault.stat} {fault.by:+d}")
    if fault.kind in EARLIER and fault.game:
        more.append("one game")
    if "scoreboard" in fault.path:
        more.append("the board alone")
    words = ", ".join(more)
    return f"`{fault.kind.value}` ({words})" if words else f"`{fault.kind.value}`"
