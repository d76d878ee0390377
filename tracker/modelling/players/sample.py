"""What was known of every player and game at a moment, in the forms that the forecast uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.model import forecast
from tracker.forecast.players import GAME_MINUTES
from tracker.forecast.players.lineup import (
    ALLOWED_GAMES,
    ALLOWED_MEMORY,
    FEWEST_LEVEL_GAMES,
    GAME_MEMORY,
    KINDS,
    LARGEST_ALLOWED,
    LARGEST_GAP,
    LEAGUE_RATES,
    LEAST_MINUTES,
    MINUTES_MEMORY,
    PLAIN_MINUTES,
    PLAIN_RATE_MINUTES,
    RATE_MEMORY,
    TEAM_MINUTES,
    WHOLE_BOX,
    Gaps,
    lateness,
    usual_gaps,
)
from tracker.forecast.players.model import FAR
from tracker.forecast.players.priors import ROLE_DECAY
from tracker.forecast.players.remainder import (
    LEAST_SHARE,
    LONG_SPELL,
    MOST_SHARE,
    REGULAR,
    STAR,
    UNSEEN,
    Standing,
    ramp,
)
from tracker.modelling import Array
from tracker.modelling.games import Games
from tracker.modelling.games.fit import walk_forward
from tracker.modelling.players import PlayerMoment, PlayerRows

MEMORIES = (0.7, 0.88, 0.98)
"""The decay of a game's weight with each later game, for minutes: fast, middle and slow."""

RATE_DECAYS = (0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.99)
"""The decays of a game's weight with each later game that are tried for rates."""


@dataclass(frozen=True, eq=False)
class Past:
    """Decayed sums over each player's games before each game.

    `minutes[i, m]` holds games, minutes and starts with the decay MEMORIES[m]; `role[i, starter]`
    games and minutes in a role; `rates[i, d]` minutes and the seven figures with RATE_DECAYS[d].
    """

    minutes: Array
    role: Array
    rates: Array


@dataclass(frozen=True, eq=False)
class Lineups:
    """What each player usually brings to a game, and what his team-mates usually bring.

    The columns are minutes, and points, rebounds and assists in them. `known` says whether the
    player had an earlier game.
    """

    brings: Array
    usual: Array
    known: Array

    def gaps(self, rows: PlayerRows, moment: PlayerMoment) -> Array:
        """`lineup.Gaps` of everybody at a moment, [row, (minutes, points, rebounds, assists)].

        As `PlayerOutlook.gaps` has them: whoever played may have been known to be able to.
        """
        minute = moment.at * GAME_MINUTES
        usual = _flat(usual_gaps(minute))
        able = self._gaps(rows, np.ones(rows.game.size, dtype=bool))
        if minute == 0:
            return np.where(np.isnan(able), usual, able)
        late = lateness(minute) if moment.live else 1.0
        seen = self._gaps(rows, rows.starter | (moment.minutes > 0))
        seen = np.where(np.isnan(seen), usual, seen)
        mixed = usual + (1 - late) * np.nan_to_num(able) + late * (seen - usual)
        found: Array = np.where(self.known[:, None], mixed, usual)
        return found

    def _gaps(self, rows: PlayerRows, here: Array) -> Array:
        """Each player's gaps if his team-mates are those of `here`; NaN if either is unknown."""
        tonight = _mates(rows, self.brings * here[:, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.maximum(self.usual, 1e-6) / np.maximum(tonight, 1e-6))
        logs[:, 1:] -= logs[:, :1]
        sound = self.known & (tonight[:, 0] > 0) & (self.usual[:, 0] > 0)
        found: Array = np.where(sound[:, None], np.clip(logs, -LARGEST_GAP, LARGEST_GAP), np.nan)
        return found


def _flat(gaps: Gaps) -> Array:
    return np.array([gaps.minutes, *gaps.figures])


def _mates(rows: PlayerRows, brought: Array) -> Array:
    """The sums over each player's team-mates in the game, without himself."""
    team = rows.game * 2 + rows.home
    sums = np.zeros((int(team.max()) + 1, brought.shape[1]))
    np.add.at(sums, team, brought)
    found: Array = sums[team] - brought
    return found


def lineups(rows: PlayerRows, past: Past) -> Lineups:
    """The line-ups of all games, from each player's earlier games, as `lineup.mates_of` does."""
    games, minutes = past.minutes[:, MEMORIES.index(MINUTES_MEMORY), :2].T
    usual = (minutes + PLAIN_MINUTES) / (games + 1)
    rates = past.rates[:, RATE_DECAYS.index(RATE_MEMORY)]
    league = PLAIN_RATE_MINUTES * np.array(LEAGUE_RATES)
    rate = (rates[:, 1 : 1 + len(KINDS)] + league) / (rates[:, :1] + PLAIN_RATE_MINUTES)
    brought = np.c_[usual, usual[:, None] * rate] * (usual >= LEAST_MINUTES)[:, None]
    mates = _mates(rows, brought)
    before, known = np.zeros_like(mates), np.zeros(usual.size, dtype=bool)
    order = np.lexsort((rows.game, rows.date, rows.person))
    who, weight, held = -1, 0.0, np.zeros(mates.shape[1])
    for i in order.tolist():
        if rows.person[i] != who:
            who, weight, held = int(rows.person[i]), 0.0, np.zeros(mates.shape[1])
        if weight:
            before[i], known[i] = held / weight, True
        weight = GAME_MEMORY * weight + 1
        held = GAME_MEMORY * held + mates[i]
    return Lineups(brought, before, known)


LEVEL_MEMORY = 0.999
"""The decay of a team's game in the league's level with each later one: about two NBA months."""


@dataclass(frozen=True, eq=False)
class Opponents:
    """What each player's opponent had allowed before the game, and the league's level then.

    `logs[i]` is `lineup.allowed` for row i, and `levels[i]` the league's figures a minute.
    """

    logs: Array
    levels: Array


def opponents(rows: PlayerRows, teams: Array) -> Opponents:
    """The opponents of all player-games; `teams[g]` are the (home, away) teams of game g.

    Nothing is kept of teams without a name, since several of them would count as one.
    """
    side_of = np.where(rows.home, 0, 1)
    whole = np.zeros((len(rows.games), 2, 1 + len(KINDS)))
    np.add.at(whole, (rows.game, side_of), np.c_[rows.minutes, rows.final[:, : len(KINDS)]])
    date = np.full(len(rows.games), "", dtype=rows.date.dtype)
    date[rows.game] = rows.date
    team = TEAM_MINUTES / rows.league.stretch
    held: dict[str, Array] = {}
    level = np.zeros(1 + len(KINDS))
    logs = np.zeros((len(rows.games), 2, len(KINDS)))
    levels = np.zeros((len(rows.games), len(KINDS)))
    for g in np.lexsort((rows.games, date)).tolist():
        others = teams[g][::-1]
        if level[0] >= FEWEST_LEVEL_GAMES * team and level.min() > 0:
            levels[g] = level[1:] / level[0]
            logs[g] = [_allowed(held.get(x), levels[g], ALLOWED_GAMES * team) for x in others]
        for other, did in zip(others, whole[g], strict=True):
            if did[0] >= WHOLE_BOX * team:
                level = level * LEVEL_MEMORY + did
                if other:
                    held[other] = held.get(other, np.zeros_like(did)) * ALLOWED_MEMORY + did
    return Opponents(logs[rows.game, side_of], levels[rows.game])


def _allowed(past: Array | None, level: Array, usual: float) -> Array:
    """`lineup.allowed` for the decayed sums of one team, None for a team without games."""
    past = np.zeros(1 + level.size) if past is None else past
    ratio = (past[1:] + usual * level) / (past[0] + usual) / level
    found: Array = np.clip(np.log(ratio), -LARGEST_ALLOWED, LARGEST_ALLOWED)
    return found


def remember(rows: PlayerRows) -> Past:
    """The past of every player before each of his games."""
    order = np.lexsort((rows.game, rows.date, rows.person))
    count = order.size
    per_game = np.c_[np.ones(count), rows.minutes * rows.league.stretch, rows.starter]
    per_rate = np.c_[rows.minutes, rows.final]
    slow, quick = np.array(MEMORIES)[:, None], np.array(RATE_DECAYS)[:, None]
    minutes, role = np.zeros((count, len(MEMORIES), 3)), np.zeros((count, 2, 2))
    rates = np.zeros((count, len(RATE_DECAYS), per_rate.shape[1]))
    who = -1
    by_game, by_role = np.zeros(minutes.shape[1:]), np.zeros((2, 2))
    by_rate = np.zeros(rates.shape[1:])
    for i in order.tolist():
        if rows.person[i] != who:
            who = int(rows.person[i])
            by_game, by_role = np.zeros(minutes.shape[1:]), np.zeros((2, 2))
            by_rate = np.zeros(rates.shape[1:])
        minutes[i], role[i], rates[i] = by_game, by_role, by_rate
        by_game = by_game * slow + per_game[i]
        by_rate = by_rate * quick + per_rate[i]
        by_role = by_role * ROLE_DECAY
        by_role[int(rows.starter[i])] += (1.0, per_game[i, 1])
    return Past(minutes, role, rates)


@dataclass(frozen=True, eq=False)
class Scenes:
    """The game forecast of each game at a moment, one row each, from the home side.

    `to_come` holds the expected points still to come of (home, away), `level` the chance of
    overtime, `margin` the expected margin, and `blowout` the chance of a margin of FAR or more.
    """

    to_come: Array
    level: Array
    margin: Array
    blowout: Array


def game_forecasts(
    rows: PlayerRows,
    games: Games,
    parameters: Parameters,
    names: Sequence[str],
    progress: Callable[[float], None],
) -> dict[str, Scenes]:
    """The game forecast of every game at the moments `names`."""
    priors = priors_of_games(rows, games, parameters)
    columns: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for g, prior in enumerate(priors):
        if g % 100 == 0:
            progress(g / len(priors))
        for name in names:
            state = state_of(rows, g, rows.moments[name])
            columns[name].append(_scene(forecast(state, prior, parameters), state))
    found = {}
    for name, values in columns.items():
        table = np.array(values)
        found[name] = Scenes(table[:, :2], table[:, 2], table[:, 3], table[:, 4])
    return found


def _scene(outlook: Any, state: GameState) -> tuple[float, ...]:
    end = outlook.regulation
    margins = end.margin
    values = margins.first + np.arange(margins.chances.size)
    return (
        end.home.mean - state.score.home,
        end.away.mean - state.score.away,
        margins.split(0)[1],
        margins.mean,
        float(margins.chances[np.abs(values) >= FAR].sum()),
    )


def priors_of_games(rows: PlayerRows, games: Games, parameters: Parameters) -> list[Prior]:
    """The prior of each game: from its closing lines if they can be trusted, else from ratings."""
    rated = walk_forward(games, parameters.ratings)
    at = {str(x): i for i, x in enumerate(games.id)}
    found = []
    for game in rows.games:
        i = at[str(game)]
        ends = float(games.ends[i])
        if games.ok[i]:
            margin, total = float(games.margin[i]), float(games.total[i])
            prior = Prior(margin, total, PriorSource.LINES, ends=ends)
        else:
            prior = Prior(
                float(rated.margin[i]), float(rated.total[i]), PriorSource.RATINGS,
                float(rated.margin_sd[i]), float(rated.total_sd[i]), ends,
            )  # fmt: skip
        found.append(prior)
    return found


NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""A placeholder for the tip-off of a recorded game, which no forecast uses."""


def state_of(rows: PlayerRows, g: int, moment: PlayerMoment) -> GameState:
    """The state of a game at a moment, without its players."""
    rules = rows.league
    game = Game(str(rows.games[g]), rules.id, "HOME", "AWAY", NO_DAY)
    home, away = (int(x) for x in moment.score[g])
    left = round((1 - moment.at) * rules.regulation_seconds)
    if moment.at == 0:
        return GameState(game, Phase.SCHEDULED, 0, float(rules.period_seconds), Score(0, 0))
    after, clock = divmod(left, rules.period_seconds)
    phase, clock = (Phase.LIVE, clock) if moment.live else (Phase.BREAK, 0)
    return GameState(game, phase, rules.periods - after, float(clock), Score(home, away))


def odds_of(share: Array) -> Array:
    """`remainder.log_odds` for an array of shares."""
    share = np.clip(share, LEAST_SHARE, MOST_SHARE)
    found: Array = np.log(share / (1 - share))
    return found


def standings(
    rows: PlayerRows, moment: PlayerMoment, scenes: Scenes, usual: Array, fouls: int, gaps: Array
) -> Standing[Any]:
    """The features of all players at a moment; `usual` are expected minutes of a 48-minute game."""
    sign = np.where(rows.home, 1.0, -1.0)
    minutes = moment.minutes * GAME_MINUTES * 60 / rows.league.regulation_seconds
    score = moment.score[rows.game]
    return Standing(
        usual=odds_of(usual / GAME_MINUTES),
        starter=rows.starter.astype(float),
        ahead_of_plan=(minutes - usual * moment.at) / 10,
        not_yet=(moment.minutes == 0).astype(float),
        fouls=moment.fouls / 3,
        near_limit=(moment.fouls >= fouls - 2).astype(float),
        at_limit=(moment.fouls >= fouls - 1).astype(float),
        played=np.minimum(minutes, LONG_SPELL) / LONG_SPELL,
        blowout=scenes.blowout[rows.game],
        lead=sign * (score[:, 0] - score[:, 1]) / 10,
        margin=sign * scenes.margin[rows.game] / 10,
        on=moment.on.astype(float),
        min_gap=gaps[:, 0],
        use_gap=gaps[:, 1],
        unseen=ramp(moment.unseen * rows.league.stretch, UNSEEN) * ramp(usual, REGULAR),
        star=ramp(usual, STAR),
    )


def team_to_come(rows: PlayerRows, scenes: Scenes) -> Array:
    """The expected points still to come of each player's team in regulation."""
    both = scenes.to_come[rows.game]
    found: Array = np.where(rows.home, both[:, 0], both[:, 1])
    return found
