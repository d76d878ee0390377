"""Fits a league's player figures on recorded games: the same games give the same bytes.

A player's expected minutes and rates before a game are fitted on his earlier games. `moment_fit`
fits the figures of each moment. The variation of counts around their means is fitted by likelihood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from tracker.domain.player import Stat
from tracker.forecast.documents import About, sealed, text_of
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.players import GAME_MINUTES, PLAYER_FORMAT, PlayerFigures, decode_players
from tracker.forecast.players.remainder import BASIC, PLACE, Habits, Remainder
from tracker.host import whole_file
from tracker.modelling import Array, Progress, silent
from tracker.modelling.games import check_seasons
from tracker.modelling.players import digest
from tracker.modelling.players.known import (
    END,
    Expected,
    Ordered,
    PlayerSeasons,
    added_of,
    base_table,
    expected_minutes,
    expected_of,
    expected_tonight,
    know,
    minutes_table,
    remainders,
    shrunk_rate,
)
from tracker.modelling.players.moment_fit import Given, fit_moment
from tracker.modelling.players.sample import MEMORIES, RATE_DECAYS, odds_of

MEMORY = (50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 450.0, 700.0)
"""The weights of a prior rate against the game's own rate, in minutes, that are tried."""

TAUS = (30.0, 50.0, 75.0, 100.0, 150.0, 250.0, 400.0)
"""The weights of the league's rate against a player's own, in minutes, that are tried."""

FEWEST_MINUTES = 4.0
"""Games with fewer minutes of a player are left out of the fit of rates."""


def fit_minutes(known: PlayerSeasons, train: Array) -> tuple[dict[str, Any], Array]:
    """The figures of a player's expected minutes, and these minutes for all player-games."""
    rows = known.rows
    played = rows.moments[END].minutes * rows.league.stretch
    starting = float(played[train & rows.starter].mean())
    bench = float(played[train & ~rows.starter].mean())
    table = minutes_table(known, starting, bench)
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


def fit_rates(known: PlayerSeasons, train: Array, usual: Array) -> list[dict[str, Any]]:
    """The memory and base of each figure's rate.

    They maximise the likelihood of whole games given the minutes.
    """
    rows = known.rows
    base = base_table(known, usual)
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
            rate = shrunk_rate(known, i, trial, league)
            mean = rate[used] * rows.minutes[used]
            costs.append(float((mean - count[used] * np.log(mean)).mean()))
        documents.append(trials[int(np.argmin(costs))])
    return documents


def fit_memory(known: PlayerSeasons, train: Array, rates: Array) -> tuple[float, ...]:
    """The weight of a prior rate against the game's own rate, in minutes, fitted at half-time."""
    rows = known.rows
    half, end = rows.moments["half"], rows.moments[END]
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


SPREADS = (-1 / 60, 0.75)
"""The bounds between which the inverse of a figure's shape is sought: below 0 its counts vary less
than a Poisson's, as makes of so many attempts do."""

_TINY = 1e-9
"""An inverse so near to 0 that the counts are a Poisson's."""

SPREAD_AT = ("tip", "half", "end Q3")
"""The moments at which spread and ties are fitted."""

SPREAD_ROWS = 30_000
"""The number of players at each moment on whom ties are fitted."""

LIKELIHOOD_ROWS = 10_000
"""The number of these on whom the spread is fitted."""


def fit_overtime(known: PlayerSeasons, train: Array, usual: Array) -> list[float]:
    """The weights of a player's share of an overtime, by least squares.

    With fewer than 200 recorded player-overtimes they are fixed.
    """
    rows = known.rows
    moment, end = rows.moments["5:00"], rows.moments[END]
    used = train & (rows.periods[rows.game] == rows.league.periods + 1)
    if used.sum() < 200:  # noqa: PLR2004 - a dozen games
        return [-0.6, 0.6, 0.2, 2.0]
    share = np.clip((rows.minutes - end.minutes)[used] / 5, 0, 1)
    before = np.clip((end.minutes - moment.minutes)[used] / 5, 0, 1)
    odds, starter = odds_of(usual[used] / GAME_MINUTES), rows.starter[used].astype(float)

    def cost(x: Array) -> float:
        likely = 1 / (1 + np.exp(-(x[0] + x[1] * odds + x[2] * starter + x[3] * before)))
        return float(((likely - share) ** 2).mean())

    found = minimize(cost, np.array([-2.0, 0.5, 0.2, 3.0]), method="Nelder-Mead")
    return [round(float(x), 4) for x in found.x]


TIED = tuple(sorted(PLACE[x] for x in Stat.PRA.parts))
"""The indexes in BASIC of the figures whose ties (shared variation) are fitted."""


@dataclass(frozen=True, eq=False)
class CheckpointChances:
    """Some players at one moment: the model's chances and means, and what they added (`more`).

    `ties` are of all players: `tie_of` for each pair of TIED.
    """

    chances: Array
    means: Array
    more: Array
    ties: tuple[tuple[float, float], ...]


def checkpoint_chances(
    known: PlayerSeasons, train: Array, document: dict[str, Any], name: str
) -> CheckpointChances:
    """About LIKELIHOOD_ROWS players at a moment, with the ties of about SPREAD_ROWS."""
    rows, moment = known.rows, known.rows.moments[name]
    fit = np.flatnonzero(train & (moment.fouls < document["fouls"]))
    which = fit[:: max(fit.size // SPREAD_ROWS, 1)]
    chances, means = remainders(known, document, name, which, expected_of(known, document))
    more = rows.final[which] - moment.stats[which]
    ties = tuple(
        tie_of(chances, (means[i], means[j]), (more[:, i], more[:, j]))
        for i, j in combinations(TIED, 2)
    )
    few = slice(None, None, max(which.size // LIKELIHOOD_ROWS, 1))
    # Copies, so that the figures of all players are not kept.
    return CheckpointChances(chances[few].copy(), means[:, few].copy(), more[few].copy(), ties)


def fit_spread(
    seen: Sequence[CheckpointChances], trips: tuple[float, ...], progress: Callable[[float], None]
) -> list[float]:
    """The shape of each figure's counts, fitted by the likelihood of what players added."""
    none = tuple((0.0,) * len(BASIC) for _ in BASIC)
    found = []
    for i, stat in enumerate(BASIC):
        progress(i / len(BASIC))

        def cost(inverse: float, i: int = i, stat: Stat = stat) -> float:
            habits = Habits((1 / (inverse or _TINY),) * len(BASIC), trips, none)
            return sum(_cost(one, stat, i, habits) for one in seen)

        best = minimize_scalar(
            cost, bounds=SPREADS, method="bounded", options={"xatol": 5e-4, "maxiter": 20}
        )
        found.append(round(1 / (float(best.x) or _TINY), 3))
    return found


def _cost(one: CheckpointChances, stat: Stat, i: int, habits: Habits) -> float:
    """Minus the log-likelihood of figure `i` at a moment."""
    added = added_of(Remainder(one.chances, one.means, habits), stat)
    count = np.minimum(one.more[:, i], added.shape[1] - 1)
    return -float(np.log(np.maximum(added[np.arange(count.size), count], 1e-9)).sum())


def tie_of(
    chances: Array, means: tuple[Array, Array], more: tuple[Array, Array]
) -> tuple[float, float]:
    """The covariance of what players added to two figures beyond the minutes', and its scale."""
    a, b = means
    mean_a, mean_b = ((chances * x).sum(axis=1) for x in means)
    covariance = (chances * a * b).sum(axis=1) - mean_a * mean_b
    over = float(((more[0] - mean_a) * (more[1] - mean_b) - covariance).sum())
    return over, float((chances * np.sqrt(a * b)).sum())


def fit_ties(seen: Sequence[CheckpointChances]) -> list[list[float]]:
    """The covariance of two figures that the minutes do not explain, by moments, at least 0."""
    ties = np.zeros((len(BASIC), len(BASIC)))
    for k, (i, j) in enumerate(combinations(TIED, 2)):
        over, whole = (sum(one.ties[k][x] for one in seen) for x in (0, 1))
        ties[i, j] = ties[j, i] = max(over / whole, 0.0)
    return [list(map(float, row)) for row in ties.round(4)]


FOULS = {"ncaam": 5, "ncaaw": 5}
"""Fouls that put a player out of the game, for leagues where it is not 6."""


SPREADS_OF = {"wnba": {Stat.PTS: 20.0, Stat.REB: 20.0, Stat.AST: 20.0}}
"""The shapes of figures that vary more than the NBA's. On WNBA games of 2012 to 2016 the NBA's are
worse in the log score of each, by .0077 of points; so they are on those of 2017 to 2022."""


def transferred(document: dict[str, Any], league: str) -> dict[str, Any]:
    """Another league's document made one of `league`; `reference` of both is what a file holds.

    The figures are by the part of the game that is over, and in minutes of a 48-minute game, so
    they need no scaling: the forecast stretches shorter games to that.
    """
    form = str(document["model_version"]).split(f"-{document['league']}-")[0]
    wider = SPREADS_OF.get(league, {})
    spread = [wider.get(x, y) for x, y in zip(BASIC, document["spread"], strict=True)]
    own = {
        "league": league, "transferred": True, "fouls": FOULS.get(league, 6), "spread": spread,
    }  # fmt: skip
    return sealed(document | own, form)


MODEL = "minutes-and-counts-3"
"""The name of the model's form; it changes when the formulas do."""


def fit(
    folder: Path,
    parameters: Parameters,
    seasons: Sequence[str],
    out: Path,
    progress: Progress = silent,
) -> PlayerFigures:
    """Fit a league's players on whole seasons, write the file `out`, and return its figures.

    `parameters` are those of the league's game model, which forecasts every state. Raises
    BadDataset when a season has no players.
    """
    document = fit_players(know(folder, parameters, progress), seasons, progress)
    text = text_of(document)
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as file:
        file.write_text(text, "utf-8")
    return decode_players(text, out.name)


def fit_players(known: PlayerSeasons, seasons: Sequence[str], progress: Progress) -> dict[str, Any]:
    """The document of a file of player figures, fitted on the games of `seasons`.

    It is fitted on one core: the search for who plays on ends near the best figures, and where it
    does depends on the order of sums, which several cores would change.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return _fitted(known, seasons, progress)


def _fitted(known: PlayerSeasons, seasons: Sequence[str], progress: Progress) -> dict[str, Any]:
    rows = known.rows
    check_seasons(seasons, rows.season.tolist(), "players")
    train = np.isin(rows.season, list(seasons))
    fouls = FOULS.get(rows.league.id, 6)
    prior, usual = fit_minutes(known, train)
    rate_documents = fit_rates(known, train, usual)
    usual, rates, league = expected_tonight(known, rate_documents, usual)
    memory = fit_memory(known, train, rates)
    given = Given(known, train, Expected(usual, rates, league, memory), fouls)
    fitted: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    names = list(known.scenes)
    near: dict[bool, Ordered | None] = {True: None, False: None}
    for i, name in enumerate(names):
        progress("minutes and rates", i / len(names))
        live = rows.moments[name].live
        moment, near[live] = fit_moment(given, name, near[live])
        fitted[live].append(moment)
    counted = rows.trips[np.unique(rows.game[train])].sum(axis=0)[1:]
    trips = counted / counted.sum()
    document: dict[str, Any] = {
        "player_format": PLAYER_FORMAT,
        "league": rows.league.id,
        "transferred": False,
        "fitted_on": sorted(seasons),
        "fouls": fouls,
        "prior": prior,
        "rates": rate_documents,
        "live": _stacked(fitted[True]),
        "breaks": _stacked(fitted[False]),
        "memory": list(memory),
        "trips": trips.round(4).tolist(),
        "overtime": fit_overtime(known, train, usual),
        "level": _level(known, train),
    }
    progress("spread", 0.0)
    seen = [checkpoint_chances(known, train, document, name) for name in SPREAD_AT]
    document["spread"] = fit_spread(
        seen, tuple(document["trips"]), lambda part: progress("spread", part)
    )
    document["ties"] = fit_ties(seen)
    games = np.unique(rows.game[train])
    document["about"] = asdict(About(data=digest(rows, train), games=int(games.size)))
    progress("done", 1.0)
    return sealed(document, MODEL)


def _level(known: PlayerSeasons, train: Array) -> list[float]:
    """The league's level of each figure before the last game that is fitted on."""
    rows = np.flatnonzero(train)
    last = rows[np.argmax(known.rows.date[rows])]
    return [round(float(x), 5) for x in known.opponents.levels[last]]


def _stacked(moments: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [x[name] for x in moments] for name in moments[0]}
