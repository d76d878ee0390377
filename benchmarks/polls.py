"""Measures polls of twelve live games with 2,000 bets, player lines and parlays among them.

It times the forecast with all bets priced together, and the engine's decision. Times are CPU of one
thread, which a busy machine changes little. Garbage is collected as in the daemon.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from tracker.app.player_priors import PlayerBeliefs
from tracker.daemon.forecaster import prepared
from tracker.domain.bet import Bet, Leg, Parlay
from tracker.domain.catalog import teams
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    Total,
)
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, Stat
from tracker.domain.policy import parse_rule
from tracker.domain.poll import Origin
from tracker.domain.prior import Prior, PriorSource
from tracker.domain.tracking import GameTracking, Tracked
from tracker.engine.decide.advance import advance
from tracker.engine.decide.belief import judge_poll
from tracker.forecast import Outlook, forecast, load_parameters
from tracker.host import memory_settled

GAMES, BETS, SEED = 12, 2000, 20261121
START = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
PRIOR = Prior(4.5, 226.5, PriorSource.LINES)
RULES = tuple(map(parse_rule, ("p >= 0.80", "p <= 0.30", "swing 0.15 in 5m", "hit", "dead")))
SPANS = (Span.GAME, Span.GAME, Span.GAME, Span.H1, Span.H2, Span.Q3, Span.Q4)
STATS = (Stat.PTS, Stat.REB, Stat.AST, Stat.THREES, Stat.PRA, Stat.PR)
PLAYERS = 10
"""Players of each team."""
_FIRST = ("Abel", "Bram", "Cato", "Dirk", "Egon", "Finn", "Gus", "Hugo", "Ivo", "Jan")


def games() -> list[Game]:
    """Twelve games of one night."""
    codes = sorted(teams("nba"))
    return [
        Game(f"00226000{n:02d}", "nba", codes[2 * n], codes[2 * n + 1], START) for n in range(GAMES)
    ]


def player(n: int, side: Side) -> Player:
    """Player number `n` of a team."""
    return Player(f"{_FIRST[n]} {side.value.title()}ley", side)


def market(draw: random.Random) -> Market:
    """A random market as people bet on them: three of ten are on players."""
    side, direction = draw.choice(list(Side)), draw.choice(list(Direction))
    span = draw.choice(SPANS)
    scale = 1.0 if span is Span.GAME else 0.5 if span in (Span.H1, Span.H2) else 0.25
    match draw.randrange(10):
        case 0:
            return Moneyline(side, span)
        case 1 | 2:
            return Spread(side, draw.randrange(-20, 21) / 2, span)
        case 3 | 4 | 5:
            return Total(direction, int(scale * draw.uniform(200, 250)) + 0.5, span)
        case 6:
            return TeamTotal(side, direction, int(scale * draw.uniform(95, 130)) + 0.5, span)
        case _:
            who = player(draw.randrange(PLAYERS), side)
            return PlayerTotal(who, draw.choice(STATS), direction, draw.randrange(4, 30) + 0.5)


def bet(number: int, on: Market | Parlay, game: Game) -> Bet:
    """A bet with odds, stake and RULES."""
    early = START - timedelta(hours=3)
    return Bet(number, f"bet {number}", on, game, RULES, early, parse_odds("-110"), 1000)


def bets(draw: random.Random) -> list[Bet]:
    """BETS bets: one in twenty is a parlay, half of these over two games."""
    found, played = [], games()
    for number in range(1, BETS + 1):
        game = played[number % GAMES]
        if number % 20:
            found.append(bet(number, market(draw), game))
            continue
        other = played[(number // 20) % GAMES] if number % 40 else game
        legs = (Leg(game, market(draw)), Leg(game, market(draw)), Leg(other, market(draw)))
        slip = Parlay(tuple(dict.fromkeys(legs)))
        found.append(bet(number, slip, slip.games[0]))
    return found


def state(game: Game, poll: int) -> GameState:
    """A state in the third quarter, one basket later with each poll, with all players."""
    clock = 700.0 - 12.0 * poll
    home, away = 60 + 2 * ((poll + 1) // 2), 55 + 2 * (poll // 2)
    lines = tuple(
        PlayerLine(
            id=f"{side.value}{n}",
            name=player(n, side).name,
            side=side,
            stats=tuple(
                (x.value, (n * 3 + poll // 4) % 15)
                for x in (Stat.PTS, Stat.REB, Stat.AST, Stat.THREES, Stat.STL, Stat.BLK, Stat.TO)
            ),
            minutes=20.0,
            on_court=n < 5,
            starter=n < 5,
            played=True,
        )
        for side in Side
        for n in range(PLAYERS)
    )
    periods = (Score(30, 28), Score(28, 25), Score(home - 58, away - 53))
    return GameState(game, Phase.LIVE, 3, clock, Score(home, away), periods=periods, players=lines)


def trackings(listed: Sequence[Bet]) -> list[GameTracking]:
    """The tracking of each game; a bet on two games is in both."""
    return [
        GameTracking(game, tuple(Tracked.fresh(x) for x in listed if game in x.games))
        for game in games()
    ]


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of CPU that this thread spends on `work`."""
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1000


def nights(polls: int) -> dict[str, list[float]]:
    """Milliseconds of each round of polls over all games, by step."""
    parameters, beliefs = load_parameters("nba"), PlayerBeliefs()
    on = trackings(bets(random.Random(SEED)))  # noqa: S311 - an example, no secret
    took: dict[str, list[float]] = {"forecast": [], "decide": []}
    for poll in range(polls):
        now = START + timedelta(minutes=90, seconds=12 * poll)
        rounds = dict.fromkeys(took, 0.0)
        for n, tracking in enumerate(on):
            seen = state(tracking.game, poll)
            outlooks: list[Outlook] = []

            def look(tracking: GameTracking = tracking, seen: GameState = seen) -> None:
                believed = beliefs.priors(tracking)
                told = forecast(seen, PRIOR, parameters, players=believed)
                outlooks.append(prepared(told, tracking))  # noqa: B023

            rounds["forecast"] += cpu(look)
            decided: list[GameTracking] = []

            def decide(tracking: GameTracking = tracking, seen: GameState = seen) -> None:
                judged = judge_poll(tracking, seen, Origin("nba", "board"), now)  # noqa: B023
                decided.append(advance(tracking, judged, outlooks[0], now).tracking)  # noqa: B023

            rounds["decide"] += cpu(decide)
            on[n] = decided[0]
        for name, value in rounds.items():
            took[name].append(value)
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--polls", type=int, default=20)
    given = parser.parse_args()
    with memory_settled():
        took = nights(given.polls)
    print(f"{BETS} bets on {GAMES} live games, ms of CPU for one poll of every game")
    for name, values in took.items():
        warm = values[2:]
        least, mean, most = min(warm), statistics.mean(warm), max(warm)
        print(f"  {name:9} least {least:6.1f}   mean {mean:6.1f}   most {most:6.1f}")


if __name__ == "__main__":
    main()
