"""A player's figures as his games told them, and the chance of a line in his next one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.chance import Chance
from tracker.domain.errors import Impossible, Misused
from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.league import season_name, slate_date
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Absences, Injury, Player, PlayerGame, Stat, player_key
from tracker.domain.prior import Prior
from tracker.forecast.game.parameters import Parameters
from tracker.store import Store

WINDOWS = (3, 5, 10)
FADE = 0.9
"""Weight of a game beside the one after it, in the exponential mean."""

_KEPT = 120
_AHEAD = timedelta(days=4)
_TREND_GAMES = 10


@dataclass(frozen=True, slots=True)
class Played:
    """One game of his: `value` is the figure, None where the box did not tell it."""

    game: PlayerGame
    opponent: str | None
    home: bool | None
    value: int | None


@dataclass(frozen=True, slots=True)
class Rolling:
    """Means over some games: his figure and his minutes."""

    name: str
    games: int
    mean: float
    minutes: float


@dataclass(frozen=True, slots=True)
class PlayerSheet:
    """A player's figures, newest game first. `trend` is per game over the last ten.

    `out` is whether he will not play in `next_game`, or today where none is known.
    `hits` are the games above the line and those that decided it. `chance` is that of the over in
    `next_game`, or in a game of two average teams where none is known; None without a line, and of
    a player who is out.
    """

    league: str
    name: str
    team: str
    stat: Stat
    played: tuple[Played, ...]
    rolling: tuple[Rolling, ...]
    exponential: float | None
    trend: float | None
    next_game: Game | None
    injury: Injury | None
    out: bool
    line: float | None
    hits: tuple[int, int] | None
    chance: Chance | None


async def known_player(store: Store, name: str) -> tuple[str, str]:
    """The league and the key of a player whose games are kept; Impossible, Misused with advice."""
    key = player_key(name)
    found = await store.players.named(key)
    if not found:
        raise Impossible(f"no game of {name!r} has been seen: `tracker refresh` reads boxes")
    exact = [x for x in found if x[1] == key] or found
    if len(exact) > 1:
        names = ", ".join(f"{x[2]} ({x[0].upper()})" for x in exact[:6])
        raise Misused(f"{name!r} may be {names}: write the whole name")
    return exact[0][0], exact[0][1]


async def sheet(store: Store, league: str, key: str, stat: Stat, now: datetime) -> PlayerSheet:
    """A player's figures; the chance of a line is added by `with_line`."""
    log = await store.players.log(league, key, _KEPT)
    played = tuple(Played(g, *_sides(g, home, away), _value(g, stat)) for g, home, away in log)
    newest = played[0].game
    today = slate_date(now)
    following = [
        game
        for game, state in await store.games(since=today)
        if game.league == league
        and newest.team in (game.home, game.away)
        and game.start <= now + _AHEAD
        and (state is None or state.phase is Phase.SCHEDULED)
    ]
    injuries = await store.seasons.injuries(league, today)
    next_game = following[0] if following else None
    absences = (await store.seasons.absences([league])).get(league)
    values = [x.value for x in played if x.value is not None]
    return PlayerSheet(
        league=league,
        name=newest.name,
        team=newest.team,
        stat=stat,
        played=played,
        rolling=tuple(_rolling(played, league, following[0] if following else None)),
        exponential=_fading(values),
        trend=_trend(values),
        next_game=next_game,
        injury=injuries.get(key),
        out=_out(key, newest.team, next_game, absences, today),
        line=None,
        hits=None,
        chance=None,
    )


def with_line(
    found: PlayerSheet, line: float, parameters: Parameters, prior: Prior | None, now: datetime
) -> PlayerSheet:
    """The sheet with a line, and the chance of its over. `prior` is that of his next game."""
    from dataclasses import replace

    from tracker.forecast import forecast, price, prior_from
    from tracker.forecast.players.priors import PlayerPriors, player_prior
    from tracker.forecast.shipped import player_figures

    values = [x.value for x in found.played if x.value is not None]
    hits = (sum(x > line for x in values), sum(x != line for x in values))
    if found.out:
        return replace(found, line=line, hits=hits)
    game = found.next_game or Game("0", found.league, found.team, "(average)", now)
    side = Side.HOME if game.home == found.team else Side.AWAY
    player = Player(found.name, side)
    figures = player_figures(parameters)
    minutes = game.rules.regulation_seconds / 60
    own = player_prior([x.game for x in found.played], figures, regulation=minutes)
    priors = PlayerPriors(figures, {(side, player.key): own})
    state = GameState(game, Phase.SCHEDULED, 0, 0.0, Score(0, 0))
    outlook = forecast(state, prior or prior_from(None, parameters), parameters, players=priors)
    chance = price(PlayerTotal(player, found.stat, Direction.OVER, line), outlook, state)
    return replace(found, line=line, hits=hits, chance=chance)


def _out(
    key: str, team: str, following: Game | None, absences: Absences | None, today: date
) -> bool:
    if absences is None:
        return False
    slate, read_on = following.slate if following else today, slate_date(absences.read_at)
    words = absences.words.get((team, key), ())
    return any(x.keeps_out_on(slate, read_on) for x in words)


def _sides(game: PlayerGame, home: str | None, away: str | None) -> tuple[str | None, bool | None]:
    if home is None or away is None:
        return None, None
    at_home = game.team == home
    return (away if at_home else home), at_home


def _value(game: PlayerGame, stat: Stat) -> int | None:
    told = dict(game.stats)
    parts = [told.get(x) for x in stat.parts]
    return None if None in parts else sum(x for x in parts if x is not None)


def _rolling(played: Sequence[Played], league: str, following: Game | None) -> list[Rolling]:
    whole = [x for x in played if x.value is not None]
    season = season_name(league, slate_date(played[0].game.start))
    this = [x for x in whole if season_name(league, slate_date(x.game.start)) == season]
    groups = [(f"last {n}", whole[:n]) for n in WINDOWS if len(whole) >= n]
    groups += [("season", this)]
    groups += [
        ("home", [x for x in this if x.home]),
        ("away", [x for x in this if x.home is False]),
    ]
    if following is not None:
        team = played[0].game.team
        other = following.away if following.home == team else following.home
        groups.append((f"against {other}", [x for x in whole if x.opponent == other]))
    return [
        Rolling(
            name,
            len(some),
            statistics.fmean(x.value for x in some if x.value is not None),
            statistics.fmean(x.game.minutes for x in some),
        )
        for name, some in groups
        if some
    ]


def _fading(values: Sequence[int]) -> float | None:
    weights = [FADE**n for n in range(len(values))]
    if not values:
        return None
    return sum(w * x for w, x in zip(weights, values, strict=True)) / sum(weights)


def _trend(values: Sequence[int]) -> float | None:
    """The slope of the last games, per game, the oldest first."""
    last = list(reversed(values[:_TREND_GAMES]))
    if len(last) < WINDOWS[0]:
        return None
    return statistics.linear_regression(range(len(last)), last).slope


def sheet_json(x: PlayerSheet) -> dict[str, object]:
    """A sheet as `tracker player --json` gives it."""
    return {
        "league": x.league,
        "name": x.name,
        "team": x.team,
        "stat": x.stat.value,
        "rolling": [
            {"of": r.name, "games": r.games, "mean": r.mean, "minutes": r.minutes}
            for r in x.rolling
        ],
        "exponential": x.exponential,
        "trend": x.trend,
        "next_game": None if x.next_game is None else x.next_game.id,
        "out": x.out,
        "injury": None
        if x.injury is None
        else {"status": x.injury.status.value, "detail": x.injury.detail},
        "line": x.line,
        "over": None if x.hits is None else {"games": x.hits[0], "of": x.hits[1]},
        "chance": None
        if x.chance is None
        else {"win": x.chance.win, "push": x.chance.push, "lose": x.chance.lose},
        "games": [
            {
                "day": slate_date(p.game.start).isoformat(),
                "opponent": p.opponent,
                "home": p.home,
                "minutes": p.game.minutes,
                "starter": p.game.starter,
                "value": p.value,
            }
            for p in x.played
        ],
    }
