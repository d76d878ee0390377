"""Who else is on the court: what a player's team-mates bring, and what his opponents allow.

Whoever is out leaves minutes and shots to the others. For each team-mate his usual minutes and
figures for each minute are known; those who play with a man in a usual game are added up, those who
can play tonight likewise, and the log of one over the other moves his own minutes and rates. What
a team allows is what those who played it lately did in their minutes, over the league's.
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

ALLOWED_MEMORY, ALLOWED_GAMES = 0.95, 8.0
"""What a game counts beside the next one in what a team allows, and how many games at the league's
rate are added to its own. Chosen on NBA games of 2020-24."""

LARGEST_ALLOWED = 0.2
"""In logs: no team allows further from the league's rate than this. A guard; the largest of four
NBA seasons is .13."""

TEAM_MINUTES = 240.0
"""Minutes that the players of a team have in a 48-minute game."""

LEVEL_GAMES = 100.0
"""Games of one team that the shipped level of the league weighs beside those that were read."""

FEWEST_LEVEL_GAMES = 40.0
"""Games of one team from which on a league's level is told where none is shipped."""

WHOLE_BOX = 0.75
"""A box with less than this part of a team's minutes is no whole one and teaches nothing."""


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
        stats = dict(game.stats)
        self.games = MINUTES_MEMORY * self.games + 1
        self.minutes = MINUTES_MEMORY * self.minutes + game.minutes * stretch
        self.played = RATE_MEMORY * self.played + game.minutes
        self.counted = tuple(
            RATE_MEMORY * held + stats.get(kind, 0)
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
        brings = {key: walks.setdefault(key, _Walk()).brings() for key, _ in rows}
        whole = Bulk()
        for bulk in brings.values():
            whole = whole.plus(bulk)
        for key, game in rows:
            walks[key].add(game, whole.plus(brings[key], -1.0), stretch)
    return {
        key: Mate(walk.brings(), walk.mates.scaled(1 / walk.weight)) for key, walk in walks.items()
    }


def level_of(
    games: Iterable[PlayerGame], shipped: tuple[float, ...], stretch: float = 1.0
) -> tuple[float, ...]:
    """Figures of the league's players for a minute, in the order of KINDS; () where none can tell.

    `games` are all that were read of the league, `shipped` the level of the seasons that were
    fitted, () in a league that takes another's figures.
    """
    whole = _added(games)
    team = TEAM_MINUTES / stretch
    if not shipped:
        if whole.minutes < FEWEST_LEVEL_GAMES * team:
            return ()
        return tuple(x / whole.minutes for x in whole.figures)
    whole = whole.plus(Bulk(team, tuple(team * x for x in shipped)), LEVEL_GAMES)
    return tuple(x / whole.minutes for x in whole.figures)


def allowed(
    against: Iterable[PlayerGame], level: tuple[float, ...], stretch: float = 1.0
) -> tuple[float, ...]:
    """By how much a team lets its opponents' players do more than usual, in logs, as KINDS.

    `against` is what these did, in any order; `level` as `level_of` has it. Without either it is 0.
    """
    if not level or min(level) <= 0:
        return NOTHING_ALLOWED
    by_game: dict[tuple[Any, str], list[PlayerGame]] = {}
    for game in against:
        by_game.setdefault((game.start, game.game_id), []).append(game)
    team = TEAM_MINUTES / stretch
    kept = Bulk()
    for _, rows in sorted(by_game.items(), key=lambda x: x[0]):
        whole = _added(rows)
        if whole.minutes >= WHOLE_BOX * team:
            kept = whole.plus(kept, ALLOWED_MEMORY)
    usual = ALLOWED_GAMES * team
    return tuple(
        allowed_log(figure + usual * rate, kept.minutes + usual, rate)
        for figure, rate in zip(kept.figures, level, strict=True)
    )


NOTHING_ALLOWED = (0.0, 0.0, 0.0)
"""Of an opponent of whom nothing is known."""


def allowed_log(figure: float, minutes: float, rate: float) -> float:
    """The log of a figure for each minute over the league's, within LARGEST_ALLOWED either way."""
    log = math.log(max(figure, _LEAST) / minutes / rate)
    return min(max(log, -LARGEST_ALLOWED), LARGEST_ALLOWED)


def _added(games: Iterable[PlayerGame]) -> Bulk:
    """Minutes and figures of games together."""
    minutes, sums = 0.0, [0.0] * len(KINDS)
    for game in games:
        stats = dict(game.stats)
        minutes += game.minutes
        for k, kind in enumerate(KINDS):
            sums[k] += stats.get(kind, 0)
    return Bulk(minutes, tuple(sums))
