"""The figures of one moment of a game: how much players still play, and at what rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.players.counts import BASIC, own_features, rate_features
from tracker.forecast.players.minutes import EDGES, share_features, width_features
from tracker.modelling.players.known import (
    END,
    Known,
    own_columns,
    own_gap,
    table,
    team_ratio,
    today,
)
from tracker.modelling.players.sample import (
    standings,
    team_to_come,
)
from tracker.modelling.players.shares import Ordered, classes, fit_ordered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Given:
    """What the fits of all moments share.

    `usual` minutes and `rates` were expected beforehand; `league` are the rates of the average
    player with such minutes.
    """

    known: Known
    train: Array
    usual: Array
    rates: Array
    league: Array
    fouls: int
    memory: tuple[float, ...]


def fit_moment(given: Given, name: str, like: Ordered | None) -> tuple[dict[str, Any], Ordered]:
    """The figures of one moment: shares of minutes, then rates given the expected minutes."""
    known, train, usual, fouls = given.known, given.train, given.usual, given.fouls
    rows = known.rows
    moment, scenes, end = rows.moments[name], known.scenes[name], rows.moments[END]
    left = (1 - moment.at) * rows.league.regulation_seconds / 60
    share = np.clip((end.minutes - moment.minutes) / left, 0, 1)
    gaps = known.lineups.gaps(rows, moment)
    x = standings(rows, moment, scenes, usual, fouls, gaps)
    count = rows.person.size
    location, width = table(share_features(x), count), table(width_features(x), count)
    used = train & (moment.fouls < fouls)
    which = classes(share)
    ordered = fit_ordered(location[used], width[used], which[used], like).rounded()
    shares = _class_shares(share[used], which[used])
    chances = ordered.chances(location, width)
    minutes = chances @ shares * left
    whole = known.average / 2
    part = float(team_to_come(rows, scenes)[train].mean()) / whole
    shared = rate_features(x, team_ratio(rows, scenes, part * whole))
    weights, powers = [], []
    longer = _longer(share * left, minutes, used)
    for i in range(len(BASIC)):
        now = today(given.rates[:, i], given.memory[i], moment.stats[:, i], moment.minutes, rows)
        own = own_columns(given.rates[:, i], given.league[:, i], now, moment, i)
        beside = own_features(own[0], x.blowout, own[1], own_gap(gaps, i))
        features = table((*shared, *beside), count)
        more = end.stats[:, i] - moment.stats[:, i]
        weights.append(_poisson(features[used], (now * minutes)[used], more[used]))
        mean = now * np.exp(features @ weights[-1]) * share * left
        powers.append(_poisson(longer[used], mean[used], more[used])[1])
    told = {
        "at": round(moment.at, 6),
        "done": ordered.done,
        "bounds": ordered.bounds.tolist(),
        "shares": shares.tolist(),
        "weights": ordered.weights.tolist(),
        "widths": ordered.widths.tolist(),
        "usual": round(part, 5),
        "rates": np.stack(weights).round(5).tolist(),
        "powers": np.round(powers, 4).tolist(),
    }
    return told, ordered


LONGER = 3.0
"""Minutes beyond so many times the expected ones, or below that part of them, tell no more."""


def _longer(played: Array, expected: Array, used: Array) -> Array:
    """1, and the log of how much longer than expected a player played; 0 where he did not."""
    with np.errstate(divide="ignore"):
        ratio = np.log(played / np.maximum(expected, 1e-6))
    ratio = np.clip(ratio, -math.log(LONGER), math.log(LONGER))
    found: Array = np.stack([np.ones(used.size), np.where(played > 0, ratio, 0.0)], axis=1)
    return found


def _class_shares(share: Array, which: Array) -> Array:
    """The mean share of each class; where nobody was, its middle."""
    edges = np.r_[0.0, EDGES, 1.0]
    found = np.array(
        [
            share[which == k].mean() if (which == k).any() else (edges[k] + edges[k + 1]) / 2
            for k in range(len(EDGES) + 1)
        ]
    )
    found[0] = 0.0
    return found.round(5)


def _poisson(features: Array, mean: Array, count: Array) -> Array:
    """Weights of the log of what multiplies a mean, by Poisson quasi-likelihood."""
    weights = np.zeros(features.shape[1])
    ridge = 1e-3 * np.eye(features.shape[1])
    for _ in range(_ROUNDS):
        fitted = mean * np.exp(np.clip(features @ weights, -3, 3))
        bend = (features * fitted[:, None]).T @ features + ridge
        weights = weights + np.linalg.solve(bend, features.T @ (count - fitted) - 1e-3 * weights)
    return weights
