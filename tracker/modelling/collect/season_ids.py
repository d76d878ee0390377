"""The ids of the games of an earlier season: no schedule tells them, but they are counted through.

A league's id is ten digits: league, kind of game, year in which the season began, number. Those of
the regular season count from 1; a playoff game's last digits are round, series and game.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tracker.domain.errors import Misused
from tracker.domain.league import WNBA

_PREFIX = {"nba": "00", "wnba": "10"}
_REGULAR, _PLAYOFFS, _PLAY_IN, _CUP = "2", "4", "5", "6"
_MOST_GAMES = 1400
_MOST_PLAY_IN = 8
_SERIES = {1: 8, 2: 4, 3: 2, 4: 1}
_LONGEST_SERIES = 7
_NAME = re.compile(r"(20[0-9]{2})(?:-([0-9]{2}))?")

MOST_MISSES = 12
"""Ids in a row without a game after which the regular season is over: a few are never played."""


@dataclass(frozen=True, slots=True)
class Run:
    """Ids that are counted through until `patience` in a row are no game."""

    ids: tuple[str, ...]
    most_misses: int


def runs(league: str, season: str) -> Iterator[Run]:
    """The ids that a season's games may have. Raises Misused for what is no season."""
    written = _NAME.fullmatch(season)
    summer = league == WNBA.id
    year = int(written[1]) if written else 0
    if (
        not written
        or (written[2] is None) is not summer
        or (not summer and int(written[2]) != (year + 1) % 100)
    ):
        raise Misused(
            f"{season!r} is no season of the {league.upper()}: write "
            + ("2025" if summer else "one such as 2024-25")
        )
    begun = f"{year % 100:02d}"

    def named(kind: str, number: int) -> str:
        return f"{_PREFIX[league]}{kind}{begun}{number:05d}"

    yield Run(tuple(named(_REGULAR, n) for n in range(1, _MOST_GAMES)), MOST_MISSES)
    yield Run((named(_CUP, 1),), 1)
    yield Run(tuple(named(_PLAY_IN, n) for n in range(1, _MOST_PLAY_IN)), 2)
    for number, series in _SERIES.items():
        for one in range(series):
            first = number * 100 + one * 10
            yield Run(tuple(named(_PLAYOFFS, first + g) for g in range(1, _LONGEST_SERIES + 1)), 1)
