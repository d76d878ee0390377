"""Recorded player-games to a file of player figures: the same games give the same bytes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from tracker.domain.player import Stat
from tracker.forecast import player_figures as figures
from tracker.forecast.parameters import checksum_of
from tracker.forecast.player_counts import Remainder, rate_features
from tracker.forecast.player_figures import BASIC, GAME_MINUTES
from tracker.forecast.player_minutes import EDGES, overtime_share, share_features, width_features
from tracker.forecast.player_priors import (
    FEWEST,
    MOST,
    ROLE_GAMES,
    base_features,
    minutes_features,
)
from tracker.forecast.players import LEAST_TEAM, OVERTIME_MINUTES
from tracker.modelling.dataset import BadDataset, read
from tracker.modelling.props_dataset import PlayerRows, read_players
from tracker.modelling.props_sample import (
    MEMORIES,
    RATE_DECAYS,
    Past,
    Scenes,
    look,
    odds_of,
    remember,
    standings,
    team_to_come,
)
from tracker.modelling.props_shares import Ordered, classes, fit_ordered
from tracker.modelling.props_transfer import FOULS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tracker.forecast.parameters import Parameters

    Array = NDArray[Any]

MODEL = "minutes-and-counts-1"
"""Names the form of the model; it changes when the formulas do."""

MEMORY = (50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 450.0, 700.0)
"""Minutes that a prior rate may weigh beside today's own: those that are tried."""

TAUS = (30.0, 50.0, 75.0, 100.0, 150.0, 250.0, 400.0)
"""Minutes of the league's rate that may be added to a player's own: those that are tried."""

SPREADS = (0.3, 5.0)
"""Logs of the shapes of the gamma among which the best is sought."""

FEWEST_MINUTES = 4.0
"""Shorter games say little of a rate."""

_ROUNDS = 12
_END = "end"


@dataclass(frozen=True, eq=False)
class Known:
    """What a fit or an evaluation has read: players, what was remembered, how games stood."""

    rows: PlayerRows
    past: Past
    scenes: dict[str, Scenes]
    average: float
    """Points of both teams of the average game, as the game forecast has it."""


def know(
    folder: Path,
    parameters: Parameters,
    progress: Callable[[str, float], None],
) -> Known:
    """Read a folder, and look at its games with the game forecast. Raises BadDataset."""
    progress("reading", 0.0)
    rows = read_players(folder, parameters.league)
    data = read(folder, parameters.league)
    progress("remembering", 0.0)
    past = remember(rows)
    names = [name for name in rows.moments if name != _END]
    scenes = look(rows, data, parameters, names, lambda part: progress("games", part))
    return Known(rows, past, scenes, parameters.average.total)


def fit_players(
    known: Known, seasons: Sequence[str], progress: Callable[[str, float], None]
) -> dict[str, Any]:
    """The document of a file of player figures, fitted on the games of `seasons`."""
    rows = known.rows
    missing = sorted(set(seasons) - set(rows.season.tolist()))
    if missing:
        raise BadDataset(f"the dataset has no players of {', '.join(missing)}: name other seasons")
    train = np.isin(rows.season, list(seasons))
    fouls = FOULS.get(rows.league.id, 6)
    prior, usual = _fit_minutes(known, train)
    rate_documents, rates = _fit_rates(known, train, usual)
    fitted: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    memory = _fit_memory(known, train, usual, rates)
    looked = list(known.scenes)
    near: dict[bool, Ordered | None] = {True: None, False: None}
    for i, name in enumerate(looked):
        progress("minutes and rates", i / len(looked))
        live = rows.moments[name].live
        given = Given(known, train, usual, rates, fouls, memory)
        told, near[live] = _fit_moment(given, name, near[live])
        fitted[live].append(told)
    trips = rows.trips[1:4] / rows.trips[1:4].sum()
    document: dict[str, Any] = {
        "player_format": figures.PLAYER_FORMAT,
        "league": rows.league.id,
        "model_version": f"{MODEL}-{rows.league.id}",
        "transferred": False,
        "fitted_on": sorted(seasons),
        "fouls": fouls,
        "prior": prior,
        "rates": rate_documents,
        "live": _stacked(fitted[True]),
        "breaks": _stacked(fitted[False]),
        "memory": list(memory),
        "trips": trips.round(4).tolist(),
        "overtime": _fit_overtime(known, train, usual),
        "spread": [8.0] * len(BASIC),
    }
    progress("spread", 0.0)
    document["spread"] = _fit_spread(known, train, document, progress)
    document["sha256"] = checksum_of(document)
    progress("done", 1.0)
    return document


def written(document: dict[str, Any]) -> str:
    """The text of a figures file."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def expected_minutes(known: Known, prior: dict[str, Any]) -> Array:
    """Minutes of a 48-minute game that each player was expected to play in tonight's role."""
    features = _minutes_table(known, prior["starting"], prior["bench"])
    found: Array = np.clip(features @ np.array(prior["minutes"]), FEWEST, MOST)
    return found


def expected_rates(known: Known, rates: Sequence[dict[str, Any]], usual: Array) -> Array:
    """Figures for each minute that each player was expected to have, one column for each."""
    base = _base_table(known, usual)
    found = []
    for i, own in enumerate(rates):
        past = known.past.rates[:, RATE_DECAYS.index(own["decay"])]
        league = np.maximum(base @ np.array(own["base"]), 1e-4)
        weight = own["minutes"] / _stretch(known.rows)
        found.append((past[:, 1 + i] + weight * league) / (past[:, 0] + weight))
    return np.stack(found, axis=1)


def _stretch(rows: PlayerRows) -> float:
    return GAME_MINUTES * 60 / rows.league.regulation_seconds


def _minutes_table(known: Known, starting: float, bench: float) -> Array:
    past, starter = known.past, known.rows.starter
    held = past.role[np.arange(starter.size), starter.astype(int)]
    usual = np.where(starter, starting, bench)
    role = (held[:, 1] + ROLE_GAMES * usual) / (held[:, 0] + ROLE_GAMES)
    memories = [
        (past.minutes[:, m, 0], past.minutes[:, m, 1], past.minutes[:, m, 2])
        for m in range(len(MEMORIES))
    ]
    return _table(minutes_features(starter.astype(float), memories, role), starter.size)


def _base_table(known: Known, usual: Array) -> Array:
    starter = known.rows.starter.astype(float)
    return _table(base_features(odds_of(usual / GAME_MINUTES), starter), starter.size)


def _table(columns: Sequence[Any], rows: int) -> Array:
    return np.stack([np.broadcast_to(x, rows) for x in columns], axis=1).astype(float)


def _fit_minutes(known: Known, train: Array) -> tuple[dict[str, Any], Array]:
    rows = known.rows
    played = rows.moments[_END].minutes * _stretch(rows)
    starting = float(played[train & rows.starter].mean())
    bench = float(played[train & ~rows.starter].mean())
    table = _minutes_table(known, starting, bench)
    weights = np.linalg.lstsq(table[train], played[train], rcond=None)[0]
    prior = {
        "decays": list(MEMORIES),
        "minutes": weights.round(5).tolist(),
        "starting": round(starting, 3),
        "bench": round(bench, 3),
        "average": round(float(played[train].mean()), 3),
        "starts": round(float(rows.starter[train].mean()), 3),
    }
    return prior, expected_minutes(known, prior)


def _fit_rates(known: Known, train: Array, usual: Array) -> tuple[list[dict[str, Any]], Array]:
    """Each figure's memory, by the likelihood of whole games given the minutes."""
    rows = known.rows
    base = _base_table(known, usual)
    used = train & (rows.minutes >= FEWEST_MINUTES)
    root = np.sqrt(rows.minutes[used])
    documents = []
    for i in range(len(BASIC)):
        count = rows.final[:, i].astype(float)
        weights = np.linalg.lstsq(
            base[used] * root[:, None], count[used] / rows.minutes[used] * root, rcond=None
        )[0].round(6)
        trials = [
            {"decay": decay, "minutes": tau, "base": weights.tolist()}
            for decay in RATE_DECAYS
            for tau in TAUS
        ]
        league = np.maximum(base @ weights, 1e-4)
        costs = []
        for trial in trials:
            past = known.past.rates[:, RATE_DECAYS.index(trial["decay"])]
            weight = trial["minutes"] / _stretch(rows)
            rate = (past[:, 1 + i] + weight * league) / (past[:, 0] + weight)
            mean = rate[used] * rows.minutes[used]
            costs.append(float((mean - count[used] * np.log(mean)).mean()))
        documents.append(trials[int(np.argmin(costs))])
    return documents, expected_rates(known, documents, usual)


def _fit_memory(known: Known, train: Array, usual: Array, rates: Array) -> tuple[float, ...]:
    """How many minutes a prior rate weighs beside today's, at half-time."""
    del usual
    rows = known.rows
    half, end = rows.moments["half"], rows.moments[_END]
    left = end.minutes - half.minutes
    used = train & (left > 1)
    found = []
    for i in range(len(BASIC)):
        has, more = half.stats[used, i], end.stats[used, i] - half.stats[used, i]
        costs = []
        for memory in MEMORY:
            rate = (rates[used, i] * memory + has) / (memory + half.minutes[used])
            rate *= more.sum() / (rate * left[used]).sum()
            mean = np.maximum(rate * left[used], 1e-9)
            costs.append(float((mean - more * np.log(mean)).mean()))
        found.append(MEMORY[int(np.argmin(costs))])
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Given:
    """What the fits of all moments share: `usual` minutes and `rates` were expected beforehand."""

    known: Known
    train: Array
    usual: Array
    rates: Array
    fouls: int
    memory: tuple[float, ...]


def _fit_moment(given: Given, name: str, like: Ordered | None) -> tuple[dict[str, Any], Ordered]:
    """The figures of one moment: shares of minutes, then rates given the expected minutes."""
    known, train, usual, fouls = given.known, given.train, given.usual, given.fouls
    rows = known.rows
    moment, scenes, end = rows.moments[name], known.scenes[name], rows.moments[_END]
    left = (1 - moment.at) * rows.league.regulation_seconds / 60
    share = np.clip((end.minutes - moment.minutes) / left, 0, 1)
    x = standings(rows, moment, scenes, usual, fouls)
    count = rows.person.size
    location, width = _table(share_features(x), count), _table(width_features(x), count)
    used = train & (moment.fouls < fouls)
    which = classes(share)
    fitted = fit_ordered(location[used], width[used], which[used], like)
    ordered = Ordered(fitted.bounds.round(5), fitted.weights.round(5), fitted.widths.round(5))
    shares = _class_shares(share[used], which[used])
    minutes = ordered.chances(location, width) @ shares * left
    team = team_to_come(rows, scenes)
    whole = known.average / 2
    part = float(team[train].mean()) / whole
    ratio = np.log(np.maximum(team, LEAST_TEAM) / max(part * whole, LEAST_TEAM))
    features = _table(
        rate_features(ratio, x.usual, x.starter, x.blowout, x.lead, x.ahead_of_plan), count
    )
    weights = []
    for i in range(len(BASIC)):
        now = today(given.rates[:, i], given.memory[i], moment.stats[:, i], moment.minutes, rows)
        more = end.stats[:, i] - moment.stats[:, i]
        weights.append(_poisson(features[used], (now * minutes)[used], more[used]))
    told = {
        "at": round(moment.at, 6),
        "bounds": ordered.bounds.tolist(),
        "shares": shares.tolist(),
        "weights": ordered.weights.tolist(),
        "widths": ordered.widths.tolist(),
        "usual": round(part, 5),
        "rates": np.stack(weights).round(5).tolist(),
    }
    return told, ordered


def today(rate: Array, memory: float, has: Array, minutes: Array, rows: PlayerRows) -> Array:
    """A rate with today's share in it."""
    memory = memory / _stretch(rows)
    found: Array = (rate * memory + has) / (memory + minutes)
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


def _stacked(moments: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [x[name] for x in moments] for name in moments[0]}


def _fit_overtime(known: Known, train: Array, usual: Array) -> list[float]:
    """What share of an overtime a player has, by least squares."""
    rows = known.rows
    moment, end = rows.moments["5:00"], rows.moments[_END]
    used = train & (rows.periods[rows.game] == rows.league.periods + 1)
    if used.sum() < 200:  # noqa: PLR2004 - a dozen games
        return [-0.6, 0.6, 0.2, 2.0]
    share = np.clip((rows.minutes - end.minutes)[used] / 5, 0, 1)
    before = np.clip((end.minutes - moment.minutes)[used] / 5, 0, 1)
    odds, starter = odds_of(usual[used] / GAME_MINUTES), rows.starter[used].astype(float)

    def cost(x: Array) -> float:
        told = 1 / (1 + np.exp(-(x[0] + x[1] * odds + x[2] * starter + x[3] * before)))
        return float(((told - share) ** 2).mean())

    found = minimize(cost, np.array([-2.0, 0.5, 0.2, 3.0]), method="Nelder-Mead")
    return [round(float(x), 4) for x in found.x]


SPREAD_AT = ("tip", "half", "end Q3")
"""The moments at which the spread of the rates is fitted."""

SPREAD_ROWS = 2500
"""Players looked at for it, at each."""


def remainders(
    known: Known, document: dict[str, Any], name: str, which: Array, usual: Array, rates: Array
) -> tuple[Array, Array]:
    """The chances of each class of minutes and the means of each figure in it, overtime included.

    Shapes (rows, classes) and (figures, rows, classes).
    """
    rows = known.rows
    moment, scenes = rows.moments[name], known.scenes[name]
    told = document["live"] if moment.live else document["breaks"]
    k = told["at"].index(round(moment.at, 6))
    x = standings(rows, moment, scenes, usual, document["fouls"])
    count = rows.person.size
    ordered = Ordered(*(np.array(told[n][k]) for n in ("bounds", "weights", "widths")))
    location, width = _table(share_features(x), count), _table(width_features(x), count)
    chances = ordered.chances(location[which], width[which])
    shares = np.array(told["shares"][k])
    left = (1 - moment.at) * rows.league.regulation_seconds / 60
    minutes = np.broadcast_to(shares * left, chances.shape)
    team, whole = team_to_come(rows, scenes), known.average / 2
    ratio = np.log(np.maximum(team, LEAST_TEAM) / max(told["usual"][k] * whole, LEAST_TEAM))
    features = _table(
        rate_features(ratio, x.usual, x.starter, x.blowout, x.lead, x.ahead_of_plan), count
    )[which]
    speed = np.stack(
        [
            today(rates[which, i], document["memory"][i], moment.stats[which, i],
                  moment.minutes[which], rows)
            * np.exp(features @ np.array(told["rates"][k][i]))
            for i in range(len(BASIC))
        ],
        axis=1,
    )  # fmt: skip
    level = scenes.level[rows.game[which]][:, None]
    weights = document["overtime"]
    more = np.stack(
        [
            overtime_share(tuple(weights), float(a), float(b), shares)
            for a, b in zip(x.usual[which], x.starter[which], strict=True)
        ]
    )
    chances = np.concatenate([chances * (1 - level), chances * level], axis=1)
    minutes = np.concatenate([minutes, minutes + more * OVERTIME_MINUTES], axis=1)
    return chances, speed.T[:, :, None] * minutes


def _fit_spread(
    known: Known, train: Array, document: dict[str, Any], progress: Callable[[str, float], None]
) -> list[float]:
    """The shape of each figure's gamma, by the likelihood of what was added."""
    rows = known.rows
    usual = expected_minutes(known, document["prior"])
    rates = expected_rates(known, document["rates"], usual)
    looks = []
    for name in SPREAD_AT:
        moment = rows.moments[name]
        fit = np.flatnonzero(train & (moment.fouls < document["fouls"]))
        which = fit[:: max(fit.size // SPREAD_ROWS, 1)]
        more = rows.final[which] - moment.stats[which]
        looks.append((*remainders(known, document, name, which, usual, rates), more))
    found = []
    for i, stat in enumerate(BASIC):
        progress("spread", i / len(BASIC))

        def cost(shape: float, i: int = i, stat: Stat = stat) -> float:
            spread = tuple([math.exp(shape)] * len(BASIC))
            total = 0.0
            for chances, means, more in looks:
                added = Remainder(chances, means, spread, tuple(document["trips"])).added(stat)
                count = np.minimum(more[:, i], added.shape[1] - 1)
                total -= float(np.log(np.maximum(added[np.arange(count.size), count], 1e-9)).sum())
            return total

        best = minimize_scalar(
            cost, bounds=SPREADS, method="bounded", options={"xatol": 0.03, "maxiter": 15}
        )
        found.append(round(math.exp(float(best.x)), 3))
    return found
