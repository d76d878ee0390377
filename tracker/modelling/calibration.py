"""Calibrations learnt from a person's own bets: a map of chances, and the evidence for its use.

A calibration is a map of one of four forms, fitted on earlier bets and judged on later ones. An
observation is a chance that the bet's figure ends above the line, and whether it did. Results of
bets on one game depend on each other, so data are split and resampled by game. Each bet has weight
1, however many of its chances are observed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from tracker.engine.promotion import LEAST_BETS, Estimate, judge_segment, passed
from tracker.forecast.calibration import (
    ChanceMap,
    Family,
    Method,
    backs_above,
    document_of,
    family_of,
)
from tracker.forecast.documents import About, text_of
from tracker.modelling import Array
from tracker.modelling.metrics import BINS, CLIP, DRAWS, SEED, log_losses
from tracker.store.outcomes import OfficialChance

FOLDS = 5
"""Parts into which bets are split by time: each but the first is judged by a map fitted on all
earlier parts."""

_STEPS = 60
"""The most Newton steps of a fit."""

_RIDGE = 1e-6
"""The strength of the pull towards the identity map, in parts of the bets' weight."""

_LEAST_SLOPE = 0.02
"""A map with a smaller slope does not rise, and is rejected."""


@dataclass(frozen=True, eq=False)
class Observed:
    """The chances of a segment's bets, in order of time, one row for each chance.

    `p` is the raw chance that the bet's figure ends above the line, and `hit` whether it did. `bet`
    and `game` are the numbers of each row's bet and game, which grow with time.
    """

    p: Array
    hit: Array
    bet: Array
    game: Array

    @property
    def weight(self) -> Array:
        """The weight of each row: a bet has weight 1, shared by its chances."""
        _, place, counts = np.unique(self.bet, return_inverse=True, return_counts=True)
        weight: Array = 1.0 / counts[place]
        return weight

    def only(self, rows: Array) -> Observed:
        """The observations of the given rows."""
        return Observed(self.p[rows], self.hit[rows], self.bet[rows], self.game[rows])

    @property
    def bets(self) -> int:
        """The number of bets."""
        return int(np.unique(self.bet).size)


def fit_map(seen: Observed, method: Method) -> ChanceMap | None:
    """The map of one form, fitted by weighted maximum likelihood; None when it does not rise."""
    p = np.clip(seen.p, CLIP, 1 - CLIP)
    if method is Method.ISOTONIC:
        return _isotonic(p, seen.hit, seen.weight)
    log_p, log_q = np.log(p), np.log1p(-p)
    one = np.ones_like(p)
    match method:
        case Method.TEMPERATURE:
            features, start = [log_p - log_q], [1.0]
        case Method.PLATT:
            features, start = [log_p - log_q, one], [1.0, 0.0]
        case _:
            features, start = [log_p, -log_q, one], [1.0, 1.0, 0.0]
    weights = _logistic(np.stack(features, axis=1), seen.hit, seen.weight, np.array(start))
    rising = 2 if method is Method.BETA else 1
    if not np.isfinite(weights).all() or (weights[:rising] < _LEAST_SLOPE).any():
        return None
    return ChanceMap(method, tuple(round(float(x), 6) for x in weights))


def _logistic(design: Array, hit: Array, weight: Array, start: Array) -> Array:
    """The weights of a logistic regression by Newton's method, with a small ridge to `start`."""
    beta = start.copy()
    ridge = _RIDGE * weight.sum() * np.eye(start.size)
    for _ in range(_STEPS):
        fitted = expit(design @ beta)
        spread = weight * np.maximum(fitted * (1 - fitted), 1e-9)
        slope = design.T @ (weight * (hit - fitted)) - ridge @ (beta - start)
        step = np.linalg.solve((design * spread[:, None]).T @ design + ridge, slope)
        beta += step
        if float(np.abs(step).max()) < 1e-10:  # noqa: PLR2004 - it has converged
            break
    return beta


_LEAST_IN_STEP = 25.0
"""The least weight in bets of a step of an isotonic map, which would otherwise fit single bets."""


def _isotonic(p: Array, hit: Array, weight: Array) -> ChanceMap | None:
    """An isotonic map, by the pool-adjacent-violators algorithm (Ayer et al. 1955).

    It is the rising line through the means of the pools.
    """
    order = np.argsort(p, kind="stable")
    pools: list[list[float]] = []
    for x, y, w in zip(p[order].tolist(), hit[order].tolist(), weight[order].tolist(), strict=True):
        pools.append([w, w * x, w * y])
        while len(pools) > 1 and (
            pools[-2][0] < _LEAST_IN_STEP
            or pools[-1][2] * pools[-2][0] <= pools[-2][2] * pools[-1][0]
        ):
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    if len(pools) > 1 and pools[-1][0] < _LEAST_IN_STEP:
        last = pools.pop()
        pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    said, came = [0.0], [0.0]
    for w, x, y in pools:
        # Half a bet won and half a bet lost in addition keep a step away from 0 and 1.
        mean, share = round(x / w, 6), round((y + 0.5) / (w + 1.0), 6)
        if said[-1] < mean < 1:
            said.append(mean)
            came.append(max(share, came[-1]))
    said.append(1.0)
    came.append(1.0)
    return ChanceMap(Method.ISOTONIC, said=tuple(said), came=tuple(came))


def applied(chosen: ChanceMap, p: Array) -> Array:
    """The chances after a map."""
    return np.array([chosen(float(x)) for x in p])


@dataclass(frozen=True)
class Learnt:
    """The result for a segment: its map, None if it may not be used, and the evidence as JSON."""

    chosen: ChanceMap | None
    evidence: Mapping[str, Any]


def learn(seen: Observed) -> Learnt:
    """Find the best map of a segment, and whether it is better on bets that it was not fitted on.

    Each form is fitted on the bets before each part of time and judged on that part. The form with
    the least log loss is then fitted on all bets. It may be used if its out-of-sample scores pass
    the gate.
    """
    if seen.bets < LEAST_BETS:
        return Learnt(None, {"bets": seen.bets, "used": False, "method": None,
                             "why": f"fewer than {LEAST_BETS} official results"})  # fmt: skip
    found = {x: scored for x in Method if (scored := _out_of_sample(seen, x)) is not None}
    if not found:
        return Learnt(None, {"bets": seen.bets, "used": False, "method": None,
                             "why": "no map of these bets rises"})  # fmt: skip
    best = min(found, key=lambda x: found[x][1])
    later, _ = found[best]
    judged, mapped = later
    log_loss, ece = _compared(judged, mapped)
    clauses = judge_segment(seen.bets, log_loss, ece)
    chosen = fit_map(seen, best) if passed(clauses) else None
    evidence = {
        "bets": seen.bets,
        "judged_on": judged.bets,
        "method": best.value,
        "used": chosen is not None,
        "log_loss": asdict(log_loss),
        "ece": asdict(ece),
        "tried": {x.value: round(loss, 5) for x, (_, loss) in found.items()},
        "clauses": [asdict(x) for x in clauses],
    }
    return Learnt(chosen, evidence)


def _out_of_sample(seen: Observed, method: Method) -> tuple[tuple[Observed, Array], float] | None:
    """Later bets with their chances after maps of the earlier bets, and the log loss of these.

    None when one of the maps does not rise.
    """
    rows, mapped = [], []
    games = np.unique(seen.game)
    stretches = np.array_split(games, FOLDS)
    for stretch in stretches[1:]:
        first = stretch[0]
        before, inside = (
            np.flatnonzero(seen.game < first),
            np.flatnonzero((seen.game >= first) & (seen.game <= stretch[-1])),
        )
        chosen = fit_map(seen.only(before), method)
        if chosen is None:
            return None
        rows.append(inside)
        mapped.append(applied(chosen, seen.p[inside]))
    judged, calibrated = seen.only(np.concatenate(rows)), np.concatenate(mapped)
    return (judged, calibrated), _mean(log_losses(calibrated, judged.hit), judged.weight)


def _mean(values: Array, weight: Array) -> float:
    return float(values @ weight / weight.sum())


def _compared(judged: Observed, mapped: Array) -> tuple[Estimate, Estimate]:
    """Log loss and ECE, raw and calibrated, with the interval of each difference.

    The intervals are from a bootstrap over games.
    """
    _, place = np.unique(judged.game, return_inverse=True)
    games = int(place.max()) + 1
    rng = np.random.default_rng(SEED)
    once = np.ones((1, games))
    again = rng.multinomial(games, np.full(games, 1 / games), DRAWS)
    found = []
    for score in (_log_losses, _eces):
        scores = [[score(judged, p, place, x) for x in (once, again)] for p in (judged.p, mapped)]
        (raw, raws), (better, betters) = scores
        low, high = np.quantile(betters - raws, [0.025, 0.975])
        values = (raw[0], better[0], low, high)
        found.append(Estimate(*(round(float(x), 6) for x in values)))
    return found[0], found[1]


def _log_losses(judged: Observed, p: Array, place: Array, draws: Array) -> Array:
    """The log loss of each resample of the games; `draws` holds how often each game is in it."""
    weight, games = judged.weight, draws.shape[1]
    losses = np.bincount(place, weight * log_losses(p, judged.hit), games)
    found: Array = draws @ losses / (draws @ np.bincount(place, weight, games))
    return found


def _eces(judged: Observed, p: Array, place: Array, draws: Array) -> Array:
    """The expected calibration error of each resample, over bins of equal weight.

    The bins are those of the whole data. The weighted gaps between chance and outcome are added up
    by game and bin first, since a resample only repeats games.
    """
    weight, games = judged.weight, draws.shape[1]
    order = np.argsort(p, kind="stable")
    middle = np.cumsum(weight[order]) - weight[order] / 2
    which = np.empty(p.size, dtype=np.int64)
    which[order] = np.minimum(middle * BINS / weight.sum(), BINS - 1).astype(np.int64)
    gaps = np.zeros((games, BINS))
    np.add.at(gaps, (place, which), weight * (p - judged.hit))
    found: Array = np.abs(draws @ gaps).sum(axis=1) / (draws @ np.bincount(place, weight, games))
    return found


def learn_all(
    segments: Mapping[Family, Observed],
) -> tuple[dict[Family, ChanceMap], dict[str, Any]]:
    """The maps that may be used, by family of markets, and the evidence of every family."""
    learnt = {family: learn(x) for family, x in segments.items()}
    maps = {family: x.chosen for family, x in learnt.items() if x.chosen is not None}
    return maps, {family.value: dict(x.evidence) for family, x in learnt.items()}


def observed(rows: Sequence[tuple[float, bool, int, int]]) -> Observed:
    """Observations from rows of (p, hit, bet, game), with games numbered in order of time."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Observed(table[:, 0], table[:, 1], table[:, 2].astype(int), table[:, 3].astype(int))


def segments_of(rows: Iterable[OfficialChance]) -> dict[Family, Observed]:
    """Observations by family of markets; each chance is turned to that of ending above the line.

    Markets without a family are left out.
    """
    games: dict[str, int] = {}
    found: dict[Family, list[tuple[float, bool, int, int]]] = {}
    for x in rows:
        family = family_of(x.market)
        if family is None:
            continue
        above = backs_above(x.market)
        game = games.setdefault(x.game, len(games))
        p, hit = (x.p, x.won) if above else (1 - x.p, not x.won)
        found.setdefault(family, []).append((p, hit, x.bet, game))
    return {family: observed(x) for family, x in found.items()}


@dataclass(frozen=True)
class MadeCalibration:
    """The text of a calibrations file, None when no segment passed, and all segments' evidence."""

    text: str | None
    evidence: Mapping[str, Any]


def calibrated(league: str, rows: Sequence[OfficialChance], day: str) -> MadeCalibration:
    """The calibrations learnt from a league's official results, dated `day` (ISO)."""
    maps, evidence = learn_all(segments_of(rows))
    if not maps:
        return MadeCalibration(None, evidence)
    sums = hashlib.sha256(repr([(x.bet, round(x.p, 9), x.won) for x in rows]).encode())
    about = About(day, sums.hexdigest(), len({x.game for x in rows}))
    document = document_of(league, maps, evidence, about)
    return MadeCalibration(text_of(document), evidence)
