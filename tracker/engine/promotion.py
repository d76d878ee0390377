"""Whether a challenger may take the champion's place: the gate, clause by clause.

Both forecast the same states of the same games, and each game is one observation: what the
challenger loses on it less what the champion loses. Losses are Brier scores, continuous ranked
probability scores in points, and interval scores in units of the figure; less is better.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

LOOKS = (300, 600, 1200)
"""After how many games the gate is looked at: looking every day would let every fifth lucky one
through. The last is about a season; who is not better by then is let go."""

LEAST_NIGHTS = 14
"""Nights that were shadowed: fewer could all be of one kind."""

BETTER = 2.5
"""Standard errors by which a challenger must be better in one measure: more than the usual 2, for
several measures are looked at several times. What it lets through: benchmarks/promotion.py."""

WORSE = 1.0
"""Standard errors by which it may be worse at no moment; at MUCH_WORSE it is let go."""

MUCH_WORSE = 2.0

COVERED = (0.78, 0.82)
"""The share of games that a central 80 % interval may hold. Of 300 games it is known to 2.3 points,
so that a 95 % interval that reaches into it is enough: else a perfect model would fail."""

_Z95 = 1.96


class GateVerdict(StrEnum):
    """What is to be done with a challenger."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"


class ClauseState(StrEnum):
    """How a clause stands: `waiting` may still become one of the others."""

    MET = "met"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the gate: what is wanted, the figure it goes by, and how it stands."""

    name: str
    wanted: str
    figure: float | None
    answer: ClauseState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """What both lost on one game by one measure, at one moment of it."""

    game: str
    measure: str
    moment: str
    champion: float
    challenger: float

    @property
    def gap(self) -> float:
        """By how much the challenger is worse."""
        return self.challenger - self.champion


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a trial has shown, of games that neither model was fitted on, in order of play.

    `nights` counts the leagues' dates. `covered` is, by figure and game, the part of the outcome
    that lay within the challenger's 80 % interval. `failures` are states that it could not
    forecast. `replays` is what it does otherwise than the champion on recorded games, None where it
    does nothing otherwise in kind.
    """

    losses: Sequence[Loss]
    nights: int
    covered: Mapping[str, Sequence[float]]
    failures: int = 0
    replays: str | None = None

    @property
    def games(self) -> tuple[str, ...]:
        """The games, each once, in order."""
        return tuple(dict.fromkeys(x.game for x in self.losses))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate says, and why. `games` is how many it went by, `more` how many it waits for."""

    verdict: GateVerdict
    clauses: tuple[Clause, ...]
    games: int
    more: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A mean difference by game with its standard error; below 0 the challenger is better."""

    mean: float
    error: float
    games: int

    @property
    def score(self) -> float:
        """The difference in standard errors; 0 where both said the same."""
        return self.mean / self.error if self.error > 0 else 0.0


def judge(evidence: Evidence) -> Judgement:
    """Hold a trial against the gate. Failures count at once, all else at the looks."""
    games = evidence.games
    look = max((x for x in LOOKS if x <= len(games)), default=0)
    chosen = frozenset(games[: look or len(games)])
    losses = [x for x in evidence.losses if x.game in chosen]
    last, covered = look == LOOKS[-1], sorted(evidence.covered.items())
    clauses = (
        _at_least("games", LOOKS[0], len(games)),
        _at_least("nights", LEAST_NIGHTS, evidence.nights),
        _better(losses, enough=bool(look), last=last),
        _no_worse(losses, enough=bool(look)),
        *(_covers(name, shares[:look], enough=bool(look)) for name, shares in covered),
        Clause("failures", "0", evidence.failures, _met(evidence.failures == 0)),
        Clause(
            "recorded games", "the same in kind", None,
            _met(evidence.replays is None), evidence.replays or "",
        ),
    )  # fmt: skip
    further = next((x for x in LOOKS if x > len(games)), len(games))
    return Judgement(_verdict(clauses), clauses, look or len(games), further - len(games))


def gaps(losses: Iterable[Loss]) -> dict[tuple[str, str], Gap]:
    """The difference of each measure at each moment, and over all moments under the moment ``."""
    single: dict[tuple[str, str], list[float]] = defaultdict(list)
    whole: dict[tuple[str, str], list[float]] = defaultdict(list)
    for x in losses:
        single[x.measure, x.moment].append(x.gap)
        whole[x.measure, x.game].append(x.gap)
    by_game: dict[tuple[str, str], list[float]] = defaultdict(list)
    for (measure, _), values in whole.items():
        by_game[measure, ""].append(sum(values) / len(values))
    return {key: gap_of(values) for key, values in (by_game | single).items()}


def gap_of(values: Sequence[float]) -> Gap:
    """The mean of one difference a game and its standard error."""
    count = len(values)
    mean = sum(values) / count
    if count == 1:
        return Gap(mean, math.inf, 1)
    variance = sum((x - mean) ** 2 for x in values) / (count - 1)
    return Gap(mean, math.sqrt(variance / count), count)


def _verdict(clauses: Sequence[Clause]) -> GateVerdict:
    answers = {x.answer for x in clauses}
    if ClauseState.FAILED in answers:
        return GateVerdict.REJECT
    return GateVerdict.HOLD if ClauseState.WAITING in answers else GateVerdict.PROMOTE


def _met(good: bool) -> ClauseState:
    return ClauseState.MET if good else ClauseState.FAILED


def _at_least(name: str, least: int, found: int) -> Clause:
    answer = ClauseState.MET if found >= least else ClauseState.WAITING
    return Clause(name, f"at least {least}", found, answer)


def _better(losses: Sequence[Loss], *, enough: bool, last: bool) -> Clause:
    """Better by BETTER standard errors in one measure, over all moments."""
    found = {measure: x for (measure, moment), x in gaps(losses).items() if not moment}
    wanted = f"{BETTER:g} standard errors in one measure"
    if not found:
        return Clause("better", wanted, None, ClauseState.WAITING)
    measure, best = min(found.items(), key=lambda x: x[1].score)
    if enough and best.score <= -BETTER:
        answer = ClauseState.MET
    else:
        answer = ClauseState.FAILED if last else ClauseState.WAITING
    return Clause("better", wanted, -best.score, answer, f"{measure} {best.mean:+.5f} a game")


def _no_worse(losses: Sequence[Loss], *, enough: bool) -> Clause:
    """Worse by WORSE standard errors at no moment, by any measure."""
    found = {key: x for key, x in gaps(losses).items() if key[1]}
    wanted = f"{WORSE:g} standard error at no moment"
    if not found:
        return Clause("worse", wanted, None, ClauseState.WAITING)
    (measure, moment), most = max(found.items(), key=lambda x: x[1].score)
    answer = ClauseState.WAITING
    if enough and most.score <= WORSE:
        answer = ClauseState.MET
    elif enough and most.score > MUCH_WORSE:
        answer = ClauseState.FAILED
    return Clause("worse", wanted, most.score, answer, f"{measure} at {moment} {most.mean:+.5f}")


def _covers(name: str, shares: Sequence[float], *, enough: bool) -> Clause:
    wanted = f"{COVERED[0]:g} to {COVERED[1]:g}"
    if not shares:
        return Clause(f"{name} within 80 %", wanted, None, ClauseState.WAITING)
    gap = gap_of(shares)
    reach = _Z95 * gap.error
    inside = gap.mean - reach <= COVERED[1] and gap.mean + reach >= COVERED[0]
    answer = ClauseState.WAITING if not enough else _met(inside)
    detail = f"{gap.mean - reach:.3f} to {gap.mean + reach:.3f}" if enough else ""
    return Clause(f"{name} within 80 %", wanted, gap.mean, answer, detail)


LEAST_BETS = 500
"""Official results of a segment below which nothing is learnt from it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of raw and of calibrated chances, and the 95 % interval of their difference.

    The difference is calibrated less raw: below 0 is better.
    """

    raw: float
    calibrated: float
    low: float
    high: float


def judge_segment(bets: int, log_loss: Estimate, ece: Estimate) -> tuple[Clause, ...]:
    """Hold a calibration of one segment against what came of bets that it had not seen.

    `bets` is how many official results the segment has.
    """
    wanted = "better, with its 95 % interval"
    return (
        _at_least("official results", LEAST_BETS, bets),
        Clause("log loss", wanted, log_loss.high, _met(log_loss.high < 0)),
        Clause("ECE", wanted, ece.high, _met(ece.high < 0)),
    )


def passed(clauses: Iterable[Clause]) -> bool:
    """Whether every clause is met."""
    return all(x.answer is ClauseState.MET for x in clauses)
