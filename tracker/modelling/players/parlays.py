"""Same-game parlays with player lines: the joint chance beside the product of the legs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.domain.chance import Chance
from tracker.domain.game import GameState, PlayerLine, Side
from tracker.domain.market import Direction, Market, Moneyline, PlayerTotal, TeamTotal, Total
from tracker.domain.player import Player, Stat
from tracker.forecast.model import forecast
from tracker.forecast.players.counts import BASIC, PLACE
from tracker.forecast.players.figures import GAME_MINUTES, decode_players
from tracker.forecast.players.priors import PlayerPrior, PlayerPriors
from tracker.forecast.pricing.markets import parlay, price
from tracker.modelling import metrics
from tracker.modelling.games.dataset import read
from tracker.modelling.players.evaluate import GAMES_BEFORE, Averages, season_averages
from tracker.modelling.players.fit import written
from tracker.modelling.players.known import Known, expected_minutes, expected_rates
from tracker.modelling.players.sample import priors_of_games, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tracker.domain.prior import Prior
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.outlook import Outlook

    Array = NDArray[Any]

MOMENTS = ("tip", "half", "end Q3")
"""When parlays are judged."""

_SEED = 20_231
_PRIORS = (Side.HOME, Side.AWAY)


@dataclass(frozen=True, eq=False)
class Court:
    """What the players of a season were expected to do, row by row."""

    known: Known
    averages: Averages
    usual: Array
    rates: Array
    priors: list[Prior]


def judge_parlays(
    folder: Path,
    known: Known,
    document: dict[str, Any],
    parameters: Parameters,
    seasons: Sequence[str],
    progress: Callable[[str, float], None] = lambda _step, _part: None,
) -> dict[str, Any]:
    """Log loss of the joint chance less that of the product, by kind and moment, by game."""
    rows = known.rows
    usual = expected_minutes(known, document["prior"])
    court = Court(
        known,
        season_averages(rows),
        usual,
        expected_rates(known, document["rates"], usual),
        priors_of_games(rows, read(folder, rows.league.id).games, parameters),
    )
    figures = decode_players(written(document), "the figures of the evaluation")
    games = np.unique(rows.game[np.isin(rows.season, list(seasons))])
    told: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for k, game in enumerate(games.tolist()):
        if k % 20 == 0:
            progress("parlays", k / games.size)
        for name in MOMENTS:
            state, players = _scene(court, game, name)
            outlook = forecast(
                state, court.priors[game], parameters, players=PlayerPriors(figures, players)
            )
            for kind, legs, hit in _kinds(court, game, name, outlook):
                joint = parlay(legs, outlook, state)
                apart = float(np.prod([_alive(price(x, outlook, state)) for x in legs]))
                told.setdefault((kind, name), []).append((_alive(joint), apart, float(hit)))
    return {f"{kind}|{name}": _gain(np.array(x)) for (kind, name), x in told.items()}


def _alive(chance: Chance) -> float:
    return chance.win + chance.push


def _gain(told: Array) -> dict[str, float]:
    p, q, hit = (np.clip(told[:, 0], 1e-6, 1 - 1e-6), np.clip(told[:, 1], 1e-6, 1 - 1e-6),
                 told[:, 2])  # fmt: skip
    joint = -np.where(hit > 0, np.log(p), np.log1p(-p))
    apart = -np.where(hit > 0, np.log(q), np.log1p(-q))
    interval = metrics.bootstrap(joint - apart, _SEED)
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
    court: Court, game: int, name: str
) -> tuple[GameState, dict[tuple[Side, str], PlayerPrior]]:
    """The state of a game with its box, and what was expected of its players."""
    rows, moment = court.known.rows, court.known.rows.moments[name]
    lines, priors = [], {}
    for i in np.flatnonzero(rows.game == game).tolist():
        side = Side.HOME if rows.home[i] else Side.AWAY
        starter = bool(rows.starter[i])
        lines.append(
            PlayerLine(
                id=str(rows.person[i]), name=f"player {rows.person[i]}", side=side,
                stats=tuple((x.value, int(n)) for x, n in zip(BASIC, moment.stats[i], strict=True)),
                minutes=float(moment.minutes[i]), fouls=int(moment.fouls[i]),
                on_court=bool(moment.on[i]), starter=starter, played=bool(moment.minutes[i] > 0),
            )
        )  # fmt: skip
        minutes = float(court.usual[i]) * rows.league.regulation_seconds / 60 / GAME_MINUTES
        priors[side, lines[-1].name] = PlayerPrior(
            minutes, minutes, float(starter), tuple(map(float, court.rates[i]))
        )
    return replace(state_of(rows, game, moment), players=tuple(lines)), priors


def _kinds(
    court: Court, game: int, name: str, outlook: Outlook
) -> Iterator[tuple[str, list[Market], bool]]:
    """Two legs of every kind, all of them overs, and whether both won."""
    best = {side: _scorers(court, game, name, side) for side in Side}
    final = _final(court, game)
    for side in Side:
        own = best[side]
        if not own:
            continue
        star = own[0]
        points, hit = _over(court, star, Stat.PTS)
        team = TeamTotal(side, Direction.OVER, _line(getattr(outlook.mu, side.value)))
        total = Total(Direction.OVER, _line(outlook.mu.total))
        yield "points and his team's points", [points, team], hit and final[side] > team.points
        yield "points and the total", [points, total], hit and sum(final.values()) > total.points
        won = final[side] > final[side.other]
        yield "points and his team wins", [points, Moneyline(side)], hit and won
        for stat in (Stat.REB, Stat.AST, Stat.THREES):
            other, also = _over(court, star, stat)
            yield f"points and {stat.value} of one player", [points, other], hit and also
        if len(own) > 1:
            other, also = _over(court, own[1], Stat.PTS)
            yield "points of two team-mates", [points, other], hit and also
    if best[Side.HOME] and best[Side.AWAY]:
        (one, first), (two, second) = (_over(court, best[x][0], Stat.PTS) for x in _PRIORS)
        yield "points of two opponents", [one, two], first and second


def _line(expected: float) -> float:
    return max(math.floor(expected), 0) + 0.5


def _final(court: Court, game: int) -> dict[Side, int]:
    """The final score, overtime included: a team's points are those of its players."""
    rows = court.known.rows
    inside = rows.game == game
    points = rows.final[:, PLACE[Stat.PTS]]
    return {side: int(points[inside & (rows.home == (side is Side.HOME))].sum()) for side in Side}


def _scorers(court: Court, game: int, name: str, side: Side) -> list[int]:
    """The two best scorers of a side by their season's average, who have played by then."""
    rows, moment = court.known.rows, court.known.rows.moments[name]
    inside = (rows.game == game) & (rows.home == (side is Side.HOME))
    inside &= (court.averages.games >= GAMES_BEFORE) & ((moment.minutes > 0) | (moment.at == 0))
    found = np.flatnonzero(inside)
    order = np.argsort(-court.averages.stats[found, PLACE[Stat.PTS]], kind="stable")
    return [int(x) for x in found[order][:2]]


def _over(court: Court, row: int, stat: Stat) -> tuple[PlayerTotal, bool]:
    rows = court.known.rows
    line = _line(float(court.averages.stats[row, PLACE[stat]]))
    side = Side.HOME if rows.home[row] else Side.AWAY
    market = PlayerTotal(Player(f"player {rows.person[row]}", side), stat, Direction.OVER, line)
    return market, bool(rows.final[row, PLACE[stat]] > line)
