"""Shared by fit and evaluation of players: the data read, and what a document of figures gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from tracker.domain.game import id_of_playoffs
from tracker.domain.player import Stat
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.players import GAME_MINUTES
from tracker.forecast.players.lineup import KINDS
from tracker.forecast.players.model import LEAST_TEAM, OVERTIME_MINUTES, RARE_OVERTIME
from tracker.forecast.players.priors import (
    FEWEST,
    LEAST_RATE,
    MOST,
    PLAYOFF_RATES,
    ROLE_GAMES,
    base_features,
    minutes_features,
    playoff_minutes,
)
from tracker.forecast.players.remainder import (
    BASIC,
    LARGEST_OWN,
    Habits,
    Remainder,
    Standing,
    means_of,
    overtime_share,
    own_features,
    rate_features,
    share_features,
    width_features,
)
from tracker.modelling import Array, Progress
from tracker.modelling.games import read
from tracker.modelling.players import PlayerMoment, PlayerRows, read_players
from tracker.modelling.players.sample import (
    MEMORIES,
    RATE_DECAYS,
    Lineups,
    Opponents,
    Past,
    Scenes,
    game_forecasts,
    lineups,
    odds_of,
    opponents,
    remember,
    standings,
    team_to_come,
)

END = "end"
"""The name of the moment at the end of regulation."""


@dataclass(frozen=True, eq=False)
class PlayerSeasons:
    """The data of a fit or an evaluation: players, their pasts, line-ups, opponents, and games."""

    rows: PlayerRows
    past: Past
    lineups: Lineups
    opponents: Opponents
    scenes: dict[str, Scenes]
    average: float
    """The mean total of a game, by the game model."""


def know(folder: Path, parameters: Parameters, progress: Progress) -> PlayerSeasons:
    """Read a folder, and forecast its games at every moment by `parameters`. Raises BadDataset."""
    progress("reading", 0.0)
    # Only the list of games is kept, so that its events are freed before the players' are read.
    games = read(folder, parameters.league).games
    rows = read_players(folder, parameters.league)
    progress("remembering", 0.0)
    past = remember(rows)
    names = [name for name in rows.moments if name != END]
    scenes = game_forecasts(rows, games, parameters, names, lambda part: progress("games", part))
    at = {str(x): i for i, x in enumerate(games.id)}
    which = [at[str(x)] for x in rows.games]
    teams = np.stack([games.home_team[which], games.away_team[which]], axis=1)
    return PlayerSeasons(
        rows, past, lineups(rows, past), opponents(rows, teams), scenes, parameters.average.total
    )


@dataclass(frozen=True, eq=False)
class Ordered:
    """An ordered logistic model of classes, with weights of the location and of the log width.

    `bounds` separate the classes. `done` is the chance that a player plays no more at all.
    """

    done: float
    bounds: Array
    weights: Array
    widths: Array

    def chances(self, location: Array, width: Array) -> Array:
        """The chance of each class, one row for each player."""
        scaled = (self.bounds - (location @ self.weights)[:, None]) * np.exp(
            -(width @ self.widths)
        )[:, None]
        sums = np.zeros((location.shape[0], self.bounds.size + 2))
        sums[:, 1:-1], sums[:, -1] = expit(scaled), 1.0
        found: Array = np.diff(sums, axis=1) * (1 - self.done)
        found[:, 0] += self.done
        return found

    def rounded(self) -> Ordered:
        """The model with its figures rounded as a file holds them."""
        return Ordered(
            round(self.done, 5), self.bounds.round(5), self.weights.round(5), self.widths.round(5)
        )


def expected_minutes(known: PlayerSeasons, prior: dict[str, Any]) -> Array:
    """The minutes, of a 48-minute game, that each player was expected to play in his role.

    `prior` is that part of a document of figures.
    """
    features = minutes_table(known, prior["starting"], prior["bench"])
    found: Array = np.clip(features @ np.array(prior["minutes"]), FEWEST, MOST)
    return found


def minutes_table(known: PlayerSeasons, starting: float, bench: float) -> Array:
    """`priors.minutes_features` of all players, in the role (starter or not) of each game."""
    past, starter = known.past, known.rows.starter
    held = past.role[np.arange(starter.size), starter.astype(int)]
    usual = np.where(starter, starting, bench)
    role = (held[:, 1] + ROLE_GAMES * usual) / (held[:, 0] + ROLE_GAMES)
    memories = [
        (past.minutes[:, m, 0], past.minutes[:, m, 1], past.minutes[:, m, 2])
        for m in range(len(MEMORIES))
    ]
    return table(minutes_features(starter.astype(float), memories, role), starter.size)


def base_table(known: PlayerSeasons, usual: Array) -> Array:
    """`priors.base_features` of all players."""
    starter = known.rows.starter.astype(float)
    return table(base_features(odds_of(usual / GAME_MINUTES), starter), starter.size)


def table(columns: Sequence[Any], rows: int) -> Array:
    """Columns as one table of `rows` rows; a single number fills its column."""
    return np.stack([np.broadcast_to(x, rows) for x in columns], axis=1).astype(float)


def shrunk_rate(known: PlayerSeasons, i: int, own: dict[str, Any], league: Array) -> Array:
    """Each player's rate of figure `i` in earlier games, shrunk to the `league` rate by `own`."""
    past = known.past.rates[:, RATE_DECAYS.index(own["decay"])]
    weight = own["minutes"] / known.rows.league.stretch
    rate: Array = (past[:, 1 + i] + weight * league) / (past[:, 0] + weight)
    return rate


def expected_rates(
    known: PlayerSeasons, rates: Sequence[dict[str, Any]], usual: Array
) -> tuple[Array, Array]:
    """The figures a minute that each player was expected to have, one column for each figure.

    The second table has those of the average player with his minutes.
    """
    base = base_table(known, usual)
    league = np.stack([np.maximum(base @ np.array(x["base"]), LEAST_RATE) for x in rates], axis=1)
    own = [shrunk_rate(known, i, x, league[:, i]) for i, x in enumerate(rates)]
    return np.stack(own, axis=1), league


def expected_tonight(
    known: PlayerSeasons, rates: Sequence[dict[str, Any]], usual: Array
) -> tuple[Array, Array, Array]:
    """`usual` minutes, and the tables of `expected_rates`, each as `player_prior` has it tonight.

    In the play-offs minutes and rates are others than those by a player's games.
    """
    rows = known.rows
    own, league = expected_rates(known, rates, usual)
    playoffs = np.array([id_of_playoffs(str(x)) for x in rows.games])[rows.game]
    if playoffs.any():
        usual = np.where(playoffs, playoff_minutes(usual), usual)
        own = np.where(playoffs[:, None], own * np.array(PLAYOFF_RATES), own)
        _, league = expected_rates(known, rates, usual)
    return usual, own, league


@dataclass(frozen=True, eq=False)
class Expected:
    """What was expected of every player before the game.

    `usual` are minutes of a 48-minute game, `rates` and `league` those of `expected_rates`.
    `memory[i]` is the weight, in minutes, of the rate of figure `i` against the game's own.
    """

    usual: Array
    rates: Array
    league: Array
    memory: Sequence[float]


def expected_of(known: PlayerSeasons, document: dict[str, Any]) -> Expected:
    """What a document of figures expects."""
    usual = expected_minutes(known, document["prior"])
    return Expected(*expected_tonight(known, document["rates"], usual), document["memory"])


@dataclass(frozen=True, eq=False)
class Inputs:
    """The inputs of the model for all players at a moment."""

    known: PlayerSeasons
    moment: PlayerMoment
    scenes: Scenes
    expected: Expected
    gaps: Array
    standing: Standing[Any]

    @staticmethod
    def at(known: PlayerSeasons, name: str, expected: Expected, fouls: int) -> Inputs:
        """The inputs at the moment `name`; `fouls` put a player out."""
        rows, moment, scenes = known.rows, known.rows.moments[name], known.scenes[name]
        gaps = known.lineups.gaps(rows, moment)
        standing = standings(rows, moment, scenes, expected.usual, fouls, gaps)
        return Inputs(known, moment, scenes, expected, gaps, standing)

    @property
    def minutes_left(self) -> float:
        """Minutes of regulation that are left."""
        return (1 - self.moment.at) * self.known.rows.league.regulation_seconds / 60

    def of_shares(self) -> tuple[Array, Array]:
        """The features of the location, and of the width, of the share that each player plays."""
        x, count = self.standing, self.known.rows.person.size
        return table(share_features(x), count), table(width_features(x), count)

    def of_rates(self, usual: float) -> Iterator[tuple[Array, Array]]:
        """For each figure, each player's rate by now, and the features of its log factor.

        `usual` are the points that are usually still to come of a team.
        """
        known, moment, expected = self.known, self.moment, self.expected
        count, none = known.rows.person.size, np.zeros(known.rows.person.size)
        shared = rate_features(self.standing, team_ratio(known.rows, self.scenes, usual))
        for i in range(len(BASIC)):
            rate, memory = expected.rates[:, i], expected.memory[i] / known.rows.league.stretch
            has = moment.stats[:, i]
            now = (rate * memory + has) / (memory + moment.minutes)
            own = np.log(np.maximum(now, LEAST_RATE) / expected.league[:, i])
            # Points have their gap in `use_gap`; line-ups and opponents do not cover other figures.
            gap = self.gaps[:, 1 + i] if 0 < i < len(KINDS) else none
            allowed = known.opponents.logs[:, i] if i < len(KINDS) else none
            beside = own_features(
                np.clip(own, -LARGEST_OWN, LARGEST_OWN), self.standing.blowout,
                has - rate * moment.minutes, gap, allowed,
            )  # fmt: skip
            yield now, table((*shared, *beside), count)


def habits_of(document: dict[str, Any]) -> Habits:
    """The variation of counts in a document of figures."""
    return Habits(
        tuple(document["spread"]), tuple(document["trips"]), tuple(map(tuple, document["ties"]))
    )


def team_ratio(rows: PlayerRows, scenes: Scenes, usual: float) -> Array:
    """The log of each player's team's expected points to come, over the usual ones."""
    team = team_to_come(rows, scenes)
    found: Array = np.log(np.maximum(team, LEAST_TEAM) / max(usual, LEAST_TEAM))
    return found


def remainders(
    known: PlayerSeasons, document: dict[str, Any], name: str, which: Array, expected: Expected
) -> tuple[Array, Array]:
    """The chance of each class of minutes to come, and the mean of each figure in it.

    They are for the players `which` at the moment `name`, overtime included. The shapes are (rows,
    classes) and (figures, rows, classes).
    """
    rows, scenes = known.rows, known.scenes[name]
    inputs = Inputs.at(known, name, expected, document["fouls"])
    figures = document["live"] if inputs.moment.live else document["breaks"]
    k = figures["at"].index(round(inputs.moment.at, 6))
    ordered = Ordered(
        figures["done"][k], *(np.array(figures[n][k]) for n in ("bounds", "weights", "widths"))
    )
    chances = ordered.chances(*(x[which] for x in inputs.of_shares()))
    shares = np.array(figures["shares"][k])
    minutes = np.broadcast_to(shares * inputs.minutes_left, chances.shape)
    usual = figures["usual"][k] * known.average / 2
    speed = [
        now[which] * np.exp(features[which] @ np.array(weights))
        for (now, features), weights in zip(
            inputs.of_rates(usual), figures["rates"][k], strict=True
        )
    ]
    level = scenes.level[rows.game[which]][:, None]
    weights = document["overtime"]
    more = np.stack(
        [
            overtime_share(tuple(weights), float(a), float(b), shares)
            for a, b in zip(
                inputs.standing.usual[which], inputs.standing.starter[which], strict=True
            )
        ]
    )
    rare = level < RARE_OVERTIME
    minutes = minutes + np.where(rare, level, 0.0) * more * OVERTIME_MINUTES
    level = np.where(rare, 0.0, level)
    chances = np.concatenate([chances * (1 - level), chances * level], axis=1)
    minutes = np.concatenate([minutes, minutes + more * OVERTIME_MINUTES], axis=1)
    rates_now, powers = np.stack(speed), np.array(figures["powers"][k])
    means = np.empty((len(BASIC), *chances.shape))
    for start in range(0, which.size, BLOCK):
        part = slice(start, start + BLOCK)
        means[:, part] = means_of(rates_now[:, part], powers, chances[part], minutes[part])
    return chances, means


BLOCK = 1 << 9
"""Players whose distributions are worked out at once: for all together they take hundreds of MB."""


def added_of(left: Remainder, stat: Stat) -> Array:
    """`Remainder.added` of many players, in blocks, each with the number of values for all."""
    size = left.size(stat)
    blocks = [slice(x, x + BLOCK) for x in range(0, left.chances.shape[0], BLOCK)]
    return np.concatenate(
        [
            Remainder(left.chances[x], left.means[:, x], left.habits).added(stat, size)
            for x in blocks
        ]
    )
