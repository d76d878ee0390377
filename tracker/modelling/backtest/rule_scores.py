"""How good rules were over games that are over: which alerts held, how early, and what was spared.

An alert points to a side: up to winning, down to losing. It *held* when the bet ended there. Its
*lead* is the game time from it until the chance was settled: beyond 99 % on that side for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import assert_never

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Result
from tracker.domain.policy import Comparison, LevelRule, SwingRule
from tracker.engine.rules.state_machine import COOLDOWN

SETTLED_AT = 0.99
"""A chance that stays beyond this to the end counts as settled from then on."""

Watched = LevelRule | SwingRule
"""The rules that can be right or wrong."""


@dataclass(frozen=True, slots=True)
class SeenChance:
    """A chance of winning at one poll, and the game time that had been played, in minutes."""

    at: datetime
    minute: float
    p: float


@dataclass(frozen=True, slots=True)
class TrialCourse:
    """One bet over one whole game: all that was seen of it, all that was decided, how it ended."""

    bet: str
    seen: tuple[SeenChance, ...]
    alerts: tuple[Alert, ...]
    result: Result


@dataclass(frozen=True, slots=True)
class RuleAlert:
    """An alert that came: when, at which chance, which way it pointed, and whether it held.

    `lead` is in minutes of the game; None where the alert did not hold. `held` is None for a bet
    that was neither won nor lost.
    """

    minute: float
    p: float
    up: bool
    held: bool | None
    lead: float | None


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """What a rule came to over many bets.

    `alerts` came, of which `held` went the way they pointed and `missed` did not; `promised` is the
    mean chance that the alerts gave that way. `lead` is the median in game minutes of those that
    held. `naive` is how many a bare threshold would have sent, told at each poll that crosses it.
    `again` is how many more would have come if a level that was told were told at every crossing.
    """

    rule: str
    bets: int
    alerts: int
    held: int
    missed: int
    promised: float | None
    lead: float | None
    naive: int
    again: int = 0

    @property
    def share(self) -> float | None:
        """The share that held; None when none was decided."""
        decided = self.held + self.missed
        return self.held / decided if decided else None

    @property
    def spared(self) -> int:
        """Messages of a bare threshold that did not come."""
        return max(0, self.naive - self.alerts)


def figures(rule: Watched, courses: Sequence[TrialCourse]) -> RuleFigures:
    """What a rule came to over these bets."""
    said = [x for course in courses for x in _said(rule, course)]
    decided = [x for x in said if x.held is not None]
    leads = [x.lead for x in decided if x.lead is not None]
    toward = [x.p if x.up else 1 - x.p for x in decided]
    held = sum(x.held is True for x in decided)
    return RuleFigures(
        rule=rule.text,
        bets=len(courses),
        alerts=len(said),
        held=held,
        missed=len(decided) - held,
        promised=sum(toward) / len(toward) if toward else None,
        lead=median(leads) if leads else None,
        naive=sum(naive(rule, course.seen) for course in courses),
        again=sum(_again(rule, course) for course in courses),
    )


def _again(rule: Watched, course: TrialCourse) -> int:
    """How often what was told before was crossed once more, a cooldown apart."""
    count, last = 0, None
    for x in course.alerts:
        told = x.decision is Decision.FIRED
        if x.rule != rule.text or not (told or x.reason is Reason.TOLD_BEFORE):
            continue
        if told or last is None or x.at - last >= COOLDOWN:
            count, last = count + (not told), x.at
    return count


def _said(rule: Watched, course: TrialCourse) -> Iterable[RuleAlert]:
    certain = _certain(course)
    for alert in course.alerts:
        if alert.decision is not Decision.FIRED or alert.rule != rule.text or alert.p is None:
            continue
        up = _points_up(rule, alert)
        minute = _minute(course.seen, alert.at)
        held = None
        if course.result in (Result.WON, Result.LOST):
            held = (course.result is Result.WON) == up
        lead = max(0.0, certain - minute) if held else None
        yield RuleAlert(minute, alert.p, up, held, lead)


def _points_up(rule: Watched, alert: Alert) -> bool:
    if isinstance(rule, LevelRule):
        match rule.comparison:
            case Comparison.AT_LEAST:
                return True
            case Comparison.AT_MOST:
                return False
            case Comparison.CROSSES:
                return alert.p is not None and alert.p >= rule.level
            case _:
                assert_never(rule.comparison)
    return alert.was is None or alert.p is None or alert.p >= alert.was


def _minute(seen: Sequence[SeenChance], at: datetime) -> float:
    return next((x.minute for x in reversed(seen) if x.at <= at), 0.0)


def _certain(course: TrialCourse) -> float:
    """The game minute from which on the chance stood beyond 99 % on the side where it ended."""
    won = course.result is Result.WON
    minute = course.seen[-1].minute if course.seen else 0.0
    for x in reversed(course.seen):
        if (x.p if won else 1 - x.p) < SETTLED_AT:
            return minute
        minute = x.minute
    return minute


def naive(rule: Watched, seen: Sequence[SeenChance]) -> int:
    """How many messages a bare threshold sends: one at each poll that crosses it, none held back.

    A swing is one at each poll that lies so far from any other within its time, where the poll
    before did not.
    """
    if isinstance(rule, SwingRule):
        return _naive_swing(rule, seen)
    crossed = 0
    for before, after in pairwise(seen):
        was, now = _beyond(rule, before.p), _beyond(rule, after.p)
        both = rule.comparison is Comparison.CROSSES
        crossed += (was != now) if both else (now and not was)
    return crossed


def _beyond(rule: LevelRule, p: float) -> bool:
    return p <= rule.level if rule.comparison is Comparison.AT_MOST else p >= rule.level


def _naive_swing(rule: SwingRule, seen: Sequence[SeenChance]) -> int:
    span = timedelta(seconds=rule.seconds)
    count, first, was = 0, 0, False
    for i, x in enumerate(seen):
        while x.at - seen[first].at > span:
            first += 1
        far = max((abs(y.p - x.p) for y in seen[first:i]), default=0.0)
        is_far = far >= rule.size
        count += is_far and not was
        was = is_far
    return count
