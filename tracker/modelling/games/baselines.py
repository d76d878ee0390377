"""Baselines that a forecast must beat: published or common models, fitted on the same games.

A baseline gives a normal margin and total at a state (mean and sd, in points), or only a chance of
a home win. It is fitted on other seasons than those it is judged on. Our model is compared with
each baseline on the same states, game by game.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammainc, ndtr

from tracker.modelling import Array, Progress, metrics
from tracker.modelling.games import rows_of
from tracker.modelling.games.observe import Checkpoint, Recorded
from tracker.modelling.games.trace import Sample, draw


@dataclass(frozen=True, eq=False)
class Normals:
    """A baseline's margins and totals, one row for each state; None for what it does not give.

    `win` is the chance of a home win, for a baseline without a margin.
    """

    margin: Array | None = None
    margin_sd: Array | None = None
    total: Array | None = None
    total_sd: Array | None = None
    win: Array | None = None
    over: Callable[[Array], Array] | None = None
    """P(total > line) for the lines given, where the total is not normal."""


def _part_left(sample: Sample, regulation: float) -> Array:
    return np.maximum(sample.left, 1.0) / regulation


def fit_all(train: Sample, regulation: float) -> dict[str, Callable[[Sample], Normals]]:
    """Every baseline by name, fitted on `train`, whose `end_` figures are the final score."""
    return {
        "frozen mean": _frozen(train, regulation),
        "own-pace extrapolation": _pace(train, regulation),
        "line with fixed sigma": _fixed,
        "linear extrapolation": _linear(train, regulation),
        "Stern": _stern(train, regulation, with_line=False),
        "Stern with the line": _stern(train, regulation, with_line=True),
        "gamma process": _gamma(train, regulation),
        "look-up table": _table(train),
        "logistic": _logistic(train, regulation),
        "boosted trees": _boosted(train),
        "six-parameter normal": _six(train, regulation),
    }


def _sds(train: Sample, mean_m: Array, mean_t: Array, part: Array) -> tuple[float, float]:
    """Standard deviations over a whole game, of a square-root-of-time model with these means.

    They are taken before the last five minutes, whose fouls would make them too wide.
    """
    early = part > 0.1  # noqa: PLR2004 - a tenth of the game
    margin = np.sqrt(np.mean((train.end_lead - mean_m)[early] ** 2 / part[early]))
    total = np.sqrt(np.mean((train.end_total - mean_t)[early] ** 2 / part[early]))
    return float(margin), float(total)


def _frozen(train: Sample, regulation: float) -> Callable[[Sample], Normals]:
    """The mean at half-time kept until the end, with a sigma that shrinks with the clock."""
    half = rows_of(train, train.left == regulation / 2)
    margin = float(np.std(half.end_lead - half.lead - 0.5 * half.prior_margin))
    total = float(np.std(half.end_total - half.total - 0.5 * half.prior_total))

    def model(s: Sample) -> Normals:
        known = s.left < regulation / 2
        lead = np.where(known, s.half_lead, s.lead)
        so_far = np.where(known, s.half_total, s.total)
        left = np.where(known, 0.5, _part_left(s, regulation))
        shrink = np.sqrt(np.maximum(_part_left(s, regulation), 0.002) * 2)
        return Normals(
            lead + left * s.prior_margin, margin * shrink,
            so_far + left * s.prior_total, total * shrink,
        )  # fmt: skip

    return model


def _normal(
    train: Sample, means: Callable[[Sample], tuple[Array, Array]], regulation: float
) -> Callable[[Sample], Normals]:
    """Normals around these means, with a sigma that falls with the root of the time left."""
    sds = _sds(train, *means(train), _part_left(train, regulation))

    def model(s: Sample) -> Normals:
        root = np.sqrt(_part_left(s, regulation))
        margin, total = means(s)
        return Normals(margin, sds[0] * root, total, sds[1] * root)

    return model


def _pace(train: Sample, regulation: float) -> Callable[[Sample], Normals]:
    """The rate of the second half so far, mixed with the line by the part of it that is played."""

    def means(s: Sample) -> tuple[Array, Array]:
        left = _part_left(s, regulation)
        weight = np.clip(0.85 * (1 - 2 * left), 0, 0.85)
        played = np.maximum(0.5 - left, 1e-3)
        late = left < 0.5  # noqa: PLR2004 - half of the game
        rate_t = np.where(late, (s.total - s.half_total) / played, s.prior_total)
        rate_m = np.where(late, (s.lead - s.half_lead) / played, s.prior_margin)
        margin = s.lead + left * (weight * rate_m + (1 - weight) * s.prior_margin)
        total = s.total + left * (weight * rate_t + (1 - weight) * s.prior_total)
        return margin, total

    return _normal(train, means, regulation)


def _fixed(s: Sample) -> Normals:
    """The pre-game lines with sigmas of 12 and 14 points, at every state."""
    ones = np.ones_like(s.lead)
    return Normals(s.prior_margin, 12 * ones, s.prior_total, 14 * ones)


def _linear(train: Sample, regulation: float) -> Callable[[Sample], Normals]:
    """Points so far, extrapolated at the same rate to the end."""

    def means(s: Sample) -> tuple[Array, Array]:
        played = np.maximum(1 - _part_left(s, regulation), 0.02)
        started = s.left < regulation
        return (
            np.where(started, s.lead / played, 0.0),
            np.where(started, s.total / played, s.prior_total.mean()),
        )

    late = rows_of(train, train.left < regulation)
    return _normal(late, means, regulation)


def _stern(train: Sample, regulation: float, *, with_line: bool) -> Callable[[Sample], Normals]:
    """Brownian motion of the lead (Stern 1994), with the home edge or the line as its drift."""
    edge = float(train.prior_margin.mean())
    level = float(train.prior_total.mean())

    def means(s: Sample) -> tuple[Array, Array]:
        left = _part_left(s, regulation)
        drift = s.prior_margin if with_line else edge
        line = s.prior_total if with_line else level
        return s.lead + left * drift, s.total + left * line

    return _normal(train, means, regulation)


def _gamma(train: Sample, regulation: float) -> Callable[[Sample], Normals]:
    """Points to come as a gamma, with the line's mean for the time left (Song, Gao & Shi 2020)."""
    left = _part_left(train, regulation)
    gain = train.end_total - train.total
    early = left > 0.1  # noqa: PLR2004 - as in `_sds`
    miss = (gain - left * train.prior_total)[early] ** 2
    scale = float(np.mean(miss) / np.mean(gain[early]))

    def model(s: Sample) -> Normals:
        mean = np.maximum(_part_left(s, regulation) * s.prior_total, 0.05)
        shape = mean / scale

        def over(line: Array) -> Array:
            need = np.maximum(line - s.total, 0.0) / scale
            chances: Array = 1 - gammainc(shape, need)
            return chances

        return Normals(total=s.total + mean, total_sd=np.sqrt(mean * scale), over=over)

    return model


def _table(train: Sample) -> Callable[[Sample], Normals]:
    """The share of wins by clock and lead, with a beta prior (Deshpande & Jensen 2016)."""
    wins: dict[tuple[int, int], list[float]] = {}
    for clock, lead, won in zip(
        train.left.tolist(), train.lead.tolist(), (train.end_lead > 0).tolist(), strict=True
    ):
        cell = wins.setdefault((int(clock), _cell(lead)), [0.0, 0.0])
        cell[0] += won
        cell[1] += 1

    def model(s: Sample) -> Normals:
        found = []
        for clock, lead in zip(s.left.tolist(), s.lead.tolist(), strict=True):
            won, count = wins.get((int(clock), _cell(lead)), (0.0, 0.0))
            found.append((won + 2 * float(ndtr(lead / 12))) / (count + 2))
        return Normals(win=np.array(found))

    return model


def _cell(lead: float) -> int:
    return int(np.clip(round(lead / 2), -15, 15))


def _logistic_features(s: Sample, regulation: float) -> Array:
    root = np.sqrt(_part_left(s, regulation))
    return np.stack([s.lead / root / 10, s.prior_margin * root / 10, s.prior_margin / 10], axis=1)


def _logistic(train: Sample, regulation: float) -> Callable[[Sample], Normals]:
    """A logistic regression at each clock, on the lead over the root of time, and the line."""
    from sklearn.linear_model import LogisticRegression

    won = train.end_lead > 0
    models = {}
    for clock in np.unique(train.left):
        rows = train.left == clock
        fitted = LogisticRegression(C=1e4, max_iter=500)
        models[float(clock)] = fitted.fit(_logistic_features(train, regulation)[rows], won[rows])

    def model(s: Sample) -> Normals:
        win = np.zeros_like(s.lead)
        features = _logistic_features(s, regulation)
        for clock in np.unique(s.left):
            rows = s.left == clock
            win[rows] = models[float(clock)].predict_proba(features[rows])[:, 1]
        return Normals(win=win)

    return model


def _boosted(train: Sample) -> Callable[[Sample], Normals]:
    """Gradient-boosted trees on the state and the lines."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    def features(s: Sample) -> Array:
        return np.stack([s.left, s.lead, s.prior_margin, s.prior_total, s.ball], axis=1)

    trees = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, random_state=0
    ).fit(features(train), train.end_lead > 0)

    def model(s: Sample) -> Normals:
        return Normals(win=trees.predict_proba(features(s))[:, 1])

    return model


_LATE = 120.0
"""Seconds left; from half of it on the late fouls of a close game count for less."""


def _six(train: Sample, regulation: float) -> Callable[[Sample], Normals]:
    """Normals with six parameters, fitted by likelihood.

    They are a reversion of the lead, the scale and power of time of the margin's sigma, points of
    late fouls in a close game, and the total's sigma with a floor.
    """

    def margins(x: Array, s: Sample) -> tuple[Array, Array]:
        f = _part_left(s, regulation)
        back = 1 - np.exp(-s.left / 60 / np.exp(x[0]))
        mean = s.lead + f * s.prior_margin - back * (s.lead - (1 - f) * s.prior_margin)
        return mean, np.exp(x[1]) * f ** (np.exp(x[2]) / 2)

    def totals(x: Array, s: Sample) -> tuple[Array, Array]:
        f = _part_left(s, regulation)
        close = np.exp(-((np.abs(s.lead) / 8) ** 2)) * np.minimum(1, s.left / _LATE * 2)
        return s.total + f * s.prior_total + x[0] * close, np.hypot(
            np.exp(x[1]) * np.sqrt(f), np.exp(x[2])
        )

    def fitted(
        means: Callable[[Array, Sample], tuple[Array, Array]], goal: Array, start: list[float]
    ) -> Array:
        def cost(x: Array) -> float:
            mean, sd = means(x, train)
            return float(np.mean(np.log(sd) + 0.5 * ((goal - mean) / sd) ** 2))

        options = {"maxfev": 600, "xatol": 1e-4, "fatol": 1e-7}
        found: Array = minimize(cost, np.array(start), method="Nelder-Mead", options=options).x
        return found

    xm = fitted(margins, train.end_lead, [4.0, 2.66, -0.13])
    xt = fitted(totals, train.end_total, [2.5, 2.9, 0.5])

    def model(s: Sample) -> Normals:
        mean_m, sd_m = margins(xm, s)
        mean_t, sd_t = totals(xt, s)
        return Normals(mean_m, sd_m, mean_t, sd_t)

    return model


def _final(recorded: Recorded, clocks: Sequence[int]) -> Sample:
    """Recorded states at these clocks; their end is the final score, overtime included."""
    sample = draw(recorded.data, recorded.seconds, recorded.priors, recorded.games, clocks)
    rows = sample.game.astype(int)
    home, away = recorded.data.games.home[rows], recorded.data.games.away[rows]
    return replace(
        sample, end_lead=(home - away).astype(float), end_total=(home + away).astype(float)
    )


def paired(
    train: Recorded,
    test: Recorded,
    clocks: Mapping[str, int],
    found: Mapping[str, Checkpoint],
    progress: Progress,
) -> dict[str, Any]:
    """The scores of our model less each baseline's, game by game: the mean with its interval.

    Baselines are fitted on `train` at the `clocks` (seconds left, by the moment's name).
    """
    regulation = float(test.data.league.regulation_seconds)
    fitted = fit_all(_final(train, list(clocks.values())), regulation)
    result: dict[str, Any] = {}
    for k, (label, model) in enumerate(fitted.items()):
        progress("baselines", k / len(fitted))
        rows = {}
        for name, clock in clocks.items():
            sample = _final(test, [clock])
            rows[name] = _differences(found[name], model(sample), sample)
        result[label] = rows
    return result


def _differences(checkpoint: Checkpoint, said: Normals, s: Sample) -> dict[str, Any]:
    theirs = baseline_chances(said, s)
    table = {}
    for market, p in theirs.items():
        own, hit = np.array(checkpoint.p[market]), np.array(checkpoint.hit[market])
        gap = (own - hit) ** 2 - (p - hit) ** 2
        table[market] = {"brier": float(np.nanmean((p - hit) ** 2))} | asdict(
            metrics.bootstrap(gap, metrics.SEED)
        )
    for name, mean, sd, outcome in (
        ("margin crps", said.margin, said.margin_sd, s.end_lead),
        ("total crps", said.total, said.total_sd, s.end_total),
    ):
        if mean is not None and sd is not None:
            score = metrics.crps_normal(mean, np.maximum(sd, 0.05), outcome)
            own = np.array(checkpoint.crps[name.split()[0]])
            table[name] = {"crps": float(score.mean())} | asdict(
                metrics.bootstrap(own - score, metrics.SEED)
            )
    return table


def baseline_chances(said: Normals, s: Sample) -> dict[str, Array]:
    """A baseline's chances in the markets that it can price."""
    line, total = np.round(s.prior_margin * 2) / 2, np.round(s.prior_total * 2) / 2
    team = np.round(s.prior_total + s.prior_margin) / 2
    found: dict[str, Array] = {}
    if said.win is not None:
        found["win"] = said.win
    if said.margin is not None and said.margin_sd is not None:
        sd = np.maximum(said.margin_sd, 0.05)
        found["win"] = ndtr(said.margin / sd)
        found["spread"] = ndtr((said.margin - line) / sd)
    if said.over is not None:
        found["total"] = said.over(total)
    elif said.total is not None and said.total_sd is not None:
        found["total"] = ndtr((said.total - total) / np.maximum(said.total_sd, 0.05))
    if said.margin is not None and said.total is not None:
        sd = np.hypot(said.margin_sd, said.total_sd) / 2  # type: ignore[arg-type]  # given with their means
        mean = (said.margin + said.total) / 2
        found["home total"] = ndtr((mean - team) / np.maximum(sd, 0.05))
        found["parlay"] = found["win"] * found["total"]
    return found
