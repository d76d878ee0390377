"""How a player's forecast depends on his team-mates tonight and on his opponents.

A player who is out leaves his minutes and shots to the others. The usual minutes and figures of a
player's team-mates are added up twice: for those he usually plays with, and for those who can play
tonight. The log of the ratio moves his own minutes and rates. What a team allows is measured by the
figures of its recent opponents for each minute, relative to the league's.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tracker.domain.player import Stat

if TYPE_CHECKING:
    from tracker.domain.player import PlayerGame

KINDS = (Stat.PTS, Stat.REB, Stat.AST)
"""The figures that are added up over team-mates and opponents."""

LEAST_MINUTES = 10.0
"""Minutes of a 48-minute game: a team-mate who usually plays less is not counted."""

LARGEST_GAP = 0.35
"""In logs: the largest gap between tonight's line-up and the usual one that counts."""

GAME_MEMORY, MINUTES_MEMORY, RATE_MEMORY = 0.96, 0.88, 0.97
"""The weight of a game beside the next one: in a player's usual line-up, minutes and rates."""

PLAIN_MINUTES, PLAIN_RATE_MINUTES = 20.0, 100.0
"""A player's minutes are shrunk by one game of PLAIN_MINUTES, and his rates by PLAIN_RATE_MINUTES
at the league's rate."""

LEAGUE_RATES = (0.47, 0.18, 0.105)
"""Points, rebounds and assists of the average player a minute: NBA games of 2020-24."""

ALLOWED_MEMORY, ALLOWED_GAMES = 0.95, 8.0
"""The weight of a game beside the next one in what a team allows, and the number of games at the
league's rate that its own are shrunk by. Chosen on NBA games of 2020-24."""

LARGEST_ALLOWED = 0.2
"""In logs: the furthest from the league's rate that a team is taken to allow. A guard; the largest
of four NBA seasons is .13."""

TEAM_MINUTES = 240.0
"""Minutes that the players of a team have in a 48-minute game."""

LEVEL_GAMES = 100.0
"""The weight of a league's shipped level beside the games that were read, in games of one team."""

FEWEST_LEVEL_GAMES = 40.0
"""The fewest games of one team from which a league's level is estimated if none is shipped."""

WHOLE_BOX = 0.75
"""A box with less than this part of a team's minutes is incomplete and is left out."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """The minutes of several players together, and their figures in them, in the order of KINDS."""

    minutes: float = 0.0
    figures: tuple[float, ...] = (0.0, 0.0, 0.0)

    def plus(self, other: Bulk, times: float = 1.0) -> Bulk:
        """The sum of this and `times` the other."""
        figures = tuple(a + times * b for a, b in zip(self.figures, other.figures, strict=True))
        return Bulk(self.minutes + times * other.minutes, figures)

    def scaled(self, factor: float) -> Bulk:
        """Minutes and figures times a factor."""
        return Bulk(self.minutes * factor, tuple(x * factor for x in self.figures))


@dataclass(frozen=True, slots=True)
class Gaps:
    """How much less the team-mates bring tonight than usual, in logs.

    `figures` are gaps of figures a minute, in the order of KINDS.
    """

    minutes: float = 0.0
    figures: tuple[float, ...] = (0.0, 0.0, 0.0)


USUAL_GAPS = (
    (0.0, 0.345, -0.067, -0.015, -0.069), (4.0, 0.343, -0.065, -0.015, -0.068),
    (5.0, 0.336, -0.062, -0.014, -0.064), (6.0, 0.310, -0.053, -0.011, -0.055),
    (7.0, 0.267, -0.041, -0.005, -0.043), (8.0, 0.209, -0.030, -0.001, -0.031),
    (9.0, 0.152, -0.020, 0.002, -0.021), (10.0, 0.113, -0.014, 0.002, -0.015),
    (11.0, 0.096, -0.011, 0.002, -0.012), (12.0, 0.087, -0.010, 0.002, -0.011),
    (13.0, 0.064, -0.007, 0.003, -0.007), (18.0, 0.053, -0.005, 0.004, -0.005),
    (24.0, 0.050, -0.004, 0.004, -0.004), (36.0, 0.043, -0.003, 0.004, -0.003),
    (48.0, 0.010, 0.002, 0.004, 0.002),
)  # fmt: skip
"""The mean gaps over all players after so many minutes of a 48-minute game, when some of the bench
have not been seen yet: minutes played, then the gaps of minutes and of KINDS. From 103,520
player-games of 2020-24; single seasons differ by up to .01."""

NO_GAPS = Gaps()


@lru_cache(maxsize=256)
def usual_gaps(minute: float) -> Gaps:
    """The usual gaps at a minute of a 48-minute game, used if a line-up is unknown.

    The model was fitted with these gaps, so that gaps of 0 would mean a line-up that is fuller than
    usual. At minute 0, before tip-off, there are none, because the whole bench can play.
    """
    if minute <= 0:
        return NO_GAPS
    minutes = [x[0] for x in USUAL_GAPS]
    k = min(max(bisect_right(minutes, minute), 1), len(minutes) - 1)
    low, high = USUAL_GAPS[k - 1], USUAL_GAPS[k]
    part = min((minute - low[0]) / (high[0] - low[0]), 1.0)
    longer, *figures = (a + part * (b - a) for a, b in zip(low[1:], high[1:], strict=True))
    return Gaps(longer, tuple(figures))


EARLY = (3.0, 9.0)
"""Minutes of a 48-minute game. Until the first an unseen team-mate counts as playing tonight, from
the second on as not playing. The first substitutions come in the fifth minute."""


def lateness(minute: float) -> float:
    """Where a minute lies between those of EARLY, from 0 to 1."""
    low, high = EARLY
    return min(max((minute - low) / (high - low), 0.0), 1.0)


def early_gaps(able: Gaps, seen: Gaps, minute: float) -> Gaps:
    """The gaps early in a game, when it is not known yet who will come in.

    `able` are the gaps if everybody plays who may, `seen` those if only the players seen so far do.
    The usual gaps of that minute always count. A player's gaps beyond the usual ones pass from
    `able` to `seen` between the minutes of EARLY.
    """
    late, now = lateness(minute), usual_gaps(minute)

    def mixed(a: float, b: float, b_usual: float) -> float:
        return b_usual + (1 - late) * a + late * (b - b_usual)

    return Gaps(
        mixed(able.minutes, seen.minutes, now.minutes),
        tuple(map(mixed, able.figures, seen.figures, now.figures)),
    )


def gaps(usual: Bulk | None, tonight: Bulk) -> Gaps | None:
    """The gaps between a player's usual team-mates and tonight's; None if either is unknown."""
    if usual is None or min(usual.minutes, tonight.minutes) <= 0:
        return None
    longer = math.log(usual.minutes / tonight.minutes)
    figures = [
        held(math.log(max(a, _LEAST) / max(b, _LEAST)) - longer)
        for a, b in zip(usual.figures, tonight.figures, strict=True)
    ]
    return Gaps(held(longer), tuple(figures))


_LEAST = 1e-6


def held(gap: float) -> float:
    """A gap, clipped to LARGEST_GAP either way."""
    return min(max(gap, -LARGEST_GAP), LARGEST_GAP)


@dataclass(frozen=True, slots=True)
class Mate:
    """A player as a team-mate: what he brings to a line-up, and what his usual team-mates bring."""

    brings: Bulk
    usual: Bulk | None = None


def brings(minutes: float, rates: Iterable[float]) -> Bulk:
    """What a player adds to a line-up, by his usual minutes of a 48-minute game and his rates."""
    if minutes < LEAST_MINUTES:
        return Bulk()
    return Bulk(minutes, tuple(minutes * x for x in rates))


@dataclass(slots=True)
class _Walk:
    """A player's decayed sums while his games are read in order."""

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
    """The players of one team by their key, from their games for it in any order.

    `stretch` is 48 over the minutes of the league's game.
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
    """Figures a minute of the league's average player, in the order of KINDS; () if unknown.

    `games` are all games of the league that were read. `shipped` is the level of the fitted
    seasons, or () in a league that uses another's figures.
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
    """How much more than the league's a team's opponents get a minute, in logs, as KINDS.

    `against` are the games of these opponents' players, in any order, and `level` is the result of
    `level_of`. Without either it is 0.
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
"""What an opponent of whom nothing is known allows."""


def allowed_log(figure: float, minutes: float, rate: float) -> float:
    """The log of a figure a minute over the league's rate, clipped to LARGEST_ALLOWED."""
    log = math.log(max(figure, _LEAST) / minutes / rate)
    return min(max(log, -LARGEST_ALLOWED), LARGEST_ALLOWED)


def _added(games: Iterable[PlayerGame]) -> Bulk:
    """The sum of minutes and figures of games."""
    minutes, sums = 0.0, [0.0] * len(KINDS)
    for game in games:
        stats = dict(game.stats)
        minutes += game.minutes
        for k, kind in enumerate(KINDS):
            sums[k] += stats.get(kind, 0)
    return Bulk(minutes, tuple(sums))
