"""Scores against outcomes: of chances, with the intervals of these scores, and of alert rules.

An alert points up, to winning, or down, to losing. It *held* when the bet ended that way. Its
*lead* is the game time from the alert until the chance was settled, which is when it passed 99 % on
that side for good.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median

import numpy as np
from scipy.special import expit, ndtr

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Result
from tracker.domain.policy import ChanceRule, LevelRule, SwingRule
from tracker.engine.record import wilson
from tracker.engine.rules.state_machine import COOLDOWN
from tracker.modelling import Array

SEED = 7
"""The seed of bootstrap, randomised PIT and simulations: the same data give the same card."""

BINS = 10
"""Bins of the expected calibration error."""
DRAWS = 1000
"""Resamples of the games in a bootstrap."""
PERFECT_DRAWS = 200
"""Simulated sets of outcomes, for the ECE of perfect chances."""
CLIP = 1e-6
"""Before a logarithm, chances are clipped to be this far from 0 and 1."""


def brier(p: Array, hit: Array) -> float:
    """Mean squared error of chances, from 0 to 1; lower is better."""
    return float(np.mean((p - hit) ** 2))


def log_losses(p: Array, hit: Array) -> Array:
    """-log of the chance that was given to each outcome; lower is better."""
    p = np.clip(p, CLIP, 1 - CLIP)
    losses: Array = -np.where(hit > 0, np.log(p), np.log1p(-p))
    return losses


def log_loss(p: Array, hit: Array) -> float:
    """The mean of `log_losses`."""
    return float(np.mean(log_losses(p, hit)))


def _log_odds(p: Array) -> Array:
    p = np.clip(p, CLIP, 1 - CLIP)
    odds: Array = np.log(p) - np.log1p(-p)
    return odds


def ece(p: Array, hit: Array) -> float:
    """Expected calibration error over bins of equal size, less the sampling noise of each bin."""
    order = np.argsort(p, kind="stable")
    return float(_gaps(p[order], hit[order][None, :])[0])


def _gaps(p: Array, hits: Array) -> Array:
    """The ECE of each row of outcomes `hits`, for the sorted chances `p`."""
    count = min(BINS, p.size)
    sizes = np.full(count, p.size // count) + (np.arange(count) < p.size % count)
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    mean = np.add.reduceat(p, starts) / sizes
    noise = np.add.reduceat(p * (1 - p), starts) / sizes**2
    seen = np.add.reduceat(hits, starts, axis=1) / sizes
    gaps = np.sqrt(np.maximum((mean - seen) ** 2 - noise, 0.0))
    errors: Array = gaps @ sizes / p.size
    return errors


def ece_of_perfect(p: Array, seed: int) -> float:
    """The 95th percentile of `ece` when every chance is exactly right, by simulation."""
    p = np.sort(p)
    draws = np.random.default_rng(seed).random((PERFECT_DRAWS, p.size))
    return float(np.quantile(_gaps(p, (draws < p).astype(np.float64)), 0.95))


def slope(p: Array, hit: Array) -> tuple[float, float]:
    """Slope and intercept of the outcomes' log-odds on the chances' (1 and 0 when calibrated)."""
    x = _log_odds(p)
    beta = np.array([0.0, 1.0])
    design = np.stack([np.ones_like(x), x], axis=1)
    for _ in range(25):
        fitted = expit(design @ beta)
        weight = np.maximum(fitted * (1 - fitted), 1e-9)
        beta += np.linalg.solve(
            (design * weight[:, None]).T @ design + 1e-9 * np.eye(2), design.T @ (hit - fitted)
        )
    return float(beta[1]), float(beta[0])


def slope_error(p: Array, hit: Array, game: Array) -> float:
    """The standard error of `slope`, clustered by game.

    `game` is the number of each row's game. It is the sandwich estimator, with the scores of each
    game's rows added up first.
    """
    x = _log_odds(p)
    steep, shift = slope(p, hit)
    fitted = expit(shift + steep * x)
    design = np.stack([np.ones_like(x), x], axis=1)
    # As in `slope`: fitted chances of few games may reach 0 or 1, and their weights 0.
    weight = np.maximum(fitted * (1 - fitted), 1e-9)
    bread = np.linalg.inv((design * weight[:, None]).T @ design + 1e-9 * np.eye(2))
    scores = design * (hit - fitted)[:, None]
    _, place = np.unique(game, return_inverse=True)
    by_game = np.zeros((place.max() + 1, 2))
    np.add.at(by_game, place.ravel(), scores)
    return float(np.sqrt((bread @ (by_game.T @ by_game) @ bread)[1, 1]))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


@lru_cache(maxsize=4)
def _counts(size: int, seed: int) -> Array:
    """How often each of `size` games is drawn in a bootstrap: a row for each of DRAWS resamples."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, size, (DRAWS, size))
    chosen += np.arange(DRAWS)[:, None] * size
    counts = np.bincount(chosen.ravel(), minlength=DRAWS * size)
    return counts.reshape(DRAWS, size).astype(np.float64)


def bootstrap(values: Array, seed: int) -> Interval:
    """The mean of one value for each game, with its interval by resampling games."""
    values = values[np.isfinite(values)]
    if values.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    means = _counts(values.size, seed) @ values / values.size
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def clustered(values: Array, game: Array, seed: int) -> Interval:
    """The mean of values, several of a game, with its interval by resampling games.

    `game` tells the game of each value. What is of one game may come true or fail together.
    """
    _, which = np.unique(game, return_inverse=True)
    sums, sizes = np.bincount(which, values), np.bincount(which).astype(np.float64)
    counts = _counts(sums.size, seed)
    low, high = np.quantile((counts @ sums) / (counts @ sizes), [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def covered(pit: Array) -> Array:
    """1 for each outcome inside the central 80 % interval, else 0.

    `pit` holds randomised probability integral transforms.
    """
    inside: Array = ((pit > 0.1) & (pit < 0.9)).astype(np.float64)  # noqa: PLR2004 - 80 %
    return inside


def coverage(pit: Array) -> Interval:
    """The share of outcomes inside the 80 % interval, one of a game, with a Wilson interval."""
    share = float(covered(pit).mean())
    return Interval(share, *wilson(share, pit.size, 1.96))


def crps_lattice(first: int, chances: Array, outcome: float) -> float:
    """Continuous ranked probability score, in points, of a distribution over whole numbers.

    `chances` are those of `first`, `first` + 1 and so on.
    """
    sums = np.cumsum(chances)
    values = first + np.arange(chances.size)
    score = float(((sums - (values >= outcome)) ** 2).sum())
    # An outcome outside the range of values costs its distance from it in addition.
    return score + max(0.0, first - outcome) + max(0.0, outcome - float(values[-1]))


def crps_normal(mean: Array, sd: Array, outcome: Array) -> Array:
    """Continuous ranked probability score of normal distributions, in closed form."""
    z = (outcome - mean) / sd
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    scores: Array = sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / math.sqrt(math.pi))
    return scores


SETTLED_AT = 0.99
"""A chance that stays beyond this to the end counts as settled from then on."""


@dataclass(frozen=True, slots=True)
class SeenChance:
    """A bet's chance of winning at one poll, and the game time played so far in minutes."""

    at: datetime
    minute: float
    p: float


@dataclass(frozen=True, slots=True)
class TrialCourse:
    """One bet over one whole game: its chances, the decisions of its rules, and its result."""

    seen: tuple[SeenChance, ...]
    alerts: tuple[Alert, ...]
    result: Result


@dataclass(frozen=True, slots=True)
class RuleAlert:
    """An alert that fired: the chance, whether it pointed up, and if it held.

    `held` is None for a bet that was neither won nor lost. `lead` is in game minutes, None for an
    alert that did not hold.
    """

    p: float
    up: bool
    held: bool | None
    lead: float | None


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """The figures of a rule over many bets.

    `alerts` is the number that fired; the bet ended as they pointed for `held`, and the other way
    for `missed`. `promised` is the mean chance that the alerts gave the way they pointed. `lead` is
    the median lead in game minutes of those that held. `naive` is the number that a bare threshold
    would have sent, with one at each poll that crosses it. `again` is the number that would be
    added if a level fired again at every crossing.
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
        """The share of decided alerts that held; None when none was decided."""
        decided = self.held + self.missed
        return self.held / decided if decided else None

    @property
    def spared(self) -> int:
        """The messages of a bare threshold that the rule did not send."""
        return max(0, self.naive - self.alerts)


def rule_figures(rule: ChanceRule, courses: Sequence[TrialCourse]) -> RuleFigures:
    """The figures of a rule over these bets."""
    fired = [x for course in courses for x in _fired(rule, course)]
    decided = [x for x in fired if x.held is not None]
    leads = [x.lead for x in decided if x.lead is not None]
    toward = [x.p if x.up else 1 - x.p for x in decided]
    held = sum(x.held is True for x in decided)
    return RuleFigures(
        rule=rule.text,
        bets=len(courses),
        alerts=len(fired),
        held=held,
        missed=len(decided) - held,
        promised=sum(toward) / len(toward) if toward else None,
        lead=median(leads) if leads else None,
        naive=sum(naive(rule, course.seen) for course in courses),
        again=sum(_again(rule, course) for course in courses),
    )


def _again(rule: ChanceRule, course: TrialCourse) -> int:
    """The crossings held only because the level had fired before, at least a cooldown apart."""
    count, last = 0, None
    for x in course.alerts:
        fired = x.decision is Decision.FIRED
        if x.rule != rule.text or not (fired or x.reason is Reason.TOLD_BEFORE):
            continue
        if fired or last is None or x.at - last >= COOLDOWN:
            count, last = count + (not fired), x.at
    return count


def _fired(rule: ChanceRule, course: TrialCourse) -> Iterable[RuleAlert]:
    """The alerts of a rule that fired on one bet."""
    certain = _certain(course)
    for alert in course.alerts:
        if alert.decision is not Decision.FIRED or alert.rule != rule.text or alert.p is None:
            continue
        up = _points_up(rule, alert)
        held = None
        if course.result in (Result.WON, Result.LOST):
            held = (course.result is Result.WON) == up
        lead = max(0.0, certain - _minute(course.seen, alert.at)) if held else None
        yield RuleAlert(alert.p, up, held, lead)


def _points_up(rule: ChanceRule, alert: Alert) -> bool:
    if isinstance(rule, SwingRule):
        return alert.was is None or alert.p is None or alert.p >= alert.was
    up = rule.comparison.upward
    return alert.p is not None and alert.p >= rule.level if up is None else up


def _minute(seen: Sequence[SeenChance], at: datetime) -> float:
    return next((x.minute for x in reversed(seen) if x.at <= at), 0.0)


def _certain(course: TrialCourse) -> float:
    """The game minute from which on the chance stayed beyond 99 % on the side of the result."""
    won = course.result is Result.WON
    minute = course.seen[-1].minute if course.seen else 0.0
    for x in reversed(course.seen):
        if (x.p if won else 1 - x.p) < SETTLED_AT:
            return minute
        minute = x.minute
    return minute


def naive(rule: ChanceRule, seen: Sequence[SeenChance]) -> int:
    """The number of messages of a bare threshold: one at each poll that crosses it, none held back.

    For a swing it is one at each poll whose chance lies far enough from any earlier one within the
    rule's time, unless the poll before did too.
    """
    if isinstance(rule, SwingRule):
        return _naive_swing(rule, seen)
    crossed = 0
    for before, after in pairwise(seen):
        was, now = _beyond(rule, before.p), _beyond(rule, after.p)
        crossed += (was != now) if rule.comparison.upward is None else (now and not was)
    return crossed


def _beyond(rule: LevelRule, p: float) -> bool:
    return p <= rule.level if rule.comparison.upward is False else p >= rule.level


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
