"""What a source is: where its documents lie, how it wants to be asked, and how they are read.

Adding a source or a league is one more file with a `Source` in it; nothing else here knows of
paths, headers or formats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from tracker.domain.game import Game, GameState
from tracker.domain.poll import Unreadable

Listing = tuple[Game, GameState | None]
"""A game of the season, and its state where the schedule is enough to know it."""


@dataclass(frozen=True, slots=True)
class Board:
    """One scoreboard. `day` is the league's date that it shows.

    `spoilt` says of entries that do not even tell which game they are what is wrong with each.
    """

    day: date
    games: tuple[tuple[Game, GameState | Unreadable], ...]
    spoilt: tuple[str, ...] = ()

    def find(self, game_id: str) -> tuple[Game, GameState | Unreadable] | None:
        """The entry of a game, or None when the board does not show it."""
        return next((entry for entry in self.games if entry[0].id == game_id), None)


@dataclass(frozen=True, slots=True)
class Source:
    """A source of games of one league.

    Paths start with a slash and go after the scheme and host of the settings. The parsers are pure
    and raise FeedMalformed, never anything else. The schedule's paths are tried in order.
    """

    name: str
    league: str
    headers: Mapping[str, str]
    board_path: Callable[[], str]
    box_path: Callable[[str], str]
    schedule_paths: tuple[str, ...]
    parse_board: Callable[[bytes], Board]
    parse_box: Callable[[bytes], GameState]
    parse_schedule: Callable[[bytes], tuple[Listing, ...]]
