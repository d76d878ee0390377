"""What a player's team-mates bring: usually, and tonight, when some of them are missing.

Whoever is out leaves minutes and shots to the others. For each team-mate his usual minutes and
figures for each minute are known; those who play with a man in a usual game are added up, those who
can play tonight likewise, and the log of one over the other moves his own minutes and rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracker.domain.player import Stat

if TYPE_CHECKING:
    from tracker.domain.player import PlayerGame

KINDS = (Stat.PTS, Stat.REB, Stat.AST)
"""The figures of team-mates that are looked at."""

LEAST_MINUTES = 10.0
"""Of a 48-minute game: who usually plays less is missed by nobody."""

LARGEST_GAP = 0.35
"""In logs: a line-up further from the usual one tells no more."""

GAME_MEMORY, MINUTES_MEMORY, RATE_MEMORY = 0.96, 0.88, 0.97
"""What a game counts beside the next one: in a man's usual line-up, minutes and rates."""

PLAIN_MINUTES, PLAIN_RATE_MINUTES = 20.0, 100.0
"""One game of such minutes, and so many minutes at the league's rate, are added to a man's own."""

LEAGUE_RATES = (0.47, 0.18, 0.105)
"""Points, rebounds and assists of the average player for a minute: NBA games of 2020-24."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Minutes of several players together, and what they bring in them, in the order of KINDS."""

    minutes: float = 0.0
    figures: tuple[float, ...] = (0.0, 0.0, 0.0)

    def plus(self, other: Bulk, times: float = 1.0) -> Bulk:
        """Both together, the other so many times."""
        figures = tuple(a + times * b for a, b in zip(self.figures, other.figures, strict=True))
        return Bulk(self.minutes + times * other.minutes, figures)

    def scaled(self, factor: float) -> Bulk:
        """So many times as much."""
        return Bulk(self.minutes * factor, tuple(x * factor for x in self.figures))


@dataclass(frozen=True, slots=True)
class Gaps:
    """How much less the team-mates bring tonight than usually, in logs; 0 where nothing is known.

    `figures` are those for each minute that they play, in the order of KINDS.
    """

    minutes: float = 0.0
    figures: tuple[float, ...] = (0.0, 0.0, 0.0)


NO_GAPS = Gaps()


def gaps(usual: Bulk | None, tonight: Bulk) -> Gaps:
    """What is missing tonight of the usual team-mates."""
    if usual is None or min(usual.minutes, tonight.minutes) <= 0:
        return NO_GAPS
    longer = math.log(usual.minutes / tonight.minutes)
    figures = [
        held(math.log(max(a, _LEAST) / max(b, _LEAST)) - longer)
        for a, b in zip(usual.figures, tonight.figures, strict=True)
    ]
    return Gaps(held(longer), tuple(figures))


_LEAST = 1e-6


def held(gap: float) -> float:
    """A gap within LARGEST_GAP either way."""
    return min(max(gap, -LARGEST_GAP), LARGEST_GAP)


@dataclass(frozen=True, slots=True)
class Mate:
    """A player as his team-mates see him: what he brings, and what his own mates usually bring."""

    brings: Bulk
    usual: Bulk | None = None


def brings(minutes: float, rates: Iterable[float]) -> Bulk:
    """What a player with such usual minutes of a 48-minute game adds to a line-up."""
    if minutes < LEAST_MINUTES:
        return Bulk()
    return Bulk(minutes, tuple(minutes * x for x in rates))


@dataclass(slots=True)
class _Walk:
    """A player's memories while his games are gone through."""

    games: float = 0.0
    minutes: float = 0.0
    played: float = 0.0
    counted: tuple[float, ...] = (0.0, 0.0, 0.0)
    weight: float = 0.0
    mates: Bulk = Bulk()

    def brings(self) -> Bulk:
        minutes = (self.minutes + PLAIN_MINUTES) / (self.games + 1)
        weight = self.played + PLAIN_RATE_MINUTES
        rates = (
            (own + PLAIN_RATE_MINUTES * league) / weight
            for own, league in zip(self.counted, LEAGUE_RATES, strict=True)
        )
        return brings(minutes, rates)

    def add(self, game: PlayerGame, others: Bulk, stretch: float) -> None:
        told = dict(game.stats)
        self.games = MINUTES_MEMORY * self.games + 1
        self.minutes = MINUTES_MEMORY * self.minutes + game.minutes * stretch
        self.played = RATE_MEMORY * self.played + game.minutes
        self.counted = tuple(
            RATE_MEMORY * held + told.get(kind, 0)
            for held, kind in zip(self.counted, KINDS, strict=True)
        )
        self.weight = GAME_MEMORY * self.weight + 1
        self.mates = others.plus(self.mates, GAME_MEMORY)


def mates_of(games: Mapping[str, Iterable[PlayerGame]], stretch: float = 1.0) -> dict[str, Mate]:
    """The players of one team by their key, from their games for it, in any order.

    `stretch` is how many minutes of a 48-minute game a minute of the league's is.
    """
    by_game: dict[tuple[Any, str], list[tuple[str, PlayerGame]]] = {}
    for key, own in games.items():
        for game in own:
            if game.minutes > 0:
                by_game.setdefault((game.start, game.game_id), []).append((key, game))
    walks: dict[str, _Walk] = {}
    for _, rows in sorted(by_game.items(), key=lambda x: x[0]):
        told = {key: walks.setdefault(key, _Walk()).brings() for key, _ in rows}
        whole = Bulk()
        for bulk in told.values():
            whole = whole.plus(bulk)
        for key, game in rows:
            walks[key].add(game, whole.plus(told[key], -1.0), stretch)
    return {
        key: Mate(walk.brings(), walk.mates.scaled(1 / walk.weight)) for key, walk in walks.items()
    }
