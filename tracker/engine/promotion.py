"""The promotion gate: the clauses that decide whether a challenger replaces the champion.

Both models forecast the same states of the same games. Each game is one observation: the
challenger's loss less the champion's. Losses are Brier scores, continuous ranked probability scores
(CRPS) in points, and interval scores in units of the statistic; less is better.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

LOOKS = (300, 600, 1200)
"""The numbers of games after which the gate decides: deciding every day would let one challenger in
five through by luck. The last is about a season; a challenger that is not better by then is
rejected."""

LEAST_NIGHTS = 14
"""Nights that a trial needs: fewer could all be of one kind."""

BETTER = 2.5
"""Standard errors by which a challenger must be better in one measure: more than the usual 2,
because several measures are tested several times. What it lets through: benchmarks/promotion.py."""

WORSE = 1.0
"""Standard errors by which a challenger may be worse, by any measure at any moment."""

MUCH_WORSE = 2.0
"""Standard errors above which a challenger that is worse is rejected before the last look."""

COVERED = (0.78, 0.82)
"""The range for the share of games that a central 80 % interval holds. Of 300 games that share is
known to 2.3 percentage points, so it is enough that its 95 % interval reaches into the range: else
a perfect model could fail."""

_Z95 = 1.96


class GateVerdict(StrEnum):
    """What to do with a challenger."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"


class ClauseState(StrEnum):
    """How a clause stands: a `waiting` one may still become met or failed."""

    MET = "met"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the gate: what it wants, the figure that it tests, and how it stands."""

    name: str
    wanted: str
    figure: float | None
    answer: ClauseState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """The losses of both models on one game by one measure, at one moment of the game."""

    game: str
    measure: str
    moment: str
    champion: float
    challenger: float

    @property
    def gap(self) -> float:
        """The challenger's loss less the champion's: above 0 it is worse."""
        return self.challenger - self.champion


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a trial has shown, on games that neither model was fitted on, in order of play.

    `nights` counts the leagues' dates. `covered` lists, by figure, for each game the part of the
    outcome that lay within the challenger's 80 % interval. `failures` counts states that it could
    not forecast. `replays` says how it differs in kind from the champion on recorded games, None
    where it does not.
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
    """The gate's verdict and clauses, on `games` games; it decides next after `more` games."""

    verdict: GateVerdict
    clauses: tuple[Clause, ...]
    games: int
    more: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A mean difference over games with its standard error; below 0 the challenger is better."""

    mean: float
    error: float
    games: int

    @property
    def score(self) -> float:
        """The difference in standard errors; 0 where both models always said the same."""
        return self.mean / self.error if self.error > 0 else 0.0


def judge(evidence: Evidence) -> Judgement:
    """Judge a trial by the gate. Failures count at once, the losses only at one of the LOOKS."""
    games = evidence.games
    look = max((x for x in LOOKS if x <= len(games)), default=0)
    chosen = frozenset(games[: look or len(games)])
    losses = [x for x in evidence.losses if x.game in chosen]
    last, covered = look == LOOKS[-1], sorted(evidence.covered.items())
    clauses = (
        _at_least("games", LOOKS[0], len(games)),
        _at_least("nights", LEAST_NIGHTS, evidence.nights),
        _better(losses, enough=bool(look), last=last),
        _no_worse(losses, enough=bool(look), last=last),
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
    """The gap of each (measure, moment); the moment `""` stands for the mean over all moments."""
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
    """The mean and standard error of differences, one a game."""
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
    """The clause that one measure, over all moments, is better by BETTER standard errors."""
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


def _no_worse(losses: Sequence[Loss], *, enough: bool, last: bool) -> Clause:
    """The clause that no measure at any moment is worse by more than WORSE standard errors."""
    found = {key: x for key, x in gaps(losses).items() if key[1]}
    wanted = f"{WORSE:g} standard error at no moment"
    if not found:
        return Clause("worse", wanted, None, ClauseState.WAITING)
    (measure, moment), most = max(found.items(), key=lambda x: x[1].score)
    answer = ClauseState.WAITING
    if enough and most.score <= WORSE:
        answer = ClauseState.MET
    elif last or (enough and most.score > MUCH_WORSE):
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
"""Official results that a segment needs before its calibration may be used."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score of the raw and of the calibrated chances, and the 95 % interval of their difference.

    The difference is calibrated less raw: below 0 the calibrated chances are better.
    """

    raw: float
    calibrated: float
    low: float
    high: float


def judge_segment(bets: int, log_loss: Estimate, ece: Estimate) -> tuple[Clause, ...]:
    """Judge a segment's calibration by the results of bets that it was not fitted on.

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
