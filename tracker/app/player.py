"""A player's figures from his games, and the chance of a line in his next one."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tracker.app.pricing import Pricing, PricingBasis, bets_on, pricing_of
from tracker.app.views import part, plain
from tracker.domain import Impossible, Misused, TrackerError
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game, GameState, Phase, Side
from tracker.domain.league import season_name, slate_date
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Absences, Injury, Player, PlayerGame, Stat, of_team, player_key
from tracker.store import Store

WINDOWS = (3, 5, 10)
"""Over how many last games means are shown."""

FADE = 0.9
"""Weight of a game relative to the next newer one, in the exponential mean."""

MOST_ASKED = 50
"""Most players that one request may ask about."""

ALLOWED_GAMES = 20
"""Last games of an opponent that show what it allows its opponents."""

_KEPT = 120
"""Most games of a player that are read: more than a season has."""

_LARGEST = 500.0
"""Lines on any figure are below this."""

_AHEAD = timedelta(days=4)
"""How far ahead a player's next game is looked for."""

_TREND_GAMES = 10
"""Last games over which a trend is taken."""


@dataclass(frozen=True, slots=True)
class PlayedGame:
    """One game of a player: `value` is the figure, None where the box score did not give it."""

    game: PlayerGame
    opponent: str | None
    home: bool | None
    value: int | None


@dataclass(frozen=True, slots=True)
class Rolling:
    """Means over some games: the figure and the player's minutes."""

    name: str
    games: int
    mean: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Allowed:
    """A team's opponents' mean per game of a figure; `league` is the mean over all teams."""

    team: str
    games: int
    mean: float
    league: float


def stat_named(text: str) -> Stat:
    """A figure by its name, such as `reb`. Raises Misused."""
    try:
        return Stat(text.strip().lower())
    except ValueError:
        known = ", ".join(x.value for x in Stat)
        raise Misused(f"{text!r} is not counted: use one of {known}") from None


@dataclass(frozen=True, slots=True)
class PlayerQuestion:
    """A question about a player: his name, a figure, and a line on it or none.

    Raises Misused for a line that no book offers.
    """

    name: str
    stat: Stat = Stat.PTS
    line: float | None = None

    def __post_init__(self) -> None:
        """Refuse an impossible line."""
        if self.line is not None and not (0 < self.line < _LARGEST and self.line * 2 % 1 == 0):
            raise Misused(f"a line of {self.line:g} is none: write one such as 25.5")


@dataclass(frozen=True, slots=True)
class PlayerSheet:
    """A player's figures, newest game first. `trend` is the change per game over the last ten.

    `minutes_trend` is the same change of his minutes. `allowed` is what his next opponent allows.
    `out` is whether he will not play in `next_game`, or today where that is unknown. `hits` are the
    games above the line and the games not exactly on it. `chance` is the chance of the over in
    `next_game`, or against an average team where that is unknown, as a bet on it would have it; or
    the reason why it has none. It is None without a line.
    """

    league: str
    name: str
    team: str
    stat: Stat
    played: tuple[PlayedGame, ...]
    rolling: tuple[Rolling, ...]
    exponential: float | None
    trend: float | None
    minutes_trend: float | None
    next_game: Game | None
    injury: Injury | None
    out: bool
    allowed: Allowed | None = None
    line: float | None = None
    hits: tuple[int, int] | None = None
    chance: Chance | NoChance | None = None


async def known_player(store: Store, name: str) -> tuple[str, str]:
    """The league and key of a player whose games are stored; raises Impossible or Misused."""
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
    """A player's figures, without a line."""
    log = await store.players.log(league, key, _KEPT)
    newest = log[0][0]
    own = set(of_team([g for g, _, _ in log], newest.team))
    played = tuple(
        PlayedGame(g, *_sides(g, home, away), _value(g, stat)) for g, home, away in log if g in own
    )
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
        rolling=tuple(_rolling(played, league, next_game)),
        exponential=_fading(values),
        trend=_trend(values),
        minutes_trend=_trend([x.game.minutes for x in played]),
        next_game=next_game,
        injury=injuries.get(key),
        out=_out(key, newest.team, next_game, absences, today),
    )


async def sheets(
    basis: PricingBasis, asks: Sequence[PlayerQuestion], now: datetime
) -> list[PlayerSheet | TrackerError]:
    """Answer questions about players, in their order: a sheet each, or why there is none.

    Raises Misused for more than MOST_ASKED questions at once.
    """
    store = basis.store
    if len(asks) > MOST_ASKED:
        raise Misused(f"{len(asks)} players are too many: ask about {MOST_ASKED} at once")
    found: list[PlayerSheet | TrackerError] = []
    for ask in asks:
        try:
            league, key = await known_player(store, ask.name)
            found.append(_with_hits(await sheet(store, league, key, ask.stat, now), ask.line))
        except TrackerError as why:
            found.append(why)
    known = [x for x in found if isinstance(x, PlayerSheet)]
    allowed = await _allowed(store, known)
    bets = [_bet(n, x, now) for n, x in enumerate(known, 1) if x.line is not None]
    games = {x.game.id: x.game for x in bets}
    beside = await bets_on(store, games.values(), now)
    asked = [*beside, *bets]
    pricing = await pricing_of(basis, list(games.values()), asked) if bets else None
    chances = {} if pricing is None else await asyncio.to_thread(_chances, pricing, bets, beside)
    whole = iter(
        replace(
            x,
            chance=NoChance.OUT if x.line is not None and x.out else chances.get(n),
            allowed=allowed.get(n),
        )
        for n, x in enumerate(known, 1)
    )
    return [next(whole) if isinstance(x, PlayerSheet) else x for x in found]


def _with_hits(found: PlayerSheet, line: float | None) -> PlayerSheet:
    if line is None:
        return found
    values = [x.value for x in found.played if x.value is not None]
    return replace(
        found, line=line, hits=(sum(x > line for x in values), sum(x != line for x in values))
    )


def _bet(number: int, x: PlayerSheet, now: datetime) -> Bet:
    """A bet on the over of a sheet's line, in the next game or against an average team."""
    game = x.next_game or Game(f"average {x.team}", x.league, x.team, "(average)", now)
    player = Player(x.name, Side.HOME if game.home == x.team else Side.AWAY)
    market = PlayerTotal(player, x.stat, Direction.OVER, x.line or 0.0)
    return Bet(number, f"{x.name} over {x.line:g} {x.stat.value}", market, game, (), now)


def _chances(
    pricing: Pricing, bets: Iterable[Bet], beside: Sequence[Bet]
) -> dict[int, Chance | NoChance | None]:
    found = {}
    for bet in bets:
        state = GameState.scheduled(bet.game)
        found[bet.number], _ = pricing.worth(bet, {bet.game.id: state}, beside=beside)
    return found


async def _allowed(store: Store, sheets: Sequence[PlayerSheet]) -> dict[int, Allowed]:
    """What the next opponents of some players allow, by the player's place from 1."""
    found: dict[int, Allowed] = {}
    games: dict[tuple[str, str | None], list[dict[Stat, int]]] = {}
    for n, x in enumerate(sheets, 1):
        if x.next_game is None:
            continue
        other = x.next_game.away if x.next_game.home == x.team else x.next_game.home
        for team, most in ((other, ALLOWED_GAMES), (None, ALLOWED_GAMES * 15)):
            if (x.league, team) not in games:
                games[x.league, team] = await store.players.against(x.league, team, most)
        mine = games[x.league, other]
        if mine:
            everywhere = _mean(games[x.league, None], x.stat)
            found[n] = Allowed(other, len(mine), _mean(mine, x.stat), everywhere)
    return found


def _mean(games: Sequence[Mapping[Stat, int]], stat: Stat) -> float:
    return statistics.fmean(sum(x.get(part, 0) for part in stat.parts) for x in games)


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
    stats = dict(game.stats)
    parts = [stats.get(x) for x in stat.parts]
    return None if None in parts else sum(x for x in parts if x is not None)


def _rolling(played: Sequence[PlayedGame], league: str, following: Game | None) -> list[Rolling]:
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


def _fading(values: Sequence[float]) -> float | None:
    weights = [FADE**n for n in range(len(values))]
    if not values:
        return None
    return sum(w * x for w, x in zip(weights, values, strict=True)) / sum(weights)


def _trend(values: Sequence[float]) -> float | None:
    """The slope of the last games, oldest first, per game."""
    last = list(reversed(values[:_TREND_GAMES]))
    if len(last) < WINDOWS[0]:
        return None
    return statistics.linear_regression(range(len(last)), last).slope


def answers_json(
    asks: Sequence[PlayerQuestion], found: Sequence[PlayerSheet | TrackerError]
) -> list[dict[str, object]]:
    """A batch as the API gives it: for each question a sheet, or `name` and `error`."""
    return [
        sheet_json(x) if isinstance(x, PlayerSheet) else {"name": ask.name, "error": str(x)}
        for ask, x in zip(asks, found, strict=True)
    ]


def sheet_json(x: PlayerSheet) -> dict[str, object]:
    """A sheet as `tracker player --json` and the API give it."""
    return {
        **part(x, "league", "name", "team", "stat"),
        "rolling": [{"of": r.name, **part(r, "games", "mean", "minutes")} for r in x.rolling],
        **part(x, "exponential", "trend", "minutes_trend", "allowed"),
        "next_game": None if x.next_game is None else x.next_game.id,
        "out": x.out,
        "injury": None if x.injury is None else part(x.injury, "status", "detail"),
        "line": x.line,
        "over": None if x.hits is None else {"games": x.hits[0], "of": x.hits[1]},
        "chance": plain(x.chance) if isinstance(x.chance, Chance) else None,
        "no_chance": x.chance.value if isinstance(x.chance, NoChance) else None,
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
