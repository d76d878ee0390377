"""Evaluates the forecast of players on unseen seasons, against baselines.

A player's line is his own average of the season so far, which is what a fan would bet against. Only
players with ten earlier games of the season are judged. Differences are averaged by game before
they are compared, since players of one game depend on each other. In same-game parlays with player
lines, the joint chance is compared with the product of the legs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import betainc, ndtr, pdtrc

from tracker.domain.chance import Chance
from tracker.domain.game import GameState, PlayerLine, Side
from tracker.domain.market import Direction, Market, Moneyline, PlayerTotal, TeamTotal, Total
from tracker.domain.player import Player, Stat
from tracker.domain.prior import Prior
from tracker.forecast.documents import text_of
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.model import forecast
from tracker.forecast.outlook import Outlook
from tracker.forecast.players import GAME_MINUTES, PlayerFigures, decode_players
from tracker.forecast.players.lineup import Bulk, Mate
from tracker.forecast.players.priors import PlayerPrior, PlayerPriors
from tracker.forecast.players.remainder import BASIC, PLACE, Remainder
from tracker.forecast.pricing.markets import parlay, price
from tracker.modelling import Array, Progress, metrics, silent
from tracker.modelling.games import BadDataset, read
from tracker.modelling.players import PlayerRows
from tracker.modelling.players.known import (
    Expected,
    PlayerSeasons,
    added_of,
    expected_of,
    habits_of,
    remainders,
)
from tracker.modelling.players.sample import priors_of_games, state_of

MOMENTS = ("tip", "half", "end Q3", "5:00", "2:00")
"""The moments at which player lines are judged."""

STATS = tuple(Stat)
"""The statistics that are judged: every single one and every sum."""

GAMES_BEFORE = 10
"""Earlier games of the season that a player needs for his average to be his line."""

REGULARS, STARS = 15.0, 30.0
"""Average minutes of the season from which a player counts as a regular, and as a star."""

BLOWOUT = 20
"""The least final margin of a blowout, in points."""

OVERDISPERSION = {"pts": 3.2, "reb": 1.45, "ast": 1.25, "3pm": 1.2}
"""Variance over mean that the baselines "negative binomial" and "normal" assume.

Other statistics have 1.3, and sums with points 2.4."""

_CHUNK = 1500
"""Players whose chances are worked out at once."""

_SEED = 20_231


@dataclass(frozen=True, eq=False)
class Averages:
    """Each player's season before each game: number of games, and means of minutes and figures."""

    games: Array
    minutes: Array
    stats: Array


def season_averages(rows: PlayerRows) -> Averages:
    """The averages of each player's season before each of its games."""
    order = np.lexsort((rows.game, rows.date, rows.season, rows.person))
    table = np.c_[np.ones(order.size), rows.minutes, rows.final][order]
    person, season = rows.person[order], rows.season[order]
    fresh = np.r_[True, (person[1:] != person[:-1]) | (season[1:] != season[:-1])]
    sums = np.cumsum(table, axis=0) - table
    first = np.maximum.accumulate(np.where(fresh, np.arange(order.size), 0))
    before = sums - sums[first]
    averages = np.zeros_like(before)
    averages[order] = before
    games = np.maximum(averages[:, 0], 1)
    return Averages(averages[:, 0], averages[:, 1] / games, averages[:, 2:] / games[:, None])


@dataclass(frozen=True, eq=False)
class JudgedFigure:
    """One statistic of all judged players at one moment.

    `which` are their rows, `line` the season's average, `has` the figure so far, and `over` whether
    the final figure beat the line. `p` is the model's chance of that, and `pit` the randomised
    probability integral transform of what the player added.
    """

    which: Array
    line: Array
    has: Array
    over: Array
    p: Array
    pit: Array


def judged_figures(
    known: PlayerSeasons,
    document: dict[str, Any],
    expected: Expected,
    which: Array,
    averages: Averages,
    name: str,
) -> Iterator[tuple[Stat, JudgedFigure]]:
    """Every statistic of the players `which` at the moment `name`, judged by their averages."""
    rows, moment = known.rows, known.rows.moments[name]
    chances, means = remainders(known, document, name, which, expected)
    means[:, moment.fouls[which] >= document["fouls"]] = 0.0
    habits = habits_of(document)
    rng = np.random.default_rng(_SEED)
    for stat in STATS:
        parts = [PLACE[x] for x in stat.parts]
        has = moment.stats[which][:, parts].sum(axis=1)
        more = rows.final[which][:, parts].sum(axis=1) - has
        line = averages.stats[which][:, parts].sum(axis=1)
        need = np.floor(line + 1e-9).astype(int) - has
        p, below, at = (np.empty(which.size) for _ in range(3))
        for start in range(0, which.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            left = Remainder(chances[part], means[:, part], habits)
            sums = np.cumsum(added_of(left, stat), axis=1)
            p[part] = 1 - _up_to(sums, need[part])
            below[part] = _up_to(sums, more[part] - 1)
            at[part] = _up_to(sums, more[part])
        pit = below + rng.random(which.size) * (at - below)
        over = (has + more > line + 1e-9).astype(float)
        yield stat, JudgedFigure(which, line, has, over, np.clip(p, 0, 1), pit)


def _up_to(sums: Array, count: Array) -> Array:
    """P(X <= count) by the cumulative chances of each row."""
    at = np.minimum(count, sums.shape[1] - 1)
    found: Array = np.where(count < 0, 0.0, sums[np.arange(count.size), np.maximum(at, 0)])
    return found


def baselines(judged: JudgedFigure, stat: Stat, played: float) -> dict[str, Array]:
    """The baselines' chances of the same bets; `played` is the part of the game that is over."""
    need = np.floor(judged.line + 1e-9) - judged.has
    rest = np.maximum(judged.line * (1 - played), 1e-3)
    wide = OVERDISPERSION.get(stat.value, 2.4 if Stat.PTS in stat.parts else 1.3)
    done = need < 0
    found = {
        "season average": np.full(need.size, 0.5),
        "Poisson at the season's rate": _tail(need, rest),
        "normal": 1 - ndtr((np.floor(judged.line + 1e-9) + 0.5 - judged.has - rest)
                           / np.sqrt(rest * wide)),
        "negative binomial": _wide_tail(need, rest, wide),
    }  # fmt: skip
    if played > 0:
        pace = np.maximum(judged.has / played * (1 - played), 1e-3)
        found["today's pace"] = _tail(need, pace)
    return {name: np.where(done, 1.0, p) for name, p in found.items()}


def _tail(need: Array, mean: Array) -> Array:
    """P(X > need) of a Poisson count."""
    found: Array = pdtrc(np.maximum(need, 0), mean)
    return found


def _wide_tail(need: Array, mean: Array, wide: float) -> Array:
    """P(X > need) of a negative binomial with mean `mean` and variance over mean `wide`."""
    found: Array = 1 - betainc(mean / (wide - 1), np.maximum(need, 0) + 1, 1 / wide)
    return found


def evaluate_players(
    known: PlayerSeasons,
    document: dict[str, Any],
    seasons: Sequence[str],
    progress: Progress = silent,
) -> dict[str, Any]:
    """All figures of an evaluation, as JSON.

    Raises BadDataset when a season has no players, or nobody has enough earlier games.
    """
    rows = known.rows
    judged = np.isin(rows.season, list(seasons))
    if not judged.any():
        raise BadDataset(f"the dataset has no players of {', '.join(seasons)}: name other seasons")
    averages = season_averages(rows)
    judged &= averages.games >= GAMES_BEFORE
    if not judged.any():
        raise BadDataset(
            f"nobody has played {GAMES_BEFORE} games in {', '.join(seasons)}: judge more games"
        )
    expected = expected_of(known, document)
    moments: dict[str, Any] = {}
    pooled: dict[str, list[tuple[Array, Array]]] = {}
    for i, name in enumerate(MOMENTS):
        progress("judging", i / len(MOMENTS))
        moment = rows.moments[name]
        which = np.flatnonzero(judged & ((moment.minutes > 0) | (moment.at == 0)))
        report: dict[str, Any] = {}
        for stat, figures in judged_figures(known, document, expected, which, averages, name):
            report[stat.value] = _judge(known, averages, figures, stat, moment.at)
            pooled.setdefault(stat.value, []).append((figures.p, figures.over))
        moments[name] = {"players": int(which.size), "stats": report}
    overall = {}
    for stat_name, parts in pooled.items():
        p, over = (np.concatenate(x) for x in zip(*parts, strict=True))
        slope, intercept = metrics.slope(p, over)
        overall[stat_name] = {"ece": metrics.ece(p, over), "slope": slope, "intercept": intercept}
    games = np.unique(rows.game[judged]).size
    about = {name: document[name] for name in ("model_version", "fitted_on", "sha256")}
    about |= {"judged_on": sorted(seasons), "games": int(games)}
    return {"parameters": about, "moments": moments, "overall": overall}


def groups(known: PlayerSeasons, averages: Averages, which: Array) -> Mapping[str, Array]:
    """Masks of the groups of players whose figures are shown separately, by name."""
    rows = known.rows
    end = rows.moments["end"].score[rows.game[which]]
    far = np.abs(end[:, 0] - end[:, 1]) >= BLOWOUT
    minutes = averages.minutes[which]
    return {
        "all": np.ones(which.size, dtype=bool),
        "regulars": minutes >= REGULARS,
        "stars": minutes >= STARS,
        "blowouts": far,
        "stars in blowouts": far & (minutes >= STARS),
    }


def _judge(
    known: PlayerSeasons, averages: Averages, judged: JudgedFigure, stat: Stat, played: float
) -> dict[str, Any]:
    game = known.rows.game[judged.which]
    others = baselines(judged, stat, played)
    found: dict[str, Any] = {}
    for name, rows in groups(known, averages, judged.which).items():
        p, over = judged.p[rows], judged.over[rows]
        if p.size == 0:
            continue
        cover = metrics.clustered(metrics.covered(judged.pit[rows]), game[rows], _SEED)
        found[name] = {
            "players": int(rows.sum()),
            "brier": metrics.brier(p, over),
            "log_loss": metrics.log_loss(p, over),
            "ece": metrics.ece(p, over),
            "ece_if_perfect": metrics.ece_of_perfect(p, _SEED),
            "bias": float(p.mean() - over.mean()),
            "coverage80": asdict(cover),
            "baselines": {
                other: _paired(p, q[rows], over, game[rows]) for other, q in others.items()
            },
        }
    return found


def _paired(p: Array, q: Array, over: Array, game: Array) -> dict[str, float]:
    """The baseline's Brier score `q`, and the model's less it by game, with a 95 % interval."""
    gap = (p - over) ** 2 - (q - over) ** 2
    _, which = np.unique(game, return_inverse=True)
    by_game = np.bincount(which, gap) / np.bincount(which)
    interval = metrics.bootstrap(by_game, _SEED)
    return {
        "brier": metrics.brier(q, over),
        "difference": interval.mean,
        "low": interval.low,
        "high": interval.high,
    }


PARLAY_MOMENTS = ("tip", "half", "end Q3")
"""The moments at which parlays are judged."""


@dataclass(frozen=True, eq=False)
class ParlayInputs:
    """What was expected of each player-game, and of each game."""

    known: PlayerSeasons
    averages: Averages
    expected: Expected
    priors: list[Prior]


def judge_parlays(
    folder: Path,
    known: PlayerSeasons,
    document: dict[str, Any],
    parameters: Parameters,
    seasons: Sequence[str],
    progress: Progress = silent,
) -> dict[str, Any]:
    """Log loss of the joint chance less that of the product of the legs, by kind and moment."""
    rows = known.rows
    given = ParlayInputs(
        known,
        season_averages(rows),
        expected_of(known, document),
        priors_of_games(rows, read(folder, rows.league.id).games, parameters),
    )
    figures = decode_players(text_of(document), "the figures of the evaluation")
    games = np.unique(rows.game[np.isin(rows.season, list(seasons))])
    pairs: dict[tuple[str, str], list[tuple[float, float, float, float]]] = {}
    for k, game in enumerate(games.tolist()):
        if k % 20 == 0:
            progress("parlays", k / games.size)
        for name in PARLAY_MOMENTS:
            state, players = _scene(given, figures, game, name)
            outlook = forecast(state, given.priors[game], parameters, players=players)
            for kind, legs, hit in _kinds(given, game, name, outlook):
                joint = parlay(legs, outlook)
                apart = float(np.prod([_alive(price(x, outlook)) for x in legs]))
                pairs.setdefault((kind, name), []).append((_alive(joint), apart, float(hit), game))
    return {f"{kind}|{name}": _gain(np.array(x)) for (kind, name), x in pairs.items()}


def _alive(chance: Chance) -> float:
    return chance.win + chance.push


def _gain(gains: Array) -> dict[str, float]:
    """How parlays came out, of rows of the joint chance, the product's, the result and the game."""
    p, q = np.clip(gains[:, :2], metrics.CLIP, 1 - metrics.CLIP).T
    hit = gains[:, 2]
    joint, apart = (metrics.log_losses(x, hit) for x in (p, q))
    interval = metrics.clustered(joint - apart, gains[:, 3], _SEED)
    return {
        "parlays": int(hit.size),
        "hit": float(hit.mean()),
        "joint": float(p.mean()),
        "product": float(q.mean()),
        "log_loss": float(joint.mean()),
        "difference": interval.mean,
        "low": interval.low,
        "high": interval.high,
    }


def _scene(
    given: ParlayInputs, figures: PlayerFigures, game: int, name: str
) -> tuple[GameState, PlayerPriors]:
    """The state of a game with its players at a moment, and what was known of these players."""
    known, rows = given.known, given.known.rows
    moment, lineups = rows.moments[name], known.lineups
    game_minutes = rows.league.regulation_seconds / 60
    lines, priors, mates, allowed = [], {}, {}, {}
    for i in np.flatnonzero(rows.game == game).tolist():
        side = Side.HOME if rows.home[i] else Side.AWAY
        starter = bool(rows.starter[i])
        lines.append(
            PlayerLine(
                id=str(rows.person[i]), name=f"player {rows.person[i]}", side=side,
                stats=tuple((x.value, int(n)) for x, n in zip(BASIC, moment.stats[i], strict=True)),
                minutes=float(moment.minutes[i]), fouls=int(moment.fouls[i]),
                on_court=bool(moment.on[i]), starter=starter, played=bool(moment.minutes[i] > 0),
                seen=moment.at * game_minutes - float(moment.unseen[i]),
            )
        )  # fmt: skip
        usual, rates = float(given.expected.usual[i]), given.expected.rates[i].tolist()
        minutes = usual * game_minutes / GAME_MINUTES
        who = side, lines[-1].name
        priors[who] = PlayerPrior(minutes, minutes, float(starter), tuple(rates))
        brings, mates_bring = (
            Bulk(x, tuple(more))
            for x, *more in (lineups.brings[i].tolist(), lineups.usual[i].tolist())
        )
        mates[who] = Mate(brings, mates_bring if lineups.known[i] else None)
        allowed[side] = tuple(known.opponents.logs[i].tolist())
    state = replace(state_of(rows, game, moment), players=tuple(lines))
    return state, PlayerPriors(figures, priors, mates=mates, allowed=allowed)


def _kinds(
    given: ParlayInputs, game: int, name: str, outlook: Outlook
) -> Iterator[tuple[str, list[Market], bool]]:
    """A parlay of two legs of each kind, for both sides, and whether both legs won."""
    best = {side: _scorers(given, game, name, side) for side in Side}
    final = _final(given, game)
    for side in Side:
        own = best[side]
        if not own:
            continue
        star = own[0]
        points, hit = _over(given, star, Stat.PTS)
        team = TeamTotal(side, Direction.OVER, _line(getattr(outlook.mu, side.value)))
        total = Total(Direction.OVER, _line(outlook.mu.total))
        yield "points and his team's points", [points, team], hit and final[side] > team.points
        yield "points and the total", [points, total], hit and sum(final.values()) > total.points
        won = final[side] > final[side.other]
        yield "points and his team wins", [points, Moneyline(side)], hit and won
        for stat in (Stat.REB, Stat.AST, Stat.THREES):
            other, also = _over(given, star, stat)
            yield f"points and {stat.value} of one player", [points, other], hit and also
        if len(own) > 1:
            other, also = _over(given, own[1], Stat.PTS)
            yield "points of two team-mates", [points, other], hit and also
    if best[Side.HOME] and best[Side.AWAY]:
        (one, first), (two, second) = (_over(given, best[x][0], Stat.PTS) for x in Side)
        yield "points of two opponents", [one, two], first and second


def _line(expected: float) -> float:
    return max(math.floor(expected), 0) + 0.5


def _final(given: ParlayInputs, game: int) -> dict[Side, int]:
    """The final score, overtime included, as the sum of each team's players' points."""
    rows = given.known.rows
    inside = rows.game == game
    points = rows.final[:, PLACE[Stat.PTS]]
    return {side: int(points[inside & (rows.home == (side is Side.HOME))].sum()) for side in Side}


def _scorers(given: ParlayInputs, game: int, name: str, side: Side) -> list[int]:
    """The rows of a side's two best scorers by season average, among those who have played."""
    rows, moment = given.known.rows, given.known.rows.moments[name]
    inside = (rows.game == game) & (rows.home == (side is Side.HOME))
    inside &= (given.averages.games >= GAMES_BEFORE) & ((moment.minutes > 0) | (moment.at == 0))
    found = np.flatnonzero(inside)
    order = np.argsort(-given.averages.stats[found, PLACE[Stat.PTS]], kind="stable")
    return [int(x) for x in found[order][:2]]


def _over(given: ParlayInputs, row: int, stat: Stat) -> tuple[PlayerTotal, bool]:
    rows = given.known.rows
    line = _line(float(given.averages.stats[row, PLACE[stat]]))
    side = Side.HOME if rows.home[row] else Side.AWAY
    market = PlayerTotal(Player(f"player {rows.person[row]}", side), stat, Direction.OVER, line)
    return market, bool(rows.final[row, PLACE[stat]] > line)
